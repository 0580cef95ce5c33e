"""keras."""

from __future__ import annotations

from . import inputs, peers
from .tables import Page, Row, Table

CLASSES = (
    Row("binary_crossentropy(soft, scores, from_logits=True)",
        "sigmoid_binary_cross_entropy(scores, soft).mean(-1)", "the mean over the last axis", "scores", single=True),
    Row("binary_crossentropy(hot, probs, label_smoothing=0.1)",
        "binary_cross_entropy(probs, 0.9 * hot + 0.05).mean(-1)",
        "probabilities by default, clipped to [1e-7, 1 - 1e-7]", "probs", single=True),
    Row("binary_crossentropy(hot, sigmoid(sure))",
        "sigmoid_binary_cross_entropy(sure, hot).mean(-1)",
        "the wrong class, and sure of it", both=(15.98, 60.0), single=True),
    Row("binary_focal_crossentropy(hot, scores, from_logits=True)",
        "sigmoid_focal_loss(scores, hot, alpha=None).mean(-1)",
        "alpha counts only with `apply_class_balancing`", "scores", single=True),
    Row("binary_focal_crossentropy(hot, scores, apply_class_balancing=True, from_logits=True)",
        "sigmoid_focal_loss(scores, hot).mean(-1)", "", "scores", single=True),
    Row("categorical_crossentropy(hot, scores, from_logits=True, label_smoothing=0.1)",
        "softmax_cross_entropy(scores, hot, label_smoothing=0.1)", "", "scores"),
    Row("categorical_crossentropy(wanted, chances)",
        "cross_entropy(chances, wanted)",
        "divides by the sum of the probabilities, which the gradient knows", "chances", 0.0, 0.02),
    Row("categorical_crossentropy(hot, probs)",
        "cross_entropy(probs / probs.sum(-1)[:, None], hot)", "divides by the sum of the probabilities", "probs"),
    Row("sparse_categorical_crossentropy(classes, scores, from_logits=True)",
        "softmax_cross_entropy(scores, classes)", "", "scores"),
    Row("sparse_categorical_crossentropy(ignored, scores, from_logits=True, ignore_class=-100)",
        "softmax_cross_entropy(scores, ignored, ignore_index=-100)", "", "scores"),
    Row("SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)(ignored, scores)",
        "softmax_cross_entropy(scores, ignored, ignore_index=-100, **mean)",
        "as a class: the mean over what is not ignored", "scores", single=True),
    Row("categorical_focal_crossentropy(hot, scores, from_logits=True)",
        "0.25 * softmax_focal_loss(scores, classes)", "one alpha for all classes; clipped", "scores"),
    Row("categorical_generalized_cross_entropy(classes, softmax(scores), q=0.7)",
        "generalized_cross_entropy(scores, classes)", "probabilities there", "scores", single=True),
    Row("kl_divergence(wanted, chances)",
        "kl_divergence(chances, wanted)", "clipped to [1e-7, 1]", "chances"),
    Row("hinge(signs, scores)",
        "hinge_loss(scores, signs).mean(-1)", "", "scores", single=True),
    Row("hinge(hot, scores)",
        "hinge_loss(scores, 2 * hot - 1).mean(-1)",
        "turns 0 and 1 into -1 and 1, if there is nothing else", "scores", single=True),
    Row("squared_hinge(signs, scores)",
        "squared_hinge_loss(scores, signs).mean(-1)", "", "scores", single=True),
    Row("categorical_hinge(hot, scores + 9)",
        "multiclass_hinge_loss(scores + 9, classes)",
        "for positive scores; its largest wrong score is at least 0", "scores", single=True),
)  # fmt: skip

NUMBERS = (
    Row("mean_squared_error(y, x)",
        "squared_error(x, y).mean(-1)", "the mean over the last axis", "x", single=True),
    Row("MeanSquaredError()(y, x)",
        "squared_error(x, y, **mean)", "as a class: the mean of all", "x", single=True),
    Row("MeanSquaredError()(y, x, sample_weight=factors[:, 0])",
        "squared_error(x, y, weights=factors[:, :1], normalizer=32, **mean)",
        "not divided by the weights", "x", single=True),
    Row("mean_absolute_error(y, x)",
        "l1_loss(x, y).mean(-1)", "", "x", single=True),
    Row("huber(y, x, delta=2.0)",
        "huber_loss(x, y, delta=2.0).mean(-1)", "", "x", single=True),
    Row("log_cosh(y, x)",
        "log_cosh_loss(x, y).mean(-1)", "subtracts ln 2", "x", single=True),
)  # fmt: skip

REGIONS = (
    Row("dice(targets, probs)",
        "dice_loss(probs, targets, axis=None, batch_axes=(), smooth_denominator=1e-7)",
        "target first; everything is one region", "probs"),
    Row("dice(targets, probs, axis=(2, 3))",
        "dice_loss(probs, targets, axis=1, smooth_denominator=1e-7)", "", "probs"),
    Row("tversky(targets, probs, alpha=0.7, beta=0.3)",
        ("tversky_loss(probs, targets, axis=None, batch_axes=(), fp_weight=0.3, fn_weight=0.7, "
         "smooth_denominator=1e-7)"), "up to 3.15 alpha is of what is missed, against its page", "probs"),
    Row("dice(nothing, nothing)",
        "dice_loss(nothing, nothing, axis=None, batch_axes=())", "nothing predicted of nothing", both=(1.0, 0.0)),
)  # fmt: skip

EMBEDDINGS = (
    Row("circle(groups, unit(embeddings))",
        "circle_loss(embeddings, groups, margin=0.4, gamma=80)",
        "takes normalized embeddings; its weights are no constants for the gradient",
        "embeddings", 0.0, 0.4, single=True),
    Row("-cosine_similarity(anchors, positives)",
        "pairwise_similarity(anchors, positives).diagonal()",
        "the loss is minus the cosine there", "anchors", single=True),
)  # fmt: skip

BOXES = (
    Row("compute_iou(pred, many, 'xyxy')",
        "iou(pred[:, None], many)", "eps 1e-7", "pred", single=True),
    Row("compute_ciou(pred, target, 'xyxy')",
        "ciou(pred, target)", "eps 1e-7; the gradient flows through alpha", "pred", 0.0, 0.07, single=True),
    Row("encode_box_to_deltas(pred, target, 'xyxy', 'xyxy')",
        "encode_deltas(target, pred)[:, [1, 0, 3, 2]]",
        "anchors first; (y, x, h, w) by default", "target", single=True),
    Row("convert_format(pred, 'xyxy', 'center_xywh')",
        "convert_boxes(pred, 'xyxy', 'cxcywh')", "its center_xywh is our cxcywh", "pred", single=True),
    Row("decode_deltas_to_boxes(pred, target / 100, 'xyxy', 'xyxy')",
        "decode_deltas(target[:, [1, 0, 3, 2]] / 100, pred)",
        "(y, x, h, w) by default; exponents end nowhere", "target", single=True),
)  # fmt: skip

PAGE = Page(
    "keras",
    "keras",
    "3.15.1",
    peers.keras,
    {
        "classes": Table(inputs.ROWS, CLASSES),
        "numbers": Table(inputs.NUMBERS, NUMBERS),
        "regions": Table(inputs.PIXELS, REGIONS),
        "embeddings": Table(inputs.EMBEDDINGS, EMBEDDINGS),
        "boxes": Table(inputs.BOXES, BOXES),
    },
)
