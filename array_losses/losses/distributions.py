"""Losses of probability distributions over an axis, and of a number told by a distribution over bins.

A row is everything along `axis`. 0 ln 0 is 0; a predicted probability below the smallest normal number of the dtype
counts as that number, so that a target it misses costs at most 87.4 in float32 and 708.4 in float64 and never infinity,
and its slope is 0. Nothing is renormalised. From logits use the losses of `classes.py`.
"""

from __future__ import annotations

from .. import _check
from .._array import Array, class_last
from ..autodiff import Kernel
from ..measures import bins
from ..measures import distributions as kernels
from ._native import native_bins
from ._rows import Shared, row_loss


def distribution_loss(kernel: Kernel, axis: int, shared: Shared, **arrays: Array) -> Array:
    """A loss of one or two arrays of distributions of one shape."""
    if len(arrays) == 2:
        xp = _check.matched(**arrays)
    else:
        xp = _check.library(**arrays)
        _check.real(xp, **arrays)
    ((name, first), *_) = arrays.items()
    axis = _check.class_axis(axis, **{name: first})
    rows = _check.rows_along(first, axis)
    moved = tuple(class_last(xp, x, axis) for x in arrays.values())
    return row_loss(kernel, (1,) * len(moved), (), moved, rows, shared)


def entropy(
    probs: Array,
    *,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Entropy of a distribution, -sum p ln p, in nats.

    .. math::

        L = -\sum_c p_c \ln p_c

    How undecided a prediction p is over the classes c: a regularizer, or the target of entropy minimisation.

    Parameters
    ----------
    probs : array, shape (..., C), real dtype
        Distributions.
    axis : int, default -1
        The axis of the distribution.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, ln C] for distributions.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    SciPy's `entropy` normalises its argument first. The slope is -(ln p + 1), and 0 at p = 0, where it would be
    infinite.

    References
    ----------
    C. E. Shannon, "A Mathematical Theory of Communication", 1948.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import entropy
    >>> print(entropy(np.asarray([[0.25, 0.25, 0.5], [0.0, 1.0, 0.0]])).round(6))  # 1.5 ln 2, 0
    [1.039721 0.      ]
    """
    return distribution_loss(kernels.entropy_kernel, axis, Shared(weights, where, normalizer, reduction), probs=probs)


def cross_entropy(
    probs: Array,
    targets: Array,
    *,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Cross-entropy of two distributions, -sum t ln p, in nats.

    .. math::

        L = -\sum_c t_c \ln p_c

    What it costs to believe the distribution p over classes c where t is true: the entropy of t plus `kl_divergence`.

    Parameters
    ----------
    probs, targets : array, shape (..., C), real dtype
        Predicted and true distributions. Of one library and of the same shape.
    axis : int, default -1
        The axis of the distribution.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    The third of the classical forms: ``cross_entropy`` of stacked (1 - p, p) is `binary_cross_entropy`. keras'
    `CategoricalCrossentropy` renormalises p and clips it to [1e-7, 1 - 1e-7]; boundary-loss adds 1e-10 inside the
    logarithm. For integer labels and logits there is `softmax_cross_entropy`.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import cross_entropy
    >>> print(cross_entropy(np.asarray([[0.3, 0.7]]), np.asarray([[1.0, 0.0]])).round(6))  # -ln 0.3
    [1.203973]
    """
    return distribution_loss(
        kernels.cross_entropy_kernel, axis, Shared(weights, where, normalizer, reduction), probs=probs, targets=targets
    )


