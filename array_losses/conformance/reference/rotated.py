"""Measures and losses of one pair of rotated boxes: prediction and target, each as (cx, cy, w, h, angle).

Normal distributions by their matrices; areas by cutting one rectangle along the edges of the other. Where edges lie on
each other, the slopes are the mean of those on both sides of the kink. Nothing but "finite" is said (`ANYTHING`) of a
distribution without area and of slopes nearer to a kink than rounding can tell.

References
----------
ProbIoU, arXiv:2106.06072. GWD, arXiv:2101.11952. KLD, arXiv:2106.01883. KFIoU, arXiv:2201.12558. Rotated IoU,
arXiv:1908.03851. GIoU, arXiv:1902.09630.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from ..dual import MP, Dual, chain, coordinates, expm1, log, log1p, ratio, sqrt, square
from .modern_boxes import ANYTHING

Numbers = Sequence[Dual]
NOTHING = MP.mpf("1e-40")
"""What is left in 50 digits, relative to the terms, where a sum is 0."""


def _cos(x: Dual) -> Dual:
    return chain(MP.cos(x.value), (-MP.sin(x.value), x))


def _sin(x: Dual) -> Dual:
    return chain(MP.sin(x.value), (MP.cos(x.value), x))


def _side(x: Dual) -> Dual:
    """A side below 0 counts as 0."""
    return x if x.value > 0 else Dual(0)


def _settled(x: Dual, size: Any = 1) -> Dual:
    """0 with slope 0 for what is left of terms of that size that cancel."""
    return x if abs(x.value) > NOTHING * size else Dual(0)


# Normal distributions -------------------------------------------------------------------------------------------------


class Matrix(NamedTuple):
    """A symmetric one, ((xx, xy), (xy, yy))."""

    xx: Dual
    xy: Dual
    yy: Dual

    @property
    def det(self) -> Dual:
        return self.xx * self.yy - square(self.xy)

    @property
    def trace(self) -> Dual:
        return self.xx + self.yy

    @property
    def inverse(self) -> Matrix:
        det = self.det
        return Matrix(self.yy / det, -self.xy / det, self.xx / det)

    def plus(self, other: Matrix) -> Matrix:
        return Matrix(self.xx + other.xx, self.xy + other.xy, self.yy + other.yy)

    def of(self, x: Dual, y: Dual) -> Dual:
        """v^T M v."""
        return self.xx * square(x) + 2 * self.xy * x * y + self.yy * square(y)

    def trace_with(self, other: Matrix) -> Dual:
        """The trace of the product."""
        return self.xx * other.xx + 2 * self.xy * other.xy + self.yy * other.yy


def _covariance(box: Numbers, divisor: int) -> Matrix:
    """R diag(w^2, h^2) R^T / divisor."""
    _, _, width, height, angle = box
    along, across = square(_side(width)) / divisor, square(_side(height)) / divisor
    c, s = _cos(angle), _sin(angle)
    return Matrix(
        along * square(c) + across * square(s), (along - across) * c * s, along * square(s) + across * square(c)
    )


class Pair(NamedTuple):
    """The covariances of both boxes, and the way from the target's centre to the prediction's."""

    p: Matrix
    t: Matrix
    dx: Dual
    dy: Dual


def _has_area(box: Numbers) -> bool:
    return bool(box[2].value > 0 and box[3].value > 0)


def _distribution(measure: Callable[..., Dual]) -> Callable[..., Dual]:
    """The measure of two distributions as one of boxes; anything, for a box without area."""

    def of_boxes(pred: Numbers, target: Numbers, divisor: int = 4, **knobs: Any) -> Dual:
        if not (_has_area(pred) and _has_area(target)):
            return Dual(0, terms=MP.mpf(ANYTHING))
        p, t = (_covariance(box, divisor) for box in (pred, target))
        return measure(Pair(p, t, pred[0] - target[0], pred[1] - target[1]), **knobs)

    return of_boxes


def _bhattacharyya(pair: Pair) -> Dual:
    """d^T S^-1 d / 8 + ln(det S / sqrt(det Sp det St)) / 2, S the mean of both."""
    both = pair.p.plus(pair.t)
    mean = Matrix(both.xx * 0.5, both.xy * 0.5, both.yy * 0.5)
    apart = mean.inverse.of(pair.dx, pair.dy) / 8
    return _settled(apart + log(mean.det / sqrt(pair.p.det * pair.t.det)) / 2)


def _wasserstein2(pair: Pair) -> Dual:
    """rho^2 + tr Sp + tr St - 2 tr (Sp^1/2 St Sp^1/2)^1/2; of the root of a matrix M, tr^2 = tr M + 2 sqrt(det M)."""
    root = sqrt(pair.p.trace_with(pair.t) + 2 * sqrt(pair.p.det * pair.t.det))
    traces = pair.p.trace + pair.t.trace
    return square(pair.dx) + square(pair.dy) + _settled(traces - 2 * root, traces.value)


def _kullback_leibler(p: Matrix, q: Matrix, dx: Dual, dy: Dual) -> Dual:
    """KL(p || q) = (tr(q^-1 p) + d^T q^-1 d - 2 + ln(det q / det p)) / 2."""
    inverse = q.inverse
    traces = inverse.trace_with(p)
    return _settled((traces + inverse.of(dx, dy) - 2 + log(q.det / p.det)) / 2, traces.value)


def _processed(distance: Dual, transform: str, tau: float) -> Dual:
    """x = d, sqrt(d) or ln(1 + d); with tau, 1 - 1/(tau + x)."""
    x = {"none": lambda d: d, "sqrt": sqrt, "log1p": log1p}[transform](distance)
    found: Dual = x if tau == 0 else (x + (MP.mpf(tau) - 1)) / (x + MP.mpf(tau))
    return found


@_distribution
def _hellinger(pair: Pair) -> Dual:
    """sqrt(1 - exp(-B))."""
    return sqrt(-expm1(-_bhattacharyya(pair)))


def probiou(pred: Numbers, target: Numbers) -> Dual:
    """1 - sqrt(1 - exp(-B)), of covariances w^2/12."""
    return 1 - _hellinger(pred, target, divisor=12)


@_distribution
def _distance(pair: Pair, transform: str, tau: float) -> Dual:
    return _processed(_bhattacharyya(pair), transform, tau)


def probiou_loss(pred: Numbers, target: Numbers, form: str = "l1") -> Dual:
    """1 - ProbIoU; or B = -ln(1 - (1 - ProbIoU)^2)."""
    if form == "l1":
        return _hellinger(pred, target, divisor=12)
    return _distance(pred, target, divisor=12, transform="none", tau=0.0)


def bcd_loss(pred: Numbers, target: Numbers, transform: str = "log1p", tau: float = 1.0) -> Dual:
    return _distance(pred, target, transform=transform, tau=tau)


@_distribution
def gwd_loss(pair: Pair, transform: str = "log1p", tau: float = 1.0, normalize: bool = True) -> Dual:
    """The Wasserstein distance; over twice the eighth root of the determinants' product."""
    distance = sqrt(_wasserstein2(pair))
    if normalize:
        distance = distance / (2 * sqrt(sqrt(sqrt(pair.p.det * pair.t.det))))
    return _processed(distance, transform, tau)


