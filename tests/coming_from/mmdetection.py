"""mmdetection."""

from __future__ import annotations

from math import nan

from . import inputs, peers
from .tables import Page, Row, Table

BOXES = (
    Row("IoULoss()(pred, target)",
        "iou_loss(pred, target, form='log', **mean)",
        "the logarithm by default, which ends at IoU 1e-6 in both", "pred"),
    Row("IoULoss(mode='linear')(pred, target)",
        "iou_loss(pred, target, **mean)", "IoU is at least 1e-6 there", "pred", 3e-7, 0.0),
    Row("IoULoss(mode='square')(pred, target)",
        "iou_loss(pred, target, form='square', **mean)", "", "pred"),
    Row("GIoULoss()(pred, target)",
        "giou_loss(pred, target, **mean)", "areas are at least 1e-6 there, and not shifted", "pred"),
    Row("DIoULoss()(pred, target)",
        "diou_loss(pred, target, **mean)", "eps 1e-6", "pred", 3e-10, 6e-10),
    Row("DIoULoss()(pred / 640, target / 640)",
        "diou_loss(pred / 640, target / 640, **mean)", "the same eps, of boxes in 0 to 1", "pred", 2e-4, 3e-4),
    Row("CIoULoss()(pred, target)",
        "ciou_loss(pred, target, gate=0.5, **mean)", "counts alpha v from IoU 0.5 on; eps 1e-6", "pred", 3e-10, 6e-10),
    Row("CIoULoss()(pred, target)",
        "ciou_loss(pred, target, **mean)", "without the gate, as in the first paper", "pred", 0.02, 0.08),
    Row("CIoULoss()(pred, pred)",
        "ciou_loss(pred, pred, gate=0.5, **mean)",
        "a perfect match in float32: alpha is 0/0", both=(nan, 0.0), single=True),
    Row("EIoULoss()(pred, target)",
        "extended_iou_loss(pred, target, **mean)",
        "the Extended IoU, not the Efficient one, which is `eiou_loss`", "pred", 3e-10, 6e-10),
    Row("SIoULoss(neg_gamma=True)(pred, target)",
        "siou_loss(pred, target, **mean)", "the paper's sign; eps 1e-6; a loss ends at 2", "pred", 5e-10, 5e-8),
    Row("SIoULoss()(pred[2:3], target[2:3])",
        "siou_loss(pred[2:3], target[2:3])",
        "its default turns the sign of the exponent round: boxes apart", both=(0.4088, 1.434)),
    Row("BoundedIoULoss()(pred, target)",
        "bounded_iou_loss(pred, target, **mean) / 4", "the mean over the four terms; eps 1e-3", "pred", 5e-5, 2e-4),
    Row("GIoULoss()(pred, target, weight=factors, avg_factor=3)",
        "giou_loss(pred, target, weights=factors, normalizer=3, **mean)",
        "`avg_factor` has 1.2e-7 added", "pred", 4e-8),
    Row("GIoULoss()(pred, target, weight=factors)",
        "giou_loss(pred, target, weights=factors, normalizer=6, **mean)",
        "divides by the number of boxes, not by the sum of the weights", "pred"),
    Row("bbox_overlaps(pred, many)",
        "iou(pred[:, None], many)", "", "pred"),
    Row("bbox_overlaps(pred, target, mode='giou', is_aligned=True)",
        "giou(pred, target)", "", "pred"),
    Row("bbox_overlaps(pred, many, mode='iof')",
        "iof(pred[:, None], many)", "", "pred"),
    Row("bbox_overlaps(point, point)",
        "iou(point, point)", "boxes without area", both=(0.0, 0.0)),
    Row("bbox_xyxy_to_cxcywh(pred)",
        "convert_boxes(pred, 'xyxy', 'cxcywh')", "", "pred"),
    Row("bbox2distance(pred[:, :2], target, max_dis=16)",
        "boxes_to_distances(pred[:, :2], target, limit=15.9)", "ends at `max_dis` - 0.1"),
    Row("distance2bbox(pred[:, :2], target)",
        "distances_to_boxes(pred[:, :2], target)", "", "target"),
    Row("DeltaXYWHBBoxCoder(target_stds=(0.1, 0.1, 0.2, 0.2)).encode(pred, target)",
        "encode_deltas(target, pred, weights=(10, 10, 5, 5))",
        "anchors first there; weights are 1 / `target_stds`", "target", single=True),
    Row("DeltaXYWHBBoxCoder().decode(pred, target / 100)",
        "decode_deltas(target / 100, pred)", "ends the ratio of sides below, too", "target"),
)  # fmt: skip

