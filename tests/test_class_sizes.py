"""JAX adds up few classes, and many, in other ways than NumPy: the same numbers, also for a sure answer."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

import array_losses as al


@pytest.mark.parametrize("classes", [2, 39, 40, 100])
def test_cross_entropy_of_few_and_of_many_classes(classes: int) -> None:
    draw = np.random.default_rng(classes)
    logits = (3.0 * draw.standard_normal((50, classes))).astype(np.float32)
    labels = draw.integers(0, classes, 50)
    logits[0, labels[0]] = 30.0  # 1 - p is 1e-12
    logits[1, :] = 1.0  # all tied
    labels[2], logits[2, :] = 999, np.nan  # ignored

    def loss(x: Any, reduction: str = "sum") -> Any:
        given = jax.numpy.asarray(labels) if isinstance(x, jax.Array) else labels
        return al.softmax_cross_entropy(x, given, reduction=reduction)

    value, slopes = al.value_and_grad(loss)(logits)
    other, others = jax.jit(jax.value_and_grad(loss))(jax.numpy.asarray(logits))
    np.testing.assert_allclose(loss(jax.numpy.asarray(logits), "none"), loss(logits, "none"), rtol=3e-6)
    np.testing.assert_allclose(other, value, rtol=3e-6)
    np.testing.assert_allclose(others, slopes, rtol=2e-5)
    assert not np.any(np.asarray(others)[2, :])
