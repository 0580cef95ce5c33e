"""Contestants race only where they computed the same thing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# What separates contestants is rounding. Peers add an eps of 1e-7 to areas and sides, which are of a pixel and more
# here: below the rounding of float32. Against float64 the peers were measured at up to 1.9e-6 (value: a compiler adds
# up five million numbers one after the other) and 2e-6 (gradient: a difference of probabilities).
VALUE = 5e-6  # of the largest value
GRADIENT = 1e-5  # of the largest slope along the last axis: of the same box, the same anchor, the same distribution
# Where pixels are sorted by their errors each weighs about 1/U, U the size of the union so far. Peers get that as a
# difference of numbers near 1, which leaves 6e-8 U of it uncertain: 4e-3 with 65 536 pixels, and 1.4e-3 was measured.
# Rounding also lets neighbours change places, which changes their weights by 1/U.
SORTED = 1e-2
# The slope p - 1 of a sure answer is a difference of numbers near 1, which leaves 6e-8/(1 - p): 2e-5 was measured in a
# million rows of 20 classes.
SURE = 1e-4
# ultralytics takes determinants of covariances as a b - c^2, which leaves w^2/h^2 of the rounding of a b.
CANCELLING = 1e-3


@dataclass(frozen=True)
class Difference:
    """The largest relative differences of a peer from ours; infinite where they cannot be compared."""

    value: float
    gradient: float | None
    tolerance: float = GRADIENT  # of the gradient

    @property
    def agrees(self) -> bool:
        return self.value <= VALUE and (self.gradient is None or self.gradient <= self.tolerance)


def difference(
    ours: tuple[Array, Array | None], peer: tuple[Array, Array | None], tolerance: float = GRADIENT
) -> Difference:
    """Compare (value, gradient or None) with (value, gradient or None)."""
    value = _largest(ours[0], peer[0], np.max(np.abs(ours[0])))
    if ours[1] is None or peer[1] is None:
        return Difference(value, None if ours[1] is peer[1] else float("inf"), tolerance)
    gradient = _largest(ours[1], peer[1], np.max(np.abs(ours[1]), axis=-1, keepdims=True))
    return Difference(value, gradient, tolerance)


def largest_difference(
    ours: tuple[Array, list[Array]], peer: tuple[Array, list[Array]], tolerance: float = GRADIENT
) -> Difference:
    """The same for gradients of several arrays: the largest."""
    if len(ours[1]) != len(peer[1]) or not ours[1]:
        first = [gradients[0] if gradients else None for _, gradients in (ours, peer)]
        return difference((ours[0], first[0]), (peer[0], first[1]), tolerance)
    each = [difference((ours[0], a), (peer[0], b), tolerance) for a, b in zip(ours[1], peer[1], strict=True)]
    return max(each, key=lambda found: found.gradient or 0.0)


def _largest(ours: Array, peer: Array, scale: Array) -> float:
    if ours.shape != peer.shape:
        return float("inf")
    apart = np.abs(ours.astype(np.float64) - peer) / np.where(scale == 0, 1, scale)
    return float(np.max(apart)) if np.all(np.isfinite(apart)) else float("inf")