@_distribution
def kld_loss(
    pair: Pair, direction: str = "target_pred", transform: str = "log1p", tau: float = 1.0, sqrt: bool = True
) -> Dual:
    """KL(target || pred), KL(pred || target), or the mean of both."""
    ways = {"target_pred": (True,), "pred_target": (False,), "jeffreys": (True, False)}[direction]
    divergence = Dual(0)
    for from_target in ways:
        p, q = (pair.t, pair.p) if from_target else (pair.p, pair.t)
        divergence += _kullback_leibler(p, q, pair.dx, pair.dy) / len(ways)
    return _processed(_root(divergence) if sqrt else divergence, transform, tau)


_root = sqrt


@_distribution
def kfiou(pair: Pair) -> Dual:
    """V3 / (V1 + V2 - V3), of the volumes V = sqrt(det S) of both and of their Kalman product."""
    first, second = sqrt(pair.p.det), sqrt(pair.t.det)
    product = sqrt(pair.p.inverse.plus(pair.t.inverse).inverse.det)
    return product / (first + second - product)


def kfiou_loss(pred: Numbers, target: Numbers, form: str = "linear") -> Dual:
    """1 - KFIoU, -ln(KFIoU), or exp(1 - KFIoU) - 1."""
    overlap = kfiou(pred, target)
    if overlap.terms:
        return overlap
    if form == "log":
        return 0 - log(overlap)
    return expm1(1 - overlap) if form == "exp" else 1 - overlap


