"""The head of the detector in NumPy alone, with the library's own gradients. The convolutions stay as they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from array_losses import value_and_grad

from . import network
from .network import Detections, Plan, Weights
from .shapes import Array, Scenes


def layer(x: Array, kernel: Array, bias: Array, stride: int) -> Array:
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))[:, :, ::stride, ::stride]
    x = np.tensordot(windows, kernel, axes=([1, 4, 5], [1, 2, 3])) + bias
    relu: Array = np.maximum(np.moveaxis(x, -1, 1), 0)
    return relu


def loss(weights: Weights, scenes: Scenes) -> Any:
    return network.loss(layer, weights, *scenes)


class Learner:
    def __init__(self, weights: Weights, plan: Plan) -> None:
        if not plan.head_only:
            raise ValueError("NumPy learns the head only: the example has no gradients of convolutions there")
        self.fixed = {name: w for name, w in weights.items() if not plan.learns(name)}
        self.learned = {name: w for name, w in weights.items() if plan.learns(name)}
        self.adam = Adam(plan)

    def learn(self, scenes: Scenes) -> float:
        total, gradients = value_and_grad(lambda w: loss({**self.fixed, **w}, scenes))(self.learned)
        self.learned = self.adam.moved(self.learned, gradients)
        return float(total)

    def weights_now(self) -> Weights:
        return {**self.fixed, **self.learned}

    def loss(self, weights: Weights, scenes: Scenes) -> float:
        return float(loss(weights, scenes))

    def detect(self, images: Array) -> Detections:
        return network.detections(layer, self.weights_now(), images)


class Adam:
    """D. Kingma and J. Ba, arXiv:1412.6980, algorithm 1."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.steps = plan, 0
        self.moments: dict[str, tuple[Any, Any]] = {}

    def moved(self, weights: Weights, gradients: Weights) -> Weights:
        rate = self.plan.rate * self.plan.share(self.steps)
        self.steps += 1
        moved = {}
        for name, gradient in gradients.items():
            first, second = self.moments.get(name, (0, 0))
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            mean, square = first / (1 - 0.9**self.steps), second / (1 - 0.999**self.steps)
            moved[name] = weights[name] - rate * mean / (np.sqrt(square) + 1e-8)
            self.moments[name] = first, second
        return moved