CLASSES = (
    Row("FocalLoss()(scores, classes)",
        "sigmoid_focal_loss(scores, hot, **mean)",
        "classes there, with `num_classes` for the background; zeros and ones here", "scores"),
    Row("FocalLoss()(scores, classes, avg_factor=3)",
        "sigmoid_focal_loss(scores, hot, normalizer=3, **mean)", "`avg_factor` has 1.2e-7 added", "scores", 4e-8),
    Row("FocalLoss(activated=True)(probs, hot)",
        "sigmoid_focal_loss(log(probs / (1 - probs)), hot, **mean)", "probabilities there", "probs"),
    Row("QualityFocalLoss()(scores, (classes, quality.sum(-1)))",
        "quality_focal_loss(scores, quality, normalizer=R, **mean)",
        "the sum over the classes, the mean over rows", "scores"),
    Row("VarifocalLoss()(scores, quality)",
        "varifocal_loss(scores, quality, **mean)", "", "scores"),
    Row("VarifocalLoss(iou_weighted=False)(scores, quality)",
        "varifocal_loss(scores, quality, weights=where(quality > 0, 1 / quality, 1.0), normalizer=R * K, **mean)",
        "positives of weight 1", "scores"),
    Row("GaussianFocalLoss()(sigmoid(scores), peaks)",
        "gaussian_focal_loss(scores, peaks, **mean)",
        "probabilities there, 1e-12 in its logarithms; its `gamma` is our `beta`", "scores", 6e-12, 3e-11),
    Row("DistributionFocalLoss()(logits, distances)",
        "distribution_focal_loss(logits, distances, **mean)", "fails for a distance of the last bin", "logits"),
    Row("CrossEntropyLoss()(scores, classes)",
        "softmax_cross_entropy(scores, classes, **mean)", "", "scores"),
    Row("CrossEntropyLoss()(scores, ignored)",
        "softmax_cross_entropy(scores, ignored, ignore_index=-100, normalizer=R, **mean)",
        "divides by all rows unless `avg_non_ignore`", "scores"),
    Row("CrossEntropyLoss(avg_non_ignore=True)(scores, ignored)",
        "softmax_cross_entropy(scores, ignored, ignore_index=-100, **mean)",
        "`avg_factor` has 1.2e-7 added", "scores", 3e-8),
    Row("CrossEntropyLoss(class_weight=weights)(scores, classes)",
        "softmax_cross_entropy(scores, classes, class_weights=weights, normalizer=R, **mean)",
        "divides by the number of rows", "scores"),
    Row("CrossEntropyLoss(use_sigmoid=True)(scores, classes)",
        "sigmoid_binary_cross_entropy(scores, hot, **mean)", "", "scores", single=True),
    Row("SeesawLoss(num_classes=3, return_dict=False)(scores, classes % 3)",
        ("seesaw_loss(scores[:, :3], classes % 3, 0 * weights[:3], score_floor=0.01, **mean)[0] + "
         "softmax_cross_entropy(scores[:, 3:], 0 * classes, **mean)"),
        "the last two scores are objectness; it keeps its counts", "scores", single=True),
    Row("EQLV2Loss(num_classes=4)(scores, classes)",
        "equalization_loss_v2(scores, hot, 0 * scores[:2], normalizer=R, **mean)[0]",
        "divides by the rows; the last class is the background", "scores"),
    Row("((f := EQLV2Loss(num_classes=4))(scores, classes), f(scores, classes))[1]",
        ("equalization_loss_v2(scores, hot, known * equalization_loss_v2(constant(scores), hot, 0 * "
         "hot[:2])[1], normalizer=R, **mean)[0]"),
        "a second batch: the state stays 0 for the background", "scores", single=True),
    Row("GHMC()(scores, hot, ones)",
        "ghm_classification_loss(scores, hot, **mean)[0]",
        "its third argument is 0 for what is ignored: `where` here", "scores", single=True),
    Row("KnowledgeDistillationKLDivLoss(T=10)(scores, soft)",
        "100 * kl_divergence(softmax(scores / 10), softmax(soft / 10), **mean) / K",
        "logits on both sides; the mean over classes, times T^2", "scores"),
)  # fmt: skip

NUMBERS = (
    Row("L1Loss()(x, y)",
        "l1_loss(x, y, **mean)", "", "x"),
    Row("L1Loss()(x, y, weight=factors)",
        "l1_loss(x, y, weights=factors, normalizer=32, **mean)", "divides by the number of elements", "x"),
    Row("SmoothL1Loss(beta=1 / 9)(x, y)",
        "smooth_l1_loss(x, y, beta=1 / 9, **mean)", "", "x"),
    Row("MSELoss()(x, y)",
        "squared_error(x, y, **mean)", "", "x"),
    Row("BalancedL1Loss()(x, y)",
        "balanced_l1_loss(x, y, **mean)", "", "x"),
    Row("GHMR()(x, y, ones)",
        "ghm_regression_loss(x, y, **mean)[0]", "`avg_factor` has 1.2e-7 added", "x", 4e-9),
)  # fmt: skip

