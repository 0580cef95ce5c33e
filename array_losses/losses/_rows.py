"""The three beats of every loss: check, compute, reduce."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import _check
from .._array import Array, Namespace, namespace
from .._reduce import keep_rows, reduce_rows, reduce_total
from ..autodiff import Kernel, Ranks, closed_form, compiled, leading_shape, own_axes


class Shared(NamedTuple):
    """The four options that every loss shares."""

    weights: Array | None
    where: Array | None
    normalizer: Array | float | None
    reduction: str


def common(*arrays: Array | None) -> Namespace:
    """The namespace of the arrays that are there: the tape's, if one of them is on it."""
    return namespace(*[x for x in arrays if x is not None])


def row_loss(
    kernel: Kernel,
    ranks: Ranks,
    options: tuple[Any, ...],
    arrays: tuple[Array, ...],
    rows: tuple[int, ...],
    shared: Shared,
) -> Array:
    """Reduce the rows of a kernel. The arrays have been checked; the shared options are checked here."""
    xp = namespace(*arrays)
    weights, where, normalizer, reduction = shared
    _check.reduction(xp, arrays[0], rows, weights, where, normalizer, reduction)
    static = (kernel, ranks, options, reduction)
    return compiled(xp, _compute_and_reduce, static, weights, where, normalizer, *arrays)


def _compute_and_reduce(
    kernel: Kernel,
    ranks: Ranks,
    options: tuple[Any, ...],
    reduction: str,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
    *arrays: Array,
) -> Array:
    xp = namespace(*arrays) if weights is where is None else common(*arrays, weights, where)
    if where is not None:
        # Arrays that rows share, like weights of classes, have fewer axes than the rows and nothing to hide.
        owned = [own_axes(rank) for rank in ranks]
        leading = arrays[0].ndim - owned[0]
        kept = [keep_rows(xp, x, where, own) if x.ndim - own == leading else x for x, own in zip(arrays, owned)]
    else:
        kept = list(arrays)
    return reduced(xp, kernel, ranks, options, kept, reduction, weights, where, normalizer)


def reduced(
    xp: Namespace,
    kernel: Kernel,
    ranks: Ranks,
    options: tuple[Any, ...],
    arrays: Sequence[Array],
    reduction: str,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
    counts: Array | None = None,
) -> Array:
    """The rows of a kernel, reduced; without weights their sum is all that the kernel has to give."""
    if reduction == "none" or not (weights is where is counts is None):
        rows = closed_form(kernel, ranks, options, *arrays)
        return reduce_rows(xp, reduction, rows, weights, where, normalizer, counts)
    total = closed_form(kernel, ranks, options, *arrays, summed=True)
    rows = leading_shape(arrays, ranks) if reduction == "mean" and normalizer is None else ()
    return reduce_total(xp, reduction, total, rows, normalizer)
