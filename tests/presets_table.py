"""Which arguments reproduce which peer: the calls as a user writes them, run by `test_presets.py`.

Each row holds the peer, its call, ours, and what a reader should know. Functions are those of the peer's module of
losses and ours; arrays and helpers are those of `test_presets.py`. `mean` is short for ``{"reduction": "mean"}``.
"""

from __future__ import annotations

from typing import NamedTuple


class Preset(NamedTuple):
    peer: str
    theirs: str
    ours: str
    note: str = ""
    by: str = "logits"
    """The array to differentiate by, if gradients agree as well."""


def _rows(peer: str, *rows: tuple[str, ...]) -> list[Preset]:
    return [Preset(peer, *row) for row in rows]


MONAI = _rows(
    "MONAI",
    ("DiceLoss(sigmoid=True)(logits, targets)",
     "sigmoid_dice_loss(logits, targets, axis=1, smooth=1e-5, **mean)"),
    ("DiceLoss(softmax=True, to_onehot_y=True)(logits, labels[:, None])",
     "softmax_dice_loss(logits, labels, axis=1, smooth=1e-5, **mean)"),
    ("DiceLoss(softmax=True, to_onehot_y=True, ignore_index=255)(logits, ignored[:, None])",
     "softmax_dice_loss(logits, ignored, axis=1, ignore_index=255, smooth=1e-5, **mean)"),
    ("DiceLoss(softmax=True, include_background=False)(logits, targets)",
     "softmax_dice_loss(logits, targets, axis=1, smooth=1e-5, weights=foreground, **mean)",
     "`foreground` is [0, 1, 1]"),
    ("DiceLoss(softmax=True, weight=weights)(logits, targets)",
     "softmax_dice_loss(logits, targets, axis=1, smooth=1e-5, weights=weights, normalizer=N * C, **mean)",
     "its mean does not divide by the weights"),
    ("DiceLoss(sigmoid=True, batch=True)(logits, targets)",
     "sigmoid_dice_loss(logits, targets, axis=1, batch_axes=(), smooth=1e-5, **mean)"),
    ("DiceLoss(sigmoid=True, squared_pred=True)(logits, targets)",
     "sigmoid_dice_loss(logits, targets, axis=1, squared=True, smooth=1e-5, **mean)"),
    ("DiceLoss(soft_label=True)(probs, soft)",
     "dice_loss(probs, soft, axis=1, intersection='minimum', smooth=1e-5, **mean)", "", "probs"),
    ("DiceLoss(jaccard=True)(probs, targets)", "jaccard_loss(probs, targets, axis=1, smooth=0.5e-5, **mean)",
     "its smoothing counts half", "probs"),
    ("MaskedDiceLoss(sigmoid=True)(logits, targets, mask[:, None])",
     "sigmoid_dice_loss(logits, targets, axis=1, mask=mask, smooth=1e-5, **mean)",
     "from 1.6; before, it masked the logits and each masked pixel counted as a prediction of 1/2"),
    ("GeneralizedDiceLoss(softmax=True)(logits, targets)",
     "generalized_dice_loss(softmax(logits), targets, axis=1, smooth=1e-5, **mean)"),
    ("GeneralizedDiceLoss(w_type='simple', batch=True)(probs, targets)",
     "generalized_dice_loss(probs, targets, axis=1, batch_axes=(), class_weighting='simple', smooth=1e-5)", "",
     "probs"),
    ("TverskyLoss(alpha=0.3, beta=0.7)(probs, targets)",
     "tversky_loss(probs, targets, axis=1, fp_weight=0.3, fn_weight=0.7, smooth=1e-5, **mean)", "", "probs"),
    ("DiceCELoss(softmax=True, to_onehot_y=True, lambda_ce=0.5, label_smoothing=0.1)(logits, labels[:, None])",
     ("dice_cross_entropy_loss(logits, labels, axis=1, cross_entropy_weight=0.5, label_smoothing=0.1, smooth=1e-5, "
     "**mean)")),
    ("DiceFocalLoss(softmax=True, to_onehot_y=True)(logits, labels[:, None])",
     ("softmax_dice_loss(logits, labels, axis=1, smooth=1e-5, **mean) "
     "+ sigmoid_focal_loss(logits, targets, alpha=None, **mean)"),
     "its focal part is of a sigmoid; `dice_focal_loss` is of one softmax throughout"),
    ("DiceLoss(softmax=True)(logits, targets) + FocalLoss(use_softmax=True)(logits, targets)",
     "dice_focal_loss(logits, labels, axis=1, focal_weight=1 / C, smooth=1e-5, **mean)",
     "its focal mean is over pixels and classes"),
    ("AsymmetricUnifiedFocalLoss()(softmax(pair), pair_targets)",
     "0.75 * unified_focal_loss(pair, pair_labels, axis=1, focal_share=1 / 3, delta=0.7, **mean)",
     "two classes, probabilities; its focal mean is over pixels and both classes: shares 1/4 and 1/2 of ours", "pair"),
    ("HausdorffDTLoss(include_background=True)(probs, targets)",
     "hausdorff_dt_loss(probs, targets, distances(probs), distances(targets), axis=1, **mean)",
     "`distances` to the border, from inside and outside, of p > 1/2; 0 for an empty or full mask", "probs"),
    ("SoftclDiceLoss(smooth=1e-9)(probs[:, :1], targets[:, :1])",
     "cl_dice_loss(probs[:, 0], targets[:, 0], axis=None, **mean)",
     "one class: it adds up a sample's classes (before 1.6 it left out the first); smooth=1e-4 is a third smoothing",
     "probs"),
    ("SSIMLoss(spatial_dims=2)(probs, soft)", "ssim_loss(probs, soft, axis=1, **mean)", "", "probs"),
    ("ContrastiveLoss(temperature=0.5)(anchors, positives)",
     "nt_xent_loss(concat(anchors, positives), views, temperature=0.5, **mean)",
     "`views` numbers the samples twice", "anchors"),
)  # fmt: skip

