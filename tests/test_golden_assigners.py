"""Assigners against numbers of other projects' own tests, in every library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from every_library import everywhere

from array_losses._array import namespace
from array_losses.detection import max_iou
from array_losses.detection.assignment import Assignment
from array_losses.detection.atss import atss_assign
from array_losses.detection.hungarian import hungarian_assign
from array_losses.detection.max_iou import max_iou_assign
from array_losses.detection.simota import simota_assign


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


def gt_inds(found: Assignment) -> Any:
    """As mmdetection counts: the number of the object from 1 on, 0 for background, -1 for ignored."""
    xp = namespace(found.index)
    zero = xp.zeros_like(found.index)
    return xp.where(found.foreground, found.index + 1, xp.where(found.ignored, zero - 1, zero))


PRIORS = numbers([0, 0, 10, 10], [10, 10, 20, 20], [5, 5, 15, 15], [32, 32, 38, 42])
OBJECTS = numbers([0, 0, 10, 9], [0, 10, 10, 19])
BOTH = np.asarray([True, True])


@pytest.mark.parametrize("low_quality", ["best", "own", None])
def test_max_iou_of_mmdetection(low_quality: str | None) -> None:
    """tests/test_models/test_task_modules/test_assigners/test_max_iou_assigner.py: MaxIoUAssigner(0.5, 0.5)."""

    def assign(anchors: Any, boxes: Any, mask: Any, *regions: Any) -> Any:
        crowd = {"ignore_boxes": regions[0]} if regions else {}
        return gt_inds(max_iou_assign(anchors, boxes, mask, background_iou=0.5, low_quality=low_quality, **crowd))

    # The third is the best of the second object, with 25/165; it is there for the low quality's sake.
    third = 2 if low_quality else 0
    np.testing.assert_array_equal(everywhere(assign, PRIORS, OBJECTS, BOTH), [1, 0, third, 0])
    # test_max_iou_assigner_with_ignore
    priors, crowd = numbers(*PRIORS[:3], [30, 32, 40, 42]), numbers([30, 30, 40, 40])
    np.testing.assert_array_equal(everywhere(assign, priors, OBJECTS, BOTH, crowd), [1, 0, third, -1])
    # test_max_iou_assigner_with_empty_gt, _with_empty_priors, _with_empty_priors_and_gt
    np.testing.assert_array_equal(everywhere(assign, PRIORS, OBJECTS[:0], BOTH[:0]), [0, 0, 0, 0])
    assert everywhere(assign, PRIORS[:0], OBJECTS, BOTH).shape == (0,)
    assert everywhere(assign, PRIORS[:0], OBJECTS[:0], BOTH[:0]).shape == (0,)


def test_atss_of_mmdetection() -> None:
    """test_atss_assigner.py: ATSSAssigner(topk=9), num_level_bboxes [4]."""

    def assign(anchors: Any, boxes: Any, mask: Any) -> Any:
        levels = (int(anchors.shape[0]),) if anchors.shape[0] else ()
        return gt_inds(atss_assign(anchors, boxes, mask, level_sizes=levels))

    np.testing.assert_array_equal(everywhere(assign, PRIORS, OBJECTS, BOTH), [1, 0, 0, 0])
    np.testing.assert_array_equal(everywhere(assign, PRIORS, OBJECTS[:0], BOTH[:0]), [0, 0, 0, 0])
    assert everywhere(assign, PRIORS[:0], OBJECTS, BOTH).shape == (0,)
    assert everywhere(assign, PRIORS[:0], OBJECTS[:0], BOTH[:0]).shape == (0,)


def test_simota_of_mmdetection() -> None:
    """test_simota_assigner.py: SimOTAAssigner(center_radius=2.5, candidate_topk=1, iou_weight=3.0, cls_weight=1.0)."""

    def assign(scores: Any, pred: Any, labels: Any, boxes: Any, mask: Any, points: Any, strides: Any) -> Any:
        options: Any = {"candidates": 1, "radius": 2.5, "region": "box and center"}
        return gt_inds(simota_assign(scores, pred, labels, boxes, mask, points=points, strides=strides, **options))

    pred, scores = numbers([23, 23, 43, 43], [4, 5, 6, 7]), numbers([0.2], [0.8])
    boxes, label, real = numbers([23, 23, 43, 43]), np.asarray([0]), np.asarray([True])
    points, strides = numbers([30, 30], [4, 5]), np.asarray([8.0, 6.0])
    found = everywhere(assign, scores, pred, label, boxes, real, points, strides)
    np.testing.assert_array_equal(found, [1, 0])
    # test_assign_with_no_valid_bboxes
    pred, boxes = numbers([123, 123, 143, 143], [114, 151, 161, 171]), numbers([0, 0, 1, 1])
    points, strides = numbers([30, 30], [55, 55]), np.asarray([8.0, 8.0])
    np.testing.assert_array_equal(everywhere(assign, scores, pred, label, boxes, real, points, strides), [0, 0])
    # test_assign_with_empty_gt
    found = everywhere(assign, scores, pred, label[:0], boxes[:0], real[:0], points, strides)
    np.testing.assert_array_equal(found, [0, 0])


@pytest.mark.parametrize(
    ("low_quality", "matches", "labels"),
    [
        ("own", [1, 1, 2, 0], [-1, 1, 0, 1]),  # tests/modeling/test_matcher.py of detectron2
        (None, [1, 1, 2, 0], [-1, -1, 0, -1]),
        # The second is the best of objects 1 and 2, with 0.65 and 0.4; the last of 0 and 2, with 0.6 and 0.4.
        ("best", [1, 1, 2, 0], [-1, 1, 0, 1]),
    ],
)
def test_matcher_of_detectron2(monkeypatch: Any, low_quality: str | None, matches: Any, labels: Any) -> None:
    """A matrix in place of boxes: Matcher([0.3, 0.7], [0, -1, 1], allow_low_quality_matches=True)."""
    matrix = numbers([0.15, 0.45, 0.2, 0.6], [0.3, 0.65, 0.05, 0.1], [0.05, 0.4, 0.25, 0.4])
    monkeypatch.setattr(max_iou, "iou", lambda boxes, anchors: matrix)
    anchors, boxes, mask = np.zeros((4, 4)), np.zeros((3, 4)), np.ones(3, dtype=bool)
    found = max_iou_assign(anchors, boxes, mask, foreground_iou=0.7, background_iou=0.3, low_quality=low_quality)
    np.testing.assert_array_equal(found.foreground * 1 - found.ignored * 1, labels)
    np.testing.assert_array_equal(found.index[found.foreground], np.asarray(matches)[found.foreground])


@pytest.mark.parametrize(
    ("cost", "index", "total"),
    [
        ([[4, 1, 3], [2, 0, 5], [3, 2, 2]], [1, 0, 2], 5.0),  # docstring of ultralytics' ops.linear_sum_assignment
        ([[-100, 100], [100, -100], [100, 100]], [0, 1, -1], -200.0),  # scenic tests/test_matchers.py
        ([[-100, 100], [100, 100], [100, -100]], [0, -1, 1], -200.0),
    ],
)
def test_hungarian(cost: Any, index: Any, total: float) -> None:
    cost = np.asarray(cost, dtype=np.float64)
    found = everywhere(lambda c, m: gt_inds(hungarian_assign(c, m)) - 1, cost, np.ones(cost.shape[1], dtype=bool))
    np.testing.assert_array_equal(found, index)
    assert sum(cost[q, g] for q, g in enumerate(index) if g >= 0) == total
