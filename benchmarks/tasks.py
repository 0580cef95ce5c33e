"""The plan: one `Task` for each line of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from numpy.typing import NDArray

from .agreement import GRADIENT
from .backends import Call
from .goals import Added, Goal
from .sizes import COMPILED, SIZES, Size, Sizes
from .subjects import FAMILIES, WORKS, Work

MODES = {"numpy": (False,), "torch": (False, True), "jax": (True,), "cupy": (False,)}
"""Whether each backend is called compiled."""
BY_HAND = ("numpy", "cupy")
"""Where a contestant has a function of its own for value and gradient."""


@dataclass(frozen=True)
class Task:
    """One race."""

    title: str
    entry: str  # the key of each contestant's function
    size: Size
    call: Call
    inputs: Callable[[], tuple[NDArray[Any], ...]] = field(repr=False)
    goal: Goal | Added | None = None
    tolerance: float = GRADIENT  # see `agreement.py`


@dataclass(frozen=True)
class Effort:
    """How much is raced, and for how long."""

    sizes: Sizes = field(default_factory=lambda: SIZES)
    compiled_sizes: Sizes = field(default_factory=lambda: COMPILED)  # `torch.compile` takes seconds a contestant
    works: tuple[Work, ...] = WORKS
    compiled_works: tuple[Work, ...] = WORKS  # the same
    seconds: float = 1.2  # for each race
    imports: int = 15  # new processes

    def only(self, entries: Sequence[str]) -> Effort:
        """The same for these entries alone; one that is left out here has its usual sizes."""
        sizes = {entry: self.sizes.get(entry, SIZES[entry]) for entry in entries}
        compiled_sizes = {entry: self.compiled_sizes.get(entry, SIZES[entry]) for entry in entries}
        return replace(self, sizes=sizes, compiled_sizes=compiled_sizes)


QUICK = Effort(
    sizes={
        "ciou": ((256,), (100_000,)),
        "iou table": ((8_400, 50),),
        "sigmoid focal": ((256, 80), (8_400, 80)),
        "softmax ce": ((8_400, 80),),
        "dice": ((8, 4, 256, 256),),
        "batch hard triplet": ((512, 256),),
    },
    compiled_sizes={"ciou": ((100_000,),), "sigmoid focal": ((8_400, 80),)},
    compiled_works=("value+gradient",),
    seconds=0.4,
    imports=5,
)


def plan(family: str, backend: str, effort: Effort) -> Iterator[Task]:
    """The tasks of one family on one backend."""
    for entry, subject in FAMILIES[family].items():
        for compiled in MODES[backend]:
            if compiled and not subject.compilable:
                continue
            restricted = compiled and backend == "torch"
            for work in subject.works:
                if work not in (effort.compiled_works if restricted else effort.works):
                    continue
                for size in (effort.compiled_sizes if restricted else effort.sizes).get(entry, ()):
                    call = Call(gradient=work == "value+gradient", compiled=compiled, learned=subject.learned)
                    yield Task(
                        title=subject.title,
                        entry=f"{entry} and gradient" if backend in BY_HAND and call.gradient else entry,
                        size=size,
                        call=call,
                        inputs=partial(subject.inputs, size),
                        goal=subject.goal(backend, size, call),
                        tolerance=subject.tolerance,
                    )
