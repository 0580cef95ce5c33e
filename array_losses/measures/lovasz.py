"""The Lovasz extension of the Jaccard loss: the one convex function that is 1 - IoU on every hard prediction.

The errors of a region's pixels, sorted from the largest, e_1 >= e_2 ..., are charged by how much the Jaccard loss
J_k of the first k pixels grows. With G pixels in the target, of which I_k are not among the first k,
and U_k = G + the others among the first k:

    J_k = k / U_k          loss = sum (e_k - e_(k+1)) J_k = sum e_k (J_k - J_(k-1))

All terms of the first sum are positive, and the differences of J are written out: 1/U_k where pixel k is in the
target, I_k / (U_k (U_k - 1)) where it is not.

References
----------
Berman et al., arXiv:1705.08790, equations 8 and 9.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import _xla
from .._array import Array, Namespace, is_jax, is_numpy, is_torch
from .._numerics import at, running_sum
from .._sorting import descending

Wanted = Sequence[bool]
Result = tuple[Array, list[Array | None]]


def lovasz_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted, form: str) -> Result:
    """Of logits ("hinge": errors max(0, 1 - x s) for s = +-1) or of a class's probabilities (errors |[target] - p|)."""
    x, t, *masks = arrays
    target = t > 0.5
    zero, one = xp.zeros_like(x), xp.ones_like(x)
    if x.shape[-1] == 0:
        return xp.sum(x, axis=-1), [zero if wanted[0] else None, None, None][: len(arrays)]
    side = xp.where(target, one, -one)  # the error falls along it
    error = 1.0 - side * x if form == "hinge" else xp.where(target, 1.0 - x, x)
    right = error <= 0.0  # a NaN is not
    here = one
    if masks:
        inside = xp.broadcast_to(masks[0] != 0.0, x.shape)
        right, target = xp.logical_or(right, xp.logical_not(inside)), xp.logical_and(target, inside)
        here = xp.where(inside, one, zero)
    error = xp.where(right, zero, error)
    order = descending(xp, error)
    sorted_error, own = at(xp, error, order), at(xp, xp.where(target, one, zero), order)
    counted = running_sum(xp, at(xp, here, order) if masks else one)
    before = running_sum(xp, own)
    whole = before[..., -1:]
    union = whole + (counted - before)
    some = union > 0.0
    per_union = xp.where(some, one, zero) / xp.where(some, union, one)
    following = xp.concat((sorted_error[..., 1:], zero[..., :1]), axis=-1)
    value = xp.sum((sorted_error - following) * (counted * per_union), axis=-1)
    if not wanted[0]:
        return value, [None] * len(arrays)
    # The first pixel of a region without target completes the loss at once.
    previous = union - 1.0
    first = previous <= 0.0
    grows = xp.where(own > 0.0, one, xp.where(first, one, (whole - before) / xp.where(first, one, previous)))
    weight = _back(xp, grows * per_union, order)
    return value, [xp.where(right, zero, -side * weight), None, None][: len(arrays)]


def _back(xp: Namespace, x: Array, order: Array) -> Array:
    """Undo the sorting."""
    if is_torch(xp):
        return xp.zeros_like(x).scatter(-1, order, x)
    if is_numpy(xp):
        out = xp.empty_like(x)
        xp.put_along_axis(out, order, x, axis=-1)
        return out
    if is_jax(xp):
        return _xla.unsorted(x, order)
    return xp.take_along_axis(x, xp.argsort(order, axis=-1), axis=-1)
