"""What the losses over a class axis share: labels of two kinds, ignored rows, weights of classes."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import _check, _xla
from .._array import Array, Namespace, astype, class_last, computing_dtype, is_jax, is_torch, surely_within, to_index
from .._numerics import one_hot, take
from .._reduce import keep_rows
from ..autodiff import INDEX, Kernel, Ranks, compiled
from ..measures import classes as kernels
from ._native import native_cross_entropy
from ._rows import Shared, common, reduced


class Spec(NamedTuple):
    """A loss over classes: the kernel that takes class indices, the one that takes probabilities, and their options.

    Without the first, indices become probabilities; without the second, there are only indices.
    """

    index_kernel: Kernel | None
    target_kernel: Kernel | None
    options: tuple[Any, ...]


def penalty_loss(penalty: kernels.Penalty, knobs: tuple[float, ...], smoothing: float = 0.0) -> Spec:
    """A loss that is a function of -ln p; with smoothing every class is a target."""
    index_kernel = None if smoothing else kernels.index_kernel
    return Spec(index_kernel, kernels.target_kernel, (penalty, knobs, smoothing))


def label_loss(
    spec: Spec,
    logits: Array,
    labels: Array,
    axis: int,
    ignore_index: int | None,
    class_weights: Array | None,
    shared: Shared,
    name: str = "logits",
    native_smoothing: float | None = None,
) -> Array:
    """A loss of logits and their labels, which are class indices or class probabilities.

    A number for `native_smoothing` says that it is the cross-entropy with this much smoothing.
    """
    named = {name: logits}
    xp = _check.library(**named, labels=labels)
    _check.real(xp, **named)
    axis = _check.class_axis(axis, **named)
    rows = _check.rows_along(logits, axis)
    if spec.target_kernel is None:
        _check.class_indices(xp, rows, labels)
    soft = _check.soft_labels(xp, logits, rows, labels, ignore_index)
    if class_weights is not None:
        _check.shaped(logits, (logits.shape[axis],), class_weights=class_weights)
    weights, where, normalizer, reduction = shared
    _check.reduction(xp, logits, rows, weights, where, normalizer, reduction)
    if native_smoothing is not None and is_torch(xp) and not soft and ignore_index is None:
        found = native_cross_entropy(logits, labels, axis, class_weights, native_smoothing, shared)
        if found is not None:
            return found
    static = (spec, soft, axis, ignore_index, reduction)
    return compiled(xp, _compute_and_reduce, static, logits, labels, class_weights, weights, where, normalizer)


def _compute_and_reduce(
    spec: Spec,
    soft: bool,
    axis: int,
    ignore_index: int | None,
    reduction: str,
    logits: Array,
    labels: Array,
    class_weights: Array | None,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
) -> Array:
    xp = common(logits, labels, class_weights, weights, where)
    logits = class_last(xp, logits, axis)
    given = () if class_weights is None else (class_weights,)
    if soft:
        targets = keep_rows(xp, class_last(xp, labels, axis), where, 1)
        index = None
    else:
        index, valid = looked_up(xp, labels, logits.shape[-1], ignore_index)
        where = valid if where is None else where if valid is None else xp.logical_and(valid, where)
    # XLA is slow to select: only the gradient, where no sum over rows could meet a NaN.
    hidden = is_jax(xp) and where is not None and weights is class_weights is None
    logits = _xla.hidden(logits, where) if hidden else keep_rows(xp, logits, where, 1)
    ranks: Ranks
    if index is not None and spec.index_kernel is not None:
        kernel, ranks, second = spec.index_kernel, (1, INDEX, 1), index
    else:
        if index is not None:
            targets = astype(xp, one_hot(xp, index, logits), computing_dtype(xp, logits))
        assert spec.target_kernel is not None
        kernel, ranks, second = spec.target_kernel, (1, 1, 1), targets
    counts = None
    if class_weights is not None:
        dtype = computing_dtype(xp, logits, labels, class_weights)
        table = astype(xp, class_weights, dtype)
        counts = xp.sum(astype(xp, targets, dtype) * table, axis=-1) if index is None else take(xp, table, index)
    arrays = (logits, second, *given)
    return reduced(
        xp, kernel, ranks[: len(arrays)], spec.options, arrays, reduction, weights, where, normalizer, counts
    )


def looked_up(xp: Namespace, labels: Array, classes: int, ignore_index: int | None) -> tuple[Array, Array | None]:
    """Indices that can be looked up, and where they are those given, or None where that is surely everywhere."""
    if (ignore_index is None or not 0 <= ignore_index < classes) and surely_within(xp, labels, 0, classes):
        return to_index(xp, labels), None
    return usable(xp, labels, classes, ignore_index)


def usable(xp: Namespace, labels: Array, classes: int, ignore_index: int | None) -> tuple[Array, Array]:
    """Indices that can be looked up, and where they are those given: neither ignored nor outside the classes."""
    index = to_index(xp, labels)
    valid = (index >= 0) & (index < classes)
    if ignore_index is not None:
        valid = valid & (index != ignore_index)
    return xp.where(valid, index, xp.zeros_like(index)), valid
