"""Later losses of axis-aligned boxes against numbers of other projects and numbers worked out from the formulas.

"derived" marks numbers worked out in float64 from the published formula, without any eps, not taken from a running
project.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import array_losses as al

# The pairs of the derived table; every one but the last tells relatives of the IoU family apart.
PAIRS = {
    "A": ([0, 0, 10, 10], [2, 3, 12, 9]),
    "B": ([0, 0, 4, 2], [6, 5, 8, 9]),
    "C": ([-1, -1, 1, 1], [0, -1, 1, 1]),
    "D": ([9.4, 10.1, 11.6, 13.1], [9.5, 9.5, 10.5, 10.5]),
    "E": ([3, 1, 8, 4], [3, 1, 8, 4]),
}
A_IOU = 3 / 7


def boxes(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


def both(names: str) -> tuple[Any, Any]:
    return boxes(*(PAIRS[name][0] for name in names)), boxes(*(PAIRS[name][1] for name in names))


# Derived: one row per loss, columns A to E, to eight digits. Those of C can be redone with a pencil.
DERIVED = [
    (al.extended_iou_loss, {}, [0.52142857, 1.68333333, 0.45, 0.89444444, 0]),
    (al.siou_loss, {}, [0.59969130, 1.36954841, 0.57073587, 1.14679427, 0]),
    (al.inner_iou_loss, {"ratio": 0.7, "base": "ciou"}, [0.65563119, 1.44480756, 0.67965942, 1.15795867, 0]),
    (al.shape_iou_loss, {}, [0.59782701, 1.44465831, 0.54323433, 1.14595901, 0]),
    (al.shape_iou_loss, {"scale": 1.0}, [0.60083093, 1.42665906, 0.56969500, 1.14595901, 0]),
    (al.mpdiou_loss, {"image_size": (640, 640)}, [0.57145054, 1.00015381, 0.50000122, 0.94445463, 0]),
    (al.powerful_iou_loss, {"version": 1}, [0.64007017, 1.98168436, 0.56058694, 1.64624717, 0]),
    (al.powerful_iou_loss, {"lam": 1.3}, [0.70942557, 1.01406833, 0.61089438, 1.77219248, 0]),
    (al.nwd_loss, {"constant": 12.8}, [0.20893489, 0.46210826, 0.05374455, 0.14746052, 0]),
    (al.alpha_iou_loss, {"base": "ciou", "alpha": 3.0}, [0.92129140, 1.07446759, 0.87503055, 1.00376276, 0]),
    (al.unified_iou_loss, {"ratio": 1.0}, [0.59291342, 1.44480756, 0.53449813, 1.10240311, 0]),
    (al.inner_iou_loss, {"ratio": 1.0, "base": "eiou"}, [0.75192037, 1.53257237, 0.78125, 1.70847225, 0]),
]


@pytest.mark.parametrize(("loss", "knobs", "expected"), DERIVED)
def test_derived_table(loss: Any, knobs: dict[str, Any], expected: list[float]) -> None:
    np.testing.assert_allclose(loss(*both("ABCDE"), **knobs), expected, rtol=0, atol=6e-9)


def test_wise_iou_of_the_derived_table() -> None:
    loss, mean = al.wise_iou_loss(*both("ABCDE"), mean=1.0, version=1)
    np.testing.assert_allclose(loss, [0.58325897, 1.52301155, 0.51587170, 1.10595228, 0], rtol=0, atol=6e-9)
    # 1 - IoU is 4/7, 1, 1/2, 17/18 and 0.
    assert mean == pytest.approx(0.99 + 0.01 * (4 / 7 + 1 + 1 / 2 + 17 / 18) / 5, abs=1e-15)


def test_bounded_iou_of_the_derived_table() -> None:
    """mmdetection adds an eps of 1e-3 to its denominators, which is in the fourth digit of the derived numbers."""
    found = al.bounded_iou_loss(*both("ABCDE"), beta=0.2)
    np.testing.assert_allclose(found, [1.17158169, 2.60024994, 1.30025112, 2.81243880, 1e-7], rtol=0, atol=4e-4)
    # By hand. A: l = 1 - 6/14, 1 - 4/8, 0 and 1 - 6/10, less 0.1 each if not 0.
    np.testing.assert_allclose(found[[0, 2]], [4 / 7 + 1 / 2 + 2 / 5 - 0.3, 1 + 1 / 2 - 0.2], rtol=0, atol=1e-15)


def test_overlaps_of_the_derived_table() -> None:
    """IoU and the IoU of A and B within each box: 48/100 of the one, 48/60 of the other."""
    pred, target = both("AB")
    np.testing.assert_allclose(al.iou(pred, target), [A_IOU, 0], rtol=0, atol=1e-15)
    np.testing.assert_allclose(al.iof(pred, target), [0.48, 0], rtol=0, atol=1e-15)
    np.testing.assert_allclose(al.ioa(pred, target), [0.8, 0], rtol=0, atol=1e-15)


# The forms that circulate under the same names give other numbers -----------------------------------------------------


def test_siou_does_not_reward_distance() -> None:
    """mmdetection's default has the other sign in its exponent: derived, .5544 for A and .4948 for B, far apart."""
    overlapping, apart = al.siou_loss(*both("AB"))
    assert apart > 1 > overlapping
    assert (overlapping, apart) != (pytest.approx(0.55435151), pytest.approx(0.49475516))


