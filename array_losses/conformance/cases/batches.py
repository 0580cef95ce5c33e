"""Losses that weigh their rows by what the batch, or all batches so far, hold."""

from __future__ import annotations

from ..families import (
    CLASS_BATCH,
    COUNTED_DIFFERENCE_BATCH,
    COUNTED_LOGIT_BATCH,
    DIFFERENCE_BATCH,
    LABEL_BATCH,
    LOGIT_BATCH,
)
from .case import INF, Budget, Case, Scale, Variant

TIGHT = Budget((4, 4), (16, 16))

CASES = (
    Case(
        "ghm_classification_loss",
        "batch",
        TIGHT,
        LOGIT_BATCH,
        (
            Variant({}, 0, INF),
            Variant({"bins": 7, "momentum": 0.75}, 0, INF),
            Variant({"momentum": 0.75}, 0, INF, COUNTED_LOGIT_BATCH),
        ),
    ),
    Case(
        "ghm_regression_loss",
        "batch",
        TIGHT,
        DIFFERENCE_BATCH,
        (
            Variant({}, 0, INF),
            Variant({"mu": 1.0}, 0, INF),
            Variant({"momentum": 0.75}, 0, INF, COUNTED_DIFFERENCE_BATCH),
        ),
        alike=True,
    ),
    Case(
        "equalization_loss_v2",
        "batch",
        Budget((10, 10), (16, 16), "a weight is e^(gamma (ratio - mu)), with as many times the error of the ratio"),
        CLASS_BATCH,
        (Variant({}, 0, INF), Variant({"gamma": 4.0, "mu": 0.5, "alpha": 1.0}, 0, INF)),
        alike=True,
    ),
    Case(
        "seesaw_loss",
        "batch",
        TIGHT,
        LABEL_BATCH,
        (
            Variant({}, 0, INF),
            Variant({"p": 0.0, "q": 0.5, "score_floor": 0.01}, 0, INF),
            Variant({"ignore_index": 3}, 0, INF),
        ),
        Scale(value=1.0, gradient=1.0, why="a cross-entropy of logits that are shifted by sums"),
        indices_only=True,
    ),
)
