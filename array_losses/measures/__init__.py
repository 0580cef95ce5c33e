"""Floor 2: formulas with their slopes: two boxes, a difference, a logit and its target, classes, distributions."""

from ._geometry import Geometry
from ._kernel import Outcome, box_kernel, scaled_kernel
from .bins import distribution_expectation
from .boxes import ciou, diou, eiou, giou, iou
from .formulas import Formula
from .penalties import Penalty, difference_kernel

__all__ = [
    "Formula",
    "Geometry",
    "Outcome",
    "Penalty",
    "box_kernel",
    "ciou",
    "difference_kernel",
    "diou",
    "distribution_expectation",
    "eiou",
    "giou",
    "iou",
    "scaled_kernel",
]
