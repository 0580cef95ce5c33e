"""Segmentation losses on cases small enough for a pencil: generalized Dice, correlation, compounds, distance maps."""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import numpy as np
import pytest

import array_losses as al


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


# Generalized Dice: I = 5/4, 1/2, 1/4 and P = 3/2, 2, 1/2, whatever the targets below keep of them --------------------

PROBS = numbers([0.75, 0.5, 0.25, 0], [0.25, 0.5, 0.5, 0.75], [0, 0, 0.25, 0.25])
PRESENT = numbers([1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1])
ABSENT = numbers([1, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0])


@pytest.mark.parametrize(
    ("targets", "knobs", "expected"),
    [
        # T = 2, 1, 1; w = 1/4, 1, 1: 2 (5/16 + 1/2 + 1/4) / ((7/2)/4 + 3 + 3/2) = (17/8)/(43/8).
        (PRESENT, {}, 1 - 17 / 43),
        # w = 1/2, 1, 1: 2 (5/8 + 1/2 + 1/4)/((7/2)/2 + 3 + 3/2) = (11/4)/(25/4).
        (PRESENT, {"class_weighting": "simple"}, 1 - 11 / 25),
        # w = 1: 2 * 2 / (7/2 + 3 + 3/2).
        (PRESENT, {"class_weighting": "uniform"}, 1 / 2),
        # Smoothing belongs to the ratio of sums: (4 + 1)/(8 + 2).
        (PRESENT, {"class_weighting": "uniform", "smooth": 1, "smooth_denominator": 2}, 1 / 2),
        (PRESENT, {"class_weighting": "uniform", "smooth": 1}, 1 - 5 / 9),
        # T = 3, 1, 0: the absent class weighs as much as the heaviest other: w = 1/9, 1, 1, I = 5/4, 1/2, 0:
        # 2 (5/36 + 1/2)/((9/2)/9 + 3 + 1/2) = (23/18)/4.
        (ABSENT, {}, 1 - 23 / 72),
        (ABSENT, {"absent": "skip"}, 1 - 23 / 63),
        (ABSENT, {"class_weighting": "simple", "absent": "skip"}, 1 - (11 / 6) / (3 / 2 + 3)),
        (ABSENT, {"class_weighting": "uniform", "absent": "skip"}, 1 - (7 / 2) / (15 / 2)),
        # Nothing there at all: no weight; with uniform weights what is predicted is all wrong.
        (0 * ABSENT, {}, 0),
        (0 * ABSENT, {"class_weighting": "uniform"}, 1),
    ],
)
def test_generalized_dice(targets: Any, knobs: Any, expected: float) -> None:
    found = al.generalized_dice_loss(PROBS, targets, axis=0, batch_axes=(), **knobs)
    assert found.shape == ()
    assert found == pytest.approx(expected, rel=1e-14)
    two = al.generalized_dice_loss(np.stack([PROBS, targets]), np.stack([targets, targets]), axis=1, **knobs)
    np.testing.assert_allclose(two[0], expected, rtol=1e-14)


# Correlation (Matthews): 1 - (n I - P T)/sqrt(P T (n - P)(n - T)) -----------------------------------------------------


@pytest.mark.parametrize(
    ("probs", "targets", "expected"),
    [
        # n = 4, I = 3/2, P = T = 2: (6 - 4)/4.
        ((1, 0.5, 0.5, 0), (1, 1, 0, 0), 1 / 2),
        # n = 5, I = 1, P = 1, T = 4: (5 - 4)/sqrt(1 * 4 * 4 * 1).
        ((1, 0, 0, 0, 0), (1, 1, 1, 1, 0), 3 / 4),
        # I = 1/2: (5/2 - 4)/4.
        ((0, 0, 0, 0.5, 0.5), (1, 1, 1, 1, 0), 11 / 8),
        ((0, 0, 1), (1, 1, 0), 2),
        # One class only, everything right or not: the root is 0.
        ((1, 1, 1), (1, 1, 1), 0),
        ((0, 0, 0), (0, 0, 0), 0),
        ((1, 1, 1), (1, 1, 0), 1),
        ((0.5, 0, 0), (0, 0, 0), 1),
    ],
)
def test_mcc(probs: Any, targets: Any, expected: float) -> None:
    found = al.mcc_loss(numbers(*probs), numbers(*targets), axis=None, batch_axes=())
    assert found == pytest.approx(expected, rel=1e-14, abs=1e-15)


# Sums of two losses ---------------------------------------------------------------------------------------------------

# Chances of class 1 in four pixels, and their labels. Class 0: I = 3/4, P = 9/4, T = 1; class 1: 3/2, 7/4, 3.
CHANCES, LABELS = numbers(1 / 4, 1 / 2, 1 / 4, 3 / 4), np.asarray([0, 1, 1, 1])
LOGITS = np.log(np.stack([1 - CHANCES, CHANCES]))
DICE = numbers(7 / 13, 7 / 19)
NLL = numbers(log(4 / 3), log(2), log(4), log(4 / 3))
ALONE: Any = {"axis": 0, "batch_axes": ()}


