"""Losses and measures of boxes against numbers printed in papers and in other projects' own tests.

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
A_IOU, D_IOU = 3 / 7, 1 / 18


def boxes(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


def both(names: str) -> tuple[Any, Any]:
    return boxes(*(PAIRS[name][0] for name in names)), boxes(*(PAIRS[name][1] for name in names))


# Derived: one row per loss, columns A to E. The rows of IoU, of C and of E can be redone with a pencil.
DERIVED = [
    (al.iou_loss, {}, [1 - A_IOU, 1, 1 / 2, 1 - D_IOU, 0]),
    (al.iou_loss, {"form": "log"}, [-math.log(A_IOU), -math.log(1e-6), math.log(2), math.log(18), 0]),
    (al.iou_loss, {"form": "square"}, [1 - A_IOU**2, 1, 3 / 4, 1 - D_IOU**2, 0]),
    (al.giou_loss, {}, [0.63809524, 16 / 9, 1 / 2, 1.03535354, 0]),
    (al.diou_loss, {}, [0.59192037, 1.42068966, 17 / 32, 1.10230961, 0]),
    (al.ciou_loss, {}, [0.59291342, 1.44480756, 0.53449813, 1.10240311, 0]),
    (al.ciou_loss, {"gate": 0.5}, [0.59192037, 1.42068966, 17 / 32, 1.10230961, 0]),
    (al.eiou_loss, {}, [0.75192037, 1.53257237, 25 / 32, 1.70847225, 0]),
    (
        al.focal_eiou_loss,
        {},
        [math.sqrt(A_IOU) * 0.75192037, 0, math.sqrt(1 / 2) * 25 / 32, math.sqrt(D_IOU) * 1.70847225, 0],
    ),
    (al.focal_eiou_loss, {"gamma": 0}, [0.75192037, 1.53257237, 25 / 32, 1.70847225, 0]),
]


@pytest.mark.parametrize(("loss", "knobs", "expected"), DERIVED)
def test_derived_table(loss: Any, knobs: dict[str, Any], expected: list[float]) -> None:
    np.testing.assert_allclose(loss(*both("ABCDE"), **knobs), expected, rtol=0, atol=6e-9)


def test_detectron2_tells_ciou_from_diou() -> None:
    """detectron2 tests/layers/test_losses.py, the only upstream test of unequal shapes: .5345; nine digits derived."""
    pred, target = both("C")
    assert al.ciou_loss(pred, target)[0] == pytest.approx(0.534498129, abs=5e-10)
    assert al.diou_loss(pred, target)[0] == 0.53125


def test_detectron2_sums_and_means() -> None:
    """The same file: the pair above and two unit squares corner to corner."""
    pred, target = boxes([-1, -1, 1, 1], [0, 0, 1, 1]), boxes([0, -1, 1, 1], [1, 1, 2, 2])
    assert al.diou_loss(pred, target, reduction="sum") == pytest.approx(1.78125)
    assert al.diou_loss(pred, target, reduction="mean") == pytest.approx(0.890625)
    assert al.ciou_loss(pred, target, reduction="sum") == pytest.approx(1.7845, abs=5e-5)
    assert al.ciou_loss(pred, target, reduction="mean") == pytest.approx(0.89225, abs=5e-5)


B1, B2, B3, B4 = [-1, -1, 1, 1], [0, 0, 1, 1], [0, 1, 1, 2], [1, 1, 2, 2]

ELEMENTARY = [  # fvcore tests/test_giou_loss.py (GIoU) and torchvision test/test_ops.py (all three); fractions by hand
    (B1, B1, 0, 0),
    (B1, B2, 3 / 4, 13 / 16),
    (B1, B3, 7 / 6, 31 / 26),  # GIoU derived
    (B1, B4, 13 / 9, 5 / 4),  # GIoU derived
    (B2, B3, 1, 6 / 5),
    (B2, B4, 3 / 2, 5 / 4),
]


@pytest.mark.parametrize(("pred", "target", "giou", "diou"), ELEMENTARY)
def test_elementary_boxes(pred: list[float], target: list[float], giou: float, diou: float) -> None:
    first, second = boxes(pred), boxes(target)
    assert al.giou_loss(first, second)[0] == pytest.approx(giou, abs=1e-12)
    assert al.diou_loss(first, second)[0] == pytest.approx(diou, abs=1e-12)
    # Both are squares: CIoU's third term is nothing.
    assert al.ciou_loss(first, second)[0] == pytest.approx(diou, abs=1e-12)


@pytest.mark.parametrize(("loss", "total"), [(al.giou_loss, 2.5), (al.diou_loss, 2.45), (al.ciou_loss, 2.45)])
def test_reductions_of_fvcore_and_torchvision(loss: Any, total: float) -> None:
    pred, target = boxes(B2, B2), boxes(B3, B4)
    assert loss(pred, target, reduction="sum") == pytest.approx(total)
    assert loss(pred, target, reduction="mean") == pytest.approx(total / 2)


@pytest.mark.parametrize("loss", [al.giou_loss, al.diou_loss, al.ciou_loss])
def test_no_boxes(loss: Any) -> None:
    """fvcore and torchvision: the mean of no boxes is 0, and so is its gradient."""
    none = np.zeros((0, 4))
    value, gradient = al.value_and_grad(lambda pred: loss(pred, none, reduction="mean"))(none)
    assert value == 0.0
    assert gradient.shape == (0, 4)


def test_ciou_weight_is_constant_for_the_gradient() -> None:
    """Pair A, derived with alpha held constant; with alpha differentiated the first number would be -.04359."""
    gradient = al.grad(lambda pred: al.ciou_loss(pred, both("A")[1], reduction="sum"))(both("A")[0])
    np.testing.assert_allclose(gradient, [[-0.04404, -0.04109, -0.04687, 0.03289]], atol=5e-6)


# Pairwise tables ------------------------------------------------------------------------------------------------------

INTEGERS = boxes([0, 0, 100, 100], [0, 0, 50, 50], [200, 200, 300, 300], [0, 0, 25, 25])

TORCHVISION_TABLES = [  # torchvision test/test_ops.py, four boxes against the first three
    (al.iou, [[1, 0.25, 0], [0.25, 1, 0], [0, 0, 1], [0.0625, 0.25, 0]]),
    (al.giou, [[1, 0.25, -0.7778], [0.25, 1, -0.8611], [-0.7778, -0.8611, 1], [0.0625, 0.25, -0.8819]]),
    (al.diou, [[1, 0.1875, -0.4444], [0.1875, 1, -0.5625], [-0.4444, -0.5625, 1], [-0.0781, 0.1875, -0.6267]]),
    (al.ciou, [[1, 0.1875, -0.4444], [0.1875, 1, -0.5625], [-0.4444, -0.5625, 1], [-0.0781, 0.1875, -0.6267]]),
]


@pytest.mark.parametrize(("measure", "expected"), TORCHVISION_TABLES)
def test_torchvision_integer_table(measure: Any, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(measure(INTEGERS[:, None, :], INTEGERS[None, :3, :]), expected, rtol=0, atol=5e-5)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (al.iou, [[1, 0.9933, 0.9673], [0.9933, 1, 0.9737], [0.9673, 0.9737, 1]]),
        (al.giou, [[1, 0.9933, 0.9671], [0.9933, 1, 0.9736], [0.9671, 0.9736, 1]]),  # derived
        (al.diou, [[1, 0.9933, 0.9672], [0.9933, 1, 0.9737], [0.9672, 0.9737, 1]]),  # derived
        (al.ciou, [[1, 0.9933, 0.9672], [0.9933, 1, 0.9737], [0.9672, 0.9737, 1]]),  # derived
    ],
)
def test_torchvision_float_table(measure: Any, expected: list[list[float]]) -> None:
    """torchvision test/test_ops.py, in its float32."""
    pixels = np.asarray(
        [
            [285.3538, 185.5758, 1193.5110, 851.4551],
            [285.1472, 188.7374, 1192.4984, 851.0669],
            [279.2440, 197.9812, 1189.4746, 849.2019],
        ],
        dtype=np.float32,
    )
    np.testing.assert_allclose(measure(pixels[:, None, :], pixels[None, :, :]), expected, rtol=0, atol=5.1e-5)


def test_mmdet_aligned_giou() -> None:
    """mmdet bbox_overlaps, docstring."""
    first = boxes([0, 0, 10, 10], [10, 10, 20, 20], [32, 32, 38, 42])
    second = boxes([0, 0, 10, 20], [0, 10, 10, 19], [10, 10, 20, 20])
    np.testing.assert_allclose(al.giou(first, second), [0.5, -0.05, -0.8214], rtol=0, atol=5e-5)


def test_mmdet_giou_cost() -> None:
    """mmdet IoUCost, docstring of match_cost.py: the cost is -GIoU."""
    pred, target = boxes([1, 1, 2, 2], [2, 2, 3, 4]), boxes([0, 0, 2, 4], [1, 2, 3, 4])
    cost = -al.giou(pred[:, None, :], target[None, :, :])
    np.testing.assert_allclose(cost, [[-1 / 8, 1 / 6], [1 / 6, -1 / 2]], atol=1e-12)


def test_detectron2_pairwise_iou() -> None:
    """detectron2 tests/structures/test_boxes.py."""
    unit = boxes([0, 0, 1, 1])
    others = boxes(
        [0, 0, 1, 1], [0, 0, 0.5, 1], [0, 0, 1, 0.5], [0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1], [0.5, 0.5, 1.5, 1.5]
    )
    expected = [[1, 0.5, 0.5, 0.25, 0.25, 0.25 / 1.75]]
    np.testing.assert_allclose(al.iou(unit[:, None, :], others[None, :, :]), expected, atol=1e-12)


def test_keras() -> None:
    """keras iou_test.py; its boxes are (y1, x1, y2, x2), which changes none of these numbers."""
    box = boxes([100, 101, 200, 201])
    near, half = boxes([101, 102, 201, 202]), boxes([150, 150, 250, 250])
    assert al.iou(box, near)[0] == pytest.approx(0.96097656633, abs=5e-12)
    # keras adds an eps of 1e-7 to its denominators, which is in the last digits.
    assert al.ciou(box, near)[0] == pytest.approx(0.96087853672, abs=1e-11)
    assert al.ciou(box, half)[0] == pytest.approx(0.036492417, abs=3e-7)
    far = al.ciou(boxes([1000, 1000, 1500, 1500]), boxes([2000, 2000, 2500, 2500]))
    assert far[0] == pytest.approx(-0.44444444435, abs=1e-9)


def test_keras_cv_giou_mean() -> None:
    """keras-cv GIoU loss test, its (left, top, width, height) turned into corners."""
    target = boxes([0, 0, 1, 1], [0, 0, 2, 3], [4, 5, 7, 11], [2, 2, 5, 5])
    pred = boxes([0, 0, 5, 6], [0, 0, 7, 3], [4, 5, 9, 11], [2, 1, 5, 4])
    assert al.giou_loss(pred, target, reduction="mean") == pytest.approx(0.6452381, abs=5e-8)


def test_mmcv_aligned_iou() -> None:
    """mmcv bbox_overlaps: boxes of side 20, shifted by 10 along both axes."""
    first = boxes(*([10 + i, 10 + i, 30 + i, 30 + i] for i in range(4)))
    np.testing.assert_allclose(al.iou(first, first + 10), [1 / 7] * 4, atol=1e-15)


# CDIoU, which no other project tests ----------------------------------------------------------------------------------


def test_cdiou_of_a_shift() -> None:
    """By hand, arXiv:2103.11696: every corner is 5 away, the hull is 5 by 6, nothing overlaps."""
    pred, target = boxes([0, 0, 2, 2]), boxes([3, 4, 5, 6])
    corners = 5 / math.sqrt(61)
    assert al.cdiou_loss(pred, target)[0] == pytest.approx(1 + corners, abs=1e-12)
    # GIoU: C = 30, U = 8. DIoU: the centres are 5 apart as well.
    assert al.cdiou_loss(pred, target, base="giou")[0] == pytest.approx(1 + 22 / 30 + corners, abs=1e-12)
    assert al.cdiou_loss(pred, target, base="diou")[0] == pytest.approx(1 + 25 / 61 + corners, abs=1e-12)
    assert al.cdiou_loss(pred, target, base="ciou")[0] == pytest.approx(1 + 25 / 61 + corners, abs=1e-12)


def test_cdiou_of_a_stretch() -> None:
    """By hand: two corners coincide, two are 3 apart; the hull is 3 by 4 with diagonal 5, IoU 1/4."""
    assert al.cdiou_loss(boxes([0, 0, 3, 4]), boxes([0, 0, 3, 1]))[0] == pytest.approx(3 / 4 + 6 / 20, abs=1e-12)