def kl_divergence(
    probs: Array,
    targets: Array,
    *,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Kullback-Leibler divergence of the targets from the prediction, sum t ln(t/p), in nats.

    .. math::

        L = \sum_c t_c \ln \frac{t_c}{p_c}

    p is the prediction and t the target. The excess of `cross_entropy` over the entropy of t: 0 where they agree.
    Distillation, heatmaps.

    Parameters
    ----------
    probs, targets : array, shape (..., C), real dtype
        Predicted and true distributions. Of one library and of the same shape.
    axis : int, default -1
        The axis of the distribution.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative for distributions.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    KL(t || p), prediction first as everywhere here. torch's `kl_div` and optax's `kl_divergence` take ln p; torch's
    mean divides by all numbers and only "batchmean" is the mean of this. keras clips both to [1e-7, 1].
    mmsegmentation's `KLDivLoss` applies a softmax where it needs the logarithm of one, so its value is no
    divergence. Where p misses a target altogether kornia is infinite.

    References
    ----------
    S. Kullback, R. A. Leibler, "On Information and Sufficiency", 1951.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import kl_divergence
    >>> print(kl_divergence(np.asarray([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])).round(6))  # (ln 2 + ln 2/3)/2
    [0.143841]
    """
    return distribution_loss(
        kernels.kl_kernel, axis, Shared(weights, where, normalizer, reduction), probs=probs, targets=targets
    )


def js_divergence(
    probs: Array,
    targets: Array,
    *,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Jensen-Shannon divergence, (KL(p || m) + KL(t || m))/2 with m = (p + t)/2, in nats.

    .. math::

        L = \frac{1}{2} \sum_c \left(p_c \ln \frac{p_c}{m_c} + t_c \ln \frac{t_c}{m_c}\right),
        \qquad m_c = \frac{p_c + t_c}{2}

    p is the prediction and t the target. A symmetric, bounded relative of `kl_divergence`.

    Parameters
    ----------
    probs, targets : array, shape (..., C), real dtype
        Predicted and true distributions. Of one library and of the same shape.
    axis : int, default -1
        The axis of the distribution.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, ln 2] for distributions.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    kornia's `js_div_loss_2d`. SciPy's `jensenshannon` is the square root. timm's `JsdCrossEntropy` compares several
    augmented predictions. Where one of the two is 0 its slope would be infinite; it is 0 here.

    References
    ----------
    J. Lin, "Divergence Measures Based on the Shannon Entropy", IEEE Transactions on Information Theory 37, 1991.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import js_divergence
    >>> print(js_divergence(np.asarray([[1.0, 0.0]]), np.asarray([[0.0, 1.0]])).round(6))  # ln 2
    [0.693147]
    """
    return distribution_loss(
        kernels.js_kernel, axis, Shared(weights, where, normalizer, reduction), probs=probs, targets=targets
    )


def distribution_focal_loss(
    logits: Array,
    targets: Array,
    *,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Distribution focal loss (DFL): the cross-entropies of the two bins beside the target, weighted by nearness.

    .. math::

        L = -(l + 1 - t) \ln p_l - (t - l) \ln p_{l + 1}, \qquad l = \lfloor t \rfloor,
        \qquad p_i = \frac{e^{x_i}}{\sum_j e^{x_j}}

    x are the logits of the bins 0, 1, 2 ..., t is the target, and l the bin below; on the last bin, the one before
    it. A box side becomes a distribution over the bins, whose mean is `distribution_expectation`; the loss pulls its
    mass to where the target is.

    Parameters
    ----------
    logits : array, shape (..., bins), real dtype
        Scores of the bins before the softmax, at least two bins.
    targets : array, shape (...), real dtype
        Distances in units of bins, in [0, bins - 1]; outside they count as the nearest end, with slope 0.
    axis : int, default -1
        The axis of the bins.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    ultralytics clamps targets to bins - 1.01 and averages over the four sides; PaddleDetection and super-gradients
    clamp alike; mmdetection does not, and indexes past the last bin at t = bins - 1. ultralytics' `reg_max` is the
    number of bins, that of the others the last bin.

    References
    ----------
    X. Li et al., "Generalized Focal Loss", NeurIPS 2020, arXiv:2006.04388, equation 6.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import distribution_focal_loss
    >>> x = np.log(np.asarray([[1.0, 2.0, 1.0]]))
    >>> print(distribution_focal_loss(x, np.asarray([0.75])).round(6))  # (ln 4)/4 + 3 (ln 2)/4
    [0.866434]
    """
    xp = _check.library(logits=logits, targets=targets)
    _check.real(xp, logits=logits, targets=targets)
    place = _check.class_axis(axis, logits=logits)
    if logits.shape[place] < 2:
        raise ValueError(f"logits must have at least 2 bins along axis {axis}; got {logits.shape[place]}")
    rows = _check.rows_along(logits, place)
    if tuple(targets.shape) != rows:
        raise ValueError(f"targets must have shape {rows}; got {tuple(targets.shape)}")
    shared = Shared(weights, where, normalizer, reduction)
    last = class_last(xp, logits, place)
    found = native_bins(last, targets, shared)
    return row_loss(bins.bins_kernel, (1, 0), (), (last, targets), rows, shared) if found is None else found
