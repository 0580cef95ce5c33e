"""Losses of two axis-aligned boxes that compare sides, corners and centres one by one.

What holds for all box losses holds here: see `boxes`. Where a formula divides by a side that is 0, that term is 0.
"""

from __future__ import annotations

from .. import _check
from .._array import Array
from ..measures import Geometry, formulas_sides
from ._boxes import box_loss, one_minus


def _cost(g: Geometry, m: Array) -> tuple[Array, None]:
    """The outcome of a formula that gives minus its cost."""
    return 0.0 - m, None


def siou_loss(
    pred: Array,
    target: Array,
    *,
    theta: float = 4.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    """SIoU loss, 1 - I/U + (Delta + Omega)/2: distance, angle and shape.

    Delta = sum over both axes of 1 - e^(-(2 - Lambda) (d/C)^2), with d the way from centre to centre along the axis and
    C the hull's side. Lambda = 2 |dx dy|/(dx^2 + dy^2) is 1 where the centres lie on a diagonal and 0 where they lie on
    an axis, so that the prediction is drawn to the nearer axis first. Omega = sum over both sides of (1 - e^(-|w_p -
    w_t|/max(w_p, w_t)))^theta.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    theta : float >= 1, default 4
        How much attention the shape gets: the paper lets it be 2 to 6.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 3].

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    The paper writes Lambda as 1 - 2 sin^2(asin(x) - pi/4) = sin(2 asin(x)); it is this quotient, without an asin and
    its infinite slope. mmdetection's default, ``neg_gamma=False``, has the sign of the exponent turned round: its Delta
    is at most 0, so it rewards a distance of the centres (0.495 for two disjoint boxes that cost 1.370 here); its
    ``neg_gamma=True`` is the paper's form. PaddleDetection gives NaN where the centres coincide.

    References
    ----------
    Z. Gevorgyan, "SIoU Loss: More Powerful Learning for Bounding Box Regression", 2022, arXiv:2205.12740.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import siou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> print(siou_loss(p, t).round(6))
    [0.599691]
    """
    knobs = {"theta": _check.number("theta", theta, 1.0)}
    return box_loss(formulas_sides.siou, one_minus, pred, target, weights, where, normalizer, reduction, **knobs)


def shape_iou_loss(
    pred: Array,
    target: Array,
    *,
    scale: float = 0.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    """Shape-IoU loss: distance and shape weighted by the shape of the target.

    1 - I/U + (hh dx^2 + ww dy^2)/c^2 + Omega/2 with ww = 2 w_t^scale/(w_t^scale + h_t^scale), hh = 2 - ww and Omega =
    (1 - e^(-hh |w_p - w_t|/max(w_p, w_t)))^4 + (1 - e^(-ww |h_p - h_t|/max(h_p, h_t)))^4: what is off along the short
    side of the target weighs more.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    scale : float >= 0, default 0
        Exponent of the target's sides, chosen for the sizes of a data set; 0 makes both weights 1.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 4].

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    The two boxes are not interchangeable: the weights are the target's, and part of the gradient along the target. Two
    sides of 0 have weights of 1.

    References
    ----------
    H. Zhang, S. Zhang, "Shape-IoU: More Accurate Metric considering Bounding Box Shape and Scale", 2023,
    arXiv:2312.17663.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import shape_iou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> print(shape_iou_loss(p, t).round(6), shape_iou_loss(p, t, scale=1.0).round(6))
    [0.597827] [0.600831]
    """
    knobs = {"scale": _check.number("scale", scale, 0.0)}
    return box_loss(formulas_sides.shape_iou, one_minus, pred, target, weights, where, normalizer, reduction, **knobs)


def mpdiou_loss(
    pred: Array,
    target: Array,
    *,
    image_size: tuple[float, float],
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    """MPDIoU loss, 1 - I/U + (d1^2 + d2^2)/(H^2 + W^2): the distances of two corners.

    d1 and d2 are the distances of the first and of the last corners of both boxes; H and W are the sides of the image.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    image_size : (height, width), two numbers > 0
        Sides of the input image, in the unit of the boxes. Required: a default would be wrong without a word.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        0 or more: at most 3 for boxes inside of the image.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    The formula of the paper. The ports that circulate disagree about the divisor: the squared diagonal of the feature
    map, 640^2 + 640^2 whatever the image, or the product H W; one adds a power of a GIoU term.

    References
    ----------
    S. Ma, Y. Xu, "MPDIoU: A Loss for Efficient and Accurate Bounding Box Regression", 2023, arXiv:2307.07662.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import mpdiou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> print(mpdiou_loss(p, t, image_size=(640, 640)).round(6))  # 4/7 + (13 + 5)/819200
    [0.571451]
    """
    knobs = {"diagonal2": sum(side * side for side in _check.size("image_size", image_size))}
    return box_loss(formulas_sides.mpdiou, one_minus, pred, target, weights, where, normalizer, reduction, **knobs)


def powerful_iou_loss(
    pred: Array,
    target: Array,
    *,
    version: int = 2,
    lam: float = 1.3,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    """Powerful-IoU loss, 2 - I/U - e^(-P^2): a pull towards the target that does not let boxes grow.

    P = (|x1 - x1_t|/w_t + |x2 - x2_t|/w_t + |y1 - y1_t|/h_t + |y2 - y2_t|/h_t)/4 is the mean distance of the four
    edges, in sides of the target: no hull, hence nothing to gain by a larger prediction. Version 2 multiplies by 3 q
    e^(-q^2) with q = lam e^(-P), which makes most of boxes of medium quality.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    version : {1, 2}, default 2
        1 is PIoU, 2 is PIoU v2.
    lam : float > 0, default 1.3
        Version 2: where its attention peaks, q = 1/sqrt(2).
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 2]; up to 2.58 for version 2.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    The attention of version 2 takes part in the gradient, as in the authors' code. It fades faster than the rest grows:
    beyond P of about 1 the loss falls as the prediction goes farther, and its gradient leads away from the target.
    Another loss by this name, Pixels-IoU, is for rotated boxes. A term whose side of the target is 0 is 0.

    References
    ----------
    C. Liu et al., "Powerful-IoU: More straightforward and faster bounding box regression loss with a nonmonotonic
    focusing mechanism", Neural Networks 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import powerful_iou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> print(powerful_iou_loss(p, t, version=1).round(6), powerful_iou_loss(p, t).round(6))
    [0.64007] [0.709426]
    """
    _check.version(version, (1, 2))
    lam = _check.positive("lam", lam)
    formula, knobs = formulas_sides.powerful_iou, {"lam": None if version == 1 else lam}
    return box_loss(formula, _cost, pred, target, weights, where, normalizer, reduction, **knobs)


def nwd_loss(
    pred: Array,
    target: Array,
    *,
    constant: float = 12.8,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    """Normalized Wasserstein distance loss, 1 - e^(-W/constant), for tiny objects.

    Boxes are taken for normal distributions, whose Wasserstein distance is W^2 = dx^2 + dy^2 + ((w_p - w_t)^2 + (h_p -
    h_t)^2)/4. It does not break off where boxes cease to overlap, and a shift by a pixel costs a tiny box no more than
    a large one.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    constant : float > 0, default 12.8
        The length that W is measured in: the mean size of the objects, 12.8 pixels in AI-TOD.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 1].

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    The one box loss here that depends on the unit of length, through `constant`. The authors' code adds an eps to W^2
    and so has 2.5e-5 for identical boxes; here they cost 0, with gradient 0.

    References
    ----------
    J. Wang et al., "A Normalized Gaussian Wasserstein Distance for Tiny Object Detection", 2021, arXiv:2110.13389.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import nwd_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> print(nwd_loss(p, t).round(6))  # W = 3
    [0.208935]
    """
    knobs = {"constant": _check.positive("constant", constant)}
    return box_loss(formulas_sides.nwd, _cost, pred, target, weights, where, normalizer, reduction, **knobs)


def bounded_iou_loss(
    pred: Array,
    target: Array,
    *,
    beta: float = 0.2,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    """Bounded IoU loss: upper bounds of the IoU for each of x, y, w, h, each through a smooth-L1.

    S(1 - max((w_t - 2 |dx|)/(w_t + 2 |dx|), 0)) + S(1 - min(w_p/w_t, w_t/w_p)), and the same along y: how good the IoU
    could be if only this number were wrong. S(l) = l^2/(2 beta) for l < beta, l - beta/2 beyond.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    beta : float > 0, default 0.2
        Where the smooth-L1 turns into a line.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 4 - 2 beta] for beta < 1.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    The sum of the four terms; mmdetection's `BoundedIoULoss` gives the four apart, and 1e-7 for identical boxes because
    of its eps. Two sides of 0 are equal and cost nothing.

    References
    ----------
    L. Tychsen-Smith, L. Petersson, "Improving Object Localization with Fitness NMS and Bounded IoU Loss", CVPR 2018,
    arXiv:1711.00164.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import bounded_iou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> print(bounded_iou_loss(p, t).round(6))
    [1.171429]
    """
    knobs = {"beta": _check.positive("beta", beta)}
    return box_loss(formulas_sides.bounded_iou, _cost, pred, target, weights, where, normalizer, reduction, **knobs)


def extended_iou_loss(
    pred: Array,
    target: Array,
    *,
    smooth_point: float = 0.1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    """Extended IoU loss: an intersection that goes on below 0 where boxes do not overlap.

    S(1 - I'/U'), U' = the areas of both less I'. With ow and oh the sides of the overlap, negative for a gap, and gx =
    |x1 - x1_t|, gy = |y1 - y1_t|: I' = ow oh where both are positive, ow (2 gy + oh) where only ow is negative, oh (2
    gx + ow) where only oh is, 2 (gx oh + gy ow + ow oh) where both are. S is the smooth-L1 of `bounded_iou_loss` with
    beta = smooth_point.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    smooth_point : float > 0, default 0.1
        Below it the loss is a parabola.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 2 - smooth_point/2] for smooth_point < 1.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    The `EIoULoss` of mmdetection and the loss of libfacedetection; not the Efficient IoU, `eiou_loss`. The areas of two
    boxes that overlap in one axis only depend on the corner that is measured from, which is part of its definition.

    References
    ----------
    H. Peng, S. Yu, "A Systematic IoU-Related Method: Beyond Simplified Regression for Better Localization", IEEE TIP
    2021, arXiv:2112.01793.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import extended_iou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> print(extended_iou_loss(p, t).round(6))  # 4/7 - 0.05
    [0.521429]
    """
    formula, knobs = formulas_sides.extended_iou, {"smooth_point": _check.positive("smooth_point", smooth_point)}
    return box_loss(formula, _cost, pred, target, weights, where, normalizer, reduction, **knobs)
