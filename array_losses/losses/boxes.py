"""Losses of two axis-aligned boxes: one minus a measure of `measures/boxes.py`, which says what the letters mean.

The paragraphs that hold for all of them: a perfect match costs exactly 0 and has a finite gradient;
degenerate, inverted, disjoint and far-apart boxes give a finite value in the stated range and a finite
gradient; rows are independent; there is no eps, so the unit of length does not matter. Gradients exist for
both arguments. Where edges of the two boxes coincide, each box gets half of the slope (as `maximum` and
`minimum` do in PyTorch and JAX).
"""

from __future__ import annotations

from typing import NamedTuple

from .. import _check
from .._array import Array
from ..measures import Geometry, formulas
from ._boxes import box_loss, one_minus

# -ln(IoU) ends here: 13.8 for boxes that hardly touch, or not at all. The IoU has no unit, so neither has
# this bound.
SMALLEST_IOU = 1e-6


def iou_loss(
    pred: Array,
    target: Array,
    *,
    form: str = "linear",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""IoU loss in its three published forms: 1 - I/U, -ln(I/U) or 1 - (I/U)^2.

    .. math::

        L = \begin{cases}
            1 - I/U & \text{linear} \\
            -\ln \max(I/U, 10^{-6}) & \text{log} \\
            1 - (I/U)^2 & \text{square}
        \end{cases}

    I and U are the areas of the intersection and the union. The measure that detectors are judged by,
    made a loss; blind to boxes that do not overlap, whose gradient is 0.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    form : {"linear", "log", "square"}, default "linear"
        Which of the three.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 1]; [0, 13.8] for the logarithm.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown.

    Notes
    -----
    Projects call different forms by the one name `IoULoss`: mmdetection and keras-cv take the logarithm by
    default, YOLOX and PaddleDetection the square. The logarithm ends at IoU = 1e-6, where mmdetection ends it
    too, and has gradient 0 there; the slope at IoU = 0 would be infinite. keras-cv's logarithm is of the mean
    IoU, not the mean of logarithms. PaddleDetection's FCOS form is -ln((I + 1)/(U + 1)), which depends on the
    unit.

    References
    ----------
    J. Yu et al., "UnitBox", 2016, arXiv:1608.01471 (logarithm).

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import iou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 4.0, 2.0]]), np.asarray([[0.0, 0.0, 2.0, 2.0]])  # IoU 4/8
    >>> print(iou_loss(p, t), iou_loss(p, t, form="log"), iou_loss(p, t, form="square"))
    [0.5] [0.69314718] [0.75]
    """
    _check.one_of("form", form, tuple(_IOU_FORMS))
    return box_loss(formulas.iou, _IOU_FORMS[form], pred, target, weights, where, normalizer, reduction)


def _minus_log(g: Geometry, m: Array) -> tuple[Array, Array]:
    bounded = g.xp.clip(m, SMALLEST_IOU, None)
    return 0.0 - g.xp.log(bounded), g.xp.where(m > SMALLEST_IOU, 1.0 / bounded, 0.0)


def _one_minus_square(g: Geometry, m: Array) -> tuple[Array, Array]:
    return 1.0 - m * m, 2.0 * m


_IOU_FORMS = {"linear": one_minus, "log": _minus_log, "square": _one_minus_square}


def giou_loss(
    pred: Array,
    target: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Generalized IoU loss, 1 - I/U + (C - U)/C.

    .. math::

        L = 1 - \frac{I}{U} + \frac{C - U}{C}

    I and U are the areas of the intersection and the union, C that of the hull, the smallest box around
    both. Boxes that do not overlap still attract each other, because the empty part of their hull counts.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 2].

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown.

    Notes
    -----
    The same as torchvision's `generalized_box_iou_loss` and fvcore's `giou_loss` but for their eps of 1e-7 in
    each denominator. Two boxes without area on one line cost 1, the same box without area against itself as
    well, as in those projects. Some trackers wrote C - I for C - U.

    References
    ----------
    H. Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019, arXiv:1902.09630.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import giou_loss
    >>> giou_loss(np.asarray([[0.0, 0.0, 1.0, 1.0]]), np.asarray([[1.0, 1.0, 2.0, 2.0]]))  # 1 - 0 + (4 - 2)/4
    array([1.5])
    """
    return box_loss(formulas.giou, one_minus, pred, target, weights, where, normalizer, reduction)


