"""Weights that a batch, or all batches so far, give to its own numbers. They are constants for every derivative."""

from __future__ import annotations

import math

from .._array import Array, Namespace, astype, raw
from .._numerics import denominator, logistic, one_hot, pick, take
from .classes import log_softmax


def logit_error(xp: Namespace, x: Array, t: Array) -> Array:
    """|sigmoid(x) - t|: the size of the cross-entropy's slope."""
    found = logistic(raw(xp), x)
    return xp.abs((1.0 - t) * found.p - t * found.q)


def relative_error(xp: Namespace, d: Array, mu: float) -> Array:
    """|d|/sqrt(d^2 + mu^2): the size of the slope of the rounded L1 loss."""
    return xp.abs(d) / denominator(raw(xp), xp.sqrt(d * d + mu * mu))


def harmonized(
    xp: Namespace, size: Array, where: Array | None, counts: Array | None, bins: int, momentum: float
) -> tuple[Array, Array]:
    """Weights N/(n M) by the bin that a slope's size in [0, 1] falls into, and the running counts n of the bins.

    N numbers are counted, in M bins that hold any.
    """
    place = xp.floor(size * float(bins))
    place = xp.where(place >= bins, xp.full_like(place, bins - 1.0), place)
    kept = xp.ones_like(size) if where is None else astype(xp, where, size.dtype)
    members = [xp.where(place == float(k), kept, xp.zeros_like(kept)) for k in range(bins)]
    found = xp.stack([xp.sum(member) for member in members])
    before = xp.zeros_like(found) if counts is None else astype(xp, counts, found.dtype)
    present = found > 0.0
    after = xp.where(present, momentum * before + (1.0 - momentum) * found, before)
    filled = xp.sum(astype(xp, present, found.dtype))
    some = xp.where(present, after * filled, xp.ones_like(after))
    table = xp.where(present, xp.sum(found) / some, xp.zeros_like(after))
    weights = xp.zeros_like(size)
    for k, member in enumerate(members):
        weights = weights + member * table[k, ...]
    return weights, after


def equalized(xp: Namespace, state: Array, gamma: float, mu: float, alpha: float) -> tuple[Array, Array]:
    """Weights of positives and of negatives, class by class, from their accumulated gradients."""
    positive, negative = state[0, ...], state[1, ...]
    ratio = positive / xp.where(negative > 0.0, negative, xp.ones_like(negative))
    share = logistic(raw(xp), gamma * (ratio - mu)).p
    of_negatives = xp.where(negative > 0.0, share, xp.ones_like(share))
    of_positives = 1.0 + alpha * (1.0 - of_negatives)
    return of_positives, of_negatives


def seesaw_shift(xp: Namespace, x: Array, index: Array, counts: Array, p: float, q: float, score_floor: float) -> Array:
    """ln S of every class j against the right one y: p min(0, ln(N_j/N_y)) + q max(0, ln(s_j/max(s_y, floor)))."""
    log_counts, zero = xp.log(counts), xp.zeros_like(x)
    scarcer = log_counts - take(xp, log_counts, index)[..., None]
    ahead = x - pick(xp, x, index)[..., None]
    if score_floor > 0.0:
        above_floor = log_softmax(xp, x) - math.log(score_floor)
        ahead = xp.where(above_floor < ahead, above_floor, ahead)
    shift = p * xp.where(scarcer < 0.0, scarcer, zero) + q * xp.where(ahead > 0.0, ahead, zero)
    return xp.where(one_hot(xp, index, x), zero, shift)
