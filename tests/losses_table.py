"""Every box loss with the options that change its formula, for tests that run over all of them.

Not those with a unit of length of their own, MPDIoU and NWD.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

import array_losses

TABLE: list[tuple[str, dict[str, Any]]] = [
    ("iou_loss", {}),
    ("iou_loss", {"form": "log"}),
    ("iou_loss", {"form": "square"}),
    ("giou_loss", {}),
    ("diou_loss", {}),
    ("ciou_loss", {}),
    ("ciou_loss", {"gate": 0.5}),
    ("eiou_loss", {}),
    ("focal_eiou_loss", {}),
    ("cdiou_loss", {}),
    ("cdiou_loss", {"base": "giou"}),
    ("cdiou_loss", {"base": "ciou"}),
    ("siou_loss", {}),
    ("alpha_iou_loss", {}),
    ("alpha_iou_loss", {"base": "ciou"}),
    ("inner_iou_loss", {"ratio": 0.75}),
    ("inner_iou_loss", {"ratio": 1.25, "base": "siou"}),
    ("focaler_iou_loss", {}),
    ("focaler_iou_loss", {"low": 0.25, "base": "eiou"}),
    ("unified_iou_loss", {"ratio": 0.75}),
    ("shape_iou_loss", {}),
    ("shape_iou_loss", {"scale": 1.0}),
    ("powerful_iou_loss", {"version": 1}),
    ("powerful_iou_loss", {}),
    ("bounded_iou_loss", {}),
    ("extended_iou_loss", {}),
]


def label(name: str, knobs: dict[str, Any]) -> str:
    return "-".join([name, *(str(value) for value in knobs.values())])


def loss(name: str, knobs: dict[str, Any]) -> Callable[..., Any]:
    return functools.partial(getattr(array_losses, name), **knobs)


every_loss = pytest.mark.parametrize("loss", [pytest.param(loss(*row), id=label(*row)) for row in TABLE])
# One loss of each shape: areas only, centres and sides with a constant factor, corners, a power, a logarithm.
KINDS = [("giou_loss", {}), ("ciou_loss", {}), ("cdiou_loss", {"base": "ciou"}), ("focal_eiou_loss", {}),
         ("iou_loss", {"form": "log"})]  # fmt: skip
each_kind = pytest.mark.parametrize("loss", [pytest.param(loss(*row), id=label(*row)) for row in KINDS])
