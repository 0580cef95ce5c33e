"""Losses of regions, of segmentations with their labels, of images and of instances."""

from __future__ import annotations

from typing import Any

from ..families import Family
from ..region_families import (
    CERTAIN_STROKES,
    CLASSES,
    DEEP_PICTURES,
    DEEP_STROKES,
    DISTANCE_PAIRS,
    DISTANCES,
    EMBEDDINGS,
    HINGES,
    INDICES,
    LARGE_PICTURES,
    LOGIT_CLASSES,
    LOGIT_REGIONS,
    MASKED_CLASSES,
    MASKED_DISTANCE_PAIRS,
    MASKED_DISTANCES,
    MASKED_HINGES,
    MASKED_INDICES,
    MASKED_LOGIT_REGIONS,
    MASKED_MILD_INDICES,
    MASKED_MILD_PROBABILITIES,
    MASKED_REGIONS,
    MASKED_STROKES,
    MILD_INDICES,
    OFFSETS,
    OFFSETS_BY_AXIS,
    PICTURES,
    PROBABILITIES,
    REGIONS,
    STROKES,
    WEIGHTED_INDICES,
    WEIGHTED_PROBABILITIES,
)
from .case import INF, RELATIVE, Budget, Case, Scale, Variant

TIGHT = Budget((4, 4), (16, 16))
SURE = Scale(
    value=1.0,
    gradient=0.125,
    moved_by=("logits",),
    why="p of a sure pixel is rounded at the size of 1, and 1 - p with it",
)
BY_CLASS = ((0, 0),)
"""One number for each class of the first argument."""
BY_INSTANCE = ((1, 0),)


def _case(
    name: str,
    family: Family,
    *further: tuple[Family, dict[str, Any]] | tuple[Family, dict[str, Any], Scale],
    low: float = 0.0,
    high: float = 1.0,
    first: dict[str, Any] | None = None,
    budget: Budget = TIGHT,
    scale: Scale = RELATIVE,
    by_class: bool = True,
    **options: Any,
) -> Case:
    """The first set of knobs is tried on the main family, others on their own."""
    tried = [(family, first or {}), *further]
    variants = [
        Variant(
            knobs,
            low,
            high,
            family=None if given is family else given,
            scale=rest[0] if rest else None,
            results=_results(given, by_class),
        )
        for given, knobs, *rest in tried
    ]
    return Case(
        name, "loss", budget, family, tuple(variants), scale, alike=not options.get("representative"), **options
    )


def _results(family: Family, by_class: bool) -> tuple[tuple[int, int], ...]:
    if family is EMBEDDINGS:
        return BY_INSTANCE
    assert family.layout is not None
    return BY_CLASS if by_class and family.layout.axis is not None else ()


DIFFERENCES = Scale(gradient=1.0, why="a slope is the difference of terms of the size of 1")
SOFT = Scale(moved_by=("logits", "targets"), why="p - t cancels near a target between 0 and 1")
OVERLAPS = (
    _case(
        "dice_loss",
        CLASSES,
        (REGIONS, {}),
        (MASKED_REGIONS, {"smooth": 1.0}),
        (REGIONS, {"squared": True, "smooth_denominator": 1e-3}),
        (REGIONS, {"intersection": "minimum"}),
        (MASKED_CLASSES, {"absent": "skip"}),
        representative=True,
    ),
    _case(
        "jaccard_loss",
        CLASSES,
        (MASKED_REGIONS, {"smooth": 0.5, "squared": True}),
        (MASKED_CLASSES, {"absent": "skip", "intersection": "minimum"}),
    ),
    _case(
        "tversky_loss",
        CLASSES,
        (MASKED_REGIONS, {"fp_weight": 0.9, "fn_weight": 0.2, "smooth": 1.0}),
        (MASKED_CLASSES, {"absent": "skip", "intersection": "minimum"}),
    ),
    _case(
        "focal_tversky_loss",
        CLASSES,
        (MASKED_REGIONS, {"power": 2.0}),
        (MASKED_CLASSES, {"absent": "skip", "power": 1.0, "smooth": 1.0}),
        budget=Budget((6, 6), (16, 16), "a square has twice the error of its root"),
    ),
    _case(
        "generalized_dice_loss",
        CLASSES,
        (MASKED_CLASSES, {"class_weighting": "simple", "absent": "skip"}),
        (MASKED_CLASSES, {"class_weighting": "uniform", "smooth": 1.0, "smooth_denominator": 2.0}),
        by_class=False,
    ),
    _case("mcc_loss", CLASSES, (REGIONS, {}), (MASKED_CLASSES, {"absent": "skip"}), high=2.0, scale=DIFFERENCES),
    _case(
        "sigmoid_dice_loss",
        LOGIT_CLASSES,
        (LOGIT_REGIONS, {"squared": True}, SOFT),
        (MASKED_LOGIT_REGIONS, {"absent": "skip", "smooth": 1.0}),
    ),
)

