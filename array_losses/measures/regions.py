"""How well a prediction p covers a target t over the pixels of a region, from four sums.

A region is the last axis. With I the overlap, FP what is predicted too much, FN what is missed, TN what is rightly left
out, every score here is a ratio of sums of these, and its loss is written without the difference 1 - score: a loss of
1e-7 has all its digits.

=========  ============  ============  ============
form       I             FP            FN
=========  ============  ============  ============
product    p t           p (1 - t)     t (1 - p)
squared    p t           (p - t)^2     0
minimum    min(p, t)     max(p-t, 0)   max(t-p, 0)
=========  ============  ============  ============
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from .._array import Array, Namespace, is_numpy, plain_cpu
from .._numerics import denominator, logistic, row_max
from ..autodiff import Affine, dense, unblocked

BLOCK = 262_144  # products that are kept at a time
AT_ONCE = 4_096  # products that BLAS adds up, one after the other in each of its lanes

Wanted = Sequence[bool]
Result = tuple[Array, list[Any]]


def region_sum(xp: Namespace, x: Array) -> Array:
    """The sum over the pixels. NumPy adds in pairs only along an axis that is contiguous, and one by one elsewhere."""
    if is_numpy(xp) and x.strides[-1] != x.itemsize:
        x = xp.ascontiguousarray(x)
    return xp.sum(x, axis=-1)


def region_dot(xp: Namespace, x: Array, y: Array) -> Array:
    """The sum of products over the pixels. NumPy's own is BLAS for what is contiguous, and exact for not too many."""
    if not is_numpy(xp) or not x.strides[-1] == y.strides[-1] == x.itemsize:
        return region_sum(xp, x * y)
    if x.shape[-1] <= AT_ONCE:
        return xp.vecdot(x, y)
    rest = x.shape[-1] % AT_ONCE
    many = x.shape[-1] - rest
    total = xp.sum(xp.vecdot(*[xp.reshape(z[..., :many], (*z.shape[:-1], -1, AT_ONCE)) for z in (x, y)]), axis=-1)
    return total if rest == 0 else total + xp.vecdot(x[..., many:], y[..., many:])


class Pixels(NamedTuple):
    """Prediction and target, pixel by pixel, with 0 outside of the mask."""

    p: Array
    t: Array
    missing: Array | None
    """1 - p where it is known better than by that difference."""
    rate: Array | None
    """The derivative of p with respect to what was given, if not 1."""
    mask: Array | None


def pixels(xp: Namespace, arrays: Sequence[Array], activation: str) -> Pixels:
    p, t, *masks = arrays
    missing = rate = None
    if activation == "sigmoid":
        sigmoid = logistic(xp, p)
        p, missing = sigmoid.p, sigmoid.q
        rate = p * missing
    if not masks:
        return Pixels(p, t, missing, rate, None)
    inside, zero = masks[0] != 0.0, xp.zeros_like(p)
    kept = [None if x is None else xp.where(inside, x, zero) for x in (p, t, missing, rate)]
    return Pixels(kept[0], kept[1], kept[2], kept[3], inside)


class Slopes(NamedTuple):
    """Derivatives of a row's value with respect to its sums, each with an axis of length 1 for the pixels."""

    inter: Array
    fp: Array
    fn: Array


class Sums(NamedTuple):
    inter: Array
    fp: Array
    fn: Array


