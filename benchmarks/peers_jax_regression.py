"""Plain formulas of regression losses as a contestant in JAX."""

from __future__ import annotations

import importlib
from typing import Any

from .backends import Function


def functions() -> dict[str, Function]:
    """With beta = delta = 1 smooth L1 and Huber are one loss."""
    jnp: Any = importlib.import_module("jax.numpy")

    def huber(pred: Any, target: Any) -> Any:
        apart = jnp.abs(pred - target)
        return jnp.sum(jnp.where(apart < 1, apart**2 / 2, apart - 0.5))

    return {"smooth l1": huber, "huber": huber}