MASKS = (
    Row("DiceLoss()(logits, targets)",
        "sigmoid_dice_loss(logits, targets, axis=None, squared=True, smooth_denominator=2e-3, **mean)",
        "squares in the denominator and eps 1e-3 twice; all axes but the first are one region", "logits", single=True),
    Row("DiceLoss(naive_dice=True)(logits, targets)",
        "sigmoid_dice_loss(logits, targets, axis=None, smooth=1e-3, **mean)", "", "logits"),
)  # fmt: skip

EMBEDDINGS = (
    Row("TripletLoss()(embeddings[:8], groups[:8])",
        "batch_hard_triplet_loss(embeddings[:8], groups[:8], margin=0.3, **mean)",
        "distances by a matrix product, which cancels", "embeddings"),
    Row("TripletLoss()(embeddings, groups)",
        "batch_hard_triplet_loss(embeddings, groups, margin=0.3, **mean)",
        "an embedding without a pair is its own there; here it has no triplet", "embeddings", 0.2),
)  # fmt: skip

ASSIGNERS = (
    Row(("MaxIoUAssigner(0.5, 0.4).assign(instances(priors=anchors), instances(bboxes=boxes[0][mask[0]], "
         "labels=labels[0][mask[0]])).gt_inds"),
        ("where((a := max_iou_assign(anchors, boxes[0], mask[0], low_quality='best')).foreground, a.index + 1, "
         "where(a.ignored, -1, 0))"), "objects count from 1; 0 is background, -1 between the thresholds"),
    Row(("ATSSAssigner(topk=9).assign(instances(priors=anchors), list(level_sizes), "
         "instances(bboxes=boxes[0][mask[0]], labels=labels[0][mask[0]])).gt_inds"),
        "where((a := atss_assign(anchors, boxes[0], mask[0], level_sizes=level_sizes)).foreground, a.index + 1, 0)"),
    Row(("TaskAlignedAssigner(topk=13).assign(instances(priors=anchors, bboxes=pred_boxes[0], "
         "scores=scores[0]), instances(bboxes=boxes[0][mask[0]], labels=labels[0][mask[0]])).gt_inds"),
        ("where((a := task_aligned_assign(scores[0], pred_boxes[0], labels[0], boxes[0], mask[0], "
         "points=points, topk=13, alpha=1.0)).foreground, a.index + 1, 0)"), "centres are 0.01 pixels inside there"),
    Row(("SimOTAAssigner().assign(instances(priors=priors(points, strides), bboxes=pred_boxes[0], "
         "scores=scores[0]), instances(bboxes=boxes[0][mask[0]], labels=labels[0][mask[0]])).gt_inds"),
        ("where((a := simota_assign(scores[0], pred_boxes[0], labels[0], boxes[0], mask[0], points=points, "
         "strides=strides, radius=2.5, region='box and center')).foreground, a.index + 1, 0)"), single=True),
    Row(("HungarianAssigner([dict(type='FocalLossCost', weight=2.0), dict(type='BBoxL1Cost', weight=5.0, "
         "box_format='xywh'), dict(type='IoUCost', "
         "weight=2.0)]).assign(instances(bboxes=bbox_cxcywh_to_xyxy(query_boxes[0]), scores=query_logits[0]), "
         "instances(bboxes=bbox_cxcywh_to_xyxy(relative[0, :3]), labels=labels[0, :3]), {'img_shape': (1, "
         "1)}).gt_inds"),
        ("where((a := detr_loss(query_logits[0], query_boxes[0], labels[0], relative[0], mask[0], form='focal', "
         "costs=(2.0, 5.0, 2.0)).assignment).foreground, a.index + 1, 0)"), "costs are given one by one"),
    Row(("concat(*AnchorGenerator(strides=[8, 16, 32], ratios=[0.5, 1.0, 2.0], scales=[4]).grid_priors([(16, "
         "16), (8, 8), (4, 4)], device='cpu'))"),
        "anchor_boxes(((16, 16), (8, 8), (4, 4)), (8, 16, 32), sizes=((32,), (64,), (128,)), offset=0, like=points)",
        "sizes are `scales` times strides; centres in the corners of cells", single=True),
    Row("concat(*MlvlPointGenerator([8, 16, 32]).grid_priors([(16, 16), (8, 8), (4, 4)], device='cpu'))",
        "anchor_points(((16, 16), (8, 8), (4, 4)), (8, 16, 32), like=points)[0]", single=True),
)  # fmt: skip

PAGE = Page(
    "mmdetection",
    "mmdetection",
    "3.3.0",
    peers.mmdetection,
    {
        "boxes": Table(inputs.BOXES, BOXES),
        "classes": Table(inputs.ROWS | inputs.BINS, CLASSES),
        "numbers": Table(inputs.NUMBERS, NUMBERS),
        "masks": Table(inputs.PIXELS, MASKS),
        "embeddings": Table(inputs.EMBEDDINGS, EMBEDDINGS),
        "assigners": Table(inputs.SCENE, ASSIGNERS),
    },
)
