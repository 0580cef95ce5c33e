"""What the papers define, one row at a time, in 50 digits; it shares no code with the library.

Every function takes the numbers of a row as dual numbers, class indices as plain integers, and returns the value with
its slopes, so the gradient comes from the chain rule of the definition itself, never from a second formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count as count_up
from typing import Any

from ..dual import Dual, coordinates, sqrt
from . import (
    binary,
    boxes,
    classes,
    coding,
    distributions,
    embeddings,
    instances,
    keypoints,
    lovasz,
    modern_boxes,
    regions,
    regression,
    rotated,
    segmentation,
    structure,
    tempered,
)
from .batches import BATCHES as OF_COUNTS
from .batches import Batch

__all__ = [
    "BATCHES",
    "ROWS",
    "SEVERAL",
    "Batch",
    "count",
    "diagonal_of_hull",
    "evaluate",
    "evaluate_batch",
    "independent",
    "results",
]

ROWS: dict[str, Callable[..., Dual]] = {
    **boxes.ROWS,
    **regression.ROWS,
    **binary.ROWS,
    **classes.ROWS,
    **distributions.ROWS,
    **embeddings.ROWS,
    **modern_boxes.ROWS,
    **rotated.ROWS,
    **keypoints.ROWS,
    **coding.ROWS,
    "bi_tempered_loss": tempered.bi_tempered_loss,
}
SEVERAL: dict[str, Callable[..., Batch]] = {
    **embeddings.SEVERAL,
    **regions.SEVERAL,
    **segmentation.SEVERAL,
    **lovasz.SEVERAL,
    **structure.SEVERAL,
    **instances.SEVERAL,
    **keypoints.SEVERAL,
    **coding.SEVERAL,
}
"""Functions with several results a row, or with rows that do not count: their numbers in the result's order, and what
each counts for."""
BATCHES: dict[str, Callable[..., Batch]] = OF_COUNTS | modern_boxes.BATCHES
"""Functions whose rows know of each other, or of a state that is handed on."""
FLOORED = ("binary_cross_entropy", "entropy", "cross_entropy", "kl_divergence", "js_divergence", "encode_deltas")
"""Functions with a logarithm that ends at the smallest normal number of the computation, their knob `tiny`."""


def independent(arguments: Sequence[Any]) -> Iterator[Any]:
    """The arguments of a row as dual numbers, counted through in their order; integers are indices and stay."""
    places = count_up()

    def each(argument: Any) -> Any:
        if isinstance(argument, int):
            return argument
        if isinstance(argument, (list, tuple)):
            return [each(part) for part in argument]
        return coordinates([argument], next(places))[0]

    yield from map(each, arguments)


def evaluate(name: str, *arguments: Any, **knobs: Any) -> Dual:
    """The value of the named function for one row, with its slopes along the coordinates of all its arguments."""
    return ROWS[name](*independent(arguments), **knobs)


def results(name: str, *arguments: Any, **knobs: Any) -> tuple[list[Dual], list[Dual]]:
    """All the results for one row, and what each counts for in a mean."""
    if name not in SEVERAL:
        return [evaluate(name, *arguments, **knobs)], [count(name, *arguments, **knobs)]
    found = SEVERAL[name](*independent(arguments), **knobs)
    return found.rows, [Dual(n) for n in found.counts]


def count(name: str, *arguments: Any, **knobs: Any) -> Dual:
    """What the row counts for in a mean."""
    return classes.count(*independent(arguments), **knobs) if _labelled(name) else Dual(1)


def _labelled(name: str) -> bool:
    return name in classes.ROWS or name == "bi_tempered_loss"


def evaluate_batch(name: str, arguments: Sequence[Sequence[Any]], *state: Any, **knobs: Any) -> Batch:
    """The same for a whole batch, each argument a list with one entry a row; a row's slopes are by its own numbers."""
    rows = [list(independent(row)) for row in zip(*arguments, strict=True)]
    return BATCHES[name](*([row[k] for row in rows] for k in range(len(arguments))), *state, **knobs)


def diagonal_of_hull(pred: Sequence[float], target: Sequence[float]) -> Any:
    """c: the diagonal of the smallest box around both."""
    return sqrt(boxes.diagonal2(*boxes.boxes(*independent((list(pred), list(target)))))).value
