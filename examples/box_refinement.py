"""Better boxes and scores for a detector, on a GPU that has CuPy and no framework: the gradients are the library's own.

    python -m examples.box_refinement                      CuPy
    python -m examples.box_refinement --backend numpy      the same code without a GPU
    python -m examples.box_refinement --copies 100         the same answer from a hundred times as many boxes

All of it happens on the device, on the sample that the package brings. Detections are matched to the objects that they
overlap most. Boxes move by deltas that are linear in the logarithms of their sides and the logit of their score, learnt
with the CIoU loss by gradient descent. Scores become the probability of an IoU of one half, learnt with the
cross-entropy by Newton's method. Every second image is held back and says whether that helped. NumPy does the same
and must come to the same.

Exit status: 0; 1 if NumPy disagrees; 2 if the backend cannot be had, and one line says why.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from array_losses import (
    array_namespace,
    ciou_loss,
    decode_deltas,
    iou,
    sigmoid_binary_cross_entropy,
    value_and_grad,
    value_grad_and_hessian_diagonal,
)
from array_losses.command.errors import InputError
from array_losses.command.libraries import KNOWN, Backend, Openers, requested_backends
from examples.evaluation import Scenes, read

Array = Any
FEATURES = 4  # 1, the logarithms of the sides, the logit of the score
RATE, MOMENTUM = 0.003, 0.9
NEWTON_STEPS = 8
ROWS, ENDS = 16.0, 1e-6
"""How far a backend may be away from NumPy: a row, in units in the last place; what was learnt, as a share of it."""


class Boxes(NamedTuple):
    """D detections in each of B images, and the object that each overlaps most."""

    found: Array  # (B, D, 4)
    nearest: Array  # (B, D, 4)
    overlap: Array  # (B, D), their IoU; 0 where the detection is padding or alone
    real: Array  # (B, D), not padding
    features: Array  # (B, D, FEATURES)
    learnt: Array  # (B, 1), from this image; the others are held back


class Answer(NamedTuple):
    """What was learnt; means are over detections that were held back."""

    moves: np.ndarray  # (FEATURES, 4)
    overlap: tuple[float, float]  # mean IoU before and after
    entropy: tuple[float, float]  # mean cross-entropy of the scores before and after
    milliseconds: float  # of one step of the descent


def place(scenes: Scenes, copies: int, backend: Backend) -> Boxes:
    """Every image so many times, matched on the device."""

    def put(rows: np.ndarray, dtype: str) -> Array:
        return backend.asarray(np.tile(rows, (copies, *[1] * (rows.ndim - 1))).astype(dtype))

    found, boxes = put(scenes.found.boxes, "float64"), put(scenes.boxes, "float64")
    classes, labels = put(scenes.found.labels, "int64"), put(scenes.labels, "int64")
    scores = put(np.clip(scenes.found.scores, 1e-6, 1 - 1e-6), "float64")
    learnt = put(np.arange(len(scenes.boxes))[:, None] % 2 == 0, "bool")

    xp = array_namespace(found)
    real = classes >= 0
    same = (classes[:, :, None] == labels[:, None, :]) & real[:, :, None]
    table = iou(found[:, :, None, :], boxes[:, None, :, :]) * xp.astype(same, found.dtype)
    best = xp.broadcast_to(xp.argmax(table, axis=-1)[:, :, None], found.shape)
    sides = xp.maximum(found[..., 2:] - found[..., :2], xp.ones_like(found[..., 2:]))
    logits = xp.log(scores) - xp.log1p(-scores)
    # Sides of about 150 pixels, whose logarithm is 5, are the middle.
    features = xp.concat((xp.ones_like(found[..., :1]), xp.log(sides) - 5.0, logits[..., None]), axis=-1)
    return Boxes(found, xp.take_along_axis(boxes, best, axis=1), xp.max(table, axis=-1), real, features, learnt)


def moved(moves: Array, boxes: Boxes) -> Array:
    return decode_deltas(array_namespace(moves).matmul(boxes.features, moves), boxes.found)


def learn_moves(moves: Array, boxes: Boxes, steps: int) -> Array:
    """By gradient descent with momentum, in steps so small that rounding errors stay as small as they are."""
    chosen = boxes.learnt & (boxes.overlap > 0)
    slopes = value_and_grad(lambda moves: ciou_loss(moved(moves, boxes), boxes.nearest, where=chosen, reduction="mean"))
    speed = 0.0 * moves
    for step in range(steps):
        _, gradient = slopes(moves)
        speed = MOMENTUM * speed - RATE * (1 - step / steps) * gradient
        moves = moves + speed
    return moves


def learn_scores(factors: Array, boxes: Boxes) -> Array:
    """Logistic regression, by slopes and second derivatives of each row's loss along its logit."""
    xp = array_namespace(factors)
    chosen, targets = [xp.astype(flags, factors.dtype) for flags in (boxes.learnt & boxes.real, boxes.overlap >= 0.5)]
    derivatives = value_grad_and_hessian_diagonal(
        lambda logits: sigmoid_binary_cross_entropy(logits, targets, weights=chosen)
    )
    columns = xp.reshape(boxes.features, (-1, FEATURES))
    for _ in range(NEWTON_STEPS):
        _, slopes, curvatures = derivatives((boxes.features @ factors)[..., 0])
        hessian = columns.T @ (xp.reshape(curvatures, (-1, 1)) * columns)
        factors = factors - xp.linalg.solve(hessian, columns.T @ xp.reshape(slopes, (-1, 1)))
    return factors


