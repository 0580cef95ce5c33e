"""Equalities between losses of regions: settings that equal a known loss, and layouts that must not matter.

Both sides are compared in value and in gradient, rows weighed differently so that no two can be exchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import array_losses as al

Loss = Callable[..., Any]

# Samples, classes, height, width; class 2 of sample 1 is nowhere.
RNG = np.random.default_rng(17)
SHAPE = (2, 3, 4, 5)
LOGITS = RNG.normal(size=SHAPE) * 2
LABELS = RNG.integers(0, 3, (2, 4, 5))
LABELS[1] %= 2
HARD = np.moveaxis(np.eye(3)[LABELS], -1, 1)
SOFT = RNG.uniform(size=SHAPE)
PROBS = RNG.uniform(0.02, 0.98, SHAPE)
MAPS = RNG.normal(size=SHAPE)
MASK = RNG.uniform(size=(2, 4, 5)) < 0.7


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def agree(left: Loss, right: Loss, *arrays: Any, rtol: float = 1e-11, atol: float = 1e-12) -> None:
    """Rows, and gradients with respect to all arrays."""
    rows = left(*arrays)
    np.testing.assert_allclose(rows, right(*arrays), rtol=rtol, atol=atol)
    weights = np.random.default_rng(1).uniform(0.5, 2, rows.shape)
    which = tuple(range(len(arrays)))

    def pulls(side: Loss) -> Any:
        total = lambda *a: (lambda rows: rows.__array_namespace__().sum(rows * weights))(side(*a))
        return al.grad(total, argnums=which)(*arrays)

    for mine, other in zip(pulls(left), pulls(right)):
        np.testing.assert_allclose(mine, other, rtol=rtol, atol=atol)


# Degenerate settings --------------------------------------------------------------------------------------------------

RELATIVES: list[tuple[str, Loss, Loss]] = [
    ("Tversky at 1/2, 1/2 is Dice", lambda p, t: al.tversky_loss(p, t, axis=1, fp_weight=0.5, fn_weight=0.5),
     lambda p, t: al.dice_loss(p, t, axis=1)),
    ("its smoothing is worth twice as much",
     lambda p, t: al.tversky_loss(p, t, axis=1, fp_weight=0.5, fn_weight=0.5, smooth=2, intersection="minimum"),
     lambda p, t: al.dice_loss(p, t, axis=1, smooth=4, intersection="minimum")),
    ("Tversky at 1, 1 is Jaccard",
     lambda p, t: al.tversky_loss(p, t, axis=1, fp_weight=1, fn_weight=1, smooth=3, smooth_denominator=1),
     lambda p, t: al.jaccard_loss(p, t, axis=1, smooth=3, smooth_denominator=1)),
    ("power 1", lambda p, t: al.focal_tversky_loss(p, t, axis=1, power=1), lambda p, t: al.tversky_loss(p, t, axis=1)),
    ("power 3", lambda p, t: al.focal_tversky_loss(p, t, axis=1, power=3),
     lambda p, t: al.tversky_loss(p, t, axis=1) ** 3),
    ("power 1/2", lambda p, t: al.focal_tversky_loss(p, t, axis=1, power=0.5),
     lambda p, t: al.tversky_loss(p, t, axis=1) ** 0.5),
    ("Jaccard from Dice", lambda p, t: al.jaccard_loss(p, t, axis=1),
     lambda p, t: (lambda d: 2 * d / (1 + d))(al.dice_loss(p, t, axis=1))),
    ("Dice both ways", lambda p, t: al.dice_loss(p, t, axis=1, squared=True),
     lambda p, t: al.dice_loss(t, p, axis=1, squared=True)),
    ("Tversky both ways", lambda p, t: al.tversky_loss(p, t, axis=1, fp_weight=0.2, fn_weight=0.9),
     lambda p, t: al.tversky_loss(t, p, axis=1, fp_weight=0.9, fn_weight=0.2)),
    ("correlation both ways", lambda p, t: al.mcc_loss(p, t, axis=1), lambda p, t: al.mcc_loss(t, p, axis=1)),
    ("correlation of what is left out", lambda p, t: al.mcc_loss(p, t, axis=1),
     lambda p, t: al.mcc_loss(1 - p, 1 - t, axis=1)),
    ("generalized Dice of equal weights is Dice of all classes",
     lambda p, t: al.generalized_dice_loss(p, t, axis=1, class_weighting="uniform", smooth=1),
     lambda p, t: al.dice_loss(p, t, axis=None, smooth=1)),
    ("generalized Dice of one class",
     lambda p, t: al.generalized_dice_loss(p[:, :1, ...], t[:, :1, ...], axis=1),
     lambda p, t: al.dice_loss(p[:, :1, ...], t[:, :1, ...], axis=1)[:, 0]),
    ("squares by hand", lambda p, t: al.dice_loss(p, t, axis=1, squared=True),
     lambda p, t: (lambda s: 1 - 2 * s(p * t) / (s(p * p) + s(t * t)))(
         lambda x: x.__array_namespace__().sum(x, axis=(2, 3)))),
    ("Hausdorff of equal distances", lambda p, t: al.hausdorff_dt_loss(p, t, 0 * MAPS + 1, 0 * MAPS, axis=1),
     lambda p, t: (lambda x: x.__array_namespace__().mean((p - t) ** 2, axis=(2, 3)))(p)),
    ("boundary of equal distances", lambda p, t: al.boundary_loss(p, t, axis=1),
     lambda p, t: al.boundary_loss(t, p, axis=1)),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), [pytest.param(*sides, id=name) for name, *sides in RELATIVES])
def test_relatives(left: Loss, right: Loss) -> None:
    agree(left, right, PROBS, SOFT)


ACTIVATIONS: list[tuple[str, Loss, Loss]] = [
    ("sigmoid", lambda x: al.sigmoid_dice_loss(x, HARD, axis=1, smooth=1, mask=MASK),
     lambda x: al.dice_loss(_sigmoid(x), HARD, axis=1, smooth=1, mask=MASK)),
    ("sigmoid, squared", lambda x: al.sigmoid_dice_loss(x, SOFT, axis=1, squared=True),
     lambda x: al.dice_loss(_sigmoid(x), SOFT, axis=1, squared=True)),
    ("softmax", lambda x: al.softmax_dice_loss(x, LABELS, axis=1, smooth=1, mask=MASK),
     lambda x: al.dice_loss(_softmax(x), HARD, axis=1, smooth=1, mask=MASK)),
    ("softmax, minimum", lambda x: al.softmax_dice_loss(x, SOFT, axis=1, intersection="minimum"),
     lambda x: al.dice_loss(_softmax(x), SOFT, axis=1, intersection="minimum")),
    ("two classes are one logit",
     lambda x: al.softmax_dice_loss(_beside_zeros(x), HARD[:, 1].astype(np.int64), axis=1)[:, 1],
     lambda x: al.sigmoid_dice_loss(x[:, 0, ...], HARD[:, 1], axis=None)),
    ("hinge of Lovász, both classes", lambda x: al.lovasz_hinge_loss(x, HARD, axis=1),
     lambda x: al.lovasz_hinge_loss(x, HARD > 0.5, axis=1)),
    ("softmax of Lovász sees differences", lambda x: al.lovasz_softmax_loss(x + 7, LABELS, axis=1),
     lambda x: al.lovasz_softmax_loss(x, LABELS, axis=1)),
]  # fmt: skip


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + x.__array_namespace__().exp(-x))


def _softmax(x: Any) -> Any:
    xp = x.__array_namespace__()
    return xp.exp(x) / xp.sum(xp.exp(x), axis=1, keepdims=True)


def _beside_zeros(x: Any) -> Any:
    return x.__array_namespace__().stack([0 * x[:, 0, ...], x[:, 0, ...]], axis=1)


@pytest.mark.parametrize(("left", "right"), [pytest.param(*sides, id=name) for name, *sides in ACTIVATIONS])
def test_activations(left: Loss, right: Loss) -> None:
    agree(left, right, LOGITS)


def pixels_of(loss: Loss) -> Loss:
    """The mean over a sample's pixels of a loss of classes."""
    return lambda x, y, **o: loss(x, y, axis=1, **o).__array_namespace__().mean(loss(x, y, axis=1, **o), axis=(1, 2))


