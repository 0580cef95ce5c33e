"""Boxes as deltas from anchors: the coding of R-CNN and its descendants."""

from __future__ import annotations

import math

from .. import _check
from .._array import Array, Namespace, namespace
from .._numerics import smallest_normal
from ..autodiff import compiled
from ._columns import absolute, closed, narrowed, part, prepared, side_by_side

MAX_LOG_RATIO = math.log(1000.0 / 16.0)
Weights = tuple[float, float, float, float]


def encode_deltas(boxes: Array, anchors: Array, *, weights: Weights = (1.0, 1.0, 1.0, 1.0)) -> Array:
    r"""What leads from anchors to boxes: wx (x - xa)/wa, wy (y - ya)/ha, ww ln(w/wa), wh ln(h/ha).

    .. math::

        d_x &= k_x \frac{x - x_a}{w_a}, \qquad d_w = k_w \ln \frac{w}{w_a} \\
        d_y &= k_y \frac{y - y_a}{h_a}, \qquad d_h = k_h \ln \frac{h}{h_a}

    (x, y), w and h are centre and sides of a box, (x_a, y_a), w_a and h_a those of its anchor; (k_x, k_y, k_w, k_h)
    are the `weights`.

    Parameters
    ----------
    boxes, anchors : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of one library whose leading axes broadcast.
    weights : four floats > 0, default (1, 1, 1, 1)
        Factors (wx, wy, ww, wh).

    Returns
    -------
    array, shape (..., 4), the wider dtype of the two
        The deltas.

    Raises
    ------
    TypeError
        If the arrays are of different libraries or not of real dtype, or weights are no numbers.
    ValueError
        If shapes do not fit.

    Notes
    -----
    Finite for every finite box. Along an axis where the anchor has no extent, or too little to be divided by, both
    deltas are 0. Where the box has none, ln(w/wa) ends at the logarithm of the smallest normal number, -87.3 in float32
    and -708.4 in float64, from which `decode_deltas` makes a box without extent again; the slope is 0 there. Inverted
    boxes have no extent. torchvision, mmdetection and detectron2 give infinities or fail there.

    torchvision and detectron2 have weights (10, 10, 5, 5) in the second stage. mmdetection's `means` and `stds` are
    ``(encode_deltas(...) - means) / stds``, with weights = 1/stds where means are 0; keras' `variance` (0.1, 0.1, 0.2,
    0.2) is 1/weights too.

    References
    ----------
    R. Girshick et al., R-CNN, arXiv:1311.2524, appendix C, equations 6 to 9.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.coding import encode_deltas
    >>> anchor, box = np.asarray([0.0, 0.0, 10.0, 20.0]), np.asarray([5.0, 0.0, 15.0, 10.0])
    >>> print(encode_deltas(box, anchor).round(4))  # 5/10, -5/20, ln 1, ln 1/2
    [ 0.5    -0.25    0.     -0.6931]
    """
    _check.ending((4,), boxes=boxes)
    xp = _check.library(boxes=boxes, anchors=anchors)
    _check.ending((4,), anchors=anchors)
    _check.leading((1, 1), boxes=boxes, anchors=anchors)
    return compiled(xp, _encoded, (_check.numbers("weights", weights, 4),), boxes, anchors)


def _encoded(weights: Weights, boxes: Array, anchors: Array) -> Array:
    xp = namespace(boxes, anchors)
    dtype, (boxes, anchors) = prepared(xp, boxes, anchors)
    shifts, stretches = [], []
    for i, (box, anchor) in enumerate(zip(closed(xp, boxes), closed(xp, anchors))):
        side, unit = part(box, "side"), part(anchor, "side")
        way = part(box, "center") - part(anchor, "center")
        none = _too_small(xp, way, unit) | _too_small(xp, side, unit)
        unit = xp.where(none, xp.ones_like(unit), unit)
        shifts.append(weights[i] * xp.where(none, xp.zeros_like(way), way / unit))
        least = smallest_normal(xp, side)
        ratio = side / unit
        # The logarithm ends after it is taken: its slope at the end, times a weight, may be infinite.
        ends = ratio < least
        one = xp.ones_like(ratio)
        log = xp.where(ends, math.log(least) * one, xp.log(xp.where(none | ends, one, ratio)))
        stretches.append(weights[2 + i] * xp.where(none, xp.zeros_like(log), log))
    return narrowed(xp, side_by_side(xp, *shifts, *stretches), dtype)


