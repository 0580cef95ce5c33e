"""Losses over a class axis against numbers of papers and of other projects' own tests.

"derived" marks numbers worked out in float64 from the published formula, not taken from a running project.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import array_losses as al


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


def labels(*indices: Any) -> Any:
    return np.asarray(indices)


ce = al.softmax_cross_entropy
INF = math.inf

# Cross-entropy --------------------------------------------------------------------------------------------------------

PRINTED = [  # logits, labels, expected, digits
    # optax losses/_classification_test.py and documentation
    (numbers([10, 1, -2], [1, 4, 0.2]), numbers([0, 1, 0], [1, 0, 0]), [9.00013, 3.0696733], 2e-6),
    (numbers([1.2, -0.8, -0.5], [0.9, -1.2, 1.1]), labels(0, 1), [0.2761, 2.9518], 5e-5),
    # optax safe_softmax_cross_entropy
    (numbers([-INF, 0, 0]), numbers([0, 0.5, 0.5]), [0.693147], 5e-7),
    (numbers([-INF, 0, 0]), numbers([0.4, 0.3, 0.3]), [INF], 0),
    (numbers([-INF, 0, -INF]), numbers([0, 1, 0]), [0], 0),
    # MindSpore, documentation of SoftmaxCrossEntropyWithLogits
    (numbers([3, 5, 6, 9, 12, 33, 42, 12, 32, 72]), labels(1), [67], 1e-10),
    (numbers([3, 5, 6, 9, 12, 33, 42, 12, 32, 72]), np.eye(10)[[6]], [30], 1e-10),
    # mmseg tests/test_models/test_losses/test_ce_loss.py
    (numbers([100, -100]), labels(1), [200], 0),
    # pytorch-toolbelt: 1 on a diagonal of four, -1 elsewhere
    (2 * np.eye(4) - 1, labels(0, 1, 2, 3), [math.log(1 + 3 * math.exp(-2))] * 4, 1e-15),
]


@pytest.mark.parametrize(("logits", "target", "expected", "digits"), PRINTED)
def test_printed(logits: Any, target: Any, expected: Any, digits: float) -> None:
    np.testing.assert_allclose(ce(logits, target), expected, rtol=0, atol=digits)


def test_class_weights_of_mmseg() -> None:
    """The same test with weights .8 and .2: 40 a pixel; torch's mean divides by the weight again and is 200."""
    options: Any = {"class_weights": numbers(0.8, 0.2)}
    logits, target = numbers([100, -100]), labels(1)
    assert ce(logits, target, **options)[0] == pytest.approx(40)
    assert ce(logits, target, reduction="mean", normalizer=1, **options) == pytest.approx(40)
    assert ce(logits, target, reduction="mean", **options) == pytest.approx(200)


def test_smoothing_and_ignored_pixels_of_smp() -> None:
    """segmentation_models_pytorch SoftCrossEntropyLoss: ignored pixels count in its mean, in ours they do not."""
    logits, target = 18 * np.eye(4) - 9, labels(0, 1, -100, 3)
    options: Any = {"label_smoothing": 0.1, "ignore_index": -100, "reduction": "mean"}
    assert ce(logits, target, normalizer=4, **options) == pytest.approx(1.0125, abs=1e-6)
    assert ce(logits, target, **options) == pytest.approx(1.35, abs=1e-6)


LOGITS, LABELS = numbers([1.2, -0.8, -0.5], [0.9, -1.2, 1.1], [0.3, 0.1, -0.2]), labels(0, 1, 2)
WEIGHTS = numbers(1, 2, 3)


@pytest.mark.parametrize(
    ("knobs", "mean"),
    [  # derived; torch's convention, which is ours too
        ({}, 1.537955940),
        ({"class_weights": WEIGHTS}, 1.722924208),
        ({"label_smoothing": 0.1}, 1.521289273),
        ({"label_smoothing": 0.1, "class_weights": WEIGHTS}, 1.698871826),
        ({"ignore_index": 1}, 0.831034512),
        ({"ignore_index": 1, "normalizer": 3}, 0.554023008),
        ({"ignore_index": 1, "class_weights": WEIGHTS}, 1.108486915),
        # the plain mean of weighted rows
        ({"class_weights": WEIGHTS, "normalizer": 3}, 3.445848417),
    ],
)
def test_derived_means(knobs: Any, mean: float) -> None:
    assert ce(LOGITS, LABELS, reduction="mean", **knobs) == pytest.approx(mean, abs=6e-10)