LABELLED = (
    _case(
        "softmax_dice_loss",
        INDICES,
        (MASKED_INDICES, {"absent": "skip", "ignore_index": 2}),
        (PROBABILITIES, {"squared": True, "smooth": 1.0}),
        scale=SURE,
    ),
    _case(
        "dice_cross_entropy_loss",
        INDICES,
        (WEIGHTED_INDICES, {"label_smoothing": 0.1, "absent": "skip", "smooth": 1e-5}),
        (WEIGHTED_PROBABILITIES, {"dice_weight": 0.5, "cross_entropy_weight": 2.0}),
        high=INF,
        scale=SURE,
        by_class=False,
    ),
    _case(
        "dice_focal_loss",
        INDICES,
        (WEIGHTED_INDICES, {"gamma": 1.0, "absent": "skip", "ignore_index": 1}),
        (WEIGHTED_PROBABILITIES, {"dice_weight": 0.5, "focal_weight": 2.0, "squared": True}),
        high=INF,
        scale=SURE,
        by_class=False,
    ),
    _case(
        "combo_loss",
        LOGIT_CLASSES,
        (MASKED_LOGIT_REGIONS, {"alpha": 0.25, "beta": 0.75, "absent": "skip", "smooth": 1.0}),
        high=INF,
        scale=Scale(moved_by=("targets",), why="the slopes of the two losses cancel, as p - t does"),
    ),
    _case(
        "unified_focal_loss",
        MILD_INDICES,
        (MASKED_MILD_PROBABILITIES, {"focal_share": 0.25, "delta": 0.75, "gamma": 0.25, "background": 2}),
        (MASKED_INDICES, {"gamma": 0.0, "ignore_index": 1, "smooth": 1.0}),
        high=INF,
        scale=SURE,
        by_class=False,
    ),
    _case("lovasz_hinge_loss", HINGES, (MASKED_HINGES, {"absent": "skip"}), high=INF),
    _case(
        "lovasz_softmax_loss",
        MILD_INDICES,
        (MASKED_MILD_INDICES, {"classes": "all", "ignore_index": 1}),
        scale=SURE,
        indices_only=True,
    ),
    _case(
        "top_k_cross_entropy",
        INDICES,
        (WEIGHTED_INDICES, {"fraction": 0.8, "label_smoothing": 0.1}),
        (WEIGHTED_PROBABILITIES, {"fraction": 1.0}),
        first={"fraction": 0.35},
        high=INF,
        scale=Scale(moved_by=("logits",), why="the difference of two logits is rounded"),
        by_class=False,
    ),
)

TERMS = Scale(terms=True, why="distances have either sign")
EVEN = Scale(value=16.0, gradient=16.0, why="where pictures are even, what rounding leaves of a variance is over C2")
STRUCTURE = (
    _case("boundary_loss", DISTANCES, (MASKED_DISTANCES, {}), low=-INF, high=INF, scale=TERMS),
    _case("hausdorff_dt_loss", DISTANCE_PAIRS, (MASKED_DISTANCE_PAIRS, {"alpha": 1.5}), high=INF),
    _case(
        "cl_dice_loss",
        STROKES,
        (MASKED_STROKES, {"iterations": 0, "smooth": 0.0}),
        (DEEP_STROKES, {"iterations": 1}),
        (STROKES, {}),
        (CERTAIN_STROKES, {}),
        first={"iterations": 1},
    ),
    _case(
        "ssim_loss",
        PICTURES,
        (DEEP_PICTURES, {"window_size": 3, "sigma": 0.8, "data_range": 2.0}),
        (LARGE_PICTURES, {}),
        first={"window_size": 3, "k1": 0.02},
        high=2.0,
        scale=EVEN,
    ),
)

INSTANCES = (
    _case("embedding_hinge_loss", EMBEDDINGS, (EMBEDDINGS, {"margin": 0.0}), first={"margin": 0.5}, high=INF),
    _case(
        "spatial_embedding_loss",
        OFFSETS,
        (OFFSETS_BY_AXIS, {"center": "coordinates", "variance_weight": 1.0, "seed_weight": 2.0}),
        high=INF,
        budget=Budget((4, 4), (24, 24), "1 - tanh^2, the slope of an offset that is far from 0, is a difference"),
        scale=Scale(
            moved_by=("offsets", "sigmas", "coordinates"),
            why="an exponential has as many times the error as its exponent is large, and this a difference",
        ),
        by_class=False,
    ),
)

CASES = (*OVERLAPS, *LABELLED, *STRUCTURE, *INSTANCES)
