"""The detector in JAX: `optax.adam`, and each step one compiled program, the criterion included."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import optax

from . import network
from .network import Detections, Plan, Weights
from .shapes import Array, Scenes


def layer(x: jax.Array, kernel: jax.Array, bias: jax.Array, stride: int) -> jax.Array:
    x = jax.lax.conv_general_dilated(x, kernel, window_strides=(stride, stride), padding=((1, 1), (1, 1)))
    return jax.nn.relu(x + bias[:, None, None])


def loss(weights: Weights, scenes: Scenes) -> jax.Array:
    total: jax.Array = network.loss(layer, weights, *scenes)
    return total


class Learner:
    def __init__(self, weights: Weights, plan: Plan) -> None:
        weights = jax.device_put(weights)
        self.fixed = {name: w for name, w in weights.items() if not plan.learns(name)}
        self.learned = {name: w for name, w in weights.items() if plan.learns(name)}
        adam = optax.adam(lambda step: plan.rate * plan.share(step))
        self.state = adam.init(self.learned)

        def step(learned: Weights, state: Any, fixed: Weights, scenes: Scenes) -> tuple[Weights, Any, jax.Array]:
            total, gradients = jax.value_and_grad(lambda w: loss({**fixed, **w}, scenes))(learned)
            updates, state = adam.update(gradients, state)
            return optax.apply_updates(learned, updates), state, total

        self.step = jax.jit(step)
        self.detections = jax.jit(lambda w, images: network.detections(layer, w, images))

    def learn(self, scenes: Scenes) -> float:
        self.learned, self.state, total = self.step(self.learned, self.state, self.fixed, scenes)
        return float(total)

    def weights_now(self) -> Weights:
        return {name: np.asarray(w) for name, w in {**self.fixed, **self.learned}.items()}

    def loss(self, weights: Weights, scenes: Scenes) -> float:
        learned, fixed = [{name: weights[name] for name in own} for own in (self.learned, self.fixed)]
        return float(self.step(learned, self.state, fixed, scenes)[2])  # a program that is compiled already

    def detect(self, images: Array) -> Detections:
        return Detections(*[np.asarray(x) for x in self.detections({**self.fixed, **self.learned}, images)])
