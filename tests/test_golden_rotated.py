"""Measures and losses of rotated boxes against numbers of other projects' tests and numbers worked out from the papers.

"derived" marks numbers worked out in float64 from the published formula, without any eps, not taken from a running
project. detectron2 has degrees, counter-clockwise on the screen, where y points down; here that is minus the angle.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import array_losses as al

PI, ROOT2 = math.pi, math.sqrt(2)


def boxes(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


def degrees(*rows: Any) -> Any:
    """From detectron2's boxes."""
    found = boxes(*rows)
    found[..., 4] = -np.deg2rad(found[..., 4])
    return found


# Normal distributions -------------------------------------------------------------------------------------------------

PRED = boxes([5, 5, 10, 10, 0], [5, 5, 10, 4, 0.3], [50, 50, 40, 10, PI / 6], [5, 5, 10, 4, 0.3])
TARGET = boxes([7, 6, 10, 6, 0], [6, 5.5, 8, 5, -0.2], [52, 49, 36, 12, PI / 4], [5, 5, 10, 4, 0.3])
"""The pairs of the derived table; the last is of identical boxes."""

PLAIN: dict[str, Any] = {"transform": "none", "tau": 0.0}
DISTANCE = [0.14464040, 0.10686915, 0.12930057, 0]
WASSERSTEIN2 = [9.0, 4.41929915, 28.77632248, 0]
TARGET_TO_PRED = [0.29082562, 0.36504144, 0.48130882, 0]
PRED_TO_TARGET = [0.51361882, 0.39874293, 0.41486520, 0]
KFIOU = [0.29429255, 0.30088961, 0.29706048, 1 / 3]

DERIVED = [  # to eight digits
    (al.probiou, {}, [0.63303054, 0.68163425, 0.65173259, 1]),
    (al.probiou_loss, {}, [1 - 0.63303054, 1 - 0.68163425, 1 - 0.65173259, 0]),
    (al.probiou_loss, {"form": "l2"}, DISTANCE),
    (al.gwd_loss, {"normalize": False, **PLAIN}, np.sqrt(WASSERSTEIN2)),
    (al.kld_loss, {"sqrt": False, **PLAIN}, TARGET_TO_PRED),
    (al.kld_loss, {"sqrt": False, "direction": "pred_target", **PLAIN}, PRED_TO_TARGET),
    (
        al.kld_loss,
        {"sqrt": False, "direction": "jeffreys", **PLAIN},
        (np.asarray(TARGET_TO_PRED) + PRED_TO_TARGET) / 2,
    ),
    (al.kfiou, {}, KFIOU),
    (al.kfiou_loss, {}, 1 - np.asarray(KFIOU)),
    (al.gwd_loss, {"transform": "log1p", "tau": 1.0}, [0.22679348, 0.22298329, 0.18934753, 0]),
    (al.kld_loss, {"transform": "log1p", "tau": 1.0, "sqrt": True}, [0.30134246, 0.32093673, 0.34510117, 0]),
]


@pytest.mark.parametrize(("function", "knobs", "expected"), DERIVED)
def test_derived_table(function: Any, knobs: dict[str, Any], expected: Any) -> None:
    np.testing.assert_allclose(function(PRED, TARGET, **knobs), expected, rtol=0, atol=6e-9)


def test_forms_of_kfiou() -> None:
    found = [al.kfiou_loss(PRED, TARGET, form=form) for form in ("log", "exp")]
    np.testing.assert_allclose(found[0], -np.log(KFIOU), rtol=0, atol=3e-8)
    np.testing.assert_allclose(found[1], np.exp(1 - np.asarray(KFIOU)) - 1, rtol=0, atol=2e-8)


def test_kfiou_is_a_third_at_most_and_blind_to_the_centres() -> None:
    """By hand: V3 = 1/2 V for equal boxes, and 1/2 / (1 + 1 - 1/2)."""
    assert al.kfiou(PRED[3], TARGET[3]) == pytest.approx(1 / 3, abs=1e-15)
    moved = TARGET + boxes([30, -40, 0, 0, 0])
    np.testing.assert_allclose(al.kfiou(PRED, moved), al.kfiou(PRED, TARGET), rtol=1e-14)


