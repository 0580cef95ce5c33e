"""pytorch-metric-learning."""

from __future__ import annotations

from . import inputs, peers
from .tables import Page, Row, Table

LOSSES = (
    Row("TripletMarginLoss(margin=0.2)(embeddings, groups)",
        "batch_all_triplet_loss(unit(embeddings), groups, margin=0.2, **mean)",
        "normalizes embeddings; its mean is over the active triplets", "embeddings"),
    Row("TripletMarginLoss(margin=0.2)(embeddings, groups, BatchHardMiner()(embeddings, groups))",
        "batch_hard_triplet_loss(unit(embeddings), groups, margin=0.2, active_only=True, **mean)", "", "embeddings"),
    Row("TripletMarginLoss(margin=0.0, smooth_loss=True)(embeddings, groups, BatchHardMiner()(embeddings, groups))",
        "batch_hard_triplet_loss(unit(embeddings), groups, margin=None, **mean)", "", "embeddings"),
    Row("ContrastiveLoss()(embeddings, groups)",
        ("contrastive_loss(d := pairwise_distance(unit(embeddings)), same, squared=False, where=same & others, "
         "**mean) + contrastive_loss(d, same, squared=False, where=~same & (d < 1), **mean)"),
        "no squares; positive and negative pairs are averaged apart, over those above 0", "embeddings"),
    Row("NTXentLoss(temperature=0.07)(embeddings, groups)",
        "nt_xent_loss(embeddings, groups, temperature=0.07, **mean)", "", "embeddings"),
    Row("SupConLoss(temperature=0.1)(embeddings, groups)",
        "sup_con_loss(embeddings, groups, temperature=0.1, **mean)", "", "embeddings"),
    Row("CircleLoss(m=0.4, gamma=80)(embeddings, groups)",
        "circle_loss(embeddings, groups, margin=0.4, gamma=80, **mean)", "", "embeddings"),
    Row("MultiSimilarityLoss(alpha=2, beta=50, base=0.5)(embeddings, groups)",
        "multi_similarity_loss(embeddings, groups, base=0.5, epsilon=None, **mean)",
        "mines nothing by itself", "embeddings"),
    Row(("MultiSimilarityLoss(alpha=2, beta=50, base=0.5)(embeddings, groups, "
         "MultiSimilarityMiner(epsilon=0.1)(embeddings, groups))"),
        "multi_similarity_loss(embeddings, groups, base=0.5, epsilon=0.1, **mean)", "", "embeddings"),
    Row("ProxyNCALoss(G, D, softmax_scale=3)(embeddings, groups)",
        "proxy_nca_loss(embeddings, proxies, groups, scale=3, include_positive=True, **mean)",
        "`proxies` are its parameter", "embeddings"),
    Row("ProxyAnchorLoss(G, D)(embeddings, groups)",
        "proxy_anchor_loss(embeddings, proxies, groups, **mean)", "", "embeddings"),
    Row("ArcFaceLoss(G, D, margin=28.6, scale=64)(embeddings, groups)",
        ("softmax_cross_entropy(arcface_logits(pairwise_similarity(embeddings, proxies), groups, "
         "margin=radians(28.6)), groups, **mean)"),
        "its margin is in degrees; its parameter W is `proxies`, transposed", "embeddings"),
    Row("CosFaceLoss(G, D, margin=0.35, scale=64)(embeddings, groups)",
        "softmax_cross_entropy(cosface_logits(pairwise_similarity(embeddings, proxies), groups), groups, **mean)",
        "", "embeddings"),
    Row("NormalizedSoftmaxLoss(G, D, temperature=0.05)(embeddings, groups)",
        "softmax_cross_entropy(pairwise_similarity(embeddings, proxies) / 0.05, groups, **mean)",
        "its parameter W is `proxies`, transposed", "embeddings"),
    Row("SelfSupervisedLoss(NTXentLoss(temperature=0.5))(anchors, positives)",
        "nt_xent_loss(concat(anchors, positives), views, temperature=0.5, **mean)",
        "both views in one array, with labels", "anchors"),
    Row("NTXentLoss()(anchors, lonely[:5])",
        "nt_xent_loss(anchors, lonely[:5], **mean)", "no pair in the batch", both=(0.0, 0.0)),
    Row("LpDistance(normalize_embeddings=False)(anchors, positives)",
        "pairwise_distance(anchors, positives)", "", "anchors"),
    Row("CosineSimilarity()(anchors, positives)",
        "pairwise_similarity(anchors, positives)", "", "anchors"),
)  # fmt: skip

PAGE = Page(
    "pytorch-metric-learning",
    "pytorch_metric_learning",
    "2.9.0",
    peers.pytorch_metric_learning,
    {
        "losses": Table(inputs.EMBEDDINGS, LOSSES),
    },
)