def test_combo() -> None:
    """p = 3/4, 1/2, 1/4 for t = 1, 0, 1: I = 1, P = 3/2, T = 2, Dice 3/7. The paper's value is lower by 1 - alpha."""
    logits, targets = numbers(log(3), 0, -log(3)), numbers(1, 0, 1)
    entropy = (0.75 * log(4 / 3) + 0.25 * log(2) + 0.75 * log(4)) / 3
    found = al.combo_loss(logits, targets, axis=None, batch_axes=(), alpha=0.25, beta=0.75)
    assert found == pytest.approx(0.25 * entropy + 0.75 * 3 / 7, rel=1e-14)
    # beta = 1/2 halves the binary cross-entropy.
    plain = al.combo_loss(logits, targets, axis=None, batch_axes=())
    assert plain == pytest.approx((log(4 / 3) + log(2) + log(4)) / 12 + 3 / 14, rel=1e-14)
    # A mask leaves p = 3/4 and 1/4: I = 1, P = 1, T = 2.
    masked = al.combo_loss(
        logits, targets, axis=None, batch_axes=(), alpha=0.5, beta=1, mask=np.asarray([True, False, True])
    )
    assert masked == pytest.approx((log(4 / 3) + log(4)) / 4 + 1 / 6, rel=1e-14)


def test_dice_cross_entropy() -> None:
    loss = al.dice_cross_entropy_loss
    assert loss(LOGITS, LABELS, **ALONE) == pytest.approx(DICE.mean() + NLL.mean(), rel=1e-14)
    weighed = loss(LOGITS, LABELS, dice_weight=0.5, cross_entropy_weight=3, **ALONE)
    assert weighed == pytest.approx(0.5 * DICE.mean() + 3 * NLL.mean(), rel=1e-14)
    # Smoothing by 1/2: 3/4 of the label's logarithm, 1/4 of the other's.
    other = -np.log(numbers(1 / 4, 1 / 2, 3 / 4, 1 / 4))
    smooth = loss(LOGITS, LABELS, label_smoothing=0.5, **ALONE)
    assert smooth == pytest.approx(DICE.mean() + (0.75 * NLL + 0.25 * other).mean(), rel=1e-14)
    # Pixel 2 ignored. Class 0: I = 3/4, P = 3/2, T = 1; class 1: 5/4, 3/2, 2.
    labels = np.asarray([0, 1, 7, 1])
    ignored = loss(LOGITS, labels, ignore_index=7, **ALONE)
    assert ignored == pytest.approx((2 / 5 + 2 / 7) / 2 + NLL[[0, 1, 3]].mean(), rel=1e-14)


def test_class_weights_of_dice_cross_entropy() -> None:
    """Weights 1 and 3: both means divide by the weights that they add up."""
    table = numbers(1, 3)
    dice = (DICE * table).sum() / 4
    found = al.dice_cross_entropy_loss(LOGITS, LABELS, class_weights=table, **ALONE)
    assert found == pytest.approx(dice + (NLL * table[LABELS]).sum() / 10, rel=1e-14)


def test_dice_focal() -> None:
    """(1 - p)^2 before each logarithm: 1/16, 1/4, 9/16, 1/16."""
    focal = numbers(1 / 16, 1 / 4, 9 / 16, 1 / 16) * NLL
    found = al.dice_focal_loss(LOGITS, LABELS, **ALONE)
    assert found == pytest.approx(DICE.mean() + focal.mean(), rel=1e-14)
    found = al.dice_focal_loss(LOGITS, LABELS, dice_weight=2, focal_weight=0.5, gamma=0, **ALONE)
    assert found == pytest.approx(2 * DICE.mean() + 0.5 * NLL.mean(), rel=1e-14)


def test_unified_focal() -> None:
    """Chances of the foreground 1/4, 1/2, 1/4 for labels 0, 1, 1; delta = .6, gamma = 1/2.

    Focal: (.4 sqrt(1/4) ln(4/3) + .6 ln 2 + .6 ln 4)/3. Tversky: background I = 3/4, FP = 5/4, FN = 1/4: 3/4 over
    3/4 + .4 * 5/4 + .6 * 1/4 = 7/5; foreground I = 3/4, FP = 1/4, FN = 5/4: 3/4 over 3/4 + .1 + 3/4 = 8/5.
    """
    logits = np.log(numbers([3 / 4, 1 / 2, 3 / 4], [1 / 4, 1 / 2, 1 / 4]))
    focal = (0.2 * log(4 / 3) + 0.6 * log(2) + 0.6 * log(4)) / 3
    regions = (13 / 28 + sqrt(17 / 32)) / 2
    labels = np.asarray([0, 1, 1])
    for share in (0.0, 0.25, 0.5, 1.0):
        found = al.unified_focal_loss(logits, labels, focal_share=share, **ALONE)
        assert found == pytest.approx(share * focal + (1 - share) * regions, rel=1e-14)
    swapped = al.unified_focal_loss(logits[::-1], 1 - labels, background=1, **ALONE)
    assert swapped == pytest.approx((focal + regions) / 2, rel=1e-14)


