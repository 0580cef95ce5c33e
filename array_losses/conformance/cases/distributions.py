"""Entropies, divergences, and distributions over bins."""

from __future__ import annotations

from ..families import BINS, BINS_AND_POSITION, DISTRIBUTIONS, PAIRED_DISTRIBUTIONS
from .case import INF, Budget, Case, Scale, Variant

TIGHT = Budget((4, 4), (16, 16))
TERMS = Scale(terms=True, why="positive and negative terms, which cancel where the distributions are equal")
LOGITS = Scale(moved_by=("logits",), why="the difference of two logits is rounded")
ANY = (Variant({}, -INF, INF),)

CASES = (
    Case("entropy", "loss", TIGHT, DISTRIBUTIONS, ANY, alike=True),
    Case("cross_entropy", "loss", TIGHT, PAIRED_DISTRIBUTIONS, ANY, alike=True),
    Case("kl_divergence", "loss", TIGHT, PAIRED_DISTRIBUTIONS, ANY, TERMS, alike=True),
    Case(
        "js_divergence",
        "loss",
        Budget((4, 6), (16, 16), "XLA's log1p is off by 10 in float64"),
        PAIRED_DISTRIBUTIONS,
        ANY,
        alike=True,
    ),
    Case("distribution_focal_loss", "loss", TIGHT, BINS_AND_POSITION, (Variant({}, 0, INF),), LOGITS, alike=True),
    Case(
        "distribution_expectation",
        "measure",
        TIGHT,
        BINS,
        (Variant({}, 0, 9),),
        Scale(gradient=1.0, moved_by=("logits",), why="slopes p_i (i - E), the difference of numbers of size 1"),
        alike=True,
    ),
)
