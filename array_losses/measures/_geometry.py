"""Two sets of boxes as the few lengths that every IoU loss is made of, and the way back from slopes to corners.

A quantity that exists once an axis (a side, an offset) is a list. Under a compiler the list holds the x part
and the y part, each an array of the rows' shape; in eager mode, where the number of calls is the cost, it
holds both parts in one array, stacked in front. `Geometry.both` and `Geometry.lengthwise` convert; nothing
else needs to know.

Rules for odd boxes: a box with x2 < x1 is taken as the empty box with x2 = x1 (y likewise), so that every
formula keeps its range; a denominator of 0 gives a term of 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .._array import Array, Namespace, is_fused
from .._layout import column_list, halves, stacked, to_columns, to_rows, unstacked
from .._numerics import at_least, denominator, rounded

Lengths = list[Array]
Wanted = Sequence[bool]


class Edges:
    """One set of boxes: low edges, high edges with inverted boxes closed, high edges as given, and sides (w, h)."""

    def __init__(self, g: Geometry, boxes: Array) -> None:
        xp = g.xp
        if g.fused:
            x1, y1, x2, y2 = column_list(xp, boxes)
            self.low, self.given = [x1, y1], [x2, y2]
        else:
            low, given = halves(xp, to_columns(xp, boxes))
            self.low, self.given = [low], [given]
        self.high = [xp.maximum(low, given) for low, given in zip(self.low, self.given)]
        self.sides = g.both([high - low for low, high in zip(self.low, self.high)])


class Geometry:
    """Intersection, union and sides of each pair of boxes at once; hull and offsets when asked for."""

    def __init__(self, xp: Namespace, pred: Array, target: Array) -> None:
        self.xp = xp
        self.fused = is_fused(xp)
        self.pred = Edges(self, pred)
        self.target = Edges(self, target)
        self._ways: tuple[Lengths, Lengths] | None = None
        self.overlap = [at_least(xp, xp.minimum(p2, t2) - xp.maximum(p1, t1), 0.0) for p1, p2, t1, t2 in self._edges()]
        self.overlap_sides = self.both(self.overlap)

        (w, h), (wt, ht), (iw, ih) = self.pred.sides, self.target.sides, self.overlap_sides
        self.inter = rounded(xp, iw * ih)
        # Both terms are at least 0 and rounding is monotone, so inter <= union holds in floating point as well,
        # and they are equal for equal boxes.
        self.union = denominator(xp, rounded(xp, w * h) + (rounded(xp, wt * ht) - self.inter))
        self.iou = self.inter / self.union

    def _edges(self) -> Iterable[tuple[Array, Array, Array, Array]]:
        return zip(self.pred.low, self.pred.high, self.target.low, self.target.high)

    def hull(self) -> Lengths:
        """Sides of the smallest box around both."""
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


def to_corners(g: Geometry, slopes: Slopes, factor: Array | float | None, wanted: Wanted) -> list[Array | None]:
    """From slopes of m to those of 1 - m with respect to both sets of boxes (..., 4), as wanted, times a row's factor.

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

    def rows(own: Edges, own_side: Lengths | None, sign: int) -> Array:
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
            # What an inverted box would gain at its second edge belongs to the first, where it stands.
            stray = high * xp.sign(own.high[k] - own.given[k])
            low, high = low + stray, high - stray
            lows.append(low if factor is None else low * factor)
            highs.append(high if factor is None else high * factor)
        return to_rows(xp, (*g.both(lows), *g.both(highs)))

    return [
        rows(g.pred, slopes.pred_side, 1) if wanted[0] else None,
        rows(g.target, slopes.target_side, -1) if wanted[1] else None,
    ]
