"""Plain formulas of classification losses as contestants in JAX: written from the definitions, differentiated by JAX.

Those that choose bins or classes race in two spellings: a product with weights that are zero elsewhere, and a gather.
"""

from __future__ import annotations

import importlib
from typing import Any

from .backends import Function


def functions() -> dict[str, Function]:
    jax: Any = importlib.import_module("jax")
    jnp: Any = importlib.import_module("jax.numpy")

    def cross_entropy(logits: Any, targets: Any) -> Any:
        return jax.nn.softplus(logits) - logits * targets

    def sigmoid_bce(logits: Any, targets: Any) -> Any:
        return jnp.sum(cross_entropy(logits, targets))

    def sigmoid_focal(logits: Any, targets: Any) -> Any:
        p = jax.nn.sigmoid(logits)
        miss = p * (1 - targets) + (1 - p) * targets
        alpha = 0.25 * targets + 0.75 * (1 - targets)
        return jnp.sum(alpha * miss**2 * cross_entropy(logits, targets))

    def softmax_ce(logits: Any, labels: Any) -> Any:
        return -jnp.sum(jax.nn.one_hot(labels, logits.shape[-1]) * jax.nn.log_softmax(logits))

    def probability_bce(probs: Any, targets: Any) -> Any:
        return -jnp.sum(targets * jnp.log(probs) + (1 - targets) * jnp.log1p(-probs))

    def softmax_focal(logits: Any, labels: Any) -> Any:
        likelihood = jnp.sum(jax.nn.one_hot(labels, logits.shape[-1]) * jax.nn.log_softmax(logits), axis=-1)
        return -jnp.sum(jnp.expm1(likelihood) ** 2 * likelihood)

    def kl_divergence(probs: Any, targets: Any) -> Any:
        return jnp.sum(targets * (jnp.log(targets) - jnp.log(probs)))

    def hinge(scores: Any, targets: Any) -> Any:
        return jnp.sum(jnp.maximum(1 - targets * scores, 0))

    def distribution_focal(logits: Any, targets: Any) -> Any:
        bins = jnp.arange(logits.shape[-1], dtype=targets.dtype)
        share = jnp.maximum(1 - jnp.abs(targets[..., None] - bins), 0)
        return -jnp.sum(share * jax.nn.log_softmax(logits))

    return {
        "sigmoid focal": sigmoid_focal,
        "sigmoid bce": sigmoid_bce,
        "probability bce": probability_bce,
        "softmax ce": softmax_ce,
        "softmax focal": softmax_focal,
        "kl divergence": kl_divergence,
        "hinge": hinge,
        "distribution focal": distribution_focal,
    }


def gathers() -> dict[str, Function]:
    jax: Any = importlib.import_module("jax")
    jnp: Any = importlib.import_module("jax.numpy")

    def softmax_ce(logits: Any, labels: Any) -> Any:
        return -jnp.sum(jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], axis=-1))

    def softmax_focal(logits: Any, labels: Any) -> Any:
        likelihood = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], axis=-1)
        return -jnp.sum(jnp.expm1(likelihood) ** 2 * likelihood)

    def distribution_focal(logits: Any, targets: Any) -> Any:
        likelihood = jax.nn.log_softmax(logits)
        left = jnp.floor(targets).astype(jnp.int32)
        share = targets - left
        lower = jnp.take_along_axis(likelihood, left[..., None], axis=-1)[..., 0]
        upper = jnp.take_along_axis(likelihood, left[..., None] + 1, axis=-1)[..., 0]
        return -jnp.sum((1 - share) * lower + share * upper)

    return {"softmax ce": softmax_ce, "softmax focal": softmax_focal, "distribution focal": distribution_focal}