# Rectangles -----------------------------------------------------------------------------------------------------------

Point = tuple[Dual, Dual]
Polygon = list[Point]


def _corners(box: Numbers) -> Polygon:
    """Counter-clockwise."""
    cx, cy, width, height, angle = box
    c, s = _cos(angle), _sin(angle)
    found = []
    for way, other in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
        along, across = way * _side(width), other * _side(height)
        found.append((cx + along * c - across * s, cy + along * s + across * c))
    return found


def _left_of(a: Point, b: Point, point: Point) -> Dual:
    """Twice the area of the triangle; above 0 for a point to the left of the way from a to b."""
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])


def _area(polygon: Polygon) -> Dual:
    """By the shoelace formula."""
    found = Dual(0)
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        found += x1 * y2 - x2 * y1
    return found * 0.5


def _cut(polygon: Polygon, by: Polygon) -> Polygon:
    """What of a convex polygon lies inside another, cut along one edge after the other."""
    for a, b in zip(by, by[1:] + by[:1], strict=True):
        heights = [_left_of(a, b, point) for point in polygon]
        kept: Polygon = []
        for k, point in enumerate(polygon):
            before, here, there = polygon[k - 1], heights[k], heights[k - 1]
            if (here.value >= 0) != (there.value >= 0):
                share = there / (there - here)
                kept.append(tuple(p + share * (q - p) for p, q in zip(before, point, strict=True)))  # type: ignore[arg-type]
            if here.value >= 0:
                kept.append(point)
        polygon = kept
    return polygon


def _hull(points: Polygon) -> Polygon:
    """By a monotone chain, counter-clockwise."""
    ordered = sorted(points, key=lambda point: (point[0].value, point[1].value))
    chains: list[Polygon] = []
    for way in (ordered, ordered[::-1]):
        found: Polygon = []
        for point in way:
            while len(found) > 1 and _left_of(found[-2], found[-1], point).value <= 0:
                found.pop()
            found.append(point)
        chains.append(found[:-1])
    return chains[0] + chains[1]


def _areas_of(pred: Numbers, target: Numbers) -> tuple[Dual, Dual]:
    """Of the intersection and of the hull."""
    p, t = _corners(pred), _corners(target)
    inter = _area(_cut(p, t)) if _has_area(pred) and _has_area(target) else Dual(0)
    size = _size(pred, target) ** 2
    return _settled(inter, size), _settled(_area(_hull(p + t)), size)


class Areas(NamedTuple):
    pred: Dual
    target: Dual
    inter: Dual
    hull: Dual

    @property
    def union(self) -> Dual:
        return self.pred + self.target - self.inter


def _areas(pred: Numbers, target: Numbers) -> Areas:
    every = (*pred, *target)
    inter, hull = (
        chain(value, *zip(slopes, every, strict=True)) for value, slopes in _found(tuple(x.value for x in every))
    )
    return Areas(_side(pred[2]) * _side(pred[3]), _side(target[2]) * _side(target[3]), inter, hull)


@cache
def _found(numbers: tuple[Any, ...]) -> list[tuple[Any, list[Any]]]:
    """Of the intersection and of the hull: area, and slopes along the ten numbers.

    Where edges lie on each other, the mean of the slopes a hair's breadth to either side: what belongs to the one box
    there belongs to the other here.
    """
    pred, target = _split(numbers)
    value = _areas_of(pred, target)
    beside = [value]
    if min(_gaps(numbers)) < NOTHING:
        step = _size(pred, target) * MP.mpf("1e-20")
        beside = []
        for sign in (1, -1):
            aside = (sign * step * way for way in ASIDE)
            there = [Dual(x.value + d, x.slopes) for x, d in zip((*pred, *target), aside, strict=True)]
            beside.append(_areas_of(there[:5], there[5:]))
    found = []
    for k, area in enumerate(value):
        slopes = [MP.fsum(side[k].slopes.get(place, 0) for side in beside) / len(beside) for place in range(10)]
        found.append((area.value, slopes))
    return found


