"""Losses for detection, segmentation and tracking: written once, for every array library of the Array API standard.

Each loss is a pure function `loss(pred, target, *, <the paper's options>, weights=None, where=None,
normalizer=None, reduction="none")` of arrays of NumPy, PyTorch, JAX, CuPy or any other library that follows
the standard. It computes one number a row, with the same value and the same gradient in each.

The four options that all losses share:

weights : array of real dtype, broadcast to the rows
    Factor of each row, cast to the rows' dtype.
where : array of booleans, broadcast to the rows
    Rows outside are 0 and have gradient 0, whatever they hold; not even a NaN leaves them.
normalizer : number or 0-d array, only with ``reduction="mean"``
    What the sum is divided by instead: the number of positives over all devices, say.
reduction : {"none", "mean", "sum"}, default "none"
    The rows; sum(w l)/sum(w) over `where`; or sum(w l). A mean over a divisor of 0, or over no rows, is 0
    with gradient 0.

What holds everywhere: float16 and bfloat16 are computed, reduced and returned in float32, their gradients come
back in the input's dtype. Gradients of float16 saturate at its largest number, 65504; in JAX each row's slopes do,
before they are multiplied. Integers count as the library's default real dtype. Shapes, dtypes and options are
checked (`ValueError`, `TypeError`), values never: finite input gives a finite result (as long as the squared size of a
hull does not overflow the dtype: boxes 1e18 apart in float32), a NaN stays in its row.

`grad` and `value_and_grad` differentiate any function written to the standard, on any of these libraries.
"""

from .autodiff import grad, stop_gradient, value_and_grad
from .losses import (
    asymmetric_loss,
    balanced_l1_loss,
    bi_tempered_loss,
    binary_cross_entropy,
    cdiou_loss,
    charbonnier_loss,
    ciou_loss,
    cross_entropy,
    diou_loss,
    distribution_focal_loss,
    eiou_loss,
    entropy,
    equalization_loss_v2,
    focal_eiou_loss,
    focal_l1_loss,
    gaussian_focal_loss,
    generalized_cross_entropy,
    ghm_classification_loss,
    ghm_regression_loss,
    giou_loss,
    hinge_loss,
    huber_loss,
    iou_loss,
    js_divergence,
    kl_divergence,
    l1_loss,
    l2_loss,
    log_cosh_loss,
    multiclass_hinge_loss,
    poly1_loss,
    quality_focal_loss,
    seesaw_loss,
    sigmoid_binary_cross_entropy,
    sigmoid_focal_loss,
    smooth_l1_loss,
    softmax_cross_entropy,
    softmax_focal_loss,
    squared_error,
    squared_hinge_loss,
    varifocal_loss,
    wing_loss,
)
from .measures import ciou, diou, distribution_expectation, eiou, giou, iou

__version__ = "0.1.0"

__all__ = [
    "asymmetric_loss",
    "balanced_l1_loss",
    "bi_tempered_loss",
    "binary_cross_entropy",
    "cdiou_loss",
    "charbonnier_loss",
    "ciou",
    "ciou_loss",
    "cross_entropy",
    "diou",
    "diou_loss",
    "distribution_expectation",
    "distribution_focal_loss",
    "eiou",
    "eiou_loss",
    "entropy",
    "equalization_loss_v2",
    "focal_eiou_loss",
    "focal_l1_loss",
    "gaussian_focal_loss",
    "generalized_cross_entropy",
    "ghm_classification_loss",
    "ghm_regression_loss",
    "giou",
    "giou_loss",
    "grad",
    "hinge_loss",
    "huber_loss",
    "iou",
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
    "stop_gradient",
    "value_and_grad",
    "varifocal_loss",
    "wing_loss",
]
