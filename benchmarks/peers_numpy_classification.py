"""Plain formulas of classification losses as a contestant in NumPy: whole arrays, and the slopes worked out by hand.

As a reader of the papers would write them for finite logits: `exp(-abs(x))` is computed once and serves sigmoid and
softplus, and what is not needed any more is written over.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends import Function

Array = NDArray[np.float32]
Labels = NDArray[np.int64]

ALPHA = 0.25  # of the focal loss; its gamma is 2


def functions() -> dict[str, Function]:
    return {
        "sigmoid focal": sigmoid_focal,
        "sigmoid focal and gradient": sigmoid_focal_and_gradient,
        "sigmoid bce": sigmoid_bce,
        "sigmoid bce and gradient": sigmoid_bce_and_gradient,
        "softmax ce": softmax_ce,
        "softmax ce and gradient": softmax_ce_and_gradient,
        "distribution focal": distribution_focal,
        "distribution focal and gradient": distribution_focal_and_gradient,
    }


def sigmoid_focal(logits: Array, targets: Array) -> Any:
    p, cross_entropy = _sigmoid_and_cross_entropy(logits, targets)
    return np.sum(_alpha(targets) * _miss(p, targets) ** 2 * cross_entropy)


def sigmoid_focal_and_gradient(logits: Array, targets: Array) -> tuple[Any, Array]:
    p, cross_entropy = _sigmoid_and_cross_entropy(logits, targets)
    miss = _miss(p, targets)
    weight = _alpha(targets) * miss
    value = np.sum(weight * miss * cross_entropy)
    cross_entropy *= 2 * p * (1 - p) * (1 - 2 * targets)
    miss *= p - targets
    cross_entropy += miss
    weight *= cross_entropy
    return value, weight


def sigmoid_bce(logits: Array, targets: Array) -> Any:
    return np.sum(_cross_entropy(logits, targets, np.exp(-np.abs(logits))))


def sigmoid_bce_and_gradient(logits: Array, targets: Array) -> tuple[Any, Array]:
    p, cross_entropy = _sigmoid_and_cross_entropy(logits, targets)
    p -= targets
    return np.sum(cross_entropy), p


def softmax_ce(logits: Array, labels: Labels) -> Any:
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    chosen = np.take_along_axis(shifted, labels[:, None], axis=-1)
    return np.sum(np.log(np.sum(np.exp(shifted, out=shifted), axis=-1))) - np.sum(chosen)


def softmax_ce_and_gradient(logits: Array, labels: Labels) -> tuple[Any, Array]:
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    chosen = np.take_along_axis(shifted, labels[:, None], axis=-1)
    np.exp(shifted, out=shifted)
    total = np.sum(shifted, axis=-1, keepdims=True)
    shifted /= total
    shifted[np.arange(len(labels)), labels] -= 1
    return np.sum(np.log(total)) - np.sum(chosen), shifted


def distribution_focal(logits: Array, targets: Array) -> Any:
    left, share = _left_bin(targets)
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    chosen = (1 - share) * np.take_along_axis(shifted, left, axis=-1)
    chosen += share * np.take_along_axis(shifted, left + 1, axis=-1)
    return np.sum(np.log(np.sum(np.exp(shifted, out=shifted), axis=-1))) - np.sum(chosen)


def distribution_focal_and_gradient(logits: Array, targets: Array) -> tuple[Any, Array]:
    left, share = _left_bin(targets)
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    chosen = (1 - share) * np.take_along_axis(shifted, left, axis=-1)
    chosen += share * np.take_along_axis(shifted, left + 1, axis=-1)
    np.exp(shifted, out=shifted)
    total = np.sum(shifted, axis=-1, keepdims=True)
    shifted /= total
    np.put_along_axis(shifted, left, np.take_along_axis(shifted, left, axis=-1) - (1 - share), axis=-1)
    np.put_along_axis(shifted, left + 1, np.take_along_axis(shifted, left + 1, axis=-1) - share, axis=-1)
    return np.sum(np.log(total)) - np.sum(chosen), shifted


def _sigmoid_and_cross_entropy(logits: Array, targets: Array) -> tuple[Array, Array]:
    small = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1, small) / (1 + small), _cross_entropy(logits, targets, small)


def _cross_entropy(logits: Array, targets: Array, small: Array) -> Array:
    result: Array = np.maximum(logits, 0)
    result -= logits * targets
    result += np.log1p(small)
    return result


def _alpha(targets: Array) -> Array:
    return ALPHA * targets + (1 - ALPHA) * (1 - targets)


def _miss(p: Array, targets: Array) -> Array:
    """1 - p_t: the probability given to the wrong answer."""
    return p + targets - 2 * p * targets


def _left_bin(targets: Array) -> tuple[Labels, Array]:
    left = np.floor(targets)
    return left.astype(np.int64)[..., None], (targets - left)[..., None]
