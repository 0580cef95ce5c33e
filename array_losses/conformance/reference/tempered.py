"""The bi-tempered logistic loss: Amid et al., NeurIPS 2019, arXiv:1906.03361.

log_t(u) = (u^(1 - t) - 1) / (1 - t) and exp_t(u) = max(1 + (1 - t) u, 0)^(1 / (1 - t)), which are ln and exp at t = 1.
"""

from __future__ import annotations

from typing import Any

from ..dual import MP, Dual, chain, total
from .classes import Classes, Labels, as_probabilities, is_ignored, softmax


def exp_t(u: Any, t: Any) -> Any:
    return MP.exp(u) if t == 1 else MP.power(max(1 + (1 - t) * u, MP.mpf(0)), 1 / (1 - t))


def log_t(u: Dual, t: float) -> Dual:
    """The slope at 0 is 0."""
    if t == 1:
        return chain(MP.log(u.value), (1 / u.value, u))
    value = (MP.power(u.value, 1 - MP.mpf(t)) - 1) / (1 - MP.mpf(t))
    return chain(value, (MP.power(u.value, -MP.mpf(t)) if u.value > 0 else 0, u))


def tempered_softmax(logits: Classes, t: float) -> list[Dual]:
    """exp_t(x_c - z) with z such that they sum to 1; by the implicit function theorem dz/dx_j = p_j^t / sum p^t."""
    if t == 1:
        return [softmax(logits, c) for c in range(len(logits))]
    z = _normalizer([x.value for x in logits], MP.mpf(t))
    p = [exp_t(x.value - z, MP.mpf(t)) for x in logits]
    steep = [MP.power(u, MP.mpf(t)) for u in p]
    share = [s / MP.fsum(steep) for s in steep]
    return [
        chain(u, *((s * ((j == c) - share[j]), x) for j, x in enumerate(logits)))
        for c, (u, s) in enumerate(zip(p, steep, strict=True))
    ]


def _normalizer(logits: list[Any], t: Any) -> Any:
    """The z at which sum_c exp_t(x_c - z) = 1: the sum is convex and falls, so Newton's steps converge from below."""
    z = max(logits)
    while True:
        p = [exp_t(x - z, t) for x in logits]
        step = (MP.fsum(p) - 1) / MP.fsum(MP.power(u, t) for u in p)
        z += step
        if abs(step) <= abs(z) * MP.mpf("1e-48") + MP.mpf("1e-48"):
            return z


def bi_tempered_loss(
    logits: Classes,
    labels: Labels,
    *,
    t1: float,
    t2: float,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
) -> Dual:
    """sum_c y_c (log_t1 y_c - log_t1 p_c) - (y_c^(2 - t1) - p_c^(2 - t1)) / (2 - t1), p = softmax tempered with t2."""
    if is_ignored(len(logits), labels, ignore_index):
        return Dual(0)
    share = Dual(label_smoothing) / len(logits)
    given = [(1 - Dual(label_smoothing)) * y + share for y in as_probabilities(logits, labels)]
    predicted = tempered_softmax(logits, t2)
    return total(_divergence(y, p, t1) for y, p in zip(given, predicted, strict=True))


def _divergence(y: Dual, p: Dual, t: float) -> Dual:
    """The slope along y is 0 at y = 0, where it is infinite for t = 1."""
    if y.value == 0:
        return _power(p, 2 - MP.mpf(t)) / Dual(2 - MP.mpf(t))
    powers = (_power(y, 2 - MP.mpf(t)) - _power(p, 2 - MP.mpf(t))) / Dual(2 - MP.mpf(t))
    return y * log_t(y, t) - y * log_t(p, t) - powers


def _power(x: Dual, exponent: Any) -> Dual:
    return chain(MP.power(x.value, exponent), (exponent * MP.power(x.value, exponent - 1), x))
