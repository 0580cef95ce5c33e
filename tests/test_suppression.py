"""Suppression against plain loops, and what must not matter to it."""

from __future__ import annotations

import math
from typing import Any

import array_api_strict
import jax
import numpy as np
import pytest
import torch
from every_library import compiled_everywhere, everywhere, slopes_everywhere
from hypothesis import given, settings
from hypothesis import strategies as st

import array_losses as al
from array_losses.suppression import cluster_nms, fast_nms, matrix_nms, soft_nms

RNG = np.random.default_rng(5)
FUNCTIONS: list[tuple[str, Any, dict[str, Any]]] = [
    ("fast", fast_nms, {}),
    ("cluster", cluster_nms, {}),
    ("cluster, 6 rounds", cluster_nms, {"iterations": 6}),
    ("matrix, gaussian", matrix_nms, {}),
    ("matrix, linear", matrix_nms, {"kernel": "linear"}),
    ("soft, gaussian", soft_nms, {}),
    ("soft, linear", soft_nms, {"method": "linear"}),
]
every_function = pytest.mark.parametrize(
    ("function", "options"), [pytest.param(f, options, id=name) for name, f, options in FUNCTIONS]
)


def crowd(*shape: int) -> tuple[Any, Any, Any]:
    """Boxes of which many overlap, scores of which many are equal, and three labels."""
    center, side = RNG.uniform(0, 40, (*shape, 2)), RNG.uniform(8, 25, (*shape, 2))
    boxes = np.concatenate([center - side / 2, center + side / 2], axis=-1)
    return boxes, RNG.uniform(0.1, 1, shape).round(1), RNG.integers(0, 3, shape)


BOXES, SCORES, LABELS = crowd(3, 12)


# The definitions, one box after the other -----------------------------------------------------------------------------


def order(scores: Any) -> list[int]:
    """From the best to the worst, of equal ones the first before."""
    return sorted(range(len(scores)), key=lambda i: (-scores[i], i))


def overlaps(boxes: Any, labels: Any) -> Any:
    table = al.iou(boxes[:, None], boxes[None])
    return table if labels is None else np.where(labels[:, None] == labels[None], table, 0.0)


def greedy(boxes: Any, scores: Any, threshold: float, labels: Any = None) -> Any:
    table = overlaps(boxes, labels)
    kept: list[int] = []
    for j in order(scores):
        if not any(table[i, j] > threshold for i in kept):
            kept.append(j)
    return np.where(np.isin(np.arange(len(scores)), kept), scores, 0.0)


def fast(boxes: Any, scores: Any, threshold: float, labels: Any = None) -> Any:
    table, best = overlaps(boxes, labels), order(scores)
    kept = [j for n, j in enumerate(best) if not any(table[i, j] > threshold for i in best[:n])]
    return np.where(np.isin(np.arange(len(scores)), kept), scores, 0.0)


def matrix(boxes: Any, scores: Any, kernel: str, sigma: float, labels: Any = None) -> Any:
    table, best, found = overlaps(boxes, labels), order(scores), np.array(scores)

    def f(x: float) -> float:
        return 1 - x if kernel == "linear" else math.exp(-sigma * x * x)

    for n, j in enumerate(best):
        factor = 1.0
        for m, i in enumerate(best[:n]):
            discount = max([table[k, i] for k in best[:m]], default=0.0)
            if f(discount) > 0:
                factor = min(factor, f(table[i, j]) / f(discount))
        found[j] *= factor
    return found


def soft(boxes: Any, scores: Any, method: str, sigma: float, threshold: float, labels: Any = None) -> Any:
    table, found, left = overlaps(boxes, labels), np.array(scores), list(range(len(scores)))
    while left:
        best = max(left, key=lambda i: (found[i], -i))
        left.remove(best)
        for j in left:
            x = table[best, j]
            if method == "gaussian":
                found[j] *= math.exp(-x * x / sigma)
            elif x > threshold:
                found[j] *= 1 - x
    return found


# Few places and lengths, so that boxes coincide and IoUs lie exactly on thresholds; few scores, so that they tie.
places, sides = st.integers(0, 6), st.integers(0, 4)
detections = st.lists(st.tuples(places, places, sides, sides, st.integers(1, 5), st.integers(0, 1)), max_size=14)


