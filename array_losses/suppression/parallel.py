"""Non-maximum suppression by tables: no sorting, no loop over boxes, shapes that depend on no value.

Everything is said by one table: box i comes before box j if its score is greater, or equal with i < j. What holds for
all of them, `soft_nms` included: leading axes are batches that stay apart; boxes of different labels never meet; a NaN
score has no place in the order, so that its box neither suppresses nor is suppressed, and stays a NaN; a box with a NaN
overlaps nothing. Scores are meant to be positive: of 0 nothing can be told.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from .. import _check
from .._array import Array, Namespace, computing_dtype, is_fused, is_jax, is_tape, is_torch, namespace
from ..autodiff import compiled, widened
from ..measures import iou

KERNELS = ("gaussian", "linear")


def fast_nms(boxes: Array, scores: Array, *, iou_threshold: float = 0.5, labels: Array | None = None) -> Array:
    r"""Fast NMS: suppress every box that overlaps one with a better score, even if that one is suppressed itself.

    .. math::

        s_j' = \begin{cases} 0 & \mathrm{IoU}_{ij} > \tau \text{ for an } i \prec j \\ s_j & \text{else} \end{cases}

    i comes before j if its score s_i is the better one; tau is `iou_threshold`. One table in place of a loop. It
    keeps a subset of what greedy NMS keeps: a chain a - b - c in which only neighbours overlap loses b and c, where
    greedy NMS keeps c.

    Parameters
    ----------
    boxes : array, shape (..., N, 4), real dtype
        Boxes (x1, y1, x2, y2).
    scores : array, shape (..., N), real dtype
        Their scores, in any order. Of equal ones the first is the better.
    iou_threshold : float in [0, 1], default 0.5
        A box is suppressed if an IoU is greater than this, as in torchvision.
    labels : array, shape (..., N), integers, optional
        Boxes of different labels never suppress each other.

    Returns
    -------
    array, shape (..., N); at least float32
        The scores in the order they came in, those suppressed being 0. What is kept: ``result > 0`` for positive
        scores, ``result == scores`` for those of any sign but 0.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit, or the threshold is out of range.

    Notes
    -----
    The table of N x N overlaps is kept in memory. mmdetection's and ultralytics' `fast_nms` sort first and give
    indices. Gradients flow to the scores that are kept, none to boxes.

    References
    ----------
    D. Bolya et al., YOLACT, arXiv:1904.02689.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.suppression import fast_nms
    >>> b = np.asarray([[0.0, 0.0, 4.0, 4.0], [1.0, 0.0, 5.0, 4.0], [2.0, 0.0, 6.0, 4.0]])  # neighbours: IoU 12/20
    >>> print(fast_nms(b, np.asarray([0.9, 0.8, 0.7])))
    [0.9 0.  0. ]
    """
    xp = _check.scored_boxes(boxes, scores, labels)
    static = (_check.number("iou_threshold", iou_threshold, 0.0, 1.0),)
    return compiled(xp, _fast, static, boxes, scores, labels)


def _fast(threshold: float, boxes: Array, scores: Array, labels: Array | None) -> Array:
    xp, scores, beats = _beats(threshold, boxes, scores, labels)
    return xp.where(xp.any(beats, axis=-2), xp.zeros_like(scores), scores)


def cluster_nms(
    boxes: Array,
    scores: Array,
    *,
    iou_threshold: float = 0.5,
    labels: Array | None = None,
    iterations: int | None = None,
) -> Array:
    r"""Cluster NMS: exactly what greedy NMS keeps, found for all boxes at once.

    .. math::

        b_j^{(n+1)} &= \begin{cases}
            0 & \mathrm{IoU}_{ij} > \tau \text{ and } b_i^{(n)} = 1 \text{ for an } i \prec j \\
            1 & \text{else}
        \end{cases} \\
        s_j' &= b_j^{(\infty)} s_j, \qquad b_j^{(0)} = 1

    i comes before j if its score s_i is the better one; tau is `iou_threshold`. Starts with all boxes and repeats:
    a box is suppressed if it overlaps a better one that is not, until nothing changes. That takes one round more
    than the longest chain of suppressions, commonly three to five.

    Parameters
    ----------
    boxes : array, shape (..., N, 4), real dtype
        Boxes (x1, y1, x2, y2).
    scores : array, shape (..., N), real dtype
        Their scores, in any order. Of equal ones the first is the better.
    iou_threshold : float in [0, 1], default 0.5
        A box is suppressed if an IoU is greater than this, as in torchvision.
    labels : array, shape (..., N), integers, optional
        Boxes of different labels never suppress each other.
    iterations : int >= 1, optional
        Rounds to make, whether something changes or not. `torch.compile` and `torch.vmap` need it; nothing else does.

    Returns
    -------
    array, shape (..., N); at least float32
        The scores in the order they came in, those suppressed being 0. What is kept: ``result > 0`` for positive
        scores, ``result == scores`` for those of any sign but 0.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype, or `iterations` is no integer.
    ValueError
        If shapes do not fit, or an option is out of range.

    Notes
    -----
    With ``iterations=1`` this is `fast_nms`; N always suffice. Whether anything has changed is asked once a round,
    which waits for an accelerator, except in JAX, where the loop is part of the program.

    The table of N x N overlaps is kept in memory. torchvision's `nms` compares a float32 IoU with a double threshold,
    so that they may differ where both are equal; its `batched_nms` with indices is this with labels. Gradients flow to
    the scores that are kept, none to boxes.

    References
    ----------
    Z. Zheng et al., "Enhancing Geometric Factors in Model Learning and Inference", arXiv:2005.03572.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.suppression import cluster_nms
    >>> b = np.asarray([[0.0, 0.0, 4.0, 4.0], [1.0, 0.0, 5.0, 4.0], [2.0, 0.0, 6.0, 4.0]])  # neighbours: IoU 12/20
    >>> print(cluster_nms(b, np.asarray([0.9, 0.8, 0.7])))
    [0.9 0.  0.7]
    """
    xp = _check.scored_boxes(boxes, scores, labels)
    if iterations is not None:
        _check.at_least_one("iterations", iterations)
    elif is_torch(xp) and is_fused(xp):
        raise ValueError("iterations must be given under torch.compile, which has no loop until nothing changes")
    static = (_check.number("iou_threshold", iou_threshold, 0.0, 1.0), iterations)
    return compiled(xp, _cluster, static, boxes, scores, labels)


def _cluster(threshold: float, iterations: int | None, boxes: Array, scores: Array, labels: Array | None) -> Array:
    xp, scores, beats = _beats(threshold, boxes, scores, labels)

    def again(kept: Array) -> Array:
        return xp.logical_not(xp.any(xp.logical_and(beats, kept[..., :, None]), axis=-2))

    kept = _repeated(xp, again, xp.logical_not(xp.any(beats, axis=-2)), iterations)
    return xp.where(kept, scores, xp.zeros_like(scores))


def _repeated(xp: Namespace, again: Callable[[Array], Array], first: Array, iterations: int | None) -> Array:
    """The outcome of the first round, and of more until nothing changes or as many have been made."""
    if iterations is not None:
        for _ in range(iterations - 1):
            first = again(first)
        return first
    if is_jax(xp):

        def more(state: tuple[Array, Array]) -> Array:
            return xp.any(state[0] != state[1])

        def body(state: tuple[Array, Array]) -> tuple[Array, Array]:
            return state[1], again(state[1])

        return sys.modules["jax"].lax.while_loop(more, body, (first, again(first)))[1]
    last, found = first, again(first)
    while bool(xp.any(last != found)):
        last, found = found, again(found)
    return found


def matrix_nms(
    boxes: Array, scores: Array, *, kernel: str = "gaussian", sigma: float = 2.0, labels: Array | None = None
) -> Array:
    r"""Matrix NMS: scores decay with the overlap, discounted by how much the suppressor is suppressed itself.

    .. math::

        s_j' &= s_j \min\left(1, \min_{i \prec j} \frac{f(\mathrm{IoU}_{ij})}{f(c_i)}\right),
            \qquad c_i = \max_{k \prec i} \mathrm{IoU}_{ki} \\
        f(x) &= e^{-\sigma x^2} \quad \text{or} \quad f(x) = 1 - x

    i comes before j if its score s_i is the better one. c_i, the largest IoU of box i with a better one, is 0 for
    the best.

    Parameters
    ----------
    boxes : array, shape (..., N, 4), real dtype
        Boxes (x1, y1, x2, y2).
    scores : array, shape (..., N), real dtype
        Their scores, not negative, in any order. Of equal ones the first is the better.
    kernel : {"gaussian", "linear"}, default "gaussian"
        Which f.
    sigma : float > 0, default 2
        Of the Gaussian. Without influence on the linear one.
    labels : array, shape (..., N), integers, optional
        Boxes of different labels do not decay each other.

    Returns
    -------
    array, shape (..., N); at least float32
        Decayed scores in the order they came in. Keep those above some score, as 0.05.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit, or an option is unknown or out of range.

    Notes
    -----
    With the linear f a copy of a better box gets 0, and as c = 1 makes it decay nobody (0/0 counts as 1, where
    SOLOv2's code gives a NaN). The paper writes the Gaussian as exp(-x^2/sigma), its code and all that follow it as
    here. SOLOv2 and mmdetection's `mask_matrix_nms` compare masks; PaddleDetection's `matrix_nms` compares boxes.

    Gradients flow to scores and, through the overlaps, to boxes; of equal leasts each has its share. The table of
    N x N overlaps is kept in memory.

    References
    ----------
    X. Wang et al., SOLOv2, arXiv:2003.10152.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.suppression import matrix_nms
    >>> b = np.asarray([[0.0, 0.0, 4.0, 4.0], [1.0, 0.0, 5.0, 4.0], [2.0, 0.0, 6.0, 4.0]])  # IoU 12/20, 8/24, 12/20
    >>> print(matrix_nms(b, np.ones(3), kernel="linear").round(4))  # 1; 8/20; least of 16/24 and (8/20)/(8/20)
    [1.     0.4    0.6667]
    >>> print(matrix_nms(b, np.ones(3)).round(4))  # 1; exp(-2 * .36); exp(-2/9)
    [1.     0.4868 0.8007]
    """
    xp = _check.scored_boxes(boxes, scores, labels)
    _check.one_of("kernel", kernel, KERNELS)
    return compiled(xp, _matrix, (kernel, _check.positive("sigma", sigma)), boxes, scores, labels)


def _matrix(kernel: str, sigma: float, boxes: Array, scores: Array, labels: Array | None) -> Array:
    xp, boxes, scores, labels = together(boxes, scores, labels)
    if not boxes.shape[-2]:
        return scores
    table = widened(_overlaps(boxes), scores.dtype)
    met = _comes_before(xp, scores, labels) & (table > 0.0)
    table = xp.where(met, table, xp.zeros_like(table))
    discount = xp.max(table, axis=-2)[..., :, None]
    if kernel == "gaussian":
        pressure = xp.where(met, table * table - discount * discount, xp.zeros_like(table))
        return scores * xp.exp(-sigma * xp.max(pressure, axis=-2))
    free = 1.0 - discount
    met = met & (free > 0.0) & (table > discount)
    ratio = xp.where(met, (1.0 - table) / xp.where(free > 0.0, free, xp.ones_like(free)), xp.ones_like(table))
    return scores * xp.min(ratio, axis=-2)


def together(boxes: Array, scores: Array, labels: Array | None) -> tuple[Namespace, Array, Array, Array | None]:
    """The namespace, and all arrays in it; scores at least in float32."""
    xp = namespace(boxes, scores)
    if is_tape(xp):
        boxes, scores, labels = [xp.lift(x) for x in (boxes, scores, labels)]
    return xp, boxes, widened(scores, computing_dtype(xp, scores)), labels


def _overlaps(boxes: Array) -> Array:
    return iou(boxes[..., :, None, :], boxes[..., None, :, :])


def _beats(threshold: float, boxes: Array, scores: Array, labels: Array | None) -> tuple[Namespace, Array, Array]:
    """The namespace, the scores to return, and whether box i, the last axis but one, is to suppress box j."""
    xp, boxes, scores, labels = together(boxes, scores, labels)
    return xp, scores, _comes_before(xp, scores, labels) & (_overlaps(boxes) > threshold)


def _comes_before(xp: Namespace, scores: Array, labels: Array | None) -> Array:
    """Whether box i, the last axis but one, has a better score than box j of the same label."""
    of_i, of_j = scores[..., :, None], scores[..., None, :]
    upper = xp.triu(xp.ones_like(of_i + of_j), k=1) > 0.0
    before = (of_i > of_j) | ((of_i == of_j) & upper)
    return before if labels is None else before & (labels[..., :, None] == labels[..., None, :])
