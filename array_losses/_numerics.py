"""Arithmetic that stays finite: small functions that closed forms and formulas share."""

from __future__ import annotations

from typing import NamedTuple

from ._array import Array, Namespace, is_fused, is_jax, is_numpy, is_plain, is_torch

_smallest: dict[tuple[str, object], float] = {}


def smallest_normal(xp: Namespace, x: Array) -> float:
    """The smallest positive normal number of the dtype of `x`, as a Python float."""
    if is_fused(xp):
        # A table that grew while torch.compile traces would make it trace again.
        return float(xp.finfo(x.dtype).smallest_normal)
    key = (xp.__name__, x.dtype)
    found = _smallest.get(key)
    if found is None:
        found = _smallest[key] = float(xp.finfo(x.dtype).smallest_normal)
    return found


def negligible(xp: Namespace, x: Array, number: float) -> bool:
    """Whether a Python number >= 0 has no full precision in the dtype of `x`, or is 0 there."""
    return number < smallest_normal(xp, x)


def at_least(xp: Namespace, x: Array, bound: float) -> Array:
    """`x`, or the Python number `bound` where that is greater; NaN stays NaN."""
    return x.clamp_min(bound) if is_torch(xp) else xp.maximum(x, bound)


def denominator(xp: Namespace, x: Array) -> Array:
    """`x` >= 0 made fit to divide by: 0/denominator(0) is 0, and every normal number is left exactly as it is."""
    return at_least(xp, x, smallest_normal(xp, x))


def reciprocal_or_zero(xp: Namespace, x: Array) -> Array:
    """1/x for x > 0, and 0 at x = 0."""
    return xp.sign(x) / denominator(xp, x)


def rounded(xp: Namespace, product: Array) -> Array:
    """A product of numbers >= 0, rounded before anything is added to it, in every library.

    Compilers contract a product and a sum to one operation with one rounding: XLA everywhere, Triton on GPUs. The
    difference of two equal products is then their rounding error instead of 0, and may be negative.
    """
    contracted = is_fused(xp) and not (is_torch(xp) and product.is_cpu)
    return at_least(xp, product, 0.0) if contracted else product


def power(xp: Namespace, x: Array, exponent: float) -> Array:
    """`x` >= 0 to a constant power >= 0, with 0**0 = 1; small whole powers by multiplication.

    Its own derivative is finite at 0, so that slopes which contain it can be differentiated once more.
    """
    if exponent == 0.0:
        return xp.where(x == x, xp.ones_like(x), x)  # a NaN stays one
    if exponent == 1.0:
        return x
    if exponent in (2.0, 3.0, 4.0):
        square = x * x
        return square if exponent == 2.0 else square * x if exponent == 3.0 else square * square
    if is_numpy(xp):
        return x**exponent
    positive = x > 0.0
    raised = xp.where(positive, x, xp.ones_like(x)) ** exponent
    return xp.where(positive, raised, x)


def has_lerp(xp: Namespace) -> bool:
    """Whether `xp.lerp(a, b, t)` is (1 - t) a + t b in one operation: exactly a at t = 0 and exactly b at t = 1."""
    return is_torch(xp) and not is_fused(xp)


class Logistic(NamedTuple):
    """What losses from a logit x are made of, each exact also where it is tiny."""

    p: Array
    """sigmoid(x)"""
    q: Array
    """sigmoid(-x) = 1 - p"""
    up: Array
    """softplus(x) = -ln q"""
    down: Array
    """softplus(-x) = -ln p"""


def logistic(xp: Namespace, x: Array) -> Logistic:
    """Sigmoid and softplus of x and of -x. The slope of softplus is the sigmoid, also at 0."""
    if is_plain(xp):
        return _torch_logistic(xp, x) if is_torch(xp) else _numpy_logistic(xp, x)
    # One condition for all: its branches fit together at 0, so that they may be differentiated one by one.
    negative = x <= 0.0
    small = xp.exp(xp.where(negative, x, -x))
    larger = 1.0 / (1.0 + small)
    smaller, log = small * larger, xp.log1p(small)
    zero = xp.zeros_like(x)
    return Logistic(
        xp.where(negative, smaller, larger),
        xp.where(negative, larger, smaller),
        xp.where(negative, zero, x) + log,
        xp.where(negative, -x, zero) + log,
    )


def _torch_logistic(xp: Namespace, x: Array) -> Logistic:
    # PyTorch's sigmoid takes half as long as its exp, its softplus as long as both, and `where` five multiplications.
    p, q = xp.sigmoid(x), xp.sigmoid(-x)
    log = xp.log1p(-xp.minimum(p, q))  # of the larger one, -softplus(-|x|)
    right = xp.relu(x)
    return Logistic(p, q, right - log, (right - x) - log)


def _numpy_logistic(xp: Namespace, x: Array) -> Logistic:
    small = xp.exp(-xp.abs(x))
    whole = 1.0 + small
    larger = 1.0 / whole
    smaller = small * larger
    # log1p(small) without log1p, which NumPy computes one by one: the rounding error of 1 + small, made good.
    log = xp.log(whole) + (small - (whole - 1.0)) * larger
    negative, right = x <= 0.0, xp.maximum(x, x.dtype.type(0))
    return Logistic(
        xp.where(negative, smaller, larger), xp.where(negative, larger, smaller), right + log, (right - x) + log
    )


def row_max(xp: Namespace, x: Array) -> Array:
    """The largest entry of each row along the last axis, which keeps its place with length 1."""
    return x.amax(-1, keepdim=True) if is_torch(xp) else xp.max(x, axis=-1, keepdims=True)


# Looking up one entry of each row -------------------------------------------------------------------------------------


def pick(xp: Namespace, x: Array, index: Array) -> Array:
    """The entry at `index` of each row along the last axis."""
    if is_torch(xp):
        return x.gather(-1, index[..., None])[..., 0]
    return xp.take_along_axis(x, index[..., None], axis=-1)[..., 0]


def take(xp: Namespace, table: Array, index: Array) -> Array:
    """The entries of a table of shape (C,) at an index of any shape."""
    flat = xp.reshape(index, (-1,))
    found = table.gather(0, flat) if is_torch(xp) else xp.take(table, flat, axis=0)
    return xp.reshape(found, index.shape)


def put(xp: Namespace, x: Array, index: Array, value: Array | float) -> Array:
    """`x` with the entry at `index` of each row replaced. May write into `x`, which must not be used any more."""
    if is_numpy(xp):
        xp.put_along_axis(x, index[..., None], value if isinstance(value, float) else value[..., None], axis=-1)
        return x
    if is_torch(xp) and is_plain(xp):
        where = index[..., None]
        return x.scatter_(-1, where, value) if isinstance(value, float) else x.scatter_(-1, where, value[..., None])
    here = one_hot(xp, index, x)
    return xp.where(here, value if isinstance(value, float) else value[..., None], x)


def one_hot(xp: Namespace, index: Array, like: Array) -> Array:
    """Booleans shaped like `like`: where the position along the last axis is `index`."""
    lanes = xp.arange(like.shape[-1], dtype=index.dtype, device=None if is_jax(xp) else index.device)
    return index[..., None] == lanes
