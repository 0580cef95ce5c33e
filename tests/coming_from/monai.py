"""MONAI."""

from __future__ import annotations

from math import nan

from . import inputs, peers
from .tables import Page, Row, Table

REGIONS = (
    Row("DiceLoss(sigmoid=True)(logits, targets)",
        "sigmoid_dice_loss(logits, targets, axis=1, smooth=1e-5, **mean)", "", "logits"),
    Row("DiceLoss(softmax=True, to_onehot_y=True)(logits, labels[:, None])",
        "softmax_dice_loss(logits, labels, axis=1, smooth=1e-5, **mean)", "", "logits"),
    Row("DiceLoss(softmax=True, to_onehot_y=True, ignore_index=255)(logits, ignored[:, None])",
        "softmax_dice_loss(logits, ignored, axis=1, ignore_index=255, smooth=1e-5, **mean)", "", "logits"),
    Row("DiceLoss(softmax=True, include_background=False)(logits, targets)",
        "softmax_dice_loss(logits, targets, axis=1, smooth=1e-5, weights=foreground, **mean)",
        "the background weighs 0", "logits"),
    Row("DiceLoss(softmax=True, weight=weights)(logits, targets)",
        "softmax_dice_loss(logits, targets, axis=1, smooth=1e-5, weights=weights, normalizer=N * C, **mean)",
        "its mean does not divide by the weights", "logits"),
    Row("DiceLoss(sigmoid=True, batch=True)(logits, targets)",
        "sigmoid_dice_loss(logits, targets, axis=1, batch_axes=(), smooth=1e-5, **mean)", "", "logits"),
    Row("DiceLoss(sigmoid=True, squared_pred=True)(logits, targets)",
        "sigmoid_dice_loss(logits, targets, axis=1, squared=True, smooth=1e-5, **mean)", "", "logits"),
    Row("DiceLoss(soft_label=True)(probs, soft)",
        "dice_loss(probs, soft, axis=1, intersection='minimum', smooth=1e-5, **mean)", "", "probs"),
    Row("DiceLoss(jaccard=True)(probs, targets)",
        "jaccard_loss(probs, targets, axis=1, smooth=0.5e-5, **mean)", "its smoothing counts half", "probs"),
    Row("MaskedDiceLoss(sigmoid=True)(logits, targets, mask[:, None])",
        "sigmoid_dice_loss(logits, targets, axis=1, mask=mask, smooth=1e-5, **mean)",
        "from 1.6; before, it masked the logits and each masked pixel counted as a prediction of 1/2", "logits"),
    Row("GeneralizedDiceLoss(softmax=True)(logits, targets)",
        "generalized_dice_loss(softmax(logits), targets, axis=1, smooth=1e-5, **mean)", "", "logits", single=True),
    Row("GeneralizedDiceLoss(w_type='simple', batch=True)(probs, targets)",
        "generalized_dice_loss(probs, targets, axis=1, batch_axes=(), class_weighting='simple', smooth=1e-5)",
        "", "probs", single=True),
    Row("TverskyLoss(alpha=0.3, beta=0.7)(probs, targets)",
        "tversky_loss(probs, targets, axis=1, fp_weight=0.3, fn_weight=0.7, smooth=1e-5, **mean)", "", "probs"),
    Row("DiceCELoss(softmax=True, to_onehot_y=True, lambda_ce=0.5, label_smoothing=0.1)(logits, labels[:, None])",
        ("dice_cross_entropy_loss(logits, labels, axis=1, cross_entropy_weight=0.5, label_smoothing=0.1, "
         "smooth=1e-5, **mean)"), "", "logits"),
    Row("DiceFocalLoss(softmax=True, to_onehot_y=True)(logits, labels[:, None])",
        ("softmax_dice_loss(logits, labels, axis=1, smooth=1e-5, **mean) + sigmoid_focal_loss(logits, targets, "
         "alpha=None, **mean)"),
        "its focal part is of a sigmoid; `dice_focal_loss` is of one softmax throughout", "logits", single=True),
    Row("DiceLoss(softmax=True)(logits, targets) + FocalLoss(use_softmax=True)(logits, targets)",
        "dice_focal_loss(logits, labels, axis=1, focal_weight=1 / C, smooth=1e-5, **mean)",
        "its focal mean is over pixels and classes", "logits", single=True),
    Row("AsymmetricUnifiedFocalLoss()(softmax(pair), pair_targets)",
        "0.75 * unified_focal_loss(pair, pair_labels, axis=1, focal_share=1 / 3, delta=0.7, **mean)",
        "two classes, probabilities; its focal mean is over pixels and both classes: shares 1/4 and 1/2 of ours",
        "pair", single=True),
    Row("HausdorffDTLoss(include_background=True)(probs, targets)",
        "hausdorff_dt_loss(probs, targets, boundary_distance(probs), boundary_distance(targets), axis=1, **mean)",
        "the maps are an argument here, of `array_losses.distance_maps`", "probs", single=True),
    Row("SoftclDiceLoss(smooth=1e-9)(probs[:, :1], targets[:, :1])",
        "cl_dice_loss(probs[:, 0], targets[:, 0], axis=None, **mean)",
        ("one class: it adds up a sample's classes (before 1.6 it left out the first); smooth=1e-4 is a third "
         "smoothing"), "probs", single=True),
    Row("SoftDiceclDiceLoss(smooth=1e-9)(probs[:, :1], targets[:, :1])",
        ("0.5 * dice_loss(probs[:, 0], targets[:, 0], axis=None, smooth=1.0, **mean) + 0.5 * "
         "cl_dice_loss(probs[:, 0], targets[:, 0], axis=None, **mean)"), "", "probs", single=True),
    Row("GeneralizedDiceFocalLoss(softmax=True)(logits, targets)",
        ("generalized_dice_loss(softmax(logits), targets, axis=1, smooth=1e-5, **mean) + "
         "sigmoid_focal_loss(logits, targets, alpha=None, **mean)"),
        "its focal part is of a sigmoid", "logits", single=True),
    Row("MCCLoss()(probs, targets)",
        "mcc_loss(probs, targets, axis=1, **mean)",
        "1e-5 under the root", "probs"),
    Row("BoundaryLoss(softmax=True)(logits, targets)",
        "boundary_loss(softmax(logits), signed_distance(targets), axis=1, **mean)",
        "the maps are an argument here, of `array_losses.distance_maps`", "logits", single=True),
    Row("DiceLoss(smooth_nr=0)(nothing, nothing)",
        "dice_loss(nothing, nothing, axis=1, smooth_denominator=1e-5, **mean)",
        "without smoothing above, nothing predicted of nothing", both=(1.0, 1.0)),
    Row("DiceLoss(smooth_nr=0, smooth_dr=0)(nothing, nothing)",
        "dice_loss(nothing, nothing, axis=1, **mean)",
        "without any smoothing, nothing predicted of nothing", both=(nan, 0.0)),
)  # fmt: skip

