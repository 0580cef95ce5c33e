"""Plain formulas of segmentation losses as a contestant in NumPy: whole arrays, and the slopes worked out by hand.

A region is a row of pixels. Products are summed by BLAS (`vecdot`), and what is not needed any more is written over.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends import Function

Array = NDArray[np.float32]
Labels = NDArray[np.int64]

FP_WEIGHT, FN_WEIGHT = 0.3, 0.7  # of the Tversky loss


def functions() -> dict[str, Function]:
    return {
        "dice": dice,
        "dice and gradient": dice_and_gradient,
        "tversky": tversky,
        "tversky and gradient": tversky_and_gradient,
        "softmax dice": softmax_dice,
        "softmax dice and gradient": softmax_dice_and_gradient,
        "lovasz softmax": lovasz_softmax,
        "lovasz softmax and gradient": lovasz_softmax_and_gradient,
    }


def dice(probs: Array, targets: Array) -> Any:
    inter, sizes = _dice_sums(_regions(probs), _regions(targets))
    return np.mean(1 - 2 * inter / sizes)


def dice_and_gradient(probs: Array, targets: Array) -> tuple[Any, Array]:
    inter, sizes = _dice_sums(_regions(probs), _regions(targets))
    each = np.float32(2 / inter.size) / sizes
    slope = _regions(targets) * -each[..., None]
    slope += (each * inter / sizes)[..., None]
    return np.mean(1 - 2 * inter / sizes), slope.reshape(probs.shape)


def tversky(probs: Array, targets: Array) -> Any:
    inter, sizes = _tversky_sums(_regions(probs), _regions(targets))
    return np.mean(1 - inter / sizes)


def tversky_and_gradient(probs: Array, targets: Array) -> tuple[Any, Array]:
    inter, sizes = _tversky_sums(_regions(probs), _regions(targets))
    each = np.float32(1 / inter.size) / sizes
    both = each * inter / sizes
    slope = _regions(targets) * ((1 - FP_WEIGHT - FN_WEIGHT) * both - each)[..., None]
    slope += (FP_WEIGHT * both)[..., None]
    return np.mean(1 - inter / sizes), slope.reshape(probs.shape)


def softmax_dice(logits: Array, labels: Labels) -> Any:
    return dice(_softmax(logits), _one_hot(logits, labels))


def softmax_dice_and_gradient(logits: Array, labels: Labels) -> tuple[Any, Array]:
    probs = _softmax(logits)
    value, slope = dice_and_gradient(probs, _one_hot(logits, labels))
    return value, _back_through_softmax(slope, probs)


def lovasz_softmax(logits: Array, labels: Labels) -> Any:
    error = _regions(np.abs(_one_hot(logits, labels) - _softmax(logits)))
    order, step = _steps(error, _regions(_one_hot(logits, labels)))
    return np.mean(np.vecdot(np.take_along_axis(error, order, axis=-1), step))


def lovasz_softmax_and_gradient(logits: Array, labels: Labels) -> tuple[Any, Array]:
    probs, targets = _softmax(logits), _one_hot(logits, labels)
    error = _regions(np.abs(targets - probs))
    order, step = _steps(error, _regions(targets))
    loss = np.vecdot(np.take_along_axis(error, order, axis=-1), step)
    slope = np.empty_like(error)
    np.put_along_axis(slope, order, step, axis=-1)
    slope /= loss.size
    targets *= -2
    targets += 1  # the slope of the error: -1 on the target, 1 beside it
    targets *= slope.reshape(probs.shape)
    return np.mean(loss), _back_through_softmax(targets, probs)


def _regions(pixels: Array) -> Array:
    return pixels.reshape(*pixels.shape[:2], -1)


def _dice_sums(probs: Array, targets: Array) -> tuple[Array, Array]:
    return np.vecdot(probs, targets), np.sum(probs, axis=-1) + np.sum(targets, axis=-1)


def _tversky_sums(probs: Array, targets: Array) -> tuple[Array, Array]:
    inter = np.vecdot(probs, targets)
    predicted, target = np.sum(probs, axis=-1), np.sum(targets, axis=-1)
    return inter, inter + FP_WEIGHT * (predicted - inter) + FN_WEIGHT * (target - inter)


def _steps(error: Array, targets: Array) -> tuple[Labels, Array]:
    """The order from the largest error to the smallest, and how much each pixel adds to 1 - IoU in that order."""
    order = np.argsort(-error, axis=-1)
    seen = np.take_along_axis(targets, order, axis=-1)
    total = np.sum(seen, axis=-1, keepdims=True)
    beside = np.cumsum(1 - seen, axis=-1)  # whole numbers: exact
    np.cumsum(seen, axis=-1, out=seen)
    jaccard = 1 - (total - seen) / (total + beside)
    jaccard[..., 1:] -= jaccard[..., :-1].copy()
    return order, jaccard


def _one_hot(logits: Array, labels: Labels) -> Array:
    return np.asarray(labels[:, None] == np.arange(logits.shape[1])[:, None, None], dtype=np.float32)


def _softmax(logits: Array) -> Array:
    probs: Array = logits - np.max(logits, axis=1, keepdims=True)
    np.exp(probs, out=probs)
    probs /= np.sum(probs, axis=1, keepdims=True)
    return probs


def _back_through_softmax(slope: Array, probs: Array) -> Array:
    slope -= np.sum(slope * probs, axis=1, keepdims=True)
    slope *= probs
    return slope
