"""optax."""

from __future__ import annotations

from math import nan

from . import inputs, peers
from .tables import Page, Row, Table

CLASSES = (
    Row("sigmoid_binary_cross_entropy(scores, soft)",
        "sigmoid_binary_cross_entropy(scores, soft)", "", "scores"),
    Row("sigmoid_focal_loss(scores, soft, alpha=0.25)",
        "sigmoid_focal_loss(scores, soft)", "no alpha by default", "scores"),
    Row("sigmoid_focal_loss(scores, hot)",
        "sigmoid_focal_loss(scores, hot, alpha=None)", "", "scores"),
    Row("softmax_cross_entropy(scores, wanted)",
        "softmax_cross_entropy(scores, wanted)", "", "scores"),
    Row("softmax_cross_entropy(scores, smooth_labels(hot, 0.1))",
        "softmax_cross_entropy(scores, hot, label_smoothing=0.1)", "", "scores"),
    Row("softmax_cross_entropy_with_integer_labels(scores, classes)",
        "softmax_cross_entropy(scores, classes)", "", "scores"),
    Row("softmax_cross_entropy_with_integer_labels(scores[1], ignored[1])",
        "softmax_cross_entropy(scores[1], ignored[1], ignore_index=-100)",
        "there is no `ignore_index`: -100 is out of range", both=(nan, 0.0)),
    Row("safe_softmax_cross_entropy(scores, wanted)",
        "softmax_cross_entropy(scores, wanted)", "", "scores"),
    Row("poly_loss_cross_entropy(scores, wanted)",
        "poly1_loss(scores, wanted)", "", "scores"),
    Row("kl_divergence(log(chances), wanted)",
        "kl_divergence(chances, wanted)", "logarithms of the probabilities there", "chances"),
    Row("kl_divergence_with_log_targets(log(chances), log(wanted))",
        "kl_divergence(chances, wanted)", "", "chances"),
    Row("hinge_loss(scores, signs)",
        "hinge_loss(scores, signs)", "-1 and 1 in both", "scores"),
    Row("multiclass_hinge_loss(scores, classes)",
        "multiclass_hinge_loss(scores, classes)", "", "scores"),
)  # fmt: skip

NUMBERS = (
    Row("squared_error(x, y)",
        "squared_error(x, y)", "", "x"),
    Row("l2_loss(x, y)",
        "l2_loss(x, y)", "half of the square in both", "x"),
    Row("huber_loss(x, y, delta=2.0)",
        "huber_loss(x, y, delta=2.0)", "", "x"),
    Row("log_cosh(x, y)",
        "log_cosh_loss(x, y)", "subtracts ln 2", "x"),
)  # fmt: skip

REGIONS = (
    Row("dice_loss(moveaxis(logits), moveaxis(targets))",
        "mean_of_classes(softmax_dice_loss(logits, targets, axis=1, smooth=2.0))",
        "classes last; its smoothing counts twice; one number a sample", "logits"),
    Row("dice_loss(moveaxis(logits), moveaxis(targets), alpha=0.3, beta=0.7, reduction='none')",
        "tversky_loss(softmax(logits), targets, axis=1, smooth=1.0)", "", "logits"),
    Row("binary_dice_loss(logits[:, 0].reshape(N, -1), targets[:, 0].reshape(N, -1))",
        "sigmoid_dice_loss(logits[:, 0], targets[:, 0], axis=None, smooth=2.0)",
        "of logits only: of probabilities it raises unless they are 1", "logits"),
)  # fmt: skip

EMBEDDINGS = (
    Row("ntxent(embeddings, groups)",
        "nt_xent_loss(embeddings, groups, temperature=0.07, **mean)", "", "embeddings"),
    Row("ntxent(anchors, lonely[:5])",
        "nt_xent_loss(anchors, lonely[:5], temperature=0.07, **mean)", "no pair in the batch", both=(nan, 0.0)),
    Row("triplet_margin_loss(anchors, positives, negatives)",
        "triplet_loss(anchors, positives, negatives, margin=1.0)", "eps 1e-6 under the root", "anchors", 1e-7, 4e-7),
    Row("cosine_distance(anchors, positives)",
        "1 - pairwise_similarity(anchors, positives).diagonal()", "rows, not a table", "anchors"),
)  # fmt: skip

PAGE = Page(
    "optax",
    "optax",
    "0.2.8",
    peers.optax,
    {
        "classes": Table(inputs.ROWS, CLASSES, "jax"),
        "numbers": Table(inputs.NUMBERS, NUMBERS, "jax"),
        "regions": Table(inputs.PIXELS, REGIONS, "jax"),
        "embeddings": Table(inputs.EMBEDDINGS, EMBEDDINGS, "jax"),
    },
)