def test_derived_rows() -> None:
    plain, smooth = [0.276129706, 2.951798796, 1.385939318], [0.399463039, 2.805132129, 1.359272651]
    np.testing.assert_allclose(ce(LOGITS, LABELS), plain, rtol=0, atol=5e-10)
    np.testing.assert_allclose(ce(LOGITS, LABELS, label_smoothing=0.1), smooth, rtol=0, atol=5e-10)
    np.testing.assert_allclose(ce(LOGITS, LABELS, class_weights=WEIGHTS), plain * WEIGHTS, rtol=0, atol=2e-9)
    np.testing.assert_allclose(ce(LOGITS, LABELS, ignore_index=1), plain * numbers(1, 0, 1), rtol=0, atol=5e-10)


def test_weights_of_soft_labels_by_hand() -> None:
    """Each class's part is weighed; sum_c t_c w_c is what the row counts in the mean (torch counts rows there)."""
    logits, soft = np.log(numbers([0.5, 0.25, 0.25], [0.2, 0.3, 0.5])), numbers([0.5, 0.5, 0], [0, 0.25, 0.75])
    rows = [
        0.5 * 1 * math.log(2) + 0.5 * 2 * math.log(4),
        -0.25 * 2 * math.log(0.3) - 0.75 * 3 * math.log(0.5),
    ]
    np.testing.assert_allclose(ce(logits, soft, class_weights=WEIGHTS), rows, rtol=1e-13)
    mean = ce(logits, soft, class_weights=WEIGHTS, reduction="mean")
    assert mean == pytest.approx(sum(rows) / (1.5 + 2.75), rel=1e-13)


def test_labels_that_do_not_add_up_to_one() -> None:
    """By hand: t = [2, 1], eps = .2 gives [1.6, .8] + .1 * 3 = [1.9, 1.1]; each label pulls at both classes."""
    logits, nll = np.log(numbers([0.2, 0.8])), -np.log(numbers(0.2, 0.8))
    value, slopes = al.value_and_grad(lambda t: ce(logits, t, label_smoothing=0.2, reduction="sum"))(numbers([2, 1]))
    assert value == pytest.approx(1.9 * nll[0] + 1.1 * nll[1], rel=1e-14)
    np.testing.assert_allclose(slopes, [[0.9 * nll[0] + 0.1 * nll[1], 0.1 * nll[0] + 0.9 * nll[1]]], rtol=1e-14)


# Poly-1, optax losses/_classification_test.py -------------------------------------------------------------------------

POLY = numbers([0.14, 1.456, 2.356, -0.124, -2.47]), numbers([0.1, 0.15, 0.2, 0.25, 0.3])
POLY_BATCH = numbers([4, 2, 1], [0, 5, 1]), numbers([1, 0, 0], [0, 0.8, 0.2])


@pytest.mark.parametrize(
    ("epsilon", "expected"),
    [(2, 4.5317), (1, 3.7153), (-1, 2.0827), (0, 2.8990), (-0.5, 2.4908), (1.15, 3.8378), (1.214, 3.8900),
     (5.45, 7.3480)],
)  # fmt: skip
def test_poly1_of_optax(epsilon: float, expected: float) -> None:
    assert al.poly1_loss(*POLY, epsilon=epsilon)[0] == pytest.approx(expected, abs=6e-5)
    if epsilon == 2:
        assert al.poly1_loss(*POLY)[0] == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize(
    ("epsilon", "expected"),
    [(2, [0.4823, 1.2567]), (1, [0.3261, 1.0407]), (0, [0.1698, 0.8247]), (-0.5, [0.0917, 0.7168]),
     (1.15, [0.3495, 1.0731]), (5.45, [1.0211, 2.0018])],
)  # fmt: skip
def test_poly1_batches_of_optax(epsilon: float, expected: Any) -> None:
    np.testing.assert_allclose(al.poly1_loss(*POLY_BATCH, epsilon=epsilon), expected, rtol=0, atol=7e-5)


# Softmax focal --------------------------------------------------------------------------------------------------------

