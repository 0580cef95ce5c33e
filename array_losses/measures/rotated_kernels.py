"""Kernels of two rotated boxes: functions of their exact IoU, and of their distance as normal distributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .._array import Array, Namespace
from .._layout import to_rows
from .._numerics import denominator, reciprocal_or_zero
from ._gaussians import (
    bhattacharyya,
    divergence_of_both,
    divergence_of_first,
    divergence_of_second,
    gaussian_kernel,
    kalman,
    wasserstein,
)
from ._rectangles import Hull, Motion, Rectangle, intersection, motion, placed

__all__ = [
    "HALF",
    "PROBIOU",
    "as_it_is",
    "bhattacharyya",
    "divergence_of_both",
    "divergence_of_first",
    "divergence_of_second",
    "gaussian_kernel",
    "hellinger",
    "kalman",
    "rotated_kernel",
    "wasserstein",
]

PROBIOU = 12.0**0.5
"""Sides over standard deviations: those of a uniform distribution over the box."""
HALF = 2.0
"""The same, where the standard deviations are half of the sides."""


def rotated_kernel(
    xp: Namespace, boxes: Sequence[Array], wanted: Sequence[bool], hull: bool, outcome: Any, options: tuple[Any, ...]
) -> tuple[Array, list[Array | None]]:
    """A function of the IoU of two rotated boxes, or of the GIoU with `hull`."""
    pred, target = Rectangle(xp, boxes[0]), Rectangle(xp, boxes[1])
    inter = intersection(xp, pred, target, placed(xp, pred, target))
    areas = [4.0 * box.a * box.b for box in (pred, target)]
    union = xp.maximum(areas[0], areas[1]) + (xp.minimum(areas[0], areas[1]) - inter)
    per_union, union = reciprocal_or_zero(xp, union), denominator(xp, union)
    iou = inter / union
    around = Hull(xp, pred, target) if hull else None
    around_area = None if around is None else around.area()
    m = iou
    if around_area is not None:
        some = denominator(xp, around_area)
        m = iou - xp.maximum(some - union, xp.zeros_like(some)) / some
    value, rate = outcome(xp, m, *options)
    if True not in wanted:
        return value, [None, None]
    per_union = rate * per_union
    at_inter, at_area = per_union * (1.0 + iou), -per_union * iou
    hulls: tuple[Motion | None, Motion | None] = (None, None)
    at_hull = None
    if around is not None and around_area is not None:
        per_hull = reciprocal_or_zero(xp, around_area)
        at_inter, at_area = at_inter - rate * per_hull, at_area + rate * per_hull
        at_hull = -rate * union * per_hull * per_hull
        hulls = around.motions()

    def rows(own: Rectangle, frame: Rectangle, outer: Motion | None) -> Array:
        parts = [at_inter * part for part in motion(xp, own, frame)]
        parts[2], parts[3] = parts[2] + at_area * (2.0 * own.b), parts[3] + at_area * (2.0 * own.a)
        if outer is not None:
            parts = [part + at_hull * more for part, more in zip(parts, outer)]
        zero = xp.zeros_like(m)
        parts[2], parts[3] = xp.where(own.w < 0.0, zero, parts[2]), xp.where(own.h < 0.0, zero, parts[3])
        return to_rows(xp, parts)

    return value, [
        rows(pred, target, hulls[0]) if wanted[0] else None,
        rows(target, pred, hulls[1]) if wanted[1] else None,
    ]


class Outcome(NamedTuple):
    """What a number becomes, and the derivative."""

    value: Array
    rate: Array


def as_it_is(xp: Namespace, x: Array) -> Outcome:
    return Outcome(x, xp.ones_like(x))


def hellinger(xp: Namespace, distance: Array, similarity: bool) -> Outcome:
    """sqrt(1 - e^-B) of a Bhattacharyya distance B, or 1 minus that."""
    value = xp.sqrt(0.0 - xp.expm1(-distance))
    rate = 0.5 * xp.exp(-distance) * reciprocal_or_zero(xp, value)
    return Outcome(1.0 - value, -rate) if similarity else Outcome(value, rate)
