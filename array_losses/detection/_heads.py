"""What criteria share: who may come in, what classes should be, what sums are divided by."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from .. import _check
from .._array import Array, DType, Namespace, astype, is_jax, is_torch, to_index
from .._numerics import device_of, logistic
from . import _check_scene
from .assignment import Assignment, matched

Normalizer = Array | float | None


def check(
    class_logits: Array,
    labels: Array,
    boxes: Array,
    mask: Array,
    outputs: Mapping[str, tuple[Array, tuple[int, ...]]],
    places: Mapping[str, tuple[Array, tuple[int, ...]]],
) -> Namespace:
    """Logits (..., A, C), more outputs of the same anchors, places of A anchors, and the ground truth."""
    xp = _check.library(class_logits=class_logits)
    _check.real(xp, class_logits=class_logits)
    if class_logits.ndim < 2:
        raise ValueError(f"class_logits must have shape (..., A, C); got {tuple(class_logits.shape)}")
    leading, anchors = tuple(class_logits.shape[:-2]), int(class_logits.shape[-2])
    for name, (x, own) in outputs.items():
        _check.shaped(class_logits, (*leading, anchors, *own), **{name: x})
    for name, (x, own) in places.items():
        _check.shaped(class_logits, (anchors, *own), **{name: x})
    for name, x in {"labels": labels, "boxes": boxes, "mask": mask}.items():
        _check.beside(class_logits, **{name: x})
    _check_scene.ground_truth(xp, leading, boxes, mask, labels)
    return xp


def real_ones(xp: Namespace, labels: Array, boxes: Array, mask: Array) -> tuple[Array, Array]:
    """Labels and boxes with zeros in the places of no object."""
    return xp.where(mask, labels, xp.zeros_like(labels)), xp.where(mask[..., None], boxes, xp.zeros_like(boxes))


def class_targets(xp: Namespace, classes: int, labels: Array, found: Assignment, dtype: DType) -> Array:
    """Numbers (..., A, C): 1 for the class of each anchor's object, else 0."""
    own = matched(xp, to_index(xp, labels), found.index)
    own = xp.where(found.foreground, own, xp.full_like(own, -1))
    lanes = xp.arange(classes, dtype=own.dtype, device=device_of(xp, own))
    return astype(xp, lanes == own[..., None], dtype)


def count(xp: Namespace, flags: Array, dtype: DType) -> Array:
    """How many are true, at least 1."""
    total = xp.sum(astype(xp, flags, dtype))
    return xp.maximum(total, xp.ones_like(total))


def sigmoid(xp: Namespace, x: Array) -> Array:
    """1/(1 + e^-x) of constants."""
    if is_torch(xp):
        return x.sigmoid()
    return sys.modules["jax"].nn.sigmoid(x) if is_jax(xp) else logistic(xp, x).p
