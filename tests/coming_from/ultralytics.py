"""ultralytics."""

from __future__ import annotations

from . import inputs, peers
from .tables import Page, Row, Table

LOSSES = (
    Row("1 - bbox_iou(pred, target, xywh=False)",
        "iou_loss(pred, target)", "eps 1e-7 on each height and in the denominator, of boxes in pixels", "pred", 4e-9),
    Row("1 - bbox_iou(pred, target, xywh=False, GIoU=True)",
        "giou_loss(pred, target)", "the same eps", "pred", 2e-9, 3e-9),
    Row("1 - bbox_iou(pred, target, xywh=False, DIoU=True)",
        "diou_loss(pred, target)", "the same eps", "pred", 3e-9, 4e-9),
    Row("1 - bbox_iou(pred, target, xywh=False, CIoU=True)",
        "ciou_loss(pred, target)", "the same eps, and in the denominator of alpha", "pred", 4e-9, 7e-9),
    Row("1 - bbox_iou(pred / 640, target / 640, xywh=False, CIoU=True)",
        "ciou_loss(pred / 640, target / 640)", "the same eps, of boxes in 0 to 1", "pred", 2e-5, 3e-5),
    Row("1 - bbox_iou(pred, target, CIoU=True)",
        "ciou_loss(*(convert_boxes(x, 'cxcywh', 'xyxy') for x in (pred, target)))",
        "`xywh=True`, the default there, is (cx, cy, w, h)", "pred", 4e-11, 4e-10),
    Row("1 - bbox_iou(point, point, xywh=False)",
        "iou_loss(point, point)", "a box without area against itself", both=(1.0, 1.0)),
    Row("1 - bbox_iou(pred[:1] / 1e6, pred[:1] / 1e6, xywh=False)",
        "iou_loss(pred[:1] / 1e6, pred[:1] / 1e6)", "equal boxes of 5e-5 x 3e-5", both=(0.9867, 0.0)),
)  # fmt: skip

BOXES = (
    Row("box_iou(pred, many)",
        "iou(pred[:, None], many)", "float32 there", "pred", single=True),
    Row("bbox_ioa(numpy(pred), numpy(many))",
        "ioa(pred[:, None], many)", "eps 1e-7; NumPy there", value=8e-11),
    Row("xyxy2xywh(pred)",
        "convert_boxes(pred, 'xyxy', 'cxcywh')", "its xywh is (cx, cy, w, h)", "pred"),
    Row("xywh2xyxy(pred)",
        "convert_boxes(pred, 'cxcywh', 'xyxy')", "", "pred"),
    Row("xyxy2ltwh(pred)",
        "convert_boxes(pred, 'xyxy', 'xywh')", "its ltwh is our xywh", "pred"),
    Row("xywhn2xyxy(target / 640, w=640, h=480)",
        "convert_boxes(target / 640, 'rel_cxcywh', 'xyxy', image_size=(480, 640))", "", "target"),
    Row("clip_boxes(pred, (97, 115))",
        "clip_boxes(pred, (97, 115))", "(height, width) in both; in place there"),
    Row("bbox2dist(pred[:, :2], target, 16)",
        "boxes_to_distances(pred[:, :2], target, limit=15.99)", "its end is `reg_max` - 0.01"),
    Row("dist2bbox(target, pred[:, :2], xywh=False)",
        "distances_to_boxes(pred[:, :2], target)", "(cx, cy, w, h) by default there", "target"),
    Row("TorchNMS.nms(concat(pred, target), ranks, 0.3).sort().values",
        "cluster_nms(concat(pred, target), ranks, iou_threshold=0.3).nonzero()",
        "indices there, scores with zeros here"),
    Row("TorchNMS.fast_nms(concat(pred, target), ranks, 0.3).sort().values",
        "fast_nms(concat(pred, target), ranks, iou_threshold=0.3).nonzero()", "indices there, scores with zeros here"),
)  # fmt: skip

ROTATED_BOXES = (
    Row("1 - probiou(pred, target)",
        "probiou_loss(pred, target)", "eps 1e-7 in each quotient and under each root", "pred", 3e-7, 7e-7),
    Row("1 - probiou(pred, target, floor=0.01)",
        "probiou_loss(pred, target)",
        "what `RotatedBboxLoss` calls: 0.01 is added to the variances", "pred", 2e-4, 3e-4),
    Row("1 - probiou(pred[:1], pred[:1])",
        "probiou_loss(pred[:1], pred[:1])", "equal boxes", both=(0.0004472, 0.0)),
    Row("batch_probiou(pred, target)",
        "probiou(pred[:, None], target)", "the same eps", "pred", 4e-7, 6e-7),
    Row("xywhr2xyxyxyxy(pred)",
        "box_corners(pred)[:, [2, 1, 0, 3]]", "another corner first, and the other way round", "pred"),
    Row("xyxyxyxy2xywhr(corners)",
        "normalize_angles(corners_to_boxes(corners), convention='le135')",
        "by OpenCV in float32: the smallest rectangle around any four points", single=True),
    Row("regularize_rboxes(pred)",
        "normalize_angles(pred, convention='oc')", "0 belongs to its range of angles, a right angle to ours", "pred"),
)  # fmt: skip

