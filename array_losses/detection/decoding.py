"""Boxes out of a head that tells the distances of their edges by distributions, as YOLOv8 and GFL do."""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array, namespace
from ..autodiff import compiled
from ..coding import distances_to_boxes
from ..measures import distribution_expectation


def decode_distributions(box_logits: Array, *, points: Array, strides: Array, num_bins: int = 16) -> Array:
    r"""Boxes in pixels: each edge as far from the anchor as the mean of its distribution over bins, times the stride.

    .. math::

        (x_1, y_1, x_2, y_2) &= (x - s d_1, y - s d_2, x + s d_3, y + s d_4) \\
        d_e &= \sum_{n=0}^{N-1} n\, p_{en}, \qquad p_{en} = \frac{e^{z_{en}}}{\sum_m e^{z_{em}}}

    (x, y) is the anchor, s its stride; z are the `box_logits` of its four edges e and their N bins n.

    Parameters
    ----------
    box_logits : array, shape (..., A, 4 num_bins), real dtype
        The bins of the left edge, then of the top, right and bottom one.
    points : array, shape (A, 2), real dtype
        The anchors, in pixels.
    strides : array, shape (A,), real dtype
        How many pixels a bin is.
    num_bins : int, default 16
        Bins of each edge.

    Returns
    -------
    array, shape (..., A, 4); at least float32
        Boxes (x1, y1, x2, y2).

    Raises
    ------
    TypeError
        If arrays are of different libraries or not of real dtype.
    ValueError
        If shapes do not fit.

    References
    ----------
    X. Li et al., "Generalized Focal Loss", NeurIPS 2020, arXiv:2006.04388.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import decode_distributions
    >>> logits = np.log(np.asarray([[1.0, 2.0, 1.0]] * 4)).reshape(1, 12)  # every mean is 1
    >>> print(decode_distributions(logits, points=np.asarray([[20.0, 12.0]]), strides=np.asarray([8.0]), num_bins=3))
    [[12.  4. 28. 20.]]
    """
    xp = _check.library(box_logits=box_logits, points=points, strides=strides)
    _check.real(xp, box_logits=box_logits, points=points, strides=strides)
    bins = _check.at_least_one("num_bins", num_bins)
    if box_logits.ndim < 2 or box_logits.shape[-1] != 4 * bins:
        raise ValueError(f"box_logits must have shape (..., A, {4 * bins}); got {tuple(box_logits.shape)}")
    anchors(int(box_logits.shape[-2]), points, strides)
    found: Array = compiled(xp, decoded, (bins,), box_logits, points, strides)
    return found


def anchors(count: int, points: Array, strides: Array) -> None:
    """Check points (A, 2) and strides (A,)."""
    if tuple(points.shape) != (count, 2):
        raise ValueError(f"points must have shape {(count, 2)}; got {tuple(points.shape)}")
    if tuple(strides.shape) != (count,):
        raise ValueError(f"strides must have shape {(count,)}; got {tuple(strides.shape)}")


def decoded(bins: int, box_logits: Array, points: Array, strides: Array) -> Array:
    xp = namespace(box_logits)
    distances: Any = distribution_expectation(xp.reshape(box_logits, (*box_logits.shape[:-1], 4, bins)))
    return distances_to_boxes(points, distances * strides[:, None])
