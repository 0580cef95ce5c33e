"""torchvision."""

from __future__ import annotations

from math import nan

from . import inputs, peers
from .tables import Page, Row, Table

LOSSES = (
    Row("generalized_box_iou_loss(pred, target)",
        "giou_loss(pred, target)", "eps 1e-7 in both denominators, of boxes in pixels", "pred", 3e-11, 6e-11),
    Row("generalized_box_iou_loss(pred / 640, target / 640)",
        "giou_loss(pred / 640, target / 640)", "the same eps, of boxes in 0 to 1", "pred", 9e-6, 3e-5),
    Row("generalized_box_iou_loss(pred, target, reduction='mean')",
        "giou_loss(pred, target, **mean)", "eps 1e-7", "pred", 3e-11, 6e-11),
    Row("generalized_box_iou_loss(point, point)",
        "giou_loss(point, point)", "a box without area against itself", both=(1.0, 1.0)),
    Row("distance_box_iou_loss(pred, target)",
        "diou_loss(pred, target)", "eps 1e-7", "pred", 3e-11, 6e-11),
    Row("distance_box_iou_loss(pred / 640, target / 640)",
        "diou_loss(pred / 640, target / 640)", "the same eps, of boxes in 0 to 1", "pred", 2e-5, 3e-5),
    Row("complete_box_iou_loss(pred, target)",
        "ciou_loss(pred, target)", "eps 1e-7, in the denominator of alpha as well", "pred", 4e-9, 7e-9),
    Row("complete_box_iou_loss(pred / 640, target / 640, eps=0.0)",
        "ciou_loss(pred / 640, target / 640)",
        "its `eps` does not reach IoU and distance: 1e-7 there all the same", "pred", 2e-5, 3e-5),
    Row("complete_box_iou_loss(point, point)",
        "ciou_loss(point, point)", "0/0 of the sides of a box without area", both=(nan, 1.0)),
    Row("sigmoid_focal_loss(scores, hot)",
        "sigmoid_focal_loss(scores, hot)", "", "scores"),
    Row("sigmoid_focal_loss(scores, soft, alpha=-1, gamma=1.5, reduction='sum')",
        "sigmoid_focal_loss(scores, soft, alpha=None, gamma=1.5, reduction='sum')",
        "without alpha: -1 there, `None` here", "scores"),
    Row("sigmoid_focal_loss(scores[:0], hot[:0], reduction='mean')",
        "sigmoid_focal_loss(scores[:0], hot[:0], **mean)", "the mean of nothing", both=(nan, 0.0)),
)  # fmt: skip

BOXES = (
    Row("box_iou(pred, many)",
        "iou(pred[:, None], many)", "a table there always; ours broadcasts", "pred"),
    Row("box_iou(point, point)",
        "iou(point, point)", "0/0 of two boxes without area", both=(nan, 0.0)),
    Row("generalized_box_iou(pred, many)",
        "giou(pred[:, None], many)", "", "pred"),
    Row("distance_box_iou(pred, many)",
        "diou(pred[:, None], many)", "eps 1e-7 in the distance", "pred", 3e-12),
    Row("complete_box_iou(pred, many)",
        "ciou(pred[:, None], many)", "eps 1e-7 in the denominator of alpha", "pred", 9e-9, 1e-8),
    Row("box_area(pred)",
        "box_area(pred)", "", "pred"),
    Row("box_area(-pred[:1])",
        "box_area(-pred[:1])", "a box with both sides inverted", both=(1344.0, 0.0)),
    Row("box_convert(pred, 'xyxy', 'cxcywh')",
        "convert_boxes(pred, 'xyxy', 'cxcywh')", "", "pred"),
    Row("box_convert(pred, 'xywh', 'xyxy')",
        "convert_boxes(pred, 'xywh', 'xyxy')", "xywh starts at the left top corner in both", "pred"),
    Row("clip_boxes_to_image(pred, (97, 115))",
        "clip_boxes(pred, (97, 115))", "(height, width) in both", "pred"),
    Row("masks_to_boxes(masks)",
        "masks_to_boxes(masks)", "indices of the outermost pixels; `edges=True` is their edges"),
    Row("masks_to_boxes(masks & False)",
        "masks_to_boxes(masks & False)", "an empty mask", both=(0.0, 0.0)),
    Row("BoxCoder((10, 10, 5, 5)).encode_single(pred, target)",
        "encode_deltas(pred, target, weights=(10, 10, 5, 5))", "", "pred"),
    Row("BoxCoder((1, 1, 1, 1)).decode_single(target / 100, pred)",
        "decode_deltas(target / 100, pred)", "", "target"),
    Row("BoxLinearCoder(False).encode(pred, target)",
        "boxes_to_distances((pred[:, :2] + pred[:, 2:]) / 2, target)",
        "from the centres of the first boxes", "target"),
)  # fmt: skip

