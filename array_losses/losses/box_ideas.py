"""Ideas of the literature that compose with any member of the IoU family, and those that weigh pairs against others.

What holds for all box losses holds here: see `boxes`. The idea of Focal-EIoU, a weight (I/U)^gamma, composes with every
loss through `weights`: the second example of `focal_eiou_loss`.
"""

from __future__ import annotations

from .. import _check
from .._array import Array, astype, computing_dtype
from .._numerics import device_of
from .._reduce import keep_rows, reduce_rows
from ..autodiff import closed_form, compiled, stop_gradient
from ..measures import MEMBERS, POWERS, composed, iou
from ._boxes import box_loss, one_minus
from ._rows import Shared, common, row_loss


def alpha_iou_loss(
    pred: Array,
    target: Array,
    *,
    alpha: float = 3.0,
    base: str = "iou",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Alpha-IoU loss: each term of a base loss to the power of alpha.

    .. math::

        L = 1 - \left(\frac{I}{U}\right)^\alpha + \begin{cases}
            0 & \text{iou} \\
            \left(\frac{C - U}{C}\right)^\alpha & \text{giou} \\
            \left(\frac{\rho^2}{c^2}\right)^\alpha & \text{diou} \\
            \left(\frac{\rho^2}{c^2}\right)^\alpha + (\alpha_v v)^\alpha & \text{ciou}
        \end{cases}

    I and U are the areas of the intersection and the union, C is that of the hull, the smallest box around both,
    and c its diagonal; rho is the distance of the centres, and alpha_v v the last term of `ciou_loss`. A larger
    alpha leaves bad boxes alone and makes more of good ones.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    alpha : float > 0, default 3
        The exponent.
    base : {"iou", "giou", "diou", "ciou"}, default "iou"
        Whose terms.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        From 0 to 1, 2, 2 and 3, by base.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    CIoU's own alpha is a constant for the gradient. The authors add an eps to v so that a power below 1 can be
    differentiated at 0; here its slope is 0 there. YOLOv7's version has 2 for a default.

    References
    ----------
    J. He et al., "Alpha-IoU: A Family of Power Intersection over Union Losses for Bounding Box Regression", NeurIPS
    2021, arXiv:2110.13675.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import alpha_iou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> print(alpha_iou_loss(p, t).round(6), alpha_iou_loss(p, t, base="ciou").round(6))  # 1 - (3/7)^3
    [0.921283] [0.921291]
    """
    alpha = _check.positive("alpha", alpha)
    _check.one_of("base", base, POWERS)
    knobs = {"base": base, "alpha": alpha}
    return box_loss(composed.raised, one_minus, pred, target, weights, where, normalizer, reduction, **knobs)


def inner_iou_loss(
    pred: Array,
    target: Array,
    *,
    ratio: float,
    base: str = "iou",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Inner-IoU loss: a base loss whose IoU is that of both boxes shrunk or grown about their centres.

    .. math::

        L = L_\mathrm{base} + \frac{I}{U} - \frac{I_r}{U_r}

    L_base is the base loss, 1 minus the measure `base`; I and U are the areas of the intersection and the union of
    both boxes, I_r and U_r those of the boxes with their sides times `ratio`. A ratio below 1 sharpens the loss for
    boxes that fit already, one above 1 reaches further for boxes that are small or far.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    ratio : float > 0
        The paper has 0.7 to 0.8 and 1.1 to 1.2. Required: 1 is the base loss.
    base : {"iou", "giou", "diou", "ciou", "eiou", "siou"}, default "iou"
        Whose penalties.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 1] for the base "iou"; the base's range, and up to 1 more, otherwise.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    Penalties, and the weight alpha of CIoU, are those of the unscaled boxes, as in the authors' code. Together with the
    Focaler idea: `focaler_iou_loss` with a ratio.

    References
    ----------
    H. Zhang, C. Xu, S. Zhang, "Inner-IoU: More Effective Intersection over Union Loss with Auxiliary Bounding Box",
    2023, arXiv:2311.02877.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import inner_iou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> print(inner_iou_loss(p, t, ratio=0.7).round(6), inner_iou_loss(p, t, ratio=0.7, base="ciou").round(6))
    [0.634146] [0.655631]
    """
    return focaler_iou_loss(
        pred,
        target,
        low=0.0,
        high=1.0,
        ratio=ratio,
        base=base,
        weights=weights,
        where=where,
        normalizer=normalizer,
        reduction=reduction,
    )


def focaler_iou_loss(
    pred: Array,
    target: Array,
    *,
    low: float = 0.0,
    high: float = 0.95,
    ratio: float = 1.0,
    base: str = "iou",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Focaler-IoU loss: a base loss whose IoU is stretched from [low, high] to [0, 1].

    .. math::

        L = L_\mathrm{base} + \frac{I}{U} - \min\left(\max\left(\frac{I_r/U_r - l}{h - l}, 0\right), 1\right)

    L_base is the base loss, 1 minus the measure `base`; I/U is the IoU of both boxes, I_r/U_r that of the boxes
    with their sides times `ratio`, the same by default; l and h are `low` and `high`. Only pairs between them are
    told apart by their overlap.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    low, high : floats, 0 <= low < high <= 1, default 0 and 0.95
        The interval: a low one for hard samples, a high one for easy ones.
    ratio : float > 0, default 1
        Stretch the Inner-IoU of this ratio instead (`inner_iou_loss`).
    base : {"iou", "giou", "diou", "ciou", "eiou", "siou"}, default "iou"
        Whose penalties.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 1] for the base "iou"; the base's range, and up to 1 on both sides, otherwise.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    Outside of the interval, and at its ends, the overlap has slope 0; penalties of the base go on.

    References
    ----------
    H. Zhang, S. Zhang, "Focaler-IoU: More Focused Intersection over Union Loss", 2024, arXiv:2401.10525.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import focaler_iou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> print(focaler_iou_loss(p, t).round(6))  # 1 - (3/7)/0.95
    [0.548872]
    """
    low, high = _check.interval(low, high)
    ratio = _check.positive("ratio", ratio)
    _check.one_of("base", base, tuple(MEMBERS))
    _check.matched_boxes(pred, target)
    rows, shared = tuple(pred.shape[:-1]), Shared(weights, where, normalizer, reduction)
    return row_loss(composed.overlap_kernel, (1, 1), (base, ratio, low, high), (pred, target), rows, shared)


def unified_iou_loss(
    pred: Array,
    target: Array,
    *,
    ratio: float,
    base: str = "ciou",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Unified-IoU loss: a base loss of both boxes grown or shrunk about their centres.

    .. math::

        L &= L_\mathrm{base}(p_r, t_r) \\
        b_r &= \left(x - \frac{r w}{2}, y - \frac{r h}{2}, x + \frac{r w}{2}, y + \frac{r h}{2}\right)

    L_base is the base loss, 1 minus the measure `base`; p_r and t_r are b_r of the prediction and of the target:
    (x, y) is the centre of such a box b, w and h are its sides, and r is the ratio. Training starts with a ratio of
    2, where many boxes overlap, and ends at 0.5, where only the best do: the schedule is the caller's, `ratio` its
    value now.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    ratio : float > 0
        Factor of all sides; 1 is the base loss.
    base : {"iou", "giou", "diou", "ciou", "eiou", "siou"}, default "ciou"
        The loss.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        That of the base.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    Unlike in `inner_iou_loss` the penalties are of the scaled boxes as well. The paper's weight by the detector's
    confidence is a matter of `weights`. The authors' schedules of the ratio over the share s of epochs passed: linear,
    2 - 1.5 s; cosine, 1.25 + 0.75 cos(pi s); fraction.

    References
    ----------
    X. Luo et al., "Unified-IoU: For High-Quality Object Detection", 2024, arXiv:2408.06636.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import unified_iou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> print(unified_iou_loss(p, t, ratio=2.0).round(6), unified_iou_loss(p, t, ratio=0.5).round(6))
    [0.497371] [0.778051]
    """
    ratio = _check.positive("ratio", ratio)
    _check.one_of("base", base, tuple(MEMBERS))
    _check.matched_boxes(pred, target)
    rows, shared = tuple(pred.shape[:-1]), Shared(weights, where, normalizer, reduction)
    return row_loss(composed.rescaled_kernel, (1, 1), (ratio, base), (pred, target), rows, shared)


def wise_iou_loss(
    pred: Array,
    target: Array,
    *,
    mean: Array | float,
    version: int = 3,
    momentum: float = 0.01,
    gamma: float = 0.5,
    alpha: float = 1.9,
    delta: float = 3.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> tuple[Array, Array]:
    r"""Wise-IoU loss, e^(rho^2/c^2) (1 - I/U) times a weight that depends on how the pair compares with the mean.

    .. math::

        L &= r\, e^{\rho^2/c^2} \left(1 - \frac{I}{U}\right), \qquad b = \frac{1 - I/U}{m} \\
        r &= \begin{cases}
            1 & \text{version 1} \\
            b^\gamma & \text{version 2} \\
            b / (\delta \alpha^{b - \delta}) & \text{version 3}
        \end{cases}

    I and U are the areas of the intersection and the union, rho is the distance of the centres, c the diagonal of
    the hull, the smallest box around both; m is `mean`. The weight r of version 2 is the larger the worse the pair
    is, that of version 3 the largest for pairs of medium quality: outliers are left alone. c^2, b and r are
    constants for the gradient.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library and of the same shape.
    mean : number or 0-d array of real dtype, > 0
        The running mean of 1 - I/U, as returned by the last call; 1 to begin with.
    version : {1, 2, 3}, default 3
        Of the paper's three.
    momentum : float in [0, 1], default 0.01
        Share of this call in the new mean.
    gamma : float >= 0, default 0.5
        Version 2.
    alpha, delta : floats > 0, default 1.9 and 3
        Version 3: the weight is 1 at b = delta. The authors' second branch has 1.7 and 2.7.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    loss : array, shape (...), or () with a reduction; at least float32
        0 or more; version 1 at most e.
    mean : array, shape ()
        (1 - momentum) mean + momentum (the mean of 1 - I/U over `where`); the given one if there are no rows.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    `mean` is state that the caller keeps; nothing is hidden. A mean of 0 or less counts as the smallest normal number.
    The popular community script does not hold c^2 constant, so its boxes grow to lower the loss.

    References
    ----------
    Z. Tong et al., "Wise-IoU: Bounding Box Regression Loss with Dynamic Focusing Mechanism", 2023, arXiv:2301.10051.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import wise_iou_loss
    >>> p, t = np.asarray([[0.0, 0.0, 10.0, 10.0]]), np.asarray([[2.0, 3.0, 12.0, 9.0]])
    >>> loss, mean = wise_iou_loss(p, t, mean=1.0)
    >>> print(loss.round(6), mean.round(6), wise_iou_loss(p, t, mean=mean, version=1)[0].round(6))
    [0.52805] 0.995714 [0.583259]
    """
    _check.version(version, (1, 2, 3))
    momentum = _check.number("momentum", momentum, 0.0, 1.0)
    gamma = _check.number("gamma", gamma, 0.0)
    alpha, delta = _check.positive("alpha", alpha), _check.positive("delta", delta)
    xp = _check.matched_boxes(pred, target)
    dtype = computing_dtype(xp, pred, target)
    if not hasattr(mean, "shape"):
        mean = xp.asarray(_check.number("mean", mean), dtype=dtype, device=device_of(xp, pred))
    else:
        _check.scalar(pred, mean=mean)
    rows = tuple(pred.shape[:-1])
    _check.reduction(xp, pred, rows, weights, where, normalizer, reduction)
    static = (version, gamma, alpha, delta, momentum, reduction)
    result: tuple[Array, Array] = compiled(xp, _wise, static, pred, target, mean, weights, where, normalizer)
    return result


def _wise(
    version: int,
    gamma: float,
    alpha: float,
    delta: float,
    momentum: float,
    reduction: str,
    pred: Array,
    target: Array,
    mean: Array,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
) -> tuple[Array, Array]:
    xp = common(pred, target, weights, where)
    pred, target = keep_rows(xp, pred, where, 1), keep_rows(xp, target, where, 1)
    mean = astype(xp, stop_gradient(mean), computing_dtype(xp, pred, target))
    rows = closed_form(composed.wise_kernel, (1, 1, 0), (version, gamma, alpha, delta), pred, target, mean)
    miss = 1.0 - iou(stop_gradient(pred), stop_gradient(target))
    now = reduce_rows(xp, "mean", miss, None, where, None)
    some = xp.ones_like(miss) if where is None else astype(xp, xp.broadcast_to(where, miss.shape), miss.dtype)
    share = momentum * xp.clip(xp.sum(some), max=1.0)
    return reduce_rows(xp, reduction, rows, weights, where, normalizer), mean + share * (now - mean)
