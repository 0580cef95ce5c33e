"""What the losses of regions share: which axes are a region's own, masks, absent classes, reduction."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .. import _check
from .._array import Array, DType, Namespace, astype, computing_dtype, is_fused, is_torch
from .._numerics import indicators, softmax
from .._reduce import keep_rows, reduce_rows
from ..autodiff import Kernel, closed_form, compiled, widened
from ..measures.hardest import mean_kernel
from ._classes import looked_up
from ._rows import Shared, common


class Layout(NamedTuple):
    """How the regions lie in an array: which of its axes, counted from 0, stay apart, and which is that of classes."""

    shape: tuple[int, ...]
    batch: tuple[int, ...]
    axis: int | None

    @property
    def own(self) -> tuple[int, ...]:
        """The axes of a region's pixels."""
        return tuple([i for i in range(len(self.shape)) if i not in self.batch and i != self.axis])

    @property
    def samples(self) -> tuple[int, ...]:
        """The shape of what stays apart, without the classes."""
        return tuple([self.shape[i] for i in self.batch])

    @property
    def rows(self) -> tuple[int, ...]:
        """The shape of what stays apart."""
        return self.samples if self.axis is None else (*self.samples, self.shape[self.axis])

    @property
    def pixels(self) -> tuple[int, ...]:
        """The shape without the class axis."""
        return tuple([self.shape[i] for i in range(len(self.shape)) if i != self.axis])

    @property
    def apart(self) -> tuple[int, ...]:
        """The axes that stay apart."""
        return self.batch if self.axis is None else (*self.batch, self.axis)

    def spread(self, xp: Namespace, x: Array) -> Array:
        """An array laid out alike as (*samples, classes, *axes of a region), with any number of classes or none."""
        apart = self.apart
        if apart == tuple(range(len(apart))):
            return x
        return xp.permute_dims(x, (*apart, *self.own))

    def flat(self, xp: Namespace, x: Array) -> Array:
        """The same with a region's pixels in one last axis."""
        x, leading = self.spread(xp, x), len(self.apart)
        return xp.reshape(x, (*x.shape[:leading], math.prod(x.shape[leading:])))

    def of_pixels(self, xp: Namespace, x: Array) -> Array:
        """An array of the pixels' shape, with one class that broadcasts against all."""
        if self.axis is not None:
            x = xp.reshape(x, (*x.shape[: self.axis], 1, *x.shape[self.axis :]))
        return self.flat(xp, x)


def layout(axis: Any, batch_axes: Any, optional: bool = False, **array: Array) -> Layout:
    """The layout of an array; `optional` says that there may be no class axis."""
    (x,) = array.values()
    classes = _check.class_axis_or_none(axis, **array) if optional else _check.class_axis(axis, **array)
    return Layout(tuple(x.shape), _check.batch_axes(batch_axes, classes, **array), classes)


class Region(NamedTuple):
    """What a formula gets: its arrays as (..., classes, pixels), and what is to be looked at."""

    xp: Namespace
    dtype: DType
    """That of the computation."""
    arrays: tuple[Array, ...]
    extras: tuple[Array, ...] = ()
    """Arrays without pixels, like weights of classes."""
    mask: Array | None = None
    """(..., 1, pixels), or (..., pixels) without classes."""
    where: Array | None = None
    """Rows to be looked at, unless the arrays have zeros in the others already."""

    def rows(self, kernel: Kernel, options: tuple[Any, ...], *arrays: Array, own: int = 1) -> Array:
        """A kernel's value for each row, which owns the last axes of the arrays."""
        kept = [keep_rows(self.xp, x, self.where, own) for x in arrays]
        if self.mask is not None:
            kept.append(self.mask)
        return closed_form(kernel, (own,) * len(kept), options, *kept)

    def inside(self, x: Array) -> Array:
        """`x` in the dtype of the computation, with zeros outside of the mask."""
        x = widened(x, self.dtype)
        return x if self.mask is None else self.xp.where(self.mask, x, self.xp.zeros_like(x))

    def mean(self, x: Array) -> Array:
        """The mean of each row's pixels."""
        return self.rows(mean_kernel, (), x)

    def present(self, targets: Array) -> Array:
        """Where a target has any pixel."""
        found = targets if self.xp.isdtype(targets.dtype, "bool") else targets > 0
        if self.mask is not None:
            found = self.xp.logical_and(found, self.mask)
        return self.xp.any(found, axis=-1)

    def of_samples(self) -> Region:
        """The same without the axis of classes, for what each pixel of a sample has once."""
        return Region(self.xp, self.dtype, (), (), None if self.mask is None else self.mask[..., 0, :])


