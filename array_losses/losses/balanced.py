"""Losses that weight their numbers by what a batch, or all batches so far, hold.

Each returns a pair: the loss, and what it has learned about the data, to be passed in with the next batch. Nothing is
kept in between, so every step can be compiled, repeated and saved. The weights are constants for the gradient and do
not count in the divisor of a mean. Numbers outside `where` are neither charged nor learned from.
"""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array, Namespace, astype, class_last, computing_dtype, raw
from .._numerics import at_least, one_hot, row_max
from .._reduce import keep_rows, reduce_rows
from ..autodiff import INDEX, Kernel, closed_form, compiled, stop_gradient
from ..measures import balance, classes, difference_kernel, penalties, scaled_kernel
from ..measures import logits as kernels
from ._classes import usable
from ._rows import common


def _constant(xp: Namespace, x: Array, *others: Array) -> Array:
    """`x` in the dtype of the computation, as a constant."""
    return astype(xp, stop_gradient(x), computing_dtype(xp, x, *others))


def _check_bins(xp: Namespace, first: Array, counts: Array | None, bins: Any, momentum: Any) -> tuple[int, float]:
    if isinstance(bins, bool) or not isinstance(bins, int):
        raise TypeError(f"bins must be an int; got {type(bins).__name__}")
    if bins < 1:
        raise ValueError(f"bins must be at least 1; got {bins}")
    if counts is not None:
        _check.shaped(first, (bins,), counts=counts)
    return bins, _check.number("momentum", momentum, 0.0, 1.0)


