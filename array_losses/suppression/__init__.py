"""Floor 3: what of overlapping detections remains: scores of the same shape, with nothing removed."""

from .parallel import cluster_nms, fast_nms, matrix_nms
from .soft import soft_nms

__all__ = ["cluster_nms", "fast_nms", "matrix_nms", "soft_nms"]