def sums(xp: Namespace, x: Pixels, form: str) -> Sums:
    """The three sums of each region; where arrays are mere numbers, some regions or some of their pixels at a time."""
    shape = tuple(x.p.shape)
    if math.prod(shape) <= BLOCK or x.t.shape != x.p.shape or not (is_numpy(xp) or plain_cpu(xp, x.p, x.t)):
        return _sums(xp, x, form)
    x = x._replace(rate=None, mask=None)
    if not is_numpy(xp) or shape[-1] % AT_ONCE:
        return _piecewise(xp, x, form, None)
    # Long regions as many short ones; what stands between is written into the same memory again and again.
    short = Pixels(*[None if y is None else xp.reshape(y, (-1, AT_ONCE)) for y in x])
    found = _piecewise(xp, short, form, xp.empty((BLOCK // AT_ONCE, AT_ONCE), dtype=x.p.dtype))
    return Sums(*[xp.sum(xp.reshape(part, (*shape[:-1], -1)), axis=-1) for part in found])


def _piecewise(xp: Namespace, x: Pixels, form: str, room: Array | None) -> Sums:
    """The sums of pieces along the first axis, and of pieces of these where they are too large."""
    others = x.p.shape[1:]
    inner = math.prod(others)
    if inner > BLOCK:
        found = [_piecewise(xp, part, form, room) for part in _cut(x, None)]
        return Sums(*[xp.stack(parts) for parts in zip(*found)])
    found = [_sums(xp, part, form, room) for part in _cut(x, BLOCK // max(1, inner))]
    return Sums(*[xp.concat(parts) if others else xp.sum(xp.stack(parts)) for parts in zip(*found)])


def _cut(x: Pixels, step: int | None) -> Iterator[Pixels]:
    """Pieces along the first axis, `step` long, or without it."""
    for start in range(0, x.p.shape[0], step or 1):
        here = start if step is None else slice(start, start + step)
        yield Pixels(*[None if y is None else y[here] for y in x])


def _sums(xp: Namespace, x: Pixels, form: str, room: Array | None = None) -> Sums:
    p, t, missing = x.p, x.t, x.missing
    if form == "minimum":
        inter = xp.minimum(p, t)
        return Sums(region_sum(xp, inter), region_sum(xp, p - inter), region_sum(xp, t - inter))
    if form == "squared":
        gap = difference(x)
        wrong = region_dot(xp, gap, gap)
        return Sums(region_dot(xp, p, t), wrong, xp.zeros_like(wrong))
    if is_numpy(xp):
        rest = xp.subtract(1.0, t, out=None if room is None else room[: len(t)])
        fp = region_dot(xp, p, rest)
        if missing is None:
            missing = xp.subtract(1.0, p, out=rest if t.shape == p.shape else None)
        return Sums(region_dot(xp, p, t), fp, region_dot(xp, missing, t))
    inter = p * t
    fn = t - inter if missing is None else t * missing
    return Sums(region_sum(xp, inter), region_sum(xp, p - inter), region_sum(xp, fn))


def difference(x: Pixels) -> Array:
    """p - t, with all digits where 1 - p is known."""
    return x.p - x.t if x.missing is None else x.p * (1.0 - x.t) - x.missing * x.t


def to_pixels(xp: Namespace, x: Pixels, form: str, slopes: Slopes, wanted: Wanted) -> list[Array | Affine | None]:
    """The slopes along each pixel of the prediction, of the target, and None for a mask."""
    p, t = x.p, x.t
    inter, fp, fn = slopes
    if form == "minimum":
        side = 0.5 * xp.sign(p - t)
        over, under = 0.5 + side, 0.5 - side
        along_p = over * fp + under * (inter - fn) if wanted[0] else None
        along_t = under * fn + over * (inter - fp) if wanted[1] else None
    elif form == "squared":
        pull = (2.0 * fp) * difference(x)
        along_p = inter * t + pull if wanted[0] else None
        along_t = inter * p - pull if wanted[1] else None
    else:
        both = inter - fp - fn
        if x.rate is x.mask is None:
            return [Affine(fp, both, 1) if wanted[0] else None, Affine(fn, both, 0) if wanted[1] else None]
        along_p = both * t + fp if wanted[0] else None
        along_t = both * p + fn if wanted[1] else None
    if along_p is not None and x.rate is not None:
        along_p = along_p * x.rate
    if x.mask is not None:
        zero = xp.zeros_like(p)
        along_p, along_t = [None if s is None else xp.where(x.mask, s, zero) for s in (along_p, along_t)]
    return [along_p, along_t, None][: 2 if x.mask is None else 3]


class Cost(NamedTuple):
    """The loss (a FP + b FN + s' - s) / (c I + a FP + b FN + s') of a score (c I + s) / (the same)."""

    inter: float
    """c"""
    fp: float
    """a"""
    fn: float
    """b"""
    smooth: float
    """s"""
    smooth_denominator: float
    """s'"""
    form: str = "product"
    activation: str = "none"


@unblocked
def overlap_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted, cost: Cost) -> Result:
    """Dice, Jaccard, Tversky: 1 - score. Where both have nothing, 0/0, the loss is 0."""
    c, a, b, smooth, smooth_denominator, form, activation = cost
    x = pixels(xp, arrays, activation)
    inter, fp, fn = sums(xp, x, form)
    wrong = a * fp + b * fn
    found = c * inter
    whole = found + wrong
    if smooth or smooth_denominator:
        wrong, found = wrong + (smooth_denominator - smooth), found + smooth
        whole = whole + smooth_denominator
    empty = whole == 0.0
    per_whole = xp.where(empty, xp.zeros_like(whole), 1.0 / xp.where(empty, xp.ones_like(whole), whole))
    loss, score = wrong * per_whole, found * per_whole
    if not (wanted[0] or wanted[1]):
        return loss, [None] * len(arrays)
    along = Slopes(
        (-c * loss * per_whole)[..., None], (a * score * per_whole)[..., None], (b * score * per_whole)[..., None]
    )
    return loss, to_pixels(xp, x, form, along, wanted)


@unblocked
def generalized_kernel(
    xp: Namespace,
    arrays: Sequence[Array],
    wanted: Wanted,
    weighting: float,
    absent: str,
    smooth: float,
    smooth_denominator: float,
) -> Result:
    """1 - (2 sum w_c I_c + s) / (sum w_c (P_c + T_c) + s') over the classes of a sample, the last axis but one.

    w_c = 1/T_c^weighting is a constant for the slopes. It is computed relative to the largest, that of the class with
    the least target, so that it can neither vanish nor overflow; the smoothing is scaled alike.
    """
    x = pixels(xp, arrays, "none")
    inter, fp, fn = sums(xp, x, "product")
    target = region_sum(xp, xp.broadcast_to(x.t, x.p.shape))
    present = target > 0.0
    one, zero = xp.ones_like(target), xp.zeros_like(target)
    least = -row_max(xp, xp.where(present, -target, xp.full_like(target, -float("inf"))))[..., 0]
    some = least < float("inf")
    unit = xp.where(some, least, xp.ones_like(least))
    if weighting == 0.0:
        weight = one if absent == "keep" else xp.where(present, one, zero)
        unit = xp.ones_like(least)
    else:
        relative = unit[..., None] / xp.where(present, target, unit[..., None])
        weight = relative * relative if weighting == 2.0 else relative
        kept = xp.where(some, xp.ones_like(least), xp.zeros_like(least))[..., None] * one
        weight = xp.where(present, weight, kept if absent == "keep" else zero)
        unit = unit * unit if weighting == 2.0 else unit
    found = 2.0 * xp.sum(weight * inter, axis=-1) + smooth * unit
    wrong = xp.sum(weight * (fp + fn), axis=-1)
    whole = 2.0 * xp.sum(weight * inter, axis=-1) + wrong + smooth_denominator * unit
    wrong = wrong + (smooth_denominator - smooth) * unit
    empty = whole == 0.0
    per_whole = xp.where(empty, xp.zeros_like(whole), 1.0 / xp.where(empty, xp.ones_like(whole), whole))
    loss, score = wrong * per_whole, found * per_whole
    if not (wanted[0] or wanted[1]):
        return loss, [None] * len(arrays)
    along_inter = weight * (-2.0 * loss * per_whole)[..., None]
    along_wrong = (weight * (score * per_whole)[..., None])[..., None]
    return loss, to_pixels(xp, x, "product", Slopes(along_inter[..., None], along_wrong, along_wrong), wanted)


def correlation_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    """1 - the Matthews correlation coefficient (i h - f g) / sqrt(P T A B).

    i, f, g, h are I, FP, FN, TN as shares of the pixels; P = i + f, T = i + g, A = h + g, B = h + f. The coefficient's
    square is 1 - (i h (f + g) + f g (i + h)) / (P T A B), so that 1 minus a positive one needs no difference.
    """
    x = pixels(xp, arrays, "none")
    p, t = x.p, x.t
    inter = p * t
    left_out = (1.0 - p) * (1.0 - t)
    if x.mask is None:
        per_pixel: Array | float = 1.0 / max(1, p.shape[-1])
    else:
        left_out = xp.where(x.mask, left_out, xp.zeros_like(p))
        per_pixel = 1.0 / denominator(xp, region_sum(xp, xp.where(x.mask, xp.ones_like(p), xp.zeros_like(p))))
    i, f, g, h = [region_sum(xp, part) * per_pixel for part in (inter, p - inter, t - inter, left_out)]
    whole_p, whole_t, rest_p, rest_t = i + f, i + g, h + g, h + f
    square = (whole_p * rest_p) * (whole_t * rest_t)
    degenerate = square <= 0.0
    one, zero = xp.ones_like(square), xp.zeros_like(square)
    root = xp.sqrt(xp.where(degenerate, one, square))
    agreement = i * h - f * g
    ahead = agreement > 0.0
    wrong = i * h * (f + g) + f * g * (i + h)
    near = wrong / (root * xp.where(ahead, root + agreement, one))
    loss = xp.where(ahead, near, 1.0 - agreement / root)
    loss = xp.where(degenerate, xp.where(f + g == 0.0, zero, one), loss)
    if not (wanted[0] or wanted[1]):
        return loss, [None] * len(arrays)
    coefficient = agreement / root

    def along(own: Array, rest: Array, other: Array, other_rest: Array, pixels: int) -> Array | Affine:
        """Along the pixels of which `own` and `rest` are the shares, beside those of another array."""
        lean = 0.5 * coefficient * (1.0 / xp.where(degenerate, one, own) - 1.0 / xp.where(degenerate, one, rest))
        per = xp.where(degenerate, zero, xp.ones_like(root) * per_pixel)
        slopes = Affine(
            (per * (other / root + lean))[..., None], (-per * ((other_rest + other) / root))[..., None], pixels
        )
        return slopes if x.mask is None else xp.where(x.mask, dense(slopes, (p, t)), xp.zeros_like(p))

    along_p = along(whole_p, rest_p, whole_t, rest_t, 1) if wanted[0] else None
    along_t = along(whole_t, rest_t, whole_p, rest_p, 0) if wanted[1] else None
    return loss, [along_p, along_t, None][: len(arrays)]
