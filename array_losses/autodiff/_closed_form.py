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

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from .. import _cuda, _numpy, _xla
from .._array import (
    Array,
    Namespace,
    astype,
    broadcast_shape,
    computing_dtype,
    is_cupy,
    is_dask,
    is_float16,
    is_jax,
    is_numpy,
    is_tape,
    is_torch,
    namespace,
    plain_cpu,
    raw,
    total_of,
)
from .._blocks import fits_a_block, in_blocks
from . import _tape
from ._slopes import (
    MANY,
    Slopes,
    dense,
    flattened,
    nobody_elses,
    padded,
    pull_back_any,
    restored,
    sources_of,
    within_range,
)

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])
Kernel = Callable[..., tuple[Array, list[Any]]]
Ranks = tuple[int, ...]
INDEX = -1


def unblocked(kernel: AnyFunction) -> AnyFunction:
    """Mark a kernel that goes through long arrays in blocks by itself."""
    UNBLOCKED.add(kernel)
    return kernel


UNBLOCKED: set[Any] = set()


def closed_form(kernel: Kernel, ranks: Ranks, options: tuple[Any, ...], *arrays: Array, summed: bool = False) -> Array:
    """The kernel's value for each row, differentiable in the arrays' library through the kernel's slopes.

    `summed` asks for the sum of all rows, which takes one operation less to record and need not write the rows down.
    """
    xp = namespace(*arrays)
    if is_numpy(xp):
        return _evaluate(xp, kernel, ranks, options, arrays, (False,) * len(arrays), blocks=True, summed=summed)[0]
    if is_torch(xp):
        from . import _torch

        return _torch.apply(kernel, ranks, options, arrays, summed)
    if is_jax(xp):
        from . import _jax

        rows = _jax.apply(kernel, ranks, options, arrays)
        return _xla.total(rows) if summed else rows
    if is_tape(xp):
        if summed and is_dask(xp.base):
            return xp.sum(closed_form(kernel, ranks, options, *arrays))
        return _tape.custom(_tape_rule(kernel, ranks, options, summed), arrays, any_shape=True)
    return evaluate(kernel, ranks, options, arrays, (False,) * len(arrays), summed)[0]


def widened(x: Array, dtype: Any) -> Array:
    """`x` in the dtype of a computation. The gradient, cast back, saturates where it is too large for float16."""
    xp = namespace(x)
    if not is_float16(xp, x.dtype):
        return astype(xp, x, dtype)
    return astype(xp, _xla.widened(x) if is_jax(xp) else closed_form(_identity, (0,), (), x), dtype)


def _identity(xp: Namespace, arrays: Sequence[Array], wanted: Sequence[bool]) -> tuple[Array, list[Slopes]]:
    return arrays[0], [xp.ones_like(arrays[0]) if wanted[0] else None]


def _tape_rule(kernel: Kernel, ranks: Ranks, options: tuple[Any, ...], summed: bool) -> Callable[..., Any]:
    def rule(*arrays: Array, wanted: Sequence[bool]) -> tuple[Array, list[Callable[[Array], Array] | None]]:
        value, slopes = evaluate(kernel, ranks, options, arrays, wanted, summed)
        xp = namespace(*arrays)
        if is_tape(xp):
            # A derivative of a derivative: the slopes above are differentiated as the formulas that they are.
            value = closed_form(kernel, ranks, options, *arrays, summed=summed)
        rows = leading_shape(arrays, ranks) if summed else value.shape
        known = [value, *arrays, *slopes] if is_numpy(xp) and math.prod(rows) >= MANY else []
        return value, [
            None if s is None else functools.partial(pull_back_any, rows, s, x, arrays, nobody_elses(s, known))
            for s, x in zip(slopes, arrays)
        ]

    return rule


# Up to this many numbers NumPy computes plain tensors, because PyTorch needs twice as long for each call. Measured
# faster up to 32 768 boxes, and up to 8 000 single logits, each of which costs like 16 numbers: exponentials. For more,
# two threads of PyTorch win; one thread does not.
FEW_NUMBERS = 131_072
COST_OF_ONE = 16