def held_back(rows: Array, chosen: Array) -> float:
    """The mean over what was held back."""
    xp = array_namespace(rows)
    return float(xp.sum(xp.where(chosen, rows, xp.zeros_like(rows))) / xp.sum(xp.astype(chosen, rows.dtype)))


def refine(boxes: Boxes, steps: int, backend: Backend) -> Answer:
    """All that is learnt, and whether it helps."""
    none = backend.asarray(np.zeros((FEATURES, 4), "float64"))
    own = backend.asarray(np.eye(FEATURES, dtype="float64")[:, -1:])  # the detector's own scores
    backend.asnumpy(learn_moves(none, boxes, 2))  # CuPy compiles its kernels in the first steps
    start = perf_counter()
    moves = learn_moves(none, boxes, steps)
    as_numpy = backend.asnumpy(moves)  # which waits for the device
    seconds = perf_counter() - start

    xp = array_namespace(moves)
    targets = xp.astype(boxes.overlap >= 0.5, moves.dtype)
    matched, real = [flags & ~boxes.learnt for flags in (boxes.overlap > 0, boxes.real)]
    overlaps = [held_back(iou(moved(m, boxes), boxes.nearest), matched) for m in (none, moves)]
    entropies = [
        held_back(sigmoid_binary_cross_entropy((boxes.features @ factors)[..., 0], targets), real)
        for factors in (own, learn_scores(0.0 * own, boxes))
    ]
    return Answer(as_numpy, (overlaps[0], overlaps[1]), (entropies[0], entropies[1]), 1e3 * seconds / steps)


def rows(boxes: Boxes, pred: np.ndarray, backend: Backend) -> list[np.ndarray]:
    """Of each of these boxes, the loss and its gradient."""
    matched, pred = boxes.overlap > 0, backend.asarray(pred)
    values = ciou_loss(pred, boxes.nearest, where=matched)
    total: Callable[[Array], Array] = lambda pred: ciou_loss(pred, boxes.nearest, where=matched, reduction="sum")
    return [backend.asnumpy(array) for array in (values[..., None], value_and_grad(total)(pred)[1])]


def units(got: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference in units in the last place of the row's largest number."""
    largest = np.max(abs(expected), axis=-1, keepdims=True)
    return float(np.max(abs(got.astype("float64") - expected) / np.spacing(largest)))


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.box_refinement", description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="cupy", metavar="NAME[:DEVICE]", help=f"one of {', '.join(KNOWN)}")
    parser.add_argument("--steps", type=int, default=300, help="of the descent (default 300)")
    parser.add_argument("--copies", type=int, default=1, help="of every image, for more work (default 1)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None, known: Openers = KNOWN) -> int:
    chosen = options(arguments)
    try:
        backend, numpy = requested_backends([chosen.backend], known)[0], requested_backends(["numpy"])[0]
    except InputError as error:
        print(f"box_refinement: {error}", file=sys.stderr)
        return 2
    scenes = read(None)
    boxes, same = [place(scenes, chosen.copies, at) for at in (backend, numpy)]
    ours, theirs = refine(boxes, chosen.steps, backend), refine(same, chosen.steps, numpy)
    pred = moved(theirs.moves, same)
    value, slopes = map(units, rows(boxes, pred, backend), rows(same, pred, numpy))
    ends = max(
        float(np.max(abs(ours.moves - theirs.moves)) / np.max(abs(theirs.moves))),
        *[abs(a / b - 1) for a, b in zip(ours.overlap + ours.entropy, theirs.overlap + theirs.entropy)],
    )

    table = Table("", "before", f"{chosen.backend}", "NumPy", title="on images that were held back")
    for name, own, other in (
        ("mean IoU with the object", ours.overlap, theirs.overlap),
        ("mean cross-entropy of the scores", ours.entropy, theirs.entropy),
    ):
        table.add_row(name, *[f"{number:.5f}" for number in (*own, other[1])])
    table.add_row("milliseconds of a step of the descent", "", f"{ours.milliseconds:.2f}", f"{theirs.milliseconds:.2f}")
    console = Console(width=110)
    version = f"{backend.library.name} {backend.library.version} on {backend.device}"
    count = int(np.sum(scenes.found.labels >= 0)) * chosen.copies
    console.print(f"{version}, NumPy {np.__version__}: {count} detections, float64, {chosen.steps} steps")
    console.print(table)
    agree = max(value, slopes) <= ROWS and ends <= ENDS
    console.print(
        f"{'The same' if agree else 'Not the same'} as NumPy: loss within {value:.1f} ULP and gradient within "
        f"{slopes:.1f} at the same boxes, what was learnt within {ends:.0e}"
    )
    return int(not agree)


if __name__ == "__main__":
    raise SystemExit(main())
