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
    r"""SIoU loss, 1 - I/U + (Delta + Omega)/2: distance, angle and shape.

    .. math::

        L &= 1 - \frac{I}{U} + \frac{\Delta + \Omega}{2} \\
        \Delta &= \left(1 - e^{-(2 - \Lambda) (d_x / C_w)^2}\right) + \left(1 - e^{-(2 - \Lambda) (d_y / C_h)^2}\right),
            \qquad \Lambda = \frac{2 |d_x d_y|}{d_x^2 + d_y^2} \\
        \Omega &= \left(1 - e^{-|w_p - w_t| / \max(w_p, w_t)}\right)^\theta
            + \left(1 - e^{-|h_p - h_t| / \max(h_p, h_t)}\right)^\theta

    I and U are the areas of the intersection and the union, (d_x, d_y) is the way from centre to centre; w_p, h_p,
    w_t and h_t are the sides of the prediction and the target, C_w and C_h those of the hull, the smallest box
    around both. Lambda is 1 where the centres lie on a diagonal and 0 where they lie on an axis. The paper means it
    to draw the prediction to the nearer axis first; the formula, as printed there, draws it to the diagonal.

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
    r"""Shape-IoU loss: distance and shape weighted by the shape of the target.

    .. math::

        L &= 1 - \frac{I}{U} + \frac{a_h d_x^2 + a_w d_y^2}{c^2} + \frac{\Omega}{2} \\
        \Omega &= \left(1 - e^{-a_h |w_p - w_t| / \max(w_p, w_t)}\right)^4
            + \left(1 - e^{-a_w |h_p - h_t| / \max(h_p, h_t)}\right)^4 \\
        a_w &= \frac{2 w_t^s}{w_t^s + h_t^s}, \qquad a_h = 2 - a_w

    I and U are the areas of the intersection and the union, (d_x, d_y) is the way from centre to centre, c the
    diagonal of the hull, the smallest box around both; w_p, h_p, w_t and h_t are the sides of the prediction and
    the target, s is `scale`. What is off along the short side of the target weighs more.

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
    r"""MPDIoU loss, 1 - I/U + (d1^2 + d2^2)/(H^2 + W^2): the distances of two corners.

    .. math::

        L = 1 - \frac{I}{U} + \frac{d_1^2 + d_2^2}{H^2 + W^2}

    I and U are the areas of the intersection and the union, d_1 and d_2 the distances of the first and of the last
    corners of both boxes; H and W are the sides of the image.

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
    r"""Powerful-IoU loss, 2 - I/U - e^(-P^2): a pull towards the target that does not let boxes grow.

    .. math::

        L_1 &= 2 - \frac{I}{U} - e^{-P^2}, \qquad L_2 = 3 q e^{-q^2} L_1, \qquad q = \lambda e^{-P} \\
        P &= \frac{1}{4} \left(\frac{|x_1 - x_1'| + |x_2 - x_2'|}{w_t}
            + \frac{|y_1 - y_1'| + |y_2 - y_2'|}{h_t}\right)

    L_1 and L_2 are the two versions, I and U the areas of the intersection and the union, x and y the edges of the
    prediction, with a prime those of the target, whose sides are w_t and h_t; lambda is `lam`. P is the mean
    distance of the four edges, in sides of the target: no hull, hence nothing to gain by a larger prediction. The
    factor of version 2 makes most of boxes of medium quality.

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
    r"""Normalized Wasserstein distance loss, 1 - e^(-W/constant), for tiny objects.

    .. math::

        L = 1 - e^{-W/K}, \qquad W^2 = d_x^2 + d_y^2 + \frac{(w_p - w_t)^2 + (h_p - h_t)^2}{4}

    (d_x, d_y) is the way from centre to centre, w_p, h_p, w_t and h_t are the sides of the prediction and the
    target, K is `constant`. W is the Wasserstein distance of the boxes, taken for normal distributions. It does not
    break off where boxes cease to overlap, and a shift by a pixel costs a tiny box no more than a large one.

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
    r"""Bounded IoU loss: upper bounds of the IoU for each of x, y, w, h, each through a smooth-L1.

    .. math::

        L &= S(u_x) + S(u_y) + S(u_w) + S(u_h),
            \qquad S(u) = \begin{cases} u^2 / (2 \beta) & u < \beta \\ u - \beta/2 & u \ge \beta \end{cases} \\
        u_x &= 1 - \max\left(\frac{w_t - 2 |d_x|}{w_t + 2 |d_x|}, 0\right),
            \qquad u_w = 1 - \min\left(\frac{w_p}{w_t}, \frac{w_t}{w_p}\right)

    u_y and u_h are the same along y; d_x is the way from centre to centre, w_p and w_t are the widths of the
    prediction and the target. Each u says how good the IoU could be at best if only this number were wrong.

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
    r"""Extended IoU loss: an intersection that goes on below 0 where boxes do not overlap.

    .. math::

        L &= S\left(1 - \frac{I'}{A_p + A_t - I'}\right),
            \qquad S(u) = \begin{cases} u^2 / (2 \beta) & u < \beta \\ u - \beta/2 & u \ge \beta \end{cases} \\
        I' &= \begin{cases}
            o_w o_h & o_w \ge 0, o_h \ge 0 \\
            o_w (2 g_y + o_h) & o_w < 0, o_h \ge 0 \\
            o_h (2 g_x + o_w) & o_w \ge 0, o_h < 0 \\
            2 (g_x o_h + g_y o_w + o_w o_h) & o_w < 0, o_h < 0
        \end{cases}

    A_p and A_t are the areas of the prediction and the target, o_w and o_h the sides of their overlap, negative for
    a gap; g_x and g_y are the distances of their left and of their top edges, beta is `smooth_point`.

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
