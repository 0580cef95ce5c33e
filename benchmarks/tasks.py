"""What is raced: one `Task` for each line of the report, and the contestants of each backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from . import inputs, ours, peers_jax, peers_numpy, peers_torchvision, peers_ultralytics
from .backends import Call, Function

Work = Literal["value", "value+gradient"]
WORKS: tuple[Work, ...] = ("value", "value+gradient")

CONTESTANTS: dict[str, dict[str, Callable[[], dict[str, Function]]]] = {
    "numpy": {
        ours.NAME: ours.numpy_functions,
        "plain formula": peers_numpy.functions,
        "torchvision": peers_torchvision.numpy_functions,
    },
    "torch": {
        ours.NAME: ours.functions,
        "torchvision": peers_torchvision.functions,
        "ultralytics": peers_ultralytics.functions,
    },
    "jax": {
        ours.NAME: ours.functions,
        "plain columns": peers_jax.columns,
        "plain corners": peers_jax.corners,
    },
}


@dataclass(frozen=True)
class Goal:
    """A peer shall take at least `ratio` times as long as we do: `against` this one, or the fastest."""

    ratio: float
    against: str | None = None


@dataclass(frozen=True)
class Task:
    """One race."""

    title: str
    entry: str  # the key of each contestant's function
    size: tuple[int, ...]
    call: Call
    inputs: Callable[[], tuple[NDArray[np.float32], ...]] = field(repr=False)
    goal: Goal | None = None


@dataclass(frozen=True)
class Effort:
    """How much is raced, and for how long."""

    losses: tuple[str, ...] = ("ciou", "giou")
    sizes: tuple[int, ...] = (256, 4_096, 100_000, 1_000_000)
    tables: tuple[tuple[int, int], ...] = ((8_400, 50), (10_000, 1_000))
    compiled_sizes: tuple[int, ...] = sizes  # `torch.compile` takes several seconds for each contestant
    compiled_works: tuple[Work, ...] = WORKS
    seconds: float = 2.0  # for each race
    imports: int = 15  # new processes


QUICK = Effort(
    losses=("ciou",),
    sizes=(256, 100_000),
    tables=((8_400, 50),),
    compiled_sizes=(100_000,),
    compiled_works=("value+gradient",),
    seconds=0.4,
    imports=5,
)


def boxes(backend: str, effort: Effort) -> Iterator[Task]:
    """CIoU and GIoU of matched boxes, then tables of IoU."""
    for loss in effort.losses:
        for compiled in {"numpy": (False,), "torch": (False, True), "jax": (True,)}[backend]:
            restricted = compiled and backend == "torch"
            for work in effort.compiled_works if restricted else WORKS:
                for rows in effort.compiled_sizes if restricted else effort.sizes:
                    call = Call(gradient=work == "value+gradient", compiled=compiled)
                    yield Task(
                        title={"ciou": "CIoU loss", "giou": "GIoU loss"}[loss],
                        entry=f"{loss} and gradient" if backend == "numpy" and call.gradient else loss,
                        size=(rows,),
                        call=call,
                        inputs=partial(inputs.matched_boxes, rows),
                        goal=_loss_goal(backend, rows, call),
                    )
    if backend != "jax":
        for size in effort.tables:
            yield Task(
                title="IoU table",
                entry="iou table",
                size=size,
                call=Call(gradient=False, compiled=False),
                inputs=partial(inputs.two_sets, size),
                goal=Goal(3.0, against="torchvision") if size == (10_000, 1_000) else None,
            )


def _loss_goal(backend: str, rows: int, call: Call) -> Goal | None:
    if backend == "numpy":
        return Goal(2.0) if rows >= 1_000_000 else None
    if not call.gradient:
        return None
    if backend == "jax":
        return Goal(2.0)
    return Goal(2.0 if call.compiled and rows >= 100_000 else 1.6)


FAMILIES: dict[str, Callable[[str, Effort], Iterator[Task]]] = {"boxes": boxes}
