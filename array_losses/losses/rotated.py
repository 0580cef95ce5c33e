"""Losses of two rotated boxes (cx, cy, w, h, angle); `measures/rotated.py` says what the letters and angles mean.

The Gaussian losses see no edges: they take a box for a normal distribution, which changes smoothly with the angle and
is the same after half a turn. None has an eps; identical boxes cost 0 (where nothing else is said) with gradient 0.
"""

from __future__ import annotations

import math
from typing import Any

from .. import _check
from .._array import Array, Namespace
from .._numerics import reciprocal_or_zero
from ..measures import rotated_kernels as rotated
from ._rows import Shared, row_loss

TRANSFORMS = ("none", "sqrt", "log1p")
SMALLEST_IOU = 1e-6  # where -ln(I/U) ends, as for boxes that are not rotated


def _gaussian_loss(
    pred: Array,
    target: Array,
    distance: Any,
    options: tuple[Any, ...],
    k: float,
    transform: Any,
    transform_options: tuple[Any, ...],
    shared: Shared,
) -> Array:
    _check.matched_boxes(pred, target, 5)
    kernel_options = (distance, options, k, transform, transform_options)
    return row_loss(rotated.gaussian_kernel, (1, 1), kernel_options, (pred, target), tuple(pred.shape[:-1]), shared)


def _rotated_loss(
    pred: Array, target: Array, hull: bool, outcome: Any, options: tuple[Any, ...], shared: Shared
) -> Array:
    _check.matched_boxes(pred, target, 5)
    kernel, rows = rotated.rotated_kernel, tuple(pred.shape[:-1])
    return row_loss(kernel, (1, 1), (hull, outcome, options), (pred, target), rows, shared)


def rotated_iou_loss(
    pred: Array,
    target: Array,
    *,
    form: str = "linear",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""IoU loss of rotated boxes: 1 - I/U, -ln(I/U) or 1 - (I/U)^2, by exact areas.

    .. math::

        L = \begin{cases}
            1 - I/U & \text{linear} \\
            -\ln \max(I/U, 10^{-6}) & \text{log} \\
            1 - (I/U)^2 & \text{square}
        \end{cases}

    I and U are the areas of the intersection and the union. The exact counterpart of the Gaussian losses; blind to
    boxes that do not overlap.

    Parameters
    ----------
    pred, target : array, shape (..., 5), real dtype
        Boxes (cx, cy, w, h, angle) of one library and of the same shape; the angle in radians.
    form : {"linear", "log", "square"}, default "linear"
        Which of the three.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 1]; [0, 13.8] for the logarithm, which ends at I/U = 1e-6 with slope 0.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    mmrotate's `RotatedIoULoss` takes the logarithm by default and runs on CUDA only. Identical boxes cost 0 up to
    rounding: the sine of an angle is no exact number.

    References
    ----------
    D. Zhou et al., "IoU Loss for 2D/3D Object Detection", 2019, arXiv:1908.03851.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import rotated_iou_loss
    >>> p, t = np.asarray([[5.0, 5.0, 10.0, 10.0, 0.0]]), np.asarray([[7.0, 6.0, 10.0, 6.0, 0.0]])
    >>> print(rotated_iou_loss(p, t).round(6))  # I = 8 6, U = 112
    [0.571429]
    """
    _check.one_of("form", form, ("linear", "log", "square"))
    return _rotated_loss(pred, target, False, _iou_form, (form,), Shared(weights, where, normalizer, reduction))


def _iou_form(xp: Namespace, m: Array, form: str) -> tuple[Array, Array]:
    if form == "linear":
        return 1.0 - m, xp.full_like(m, -1.0)
    if form == "square":
        return 1.0 - m * m, -2.0 * m
    bounded = xp.clip(m, SMALLEST_IOU, None)
    return 0.0 - xp.log(bounded), xp.where(m > SMALLEST_IOU, -1.0 / bounded, xp.zeros_like(m))


def rotated_giou_loss(
    pred: Array,
    target: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Generalized IoU loss of rotated boxes, 1 - I/U + (C - U)/C with C the convex hull.

    .. math::

        L = 1 - \frac{I}{U} + \frac{C - U}{C}

    I and U are the areas of the intersection and the union, C that of the convex hull of both boxes. Boxes that do
    not overlap attract each other.

    Parameters
    ----------
    pred, target : array, shape (..., 5), real dtype
        Boxes (cx, cy, w, h, angle) of one library and of the same shape; the angle in radians.
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
    C is the area of the convex hull of both boxes, as in mmrotate's `ConvexGIoULoss`, not that of a box around them:
    see `rotated_giou`.

    References
    ----------
    H. Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019, arXiv:1902.09630.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import rotated_giou_loss
    >>> p, t = np.asarray([[5.0, 5.0, 10.0, 10.0, 0.0]]), np.asarray([[7.0, 6.0, 10.0, 6.0, 0.0]])
    >>> print(rotated_giou_loss(p, t).round(6))  # C = 116
    [0.605911]
    """
    shared = Shared(weights, where, normalizer, reduction)
    return _rotated_loss(pred, target, True, _iou_form, ("linear",), shared)