PIXELS = (
    Row("FocalLoss(alpha=0.25)(logits, targets)",
        "sigmoid_focal_loss(logits, targets, **mean)", "no alpha by default there", "logits", single=True),
    Row("FocalLoss()(logits, targets)",
        "sigmoid_focal_loss(logits, targets, alpha=None, **mean)",
        "a sigmoid for each class by default", "logits", single=True),
    Row("FocalLoss(use_softmax=True)(logits, targets)",
        "softmax_focal_loss(logits, labels, axis=1, normalizer=C * labels.numel(), **mean)",
        "its mean is over pixels and classes", "logits", single=True),
    Row("FocalLoss(use_softmax=True, weight=weights)(logits, targets)",
        "softmax_focal_loss(logits, labels, axis=1, class_weights=weights, normalizer=C * labels.numel(), **mean)",
        "not divided by the weights", "logits", single=True),
    Row("SSIMLoss(spatial_dims=2)(probs, soft)",
        "ssim_loss(probs, soft, axis=1, **mean)", "", "probs", single=True),
)  # fmt: skip

EMBEDDINGS = (
    Row("ContrastiveLoss(temperature=0.5)(anchors, positives)",
        "nt_xent_loss(concat(anchors, positives), views, temperature=0.5, **mean)",
        "both views in one array, with labels", "anchors"),
)  # fmt: skip

BOXES = (
    Row("BoxGIoULoss()(pred, target)",
        "giou_loss(pred, target, **mean)", "in float32, whose smallest number is its eps", "pred", single=True),
    Row("box_iou(pred, many)",
        "iou(pred[:, None], many)", "the same eps", "pred", single=True),
    Row("box_giou(pred, many)",
        "giou(pred[:, None], many)", "", "pred", single=True),
    Row("box_pair_giou(pred, target)",
        "giou(pred, target)", "", "pred", single=True),
    Row("box_area(pred)",
        "box_area(pred)", "", "pred"),
    Row("convert_box_mode(pred, 'xyxy', 'xywh')",
        "convert_boxes(pred, 'xyxy', 'xywh')", "", "pred"),
    Row("convert_box_mode(pred, 'xyxy', 'ccwh')",
        "convert_boxes(pred, 'xyxy', 'cxcywh')", "its ccwh is our cxcywh", "pred"),
    Row("non_max_suppression(concat(pred, target), ranks, 0.3).sort().values",
        "cluster_nms(concat(pred, target), ranks, iou_threshold=0.3).nonzero()",
        "indices there, scores with zeros here"),
)  # fmt: skip

PAGE = Page(
    "MONAI",
    "monai",
    "1.6.1",
    peers.monai,
    {
        "regions": Table(inputs.PIXELS, REGIONS),
        "pixels": Table(inputs.PIXELS, PIXELS),
        "embeddings": Table(inputs.EMBEDDINGS, EMBEDDINGS),
        "boxes": Table(inputs.BOXES, BOXES),
    },
)