def evaluate(
    kernel: Kernel,
    ranks: Ranks,
    options: tuple[Any, ...],
    arrays: Sequence[Array],
    wanted: Sequence[bool],
    summed: bool = False,
) -> tuple[Array, list[Slopes]]:
    """The kernel's value, or its sum, and the wanted slopes of some arrays, computed at least in float32."""
    standard = namespace(*arrays)
    if is_numpy(standard):
        return _evaluate(standard, kernel, ranks, options, arrays, wanted, blocks=True, summed=summed)
    if not plain_cpu(standard, *arrays):
        if is_dask(standard):
            rows, own = functools.partial(_dense, kernel, ranks, options), [own_axes(rank) for rank in ranks]
            dtype = _computing_dtype(standard, arrays, ranks)
            found: tuple[Array, list[Slopes]] | None = standard.by_rows(rows, arrays, own, wanted, dtype)
            if found is not None:
                return (total_of(standard, found[0]) if summed else found[0]), found[1]
        return _evaluate(standard, kernel, ranks, options, arrays, wanted, blocks=False, summed=summed)
    few = by_numpy(standard, kernel, ranks, options, arrays, wanted, summed)
    return few or _evaluate(standard, kernel, ranks, options, arrays, wanted, blocks=True, summed=summed)


def by_numpy(
    standard: Namespace,
    kernel: Kernel,
    ranks: Ranks,
    options: tuple[Any, ...],
    arrays: Sequence[Array],
    wanted: Sequence[bool],
    summed: bool = False,
) -> tuple[Array, list[Slopes]] | None:
    """The same for plain tensors by NumPy on their own memory, if there are few numbers."""
    torch = raw(standard)
    plan = _kept_plan(standard, arrays, ranks)
    if plan.cost > FEW_NUMBERS and torch.get_num_threads() > 1:
        return None
    if not plan.ready:
        # NumPy knows float16, but has other default dtypes and no bfloat16.
        known = plan.dtype, torch.float16
        arrays = [x if rank == INDEX or x.dtype in known else x.to(plan.dtype) for x, rank in zip(arrays, ranks)]
    views = [(x.detach() if x.requires_grad else x).numpy() for x in arrays]
    value, slopes = _evaluate(namespace(views[0]), kernel, ranks, options, views, wanted, blocks=True, summed=summed)
    if summed or not plan.leading:  # NumPy returns scalars of its own
        value = _numpy.namespace.asarray(value)
    if True not in wanted:
        return torch.from_numpy(value), slopes
    parts = [None if x is None else torch.from_numpy(_numpy.namespace.asarray(x)) for x in flattened(slopes)]
    return torch.from_numpy(value), restored(parts, sources_of(slopes))


def _dense(
    kernel: Kernel, ranks: Ranks, options: tuple[Any, ...], wanted: Sequence[bool], *arrays: Array
) -> list[Array]:
    """The value of rows and their wanted slopes, written out."""
    value, slopes = evaluate(kernel, ranks, options, arrays, wanted)
    xp, found = raw(namespace(*arrays)), [value]
    for s, x, rank in zip(slopes, arrays, ranks):
        if s is not None:
            shape = (*value.shape, *x.shape[x.ndim - own_axes(rank) :])
            found.append(xp.broadcast_to(dense(s, arrays), shape))
    return found


def leading_shape(arrays: Sequence[Array], ranks: Ranks) -> tuple[int, ...]:
    """The shape that the rows of some arrays have in common."""
    shapes = []
    for x, rank in zip(arrays, ranks):
        shapes.append(x.shape[: x.ndim - own_axes(rank)])
    return broadcast_shape(*shapes)


def own_axes(rank: int) -> int:
    """How many of the last axes of an array of this rank belong to a row."""
    return max(rank, 0)


def _computing_dtype(xp: Namespace, arrays: Sequence[Array], ranks: Ranks) -> Any:
    return computing_dtype(xp, *([x for x, rank in zip(arrays, ranks) if rank != INDEX] if INDEX in ranks else arrays))


def _evaluate(
    standard: Namespace,
    kernel: Kernel,
    ranks: Ranks,
    options: tuple[Any, ...],
    arrays: Sequence[Array],
    wanted: Sequence[bool],
    blocks: bool,
    summed: bool = False,
) -> tuple[Array, list[Slopes]]:
    if blocks:
        plan = _kept_plan(standard, arrays, ranks)
        return _by_blocks(standard, kernel, ranks, options, arrays, wanted, plan, summed)
    xp = raw(standard)
    leading, dtype = leading_shape(arrays, ranks), _computing_dtype(standard, arrays, ranks)
    aligned = _aligned(xp, arrays, ranks, leading)
    numbers = _numbers(standard, aligned, ranks, dtype)
    if is_cupy(xp) and INDEX not in ranks:
        found = _cuda.rows(xp, kernel, options, numbers, wanted, leading, dtype)
        if found is not None:
            return (total_of(xp, found[0]) if summed else found[0]), found[1]
    value, slopes = kernel(xp, numbers, wanted, *options)
    if is_jax(xp):
        # JAX casts the product itself when it transposes, so the slopes have to fit already.
        slopes = [within_range(xp, dense(s, numbers), x) for s, x in zip(slopes, aligned)]
    return (total_of(standard, value) if summed else value), slopes


