"""Losses of instances that are told apart by an embedding of each pixel, over a stack of padded instance masks.

An instance's mask may be empty: it costs 0 and leaves the mean. Masks are K in number along the axis along which the
embedding lies, so that a batch whose images hold different numbers of instances has one shape.
"""

from __future__ import annotations

import math

from .. import _check
from .._array import Array, Namespace, astype, double, matmul
from .._numerics import logistic, relu
from ..autodiff import closed_form, stop_gradient, widened
from ..measures._pairs import distances
from ..measures.hardest import mean_kernel
from ..measures.lovasz import lovasz_kernel
from ._regions import Layout, Region, layout, ratio, region_loss
from ._rows import Shared

LARGEST_EXPONENT = 80.0  # of the precision e^(10 sigma): its exponential still is a float32


def _stack(lay: Layout, like: Array, masks: Array) -> Layout:
    """The layout of instance masks beside an embedding."""
    _check.beside(like, masks=masks)
    axis = lay.axis or 0
    found = tuple(masks.shape)
    if len(found) != len(lay.shape) or found[:axis] + found[axis + 1 :] != lay.pixels:
        wanted = (*lay.pixels[:axis], "K", *lay.pixels[axis:])
        raise ValueError(f"masks must have shape ({', '.join(map(str, wanted))}); got {found}")
    if not _check.library(masks=masks).isdtype(masks.dtype, "bool"):
        raise TypeError(f"masks must have a boolean dtype; got {masks.dtype}")
    return lay._replace(shape=found)


def _means(xp: Namespace, masks: Array, pixels: Array, count: Array) -> Array:
    """The mean of what the pixels of each mask have, summed in float64 where there is one: products of matrices add
    in no good order."""
    wide = double(xp, pixels)
    if wide is None:
        sums = matmul(xp, masks, pixels)
    else:
        sums = astype(xp, matmul(xp, astype(xp, masks, wide), astype(xp, pixels, wide)), pixels.dtype)
    return ratio(xp, sums, count[..., None])


def _hinge_rows(region: Region, margin: float) -> tuple[Array, Array]:
    xp, (embeddings, masks) = region.xp, region.arrays
    embeddings = region.inside(embeddings)
    if region.where is not None:
        masks = xp.logical_and(masks, region.where[..., None])
    inside = astype(xp, masks, embeddings.dtype)
    # What is not finite would reach all instances by way of the product; it belongs to those that have its pixel.
    known = embeddings - embeddings == 0.0
    lost = xp.any(xp.logical_and(masks, xp.any(xp.logical_not(known), axis=-2)[..., None, :]), axis=-1)
    pixels = xp.matrix_transpose(xp.where(known, embeddings, xp.zeros_like(embeddings)))
    count = xp.sum(inside, axis=-1)
    centers = _means(xp, inside, pixels, count)
    costs = relu(xp, distances(xp, centers, pixels) - margin)
    rows = closed_form(mean_kernel, (1, 1), (), costs, inside)
    return xp.where(lost, xp.full_like(rows, math.nan), rows), count > 0.0


