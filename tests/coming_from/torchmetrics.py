"""torchmetrics."""

from __future__ import annotations

from . import inputs, peers
from .tables import Page, Row, Table

REGIONS = (
    Row("1 - structural_similarity_index_measure(probs, soft, data_range=1.0)",
        "ssim_loss(reflect(probs), reflect(soft), axis=1, **mean)", "it reflects 5 pixels at each border", "probs"),
    Row("1 - dice_score(guess[:1], truth[:1], num_classes=C, average=None)",
        "dice_loss(guess[:1], truth[:1], axis=1)", "of hard predictions; absent and not predicted is NaN there"),
    Row("1 - generalized_dice_score(guess, truth, num_classes=C)",
        "generalized_dice_loss(guess, truth, axis=1)", "of hard predictions", single=True),
    Row("1 - binary_matthews_corrcoef(logits, hard)",
        "mcc_loss(1.0 * (logits > 0), hard, axis=None, batch_axes=())", "of hard predictions", single=True),
    Row("1 - binary_jaccard_index(hard[:, 0], truth[:, 0])",
        "jaccard_loss(hard[:, 0] * 1.0, truth[:, 0], axis=None, batch_axes=())", "of hard predictions"),
)  # fmt: skip

BOXES = (
    Row("intersection_over_union(pred, many, aggregate=False)",
        "iou(pred[:, None], many)", "torchvision's table", "pred"),
    Row("generalized_intersection_over_union(pred, many, aggregate=False)",
        "giou(pred[:, None], many)", "", "pred"),
    Row("distance_intersection_over_union(pred, many, aggregate=False)",
        "diou(pred[:, None], many)", "eps 1e-7", "pred", 3e-12),
    Row("complete_intersection_over_union(pred, many, aggregate=False)",
        "ciou(pred[:, None], many)", "eps 1e-7", "pred", 9e-9, 1e-8),
    Row("intersection_over_union(pred, target)",
        "iou(pred, target).mean()", "by default the mean of the pairs", "pred"),
)  # fmt: skip

CLASSES = (
    Row("kl_divergence(wanted, chances)",
        "kl_divergence(chances, wanted, **mean)",
        "divides by the sums of the probabilities, which the gradient knows", "chances", 0.0, 0.02),
    Row("jensen_shannon_divergence(wanted, chances)",
        "js_divergence(chances, wanted, **mean)", "the same", "chances", 0.0, 0.2),
    Row("binary_hinge_loss(scores[:, 0], hot[:, 0].int())",
        "hinge_loss(sigmoid(scores[:, 0]), signs[:, 0], **mean)",
        "takes a sigmoid of what is outside of 0 to 1", "scores"),
    Row("multiclass_hinge_loss(scores, classes, num_classes=K)",
        "multiclass_hinge_loss(softmax(scores), classes, **mean)",
        "takes a softmax of what is outside of 0 to 1", "scores"),
)  # fmt: skip

NUMBERS = (
    Row("mean_squared_error(x, y)",
        "squared_error(x, y, **mean)", "", "x"),
    Row("mean_absolute_error(x, y)",
        "l1_loss(x, y, **mean)", "", "x"),
    Row("log_cosh_error(x[:, 0], y[:, 0])",
        "log_cosh_loss(x[:, 0], y[:, 0], **mean)", "", "x"),
)  # fmt: skip

EMBEDDINGS = (
    Row("pairwise_euclidean_distance(anchors, positives)",
        "pairwise_distance(anchors, positives)", "", "anchors"),
    Row("pairwise_cosine_similarity(anchors, positives)",
        "pairwise_similarity(anchors, positives)", "", "anchors"),
)  # fmt: skip

PAGE = Page(
    "torchmetrics",
    "torchmetrics",
    "1.9.0",
    peers.torchmetrics,
    {
        "regions": Table(inputs.PIXELS, REGIONS),
        "boxes": Table(inputs.BOXES, BOXES),
        "classes": Table(inputs.ROWS, CLASSES),
        "numbers": Table(inputs.NUMBERS, NUMBERS),
        "embeddings": Table(inputs.EMBEDDINGS, EMBEDDINGS),
    },
)
