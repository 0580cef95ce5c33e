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
from .losses import cdiou_loss, ciou_loss, diou_loss, eiou_loss, focal_eiou_loss, giou_loss, iou_loss
from .measures import ciou, diou, eiou, giou, iou

__version__ = "0.1.0"

__all__ = [
    "cdiou_loss",
    "ciou",
    "ciou_loss",
    "diou",
    "diou_loss",
    "eiou",
    "eiou_loss",
    "focal_eiou_loss",
    "giou",
    "giou_loss",
    "grad",
    "iou",
    "iou_loss",
    "stop_gradient",
    "value_and_grad",
]
