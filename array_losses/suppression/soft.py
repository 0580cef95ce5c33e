"""Soft-NMS, one box after the other."""

from __future__ import annotations

import sys

from .. import _check
from .._array import Array, Namespace, is_jax
from .._numerics import one_hot, pick, rows_at
from ..autodiff import compiled, widened
from ..measures import iou
from .parallel import KERNELS, together


def soft_nms(
    boxes: Array,
    scores: Array,
    *,
    method: str = "gaussian",
    sigma: float = 0.5,
    iou_threshold: float = 0.3,
    labels: Array | None = None,
) -> Array:
    r"""Soft-NMS: the best box that is left lowers the scores of all that overlap it, again and again.

    .. math::

        s_j \leftarrow s_j\, e^{-\mathrm{IoU}_{ij}^2/\sigma}
        \qquad \text{or} \qquad s_j \leftarrow s_j (1 - \mathrm{IoU}_{ij}) \quad \text{where } \mathrm{IoU}_{ij} > \tau

    Each of N steps takes the box i with the greatest score and does so to the score s_j of every box j not yet
    taken; tau is `iou_threshold`.

    Parameters
    ----------
    boxes : array, shape (..., N, 4), real dtype
        Boxes (x1, y1, x2, y2).
    scores : array, shape (..., N), real dtype
        Their scores, not negative, in any order. Of equal ones the first is the better.
    method : {"gaussian", "linear"}, default "gaussian"
        Which of the two factors.
    sigma : float > 0, default 0.5
        Of the Gaussian.
    iou_threshold : float in [0, 1], default 0.3
        Of the linear factor.
    labels : array, shape (..., N), integers, optional
        Boxes of different labels do not lower each other.

    Returns
    -------
    array, shape (..., N); at least float32
        Lowered scores in the order they came in. Keep those above some score, as 0.001.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit, or an option is unknown or out of range.

    Notes
    -----
    Sequential by definition: the scores of one step choose the box of the next, so that N steps take N times as long as
    one, under `torch.compile` also to compile; JAX loops within the program. No table of overlaps is kept. A NaN score
    stays one and is never taken. mmcv's and the authors' code leaves the loop at a lowest score; filter the result.

    Gradients flow to scores and, through the overlaps, to boxes.

    References
    ----------
    N. Bodla et al., "Soft-NMS", ICCV 2017, arXiv:1704.04503.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.suppression import soft_nms
    >>> b = np.asarray([[0.0, 0.0, 4.0, 4.0], [1.0, 0.0, 5.0, 4.0], [2.0, 0.0, 6.0, 4.0]])  # IoU 12/20, 8/24, 12/20
    >>> print(soft_nms(b, np.asarray([0.9, 0.8, 0.7]), method="linear").round(4))  # .7 (16/24), then .8 (.4) (.4)
    [0.9    0.128  0.4667]
    """
    xp = _check.scored_boxes(boxes, scores, labels)
    _check.one_of("method", method, KERNELS)
    knobs = (_check.positive("sigma", sigma), _check.number("iou_threshold", iou_threshold, 0.0, 1.0))
    return compiled(xp, _soft, (method, *knobs), boxes, scores, labels)


def _soft(method: str, sigma: float, threshold: float, boxes: Array, scores: Array, labels: Array | None) -> Array:
    xp, boxes, scores, labels = together(boxes, scores, labels)

    def step(_: int, state: tuple[Array, Array]) -> tuple[Array, Array]:
        scores, left = state
        index, taken = _best(xp, scores, left)
        left = left & xp.logical_not(taken)
        overlap = widened(iou(rows_at(xp, boxes, index[..., None]), boxes), scores.dtype)
        hit = left & xp.any(taken, axis=-1)[..., None] & (overlap > (threshold if method == "linear" else 0.0))
        if labels is not None:
            hit = hit & (pick(xp, labels, index)[..., None] == labels)
        overlap = xp.where(hit, overlap, xp.zeros_like(overlap))
        factor = 1.0 - overlap if method == "linear" else xp.exp(overlap * overlap * (-1.0 / sigma))
        return scores * factor, left

    state = scores, scores > -float("inf")
    count = int(boxes.shape[-2])
    if is_jax(xp) and count:
        found: Array = sys.modules["jax"].lax.fori_loop(0, count, step, state)[0]
        return found
    for i in range(count):
        state = step(i, state)
    return state[0]


def _best(xp: Namespace, scores: Array, left: Array) -> tuple[Array, Array]:
    """The index of the greatest score that is left, and where it is, if there is one."""
    index = xp.argmax(xp.where(left, scores, xp.full_like(scores, -float("inf"))), axis=-1)
    return index, one_hot(xp, index, scores) & left
