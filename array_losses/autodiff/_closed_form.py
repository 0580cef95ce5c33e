"""Row functions that know their own slopes, told to every library.

A kernel maps the rows of some arrays to one number each:

    kernel(xp, arrays, wanted, *options) -> value, slopes

`ranks[i]` says how many of the last axes of `arrays[i]` are a row's own: 1 for the four corners of a box or the
logits of C classes, 0 for one number a row, `INDEX` for one integer a row that is looked up and never computed with.
The axes before, the leading ones, are shared by broadcasting. `value` has the leading axes' shape; `slopes[i]`, of
shape `(*leading, *own)`, holds the partial derivatives of each row's value with respect to that row of `arrays[i]`,
or is None where `wanted[i]` is false. `xp` is the library's own module (`_array.raw`), and a kernel uses of it only
what all libraries and the standard spell alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .._array import (
    Array,
    Namespace,
    astype,
    broadcast_shape,
    computing_dtype,
    is_jax,
    is_numpy,
    is_tape,
    is_torch,
    namespace,
    plain_cpu,
    raw,
)
from .._blocks import in_blocks

Kernel = Callable[..., tuple[Array, list[Array | None]]]
Ranks = tuple[int, ...]
INDEX = -1
LARGEST_FLOAT16 = 65504.0


def closed_form(kernel: Kernel, ranks: Ranks, options: tuple[Any, ...], *arrays: Array) -> Array:
    """The kernel's value for each row, differentiable in the arrays' library through the kernel's slopes."""
    xp = namespace(*arrays)
    if is_torch(xp):
        from . import _torch

        return _torch.apply(kernel, ranks, options, arrays)
    if is_jax(xp):
        from . import _jax

        return _jax.apply(kernel, ranks, options, arrays)
    if is_tape(xp):
        from . import _tape

        return _tape.custom(_tape_rule(kernel, ranks, options), arrays)
    return evaluate(kernel, ranks, options, arrays, [False] * len(arrays))[0]


def _tape_rule(kernel: Kernel, ranks: Ranks, options: tuple[Any, ...]) -> Callable[..., Any]:
    def rule(*arrays: Array, wanted: Sequence[bool]) -> tuple[Array, list[Callable[[Array], Array] | None]]:
        value, slopes = evaluate(kernel, ranks, options, arrays, wanted)
        if is_tape(namespace(*arrays)):
            # A derivative of a derivative: the slopes above are differentiated as the formulas that they are.
            value = closed_form(kernel, ranks, options, *arrays)
        return value, [None if s is None else _pullback(s, x) for s, x in zip(slopes, arrays)]

    return rule


def _pullback(slopes: Array, x: Array) -> Callable[[Array], Array]:
    return lambda g: pull_back(g, slopes, x)


# Up to this many numbers NumPy computes plain tensors, because PyTorch needs twice as long for each call. Measured
# faster up to 32 768 boxes, and up to 8 000 single logits, each of which costs like 16 numbers: exponentials. For more,
# two threads of PyTorch win; one thread does not.
FEW_NUMBERS = 131_072
COST_OF_ONE = 16


def evaluate(
    kernel: Kernel, ranks: Ranks, options: tuple[Any, ...], arrays: Sequence[Array], wanted: Sequence[bool]
) -> tuple[Array, list[Array | None]]:
    """The kernel's value and the wanted slopes of some arrays, computed at least in float32."""
    standard = namespace(*arrays)
    leading = broadcast_shape(*[x.shape[: x.ndim - own_axes(rank)] for x, rank in zip(arrays, ranks)])
    if not plain_cpu(standard, *arrays):
        return _evaluate(standard, kernel, ranks, options, arrays, wanted, leading, blocks=is_numpy(standard))
    torch = raw(standard)
    width = max([math.prod(x.shape[x.ndim - rank :]) if rank > 0 else 0 for x, rank in zip(arrays, ranks)])
    if math.prod(leading) * (width or COST_OF_ONE) > FEW_NUMBERS and torch.get_num_threads() > 1:
        return _evaluate(standard, kernel, ranks, options, arrays, wanted, leading, blocks=True)

    # On the tensors' own memory. NumPy knows float16, but has other default dtypes and no bfloat16.
    dtype = _computing_dtype(standard, arrays, ranks)
    views = [
        (x if rank == INDEX or x.dtype in (dtype, torch.float16) else x.to(dtype)).detach().numpy()
        for x, rank in zip(arrays, ranks)
    ]
    value, slopes = _evaluate(namespace(*views), kernel, ranks, options, views, wanted, leading, blocks=True)
    # Without leading axes NumPy returns scalars of its own.
    tensor = torch.from_numpy if leading else torch.as_tensor
    return tensor(value), [None if s is None else tensor(s) for s in slopes]


def own_axes(rank: int) -> int:
    """How many of the last axes of an array of this rank belong to a row."""
    return max(rank, 0)


def _computing_dtype(xp: Namespace, arrays: Sequence[Array], ranks: Ranks) -> Any:
    return computing_dtype(xp, *[x for x, rank in zip(arrays, ranks) if rank != INDEX])


def _evaluate(
    standard: Namespace,
    kernel: Kernel,
    ranks: Ranks,
    options: tuple[Any, ...],
    arrays: Sequence[Array],
    wanted: Sequence[bool],
    leading: tuple[int, ...],
    blocks: bool,
) -> tuple[Array, list[Array | None]]:
    xp = raw(standard)
    dtype = _computing_dtype(standard, arrays, ranks)
    aligned = []
    for x, rank in zip(arrays, ranks):
        ndim = len(leading) + own_axes(rank)
        aligned.append(x if x.ndim == ndim else xp.reshape(x, _padded(x.shape, ndim)))

    def rows(parts: Sequence[Array]) -> tuple[Array, list[Array | None]]:
        numbers = [x if rank == INDEX else astype(standard, x, dtype) for x, rank in zip(parts, ranks)]
        value, slopes = kernel(xp, numbers, wanted, *options)
        if is_jax(xp):
            # JAX casts the product itself when it transposes, so the slopes have to fit already.
            slopes = [_within_range(xp, s, x) for s, x in zip(slopes, parts)]
        return value, slopes

    if not blocks:
        return rows(aligned)
    if not is_numpy(xp):
        return in_blocks(xp, rows, aligned, wanted, leading, dtype)
    with xp.errstate(all="ignore"):
        return in_blocks(xp, rows, aligned, wanted, leading, dtype)


def _padded(shape: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    return (1,) * (ndim - len(shape)) + tuple(shape)


def _within_range(xp: Namespace, gradient: Array | None, x: Array) -> Array | None:
    """A gradient that fits the dtype of `x`: computed in float32, it can be too large for float16."""
    if gradient is None or x.dtype != getattr(xp, "float16", None):
        return gradient
    return xp.clip(gradient, -LARGEST_FLOAT16, LARGEST_FLOAT16)


def pull_back(g: Array, slopes: Array, x: Array) -> Array:
    """The gradient of `x`: each row's slopes times its incoming gradient, summed where `x` was broadcast."""
    xp = namespace(g, slopes)
    gradient = raw(xp).reshape(g, (*g.shape, *(1,) * (slopes.ndim - g.ndim))) * slopes
    if gradient.shape != x.shape:
        shape = _padded(x.shape, gradient.ndim)
        axes = tuple(i for i, (big, small) in enumerate(zip(gradient.shape, shape)) if small == 1 != big)
        gradient = xp.reshape(xp.sum(gradient, axis=axes, keepdims=True), x.shape)
    return astype(xp, _within_range(xp, gradient, x), x.dtype)
