"""Task-aligned assignment on the pairs of an object and an anchor inside of it, one by one instead of in a table.

For numbers in the processor's memory, where few pairs are candidates: one in 24 of the race's images. It gives what the
table gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .assignment import Assignment

Numbers = npt.NDArray[Any]


class Pairs(NamedTuple):
    """The candidates in the order of images, objects and anchors: their places in (B G) and in (B A)."""

    objects: Numbers
    anchors: Numbers

    @classmethod
    def of(cls, inside: Numbers) -> Pairs:
        """From booleans (B, G, A)."""
        _, objects, anchors = inside.shape
        row, anchor = np.divmod(np.flatnonzero(inside), max(1, anchors))
        return cls(row, row // max(1, objects) * anchors + anchor)


def align_pairs(
    pairs: Pairs,
    shape: tuple[int, int, int],
    scores: Numbers,
    overlaps: Numbers,
    metric_of: Callable[[Numbers, Numbers], Numbers],
    topk: int,
    second_topk: int | None,
    eps: float,
) -> Assignment:
    """The assignment of (B, A) anchors to G objects an image, from scores and overlaps of the pairs."""
    images, objects, anchors = shape
    metric = metric_of(scores, overlaps)
    candidates = np.flatnonzero(metric > 0)
    candidates = candidates[_likely(pairs.objects[candidates], metric[candidates], topk)]
    chosen = candidates[_first(pairs.objects[candidates], metric[candidates], topk)]
    count = np.bincount(pairs.anchors[chosen], minlength=images * anchors)
    contested = np.flatnonzero(count[pairs.anchors] > 1)
    best = contested[_first(pairs.anchors[contested], overlaps[contested], 1)]
    own = np.concatenate((chosen[count[pairs.anchors[chosen]] == 1], best))
    if second_topk is not None and second_topk != topk:
        own = np.sort(own)
        own = own[metric[own] > 0]
        own = own[_first(pairs.objects[own], metric[own], second_topk)]

    rows, places = pairs.objects[own], pairs.anchors[own]
    largest, top = np.zeros((2, images * objects), dtype=metric.dtype)
    np.maximum.at(largest, rows, overlaps[own])
    np.maximum.at(top, rows, metric[own])
    scale = largest / np.where(top > 0, top + top.dtype.type(eps), top.dtype.type(1))
    foreground = np.zeros(images * anchors, dtype=bool)
    index = np.zeros(images * anchors, dtype=np.int64)
    score = np.zeros(images * anchors, dtype=metric.dtype)
    foreground[places], index[places] = True, rows % max(1, objects)
    score[places] = metric[own] * scale[rows]
    found = [x.reshape(images, anchors) for x in (foreground, index, score)]
    return Assignment(found[0], found[1], found[2], np.zeros_like(found[0]))


def _likely(rows: Numbers, numbers: Numbers, k: int) -> Numbers:
    """Places among which are the `k` largest numbers of each row, where equal rows stand together in rising order.

    Cut into k pieces, a row has k numbers that are at least the smallest of the pieces' maxima.
    """
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    lengths = np.diff(starts, append=len(rows))
    long = lengths >= k
    if not long.any():
        return np.arange(len(rows))
    # One piece more, from the row's end to the next long row: reduceat wants it, and it is left out.
    cuts = starts[long, None] + lengths[long, None] * np.arange(k + 1) // k
    maxima = np.maximum.reduceat(np.append(numbers, numbers.dtype.type(-np.inf)), cuts.reshape(-1)).reshape(cuts.shape)
    least = np.full(len(starts), -np.inf, dtype=numbers.dtype)
    least[long] = maxima[:, :k].min(axis=1)
    return np.flatnonzero(numbers >= np.repeat(least, lengths))


def _first(rows: Numbers, numbers: Numbers, k: int) -> Numbers:
    """The places of the `k` largest numbers of each row, of equal ones the first."""
    order = np.lexsort((-numbers, rows))
    sorted_rows = rows[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_rows, sorted_rows)
    return order[rank < k]
