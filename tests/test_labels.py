"""What a label may be, which rows are ignored, where the class axis lies."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import array_losses as al

Loss = Callable[..., Any]

RNG = np.random.default_rng(8)
LOGITS = RNG.normal(size=(7, 4)) * 2
LABELS = RNG.integers(0, 4, 7)
WEIGHTS = np.asarray([1.0, 0.5, 3, 2])


def seesaw(logits: Any, labels: Any, **options: Any) -> Any:
    return al.seesaw_loss(logits, labels, np.asarray([4.0, 0, 2, 1]), **options)[0]


OF_INDICES: list[tuple[str, Loss]] = [
    ("cross-entropy", functools.partial(al.softmax_cross_entropy, label_smoothing=0.1, class_weights=WEIGHTS)),
    ("focal", functools.partial(al.softmax_focal_loss, class_weights=WEIGHTS)),
    ("poly1", al.poly1_loss),
    ("generalized", al.generalized_cross_entropy),
    ("hinge", al.multiclass_hinge_loss),
    ("hinge-sum", functools.partial(al.multiclass_hinge_loss, form="sum")),
    ("bi-tempered", functools.partial(al.bi_tempered_loss, t1=0.8, t2=1.2)),
    ("seesaw", seesaw),
]
every_loss = pytest.mark.parametrize("loss", [pytest.param(loss, id=name) for name, loss in OF_INDICES])

OF_CLASSES: list[tuple[str, Loss, Any]] = [
    *((name, loss, LABELS) for name, loss in OF_INDICES),
    (
        "soft labels",
        functools.partial(al.softmax_cross_entropy, label_smoothing=0.1, class_weights=WEIGHTS),
        RNG.dirichlet(np.ones(4), 7),
    ),
    ("distribution focal", al.distribution_focal_loss, RNG.uniform(0, 3, 7)),
    ("expectation", lambda x, _, **o: al.distribution_expectation(x, axis=o["axis"]), None),
]


def gradient(loss: Loss, logits: Any, *rest: Any, **options: Any) -> Any:
    return al.grad(lambda x: loss(x, *rest, **options))(logits)


@every_loss
@pytest.mark.parametrize("dtype", ["int32", "uint8", "int8", "uint16"])
def test_integers_of_any_width(loss: Loss, dtype: str) -> None:
    np.testing.assert_array_equal(loss(LOGITS, LABELS.astype(dtype)), loss(LOGITS, LABELS))


@every_loss
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_ignored_rows_leave_no_trace(loss: Loss, reduction: str) -> None:
    """By index, by lying outside the classes, or by `where`: the same, whatever the logits hold."""
    kept = np.asarray([True, False, True, True, False, True, False])
    bad = np.where(kept[:, None], LOGITS, np.asarray([np.nan, np.inf, -np.inf, 1]))
    ways: list[tuple[Any, dict[str, Any]]] = [
        (np.where(kept, LABELS, 255), {"ignore_index": 255}),
        (np.where(kept, LABELS, -100), {"ignore_index": -100}),
        (np.where(kept, LABELS, 4), {}),
        (np.where(kept, LABELS, -1), {}),
        (LABELS, {"where": kept}),
        # Two at once: row 1 outside `where`, rows 4 and 6 by their index.
        (np.where(kept | (np.arange(7) == 1), LABELS, 9), {"where": np.arange(7) != 1, "ignore_index": 9}),
    ]
    for ignored, options in ways:
        value = loss(bad, ignored, reduction=reduction, **options)
        expected = loss(LOGITS[kept], LABELS[kept], reduction=reduction)
        if reduction == "none":
            np.testing.assert_array_equal(value[~kept], [0, 0, 0])
            value = value[kept]
        np.testing.assert_allclose(value, expected, rtol=1e-14)
        if reduction != "none":
            pull = gradient(loss, bad, ignored, reduction=reduction, **options)
            np.testing.assert_array_equal(pull[~kept], np.zeros((3, 4)))
            np.testing.assert_allclose(
                pull[kept], gradient(loss, LOGITS[kept], LABELS[kept], reduction=reduction), rtol=1e-13, atol=1e-16
            )


@every_loss
def test_a_class_may_be_the_ignored_one(loss: Loss) -> None:
    label = int(LABELS[0])
    rows = loss(LOGITS, LABELS, ignore_index=label)
    np.testing.assert_array_equal(rows, loss(LOGITS, LABELS, where=label != LABELS))
    np.testing.assert_array_equal(rows[label == LABELS], 0)
    assert rows.any()


@every_loss
def test_all_rows_ignored(loss: Loss) -> None:
    """torch gives NaN (issues 70348, 75181); here the mean is 0, and so is its gradient."""
    for options in ({"reduction": "mean"}, {"reduction": "sum"}, {"reduction": "mean", "normalizer": 0}):
        value, pull = al.value_and_grad(lambda x: loss(x, np.full(7, 255), ignore_index=255, **options))(LOGITS)  # noqa: B023
        assert value == 0
        np.testing.assert_array_equal(pull, np.zeros((7, 4)))


@pytest.mark.parametrize(("loss", "labels"), [pytest.param(*rest, id=name) for name, *rest in OF_CLASSES])
def test_class_axis_anywhere(loss: Loss, labels: Any) -> None:
    """Pixels of an image, classes second: the same rows as with the classes last, in value and in gradient."""
    images = np.stack([LOGITS, LOGITS[::-1], LOGITS + 1])
    rows = labels if labels is None else np.stack([labels, labels[::-1], labels])
    last = loss(images, rows, axis=-1)
    moved = np.moveaxis(images, -1, 1)
    moved_rows = np.moveaxis(rows, -1, 1) if rows is not None and rows.ndim == 3 else rows
    for axis in (1, -2):
        np.testing.assert_allclose(loss(moved, moved_rows, axis=axis), last, rtol=1e-15)
    if labels is not None:
        mean = loss(images, rows, axis=-1, reduction="mean")
        np.testing.assert_allclose(loss(moved, moved_rows, axis=1, reduction="mean"), mean, rtol=1e-14)
        pull = gradient(loss, images, rows, axis=-1, reduction="sum")
        np.testing.assert_allclose(
            gradient(loss, moved, moved_rows, axis=1, reduction="sum"), np.moveaxis(pull, -1, 1), rtol=1e-14, atol=1e-17
        )
    np.testing.assert_allclose(
        loss(np.moveaxis(images, -1, 0), rows if rows is None or rows.ndim == 2 else np.moveaxis(rows, -1, 0), axis=0),
        last,
        rtol=1e-15,
    )


@pytest.mark.parametrize("divergence", [al.entropy, al.cross_entropy, al.kl_divergence, al.js_divergence])
def test_class_axis_of_distributions(divergence: Loss) -> None:
    many = RNG.dirichlet(np.ones(4), (2, 3, 5))
    arrays = (many[0],) if divergence is al.entropy else (many[0], many[1])
    expected = divergence(*arrays)
    assert expected.shape == (3, 5)
    for axis in (0, 1, -2):
        moved = divergence(*(np.moveaxis(x, -1, axis) for x in arrays), axis=axis)
        np.testing.assert_allclose(moved, expected, rtol=1e-14)


def test_one_class_costs_nothing() -> None:
    single, zeros = LOGITS[:, :1], np.zeros(7, dtype=np.int64)
    for loss in (
        functools.partial(al.softmax_cross_entropy, label_smoothing=0.3),
        al.softmax_focal_loss,
        al.poly1_loss,
        al.generalized_cross_entropy,
        al.multiclass_hinge_loss,
        functools.partial(al.multiclass_hinge_loss, form="sum"),
        functools.partial(al.bi_tempered_loss, t1=0.8, t2=1.2),
        lambda x, y, **o: al.seesaw_loss(x, y, np.zeros(1), **o)[0],
    ):
        np.testing.assert_allclose(loss(single, zeros), np.zeros(7), rtol=0, atol=1e-15)
        np.testing.assert_allclose(gradient(loss, single, zeros, reduction="sum"), np.zeros((7, 1)), rtol=0, atol=1e-15)