def mean_of_classes(rows: Any) -> Any:
    return rows.__array_namespace__().mean(rows, axis=-1)


ce, focal, bce = al.softmax_cross_entropy, al.softmax_focal_loss, al.sigmoid_binary_cross_entropy
SUMS: list[tuple[str, Loss, Loss]] = [
    ("no Dice", lambda x, y: al.dice_cross_entropy_loss(x, y, axis=1, dice_weight=0, label_smoothing=0.1),
     lambda x, y: pixels_of(ce)(x, y, label_smoothing=0.1)),
    ("no cross-entropy", lambda x, y: al.dice_cross_entropy_loss(x, y, axis=1, cross_entropy_weight=0, smooth=1),
     lambda x, y: mean_of_classes(al.softmax_dice_loss(x, y, axis=1, smooth=1))),
    ("focal of power 0", lambda x, y: al.dice_focal_loss(x, y, axis=1, gamma=0),
     lambda x, y: al.dice_cross_entropy_loss(x, y, axis=1)),
    ("no focal", lambda x, y: al.dice_focal_loss(x, y, axis=1, focal_weight=0),
     lambda x, y: mean_of_classes(al.softmax_dice_loss(x, y, axis=1))),
    ("no Dice beside focal", lambda x, y: al.dice_focal_loss(x, y, axis=1, dice_weight=0, gamma=1.5),
     lambda x, y: pixels_of(focal)(x, y, gamma=1.5)),
    ("all the hardest", lambda x, y: al.top_k_cross_entropy(x, y, axis=1, fraction=1, label_smoothing=0.2),
     lambda x, y: pixels_of(ce)(x, y, label_smoothing=0.2)),
    ("unified without powers, pixels",
     lambda x, y: al.unified_focal_loss(x, y, axis=1, focal_share=1, delta=0.5, gamma=0),
     lambda x, y: pixels_of(ce)(x, y) / 2),
    ("unified without powers, regions",
     lambda x, y: al.unified_focal_loss(x, y, axis=1, focal_share=0, delta=0.6, gamma=0, smooth=1),
     lambda x, y: mean_of_classes(al.tversky_loss(_softmax(x), HARD, axis=1, fp_weight=0.4, fn_weight=0.6, smooth=1))),
    ("equal weights of classes", lambda x, y: al.dice_cross_entropy_loss(x, y, axis=1, class_weights=np.full(3, 2.5)),
     lambda x, y: al.dice_cross_entropy_loss(x, y, axis=1)),
]  # fmt: skip