ASIDE = [MP.mpf(x) / 97 for x in (61, -83, 37, 53, 29, -41, 19, 71, -23, 43)]
"""A way that leaves every kink."""


def _split(numbers: Sequence[Any]) -> tuple[list[Dual], list[Dual]]:
    pair = coordinates(numbers)
    return pair[:5], pair[5:]


def _size(pred: Numbers, target: Numbers) -> Any:
    """The distance of the centres and both diagonals: no two corners are farther apart."""
    between = MP.hypot(pred[0].value - target[0].value, pred[1].value - target[1].value)
    return between + sum(MP.hypot(_side(box[2]).value, _side(box[3]).value) for box in (pred, target))


def rotated_iou(pred: Numbers, target: Numbers) -> Dual:
    """I / U; 0 for two boxes without area."""
    found = _areas(pred, target)
    return ratio(found.inter, found.union)


def rotated_giou(pred: Numbers, target: Numbers) -> Dual:
    """IoU - (C - U) / C, with the area C of the convex hull; anything for boxes nearly on one line."""
    found = _areas(pred, target)
    if found.hull.value < 0.1 * NEAR * _size(pred, target) ** 2:
        return Dual(0, terms=MP.mpf(ANYTHING))
    return ratio(found.inter, found.union) - (1 - ratio(found.union, found.hull, otherwise=1))


def rotated_iou_loss(pred: Numbers, target: Numbers, form: str = "linear") -> Dual:
    """1 - IoU, -ln(IoU) capped at IoU = 1e-6 (slope 0 there), or 1 - IoU^2. Terms: the rounding errors of the IoU."""
    overlap = rotated_iou(pred, target)
    if form == "log":
        cap = MP.mpf("1e-6")
        found = 0 - (log(overlap) if overlap.value > cap else Dual(MP.log(cap)))
        return Dual(found.value, found.slopes, 1 / max(overlap.value, cap))
    return 1 - (square(overlap) if form == "square" else overlap)


def rotated_giou_loss(pred: Numbers, target: Numbers) -> Dual:
    return 1 - rotated_giou(pred, target)


# What slopes can be told ----------------------------------------------------------------------------------------------

NEAR = 1e-5
"""How near to a kink, relative to the size of both boxes, rounding may decide which side of it a row is on."""


def units_of_overlaps(pred: Sequence[float], target: Sequence[float]) -> list[float]:
    """What slopes of areas are counted in: the size of both boxes for centres and sides, 1 for angles."""
    size = float(_size(*_split((*pred, *target)))) or 1.0
    return [size, size, size, size, 1.0] * 2


def units_of_distributions(pred: Sequence[float], target: Sequence[float]) -> list[float]:
    """What slopes of distributions are counted in: sides, the least of both boxes for centres, and for an angle what
    moves the end of the longer side by the shorter."""
    least = min((*pred[2:4], *target[2:4]))
    if least <= 0:
        return [1.0] * 10
    return [unit for *_, w, h, _ in (pred, target) for unit in (least, least, w, h, min(w, h) / max(w, h))]


def least_of_distributions(pred: Sequence[float], target: Sequence[float]) -> float:
    """The slope, times the unit of each number, that the scale of a row's slopes is at least: 1; anything without area,
    or for boxes that are one but for a rounding, where roots have kinks."""
    p, t = _split((*pred, *target))
    if not (_has_area(p) and _has_area(t)):
        return ANYTHING
    apart = _hellinger(p, t, divisor=12).value
    return ANYTHING if 0 < apart < 0.1 * NEAR else 1.0