@settings(max_examples=150, deadline=None)
@given(detections, st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.booleans())
def test_equal_to_loops(rows: Any, threshold: float, labelled: bool) -> None:
    table = np.asarray(rows, dtype=np.float64).reshape(-1, 6)
    boxes, scores = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1), table[:, 4] / 5
    labels = table[:, 5].astype(np.int64) if labelled else None
    options: Any = {"labels": labels, "iou_threshold": threshold}
    np.testing.assert_array_equal(cluster_nms(boxes, scores, **options), greedy(boxes, scores, threshold, labels))
    rounds = max(1, len(rows))
    enough = cluster_nms(boxes, scores, iterations=rounds, **options)
    np.testing.assert_array_equal(enough, greedy(boxes, scores, threshold, labels))
    np.testing.assert_array_equal(fast_nms(boxes, scores, **options), fast(boxes, scores, threshold, labels))
    np.testing.assert_array_equal(
        cluster_nms(boxes, scores, iterations=1, **options), fast_nms(boxes, scores, **options)
    )
    for kernel in ("gaussian", "linear"):
        expected = matrix(boxes, scores, kernel, 1.5, labels)
        found = matrix_nms(boxes, scores, kernel=kernel, sigma=1.5, labels=labels)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
        expected = soft(boxes, scores, kernel, 0.7, threshold, labels)
        np.testing.assert_allclose(soft_nms(boxes, scores, method=kernel, sigma=0.7, **options), expected, rtol=1e-12)


def test_a_long_chain() -> None:
    """Each overlaps its neighbours only: greedy keeps every other one, fast the first. Of 60, that takes 60 rounds."""
    left = np.arange(60.0)
    boxes = np.stack([left, 0 * left, left + 3, 0 * left + 1], axis=1)  # IoU 2/4 and 1/5
    scores = np.linspace(1, 0.5, 60)
    expected = np.where(np.arange(60) % 2 == 0, scores, 0)
    np.testing.assert_array_equal(cluster_nms(boxes, scores, iou_threshold=0.4), expected)
    with jax.enable_x64(True):
        found = cluster_nms(jax.numpy.asarray(boxes), jax.numpy.asarray(scores), iou_threshold=0.4)
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.nonzero(fast_nms(boxes, scores, iou_threshold=0.4))[0], [0])
    np.testing.assert_array_equal(cluster_nms(boxes, scores, iou_threshold=0.4, iterations=59), expected)
    # The first round leaves the first box; the second, in which only that one suppresses, all but its neighbour.
    for rounds, kept in ((1, [0]), (2, [0, *range(2, 60)]), (3, [0, 2])):
        found = cluster_nms(boxes, scores, iou_threshold=0.4, iterations=rounds)
        np.testing.assert_array_equal(np.nonzero(found)[0], kept)


def test_on_the_threshold() -> None:
    """IoU 1/2 is not greater than 1/2."""
    boxes = np.asarray([[0.0, 0.0, 4.0, 2.0], [0.0, 0.0, 4.0, 4.0]])
    scores = np.asarray([0.9, 0.8])
    np.testing.assert_array_equal(cluster_nms(boxes, scores, iou_threshold=0.5), scores)
    np.testing.assert_array_equal(cluster_nms(boxes, scores, iou_threshold=0.499), [0.9, 0])
    np.testing.assert_array_equal(soft_nms(boxes, scores, method="linear", iou_threshold=0.5), scores)


def test_by_hand() -> None:
    """Three boxes in a row: IoU 12/20 of neighbours, 8/24 of the outer ones; the middle one has the best score."""
    boxes = np.asarray([[0.0, 0.0, 4.0, 4.0], [1.0, 0.0, 5.0, 4.0], [2.0, 0.0, 6.0, 4.0]])
    scores = np.asarray([0.5, 1.0, 0.8])
    np.testing.assert_allclose(matrix_nms(boxes, scores, kernel="linear"), [0.2, 1, 0.32], rtol=1e-15)
    # With a copy of the middle one, which is suppressed altogether and so decays nobody: (8/20)/(8/20), and 16/24.
    found = matrix_nms(boxes[[0, 1, 1, 2]], np.asarray([1.0, 0.9, 0.8, 0.6]), kernel="linear")
    np.testing.assert_allclose(found, [1, 0.36, 0, 0.4], rtol=1e-14)
    gaussian = [0.5 * math.exp(-0.72), 1, 0.8 * math.exp(-0.72)]
    np.testing.assert_allclose(matrix_nms(boxes, scores), gaussian, rtol=1e-15)
    np.testing.assert_allclose(soft_nms(boxes, scores, method="linear"), [0.5 * 0.4 * 2 / 3, 1, 0.32], rtol=1e-14)
    gaussian = [0.5 * math.exp(-0.72) * math.exp(-2 / 9), 1, 0.8 * math.exp(-0.72)]
    np.testing.assert_allclose(soft_nms(boxes, scores), gaussian, rtol=1e-14)


