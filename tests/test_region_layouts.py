"""What must not matter to a loss of regions: where the axes lie, the order of pixels, samples and classes, what a mask
hides; and what must: weights, absent classes, what stays apart."""

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
LABELS = RNG.integers(0, 3, (2, 4, 5))
LABELS[1] %= 2
HARD = np.moveaxis(np.eye(3)[LABELS], -1, 1)
INPUT = RNG.uniform(0.02, 0.98, SHAPE)
MAPS = np.abs(RNG.normal(size=SHAPE))
MASK = RNG.uniform(size=(2, 4, 5)) < 0.7


# Each takes numbers between 0 and 1, probabilities or logits, hard targets of the same shape, and distance maps.


def covered(name: str, **knobs: Any) -> Loss:
    return lambda x, t, m, **o: getattr(al, name)(x, t, **knobs, **o)


def labelled(name: str, knobs: dict[str, Any]) -> Loss:
    return lambda x, t, m, axis, **o: getattr(al, name)(x, np.argmax(t, axis=axis), axis=axis, **knobs, **o)


LABELLED: list[tuple[str, dict[str, Any]]] = [
    ("softmax_dice_loss", {}),
    ("lovasz_softmax_loss", {"classes": "all"}),
    ("dice_cross_entropy_loss", {"label_smoothing": 0.1}),
    ("dice_focal_loss", {}),
    ("unified_focal_loss", {}),
    ("top_k_cross_entropy", {"fraction": 0.3}),
]

# Those whose classes know nothing of one another, and those of a softmax.
ALONE: list[tuple[str, Loss]] = [
    ("dice", covered("dice_loss", smooth=1)),
    ("dice squared", covered("dice_loss", squared=True)),
    ("jaccard", covered("jaccard_loss", intersection="minimum")),
    ("tversky", covered("tversky_loss")),
    ("focal tversky", covered("focal_tversky_loss")),
    ("mcc", covered("mcc_loss")),
    ("sigmoid dice", covered("sigmoid_dice_loss")),
    ("combo", covered("combo_loss", beta=0.7)),
    ("lovasz hinge", covered("lovasz_hinge_loss")),
    ("boundary", lambda x, t, m, **o: al.boundary_loss(x, m, **o)),
    ("hausdorff", lambda x, t, m, **o: al.hausdorff_dt_loss(x, t, m, 2 * m, **o)),
]
BY_CLASS = ALONE + [(name, labelled(name, knobs)) for name, knobs in LABELLED[:2]]
BY_SAMPLE: list[tuple[str, Loss]] = [
    ("generalized dice", covered("generalized_dice_loss")),
    *((name, labelled(name, knobs)) for name, knobs in LABELLED[2:]),
]


