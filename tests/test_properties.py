"""Laws that hold for all boxes, searched for counterexamples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import jax
import numpy as np
import pytest
import torch
from losses_table import every_loss

import array_losses as al

hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=60)
hypothesis.settings.load_profile("fixed")

Loss = Callable[..., Any]
coordinates = st.floats(-1024, 1024, width=32, allow_subnormal=False)
# Inverted boxes, points and segments included.
boxes = hnp.arrays(np.float32, (5, 4), elements=coordinates)
MEASURES = ["iou", "giou", "diou", "ciou", "eiou"]


def proper(x: np.ndarray) -> np.ndarray:
    """The same boxes with corners in order and sides of at least 1."""
    low, high = np.minimum(x[:, :2], x[:, 2:]), np.maximum(x[:, :2], x[:, 2:])
    return np.concatenate([low, high + 1], axis=1)


@every_loss
@hypothesis.given(boxes)
def test_a_perfect_match_costs_nothing(loss: Loss, x: np.ndarray) -> None:
    match = proper(x)
    assert (loss(match, match) == 0).all()
    assert (loss(torch.tensor(match), torch.tensor(match)) == 0).all()
    assert (np.asarray(loss(jax.numpy.asarray(match), jax.numpy.asarray(match))) == 0).all()


@every_loss
@hypothesis.given(boxes, boxes)
def test_finite_in_range_and_rows_stand_alone(loss: Loss, pred: np.ndarray, target: np.ndarray) -> None:
    rows = loss(pred, target)
    assert ((rows >= 0) & (rows <= 14)).all()
    for gradient in al.grad(lambda p, t: loss(p, t, reduction="sum"), argnums=(0, 1))(pred, target):
        assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(loss(pred[2:3], target[2:3]), rows[2:3])


@pytest.mark.parametrize("name", MEASURES)
@hypothesis.given(boxes, boxes)
def test_measures_are_symmetric(name: str, a: np.ndarray, b: np.ndarray) -> None:
    measure = getattr(al, name)
    np.testing.assert_allclose(measure(a, b), measure(b, a), rtol=1e-5, atol=1e-6)


@every_loss
@hypothesis.given(boxes, boxes, st.integers(-30, 30))
def test_the_unit_of_length_does_not_matter(loss: Loss, a: np.ndarray, b: np.ndarray, power: int) -> None:
    unit = np.float32(2.0**power)
    a, b = proper(a), proper(b)
    np.testing.assert_array_equal(loss(a * unit, b * unit), loss(a, b))


@every_loss
@hypothesis.given(boxes, boxes)
def test_moving_both_boxes_changes_nothing(loss: Loss, a: np.ndarray, b: np.ndarray) -> None:
    """The slopes along x of a pair add up to 0, those along y as well."""
    # With sides of at least 1 the terms that cancel are not much larger than 1 or than what is left of them.
    of_pred, of_target = al.grad(lambda p, t: loss(p, t, reduction="sum"), argnums=(0, 1))(
        proper(a).astype(np.float64), proper(b).astype(np.float64)
    )
    total = of_pred + of_target
    size = 1 + np.abs(of_pred).max(axis=1) + np.abs(of_target).max(axis=1)
    assert (np.abs(total[:, :2] + total[:, 2:]) <= 1e-12 * size[:, None]).all()


@hypothesis.given(boxes, boxes)
def test_relations_of_the_family(a: np.ndarray, b: np.ndarray) -> None:
    iou, tolerance = al.iou(a, b), 1e-6
    assert (al.giou(a, b) <= iou + tolerance).all()
    assert (al.diou(a, b) <= iou + tolerance).all()
    assert (al.ciou(a, b) <= al.diou(a, b) + tolerance).all()
    assert (al.eiou(a, b) <= al.diou(a, b) + tolerance).all()
    np.testing.assert_allclose(al.iou_loss(a, b), 1 - iou, atol=tolerance)
    np.testing.assert_allclose(al.iou_loss(a, b, form="square"), 1 - iou * iou, atol=tolerance)
    np.testing.assert_array_equal(al.focal_eiou_loss(a, b, gamma=0.0), al.eiou_loss(a, b))
    np.testing.assert_array_equal(al.ciou_loss(a, b, gate=1.0), al.diou_loss(a, b))
    assert (al.cdiou_loss(a, b, base="giou") >= al.giou_loss(a, b)).all()
