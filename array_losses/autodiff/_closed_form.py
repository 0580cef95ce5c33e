"""Row functions that know their own slopes, told to every library.

A kernel maps the rows of some arrays to one number each:

    kernel(xp, arrays, wanted, *options) -> value, slopes

`ranks[i]` says how many of the last axes of `arrays[i]` are a row's own: 1 for the four corners of a box or the
logits of C classes, 0 for one number a row, `INDEX` for one integer a row that is looked up and never computed with.
The axes before, the leading ones, are shared by broadcasting. `value` has the leading axes' shape; `slopes[i]`, of
shape `(*leading, *own)`, holds the partial derivatives of each row's value with respect to that row of `arrays[i]`, or
is None where `wanted[i]` is false; slopes may be `Affine`, which is written out only when it is used. `xp` is the
library's own module (`_array.raw`), and a kernel uses of it only what all libraries and the standard spell alike.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from .. import _xla
from .._array import (
    Array,
    Namespace,
    astype,
    broadcast_shape,
    computing_dtype,
    is_float16,
    is_jax,
    is_numpy,
    is_plain,
    is_tape,
    is_torch,
    namespace,
    plain_cpu,
    raw,
)
from .._blocks import in_blocks


class Affine(NamedTuple):
    """Slopes constant + factor * arrays[source], of which the first two have own axes of length 1, or few."""

    constant: Array
    factor: Array
    source: int


Slopes = Array | Affine | None
AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])
Kernel = Callable[..., tuple[Array, list[Any]]]
Ranks = tuple[int, ...]
INDEX = -1
LARGEST_FLOAT16 = 65504.0


def unblocked(kernel: AnyFunction) -> AnyFunction:
    """Mark a kernel that goes through long arrays in blocks by itself."""
    UNBLOCKED.add(kernel)
    return kernel


UNBLOCKED: set[Any] = set()


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


def widened(x: Array, dtype: Any) -> Array:
    """`x` in the dtype of a computation. The gradient, cast back, saturates where it is too large for float16."""
    xp = namespace(x)
    if not is_float16(xp, x.dtype):
        return astype(xp, x, dtype)
    return astype(xp, _xla.widened(x) if is_jax(xp) else closed_form(_identity, (0,), (), x), dtype)


def _identity(xp: Namespace, arrays: Sequence[Array], wanted: Sequence[bool]) -> tuple[Array, list[Slopes]]:
    return arrays[0], [xp.ones_like(arrays[0]) if wanted[0] else None]


def _tape_rule(kernel: Kernel, ranks: Ranks, options: tuple[Any, ...]) -> Callable[..., Any]:
    def rule(*arrays: Array, wanted: Sequence[bool]) -> tuple[Array, list[Callable[[Array], Array] | None]]:
        value, slopes = evaluate(kernel, ranks, options, arrays, wanted)
        if is_tape(namespace(*arrays)):
            # A derivative of a derivative: the slopes above are differentiated as the formulas that they are.
            value = closed_form(kernel, ranks, options, *arrays)
        return value, [None if s is None else _pullback(s, x, arrays) for s, x in zip(slopes, arrays)]

    return rule


def _pullback(slopes: Array | Affine, x: Array, arrays: Sequence[Array]) -> Callable[[Array], Array]:
    return lambda g: pull_back(g, slopes, x, arrays)


# Up to this many numbers NumPy computes plain tensors, because PyTorch needs twice as long for each call. Measured
# faster up to 32 768 boxes, and up to 8 000 single logits, each of which costs like 16 numbers: exponentials. For more,
# two threads of PyTorch win; one thread does not.
FEW_NUMBERS = 131_072
COST_OF_ONE = 16


def evaluate(
    kernel: Kernel, ranks: Ranks, options: tuple[Any, ...], arrays: Sequence[Array], wanted: Sequence[bool]
) -> tuple[Array, list[Slopes]]:
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
    parts = [None if part is None else tensor(part) for part in flattened(slopes)]
    return tensor(value), restored(parts, sources_of(slopes))


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
) -> tuple[Array, list[Slopes]]:
    xp = raw(standard)
    dtype = _computing_dtype(standard, arrays, ranks)
    aligned = []
    for x, rank in zip(arrays, ranks):
        ndim = len(leading) + own_axes(rank)
        aligned.append(x if x.ndim == ndim else xp.reshape(x, _padded(x.shape, ndim)))

    def rows(parts: Sequence[Array]) -> tuple[Array, list[Slopes]]:
        numbers = [x if rank == INDEX else astype(standard, x, dtype) for x, rank in zip(parts, ranks)]
        value, slopes = kernel(xp, numbers, wanted, *options)
        if is_jax(xp):
            # JAX casts the product itself when it transposes, so the slopes have to fit already.
            slopes = [_within_range(xp, dense(s, numbers), x) for s, x in zip(slopes, parts)]
        return value, slopes

    if not blocks:
        return rows(aligned)
    sources: list[int | None] = []

    def flat(parts: Sequence[Array]) -> tuple[Array, list[Array | None]]:
        value, slopes = rows(parts)
        sources[:] = sources_of(slopes)
        return value, flattened(slopes)

    with xp.errstate(all="ignore") if is_numpy(xp) else contextlib.nullcontext():
        if kernel in UNBLOCKED:
            return rows(aligned)
        value, found = in_blocks(xp, flat, aligned, leading, dtype)
    return value, restored(found, sources)


def _padded(shape: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    return (1,) * (ndim - len(shape)) + tuple(shape)


def _within_range(xp: Namespace, gradient: Array | None, x: Array) -> Array | None:
    """A gradient that fits the dtype of `x`: computed in float32, it can be too large for float16."""
    if gradient is None or not is_float16(xp, x.dtype):
        return gradient
    return xp.clip(gradient, -LARGEST_FLOAT16, LARGEST_FLOAT16)


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


def pull_back(g: Array, slopes: Array | Affine, x: Array, arrays: Sequence[Array]) -> Array:
    """The gradient of `x`: each row's slopes times its incoming gradient, summed where `x` was broadcast."""
    ndim = (slopes.constant if isinstance(slopes, Affine) else slopes).ndim
    xp = namespace(g, x)
    g = raw(xp).reshape(g, (*g.shape, *(1,) * (ndim - g.ndim)))
    if isinstance(slopes, Affine):
        gradient: Array = dense(Affine(g * slopes.constant, g * slopes.factor, slopes.source), arrays)
    else:
        gradient = g * slopes
    if gradient.shape != x.shape:
        shape = _padded(x.shape, gradient.ndim)
        axes = tuple(i for i, (big, small) in enumerate(zip(gradient.shape, shape)) if small == 1 != big)
        gradient = xp.reshape(xp.sum(gradient, axis=axes, keepdims=True), x.shape)
    return astype(xp, _within_range(xp, gradient, x), x.dtype)
