"""Every box loss with the options that change its formula, for tests that run over all of them."""

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
