"""Floor 2: how much two boxes have in common. Measures broadcast: pairs and N x M tables come from one definition."""

from ._geometry import Geometry
from ._kernel import Outcome, box_rows
from .boxes import ciou, diou, eiou, giou, iou
from .formulas import Formula

__all__ = ["Formula", "Geometry", "Outcome", "box_rows", "ciou", "diou", "eiou", "giou", "iou"]
