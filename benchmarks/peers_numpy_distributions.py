"""Plain formulas of probabilities, scores and distributions as a contestant in NumPy, with slopes by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends import Function

Array = NDArray[np.float32]
Labels = NDArray[np.int64]


def functions() -> dict[str, Function]:
    return {
        "probability bce": probability_bce,
        "probability bce and gradient": probability_bce_and_gradient,
        "softmax focal": softmax_focal,
        "softmax focal and gradient": softmax_focal_and_gradient,
        "kl divergence": kl_divergence,
        "kl divergence and gradient": kl_divergence_and_gradient,
        "hinge": hinge,
        "hinge and gradient": hinge_and_gradient,
    }


def probability_bce(probs: Array, targets: Array) -> Any:
    entropy = targets * np.log(probs)
    entropy += (1 - targets) * np.log1p(-probs)
    return -np.sum(entropy)


def probability_bce_and_gradient(probs: Array, targets: Array) -> tuple[Any, Array]:
    """The slope (p - t)/(p (1 - p))."""
    value = probability_bce(probs, targets)
    slope = probs - targets
    slope /= probs * (1 - probs)
    return value, slope


def softmax_focal(logits: Array, labels: Labels) -> Any:
    _, loss = _softmax(logits, labels)
    return np.sum(np.square(np.expm1(-loss)) * loss)


def softmax_focal_and_gradient(logits: Array, labels: Labels) -> tuple[Any, Array]:
    """With l = -ln p_y and m = 1 - p_y: m^2 l has the slope m^2 + 2 m p_y l along l, which has p - [j = y]."""
    probs, loss = _softmax(logits, labels)
    miss = -np.expm1(-loss)
    value = np.sum(miss * miss * loss)
    probs[np.arange(len(labels)), labels] = -miss
    probs *= (miss * (miss + 2 * (1 - miss) * loss))[:, None]
    return value, probs


def kl_divergence(probs: Array, targets: Array) -> Any:
    ratio = targets / probs
    np.log(ratio, out=ratio)
    ratio *= targets
    return np.sum(ratio)


def kl_divergence_and_gradient(probs: Array, targets: Array) -> tuple[Any, Array]:
    ratio = targets / probs
    value = np.sum(targets * np.log(ratio))
    return value, np.negative(ratio, out=ratio)


def hinge(scores: Array, targets: Array) -> Any:
    return np.sum(np.maximum(1 - targets * scores, 0))


def hinge_and_gradient(scores: Array, targets: Array) -> tuple[Any, Array]:
    missing = 1 - targets * scores
    slope = -targets * (missing > 0)
    return np.sum(np.maximum(missing, 0, out=missing)), slope


def _softmax(logits: Array, labels: Labels) -> tuple[Array, Array]:
    """The softmax, and -ln of it at each row's label."""
    probs = logits - np.max(logits, axis=-1, keepdims=True)
    chosen = np.take_along_axis(probs, labels[:, None], axis=-1)[:, 0]
    np.exp(probs, out=probs)
    total = np.sum(probs, axis=-1, keepdims=True)
    probs /= total
    return probs, np.log(total[:, 0]) - chosen
