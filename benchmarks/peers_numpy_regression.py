"""Plain formulas of regression losses as a contestant in NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends import Function

Array = NDArray[np.float32]

EPSILON = 1e-3  # of Charbonnier's loss
ALPHA, GAMMA = 0.5, 1.5  # of the balanced L1 loss; its beta is 1
B = math.exp(GAMMA / ALPHA) - 1


def functions() -> dict[str, Function]:
    """With beta = delta = 1 smooth L1 and Huber are one loss."""
    names = ("smooth l1", "huber")
    return (
        dict.fromkeys(names, huber)
        | {f"{name} and gradient": huber_and_gradient for name in names}
        | {
            "log cosh": log_cosh,
            "log cosh and gradient": log_cosh_and_gradient,
            "charbonnier": charbonnier,
            "charbonnier and gradient": charbonnier_and_gradient,
            "balanced l1": balanced_l1,
            "balanced l1 and gradient": balanced_l1_and_gradient,
        }
    )


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


def log_cosh(pred: Array, target: Array) -> Any:
    """|d| + ln(1 + e^(-2|d|)) - ln 2"""
    apart = np.abs(pred - target)
    small = np.log1p(np.exp(-2 * apart))
    apart += small
    return np.sum(apart - np.float32(math.log(2)))


def log_cosh_and_gradient(pred: Array, target: Array) -> tuple[Any, Array]:
    """The slope is tanh(d)."""
    difference = pred - target
    slope = np.tanh(difference)
    np.abs(difference, out=difference)
    difference += np.log1p(np.exp(-2 * difference))
    return np.sum(difference - np.float32(math.log(2))), slope


def charbonnier(pred: Array, target: Array) -> Any:
    difference = pred - target
    difference *= difference
    difference += np.float32(EPSILON**2)
    return np.sum(np.sqrt(difference, out=difference))


def charbonnier_and_gradient(pred: Array, target: Array) -> tuple[Any, Array]:
    difference = pred - target
    loss = difference * difference
    loss += np.float32(EPSILON**2)
    np.sqrt(loss, out=loss)
    difference /= loss
    return np.sum(loss), difference


def balanced_l1(pred: Array, target: Array) -> Any:
    return np.sum(_balanced(np.abs(pred - target))[0])


def balanced_l1_and_gradient(pred: Array, target: Array) -> tuple[Any, Array]:
    """The slope along |d| is alpha ln(b |d| + 1) within 1, and gamma beyond."""
    difference = pred - target
    apart = np.abs(difference)
    value, logarithm = _balanced(apart)
    logarithm *= ALPHA
    slope = np.where(apart < 1, logarithm, np.float32(GAMMA))
    return np.sum(value), np.copysign(slope, difference)


def _balanced(apart: Array) -> tuple[Array, Array]:
    inner = B * apart
    inner += 1
    logarithm = np.log(inner)
    inner *= logarithm
    inner *= ALPHA / B
    inner -= ALPHA * apart
    far = GAMMA * apart
    far += GAMMA / B - ALPHA
    return np.where(apart < 1, inner, far), logarithm
