"""Plain formulas of triplets and pairs of embeddings as a contestant in NumPy, with slopes worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends import Function
from .inputs import FAR
from .peers_numpy_embeddings import table_of_distances

Array = NDArray[np.float32]
Labels = NDArray[np.int64]
Flags = NDArray[np.bool_]

MARGIN = np.float32(0.2)  # of the triplet loss


def functions() -> dict[str, Function]:
    return {
        "triplet": triplet,
        "triplet and gradient": triplet_and_gradient,
        "contrastive": contrastive,
        "contrastive and gradient": contrastive_and_gradient,
    }


def triplet(anchor: Array, positive: Array, negative: Array) -> Any:
    near, far = anchor - positive, anchor - negative
    return np.mean(np.maximum(_length(near) - _length(far) + MARGIN, 0))


def triplet_and_gradient(anchor: Array, positive: Array, negative: Array) -> tuple[Any, Array]:
    near, far = anchor - positive, anchor - negative
    near_length, far_length = _length(near), _length(far)
    loss = np.maximum(near_length - far_length + MARGIN, 0)
    active = (loss > 0) / np.float32(len(loss))
    near *= (active / near_length)[:, None]
    far *= (active / far_length)[:, None]
    near -= far
    return np.mean(loss), near


def contrastive(embeddings: Array, labels: Labels) -> Any:
    distance, positive, negative = _pairs(embeddings, labels)
    return np.mean(distance[positive]) + np.mean(np.maximum(FAR - distance[negative], 0))


def contrastive_and_gradient(embeddings: Array, labels: Labels) -> tuple[Any, Array]:
    distance, positive, negative = _pairs(embeddings, labels)
    missing = FAR - distance[negative]
    value = np.mean(distance[positive]) + np.mean(np.maximum(missing, 0))
    share = np.zeros_like(distance)
    share[positive] = 1 / np.count_nonzero(positive)
    share[negative] = (missing > 0) * np.float32(-1 / len(missing))
    np.fill_diagonal(distance, 1)
    share /= distance
    share += share.T
    return value, np.sum(share, axis=-1, keepdims=True) * embeddings - share @ embeddings


def _length(difference: Array) -> Array:
    return np.asarray(np.sqrt(np.vecdot(difference, difference)))


def _pairs(embeddings: Array, labels: Labels) -> tuple[Array, Flags, Flags]:
    """The table of distances, which of them are of one label but not of one embedding, and which are of two labels."""
    distance = table_of_distances(embeddings)
    same = labels[:, None] == labels
    negative = ~same
    np.fill_diagonal(same, False)
    return distance, same, negative
