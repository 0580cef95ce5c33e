"""Closed forms in JAX, as a `jax.custom_jvp`. Imported only for arrays that already are JAX's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from .._array import Array, astype, computing_dtype
from .._xla import unshared
from ._closed_form import INDEX, Kernel, Ranks, evaluate, own_axes
from ._slopes import dense


def apply(kernel: Kernel, ranks: Ranks, options: tuple[Any, ...], arrays: tuple[Array, ...]) -> Array:
    dtype = computing_dtype(jnp, *[x for x, rank in zip(arrays, ranks) if rank != INDEX])
    numbers = tuple(
        x if rank == INDEX or jnp.isdtype(x.dtype, "real floating") else astype(jnp, x, dtype)
        for x, rank in zip(arrays, ranks)
    )
    return _rows(kernel, ranks, options)(*numbers)


@functools.cache
def _rows(kernel: Kernel, ranks: Ranks, options: tuple[Any, ...]) -> Callable[..., Array]:
    @jax.custom_jvp
    def rows(*arrays: Array) -> Array:
        return evaluate(kernel, ranks, options, arrays, [False] * len(arrays))[0]

    def with_tangents(primals: tuple[Array, ...], tangents: tuple[Any, ...]) -> tuple[Array, Array]:
        wanted = [not isinstance(tangent, SymbolicZero) for tangent in tangents]
        # Rows of many numbers share a sum of exponentials that it would not pay to compute twice.
        apart = unshared(primals) if not any(own_axes(rank) for rank in ranks) else primals
        value, slopes = evaluate(kernel, ranks, options, apart, wanted)
        if apart is not primals:
            value = rows(*primals)
        moves = []
        for s, tangent, rank in zip([dense(s, primals) for s in slopes], tangents, ranks):
            if s is not None:
                move = s * astype(jnp, tangent, s.dtype)
                moves.append(jnp.sum(move, axis=tuple(range(-rank, 0))) if own_axes(rank) else move)
        return value, sum(moves, jnp.zeros_like(value)) if len(moves) != 1 else moves[0]

    rows.defjvp(with_tangents, symbolic_zeros=True)
    # Operation by operation, JAX needs about a millisecond for what the compiled kernel does in microseconds.
    return jax.jit(rows)


@functools.cache
def compiled(function: Callable[..., Array], static: tuple[Any, ...]) -> Callable[..., Array]:
    return jax.jit(functools.partial(function, *static))


def value_and_grad(
    fun: Callable[..., Any], argnums: int | tuple[int, ...], has_aux: bool
) -> Callable[..., tuple[Any, Any]]:
    return jax.value_and_grad(fun, argnums=argnums, has_aux=has_aux)


def stop_gradient(x: Array) -> Array:
    return jax.lax.stop_gradient(x)
