"""Losses of a difference d = pred - target, number by number: `measures/penalties.py` holds their formulas and slopes.

The paragraphs that hold for all of them: each number is a row of its own, so the result has the shape of the input;
shapes must be equal; the slope at d = 0 is 0, also for |d|, where JAX's own `abs` has +1; gradients exist for both
arguments. Finite while d and, where it occurs, d^2 do not overflow.
"""

from __future__ import annotations

import math
from typing import Any

from .. import _check
from .._array import Array, is_torch
from ..measures import Penalty, difference_kernel, penalties, short_difference_kernel
from ._native import native_difference
from ._rows import Shared, row_loss

NATIVE: dict[Penalty, str] = {
    penalties.absolute: "l1_loss",
    penalties.squared: "mse_loss",
    penalties.smooth_l1: "smooth_l1_loss",
    penalties.huber: "huber_loss",
}
"""What `torch.nn.functional` calls some of them."""
SHORT = {*NATIVE, penalties.half_squared, penalties.charbonnier}
"""Those of few steps."""


def difference_loss(
    penalty: Penalty,
    knobs: tuple[Any, ...],
    pred: Array,
    target: Array,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
    reduction: str,
) -> Array:
    xp = _check.matched(pred=pred, target=target)
    shared = Shared(weights, where, normalizer, reduction)
    if is_torch(xp) and penalty in NATIVE:
        found = native_difference(NATIVE[penalty], pred, target, shared, *knobs)
        if found is not None:
            return found
    kernel = short_difference_kernel if penalty in SHORT else difference_kernel
    return row_loss(kernel, (0, 0), (penalty, *knobs), (pred, target), tuple(pred.shape), shared)


