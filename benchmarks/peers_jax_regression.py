"""Plain formulas of regression losses as a contestant in JAX."""

from __future__ import annotations

import importlib
import math
from typing import Any

from .backends import Function

EPSILON = 1e-3  # of Charbonnier's loss
ALPHA, GAMMA = 0.5, 1.5  # of the balanced L1 loss; its beta is 1
B = math.exp(GAMMA / ALPHA) - 1


def functions() -> dict[str, Function]:
    """With beta = delta = 1 smooth L1 and Huber are one loss."""
    jnp: Any = importlib.import_module("jax.numpy")

    def huber(pred: Any, target: Any) -> Any:
        apart = jnp.abs(pred - target)
        return jnp.sum(jnp.where(apart < 1, apart**2 / 2, apart - 0.5))

    def log_cosh(pred: Any, target: Any) -> Any:
        apart = jnp.abs(pred - target)
        return jnp.sum(apart + jnp.log1p(jnp.exp(-2 * apart)) - math.log(2))

    def charbonnier(pred: Any, target: Any) -> Any:
        return jnp.sum(jnp.sqrt((pred - target) ** 2 + EPSILON**2))

    def balanced_l1(pred: Any, target: Any) -> Any:
        apart = jnp.abs(pred - target)
        near = ALPHA / B * (B * apart + 1) * jnp.log(B * apart + 1) - ALPHA * apart
        return jnp.sum(jnp.where(apart < 1, near, GAMMA * apart + GAMMA / B - ALPHA))

    return {
        "smooth l1": huber,
        "huber": huber,
        "log cosh": log_cosh,
        "charbonnier": charbonnier,
        "balanced l1": balanced_l1,
    }
