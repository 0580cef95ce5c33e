"""Closed forms in PyTorch, as a `torch.autograd.Function`. Imported only for arrays that already are tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .._array import Array, namespace, plain_cpu
from ._closed_form import Kernel, Ranks, by_numpy, evaluate, leading_shape, own_axes
from ._pullback import Rule
from ._slopes import Slopes, dense, flattened, pull_back, pull_back_any, restored, sources_of

# Arrays a kernel may take. A fixed signature, because torch.compile hands `*arrays` on as one tuple inside
# torch.func transforms.
MOST_ARRAYS = 4
Slots = Array | None
FIRST = 4  # the arrays come after kernel, ranks, options, wanted


def apply(
    kernel: Kernel, ranks: Ranks, options: tuple[Any, ...], arrays: tuple[Array, ...], summed: bool = False
) -> Array:
    transformed = torch._C._are_functorch_transforms_active()
    if transformed or torch.compiler.is_compiling():
        rows = _traced(kernel, ranks, options, arrays, transformed)
        return rows.sum() if summed else rows
    wanted = tuple([x.requires_grad for x in arrays])
    if True in wanted and torch.is_grad_enabled():
        return _EagerRows.apply((kernel, ranks, options, wanted, summed), *arrays)
    nothing = (False,) * len(arrays)
    xp = namespace(*arrays)
    found = by_numpy(xp, kernel, ranks, options, arrays, nothing, summed) if plain_cpu(xp, *arrays) else None
    if found is None:
        with torch.no_grad():  # mere numbers, and a kernel may know it
            found = evaluate(kernel, ranks, options, arrays, nothing, summed)
    return found[0]


def _traced(
    kernel: Kernel, ranks: Ranks, options: tuple[Any, ...], arrays: tuple[Array, ...], transformed: bool
) -> Array:
    slots = arrays + (None,) * (MOST_ARRAYS - len(arrays))
    if not transformed:
        return _Rows.apply(kernel, ranks, options, tuple([x.requires_grad for x in arrays]), *slots)[0]
    if torch.compiler.is_compiling():
        return _untraced(_number_of(kernel, ranks, options), *slots)
    return _TransformedRows.apply(kernel, ranks, options, (), *slots)[0]


class _Rows(torch.autograd.Function):
    """Forward computes the wanted slopes beside the value; backward is one multiplication."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        kernel: Kernel,
        ranks: Ranks,
        options: tuple[Any, ...],
        wanted: tuple[bool, ...],
        a: Array,
        b: Slots,
        c: Slots,
        d: Slots,
    ) -> Any:
        arrays = _given(a, b, c, d)
        value, slopes = evaluate(kernel, ranks, options, arrays, wanted or [False] * len(arrays))
        return value, *_given(*[dense(s, arrays) for s in slopes])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Array, ...]) -> None:
        ctx.kernel, ctx.ranks, ctx.options, ctx.wanted = inputs[:FIRST]
        ctx.mark_non_differentiable(*output[1:])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*_given(*inputs[FIRST:]), *output[1:])

    @staticmethod
    def backward(ctx: Any, g: Slots, *unused: Slots) -> Any:
        saved = ctx.saved_tensors
        arrays = saved[: len(saved) - len(unused)]
        wanted = ctx.needs_input_grad[FIRST : FIRST + len(arrays)]
        if g is None:
            return (None,) * (FIRST + MOST_ARRAYS)
        slopes: Sequence[Slopes]
        if not ctx.wanted or (torch.is_grad_enabled() and not torch.compiler.is_compiling()):
            # A graph of this backward is being recorded: compute the slopes once more as
            # differentiable formulas.
            slopes = evaluate(ctx.kernel, ctx.ranks, ctx.options, arrays, wanted)[1]
        else:
            kept = iter(saved[len(arrays) :])
            slopes = [next(kept) if given else None for given in ctx.wanted]
        gradients = [
            pull_back(g, s, x, arrays) if w and s is not None else None for s, x, w in zip(slopes, arrays, wanted)
        ]
        return *(None,) * FIRST, *gradients, *(None,) * (MOST_ARRAYS - len(arrays))


