"""The detector in PyTorch: eager, `torch.optim.Adam`."""

from __future__ import annotations

import torch
from torch import Tensor

from . import network
from .network import Detections, Plan, Weights
from .shapes import Array, Scenes


def layer(x: Tensor, kernel: Tensor, bias: Tensor, stride: int) -> Tensor:
    return torch.relu(torch.nn.functional.conv2d(x, kernel, bias, stride=stride, padding=1))


def loss(weights: Weights, scenes: Scenes) -> Tensor:
    total: Tensor = network.loss(layer, weights, *[torch.from_numpy(x) for x in scenes])
    return total


class Learner:
    def __init__(self, weights: Weights, plan: Plan) -> None:
        self.weights = {name: torch.tensor(w, requires_grad=plan.learns(name)) for name, w in weights.items()}
        self.optimizer = torch.optim.Adam([w for w in self.weights.values() if w.requires_grad], lr=plan.rate)
        self.rates = torch.optim.lr_scheduler.LambdaLR(self.optimizer, plan.share)

    def learn(self, scenes: Scenes) -> float:
        self.optimizer.zero_grad()
        total = loss(self.weights, scenes)
        total.backward()
        self.optimizer.step()
        self.rates.step()
        return float(total.item())

    def weights_now(self) -> Weights:
        return {name: w.numpy(force=True) for name, w in self.weights.items()}

    def loss(self, weights: Weights, scenes: Scenes) -> float:
        return float(loss({name: torch.tensor(w) for name, w in weights.items()}, scenes).item())

    def detect(self, images: Array) -> Detections:
        with torch.no_grad():
            found = network.detections(layer, self.weights, torch.from_numpy(images))
        return Detections(*[x.numpy() for x in found])
