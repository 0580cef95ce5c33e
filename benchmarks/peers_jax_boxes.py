"""The plain formula of box losses as a contestant in JAX: written from the definition, differentiated by JAX itself.

It races in two spellings, since neither is the faster one at every size: four columns, or two corners at a
time.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .backends import Function


def columns() -> dict[str, Function]:
    return _losses(_by_columns)


def corners() -> dict[str, Function]:
    return _losses(_by_corners)


class Geometry(NamedTuple):
    """What both losses need to know of a pair: `off` is twice the offset of the centres."""

    inter: Any
    width: Any
    height: Any
    target_width: Any
    target_height: Any
    hull_width: Any
    hull_height: Any
    off_x: Any
    off_y: Any


def _losses(geometry: Callable[[Any, Any, Any], Geometry]) -> dict[str, Function]:
    jax: Any = importlib.import_module("jax")
    jnp: Any = importlib.import_module("jax.numpy")

    def giou(pred: Any, target: Any) -> Any:
        g = geometry(jnp, pred, target)
        union = g.width * g.height + g.target_width * g.target_height - g.inter
        hull = g.hull_width * g.hull_height
        return jnp.sum(1 - g.inter / union + (hull - union) / hull)

    def ciou(pred: Any, target: Any) -> Any:
        g = geometry(jnp, pred, target)
        iou = g.inter / (g.width * g.height + g.target_width * g.target_height - g.inter)
        distance = (g.off_x**2 + g.off_y**2) / 4 / (g.hull_width**2 + g.hull_height**2)
        angle = jnp.arctan(g.target_width / g.target_height) - jnp.arctan(g.width / g.height)
        v = 4 / math.pi**2 * angle**2
        alpha = jax.lax.stop_gradient(v / (1 - iou + v))
        return jnp.sum(1 - iou + distance + alpha * v)

    return {"ciou": ciou, "giou": giou}


def _by_columns(jnp: Any, pred: Any, target: Any) -> Geometry:
    x1, y1, x2, y2 = (pred[..., i] for i in range(4))
    u1, v1, u2, v2 = (target[..., i] for i in range(4))
    inter_width = jnp.maximum(jnp.minimum(x2, u2) - jnp.maximum(x1, u1), 0)
    inter_height = jnp.maximum(jnp.minimum(y2, v2) - jnp.maximum(y1, v1), 0)
    return Geometry(
        inter=inter_width * inter_height,
        width=x2 - x1,
        height=y2 - y1,
        target_width=u2 - u1,
        target_height=v2 - v1,
        hull_width=jnp.maximum(x2, u2) - jnp.minimum(x1, u1),
        hull_height=jnp.maximum(y2, v2) - jnp.minimum(y1, v1),
        off_x=x1 + x2 - u1 - u2,
        off_y=y1 + y2 - v1 - v2,
    )


def _by_corners(jnp: Any, pred: Any, target: Any) -> Geometry:
    low, high = pred[..., :2], pred[..., 2:]
    target_low, target_high = target[..., :2], target[..., 2:]
    inter = jnp.maximum(jnp.minimum(high, target_high) - jnp.maximum(low, target_low), 0)
    hull = jnp.maximum(high, target_high) - jnp.minimum(low, target_low)
    side, target_side = high - low, target_high - target_low
    off = low + high - target_low - target_high
    return Geometry(
        inter=inter[..., 0] * inter[..., 1],
        width=side[..., 0],
        height=side[..., 1],
        target_width=target_side[..., 0],
        target_height=target_side[..., 1],
        hull_width=hull[..., 0],
        hull_height=hull[..., 1],
        off_x=off[..., 0],
        off_y=off[..., 1],
    )
