"""Tables of squared distances from the differences themselves, in memory of a few rows' differences.

Value and slopes are exact where |a|^2 - 2 a b + |b|^2 would cancel. The slopes take the differences once more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from .. import _xla
from .._array import Array, Namespace, broadcast_shape, is_fused, is_jax, namespace
from ..autodiff import with_pullbacks

BLOCK = 262_144  # differences that are kept at a time


def squared_differences(xp: Namespace, a: Array, b: Array) -> Array:
    """The sums of squared differences of the vectors of `a` and those of `b`."""
    leading = broadcast_shape(a.shape[:-2], b.shape[:-2])
    a, b = (x if x.ndim == len(leading) + 2 else xp.broadcast_to(x, (*leading, *x.shape[-2:])) for x in (a, b))
    if is_jax(xp):
        return _xla.squared_differences(a, b)
    return with_pullbacks(_rule, (), a, b)


def _rule(xp: Namespace, arrays: Sequence[Array]) -> tuple[Array, list[Callable[[Array], Array]]]:
    a, b = arrays
    return _value(xp, a, b), [
        lambda g: _pulled(namespace(g, a, b), g, a, b),
        lambda g: _pulled(namespace(g, a, b), namespace(g).matrix_transpose(g), b, a),
    ]


def _value(xp: Namespace, a: Array, b: Array) -> Array:
    """The table, fused where a compiler does it, by blocks of rows elsewhere."""
    if is_fused(xp):
        difference = a[..., :, None, :] - b[..., None, :, :]
        return xp.sum(difference * difference, axis=-1)
    return _joined(xp, [xp.vecdot(difference, difference, axis=-1) for _, difference in _blocks(a, b)])


def _pulled(xp: Namespace, g: Array, a: Array, b: Array) -> Array:
    """The gradient of `a`, twice the sums over j of g_ij (a_i - b_j)."""
    sums = (xp.matmul(g[..., rows, :][..., None, :], difference)[..., 0, :] for rows, difference in _blocks(a, b))
    return 2.0 * _joined(xp, list(sums))


def _blocks(a: Array, b: Array) -> Iterator[tuple[slice, Array]]:
    """Some rows of `a` at a time, and their differences from all vectors of `b`."""
    b = b[..., None, :, :]
    step = max(1, BLOCK // math.prod(b.shape))
    for start in range(0, a.shape[-2], step):
        rows = slice(start, min(start + step, a.shape[-2]))
        yield rows, a[..., rows, :][..., None, :] - b


def _joined(xp: Namespace, blocks: list[Array]) -> Array:
    return blocks[0] if len(blocks) == 1 else xp.concat(blocks, axis=-2)
