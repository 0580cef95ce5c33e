"""PyTorch."""

from __future__ import annotations

from math import nan

from . import inputs, peers
from .tables import Page, Row, Table

CLASSES = (
    Row("cross_entropy(scores, classes)",
        "softmax_cross_entropy(scores, classes, **mean)", "", "scores"),
    Row("cross_entropy(scores, ignored, label_smoothing=0.1)",
        "softmax_cross_entropy(scores, ignored, ignore_index=-100, label_smoothing=0.1, **mean)",
        "its `ignore_index` is -100 by default", "scores"),
    Row("cross_entropy(scores, classes, weight=weights)",
        "softmax_cross_entropy(scores, classes, class_weights=weights, **mean)",
        "both divide by the weights", "scores"),
    Row("cross_entropy(scores, wanted, weight=weights)",
        "softmax_cross_entropy(scores, wanted, class_weights=weights, normalizer=R, **mean)",
        "divides by the number of rows for probabilities", "scores"),
    Row("cross_entropy(scores, unlabeled)",
        "softmax_cross_entropy(scores, unlabeled, ignore_index=-100, **mean)", "all ignored", both=(nan, 0.0)),
    Row("binary_cross_entropy_with_logits(scores, soft)",
        "sigmoid_binary_cross_entropy(scores, soft, **mean)", "", "scores"),
    Row("binary_cross_entropy_with_logits(scores, soft, pos_weight=weights)",
        "sigmoid_binary_cross_entropy(scores, soft, pos_weight=weights, **mean)", "", "scores"),
    Row("binary_cross_entropy_with_logits(scores, soft, weight=weights)",
        "sigmoid_binary_cross_entropy(scores, soft, weights=weights, normalizer=R * K, **mean)",
        "not divided by the weights", "scores"),
    Row("binary_cross_entropy(probs, soft)",
        "binary_cross_entropy(probs, soft, **mean)", "", "probs"),
    Row("kl_div(log(chances), wanted, reduction='batchmean')",
        "kl_divergence(chances, wanted, **mean)", "logarithms there; its 'mean' divides by all numbers", "chances"),
    Row("multi_margin_loss(scores, classes)",
        "multiclass_hinge_loss(scores, classes, form='sum', **mean) / K",
        "divides the sum by the number of classes", "scores"),
    Row("soft_margin_loss(scores, signs)",
        "sigmoid_binary_cross_entropy(scores, hot, **mean)", "-1 and 1 there", "scores"),
    Row("nll_loss(log_softmax(scores), classes)",
        "softmax_cross_entropy(scores, classes, **mean)", "logarithms of probabilities there", "scores"),
    Row("multilabel_soft_margin_loss(scores, hot)",
        "sigmoid_binary_cross_entropy(scores, hot, **mean)", "", "scores"),
    Row("kl_div(log(chances), log(wanted), reduction='batchmean', log_target=True)",
        "kl_divergence(chances, wanted, **mean)", "", "chances"),
    Row("distributions.Categorical(probs=chances).entropy()",
        "entropy(chances)", "divides by the sum of the probabilities", "chances", 0.0, 0.1),
)  # fmt: skip

NUMBERS = (
    Row("l1_loss(x, y)",
        "l1_loss(x, y, **mean)", "", "x"),
    Row("mse_loss(x, y)",
        "squared_error(x, y, **mean)", "", "x"),
    Row("smooth_l1_loss(x, y, beta=0.5)",
        "smooth_l1_loss(x, y, beta=0.5, **mean)", "", "x"),
    Row("huber_loss(x, y, delta=2.0)",
        "huber_loss(x, y, delta=2.0, **mean)", "", "x"),
    Row("l1_loss(x[:0], y[:0])",
        "l1_loss(x[:0], y[:0], **mean)", "the mean of nothing", both=(nan, 0.0)),
)  # fmt: skip

EMBEDDINGS = (
    Row("triplet_margin_loss(anchors, positives, negatives)",
        "triplet_loss(anchors, positives, negatives, margin=1.0, **mean)",
        "1e-6 is added to the differences", "anchors", 5e-7, 2e-6),
    Row("triplet_margin_loss(anchors, positives, negatives, margin=2.0, swap=True, eps=0.0, reduction='none')",
        "triplet_loss(anchors, positives, negatives, margin=2.0, swap=True)", "", "anchors"),
    Row("cosine_similarity(anchors[:, None], positives, dim=-1)",
        "pairwise_similarity(anchors, positives)", "", "anchors"),
    Row("pairwise_distance(anchors, positives)",
        "pairwise_distance(anchors, positives).diagonal()", "1e-6 is added to the differences", "anchors", 4e-7, 1e-6),
    Row("cdist(anchors, positives)",
        "pairwise_distance(anchors, positives)", "", "anchors"),
    Row("hinge_embedding_loss(cdist(embeddings, proxies)[:, 0], where(groups == 0, 1, -1), margin=2.0)",
        ("contrastive_loss(pairwise_distance(embeddings, proxies)[:, 0], groups == 0, negative_margin=2.0, "
         "squared=False, **mean)"), "1 for pairs, -1 for others there", "embeddings"),
)  # fmt: skip

PAGE = Page(
    "PyTorch",
    "pytorch",
    "2.13.0",
    peers.pytorch,
    {
        "classes": Table(inputs.ROWS, CLASSES),
        "numbers": Table(inputs.NUMBERS, NUMBERS),
        "embeddings": Table(inputs.EMBEDDINGS, EMBEDDINGS),
    },
)
