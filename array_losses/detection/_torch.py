"""What NumPy computes, as operators of PyTorch: its compiler and `torch.vmap` then take each as one piece.

They are the cheapest matching, and what the anchors of YOLOv8 are to learn."""

from __future__ import annotations

from typing import Any

import torch

from .._array import Array, namespace
from ._learning import LEVEL, Knobs, Scene, Shape, Slots, in_a_table, learn
from ._matching import cheapest
from .assignment import Assignment
from .yolov8_obb import ROTATED


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


def learned(knobs: Knobs, shape: Shape, scene: Scene) -> tuple[Assignment, Slots]:
    """`learn`, of tensors in the processor's memory."""
    bins, _, *others = knobs  # an assignment has no use for gains
    found = _learned(*scene, shape is ROTATED, bins, *others)
    return Assignment._make(found[: len(Assignment._fields)]), Slots._make(found[len(Assignment._fields) :])


def _learn(*given: Any) -> tuple[Array, ...]:
    knobs, shape, arrays = _told(given)
    found, slots = learn(knobs, shape, *arrays)
    return tuple([x.contiguous() for x in (*found, *slots)])


def _learned_shapes(*given: Any) -> tuple[Array, ...]:
    """What the table would give, which needs no numbers to know its shape."""
    knobs, shape, arrays = _told(given)
    found, slots = in_a_table(namespace(arrays[0]), knobs, shape, Scene._make(arrays))
    return tuple([x.new_empty(x.shape) for x in (*found, *slots)])


def _told(given: tuple[Any, ...]) -> tuple[Knobs, Shape, tuple[Any, ...]]:
    count = len(Scene._fields)
    bins, *others = given[count + 1 :]
    return Knobs(bins, (), *others), ROTATED if given[count] else LEVEL, given[:count]


def _learned_mapped(info: Any, axes: tuple[int | None, ...], *given: Any) -> tuple[tuple[Array, ...], tuple[int, ...]]:
    """One after the other, because the places of the anchors may be mapped as well."""
    count = len(Scene._fields)
    each = [
        [x if axis is None else x.select(axis, i) for x, axis in zip(given[:count], axes)]
        for i in range(info.batch_size)
    ]
    found = [_learned(*arrays, *given[count:]) for arrays in each]
    return tuple([torch.stack(same) for same in zip(*found)]), (0,) * len(found[0])


_TENSORS = ", ".join(f"Tensor{'?' if name == 'angles' else ''} {name}" for name in Scene._fields)
_NUMBERS = "bool rotated, int bins, int topk, int? second_topk, float alpha, float beta, float? least_side, float eps"
_FOUND = ", ".join(["Tensor"] * (len(Assignment._fields) + len(Slots._fields)))
_learned: Any = torch.library.custom_op(
    "array_losses::yolov8_learn", _learn, mutates_args=(), schema=f"({_TENSORS}, {_NUMBERS}) -> ({_FOUND})"
)
_learned.register_fake(_learned_shapes)
_learned.register_vmap(_learned_mapped)
