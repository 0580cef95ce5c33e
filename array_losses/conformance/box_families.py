"""Families of boxes beside plain pairs: a batch of pairs with a running mean, rotated boxes, keypoints, and codings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from .families import BOXES, Family
from .inputs import boxes, coding, keypoints, rotated
from .reference import modern_boxes
from .reference import rotated as kinks

CENTRED_BOXES = BOXES._replace(
    name="boxes, centres and sides", least_slope=partial(modern_boxes.least_slope, centred=True)
)


@cache
def scaled_boxes(ratio: float, centred: bool = False) -> Family:
    """Pairs for losses that scale them about their centres."""
    least_slope = partial(modern_boxes.least_slope, ratio=ratio, centred=centred)
    name = "scaled boxes, centres and sides" if centred else "scaled boxes"
    return BOXES._replace(name=name, least_slope=least_slope)


BOX_BATCH = BOXES._replace(
    name="a batch of boxes, running mean",
    arguments=(*boxes.BOXES, boxes.MEAN),
    edges=boxes.edges_of_batch,
    ordinary=boxes.ordinary_batch,
    whole=(*boxes.WHOLE, 0.5),
    least_slope=lambda pred, target, mean: BOXES.least_slope and BOXES.least_slope(pred, target),
)


def _rotated(name: str, units: Callable[..., list[float]], least_slope: Callable[..., float]) -> Family:
    return Family(
        name,
        rotated.ROTATED,
        rotated.edges,
        rotated.ordinary,
        rotated.WHOLE,
        one_scale=True,
        least_slope=least_slope,
        units=units,
        has_axis=False,
    )


GAUSSIAN_BOXES = _rotated("rotated boxes as distributions", kinks.units_of_distributions, kinks.least_of_distributions)
ROTATED_BOXES = _rotated("rotated boxes", kinks.units_of_overlaps, kinks.least_of_overlaps)
ROTATED_BOXES_BY_LOGARITHM = _rotated("rotated boxes by logarithm", kinks.units_of_overlaps, kinks.least_of_logarithms)
ROTATED_BOXES_AND_HULL = _rotated("rotated boxes and their hull", kinks.units_of_overlaps, kinks.least_of_hulls)


def _keypoints(name: str, visible: bool) -> Family:
    return Family(
        name,
        keypoints.SEEN if visible else keypoints.KEYPOINTS,
        partial(keypoints.edges, visible),
        partial(keypoints.ordinary, visible),
        keypoints.WHOLE_SEEN if visible else keypoints.WHOLE,
        has_axis=False,
    )


KEYPOINTS = _keypoints("keypoints", visible=False)
VISIBLE_KEYPOINTS = _keypoints("keypoints, visible", visible=True)


def _coded(name: str, units: Callable[..., list[float]] | None = None) -> Family:
    rowed = coding.ROWED[name]
    return Family(
        name,
        rowed.arguments,
        partial(coding.edges, name),
        partial(coding.ordinary, name),
        rowed.whole,
        units=units,
        has_axis=False,
    )


def _by_side(box: tuple[float, ...]) -> list[float]:
    """Four lengths, of the size of the longer side, and an angle."""
    side = max(abs(box[2]), abs(box[3])) or 1.0
    return [side, side, side, side, 1.0]


UPRIGHT_BOXES = _coded("boxes")
CUT_BOXES = _coded("boxes and an image")
TURNED_BOXES = _coded("turned boxes", _by_side)
QUADRILATERALS = _coded("corners")
BOXES_AND_ANCHORS = _coded("boxes and anchors")
DELTAS_AND_ANCHORS = _coded("deltas and anchors")
POINTS_AND_BOXES = _coded("points and boxes")
POINTS_AND_DISTANCES = _coded("points and distances")
CODED = (
    UPRIGHT_BOXES,
    CUT_BOXES,
    TURNED_BOXES,
    QUADRILATERALS,
    BOXES_AND_ANCHORS,
    DELTAS_AND_ANCHORS,
    POINTS_AND_BOXES,
    POINTS_AND_DISTANCES,
)
"""Of functions that say boxes in other words."""