@pytest.mark.parametrize("labels", [LABELS, HARD], ids=["indices", "probabilities"])
@pytest.mark.parametrize(("left", "right"), [pytest.param(*sides, id=name) for name, *sides in SUMS])
def test_sums(left: Loss, right: Loss, labels: Any) -> None:
    agree(lambda x: left(x, labels), lambda x: right(x, labels), LOGITS)


def test_parts_of_combo() -> None:
    agree(
        lambda x, t: al.combo_loss(x, t, axis=1, alpha=0, smooth=1),
        lambda x, t: al.sigmoid_dice_loss(x, t, axis=1, smooth=1),
        LOGITS,
        SOFT,
    )
    agree(
        lambda x, t: al.combo_loss(x, t, axis=1, alpha=1, beta=0.5),
        lambda x, t: (lambda rows: rows.__array_namespace__().mean(rows, axis=(2, 3)) / 2)(bce(x, t)),
        LOGITS,
        SOFT,
    )


@pytest.mark.parametrize("loss", [al.dice_loss, al.jaccard_loss, al.tversky_loss, al.focal_tversky_loss])
def test_soft_targets_against_themselves(loss: Loss) -> None:
    """Nothing to improve. At p = t min(p, t) has half of each slope: it says p should stay, not grow."""
    np.testing.assert_array_equal(loss(SOFT, SOFT, axis=1, intersection="minimum"), np.zeros((2, 3)))
    assert (loss(SOFT, SOFT, axis=1) > 0.05).all()
    hard = loss(HARD, HARD, axis=1)
    np.testing.assert_array_equal(hard, np.zeros((2, 3)))
    np.testing.assert_array_equal(loss(HARD, HARD, axis=1, intersection="minimum"), hard)
    agree(
        lambda p: loss(p, HARD, axis=1),
        lambda p: loss(p, HARD, axis=1, intersection="minimum"),
        PROBS,
    )


# Hard predictions -----------------------------------------------------------------------------------------------------


def _jaccard(pred: Any, target: Any) -> Any:
    """1 - IoU by counting."""
    both, either = (pred & target).sum(axis=(2, 3)), (pred | target).sum(axis=(2, 3))
    return 1 - both / np.maximum(either, 1)


def test_lovasz_of_hard_predictions_is_jaccard() -> None:
    """1 - IoU of each class for errors 0 and 1; twice that for scores of -1 and 1, whose errors are 0 and 2."""
    guess = RNG.integers(0, 3, (2, 4, 5))
    hard = np.moveaxis(np.eye(3)[guess], -1, 1)
    expected = _jaccard(hard > 0, HARD > 0)
    present = HARD.any(axis=(2, 3))
    rows = al.lovasz_softmax_loss(1e5 * hard, LABELS, axis=1)
    np.testing.assert_allclose(rows, np.where(present, expected, 0), rtol=1e-14, atol=0)
    # A class that is nowhere has IoU 0 if it is predicted.
    rows = al.lovasz_softmax_loss(1e5 * hard, LABELS, axis=1, classes="all")
    np.testing.assert_allclose(rows, expected, rtol=1e-14, atol=0)
    np.testing.assert_allclose(al.lovasz_hinge_loss(2 * hard - 1, HARD, axis=1), 2 * expected, rtol=1e-14, atol=0)
    np.testing.assert_allclose(al.jaccard_loss(hard, HARD, axis=1), expected, rtol=1e-14, atol=0)