class _EagerRows(torch.autograd.Function):
    """The same where nothing is traced: simpler to call, and slopes need not be written out before they are used.

    `static` is kernel, ranks, options, which arrays are wanted, and whether the rows are summed.
    """

    @staticmethod
    def forward(ctx: Any, static: tuple[Any, ...], *arrays: Array) -> Array:
        kernel, ranks, options, wanted, summed = static
        value, slopes = evaluate(kernel, ranks, options, arrays, wanted, summed)
        ctx.static, ctx.sources = static, sources_of(slopes)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*arrays, *flattened(slopes))
        return value

    @staticmethod
    def backward(ctx: Any, *g: Slots) -> Any:
        count = len(ctx.sources)
        saved = ctx.saved_tensors
        arrays, wanted = saved[:count], ctx.needs_input_grad[1:]
        if g[0] is None:
            return (None,) * (1 + count)
        kernel, ranks, options, _, summed = ctx.static
        slopes: list[Slopes]
        if torch.is_grad_enabled():
            # As differentiable formulas.
            slopes = evaluate(kernel, ranks, options, arrays, wanted)[1]
        else:
            slopes = restored(saved[count:], ctx.sources)
        rows = leading_shape(arrays, ranks) if summed else g[0].shape
        gradients: list[Slots] = [None]
        for s, x, asked in zip(slopes, arrays, wanted):
            gradients.append(pull_back_any(rows, s, x, arrays, False, g[0]) if asked and s is not None else None)
        return tuple(gradients)


class _TransformedRows(_Rows):
    """The same for `torch.func`, with forward mode as well, which torch.compile does not take."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Array, ...]) -> None:
        _Rows.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*_given(*inputs[FIRST:]))

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        arrays = ctx.saved_tensors
        moves = tangents[FIRST : FIRST + len(arrays)]
        slopes = evaluate(ctx.kernel, ctx.ranks, ctx.options, arrays, [move is not None for move in moves])[1]
        slopes = [dense(s, arrays) for s in slopes]
        return sum(
            (s * move).sum(tuple(range(-rank, 0))) if own_axes(rank) else s * move
            for s, move, rank in zip(slopes, moves, ctx.ranks)
            if s is not None
        )


def with_pullbacks(rule: Rule, options: tuple[Any, ...], arrays: tuple[Array, ...]) -> Array:
    recording = torch.is_grad_enabled() and True in [x.requires_grad for x in arrays]
    if recording and not torch._C._are_functorch_transforms_active():
        return _Pulled.apply(rule, options, *arrays)
    return rule(namespace(*arrays), arrays, *options)[0]


class _Pulled(torch.autograd.Function):
    """A value and its pullbacks, which backward calls."""

    @staticmethod
    def forward(ctx: Any, rule: Rule, options: tuple[Any, ...], *arrays: Array) -> Array:
        value, ctx.pullbacks = rule(namespace(*arrays), arrays, *options)
        ctx.rule = rule, options
        ctx.save_for_backward(*arrays)
        return value

    @staticmethod
    def backward(ctx: Any, *g: Array) -> Any:
        arrays, pullbacks = ctx.saved_tensors, ctx.pullbacks
        if torch.is_grad_enabled():  # this backward is recorded: once more, as differentiable formulas
            rule, options = ctx.rule
            pullbacks = rule(namespace(*arrays), arrays, *options)[1]
        wanted = ctx.needs_input_grad[2:]
        return None, None, *[pull(g[0]) if asked and pull else None for pull, asked in zip(pullbacks, wanted)]


_told: list[tuple[Any, ...]] = []


@torch.compiler.assume_constant_result
def _number_of(*static: Any) -> int:
    """A number by which a graph, which holds no functions, can tell what it was given."""
    if static not in _told:
        _told.append(static)
    return _told.index(static)


@torch.compiler.allow_in_graph
def _untraced(number: int, *slots: Slots) -> Array:
    """`_TransformedRows` inside of torch.compile, which would differentiate `forward` instead of what stands beside it.

    https://github.com/pytorch/pytorch/issues/193279 (gradients) and 192985 (forward mode).
    """
    kernel, ranks, options = _told[number]
    return _TransformedRows.apply(kernel, ranks, options, (), *slots)[0]


def _given(*slots: Slots) -> tuple[Array, ...]:
    return tuple([x for x in slots if x is not None])


def value_and_grad(
    fun: Callable[..., Any], argnums: int | tuple[int, ...], has_aux: bool
) -> Callable[..., tuple[Any, Any]]:
    differentiated = torch.func.grad_and_value(fun, argnums=argnums, has_aux=has_aux)

    def run(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        gradient, value = differentiated(*args, **kwargs)
        return value, gradient

    return run


def stop_gradient(x: Array) -> Array:
    return x.detach()


def without_gradient(function: Callable[..., Any], static: tuple[Any, ...], arrays: Sequence[Any]) -> Any:
    """Call a function without recording what it does."""
    with torch.no_grad():
        return function(*static, *arrays)
