"""A number told by a distribution over the bins 0, 1, 2 ... in the last axis: how far from the target, and its mean."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _check
from .._array import Array, Namespace, class_last, is_jax, is_torch, namespace
from .._numerics import pick, put
from ..autodiff import closed_form
from .classes import softmax

Wanted = Sequence[bool]
Result = tuple[Array, list[Array | None]]


def distribution_expectation(logits: Array, *, axis: int = -1) -> Array:
    """Expectation of a distribution over bins, sum of i softmax(x)_i: the integral of distribution focal loss.

    Reads a distance off the bins of a detector's head (GFL, YOLOv8): i counts from 0.

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
    left = xp.clip(xp.floor(inside), 0.0, float(last - 1))
    to_right = inside - left
    # Seen from the nearer bin, whose weight is at least 1/2: its -ln p is exact, and the other's is not far from it.
    right_is_near = to_right > 0.5
    step = xp.where(right_is_near, xp.ones_like(left), xp.zeros_like(left))
    near = _as_index(xp, xp.where(left == left, left + step, xp.zeros_like(left)), x)
    far = _as_index(xp, xp.where(left == left, left + (1.0 - step), xp.zeros_like(left)), x)
    weight = xp.where(right_is_near, 1.0 - to_right, to_right)  # of the farther bin
    others, miss, loss = softmax(xp, x, near)
    ahead = pick(xp, x, near) - pick(xp, x, far)  # -ln p_far = -ln p_near + ahead
    value = loss + weight * ahead
    along_x = along_t = None
    if wanted[0]:
        pull = pick(xp, others, far) - weight
        along_x = put(xp, put(xp, others, near, weight - miss), far, pull)
    if wanted[1]:
        sign = xp.where(right_is_near, -xp.ones_like(t), xp.ones_like(t))
        along_t = xp.where(inside == t, sign * ahead, xp.zeros_like(t))
    return value, [along_x, along_t]


def _as_index(xp: Namespace, whole: Array, like: Array) -> Array:
    """Whole numbers as an index; the default integer of the library."""
    return whole.long() if is_torch(xp) else xp.astype(whole, xp.argmax(like[..., :1], axis=-1).dtype)


def expectation_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    """The sum of i softmax(x)_i."""
    (x,) = arrays
    largest = xp.max(x, axis=-1, keepdims=True) if not is_torch(xp) else x.amax(-1, keepdim=True)
    powers = xp.exp(x - largest)
    places = xp.arange(x.shape[-1], dtype=x.dtype, device=None if is_jax(xp) else x.device)
    total = xp.sum(powers, axis=-1)
    value = xp.sum(powers * places, axis=-1) / total
    if not wanted[0]:
        return value, [None]
    return value, [(powers / total[..., None]) * (places - value[..., None])]
