"""Plain formulas of embedding losses as a contestant in NumPy: whole tables, and the slopes worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends import Function

Array = NDArray[np.float32]
Labels = NDArray[np.int64]
Flags = NDArray[np.bool_]

MARGIN = np.float32(0.2)  # of the triplet loss
NT_XENT, INFO_NCE = np.float32(0.5), np.float32(0.07)  # temperatures


def functions() -> dict[str, Function]:
    return {
        "batch hard triplet": batch_hard_triplet,
        "batch hard triplet and gradient": batch_hard_triplet_and_gradient,
        "nt-xent": nt_xent,
        "nt-xent and gradient": nt_xent_and_gradient,
        "info nce": info_nce,
        "info nce and gradient": info_nce_and_gradient,
    }


def batch_hard_triplet(embeddings: Array, labels: Labels) -> Any:
    distance, positive, negative = _hardest(embeddings, labels)
    return np.mean(np.maximum(_violation(distance, positive, negative), 0))


def batch_hard_triplet_and_gradient(embeddings: Array, labels: Labels) -> tuple[Any, Array]:
    distance, positive, negative = _hardest(embeddings, labels)
    loss = np.maximum(_violation(distance, positive, negative), 0)
    active = np.flatnonzero(loss)
    slope = np.zeros_like(embeddings)
    for other, sign in ((positive[active], 1), (negative[active], -1)):
        away = embeddings[active] - embeddings[other]
        away *= (sign / (len(labels) * distance[active, other]))[:, None]
        slope[active] += away
        np.subtract.at(slope, other, away)  # several anchors may have the same hardest
    return np.mean(loss), slope


def nt_xent(embeddings: Array, labels: Labels) -> Any:
    same = labels[:, None] == labels
    _, _, similarity = _similarity(embeddings, embeddings, NT_XENT)
    pairs, total, _ = _positive_pairs(similarity, same)
    return np.mean(np.log1p(total[pairs[0]] * np.exp(-similarity[pairs])))


def nt_xent_and_gradient(embeddings: Array, labels: Labels) -> tuple[Any, Array]:
    same = labels[:, None] == labels
    length, unit, similarity = _similarity(embeddings, embeddings, NT_XENT)
    pairs, total, share = _positive_pairs(similarity, same)
    odds = total[pairs[0]] * np.exp(-similarity[pairs])
    miss = odds / ((1 + odds) * len(odds))
    share *= (np.bincount(pairs[0], miss, len(labels)).astype(np.float32) / total)[:, None]
    share[pairs] = -miss
    slope: Array = share @ unit
    slope += share.T @ unit
    slope /= NT_XENT
    return np.mean(np.log1p(odds)), _back_through_length(slope, unit, length)


def info_nce(queries: Array, keys: Array) -> Any:
    _, _, similarity = _similarity(queries, keys, INFO_NCE)
    own = np.diagonal(similarity).copy()
    return np.mean(np.log(np.sum(np.exp(similarity, out=similarity), axis=-1)) - own)


def info_nce_and_gradient(queries: Array, keys: Array) -> tuple[Any, Array]:
    length, unit, similarity = _similarity(queries, keys, INFO_NCE)
    own = np.diagonal(similarity).copy()
    np.exp(similarity, out=similarity)
    total = np.sum(similarity, axis=-1, keepdims=True)
    similarity /= total * len(own)
    similarity[np.diag_indices(len(own))] -= np.float32(1 / len(own))
    slope: Array = similarity @ (keys / _length(keys))
    slope /= INFO_NCE
    return np.mean(np.log(total[:, 0]) - own), _back_through_length(slope, unit, length)


def table_of_distances(embeddings: Array) -> Array:
    """By the formula that cancels for near embeddings, written over."""
    square = np.vecdot(embeddings, embeddings)
    distance: Array = embeddings @ embeddings.T
    distance *= -2
    distance += square
    distance += square[:, None]
    np.maximum(distance, 0, out=distance)
    np.sqrt(distance, out=distance)
    return distance


def _hardest(embeddings: Array, labels: Labels) -> tuple[Array, Labels, Labels]:
    """The table of distances; of each row the furthest one of its label, and the nearest one of another."""
    distance = table_of_distances(embeddings)
    np.fill_diagonal(distance, 0)
    same = labels[:, None] == labels
    furthest = np.argmax(np.where(same, distance, -1), axis=-1)
    return distance, furthest, np.argmin(np.where(same, np.inf, distance), axis=-1)


def _violation(distance: Array, positive: Labels, negative: Labels) -> Array:
    rows = np.arange(len(distance))
    violation: Array = distance[rows, positive] - distance[rows, negative]
    violation += MARGIN
    return violation


def _similarity(first: Array, second: Array, temperature: np.float32) -> tuple[Array, Array, Array]:
    """Lengths and unit vectors of the first, and the cosines over the temperature: within +-15, their exponentials
    need no shift."""
    length = _length(first)
    unit = first / length
    other = unit if second is first else second / _length(second)
    similarity = unit @ other.T
    similarity /= temperature
    return length, unit, similarity


def _length(embeddings: Array) -> Array:
    return np.asarray(np.linalg.norm(embeddings, axis=-1, keepdims=True), dtype=np.float32)


def _positive_pairs(similarity: Array, same: Flags) -> tuple[Any, Array, Array]:
    """Indices of the pairs of one label, the sum over each row's negatives, and the exponentials of these."""
    negatives = np.exp(similarity)
    negatives[same] = 0
    pairs = same.copy()
    np.fill_diagonal(pairs, False)
    return np.nonzero(pairs), np.sum(negatives, axis=-1), negatives


def _back_through_length(slope: Array, unit: Array, length: Array) -> Array:
    slope -= unit * np.vecdot(slope, unit)[:, None]
    slope /= length
    return slope
