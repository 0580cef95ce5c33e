"""Assignment by thresholds on the IoU of anchors and objects, as R-CNN, SSD and RetinaNet do it."""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array, Namespace, astype, to_index
from ..autodiff import compiled, constant
from ..measures import iof, iou
from . import _check_scene
from ._places import background, constants, real_boxes
from .assignment import Assignment, first_largest

LOW_QUALITY = ("own", "best")


def max_iou_assign(
    anchors: Array,
    boxes: Array,
    mask: Array,
    *,
    foreground_iou: float = 0.5,
    background_iou: float = 0.4,
    low_quality: str | None = "own",
    least_iou: float = 0.0,
    ignore_boxes: Array | None = None,
    ignore_mask: Array | None = None,
    ignore_ioa: float = 0.5,
) -> Assignment:
    r"""Assign to each anchor the object that it overlaps most, if that is enough.

    .. math::

        \text{anchor } a \text{ is } \begin{cases}
            \text{foreground} & u_a \ge \tau_f \\
            \text{ignored} & \tau_b \le u_a < \tau_f \\
            \text{background} & u_a < \tau_b
        \end{cases}, \qquad u_a = \max_g \mathrm{IoU}_{ag}

    g are the real objects, tau_f is `foreground_iou` and tau_b `background_iou`. So that no object goes without,
    anchors with which it has its largest IoU become foreground as well (`low_quality`).

    Parameters
    ----------
    anchors : array, shape (A, 4) or (..., A, 4), real dtype
        Anchors (x1, y1, x2, y2), or proposals of each image.
    boxes : array, shape (..., G, 4), real dtype
        The boxes of the objects.
    mask : array, shape (..., G), boolean
        Which of the objects are real; what stands in the other places is never looked at.
    foreground_iou, background_iou : float in [0, 1], default 0.5 and 0.4
        The thresholds; `background_iou` is not the greater one.
    low_quality : {"own", "best", None}, default "own"
        What the best anchors of an object, all of them if several are equally good, stand for: "own", for the object
        that they overlap most, which may be another one; "best", for the object whose best they are; None, nothing out
        of the ordinary.
    least_iou : float in [0, 1], default 0
        The IoU that a best anchor needs at least; always more than 0.
    ignore_boxes : array, shape (..., K, 4), real dtype, optional
        Regions, crowds for example, where anchors are neither foreground nor background.
    ignore_mask : array, shape (..., K), boolean, optional
        Which of them are real; all by default.
    ignore_ioa : float in [0, 1], default 0.5
        An anchor is ignored if more than this share of its area is in a single one of them.

    Returns
    -------
    Assignment
        `foreground`, `index`, `score` (1 in the foreground), `ignored`, each of shape (..., A). Without gradients.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown or out of range.

    Notes
    -----
    Of objects that an anchor overlaps equally the first wins. With "best", an anchor that is the best of several goes
    to the one that it overlaps most. An anchor that overlaps nothing, or has a NaN, is never foreground. In an image
    without objects all is background.

    Other projects: torchvision's and detectron2's `Matcher` with ``allow_low_quality_matches=True`` is "own", and
    without it None. They make all anchors foreground if an object overlaps none; torchvision's raises if there are no
    objects. mmdetection's `MaxIoUAssigner` is "best", with `least_iou` (`min_pos_iou`) at 0 or 0.3; there an anchor
    that is the best of several objects goes to the last. RetinaNet: 0.5 and 0.4; region proposals: 0.7 and 0.3; the
    second stage: 0.5, 0.5 and None. `ignore_ioa` is mmdetection's `ignore_iof_thr`.

    References
    ----------
    S. Ren et al., Faster R-CNN, NeurIPS 2015, arXiv:1506.01497, section 3.1.2.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import max_iou_assign
    >>> anchors = np.asarray([[0.0, 0.0, 8.0, 8.0], [0.0, 0.0, 8.0, 18.0], [9.0, 0.0, 16.0, 9.0], [0.0, 0.0, 4.0, 8.0]])
    >>> boxes = np.asarray([[0.0, 0.0, 8.0, 8.0], [8.0, 0.0, 40.0, 9.0]])
    >>> found = max_iou_assign(anchors, boxes, np.asarray([True, True]))  # IoU 1, 64/144, 63/288, 1/2
    >>> print(found.foreground, found.index, found.ignored)
    [ True False  True  True] [0 0 1 0] [False  True False False]
    """
    xp = _check.library(anchors=anchors, boxes=boxes, mask=mask)
    leading = tuple(boxes.shape[:-2])
    _check.real(xp, anchors=anchors)
    if anchors.ndim < 2 or anchors.shape[-1] != 4 or tuple(anchors.shape[:-2]) not in ((), leading):
        raise ValueError(f"anchors must have shape (A, 4) or {(*leading, 'A', 4)}; got {tuple(anchors.shape)}")
    _check_scene.ground_truth(xp, leading, boxes, mask)
    low = _check.number("background_iou", background_iou, 0.0, 1.0)
    high = _check.number("foreground_iou", foreground_iou, 0.0, 1.0)
    if low > high:
        raise ValueError(f"background_iou must not be greater than foreground_iou; got {low:g} and {high:g}")
    if low_quality is not None:
        _check.one_of("low_quality", low_quality, LOW_QUALITY)
    _check_ignored(boxes, leading, ignore_boxes, ignore_mask)
    shares = _check.number("least_iou", least_iou, 0.0, 1.0), _check.number("ignore_ioa", ignore_ioa, 0.0, 1.0)
    static = (low, high, low_quality, *shares)
    found: Any = compiled(xp, _assign, static, anchors, boxes, mask, ignore_boxes, ignore_mask)
    return Assignment(*found)


