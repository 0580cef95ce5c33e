"""Shapely as a contestant: GEOS, which clips any polygons, in float64 and one core."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends import Function


def numpy_functions() -> dict[str, Function]:
    shapely = importlib.import_module("shapely")

    def table(boxes: NDArray[Any], others: NDArray[Any]) -> NDArray[Any]:
        one, two = (shapely.polygons(corners(rows)) for rows in (boxes, others))
        inside = shapely.area(shapely.intersection(one[:, None], two[None, :]))
        return np.asarray(inside / (shapely.area(one)[:, None] + shapely.area(two)[None, :] - inside))

    return {"rotated iou table": table}


def torch_functions() -> dict[str, Function]:
    """From torch to torch: the same memory seen as NumPy arrays."""
    torch: Any = importlib.import_module("torch")
    table = numpy_functions()["rotated iou table"]
    return {"rotated iou table": lambda boxes, others: torch.from_numpy(table(boxes.numpy(), others.numpy()))}


def corners(boxes: NDArray[Any]) -> NDArray[Any]:
    """The four corners of boxes (cx, cy, w, h, angle)."""
    x, y, w, h, angle = np.moveaxis(boxes.astype(np.float64), -1, 0)
    along = np.asarray((-0.5, 0.5, 0.5, -0.5)) * w[:, None]
    across = np.asarray((-0.5, -0.5, 0.5, 0.5)) * h[:, None]
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return np.stack((x[:, None] + along * cos - across * sin, y[:, None] + along * sin + across * cos), axis=-1)
