"""Losses that weigh each pixel by its distance from a boundary. The maps of distances are arguments.

What `regions.py` says of rows and masks holds here. The Array API has no distance transform;
`array_losses.distance_maps` makes the maps of NumPy arrays with SciPy.
"""

from __future__ import annotations

from .. import _check
from .._array import Array
from .._numerics import power
from ._regions import Region, layout, region_loss
from ._rows import Shared


def _boundary_rows(region: Region) -> tuple[Array, None]:
    probs, distances = [region.inside(x) for x in region.arrays]
    return region.mean(probs * distances), None


def _hausdorff_rows(region: Region, alpha: float) -> tuple[Array, None]:
    probs, targets, *distances = [region.inside(x) for x in region.arrays]
    far = [power(region.xp, d, alpha) for d in distances]
    error = probs - targets
    return region.mean(error * error * (far[0] + far[1])), None


def boundary_loss(
    probs: Array,
    distance_map: Array,
    *,
    axis: int | None,
    batch_axes: int | tuple[int, ...] = 0,
    mask: Array | None = None,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Boundary loss, the mean over a region of p phi, phi the signed distance to the target's boundary.

    .. math::

        L = \frac{1}{n} \sum_i p_i \phi_i

    The sum is over the n pixels i of a region. Charges a prediction p by how far from the target it is, which a loss
    of regions does not see. Used beside one of those.

    Parameters
    ----------
    probs : array of real dtype
        Predicted probabilities, one number a class and pixel.
    distance_map : array, shape of probs, real dtype
        phi: positive outside of the target, negative inside; all 0 for an absent class.
    axis : int or None
        The axis of the classes; None where there is none. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), (*batch) without class axis, or () with a reduction; at least float32
        Any sign; the least value is that of the target itself.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    Linear in p. `distance_maps.signed_distance` makes phi as the authors do, 0 on the inner border. LIVIA's
    `SurfaceLoss` is ``axis=1, reduction="mean"`` of the classes it is given. mmsegmentation's BoundaryLoss is
    another loss: a class-balanced cross-entropy of edges.

    References
    ----------
    Kervadec et al., arXiv:1812.07032, equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import boundary_loss
    >>> p, phi = np.asarray([[0.9, 0.6, 0.3, 0.2]]), np.asarray([[-1.0, 0.0, 1.0, 2.0]])
    >>> print(boundary_loss(p, phi, axis=None).round(4))  # (-0.9 + 0.3 + 0.4) / 4
    [-0.05]
    """
    _check.matched(probs=probs, distance_map=distance_map)
    lay = layout(axis, batch_axes, optional=True, probs=probs)
    shared = Shared(weights, where, normalizer, reduction)
    return region_loss(_boundary_rows, (), (probs, distance_map), lay, mask, shared)


def hausdorff_dt_loss(
    probs: Array,
    targets: Array,
    pred_distance: Array,
    target_distance: Array,
    *,
    axis: int | None,
    batch_axes: int | tuple[int, ...] = 0,
    alpha: float = 2.0,
    mask: Array | None = None,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Hausdorff loss by distance transforms, the mean over a region of (p - t)^2 (d_p^alpha + d_t^alpha).

    .. math::

        L = \frac{1}{n} \sum_i (p_i - t_i)^2 \, (d_{p,i}^\alpha + d_{t,i}^\alpha)

    The sum is over the n pixels i of a region; d_p and d_t are their distances from the boundaries of prediction and
    target. A smooth stand-in for the Hausdorff distance: an error costs more the farther it is from both boundaries.

    Parameters
    ----------
    probs : array of real dtype
        Predicted probabilities, one number a class and pixel.
    targets : array, shape of probs, real or boolean dtype
        What is there: 0, 1, or anything between.
    pred_distance, target_distance : array, shape of probs, real dtype
        d_p and d_t >= 0: the distances from the boundaries of the prediction (at 0.5) and of the target.
    axis : int or None
        The axis of the classes; None where there is none. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    alpha : float >= 0, default 2
        Exponent of the distances.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), (*batch) without class axis, or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    The maps are constants of the training step; `distance_maps.boundary_distance` makes them as MONAI's
    `HausdorffDTLoss` does, with 0 for an empty or full mask; that loss is ``axis=1, reduction="mean"``.
    mmsegmentation's HuasdorffDisstanceLoss compares the probability of class c with the number of the label, and is
    wrong for more than two classes. kornia's HausdorffERLoss erodes instead.

    References
    ----------
    Karimi and Salcudean, arXiv:1904.10030, equation 8.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import hausdorff_dt_loss
    >>> p, t = np.asarray([[0.9, 0.6, 0.3, 0.2]]), np.asarray([[1.0, 1.0, 0.0, 0.0]])
    >>> d = np.asarray([[2.0, 1.0, 1.0, 2.0]])
    >>> print(hausdorff_dt_loss(p, t, d, d, axis=None).round(4))  # (0.01 * 8 + 0.16 * 2 + 0.09 * 2 + 0.04 * 8) / 4
    [0.225]
    """
    _check.covered(probs, targets)
    _check.shaped(probs, tuple(probs.shape), pred_distance=pred_distance)
    _check.shaped(probs, tuple(probs.shape), target_distance=target_distance)
    lay = layout(axis, batch_axes, optional=True, probs=probs)
    options = (_check.number("alpha", alpha, 0.0),)
    shared = Shared(weights, where, normalizer, reduction)
    arrays = (probs, targets, pred_distance, target_distance)
    return region_loss(_hausdorff_rows, options, arrays, lay, mask, shared)
