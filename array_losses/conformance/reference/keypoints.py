"""Object keypoint similarity of one object: keypoints, where they should be, the area, which of them are visible.

References
----------
arXiv:1707.05388 and cocodataset.org/#keypoints-eval (the similarity). YOLO-Pose, arXiv:2204.06806 (the loss).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..dual import MP, Dual, exp, expm1, square, total
from .batches import Batch

Points = Sequence[Sequence[Dual]]


def _exponents(pred: Points, target: Points, area: Dual, visible: Sequence[int] | None, sigmas: Any) -> list[Dual]:
    """d^2 / (2 (2 sigma)^2 area) of the visible keypoints, the area a constant for the gradient.

    On an area of 0 or less, infinite without slopes, but 0 exactly on the target.
    """
    found = []
    for k, ((x, y), (tx, ty)) in enumerate(zip(pred, target, strict=True)):
        if visible is not None and not visible[k]:
            continue
        distance2 = square(x - tx) + square(y - ty)
        if area.value > 0:
            found.append(distance2 / (2 * (2 * MP.mpf(sigmas[k])) ** 2 * area.value))
        else:
            found.append(Dual(0 if distance2.value == 0 else MP.inf))
    return found


def oks(pred: Points, target: Points, area: Dual, visible: Sequence[int] | None = None, *, sigmas: Any) -> Dual:
    """The mean of exp(-exponent) over the visible keypoints; 0 without one."""
    parts = [exp(-exponent) for exponent in _exponents(pred, target, area, visible, sigmas)]
    return total(parts) / max(1, len(parts))


def oks_loss(pred: Points, target: Points, area: Dual, visible: Sequence[int] | None = None, *, sigmas: Any) -> Batch:
    """The mean of 1 - exp(-exponent); an object without a visible keypoint costs 0 and does not count."""
    parts = [-expm1(-exponent) for exponent in _exponents(pred, target, area, visible, sigmas)]
    return Batch([total(parts) / max(1, len(parts))], [1 if parts else 0], [])


ROWS: dict[str, Callable[..., Dual]] = {"oks": oks}
SEVERAL: dict[str, Callable[..., Batch]] = {"oks_loss": oks_loss}
