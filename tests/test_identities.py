"""Equalities between losses: degenerate settings that equal a known loss, and forms of one loss that must agree.

Both sides are compared in value and in gradient, rows weighed differently so that no two can be exchanged.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import array_losses as al

RNG = np.random.default_rng(5)
LOGITS = np.concatenate([RNG.normal(size=(9, 5)) * 3, [[0, 40, -40, 15, -15], [300, 0, 0, -300, 1]]])
SOFT = RNG.dirichlet(np.full(5, 0.7), 11)
LABELS = RNG.integers(0, 5, 11)
HARD = np.eye(5)[LABELS]
FRACTIONS = RNG.uniform(size=(11, 5))
CLASS_WEIGHTS = np.asarray([0.5, 3, 1, 0, 2])

bce, ce = al.sigmoid_binary_cross_entropy, al.softmax_cross_entropy
Side = Callable[..., Any]


def agree(left: Side, right: Side, *arrays: Any, rtol: float = 1e-12, atol: float = 1e-13) -> None:
    """Rows and gradients with respect to all arrays; both sides take the shared options."""
    rows = left(*arrays)
    np.testing.assert_allclose(rows, right(*arrays), rtol=rtol, atol=atol)
    options = {"weights": np.random.default_rng(1).uniform(0.5, 2, rows.shape), "reduction": "sum"}
    which = tuple(range(len(arrays)))
    ours, theirs = (al.grad(functools.partial(side, **options), argnums=which)(*arrays) for side in (left, right))
    for mine, other in zip(ours, theirs):
        np.testing.assert_allclose(mine, other, rtol=rtol, atol=atol)


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(x: Any) -> Any:
    return np.where(x >= 0, 1, np.exp(-np.abs(x))) / (1 + np.exp(-np.abs(x)))


# Independent targets --------------------------------------------------------------------------------------------------

ANY_TARGETS: list[tuple[str, Side, Side]] = [
    ("focal gamma=0", lambda x, t, **o: al.sigmoid_focal_loss(x, t, alpha=None, gamma=0, **o), bce),
    (
        "focal gamma=0 alpha=.5",
        lambda x, t, **o: al.sigmoid_focal_loss(x, t, alpha=0.5, gamma=0, **o),
        lambda x, t, **o: 0.5 * bce(x, t, **o),
    ),
    ("quality focal beta=0", lambda x, t, **o: al.quality_focal_loss(x, t, beta=0, **o), bce),
    (
        "asymmetric without its parts",
        lambda x, t, **o: al.asymmetric_loss(x, t, gamma_positive=0, gamma_negative=0, margin=0, **o),
        bce,
    ),
    ("pos_weight=1", lambda x, t, **o: bce(x, t, pos_weight=1, **o), bce),
    ("turned around", lambda x, t, **o: bce(-x, 1 - t, **o), bce),
    (
        "smoothing",
        lambda x, t, **o: bce(x, t, label_smoothing=0.3, **o),
        lambda x, t, **o: bce(x, 0.7 * t + 0.15, **o),
    ),
    (
        "pos_weight of an array",
        lambda x, t, **o: bce(x, t, pos_weight=np.asarray([1, 2, 3, 0.5, 0]), **o),
        lambda x, t, **o: bce(x, t, pos_weight=np.tile([1, 2, 3, 0.5, 0], (11, 1)), **o),
    ),
    ("one bin", lambda x, t, **o: al.ghm_classification_loss(x, t, bins=1, **o)[0], bce),
    ("nothing accumulated", lambda x, t, **o: al.equalization_loss_v2(x, t, np.zeros((2, 5)), **o)[0], bce),
]


def table(rows: list[tuple[str, Side, Side]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("left", "right"), [pytest.param(*sides, id=name) for name, *sides in rows])


@table(ANY_TARGETS)
@pytest.mark.parametrize("targets", [HARD, FRACTIONS], ids=["hard", "soft"])
def test_of_any_target(left: Side, right: Side, targets: Any) -> None:
    agree(left, right, LOGITS, targets)


HARD_TARGETS: list[tuple[str, Side, Side]] = [
    (
        "penalty-reduced without the penalty",
        lambda x, **o: al.gaussian_focal_loss(x, HARD, alpha=1.5, beta=0, **o),
        lambda x, **o: al.sigmoid_focal_loss(x, HARD, alpha=None, gamma=1.5, **o),
    ),
    (
        "asymmetric with equal powers",
        lambda x, **o: al.asymmetric_loss(x, HARD, gamma_positive=3, gamma_negative=3, margin=0, **o),
        lambda x, **o: al.sigmoid_focal_loss(x, HARD, alpha=None, gamma=3, **o),
    ),
    (
        "quality focal of qualities 0 and 1",
        lambda x, **o: al.quality_focal_loss(x, HARD, beta=2.5, **o),
        lambda x, **o: al.sigmoid_focal_loss(x, HARD, alpha=None, gamma=2.5, **o),
    ),
    ("varifocal gamma=0 alpha=1", lambda x, **o: al.varifocal_loss(x, HARD, alpha=1, gamma=0, **o),
     lambda x, **o: bce(x, HARD, **o)),
    (
        "varifocal of negatives",
        lambda x, **o: al.varifocal_loss(x, 0 * HARD, alpha=0.6, gamma=1.5, **o),
        lambda x, **o: 0.6 * al.sigmoid_focal_loss(x, 0 * HARD, alpha=None, gamma=1.5, **o),
    ),
    (
        "smoothing of segmentation_models_pytorch, [0, 1] to [eps, 1 - eps]",
        lambda x, **o: bce(x, np.where(HARD == 1, 0.9, 0.1), **o),
        lambda x, **o: bce(x, HARD, label_smoothing=0.2, **o),
    ),
]  # fmt: skip


@table(HARD_TARGETS)
def test_of_hard_targets(left: Side, right: Side) -> None:
    agree(left, right, LOGITS)


def test_from_probabilities_and_from_logits() -> None:
    moderate = LOGITS[:9]
    np.testing.assert_allclose(
        al.binary_cross_entropy(sigmoid(moderate), FRACTIONS[:9]), bce(moderate, FRACTIONS[:9]), rtol=1e-11
    )
    np.testing.assert_allclose(al.cross_entropy(softmax(moderate), SOFT[:9]), ce(moderate, SOFT[:9]), rtol=1e-11)


# Classes --------------------------------------------------------------------------------------------------------------

ONE_OF_MANY: list[tuple[str, Side]] = [
    ("cross-entropy", ce),
    ("smoothed", functools.partial(ce, label_smoothing=0.2)),
    ("weighed", functools.partial(ce, class_weights=CLASS_WEIGHTS)),
    ("smoothed and weighed", functools.partial(ce, label_smoothing=0.2, class_weights=CLASS_WEIGHTS)),
    ("focal", functools.partial(al.softmax_focal_loss, class_weights=CLASS_WEIGHTS, gamma=1.5)),
    ("poly1", al.poly1_loss),
    ("generalized", al.generalized_cross_entropy),
    ("bi-tempered", functools.partial(al.bi_tempered_loss, t1=0.7, t2=1.3, label_smoothing=0.1)),
]


@pytest.mark.parametrize("loss", [pytest.param(loss, id=name) for name, loss in ONE_OF_MANY])
def test_indices_are_one_hot_rows(loss: Side) -> None:
    agree(lambda x, **o: loss(x, LABELS, **o), lambda x, **o: loss(x, HARD, **o), LOGITS)
    for reduction in ("mean", "sum"):
        indices, rows = (loss(LOGITS, target, reduction=reduction) for target in (LABELS, HARD))
        assert indices == pytest.approx(rows, rel=1e-12)


ANY_LABELS: list[tuple[str, Side, Side]] = [
    ("focal gamma=0", lambda x, t, **o: al.softmax_focal_loss(x, t, gamma=0, **o), ce),
    (
        "weighed focal gamma=0",
        lambda x, t, **o: al.softmax_focal_loss(x, t, gamma=0, class_weights=CLASS_WEIGHTS, **o),
        lambda x, t, **o: ce(x, t, class_weights=CLASS_WEIGHTS, **o),
    ),
    ("poly1 epsilon=0", lambda x, t, **o: al.poly1_loss(x, t, epsilon=0, **o), ce),
    ("generalized q=0", lambda x, t, **o: al.generalized_cross_entropy(x, t, q=0, **o), ce),
    (
        "equal class weights",
        lambda x, t, **o: ce(x, t, class_weights=np.full(5, 3.0), **o),
        lambda x, t, **o: 3 * ce(x, t, **o),
    ),
]  # fmt: skip


@table(ANY_LABELS)
@pytest.mark.parametrize("labels", [LABELS, SOFT], ids=["indices", "soft"])
def test_of_any_label(left: Side, right: Side, labels: Any) -> None:
    agree(lambda x, **o: left(x, labels, **o), lambda x, **o: right(x, labels, **o), LOGITS)


INDICES: list[tuple[str, Side, Side]] = [
    ("bi-tempered at 1", lambda x, **o: al.bi_tempered_loss(x, LABELS, t1=1, t2=1, **o),
     lambda x, **o: ce(x, LABELS, **o)),
    ("seesaw without its factors", lambda x, **o: al.seesaw_loss(x, LABELS, np.zeros(5), p=0, q=0, **o)[0],
     lambda x, **o: ce(x, LABELS, **o)),
    (
        "weights of classes as weights of rows",
        lambda x, **o: ce(x, LABELS, class_weights=CLASS_WEIGHTS, **o),
        lambda x, **o: ce(x, LABELS, **(o | {"weights": o.get("weights", 1.0) * CLASS_WEIGHTS[LABELS]})),
    ),
    ("bins as classes", lambda x, **o: al.distribution_focal_loss(x, LABELS.astype(np.float64), **o),
     lambda x, **o: ce(x, LABELS, **o)),
    ("smoothed labels", lambda x, **o: ce(x, 0.8 * HARD + 0.2 / 5, **o),
     lambda x, **o: ce(x, LABELS, label_smoothing=0.2, **o)),
    (
        "smoothing of fast-reid, eps/(K - 1) off the label",
        lambda x, **o: ce(x, 0.9 * HARD + 0.1 / 4 * (1 - HARD), **o),
        lambda x, **o: ce(x, LABELS, label_smoothing=0.1 * 5 / 4, **o),
    ),
    ("bi-tempered smoothed", lambda x, **o: al.bi_tempered_loss(x, 0.8 * HARD + 0.2 / 5, t1=0.6, t2=1.5, **o),
     lambda x, **o: al.bi_tempered_loss(x, LABELS, t1=0.6, t2=1.5, label_smoothing=0.2, **o)),
]  # fmt: skip


@table(INDICES)
def test_of_indices(left: Side, right: Side) -> None:
    agree(left, right, LOGITS)


def test_generalized_cross_entropy_at_one_is_the_chance_of_a_miss() -> None:
    missed = 1 - softmax(LOGITS)[np.arange(11), LABELS]
    np.testing.assert_allclose(al.generalized_cross_entropy(LOGITS, LABELS, q=1), missed, rtol=0, atol=1e-15)


def test_distribution_focal_is_cross_entropy_of_two_bins() -> None:
    """What it interpolates: (l + 1 - t) at bin l, (t - l) at bin l + 1."""
    targets = np.linspace(0, 4, 11)
    bins = np.maximum(0, 1 - np.abs(targets[:, None] - np.arange(5)))
    agree(lambda x, **o: al.distribution_focal_loss(x, targets, **o), lambda x, **o: ce(x, bins, **o), LOGITS)


@pytest.mark.parametrize("index", [0, 2, 7])
def test_expectation_of_a_peak_is_its_index(index: int) -> None:
    peak = np.where(np.arange(8) == index, 1e4, 0.0)
    assert al.distribution_expectation(peak[None])[0] == index


# The classical forms of cross-entropy ---------------------------------------------------------------------------------


@pytest.mark.parametrize("targets", [HARD, FRACTIONS], ids=["hard", "soft"])
def test_two_classes_are_one_logit(targets: Any) -> None:
    """Softmax of [0, x] is the sigmoid of x: for cross-entropy and, with hard labels, for focal loss and hinges."""
    logits = LOGITS[:9]
    pairs, both = np.stack([np.zeros_like(logits), logits], -1), np.stack([1 - targets[:9], targets[:9]], -1)
    np.testing.assert_allclose(ce(pairs, both), bce(logits, targets[:9]), rtol=1e-12)
    if targets is HARD:
        index, signs = targets[:9].astype(np.int64), 2 * targets[:9] - 1
        np.testing.assert_allclose(
            al.softmax_focal_loss(pairs, index), al.sigmoid_focal_loss(logits, targets[:9], alpha=None), rtol=1e-11
        )
        for form in ("max", "sum"):
            np.testing.assert_allclose(
                al.multiclass_hinge_loss(pairs, index, form=form), al.hinge_loss(logits, signs), rtol=1e-12, atol=1e-14
            )


def test_four_forms() -> None:
    """Of probabilities, of logits; over one class axis, or for each class a pair [1 - p, p] summed up."""
    logits = LOGITS[:9]
    one_axis = [
        ce(logits, LABELS[:9]),
        ce(logits, HARD[:9]),
        al.cross_entropy(softmax(logits), HARD[:9]),
        -np.log(softmax(logits)[np.arange(9), LABELS[:9]]),
    ]
    p, t = sigmoid(logits), HARD[:9]
    each_class = [
        bce(logits, t).sum(axis=-1),
        al.binary_cross_entropy(p, t).sum(axis=-1),
        al.cross_entropy(np.stack([1 - p, p], -1), np.stack([1 - t, t], -1)).sum(axis=-1),
        -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum(axis=-1),
    ]
    for forms in (one_axis, each_class):
        for form in forms[1:]:
            np.testing.assert_allclose(form, forms[0], rtol=1e-10)
    assert (np.abs(one_axis[0] - each_class[0]) > 0.01).all()


# Divergences ----------------------------------------------------------------------------------------------------------

P, T = RNG.dirichlet(np.ones(6), 7), RNG.dirichlet(np.ones(6), 7)


def test_kl_is_cross_entropy_minus_entropy() -> None:
    agree(al.kl_divergence, lambda p, t, **o: al.cross_entropy(p, t, **o) - al.entropy(t, **o), P, T)
    np.testing.assert_allclose(
        ce(LOGITS[:9], SOFT[:9]) - al.entropy(SOFT[:9]), al.kl_divergence(softmax(LOGITS[:9]), SOFT[:9]), rtol=1e-10
    )


def test_js_is_the_entropy_that_mixing_adds() -> None:
    agree(
        al.js_divergence,
        lambda p, t, **o: al.entropy((p + t) / 2, **o) - (al.entropy(p, **o) + al.entropy(t, **o)) / 2,
        P,
        T,
    )
    agree(al.js_divergence, lambda p, t, **o: al.js_divergence(t, p, **o), P, T)


def test_bi_tempered_at_one_is_kl_of_soft_labels() -> None:
    np.testing.assert_allclose(
        al.bi_tempered_loss(LOGITS[:9], SOFT[:9], t1=1, t2=1),
        ce(LOGITS[:9], SOFT[:9]) - al.entropy(SOFT[:9]),
        rtol=0,
        atol=1e-13,
    )


# Differences ----------------------------------------------------------------------------------------------------------

A = np.concatenate([RNG.normal(size=20) * 2, [0, 0, 1, -1, 0.5, 40, -1000]])
B = np.concatenate([RNG.normal(size=20), [0, 1, 0, 0, 0, 0, 0]])

DIFFERENCES: list[tuple[str, Side, Side]] = [
    ("huber of 1", al.huber_loss, al.smooth_l1_loss),
    (
        "huber by its delta",
        lambda a, b, **o: al.huber_loss(a, b, delta=0.3, **o) / 0.3,
        lambda a, b, **o: al.smooth_l1_loss(a, b, beta=0.3, **o),
    ),
    ("smooth L1 of 0", lambda a, b, **o: al.smooth_l1_loss(a, b, beta=0, **o), al.l1_loss),
    ("huber of a wide delta", lambda a, b, **o: al.huber_loss(a, b, delta=1e6, **o), al.l2_loss),
    ("L2 twice", lambda a, b, **o: 2 * al.l2_loss(a, b, **o), al.squared_error),
    ("charbonnier of 0", lambda a, b, **o: al.charbonnier_loss(a, b, epsilon=0, **o), al.l1_loss),
]


@table(DIFFERENCES)
def test_of_differences(left: Side, right: Side) -> None:
    agree(left, right, A, B)


def test_hinge_squared() -> None:
    signs = 2 * HARD - 1
    np.testing.assert_array_equal(al.squared_hinge_loss(LOGITS, signs), al.hinge_loss(LOGITS, signs) ** 2)


def test_gradient_harmonizing_of_one_bin() -> None:
    """Every weight is 1: sqrt(d^2 + mu^2) - mu."""
    harmonized, _ = al.ghm_regression_loss(A, B, mu=0.5, bins=1)
    np.testing.assert_allclose(harmonized, al.charbonnier_loss(A, B, epsilon=0.5) - 0.5, rtol=1e-12, atol=1e-15)


def test_log_cosh_of_optax() -> None:
    """logaddexp(d, -d) - ln 2."""
    np.testing.assert_allclose(al.log_cosh_loss(A, B), np.logaddexp(A - B, B - A) - math.log(2), rtol=1e-12, atol=1e-15)
