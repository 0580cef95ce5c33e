"""Losses of independent binary targets against numbers of papers and of other projects' own tests.

"derived" marks numbers worked out in float64 from the published formula, not taken from a running project. Losses
that look at probabilities elsewhere are given their logits here, ln(p/(1-p)).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import array_losses as al


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


def logit(*p: Any) -> Any:
    return np.log(numbers(*p) / (1 - numbers(*p)))


bce = al.sigmoid_binary_cross_entropy
LOGITS, TARGETS = numbers(1.5, -0.5, 2, -1), numbers(1, 1, 0, 0)

# Cross-entropy --------------------------------------------------------------------------------------------------------


def test_bce_of_torch() -> None:
    """torch, documentation of BCEWithLogitsLoss: .2014; nine digits derived, as are the other elements."""
    expected = [0.201413278, 0.974076984, 2.126928011, 0.313261688]
    np.testing.assert_allclose(bce(LOGITS, TARGETS), expected, rtol=0, atol=5e-10)
    assert bce(LOGITS, TARGETS, reduction="mean") == pytest.approx(0.903919990, abs=5e-10)
    weighted = bce(LOGITS, TARGETS, pos_weight=3, reduction="mean")
    assert weighted == pytest.approx(1.491665121, abs=5e-10)
    assert bce(LOGITS, TARGETS, pos_weight=np.full(4, 3.0), reduction="mean") == weighted


@pytest.mark.parametrize(
    ("logits", "targets", "mean"),
    [  # optax losses/_classification_test.py
        ([-1e9, -1e-9], [1, 0], 5e8),
        ([-1e9, -1e-9], [0, 1], 0.3465736),
        ([1e9, 1e-9], [1, 0], 0.3465736),
        ([1e9, 1e-9], [0, 1], 5e8),
        ([0, 0], [1, 0], 0.6931472),
    ],
)
def test_bce_of_huge_logits(logits: Any, targets: Any, mean: float) -> None:
    assert bce(numbers(*logits), numbers(*targets), reduction="mean") == pytest.approx(mean, rel=1e-7)


def test_bce_of_targets_that_are_no_probabilities() -> None:
    """MindSpore, documentation of BCEWithLogitsLoss."""
    logits, targets = numbers([-0.8, 1.2, 0.7], [-0.1, -0.4, 0.7]), numbers([0.3, 0.8, 1.2], [-0.6, 0.1, 2.2])
    assert bce(logits, targets, reduction="mean") == pytest.approx(0.3463612, abs=5e-8)


def test_bce_of_probabilities_with_weights() -> None:
    """MindSpore, documentation of BCELoss: divides by the six elements, not by their weights, in float32."""
    probs, targets = numbers([0.1, 0.2, 0.3], [0.5, 0.7, 0.9]), numbers([0, 1, 0], [0, 0, 1])
    weights = numbers([1, 2, 3], [4, 3.3, 2.2])
    mean = al.binary_cross_entropy(probs, targets, weights=weights, reduction="mean", normalizer=6)
    assert mean == pytest.approx(1.8952923, abs=2e-7)
    assert bce(logit(*probs), targets, weights=weights, reduction="mean", normalizer=6) == pytest.approx(mean)


def test_bce_of_the_classical_text() -> None:
    """Target [0, 1, 0], predictions [.2, .8, .4]: -(ln .8 + ln .8 + ln .6) = .957."""
    probs, targets = numbers(0.2, 0.8, 0.4), numbers(0, 1, 0)
    assert al.binary_cross_entropy(probs, targets, reduction="sum") == pytest.approx(0.957, abs=5e-4)
    assert bce(logit(*probs), targets, reduction="sum") == pytest.approx(-math.log(0.384), rel=1e-14)


def test_bce_of_impossible_probabilities_is_finite() -> None:
    """The logarithm of the smallest normal number, -708.4, where torch has -100, Keras -16.1 and others infinity."""
    probs, targets = numbers(0, 1, 0, 1), numbers(1, 0, 0, 1)
    end = -math.log(np.finfo(np.float64).smallest_normal)
    np.testing.assert_allclose(al.binary_cross_entropy(probs, targets), [end, end, 0, 0], rtol=1e-15, atol=1e-300)
    gradient = al.grad(lambda p: al.binary_cross_entropy(p, targets, reduction="sum"))(probs)
    np.testing.assert_array_equal(gradient, [0, 0, 1, -1])


def test_label_smoothing_of_smp() -> None:
    """segmentation_models_pytorch SoftBCEWithLogitsLoss: its smoothing is half of ours, its mean counts ignored."""
    logits, targets = numbers(-9, 9, 1, 9, -9), numbers(0, 1, -100, 1, 0)
    options: Any = {"label_smoothing": 0.2, "where": targets != -100, "reduction": "mean"}
    assert bce(logits, targets, normalizer=5, **options) == pytest.approx(0.7201, abs=5e-5)
    assert bce(logits, targets, **options) == pytest.approx(0.9001234, abs=5e-8)


def test_multilabel_soft_margin_of_mindspore() -> None:
    """MindSpore, documentation of MultiLabelSoftMarginLoss: the plain mean, in float32."""
    logits, targets = numbers([0.3, 0.6, 0.6], [0.9, 0.4, 0.2]), numbers([0, 0, 1], [0, 0, 1])
    assert bce(logits, targets, reduction="mean") == pytest.approx(0.84693956, abs=4e-7)


def test_soft_margin_of_mindspore() -> None:
    """MindSpore, documentation of SoftMarginLoss: ln(1 + exp(-y x)) with y = -1, 1 for targets 0, 1."""
    signs = numbers([-1, 1], [1, -1])
    mean = bce(numbers([0.3, 0.7], [0.5, 0.5]), (signs + 1) / 2, reduction="mean")
    assert mean == pytest.approx(0.6764238, abs=5e-8)


def test_binary_mode_of_mmseg() -> None:
    """mmseg tests/test_models/test_losses/test_ce_loss.py: logits [100, -100], label 1."""
    assert bce(numbers(100, -100), numbers(0, 1), reduction="mean") == pytest.approx(100)


# Focal ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("logits", "positive", "expected"),
    # One point of five classes, alpha = 1/4, gamma = 2. The classical text prints .4181 for the third number of the
    # third row, which is its value for target 0.
    [
        ([0.2, 0.4, 0.1, 0.8, 0.2], None, [0.1810, 0.2454, 0.1539, 0.4181, 0.1810]),
        ([0.9, 0.6, 0.2, 0.3, 0.5], 0, [0.0071, 0.3244, 0.1810, 0.2114, 0.2831]),
        ([0.1, 0.2, 0.8, 0.4, 0.4], 2, [0.1539, 0.1810, 0.0089, 0.2454, 0.2454]),
    ],
)
def test_focal_of_the_classical_text(logits: Any, positive: int | None, expected: Any) -> None:
    targets = np.asarray([float(c == positive) for c in range(5)])
    np.testing.assert_allclose(al.sigmoid_focal_loss(numbers(*logits), targets), expected, rtol=0, atol=5e-5)
    if positive is None:
        total = al.sigmoid_focal_loss(numbers(*logits), targets, reduction="sum")
        assert total == pytest.approx(1.1794, abs=5e-5)


def test_focal_keeps_a_thousandth_of_an_easy_sample() -> None:
    """p = .968: (1 - .968)^2 = .001 of the cross-entropy (the paper, section 3.2: 1000 times lower)."""
    easy, one = logit(0.968), numbers(1)
    kept = al.sigmoid_focal_loss(easy, one, alpha=None) / bce(easy, one)
    assert kept[0] == pytest.approx(0.001024, rel=1e-12)


MMCV = [  # mmcv tests/test_ops/test_focal_loss.py: sum over rows by number of rows, and its gradient
    (
        [[1, 0], [0, 1]], [0, 1], 0.13562961,
        [[-0.00657264, 0.11185755], [0.11185755, -0.00657264]],
    ),
    (
        [[1, 0, -1], [0, 1, 2]], [2, 1], 1.10251057,
        [[0.28808805, 0.11185755, -0.09602935], [0.11185755, -0.00657264, 0.40376765]],
    ),
    (
        [[1e-6, 2e-6, 3e-6], [4e-6, 5e-5, 6e-4], [7e-3, 8e-2, 9e-1]], [1, 2, 0], 0.42287254,
        [
            [0.07457182, -0.02485716, 0.07457201],
            [0.07457211, 0.07457669, -0.02483728],
            [-0.02462499, 0.08277918, 0.18050370],
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("logits", "labels", "value", "gradient"), MMCV)
def test_sigmoid_focal_of_mmcv(logits: Any, labels: Any, value: float, gradient: Any) -> None:
    x = numbers(*logits)
    targets, n = np.eye(x.shape[1])[labels], len(x)
    ours = al.value_and_grad(lambda x: al.sigmoid_focal_loss(x, targets, reduction="mean", normalizer=n))(x)
    assert ours[0] == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(ours[1], gradient, rtol=1e-5, atol=2e-8)


def test_sigmoid_focal_of_mmdet() -> None:
    """mmdet issue 1299, answered there with .1673."""
    mean = al.sigmoid_focal_loss(numbers(0.1, 0.5, 0.4, 0.3), numbers(0, 0, 1, 0), reduction="mean")
    assert mean == pytest.approx(0.16726, abs=5e-6)


# MONAI tests/losses/test_focal_loss.py; (1, 3, 2, 2), the class axis second.
MONAI = np.asarray([[[[1, 1], [0.5, 0]]] * 3], dtype=np.float64)
MONAI_TARGETS = np.moveaxis(np.eye(3)[np.asarray([[[0, 1], [2, 0]]])], -1, 1)


def test_sigmoid_focal_of_monai() -> None:
    near, far, middle, zero = 0.02266, 0.70187, 0.37741, 0.17329
    expected = [[[[near, far], [middle, zero]], [[far, near], [middle, zero]], [[far, far], [0.06757, zero]]]]
    rows = al.sigmoid_focal_loss(MONAI, MONAI_TARGETS, alpha=None)
    np.testing.assert_allclose(rows, expected, rtol=0, atol=6e-6)
    assert rows.mean() == pytest.approx(0.34959, abs=6e-6)
    # Its weight per channel multiplies; its mean still counts elements.
    channels = numbers(0.5, 0.1, 0.2).reshape(3, 1, 1)
    weighted = al.sigmoid_focal_loss(MONAI, MONAI_TARGETS, alpha=None, weights=channels)
    np.testing.assert_allclose(weighted, expected * channels, rtol=0, atol=6e-6)
    # Its include_background=False drops the first channel.
    dropped = al.sigmoid_focal_loss(MONAI[:, 1:], MONAI_TARGETS[:, 1:], alpha=None, reduction="mean")
    assert dropped == pytest.approx(0.36498, abs=6e-6)


# mmseg tests/test_models/test_losses/test_focal_loss.py::test_same
MMSEG = numbers(
    [0.1998772621, 0.1373604536, 0.2959728837], [0.3659250736, 0.2495964766, 0.8378278613],
    [0.9128918052, 0.9785252810, 0.5674484372], [0.2723454833, 0.5094971061, 0.3124643564],
    [0.2381041050, 0.2494341135, 0.2399672866], [0.8065491915, 0.9726386070, 0.3493354321],
    [0.2052971125, 0.9316667318, 0.9550838470], [0.9496635199, 0.2813754082, 0.8279340863],
)  # fmt: skip
MMSEG_LABELS = [2, 2, 1, 2, 0, 1, 2, 0]
MMSEG_TABLE = numbers(
    [0.4118, 0.0461, 0.9419], [0.4523, 0.8014, 0.4209], [0.3738, 0.7583, 0.2685], [0.4707, 0.9720, 0.3626],
    [0.2771, 0.2611, 0.4687], [0.2841, 0.7127, 0.7278], [0.4920, 0.2341, 0.7262], [0.2499, 0.4702, 0.9717],
)  # fmt: skip
MMSEG_PIXELS = numbers(0.4344, 0.8858, 0.7353, 0.5068, 0.5316, 0.1429, 0.5781, 0.7336)[:, None]
MMSEG_CLASSES = numbers(0.052917540073394775, 0.27414458990097046, 0.5211336612701416)


@pytest.mark.parametrize(
    ("weights", "mean", "total"),
    [
        (MMSEG_TABLE * MMSEG_CLASSES, 0.022418031469, 0.53803277),
        (MMSEG_TABLE, 0.074869543314, 1.79686904),
        (MMSEG_PIXELS * MMSEG_CLASSES, 0.023241294548, 0.55779105),
        (MMSEG_PIXELS, 0.087680168450, 2.10432410),
        (MMSEG_CLASSES, 0.039807554334, 0.95538127),
        (None, 0.153955772519, 3.69493866),
    ],
)
def test_sigmoid_focal_of_mmseg(weights: Any, mean: float, total: float) -> None:
    """Every kind of weight multiplies; the mean is over all 24 elements."""
    options: Any = {"alpha": 0.4, "weights": weights}
    targets = np.eye(3)[MMSEG_LABELS]
    assert al.sigmoid_focal_loss(MMSEG, targets, reduction="sum", **options) == pytest.approx(total, rel=2e-7)
    ours = al.sigmoid_focal_loss(MMSEG, targets, reduction="mean", normalizer=24, **options)
    assert ours == pytest.approx(mean, rel=2e-7)


def test_focal_derived() -> None:
    rows = al.sigmoid_focal_loss(LOGITS, TARGETS, alpha=None)
    np.testing.assert_allclose(rows, [0.006702847, 0.377411601, 1.650078179, 0.022658058], rtol=0, atol=5e-10)
    assert rows.mean() == pytest.approx(0.514212671, abs=5e-10)
    assert al.sigmoid_focal_loss(LOGITS, TARGETS, reduction="mean") == pytest.approx(0.337645197, abs=5e-10)


def test_focal_of_soft_targets() -> None:
    """By hand, t = alpha = 3/4 and p = 1/5: alpha_t = 9/16 + 1/16, 1 - p_t = 1/5 * 1/4 + 4/5 * 3/4 = 13/20."""
    cost = -0.75 * math.log(0.2) - 0.25 * math.log(0.8)
    rows = al.sigmoid_focal_loss(logit(0.2), numbers(0.75), alpha=0.75, gamma=3)
    assert rows[0] == pytest.approx(0.625 * 0.65**3 * cost, rel=1e-13)


# The relatives of focal loss ------------------------------------------------------------------------------------------


def test_quality_focal_by_hand() -> None:
    """arXiv:2006.04388, equation 5: |t - p|^beta times the cross-entropy with t. Zero where p = t."""
    probs, targets = numbers(0.2, 0.8, 0.5, 0.9), numbers(0.7, 0.3, 0.5, 0)
    cost = -targets * np.log(probs) - (1 - targets) * np.log(1 - probs)
    np.testing.assert_allclose(
        al.quality_focal_loss(logit(*probs), targets), numbers(0.25, 0.25, 0, 0.81) * cost, rtol=1e-13, atol=1e-30
    )
    np.testing.assert_allclose(al.quality_focal_loss(logit(0.2), numbers(0.7), beta=3), 0.125 * cost[:1], rtol=1e-13)


def test_varifocal_by_hand() -> None:
    """arXiv:2008.13367, equation 2: positives weighed by their own quality, negatives by alpha p^gamma."""
    probs, targets = numbers(0.2, 0.8, 0.9, 0.5), numbers(0.7, 0.3, 0, 0)
    cost = -targets * np.log(probs) - (1 - targets) * np.log(1 - probs)
    factor = numbers(0.7, 0.3, 0.75 * 0.81, 0.75 * 0.25)
    np.testing.assert_allclose(al.varifocal_loss(logit(*probs), targets), factor * cost, rtol=1e-13)
    factor = numbers(0.7, 0.3, 0.5 * 0.9**3, 0.5 * 0.125)
    np.testing.assert_allclose(al.varifocal_loss(logit(*probs), targets, alpha=0.5, gamma=3), factor * cost, rtol=1e-13)


def test_penalty_reduced_focal_of_keras_cv() -> None:
    """keras-cv BinaryPenaltyReducedFocalCrossEntropy, its tests at p = 1/e and 1 - 1/e."""
    p = 1 / math.e
    value = al.gaussian_focal_loss(logit(p), numbers(1))
    assert value[0] == pytest.approx((1 - p) ** 2, rel=1e-14)
    value = al.gaussian_focal_loss(logit(1 - p), numbers(0.5), beta=2)
    assert value[0] == pytest.approx(0.25 * (1 - p) ** 2, rel=1e-14)
    # By hand: (1 - 1/2)^4 * .8^3 * -ln .2; a target of almost 1 is no centre.
    value = al.gaussian_focal_loss(logit(0.8, 0.8), numbers(0.5, 1 - 1e-9), alpha=3)
    assert value[0] == pytest.approx(0.0625 * 0.512 * math.log(5), rel=1e-14)
    assert value[1] == pytest.approx(0, abs=1e-30)


def test_asymmetric_of_timm() -> None:
    """timm AsymmetricLossMultiLabel with its defaults on the derived inputs."""
    total = al.asymmetric_loss(LOGITS, TARGETS, gamma_positive=1, gamma_negative=4, margin=0.05, reduction="sum")
    assert total == pytest.approx(1.490048979, abs=5e-10)


def test_asymmetric_by_hand() -> None:
    """arXiv:2009.14119, equation 7; below the margin a negative costs nothing and pulls at nothing."""
    probs, targets = numbers(0.2, 0.5, 0.04, 0.05), numbers(1, 0, 0, 0)
    expected = [-0.8 * math.log(0.2), -(0.45**2) * math.log(0.55), 0, 0]
    options: Any = {"gamma_positive": 1, "gamma_negative": 2, "margin": 0.05}
    loss = al.asymmetric_loss(logit(*probs), targets, **options)
    np.testing.assert_allclose(loss, expected, rtol=1e-13, atol=1e-30)
    gradient = al.grad(lambda x: al.asymmetric_loss(x, targets, reduction="sum", **options))(logit(*probs))
    p, m = 0.2, 0.45
    by_hand = [(math.log(p) - (1 - p) / p) * p * (1 - p), (m * m / (1 - m) - 2 * m * math.log(1 - m)) * 0.25, 0, 0]
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-13, atol=1e-15)


# Hinge ----------------------------------------------------------------------------------------------------------------


def test_hinge_of_optax() -> None:
    """optax losses/_classification_test.py; the square and the kink by hand."""
    scores, targets = numbers(10, 20, 0.25, 1, -1), numbers(1, -1, 1, 1, -1)
    np.testing.assert_array_equal(al.hinge_loss(scores, targets), [0, 21, 0.75, 0, 0])
    np.testing.assert_array_equal(al.squared_hinge_loss(scores, targets), [0, 441, 0.5625, 0, 0])
    gradient = al.grad(lambda s: al.hinge_loss(s, targets, reduction="sum"))(scores)
    np.testing.assert_array_equal(gradient, [0, 1, -1, 0, 0])
    gradient = al.grad(lambda s: al.squared_hinge_loss(s, targets, reduction="sum"))(scores)
    np.testing.assert_array_equal(gradient, [0, 42, -1.5, 0, 0])
