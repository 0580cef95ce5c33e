"""The faults that are planted, by what they are in."""

from . import (
    binary,
    boxes,
    classes,
    derivatives,
    detection,
    embeddings,
    keypoints,
    modern_boxes,
    regions,
    regression,
    rotated,
    shared,
)
from .fault import Fault

__all__ = ["FAULTS", "Fault"]

FAULTS: tuple[Fault, ...] = (
    *boxes.FAULTS,
    *modern_boxes.FAULTS,
    *rotated.FAULTS,
    *keypoints.FAULTS,
    *regression.FAULTS,
    *binary.FAULTS,
    *classes.FAULTS,
    *embeddings.FAULTS,
    *regions.FAULTS,
    *detection.FAULTS,
    *derivatives.FAULTS,
    *shared.FAULTS,
)
