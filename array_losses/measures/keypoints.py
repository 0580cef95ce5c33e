"""Object keypoint similarity: how near a set of keypoints is to another, in units of the object's size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import _check
from .._array import Array, Namespace, astype, computing_dtype, namespace
from .._layout import to_rows
from .._numerics import at_least, denominator, device_of
from ..autodiff import closed_form, compiled

COCO_SIGMAS = (
    *(0.026, 0.025, 0.025, 0.035, 0.035),  # nose, eyes, ears
    *(0.079, 0.079, 0.072, 0.072, 0.062, 0.062),  # shoulders, elbows, wrists
    *(0.107, 0.107, 0.087, 0.087, 0.089, 0.089),  # hips, knees, ankles
)
"""The spreads of COCO's seventeen keypoints of a person, in its order."""

RANKS = (2, 2, 0, 1)


def oks(pred: Array, target: Array, area: Array, *, sigmas: Any, visible: Array | None = None) -> Array:
    r"""Object keypoint similarity: the mean of exp(-d^2 / (2 (2 sigma)^2 area)) over visible keypoints.

    .. math::

        \mathrm{OKS} = \frac{\sum_k v_k \exp\left(-\frac{d_k^2}{2 (2 \sigma_k)^2 a}\right)}{\sum_k v_k}

    d_k is the distance of keypoint k from its target, sigma_k its spread, v_k 1 where it is visible and else 0; a
    is the area of the object. What the IoU is to boxes, this is to poses in COCO's evaluation.

    Parameters
    ----------
    pred, target : array, shape (..., K, 2), real dtype
        Keypoints (x, y).
    area : array, shape (...), real dtype
        The area of each object; the leading axes of all arrays broadcast.
    sigmas : K floats > 0, or array of shape (K,)
        How far annotations of each keypoint spread, in units of the root of the area. `COCO_SIGMAS` for persons.
    visible : array, shape (..., K), boolean, optional
        Keypoints to look at, all by default. COCO looks at those that are labelled (v > 0).

    Returns
    -------
    array, shape (...), at least float32
        In [0, 1]; 1 exactly for equal keypoints, 0 if none is visible.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit.

    Notes
    -----
    The area is a constant for the gradient. An area of 0 or less counts a keypoint as 1 exactly on its target and as 0
    elsewhere, with gradient 0. Coordinates of keypoints that are not visible are never looked at. A sigma of 0 or less
    in an array takes its keypoint out.

    COCO's evaluation adds 2e-16 to the area, which is that of the object's segments, not of its box, and measures the
    distance from the box where no keypoint is labelled. Other projects: `oks_loss`.

    References
    ----------
    M. R. Ronchi and P. Perona, "Benchmarking and Error Diagnosis", ICCV 2017, arXiv:1707.05388;
    cocodataset.org/#keypoints-eval.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.measures.keypoints import oks
    >>> p, t = np.asarray([[3.0, 4.0], [1.0, 1.0]]), np.asarray([[0.0, 0.0], [1.0, 1.0]])
    >>> print(oks(p, t, np.asarray(50.0), sigmas=(0.25, 0.1)).round(6))  # (exp(-25/25) + 1)/2
    0.68394
    """
    xp = _check.keypoints(pred, target, area, visible, sigmas)
    given, array = sigma_parts(sigmas)
    return compiled(xp, _measure, (given,), pred, target, area, visible, array)


def _measure(
    sigmas: tuple[float, ...] | None, pred: Array, target: Array, area: Array, visible: Array | None, array: Array
) -> Array:
    return closed_form(oks_kernel, RANKS, (False,), pred, target, area, spreads(sigmas, array, visible, pred, target))


def sigma_parts(sigmas: Any) -> tuple[tuple[float, ...] | None, Array | None]:
    """Sigmas as numbers, or as an array."""
    return (None, sigmas) if hasattr(sigmas, "shape") else (tuple([float(one) for one in sigmas]), None)


def spreads(
    sigmas: tuple[float, ...] | None, array: Array | None, visible: Array | None, pred: Array, target: Array
) -> Array:
    """Sigmas in the dtype of the computation, and 0 for keypoints that are not visible: shape (K,) or (..., K)."""
    others = [x for x in (array, visible) if x is not None]
    xp = namespace(pred, target, *others)
    dtype = computing_dtype(xp, pred, target)
    if array is None:
        found = xp.asarray(list(sigmas or ()), dtype=dtype, device=device_of(xp, pred))
    else:
        found = astype(xp, array, dtype)
    return found if visible is None else xp.where(visible, found, xp.zeros_like(found))


def oks_kernel(
    xp: Namespace, arrays: Sequence[Array], wanted: Sequence[bool], loss: bool
) -> tuple[Array, list[Array | None]]:
    """The OKS of each row, or 1 - OKS without that difference. A spread of 0 takes a keypoint out."""
    pred, target, area, spread = arrays
    seen = spread > 0.0
    zero = xp.zeros_like(spread)
    each = xp.where(seen, xp.ones_like(spread), zero)
    count = at_least(xp, xp.sum(each, axis=-1), 1.0)
    # sqrt(8) sigma sqrt(area): distances in this unit, squared, are the exponents. At 100 nothing is left of exp.
    unit = 8.0**0.5 * xp.where(seen, spread, xp.ones_like(spread)) * xp.sqrt(denominator(xp, area))[..., None]
    ways = []
    for k in range(2):
        way = pred[..., k] - target[..., k]
        ways.append(xp.clip(xp.where(seen, way, xp.zeros_like(way)) / denominator(xp, unit), -100.0, 100.0))
    exponent = -(ways[0] * ways[0] + ways[1] * ways[1])
    value = xp.sum(each * (-xp.expm1(exponent) if loss else xp.exp(exponent)), axis=-1) / count
    if not (wanted[0] or wanted[1]):
        return value, [None] * 4
    along = (2.0 if loss else -2.0) * each * xp.exp(exponent) / denominator(xp, unit) / count[..., None]
    along = xp.where(area[..., None] > 0.0, along, xp.zeros_like(along))
    slopes = to_rows(xp, [along * ways[0], along * ways[1]])
    return value, [slopes if wanted[0] else None, -slopes if wanted[1] else None, None, None]