def each(table: list[tuple[str, Loss]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("loss", [pytest.param(f, id=name) for name, f in table])


every_loss = each(BY_CLASS + BY_SAMPLE)


def slopes(loss: Loss, x: Any, *rest: Any, **options: Any) -> Any:
    return al.grad(lambda x: loss(x, *rest, reduction="sum", **options))(x)


def same(left: Any, right: Any) -> None:
    np.testing.assert_allclose(left, right, rtol=1e-11, atol=1e-13)


@every_loss
@pytest.mark.parametrize("order", [(0, 2, 3, 1), (1, 0, 2, 3), (3, 1, 2, 0)])
def test_axes(loss: Loss, order: Any) -> None:
    arrays = [np.transpose(x, order) for x in (INPUT, HARD, MAPS)]
    options: Any = {"axis": order.index(1) - 4, "batch_axes": order.index(0)}
    same(loss(*arrays, **options), loss(INPUT, HARD, MAPS, axis=1))
    same(slopes(loss, *arrays, **options), np.transpose(slopes(loss, INPUT, HARD, MAPS, axis=1), order))


@every_loss
def test_order_of_pixels(loss: Loss) -> None:
    place = RNG.permutation(20)
    mixed = [x.reshape(2, 3, 20)[:, :, place] for x in (INPUT, HARD, MAPS)]
    same(loss(*mixed, axis=1), loss(INPUT, HARD, MAPS, axis=1))
    pull = slopes(loss, INPUT, HARD, MAPS, axis=1).reshape(2, 3, 20)
    same(slopes(loss, *mixed, axis=1), pull[:, :, place])


@each([row for row in BY_CLASS + BY_SAMPLE if row[0] != "unified_focal_loss"])
def test_names_of_classes(loss: Loss) -> None:
    order = [2, 0, 1]
    rows, mixed = loss(INPUT, HARD, MAPS, axis=1), loss(*(x[:, order] for x in (INPUT, HARD, MAPS)), axis=1)
    same(mixed, rows[:, order] if rows.ndim == 2 else rows)


@every_loss
def test_samples_stay_apart(loss: Loss) -> None:
    rows = loss(INPUT, HARD, MAPS, axis=1)
    for sample in range(2):
        alone = [x[sample] for x in (INPUT, HARD, MAPS)]
        same(loss(*alone, axis=0, batch_axes=()), rows[sample])
    same(loss(INPUT[::-1], HARD[::-1], MAPS[::-1], axis=1), rows[::-1])


@every_loss
def test_a_batch_at_once_is_one_large_sample(loss: Loss) -> None:
    joined = [np.concatenate([x[0], x[1]], axis=1) for x in (INPUT, HARD, MAPS)]
    same(loss(INPUT, HARD, MAPS, axis=1, batch_axes=()), loss(*joined, axis=0, batch_axes=()))
    pull = slopes(loss, *joined, axis=0, batch_axes=())
    same(slopes(loss, INPUT, HARD, MAPS, axis=1, batch_axes=()), np.stack([pull[:, :4], pull[:, 4:]]))


@every_loss
def test_several_batch_axes(loss: Loss) -> None:
    """Each row of an image alone, in the order of the axes whatever the order they are named in."""
    rows = loss(INPUT, HARD, MAPS, axis=1, batch_axes=(-2, 0))
    assert rows.shape[:2] == (2, 4)
    for line in range(4):
        same(rows[:, line], loss(*(x[:, :, line] for x in (INPUT, HARD, MAPS)), axis=1))


@each(ALONE)
def test_no_class_axis(loss: Loss) -> None:
    """One binary mask a region: the same as one class, and as each class alone."""
    rows = loss(INPUT, HARD, MAPS, axis=1)
    for c in range(3):
        same(loss(*(x[:, c] for x in (INPUT, HARD, MAPS)), axis=None), rows[:, c])
    same(loss(INPUT, HARD, MAPS, axis=None, batch_axes=(0, 1)), rows)


@every_loss
def test_masked_pixels_are_not_there(loss: Loss) -> None:
    """As if cut out, NaN or not; their slopes are 0."""
    mask = np.ones((2, 4, 5), dtype=np.bool_)
    mask[:, 1] = False
    cut = [np.delete(x, 1, axis=2) for x in (INPUT, HARD, MAPS)]
    spoiled = INPUT.copy()
    spoiled[:, :, 1] = np.nan
    maps = np.where(np.isnan(spoiled), np.nan, MAPS)
    same(loss(spoiled, HARD, maps, axis=1, mask=mask), loss(*cut, axis=1))
    pull = slopes(loss, spoiled, HARD, maps, axis=1, mask=mask)
    np.testing.assert_array_equal(pull[:, :, 1], np.zeros((2, 3, 5)))
    same(np.delete(pull, 1, axis=2), slopes(loss, *cut, axis=1))


@pytest.mark.parametrize(("name", "knobs"), [pytest.param(*row, id=row[0]) for row in LABELLED])
def test_ignored_labels_are_masked(name: str, knobs: Any) -> None:
    """`ignore_index`, indices outside the classes and a mask hide the same pixels."""
    loss: Loss = lambda y, **o: getattr(al, name)(INPUT, y, axis=1, **knobs, **o)
    expected = loss(LABELS, mask=MASK)
    same(loss(np.where(MASK, LABELS, 255), ignore_index=255), expected)
    same(loss(np.where(MASK, LABELS, -1)), expected)
    same(loss(np.where(MASK, LABELS, 0), ignore_index=0), loss(LABELS, mask=MASK & (LABELS != 0)))
    more = RNG.uniform(size=(2, 4, 5)) < 0.8
    same(loss(np.where(MASK, LABELS, 7), mask=more), loss(LABELS, mask=MASK & more))


@each(BY_CLASS)
def test_weights_of_classes(loss: Loss) -> None:
    """The mean divides by what the weights add up to."""
    rows, weights = loss(INPUT, HARD, MAPS, axis=1), np.asarray([0.5, 2, 0])
    same(loss(INPUT, HARD, MAPS, axis=1, weights=weights), rows * weights)
    mean = loss(INPUT, HARD, MAPS, axis=1, weights=weights, reduction="mean")
    same(mean, (rows * weights).sum() / (2 * weights.sum()))


@each(ALONE)
def test_rows_left_out(loss: Loss) -> None:
    where = np.asarray([[True, False, True], [False, True, False]])
    inside = where[:, :, None, None]
    spoiled = np.where(inside, INPUT, np.nan)
    rows = np.where(where, loss(INPUT, HARD, MAPS, axis=1), 0)
    same(loss(spoiled, HARD, MAPS, axis=1, where=where), rows)
    same(loss(spoiled, HARD, MAPS, axis=1, where=where, reduction="mean"), rows.sum() / 3)
    pull = slopes(loss, spoiled, HARD, MAPS, axis=1, where=where)
    same(pull, np.where(inside, slopes(loss, INPUT, HARD, MAPS, axis=1), 0))


@each([row for row in BY_CLASS if row[0] not in ("boundary", "hausdorff", "lovasz_softmax_loss")])
def test_absent_classes(loss: Loss) -> None:
    """Kept, they count; skipped, it is as if they were not there. A mask can make a class absent."""
    rows = loss(INPUT, HARD, MAPS, axis=1)
    present = np.asarray([[True, True, True], [True, True, False]])
    assert rows[1, 2] > 0
    skipped = loss(INPUT, HARD, MAPS, axis=1, absent="skip")
    same(skipped, np.where(present, rows, 0))
    same(loss(INPUT, HARD, MAPS, axis=1, absent="skip", reduction="mean"), rows[present].mean())
    weights = np.asarray([1.0, 2, 5])
    mean = loss(INPUT, HARD, MAPS, axis=1, absent="skip", weights=weights, reduction="mean")
    same(mean, (rows * weights)[present].sum() / 11)
    kept = slopes(loss, INPUT, HARD, MAPS, axis=1, where=present)
    same(slopes(loss, INPUT, HARD, MAPS, axis=1, absent="skip"), kept)
    mask = LABELS != 1
    same(loss(INPUT, HARD, MAPS, axis=1, absent="skip", mask=mask)[:, 1], [0, 0])


def test_absent_classes_of_means() -> None:
    """Inside a row that is a sample, an absent class leaves the mean over the classes."""
    dice = al.softmax_dice_loss(INPUT, LABELS, axis=1)
    only: Any = {"axis": 1, "absent": "skip"}
    expected = [dice[0].mean(), dice[1, :2].mean()]
    same(al.dice_cross_entropy_loss(INPUT, LABELS, cross_entropy_weight=0, **only), expected)
    same(al.dice_focal_loss(INPUT, LABELS, focal_weight=0, **only), expected)
    weights = np.asarray([1.0, 2, 5])
    expected = [(dice[0] * weights).sum() / 8, (dice[1, :2] * weights[:2]).sum() / 3]
    weighed = al.dice_cross_entropy_loss(INPUT, LABELS, cross_entropy_weight=0, class_weights=weights, **only)
    same(weighed, expected)


@pytest.mark.parametrize("classes", ["present", "all"])
def test_absent_classes_of_lovasz(classes: str) -> None:
    rows = al.lovasz_softmax_loss(INPUT, LABELS, axis=1, classes="all")
    mean = al.lovasz_softmax_loss(INPUT, LABELS, axis=1, classes=classes, reduction="mean")
    same(mean, rows.mean() if classes == "all" else (rows.sum() - rows[1, 2]) / 5)
    assert rows[1, 2] > 0
