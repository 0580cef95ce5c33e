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

from .._array import Array, Namespace, columns, is_fused
from .._numerics import at_least, denominator

Lengths = list[Array]


class Edges:
    """One set of boxes: low edges, high edges with inverted boxes closed, high edges as given, and sides (w, h)."""

    def __init__(self, g: Geometry, boxes: Array) -> None:
        xp = g.xp
        if g.fused:
            x1, y1, x2, y2 = (boxes[..., i] for i in range(4))
            self.low, self.given = [x1, y1], [x2, y2]
        else:
            edges = columns(xp, boxes)
            self.low, self.given = [edges[:2, ...]], [edges[2:, ...]]
        self.high = [xp.maximum(low, given) for low, given in zip(self.low, self.given)]
        self.sides = g.both([high - low for low, high in zip(self.low, self.high)])


class Geometry:
    """Intersection, union and sides of each pair of boxes at once; hull and centre offset when asked for."""

    def __init__(self, xp: Namespace, pred: Array, target: Array) -> None:
        self.xp = xp
        self.fused = is_fused(xp)
        self.pred = Edges(self, pred)
        self.target = Edges(self, target)
        self.overlap = [
            at_least(xp, xp.minimum(p2, t2) - xp.maximum(p1, t1), 0.0) for p1, p2, t1, t2 in self._edges()
        ]
        self.overlap_sides = self.both(self.overlap)

        (w, h), (wt, ht), (iw, ih) = self.pred.sides, self.target.sides, self.overlap_sides
        self.inter = iw * ih
        # Both terms are at least 0 and rounding is monotone, so inter <= union holds in floating
        # point as well.
        self.union = denominator(xp, w * h + (wt * ht - self.inter))
        self.iou = self.inter / self.union

    def _edges(self) -> Iterable[tuple[Array, Array, Array, Array]]:
        return zip(self.pred.low, self.pred.high, self.target.low, self.target.high)

    def hull(self) -> Lengths:
        """Sides of the smallest box around both."""
        return [self.xp.maximum(p2, t2) - self.xp.minimum(p1, t1) for p1, p2, t1, t2 in self._edges()]

    def twice_offset(self) -> Lengths:
        """Twice the way from the target's centre to the prediction's."""
        return [(p1 + p2) - (t1 + t2) for p1, p2, t1, t2 in self._edges()]

    def both(self, lengths: Lengths) -> tuple[Array, Array]:
        """The x part and the y part of a quantity."""
        if self.fused:
            return lengths[0], lengths[1]
        return lengths[0][0, ...], lengths[0][1, ...]

    def lengthwise(self, x: Array, y: Array) -> Lengths:
        """The opposite of `both`."""
        return [x, y] if self.fused else [self.xp.stack((x, y))]

    def sum(self, lengths: Lengths) -> Array:
        x, y = self.both(lengths)
        return x + y

    def to_rows(self, low: Lengths, high: Lengths) -> Array:
        """Four corners a row, from what belongs to the low and to the high edges."""
        return self.xp.stack((*self.both(low), *self.both(high)), axis=-1)


def plus(a: Lengths | None, b: Lengths | None) -> Lengths | None:
    """Sum of two quantities, of which None is nothing."""
    if a is None or b is None:
        return b if a is None else a
    return [x + y for x, y in zip(a, b)]


class Slopes(NamedTuple):
    """Partial derivatives of one number a pair with respect to the lengths of `Geometry`; None where there is none.

    `inter` and `union` are areas, the others exist once an axis. `offset` is with respect to a shift of the
    whole prediction, counted half for each of its two corners; `low` and `high` are with respect to each
    corner's own way from the target's.
    """

    inter: Array
    union: Array
    hull: Lengths | None = None
    pred_side: Lengths | None = None
    target_side: Lengths | None = None
    offset: Lengths | None = None
    low: Lengths | None = None
    high: Lengths | None = None


def to_corners(
    g: Geometry, slopes: Slopes, factor: Array | None, wanted: Sequence[bool]
) -> list[Array | None]:
    """Slopes with respect to both sets of boxes (..., 4), as `wanted`, each times its row's factor."""
    xp = g.xp
    ix, iy = g.overlap_sides
    # union = area + area - inter. The overlap's side has slope 0 where it is 0.
    area = slopes.inter - slopes.union
    overlap = [s * xp.sign(o) for s, o in zip(g.lengthwise(iy * area, ix * area), g.overlap)]
    inner = overlap if slopes.hull is None else [a + b for a, b in zip(overlap, slopes.hull)]
    outer = overlap if slopes.hull is None else [a - b for a, b in zip(overlap, slopes.hull)]
    shift_low, shift_high = plus(slopes.offset, slopes.low), plus(slopes.offset, slopes.high)

    def rows(own: Edges, other: Edges, own_side: Lengths | None, toward: float) -> Array:
        side = plus(g.lengthwise(own.sides[1] * slopes.union, own.sides[0] * slopes.union), own_side)
        lows, highs = [], []
        for k, stretch in enumerate(side or []):
            # Of two edges one bounds the overlap and the other the hull; at a tie each box gets
            # half of both slopes.
            low = -0.5 * (inner[k] + xp.sign(own.low[k] - other.low[k]) * outer[k]) - stretch
            high = 0.5 * (inner[k] - xp.sign(own.high[k] - other.high[k]) * outer[k]) + stretch
            if shift_low is not None and shift_high is not None:
                low = low + toward * shift_low[k]
                high = high + toward * shift_high[k]
            # What an inverted box would gain at its second edge belongs to the first, where it stands.
            stray = high * xp.sign(own.high[k] - own.given[k])
            lows.append(low + stray if factor is None else (low + stray) * factor)
            highs.append(high - stray if factor is None else (high - stray) * factor)
        return g.to_rows(lows, highs)

    return [
        rows(g.pred, g.target, slopes.pred_side, 1.0) if wanted[0] else None,
        rows(g.target, g.pred, slopes.target_side, -1.0) if wanted[1] else None,
    ]