SMP = _rows(
    "segmentation_models.pytorch",
    ("DiceLoss('multiclass')(logits, few)",
     "softmax_dice_loss(logits, few, axis=1, batch_axes=(), absent='skip', normalizer=C, **mean)",
     "absent classes cost 0 and stay in the mean"),
    ("DiceLoss('multiclass', smooth=1.0, ignore_index=255)(logits, ignored)",
     ("softmax_dice_loss(logits, ignored, axis=1, batch_axes=(), ignore_index=255, smooth=2.0, absent='skip', "
     "normalizer=C, **mean)"), "its smoothing counts twice"),
    ("DiceLoss('multiclass', class_weights=weights)(logits, labels)",
     "softmax_dice_loss(logits, labels, axis=1, batch_axes=(), weights=weights, **mean)"),
    ("DiceLoss('multilabel')(logits, targets)",
     "sigmoid_dice_loss(logits, targets, axis=1, batch_axes=(), absent='skip', normalizer=C, **mean)"),
    ("DiceLoss('binary')(logits, targets)", "sigmoid_dice_loss(logits, targets, axis=None, batch_axes=())"),
    ("DiceLoss('multilabel', from_logits=False)(probs, soft)",
     "dice_loss(probs, soft, axis=1, batch_axes=(), intersection='minimum', **mean)",
     "soft targets: the minimum in every mode", "probs"),
    ("JaccardLoss('multiclass', smooth=1.0)(logits, few)",
     ("jaccard_loss(softmax(logits), one_hot(few), axis=1, batch_axes=(), smooth=1.0, absent='skip', normalizer=C, "
     "**mean)")),
    ("TverskyLoss('multiclass', alpha=0.3, beta=0.7)(logits, few)",
     "tversky_loss(softmax(logits), one_hot(few), axis=1, batch_axes=(), absent='skip', normalizer=C, **mean)"),
    ("TverskyLoss('multiclass', alpha=0.3, beta=0.7, gamma=0.75)(logits, few)",
     "tversky_loss(softmax(logits), one_hot(few), axis=1, batch_axes=(), absent='skip', normalizer=C, **mean) ** 0.75",
     "its power comes after the mean over classes, ours (`focal_tversky_loss`) before"),
    ("LovaszLoss('binary')(logits, targets)", "lovasz_hinge_loss(logits, targets, axis=None, batch_axes=())"),
    ("LovaszLoss('binary', per_image=True)(logits, targets)", "lovasz_hinge_loss(logits, targets, axis=None, **mean)"),
    ("LovaszLoss('multiclass')(logits, few)", "lovasz_softmax_loss(logits, few, axis=1, batch_axes=(), **mean)"),
    ("LovaszLoss('multiclass', ignore_index=255)(logits, ignored)",
     "lovasz_softmax_loss(logits, ignored, axis=1, batch_axes=(), ignore_index=255, **mean)"),
    ("MCCLoss()(probs[:, 1], targets[:, 1])", "mcc_loss(probs[:, 1], targets[:, 1], axis=None, batch_axes=())",
     "it adds 1e-5 to each count", "probs"),
)  # fmt: skip