def probiou_loss(
    pred: Array,
    target: Array,
    *,
    form: str = "l1",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""ProbIoU loss, sqrt(1 - e^-B) or B, with B the Bhattacharyya distance of the boxes as distributions.

    .. math::

        L &= \begin{cases} \sqrt{1 - e^{-B}} & \text{l1} \\ B & \text{l2} \end{cases} \\
        B &= \frac{1}{8}\, d^\top S^{-1} d + \frac{1}{2} \ln \frac{\det S}{\sqrt{\det S_p \det S_t}},
            \qquad S = \frac{S_p + S_t}{2} \\
        S_i &= R_i \begin{pmatrix} w_i^2/12 & 0 \\ 0 & h_i^2/12 \end{pmatrix} R_i^\top

    d leads from centre to centre, R turns by the angle of a box. The oriented-box loss of YOLOv8-OBB: 1 -
    `probiou`, or B.

    Parameters
    ----------
    pred, target : array, shape (..., 5), real dtype
        Boxes (cx, cy, w, h, angle) of one library and of the same shape; the angle in radians.
    form : {"l1", "l2"}, default "l1"
        l1 is the Hellinger distance, in [0, 1]; l2 is B = -ln(1 - l1^2), whose gradient does not fade for boxes far
        apart: the paper starts with it.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 1]; l2: 0 or more.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    The covariance is w^2/12, that of the uniform distribution, in the paper, ultralytics and PaddleDetection; the other
    Gaussian losses here have w^2/4. Differences to ultralytics, at most 5e-4, come from its eps.

    References
    ----------
    J. M. Llerena et al., 2021, arXiv:2106.06072.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import probiou_loss
    >>> p, t = np.asarray([[5.0, 5.0, 10.0, 10.0, 0.0]]), np.asarray([[7.0, 6.0, 10.0, 6.0, 0.0]])
    >>> print(probiou_loss(p, t).round(6), probiou_loss(p, t, form="l2").round(6))
    [0.366969] [0.14464]
    """
    _check.one_of("form", form, ("l1", "l2"))
    transform, options = (rotated.hellinger, (False,)) if form == "l1" else (rotated.as_it_is, ())
    shared = Shared(weights, where, normalizer, reduction)
    return _gaussian_loss(pred, target, rotated.bhattacharyya, (), rotated.PROBIOU, transform, options, shared)


def bcd_loss(
    pred: Array,
    target: Array,
    *,
    transform: str = "log1p",
    tau: float = 1.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Bhattacharyya distance loss: 1 - 1/(tau + ln(1 + B)) of the boxes as normal distributions.

    .. math::

        L &= 1 - \frac{1}{\tau + \ln(1 + B)} \\
        B &= \frac{1}{8}\, d^\top S^{-1} d + \frac{1}{2} \ln \frac{\det S}{\sqrt{\det S_p \det S_t}},
            \qquad S = \frac{S_p + S_t}{2} \\
        S_i &= R_i \begin{pmatrix} w_i^2/4 & 0 \\ 0 & h_i^2/4 \end{pmatrix} R_i^\top

    d leads from centre to centre, R turns by the angle of a box. B is that of `probiou`, but with standard
    deviations of half the sides. `transform` and `tau` put other functions of B in the place of the first line.

    Parameters
    ----------
    pred, target : array, shape (..., 5), real dtype
        Boxes (cx, cy, w, h, angle) of one library and of the same shape; the angle in radians.
    transform : {"log1p", "sqrt", "none"}, default "log1p"
        x = ln(1 + d), sqrt(d) or d of the distance d.
    tau : 0, or a float >= 1, default 1
        The loss is 1 - 1/(tau + x); x itself for 0.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [1 - 1/tau, 1); 0 or more for tau = 0.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    mmrotate's `GDLoss("bcd")`.

    References
    ----------
    X. Yang et al., "Detecting Rotated Objects as Gaussian Distributions and its 3-D Generalization", TPAMI 2022,
    arXiv:2209.10839.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import bcd_loss
    >>> p, t = np.asarray([[5.0, 5.0, 10.0, 10.0, 0.0]]), np.asarray([[7.0, 6.0, 10.0, 6.0, 0.0]])
    >>> print(bcd_loss(p, t).round(6), bcd_loss(p, t, transform="none", tau=0).round(6))
    [0.079289] [0.089935]
    """
    options = _post_options(transform, tau)
    shared = Shared(weights, where, normalizer, reduction)
    return _gaussian_loss(pred, target, rotated.bhattacharyya, (), rotated.HALF, _post, options, shared)


