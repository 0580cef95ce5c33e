"""Slopes of rows as a kernel gives them: written out, taken apart, and turned into gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .._array import Array, Namespace, astype, is_float16, is_plain, namespace, raw

LARGEST_FLOAT16 = 65504.0
MANY = 8_192  # rows, from which on it pays to ask whether slopes may be written over


class Affine(NamedTuple):
    """Slopes constant + factor * arrays[source], of which the first two have own axes of length 1, or few."""

    constant: Array
    factor: Array
    source: int


Slopes = Array | Affine | None


def flattened(slopes: Sequence[Slopes]) -> list[Array | None]:
    """The arrays that slopes are made of."""
    return [part for s in slopes for part in (s[:2] if isinstance(s, Affine) else (s,))]


def restored(parts: Sequence[Array | None], sources: Sequence[int | None]) -> list[Slopes]:
    """Slopes made of these arrays, where `sources` says for each whether it is affine in another array."""
    rest = iter(parts)
    return [next(rest) if source is None else Affine(next(rest), next(rest), source) for source in sources]


def sources_of(slopes: Sequence[Slopes]) -> list[int | None]:
    return [s.source if isinstance(s, Affine) else None for s in slopes]


def dense(slopes: Slopes, arrays: Sequence[Array]) -> Array | None:
    """Slopes written out."""
    if slopes is None or not isinstance(slopes, Affine):
        return slopes
    constant, factor, source = slopes
    xp = namespace(constant)
    found = factor * astype(xp, arrays[source], constant.dtype)
    if is_plain(xp):
        found += constant
        return found
    return found + constant


def pull_back(g: Array, slopes: Array | Affine, x: Array, arrays: Sequence[Array], free: bool = False) -> Array:
    """The gradient of `x`: each row's slopes times its incoming gradient, summed where `x` was broadcast.

    NumPy's slopes are written over where they are `free` for that.
    """
    ndim = (slopes.constant if isinstance(slopes, Affine) else slopes).ndim
    xp = namespace(g, x)
    if g.ndim:
        g = raw(xp).reshape(g, (*g.shape, *(1,) * (ndim - g.ndim)))
    if isinstance(slopes, Affine):
        gradient: Array = dense(Affine(g * slopes.constant, g * slopes.factor, slopes.source), arrays)
    elif free and g.dtype == slopes.dtype and slopes.shape == x.shape:
        gradient = slopes
        if any(g.strides) or (g.size and g.flat[0] != 1.0):  # not all of them 1, as they are below a sum
            gradient *= g
    else:
        gradient = g * slopes
    if gradient.shape != x.shape:
        shape = padded(x.shape, gradient.ndim)
        axes = tuple(i for i, (big, small) in enumerate(zip(gradient.shape, shape)) if small == 1 != big)
        gradient = xp.reshape(xp.sum(gradient, axis=axes, keepdims=True), x.shape)
    if gradient.dtype == x.dtype:
        return gradient
    return astype(xp, within_range(xp, gradient, x), x.dtype)


def pull_back_any(
    rows: tuple[int, ...], slopes: Array | Affine, x: Array, arrays: Sequence[Array], free: bool, g: Array
) -> Array:
    """`pull_back` for a gradient that broadcasts to the shape of the rows."""
    full = (slopes.constant if isinstance(slopes, Affine) else slopes).shape[: len(rows)]
    if g.shape != rows and full != rows:
        g = namespace(g).broadcast_to(g, rows)
    return pull_back(g, slopes, x, arrays, free)


def nobody_elses(slopes: Array | Affine, known: Sequence[Slopes]) -> bool:
    """Whether slopes share their memory with none of these arrays of NumPy, among which they are once."""
    if not known or isinstance(slopes, Affine) or not slopes.flags.owndata:
        return False
    return sum(x is slopes or getattr(x, "base", None) is slopes for x in known) == 1


def within_range(xp: Namespace, gradient: Array | None, x: Array) -> Array | None:
    """A gradient that fits the dtype of `x`: computed in float32, it can be too large for float16."""
    if gradient is None or not is_float16(xp, x.dtype):
        return gradient
    return xp.clip(gradient, -LARGEST_FLOAT16, LARGEST_FLOAT16)


def padded(shape: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    return (1,) * (ndim - len(shape)) + tuple(shape)