def _spatial_rows(
    region: Region,
    center: str,
    foreground_weight: float,
    instance_weight: float,
    variance_weight: float,
    seed_weight: float,
) -> tuple[Array, None]:
    xp = region.xp
    dtype = region.dtype
    offsets, sigmas, seeds, masks, coordinates = [widened(x, dtype) for x in (*region.arrays, *region.extras)]
    coordinates = xp.reshape(coordinates, (coordinates.shape[0], -1))
    places = xp.tanh(offsets) + coordinates
    count = xp.sum(masks, axis=-1)
    anchors = xp.broadcast_to(coordinates, places.shape) if center == "coordinates" else places
    centers = _means(xp, masks, xp.matrix_transpose(anchors), count)
    spreads = _means(xp, masks, xp.matrix_transpose(sigmas), count)

    exponent = variance = xp.zeros_like(masks)
    for axis in range(places.shape[-2]):
        own = min(axis, sigmas.shape[-2] - 1)
        away = places[..., axis, :][..., None, :] - centers[..., axis][..., None]
        precision = xp.exp(xp.minimum(10.0 * spreads[..., own], xp.full_like(count, LARGEST_EXPONENT)))
        exponent = exponent + away * away * precision[..., None]
    for axis in range(sigmas.shape[-2]):
        gap = sigmas[..., axis, :][..., None, :] - stop_gradient(spreads[..., axis])[..., None]
        variance = variance + gap * gap / sigmas.shape[-2]
    near = xp.exp(-exponent)

    there = astype(xp, count > 0.0, dtype)
    instances = closed_form(lovasz_kernel, (1, 1), ("hinge",), 2.0 * near - 1.0, masks)
    variances = closed_form(mean_kernel, (1, 1), (), variance, masks)
    several = xp.sum(there, axis=-1)
    objects = ratio(xp, xp.sum(there * (instance_weight * instances + variance_weight * variances), axis=-1), several)
    seed = logistic(xp, seeds[..., 0, :]).p
    miss = seed[..., None, :] - stop_gradient(near)
    taken = xp.any(masks > 0.0, axis=-2)
    background = xp.where(taken, xp.zeros_like(seed), seed * seed)
    pixels = background + foreground_weight * xp.sum(masks * miss * miss, axis=-2)
    return objects + seed_weight * closed_form(mean_kernel, (1,), (), pixels), None


