"""Losses of one row of class scores and its label: a class index, or a probability of each class.

A label outside the classes, or equal to `ignore_index`, is ignored: the row costs 0 and does not count in a mean.

References
----------
Softmax focal: arXiv:1708.02002. PolyLoss: arXiv:2204.12511. Generalized cross entropy: arXiv:1805.07836.
Multiclass hinge: Crammer and Singer, JMLR 2001 (max), Weston and Watkins, ESANN 1999 (sum).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..dual import MP, Dual, chain, expm1, lift, positive_part, power, total

Classes = Sequence[Dual]
Labels = int | Classes


# Softmax --------------------------------------------------------------------------------------------------------------


def odds(logits: Classes, index: int) -> tuple[list[Any], Any]:
    """exp(x_j - x_index) of each class, and their sum over the other classes: small where the class is certain."""
    ratios = [MP.exp(x.value - logits[index].value) for x in logits]
    return ratios, MP.fsum(ratio for j, ratio in enumerate(ratios) if j != index)


def nll(logits: Classes, index: int) -> Dual:
    """-ln softmax(x)_index = ln(1 + sum of the others' odds)."""
    ratios, others = odds(logits, index)
    slopes = [-others if j == index else ratio for j, ratio in enumerate(ratios)]
    return chain(MP.log1p(others), *((slope / (1 + others), x) for slope, x in zip(slopes, logits, strict=True)))


def missing(logits: Classes, index: int) -> Dual:
    """1 - softmax(x)_index, with all digits where it is small."""
    ratios, others = odds(logits, index)
    slopes = [-others if j == index else ratio for j, ratio in enumerate(ratios)]
    parts = ((slope / (1 + others) ** 2, x) for slope, x in zip(slopes, logits, strict=True))
    return chain(others / (1 + others), *parts)


def softmax(logits: Classes, index: int) -> Dual:
    _, others = odds(logits, index)
    return chain(1 / (1 + others), (-1, missing(logits, index)))


# Labels ---------------------------------------------------------------------------------------------------------------


def is_ignored(classes: int, labels: Labels, ignore_index: int | None) -> bool:
    return isinstance(labels, int) and (labels == ignore_index or not 0 <= labels < classes)


def as_probabilities(logits: Classes, labels: Labels, label_smoothing: float = 0.0) -> list[Dual]:
    """The probability of each class, smoothed towards an equal share of the row's total."""
    if isinstance(labels, int):
        labels = [Dual(j == labels) for j in range(len(logits))]
    share = Dual(label_smoothing) / len(logits) * total(labels)
    return [(1 - Dual(label_smoothing)) * t + share for t in labels]


def expected(terms: Callable[[int], Dual], probabilities: Sequence[Dual], weights: Classes | None = None) -> Dual:
    """sum_c w_c t_c term(c); a term whose factor is the constant 0 is not looked at."""
    looked_at = [c for c, t in enumerate(probabilities) if t.value != 0 or t.slopes]
    products = ((probabilities[c] if weights is None else weights[c] * probabilities[c], c) for c in looked_at)
    return total(_term(t, terms(c)) for t, c in products)


def _term(t: Dual, term: Dual) -> Dual:
    """Their product; a target of 0 has no part in it where the class is ruled out."""
    if t.value == 0 and not MP.isfinite(term.value):
        return Dual(0)
    return t * term


# Losses ---------------------------------------------------------------------------------------------------------------


def softmax_cross_entropy(
    logits: Classes,
    labels: Labels,
    class_weights: Classes | None = None,
    *,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
) -> Dual:
    """Smoothed by indices: (1 - e) w_y nll_y + e / C sum_c w_c nll_c."""
    if is_ignored(len(logits), labels, ignore_index):
        return Dual(0)
    smoothed = as_probabilities(logits, labels, label_smoothing)
    return expected(lambda c: nll(logits, c), smoothed, class_weights)


def softmax_focal_loss(
    logits: Classes,
    labels: Labels,
    class_weights: Classes | None = None,
    *,
    gamma: float = 2.0,
    ignore_index: int | None = None,
) -> Dual:
    """sum_c w_c t_c (1 - p_c)^gamma nll_c."""
    if is_ignored(len(logits), labels, ignore_index):
        return Dual(0)

    def term(c: int) -> Dual:
        return power(missing(logits, c), gamma) * nll(logits, c)

    return expected(term, as_probabilities(logits, labels), class_weights)


def poly1_loss(logits: Classes, labels: Labels, *, epsilon: float = 2.0, ignore_index: int | None = None) -> Dual:
    """sum_c t_c (nll_c + epsilon (1 - p_c))."""
    if is_ignored(len(logits), labels, ignore_index):
        return Dual(0)
    return expected(lambda c: nll(logits, c) + epsilon * missing(logits, c), as_probabilities(logits, labels))


def generalized_cross_entropy(
    logits: Classes, labels: Labels, *, q: float = 0.7, ignore_index: int | None = None
) -> Dual:
    """sum_c t_c (1 - p_c^q) / q, whose limit at q = 0 is nll_c."""
    if is_ignored(len(logits), labels, ignore_index):
        return Dual(0)

    def term(c: int) -> Dual:
        return nll(logits, c) if q == 0 else -(expm1(-(Dual(q) * nll(logits, c)))) / Dual(q)

    return expected(term, as_probabilities(logits, labels))


def multiclass_hinge_loss(
    scores: Classes, labels: Labels, *, form: str = "max", ignore_index: int | None = None
) -> Dual:
    """max_j (x_j + 1 - [j = y]) - x_y, ties split evenly; or sum over j != y of max(0, 1 + x_j - x_y)."""
    if is_ignored(len(scores), labels, ignore_index):
        return Dual(0)
    assert isinstance(labels, int)
    gaps = [x - scores[labels] + (0.0 if j == labels else 1.0) for j, x in enumerate(scores)]
    if form == "sum":
        return total(positive_part(gap) for j, gap in enumerate(gaps) if j != labels)
    largest = max(gap.value for gap in gaps)
    tied = [gap for gap in gaps if gap.value == largest]
    return chain(largest, *((MP.mpf(1) / len(tied), gap) for gap in tied))


# What a row counts for in a mean --------------------------------------------------------------------------------------


def count(
    logits: Classes,
    labels: Labels,
    class_weights: Classes | None = None,
    *,
    ignore_index: int | None = None,
    **knobs: Any,
) -> Dual:
    """The weight of the row's class, or sum_c t_c w_c; 1 without class weights, 0 for an ignored row."""
    if is_ignored(len(logits), labels, ignore_index):
        return Dual(0)
    if class_weights is None:
        return Dual(1)
    return expected(lambda c: lift(1.0), as_probabilities(logits, labels), class_weights)


ROWS: dict[str, Callable[..., Dual]] = {
    "softmax_cross_entropy": softmax_cross_entropy,
    "softmax_focal_loss": softmax_focal_loss,
    "poly1_loss": poly1_loss,
    "generalized_cross_entropy": generalized_cross_entropy,
    "multiclass_hinge_loss": multiclass_hinge_loss,
}
