"""Floor 2: formulas with their slopes: boxes, differences, logits, classes, distributions, regions, embeddings."""

from . import _composed as composed
from . import formulas_sides, rotated_kernels
from ._composed import MEMBERS
from ._composed import TERMS as POWERS
from ._geometry import Geometry
from ._kernel import Outcome, box_kernel, scaled_kernel
from .bins import distribution_expectation
from .boxes import ciou, diou, eiou, giou, ioa, iof, iou
from .formulas import Formula
from .keypoints import COCO_SIGMAS, oks
from .pairs import Mined, batch_hard, pairwise_distance, pairwise_similarity, semi_hard
from .penalties import Penalty, difference_kernel, short_difference_kernel
from .rotated import kfiou, probiou, rotated_giou, rotated_iou

__all__ = [
    "COCO_SIGMAS",
    "MEMBERS",
    "POWERS",
    "Formula",
    "Geometry",
    "Mined",
    "Outcome",
    "Penalty",
    "batch_hard",
    "box_kernel",
    "ciou",
    "composed",
    "difference_kernel",
    "diou",
    "distribution_expectation",
    "eiou",
    "formulas_sides",
    "giou",
    "ioa",
    "iof",
    "iou",
    "kfiou",
    "oks",
    "pairwise_distance",
    "pairwise_similarity",
    "probiou",
    "rotated_giou",
    "rotated_iou",
    "rotated_kernels",
    "scaled_kernel",
    "semi_hard",
    "short_difference_kernel",
]
