"""The faults that are planted, by what they are in."""

from . import binary, boxes, classes, regression, shared
from .fault import Fault

__all__ = ["FAULTS", "Fault"]

FAULTS: tuple[Fault, ...] = (
    *boxes.FAULTS,
    *regression.FAULTS,
    *binary.FAULTS,
    *classes.FAULTS,
    *shared.FAULTS,
)
