"""What XLA has to be told on CPUs. None of it changes a formula; the race (`benchmarks/`) shows what it buys.

Measured with JAX 0.10 on the focal loss of 5 million logits: a sum that XLA fuses with the formula before it runs one
number at a time (80 ms, where the formula alone takes 15 ms and the sum 1 ms); and where value and slopes have parts in
common, each part is written out to memory (50 ms, where two loops that share nothing take 32 ms).

JAX is looked up among the loaded modules and never imported, so its decorators have no types for the checker: that is
what the `type: ignore` here are for.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from ._array import Array

LONG = 65_536  # numbers; below, one more loop costs more than it saves


def total(x: Array) -> Array:
    """The sum of a JAX array, in a loop of its own."""
    return _sum_apart()(x) if _is_long_on_cpu(x) and not _is_sharded(x) else sys.modules["jax"].numpy.sum(x)


def unshared(arrays: Sequence[Array]) -> Sequence[Array]:
    """The same arrays; XLA does not know it, and takes what is computed from them for something new."""
    if not any(_is_long_on_cpu(x) for x in arrays):
        return arrays
    apart: Sequence[Array] = sys.modules["jax"].lax.optimization_barrier(tuple(arrays))
    return apart


def _is_long_on_cpu(x: Array) -> bool:
    return math.prod(x.shape) >= LONG and bool(sys.modules["jax"].default_backend() == "cpu")


def _is_sharded(x: Array) -> bool:
    """Whether the array's type names an axis of a mesh."""
    typeof = getattr(sys.modules["jax"], "typeof", None)
    return typeof is not None and any(part is not None for part in typeof(x).sharding.spec)


@functools.cache
def _sum_apart() -> Callable[[Array], Array]:
    jax: Any = sys.modules["jax"]  # untyped, and so are its decorators: hence the three ignores

    @jax.custom_jvp  # type: ignore[untyped-decorator]
    def sum_apart(x: Array) -> Array:
        first = x[(0,) * x.ndim]
        # Nothing is fused into a branch, and whether a number is one XLA cannot know.
        return jax.lax.cond(first == first, jax.numpy.sum, jax.numpy.sum, x)

    @sum_apart.defjvp  # type: ignore[untyped-decorator]
    def tangent(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        return sum_apart(*primals), jax.numpy.sum(*tangents)

    return sum_apart  # type: ignore[no-any-return]


def widened(x: Array) -> Array:
    """float16 as float32; the gradient, cast back, saturates."""
    widen: Array = _cast()(x)
    return widen


@functools.cache
def _cast() -> Callable[[Array], Array]:
    jax: Any = sys.modules["jax"]
    jnp = jax.numpy

    @jax.custom_vjp  # type: ignore[untyped-decorator]
    def cast(x: Array) -> Array:
        return x.astype(jnp.float32)

    largest = float(jnp.finfo(jnp.float16).max)
    cast.defvjp(
        lambda x: (x.astype(jnp.float32), None),
        lambda _, g: (jnp.clip(g, -largest, largest).astype(jnp.float16),),
    )
    return cast  # type: ignore[no-any-return]


def squared_differences(a: Array, b: Array) -> Array:
    """The table of summed squared differences of the vectors of `a` and those of `b`."""
    table: Array = _table()(a, b)
    return table


@functools.cache
def _table() -> Callable[[Array, Array], Array]:
    """The slopes go through the rows one by one. Of 512 x 256 float32 they take as long as the value, 10 ms; those that
    XLA derives from the value, 610 ms.
    """
    jax: Any = sys.modules["jax"]
    jnp = jax.numpy

    @jax.custom_jvp  # type: ignore[untyped-decorator]
    def table(a: Array, b: Array) -> Array:
        difference = a[..., :, None, :] - b[..., None, :, :]
        # Computed once and written down, instead of anew wherever it is used.
        return jax.lax.optimization_barrier(jnp.sum(difference * difference, axis=-1))

    def moved(a: Array, b: Array, move: Array) -> Array:
        # Keeps no differences for the adjoint.
        @jax.checkpoint  # type: ignore[untyped-decorator]
        def row(pair: tuple[Array, Array]) -> Array:
            difference = pair[0][..., None, :] - b
            return jnp.einsum("...md,...d->...m", difference, pair[1], precision="highest")

        rows = jax.lax.map(row, (jnp.moveaxis(a, -2, 0), jnp.moveaxis(move, -2, 0)))
        return jnp.moveaxis(rows, 0, -2)

    @table.defjvp  # type: ignore[untyped-decorator]
    def tangent(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
        (a, b), (of_a, of_b) = primals, tangents
        return table(a, b), 2.0 * (moved(a, b, of_a) + moved(b, a, of_b).mT)

    return table  # type: ignore[no-any-return]


def among_top_k(x: Array, k: int) -> Array:
    """Which entries are among the k largest of their row along the last axis, of equal ones the first; -inf never is.

    Ten times `argmax` took ten times as long: XLA reduces pairs of number and place one by one.
    """
    jax: Any = sys.modules["jax"]
    rows = x.reshape(-1, x.shape[-1])
    values, places = jax.lax.top_k(rows, k)
    chosen = jax.numpy.zeros(rows.shape, dtype=bool)
    lines = jax.numpy.arange(rows.shape[0])[:, None]
    return chosen.at[lines, places].set(values > -math.inf).reshape(x.shape)
