"""Arithmetic that stays finite: small functions that closed forms and formulas share."""

from __future__ import annotations

import functools
import math
import sys
from typing import NamedTuple

from ._array import (
    Array,
    DType,
    Namespace,
    astype,
    is_fused,
    is_jax,
    is_numpy,
    is_plain,
    is_tape,
    is_torch,
    plain_cpu,
    raw,
)

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
    return raw(xp).sign(x) / denominator(xp, x)  # the sign of array_api_compat cannot be mapped by torch.func


def rounded(xp: Namespace, product: Array) -> Array:
    """A product of numbers >= 0, rounded before anything is added to it, in every library.

    Compilers contract a product and a sum to one operation with one rounding: XLA everywhere, Triton on GPUs. The
    difference of two equal products is then their rounding error instead of 0, and may be negative.
    """
    contracted = is_fused(xp) and not (is_torch(xp) and product.is_cpu)
    return at_least(xp, product, 0.0) if contracted else product


def power(xp: Namespace, x: Array, exponent: float) -> Array:
    """`x` >= 0 to a constant power >= 0, with 0**0 = 1; small whole powers by multiplication.

    Its derivative at 0 is 0 also where it has none that is finite, or another: what contains it can be differentiated.
    """
    if exponent == 0.0:
        return xp.where(x == x, xp.ones_like(x), x)  # a NaN stays one
    if exponent == 1.0:
        return x
    if exponent in (2.0, 3.0, 4.0, 6.0):
        square = x * x
        if exponent in (2.0, 4.0):
            return square if exponent == 2.0 else square * square
        return square * x if exponent == 3.0 else square * (square * square)
    if is_numpy(xp):
        return x**exponent
    positive = x > 0.0
    raised = xp.where(positive, x, xp.ones_like(x)) ** exponent
    return xp.where(positive, raised, x * 0.0)


def has_lerp(xp: Namespace) -> bool:
    """Whether `xp.lerp(a, b, t)` is (1 - t) a + t b in one operation: exactly a at t = 0 and exactly b at t = 1."""
    return is_torch(xp) and not is_fused(xp)


def chosen(xp: Namespace, condition: Array, x: Array, y: Array) -> Array:
    """`x` where the condition holds, `y` elsewhere; both finite, unless both are NaN."""
    # PyTorch's `where` takes as long as eight multiplications, or 25 where the condition looks random.
    return xp.lerp(y, x, condition.to(x.dtype)) if has_lerp(xp) else xp.where(condition, x, y)


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


def softmax(xp: Namespace, x: Array, axis: int) -> Array:
    """e^x over its sum along an axis, differentiable."""
    if is_torch(xp):
        return x.softmax(axis)
    if is_jax(xp):
        return sys.modules["jax"].nn.softmax(x, axis=axis)
    if is_tape(xp):
        return xp.call("_softmax", x, axis=axis)
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    powers = xp.exp(shifted, out=shifted) if is_numpy(xp) else xp.exp(shifted)
    powers /= xp.sum(powers, axis=axis, keepdims=True)
    return powers


# Looking up one entry of each row -------------------------------------------------------------------------------------


def pick(xp: Namespace, x: Array, index: Array) -> Array:
    """The entry at `index` of each row along the last axis."""
    if is_torch(xp):
        return x.gather(-1, index[..., None])[..., 0]
    if is_numpy(xp) and x.ndim == 2:  # what the function below ends in
        return x[xp.arange(len(x)), index]
    return xp.take_along_axis(x, index[..., None], axis=-1)[..., 0]


def take(xp: Namespace, table: Array, index: Array) -> Array:
    """The entries of a table of shape (C,) at an index of any shape."""
    flat = xp.reshape(index, (-1,))
    found = table.gather(0, flat) if is_torch(xp) else xp.take(table, flat, axis=0)
    return xp.reshape(found, index.shape)


def put(xp: Namespace, x: Array, index: Array, value: Array | float) -> Array:
    """`x` with the entry at `index` of each row replaced. May write into `x`, which must not be used any more."""
    if is_numpy(xp):
        if x.ndim == 2:
            x[xp.arange(len(x)), index] = value
        else:
            xp.put_along_axis(x, index[..., None], value if isinstance(value, float) else value[..., None], axis=-1)
        return x
    if is_torch(xp) and is_plain(xp):
        where = index[..., None]
        return x.scatter_(-1, where, value) if isinstance(value, float) else x.scatter_(-1, where, value[..., None])
    here = one_hot(xp, index, x)
    return xp.where(here, value if isinstance(value, float) else value[..., None], x)


def cleared(xp: Namespace, x: Array, mask: Array) -> Array:
    """`x` with 0 where the mask is true, which is rarely. Writes into `x`: for plain NumPy arrays and tensors."""
    if is_torch(xp):
        return x.masked_fill_(mask, 0.0)
    x[mask] = 0.0
    return x