def test_by_hand_of_level_boxes() -> None:
    """First pair: covariances diag(100, 100) / 4 and diag(100, 36) / 4, centres (2, 1) apart."""
    pred, target = PRED[0], TARGET[0]
    # rho^2 + (10 - 10)^2 / 4 + (10 - 6)^2 / 4.
    assert al.gwd_loss(pred, target, normalize=False, **PLAIN) == pytest.approx(math.sqrt(5 + 4), abs=1e-14)
    # Half of 1 + 9/25 + 4/25 + 1/25 - 2 + ln(25/9), the first box's inverse for divisor.
    expected = 0.5 * (1 + 9 / 25 + 4 / 25 + 1 / 25 - 2 + math.log(25 / 9))
    assert al.kld_loss(pred, target, sqrt=False, **PLAIN) == pytest.approx(expected, abs=1e-14)
    # Half of 1 + 25/9 + 4/25 + 1/9 - 2 + ln(9/25).
    expected = 0.5 * (1 + 25 / 9 + 4 / 25 + 1 / 9 - 2 + math.log(9 / 25))
    found = al.kld_loss(pred, target, sqrt=False, direction="pred_target", **PLAIN)
    assert found == pytest.approx(expected, abs=1e-14)
    # Mean covariance diag(100, 68) / 4: 4/25 / 8 + 1/17 / 8 + ln(17 / 15) / 2.
    expected = (4 / 25 + 1 / 17) / 8 + 0.5 * math.log(17 / 15)
    assert al.bcd_loss(pred, target, **PLAIN) == pytest.approx(expected, abs=1e-14)
    # ProbIoU's are a third of that: the centres count three times.
    expected = 3 * (4 / 25 + 1 / 17) / 8 + 0.5 * math.log(17 / 15)
    assert al.probiou_loss(pred, target, form="l2") == pytest.approx(expected, abs=1e-14)


def test_normalized_gwd() -> None:
    """By hand: the root of 9 over 2 (25 25 25 9)^(1/8)."""
    expected = 3 / (2 * (25**3 * 9) ** 0.125)
    assert al.gwd_loss(PRED[0], TARGET[0], **PLAIN) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(("transform", "x"), [("none", 4.0), ("sqrt", 2.0), ("log1p", math.log(5))])
def test_what_a_distance_becomes(transform: str, x: float) -> None:
    """Two unit squares 4 apart: W = 4, over 2 (1/4^4)^(1/8) = 1."""
    pred, target = boxes([0, 0, 1, 1, 0]), boxes([4, 0, 1, 1, 0])
    assert al.gwd_loss(pred, target, transform=transform, tau=0.0)[0] == pytest.approx(x, abs=1e-14)
    assert al.gwd_loss(pred, target, transform=transform, tau=2.0)[0] == pytest.approx(1 - 1 / (2 + x), abs=1e-14)


# Rectangles -----------------------------------------------------------------------------------------------------------

EXACT = [  # detectron2 tests/structures/test_rotated_boxes.py
    ([1, 1, ROOT2, ROOT2, 45], [1, 1, 2, 2, 0], 0.5),
    ([1, 1, 2 * ROOT2, 2 * ROOT2, -45], [1, 1, 2, 2, 0], 0.5),
    ([5, 5, 10, 6, 55], [5, 5, 10, 6, -35], 36 / 84),
    ([565, 565, 10, 10, 0], [565, 565, 10, 8.3, 0], 0.83),
    ([3, 3, 8, 2, -45], [6, 0, 8, 2, -45], 0),
    ([160, 153, 230, 23, -37], [190, 127, 80, 21, -46], 0),
]


@pytest.mark.parametrize(("pred", "target", "expected"), EXACT)
def test_detectron2_pairs(pred: list[float], target: list[float], expected: float) -> None:
    assert al.rotated_iou(degrees(pred), degrees(target))[0] == pytest.approx(expected, abs=1e-13)
    assert al.rotated_iou(degrees(target), degrees(pred))[0] == pytest.approx(expected, abs=1e-13)
    assert al.rotated_iou_loss(degrees(pred), degrees(target))[0] == pytest.approx(1 - expected, abs=1e-13)


def test_detectron2_nearly_identical() -> None:
    """The same file: heights that differ in the ninth digit, in its float32 0 or more than 1 once."""
    pred = degrees([299.5, 417.370422, 600, 364.259186, 27.1828])
    target = degrees([299.5, 417.370422, 600, 364.259155, 27.1828])
    expected = 364.259155 / 364.259186
    assert al.rotated_iou(pred, target)[0] == pytest.approx(expected, abs=1e-13)
    narrow = al.rotated_iou(pred.astype(np.float32), target.astype(np.float32))[0]
    assert 0.9999998 < narrow <= 1


