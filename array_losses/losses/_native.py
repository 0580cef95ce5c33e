"""PyTorch's own functions where they compute the same: one fused operation, which no sequence of others comes near.

Each returns None where something sets the call apart: another library, a transform, weights, a dtype, a label.
"""

from __future__ import annotations

from typing import Any

from .._array import Array, is_torch, namespace, plain_cpu, raw
from .._check import REDUCTIONS
from ._rows import Shared

NO_LABEL = -(2**62)


def native_cross_entropy(
    logits: Array, labels: Array, axis: int, class_weights: Array | None, smoothing: float, shared: Shared
) -> Array | None:
    """The cross-entropy of class indices.

    The labels are not looked at: PyTorch raises `IndexError` for those outside the classes, which are ignored here.
    """
    torch = _torch_of(shared, logits)
    if torch is None or not plain_cpu(namespace(labels), labels):
        return None
    if class_weights is not None:
        constant = plain_cpu(namespace(class_weights), class_weights)
        if not constant or class_weights.dtype != logits.dtype:
            return None
    index, shape, reduction = labels.long(), None, shared.reduction
    if axis != 1 and logits.ndim > 1:
        logits = logits.movedim(axis, -1)
        shape, logits, index = index.shape, logits.reshape(-1, logits.shape[-1]), index.reshape(-1)
    try:
        loss = torch.nn.functional.cross_entropy(
            logits, index, class_weights, None, NO_LABEL, None, reduction, smoothing
        )
    except IndexError:
        return None
    return loss.reshape(shape) if reduction == "none" and shape is not None else loss


def native_difference(name: str, pred: Array, target: Array, shared: Shared, *knobs: float) -> Array | None:
    """A loss of pred - target by its name in `torch.nn.functional`."""
    torch = _torch_of(shared, pred, target, compiled=True)
    if torch is None:
        return None
    knob = {"smooth_l1_loss": "beta", "huber_loss": "delta"}.get(name)
    options = {} if knob is None else {knob: knobs[0]}
    return getattr(torch.nn.functional, name)(pred, target, reduction=shared.reduction, **options)


def native_bins(logits: Array, targets: Array, shared: Shared) -> Array | None:
    """The cross-entropies of the two bins beside each target, by one `log_softmax` over the last axis."""
    torch = _torch_of(shared, logits)
    if torch is None or targets.dtype != logits.dtype or not plain_cpu(namespace(targets), targets):
        return None
    last = logits.shape[-1] - 1
    inside = targets.clamp(0, last)
    left = inside.nan_to_num(0.0).floor().clamp_max(last - 1)
    to_right, index = inside - left, left.long()
    found = torch.log_softmax(logits, -1).gather(-1, torch.stack((index, index + 1), -1))
    if shared.reduction == "none":
        first, second = found.unbind(-1)
        return (to_right - 1.0) * first - to_right * second
    total = -(found * torch.stack((1.0 - to_right, to_right), -1)).sum()
    return total if shared.reduction == "sum" else total / targets.numel()


def _torch_of(shared: Shared, *arrays: Array, compiled: bool = False) -> Any:
    """PyTorch, where nothing is weighted and the arrays are ordinary tensors of one dtype in the processor's memory.

    They may be recorded. `compiled` says that the function is one of those that torch.compile makes a single loop of.
    """
    weights, where, normalizer, reduction = shared
    if not (weights is where is normalizer is None) or reduction not in REDUCTIONS:
        return None
    xp, dtype = namespace(arrays[0]), arrays[0].dtype
    if not is_torch(xp) or not (dtype == xp.float32 or dtype == xp.float64):
        return None
    torch = raw(xp)
    traced = torch.compiler.is_compiling()
    if (traced and not compiled) or torch._C._are_functorch_transforms_active():
        return None
    for x in arrays:
        ordinary = type(x) is torch.Tensor or type(x) is torch.nn.Parameter
        if not ordinary or x.dtype != dtype or not x.is_cpu or 0 in x.shape or (not traced and x.is_neg()):
            return None
    return torch
