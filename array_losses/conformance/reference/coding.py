"""Areas and corners of boxes, boxes cut off at the edges of an image, and boxes coded by anchors and by points.

References
----------
R-CNN, arXiv:1311.2524, appendix C (deltas). FCOS, arXiv:1904.01355 (distances).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..dual import MP, Dual, absolute, cos, exp, larger, log, positive_part, sin, smaller, total
from .batches import Batch

Numbers = Sequence[Dual]
Number = float


def _results(*numbers: Dual) -> Batch:
    return Batch(list(numbers), [1] * len(numbers), [])


# Boxes by themselves --------------------------------------------------------------------------------------------------


def box_area(boxes: Any, format: str = "xyxy") -> Dual:
    """w h, sides below 0 counting as 0; of four corners, half the cross product of the diagonals."""
    if format == "xyxyxyxy":
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = boxes
        return absolute(total([(cx - ax) * (dy - by), -((cy - ay) * (dx - bx))])) * 0.5
    width, height = (boxes[2] - boxes[0], boxes[3] - boxes[1]) if format == "xyxy" else boxes[2:4]
    return positive_part(width) * positive_part(height)


def box_corners(boxes: Numbers) -> Batch:
    """The centre and half the sides, turned by the angle: (-w, -h), (w, -h), (w, h), (-w, h)."""
    cx, cy, w, h, angle = boxes
    found = []
    for a, b in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
        found.append(total([cx, a * w * cos(angle), -(b * h * sin(angle))]))
        found.append(total([cy, a * w * sin(angle), b * h * cos(angle)]))
    return _results(*found)


def clip_boxes(boxes: Numbers, image_size: tuple[Number, Number] | None, format: str = "xyxy") -> Batch:
    """Edges between 0 and the image's side; sides and centres are those of the edges, unless none was moved."""
    height, width = image_size or (1.0, 1.0)
    plain = format.removeprefix("rel_")
    columns = [_cut(boxes[axis], boxes[axis + 2], side, plain) for axis, side in enumerate((width, height))]
    return _results(*(column[0] for column in columns), *(column[1] for column in columns))


def _cut(first: Dual, second: Dual, side: Number, format: str) -> tuple[Dual, Dual]:
    """Of one axis: first and last edge ("xyxy"), first edge and side ("xywh"), or centre and side ("cxcywh")."""
    half = second * 0.5
    edges = {
        "xyxy": (first, second),
        "xywh": (first, total([first, second])),
        "cxcywh": (total([first, -half]), total([first, half])),
    }
    low, high = edges[format]
    left, right = (smaller(larger(edge, Dual(0)), Dual(side)) for edge in (low, high))
    if format == "xyxy":
        return left, right
    if left.value == low.value and right.value == high.value:
        return (left if format == "xywh" else first), second
    return (left if format == "xywh" else total([left * 0.5, right * 0.5])), total([right, -left])


# Deltas from anchors --------------------------------------------------------------------------------------------------


class Extent(NamedTuple):
    """A box along one axis."""

    centre: Dual
    side: Dual


def _extents(box: Numbers) -> list[Extent]:
    """Both axes; an inverted box is the empty one where its first edge is."""
    ends = [(low, larger(low, high)) for low, high in zip(box[:2], box[2:], strict=True)]
    return [Extent(total([low * 0.5, high * 0.5]), high - low) for low, high in ends]


def encode_deltas(boxes: Numbers, anchors: Numbers, tiny: float, weights: Sequence[Number] = (1, 1, 1, 1)) -> Batch:
    """w (x - xa) / wa and w ln(side / wa), the ratio at least the smallest normal number; both 0 for an anchor without
    extent, or with too little for quotient and slope to be numbers."""
    shifts, stretches = [], []
    for k, (box, anchor) in enumerate(zip(_extents(boxes), _extents(anchors), strict=True)):
        way, unit = total([box.centre, -anchor.centre]), anchor.side
        largest = max(abs(way.value), box.side.value)
        if largest * 4 * MP.mpf(tiny) >= unit.value * min(unit.value, 1):
            shifts.append(Dual(0))
            stretches.append(Dual(0))
            continue
        shifts.append(MP.mpf(weights[k]) * way / unit)
        share = box.side / unit
        stretches.append(MP.mpf(weights[2 + k]) * (log(share) if share.value >= tiny else Dual(MP.log(tiny))))
    return _results(*shifts, *stretches)


def decode_deltas(
    deltas: Numbers,
    anchors: Numbers,
    weights: Sequence[Number] = (1, 1, 1, 1),
    max_log_ratio: Number = 4.135166556742356,
) -> Batch:
    """Centre xa + dx wa / w and side wa exp(dw / w), the exponent at most ln(1000 / 16), without a slope from there."""
    lows, highs = [], []
    for k, anchor in enumerate(_extents(anchors)):
        stretch = deltas[2 + k] / MP.mpf(weights[2 + k])
        half = anchor.side * 0.5 * exp(stretch if stretch.value < max_log_ratio else Dual(max_log_ratio))
        shift = deltas[k] / MP.mpf(weights[k]) * anchor.side
        lows.append(total([anchor.centre, shift, -half]))
        highs.append(total([anchor.centre, shift, half]))
    return _results(*lows, *highs)


# Distances from points ------------------------------------------------------------------------------------------------


def boxes_to_distances(points: Numbers, boxes: Numbers, limit: Number | None = None) -> Batch:
    """(x - x1, y - y1, x2 - x, y2 - y), perhaps between 0 and a limit."""
    (x, y), (x1, y1, x2, y2) = points, boxes
    found = [x - x1, y - y1, x2 - x, y2 - y]
    if limit is not None:
        found = [smaller(larger(distance, Dual(0)), Dual(limit)) for distance in found]
    return _results(*found)


def distances_to_boxes(points: Numbers, distances: Numbers) -> Batch:
    """(x - left, y - top, x + right, y + bottom)."""
    (x, y), (left, top, right, bottom) = points, distances
    return _results(x - left, y - top, x + right, y + bottom)


ROWS: dict[str, Callable[..., Dual]] = {"box_area": box_area}
SEVERAL: dict[str, Callable[..., Batch]] = {
    "box_corners": box_corners,
    "boxes_to_distances": boxes_to_distances,
    "clip_boxes": clip_boxes,
    "decode_deltas": decode_deltas,
    "distances_to_boxes": distances_to_boxes,
    "encode_deltas": encode_deltas,
}
