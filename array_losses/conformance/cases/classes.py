"""Losses of class scores with a class index or class probabilities."""

from __future__ import annotations

from typing import Any

from ..families import (
    INDICES,
    RULED_OUT,
    SCORE_INDICES,
    SOFT_LABELS,
    WEIGHTED_INDICES,
    WEIGHTED_SOFT_LABELS,
)
from .case import INF, Budget, Case, Scale, Variant

TIGHT = Budget((4, 4), (16, 16))
DIFFERENCES = Scale(moved_by=("logits",), why="the difference of two logits is rounded")
BY_PYTORCH = Scale(
    value=1.0,
    gradient=1.0,
    moved_by=("logits",),
    why="PyTorch's own function, used for its tensors, rounds at the size of 1",
)


def _on(family: Any, *every: dict[str, Any]) -> tuple[Variant, ...]:
    return tuple(Variant(knobs, 0, INF, family) for knobs in every)


CASES = (
    Case(
        "softmax_cross_entropy",
        "loss",
        TIGHT,
        INDICES,
        (
            Variant({}, 0, INF),
            Variant({"label_smoothing": 0.1}, 0, INF),
            Variant({"ignore_index": 3}, 0, INF),
            *_on(WEIGHTED_INDICES, {}, {"label_smoothing": 0.1, "ignore_index": 255}),
            *_on(SOFT_LABELS, {}, {"label_smoothing": 0.1}),
            *_on(WEIGHTED_SOFT_LABELS, {}, {"label_smoothing": 0.1}),
            *_on(RULED_OUT, {}),
        ),
        DIFFERENCES,
        scale_on=(("torch", BY_PYTORCH),),
        representative=True,
    ),
    Case(
        "softmax_focal_loss",
        "loss",
        TIGHT,
        INDICES,
        (
            Variant({}, 0, INF),
            Variant({"gamma": 0.0}, 0, INF),
            Variant({"gamma": 0.5}, 0, INF),
            Variant({"gamma": 1.0}, 0, INF),
            Variant({"ignore_index": 3}, 0, INF),
            *_on(WEIGHTED_INDICES, {"gamma": 1.5}),
            *_on(SOFT_LABELS, {}),
            *_on(WEIGHTED_SOFT_LABELS, {"gamma": 0.5}),
        ),
        DIFFERENCES,
        alike=True,
    ),
    Case(
        "poly1_loss",
        "loss",
        TIGHT,
        INDICES,
        (
            Variant({}, 0, INF),
            Variant({"epsilon": -0.5, "ignore_index": 3}, 0, INF),
            Variant({"epsilon": 0.0}, 0, INF),
            *_on(SOFT_LABELS, {}),
        ),
        DIFFERENCES,
        alike=True,
    ),
    Case(
        "generalized_cross_entropy",
        "loss",
        TIGHT,
        INDICES,
        (
            Variant({}, 0, 1 / 0.7 * (1 + 1e-6)),
            Variant({"q": 0.0, "ignore_index": 3}, 0, INF),
            Variant({"q": 1.0}, 0, 1),
            *_on(SOFT_LABELS, {}),
        ),
        DIFFERENCES,
        alike=True,
    ),
    Case(
        "multiclass_hinge_loss",
        "loss",
        TIGHT,
        SCORE_INDICES,
        (Variant({}, 0, INF), Variant({"form": "sum"}, 0, INF), Variant({"ignore_index": 3}, 0, INF)),
        indices_only=True,
        alike=True,
    ),
    Case(
        "bi_tempered_loss",
        "loss",
        TIGHT,
        INDICES,
        (
            Variant({"t1": 0.8, "t2": 1.4}, 0, INF),
            Variant({"t1": 0.5, "t2": 2.0, "label_smoothing": 0.1}, 0, INF),
            Variant({"t1": 1.0, "t2": 1.0, "ignore_index": 3}, 0, INF),
            *_on(SOFT_LABELS, {"t1": 0.0, "t2": 1.4}, {"t1": 1.0, "t2": 1.2, "label_smoothing": 0.1}),
        ),
        Scale(value=1.0, gradient=1.0, why="a sum of powers of size 1 that cancel"),
        alike=True,
    ),
)
