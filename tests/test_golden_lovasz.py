"""Lovász extensions of the Jaccard loss against numbers worked out from the paper's algorithm (arXiv:1705.08790).

Sorted by falling error e with labels g of G positives: loss = sum_k e_k (J_k - J_(k-1)) with
J_k = 1 - (G - g_1 - ... - g_k)/(G + (1 - g_1) + ... + (1 - g_k)).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import array_losses as al


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


hinge, softmax = al.lovasz_hinge_loss, al.lovasz_softmax_loss


@pytest.mark.parametrize(
    ("targets", "steps"),
    [((1, 1, 0, 0), (0.5, 0.5, 0, 0)), ((0, 1, 1, 0), (1 / 3, 1 / 3, 1 / 3, 0)), ((0, 0), (1, 0))],
)
def test_steps_of_jaccard(targets: Any, steps: Any) -> None:
    """The Lovász project's lovasz_grad: here the slopes, for errors n, n - 1, ..., 1 in the order of the labels."""
    t = numbers(*targets)
    signs = 2 * t - 1
    logits = (1 - np.arange(t.size, 0, -1)) * signs
    slopes = al.grad(lambda x: hinge(x, t, axis=None, batch_axes=(), reduction="sum"))(logits)
    np.testing.assert_allclose(slopes, -signs * steps, rtol=1e-15)


@pytest.mark.parametrize(
    ("logits", "targets", "expected"),
    [
        # Errors 2, 1.5 of labels 1, 0; the others are below 0. J = 1/2, 2/3: 2/2 + 1.5/6.
        ((2, -1, 0.5, -3), (1, 1, 0, 0), 1.25),
        ((0, 0, 0, 0), (1, 0, 1, 0), 1),
        ((0, 0, 0, 0), (0, 0, 0, 0), 1),
        ((1, 1), (1, 1), 0),
        # Nothing there: the largest error alone counts.
        ((-2, -0.5), (0, 0), 0.5),
    ],
)
def test_hinge(logits: Any, targets: Any, expected: float) -> None:
    x, t = numbers(*logits), numbers(*targets)
    assert hinge(x, t, axis=None, batch_axes=()) == pytest.approx(expected, rel=1e-15)
    assert hinge(x, t > 0.5, axis=None, batch_axes=()) == pytest.approx(expected, rel=1e-15)
    # Samples and classes stay apart.
    both = np.stack([x, 2 * x], axis=-1)[None]
    rows = hinge(both, np.stack([t, t], axis=-1)[None], axis=-1)
    alone = [[hinge(y, t, axis=None, batch_axes=()) for y in (x, 2 * x)]]
    np.testing.assert_array_equal(rows, alone)


PROBS = numbers([0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4], [0.5, 0.25, 0.25])


@pytest.mark.parametrize(
    ("labels", "classes", "rows", "mean"),
    [
        ((0, 1, 2, 1), "present", (0.4, 0.575, 0.6), 0.525),
        ((0, 1, 2, 1), "all", (0.4, 0.575, 0.6), 0.525),
        # Class 2 is nowhere: its largest error is its largest probability.
        ((0, 1, 0, 1), "present", (8 / 15, 0.575, 0), 0.554166667),
        ((0, 1, 0, 1), "all", (8 / 15, 0.575, 0.4), 0.502777778),
    ],
)
def test_softmax(labels: Any, classes: Any, rows: Any, mean: float) -> None:
    """kornia before 0.9 gave .3, .4375 and .3833 for the first row: it sorted the labels, not the masks."""
    logits, y = np.log(PROBS), np.asarray(labels)
    options: Any = {"axis": -1, "batch_axes": (), "classes": classes}
    np.testing.assert_allclose(softmax(logits, y, **options), rows, rtol=1e-14)
    assert softmax(logits, y, reduction="mean", **options) == pytest.approx(mean, abs=5e-10)
    # Logits need not be logarithms of probabilities, and ignored pixels are not there.
    more = np.concatenate([logits + 5, numbers([9, 0, 0], [0, 0, 9])])
    far = np.concatenate([y, [255, -1]])
    np.testing.assert_allclose(softmax(more, far, ignore_index=255, **options), rows, rtol=1e-13)


def test_equal_errors_keep_their_order() -> None:
    """Which of two equal errors comes first changes the slopes, never the value.

    Class 0 of the first row above: errors .3 (the only positive), .1, .3, .5. With the positive second J = 1/2, 1, 1,
    1; third, J = 1/2, 2/3, 1, 1: .25 + .3/2 = .25 + .3/6 + .3/3.
    """
    logits = np.log(PROBS)
    there = softmax(logits, np.asarray([0, 1, 2, 1]), axis=-1, batch_axes=())[0]
    swapped = softmax(logits[::-1], np.asarray([1, 2, 1, 0]), axis=-1, batch_axes=())[0]
    assert there == pytest.approx(0.4, rel=1e-15)
    assert swapped == pytest.approx(0.4, rel=1e-15)
    # Two errors of 1: the positive first takes all, J = 1, 1; second, it takes what the negative leaves, J = 1/2, 1.
    by = al.grad(lambda x, t: hinge(x, t, axis=None, batch_axes=(), reduction="sum"))
    np.testing.assert_array_equal(by(np.zeros(2), numbers(1, 0)), [-1, 0])
    np.testing.assert_array_equal(by(np.zeros(2), numbers(0, 1)), [0.5, -0.5])


def test_hard_predictions_are_one_minus_iou() -> None:
    """Predicted 0, 1, 1, 1 for 0, 1, 2, 1: IoU 1, 2/3 and 0."""
    logits = 1e4 * np.eye(3)[[0, 1, 1, 1]]
    rows = softmax(logits, np.asarray([0, 1, 2, 1]), axis=-1, batch_axes=())
    np.testing.assert_array_equal(rows, [0, 1 / 3, 1])


def test_of_kornia() -> None:
    """kornia tests/losses/test_lovasz_softmax.py: right is 0; wrong is 1 a class, and its mean counts all classes."""
    labels = np.zeros((1, 2, 3), dtype=np.int64)
    right = np.stack([np.full((1, 2, 3), 100.0), np.full((1, 2, 3), -100.0)], axis=1)
    options: Any = {"axis": 1, "batch_axes": (), "reduction": "mean"}
    assert softmax(right, labels, **options) == 0
    assert softmax(-right, labels, classes="all", **options) == 1
    weighted = softmax(-right, labels, classes="all", weights=numbers(1, 0), normalizer=2, **options)
    assert weighted == pytest.approx(0.5, rel=1e-15)