def test_mmdet_eiou_is_extended_iou() -> None:
    """Extended, not Efficient: A costs 0.52 and not 0.75."""
    pred, target = both("A")
    assert al.extended_iou_loss(pred, target, smooth_point=0.1)[0] == pytest.approx(4 / 7 - 0.05, abs=1e-15)
    assert al.eiou_loss(pred, target)[0] == pytest.approx(0.75192037, abs=6e-9)


def test_mpdiou_is_normalized_by_the_diagonal_of_the_image() -> None:
    """By hand for B: d1^2 = 36 + 25, d2^2 = 16 + 49; ports divide by H W or by 640^2."""
    pred, target = both("B")
    assert al.mpdiou_loss(pred, target, image_size=(6, 8))[0] == pytest.approx(1 + 126 / 100, abs=1e-15)
    assert al.mpdiou_loss(pred, target, image_size=(9, 12))[0] == pytest.approx(1 + 126 / 225, abs=1e-15)


def test_powerful_iou_returns_a_loss() -> None:
    """By hand for C: one of four edges is 1 away from a target 1 wide, P = 1/4."""
    pred, target = both("C")
    p = 1 / 4
    first = 2 - 1 / 2 - math.exp(-(p**2))
    assert al.powerful_iou_loss(pred, target, version=1)[0] == pytest.approx(first, abs=1e-15)
    q = 1.3 * math.exp(-p)
    assert al.powerful_iou_loss(pred, target)[0] == pytest.approx(3 * q * math.exp(-(q**2)) * first, abs=1e-15)


def test_nwd_of_identical_boxes_is_exactly_0() -> None:
    """The authors' eps makes it 2.5e-5."""
    assert al.nwd_loss(*both("E")).tolist() == [0.0]
    # By hand for C: the centres are 1/2 apart, the widths differ by 1.
    expected = 1 - math.exp(-math.sqrt(1 / 4 + 1 / 4) / 12.8)
    assert al.nwd_loss(*both("C"))[0] == pytest.approx(expected, abs=1e-15)


def test_wise_iou_holds_the_hull_constant() -> None:
    """By hand for B, where nothing overlaps: the gradient is that of rho^2 / c^2 along the centres, c^2 = 64 + 81."""
    pred, target = both("B")
    gradient = al.grad(lambda pred: al.wise_iou_loss(pred, target, mean=1.0, version=1, reduction="sum")[0])(pred)
    value = math.exp((25 + 36) / 145)
    # dx = -5, dy = -6, and each edge moves the centre by half.
    expected = [[-5 * value / 145, -6 * value / 145, -5 * value / 145, -6 * value / 145]]
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-15)


def test_wise_iou_is_weighed_by_the_running_mean() -> None:
    """By hand for B with 1 - IoU = 1 and a mean of 1/2: b = 2."""
    pred, target = both("B")
    plain = math.exp(61 / 145)
    second, _ = al.wise_iou_loss(pred, target, mean=0.5, version=2, gamma=0.5)
    third, mean = al.wise_iou_loss(pred, target, mean=0.5, momentum=0.25)
    assert second[0] == pytest.approx(math.sqrt(2) * plain, abs=1e-15)
    assert third[0] == pytest.approx(2 / (3 * 1.9**-1) * plain, abs=2e-15)
    assert mean == pytest.approx(0.75 * 0.5 + 0.25 * 1, abs=1e-15)


def test_focaler_iou_stretches_the_iou() -> None:
    """By hand: (3/7 - 1/4) / (3/4 - 1/4) for A; 1/18 is below the interval, 1 above."""
    found = al.focaler_iou_loss(*both("ADE"), low=0.25, high=0.75)
    np.testing.assert_allclose(found, [1 - (3 / 7 - 1 / 4) * 2, 1, 0], rtol=0, atol=1e-15)


# ioa ------------------------------------------------------------------------------------------------------------------


def test_detectron2_pairwise_ioa() -> None:
    """detectron2 tests/structures/test_boxes.py: of a unit box, the share of each other box that lies in it."""
    unit = boxes([0, 0, 1, 1])
    others = boxes(
        [0, 0, 1, 1], [0, 0, 0.5, 1], [0, 0, 1, 0.5], [0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1], [0.5, 0.5, 1.5, 1.5]
    )
    assert al.ioa(unit[:, None, :], others[None, :, :]).tolist() == [[1, 1, 1, 1, 1, 0.25]]
    assert al.iof(others[:, None, :], unit[None, :, :]).tolist() == [[1], [1], [1], [1], [1], [0.25]]
