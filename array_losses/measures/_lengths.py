"""Lengths and directions of vectors, along the last axis: exact also where a square would be too large or too small."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .. import _xla
from .._array import Array, Namespace, is_jax, is_numpy, namespace, surely_within
from .._numerics import row_max
from ..autodiff import closed_form, stop_gradient, with_pullbacks

Wanted = Sequence[bool]


class Length(NamedTuple):
    """Vectors and their length."""

    value: Array
    vector: Array
    """Times a power of two, if the numbers are extreme"""
    divisor: Array
    """By which that vector is divided to have length 1; infinite for a vector of zeros"""

    def direction(self, times: Array | float | None = None) -> Array:
        """The vectors divided by their length, times a factor; 0 stays 0. The slopes of the length are these."""
        if times is None:
            return self.vector / self.divisor[..., None]
        return self.vector * (times / self.divisor)[..., None]


def measured(xp: Namespace, x: Array, origin: Array | None = None) -> Length:
    """The lengths of vectors, from an origin each if there is one."""
    vector = x if origin is None else x - origin
    square = _square(xp, vector)
    low, high = (2.0**-80, 2.0**120) if x.dtype == xp.float32 else (2.0**-800, 2.0**1000)
    if surely_within(xp, stop_gradient(square), low, high):  # in whose sums nothing was lost
        found = xp.sqrt(square)
        return Length(found, vector, found)
    if is_jax(xp):
        ordinary = xp.all(xp.logical_and(square >= low, square < high))
        given = (x,) if origin is None else (x, origin)
        square, factor = _xla.usually(ordinary, _as_it_is, _scaled, square, *given)
    else:
        square, factor = _scaled(square, vector)
    zero = square == 0.0
    found = root(xp, square, zero)
    return Length(found / factor, vector * factor[..., None], xp.where(zero, math.inf, found))


def _as_it_is(square: Array, *vectors: Array) -> tuple[Array, Array]:
    return square, namespace(square).ones_like(square)


def _scaled(square: Array, x: Array, *origin: Array) -> tuple[Array, Array]:
    """The sum of squares of vectors multiplied by a power of two, and that."""
    xp = namespace(x)
    vector = x - origin[0] if origin else x
    factor = extreme_factor(xp, size(xp, vector, 1))
    return _square(xp, vector * factor), factor[..., 0]


def length(xp: Namespace, x: Array) -> Array:
    """|x| of vectors: 0 with slope 0 at 0."""
    return closed_form(_length_kernel, (1,), (), x)


def _length_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> tuple[Array, list[Array | None]]:
    found = measured(xp, arrays[0])
    return found.value, [found.direction() if wanted[0] else None]


def directions(xp: Namespace, x: Array) -> Array:
    """Vectors divided by their length. Vectors of zeros stay what they are, with slope 0."""
    return with_pullbacks(_directions, (), x)


def _directions(xp: Namespace, arrays: Sequence[Array]) -> tuple[Array, list[Callable[[Array], Array]]]:
    """The slope is what stands across the direction, over the length."""
    found = measured(xp, arrays[0])
    u = found.direction(1.0 if is_jax(xp) else None)  # JAX's own slopes of a product have a rounding less

    def pulled(g: Array) -> Array:
        xp = namespace(g, u)
        across = g - u * xp.sum(u * g, axis=-1, keepdims=True)
        return across / xp.where(found.divisor == math.inf, math.inf, found.value)[..., None]

    return u, [pulled]


def root(xp: Namespace, x: Array, zero: Array) -> Array:
    """The square root of `x` > 0; 0 with slope 0 in the places of `zero`."""
    return xp.where(zero, 0.0, xp.sqrt(xp.where(zero, 1.0, x)))


def size(xp: Namespace, x: Array, axes: int) -> Array:
    """The largest size of a number in the last one or two axes, which stay."""
    found = xp.abs(stop_gradient(x))
    for axis in range(-axes, 0):
        found = largest(xp, found, axis)
    return found


def extreme_factor(xp: Namespace, size: Array) -> Array:
    """A power of two that brings numbers of this size, if it is extreme, where their squares fit."""
    high, low, step = (57, -40, 71) if size.dtype == xp.float32 else (500, -400, 600)
    factor = xp.where(size < 2.0**low, 2.0**step, xp.ones_like(size))
    return xp.where(size > 2.0**high, 2.0**-step, factor)


def largest(xp: Namespace, x: Array, axis: int = -1) -> Array:
    """The largest number along an axis, which stays; of none, -inf."""
    if x.shape[axis] == 0:
        return xp.sum(x, axis=axis, keepdims=True) - math.inf
    return row_max(xp, x) if axis == -1 else xp.max(x, axis=axis, keepdims=True)


def _square(xp: Namespace, x: Array) -> Array:
    return xp.vecdot(x, x) if is_numpy(xp) else xp.sum(x * x, axis=-1)
