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


def usually(condition: Array, usual: Callable[..., Any], rare: Callable[..., Any], *arrays: Array) -> Any:
    """`usual(*arrays)` where the condition, one for all numbers, holds, else `rare(*arrays)`, which is always right.

    On CPUs, and for long arrays: a GPU would have to tell the host.
    """
    if any(_is_long_on_cpu(x) for x in arrays) and not any(_is_sharded(x) for x in arrays):
        return sys.modules["jax"].lax.cond(condition, usual, rare, *arrays)
    return rare(*arrays)


FEW_CLASSES = 40


def exp_but_one(x: Array, index: Array, kept: bool) -> tuple[Array, Array]:
    """e^x, and the sum of each row along the last axis without the entry at an index, of which e^x is not to be used.

    `kept` says that the first will be used. XLA writes numbers down before it adds up what was selected among them; few
    are added up faster without a selection, and many after one.
    """
    jnp: Any = sys.modules["jax"].numpy
    lanes = jnp.arange(x.shape[-1], dtype=index.dtype)
    if x.shape[-1] < FEW_CLASSES:
        powers = jnp.exp(x)
        away = jnp.abs(lanes.astype(x.dtype) - index[..., None].astype(x.dtype))
        return powers, jnp.sum(powers * jnp.minimum(away, 1.0), axis=-1)
    here = lanes == index[..., None]
    if kept:
        powers = jnp.exp(jnp.where(here, -math.inf, x))
        return powers, jnp.sum(powers, axis=-1)
    powers = jnp.exp(x)
    return powers, jnp.sum(jnp.where(here, 0.0, powers), axis=-1)


def hidden(x: Array, where: Array) -> Array:
    """`x`, with gradient 0 outside `where`: of numbers of which nothing is used there."""
    found: Array = _hidden()(x, where)
    return found


@functools.cache
def _hidden() -> Callable[[Array, Array], Array]:
    jax: Any = sys.modules["jax"]

    @jax.custom_jvp  # type: ignore[untyped-decorator]
    def hide(x: Array, where: Array) -> Array:
        return x

    @hide.defjvp  # type: ignore[untyped-decorator]
    def tangent(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
        (x, where), (move, _) = primals, tangents
        where = where.reshape((*where.shape, *(1,) * (x.ndim - where.ndim)))
        return hide(x, where), jax.numpy.where(where, move, 0.0)

    return hide  # type: ignore[no-any-return]


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


SHORT = 16_384  # numbers; beyond, threads gain by what the library takes


def whole(x: Array) -> Array:
    """The same numbers, made by one loop where they are few.

    XLA's library of sums (YNNPACK) would take the last steps of a formula, and what they need is written down for it:
    Huber's loss of 4 096 numbers took twice as long.
    """
    on_cpu = sys.modules["jax"].default_backend() == "cpu"
    return _opaque()(x) if on_cpu and math.prod(x.shape) <= SHORT else x


@functools.cache
def _opaque() -> Callable[[Array], Array]:
    """A step that changes nothing, and which that library does not know."""
    jax: Any = sys.modules["jax"]

    @jax.custom_jvp  # type: ignore[untyped-decorator]
    def same(x: Array) -> Array:
        largest = jax.numpy.asarray(math.inf, dtype=x.dtype)
        return jax.lax.clamp(-largest, x, largest)

    @same.defjvp  # type: ignore[untyped-decorator]
    def tangent(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        return same(*primals), tangents[0]

    return same  # type: ignore[no-any-return]


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


def descending(x: Array) -> Array:
    """The indices that sort float32 numbers >= 0 from the largest down along the last axis, equal ones as they came.

    On CPUs. XLA sorts integers alone five times as fast as numbers with their places, so each integer is a number's
    place behind some of its bits: the lower ones first. Numbers that are not negative are in order as integers.
    """
    jax: Any = sys.modules["jax"]
    jnp = jax.numpy
    if x.dtype != jnp.float32 or jax.default_backend() != "cpu":
        return jnp.argsort(-x, axis=-1, stable=True)
    behind = (x.shape[-1] - 1).bit_length()
    room = 32 - behind
    places = jax.lax.broadcasted_iota(jnp.uint32, x.shape, x.ndim - 1)
    falling = ~jax.lax.bitcast_convert_type(x, jnp.uint32) & 0x7FFFFFFF
    order = places.astype(jnp.int32)
    for low in range(0, 31, room):
        bits = jnp.take_along_axis(falling, order, axis=-1) >> low if low else falling
        found = jnp.sort((bits << behind) | places, axis=-1) & ((1 << behind) - 1)
        order = jnp.take_along_axis(order, found.astype(jnp.int32), axis=-1)
    return order


def unsorted(x: Array, order: Array) -> Array:
    """Each row's numbers, which these indices sorted, in their old places: a second sort would take a hundred times as
    long.
    """
    jnp: Any = sys.modules["jax"].numpy
    rows = order.reshape(-1, order.shape[-1])
    places = rows + jnp.arange(0, rows.size, rows.shape[-1], dtype=rows.dtype)[:, None]
    flat = jnp.zeros(x.size, x.dtype).at[places.reshape(-1)].set(x.reshape(-1), unique_indices=True)
    return flat.reshape(x.shape)
