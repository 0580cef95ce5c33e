"""Floor 2: formulas with their slopes: boxes, differences, logits, classes, distributions, regions, embeddings."""

from ._geometry import Geometry
from ._kernel import Outcome, box_kernel, scaled_kernel
from .bins import distribution_expectation
from .boxes import ciou, diou, eiou, giou, iou
from .formulas import Formula
from .pairs import Mined, batch_hard, pairwise_distance, pairwise_similarity, semi_hard
from .penalties import Penalty, difference_kernel

__all__ = [
    "Formula",
    "Geometry",
    "Mined",
    "Outcome",
    "Penalty",
    "batch_hard",
    "box_kernel",
    "ciou",
    "difference_kernel",
    "diou",
    "distribution_expectation",
    "eiou",
    "giou",
    "iou",
    "pairwise_distance",
    "pairwise_similarity",
    "scaled_kernel",
    "semi_hard",
]
