"""What losses of embeddings share: arrays in the dtype of the computation, and rows that may not count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .. import _check
from .._array import Array, Namespace, namespace
from .._reduce import keep_rows, reduce_rows
from ..autodiff import compiled
from ._rows import Shared, common

Shape = tuple[int, ...]


class Rows(NamedTuple):
    """The rows of a loss, where they exist, and for how much each counts in a mean if not for 1."""

    value: Array
    valid: Array | None = None
    counts: Array | None = None


Formula = Callable[..., Rows]


def labelled(embeddings: Array, labels: Array) -> Shape:
    """The shape of the labels of some embeddings, which have been checked."""
    xp = _check.embeddings(embeddings=embeddings, labels=labels)
    rows = tuple(embeddings.shape[:-1])
    _check.class_indices(xp, rows, labels)
    return rows


def pair_loss(
    formula: Formula,
    knobs: tuple[Any, ...],
    arrays: tuple[Array | None, ...],
    rows: Shape,
    shared: Shared,
    own: tuple[int, ...] = (),
) -> Array:
    """Reduce the rows of `formula(xp, *knobs, *arrays)`. The arrays have been checked; the shared options are here.

    `own` says of the first arrays what of them is not looked at outside `where`. A positive number is that of the last
    axes that are a row's own, the others being those of the rows. -n is said of embeddings, which the rows along the
    last n axes share: batches without a row inside.
    """
    weights, where, normalizer, reduction = shared
    xp = namespace(*[x for x in arrays if x is not None])
    _check.reduction(xp, arrays[0], rows, weights, where, normalizer, reduction)
    static = (formula, knobs, own, reduction)
    result: Array = compiled(xp, _compute_and_reduce, static, weights, where, normalizer, *arrays)
    return result


def _compute_and_reduce(
    formula: Formula,
    knobs: tuple[Any, ...],
    own: tuple[int, ...],
    reduction: str,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
    *arrays: Array | None,
) -> Array:
    xp = common(*arrays, weights, where)
    kept = [_kept(xp, x, where, axes) for x, axes in zip(arrays, own)]
    rows = formula(xp, *knobs, *kept, *arrays[len(own) :])
    if rows.valid is not None:
        where = rows.valid if where is None else xp.logical_and(rows.valid, where)
    return reduce_rows(xp, reduction, rows.value, weights, where, normalizer, rows.counts)


def _kept(xp: Namespace, x: Array | None, where: Array | None, axes: int) -> Array | None:
    if x is None or where is None or axes >= 0:
        return x if x is None else keep_rows(xp, x, where, axes)
    for _ in range(min(-axes, where.ndim)):
        where = xp.any(where, axis=-1)
    return keep_rows(xp, x, where, 2) if where.ndim < x.ndim - 1 else x
