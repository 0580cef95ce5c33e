"""Distances, cosines and losses of embeddings: batches that stay apart, with results for anchors, pairs or proxies."""

from __future__ import annotations

from typing import Any

from ..embedding_families import (
    ALONE,
    CENTERS,
    COSINES,
    DIRECTIONS,
    DIRECTIONS_ALONE,
    DISTANCES,
    EMBEDDINGS,
    KEYS,
    MINED,
    ONE_QUEUE,
    PAIRED,
    PAIRED_DIRECTIONS,
    PROXIES,
    QUEUE,
    SAME,
    TRIPLETS,
)
from .case import INF, RELATIVE, Budget, Case, Scale, Variant

TIGHT = Budget((4, 4), (16, 16))
NEAR = Budget((4, 4), (4, 4))
"""Of what is counted at the size that the errors of cosines have."""
DIFFERENCE = Scale(terms=True, why="a difference of distances")
AS_ROUNDED = Scale(moved_by=("a", "b"), why="near embeddings are as far apart as their own rounding lets them be")
DIFFERENCE_AS_ROUNDED = Scale(
    terms=True, moved_by=("embeddings",), why="a difference of distances, each as exact as the rounding of embeddings"
)
EACH = ((0, 0),)
"""A result for each embedding."""
TABLE = ((0, 0), (0, 0))
"""A result for each pair of embeddings."""


def _cosines(factor: float) -> Scale:
    """Of exponents that are cosines times a factor, and slopes of that size times the length of the embedding."""
    why = "cosines are off by some units in the last place of 1, and exponents by the factor times as many"
    return Scale(value=factor, gradient=factor**2, why=why)


def _turned(factor: float) -> Scale:
    return Scale(value=factor, gradient=factor, why="differences of products of sines and cosines, times the factor")


def _by_factor(*every: tuple[float, dict[str, Any]], **common: Any) -> tuple[Variant, ...]:
    return tuple(Variant(knobs, 0, INF, scale=_cosines(factor), **common) for factor, knobs in every)