def diou_loss(
    pred: Array,
    target: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Distance IoU loss, 1 - I/U + rho^2/c^2.

    .. math::

        L = 1 - \frac{I}{U} + \frac{\rho^2}{c^2}

    I and U are the areas of the intersection and the union, rho is the distance of the centres, c the
    diagonal of the hull, the smallest box around both. The centres attract each other directly, so boxes
    apart converge several times faster than with GIoU.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 2].

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown.

    Notes
    -----
    The same as torchvision's `distance_box_iou_loss` but for its eps. PaddleDetection adds eps above and
    below the fraction.

    References
    ----------
    Z. Zheng et al., "Distance-IoU Loss", AAAI 2020, arXiv:1911.08287, equation 7.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import diou_loss
    >>> diou_loss(np.asarray([[-1.0, -1.0, 1.0, 1.0]]), np.asarray([[0.0, 0.0, 1.0, 1.0]]))  # 1 - 1/4 + 0.5/8
    array([0.8125])
    """
    return box_loss(formulas.diou, one_minus, pred, target, weights, where, normalizer, reduction)


def ciou_loss(
    pred: Array,
    target: Array,
    *,
    gate: float | None = None,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Complete IoU loss, 1 - I/U + rho^2/c^2 + alpha v.

    .. math::

        L &= 1 - \frac{I}{U} + \frac{\rho^2}{c^2} + \alpha v \\
        v &= \frac{4}{\pi^2} \left(\arctan \frac{w_t}{h_t} - \arctan \frac{w_p}{h_p}\right)^2 \\
        \alpha &= \frac{v}{(1 - I/U) + v}

    I and U are the areas of the intersection and the union, rho is the distance of the centres, c the
    diagonal of the hull, the smallest box around both; w_p, h_p, w_t and h_t are the sides of the
    prediction and the target. DIoU that also wants the aspect ratio right. The box loss of YOLOv5 to
    YOLOv8.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    gate : float in [0, 1], optional
        Count alpha v only where I/U > gate. The authors' second paper and mmdetection use 0.5.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 2.5].

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown, or the gate is outside [0, 1].

    Notes
    -----
    alpha is a constant for the gradient: in a second derivative it is differentiated as what it is, so that
    the second derivative is the derivative of this gradient. What differs elsewhere stands in
    `array_losses.ciou`; mmdetection's loss is `ciou_loss(..., gate=0.5)` without the NaN at a match.

    References
    ----------
    Z. Zheng et al., "Distance-IoU Loss", AAAI 2020, arXiv:1911.08287, equations 8-11; the gate:
    arXiv:2005.03572.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import ciou_loss
    >>> p, t = np.asarray([[-1.0, -1.0, 1.0, 1.0]]), np.asarray([[0.0, -1.0, 1.0, 1.0]])
    >>> print(ciou_loss(p, t), ciou_loss(p, t, gate=0.5))  # 0.53125 is the DIoU loss, v = 0.04196, alpha = 0.07742
    [0.53449813] [0.53125]
    """
    gate = _check.gate(gate)
    return box_loss(formulas.ciou, one_minus, pred, target, weights, where, normalizer, reduction, gate=gate)


