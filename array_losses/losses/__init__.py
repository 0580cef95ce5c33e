"""Floor 3: one function = one published loss: check, compute, reduce."""

from .balanced import equalization_loss_v2, ghm_classification_loss, ghm_regression_loss, seesaw_loss
from .binary import binary_cross_entropy, hinge_loss, sigmoid_binary_cross_entropy, squared_hinge_loss
from .boxes import cdiou_loss, ciou_loss, diou_loss, eiou_loss, focal_eiou_loss, giou_loss, iou_loss
from .classes import (
    bi_tempered_loss,
    generalized_cross_entropy,
    multiclass_hinge_loss,
    poly1_loss,
    softmax_cross_entropy,
    softmax_focal_loss,
)
from .distributions import cross_entropy, distribution_focal_loss, entropy, js_divergence, kl_divergence
from .focal import asymmetric_loss, gaussian_focal_loss, quality_focal_loss, sigmoid_focal_loss, varifocal_loss
from .regression import (
    balanced_l1_loss,
    charbonnier_loss,
    focal_l1_loss,
    huber_loss,
    l1_loss,
    l2_loss,
    log_cosh_loss,
    smooth_l1_loss,
    squared_error,
    wing_loss,
)

__all__ = [
    "asymmetric_loss",
    "balanced_l1_loss",
    "bi_tempered_loss",
    "binary_cross_entropy",
    "cdiou_loss",
    "charbonnier_loss",
    "ciou_loss",
    "cross_entropy",
    "diou_loss",
    "distribution_focal_loss",
    "eiou_loss",
    "entropy",
    "equalization_loss_v2",
    "focal_eiou_loss",
    "focal_l1_loss",
    "gaussian_focal_loss",
    "generalized_cross_entropy",
    "ghm_classification_loss",
    "ghm_regression_loss",
    "giou_loss",
    "hinge_loss",
    "huber_loss",
    "iou_loss",
    "js_divergence",
    "kl_divergence",
    "l1_loss",
    "l2_loss",
    "log_cosh_loss",
    "multiclass_hinge_loss",
    "poly1_loss",
    "quality_focal_loss",
    "seesaw_loss",
    "sigmoid_binary_cross_entropy",
    "sigmoid_focal_loss",
    "smooth_l1_loss",
    "softmax_cross_entropy",
    "softmax_focal_loss",
    "squared_error",
    "squared_hinge_loss",
    "varifocal_loss",
    "wing_loss",
]
