"""Entropies and divergences of rows of probabilities, and losses of a distribution over bins.

Probabilities below `tiny`, the smallest normal number of the computation, count as `tiny` under a logarithm, with
slope 0; terms p ln p of such a p are 0.

References
----------
Kullback and Leibler, 1951. Lin, IEEE Trans. Inf. Theory 1991 (Jensen-Shannon). Distribution focal: arXiv:2006.04388.
"""

from __future__ import annotations

from collections.abc import Callable

from ..dual import MP, Dual, constant, log, total
from .binary import floored_log
from .classes import Classes, nll, softmax


def entropy(probs: Classes, *, tiny: float) -> Dual:
    """-sum p ln p."""
    return -total(_times_log(p, p, tiny) for p in probs)


def cross_entropy(probs: Classes, targets: Classes, *, tiny: float) -> Dual:
    """-sum t ln p."""
    return -total(t * floored_log(p, tiny) for p, t in zip(probs, targets, strict=True))


def kl_divergence(probs: Classes, targets: Classes, *, tiny: float) -> Dual:
    """sum t (ln t - ln p)."""
    pairs = [(p, t) for p, t in zip(probs, targets, strict=True) if t.value >= tiny]
    return total(t * (_log_ratio(t, p) if p.value > tiny else log(t) - floored_log(p, tiny)) for p, t in pairs)


def js_divergence(probs: Classes, targets: Classes, *, tiny: float) -> Dual:
    """(KL(p || m) + KL(t || m)) / 2 with m = (p + t) / 2."""

    # A probability below `tiny` is a constant: its slope is 0.
    probs = [p if p.value >= tiny else constant(p) for p in probs]
    targets = [t if t.value >= tiny else constant(t) for t in targets]

    def half(own: Classes, other: Classes) -> Dual:
        pairs = [(a, b) for a, b in zip(own, other, strict=True) if a.value >= tiny]
        return total(a * _log_ratio(a, (a + b) / 2) for a, b in pairs)

    return (half(probs, targets) + half(targets, probs)) / 2


def _times_log(factor: Dual, p: Dual, tiny: float) -> Dual:
    return Dual(0) if p.value < tiny else factor * log(p)


def _log_ratio(a: Dual, b: Dual) -> Dual:
    return log(a) - log(b)


def distribution_focal_loss(logits: Classes, targets: Dual) -> Dual:
    """(l + 1 - t) nll_l + (t - l) nll_(l + 1), with t brought into [0, bins - 1].

    l is the floor of t, and the last bin but one at most.
    """
    last = len(logits) - 1
    t = targets if 0 <= targets.value <= last else Dual(0 if targets.value < 0 else last)
    low = min(int(MP.floor(t.value)), last - 1)
    return (low + 1 - t) * nll(logits, low) + (t - low) * nll(logits, low + 1)


def distribution_expectation(logits: Classes) -> Dual:
    """sum_i i softmax(x)_i."""
    return total(i * softmax(logits, i) for i in range(len(logits)))


ROWS: dict[str, Callable[..., Dual]] = {
    "entropy": entropy,
    "cross_entropy": cross_entropy,
    "kl_divergence": kl_divergence,
    "js_divergence": js_divergence,
    "distribution_focal_loss": distribution_focal_loss,
    "distribution_expectation": distribution_expectation,
}
