"""Whole detection criteria on every backend: value and slopes against 50 digits, the assignment against NumPy's.

A criterion assigns before it sums. What it assigns is compared with what NumPy finds in float64 for the same numbers;
what follows from the assignment is computed again, anchor by anchor, in `reference/criteria.py`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

import array_losses
from array_losses import detection

from .backends import Backend, find
from .dual import Dual
from .reference import criteria as reference
from .reference import independent
from .result import Result
from .selection import EVERYTHING, Selection
from .ulp import Exact, Floats, error, rounded

VALUE, GRADIENT, SCORE = 8.0, 32.0, 64.0
"""Budgets in units in the last place: sums of some hundred terms; slopes through a softmax, CIoU and a decoding; the
sixth power of the CIoU of a decoded box, over the largest of an object."""
SIDE, STRIDES, CLASSES, BINS = 32, (8, 16), 3, 4
DTYPES = ("float32", "float64")
Failure = tuple[str, float | None, float | None]


class Criterion(NamedTuple):
    """A function of heads, labels, boxes and mask, and how its reference is called."""

    name: str
    heads: tuple[Floats, ...]
    labels: Any
    boxes: Floats
    mask: Any
    places: dict[str, Floats]
    """By keyword: arrays that say where anchors are."""
    knobs: dict[str, Any]
    where: Floats
    """By anchor, its place as the reference wants it."""
    own_knobs: dict[str, Any]
    """Of the reference."""

    def call(self, *arrays: Any, **places: Any) -> Any:
        return getattr(detection, self.name)(*arrays, **places, **self.knobs)


def _anchors(offset: float = 0.5) -> tuple[Floats, Floats]:
    sizes = [(SIDE // s, SIDE // s) for s in STRIDES]
    points, strides = detection.anchor_points(sizes, STRIDES, offset=offset, like=np.zeros(0))
    return points, strides


@cache
def all_criteria() -> tuple[Criterion, ...]:
    """The criteria, each on one image with three objects and a place that is none."""
    draw = np.random.default_rng(4)
    points, strides = _anchors()
    corners, _ = _anchors(0.0)
    count = len(points)
    boxes = np.asarray([(2.3, 3.1, 13.7, 12.9), (9.6, 8.2, 29.4, 27.8), (17.2, 1.4, 28.6, 9.7), (0.0, 0.0, 0.0, 0.0)])
    labels, mask = np.asarray([1, 0, 2, 0]), np.asarray([True, True, True, False])
    truth = labels, boxes, mask
    spots = np.concatenate((points, strides[:, None]), axis=1)
    scores = draw.normal(-1, 1, (count, CLASSES))
    squares = np.concatenate((points - 0.7 * strides[:, None], points + 0.7 * strides[:, None]), axis=1)
    levels = {"level_sizes": tuple((SIDE // s) ** 2 for s in STRIDES)}
    relative = np.concatenate((0.5 * (boxes[:, :2] + boxes[:, 2:]), boxes[:, 2:] - boxes[:, :2]), axis=1) / SIDE
    queries = np.concatenate((draw.uniform(0.2, 0.8, (6, 2)), draw.uniform(0.1, 0.5, (6, 2))), axis=1)
    by_points = {"points": points, "strides": strides}
    return (
        Criterion(
            *("yolov8_detection_loss", (draw.normal(0, 1, (count, 4 * BINS)), scores), *truth),
            *({"anchors": points, "strides": strides}, {"num_bins": BINS}, spots, {"bins": BINS}),
        ),
        Criterion(
            *("retinanet_loss", (scores, draw.normal(0, 0.5, (count, 4))), *truth, {"anchors": squares}),
            *({"background_iou": 0.2}, squares, {}),  # some anchors lie between both thresholds
        ),
        Criterion(
            *("fcos_loss", (scores, draw.uniform(0.3, 2, (count, 4)), draw.normal(0, 1, count)), *truth),
            *(by_points, levels | {"ranges": ((0.0, 12.0), (12.0, np.inf))}, spots, {}),
        ),
        Criterion(
            *("yolox_loss", (draw.normal(0, 0.4, (count, 4)), draw.normal(0, 1, count), scores), *truth),
            *({"points": corners, "strides": strides}, {}, np.concatenate((corners, strides[:, None]), axis=1), {}),
        ),
        Criterion(
            *("detr_loss", (draw.normal(0, 1, (6, CLASSES + 1)), queries), labels, relative, mask),
            *({}, {}, np.zeros((6, 3)), {}),
        ),
    )


NAMES = tuple(reference.CRITERIA)


class Found(NamedTuple):
    """What a backend gives, as NumPy arrays."""

    total: Floats
    slopes: list[Floats]
    foreground: Any
    index: Any
    score: Floats
    ignored: Any


def execute(backends: Iterable[Backend], wanted: set[str] | None, only: Selection = EVERYTHING) -> Iterator[Result]:
    """Every check of every criterion that is wanted, on each backend in both precisions."""
    for backend in backends:
        for criterion in all_criteria():
            if wanted is None or criterion.name in wanted:
                for dtype in DTYPES:
                    if only.wants(dtypes=dtype, knobs=""):
                        yield from _checks(criterion, backend, dtype, only)


def mode_of(check: str, backend: Backend) -> str:
    """How a check calls a criterion: compiled where that takes a moment."""
    return "jit gradient" if check == "compiled criterion" and backend.jit and backend.jit_is_quick else "eager"


def _checks(criterion: Criterion, backend: Backend, dtype: str, only: Selection) -> Iterator[Result]:
    for name, check in CHECKS.items():
        mode = mode_of(name, backend)
        if not only.wants(checks=name, modes=mode):
            continue
        value: float | None = None
        gradient: float | None = None
        failure: str | None = None
        try:
            with backend.session(dtype):
                failure, value, gradient = check(criterion, backend, dtype)
        except Exception as raised:
            place = traceback.extract_tb(raised.__traceback__)[-1]
            failure = f"{type(raised).__name__}: {raised} ({place.filename.rpartition('/')[2]}:{place.lineno})"
        budgets = {"assignment": SCORE}.get(name, VALUE), GRADIENT
        used = [found / budget for found, budget in zip((value, gradient), budgets) if found is not None]
        if name == "assignment":
            value = None  # the error of a score, which is no part of the result
        yield Result(
            *(backend.name, criterion.name, "", name, dtype, value, gradient, failure or None, mode),
            used=max(used, default=None),
        )


def found_by(criterion: Criterion, backend: Backend, dtype: str, padding: float = 0.0, jit: bool = False) -> Found:
    """Value, slopes and assignment; with `padding` in the places that hold no object."""
    heads = [backend.asarray(rounded(x, dtype), dtype) for x in criterion.heads]
    places = {key: backend.asarray(rounded(x, dtype), dtype) for key, x in criterion.places.items()}
    boxes = np.where(criterion.mask[:, None], rounded(criterion.boxes, dtype), padding)
    truth = (
        backend.asarray(criterion.labels, "int32"),
        backend.asarray(boxes, dtype),
        backend.booleans(criterion.mask),
    )

    def total(*heads: Any) -> Any:
        found = criterion.call(*heads, *truth, **places)
        return found.total, found.assignment

    run = array_losses.value_and_grad(total, argnums=tuple(range(len(heads))), has_aux=True)
    if jit and backend.jit is not None:
        run = backend.jit(run)
    (value, assignment), slopes = run(*heads)
    numbers = [backend.to_numpy(array_losses.stop_gradient(x)) for x in (value, *slopes, *assignment)]
    count = len(slopes)
    rest = numbers[1 + count :]
    return Found(numbers[0], numbers[1 : 1 + count], rest[0] > 0, rest[1].astype(int), rest[2], rest[3] > 0)


def exact_sum(criterion: Criterion, found: Found, dtype: str) -> Dual:
    """The criterion in 50 digits, for the assignment and the scores that were found."""
    real = int(criterion.mask.sum())
    truth = reference.Truth(
        criterion.labels[:real].tolist(),
        rounded(criterion.boxes, dtype)[:real].tolist(),
        rounded(criterion.where, dtype).tolist(),
        np.where(found.foreground, found.index, -1).tolist(),
        found.score.tolist(),
        found.ignored.tolist(),
    )
    heads = independent([rounded(x, dtype).tolist() for x in criterion.heads])
    answer: Dual = reference.CRITERIA[criterion.name](*heads, truth, **criterion.own_knobs)
    return answer


def _numbers(criterion: Criterion, backend: Backend, dtype: str) -> Failure:
    """Value and slopes against the exact sum."""
    return _compare(criterion, found_by(criterion, backend, dtype), dtype)


def _compiled(criterion: Criterion, backend: Backend, dtype: str) -> Failure:
    """The same, compiled as a whole where the library can."""
    return _compare(criterion, found_by(criterion, backend, dtype, jit=backend.jit_is_quick), dtype)


def _compare(criterion: Criterion, found: Found, dtype: str) -> Failure:
    exact = exact_sum(criterion, found, dtype)
    value = float(error(found.total.reshape(1), Exact.of([exact.value], (1,)), np.zeros(1), dtype)[0])
    worst, first = 0.0, 0
    for slopes in found.slopes:
        answers = [exact.slopes.get(first + i, Dual(0).value) for i in range(slopes.size)]
        first += slopes.size
        numbers = Exact.of(answers, slopes.shape)
        scale = np.broadcast_to(np.max(np.abs(numbers.high), axis=-1, keepdims=True), slopes.shape)
        worst = max(worst, float(np.max(error(slopes, numbers, scale, dtype))))
    wrong = [f"value off by {value:.4g} ULP (budget {VALUE:g})"] if value > VALUE else []
    wrong += [f"gradient off by {worst:.4g} ULP (budget {GRADIENT:g})"] if worst > GRADIENT else []
    return "; ".join(wrong), value, worst


def _assignment(criterion: Criterion, backend: Backend, dtype: str) -> Failure:
    """What each anchor stands for, against NumPy in float64 with the same numbers."""
    found = found_by(criterion, backend, dtype)
    expected = by_numpy(criterion, dtype)
    for name in ("foreground", "index", "ignored"):
        if not np.array_equal(getattr(found, name), getattr(expected, name)):
            return f"another {name} than in NumPy: {getattr(found, name).tolist()}", None, None
    if not found.foreground.any():
        return "nothing was assigned", None, None
    apart = error(found.score, Exact(expected.score, np.zeros_like(expected.score)), np.zeros_like(found.score), dtype)
    worst = float(np.max(apart))
    return (f"score off by {worst:.4g} ULP (budget {SCORE:g})" if worst > SCORE else ""), worst, None


def by_numpy(criterion: Criterion, dtype: str) -> Found:
    given = criterion._replace(
        heads=tuple(rounded(x, dtype) for x in criterion.heads),
        boxes=rounded(criterion.boxes, dtype),
        places={key: rounded(x, dtype) for key, x in criterion.places.items()},
    )
    return found_by(given, find("numpy"), "float64")


def _padding(criterion: Criterion, backend: Backend, dtype: str) -> Failure:
    """NaN in the place of no object changes nothing."""
    usual, found = found_by(criterion, backend, dtype), found_by(criterion, backend, dtype, padding=np.nan)
    same = found.total == usual.total and all(map(np.array_equal, found.slopes, usual.slopes))
    return ("" if same else "what stands in a place of no object changes the result"), None, None


CHECKS: dict[str, Callable[[Criterion, Backend, str], Failure]] = {
    "criterion": _numbers,
    "compiled criterion": _compiled,
    "assignment": _assignment,
    "padding": _padding,
}