class _Plan(NamedTuple):
    """What the shapes and dtypes of some arrays say about their rows."""

    leading: tuple[int, ...]
    dtype: Any
    ready: bool  # whether a kernel can take the arrays as they are
    whole: bool  # whether they fit a block
    cost: int  # in numbers


def _plan(standard: Namespace, arrays: Sequence[Array], ranks: Ranks) -> _Plan:
    leading, dtype = leading_shape(arrays, ranks), _computing_dtype(standard, arrays, ranks)
    ready = all(
        x.ndim == len(leading) + own_axes(rank) and (rank == INDEX or x.dtype == dtype)
        for x, rank in zip(arrays, ranks)
    )
    width = max([math.prod(x.shape[x.ndim - rank :]) if rank > 0 else 0 for x, rank in zip(arrays, ranks)])
    cost = math.prod(leading) * (width or COST_OF_ONE)
    return _Plan(leading, dtype, ready, fits_a_block(raw(standard), arrays, leading), cost)


_plans: dict[tuple[Any, ...], _Plan] = {}
MOST_PLANS = 1_024


def _kept_plan(standard: Namespace, arrays: Sequence[Array], ranks: Ranks) -> _Plan:
    """The same, remembered: to plan takes as long as to compute a few hundred rows.

    For NumPy and PyTorch. The dtype of PyTorch's integers is not for ever, and what depends on it is not kept.
    """
    key: tuple[Any, ...] = (ranks,)
    for x in arrays:
        key += x.shape, x.dtype
    found = _plans.get(key)
    if found is None:
        found = _plan(standard, arrays, ranks)
        if found.ready or is_numpy(standard):
            if len(_plans) >= MOST_PLANS:
                _plans.clear()
            _plans[key] = found
    return found


@_numpy.quiet
def _by_blocks(
    standard: Namespace,
    kernel: Kernel,
    ranks: Ranks,
    options: tuple[Any, ...],
    arrays: Sequence[Array],
    wanted: Sequence[bool],
    plan: _Plan,
    summed: bool,
) -> tuple[Array, list[Slopes]]:
    xp = raw(standard)
    if not plan.ready:
        arrays = _aligned(xp, arrays, ranks, plan.leading)
    if plan.whole or (kernel in UNBLOCKED and not (summed and is_numpy(xp))):
        numbers = arrays if plan.ready else _numbers(standard, arrays, ranks, plan.dtype)
        value, slopes = kernel(xp, numbers, wanted, *options)
        return (total_of(xp, value) if summed else value), slopes
    return _piecewise(standard, kernel, ranks, options, arrays, wanted, plan, summed)


def _aligned(xp: Namespace, arrays: Sequence[Array], ranks: Ranks, leading: tuple[int, ...]) -> list[Array]:
    """The arrays with all the leading axes that there are."""
    found = []
    for x, rank in zip(arrays, ranks):
        ndim = len(leading) + own_axes(rank)
        found.append(x if x.ndim == ndim else xp.reshape(x, padded(x.shape, ndim)))
    return found


def _piecewise(
    standard: Namespace,
    kernel: Kernel,
    ranks: Ranks,
    options: tuple[Any, ...],
    arrays: Sequence[Array],
    wanted: Sequence[bool],
    plan: _Plan,
    summed: bool,
) -> tuple[Array, list[Slopes]]:
    """The kernel's rows block by block."""
    sources: list[int | None] = []

    def flat(parts: Sequence[Array]) -> tuple[Array, list[Array | None]]:
        value, slopes = kernel(raw(standard), _numbers(standard, parts, ranks, plan.dtype), wanted, *options)
        sources[:] = sources_of(slopes)
        return value, flattened(slopes)

    value, found = in_blocks(raw(standard), flat, arrays, plan.leading, plan.dtype, summed)
    return value, restored(found, sources)


def _numbers(standard: Namespace, arrays: Sequence[Array], ranks: Ranks, dtype: Any) -> list[Array]:
    """What a kernel computes with, in one dtype; indices stay what they are."""
    return [x if rank == INDEX else astype(standard, x, dtype) for x, rank in zip(arrays, ranks)]