KORNIA = _rows(
    "kornia",
    ("dice_loss(logits, labels)",
     "dice_loss(softmax(logits), targets, axis=None, smooth_denominator=1e-8, **mean)",
     "'micro': all classes of a sample are one region"),
    ("dice_loss(logits, labels, average='macro')",
     "softmax_dice_loss(logits, labels, axis=1, absent='skip', weights=shares, normalizer=N, **mean)",
     ("from 0.9 its mean is over each sample's present classes (`shares`: one over their number), then over samples; "
      "before, absent classes counted, and cost 1: smooth_denominator=1e-8, **mean")),
    ("tversky_loss(logits, labels, alpha=0.3, beta=0.7)",
     "tversky_loss(softmax(logits), targets, axis=1, absent='skip', weights=shares, normalizer=N, **mean)",
     "from 0.9, before it could not tell alpha from beta; its mean as above"),
    ("lovasz_hinge_loss(logits[:, :1], labels % 2)",
     "lovasz_hinge_loss(logits[:, 0], labels % 2, axis=None, **mean)"),
    ("lovasz_softmax_loss(logits, labels)",
     "lovasz_softmax_loss(logits, labels, axis=1, classes='all', **mean)",
     "from 0.9; before, it sorted the labels in place of the masks"),
    ("ssim_loss(probs, soft, window_size=11, padding='valid')", "0.5 * ssim_loss(probs, soft, axis=1, **mean)",
     "half of 1 - SSIM", "probs"),
    ("ssim_loss(probs, soft, window_size=11)", "0.5 * ssim_loss(reflect(probs), reflect(soft), axis=1, **mean)",
     "it reflects 5 pixels at each border", "probs"),
)  # fmt: skip

KERAS = _rows(
    "keras",
    ("dice(targets, probs)", "dice_loss(probs, targets, axis=None, batch_axes=(), smooth_denominator=1e-7)",
     "target first; everything is one region", "probs"),
    ("dice(targets, probs, axis=(2, 3))", "dice_loss(probs, targets, axis=1, smooth_denominator=1e-7)", "", "probs"),
    ("circle(groups, unit(embeddings))", "circle_loss(embeddings, groups, margin=0.4, gamma=80)",
     "takes normalized embeddings; the gradient differs, its weights are no constants", ""),
)  # fmt: skip

OPTAX = _rows(
    "optax",
    ("dice_loss(moveaxis(logits), moveaxis(targets))",
     "mean_of_classes(softmax_dice_loss(logits, targets, axis=1, smooth=2.0))",
     "classes last; its smoothing counts twice; one number a sample"),
    ("dice_loss(moveaxis(logits), moveaxis(targets), alpha=0.3, beta=0.7, reduction='none')",
     "tversky_loss(softmax(logits), targets, axis=1, smooth=1.0)"),
    ("binary_dice_loss(logits[:, 0].reshape(N, -1), targets[:, 0].reshape(N, -1))",
     "sigmoid_dice_loss(logits[:, 0], targets[:, 0], axis=None, smooth=2.0)",
     "of logits only: of probabilities it raises unless they are 1"),
    ("ntxent(embeddings, groups)", "nt_xent_loss(embeddings, groups, temperature=0.07, **mean)",
     "NaN without a pair; ours is 0", "embeddings"),
    ("triplet_margin_loss(anchors, positives, negatives, eps=0.0)",
     "triplet_loss(anchors, positives, negatives, margin=1.0)", "its eps of 1e-6 goes under the root", "anchors"),
)  # fmt: skip

TORCH = _rows(
    "torch",
    ("triplet_margin_loss(anchors, positives, negatives, eps=0.0)",
     "triplet_loss(anchors, positives, negatives, margin=1.0, **mean)", "its eps of 1e-6 is added to the differences",
     "anchors"),
    ("triplet_margin_loss(anchors, positives, negatives, margin=2.0, swap=True, eps=0.0, reduction='none')",
     "triplet_loss(anchors, positives, negatives, margin=2.0, swap=True)", "", "anchors"),
    ("cosine_similarity(anchors[:, None], positives, dim=-1)", "pairwise_similarity(anchors, positives)", "",
     "anchors"),
)  # fmt: skip