def _too_small(xp: Namespace, x: Array, unit: Array) -> Array:
    """Whether `unit` >= 0 is 0, or too small for x / unit and its slope x / unit^2 to be numbers."""
    return absolute(xp, x) * (4.0 * smallest_normal(xp, x)) >= unit * xp.minimum(unit, xp.ones_like(unit))


def decode_deltas(
    deltas: Array,
    anchors: Array,
    *,
    weights: Weights = (1.0, 1.0, 1.0, 1.0),
    max_log_ratio: float = MAX_LOG_RATIO,
) -> Array:
    r"""Boxes from anchors and deltas: the inverse of `encode_deltas`.

    .. math::

        x &= x_a + w_a \frac{d_x}{k_x}, \qquad w = w_a \exp \min\left(\frac{d_w}{k_w}, M\right) \\
        y &= y_a + h_a \frac{d_y}{k_y}, \qquad h = h_a \exp \min\left(\frac{d_h}{k_h}, M\right)

    (x, y), w and h are centre and sides of a box, (x_a, y_a), w_a and h_a those of its anchor; (k_x, k_y, k_w, k_h)
    are the `weights`, M is `max_log_ratio`.

    Parameters
    ----------
    deltas : array, shape (..., 4), real dtype
        (dx, dy, dw, dh).
    anchors : array, shape (..., 4), real dtype
        Boxes (x1, y1, x2, y2) of the same library; the leading axes of both broadcast.
    weights : four floats > 0, default (1, 1, 1, 1)
        Those of `encode_deltas`.
    max_log_ratio : float, default ln(1000/16)
        Where dw/ww and dh/wh end: a box is at most 62.5 times as wide as its anchor. From there on the slope is 0.

    Returns
    -------
    array, shape (..., 4), the wider dtype of the two
        Boxes (x1, y1, x2, y2).

    Raises
    ------
    TypeError
        If the arrays are of different libraries or not of real dtype, or options are no numbers.
    ValueError
        If shapes do not fit.

    Notes
    -----
    An anchor without extent gives a box without extent at the same place; inverted anchors are such.

    torchvision and detectron2 end at ln(1000/16) as well. mmdetection ends the ratio at both sides, at 16/1000 too, can
    clip the shift of the centre (`add_ctr_clamp`) and the result (`clip_boxes`); keras ends nowhere.

    References
    ----------
    R. Girshick et al., R-CNN, arXiv:1311.2524, appendix C, equations 1 to 4. The bound: detectron.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.coding import decode_deltas
    >>> anchor = np.asarray([0.0, 0.0, 10.0, 20.0])
    >>> print(decode_deltas(np.asarray([0.5, -0.25, 0.0, np.log(0.5)]), anchor))
    [ 5.  0. 15. 10.]
    """
    _check.ending((4,), deltas=deltas)
    xp = _check.library(deltas=deltas, anchors=anchors)
    _check.ending((4,), anchors=anchors)
    _check.leading((1, 1), deltas=deltas, anchors=anchors)
    static = (_check.numbers("weights", weights, 4), _check.number("max_log_ratio", max_log_ratio))
    return compiled(xp, _decoded, static, deltas, anchors)


def _decoded(weights: Weights, max_log_ratio: float, deltas: Array, anchors: Array) -> Array:
    xp = namespace(deltas, anchors)
    dtype, (deltas, anchors) = prepared(xp, deltas, anchors)
    lows, highs = [], []
    for i, anchor in enumerate(closed(xp, anchors)):
        unit = part(anchor, "side")
        log = deltas[..., 2 + i] / weights[2 + i]
        log = xp.where(log >= max_log_ratio, max_log_ratio + xp.zeros_like(log), log)
        center = part(anchor, "center") + deltas[..., i] / weights[i] * unit
        half = 0.5 * unit * xp.exp(log)
        lows.append(center - half)
        highs.append(center + half)
    return narrowed(xp, side_by_side(xp, *lows, *highs), dtype)
