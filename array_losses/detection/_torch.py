"""The cheapest matching as an operator of PyTorch: its compiler and `torch.vmap` then take it as one piece."""

from __future__ import annotations

from typing import Any

import torch

from .._array import Array
from ._matching import cheapest


def _cheapest(cost: Array, mask: Array) -> Array:
    found = cheapest(cost.detach().cpu().double().numpy(), mask.cpu().numpy())
    return torch.from_numpy(found).to(cost.device)


def _shape(cost: Array, mask: Array) -> Array:
    return cost.new_empty(cost.shape[:-1], dtype=torch.int64)


def _mapped(info: Any, axes: tuple[int | None, ...], cost: Array, mask: Array) -> tuple[Array, int]:
    """The mapped axis is one more leading axis."""
    cost, mask = [
        x.expand(info.batch_size, *x.shape) if axis is None else x.movedim(axis, 0)
        for x, axis in zip((cost, mask), axes)
    ]
    return cheapest_matching(cost, mask), 0


cheapest_matching: Any = torch.library.custom_op(
    "array_losses::cheapest_matching", _cheapest, mutates_args=(), schema="(Tensor cost, Tensor mask) -> Tensor"
)
cheapest_matching.register_fake(_shape)
cheapest_matching.register_vmap(_mapped)
