"""Floor 2: boxes in other words: formats, corners and angles, distances from points, deltas from anchors, masks."""

from .deltas import decode_deltas, encode_deltas
from .distances import boxes_to_distances, distances_to_boxes
from .formats import box_area, clip_boxes, convert_boxes
from .masks import masks_to_boxes
from .rotated_formats import box_corners, corners_to_boxes, normalize_angles

__all__ = [
    "box_area",
    "box_corners",
    "boxes_to_distances",
    "clip_boxes",
    "convert_boxes",
    "corners_to_boxes",
    "decode_deltas",
    "distances_to_boxes",
    "encode_deltas",
    "masks_to_boxes",
    "normalize_angles",
]
