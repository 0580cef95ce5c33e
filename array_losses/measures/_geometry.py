"""Two sets of boxes as the few lengths that every IoU loss is made of, and the way back from slopes to corners.

A quantity that exists once an axis (a side, an offset) is a list. Under a compiler the list holds the x part
and the y part, each an array of the rows' shape; in eager mode, where the number of calls is the cost, it
holds both parts in one array, stacked in front. `Geometry.both` and `Geometry.lengthwise` convert; nothing
else needs to know.

Rules for odd boxes: a box with x2 < x1 is taken as the empty box with x2 = x1 (y likewise), so that every
formula keeps its range; a denominator of 0 gives a term of 0.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .._array import Array, Namespace, is_fused
from .._layout import column_list, halves, stacked, to_columns, to_rows, unstacked
from .._numerics import at_least, denominator, rounded

Lengths = list[Array]
Wanted = Sequence[bool]


class Edges:
    """One set of boxes: low edges, high edges with inverted boxes closed, high edges as given, and sides (w, h).

    `extent` is the sides as a quantity of each axis.
    """

    def __init__(self, g: Geometry, low: Lengths, given: Lengths, extent: Lengths | None = None) -> None:
        self.low, self.given = low, given
        self.high = [g.xp.maximum(a, b) for a, b in zip(low, given)]
        self.extent = [b - a for a, b in zip(low, self.high)] if extent is None else extent
        self.sides = g.both(self.extent)
        self.share = 0.0
        """Of its side that each edge was moved inward by."""


class Geometry:
    """Intersection, union and sides of each pair of boxes at once; hull and offsets when asked for."""

    def __init__(self, xp: Namespace, pred: Array, target: Array) -> None:
        self.xp = xp
        self.fused = is_fused(xp)
        self._signed: Lengths | None = None
        self._hull: Lengths | None = None
        self._compare(*[Edges(self, *self._edges_of(boxes)) for boxes in (pred, target)])

    def rescaled(self, ratio: float) -> Geometry:
        """The same with sides times a ratio, about the centres, as seen from the target's low edges.

        So no edge is rounded where it lies; `boxes_of` needs this one, the boxes as given.
        """
        g, share = copy.copy(self), 0.5 - 0.5 * ratio
        pred_side, target_side = [[ratio * side for side in own.extent] for own in (self.pred, self.target)]
        inward = [share * (a - b) for a, b in zip(self.pred.extent, self.target.extent)]
        low, high = [[way + sign * d for way, d in zip(ways, inward)] for ways, sign in zip(self.ways(), (1.0, -1.0))]
        pred = Edges(g, low, [side + way for side, way in zip(target_side, high)], pred_side)
        target = Edges(g, [g.xp.zeros_like(side) for side in target_side], target_side, target_side)
        pred.share = target.share = share
        # From the high edge of the one to the low edge of the other, by way of the shorter side.
        spans = []
        for p, t, a, b in zip(pred_side, target_side, low, high):
            short = p < t
            spans.append((g.xp.where(short, p + a, t + b), g.xp.where(short, p - b, t - a)))
        g._signed = [self._least(p, t, *span) for p, t, span in zip(pred_side, target_side, spans)]
        g._hull = [self._most(p, t, *span) for p, t, span in zip(pred_side, target_side, spans)]
        g._compare(pred, target)
        g._ways = low, high
        return g

    def _least(self, a: Array, b: Array, c: Array, d: Array) -> Array:
        return self.xp.minimum(self.xp.minimum(a, b), self.xp.minimum(c, d))

    def _most(self, a: Array, b: Array, c: Array, d: Array) -> Array:
        return self.xp.maximum(self.xp.maximum(a, b), self.xp.maximum(c, d))

    def _edges_of(self, boxes: Array) -> tuple[Lengths, Lengths]:
        """Low and high edges."""
        if self.fused:
            x1, y1, x2, y2 = column_list(self.xp, boxes)
            return [x1, y1], [x2, y2]
        low, high = halves(self.xp, to_columns(self.xp, boxes))
        return [low], [high]

    def _compare(self, pred: Edges, target: Edges) -> None:
        xp, self.pred, self.target = self.xp, pred, target
        self._ways: tuple[Lengths, Lengths] | None = None
        self.overlap = [at_least(xp, side, 0.0) for side in self.signed_overlap()]
        self.overlap_sides = self.both(self.overlap)

        (w, h), (wt, ht), (iw, ih) = self.pred.sides, self.target.sides, self.overlap_sides
        self.inter = rounded(xp, iw * ih)
        # Both terms are at least 0 and rounding is monotone, so inter <= union holds in floating point as well,
        # and they are equal for equal boxes.
        self.union = denominator(xp, rounded(xp, w * h) + (rounded(xp, wt * ht) - self.inter))
        self.iou = self.inter / self.union

    def _edges(self) -> Iterable[tuple[Array, Array, Array, Array]]:
        return zip(self.pred.low, self.pred.high, self.target.low, self.target.high)

    def signed_overlap(self) -> Lengths:
        """Sides of the overlap; minus the gap where boxes do not overlap."""
        if self._signed is not None:
            return self._signed
        return [self.xp.minimum(p2, t2) - self.xp.maximum(p1, t1) for p1, p2, t1, t2 in self._edges()]

    def hull(self) -> Lengths:
        """Sides of the smallest box around both."""
        if self._hull is not None:
            return self._hull
        return [self.xp.maximum(p2, t2) - self.xp.minimum(p1, t1) for p1, p2, t1, t2 in self._edges()]

    def ways(self) -> tuple[Lengths, Lengths]:
        """From the target's low edges to the prediction's, and from high to high."""
        if self._ways is None:
            low = [p1 - t1 for p1, _, t1, _ in self._edges()]
            high = [p2 - t2 for _, p2, _, t2 in self._edges()]
            self._ways = low, high
        return self._ways

    def both(self, lengths: Lengths) -> tuple[Array, Array]:
        """The x part and the y part of a quantity."""
        x, y = lengths if self.fused else unstacked(self.xp, lengths[0])
        return x, y

    def lengthwise(self, x: Array, y: Array) -> Lengths:
        """The opposite of `both`."""
        return [x, y] if self.fused else [stacked(self.xp, x, y)]

    def sum(self, lengths: Lengths) -> Array:
        x, y = self.both(lengths)
        return x + y


def plus(a: Lengths | None, b: Lengths | None) -> Lengths | None:
    """Sum of two quantities, of which None is nothing."""
    if a is None or b is None:
        return b if a is None else a
    return [x + y for x, y in zip(a, b)]


class Slopes(NamedTuple):
    """Partial derivatives of one number a pair with respect to the lengths of `Geometry`; None where there is none.

    `inter` and `union` are areas, the others exist once an axis. `half_hull` is half of the slope for each side of the
    hull, because that half is what is needed. `offset` is with respect to a shift of the whole prediction, counted half
    for each of its two corners; `low` and `high` are with respect to each corner's own way from the target's.
    """

    inter: Array
    union: Array
    half_hull: Lengths | None = None
    pred_side: Lengths | None = None
    target_side: Lengths | None = None
    offset: Lengths | None = None
    low: Lengths | None = None
    high: Lengths | None = None


Corners = tuple[Lengths, Lengths] | None
"""Slopes along the low and along the high edges of a set of boxes."""


def to_corners(g: Geometry, slopes: Slopes, factor: Array | float | None, wanted: Wanted) -> list[Array | None]:
    """From slopes of m to those of 1 - m along both sets of boxes (..., 4), as wanted, times a row's factor."""
    return boxes_of(g, along_edges(g, slopes, factor, wanted))


