"""Formats and codings against numbers of other projects' own tests, and small ones for a pencil."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from array_losses.coding import (
    box_area,
    box_corners,
    boxes_to_distances,
    clip_boxes,
    convert_boxes,
    corners_to_boxes,
    decode_deltas,
    distances_to_boxes,
    encode_deltas,
    masks_to_boxes,
    normalize_angles,
)
from benchmarks import peers_torchvision


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


# torchvision test/test_ops.py: TestBoxConvert, TestBoxArea ------------------------------------------------------------

XYXY = numbers([0, 0, 100, 100], [0, 0, 0, 0], [10, 15, 30, 35], [23, 35, 93, 95])
SAME = {
    "xyxy": XYXY,
    "xywh": numbers([0, 0, 100, 100], [0, 0, 0, 0], [10, 15, 20, 20], [23, 35, 70, 60]),
    "cxcywh": numbers([50, 50, 100, 100], [0, 0, 0, 0], [20, 25, 20, 20], [58, 65, 70, 60]),
    # By hand from here on: columns exchanged; an image 50 high and 200 wide; angle 0; corners.
    "yxyx": XYXY[:, [1, 0, 3, 2]],
    "rel_xyxy": numbers([0, 0, 0.5, 2], [0, 0, 0, 0], [0.05, 0.3, 0.15, 0.7], [0.115, 0.7, 0.465, 1.9]),
    "rel_xywh": numbers([0, 0, 0.5, 2], [0, 0, 0, 0], [0.05, 0.3, 0.1, 0.4], [0.115, 0.7, 0.35, 1.2]),
    "rel_cxcywh": numbers([0.25, 1, 0.5, 2], [0, 0, 0, 0], [0.1, 0.5, 0.1, 0.4], [0.29, 1.3, 0.35, 1.2]),
    "rel_yxyx": numbers([0, 0, 2, 0.5], [0, 0, 0, 0], [0.3, 0.05, 0.7, 0.15], [0.7, 0.115, 1.9, 0.465]),
    "cxcywhr": numbers([50, 50, 100, 100, 0], [0, 0, 0, 0, 0], [20, 25, 20, 20, 0], [58, 65, 70, 60, 0]),
    "xyxyxyxy": numbers(
        [[0, 0], [100, 0], [100, 100], [0, 100]],
        [[0, 0], [0, 0], [0, 0], [0, 0]],
        [[10, 15], [30, 15], [30, 35], [10, 35]],
        [[23, 35], [93, 35], [93, 95], [23, 95]],
    ),
}


@pytest.mark.parametrize("to_format", SAME)
@pytest.mark.parametrize("from_format", SAME)
def test_every_format_in_every_other(from_format: str, to_format: str) -> None:
    found = convert_boxes(SAME[from_format], from_format, to_format, image_size=(50, 200))
    np.testing.assert_allclose(found, SAME[to_format], rtol=0, atol=1e-13)


def test_areas_of_torchvision() -> None:
    boxes = [
        [285.3538, 185.5758, 1193.5110, 851.4551],
        [285.1472, 188.7374, 1192.4984, 851.0669],
        [279.2440, 197.9812, 1189.4746, 849.2019],
    ]
    expected = [604723.0806, 600965.4666, 592761.0085]
    np.testing.assert_allclose(box_area(numbers(*boxes)), expected, rtol=0, atol=1e-4)
    # Its test of half precision: areas of float16 boxes with their own digits, not those of float16.
    halves = np.asarray([[2.825, 1.8625, 3.90, 4.85], [2.825, 4.875, 19.20, 5.10], [2.925, 1.80, 8.90, 4.90]])
    areas = box_area(halves.astype(np.float16))
    assert areas.dtype == np.float32
    np.testing.assert_allclose(areas, [3.2170, 3.7108, 18.5071], rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("format", "box", "area"),
    [
        ("xyxy", [1, 1, 4, 3], 6),
        ("xyxy", [4, 3, 1, 1], 0),  # torchvision: 6
        ("xyxy", [1, 3, 4, 1], 0),
        ("yxyx", [1, 1, 4, 3], 6),
        ("xywh", [9, 9, 4, 3], 12),
        ("cxcywh", [9, 9, 4, -3], 0),
        ("rel_xyxy", [0, 0, 0.5, 0.5], 0.25),
        ("cxcywhr", [9, 9, 4, 3, 1], 12),
        ("xyxyxyxy", [[0, 0], [4, 0], [4, 3], [0, 3]], 12),
        ("xyxyxyxy", [[0, 3], [4, 3], [4, 0], [0, 0]], 12),
        ("xyxyxyxy", [[0, 0], [4, 1], [5, 5], [1, 3]], 12.5),  # half of (5, 5) x (-3, 2)
    ],
)
def test_areas(format: str, box: Any, area: float) -> None:
    assert box_area(numbers(box)[0], format=format) == area


# Rotated --------------------------------------------------------------------------------------------------------------


def test_corners_of_scenic() -> None:
    """scenic test_box_utils.py: [1, 1, sqrt 2, sqrt 2, 45 degrees]."""
    box = numbers([1, 1, math.sqrt(2), math.sqrt(2), math.pi / 4])
    corners = numbers([[1, 0], [2, 1], [1, 2], [0, 1]])
    np.testing.assert_allclose(box_corners(box), corners, rtol=0, atol=1e-15)
    np.testing.assert_allclose(corners_to_boxes(corners), box, rtol=1e-15)
    np.testing.assert_allclose(convert_boxes(box, "cxcywhr", "xyxy"), [[0, 0, 2, 2]], rtol=0, atol=1e-15)


def test_corners_by_a_right_triangle() -> None:
    """Sides 10 and 5 along (4, 3)/5 and (-3, 4)/5: half of them are (4, 3) and (-1.5, 2)."""
    box = numbers([100, 50, 10, 5, math.atan2(3, 4)])
    corners = numbers([[97.5, 45], [105.5, 51], [102.5, 55], [94.5, 49]])
    np.testing.assert_allclose(box_corners(box), corners, rtol=1e-15)
    np.testing.assert_allclose(corners_to_boxes(corners), box, rtol=1e-15)
    np.testing.assert_allclose(convert_boxes(box, "cxcywhr", "xyxy"), [[94.5, 45, 105.5, 55]], rtol=1e-15)
    assert box_area(corners, format="xyxyxyxy") == 50


def test_hull_of_a_square_on_its_tip() -> None:
    hull = convert_boxes(numbers([0, 0, 2, 2, math.pi / 4]), "cxcywhr", "cxcywh")
    np.testing.assert_allclose(hull, [[0, 0, 2 * math.sqrt(2), 2 * math.sqrt(2)]], rtol=1e-15)


@pytest.mark.parametrize(
    ("corners", "box"),
    [
        ([[0, 0], [4, 0], [4, 2], [0, 2]], [2, 1, 4, 2, 0]),
        ([[4, 0], [4, 2], [0, 2], [0, 0]], [2, 1, 2, 4, math.pi / 2]),  # beginning elsewhere
        ([[0, 2], [4, 2], [4, 0], [0, 0]], [2, 1, 4, 2, 0]),  # the other way round
        ([[0, 4], [2, 4], [2, 0], [0, 0]], [1, 2, 2, 4, 0]),
        ([[4, 2], [0, 2], [0, 0], [4, 0]], [2, 1, 4, 2, math.pi]),
        ([[1, 5], [5, 2], [5, 2], [1, 5]], [3, 3.5, 5, 0, math.atan2(-3, 4)]),  # without height
        ([[1, 5], [1, 5], [4, 9], [4, 9]], [2.5, 7, 0, 5, math.atan2(-3, 4)]),  # without width: h along (3, 4)
        ([[7, 7], [7, 7], [7, 7], [7, 7]], [7, 7, 0, 0, 0]),
    ],
)
def test_boxes_of_corners(corners: Any, box: Any) -> None:
    np.testing.assert_allclose(corners_to_boxes(numbers(corners)), [box], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("box", "le90", "le135", "oc"),
    [
        ((2, 6, 30), (6, 2, -60), (6, 2, 120), (2, 6, 30)),
        ((6, 2, -30), (6, 2, -30), (6, 2, -30), (2, 6, 60)),
        ((6, 2, 200), (6, 2, 20), (6, 2, 20), (6, 2, 20)),
        ((6, 2, 0), (6, 2, 0), (6, 2, 0), (2, 6, 90)),
        ((6, 2, 90), (6, 2, -90), (6, 2, 90), (6, 2, 90)),
        ((6, 2, -45), (6, 2, -45), (6, 2, -45), (2, 6, 45)),
        ((6, 2, 135), (6, 2, -45), (6, 2, -45), (2, 6, 45)),
        ((6, 2, 180), (6, 2, 0), (6, 2, 0), (2, 6, 90)),
        ((2, 6, -1000), (6, 2, -10), (6, 2, -10), (2, 6, 80)),  # -1000 + 90 = -910 = -10 - 5 * 180
        ((2, 2, 170), (2, 2, -10), (2, 2, -10), (2, 2, 80)),
    ],
)
def test_angles(box: Any, le90: Any, le135: Any, oc: Any) -> None:
    given = numbers([7, 8, *box])
    for convention, expected in (("le90", le90), ("le135", le135), ("oc", oc)):
        found = normalize_angles(given, convention=convention, degrees=True)
        np.testing.assert_array_equal(found, [[7, 8, *expected]], err_msg=convention)
        given[0, 4] = math.radians(box[2])
        found = normalize_angles(given, convention=convention)
        # In radians some bounds are not met exactly; the rectangle is the same then, turned by 180 degrees.
        turn = (found[0, 4] - math.radians(expected[2])) / math.pi
        assert abs(turn - round(turn)) < 1e-15
        np.testing.assert_array_equal(found[0, 2:4], expected[:2])
        given[0, 4] = box[2]


# Codings --------------------------------------------------------------------------------------------------------------


def test_distances_of_mmyolo() -> None:
    """tests/test_models/test_task_modules/test_coders/test_distance_point_bbox_coder.py"""
    points = numbers([74, 61], [-29, 106], [138, 61], [29, 170])
    pred = numbers([0, -1, 3, 3], [-1, -7, -4.8, 9], [-23, -1, 12, 1], [14.5, -13, 10, 18.3])
    stride = numbers([2], [4], [6], [6])
    expected = numbers([74, 63, 80, 67], [-25, 134, -48.2, 142], [276, 67, 210, 67], [-58, 248, 89, 279.8])
    np.testing.assert_allclose(distances_to_boxes(points, pred * stride), expected, rtol=1e-14)
    np.testing.assert_allclose(boxes_to_distances(points, expected) / stride, pred, rtol=1e-13, atol=1e-13)


def test_limited_distances() -> None:
    found = boxes_to_distances(numbers([5, 5]), numbers([1, 2, 20, 4]), limit=15.5 - 0.5)
    np.testing.assert_array_equal(found, [[4, 3, 15, 0]])


def test_deltas() -> None:
    """Anchor: centre (5, 10), 10 x 20. Box: centre (10, 5), 10 x 10."""
    anchor, box = numbers([0, 0, 10, 20]), numbers([5, 0, 15, 10])
    expected = numbers([0.5, -0.25, 0, math.log(0.5)])
    np.testing.assert_allclose(encode_deltas(box, anchor), expected, rtol=1e-15)
    weights = (10.0, 10.0, 5.0, 5.0)
    np.testing.assert_allclose(encode_deltas(box, anchor, weights=weights), expected * [weights], rtol=1e-15)
    np.testing.assert_allclose(decode_deltas(expected * [weights], anchor, weights=weights), box, rtol=0, atol=1e-14)


def test_where_ratios_end() -> None:
    """62.5 times 2 x 4 around (1, 2); beyond, the same, and nothing to learn."""
    anchor = numbers([0, 0, 2, 4])
    found = decode_deltas(numbers([0, 0, 9, 9]), anchor)
    np.testing.assert_allclose(found, [[1 - 62.5, 2 - 125, 1 + 62.5, 2 + 125]], rtol=1e-14)
    found = decode_deltas(numbers([0, 0, 9, 9]), anchor, max_log_ratio=0.0)
    np.testing.assert_array_equal(found, anchor)


def test_nothing_to_encode() -> None:
    """ln of the smallest normal number, and its way back to nothing; an anchor without width has no delta of it."""
    least = math.log(np.finfo(np.float64).smallest_normal)
    point, anchor = numbers([3, 4, 3, 4]), numbers([0, 0, 10, 20])
    np.testing.assert_allclose(encode_deltas(point, anchor), [[-0.2, -0.3, least, least]], rtol=1e-15)
    np.testing.assert_array_equal(decode_deltas(encode_deltas(point, anchor), anchor), point)
    thin = numbers([5, 0, 5, 20])
    np.testing.assert_array_equal(encode_deltas(anchor, thin), [[0, 0, 0, 0]])
    np.testing.assert_array_equal(encode_deltas(numbers([0, 10, 9, 20]), thin), [[0, 0.25, 0, math.log(0.5)]])
    np.testing.assert_array_equal(decode_deltas(numbers([1, 0, 1, 0]), thin), thin)
    # Inverted: empty, where the first edge is.
    np.testing.assert_array_equal(encode_deltas(numbers([3, 4, 1, 2]), anchor), encode_deltas(point, anchor))


def test_masks() -> None:
    masks = np.zeros((2, 2, 4, 5), dtype=bool)
    masks[0, 0, 1, 2] = True
    masks[0, 1, 1:3, 0] = masks[0, 1, 0, 4] = True
    masks[1, 0] = True
    np.testing.assert_array_equal(masks_to_boxes(masks), [[[2, 1, 2, 1], [0, 0, 4, 2]], [[0, 0, 4, 3], [0, 0, 0, 0]]])
    edges = [[[2, 1, 3, 2], [0, 0, 5, 3]], [[0, 0, 5, 4], [0, 0, 0, 0]]]
    np.testing.assert_array_equal(masks_to_boxes(masks, edges=True), edges)


# Clipping -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["xyxy", "xywh", "cxcywh", "yxyx"])
def test_clipping(format: str) -> None:
    """An image 60 high and 100 wide: cut at all edges, within, outside to the right, outside above."""
    boxes = numbers([-5, -7, 120, 90], [10, 15, 30, 35], [150, 10, 160, 20], [10, -20, 20, -10])
    expected = numbers([0, 0, 100, 60], [10, 15, 30, 35], [100, 10, 100, 20], [10, 0, 20, 0])
    found = clip_boxes(convert_boxes(boxes, "xyxy", format), (60, 100), format=format)
    np.testing.assert_array_equal(found, convert_boxes(expected, "xyxy", format))
    relative = clip_boxes(
        convert_boxes(boxes, "xyxy", f"rel_{format}", image_size=(60, 100)), None, format=f"rel_{format}"
    )
    again = convert_boxes(relative, f"rel_{format}", "xyxy", image_size=(60, 100))
    np.testing.assert_allclose(again, expected, rtol=0, atol=1e-13)


def test_an_image_for_each_batch() -> None:
    boxes = np.broadcast_to(numbers([-1, -1, 50, 50]), (2, 3, 4))
    sizes = np.asarray([[[20, 40]], [[60, 30]]])
    found = clip_boxes(boxes, sizes)
    np.testing.assert_array_equal(found[:, 2], [[0, 0, 40, 20], [0, 0, 30, 50]])
    found = convert_boxes(boxes, "xyxy", "rel_xyxy", image_size=sizes)
    np.testing.assert_allclose(found[:, 2], [[-1 / 40, -1 / 20, 50 / 40, 2.5], [-1 / 30, -1 / 60, 50 / 30, 50 / 60]])


# Peers, where installed -----------------------------------------------------------------------------------------------


def test_against_torchvision() -> None:
    try:
        torch, ops = peers_torchvision.load()
    except ImportError:
        pytest.skip("torchvision is not installed")

    rng = np.random.default_rng(3)
    boxes = np.concatenate([rng.uniform(0, 100, (50, 2)), rng.uniform(1, 30, (50, 2)), rng.uniform(-4, 4, (50, 1))], 1)
    degrees = boxes * [1, 1, 1, 1, -180 / math.pi]
    expected = ops.box_convert(torch.asarray(degrees), "cxcywhr", "xyxyxyxy").numpy().reshape(50, 4, 2)
    np.testing.assert_allclose(box_corners(boxes), expected, rtol=1e-6)
    masks = rng.uniform(size=(20, 30, 40)) < 0.004
    masks[:, 5, 6] = True
    np.testing.assert_array_equal(masks_to_boxes(masks), ops.masks_to_boxes(torch.asarray(masks)).numpy())


def test_against_ultralytics() -> None:
    ops: Any = pytest.importorskip("ultralytics.utils.ops")
    tal: Any = pytest.importorskip("ultralytics.utils.tal")
    import torch

    rng = np.random.default_rng(4)
    boxes = np.concatenate([rng.uniform(0, 99, (50, 2)), rng.uniform(1, 30, (50, 2)), rng.uniform(-1, 1, (50, 1))], 1)
    corners = box_corners(boxes)
    # It starts with the corner opposite to ours and runs the other way.
    np.testing.assert_allclose(ops.xywhr2xyxyxyxy(boxes), corners[:, [2, 1, 0, 3]], rtol=1e-12)
    found = normalize_angles(corners_to_boxes(corners), convention="le135")
    np.testing.assert_allclose(ops.xyxyxyxy2xywhr(corners), found, rtol=0, atol=2e-4)
    np.testing.assert_allclose(ops.xyxy2xywh(boxes[:, :4]), convert_boxes(boxes[:, :4], "xyxy", "cxcywh"), rtol=1e-12)
    points, distances = torch.asarray(boxes[:, :2]), torch.asarray(np.abs(boxes[:, 1:]))
    expected = tal.dist2bbox(distances, points, xywh=False)
    np.testing.assert_allclose(distances_to_boxes(points, distances), expected, rtol=1e-14)
