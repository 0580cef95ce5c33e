"""kornia."""

from __future__ import annotations

from . import inputs, peers
from .tables import Page, Row, Table

REGIONS = (
    Row("dice_loss(logits, labels)",
        "dice_loss(softmax(logits), targets, axis=None, smooth_denominator=1e-8, **mean)",
        "'micro': all classes of a sample are one region", "logits"),
    Row("dice_loss(logits, labels, average='macro')",
        "softmax_dice_loss(logits, labels, axis=1, absent='skip', weights=shares, normalizer=N, **mean)",
        "the mean over each sample's present classes, then over samples; eps 1e-8", "logits", 5e-11, 1e-10),
    Row("tversky_loss(logits, labels, alpha=0.3, beta=0.7)",
        "tversky_loss(softmax(logits), targets, axis=1, absent='skip', weights=shares, normalizer=N, **mean)",
        "from 0.9, before it could not tell alpha from beta; its mean as above", "logits", 9e-11, 2e-10),
    Row("lovasz_hinge_loss(logits[:, :1], labels % 2)",
        "lovasz_hinge_loss(logits[:, 0], labels % 2, axis=None, **mean)", "", "logits"),
    Row("lovasz_softmax_loss(logits, labels)",
        "lovasz_softmax_loss(logits, labels, axis=1, classes='all', **mean)",
        "from 0.9; before, it sorted the labels in place of the masks", "logits"),
    Row("dice_loss(logits, ignored, ignore_index=255)",
        ("dice_loss(softmax(logits), one_hot(where(ignored < 255, ignored, 0)), axis=None, mask=(ignored < "
         "255)[:, None].expand(-1, C, -1, -1), smooth_denominator=1e-8, **mean)"), "", "logits"),
)  # fmt: skip

PIXELS = (
    Row("focal_loss(logits, labels, alpha=None, reduction='mean')",
        "softmax_focal_loss(logits, labels, axis=1, normalizer=C * labels.numel(), **mean)",
        "has a class axis, 0 but for the right class: its mean is over pixels and classes", "logits"),
    Row("focal_loss(logits, ignored, alpha=None, ignore_index=255, reduction='sum')",
        "softmax_focal_loss(logits, ignored, axis=1, ignore_index=255, reduction='sum')", "", "logits"),
    Row("focal_loss(logits, labels, alpha=0.25, reduction='mean')",
        ("softmax_focal_loss(logits, labels, axis=1, class_weights=where(foreground > 0, 0.25, 0.75), "
         "normalizer=C * labels.numel(), **mean)"),
        "alpha for all classes but the first, which has 1 - alpha; the mean over pixels and classes", "logits"),
    Row("binary_focal_loss_with_logits(logits, targets, alpha=0.25, reduction='mean')",
        "sigmoid_focal_loss(logits, targets, **mean)", "", "logits"),
    Row("charbonnier_loss(probs, soft)",
        "charbonnier_loss(probs, soft, epsilon=1.0) - 1", "cancels where both are close", "probs"),
    Row("kl_div_loss_2d(maps(probs), maps(soft))",
        "kl_divergence(maps(probs).flatten(2), maps(soft).flatten(2), **mean)",
        "of heat maps, whose pixels sum to 1", "probs"),
    Row("js_div_loss_2d(maps(probs), maps(soft))",
        "js_divergence(maps(probs).flatten(2), maps(soft).flatten(2), **mean)", "", "probs"),
    Row("ssim_loss(probs, soft, window_size=11, padding='valid')",
        "0.5 * ssim_loss(probs, soft, axis=1, **mean)", "half of 1 - SSIM", "probs"),
    Row("ssim_loss(probs, soft, window_size=11)",
        "0.5 * ssim_loss(reflect(probs), reflect(soft), axis=1, **mean)",
        "it reflects 5 pixels at each border", "probs"),
)  # fmt: skip

BOXES = (
    Row("nms(concat(pred, target), ranks, 0.3).sort().values",
        "cluster_nms(concat(pred, target), ranks, iou_threshold=0.3).nonzero()",
        "indices there, scores with zeros here"),
)  # fmt: skip

PAGE = Page(
    "kornia",
    "kornia",
    "0.9.0",
    peers.kornia,
    {
        "regions": Table(inputs.PIXELS, REGIONS),
        "pixels": Table(inputs.PIXELS, PIXELS),
        "boxes": Table(inputs.BOXES, BOXES),
    },
)
