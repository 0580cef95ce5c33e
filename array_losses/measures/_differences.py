"""Tables of squared distances from the differences themselves, in memory of a few rows' differences.

Value and slopes are exact where |a|^2 - 2 a b + |b|^2 would cancel. The slopes take the differences once more.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .. import _xla
from .._array import Array, Namespace, broadcast_shape, is_fused, is_jax, is_tape, is_torch, namespace

BLOCK = 262_144  # differences that are kept at a time


def squared_differences(xp: Namespace, a: Array, b: Array) -> Array:
    """The sums of squared differences of the vectors of `a` and those of `b`."""
    leading = broadcast_shape(a.shape[:-2], b.shape[:-2])
    a, b = (x if x.ndim == len(leading) + 2 else xp.broadcast_to(x, (*leading, *x.shape[-2:])) for x in (a, b))
    if is_jax(xp):
        return _xla.squared_differences(a, b)
    if is_torch(xp) and not is_fused(xp):
        torch: Any = sys.modules["torch"]
        recording = torch.is_grad_enabled() and (a.requires_grad or b.requires_grad)
        return _recorded()(a, b) if recording and not torch._C._are_functorch_transforms_active() else _value(xp, a, b)
    if is_tape(xp):
        from ..autodiff import _tape

        return _tape.custom(_rule, (a, b))
    return _value(xp, a, b)


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


def _rule(a: Array, b: Array, wanted: Sequence[bool]) -> tuple[Array, list[Callable[[Array], Array]]]:
    """What the tape records."""
    xp = namespace(a, b)
    return _value(xp, a, b), [
        lambda g: _pulled(namespace(g, a, b), g, a, b),
        lambda g: _pulled(namespace(g, a, b), namespace(g).matrix_transpose(g), b, a),
    ]


@functools.cache
def _recorded() -> Callable[[Array, Array], Array]:
    """What PyTorch records."""
    torch: Any = sys.modules["torch"]

    class Differences(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, a: Array, b: Array) -> Array:
            ctx.save_for_backward(a, b)
            return _value(namespace(a), a, b)

        @staticmethod
        def backward(ctx: Any, g: Array) -> tuple[Array | None, Array | None]:
            (a, b), (of_a, of_b), xp = ctx.saved_tensors, ctx.needs_input_grad, namespace(g)
            return _pulled(xp, g, a, b) if of_a else None, _pulled(xp, g.mT, b, a) if of_b else None

    return Differences.apply  # type: ignore[no-any-return]
