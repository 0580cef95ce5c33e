"""Distance maps for `boundary_loss` and `hausdorff_dt_loss`, of NumPy arrays, with SciPy: an extra, imported by name.

The maps are constants of the training step: make them from the targets, or from a detached prediction, and hand them on
as arrays of any library.

>>> import numpy as np
>>> from array_losses.distance_maps import boundary_distance, signed_distance
>>> mask = np.asarray([[0, 0, 1, 1, 1, 0]]) > 0
>>> print(signed_distance(mask, ndim=2))
[[ 2.  1.  0. -1.  0.  1.]]
>>> print(boundary_distance(mask, ndim=2))
[[2. 1. 1. 2. 1. 1.]]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt

from ._array import Array


def signed_distance(masks: Array, *, ndim: int, spacing: float | Sequence[float] = 1.0) -> Array:
    r"""The distance of each pixel from a mask, positive outside; inside, minus the distance from its inner border.

    .. math::

        \phi(x) = \begin{cases}
            \min_{y \in M} \lVert x - y \rVert & x \notin M \\
            e - \min_{y \notin M} \lVert x - y \rVert & x \in M
        \end{cases}

    x and y are pixels, M is the mask, and e the least of the lengths of a pixel.

    Parameters
    ----------
    masks : NumPy array, shape (..., image axes), boolean or numbers that are True above 0.5
        Masks of any number; each is an image of its own.
    ndim : int
        How many of the last axes are the image's.
    spacing : float or sequence of floats, default 1
        The length of a pixel along each axis of the image.

    Returns
    -------
    NumPy array, shape of masks, float32
        phi of `boundary_loss`: 0 on the mask's outermost pixels, and everywhere for an empty or a full mask.

    References
    ----------
    Kervadec et al., arXiv:1812.07032, equation 5.
    """
    lengths = np.broadcast_to(np.asarray(spacing, dtype=np.float64), (ndim,))
    border = float(lengths.min())

    def one(mask: Array) -> Array:
        if mask.all() or not mask.any():
            return np.zeros(mask.shape, dtype=np.float32)
        outside = distance_transform_edt(~mask, sampling=lengths)
        inside = distance_transform_edt(mask, sampling=lengths)
        return np.where(mask, border - inside, outside).astype(np.float32)

    return _each(one, masks, ndim)


def boundary_distance(masks: Array, *, ndim: int, spacing: float | Sequence[float] = 1.0) -> Array:
    r"""The distance of each pixel from the nearest one on the other side of the mask's boundary.

    .. math::

        d(x) = \begin{cases}
            \min_{y \notin M} \lVert x - y \rVert & x \in M \\
            \min_{y \in M} \lVert x - y \rVert & x \notin M
        \end{cases}

    x and y are pixels, M is the mask.

    Parameters
    ----------
    masks : NumPy array, shape (..., image axes), boolean or numbers that are True above 0.5
        Masks of any number; each is an image of its own.
    ndim : int
        How many of the last axes are the image's.
    spacing : float or sequence of floats, default 1
        The length of a pixel along each axis of the image.

    Returns
    -------
    NumPy array, shape of masks, float32
        d of `hausdorff_dt_loss`; 0 everywhere for an empty or a full mask, which has no boundary.

    References
    ----------
    Karimi and Salcudean, arXiv:1904.10030.
    """
    lengths = np.broadcast_to(np.asarray(spacing, dtype=np.float64), (ndim,))

    def one(mask: Array) -> Array:
        if mask.all() or not mask.any():
            return np.zeros(mask.shape, dtype=np.float32)
        there = distance_transform_edt(mask, sampling=lengths)
        return (there + distance_transform_edt(~mask, sampling=lengths)).astype(np.float32)

    return _each(one, masks, ndim)


def _each(function: Callable[[Array], Array], masks: Array, ndim: int) -> Array:
    """A function of one mask, of each of many."""
    if not 0 < ndim <= masks.ndim:
        raise ValueError(f"ndim must be between 1 and {masks.ndim}; got {ndim}")
    found = masks if masks.dtype == np.bool_ else masks > 0.5
    images = found.reshape(-1, *found.shape[found.ndim - ndim :])
    maps = [function(image) for image in images]
    return np.stack(maps).reshape(masks.shape) if maps else np.zeros(masks.shape, dtype=np.float32)
