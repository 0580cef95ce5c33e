"""The loss of keypoints: 1 - OKS."""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array
from .._reduce import keep_rows, reduce_rows
from ..autodiff import closed_form, compiled
from ..measures.keypoints import RANKS, oks_kernel, sigma_parts, spreads
from ._rows import common


def oks_loss(
    pred: Array,
    target: Array,
    area: Array,
    *,
    sigmas: Any,
    visible: Array | None = None,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""OKS loss: the mean of 1 - exp(-d^2 / (2 (2 sigma)^2 area)) over the visible keypoints of an object.

    .. math::

        L = \frac{\sum_k v_k \left(1 - \exp\left(-\frac{d_k^2}{2 (2 \sigma_k)^2 a}\right)\right)}{\sum_k v_k}

    d_k is the distance of keypoint k from its target, sigma_k its spread, v_k 1 where it is visible and else 0; a
    is the area of the object. The similarity that poses are judged by, made a loss: a keypoint counts by its
    distance in units of how far annotators disagree about it on an object of this size, and one that is far away
    does not outweigh the others.

    Parameters
    ----------
    pred, target : array, shape (..., K, 2), real dtype
        Keypoints (x, y), of the same shape.
    area : array, shape (...), real dtype
        The area of each object.
    sigmas : K floats > 0, or array of shape (K,)
        How far annotations of each keypoint spread, in units of the root of the area. `COCO_SIGMAS` for persons.
    visible : array, shape (..., K), boolean, optional
        Keypoints to look at, all by default. COCO looks at those that are labelled (v > 0).
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 1].

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes differ or an option is unknown.

    Notes
    -----
    An object without a visible keypoint costs 0, has gradient 0, and leaves the mean's divisor. The area is a constant
    for the gradient; with an area of 0 or less a keypoint costs 0 exactly on its target and 1 elsewhere, with gradient
    0. Coordinates of keypoints that are not visible are never looked at. Computed without the difference 1 - OKS: a
    loss of 1e-7 has all its digits. The slope vanishes far from the target.

    Other projects, whose areas are those of boxes:

    - ultralytics' `KeypointLoss`: the same, but objects without a visible keypoint stay in the divisor
      (``normalizer=len(pred)``); adds 1e-9 to the area.
    - super-gradients: the same, with 0.53 times the area of the box.
    - mmyolo's `OksLoss`: exp(-(d/(sigma diag))^2 / 2), without the 2 at sigma and with the squared diagonal w^2 + h^2
      of the box in place of its area; ``area=(w**2 + h**2) / 4`` here.
    - PaddleDetection's `OKSLoss`: the same, or -ln(OKS); fails for an object without a visible keypoint.

    References
    ----------
    D. Maji et al., YOLO-Pose, arXiv:2204.06806.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.losses.keypoints import oks_loss
    >>> p, t = np.asarray([[[3.0, 4.0], [1.0, 1.0]]]), np.asarray([[[0.0, 0.0], [1.0, 1.0]]])
    >>> print(oks_loss(p, t, np.asarray([50.0]), sigmas=(0.25, 0.1)).round(6))  # (1 - exp(-25/25))/2
    [0.31606]
    """
    xp = _check.keypoints(pred, target, area, visible, sigmas)
    _check.matched(pred=pred, target=target)
    rows = tuple(pred.shape[:-2])
    _check.shaped(pred, rows, area=area)
    if visible is not None and tuple(visible.shape) != tuple(pred.shape[:-1]):
        raise ValueError(f"visible must have shape {tuple(pred.shape[:-1])}; got {tuple(visible.shape)}")
    _check.reduction(xp, pred, rows, weights, where, normalizer, reduction)
    given, array = sigma_parts(sigmas)
    static = (given, reduction)
    return compiled(xp, _compute_and_reduce, static, pred, target, area, visible, array, weights, where, normalizer)


def _compute_and_reduce(
    sigmas: tuple[float, ...] | None,
    reduction: str,
    pred: Array,
    target: Array,
    area: Array,
    visible: Array | None,
    array: Array | None,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
) -> Array:
    xp = common(pred, target, area, visible, array, weights, where)
    spread = spreads(sigmas, array, visible, pred, target)
    pred, target, area = keep_rows(xp, pred, where, 2), keep_rows(xp, target, where, 2), keep_rows(xp, area, where, 0)
    rows = closed_form(oks_kernel, RANKS, (True,), pred, target, area, spread)
    if visible is not None or array is not None or not sigmas:
        some = xp.any(spread > 0.0, axis=-1)
        where = some if where is None else xp.logical_and(some, where)
    return reduce_rows(xp, reduction, rows, weights, where, normalizer)