def boxes_of(g: Geometry, corners: Sequence[Corners]) -> list[Array | None]:
    """Slopes along edges side by side, and what an inverted box would gain at its second edge at the first."""
    found: list[Array | None] = []
    for own, part in zip((g.pred, g.target), corners):
        if part is None:
            found.append(None)
            continue
        lows, highs = [], []
        for low, high, closed, given in zip(*part, own.high, own.given):
            stray = high * g.xp.sign(closed - given)
            lows.append(low + stray)
            highs.append(high - stray)
        found.append(to_rows(g.xp, (*g.both(lows), *g.both(highs))))
    return found


def along_edges(g: Geometry, slopes: Slopes, factor: Array | float | None, wanted: Wanted) -> list[Corners]:
    """From slopes of m to those of 1 - m along the edges of both sets of boxes, before any rescaling.

    Of two low edges one bounds the overlap and the other the hull, of two high edges likewise. So an edge has the slope
    of the one or of the other, and the mean of both at a tie: half their sum, plus or minus half their difference.
    """
    xp = g.xp
    ix, iy = g.overlap_sides
    # union = area + area - inter. A side of the overlap that is 0 has slope 0; the sign comes first, because the slope
    # of the area can be too large to be multiplied by a side.
    half_area = 0.5 * (slopes.inter - slopes.union)
    total = [half_area * (other * xp.sign(o)) for other, o in zip(g.lengthwise(iy, ix), g.overlap)]
    difference = total
    if slopes.half_hull is not None:
        difference = [a - b for a, b in zip(total, slopes.half_hull)]
        total = [a + b for a, b in zip(total, slopes.half_hull)]
    shift_low, shift_high = plus(slopes.offset, slopes.low), plus(slopes.offset, slopes.high)
    low_way, high_way = g.ways()
    swing_low = [xp.sign(way) * d for way, d in zip(low_way, difference)]
    swing_high = [xp.sign(way) * d for way, d in zip(high_way, difference)]

    def edges(own: Edges, own_side: Lengths | None, sign: int) -> tuple[Lengths, Lengths]:
        side = plus(g.lengthwise(own.sides[1] * slopes.union, own.sides[0] * slopes.union), own_side) or []
        lows, highs = [], []
        for k, stretch in enumerate(side):
            stretch = stretch + total[k]
            low, high = (
                (stretch + swing_low[k], swing_high[k] - stretch)
                if sign > 0
                else (stretch - swing_low[k], -stretch - swing_high[k])
            )
            if shift_low is not None and shift_high is not None:
                low = low - shift_low[k] if sign > 0 else low + shift_low[k]
                high = high - shift_high[k] if sign > 0 else high + shift_high[k]
            if own.share:
                moved = own.share * (high - low)
                low, high = low + moved, high - moved
            lows.append(low if factor is None else low * factor)
            highs.append(high if factor is None else high * factor)
        return lows, highs

    return [
        edges(g.pred, slopes.pred_side, 1) if wanted[0] else None,
        edges(g.target, slopes.target_side, -1) if wanted[1] else None,
    ]
