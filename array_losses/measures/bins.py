"""A number told by a distribution over the bins 0, 1, 2 ... in the last axis: how far from the target, and its mean."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _check
from .._array import Array, Namespace, class_last, is_fused, is_numpy, is_torch, namespace
from .._numerics import device_of, one_hot, pick, put, row_max
from ..autodiff import closed_form
from .classes import softmax

FEW_BINS = 64
"""NumPy takes the mean of so few bins more than twice as fast when the first axis is theirs."""

Wanted = Sequence[bool]
Result = tuple[Array, list[Array | None]]


def distribution_expectation(logits: Array, *, axis: int = -1) -> Array:
    r"""Expectation of a distribution over bins, sum of i softmax(x)_i: the integral of distribution focal loss.

    .. math::

        y = \sum_i i \, p_i, \qquad p_i = \frac{e^{x_i}}{\sum_j e^{x_j}}

    x are the logits of the bins i, counted from 0. Reads a distance off the bins of a detector's head (GFL, YOLOv8).

    Parameters
    ----------
    logits : array, shape (..., bins), real dtype
        Scores of the bins before the softmax.
    axis : int, default -1
        The axis of the bins.

    Returns
    -------
    array, shape (...), at least float32
        In [0, bins - 1].

    Raises
    ------
    TypeError
        If the array is of no Array API library or not of real dtype.
    ValueError
        If there is no such axis.

    Notes
    -----
    The `DFL` module of ultralytics and the `Integral` of mmdetection. `distribution_focal_loss` trains it.

    References
    ----------
    X. Li et al., "Generalized Focal Loss", NeurIPS 2020, arXiv:2006.04388, equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import distribution_expectation
    >>> print(distribution_expectation(np.log(np.asarray([1.0, 2.0, 1.0]))))  # 0/4 + 2/4 + 2/4
    1.0
    """
    xp = _check.library(logits=logits)
    _check.real(xp, logits=logits)
    axis = _check.class_axis(axis, logits=logits)
    return closed_form(expectation_kernel, (1,), (), class_last(namespace(logits), logits, axis))


def bins_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    """(l + 1 - t) (-ln p_l) + (t - l) (-ln p_(l+1)) for a target t between the bins l and l + 1."""
    x, t = arrays
    last = x.shape[-1] - 1
    inside = xp.clip(t, 0.0, float(last))
    place = xp.where(inside == inside, inside, xp.zeros_like(inside))  # a NaN is no index
    left = xp.clip(xp.floor(place), 0.0, float(last - 1))
    # Seen from the nearer bin, whose weight is at least 1/2: its -ln p is exact, and the other's is not far from it.
    step = xp.floor((place - left) + 0.5)
    near, far = _as_index(xp, left + step, x), _as_index(xp, left + (1.0 - step), x)
    weight = xp.abs((inside - left) - step)  # of the farther bin
    if is_torch(xp) and is_fused(xp) and not wanted[1]:
        return _fused(xp, x, near, far, weight, wanted[0])
    p = softmax(xp, x, near, wanted[0])
    ahead = pick(xp, x, near) - pick(xp, x, far)  # -ln p_far = -ln p_near + ahead
    value = p.loss + weight * ahead
    along_x = along_t = None
    if wanted[0]:
        others = p.others(xp)
        pull = pick(xp, others, far) - weight
        along_x = put(xp, put(xp, others, near, weight - p.miss), far, pull)
    if wanted[1]:
        along_t = xp.where(inside == t, (1.0 - 2.0 * step) * ahead, xp.zeros_like(t))
    return value, [along_x, along_t]


def _fused(xp: Namespace, x: Array, near: Array, far: Array, weight: Array, slopes: bool) -> Result:
    """The same from PyTorch's log-softmax, for which its compiler has a loop of its own."""
    log = xp.log_softmax(x, -1)
    value = (weight - 1.0) * pick(xp, log, near) - weight * pick(xp, log, far)
    if not slopes:
        return value, [None, None]
    share = xp.where(one_hot(xp, near, x), (1.0 - weight)[..., None], 0.0)
    return value, [xp.exp(log) - xp.where(one_hot(xp, far, x), weight[..., None], share), None]


def _as_index(xp: Namespace, whole: Array, like: Array) -> Array:
    """Whole numbers as an index; the default integer of the library."""
    return whole.long() if is_torch(xp) else xp.astype(whole, xp.argmax(like[..., :1], axis=-1).dtype)


def expectation_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    """The sum of i softmax(x)_i."""
    (x,) = arrays
    places = xp.arange(x.shape[-1], dtype=x.dtype, device=device_of(xp, x))
    if is_torch(xp) and not wanted[0]:
        return x.softmax(-1) @ places, [None]
    if is_numpy(xp) and not wanted[0] and x.shape[-1] <= FEW_BINS:
        columns = xp.ascontiguousarray(xp.moveaxis(x, -1, 0))
        columns = xp.exp(columns - xp.max(columns, axis=0))
        return xp.tensordot(places, columns, axes=1) / xp.sum(columns, axis=0), [None]
    powers = xp.exp(x - row_max(xp, x))
    total = xp.sum(powers, axis=-1)
    value = xp.sum(powers * places, axis=-1) / total
    if not wanted[0]:
        return value, [None]
    return value, [(powers / total[..., None]) * (places - value[..., None])]