def _check_ignored(boxes: Array, leading: tuple[int, ...], regions: Array | None, mask: Array | None) -> None:
    if regions is None:
        if mask is not None:
            raise ValueError("ignore_mask must be None unless there are ignore_boxes")
        return
    _check.beside(boxes, ignore_boxes=regions)
    _check.ending((4,), ignore_boxes=regions)
    if tuple(regions.shape[:-2]) != leading or regions.ndim < 2:
        raise ValueError(f"ignore_boxes must have shape {(*leading, 'K', 4)}; got {tuple(regions.shape)}")
    if mask is not None:
        _check.beside(boxes, ignore_mask=mask)
        if tuple(mask.shape) != tuple(regions.shape[:-1]):
            raise ValueError(f"ignore_mask must have shape {tuple(regions.shape[:-1])}; got {tuple(mask.shape)}")
        _check.flags(1, ignore_mask=mask)


def _assign(
    low: float,
    high: float,
    low_quality: str | None,
    least: float,
    ignore_ioa: float,
    anchors: Array,
    boxes: Array,
    mask: Array,
    regions: Array | None,
    regions_mask: Array | None,
) -> Assignment:
    xp, dtype, (anchors, boxes) = constants(anchors, boxes)
    mask = constant(mask)
    shape = (*boxes.shape[:-2], anchors.shape[-2])
    excluded = None
    if regions is not None and regions.shape[-2] and anchors.shape[-2]:
        excluded = _excluded(xp, anchors, astype(xp, constant(regions), dtype), regions_mask, ignore_ioa)
    if not boxes.shape[-2] or not anchors.shape[-2]:
        found = background(xp, boxes, shape, dtype)
        return found if excluded is None else found._replace(ignored=excluded)
    table = iou(real_boxes(xp, boxes, mask)[..., :, None, :], anchors[..., None, :, :])
    met = table > 0.0  # never in the place of no object, whose box is without area
    if excluded is not None:
        met = met & ~excluded[..., None, :]
    table = xp.where(met, table, xp.zeros_like(table))
    largest, index = xp.max(table, axis=-2), first_largest(xp, table, -2)
    foreground = (largest >= high) & (largest > 0.0)
    if low_quality is not None:
        best = met & (table == xp.max(table, axis=-1, keepdims=True)) & (table >= least)
        is_best = xp.any(best, axis=-2)
        foreground = foreground | is_best
        if low_quality == "best":
            index = xp.where(is_best, first_largest(xp, xp.where(best, table, xp.zeros_like(table)), -2), index)
    ignored = xp.any(mask, axis=-1)[..., None] & ~foreground & (largest >= low)
    index = to_index(xp, xp.where(foreground, index, xp.zeros_like(index)))
    return Assignment(
        foreground, index, astype(xp, foreground, dtype), ignored if excluded is None else ignored | excluded
    )


def _excluded(xp: Namespace, anchors: Array, regions: Array, mask: Array | None, share: float) -> Array:
    """Whether more than a share of an anchor is in a region to ignore: (..., A)."""
    if mask is not None:
        mask = constant(mask)
        regions = real_boxes(xp, regions, mask)
    covered = iof(anchors[..., None, :, :], regions[..., :, None, :]) > share
    return xp.any(covered if mask is None else covered & mask[..., :, None], axis=-2)