CASES = (
    # Distances and cosines
    Case(
        "pairwise_distance",
        "measure",
        TIGHT,
        PAIRED,
        (
            Variant({}, 0, INF),
            Variant({"squared": True}, 0, INF),
            Variant({}, 0, INF, ALONE, results=TABLE),
        ),
        AS_ROUNDED,
        results=((0, 0), (1, 0)),
    ),
    Case(
        "pairwise_similarity",
        "measure",
        TIGHT,
        PAIRED_DIRECTIONS,
        (
            Variant({}, -1.000001, 1.000001),
            Variant({}, -1.000001, 1.000001, DIRECTIONS_ALONE, results=TABLE),
            Variant({"normalize": False}, -INF, INF, PAIRED, Scale(terms=True, why="a sum of products")),
        ),
        _cosines(1.0),
        results=((0, 0), (1, 0)),
        alike=True,
    ),
    # Triplets
    Case("batch_hard", "measure", TIGHT, DISTANCES, (Variant({}, 0, INF),), results=(*EACH, 3), alike=True),
    Case("semi_hard", "measure", TIGHT, DISTANCES, (Variant({}, 0, INF),), results=(*TABLE, 3), alike=True),
    Case(
        "triplet_loss",
        "loss",
        TIGHT,
        TRIPLETS,
        (
            Variant({}, 0, INF),
            Variant({"margin": 0.5, "swap": True}, 0, INF),
            Variant({"margin": None}, 0, INF),
            Variant({"margin": None, "swap": True}, 0, INF),
        ),
        DIFFERENCE,
        alike=True,
    ),
    Case(
        "mined_triplet_loss",
        "loss",
        TIGHT,
        MINED,
        (
            Variant({}, 0, INF),
            Variant({"margin": 0.5, "active_only": True}, 0, INF),
            Variant({"margin": None}, 0, INF),
            Variant({"margin": None, "active_only": True}, 0, INF),
        ),
        DIFFERENCE,
        alike=True,
    ),
    Case(
        "batch_hard_triplet_loss",
        "loss",
        TIGHT,
        EMBEDDINGS,
        (
            Variant({}, 0, INF),
            Variant({"margin": 0, "active_only": True}, 0, INF),
            Variant({"margin": None}, 0, INF),
        ),
        DIFFERENCE_AS_ROUNDED,
        results=EACH,
        representative=True,
        alike=True,
    ),
    Case(
        "batch_all_triplet_loss",
        "loss",
        TIGHT,
        EMBEDDINGS,
        (Variant({}, 0, INF), Variant({"margin": 1.0, "active_only": False}, 0, INF), Variant({"margin": 0}, 0, INF)),
        DIFFERENCE_AS_ROUNDED,
        results=EACH,
        alike=True,
    ),
    Case(
        "semi_hard_triplet_loss",
        "loss",
        TIGHT,
        EMBEDDINGS,
        (Variant({}, 0, INF), Variant({"margin": 0.2}, 0, INF)),
        DIFFERENCE_AS_ROUNDED,
        results=TABLE,
        alike=True,
    ),
    Case(
        "contrastive_loss",
        "loss",
        TIGHT,
        SAME,
        (
            Variant({}, 0, INF),
            Variant({"squared": False}, 0, INF),
            Variant({"positive_margin": 0.25, "negative_margin": 1.25}, 0, INF),
            Variant({"positive_margin": 0.5, "negative_margin": 0.5, "squared": False}, 0, INF),
        ),
        alike=True,
    ),
    # Cosines
    Case(
        "info_nce_loss",
        "loss",
        Budget((6, 6), (4, 4), "a difference of two cosines, each off by 2"),
        KEYS,
        (
            *_by_factor((1 / 0.07, {})),
            *_by_factor((1 / 0.07, {}), (1.0, {"temperature": 1.0}), family=QUEUE),
            *_by_factor((2.0, {"temperature": 0.5}), family=ONE_QUEUE),
        ),
        results=EACH,
        alike=True,
    ),
    Case(
        "nt_xent_loss",
        "loss",
        NEAR,
        DIRECTIONS,
        _by_factor((2.0, {}), (10.0, {"temperature": 0.1})),
        results=TABLE,
        representative=True,
    ),
    Case(
        "sup_con_loss",
        "loss",
        NEAR,
        DIRECTIONS,
        _by_factor((10.0, {}), (2.0, {"temperature": 0.5})),
        results=EACH,
        alike=True,
    ),
    Case(
        "circle_loss",
        "loss",
        NEAR,
        DIRECTIONS,
        _by_factor((256.0, {}), (32.0, {"margin": 0.4, "gamma": 32.0})),
        results=EACH,
        alike=True,
    ),
    Case(
        "multi_similarity_loss",
        "loss",
        NEAR,
        DIRECTIONS,
        (
            Variant({}, 0, INF, scale=_cosines(1.0)),
            Variant({"epsilon": None}, 0, INF, scale=_cosines(1.0)),
            Variant({"alpha": 1.0, "beta": 10.0, "base": 0.5, "epsilon": 0.25}, 0, INF, scale=_cosines(1.0)),
        ),
        results=EACH,
        alike=True,
    ),
    # Margins of class logits
    Case(
        "arcface_logits",
        "measure",
        TIGHT,
        COSINES,
        (
            Variant({}, -96, 64),
            Variant({"margin": 0.25, "scale": 1.0}, -1.1, 1, scale=_turned(1.0)),
            Variant({"margin": 0}, -64, 64),
        ),
        _turned(64.0),
        results=EACH,
    ),
    Case(
        "cosface_logits",
        "measure",
        TIGHT,
        COSINES,
        (Variant({}, -87, 64), Variant({"margin": 0.1, "scale": 4.0}, -4.5, 4, scale=_turned(4.0))),
        _turned(64.0),
        results=EACH,
        alike=True,
    ),
    # Centers and proxies
    Case("center_loss", "loss", TIGHT, CENTERS, (Variant({}, 0, INF),), RELATIVE, results=EACH, alike=True),
    Case(
        "proxy_nca_loss",
        "loss",
        NEAR,
        PROXIES,
        (
            Variant({}, -INF, INF, scale=_cosines(2.0)),
            Variant({"scale": 8.0, "include_positive": True}, 0, INF, scale=_cosines(16.0)),
        ),
        results=EACH,
        alike=True,
    ),
    Case(
        "proxy_anchor_loss",
        "loss",
        NEAR,
        PROXIES,
        _by_factor((32.0, {}), (8.0, {"margin": 0.25, "alpha": 8.0})),
        results=((1, 0),),
        alike=True,
    ),
)
