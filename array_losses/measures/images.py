"""Windows that slide over images: thinning a mask to its skeleton, and local means.

Images are arrays whose last `ndim` axes are the image's own. Written in functions of the standard, so that any library
differentiates them.
"""

from __future__ import annotations

import math

from .._array import Array, Namespace, matmul
from .._numerics import device_of, relu
from ..autodiff import stop_gradient


def soft_skeleton(xp: Namespace, x: Array, ndim: int, iterations: int) -> Array:
    """What openings take away from an image, over growing erosions: the centre lines of its bright parts.

    References
    ----------
    Shit et al., clDice, arXiv:2003.07311, algorithm 1.
    """
    eroded = _eroded(xp, x, ndim)
    skeleton = relu(xp, x - _dilated(xp, eroded, ndim))
    for _ in range(iterations):
        x, eroded = eroded, _eroded(xp, eroded, ndim)
        lost = relu(xp, x - _dilated(xp, eroded, ndim))
        skeleton = skeleton + relu(xp, lost - skeleton * lost)
    return skeleton


def _eroded(xp: Namespace, x: Array, ndim: int) -> Array:
    """The minimum over a cross: three pixels along each axis."""
    found = None
    for axis in range(x.ndim - ndim, x.ndim):
        before, after = _neighbours(xp, x, axis)
        least = xp.minimum(xp.minimum(before, x), after)
        found = least if found is None else xp.minimum(found, least)
    return found


def _dilated(xp: Namespace, x: Array, ndim: int) -> Array:
    """The maximum over a block of three pixels along each axis."""
    for axis in range(x.ndim - ndim, x.ndim):
        before, after = _neighbours(xp, x, axis)
        x = xp.maximum(xp.maximum(before, x), after)
    return x


def _neighbours(xp: Namespace, x: Array, axis: int) -> tuple[Array, Array]:
    """The image moved by a pixel to either side; its border is its own neighbour, which changes no extremum."""
    whole = (slice(None),) * axis
    first, last = x[(*whole, slice(None, 1), ...)], x[(*whole, slice(-1, None), ...)]
    before = xp.concat((first, x[(*whole, slice(None, -1), ...)]), axis=axis)
    after = xp.concat((x[(*whole, slice(1, None), ...)], last), axis=axis)
    return before, after


def blurred(xp: Namespace, x: Array, ndim: int, size: int, sigma: float) -> Array:
    """The means of an image under a Gaussian window, at all positions where the window fits."""
    for _ in range(ndim):
        x = matmul(xp, x, xp.permute_dims(_bands(xp, x, size, sigma), (1, 0)))
        # Each turn does the last axis and moves it in front of the image's others.
        kept = x.ndim - ndim
        x = xp.permute_dims(x, (*range(kept), x.ndim - 1, *range(kept, x.ndim - 1)))
    return x


def _bands(xp: Namespace, x: Array, size: int, sigma: float) -> Array:
    """The matrix that takes weighted means of `size` neighbours along the last axis of `x`."""
    centre = (size - 1) / 2
    total = sum(math.exp(-((i - centre) ** 2) / (2 * sigma**2)) for i in range(size))
    length, device = x.shape[-1], device_of(xp, x)
    place = (
        xp.arange(length, dtype=x.dtype, device=device)
        - xp.arange(length - size + 1, dtype=x.dtype, device=device)[:, None]
    )
    inside = xp.logical_and(place >= 0, place < size)
    away = xp.where(inside, place - centre, xp.zeros_like(place))
    return xp.where(inside, xp.exp(-(away * away) / (2 * sigma**2)) / total, xp.zeros_like(place))


def structural_dissimilarity(
    xp: Namespace, x: Array, y: Array, ndim: int, size: int, sigma: float, c1: float, c2: float
) -> Array:
    """1 - SSIM at all positions where the window fits, without that difference.

    With means a, b, variances and covariance of the window: SSIM = L S, L = (2ab + c1)/(a^2 + b^2 + c1), S alike of the
    variances. 1 - L and 1 - S are squares over the same denominators: (a - b)^2, and the variance of x - y.

    References
    ----------
    Wang et al., Image quality assessment, IEEE TIP 2004, equation 13.
    """
    # Variances do not change with a constant, and lose fewer digits without it.
    own = tuple(range(x.ndim - ndim, x.ndim))
    shift = stop_gradient(xp.mean(y, axis=own, keepdims=True))
    x, y = x - shift, y - shift
    mean_x, mean_y, gap = [blurred(xp, image, ndim, size, sigma) for image in (x, y, x - y)]
    of_x, of_y, of_gap = [
        relu(xp, blurred(xp, image * image, ndim, size, sigma) - mean * mean)
        for image, mean in ((x, mean_x), (y, mean_y), (x - y, gap))
    ]
    a, b = mean_x + shift, mean_y + shift
    dim = gap * gap / (a * a + b * b + c1)
    rough = of_gap / (of_x + of_y + c2)
    return dim + rough - dim * rough
