"""Row functions that know their own slopes, told to every library.

A kernel maps the rows of some arrays to one number each:

    kernel(xp, arrays, wanted, *options) -> value, slopes

`arrays` share their leading axes by broadcasting, the last axis holds a row's numbers. `value` has the
leading axes' shape; `slopes[i]`, of shape `(*leading, columns)`, holds the partial derivatives of each row's
value with respect to that row of `arrays[i]`, or is None where `wanted[i]` is false. `xp` is the library's
own module (`_array.raw`), and a kernel uses of it only what all libraries and the standard spell alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .._array import (
    Array,
    Namespace,
    astype,
    blocks_pay,
    broadcast_shape,
    computing_dtype,
    is_jax,
    is_torch,
    namespace,
    raw,
)
from .._blocks import in_blocks
from . import _tape

Kernel = Callable[..., tuple[Array, list[Array | None]]]
LARGEST_FLOAT16 = 65504.0


def closed_form(kernel: Kernel, options: tuple[Any, ...], *arrays: Array) -> Array:
    """The kernel's value for each row, differentiable in the arrays' library through the kernel's slopes."""
    xp = namespace(*arrays)
    if is_torch(xp):
        from . import _torch

        return _torch.apply(kernel, options, arrays)
    if is_jax(xp):
        from . import _jax

        return _jax.apply(kernel, options, arrays)
    if _tape.on_tape(*arrays):
        return _tape.custom(_tape_rule(kernel, options), arrays)
    return evaluate(kernel, options, arrays, [False] * len(arrays))[0]


def _tape_rule(kernel: Kernel, options: tuple[Any, ...]) -> Callable[..., Any]:
    def rule(*arrays: Array, wanted: Sequence[bool]) -> tuple[Array, list[Callable[[Array], Array] | None]]:
        value, slopes = evaluate(kernel, options, arrays, wanted)
        if _tape.on_tape(*arrays):
            # A derivative of a derivative: the slopes above are differentiated as the formulas that they are.
            value = closed_form(kernel, options, *arrays)
        return value, [None if s is None else _pullback(s, x) for s, x in zip(slopes, arrays)]

    return rule


def _pullback(slopes: Array, x: Array) -> Callable[[Array], Array]:
    return lambda g: pull_back(g, slopes, x)


def evaluate(
    kernel: Kernel, options: tuple[Any, ...], arrays: Sequence[Array], wanted: Sequence[bool]
) -> tuple[Array, list[Array | None]]:
    """The kernel's value and the wanted slopes of some arrays, at least in float32, in blocks where that pays."""
    standard = namespace(*arrays)
    xp = raw(standard)
    dtype = computing_dtype(standard, *arrays)
    leading = broadcast_shape(*(x.shape[:-1] for x in arrays))
    aligned = [x if x.ndim > len(leading) else xp.reshape(x, _padded(x.shape, len(leading) + 1)) for x in arrays]

    def rows(parts: Sequence[Array]) -> tuple[Array, list[Array | None]]:
        value, slopes = kernel(xp, [astype(standard, x, dtype) for x in parts], wanted, *options)
        return value, [_within_range(standard, s, x) for s, x in zip(slopes, parts)]

    return in_blocks(xp, rows, aligned, leading) if blocks_pay(xp, *arrays) else rows(aligned)


def _padded(shape: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    return (1,) * (ndim - len(shape)) + tuple(shape)


def _within_range(xp: Namespace, slopes: Array | None, x: Array) -> Array | None:
    """Slopes that fit the dtype of `x`: computed in float32, they can be too large for float16."""
    if slopes is None or x.dtype != getattr(xp, "float16", None):
        return slopes
    return xp.clip(slopes, -LARGEST_FLOAT16, LARGEST_FLOAT16)


def pull_back(g: Array, slopes: Array, x: Array) -> Array:
    """The gradient of `x`: each row's slopes times its incoming gradient, summed where `x` was broadcast."""
    xp = namespace(g, slopes)
    gradient = xp.reshape(g, (*g.shape, *(1,) * (slopes.ndim - g.ndim))) * slopes
    if gradient.shape != x.shape:
        shape = _padded(x.shape, gradient.ndim)
        axes = tuple(i for i, (big, small) in enumerate(zip(gradient.shape, shape)) if small == 1 != big)
        gradient = xp.reshape(xp.sum(gradient, axis=axes, keepdims=True), x.shape)
    return astype(xp, gradient, x.dtype)
