"""Penalties of the logits x of C classes, in the last axis, and the class that is right: cross-entropy and its kin.

With p = softmax(x), every formula is one of l = -ln p: phi(l), whose slope along l is phi'(l). For a class index y the
row is phi(l_y), for class probabilities t it is the sum of t_c phi(l_c); weights of classes multiply t. The slopes of
l_y are p - [j = y]. What must stay exact for a sure answer, where p_y rounds to 1, is written with the sum of all other
classes instead of with 1 - p_y.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .. import _xla
from .._array import Array, Namespace, is_fused, is_jax, is_plain, is_torch
from .._numerics import denominator, negligible, one_hot, pick, power, put, row_max, take

Wanted = Sequence[bool]
Result = tuple[Array, list[Array | None]]
Penalty = Callable[..., tuple[Array, Array | None]]
"""(xp, l, *knobs) -> (phi(l), phi'(l), or None for 1)"""


# Functions of l = -ln p -----------------------------------------------------------------------------------------------


def entropy(xp: Namespace, loss: Array) -> tuple[Array, None]:
    """l"""
    return loss, None


def focal(xp: Namespace, loss: Array, gamma: float) -> tuple[Array, Array | None]:
    """(1 - p)^gamma l"""
    if gamma == 0.0:
        return loss, None
    miss = -xp.expm1(-loss)
    raised = power(xp, miss, gamma)
    # l/(1 - p) is 1 where both are 0, and (1 - p)^gamma keeps the product finite.
    ratio = loss / denominator(xp, miss)
    return raised * loss, raised * (1.0 + gamma * (1.0 - miss) * ratio)


def poly1(xp: Namespace, loss: Array, epsilon: float) -> tuple[Array, Array]:
    """l + epsilon (1 - p)"""
    return loss - epsilon * xp.expm1(-loss), 1.0 + epsilon * xp.exp(-loss)


def generalized(xp: Namespace, loss: Array, q: float) -> tuple[Array, Array | None]:
    """(1 - p^q)/q, or l for q = 0"""
    if negligible(xp, loss, q):
        return loss, None
    return -xp.expm1(-q * loss) / q, xp.exp(-q * loss)


# Softmax --------------------------------------------------------------------------------------------------------------


class Softmax(NamedTuple):
    """The softmax of each row, seen from one class k of it."""

    powers: Array
    """p of all classes times the total; what stands at k is not used"""
    per_total: Array
    """One over the total"""
    miss: Array
    """1 - p_k, their sum"""
    loss: Array
    """-ln p_k"""

    def others(self, xp: Namespace, times: Array | None = None) -> Array:
        """p of all classes but k, times a row's factor. To be asked for once: numbers are written over."""
        factor = (self.per_total if times is None else self.per_total * times)[..., None]
        if not is_plain(xp):
            return self.powers * factor
        powers = self.powers
        powers *= factor
        return powers


def softmax(xp: Namespace, x: Array, index: Array, kept: bool) -> Softmax:
    """The softmax of rows `x`, seen from the class at `index` of each; `kept` if `others` will be asked for."""
    largest = row_max(xp, x)
    gap = largest[..., 0] - pick(xp, x, index)
    own = xp.exp(-gap)
    if is_plain(xp):
        powers = x - largest
        powers = put(xp, powers.exp_() if is_torch(xp) else xp.exp(powers, out=powers), index, 0.0)
        rest = xp.sum(powers, axis=-1)
    elif is_jax(xp):
        powers, rest = _xla.exp_but_one(x - largest, index, kept)
    else:
        # Left out before exp, it costs a compiler no loop of its own.
        powers = xp.exp(put(xp, x - largest, index, -math.inf))
        rest = xp.sum(powers, axis=-1)
    per_total = 1.0 / (rest + own)
    # own - 1 is exact where k is the largest, and where it is not rest is at least 1.
    return Softmax(powers, per_total, rest * per_total, xp.log1p(rest + (own - 1.0)) + gap)


def log_softmax(xp: Namespace, x: Array) -> Array:
    """ln p of every class."""
    first = xp.argmax(x, axis=-1)
    lead = pick(xp, x, first) + softmax(xp, x, first, kept=False).loss
    return x - lead[..., None]


def index_kernel(
    xp: Namespace,
    arrays: Sequence[Array],
    wanted: Wanted,
    penalty: Penalty,
    knobs: tuple[float, ...],
    smoothing: float = 0.0,
) -> Result:
    """phi(l_y) for a class index y, times the weight of that class where weights of classes are given."""
    x, index, *weights = arrays
    if is_torch(xp) and is_fused(xp) and penalty is entropy and not weights and True not in wanted:
        return -pick(xp, xp.log_softmax(x, -1), index), [None, None]
    p = softmax(xp, x, index, wanted[0])
    loss = p.loss
    value, slope = penalty(xp, loss, *knobs)
    weight = take(xp, xp.reshape(weights[0], (x.shape[-1],)), index) if weights else None
    along_x = along_w = None
    if wanted[0]:
        factor = weight if slope is None else slope if weight is None else weight * slope
        own = -p.miss if factor is None else -p.miss * factor
        along_x = put(xp, p.others(xp, factor), index, own)
    if weights and wanted[2]:
        along_w = xp.where(one_hot(xp, index, x), value[..., None], xp.zeros_like(x))
    return value if weight is None else weight * value, [along_x, None, along_w][: len(arrays)]


def target_kernel(
    xp: Namespace,
    arrays: Sequence[Array],
    wanted: Wanted,
    penalty: Penalty,
    knobs: tuple[float, ...],
    smoothing: float,
) -> Result:
    """The sum of w_c t'_c phi(l_c) for class probabilities t, smoothed: t' = (1 - smoothing) t + smoothing/C sum(t)."""
    x, t, *weights = arrays
    if smoothing:
        t = (1.0 - smoothing) * t + (smoothing / x.shape[-1]) * xp.sum(t, axis=-1)[..., None]
    first = xp.argmax(x, axis=-1)
    p = softmax(xp, x, first, wanted[0])
    # l of every class from that of the largest, which has all its digits.
    losses = (pick(xp, x, first)[..., None] - x) + p.loss[..., None]
    value, slope = penalty(xp, losses, *knobs)
    factor = weights[0] * t if weights else t
    # A class with target 0 costs nothing, also where l is infinite.
    counts, zero = factor != 0.0, xp.zeros_like(x)
    kept = xp.where(counts, value, zero)
    along_x = along_t = along_w = None
    if wanted[0]:
        pull = factor if slope is None else factor * xp.where(counts, slope, zero)
        # p B - b with B = sum(b); at the largest class (B - b) - (1 - p) B, where both terms can be tiny.
        total = xp.sum(pull, axis=-1)
        rest = xp.sum(xp.where(one_hot(xp, first, x), zero, pull), axis=-1)
        along_x = put(xp, p.others(xp, total) - pull, first, rest - p.miss * total)
    if wanted[1]:
        along_t = weights[0] * value if weights else value
        if smoothing:
            mean = xp.sum(along_t, axis=-1)[..., None] / x.shape[-1]
            along_t = (1.0 - smoothing) * along_t + smoothing * mean
    if weights and wanted[2]:
        along_w = t * xp.where(t != 0.0, value, zero)
    rows = xp.sum(factor * kept, axis=-1)
    return rows, [along_x, along_t, along_w][: len(arrays)]


# Margins --------------------------------------------------------------------------------------------------------------


def margin_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted, form: str) -> Result:
    """max_j (x_j + 1 - [j = y]) - x_y, or the sum of max(0, 1 + x_j - x_y) over all j but y."""
    x, index = arrays
    own = one_hot(xp, index, x)
    zero = xp.zeros_like(x)
    gaps = xp.where(own, zero, (x - pick(xp, x, index)[..., None]) + 1.0)
    if form == "sum":
        value = xp.sum(xp.where(gaps <= 0.0, zero, gaps), axis=-1)
        pull = xp.where(gaps > 0.0, xp.ones_like(x), zero)
    else:
        largest = row_max(xp, gaps)
        value = largest[..., 0]
        tied = xp.where(gaps == largest, xp.ones_like(x), zero)
        pull = tied / denominator(xp, xp.sum(tied, axis=-1))[..., None]
    if not wanted[0]:
        return value, [None, None]
    return value, [xp.where(own, pull - xp.sum(pull, axis=-1)[..., None], pull), None]