MMCV = [  # mmcv tests/test_ops/test_focal_loss.py: alpha = 1/4 multiplies every class; sum by number of rows
    ([[1, 0], [0, 1]], [0, 1], 0.00566451, [[-0.00657264, 0.00657264], [0.00657264, -0.00657264]]),
    (
        [[1, 0, -1], [0, 1, 2]], [2, 1], 0.34956908,
        [[0.10165970, 0.03739851, -0.13905823], [0.01227554, -0.10298023, 0.09070466]],
    ),
    (
        [[1e-6, 2e-6, 3e-6], [4e-6, 5e-5, 6e-4], [7e-3, 8e-2, 9e-1]], [1, 2, 0], 0.15754992,
        [
            [0.02590877, -0.05181759, 0.02590882],
            [0.02589641, 0.02589760, -0.05179400],
            [-0.07307514, 0.02234372, 0.05073142],
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("logits", "target", "value", "gradient"), MMCV)
def test_softmax_focal_of_mmcv(logits: Any, target: Any, value: float, gradient: Any) -> None:
    loss = lambda x: 0.25 * al.softmax_focal_loss(x, labels(*target), reduction="mean")
    ours = al.value_and_grad(loss)(numbers(*logits))
    assert ours[0] == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(ours[1], gradient, rtol=1e-5, atol=2e-8)


def test_softmax_focal_of_monai() -> None:
    """MONAI tests/losses/test_focal_loss.py: its mean counts elements, classes included; alpha = .8 is [.2, .8, .8]."""
    logits = np.asarray([[[[1, 1], [0.5, 0]]] * 3], dtype=np.float64)
    target = labels([[0, 1], [2, 0]])
    options: Any = {"axis": 1, "reduction": "mean", "normalizer": 12}
    assert al.softmax_focal_loss(logits, target, **options) == pytest.approx(0.16276, abs=5e-6)
    weighted = al.softmax_focal_loss(logits, target, class_weights=numbers(0.2, 0.8, 0.8), **options)
    assert weighted == pytest.approx(0.08138, abs=5e-6)


def test_softmax_focal_of_mindspore() -> None:
    """MindSpore, documentation of FocalLoss: class weights, a mean over rows."""
    logits = numbers([0.8, 1.4], [0.5, 0.9], [1.2, 0.9])
    options: Any = {"class_weights": numbers(1, 2), "reduction": "mean"}
    assert al.softmax_focal_loss(logits, labels(1, 1, 0), normalizer=3, **options) == pytest.approx(0.12516622)
    # Divided by the weights 2 + 2 + 1 in our own mean.
    assert al.softmax_focal_loss(logits, labels(1, 1, 0), **options) == pytest.approx(0.12516622 * 3 / 5)


# Generalized cross-entropy, arXiv:1805.07836 --------------------------------------------------------------------------


@pytest.mark.parametrize("q", [0.5, 0.8])
def test_generalized_cross_entropy_of_keras(q: float) -> None:
    """keras losses_test.py, CategoricalGeneralizedCrossEntropy: (1 - p_y^q)/q."""
    probs = numbers([0.7, 0.3, 0], [0.2, 0.2, 0.6], [0.6, 0.4, 0], [0.2, 0.2, 0.6])
    with np.errstate(divide="ignore"):
        logits = np.log(probs)
    expected = [(1 - p**q) / q for p in (0.7, 0.2, 0.6, 0.2)]
    np.testing.assert_allclose(al.generalized_cross_entropy(logits, labels(0, 1, 0, 1), q=q), expected, rtol=1e-13)
    impossible = al.generalized_cross_entropy(logits[:1], labels(2), q=q)
    assert impossible[0] == 1 / q


def test_generalized_cross_entropy_of_the_paper() -> None:
    """q = .7 by default; a soft label takes each class's part. By hand at p = 2^(-1/.7): (1 - 1/2)/.7."""
    p = 0.5 ** (1 / 0.7)
    logits = np.log(numbers([p, 1 - p]))
    assert al.generalized_cross_entropy(logits, labels(0))[0] == pytest.approx(0.5 / 0.7, rel=1e-14)
    soft = al.generalized_cross_entropy(logits, numbers([0.25, 0.75]))[0]
    assert soft == pytest.approx((0.25 * 0.5 + 0.75 * (1 - (1 - p) ** 0.7)) / 0.7, rel=1e-14)


# Multiclass hinge -----------------------------------------------------------------------------------------------------


def test_multiclass_hinge_of_optax() -> None:
    """optax losses/_classification_test.py (Crammer and Singer)."""
    scores = numbers([10, 3], [11, -2])
    np.testing.assert_array_equal(al.multiclass_hinge_loss(scores, labels(1, 0)), [8, 0])


def test_multiclass_hinge_of_torch() -> None:
    """torch, documentation of MultiMarginLoss, and MindSpore's: the sum over other classes by the number of all."""
    scores = numbers([0.1, 0.2, 0.4, 0.8])
    assert al.multiclass_hinge_loss(scores, labels(3))[0] == pytest.approx(0.6, rel=1e-14)
    total = al.multiclass_hinge_loss(scores, labels(3), form="sum")[0]
    assert total == pytest.approx(1.3, rel=1e-14)
    assert total / 4 == pytest.approx(0.325, rel=1e-14)
    ones = al.multiclass_hinge_loss(np.ones((3, 3)), labels(1, 2, 1), form="sum", reduction="mean") / 3
    assert ones == pytest.approx(0.6666667, abs=5e-8)


def test_multiclass_hinge_slopes() -> None:
    """By hand: the winner of the maximum, or every class inside the margin; ties share, kinks give nothing."""
    scores, target = numbers([1, 3, 2.5, -9], [5, 1, 1, 1], [0, 0, 0, -1]), labels(0, 0, 3)

    def by(form: str) -> Any:
        return al.grad(lambda s: al.multiclass_hinge_loss(s, target, form=form, reduction="sum"))(scores)

    np.testing.assert_allclose(by("max"), numbers([-1, 1, 0, 0], [0, 0, 0, 0], [1 / 3, 1 / 3, 1 / 3, -1]), rtol=1e-15)
    np.testing.assert_array_equal(by("sum"), [[-2, 1, 1, 0], [0, 0, 0, 0], [1, 1, 1, -3]])
    at_the_kink = al.grad(lambda s: al.multiclass_hinge_loss(s, labels(0), form="sum", reduction="sum"))
    np.testing.assert_array_equal(at_the_kink(numbers([1, 0, 0.5])), [[-1, 0, 1]])


# Distributions over bins: distribution focal loss, arXiv:2006.04388 ---------------------------------------------------


def test_distribution_focal_by_hand() -> None:
    """t = 1.25 is 3/4 of bin 1 and 1/4 of bin 2; outside the bins the target counts as the nearest one."""
    probs = numbers([0.1, 0.2, 0.4, 0.3])
    logits = np.log(np.tile(probs, (7, 1)))
    targets = numbers(1.25, 0.75, 0, 3, 2.5, -7, 99)
    nll = -np.log(probs[0])
    parts = numbers(
        [0, 0.75, 0.25, 0], [0.25, 0.75, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0.5, 0.5], [1, 0, 0, 0], [0, 0, 0, 1]
    )
    np.testing.assert_allclose(al.distribution_focal_loss(logits, targets), parts @ nll, rtol=1e-14)
    by_logits, by_targets = al.grad(lambda x, t: al.distribution_focal_loss(x, t, reduction="sum"), argnums=(0, 1))(
        logits, targets
    )
    np.testing.assert_allclose(by_logits, probs - parts, rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(by_targets[[0, 1, 4]], [nll[2] - nll[1], nll[1] - nll[0], nll[3] - nll[2]], rtol=1e-13)
    np.testing.assert_array_equal(by_targets[5:], [0, 0])


def test_distribution_expectation_by_hand() -> None:
    probs = numbers([0.1, 0.2, 0.4, 0.3], [0.25, 0.25, 0.25, 0.25], [0, 0, 1, 0])
    with np.errstate(divide="ignore"):
        logits = np.log(probs)
    np.testing.assert_allclose(al.distribution_expectation(logits), [1.9, 1.5, 2], rtol=1e-15)
    np.testing.assert_allclose(al.distribution_expectation(logits.T, axis=0), [1.9, 1.5, 2], rtol=1e-15)
    gradient = al.grad(lambda x: np.float64(1) * al.distribution_expectation(x)[0])(logits[:1])
    np.testing.assert_allclose(gradient, [probs[0] * (np.arange(4) - 1.9)], rtol=1e-13)