def ghm_classification_loss(
    logits: Array,
    targets: Array,
    counts: Array | None = None,
    *,
    bins: int = 10,
    momentum: float = 0.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> tuple[Array, Array]:
    r"""GHM-C: the binary cross-entropy, each answer weighted by how rare the size of its slope |p - t| is.

    .. math::

        L &= \frac{N}{n_k M} \, \left(-t \ln p - (1 - t) \ln(1 - p)\right), \qquad p = \frac{1}{1 + e^{-x}} \\
        k &= \min\left(\lfloor B \, |p - t| \rfloor, B - 1\right), \qquad n_k = m n'_k + (1 - m) \, N_k

    x is a logit and t its target; the size of the slope, p - t, falls into bin k of B `bins`. Of the batch's N
    numbers N_k are in that bin, M bins hold any; n' are the `counts` of the last call and m is `momentum`. Gradient
    harmonizing mechanism: easy negatives and outliers, of which there are many, lose their weight.

    Parameters
    ----------
    logits, targets : array, shape (...), real dtype
        Scores before the sigmoid and what they should be, in [0, 1]. Of one library and of the same shape.
    counts : array, shape (bins,), optional
        The running counts that the last call returned; zeros without.
    bins : int >= 1, default 10
        How many bins the sizes of slopes, from 0 to 1, are sorted into.
    momentum : float in [0, 1], default 0
        How much of the old counts is kept; 0 looks at this batch alone.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    loss : array, shape (...), or () with a reduction; at least float32
        Not negative.
    counts : array, shape (bins,), of the loss's dtype
        The running counts, to be passed in with the next batch.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or bins or momentum is out of range.

    Notes
    -----
    The weight is that of the authors' code and mmdetection's `GHMC`; the paper has all bins for M. Their loss divides
    by N: ``reduction="mean"``. Bins without numbers keep their count.

    References
    ----------
    B. Li et al., "Gradient Harmonized Single-stage Detector", AAAI 2019, arXiv:1811.05181, equations 4-9.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import ghm_classification_loss
    >>> x, t = np.asarray([0.0, 0.0, 0.0, -3.0]), np.zeros(4)  # |p - t| is 1/2 three times, 0.05 once
    >>> loss, counts = ghm_classification_loss(x, t)
    >>> print(loss.round(6), counts)  # ln 2 * 4/(3 * 2), and 0.048587 * 4/(1 * 2)
    [0.462098 0.462098 0.462098 0.097175] [1. 0. 0. 0. 0. 3. 0. 0. 0. 0.]
    """
    xp = _check.matched(logits=logits, targets=targets)
    bins, momentum = _check_bins(xp, logits, counts, bins, momentum)
    _check.reduction(xp, logits, tuple(logits.shape), weights, where, normalizer, reduction)
    static = (kernels.cross_entropy_kernel, (None, 0.0), None, bins, momentum, reduction)
    result: tuple[Array, Array] = compiled(xp, _harmonized, static, logits, targets, counts, weights, where, normalizer)
    return result


def ghm_regression_loss(
    pred: Array,
    target: Array,
    counts: Array | None = None,
    *,
    mu: float = 0.02,
    bins: int = 10,
    momentum: float = 0.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> tuple[Array, Array]:
    r"""GHM-R: sqrt(d^2 + mu^2) - mu, each number weighted by how rare the size of its slope |d|/sqrt(d^2 + mu^2) is.

    .. math::

        L &= \frac{N}{n_k M} \, \left(\sqrt{d^2 + \mu^2} - \mu\right), \qquad d = \text{pred} - \text{target} \\
        k &= \min\left(\left\lfloor \frac{B \, |d|}{\sqrt{d^2 + \mu^2}} \right\rfloor, B - 1\right),
        \qquad n_k = m n'_k + (1 - m) \, N_k

    k is the bin of B `bins` that a number's slope falls into. Of the batch's N numbers N_k are in that bin, M bins
    hold any; n' are the `counts` of the last call and m is `momentum`. Gradient harmonizing mechanism for boxes: the
    many numbers that already fit do not drown the rest.

    Parameters
    ----------
    pred, target : array, shape (...), real dtype
        Numbers of one library and of the same shape; d is their difference.
    counts : array, shape (bins,), optional
        The running counts that the last call returned; zeros without.
    mu : float > 0, default 0.02
        Radius of the rounded tip of |d|.
    bins : int >= 1, default 10
        How many bins the sizes of slopes, from 0 to 1, are sorted into.
    momentum : float in [0, 1], default 0
        How much of the old counts is kept; 0 looks at this batch alone.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    loss : array, shape (...), or () with a reduction; at least float32
        Not negative.
    counts : array, shape (bins,), of the loss's dtype
        The running counts, to be passed in with the next batch.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, mu is not positive, or bins or momentum is out of range.

    Notes
    -----
    The weight is that of the authors' code and mmdetection's `GHMR`; the paper has all bins for M. Their loss divides
    by N: ``reduction="mean"``. Bins without numbers keep their count.

    References
    ----------
    B. Li et al., "Gradient Harmonized Single-stage Detector", AAAI 2019, arXiv:1811.05181, equations 10-13.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import ghm_regression_loss
    >>> d = np.asarray([3.0, 3.0, 0.0])  # slopes 0.6, 0.6, 0
    >>> loss, counts = ghm_regression_loss(d, np.zeros(3), mu=4.0)
    >>> print(loss.round(6), counts)  # (5 - 4) * 3/(2 * 2) twice, and 0
    [0.75 0.75 0.  ] [1. 0. 0. 0. 0. 0. 2. 0. 0. 0.]
    """
    xp = _check.matched(pred=pred, target=target)
    bins, momentum = _check_bins(xp, pred, counts, bins, momentum)
    mu = _check.positive("mu", mu)
    _check.reduction(xp, pred, tuple(pred.shape), weights, where, normalizer, reduction)
    static = (difference_kernel, (penalties.charbonnier, mu, mu), mu, bins, momentum, reduction)
    result: tuple[Array, Array] = compiled(xp, _harmonized, static, pred, target, counts, weights, where, normalizer)
    return result


def _harmonized(
    kernel: Kernel,
    options: tuple[Any, ...],
    mu: float | None,
    bins: int,
    momentum: float,
    reduction: str,
    first: Array,
    second: Array,
    counts: Array | None,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
) -> tuple[Array, Array]:
    xp = common(first, second, weights, where)
    first, second = keep_rows(xp, first, where, 0), keep_rows(xp, second, where, 0)
    a, b = _constant(xp, first, second), _constant(xp, second, first)
    size = balance.logit_error(xp, a, b) if mu is None else balance.relative_error(xp, a - b, mu)
    counts = None if counts is None else stop_gradient(counts)
    inside = None if where is None else xp.broadcast_to(where, size.shape)
    factor, counts = balance.harmonized(xp, size, inside, counts, bins, momentum)
    rows = closed_form(scaled_kernel, (0, 0, 0), (kernel, *options), first, second, factor)
    return reduce_rows(xp, reduction, rows, weights, where, normalizer), counts


def equalization_loss_v2(
    logits: Array,
    targets: Array,
    state: Array,
    *,
    gamma: float = 12.0,
    mu: float = 0.8,
    alpha: float = 4.0,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> tuple[Array, Array]:
    r"""Equalization loss v2: the binary cross-entropy of each class, balanced by the gradients of its two sides.

    .. math::

        L &= \left(t \, a_c + (1 - t) \, b_c\right) \left(-t \ln p - (1 - t) \ln(1 - p)\right),
        \qquad p = \frac{1}{1 + e^{-x}} \\
        b_c &= \frac{1}{1 + e^{-\gamma (g^+_c / g^-_c - \mu)}}, \qquad a_c = 1 + \alpha \, (1 - b_c)

    x is the logit of class c and t its target; g+ and g- are the gradients of the class's positives and negatives so
    far, the rows of `state`. For long tails: a rare class, whose negatives have outweighed its positives so far, has
    its negatives turned down and its positives up.

    Parameters
    ----------
    logits, targets : array, shape (..., C), real dtype
        Scores before the sigmoid and what they should be, in [0, 1]. Of one library and of the same shape.
    state : array, shape (2, C), real dtype
        Accumulated gradients of the positives and of the negatives of each class: zeros at first, then what the
        last call returned.
    gamma, mu : float, default 12 and 0.8
        Steepness and centre of the map from g+/g- to the weight b of negatives.
    alpha : float >= 0, default 4
        How much more positives weigh, a, the less negatives do.
    axis : int, default -1
        The axis of the classes.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    loss : array, shape (..., C), or () with a reduction; at least float32
        Not negative.
    state : array, shape (2, C), of the dtype of `state`
        The accumulated gradients with those of this batch: sums of |p - t| times target times weight.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or alpha is negative.

    Notes
    -----
    mmdetection's `EQLV2Loss`, whose loss divides by the number of rows: ``reduction="mean", normalizer=N``. A class
    without negative gradients so far has weight 1 on both sides, as there. `weights` do not enter the state.

    References
    ----------
    J. Tan et al., "Equalization Loss v2", CVPR 2021, arXiv:2012.08548, equations 4-8.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import equalization_loss_v2
    >>> x, t = np.zeros((2, 1)), np.asarray([[1.0], [0.0]])
    >>> loss, state = equalization_loss_v2(x, t, np.zeros((2, 1)))
    >>> print(loss[:, 0].round(6), state[:, 0])  # nothing known yet: ln 2 twice; each side has received |p - t| = 1/2
    [0.693147 0.693147] [0.5 0.5]
    >>> loss, state = equalization_loss_v2(x, t, np.asarray([[0.0], [1.0]]))  # only negatives so far
    >>> print(loss[:, 0].round(4))  # 4.9997 ln 2, sigmoid(-9.6) ln 2
    [3.4655 0.    ]
    """
    gamma, mu = _check.number("gamma", gamma), _check.number("mu", mu)
    alpha = _check.number("alpha", alpha, 0.0)
    xp = _check.matched(logits=logits, targets=targets)
    place = _check.class_axis(axis, logits=logits)
    _check.shaped(logits, (2, logits.shape[place]), state=state)
    _check.reduction(xp, logits, tuple(logits.shape), weights, where, normalizer, reduction)
    static = (gamma, mu, alpha, place, reduction)
    result: tuple[Array, Array] = compiled(xp, _equalized, static, logits, targets, state, weights, where, normalizer)
    return result


def _equalized(
    gamma: float,
    mu: float,
    alpha: float,
    axis: int,
    reduction: str,
    logits: Array,
    targets: Array,
    state: Array,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
) -> tuple[Array, Array]:
    xp = common(logits, targets, weights, where)
    logits, targets = keep_rows(xp, logits, where, 0), keep_rows(xp, targets, where, 0)
    t = _constant(xp, targets, logits)
    error = balance.logit_error(xp, _constant(xp, logits, targets), t)
    if where is not None:
        error = xp.where(where, error, xp.zeros_like(error))
    known = astype(xp, stop_gradient(state), t.dtype)
    shape = (*(1 for _ in range(axis)), -1, *(1 for _ in range(axis + 1, logits.ndim)))
    sides = [xp.reshape(side, shape) for side in balance.equalized(xp, known, gamma, mu, alpha)]
    shares = t * sides[0], (1.0 - t) * sides[1]
    others = tuple(i for i in range(logits.ndim) if i != axis)
    seen = xp.stack([xp.sum(error * share, axis=others) if others else error * share for share in shares])
    options = (kernels.cross_entropy_kernel, None, 0.0)
    rows = closed_form(scaled_kernel, (0, 0, 0), options, logits, targets, shares[0] + shares[1])
    return reduce_rows(xp, reduction, rows, weights, where, normalizer), astype(xp, known + seen, state.dtype)


def seesaw_loss(
    logits: Array,
    labels: Array,
    counts: Array,
    *,
    p: float = 0.8,
    q: float = 2.0,
    score_floor: float = 0.0,
    ignore_index: int | None = None,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> tuple[Array, Array]:
    r"""Seesaw loss: a softmax cross-entropy in which a frequent class does not push a rare one down.

    .. math::

        L &= -\ln \frac{e^{x_y}}{\sum_j S_j \, e^{x_j}}, \qquad s_j = \frac{e^{x_j}}{\sum_c e^{x_c}} \\
        S_j &= \min\left(1, \frac{N_j}{N_y}\right)^p \max\left(1, \frac{s_j}{\max(s_y, f)}\right)^q
        \quad \text{for } j \ne y, \qquad S_y = 1

    x are the logits and y is the right class; N_j samples of class j have been seen, f is `score_floor`. The first
    factor mitigates the push on classes j rarer than y, and the second compensates where such a class has wrongly
    scored higher.

    Parameters
    ----------
    logits : array, shape (..., C), real dtype
        Scores of the C classes before the softmax.
    labels : array, shape (...), integers
        Class indices. Rows whose index is `ignore_index` or outside [0, C) are ignored.
    counts : array, shape (C,), real dtype
        How many samples of each class have been seen: zeros at first, then what the last call returned.
    p : float >= 0, default 0.8
        Strength of the mitigation.
    q : float >= 0, default 2
        Strength of the compensation.
    score_floor : float in [0, 1), default 0
        The least s_y that a compensation divides by; mmdetection has 0.01.
    ignore_index : int, optional
        A class index to ignore.
    axis : int, default -1
        The axis of the classes.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    loss : array, shape (...), or () with a reduction; at least float32
        Not negative.
    counts : array, shape (C,), of the dtype of `counts`
        The counts with the samples of this batch.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, an exponent is negative or score_floor outside [0, 1].

    Notes
    -----
    The counts of this batch are counted before they are used, and count as 1 at least, as in mmdetection's
    `SeesawLoss`, which scores objectness apart. The factors are computed from differences of logits, so that no
    score can be 0.

    References
    ----------
    J. Wang et al., "Seesaw Loss for Long-Tailed Instance Segmentation", CVPR 2021, arXiv:2008.10032, equations 2-6.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import seesaw_loss
    >>> loss, counts = seesaw_loss(np.asarray([[0.0, 0.0]]), np.asarray([0]), np.asarray([3.0, 1.0]), p=1.0)
    >>> print(loss.round(6), counts)  # ln(1 + 1/4): the other class is four times rarer
    [0.223144] [4. 1.]
    """
    p, q = _check.number("p", p, 0.0), _check.number("q", q, 0.0)
    score_floor = _check.number("score_floor", score_floor, 0.0, 1.0)
    xp = _check.library(logits=logits, labels=labels)
    _check.real(xp, logits=logits)
    place = _check.class_axis(axis, logits=logits)
    rows = _check.rows_along(logits, place)
    _check.class_indices(xp, rows, labels)
    _check.index_or_none(ignore_index)
    _check.shaped(logits, (logits.shape[place],), counts=counts)
    _check.reduction(xp, logits, rows, weights, where, normalizer, reduction)
    static = (p, q, score_floor, place, ignore_index, reduction)
    result: tuple[Array, Array] = compiled(xp, _seesaw, static, logits, labels, counts, weights, where, normalizer)
    return result


def _seesaw(
    p: float,
    q: float,
    score_floor: float,
    axis: int,
    ignore_index: int | None,
    reduction: str,
    logits: Array,
    labels: Array,
    counts: Array,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
) -> tuple[Array, Array]:
    xp = common(logits, labels, weights, where)
    logits = class_last(xp, logits, axis)
    index, valid = usable(xp, labels, logits.shape[-1], ignore_index)
    where = valid if where is None else xp.logical_and(valid, where)
    logits = keep_rows(xp, logits, where, 1)
    x = _constant(xp, logits)
    chosen = xp.logical_and(one_hot(xp, index, logits), where[..., None])
    seen = astype(xp, xp.reshape(chosen, (-1, logits.shape[-1])), x.dtype)
    counts = stop_gradient(counts)
    counts = counts + astype(xp, xp.sum(seen, axis=0), counts.dtype)
    samples = at_least(raw(xp), astype(xp, counts, x.dtype), 1.0)
    shift = balance.seesaw_shift(raw(xp), x, index, samples, p, q, score_floor)
    # The largest logit is taken off first, so that the shift is not lost beside it.
    moved = (astype(xp, logits, x.dtype) - row_max(raw(xp), x)) + shift
    rows = closed_form(classes.index_kernel, (1, INDEX), (classes.entropy, ()), moved, index)
    return reduce_rows(xp, reduction, rows, weights, where, normalizer), counts