def device_of(xp: Namespace, x: Array) -> object:
    """What `device=` takes to make an array beside `x`: arrays of Dask and MLX and traced ones of JAX have none."""
    return None if is_jax(xp) else getattr(x, "device", None)


def one_hot(xp: Namespace, index: Array, like: Array, axis: int = -1) -> Array:
    """Booleans shaped like `like`: where the position along the last axis, or the last but one, is `index`."""
    lanes = xp.arange(like.shape[axis], dtype=index.dtype, device=device_of(xp, index))
    if axis == -1:
        return lanes == index[..., None]
    return lanes[:, None] == index[..., None, :]


def indicators(xp: Namespace, index: Array, like: Array, dtype: DType) -> Array:
    """1 where the position along the last axis but one is `index`, else 0: numbers shaped like `like`."""
    if is_torch(xp) and plain_cpu(xp, index):
        return like.new_zeros(like.shape, dtype=dtype).scatter_(-2, index[..., None, :], 1.0)
    return astype(xp, one_hot(xp, index, like, axis=-2), dtype)


def among(xp: Namespace, index: Array, count: int) -> Array:
    """The nearest of the places 0 ... count - 1; 0 if there are none."""
    return raw(xp).clip(index, 0, max(0, count - 1))  # array-api-compat's cannot be traced with a symbolic count


def at(xp: Namespace, x: Array, index: Array) -> Array:
    """The entries at some positions of each row along the last axis; both arrays have the same leading axes."""
    return x.gather(-1, index) if is_torch(xp) else xp.take_along_axis(x, index, axis=-1)


def rows_at(xp: Namespace, x: Array, index: Array) -> Array:
    """The rows of (..., N, D) at positions of shape (..., M); both arrays have the same leading axes."""
    if is_torch(xp):
        return x.gather(-2, index[..., None].expand(*index.shape, x.shape[-1]))
    if x.ndim == 2:
        return xp.take(x, index, axis=0)
    return xp.take_along_axis(x, index[..., None], axis=-2)


def table_rows(xp: Namespace, table: Array, index: Array) -> Array:
    """The rows of a table of shape (C, D) at an index of any shape."""
    flat = xp.reshape(index, (-1,))
    wide = flat[:, None].expand(-1, table.shape[-1]) if is_torch(xp) else flat
    found = table.gather(0, wide) if is_torch(xp) else xp.take(table, flat, axis=0)
    return xp.reshape(found, (*index.shape, table.shape[-1]))


def count_below(xp: Namespace, table: Array, x: Array, or_equal: bool = False) -> Array:
    """How many entries of a sorted row of `table` lie below each entry of the same row of `x`. No gradient."""
    side = "right" if or_equal else "left"
    if is_torch(xp):
        return sys.modules["torch"].searchsorted(table.contiguous(), x.contiguous(), side=side)
    leading = x.shape[:-1]
    rows = xp.reshape(table, (math.prod(leading), table.shape[-1])), xp.reshape(x, (math.prod(leading), x.shape[-1]))
    if is_jax(xp):
        found = sys.modules["jax"].vmap(functools.partial(xp.searchsorted, side=side))(*rows)
    elif rows[1].shape[0]:
        found = xp.stack([xp.searchsorted(rows[0][i, :], rows[1][i, :], side=side) for i in range(rows[1].shape[0])])
    else:
        found = xp.zeros(rows[1].shape, dtype=xp.int64, device=device_of(xp, x))
    return xp.reshape(found, x.shape)


def running_sum(xp: Namespace, x: Array) -> Array:
    """The sum of all entries so far along the last axis."""
    if is_torch(xp):
        return x.cumsum(-1, dtype=x.dtype)
    return xp.cumulative_sum(x, axis=-1) if hasattr(xp, "cumulative_sum") else xp.cumsum(x, -1)


# Shapes of curves -----------------------------------------------------------------------------------------------------


def relu(xp: Namespace, x: Array) -> Array:
    """The larger one of `x` and 0, with slope 0 at 0; NaN stays NaN."""
    return xp.where(x <= 0.0, 0.0, x)


def softplus(xp: Namespace, x: Array) -> Array:
    """ln(1 + e^x), exact also where it is tiny. Its slope is the sigmoid, also at 0."""
    negative = x <= 0.0
    return xp.where(negative, 0.0, x) + xp.log1p(xp.exp(xp.where(negative, x, -x)))


def artanh_excess(xp: Namespace, square: Array) -> Array:
    """artanh(w)/w - 1 of w^2 up to 1/16: the series w^2/3 + w^4/5 + ..."""
    terms = 6 if square.dtype == xp.float32 else 13
    total = square * (1.0 / (2 * terms + 1))
    for k in range(2 * terms - 1, 1, -2):
        total = square * (1.0 / k + total)
    return total
