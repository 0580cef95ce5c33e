"""Which function keeps which law, by name; what is said here holds with a function's first set of knobs."""

from __future__ import annotations

MOVING_CONSTANTS = (
    "ciou",
    "ciou_loss",
    "focal_eiou_loss",
    "generalized_dice_loss",
    "unified_iou_loss",
    "wise_iou_loss",
)
"""Their second derivatives are those of the gradient as it stands: what it holds constant (the alpha of CIoU) moves.
Elsewhere a constant for the gradient is one for its derivative as well."""

_PAIRS = (
    "iou",
    "giou",
    "diou",
    "ciou",
    "eiou",
    "iou_loss",
    "giou_loss",
    "diou_loss",
    "ciou_loss",
    "eiou_loss",
    "focal_eiou_loss",
    "cdiou_loss",
    "siou_loss",
    "alpha_iou_loss",
    "inner_iou_loss",
    "focaler_iou_loss",
    "shape_iou_loss",
    "extended_iou_loss",
    "unified_iou_loss",
    "probiou",
    "probiou_loss",
    "bcd_loss",
    "gwd_loss",
    "kfiou",
    "kfiou_loss",
    "rotated_iou",
    "rotated_giou",
    "rotated_iou_loss",
    "rotated_giou_loss",
)
"""Of two boxes of which neither is the first, in no unit and with no origin."""
_DIFFERENCES = (
    "l1_loss",
    "squared_error",
    "l2_loss",
    "smooth_l1_loss",
    "huber_loss",
    "log_cosh_loss",
    "charbonnier_loss",
    "balanced_l1_loss",
    "focal_l1_loss",
    "wing_loss",
    "ghm_regression_loss",
)
"""Of the size of a difference."""
_FROM_TARGET = ("ioa", "iof", "powerful_iou_loss", "bounded_iou_loss", "kld_loss", "encode_deltas")
"""Of two boxes of which one is the measure of the other."""

SYMMETRIC = (
    *_PAIRS,
    *_DIFFERENCES,
    "wise_iou_loss",
    "mpdiou_loss",
    "nwd_loss",
    "oks",
    "oks_loss",
    "js_divergence",
    "dice_loss",
    "jaccard_loss",
    "mcc_loss",
    "hausdorff_dt_loss",
    "cl_dice_loss",
    "ssim_loss",
)
"""f(a, b) = f(b, a), of the first two arguments."""
WITHOUT_UNIT = (
    *_PAIRS,
    *_FROM_TARGET,
    "pairwise_similarity",
    "info_nce_loss",
    "nt_xent_loss",
    "sup_con_loss",
    "circle_loss",
    "multi_similarity_loss",
    "proxy_nca_loss",
    "proxy_anchor_loss",
)
"""f(s a, s b) = f(a, b) for s > 0; an angle is no length."""
WITHOUT_ORIGIN = (
    *_PAIRS,
    *_DIFFERENCES,
    *_FROM_TARGET,
    "mpdiou_loss",
    "nwd_loss",
    "box_area",
    "boxes_to_distances",
    "pairwise_distance",
    "triplet_loss",
    "mined_triplet_loss",
    "batch_hard_triplet_loss",
    "batch_all_triplet_loss",
    "semi_hard_triplet_loss",
    "center_loss",
    "embedding_hinge_loss",
)
"""f(a + t, b + t) = f(a, b), of every array of real numbers; of rotated boxes, their centres."""
WITHOUT_LEVEL = (
    "softmax_cross_entropy",
    "softmax_focal_loss",
    "poly1_loss",
    "generalized_cross_entropy",
    "multiclass_hinge_loss",
    "bi_tempered_loss",
    "distribution_focal_loss",
    "distribution_expectation",
    "seesaw_loss",
    "softmax_dice_loss",
    "dice_cross_entropy_loss",
    "dice_focal_loss",
    "unified_focal_loss",
    "lovasz_softmax_loss",
    "top_k_cross_entropy",
)
"""f(x + t) = f(x), of the scores of all classes."""
