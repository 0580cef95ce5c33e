"""optax as a contestant: `optax.losses`."""

from __future__ import annotations

import importlib
from typing import Any

from .backends import Function


def functions() -> dict[str, Function]:
    jax: Any = importlib.import_module("jax")
    losses: Any = importlib.import_module("optax.losses")

    def softmax_dice(logits: Any, labels: Any) -> Any:
        """It wants the classes last, and targets of the logits' shape."""
        targets = jax.nn.one_hot(labels, logits.shape[1], dtype=logits.dtype)
        return losses.dice_loss(jax.numpy.moveaxis(logits, 1, -1), targets, smooth=0.0).mean()

    return {
        "sigmoid focal": lambda logits, targets: losses.sigmoid_focal_loss(
            logits, targets, alpha=0.25, gamma=2.0
        ).sum(),
        "sigmoid bce": lambda logits, targets: losses.sigmoid_binary_cross_entropy(logits, targets).sum(),
        "softmax ce": lambda logits, labels: losses.softmax_cross_entropy_with_integer_labels(logits, labels).sum(),
        "huber": lambda pred, target: losses.huber_loss(pred, target).sum(),
        "kl divergence": lambda probs, targets: losses.kl_divergence(jax.numpy.log(probs), targets).sum(),
        "hinge": lambda scores, targets: losses.hinge_loss(scores, targets).sum(),
        "log cosh": lambda pred, target: losses.log_cosh(pred, target).sum(),
        "triplet": lambda anchor, positive, negative: losses.triplet_margin_loss(
            anchor, positive, negative, margin=0.2, eps=0.0
        ).mean(),
        "softmax dice": softmax_dice,
        "nt-xent": lambda embeddings, labels: losses.ntxent(embeddings, labels, temperature=0.5),
    }
