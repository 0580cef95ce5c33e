"""The shapes that the arguments of a function can have, and what it is tried on.

A family says which arrays a function takes and what one row of each is: the checks speak of arguments and rows only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from .inputs import Argument, Inputs, batches, boxes, classes, distributions, numbers
from .reference import diagonal_of_hull


class Layout(NamedTuple):
    """How the functions of a family are told which axes of an array are whose: all leading ones stay apart."""

    axis: int | None
    """Of the classes, counted from the end."""
    apart: bool = False
    """Whether the classes are rows of their own: nothing of one may reach another."""
    pooled: bool = False
    """Whether several samples may count as one: a region of which it does not matter where a pixel lies."""

    def options(self, leading: int) -> dict[str, Any]:
        """For arrays with so many leading axes."""
        return {"axis": self.axis, "batch_axes": 0 if leading == 1 else tuple(range(leading))}


class Family(NamedTuple):
    """Arguments with the rows that its functions are tried on."""

    name: str
    arguments: tuple[Argument, ...]
    edges: Callable[[str], tuple[Inputs, ...]]
    """By dtype: every hard row; more than one group where rows have several lengths, the main one first."""
    ordinary: Callable[[str], Inputs]
    """By dtype: eight ordinary rows, for checks of everything that is not the formula."""
    whole: tuple[Any, ...] = ()
    """A row of whole numbers, an entry an argument."""
    one_scale: bool = False
    """Whether the slopes along all arguments have one scale, because the arguments have one unit."""
    least_slope: Callable[..., Any] | None = None
    """The slope that the scale of a row's slopes is at least, from the row's numbers."""
    units: Callable[..., list[float]] | None = None
    """From the row's numbers, the size that each has or is part of: slopes times units have one scale. Else all 1."""
    by_class: bool = False
    """Whether the last axis of the rows is that of classes."""
    layout: Layout | None = None
    """For functions that are told where the axes are."""
    has_axis: bool = True
    """Whether functions take the place of the axis that makes up the first argument's rows."""

    @property
    def differentiable(self) -> tuple[int, ...]:
        """Places of the arguments with a gradient."""
        return tuple(i for i, argument in enumerate(self.arguments) if argument.role == "real")

    @property
    def labelled(self) -> bool:
        """Whether an argument holds class indices."""
        return any(argument.role == "labels" for argument in self.arguments)

    @property
    def own(self) -> tuple[Argument, ...]:
        """The arguments that are given by position, one row each."""
        return tuple(argument for argument in self.arguments if not argument.keyword and not argument.shared)


def _per_diagonal(pred: Any, target: Any) -> Any:
    """1/c, the slope of a measure that changes by one over the diagonal c of the hull."""
    diagonal = diagonal_of_hull(pred, target)
    return 1 / diagonal if diagonal else 0


def _numbers(name: str, arguments: tuple[Argument, ...], edges: Any, whole: tuple[float, ...]) -> Family:
    return Family(name, arguments, edges, numbers.eight(arguments), whole)


BOXES = Family(
    "boxes",
    boxes.BOXES,
    boxes.edges,
    boxes.ordinary,
    boxes.WHOLE,
    one_scale=True,
    least_slope=_per_diagonal,
    has_axis=False,
)

DIFFERENCES = _numbers("differences", numbers.PAIR, numbers.differences, (3.0, 1.0))
SIGNS = _numbers("scores and signs", numbers.SCORES, numbers.scores, (2.0, -1.0))
LOGITS = _numbers("logits", numbers.LOGITS, numbers.logits, (2.0, 1.0))
PROPER_LOGITS = _numbers("logits, targets in [0, 1]", numbers.LOGITS, numbers.proper_logits, (2.0, 1.0))
WEIGHTED_LOGITS = _numbers("logits, pos_weight", numbers.WEIGHTED_LOGITS, numbers.weighted_logits, (2.0, 1.0, 3.0))
PROBABILITIES = _numbers("probabilities", numbers.PROBS, numbers.probs, (1.0, 1.0))