def least_of_overlaps(pred: Sequence[float], target: Sequence[float]) -> float:
    """The same for areas of intersections: anything near a kink, or touching."""
    return _least(pred, target, hull=False)


def least_of_logarithms(pred: Sequence[float], target: Sequence[float]) -> float:
    """The same for the logarithm of an IoU whose rounding errors are of size 1."""
    pair = _split((*pred, *target))
    overlap, units = rotated_iou(*pair), units_of_overlaps(pred, target)
    steepest = max(abs(float(overlap.slopes.get(place, 0))) * unit for place, unit in enumerate(units))
    return max(_least(pred, target, hull=False), max(steepest, 1.0) / max(float(overlap.value), 1e-6) ** 2)


def least_of_hulls(pred: Sequence[float], target: Sequence[float]) -> float:
    """The same for areas of hulls as well."""
    return _least(pred, target, hull=True)


def _least(pred: Sequence[float], target: Sequence[float], hull: bool) -> float:
    numbers = tuple(MP.mpf(x) for x in (*pred, *target))
    across, around = _gaps(numbers)
    ((inter, _), _) = _found(numbers)
    touching = across < NEAR and inter < NEAR * _size(*_split(numbers)) ** 2
    near = NOTHING < across < NEAR
    if hull and numbers[:5] != numbers[5:]:
        # Of three corners in line, each side of the kink has several more.
        near = near or around < NEAR
    without = not all(_has_area(box) for box in _split(numbers))
    if touching or near or without:
        return ANYTHING
    areas, size = _areas(*_split(numbers)), _size(*_split(numbers))
    # How far edges lie inside is as exact as the size of both boxes, and the slope of I / U is that length over U;
    # where edges nearly lie on each other, a rounding moves by 1/gap of itself the point where they cross.
    least = max(1.0, 0.1 * float(size**2 / areas.union.value), 0.05 / float(across) if across > NOTHING else 0.0)
    # The slope of (C - U) / C is that of C times U / C^2, and so exact are the corners of the hull.
    return max(least, 10 * float(size**2 * areas.union.value / areas.hull.value**2)) if hull else least


@cache
def _gaps(numbers: tuple[Any, ...]) -> tuple[Any, Any]:
    """How far from a kink, relative to the size of both boxes: the least distance of a corner of the one from the edges
    of the other; and of a corner from the edge of the hull that it does not end, or that would do without it."""
    pred, target = _split(numbers)
    p, t = _corners(pred), _corners(target)
    across = [_apart(a, b, corner) for by, of in ((p, t), (t, p)) for a, b in _edges(by) for corner in of]
    hull = _hull(p + t)
    ends = {id(corner) for corner in hull}
    around = [_apart(a, b, corner) for a, b in _edges(hull) for corner in p + t if id(corner) not in ends]
    around += [_apart(hull[k - 2], hull[k], hull[k - 1]) for k in range(len(hull))]
    size = _size(pred, target) or MP.mpf(1)
    return min(across) / size, min(around) / size


def _edges(polygon: Polygon) -> list[tuple[Point, Point]]:
    return list(zip(polygon, polygon[1:] + polygon[:1], strict=True))


def _apart(a: Point, b: Point, point: Point) -> Any:
    """The distance of a point from the edge between two others."""
    (ax, ay), (bx, by), (x, y) = ((x.value, y.value) for x, y in (a, b, point))
    length2 = (bx - ax) ** 2 + (by - ay) ** 2
    share = 0 if length2 == 0 else min(max(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2, 0), 1)
    return MP.hypot(ax + share * (bx - ax) - x, ay + share * (by - ay) - y)


ROWS: dict[str, Callable[..., Dual]] = {
    "probiou": probiou,
    "probiou_loss": probiou_loss,
    "bcd_loss": bcd_loss,
    "gwd_loss": gwd_loss,
    "kld_loss": kld_loss,
    "kfiou": kfiou,
    "kfiou_loss": kfiou_loss,
    "rotated_iou": rotated_iou,
    "rotated_giou": rotated_giou,
    "rotated_iou_loss": rotated_iou_loss,
    "rotated_giou_loss": rotated_giou_loss,
}
