"""Losses of a sample's pixels that belong to instances: (K, H, W) masks, and what is predicted in each pixel.

A point is a list of numbers, the entries of a pixel along the first axis.

References
----------
The hinge on the distance from an instance's mean, and the spatial embedding: Neven et al., arXiv:1906.11109.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..dual import MP, Dual, constant, exp, positive_part, sigmoid, sqrt, square, tanh, total
from .batches import Batch
from .lovasz import extension
from .regions import flat

Point = Sequence[Dual]
LARGEST_EXPONENT = 80


def points(nested: Any) -> list[Point]:
    """The point of each pixel."""
    return list(zip(*(list(flat(part)) for part in nested), strict=True))


def members(masks: Any) -> list[list[int]]:
    """The places of the pixels of each instance."""
    return [[place for place, inside in enumerate(flat(mask)) if inside] for mask in masks]


def average(found: Sequence[Point]) -> Point:
    return [total(column) / len(found) for column in zip(*found, strict=True)]


def squared_distances(a: Point, b: Point) -> list[Dual]:
    return [square(x - y) for x, y in zip(a, b, strict=True)]


def embedding_hinge_loss(embeddings: Any, masks: Any, *, margin: float) -> Batch:
    """By instance, the mean over its pixels of max(0, |e - mean| - margin); an empty instance does not count."""
    e = points(embeddings)
    rows = []
    for places in members(masks):
        if not places:
            rows.append(Dual(0))
            continue
        centre = average([e[i] for i in places])
        gaps = [positive_part(sqrt(total(squared_distances(e[i], centre))) - margin) for i in places]
        rows.append(total(gaps) / len(places))
    return Batch(rows, [int(bool(places)) for places in members(masks)], [])


def spatial_embedding_loss(
    offsets: Any,
    sigmas: Any,
    seeds: Any,
    masks: Any,
    coordinates: Any,
    *,
    center: str = "embedding",
    foreground_weight: float = 10.0,
    instance_weight: float = 1.0,
    variance_weight: float = 10.0,
    seed_weight: float = 1.0,
) -> Batch:
    """Lovász hinge of 2 phi - 1, spread of sigma within an instance, and (seed - phi)^2, 0 in place of phi outside.

    phi = exp(-sum_d (e_d - c_d)^2 exp(10 s_d)), e = tanh(offset) + coordinate, c and s the means of an instance; where
    the seed and sigma are drawn to phi and s, these are constants.
    """
    grid = points(coordinates)
    e = [[tanh(o) + g for o, g in zip(point, place, strict=True)] for point, place in zip(points(offsets), grid)]
    s = points(sigmas)
    seed = [sigmoid(x) for x in flat(seeds)]
    covered = {i for places in members(masks) for i in places}
    seed_terms = [square(seed[i]) for i in range(len(seed)) if i not in covered]
    hinges, spreads = [], []
    for places in filter(None, members(masks)):
        centre = average([(e if center == "embedding" else grid)[i] for i in places])
        mean_s = average([s[i] for i in places])
        scale = [_precision(entry) for entry in mean_s] * (len(e[0]) // len(mean_s))
        phi = []
        for point in e:
            apart = squared_distances(point, centre)
            phi.append(exp(-total(d * precision for d, precision in zip(apart, scale, strict=True))))
        inside = [i in places for i in range(len(phi))]
        errors = [positive_part(1 - (2 * p - 1) if yes else 1 + (2 * p - 1)) for p, yes in zip(phi, inside)]
        hinges.append(extension(errors, inside))
        drawn = [square(x - constant(m)) for i in places for x, m in zip(s[i], mean_s, strict=True)]
        spreads.append(total(drawn) / len(drawn))
        seed_terms += [Dual(foreground_weight) * square(seed[i] - constant(phi[i])) for i in places]
    parts = (
        (instance_weight, total(hinges) / max(1, len(hinges))),
        (variance_weight, total(spreads) / max(1, len(spreads))),
        (seed_weight, total(seed_terms) / max(1, len(seed))),
    )
    return Batch([total(Dual(weight) * part for weight, part in parts)], [1], [])


def _precision(s: Dual) -> Dual:
    """exp(10 s), the exponent at most 80."""
    tenfold = 10 * s
    return exp(tenfold) if tenfold.value < LARGEST_EXPONENT else Dual(MP.exp(LARGEST_EXPONENT))


SEVERAL: dict[str, Callable[..., Batch]] = {
    "embedding_hinge_loss": embedding_hinge_loss,
    "spatial_embedding_loss": spatial_embedding_loss,
}
