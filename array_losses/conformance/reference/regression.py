"""Losses of two numbers, of their difference d.

References
----------
Huber, Ann. Math. Stat. 1964. Smooth L1: Fast R-CNN, arXiv:1504.08083. Balanced L1: Libra R-CNN, arXiv:1904.02701.
Focal L1: arXiv:2101.08158. Wing: arXiv:1711.06753. Charbonnier et al., ICIP 1994.
"""

from __future__ import annotations

from collections.abc import Callable

from ..dual import MP, Dual, absolute, chain, log, log1p, sqrt, square


def l1_loss(pred: Dual, target: Dual) -> Dual:
    return absolute(pred - target)


def squared_error(pred: Dual, target: Dual) -> Dual:
    return square(pred - target)


def l2_loss(pred: Dual, target: Dual) -> Dual:
    return square(pred - target) / 2


def smooth_l1_loss(pred: Dual, target: Dual, beta: float = 1.0) -> Dual:
    """d^2 / (2 beta) below beta, |d| - beta / 2 from there on."""
    a = absolute(pred - target)
    return square(a) / (2 * Dual(beta)) if a.value < beta else a - Dual(beta) / 2


def huber_loss(pred: Dual, target: Dual, delta: float = 1.0) -> Dual:
    """d^2 / 2 up to delta, delta (|d| - delta / 2) beyond."""
    a = absolute(pred - target)
    return square(a) / 2 if a.value <= delta else delta * (a - Dual(delta) / 2)


def log_cosh_loss(pred: Dual, target: Dual) -> Dual:
    """ln cosh d = |d| + ln((1 + e^(-2 |d|)) / 2), for small d as ln(1 + (cosh d - 1)) = ln(1 + 2 sinh^2(d / 2))."""
    d = pred - target
    a = abs(d.value)
    value = MP.log1p(2 * MP.sinh(a / 2) ** 2) if a < 1 else a + MP.log1p(MP.exp(-2 * a)) - MP.log(2)
    return chain(value, (MP.tanh(d.value), d))


def charbonnier_loss(pred: Dual, target: Dual, epsilon: float = 1e-3) -> Dual:
    return sqrt(square(pred - target) + square(Dual(epsilon)))


def balanced_l1_loss(pred: Dual, target: Dual, alpha: float = 0.5, gamma: float = 1.5, beta: float = 1.0) -> Dual:
    """alpha / b (b a + 1) ln(b a / beta + 1) - alpha a below beta, gamma a + gamma / b - alpha beta from there on."""
    a = absolute(pred - target)
    b = MP.exp(MP.mpf(gamma) / MP.mpf(alpha)) - 1
    if a.value < beta:
        return Dual(alpha / b) * (Dual(b) * a + 1) * log1p(Dual(b / MP.mpf(beta)) * a) - alpha * a
    return gamma * a + Dual(gamma / b - MP.mpf(alpha) * beta)


def focal_l1_loss(pred: Dual, target: Dual, beta: float = 0.8) -> Dual:
    """-alpha a^2 (2 ln(beta a) - 1) / 4 up to 1, -alpha ln(beta) a + (2 alpha ln beta + alpha) / 4 beyond.

    alpha = e beta.
    """
    a = absolute(pred - target)
    alpha = MP.e * MP.mpf(beta)
    if a.value == 0:
        return Dual(0)
    if a.value <= 1:
        return -(Dual(alpha) * square(a) * (2 * log(beta * a) - 1)) / 4
    log_beta = MP.log(MP.mpf(beta))
    return Dual(-alpha * log_beta) * a + Dual((2 * alpha * log_beta + alpha) / 4)


def wing_loss(pred: Dual, target: Dual, width: float = 10.0, epsilon: float = 2.0) -> Dual:
    """width ln(1 + a / epsilon) below width, a - C from there on, C such that both meet."""
    a = absolute(pred - target)
    curve = width * log1p(a / Dual(epsilon))
    if a.value < width:
        return curve
    return a - (width - width * log1p(Dual(width) / Dual(epsilon)))


def margin(scores: Dual, targets: Dual) -> Dual:
    """1 - t s where it is positive; slope 0 at the kink."""
    gap = 1 - targets * scores
    return gap if gap.value > 0 else Dual(0)


def squared_hinge_loss(scores: Dual, targets: Dual) -> Dual:
    return square(margin(scores, targets))


ROWS: dict[str, Callable[..., Dual]] = {
    "l1_loss": l1_loss,
    "squared_error": squared_error,
    "l2_loss": l2_loss,
    "smooth_l1_loss": smooth_l1_loss,
    "huber_loss": huber_loss,
    "log_cosh_loss": log_cosh_loss,
    "charbonnier_loss": charbonnier_loss,
    "balanced_l1_loss": balanced_l1_loss,
    "focal_l1_loss": focal_l1_loss,
    "wing_loss": wing_loss,
    "hinge_loss": margin,
    "squared_hinge_loss": squared_hinge_loss,
}