ROTATED_BOXES = (
    Row("box_convert(pred * degrees, 'cxcywhr', 'xyxyxyxy').reshape(4, 4, 2)",
        "box_corners(pred)", "degrees, counter-clockwise, there; the same first corner", "pred"),
    Row("box_convert(corners.reshape(4, 8), 'xyxyxyxy', 'cxcywhr')",
        "corners_to_boxes(corners) * degrees",
        ("the angle of one edge there, of the mean of two here: as long as they are parallel the same, but not "
         "its gradient"), "corners", 0.0, 0.9),
)  # fmt: skip

DETECTORS = (
    Row(("RetinaNet().compute_loss(listed(labels, boxes, mask), {'cls_logits': class_logits, 'bbox_regression': "
         "box_deltas}, [anchors] * B)"),
        "retinanet_loss(class_logits, box_deltas, labels, boxes, mask, anchors=anchors, normalization='image')[1:3]",
        "objects come in a dict for each image there, padded here", "box_deltas"),
    Row(("RetinaNet(loss_type='giou').compute_loss(listed(labels, boxes, mask), {'cls_logits': class_logits, "
         "'bbox_regression': box_deltas}, [anchors] * B)"),
        ("retinanet_loss(class_logits, box_deltas, labels, boxes, mask, anchors=anchors, box_loss='giou', "
         "normalization='image')[1:3]"), "eps 1e-7", "box_deltas", 0.0, 8e-11),
    Row(("FCOS().compute_loss(listed(labels, boxes, mask), {'cls_logits': class_logits, 'bbox_regression': "
         "distances, 'bbox_ctrness': centerness[..., None]}, [cells] * B, list(level_sizes))"),
        ("fcos_loss(class_logits, distances, centerness, labels, boxes, mask, points=points, strides=strides, "
         "level_sizes=level_sizes, ranges=((0, 64), (64, 128), (128, inf)))[1:4]"),
        "eps 1e-7; its ranges are 4 to 8 strides of each level", "distances", 5e-12, 2e-10),
    Row("Matcher(0.5, 0.4, True)(box_iou(boxes[0, :3], anchors))",
        "where((a := max_iou_assign(anchors, boxes[0], mask[0])).foreground, a.index, where(a.ignored, -2, -1))",
        "-1 is background, -2 between the thresholds"),
    Row("AnchorGenerator(((16,), (32,), (64,)), ((0.5, 1.0, 2.0),) * 3)(images, features)[0]",
        ("anchor_boxes(((16, 16), (8, 8), (4, 4)), (8, 16, 32), sizes=((16,), (32,), (64,)), offset=0, "
         "like=points).round()"), "rounds; centres in the corners of cells", single=True),
)  # fmt: skip

PAGE = Page(
    "torchvision",
    "torchvision",
    "0.28.0",
    peers.torchvision,
    {
        "losses": Table(inputs.BOXES | inputs.ROWS, LOSSES),
        "boxes": Table(inputs.BOXES, BOXES),
        "rotated boxes": Table(inputs.ROTATED, ROTATED_BOXES),
        "detectors": Table(inputs.SCENE, DETECTORS),
    },
)
