"""keras as a contestant: `keras.losses`, on PyTorch and on JAX."""

from __future__ import annotations

import importlib
import sys
import tempfile
import warnings
from os import environ
from types import ModuleType
from typing import Any
from unittest.mock import patch

from .backends import Function

PIXELS = (2, 3)
LOADED: dict[str, dict[str, ModuleType]] = {}


def torch_functions() -> dict[str, Function]:
    return _functions(load("torch"), importlib.import_module("torch").nn.functional.one_hot)


def jax_functions() -> dict[str, Function]:
    return _functions(load("jax"), importlib.import_module("jax").nn.one_hot)


def load(backend: str) -> Any:
    """The keras of this array library, one of several: it chooses when imported, and keeps to that.

    Its functions import parts of it when called, so `sys.modules` has the one that was asked for last.
    """
    importlib.import_module(backend)
    for name in [name for name in sys.modules if _is_keras(name)]:
        del sys.modules[name]
    if backend not in LOADED:
        with (
            tempfile.TemporaryDirectory() as folder,
            patch.dict(environ, {"KERAS_BACKEND": backend, "KERAS_HOME": folder}),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            importlib.import_module("keras")
        LOADED[backend] = {name: module for name, module in sys.modules.items() if _is_keras(name)}
    sys.modules.update(LOADED[backend])
    return sys.modules["keras"]


def _is_keras(name: str) -> bool:
    return name == "keras" or name.startswith("keras.")


def _functions(keras: Any, one_hot: Function) -> dict[str, Function]:
    """Most of its losses give the mean over the last axis: times its length that is the sum."""
    losses: Any = keras.losses

    def summed(loss: Function, **options: Any) -> Function:
        return lambda pred, target: loss(target, pred, **options).sum() * pred.shape[-1]

    def softmax_focal(logits: Any, labels: Any) -> Any:
        targets = one_hot(labels, logits.shape[-1])
        return losses.categorical_focal_crossentropy(targets, logits, alpha=1.0, from_logits=True).sum()

    return {
        "sigmoid bce": summed(losses.binary_crossentropy, from_logits=True),
        "sigmoid focal": summed(
            losses.binary_focal_crossentropy, apply_class_balancing=True, alpha=0.25, gamma=2.0, from_logits=True
        ),
        "probability bce": summed(losses.binary_crossentropy),
        "softmax ce": lambda logits, labels: losses.sparse_categorical_crossentropy(
            labels, logits, from_logits=True
        ).sum(),
        "softmax focal": softmax_focal,
        "kl divergence": lambda probs, targets: losses.kl_divergence(targets, probs).sum(),
        "hinge": summed(losses.hinge),
        "huber": summed(losses.huber, delta=1.0),
        "smooth l1": summed(losses.huber, delta=1.0),  # where beta = delta = 1 they are one
        "log cosh": summed(losses.log_cosh),
        "dice": lambda probs, targets: losses.dice(targets, probs, axis=PIXELS).mean(),
        # Its alpha weighs what it calls fp: (1 - prediction) times target, which is what others call fn.
        "tversky": lambda probs, targets: losses.tversky(targets, probs, alpha=0.7, beta=0.3, axis=PIXELS).mean(),
    }