def _indices(name: str, scores: Argument = classes.LOGITS, weighted: bool = False) -> Family:
    weights = [classes.CLASS_WEIGHTS] if weighted else []
    return Family(
        name,
        (scores, classes.LABELS, *weights),
        partial(classes.indices, scores=scores, weighted=weighted),
        classes.eight(scores, weighted=weighted),
        (classes.WHOLE_SCORES, 3.0, *([classes.WEIGHTS[5]] if weighted else [])),
    )


def _soft(name: str, weighted: bool = False) -> Family:
    weights = [classes.CLASS_WEIGHTS] if weighted else []
    return Family(
        name,
        (classes.LOGITS, classes.SOFT_LABELS, *weights),
        partial(classes.soft, weighted=weighted),
        classes.eight(soft=True, weighted=weighted),
        (classes.WHOLE_SCORES, classes.WHOLE_TARGETS, *([classes.WEIGHTS[5]] if weighted else [])),
    )


INDICES = _indices("class indices")
SCORE_INDICES = _indices("class indices, scores", scores=classes.SCORES)
WEIGHTED_INDICES = _indices("class indices, class_weights", weighted=True)
SOFT_LABELS = _soft("class probabilities")
WEIGHTED_SOFT_LABELS = _soft("class probabilities, class_weights", weighted=True)
RULED_OUT = Family("classes ruled out", classes.CERTAIN, classes.certain, classes.eight(soft=True))

_PROBS = (0.0, 0.0, 0.0, 1.0, 0.0)
DISTRIBUTIONS = Family(
    "distributions",
    (distributions.PROBS,),
    distributions.single,
    distributions.eight(pair=False),
    (_PROBS,),
)
PAIRED_DISTRIBUTIONS = Family(
    "pairs of distributions",
    (distributions.PROBS, distributions.TARGETS),
    distributions.pairs,
    distributions.eight(pair=True),
    (_PROBS, _PROBS),
)
BINS = Family(
    "bins",
    (classes.LOGITS,),
    distributions.bins,
    partial(distributions.ordinary_bins, position=False),
    (classes.WHOLE_SCORES,),
)
BINS_AND_POSITION = Family(
    "bins and a position",
    (classes.LOGITS, distributions.POSITION),
    distributions.positions,
    partial(distributions.ordinary_bins, position=True),
    (classes.WHOLE_SCORES, 2.0),
)


def _harmonized(name: str, arguments: tuple[Argument, ...], counted: bool) -> Family:
    return Family(
        name,
        (*arguments, batches.COUNTS) if counted else arguments,
        partial(batches.harmonized, arguments, counted),
        partial(batches.ordinary, arguments, counted),
    )


LOGIT_BATCH = _harmonized("a batch of logits", numbers.LOGITS, counted=False)
COUNTED_LOGIT_BATCH = _harmonized("a batch of logits, counts", numbers.LOGITS, counted=True)
DIFFERENCE_BATCH = _harmonized("a batch of differences", numbers.PAIR, counted=False)
COUNTED_DIFFERENCE_BATCH = _harmonized("a batch of differences, counts", numbers.PAIR, counted=True)
CLASS_BATCH = Family(
    "a batch of classes, state",
    (*numbers.LOGITS, batches.STATE),
    batches.equalized,
    batches.ordinary_equalized,
    by_class=True,
)
LABEL_BATCH = Family(
    "a batch of labels, counts",
    (classes.LOGITS, classes.LABELS, batches.COUNTS),
    batches.seesaw,
    batches.ordinary_seesaw,
)


def whole(family: Family) -> Inputs:
    """One row of whole numbers, that every dtype holds."""
    rows = [entry for argument, entry in zip(family.arguments, family.whole, strict=True) if not argument.shared]
    shared = [entry for argument, entry in zip(family.arguments, family.whole, strict=True) if argument.shared]
    return Inputs.of(family.arguments, [("whole numbers", *rows)], "float64", *shared)
