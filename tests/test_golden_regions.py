"""Dice, Jaccard and Tversky losses against numbers of other projects' own tests.

The class axis is 1 and the mean is over samples and classes unless a row says otherwise. What cannot be written with
these functions: the logarithm of a score (`log_loss` of segmentation_models_pytorch), and a power taken after the mean
over classes (its Tversky loss); take the logarithm or the power of the mean there.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import array_losses as al


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


def softmax(x: Any) -> Any:
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


# Inputs of MONAI's tests, as they stand there: logits of one and two samples, and hard targets.
LOGIT, TARGET = numbers([[[1, -1], [-1, 1]]]), numbers([[[1, 0], [1, 1]]])
LOGITS, TARGETS = np.concatenate([LOGIT, LOGIT]), numbers([[[1, 1], [1, 1]]], [[[1, 0], [1, 0]]])
OTHERS = np.concatenate([numbers([[[1, 0], [-1, 1]]]), LOGIT])
SOFT = numbers([[[0.3, 0.4], [0.7, 0.9]]], [[[1, 0.1], [0.5, 0.3]]])
CLASSES, LABELS = numbers([[-1, 0, 1], [1, 0, -1]], np.zeros((2, 3))), np.asarray([[1, 0, 0], [1, 1, 0]])
ONE_HOT = np.stack([1 - LABELS, LABELS], axis=1).astype(np.float64)
HARD = numbers([[1, 1, 0], [0, 0, 1]], [[1, 0, 1], [0, 1, 0]])
HARD_LABELS = np.asarray([[0, 0, 1], [0, 1, 0]])
HARD_TARGETS = np.stack([1 - HARD_LABELS, HARD_LABELS], axis=1).astype(np.float64)
LOG_SOFTMAX = np.log(softmax(CLASSES))
FOREGROUND = numbers(0, 1)

dice, sigmoid_dice, softmax_dice, tversky = al.dice_loss, al.sigmoid_dice_loss, al.softmax_dice_loss, al.tversky_loss

MEANS: list[tuple[str, Any, Any, Any, dict[str, Any], float, float]] = [
    # MONAI tests/losses/test_dice_loss.py, which cuts its digits off: the same smoothing above and below.
    ("sigmoid", sigmoid_dice, LOGIT, TARGET, {"smooth": 1e-6}, 0.307576, 1e-6),
    ("two samples", sigmoid_dice, LOGITS, TARGETS, {"smooth": 1e-4}, 0.416657, 1e-6),
    ("soft_label", dice, SOFT, SOFT, {"smooth": 1e-4, "intersection": "minimum"}, 0, 1e-16),
    ("soft labels, product", dice, SOFT, SOFT, {"smooth": 1e-4}, 0.307773, 1e-6),
    ("no activation, without class 0", dice, HARD, HARD_TARGETS, {"weights": FOREGROUND}, 0, 0),
    ("sigmoid of two classes", sigmoid_dice, CLASSES, ONE_HOT, {"smooth": 1e-4}, 0.435050, 1e-6),
    ("softmax", softmax_dice, CLASSES, LABELS, {"smooth": 1e-4}, 0.383713, 1e-6),
    ("softmax of one-hot labels", softmax_dice, CLASSES, ONE_HOT, {"smooth": 1e-4}, 0.383713, 1e-6),
    ("squared_pred", sigmoid_dice, LOGIT, TARGET, {"smooth": 1e-5, "squared": True}, 0.178337, 1e-6),
    # Its Jaccard is (2I + s)/(2(P + T - I) + s): half our smoothing.
    ("jaccard", al.jaccard_loss, 1 / (1 + np.exp(-LOGIT)), TARGET, {"smooth": 0.5e-5}, 0.470451, 5e-6),
    ("tanh", dice, np.tanh(LOGITS), TARGETS, {"smooth": 1e-4}, 0.999963, 1e-6),
    ("logarithms", dice, LOG_SOFTMAX, ONE_HOT, {"smooth": 1e-4}, -8.522593, 1e-6),
    # It multiplies by the weights and takes the plain mean.
    ("weight", dice, LOG_SOFTMAX, ONE_HOT, {"smooth": 1e-4, "weights": FOREGROUND, "normalizer": 4}, -8.268515, 1e-6),
    ("batch", dice, np.tanh(OTHERS), TARGETS, {"smooth": 1e-4, "batch_axes": ()}, 0.774718, 1e-6),
    ("batch, smooth_nr=0", dice, np.tanh(OTHERS), TARGETS, {"smooth_denominator": 1e-4, "batch_axes": ()},
     0.774733, 1e-6),
    ("smooth_nr=0", dice, np.tanh(OTHERS), TARGETS, {"smooth_denominator": 1e-4}, 0.840058, 1e-6),
    # MONAI tests/losses/test_tversky_loss.py: alpha is of false positives, beta of false negatives.
    ("tversky", tversky, 1 / (1 + np.exp(-LOGIT)), TARGET, {"smooth": 1e-6}, 0.35886706, 5e-9),
    ("tversky, other weights", tversky, 1 / (1 + np.exp(-LOGIT)), TARGET,
     {"smooth": 1e-6, "fp_weight": 0.7, "fn_weight": 0.3}, 0.247366, 1e-6),
    ("tversky, batch", tversky, 1 / (1 + np.exp(-CLASSES)), ONE_HOT,
     {"smooth": 1e-5, "fp_weight": 0.5, "fn_weight": 0.5, "batch_axes": ()}, 0.422979, 1e-6),
    ("tversky, logarithms", tversky, LOG_SOFTMAX, ONE_HOT,
     {"smooth": 1e-4, "fp_weight": 0.5, "fn_weight": 0.5}, -8.533317, 1e-6),
    ("tversky, smooth_nr=0", tversky, HARD, HARD_TARGETS,
     {"smooth_denominator": 1e-3, "fp_weight": 0.5, "fn_weight": 0.5, "weights": FOREGROUND}, 0.000999, 1e-6),
    # MindSpore, documentation of DiceLoss (printed in float32) and MultiClassDiceLoss: everything is one region, or
    # each class is; squares below, smoothing below.
    ("MindSpore", dice, numbers([0.2, 0.5], [0.3, 0.1], [0.9, 0.6]), numbers([0, 1], [1, 0], [0, 1]),
     {"axis": None, "batch_axes": (), "squared": True, "smooth_denominator": 1e-5}, 0.38596626, 5e-9),
    ("MindSpore, classes", softmax_dice, numbers([0.2, 0.5, 0.7], [0.3, 0.1, 0.5], [0.9, 0.6, 0.3]),
     numbers([0, 1, 0], [1, 0, 0], [0, 0, 1]),
     {"batch_axes": (), "squared": True, "smooth_denominator": 1e-5}, 0.54958105, 5e-8),
]  # fmt: skip


@pytest.mark.parametrize(
    ("loss", "first", "second", "knobs", "expected", "digits"), [pytest.param(*rest, id=name) for name, *rest in MEANS]
)
def test_means(loss: Any, first: Any, second: Any, knobs: Any, expected: float, digits: float) -> None:
    found = loss(first, second, reduction="mean", **({"axis": 1} | knobs))
    assert found == pytest.approx(expected, rel=0, abs=digits)


def test_rows_of_monai() -> None:
    """A row is a class of a sample. Tversky's smoothing is worth twice as much as Dice's of the same size."""
    rows = sigmoid_dice(CLASSES, ONE_HOT, axis=1, smooth=1e-4)
    np.testing.assert_allclose(rows, [[0.296529, 0.415136], [0.599976, 0.428559]], rtol=0, atol=1e-6)
    rows = softmax_dice(CLASSES, LABELS, axis=1, smooth=1e-4)
    np.testing.assert_allclose(rows, [[0.210967, 0.295351], [0.599976, 0.428559]], rtol=0, atol=1e-6)
    assert softmax_dice(CLASSES, LABELS, axis=1, smooth=1e-4, reduction="sum") == pytest.approx(1.534853, abs=1e-6)
    halves: Any = {"axis": 1, "smooth": 1e-4, "fp_weight": 0.5, "fn_weight": 0.5}
    rows = tversky(softmax(CLASSES), ONE_HOT, **halves)
    np.testing.assert_allclose(rows, [[0.210961, 0.295339], [0.599952, 0.428547]], rtol=0, atol=1e-6)
    total = tversky(1 / (1 + np.exp(-CLASSES)), ONE_HOT, reduction="sum", **halves)
    assert total == pytest.approx(1.74013, abs=1e-5)


def test_masked_dice_of_monai() -> None:
    """MONAI's MaskedDiceLoss gave 0.5 before 1.6: it masked the logits, and sigmoid makes 1/2 of what is left out.

    Masked after the activation: p = [s(-1), s(1)] and t = [1, 1], so that I = 1, P = 1, T = 2 and the loss is 1 - 2/3.
    """
    mask = np.asarray([[[False, False], [True, True]]])
    assert sigmoid_dice(LOGIT, TARGET, axis=1, mask=mask)[0, 0] == pytest.approx(1 / 3, rel=1e-14)
    leak = sigmoid_dice(LOGIT * mask, TARGET * mask, axis=1, smooth=1e-6)
    assert leak[0, 0] == pytest.approx(0.5, abs=5e-4)


# optax losses/_segmentation_test.py, test_dice_loss_weighting_parameters ----------------------------------------------


def test_of_optax() -> None:
    """Its smooth=1 is a Tversky smoothing of 1, a Dice smoothing of 2. Class 0: I = .8, FP = .1, FN = .2."""
    probs, targets = numbers([0.1, 0.9], [0.8, 0.2]), numbers([0, 1], [1, 0])
    rows = tversky(probs, targets, axis=-1, batch_axes=(), smooth=1)
    np.testing.assert_allclose(rows, [0.086294416, 0.064039409], rtol=0, atol=5e-10)
    np.testing.assert_allclose(rows[0], 1 - 1.8 / (0.8 + 0.3 * 0.1 + 0.7 * 0.2 + 1), rtol=1e-14)
    assert rows.mean() == pytest.approx(0.075166913, abs=1e-9)
    halves = tversky(probs, targets, axis=-1, batch_axes=(), smooth=1, fp_weight=0.5, fn_weight=0.5, reduction="mean")
    assert halves == pytest.approx(0.075046904, abs=1e-9)
    assert dice(probs, targets, axis=-1, batch_axes=(), smooth=2, reduction="mean") == pytest.approx(halves, rel=1e-14)


# kornia tests/losses/test_dice.py, before 0.9 -----------------------------------------------------------------------


def one_hot(labels: Any, classes: int) -> Any:
    return np.moveaxis(np.eye(classes)[np.asarray(labels)], -1, 1)


def test_averages_of_kornia() -> None:
    """ "micro" makes one region of all classes, which is axis=None; "macro" is the mean over classes, of which 0.9
    leaves out the absent."""
    logits = numbers([[10, 10, 10, 1], [1, 1, 1, 10]])
    labels = np.asarray([[0, 0, 0, 0]])
    hit = (3 * math.exp(10) + math.e) / (math.e + math.exp(10))
    micro = dice(softmax(logits), one_hot(labels, 2), axis=None)
    np.testing.assert_allclose(micro, [1 - 2 * hit / 8], rtol=1e-13)
    np.testing.assert_allclose(softmax_dice(logits, labels, axis=1), [[1 - 2 * hit / (4 + hit), 1]], rtol=1e-13)


@pytest.mark.parametrize(
    ("weights", "macro", "micro"),
    [((1, 0, 0), 0, 0), ((0, 1, 0), 1, 1), ((0, 0, 1), 0.2, 0.2), ((0.3, 0.7, 0), 0.7, 0.8615385)],
)
def test_weights_of_kornia(weights: Any, macro: float, micro: float) -> None:
    """Predicted [0, 2, 2, 2] for [0, 1, 2, 2]. Its micro average weighed p and t, so the intersection twice."""
    probs, targets = one_hot([[0, 2, 2, 2]] * 2, 3), one_hot([[0, 1, 2, 2]] * 2, 3)
    table = numbers(*weights)
    assert dice(probs, targets, axis=1, weights=table, reduction="mean") == pytest.approx(macro, rel=1e-14)
    p, t = (table[:, None] * x for x in (probs, targets))
    np.testing.assert_allclose(dice(p, t, axis=None), [micro] * 2, rtol=0, atol=5e-8)


def test_ignored_pixels_of_kornia() -> None:
    """Predicted [0, 1, 1, 1] for [0, 0, ignored, ignored]; its micro average: I = 1, P = T = 2."""
    probs, targets = one_hot([[0, 1, 1, 1]], 2), one_hot([[0, 0, 0, 0]], 2)
    mask = np.broadcast_to([True, True, False, False], probs.shape)
    assert dice(probs, targets, axis=None, mask=mask)[0] == 0.5
    # By class: {1, 1/2 of 3/2}; class 1 is predicted once and never there.
    rows = softmax_dice(1e3 * probs, np.asarray([[0, 0, 255, 255]]), axis=1, ignore_index=255)
    np.testing.assert_allclose(rows, [[1 / 3, 1]], rtol=1e-15)


# segmentation_models_pytorch tests/test_losses.py and pytorch-toolbelt tests/test_losses.py ---------------------------


@pytest.mark.parametrize(
    ("target", "pred", "score"),
    [((1, 1, 1, 1), (1, 1, 1, 1), 1), ((0, 1, 1, 0), (0, 1, 1, 0), 1), ((1, 1, 1, 1), (1, 1, 0, 0), 2 / 3)],
)
def test_scores(target: Any, pred: Any, score: float) -> None:
    p, t = numbers(pred), numbers(target)
    assert dice(p, t, axis=None)[0] == pytest.approx(1 - score, rel=1e-15)
    assert tversky(p, t, axis=None, fp_weight=0.5, fn_weight=0.5)[0] == pytest.approx(1 - score, rel=1e-15)


@pytest.mark.parametrize(
    ("pred", "target", "skipped", "kept"),
    [
        ((1, 1, 1), (1, 1, 1), 0, 0),
        ((1, 0, 1), (1, 0, 1), 0, 0),
        ((0, 0, 0), (0, 0, 0), 0, 0),
        # False positives on what is not there cost nothing in those projects.
        ((1, 1, 1), (0, 0, 0), 0, 1),
        ((1, 0, 1), (0, 1, 0), 1, 1),
        ((0, 0, 0), (1, 1, 1), 1, 1),
    ],
)
def test_binary_dice(pred: Any, target: Any, skipped: float, kept: float) -> None:
    p, t = numbers(pred), numbers(target)
    for loss in (dice, al.jaccard_loss, tversky):
        assert loss(p, t, axis=None, absent="skip")[0] == skipped
        assert loss(p, t, axis=None)[0] == kept


def test_jaccard_scores() -> None:
    jaccard = al.jaccard_loss
    assert jaccard(numbers([1, 1, 0, 0]), numbers([1, 1, 1, 1]), axis=None)[0] == 0.5
    rows = jaccard(numbers([0, 0, 1, 0], [0, 1, 0, 0]), numbers([1, 1, 0, 0], [0, 0, 1, 1]), axis=None)
    np.testing.assert_array_equal(rows, [1, 1])
    rows = jaccard(numbers([1, 1, 0, 0], [1, 1, 0, 0]), numbers([1, 1, 0, 0], [0, 0, 0, 1]), axis=None)
    np.testing.assert_array_equal(rows, [0, 1])
    # Classes along axis 0.
    probs, labels = numbers([1, 0, 1, 0], [0, 1, 0, 1]), np.asarray([1, 1, 0, 0])
    multiclass = jaccard(probs, np.stack([1 - labels, labels]), axis=0, batch_axes=(), reduction="mean")
    assert multiclass == pytest.approx(1 - 1 / 3, rel=1e-15)
    multilabel = jaccard(
        numbers([0, 1, 1, 0], [0, 1, 1, 0]), numbers([1, 1, 0, 0], [1, 1, 0, 0]), axis=0, batch_axes=()
    )
    np.testing.assert_allclose(multilabel, [1 - 1 / 3] * 2, rtol=1e-15)


def test_dice_coefficient_of_the_boundary_loss_project() -> None:
    """LIVIAETS/boundary-loss tests: a mask with itself; and a class that is there nowhere, against a full one."""
    mask = one_hot([[0, 1, 1, 2]], 3)
    np.testing.assert_array_equal(dice(mask, mask, axis=1), [[0, 0, 0]])
    everywhere = one_hot([[1, 1, 1, 1]], 3)
    assert dice(mask, everywhere, axis=1)[0, 0] == 1