def embedding_hinge_loss(
    embeddings: Array,
    masks: Array,
    *,
    axis: int,
    margin: float,
    batch_axes: int | tuple[int, ...] = 0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Hinge loss of pixel embeddings, the mean over an instance's pixels of max(|e - C| - margin, 0), C their mean.

    .. math::

        L_k = \frac{1}{n_k} \sum_{i \in k} \max(0, |e_i - c_k| - m), \qquad c_k = \frac{1}{n_k} \sum_{i \in k} e_i

    The sums are over the n_k pixels i of instance k, e are their embeddings and c_k is the mean; m is `margin`. Draws
    the pixels of an instance together until all lie within a margin of its centre.

    Parameters
    ----------
    embeddings : array of real dtype
        A vector for each pixel, along `axis`.
    masks : array, shape of embeddings with K in place of `axis`, boolean
        The pixels of each of K instances. They may be empty, and may overlap.
    axis : int
        The axis of the embeddings, and of the instances in `masks`.
    margin : float >= 0
        Radius within which a pixel costs nothing, in units of the embedding.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each image by default.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, K), or () with a reduction; at least float32
        Not negative; 0 for an empty instance, which leaves the mean's divisor.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    The gradient flows through the centre too. Nothing here keeps instances apart; De Brabandere et al. add a term
    for that, and square the hinge.

    References
    ----------
    Neven et al., arXiv:1906.11109, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import embedding_hinge_loss
    >>> e = np.asarray([[[0.0, 2.0, 5.0, 9.0]]])  # one number for each of four pixels
    >>> m = np.asarray([[[True, True, False, False], [False, False, True, True]]])
    >>> print(embedding_hinge_loss(e, m, axis=1, margin=0.5))  # centres 1 and 7
    [[0.5 1.5]]
    """
    xp = _check.library(embeddings=embeddings)
    _check.real(xp, embeddings=embeddings)
    lay = _stack(layout(axis, batch_axes, embeddings=embeddings), embeddings, masks)
    options = (_check.number("margin", margin, 0.0),)
    shared = Shared(weights, where, normalizer, reduction)
    return region_loss(_hinge_rows, options, (embeddings, masks), lay, None, shared, together=True)


def spatial_embedding_loss(
    offsets: Array,
    sigmas: Array,
    seeds: Array,
    masks: Array,
    coordinates: Array,
    *,
    axis: int,
    batch_axes: int | tuple[int, ...] = 0,
    center: str = "embedding",
    foreground_weight: float = 10.0,
    instance_weight: float = 1.0,
    variance_weight: float = 10.0,
    seed_weight: float = 1.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Spatial embedding loss: pixels point to the centre of their instance, within a learned Gaussian margin.

    .. math::

        L &= \frac{1}{K} \sum_k \left(w_I \, H_k + \frac{w_V}{n_k} \sum_{i \in k} \frac{1}{D}
        \sum_a (\sigma_{ai} - s_{ak})^2\right) + \frac{w_S}{n} \left(\sum_{i \in B} q_i^2
        + w_F \sum_k \sum_{i \in k} (q_i - \phi_{ki})^2\right) \\
        \phi_{ki} &= \exp\left(-\sum_a (e_{ai} - c_{ak})^2 \, e^{10 s_{ak}}\right),
        \qquad e_{ai} = \tanh(o_{ai}) + g_{ai} \\
        c_{ak} &= \frac{1}{n_k} \sum_{i \in k} e_{ai}, \qquad s_{ak} = \frac{1}{n_k} \sum_{i \in k} \sigma_{ai},
        \qquad q_i = \frac{1}{1 + e^{-r_i}}

    k counts the K instances that have pixels, n_k of n in all; B are the pixels of none. o, sigma, r and g are
    `offsets`, `sigmas`, `seeds` and `coordinates`; a counts the axes, D is the number of those of sigma, and one
    serves all. H_k is the `lovasz_hinge_loss` of the logits 2 phi_k - 1 against the mask of k. w_I, w_V, w_S and w_F
    are `instance_weight`, `variance_weight`, `seed_weight` and `foreground_weight`. Optimises the IoU of each
    instance, and learns for each how far from its centre a pixel may point.

    Parameters
    ----------
    offsets : array of real dtype
        S numbers along `axis` for each pixel.
    sigmas : array, shape of offsets with 1 or S in place of `axis`, real dtype
        They set the precision of the margin; 10 s counts as 80 beyond.
    seeds : array, shape of offsets without `axis`, real dtype
        Logits of a pixel being near its centre.
    masks : array, shape of offsets with K in place of `axis`, boolean
        The pixels of each of K instances; they may be empty.
    coordinates : array, shape (S, *region), real dtype
        Where each pixel is. The authors' are 1/1024 a pixel, x first.
    axis : int
        The axis of offsets and sigmas, and of the instances in `masks`.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each image by default.
    center : {"embedding", "coordinates"}, default "embedding"
        Whether an instance's centre c is the mean of its e, or of its coordinates.
    foreground_weight, instance_weight, variance_weight, seed_weight : float >= 0, default 10, 1, 10, 1
        Factors of the parts.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    For the gradient, s_k is a constant beside sigma, and phi_k beside q.

    References
    ----------
    Neven et al., arXiv:1906.11109, equations 5 to 11.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import spatial_embedding_loss
    >>> place = np.asarray([[0.0, 0.1, 0.5, 0.6]])  # one axis of space, four pixels
    >>> m = np.asarray([[[True, True, False, False], [False, False, True, True]]])
    >>> zero = np.zeros((1, 1, 4))
    >>> print(spatial_embedding_loss(zero, zero + 0.5, zero[:, 0], m, place, axis=1).round(4))
    [0.981]
    """
    xp = _check.library(offsets=offsets, sigmas=sigmas, seeds=seeds)
    _check.real(xp, offsets=offsets, sigmas=sigmas, seeds=seeds)
    lay = layout(axis, batch_axes, offsets=offsets)
    at, size = lay.axis or 0, offsets.shape[lay.axis or 0]
    if tuple(sigmas.shape) not in [(*lay.pixels[:at], n, *lay.pixels[at:]) for n in (1, size)]:
        wanted = f"{lay.shape}, or 1 along axis {at}"
        raise ValueError(f"sigmas must have shape {wanted}; got {tuple(sigmas.shape)}")
    _check.shaped(offsets, lay.pixels, seeds=seeds)
    stack = _stack(lay, offsets, masks)
    _check.shaped(offsets, (size, *[lay.shape[i] for i in lay.own]), coordinates=coordinates)
    _check.one_of("center", center, ("embedding", "coordinates"))
    factors = {
        "foreground_weight": foreground_weight,
        "instance_weight": instance_weight,
        "variance_weight": variance_weight,
        "seed_weight": seed_weight,
    }
    options = (center, *[_check.number(name, value, 0.0) for name, value in factors.items()])
    shared = Shared(weights, where, normalizer, reduction)
    arrays = (offsets, sigmas, seeds, masks)
    return region_loss(_spatial_rows, options, arrays, stack, None, shared, (coordinates,), by_sample=True)