TORCHMETRICS = _rows(
    "torchmetrics",
    ("1 - structural_similarity_index_measure(probs, soft, data_range=1.0)",
     "ssim_loss(reflect(probs), reflect(soft), axis=1, **mean)", "it reflects 5 pixels at each border", "probs"),
    ("1 - dice_score(guess[:1], truth[:1], num_classes=C, average=None)", "dice_loss(guess[:1], truth[:1], axis=1)",
     "of hard predictions; absent and not predicted is NaN there", ""),
    ("1 - generalized_dice_score(guess, truth, num_classes=C)", "generalized_dice_loss(guess, truth, axis=1)",
     "of hard predictions", ""),
    ("pairwise_euclidean_distance(anchors, positives)", "pairwise_distance(anchors, positives)", "", "anchors"),
    ("pairwise_cosine_similarity(anchors, positives)", "pairwise_similarity(anchors, positives)", "", "anchors"),
    ("1 - binary_matthews_corrcoef(logits, hard)",
     "mcc_loss(1.0 * (logits > 0), hard, axis=None, batch_axes=())", "of hard predictions", ""),
)  # fmt: skip

PML = _rows(
    "pytorch-metric-learning",
    ("TripletMarginLoss(margin=0.2)(embeddings, groups)",
     "batch_all_triplet_loss(unit(embeddings), groups, margin=0.2, **mean)",
     "normalizes embeddings; its mean is over the active triplets", "embeddings"),
    ("TripletMarginLoss(margin=0.2)(embeddings, groups, BatchHardMiner()(embeddings, groups))",
     "batch_hard_triplet_loss(unit(embeddings), groups, margin=0.2, active_only=True, **mean)", "", "embeddings"),
    ("TripletMarginLoss(margin=0.0, smooth_loss=True)(embeddings, groups, BatchHardMiner()(embeddings, groups))",
     "batch_hard_triplet_loss(unit(embeddings), groups, margin=None, **mean)", "", "embeddings"),
    ("ContrastiveLoss()(embeddings, groups)",
     ("contrastive_loss(d := pairwise_distance(unit(embeddings)), same, squared=False, where=same & others, **mean) "
     "+ contrastive_loss(d, same, squared=False, where=~same & (d < 1), **mean)"),
     "no squares; positive and negative pairs are averaged apart, over those above 0", "embeddings"),
    ("NTXentLoss(temperature=0.07)(embeddings, groups)",
     "nt_xent_loss(embeddings, groups, temperature=0.07, **mean)", "", "embeddings"),
    ("SupConLoss(temperature=0.1)(embeddings, groups)", "sup_con_loss(embeddings, groups, temperature=0.1, **mean)",
     "", "embeddings"),
    ("CircleLoss(m=0.4, gamma=80)(embeddings, groups)",
     "circle_loss(embeddings, groups, margin=0.4, gamma=80, **mean)", "", "embeddings"),
    ("MultiSimilarityLoss(alpha=2, beta=50, base=0.5)(embeddings, groups)",
     "multi_similarity_loss(embeddings, groups, base=0.5, epsilon=None, **mean)", "mines nothing by itself",
     "embeddings"),
    (("MultiSimilarityLoss(alpha=2, beta=50, base=0.5)(embeddings, groups, "
     "MultiSimilarityMiner(epsilon=0.1)(embeddings, groups))"),
     "multi_similarity_loss(embeddings, groups, base=0.5, epsilon=0.1, **mean)", "", "embeddings"),
    ("ProxyNCALoss(G, D, softmax_scale=3)(embeddings, groups)",
     "proxy_nca_loss(embeddings, proxies, groups, scale=3, include_positive=True, **mean)",
     "`proxies` are its parameter", "embeddings"),
    ("ProxyAnchorLoss(G, D)(embeddings, groups)", "proxy_anchor_loss(embeddings, proxies, groups, **mean)", "",
     "embeddings"),
    ("ArcFaceLoss(G, D, margin=28.6, scale=64)(embeddings, groups)",
     ("softmax_cross_entropy(arcface_logits(pairwise_similarity(embeddings, proxies), groups, margin=radians(28.6)), "
     "groups, **mean)"), "its margin is in degrees; its parameter W is `proxies`, transposed", "embeddings"),
    ("CosFaceLoss(G, D, margin=0.35, scale=64)(embeddings, groups)",
     "softmax_cross_entropy(cosface_logits(pairwise_similarity(embeddings, proxies), groups), groups, **mean)", "",
     "embeddings"),
)  # fmt: skip

PRESETS = MONAI + SMP + KORNIA + KERAS + OPTAX + TORCHMETRICS + TORCH + PML


def markdown() -> str:
    """The table for the documentation."""
    lines = ["| peer | their call | our call | |", "|---|---|---|---|"]
    lines += [f"| {p.peer} | `{p.theirs}` | `{p.ours}` | {p.note} |" for p in PRESETS]
    return "\n".join(lines)
