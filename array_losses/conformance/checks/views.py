"""Arrays that lie in memory in other ways, and arrays of which nobody may see a number: blind, without data, lazy."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import array_api_compat

from ..trial import Trial, expect
from .check import ONE, Check, Measured

# In memory ------------------------------------------------------------------------------------------------------------

VIEWS = ("numpy", "array_api_strict", "cupy", "torch")
"""Libraries whose arrays share memory when they are sliced."""


def backwards(trial: Trial) -> Measured:
    """Rows and their numbers stored from the last to the first: negative strides."""
    rows = trial.ordinary
    given = []
    for array, numbers in zip(trial.arrays(rows), rows.arrays, strict=True):
        back = (slice(None, None, -1),) * numbers.ndim
        stored = trial.array(numbers[back].copy(), trial.backend.dtype_of(array))
        given.append(stored[back] if numbers.ndim else stored)
    return _both(trial, given)


def repeated(trial: Trial) -> Measured:
    """One row that stands for eight without being copied: a stride of 0."""
    row = trial.ordinary.take([5])
    given = []
    for argument, array in zip(row.arguments, trial.arrays(row), strict=True):
        xp = array_api_compat.array_namespace(array)
        given.append(array if argument.shared else xp.broadcast_to(array, (8, *array.shape[1:])))
    return {
        "value": trial.compare_values(trial.function(*given), row),
        "gradient": trial.compare_gradients(trial.slopes(given), row, repeated=True),
    }


def _both(trial: Trial, given: Sequence[Any]) -> Measured:
    found = {"value": trial.compare_values(trial.function(*given), trial.ordinary)}
    slopes = trial.slopes(given)
    return found | {"gradient": trial.compare_gradients(slopes, trial.ordinary)} if slopes else found


# Nobody looks ---------------------------------------------------------------------------------------------------------


class LookedAtError(Exception):
    """Something asked for a number of an array."""


def no_bool(trial: Trial) -> Measured:
    """No number becomes a Python bool, float or int on the way to a value and a gradient: nothing waits for a device,
    and nothing branches on a value."""
    given = trial.arrays(trial.ordinary)
    with _blind(trial):
        value = trial.function(*given)
        slopes = trial.slopes(given)
    found = {"value": trial.compare_values(value, trial.ordinary)}
    return found | {"gradient": trial.compare_gradients(slopes, trial.ordinary)} if slopes else found


@contextmanager
def _blind(trial: Trial) -> Iterator[None]:
    if trial.backend.library == "torch":
        cuda = trial.backend.xp.cuda
        before = cuda.get_sync_debug_mode()
        cuda.set_sync_debug_mode("error")
        try:
            yield
        finally:
            cuda.set_sync_debug_mode(before)
        return
    array = type(trial.array([1.0]))
    with ExitStack() as stack:
        for name in ("__bool__", "__complex__", "__float__", "__index__", "__int__", "__array__"):
            stack.enter_context(mock.patch.object(array, name, _refuse(f"{name} of an array"), create=True))
        yield


def _refuse(what: str) -> Any:
    def refuse(*arguments: Any, **options: Any) -> Any:
        raise LookedAtError(f"{what} was called")

    return refuse


def _can_be_blind(trial: Trial) -> bool:
    """array-api-strict, for every library that is only known by the standard, and PyTorch where looking means waiting:
    of tensors in the processor's memory some shortcuts look at the numbers."""
    library, device = trial.backend.library, trial.backend.device
    return library == "array_api_strict" or (library == "torch" and device.startswith("cuda"))


# No data --------------------------------------------------------------------------------------------------------------


def meta(trial: Trial) -> Measured:
    """On PyTorch's meta device, which holds no numbers, shapes and dtypes are those of the promise."""
    rows = trial.ordinary
    given = [array.to("meta") for array in trial.arrays(rows)]
    _described(trial, "value", trial.function(*given), trial.shape(rows), trial.result)
    for index, found in zip(trial.family.differentiable, trial.slopes(given), strict=True):
        name = f"gradient of {rows.arguments[index].name}"
        _described(trial, name, found, rows.arrays[index].shape, trial.dtype)
    return {}


def _described(trial: Trial, name: str, found: Any, shape: tuple[int, ...], dtype: str) -> None:
    seen = (tuple(found.shape), trial.backend.dtype_of(found), str(found.device))
    wanted = (tuple(shape), dtype, "meta")
    expect(seen == wanted, f"{name} has shape, dtype and device {seen} instead of {wanted}")


LARGEST_GRAPH = 5000
"""Tasks of a value whose gradient Dask plans in seconds: neighbours in an image are chunks of their own."""

# Later ----------------------------------------------------------------------------------------------------------------


def chunks(trial: Trial) -> Measured:
    """Dask arrays in several chunks: nothing is computed before it is asked for, and then the same numbers are."""
    dask: Any = importlib.import_module("dask")
    rows = trial.ordinary
    arrays = [
        x if argument.shared else x.rechunk({0: 3})
        for argument, x in zip(rows.arguments, trial.arrays(rows), strict=True)
    ]
    with dask.config.set(scheduler=_refuse("the scheduler")):
        value = trial.function(*arrays)
        slopes = trial.slopes(arrays) if len(value.dask) < LARGEST_GRAPH else ()
    for found in (value, *slopes):
        expect(trial.backend.is_array(found), f"a result is a {type(found).__name__}, not an array of Dask")
    value, *slopes = dask.compute(value, *slopes, scheduler="synchronous")
    measured = {"value": trial.compare_values(value, rows)}
    return measured | {"gradient": trial.compare_gradients(slopes, rows)} if slopes else measured


VIEWED: tuple[Check, ...] = (
    Check(
        "backwards",
        backwards,
        dtypes=ONE,
        variants=False,
        applies=lambda trial: trial.backend.library in VIEWS[:-1],
        mode="layouts",
    ),
    Check(
        "repeated",
        repeated,
        kinds=("measure", "loss"),
        dtypes=ONE,
        variants=False,
        applies=lambda trial: trial.backend.library in VIEWS,
        mode="layouts",
    ),
    Check(
        "no bool",
        no_bool,
        dtypes=ONE,
        variants=False,
        applies=_can_be_blind,
        mode="no bool",
    ),
    Check(
        "meta",
        meta,
        dtypes=ONE,
        variants=False,
        applies=lambda trial: trial.backend.library == "torch",
        mode="meta",
    ),
    Check(
        "chunks",
        chunks,
        dtypes=ONE,
        variants=False,
        applies=lambda trial: trial.backend.library == "dask",
        mode="chunks",
    ),
)