CLASSES_AND_BINS = (
    Row("FocalLoss(gamma=1.5, alpha=0.25)(scores, hot)",
        "sigmoid_focal_loss(scores, hot, gamma=1.5, reduction='sum') / K",
        "the mean over axis 1, then the sum", "scores"),
    Row("VarifocalLoss()(scores, quality, hot)",
        "varifocal_loss(scores, quality, reduction='sum') / K", "the same mean; float32 there", "scores", single=True),
    Row("DFLoss(16)(logits, distances.reshape(6, 4))",
        "distribution_focal_loss(logits, distances).reshape(6, 4).mean(-1)",
        "the mean over the four sides; `reg_max` is the number of bins", "logits"),
    Row("DFLoss(16)(logits, far.reshape(6, 4))",
        "distribution_focal_loss(logits, far.clip(0, 14.99)).reshape(6, 4).mean(-1)",
        "it ends distances at 14.99, in place", "logits"),
    Row("DFL(16)(logits.T.reshape(1, 4 * 16, 6))[0].T",
        "distribution_expectation(logits.T.reshape(4, 16, 6), axis=1).T",
        "bins in axis 1; float32 there", "logits", single=True),
)  # fmt: skip

MASKS = (
    Row("MultiChannelDiceLoss()(logits, targets)",
        "sigmoid_dice_loss(logits, targets, axis=1, smooth=1e-6, **mean)", "", "logits"),
    Row("BCEDiceLoss()(logits, targets)",
        ("0.5 * sigmoid_binary_cross_entropy(logits, targets, **mean) + 0.5 * sigmoid_dice_loss(logits, "
         "targets, axis=1, smooth=1, **mean)"), "", "logits"),
    Row("mask_iou(float32(truth[:, 0].flatten(1)), float32(hard[:, 0].flatten(1))).diagonal()",
        "1 - jaccard_loss(float32(hard[:, 0]), truth[:, 0], axis=None)", "a table there", single=True),
    Row("SemanticSegmentationLoss(model)(logits, {'semantic_mask': ignored})[0]",
        ("N * (softmax_cross_entropy(logits, ignored, axis=1, ignore_index=255, **mean) + "
         "softmax_dice_loss(logits, ignored, axis=1, batch_axes=(), ignore_index=255, smooth=1, **mean))"),
        "times the size of the batch", "logits", single=True),
)  # fmt: skip

KEYPOINTS = (
    Row("KeypointLoss(sigmas)(found, wanted, visible, areas[:, None])",
        "oks_loss(found, wanted, areas, sigmas=sigmas, visible=visible, **mean)",
        "the number of visible keypoints in float32 there", "found", 4e-8),
    Row("KeypointLoss(sigmas)(found, wanted, hidden, areas[:, None])",
        "oks_loss(found, wanted, areas, sigmas=sigmas, visible=hidden, normalizer=4, **mean)",
        "an object without a visible keypoint stays in the mean", "found", 0.0, 2e-12),
    Row("kpt_iou(stack(wanted[..., 0], wanted[..., 1], visible * 2), found, areas, sigmas.tolist())",
        "oks(found, wanted[:, None], areas[:, None], sigmas=sigmas, visible=visible[:, None])",
        "eps 1e-7; targets first", "found", 8e-11, 1e-10),
)  # fmt: skip

