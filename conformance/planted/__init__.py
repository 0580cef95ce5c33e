"""The faults that are planted, by what they are in."""

from . import binary, boxes, classes, embeddings, regions, regression, shared
from .fault import Fault

__all__ = ["FAULTS", "Fault"]

FAULTS: tuple[Fault, ...] = (
    *boxes.FAULTS,
    *regression.FAULTS,
    *binary.FAULTS,
    *classes.FAULTS,
    *embeddings.FAULTS,
    *regions.FAULTS,
    *shared.FAULTS,
)
