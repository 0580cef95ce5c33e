"""Plain formulas of segmentation losses as a contestant in JAX: written from the definitions, differentiated by JAX."""

from __future__ import annotations

import importlib
from typing import Any

from .backends import Function

PIXELS = (2, 3)
FP_WEIGHT, FN_WEIGHT = 0.3, 0.7


def functions() -> dict[str, Function]:
    jax: Any = importlib.import_module("jax")
    jnp: Any = importlib.import_module("jax.numpy")

    def dice(probs: Any, targets: Any) -> Any:
        inter = jnp.sum(probs * targets, axis=PIXELS)
        return jnp.mean(1 - 2 * inter / (jnp.sum(probs, axis=PIXELS) + jnp.sum(targets, axis=PIXELS)))

    def tversky(probs: Any, targets: Any) -> Any:
        inter = jnp.sum(probs * targets, axis=PIXELS)
        false_positive = jnp.sum(probs * (1 - targets), axis=PIXELS)
        false_negative = jnp.sum((1 - probs) * targets, axis=PIXELS)
        return jnp.mean(1 - inter / (inter + FP_WEIGHT * false_positive + FN_WEIGHT * false_negative))

    def softmax_dice(logits: Any, labels: Any) -> Any:
        return dice(jax.nn.softmax(logits, axis=1), _one_hot(logits, labels))

    def lovasz_softmax(logits: Any, labels: Any) -> Any:
        regions = (*logits.shape[:2], -1)
        target = _one_hot(logits, labels).reshape(regions)
        error = jnp.abs(target - jax.nn.softmax(logits, axis=1).reshape(regions))
        order = jnp.argsort(-error, axis=-1)
        target = jnp.take_along_axis(target, order, axis=-1)
        total = jnp.sum(target, axis=-1, keepdims=True)
        jaccard = 1 - (total - jnp.cumsum(target, axis=-1)) / (total + jnp.cumsum(1 - target, axis=-1))
        step = jnp.diff(jaccard, axis=-1, prepend=0.0)
        return jnp.mean(jnp.sum(jnp.take_along_axis(error, order, axis=-1) * step, axis=-1))

    def _one_hot(logits: Any, labels: Any) -> Any:
        return jax.nn.one_hot(labels, logits.shape[1], axis=1, dtype=logits.dtype)

    return {"dice": dice, "tversky": tversky, "softmax dice": softmax_dice, "lovasz softmax": lovasz_softmax}
