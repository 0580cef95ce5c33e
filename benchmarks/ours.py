"""`array_losses` as a contestant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace, device

import array_losses
from array_losses.detection import yolov8_detection_loss

from .backends import Function
from .inputs import FAR

NAME = "array_losses"


def ciou(pred: Any, target: Any) -> Any:
    return array_losses.ciou_loss(pred, target, reduction="sum")


def giou(pred: Any, target: Any) -> Any:
    return array_losses.giou_loss(pred, target, reduction="sum")


def _summed(loss: Callable[..., Any], **options: Any) -> Function:
    return lambda pred, target: loss(pred, target, **options, reduction="sum")


def wise_iou(pred: Any, target: Any) -> Any:
    return array_losses.wise_iou_loss(pred, target, mean=0.5, reduction="sum")[0]


def giou_table(boxes: Any, others: Any) -> Any:
    return array_losses.giou(boxes[:, None, :], others[None, :, :])


def rotated_iou_table(boxes: Any, others: Any) -> Any:
    return array_losses.rotated_iou(boxes[:, None, :], others[None, :, :])


def yolov8(box_logits: Any, class_logits: Any, labels: Any, boxes: Any, mask: Any, anchors: Any, strides: Any) -> Any:
    places = {"anchors": anchors, "strides": strides}
    return yolov8_detection_loss(box_logits, class_logits, labels, boxes, mask, **places, metric_eps=1e-9).total


def iou_table(boxes: Any, others: Any) -> Any:
    return array_losses.iou(boxes[:, None, :], others[None, :, :])


def sigmoid_focal(logits: Any, targets: Any) -> Any:
    return array_losses.sigmoid_focal_loss(logits, targets, alpha=0.25, gamma=2.0, reduction="sum")


def sigmoid_bce(logits: Any, targets: Any) -> Any:
    return array_losses.sigmoid_binary_cross_entropy(logits, targets, reduction="sum")


def softmax_ce(logits: Any, labels: Any) -> Any:
    return array_losses.softmax_cross_entropy(logits, labels, reduction="sum")


def distribution_focal(logits: Any, targets: Any) -> Any:
    return array_losses.distribution_focal_loss(logits, targets, reduction="sum")


def smooth_l1(pred: Any, target: Any) -> Any:
    return array_losses.smooth_l1_loss(pred, target, reduction="sum")


def huber(pred: Any, target: Any) -> Any:
    return array_losses.huber_loss(pred, target, reduction="sum")


def dice(probs: Any, targets: Any) -> Any:
    return array_losses.dice_loss(probs, targets, axis=1, reduction="mean")


def tversky(probs: Any, targets: Any) -> Any:
    return array_losses.tversky_loss(probs, targets, axis=1, fp_weight=0.3, fn_weight=0.7, reduction="mean")


def softmax_dice(logits: Any, labels: Any) -> Any:
    return array_losses.softmax_dice_loss(logits, labels, axis=1, reduction="mean")


def lovasz_softmax(logits: Any, labels: Any) -> Any:
    return array_losses.lovasz_softmax_loss(logits, labels, axis=1, reduction="mean")


def batch_hard_triplet(embeddings: Any, labels: Any) -> Any:
    return array_losses.batch_hard_triplet_loss(embeddings, labels, margin=0.2, reduction="mean")


def triplet(anchor: Any, positive: Any, negative: Any) -> Any:
    return array_losses.triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean")


def contrastive(embeddings: Any, labels: Any) -> Any:
    """The mean over the pairs of one label, and that over the pairs of two."""
    distances = array_losses.pairwise_distance(embeddings)
    same = labels[:, None] == labels[None, :]

    def mean(pairs: Any) -> Any:
        return array_losses.contrastive_loss(
            distances, same, negative_margin=FAR, squared=False, where=pairs, reduction="mean"
        )

    return mean(same & ~_own(labels)) + mean(~same)


def _own(labels: Any) -> Any:
    xp = array_namespace(labels)
    indices = xp.arange(labels.shape[0], device=device(labels))
    return indices[:, None] == indices[None, :]


def nt_xent(embeddings: Any, labels: Any) -> Any:
    return array_losses.nt_xent_loss(embeddings, labels, temperature=0.5, reduction="mean")


def info_nce(queries: Any, keys: Any) -> Any:
    return array_losses.info_nce_loss(queries, keys, temperature=0.07, reduction="mean")


MODERN: dict[str, Function] = {
    "eiou": _summed(array_losses.eiou_loss),
    "siou": _summed(array_losses.siou_loss),
    "alpha ciou": _summed(array_losses.alpha_iou_loss, base="ciou"),
    "wise iou": wise_iou,
    "mpdiou": _summed(array_losses.mpdiou_loss, image_size=(640, 640)),
    "inner ciou": _summed(array_losses.inner_iou_loss, ratio=0.75, base="ciou"),
    "focaler ciou": _summed(array_losses.focaler_iou_loss, base="ciou"),
    "shape iou": _summed(array_losses.shape_iou_loss),
    "powerful iou": _summed(array_losses.powerful_iou_loss),
    "nwd": _summed(array_losses.nwd_loss),
    "bounded iou": _summed(array_losses.bounded_iou_loss),
    "extended iou": _summed(array_losses.extended_iou_loss),
    "unified ciou": _summed(array_losses.unified_iou_loss, ratio=0.75),
}
"""Later losses of pairs of boxes."""

LOSSES: dict[str, Function] = {
    "ciou": ciou,
    "giou": giou,
    **MODERN,
    "probiou": _summed(array_losses.probiou_loss),
    "yolov8": yolov8,
    "sigmoid focal": sigmoid_focal,
    "sigmoid bce": sigmoid_bce,
    "probability bce": _summed(array_losses.binary_cross_entropy),
    "softmax ce": softmax_ce,
    "softmax focal": _summed(array_losses.softmax_focal_loss, gamma=2.0),
    "kl divergence": _summed(array_losses.kl_divergence),
    "hinge": _summed(array_losses.hinge_loss),
    "distribution focal": distribution_focal,
    "smooth l1": smooth_l1,
    "huber": huber,
    "log cosh": _summed(array_losses.log_cosh_loss),
    "charbonnier": _summed(array_losses.charbonnier_loss, epsilon=1e-3),
    "balanced l1": _summed(array_losses.balanced_l1_loss),
    "dice": dice,
    "tversky": tversky,
    "softmax dice": softmax_dice,
    "lovasz softmax": lovasz_softmax,
    "batch hard triplet": batch_hard_triplet,
    "triplet": triplet,
    "contrastive": contrastive,
    "nt-xent": nt_xent,
    "info nce": info_nce,
}

TABLES: dict[str, Function] = {
    "iou table": iou_table,
    "giou table": giou_table,
    "rotated iou table": rotated_iou_table,
}
ONE_ROW: dict[str, Function] = {
    f"one {entry}": LOSSES[entry] for entry in ("ciou", "sigmoid focal", "huber", "softmax ce")
}


def functions() -> dict[str, Function]:
    return LOSSES | TABLES | ONE_ROW


def numpy_functions() -> dict[str, Function]:
    return functions() | {
        f"{name} and gradient": array_losses.value_and_grad(function, argnums=(0, 1) if function is yolov8 else 0)
        for name, function in LOSSES.items()
    }


def ciou_in_their_place() -> dict[str, Function]:
    """Our CIoU under the names of the later losses, whose times are counted in its."""
    return dict.fromkeys(MODERN, ciou)


def numpy_ciou_in_their_place() -> dict[str, Function]:
    gradient = array_losses.value_and_grad(ciou)
    return ciou_in_their_place() | {f"{name} and gradient": gradient for name in MODERN}