def l1_loss(
    pred: Array,
    target: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""L1 loss, |d|: the absolute error.

    .. math::

        L = |d|, \qquad d = \text{pred} - \text{target}

    Charges each unit of error the same, so outliers pull no harder than the rest; its minimum is the median.

    Parameters
    ----------
    pred, target : array, shape (...), real dtype
        Numbers of one library and of the same shape.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown.

    Notes
    -----
    torch's `l1_loss`, keras' `MeanAbsoluteError` and mmdetection's `L1Loss` with their mean over all elements
    (``reduction="mean"``). mmdetection's weighted mean divides by the number of elements and not by the sum of
    weights: ``reduction="mean", normalizer=n``.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import l1_loss
    >>> pred, target = np.asarray([1.0, 2.0, 6.0]), np.asarray([0.5, 3.0, 3.0])  # d = 1/2, -1, 3
    >>> l1_loss(pred, target)
    array([0.5, 1. , 3. ])
    """
    return difference_loss(penalties.absolute, (), pred, target, weights, where, normalizer, reduction)


def squared_error(
    pred: Array,
    target: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Squared error, d^2: twice `l2_loss`.

    .. math::

        L = d^2, \qquad d = \text{pred} - \text{target}

    Its slope grows with the error, so large errors dominate; its minimum is the mean.

    Parameters
    ----------
    pred, target : array, shape (...), real dtype
        Numbers of one library and of the same shape.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown.

    Notes
    -----
    torch's `mse_loss`, keras' `MeanSquaredError` and optax's `squared_error`. What is called L2 loss is d^2 in some
    projects and d^2/2 in others; here the names tell them apart.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import squared_error
    >>> pred, target = np.asarray([1.0, 2.0, 6.0]), np.asarray([0.5, 3.0, 3.0])  # d = 1/2, -1, 3
    >>> squared_error(pred, target)
    array([0.25, 1.  , 9.  ])
    """
    return difference_loss(penalties.squared, (), pred, target, weights, where, normalizer, reduction)


def l2_loss(
    pred: Array,
    target: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""L2 loss, d^2/2: its slope is the error itself.

    .. math::

        L = \frac{d^2}{2}, \qquad d = \text{pred} - \text{target}

    The half of `squared_error`, and what Huber's loss is near 0.

    Parameters
    ----------
    pred, target : array, shape (...), real dtype
        Numbers of one library and of the same shape.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown.

    Notes
    -----
    optax's `l2_loss`. torch, keras and mmdetection have no half: use `squared_error`.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import l2_loss
    >>> pred, target = np.asarray([1.0, 2.0, 6.0]), np.asarray([0.5, 3.0, 3.0])  # d = 1/2, -1, 3
    >>> l2_loss(pred, target)
    array([0.125, 0.5  , 4.5  ])
    """
    return difference_loss(penalties.half_squared, (), pred, target, weights, where, normalizer, reduction)


def smooth_l1_loss(
    pred: Array,
    target: Array,
    *,
    beta: float = 1.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Smooth L1 loss, d^2/(2 beta) where |d| < beta, |d| - beta/2 elsewhere.

    .. math::

        L = \begin{cases}
            d^2 / (2 \beta) & \text{if } |d| < \beta \\
            |d| - \beta / 2 & \text{otherwise}
        \end{cases}
        \qquad d = \text{pred} - \text{target}

    A parabola near the target and slope 1 from there on: the box loss of Fast R-CNN, which outliers cannot blow up.

    Parameters
    ----------
    pred, target : array, shape (...), real dtype
        Numbers of one library and of the same shape.
    beta : float >= 0, default 1
        Where the parabola ends; 0 is `l1_loss`.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown, or beta is negative.

    Notes
    -----
    `huber_loss` with delta = beta, divided by beta. torch's, torchvision's, mmdetection's and fvcore's
    `smooth_l1_loss`; fvcore and PaddleDetection switch to L1 below beta = 1e-5 against a NaN that cannot occur
    here. keras-cv's `SmoothL1Loss` lacks the division and jumps at its cutoff unless that is 1.

    References
    ----------
    R. Girshick, "Fast R-CNN", ICCV 2015, arXiv:1504.08083, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import smooth_l1_loss
    >>> pred, target = np.asarray([1.0, 2.0, 6.0]), np.asarray([0.5, 3.0, 3.0])  # d = 1/2, -1, 3
    >>> smooth_l1_loss(pred, target, beta=2.0)
    array([0.0625, 0.25  , 2.    ])
    """
    beta = _check.number("beta", beta, 0.0)
    return difference_loss(penalties.smooth_l1, (beta,), pred, target, weights, where, normalizer, reduction)


def huber_loss(
    pred: Array,
    target: Array,
    *,
    delta: float = 1.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Huber loss, d^2/2 where |d| <= delta, delta (|d| - delta/2) elsewhere.

    .. math::

        L = \begin{cases}
            d^2 / 2 & \text{if } |d| \le \delta \\
            \delta \, (|d| - \delta / 2) & \text{otherwise}
        \end{cases}
        \qquad d = \text{pred} - \text{target}

    The squared error for small errors, the absolute error for outliers, joined with one slope.

    Parameters
    ----------
    pred, target : array, shape (...), real dtype
        Numbers of one library and of the same shape.
    delta : float > 0, default 1
        The largest slope, and where the parabola ends.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown, or delta is not positive.

    Notes
    -----
    torch's and optax's `huber_loss` and keras' `Huber`; optax's broadcasts (N,) with (N, 1), which is an error
    here. `smooth_l1_loss` is this divided by delta.

    References
    ----------
    P. J. Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics 35, 1964.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import huber_loss
    >>> pred, target = np.asarray([1.0, 2.0, 6.0]), np.asarray([0.5, 3.0, 3.0])  # d = 1/2, -1, 3
    >>> huber_loss(pred, target, delta=2.0)
    array([0.125, 0.5  , 4.   ])
    """
    delta = _check.positive("delta", delta)
    return difference_loss(penalties.huber, (delta,), pred, target, weights, where, normalizer, reduction)


def log_cosh_loss(
    pred: Array,
    target: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Log-cosh loss, ln(cosh(d)): about d^2/2 near 0 and |d| - ln 2 far away.

    .. math::

        L = \ln \cosh d, \qquad d = \text{pred} - \text{target}

    Like Huber's loss with delta = 1, but smooth everywhere: all derivatives exist.

    Parameters
    ----------
    pred, target : array, shape (...), real dtype
        Numbers of one library and of the same shape.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown.

    Notes
    -----
    optax's `log_cosh` and keras' `LogCosh`, which subtract numbers of size 1 for small d; here d^2/2 keeps all its
    digits. The slope is tanh(d).

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import log_cosh_loss
    >>> print(log_cosh_loss(np.asarray([0.0, 1e-4, 2.0]), np.zeros(3)))  # ln(cosh 2) = ln 3.7622
    [0.00000000e+00 4.99999999e-09 1.32500275e+00]
    """
    return difference_loss(penalties.log_cosh, (), pred, target, weights, where, normalizer, reduction)


def charbonnier_loss(
    pred: Array,
    target: Array,
    *,
    epsilon: float = 1e-3,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Charbonnier loss, sqrt(d^2 + epsilon^2): |d| with a rounded tip.

    .. math::

        L = \sqrt{d^2 + \epsilon^2}, \qquad d = \text{pred} - \text{target}

    L1 for image restoration and optical flow, with a gradient that vanishes smoothly at the target.

    Parameters
    ----------
    pred, target : array, shape (...), real dtype
        Numbers of one library and of the same shape.
    epsilon : float >= 0, default 1e-3
        Radius of the tip; a perfect match costs this much. 0 is `l1_loss`.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        At least epsilon.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown, or epsilon is negative.

    Notes
    -----
    kornia's `charbonnier_loss` is ``charbonnier_loss(..., epsilon=1.0) - 1``.

    References
    ----------
    W.-S. Lai et al., "Deep Laplacian Pyramid Networks", CVPR 2017, arXiv:1704.03915 (epsilon = 1e-3).

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import charbonnier_loss
    >>> charbonnier_loss(np.asarray([0.0, 4.0]), np.zeros(2), epsilon=3.0)  # 3, 4, 5
    array([3., 5.])
    """
    epsilon = _check.number("epsilon", epsilon, 0.0)
    return difference_loss(penalties.charbonnier, (epsilon, 0.0), pred, target, weights, where, normalizer, reduction)


def balanced_l1_loss(
    pred: Array,
    target: Array,
    *,
    alpha: float = 0.5,
    gamma: float = 1.5,
    beta: float = 1.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Balanced L1 loss, alpha/b (b|d| + 1) ln(b|d|/beta + 1) - alpha|d| where |d| < beta, gamma|d| + C elsewhere.

    .. math::

        L &= \begin{cases}
            \frac{\alpha}{b} \, (b |d| + 1) \ln(b |d| / \beta + 1) - \alpha |d| & \text{if } |d| < \beta \\
            \gamma |d| + \gamma / b - \alpha \beta & \text{otherwise}
        \end{cases} \\
        b &= e^{\gamma / \alpha} - 1, \qquad d = \text{pred} - \text{target}

    Raises the slope of small errors over smooth L1's, so that accurate boxes are still refined (Libra R-CNN).

    Parameters
    ----------
    pred, target : array, shape (...), real dtype
        Numbers of one library and of the same shape.
    alpha : float > 0, default 0.5
        The smaller, the larger the slopes of small errors.
    gamma : float > 0, default 1.5
        Slope beyond beta.
    beta : float > 0, default 1
        Where the straight line begins.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative for beta <= 1; for beta > 1 the formula dips below 0 near d = 0.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown, or an option is not positive.

    Notes
    -----
    mmdetection's `BalancedL1Loss`. The value is continuous for every beta, the slope only for beta = 1, as in the
    paper. Small differences keep all their digits: the two terms cancel there in the formula as it is printed.

    References
    ----------
    J. Pang et al., "Libra R-CNN", CVPR 2019, arXiv:1904.02701, equations 8-9.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import balanced_l1_loss
    >>> print(balanced_l1_loss(np.asarray([0.5, 3.0]), np.zeros(2)).round(6))  # b = e^3 - 1; 4.5 + 1.5/b - 0.5
    [0.400568 4.078594]
    """
    alpha, gamma, beta = (_check.positive(*knob) for knob in (("alpha", alpha), ("gamma", gamma), ("beta", beta)))
    return difference_loss(
        penalties.balanced_l1, (alpha, gamma, beta), pred, target, weights, where, normalizer, reduction
    )


def focal_l1_loss(
    pred: Array,
    target: Array,
    *,
    beta: float = 0.8,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Focal L1 loss: -alpha d^2 (2 ln(beta|d|) - 1)/4 where |d| <= 1, -alpha ln(beta) |d| + C beyond.

    .. math::

        L &= \begin{cases}
            -\alpha d^2 \, (2 \ln(\beta |d|) - 1) / 4 & \text{if } |d| \le 1 \\
            -\alpha \ln(\beta) \, |d| + C & \text{otherwise}
        \end{cases} \\
        \alpha &= e \beta, \qquad C = \frac{2 \alpha \ln \beta + \alpha}{4}, \qquad d = \text{pred} - \text{target}

    alpha makes the largest slope 1, C the value continuous. Turns the focus round: small errors have a larger slope
    than outliers.

    Parameters
    ----------
    pred, target : array, shape (...), real dtype
        Numbers of one library and of the same shape.
    beta : float in [1/e, 1], default 0.8
        1/(e beta) is the error with the largest slope, and -alpha ln(beta) the slope of outliers.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown, or beta is outside [1/e, 1].

    Notes
    -----
    The slope is -alpha|d| ln(beta|d|) up to 1. The paper applies it to the offsets of boxes and goes on to
    `focal_eiou_loss`.

    References
    ----------
    Y.-F. Zhang et al., "Focal and Efficient IOU Loss", Neurocomputing 2022, arXiv:2101.08158, equations 7-8.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import focal_l1_loss
    >>> print(focal_l1_loss(np.asarray([0.5, 1.0, 3.0]), np.zeros(3), beta=1.0).round(6))  # e/16 (1 + 2 ln 2), e/4, e/4
    [0.405414 0.67957  0.67957 ]
    """
    beta = _check.number("beta", beta, 1.0 / math.e, 1.0)
    return difference_loss(penalties.focal_l1, (beta,), pred, target, weights, where, normalizer, reduction)


def wing_loss(
    pred: Array,
    target: Array,
    *,
    width: float = 10.0,
    epsilon: float = 2.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Wing loss, width ln(1 + |d|/epsilon) where |d| < width, |d| - C elsewhere.

    .. math::

        L = \begin{cases}
            w \ln(1 + |d| / \epsilon) & \text{if } |d| < w \\
            |d| - C & \text{otherwise}
        \end{cases}
        \qquad C = w - w \ln(1 + w / \epsilon), \qquad d = \text{pred} - \text{target}

    w is `width`, and C joins the two. The logarithm amplifies small and medium errors: made for facial landmarks.

    Parameters
    ----------
    pred, target : array, shape (...), real dtype
        Numbers of one library and of the same shape.
    width : float > 0, default 10
        Where the logarithm ends, in the unit of the input.
    epsilon : float > 0, default 2
        The smaller, the steeper the wing near 0.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes differ or an option is unknown, or an option is not positive.

    Notes
    -----
    pytorch-toolbelt's `WingLoss` has width 5 and epsilon (`curvature`) 0.5. The slope jumps from -width/epsilon to
    width/epsilon at d = 0, where it is 0.

    References
    ----------
    Z.-H. Feng et al., "Wing Loss for Robust Facial Landmark Localisation", CVPR 2018, arXiv:1711.06753, equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import wing_loss
    >>> print(wing_loss(np.asarray([2.0, 12.0]), np.zeros(2)).round(6))  # 10 ln 2, and 12 - 10 + 10 ln 6
    [ 6.931472 19.917595]
    """
    width, epsilon = _check.positive("width", width), _check.positive("epsilon", epsilon)
    return difference_loss(penalties.wing, (width, epsilon), pred, target, weights, where, normalizer, reduction)
