"""Losses that look at a pixel's surroundings: centre lines, and local structure.

What `regions.py` says of rows holds here. A region is an image: it has two or three axes.
"""

from __future__ import annotations

import math
from typing import Any

from .. import _check
from .._array import Array
from ..measures.images import soft_skeleton, structural_dissimilarity
from ._regions import Layout, Region, layout, region_loss
from ._rows import Shared


def _image(lay: Layout, name: str) -> tuple[int, ...]:
    """The shape of a region."""
    sizes = tuple([lay.shape[i] for i in lay.own])
    if len(sizes) not in (2, 3):
        raise ValueError(f"{name} must have 2 or 3 region axes; got shape {lay.shape} with {len(sizes)}")
    return sizes


def _count(name: str, value: Any, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int; got {type(value).__name__}")
    if value < low:
        raise ValueError(f"{name} must be at least {low}; got {value}")
    return value


def _cl_dice_rows(region: Region, sizes: tuple[int, ...], iterations: int, smooth: float) -> tuple[Array, None]:
    xp = region.xp
    flat = [region.inside(x) for x in region.arrays]
    skeletons = []
    for x in flat:
        image = xp.reshape(x, (*x.shape[:-1], *sizes))
        skeletons.append(xp.reshape(soft_skeleton(xp, image, len(sizes), iterations), x.shape))
    shares = []
    for line, cover in zip(skeletons, reversed(flat)):
        inside, outside = xp.sum(line * cover, axis=-1) + smooth, xp.sum(line * (1.0 - cover), axis=-1)
        whole = inside + outside
        none = whole == 0.0
        # A skeleton without pixels is wholly covered.
        shares.append(xp.where(none, xp.zeros_like(whole), outside / xp.where(none, xp.ones_like(whole), whole)))
    imprecise, missed = shares
    precise, found = 1.0 - imprecise, 1.0 - missed
    both = precise + found
    none = both == 0.0
    wrong = precise * missed + found * imprecise
    return xp.where(none, xp.ones_like(both), wrong / xp.where(none, xp.ones_like(both), both)), None


def _ssim_rows(
    region: Region, sizes: tuple[int, ...], data_range: float, size: int, sigma: float, k1: float, k2: float
) -> tuple[Array, None]:
    xp, (x, y) = region.xp, [region.inside(x) for x in region.arrays]
    x, y = [xp.reshape(image, (*image.shape[:-1], *sizes)) for image in (x, y)]
    c1, c2 = (k1 * data_range) ** 2, (k2 * data_range) ** 2
    found = structural_dissimilarity(xp, x, y, len(sizes), size, sigma, c1, c2)
    own = found.ndim - len(sizes)
    return region.mean(xp.reshape(found, (*found.shape[:own], math.prod(found.shape[own:])))), None


def cl_dice_loss(
    probs: Array,
    targets: Array,
    *,
    axis: int | None,
    batch_axes: int | tuple[int, ...] = 0,
    iterations: int = 3,
    smooth: float = 1.0,
    mask: Array | None = None,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Centre-line Dice loss, 1 - 2ab/(a + b): the share a of p's skeleton inside t, and b of t's inside p.

    .. math::

        L &= 1 - \frac{2 a b}{a + b}, \qquad a = \frac{\sum_i S(p)_i \, t_i + s}{\sum_i S(p)_i + s},
        \qquad b = \frac{\sum_i S(t)_i \, p_i + s}{\sum_i S(t)_i + s} \\
        S_k &= S_{k - 1} + \max(0, R_k - S_{k - 1} R_k), \qquad S_{-1} = 0, \qquad S = S_K \\
        R_k &= \max\left(0, x_k - \text{dilate}(x_{k + 1})\right), \qquad x_{k + 1} = \text{erode}(x_k), \qquad x_0 = x

    S(x) is the skeleton of an image x after K `iterations`, i counts its pixels, s is `smooth`. Eroding takes the
    minimum over a cross of three pixels along each axis, dilating the maximum over a block of three along each.
    Charges broken vessels, roads and roots, whose few pixels a loss of areas hardly sees.

    Parameters
    ----------
    probs : array of real dtype
        Predicted probabilities, in images of two or three axes.
    targets : array, shape of probs, real or boolean dtype
        What is there: 0, 1, or anything between.
    axis : int or None
        The axis of the classes; None where there is none. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    iterations : int >= 0, default 3
        Erosions: at least the radius of the widest structure, in pixels.
    smooth : float >= 0, default 1
        Added to the numerators and denominators of a and b.
    mask : array, the shape without the class axis, boolean, optional
        Pixels outside count as 0, before the skeletons.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), (*batch) without class axis, or () with a reduction; at least float32
        Between 0 and 1 for probabilities and targets in [0, 1].

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    An empty skeleton is wholly covered. Used beside `dice_loss`, which the paper mixes in by half. MONAI's
    `SoftclDiceLoss` adds up a sample's classes; before 1.6 it took the target first, summed over the whole batch
    and left out channel 0, so that one channel cost nothing.

    References
    ----------
    Shit et al., arXiv:2003.07311, equations 1 to 3.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import cl_dice_loss
    >>> t = np.zeros((1, 5, 7))
    >>> t[:, 2, :] = 1.0
    >>> broken = t.copy()
    >>> broken[:, 2, 3] = 0.0
    >>> print(cl_dice_loss(broken, t, axis=None).round(4))  # a = 1, b = (6 + 1) / (7 + 1): 1 - 1.75/1.875
    [0.0667]
    """
    _check.covered(probs, targets)
    lay = layout(axis, batch_axes, optional=True, probs=probs)
    options = (_image(lay, "probs"), _count("iterations", iterations, 0), _check.number("smooth", smooth, 0.0))
    shared = Shared(weights, where, normalizer, reduction)
    return region_loss(_cl_dice_rows, options, (probs, targets), lay, mask, shared)


def ssim_loss(
    pred: Array,
    target: Array,
    *,
    axis: int | None,
    batch_axes: int | tuple[int, ...] = 0,
    data_range: float = 1.0,
    window_size: int = 11,
    sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Structural similarity loss, 1 - the mean SSIM of two images.

    .. math::

        L = 1 - \frac{1}{n} \sum_w \frac{(2 \mu_x \mu_y + C_1)(2 \sigma_{xy} + C_2)}
        {(\mu_x^2 + \mu_y^2 + C_1)(\sigma_x^2 + \sigma_y^2 + C_2)},
        \qquad C_1 = (k_1 R)^2, \quad C_2 = (k_2 R)^2

    w counts the n positions of a Gaussian window; mu are the means of both images x and y there, sigma^2 their
    variances and sigma_xy their covariance, by the window's weights. R is `data_range`. Compares local means,
    contrasts and patterns, where a sum of differences compares pixels.

    Parameters
    ----------
    pred, target : arrays of one shape and real dtype
        Images of two or three axes.
    axis : int or None
        The axis of the channels; None where there is none.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    data_range : float > 0, default 1
        The difference of the largest and the least possible value.
    window_size : int >= 1, default 11
        Pixels along each side of the Gaussian window; it must fit into the image.
    sigma : float > 0, default 1.5
        Standard deviation of the window, in pixels.
    k1, k2 : float > 0, default 0.01 and 0.03
        What keeps the ratios finite.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), (*batch) without channels, or () with a reduction; at least float32
        Between 0, for equal images, and 2.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    The mean is over the positions where the whole window fits, as in the authors' program and in scikit-image with
    ``use_sample_covariance=False``. kornia's `ssim_loss` continues the image by reflection, takes the mean over
    more positions, and halves. Variances are those of the window's weights.

    The window runs as a product of matrices along each axis, whose cost grows with the square of the image's side;
    memory does not.

    References
    ----------
    Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity, IEEE TIP 13(4), 2004,
    equation 13.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import ssim_loss
    >>> x = np.zeros((1, 12, 12))
    >>> print(ssim_loss(x, x, axis=None), ssim_loss(x, x + 1.0, axis=None).round(4))  # 1 - C1 / (1 + C1)
    [0.] [0.9999]
    """
    _check.matched(pred=pred, target=target)
    lay = layout(axis, batch_axes, optional=True, pred=pred)
    sizes = _image(lay, "pred")
    if _count("window_size", window_size, 1) > min(sizes):
        raise ValueError(f"window_size must be at most the smallest region axis, {min(sizes)}; got {window_size}")
    constants = [_check.positive(name, value) for name, value in (("sigma", sigma), ("k1", k1), ("k2", k2))]
    options = (sizes, _check.positive("data_range", data_range), window_size, *constants)
    shared = Shared(weights, where, normalizer, reduction)
    return region_loss(_ssim_rows, options, (pred, target), lay, None, shared)