# The same everywhere --------------------------------------------------------------------------------------------------


@every_function
def test_same_in_every_library(function: Any, options: Any) -> None:
    everywhere(lambda b, s: function(b, s, **options), BOXES, SCORES)
    everywhere(lambda b, s, n: function(b, s, labels=n, **options), BOXES, SCORES, LABELS)


@every_function
def test_slopes(function: Any, options: Any) -> None:
    boxes, scores = BOXES[0, :7], np.asarray([0.31, 0.83, 0.52, 0.97, 0.12, 0.74, 0.66])
    gradients = slopes_everywhere(lambda b, s: function(b, s, **options), boxes, scores, argnums=(0, 1))
    if function in (fast_nms, cluster_nms):
        assert not gradients[0].any()
    else:
        assert gradients[0].any()


@pytest.mark.parametrize(
    ("function", "options"), [FUNCTIONS[i][1:] for i in (0, 2, 3, 4, 5)], ids=[FUNCTIONS[i][0] for i in (0, 2, 3, 4, 5)]
)
def test_transforms(function: Any, options: Any) -> None:
    compiled_everywhere(lambda b, s, n: function(b, s, labels=n, **options), BOXES[:, :5], SCORES[:, :5], LABELS[:, :5])


def test_loops_within_jax() -> None:
    """A loop until nothing changes, traced and mapped over."""
    expected = cluster_nms(BOXES, SCORES)
    with jax.enable_x64(True):
        boxes, scores = jax.numpy.asarray(BOXES), jax.numpy.asarray(SCORES)
        for transform in (jax.jit, jax.vmap, lambda f: jax.jit(jax.vmap(f))):
            np.testing.assert_array_equal(transform(cluster_nms)(boxes, scores), expected)


def test_rounds_must_be_said_to_torch_compile() -> None:
    torch.compiler.reset()
    compiled = torch.compile(cluster_nms, fullgraph=True)
    with pytest.raises(Exception, match="iterations must be given under torch"):
        compiled(torch.asarray(BOXES), torch.asarray(SCORES))


# What must not matter, and odd input ----------------------------------------------------------------------------------


@every_function
def test_batches_labels_and_order(function: Any, options: Any) -> None:
    together = function(BOXES, SCORES, labels=LABELS, **options)
    for one in range(3):
        alone = function(BOXES[one], SCORES[one], labels=LABELS[one], **options)
        np.testing.assert_array_equal(together[one], alone)
        for label in range(3):
            here = LABELS[one] == label
            apart = function(BOXES[one][here], SCORES[one][here], **options)
            np.testing.assert_allclose(together[one][here], apart, rtol=1e-14)
    scores = RNG.permutation(np.linspace(0.1, 1, 12))
    shuffled = RNG.permutation(12)
    found = function(BOXES[0][shuffled], scores[shuffled], **options)
    np.testing.assert_allclose(found, function(BOXES[0], scores, **options)[shuffled], rtol=1e-13)


@every_function
def test_scores_that_are_not_numbers(function: Any, options: Any) -> None:
    """A NaN stays one and neither suppresses nor is suppressed; neither does a box with a NaN."""
    boxes, scores = BOXES[0], SCORES[0].copy()
    others = np.arange(12) != 4
    expected = function(boxes[others], scores[others], **options)
    scores[4] = np.nan
    found = function(boxes, scores, **options)
    assert np.isnan(found[4])
    np.testing.assert_array_equal(found[others], expected)
    everywhere(lambda b, s: function(b, s, **options), boxes, scores)
    nowhere = boxes.copy()
    nowhere[4, 1] = np.nan
    found = function(nowhere, SCORES[0], **options)
    np.testing.assert_array_equal(found[others], expected)
    assert found[4] == SCORES[0, 4]