def eiou_loss(
    pred: Array,
    target: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Efficient IoU loss, 1 - I/U + rho^2/c^2 + (w_p - w_t)^2/Cw^2 + (h_p - h_t)^2/Ch^2.

    .. math::

        L = 1 - \frac{I}{U} + \frac{\rho^2}{c^2} + \frac{(w_p - w_t)^2}{C_w^2} + \frac{(h_p - h_t)^2}{C_h^2}

    I and U are the areas of the intersection and the union, rho is the distance of the centres; w_p, h_p,
    w_t and h_t are the sides of the prediction and the target, C_w and C_h those of the hull, the
    smallest box around both, and c is its diagonal. Width and height are pulled to the target's on their
    own, where CIoU's ratio can only trade one for the other.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 4].

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown.

    Notes
    -----
    Not the `EIoULoss` of mmdetection, which is the Extended IoU, nor the `_EIoU` of the Wise-IoU repository;
    see `array_losses.eiou`.

    References
    ----------
    Y.-F. Zhang et al., "Focal and Efficient IOU Loss", Neurocomputing 2022, arXiv:2101.08158, equation 6.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import eiou_loss
    >>> eiou_loss(np.asarray([[-1.0, -1.0, 1.0, 1.0]]), np.asarray([[0.0, -1.0, 1.0, 1.0]]))  # 1/2 + 0.25/8 + 1/4
    array([0.78125])
    """
    return box_loss(formulas.eiou, one_minus, pred, target, weights, where, normalizer, reduction)


def focal_eiou_loss(
    pred: Array,
    target: Array,
    *,
    gamma: float = 0.5,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Focal EIoU loss, (I/U)^gamma times the EIoU loss.

    .. math::

        L = \left(\frac{I}{U}\right)^\gamma L_\mathrm{EIoU}

    I and U are the areas of the intersection and the union, L_EIoU is `eiou_loss`. Turns the focus round:
    boxes that already fit well count most, outliers that do not overlap count nothing.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    gamma : float >= 0, default 0.5
        Strength of the focus; 0 is `eiou_loss`.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 4].

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown, or gamma is negative.

    Notes
    -----
    The power is a constant for the gradient, as in common use. Boxes that do not overlap cost 0 and have
    gradient 0. The paper's batch form, sum(w L)/sum(w) with w = (I/U)^gamma, is a weighted mean of
    `eiou_loss` (second example).

    References
    ----------
    Y.-F. Zhang et al., "Focal and Efficient IOU Loss", Neurocomputing 2022, arXiv:2101.08158, equations
    10-11.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import eiou_loss, focal_eiou_loss, iou, stop_gradient
    >>> p = np.asarray([[0.0, 0.0, 4.0, 2.0], [1.0, 0.0, 2.0, 2.0]])
    >>> t = np.asarray([[0.0, 0.0, 1.0, 2.0], [1.0, 0.0, 2.0, 2.0]])
    >>> focal_eiou_loss(p, t)  # sqrt(1/4) * (3/4 + 2.25/20 + 9/16), and 0
    array([0.7125, 0.    ])
    >>> weights = stop_gradient(iou(p, t) ** 0.5)  # 1/2 and 1
    >>> print(eiou_loss(p, t, weights=weights, reduction="mean").round(6))  # 0.7125 / 1.5
    0.475
    """
    gamma = _check.number("gamma", gamma, 0.0)
    return box_loss(formulas.eiou, _Focused(gamma), pred, target, weights, where, normalizer, reduction)


class _Focused(NamedTuple):
    """(I/U)^gamma * (1 - m), the power constant for the gradient."""

    gamma: float

    def __call__(self, g: Geometry, m: Array) -> tuple[Array, Array]:
        xp, overlapping = g.xp, g.iou > 0.0
        power = xp.where(overlapping, xp.where(overlapping, g.iou, 1.0) ** self.gamma, float(self.gamma == 0.0))
        return power * (1.0 - m), power


def cdiou_loss(
    pred: Array,
    target: Array,
    *,
    base: str = "iou",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Control distance IoU loss: a base loss plus the mean distance of corresponding corners over the hull's diagonal.

    .. math::

        L = 1 - m + \frac{d_1 + d_2 + d_3 + d_4}{4 c}

    m is the measure `base` of both boxes, d_1 to d_4 are the distances of corresponding corners, c is the
    diagonal of the hull, the smallest box around both: position and shape in one term without a case
    distinction.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    base : {"iou", "giou", "diou", "ciou"}, default "iou"
        The measure that the distance is added to.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 2] for `iou`; the base loss's range plus [0, 1] otherwise.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown.

    Notes
    -----
    The authors' repository scales the distance by a factor of about 0.001 and mixes anchors with targets, so
    it cannot be reproduced from its code; this is the paper's formula. The distance of two corners has slope
    0 where they coincide.

    References
    ----------
    D. Chen, D. Miao, "Control Distance IoU and Control Distance IoU Loss Function for Better Bounding Box
    Regression", 2021, arXiv:2103.11696.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import cdiou_loss
    >>> point = np.asarray([[0.0, 0.0, 0.0, 0.0]])
    >>> cdiou_loss(np.asarray([[0.0, 0.0, 3.0, 4.0]]), point)  # 1 - 0 + (0 + 3 + 4 + 5)/(4 * 5)
    array([1.6])
    """
    _check.one_of("base", base, ("iou", "giou", "diou", "ciou"))
    return box_loss(formulas.cdiou, one_minus, pred, target, weights, where, normalizer, reduction, base=base)