def test_unified_focal_of_three_classes() -> None:
    """Chances 1/2, 1/4, 1/4 in two pixels, labels 1 and 0; class 2 is nowhere: its score is 0, its part 1.

    delta = 3/4, gamma = 0: focal (1/4 ln 2 + 3/4 ln 4)/2; Tversky I = 1/2, FP = 1/2, FN = 1/2: 1/2 of 1; class 1
    1/4, 1/4, 3/4: 1/4 of 7/8.
    """
    logits = np.log(numbers([0.5, 0.5], [0.25, 0.25], [0.25, 0.25]))
    found = al.unified_focal_loss(logits, np.asarray([1, 0]), delta=0.75, gamma=0, **ALONE)
    assert found == pytest.approx((log(2) / 4 + 0.75 * log(4)) / 4 + (1 / 2 + 5 / 7 + 1) / 6, rel=1e-14)


# Hardest pixels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [(1, NLL.mean()), (0.5, log(8) / 2), (0.25, log(4)), (1e-6, log(4)), (0.7, (log(8) + log(4 / 3)) / 3)],
)
def test_top_k_cross_entropy(fraction: float, expected: float) -> None:
    found = al.top_k_cross_entropy(LOGITS, LABELS, fraction=fraction, **ALONE)
    assert found == pytest.approx(expected, rel=1e-14)


def test_pixels_tied_at_the_border_share() -> None:
    """Losses ln 4/3, ln 2, ln 4, ln 4/3; k = 3 takes two and one of the tied, 1/2 each: slopes p - t, times 1/3."""
    slopes = al.grad(lambda x: al.top_k_cross_entropy(x, LABELS, fraction=0.75, reduction="sum", **ALONE))(LOGITS)
    share = numbers(1 / 2, 1, 1, 1 / 2) / 3
    np.testing.assert_allclose(slopes[1], (CHANCES - LABELS) * share, rtol=1e-14)
    np.testing.assert_allclose(slopes[0], -slopes[1], rtol=1e-14)


def test_top_k_with_weights_and_ignored_pixels() -> None:
    """Weights 1 and 3 make 3 ln 2 and 3 ln 4 the largest, divided by k = 2; half of three pixels is 2, rounded."""
    options: Any = {"fraction": 0.5, "class_weights": numbers(1, 3), **ALONE}
    assert al.top_k_cross_entropy(LOGITS, LABELS, **options) == pytest.approx(3 * log(8) / 2, rel=1e-14)
    labels = np.asarray([0, 1, -1, 1])
    found = al.top_k_cross_entropy(LOGITS, labels, fraction=0.5, **ALONE)
    assert found == pytest.approx((log(2) + log(4 / 3)) / 2, rel=1e-14)


# Distance maps --------------------------------------------------------------------------------------------------------


def test_boundary() -> None:
    """(1/2 * 2 - 1 * 1 + 1/4 * 3)/3; may be negative. With the last pixel masked: (1 - 1)/2."""
    probs, distances = numbers(0.5, 1, 0.25), numbers(2, -1, 3)
    alone: Any = {"axis": None, "batch_axes": ()}
    assert al.boundary_loss(probs, distances, **alone) == pytest.approx(1 / 4, rel=1e-15)
    assert al.boundary_loss(probs, -distances, **alone) == pytest.approx(-1 / 4, rel=1e-15)
    assert al.boundary_loss(probs, distances, mask=np.asarray([True, True, False]), **alone) == 0
    by_probs, by_distances = al.grad(lambda p, d: al.boundary_loss(p, d, **alone), argnums=(0, 1))(probs, distances)
    np.testing.assert_allclose(by_probs, distances / 3, rtol=1e-15)
    np.testing.assert_allclose(by_distances, probs / 3, rtol=1e-15)


def test_hausdorff() -> None:
    """(p - t)^2 = 1/4, 1, 1/16; d_p^2 + d_t^2 = 1, 5, 16: (1/4 + 5 + 1)/3. Not squared: 1, 3, 4: (1/4 + 3 + 1/4)/3."""
    probs, targets = numbers(0.5, 0, 0.75), numbers(1, 1, 1)
    maps = numbers(1, 1, 4), numbers(0, 2, 0)
    alone: Any = {"axis": None, "batch_axes": ()}
    assert al.hausdorff_dt_loss(probs, targets, *maps, **alone) == pytest.approx(25 / 12, rel=1e-15)
    assert al.hausdorff_dt_loss(probs, targets, *maps, alpha=1, **alone) == pytest.approx(7 / 6, rel=1e-15)
    masked = al.hausdorff_dt_loss(probs, targets, *maps, mask=np.asarray([True, False, True]), **alone)
    assert masked == pytest.approx(5 / 8, rel=1e-15)
