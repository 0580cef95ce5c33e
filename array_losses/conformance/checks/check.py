"""What a check is: it looks at one promise, returns the worst errors that it measured and raises `CheckFailedError`
if the promise is broken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..trial import Trial, expect

ONE = ("float32",)
BOTH = ("float32", "float64")
FORMATS = ("float16", "float32", "float64")
ALL = ("float16", "bfloat16", "float32", "float64")

Measured = dict[str, float]
"""The worst error by what was measured: "value", "gradient" or "second" (derivative)."""


class Check(NamedTuple):
    name: str
    run: Callable[[Trial], Measured]
    kinds: tuple[str, ...] = ("measure", "loss", "batch")
    dtypes: tuple[str, ...] = ALL
    variants: bool = True
    """Whether every set of knobs is tried; False for what does not depend on the formula: the first one only."""
    brief: tuple[str, ...] | None = None
    """The dtypes of a brief trial (see `Trial.brief`) if they are not the same."""
    core: bool = False
    """Whether brief trials of further sets of knobs include it, and those of functions that are like others."""
    applies: Callable[[Trial], bool] = lambda trial: True
    mode: str = "eager"
    """How it calls the function: the axis of the report that it belongs to."""

    def fits(self, trial: Trial) -> bool:
        """Whether the check is for such a trial."""
        dtypes = self.dtypes
        if not (trial.first or trial.thorough):
            # Computed in float32 too, and rounded in the same way as with the first set of knobs.
            dtypes = tuple(dtype for dtype in dtypes if dtype in BOTH)
        if trial.brief:
            dtypes = self.dtypes if self.brief is None else self.brief
            if not trial.first:
                dtypes = ONE if self.core and (trial.own_arguments or not trial.case.alike) else ()
            elif trial.case.alike:
                dtypes = BOTH if self.core else ()
        wanted = trial.dtype in dtypes and (self.variants or trial.first)
        return wanted and trial.case.kind in self.kinds and self.applies(trial)


def described(name: str, trial: Trial, found: Any, shape: tuple[int, ...], dtype: str) -> None:
    """The array is the library's, on the inputs' device, of this shape and dtype."""
    backend = trial.backend
    expect(backend.is_array(found), f"{name} is a {type(found).__module__}.{type(found).__qualname__}")
    expect(tuple(found.shape) == tuple(shape), f"{name} has shape {tuple(found.shape)} instead of {tuple(shape)}")
    expect(backend.dtype_of(found) == dtype, f"{name} has dtype {backend.dtype_of(found)} instead of {dtype}")
    device = backend.device_of(found)
    expect(device == backend.device, f"{name} is on device {device} instead of {backend.device}")