@every_function
def test_few_boxes(function: Any, options: Any) -> None:
    everywhere(lambda b, s: function(b, s, **options), BOXES[:, :0], SCORES[:, :0])
    everywhere(lambda b, s: function(b, s, **options), BOXES[:0], SCORES[:0])
    np.testing.assert_array_equal(function(BOXES[:, :1], SCORES[:, :1], **options), SCORES[:, :1])


@every_function
def test_scores_of_any_sign(function: Any, options: Any) -> None:
    scores = SCORES[0] - 0.55
    found = function(BOXES[0], scores, **options)
    assert np.isfinite(found).all()
    if function in (fast_nms, cluster_nms):
        kept = function(BOXES[0], scores + 1, **options) > 0
        np.testing.assert_array_equal((found == scores)[scores != 0], kept[scores != 0])
    lowest = np.where(scores > 0, scores, -np.inf)
    assert not np.isnan(function(BOXES[0], lowest, **options)).any() or function is matrix_nms


@every_function
def test_copies(function: Any, options: Any) -> None:
    """Of the same box the first of the best stays, and copies of it have nothing of the linear forms."""
    boxes = np.broadcast_to(BOXES[0, 0], (4, 4))
    found = function(boxes, np.asarray([0.5, 0.9, 0.9, 0.1]), **options)
    assert found[1] == 0.9
    if "gaussian" not in str(options) and (options or function in (fast_nms, cluster_nms)):
        np.testing.assert_array_equal(found, [0, 0.9, 0, 0])
    assert (found[[0, 2, 3]] < [0.5, 0.9, 0.1]).all()


@every_function
def test_on_another_device(function: Any, options: Any) -> None:
    device = array_api_strict.Device("device1")
    boxes, scores, labels = (array_api_strict.asarray(x, device=device) for x in (BOXES, SCORES, LABELS))
    assert function(boxes, scores, labels=labels, **options).device == device


@every_function
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
def test_dtypes(function: Any, options: Any, dtype: str) -> None:
    boxes, scores = BOXES.astype(dtype), (10 * SCORES).astype(dtype)
    found = function(boxes, scores, **options)
    assert found.dtype == {"float16": "float32", "int64": "float64"}.get(dtype, dtype)
    assert function(torch.asarray(boxes).float(), torch.asarray(scores), **options).shape == scores.shape


B, S = np.zeros((5, 4)), np.zeros(5)
WRONG: Any = "x"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fast_nms(B[:, :3], S), ValueError, r"boxes must have shape \(..., N, 4\); got \(5, 3\)"),
        (lambda: fast_nms(B[0], S[0]), ValueError, r"boxes must have shape \(..., N, 4\); got \(4,\)"),
        (lambda: fast_nms(B, S[:4]), ValueError, r"scores must have shape \(5,\); got \(4,\)"),
        (lambda: fast_nms(B, S > 0), TypeError, "scores must have a real dtype; got bool"),
        (lambda: fast_nms(B, torch.zeros(5)), TypeError, "boxes and scores must be arrays of one library"),
        (lambda: fast_nms(B, [1] * 5), TypeError, "scores must be an array of an Array API library"),
        (lambda: fast_nms(B, S, iou_threshold=2), ValueError, "iou_threshold must be between 0 and 1; got 2"),
        (lambda: cluster_nms(B, S, labels=S), TypeError, r"labels of shape \(5,\) must have an integer dtype"),
        (lambda: cluster_nms(B, S, labels=LABELS), ValueError, r"labels must have shape \(5,\); got \(3, 12\)"),
        (lambda: cluster_nms(B, S, iterations=0), ValueError, "iterations must be at least 1; got 0"),
        (lambda: cluster_nms(B, S, iterations=WRONG), TypeError, "iterations must be an int; got str"),
        (lambda: matrix_nms(B, S, kernel="x"), ValueError, "kernel must be one of 'gaussian', 'linear'; got 'x'"),
        (lambda: matrix_nms(B, S, sigma=0), ValueError, "sigma must be greater than 0; got 0"),
        (lambda: soft_nms(B, S, method="hard"), ValueError, "method must be one of 'gaussian', 'linear'; got 'hard'"),
        (lambda: soft_nms(B, S, sigma=WRONG), TypeError, "sigma must be a Python number; got str"),
        (lambda: soft_nms(B, S, iou_threshold=-1), ValueError, "iou_threshold must be between 0 and 1; got -1"),
    ],
)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        call()
