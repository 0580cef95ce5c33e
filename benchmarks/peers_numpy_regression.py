"""Plain formulas of regression losses as a contestant in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends import Function

Array = NDArray[np.float32]


def functions() -> dict[str, Function]:
    """With beta = delta = 1 smooth L1 and Huber are one loss."""
    names = ("smooth l1", "huber")
    return dict.fromkeys(names, huber) | {f"{name} and gradient": huber_and_gradient for name in names}


def huber(pred: Array, target: Array) -> Any:
    apart = np.abs(pred - target)
    return np.sum(np.where(apart < 1, apart * apart / 2, apart - np.float32(0.5)))


def huber_and_gradient(pred: Array, target: Array) -> tuple[Any, Array]:
    """d²/2 within 1 and |d| - 1/2 beyond are s (d - s/2), where s is d cut off at 1: the slope."""
    difference = pred - target
    slope = np.clip(difference, -1, 1)
    difference -= slope / 2
    difference *= slope
    return np.sum(difference), slope