DETECTORS = (
    Row("v8DetectionLoss(model)(outputs(box_logits, class_logits), batch(labels, boxes, mask))[0].sum()",
        ("yolov8_detection_loss(box_logits, class_logits, labels, boxes, mask, anchors=points, strides=strides, "
         "metric_eps=1e-9, batch_scale=B).total"), "times the size of the batch", "box_logits", single=True),
    Row("v8DetectionLoss(model)(outputs(box_logits, class_logits), batch(labels, boxes, mask))[0].sum()",
        ("yolov8_detection_loss(box_logits, class_logits, labels, boxes, mask, anchors=points, strides=strides, "
         "metric_eps=1e-9, batch_scale=B).total"), "the same by the other head", "class_logits", single=True),
    Row(("v8SegmentationLoss(model)(outputs(box_logits, class_logits, mask_coefficient=coefficients) | "
         "{'proto': prototypes}, batch(labels, boxes, mask, masks=float32(masks[mask])))[0].sum()"),
        ("yolov8_segmentation_loss(box_logits, class_logits, coefficients, prototypes, labels, boxes, mask, "
         "masks, anchors=points, strides=strides, image_size=(128, 128), metric_eps=1e-9, batch_scale=B).total"),
        "", "coefficients", single=True),
    Row(("v8PoseLoss(model)(outputs(box_logits, class_logits, kpts=pose_outputs.flatten(2)), batch(labels, "
         "boxes, mask, keypoints=stack(keypoints[..., 0] / 128, keypoints[..., 1] / 128, visible * "
         "2.0)[mask]))[0].sum()"),
        ("yolov8_pose_loss(box_logits, class_logits, pose_outputs, labels, boxes, mask, keypoints, visible, "
         "anchors=points, strides=strides, sigmas=(0.2,) * 5, metric_eps=1e-9, batch_scale=B).total"),
        "for 17 keypoints it has COCO's sigmas", "pose_outputs", single=True),
    Row(("v8OBBLoss(model)(outputs(box_logits, class_logits, angle=angles[..., None]), batch(labels, rotated, "
         "mask))[0].sum()"),
        ("yolov8_obb_loss(box_logits, class_logits, angles, labels, rotated, mask, anchors=points, "
         "strides=strides, metric_eps=1e-9, batch_scale=B).total"), "eps of ProbIoU", "angles", single=True),
    Row(("E2ELoss(model)({'one2many': outputs(box_logits, class_logits), 'one2one': outputs(0.9 * box_logits, "
         "0.9 * class_logits)}, batch(labels, boxes, mask))[0].sum()"),
        ("yolov8_end_to_end_loss((box_logits, class_logits), (0.9 * box_logits, 0.9 * class_logits), labels, "
         "boxes, mask, anchors=points, strides=strides, metric_eps=1e-9, batch_scale=B).total"),
        "its shares move from (0.8, 0.2) to (0.1, 0.9) over the epochs: `shares`", "box_logits", single=True),
    Row(("E2EDetectLoss(model)({'one2many': outputs(box_logits, class_logits), 'one2one': outputs(0.9 * "
         "box_logits, 0.9 * class_logits)}, batch(labels, boxes, mask))[0].sum()"),
        ("yolov8_end_to_end_loss((box_logits, class_logits), (0.9 * box_logits, 0.9 * class_logits), labels, "
         "boxes, mask, anchors=points, strides=strides, topk=(10, 1), shares=(1.0, 1.0), second_topk=None, "
         "metric_eps=1e-9, batch_scale=B).total"), "", "box_logits", single=True),
    Row("v8ClassificationLoss()(query_logits[0], {'cls': labels[0].repeat(3)})[0]",
        "yolov8_classification_loss(query_logits[0], labels[0].repeat(3))", "", "query_logits"),
    Row(("DETRLoss(nc=4, aux_loss=False, use_vfl=True)(query_boxes[None], query_logits[None], {'cls': "
         "labels[mask], 'bboxes': relative[mask], 'gt_groups': [3, 2]})"),
        ("detr_loss(query_logits, query_boxes, labels, relative, mask, form='varifocal', costs=(2.0, 5.0, 2.0), "
         "gamma=1.5)[1:4]"), "eps 1e-7 of areas", "query_boxes", single=True),
    Row(("TaskAlignedAssigner(topk=10, num_classes=4, alpha=0.5)(scores, pred_boxes, points, labels[..., None], "
         "boxes, mask[..., None])[2].sum(-1)"),
        "task_aligned_assign(scores, pred_boxes, labels, boxes, mask, points=points, least_side=16).score",
        "1e-9 beside the largest metric: `metric_eps`", value=9e-9),
    Row("linear_sum_assignment(numpy(costs))[0]",
        "hungarian_assign(costs, mask[0, :3]).foreground.nonzero()",
        "indices of the matched rows there; an `Assignment` here"),
    Row("make_anchors(features, (8, 16, 32))",
        "(p := anchor_points(((16, 16), (8, 8), (4, 4)), (8, 16, 32), like=points))[0] / p[1][:, None], p[1]",
        "in units of strides there", single=True),
)  # fmt: skip

PAGE = Page(
    "ultralytics",
    "ultralytics",
    "8.4.190",
    peers.ultralytics,
    {
        "losses": Table(inputs.BOXES, LOSSES),
        "boxes": Table(inputs.BOXES, BOXES),
        "rotated boxes": Table(inputs.ROTATED, ROTATED_BOXES),
        "classes and bins": Table(inputs.ROWS | inputs.BINS, CLASSES_AND_BINS),
        "masks": Table(inputs.PIXELS, MASKS),
        "keypoints": Table(inputs.KEYPOINTS, KEYPOINTS),
        "detectors": Table(inputs.SCENE, DETECTORS),
    },
)