def _post_options(transform: str, tau: float, root: bool = False) -> tuple[str, float, bool]:
    _check.one_of("transform", transform, TRANSFORMS)
    tau = _check.number("tau", tau, 0.0)
    if 0.0 < tau < 1.0:
        raise ValueError(f"tau must be 0 or at least 1; got {tau:g}")
    return transform, tau, root


def _post(xp: Namespace, distance: Array, transform: str, tau: float, root: bool) -> tuple[Array, Array]:
    """1 - 1/(tau + f(d)), or f(d) for tau = 0; with `root`, of the root of d."""
    x, rate = distance, xp.ones_like(distance)
    if root:
        x, rate = _root(xp, x, rate)
    if transform == "sqrt":
        x, rate = _root(xp, x, rate)
    elif transform == "log1p":
        x, rate = xp.log1p(x), rate / (1.0 + x)
    if tau:
        per = 1.0 / (tau + x)
        x, rate = ((tau - 1.0) + x) * per, rate * per * per
    return x, rate


def _root(xp: Namespace, x: Array, rate: Array) -> tuple[Array, Array]:
    """sqrt(x), with slope 0 at 0."""
    root = xp.sqrt(x)
    return root, 0.5 * rate * reciprocal_or_zero(xp, root)


def gwd_loss(
    pred: Array,
    target: Array,
    *,
    transform: str = "log1p",
    tau: float = 1.0,
    normalize: bool = True,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Gaussian Wasserstein distance loss: 1 - 1/(tau + ln(1 + W)) of the boxes as normal distributions.

    .. math::

        L &= 1 - \frac{1}{\tau + \ln(1 + W')}, \qquad W' = \frac{W}{2 (\det S_p \det S_t)^{1/8}} \\
        W^2 &= d^\top d + \mathrm{tr}\, S_p + \mathrm{tr}\, S_t
            - 2\, \mathrm{tr} \left(S_p^{1/2} S_t S_p^{1/2}\right)^{1/2} \\
        S_i &= R_i \begin{pmatrix} w_i^2/4 & 0 \\ 0 & h_i^2/4 \end{pmatrix} R_i^\top

    d leads from centre to centre, R turns by the angle of a box: standard deviations are half the sides.
    `transform` and `tau` put other functions of W' in the place of the first one; W' is W without `normalize`.

    Parameters
    ----------
    pred, target : array, shape (..., 5), real dtype
        Boxes (cx, cy, w, h, angle) of one library and of the same shape; the angle in radians.
    transform : {"log1p", "sqrt", "none"}, default "log1p"
        x = ln(1 + d), sqrt(d) or d of the distance d.
    tau : 0, or a float >= 1, default 1
        The loss is 1 - 1/(tau + x); x itself for 0.
    normalize : bool, default True
        Divide W by 2 (det S_p det S_t)^(1/8), a length, so that the loss does not depend on the unit.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [1 - 1/tau, 1); 0 or more for tau = 0.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    mmrotate's `GDLoss("gwd")`; its `GDLoss_v1` does not normalize, and has an infinite slope at W = 0.

    References
    ----------
    X. Yang et al., "Rethinking Rotated Object Detection with Gaussian Wasserstein Distance Loss", ICML 2021,
    arXiv:2101.11952.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import gwd_loss
    >>> p, t = np.asarray([[5.0, 5.0, 10.0, 10.0, 0.0]]), np.asarray([[7.0, 6.0, 10.0, 6.0, 0.0]])
    >>> print(gwd_loss(p, t).round(6), gwd_loss(p, t, transform="none", tau=0, normalize=False))  # 3^2 = 5 + 4
    [0.226793] [3.]
    """
    if not isinstance(normalize, bool):
        raise TypeError(f"normalize must be a bool; got {type(normalize).__name__}")
    options = _post_options(transform, tau)
    shared = Shared(weights, where, normalizer, reduction)
    return _gaussian_loss(pred, target, rotated.wasserstein, (normalize,), rotated.HALF, _post, options, shared)


def kld_loss(
    pred: Array,
    target: Array,
    *,
    direction: str = "target_pred",
    transform: str = "log1p",
    tau: float = 1.0,
    sqrt: bool = True,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Kullback-Leibler divergence loss: 1 - 1/(tau + ln(1 + sqrt(KL))) of the boxes as normal distributions.

    .. math::

        L &= 1 - \frac{1}{\tau + \ln(1 + \sqrt{\mathrm{KL}(t \,\|\, p)})} \\
        \mathrm{KL}(1 \,\|\, 2) &= \frac{1}{2} \left(d^\top S_2^{-1} d + \mathrm{tr}(S_2^{-1} S_1) - 2
            + \ln \frac{\det S_2}{\det S_1}\right) \\
        S_i &= R_i \begin{pmatrix} w_i^2/4 & 0 \\ 0 & h_i^2/4 \end{pmatrix} R_i^\top

    p and t are the prediction and the target, d leads from centre to centre, R turns by the angle of a box:
    standard deviations are half the sides. `direction` chooses the divergence; `sqrt`, `transform` and `tau` put
    other functions of it in the place of the first line.

    Parameters
    ----------
    pred, target : array, shape (..., 5), real dtype
        Boxes (cx, cy, w, h, angle) of one library and of the same shape; the angle in radians.
    direction : {"target_pred", "pred_target", "jeffreys"}, default "target_pred"
        KL(target || pred), KL(pred || target), or the mean of both.
    transform : {"log1p", "sqrt", "none"}, default "log1p"
        x = ln(1 + d), sqrt(d) or d of the distance d.
    tau : 0, or a float >= 1, default 1
        The loss is 1 - 1/(tau + x); x itself for 0.
    sqrt : bool, default True
        Take the root of the divergence first.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [1 - 1/tau, 1); 0 or more for tau = 0.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    mmrotate's `GDLoss("kld")` is KL(target || pred); its older `GDLoss_v1("kld")` the other direction, without the
    factor 1/2. The divergence is not symmetric, and grows without bound for a thin prediction. No difference of
    logarithms is taken, so near boxes keep their digits.

    References
    ----------
    X. Yang et al., "Learning High-Precision Bounding Box for Rotated Object Detection via Kullback-Leibler Divergence",
    NeurIPS 2021, arXiv:2106.01883.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import kld_loss
    >>> p, t = np.asarray([[5.0, 5.0, 10.0, 10.0, 0.0]]), np.asarray([[7.0, 6.0, 10.0, 6.0, 0.0]])
    >>> print(kld_loss(p, t).round(6))
    [0.301342]
    >>> print(kld_loss(p, t, direction="pred_target", transform="none", tau=0, sqrt=False).round(6))
    [0.513619]
    """
    _check.one_of("direction", direction, ("target_pred", "pred_target", "jeffreys"))
    if not isinstance(sqrt, bool):
        raise TypeError(f"sqrt must be a bool; got {type(sqrt).__name__}")
    options = _post_options(transform, tau, sqrt)
    shared = Shared(weights, where, normalizer, reduction)
    return _gaussian_loss(pred, target, _DIRECTIONS[direction], (), rotated.HALF, _post, options, shared)


_DIRECTIONS = {
    "target_pred": rotated.divergence_of_second,
    "pred_target": rotated.divergence_of_first,
    "jeffreys": rotated.divergence_of_both,
}


def kfiou_loss(
    pred: Array,
    target: Array,
    *,
    form: str = "linear",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""KFIoU loss, 1 - KFIoU, -ln(KFIoU) or e^(1 - KFIoU) - 1.

    .. math::

        L &= \begin{cases}
            1 - k & \text{linear} \\
            -\ln k & \text{log} \\
            e^{1 - k} - 1 & \text{exp}
        \end{cases} \\
        k &= \frac{V_3}{V_1 + V_2 - V_3}, \qquad V_i = \sqrt{\det S_i} \\
        S_i &= R_i \begin{pmatrix} w_i^2/4 & 0 \\ 0 & h_i^2/4 \end{pmatrix} R_i^\top \quad (i = 1, 2),
            \qquad S_3 = (S_1^{-1} + S_2^{-1})^{-1}

    k is `kfiou` of the boxes 1 and 2, R turns by the angle of a box. Compares sizes and angles only. Add a loss of
    the centres, `smooth_l1_loss` of their encoded offsets in the paper.

    Parameters
    ----------
    pred, target : array, shape (..., 5), real dtype
        Boxes (cx, cy, w, h, angle) of one library and of the same shape; the angle in radians.
    form : {"linear", "log", "exp"}, default "linear"
        Which of the three.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [2/3, 1]; log: ln 3 or more; exp: [0.947, 1.718].

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype, or an option is no number.
    ValueError
        If shapes differ or an option is unknown, or an option is out of range.

    Notes
    -----
    mmrotate's `KFLoss` with fun none, ln (which adds 1e-6) and exp, without its term for the centres. Identical boxes
    cost 2/3, ln 3 and e^(2/3) - 1: the smallest value, with gradient 0.

    References
    ----------
    X. Yang et al., "The KFIoU Loss for Rotated Object Detection", ICLR 2023, arXiv:2201.12558.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import kfiou_loss
    >>> p, t = np.asarray([[5.0, 5.0, 10.0, 10.0, 0.0]]), np.asarray([[7.0, 6.0, 10.0, 6.0, 0.0]])
    >>> print(kfiou_loss(p, t).round(6), kfiou_loss(p, t, form="log").round(6))
    [0.705707] [1.223181]
    """
    _check.one_of("form", form, ("linear", "log", "exp"))
    shared = Shared(weights, where, normalizer, reduction)
    return _gaussian_loss(pred, target, rotated.kalman, (), rotated.HALF, _kfiou_form, (form,), shared)


def _kfiou_form(xp: Namespace, m: Array, form: str) -> tuple[Array, Array]:
    if form == "linear":
        return 1.0 - m, xp.full_like(m, -1.0)
    if form == "exp":
        return xp.expm1(1.0 - m), -xp.exp(1.0 - m)
    tiny = math.sqrt(xp.finfo(m.dtype).smallest_normal)
    bounded = xp.clip(m, tiny, None)
    return 0.0 - xp.log(bounded), xp.where(m > tiny, -1.0 / bounded, xp.zeros_like(m))