def test_detectron2_level_boxes() -> None:
    """The same file: a unit box against six others."""
    unit = degrees([0.5, 0.5, 1, 1, 0])
    others = degrees(
        [0.5, 0.5, 1, 1, 0],
        [0.25, 0.5, 0.5, 1, 0],
        [0.5, 0.25, 1, 0.5, 0],
        [0.25, 0.25, 0.5, 0.5, 0],
        [0.75, 0.75, 0.5, 0.5, 0],
        [1, 1, 1, 1, 0],
    )
    expected = [[1, 0.5, 0.5, 0.25, 0.25, 0.25 / 1.75]]
    np.testing.assert_allclose(al.rotated_iou(unit[:, None, :], others[None, :, :]), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_detectron2_large_and_nearly_identical(dtype: Any) -> None:
    """The same file, of its issue 2154: 1 within 1e-3 there; nine digits worked out in 50."""
    pred = degrees([2563.74462890625, 1436.7901611328125, 2174.703369140625, 214.095001220703125, 115.11834716796875])
    target = degrees([2563.74462890625, 1436.790283203125, 2174.702880859375, 214.0949554443359375, 115.1183547973633])
    assert al.rotated_iou(pred.astype(dtype), target.astype(dtype))[0] == pytest.approx(0.999998999, abs=2e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_detectron2_absurd_numbers(dtype: Any) -> None:
    """The same file: a box 1e18 away, turned four times."""
    pred = degrees([160, 153, 230, 23, -37]).astype(dtype)
    target = degrees([-1.117407639806935e17, 1.3858420478349148e18, 1000, 1000, 1612]).astype(dtype)
    assert 0 <= al.rotated_iou(pred, target)[0] < 1e-9


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ([0.5, 0.5, 1, 1, 0], 1),
        ([0.5, 0.5, 1, 1, PI / 2], 1),
        ([0.5, 0.5, 1, 1, PI / 4], 1 / ROOT2),
        ([1, 1, 1, 1, 0], 1 / 7),
        ([1.5, 1.5, 1, 1, 0], 0),
    ],
)
def test_mmcv_differentiable_iou(target: list[float], expected: float) -> None:
    """mmcv diff_iou_rotated_2d; the octagon has an area of 2 sqrt(2) - 2."""
    assert al.rotated_iou(boxes([0.5, 0.5, 1, 1, 0]), boxes(target))[0] == pytest.approx(expected, abs=1e-14)


def test_mmcv_table() -> None:
    """mmcv box_iou_rotated, clockwise on the screen: the angle in numbers as they are."""
    first = boxes([1, 1, 3, 4, 0.5], [2, 2, 3, 4, 0.6], [7, 7, 8, 8, 0.4])
    second = boxes([0, 2, 2, 5, 0.3], [2, 1, 3, 3, 0.5], [5, 5, 6, 7, 0.4])
    expected = [[0.3708, 0.4351, 0], [0.1104, 0.4487, 0.0424], [0, 0, 0.3622]]
    np.testing.assert_allclose(al.rotated_iou(first[:, None, :], second[None, :, :]), expected, rtol=0, atol=5.1e-5)


def test_level_boxes_have_the_iou_of_corners() -> None:
    """torchvision test/test_ops.py, the integer table, four boxes against the first three; its centres and sides."""
    corners = boxes([0, 0, 100, 100], [0, 0, 50, 50], [200, 200, 300, 300], [0, 0, 25, 25])
    low, high = corners[:, :2], corners[:, 2:]
    level = np.concatenate(((low + high) / 2, high - low, np.zeros((4, 1))), axis=1)
    expected: list[list[float]] = [[1, 0.25, 0], [0.25, 1, 0], [0, 0, 1], [0.0625, 0.25, 0]]
    np.testing.assert_allclose(al.rotated_iou(level[:, None, :], level[None, :3, :]), expected, rtol=0, atol=1e-15)


def test_giou_has_the_convex_hull() -> None:
    """By hand: unit squares 2 apart along both axes. The hull of corners is 3 by 3 less two triangles of 2."""
    pred, target = boxes([0, 0, 1, 1, 0]), boxes([2, 2, 1, 1, 0])
    assert al.rotated_giou(pred, target)[0] == pytest.approx(-(5 - 2) / 5, abs=1e-14)
    assert al.rotated_giou_loss(pred, target)[0] == pytest.approx(1.6, abs=1e-14)
    # Side by side it is a rectangle, turned or not.
    pred, target = boxes([0, 0, 1, 1, 0.25 * PI]), boxes([ROOT2, ROOT2, 1, 1, -0.25 * PI])
    assert al.rotated_giou(pred, target)[0] == pytest.approx(-(3 - 2) / 3, abs=1e-14)


def test_forms_of_the_loss() -> None:
    """As of boxes that are not rotated: 1 - m, -ln m no farther than m = 1e-6, 1 - m^2."""
    pred, target = degrees([5, 5, 10, 6, 55], [3, 3, 8, 2, -45]), degrees([5, 5, 10, 6, -35], [6, 0, 8, 2, -45])
    m = np.asarray([3 / 7, 0])
    np.testing.assert_allclose(al.rotated_iou_loss(pred, target), 1 - m, atol=1e-14)
    np.testing.assert_allclose(al.rotated_iou_loss(pred, target, form="square"), 1 - m**2, atol=1e-14)
    expected = [math.log(7 / 3), -math.log(1e-6)]
    np.testing.assert_allclose(al.rotated_iou_loss(pred, target, form="log"), expected, atol=1e-13)