Rows = Callable[..., tuple[Array, Array | None]]
"""(region, *options) -> rows, and where they count, if not everywhere."""


def region_loss(
    rows: Rows,
    options: tuple[Any, ...],
    arrays: tuple[Array, ...],
    layout: Layout,
    mask: Array | None,
    shared: Shared,
    extras: tuple[Array, ...] = (),
    by_sample: bool = False,
    together: bool = False,
) -> Array:
    """Reduce the rows that a formula makes of regions; mask and shared options are checked here.

    A row is a class of a sample, or a sample with `by_sample`. `together` says that rows must not be hidden from each
    other before the formula: the classes of a softmax.
    """
    xp = common(*arrays, mask)
    if mask is not None:
        _check.mask(arrays[0], layout.pixels, mask)
    weights, where, normalizer, reduction = shared
    shape = layout.samples if by_sample else layout.rows
    _check.reduction(xp, arrays[0], shape, weights, where, normalizer, reduction)
    static = (rows, options, layout, len(shape), together, len(arrays), reduction)
    return compiled(xp, _compute_and_reduce, static, mask, weights, where, normalizer, *arrays, *extras)


def _compute_and_reduce(
    formula: Rows,
    options: tuple[Any, ...],
    layout: Layout,
    leading: int,
    together: bool,
    count: int,
    reduction: str,
    mask: Array | None,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
    *arrays: Array,
) -> Array:
    xp = common(*arrays, mask, weights, where)
    found = [layout.flat(xp, x) if x.ndim == len(layout.shape) else layout.of_pixels(xp, x) for x in arrays[:count]]
    look = where
    if together and where is not None:
        # A sample of which no row is wanted.
        leading -= 1
        look = xp.any(xp.broadcast_to(where, (*layout.samples, where.shape[-1] if where.ndim else 1)), axis=-1)
    found = [keep_rows(xp, x, look, x.ndim - leading) for x in found]
    region = Region(
        xp,
        computing_dtype(xp, *arrays[:count]),
        tuple(found),
        arrays[count:],
        None if mask is None else layout.of_pixels(xp, mask),
        where if together else None,
    )
    rows, counted = formula(region, *options)
    if counted is not None:
        where = counted if where is None else xp.logical_and(counted, where)
    return reduce_rows(xp, reduction, rows, weights, where, normalizer)


def labelled(region: Region, soft: bool, ignore_index: int | None) -> tuple[Region, Array, Array]:
    """Of logits and labels: the region of softmax and targets; logits and labels that losses of pixels may look at."""
    xp, (logits, labels) = region.xp, region.arrays
    if not soft:
        targets, valid = _targets(xp, labels, logits, region.dtype, ignore_index)
        if valid is not None:
            region = region._replace(mask=valid if region.mask is None else xp.logical_and(region.mask, valid))
    logits = region.inside(logits)
    if soft:
        labels = targets = region.inside(labels)
    else:
        labels = labels[..., 0, :]
    return region._replace(arrays=(softmax(xp, logits, -2), targets)), logits, labels


def _targets(
    xp: Namespace, labels: Array, logits: Array, dtype: DType, ignore_index: int | None
) -> tuple[Array, Array | None]:
    """Labels (..., 1, pixels) as zeros and ones shaped like logits, and where they can be used, if not everywhere."""
    classes = logits.shape[-2]
    if not (is_torch(xp) and is_fused(xp)):
        index, valid = looked_up(xp, labels, classes, ignore_index)
        return indicators(xp, index[..., 0, :], logits, dtype), valid
    # What torch.compile keeps of comparisons for the gradient are booleans, which it reads slowly: softmax Dice took
    # five times as long with them as with numbers. Rounding brings no integer into [0, C).
    code, each = astype(xp, labels, dtype), xp.arange(classes, dtype=dtype, device=logits.device)[:, None]
    valid = (code >= 0) & (code < classes)
    if ignore_index is not None:
        valid = valid & (code != ignore_index)
    return xp.clip(1.0 - xp.abs(code - each), min=0.0), valid


def ratio(xp: Namespace, x: Array, y: Array) -> Array:
    """x / y, or 0 where y is 0."""
    none = y == 0.0
    return xp.where(none, xp.zeros_like(x), x / xp.where(none, xp.ones_like(y), y))
