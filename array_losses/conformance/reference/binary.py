"""Losses of one logit x and a target t in [0, 1], or of one probability and a target: p = sigmoid(x), q = 1 - p.

q is always computed as sigmoid(-x), and ln p as -softplus(-x): the difference 1 - p would lose all fifty digits.

References
----------
Focal: RetinaNet, arXiv:1708.02002. Quality focal: Generalized Focal Loss, arXiv:2006.04388. Varifocal:
arXiv:2008.13367. Gaussian focal: CornerNet, arXiv:1808.01244. Asymmetric: arXiv:2009.14119.
"""

from __future__ import annotations

from collections.abc import Callable

from ..dual import MP, Dual, absolute, lift, log, log1p, positive_part, power, sigmoid, softplus, total


def entropy_of(x: Dual, t: Dual) -> Dual:
    """CE(x, t) = -t ln p - (1 - t) ln q."""
    return total((t * softplus(-x), (1 - t) * softplus(x)))


def distance(x: Dual, t: Dual) -> Dual:
    """p - t, as p (1 - t) - q t: 0 - q at t = 1."""
    return sigmoid(x) * (1 - t) - sigmoid(-x) * t


def sigmoid_binary_cross_entropy(
    logits: Dual, targets: Dual, pos_weight: Dual | float | None = None, label_smoothing: float = 0.0
) -> Dual:
    """-(1 - t') ln q - pos_weight t' ln p, with t' = (1 - label_smoothing) t + label_smoothing / 2."""
    t = (1 - Dual(label_smoothing)) * targets + Dual(label_smoothing) / 2
    factor = lift(1.0 if pos_weight is None else pos_weight)
    return total(((1 - t) * softplus(logits), factor * t * softplus(-logits)))


def sigmoid_focal_loss(logits: Dual, targets: Dual, alpha: float | None = 0.25, gamma: float = 2.0) -> Dual:
    """alpha_t (1 - p_t)^gamma CE."""
    missed = sigmoid(logits) * (1 - targets) + sigmoid(-logits) * targets
    loss = power(absolute(missed), gamma) * entropy_of(logits, targets)
    return loss if alpha is None else (alpha * targets + (1 - Dual(alpha)) * (1 - targets)) * loss


def quality_focal_loss(logits: Dual, targets: Dual, beta: float = 2.0) -> Dual:
    """|t - p|^beta CE."""
    return power(absolute(distance(logits, targets)), beta) * entropy_of(logits, targets)


def varifocal_loss(logits: Dual, targets: Dual, alpha: float = 0.75, gamma: float = 2.0) -> Dual:
    """t CE for targets above 0, alpha |p - t|^gamma CE for others."""
    loss = entropy_of(logits, targets)
    if targets.value > 0:
        return targets * loss
    return alpha * power(absolute(distance(logits, targets)), gamma) * loss


def gaussian_focal_loss(logits: Dual, targets: Dual, alpha: float = 2.0, beta: float = 4.0) -> Dual:
    """-(1 - p)^alpha ln p at a target of exactly 1, else -|1 - t|^beta p^alpha ln(1 - p)."""
    if targets.value == 1:
        return power(sigmoid(-logits), alpha) * softplus(-logits)
    return power(absolute(1 - targets), beta) * power(sigmoid(logits), alpha) * softplus(logits)


def asymmetric_loss(
    logits: Dual, targets: Dual, gamma_positive: float = 0.0, gamma_negative: float = 4.0, margin: float = 0.05
) -> Dual:
    """-t (1 - p)^gamma_positive ln p - (1 - t) p_m^gamma_negative ln(1 - p_m), with p_m = max(p - margin, 0)."""
    p, q = sigmoid(logits), sigmoid(-logits)
    shifted = positive_part(p - Dual(margin))
    rest = log1p(-shifted) if shifted.value < 0.5 else log(q + Dual(margin))
    positive = targets * power(q, gamma_positive) * softplus(-logits)
    return total((positive, -((1 - targets) * power(shifted, gamma_negative) * rest)))


def binary_cross_entropy(probs: Dual, targets: Dual, *, tiny: float) -> Dual:
    """-t ln p - (1 - t) ln(1 - p); p and 1 - p count as `tiny` at least, with slope 0 below it."""
    return -(targets * floored_log(probs, tiny)) - (1 - targets) * floored_log1m(probs, tiny)


def floored_log(p: Dual, tiny: float) -> Dual:
    """ln max(p, tiny)."""
    return log(p) if p.value > tiny else Dual(MP.log(MP.mpf(tiny)))


def floored_log1m(p: Dual, tiny: float) -> Dual:
    """ln max(1 - p, tiny)."""
    return log1p(-p) if 1 - p.value > tiny else Dual(MP.log(MP.mpf(tiny)))


ROWS: dict[str, Callable[..., Dual]] = {
    "sigmoid_binary_cross_entropy": sigmoid_binary_cross_entropy,
    "sigmoid_focal_loss": sigmoid_focal_loss,
    "quality_focal_loss": quality_focal_loss,
    "varifocal_loss": varifocal_loss,
    "gaussian_focal_loss": gaussian_focal_loss,
    "asymmetric_loss": asymmetric_loss,
    "binary_cross_entropy": binary_cross_entropy,
}
