"""Set-up shared by all tests: eight virtual JAX devices, double precision on request, oblong boxes."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest

os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8".strip()


@pytest.fixture
def x64() -> Iterator[None]:
    """JAX with float64."""
    import jax

    with jax.enable_x64(True):
        yield


@pytest.fixture
def pairs() -> tuple[np.ndarray, np.ndarray]:
    """Sixty-four pairs of oblong boxes, most overlapping, no two edges equal; float64."""
    rng = np.random.default_rng(7)
    centre, side = rng.uniform(0, 100, (64, 2)), rng.uniform(5, 40, (64, 2))
    moved, scaled = centre + rng.normal(0, 6, (64, 2)), side * rng.uniform(0.5, 1.6, (64, 2))
    pred, target = (np.concatenate([c - s / 2, c + s / 2], axis=1) for c, s in ((moved, scaled), (centre, side)))
    return pred, target
