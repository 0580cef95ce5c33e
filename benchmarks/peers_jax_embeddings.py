"""Plain formulas of embedding losses as a contestant in JAX: written from the definitions, differentiated by JAX."""

from __future__ import annotations

import importlib
from typing import Any

from .backends import Function
from .inputs import FAR

MARGIN = 0.2


def functions() -> dict[str, Function]:
    jax: Any = importlib.import_module("jax")
    jnp: Any = importlib.import_module("jax.numpy")

    def batch_hard_triplet(embeddings: Any, labels: Any) -> Any:
        same, own = _same(labels)
        square = jnp.sum(embeddings**2, axis=-1)
        square = square[:, None] + square[None, :] - 2 * embeddings @ embeddings.T
        # Its own distance, 0, would have a slope that is not finite.
        distance = jnp.sqrt(jnp.where(own, 1.0, jnp.maximum(square, 0.0)))
        positive = jnp.max(jnp.where(same & ~own, distance, 0.0), axis=-1)
        negative = jnp.min(jnp.where(same, jnp.inf, distance), axis=-1)
        return jnp.mean(jnp.maximum(positive - negative + MARGIN, 0.0))

    def triplet(anchor: Any, positive: Any, negative: Any) -> Any:
        near = jnp.linalg.norm(anchor - positive, axis=-1)
        return jnp.mean(jnp.maximum(near - jnp.linalg.norm(anchor - negative, axis=-1) + MARGIN, 0.0))

    def contrastive(embeddings: Any, labels: Any) -> Any:
        same, own = _same(labels)
        square = jnp.sum(embeddings**2, axis=-1)
        square = square[:, None] + square[None, :] - 2 * embeddings @ embeddings.T
        distance = jnp.sqrt(jnp.where(own, 1.0, jnp.maximum(square, 0.0)))
        positive = jnp.mean(distance, where=same & ~own)
        return positive + jnp.mean(jnp.maximum(FAR - distance, 0.0), where=~same)

    def nt_xent(embeddings: Any, labels: Any) -> Any:
        same, own = _same(labels)
        unit = _normalized(embeddings)
        similarity = unit @ unit.T / 0.5
        negatives = jax.nn.logsumexp(jnp.where(same, -jnp.inf, similarity), axis=-1, keepdims=True)
        pairs = same & ~own
        return jnp.sum(jnp.where(pairs, jax.nn.softplus(negatives - similarity), 0.0)) / jnp.sum(pairs)

    def info_nce(queries: Any, keys: Any) -> Any:
        similarity = _normalized(queries) @ _normalized(keys).T / 0.07
        return jnp.mean(jax.nn.logsumexp(similarity, axis=-1) - jnp.diagonal(similarity))

    def _same(labels: Any) -> tuple[Any, Any]:
        return labels[:, None] == labels[None, :], jnp.eye(labels.shape[0], dtype=bool)

    def _normalized(embeddings: Any) -> Any:
        return embeddings / jnp.linalg.norm(embeddings, axis=-1, keepdims=True)

    return {
        "batch hard triplet": batch_hard_triplet,
        "triplet": triplet,
        "contrastive": contrastive,
        "nt-xent": nt_xent,
        "info nce": info_nce,
    }
