"""segmentation_models.pytorch."""

from __future__ import annotations

from . import inputs, peers
from .tables import Page, Row, Table

REGIONS = (
    Row("DiceLoss('multiclass')(logits, few)",
        "softmax_dice_loss(logits, few, axis=1, batch_axes=(), absent='skip', normalizer=C, **mean)",
        "absent classes cost 0 and stay in the mean", "logits"),
    Row("DiceLoss('multiclass', smooth=1.0, ignore_index=255)(logits, ignored)",
        ("softmax_dice_loss(logits, ignored, axis=1, batch_axes=(), ignore_index=255, smooth=2.0, "
         "absent='skip', normalizer=C, **mean)"), "its smoothing counts twice", "logits"),
    Row("DiceLoss('multiclass', class_weights=weights)(logits, labels)",
        "softmax_dice_loss(logits, labels, axis=1, batch_axes=(), weights=weights, **mean)", "", "logits"),
    Row("DiceLoss('multilabel')(logits, targets)",
        "sigmoid_dice_loss(logits, targets, axis=1, batch_axes=(), absent='skip', normalizer=C, **mean)",
        "", "logits"),
    Row("DiceLoss('binary')(logits, targets)",
        "sigmoid_dice_loss(logits, targets, axis=None, batch_axes=())", "", "logits"),
    Row("DiceLoss('multilabel', from_logits=False)(probs, soft)",
        "dice_loss(probs, soft, axis=1, batch_axes=(), intersection='minimum', **mean)",
        "soft targets: the minimum in every mode", "probs"),
    Row("JaccardLoss('multiclass', smooth=1.0)(logits, few)",
        ("jaccard_loss(softmax(logits), one_hot(few), axis=1, batch_axes=(), smooth=1.0, absent='skip', "
         "normalizer=C, **mean)"), "", "logits"),
    Row("TverskyLoss('multiclass', alpha=0.3, beta=0.7, smooth=1.0)(logits, few)",
        ("tversky_loss(softmax(logits), one_hot(few), axis=1, batch_axes=(), smooth=1.0, absent='skip', "
         "normalizer=C, **mean)"), "", "logits"),
    Row("TverskyLoss('multiclass', alpha=0.3, beta=0.7, gamma=0.75)(logits, few)",
        ("tversky_loss(softmax(logits), one_hot(few), axis=1, batch_axes=(), absent='skip', normalizer=C, "
         "**mean) ** 0.75"),
        "its power comes after the mean over classes, ours (`focal_tversky_loss`) before", "logits"),
    Row("LovaszLoss('binary')(logits, targets)",
        "lovasz_hinge_loss(logits, targets, axis=None, batch_axes=())", "", "logits", single=True),
    Row("LovaszLoss('binary', per_image=True)(logits, targets)",
        "lovasz_hinge_loss(logits, targets, axis=None, **mean)", "", "logits", single=True),
    Row("LovaszLoss('multiclass')(logits, few)",
        "lovasz_softmax_loss(logits, few, axis=1, batch_axes=(), **mean)", "", "logits", single=True),
    Row("LovaszLoss('multiclass', ignore_index=255)(logits, ignored)",
        "lovasz_softmax_loss(logits, ignored, axis=1, batch_axes=(), ignore_index=255, **mean)",
        "", "logits", single=True),
    Row("MCCLoss()(probs[:, 1], targets[:, 1])",
        "mcc_loss(probs[:, 1], targets[:, 1], axis=None, batch_axes=())",
        "it adds 1e-5 to each count", "probs", 3e-9, 2e-7),
    Row("DiceLoss('multiclass', log_loss=True)(logits, labels)",
        "-log(1 - softmax_dice_loss(logits, labels, axis=1, batch_axes=())).mean()", "", "logits"),
    Row("DiceLoss('binary')(logits, nothing)",
        "sigmoid_dice_loss(logits, nothing, axis=None, batch_axes=())",
        "a mask without a pixel: what is predicted costs nothing there", both=(0.0, 1.0)),
)  # fmt: skip

PIXELS = (
    Row("FocalLoss('binary')(logits, targets)",
        "sigmoid_focal_loss(logits, targets, alpha=None, **mean)", "", "logits"),
    Row("FocalLoss('multilabel', alpha=0.25)(logits, targets)",
        "sigmoid_focal_loss(logits, targets, **mean)", "", "logits"),
    Row("FocalLoss('multiclass')(logits, labels)",
        "sigmoid_focal_loss(logits, targets, alpha=None, **mean)",
        "a sigmoid for each class in this mode as well; `softmax_focal_loss` is of one softmax", "logits"),
    Row("FocalLoss('multiclass', ignore_index=255)(logits, ignored)",
        ("sigmoid_focal_loss(logits, one_hot(where(ignored < 255, ignored, 0)), alpha=None, where=(ignored < "
         "255)[:, None], **mean)"), "", "logits"),
    Row("FocalLoss('binary')(logits, soft)",
        "sigmoid_focal_loss(logits, soft, alpha=None, **mean)",
        "soft targets: p_t is exp(-CE) there", both=(0.567, 0.4065)),
    Row("SoftBCEWithLogitsLoss()(logits, targets)",
        "sigmoid_binary_cross_entropy(logits, targets, **mean)", "", "logits"),
    Row("SoftBCEWithLogitsLoss(smooth_factor=0.1)(logits, targets)",
        "sigmoid_binary_cross_entropy(logits, targets, label_smoothing=0.2, **mean)",
        "its smoothing counts twice", "logits"),
    Row("SoftBCEWithLogitsLoss(pos_weight=weights[:, None, None])(logits, targets)",
        "sigmoid_binary_cross_entropy(logits, targets, pos_weight=weights[:, None, None], **mean)", "", "logits"),
    Row("SoftCrossEntropyLoss(smooth_factor=0.1)(logits, labels)",
        "softmax_cross_entropy(logits, labels, axis=1, label_smoothing=0.1, **mean)",
        "`smooth_factor=None`, its default, fails", "logits"),
    Row("SoftCrossEntropyLoss(smooth_factor=0.1, ignore_index=255)(logits, ignored)",
        ("softmax_cross_entropy(logits, ignored, axis=1, label_smoothing=0.1, ignore_index=255, "
         "normalizer=ignored.numel(), **mean)"), "divides by all pixels", "logits"),
)  # fmt: skip

PAGE = Page(
    "segmentation_models.pytorch",
    "segmentation_models_pytorch",
    "0.6.0",
    peers.segmentation_models_pytorch,
    {
        "regions": Table(inputs.PIXELS, REGIONS),
        "pixels": Table(inputs.PIXELS, PIXELS),
    },
)
