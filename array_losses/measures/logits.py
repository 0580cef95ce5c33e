"""Penalties of a logit x and its target t: the binary cross-entropy and what has been made of it.

p = sigmoid(x) and q = 1 - p, CE = -t ln p - (1 - t) ln q. Targets may be anything between 0 and 1. Each kernel gives
its value and the derivatives by x and by t. p - t is written (1 - t) p - t q, which keeps all digits where t is 0 or 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._array import Array, Namespace, astype, is_numpy, is_plain, is_torch
from .._blocks import in_blocks
from .._numerics import at_least, denominator, has_lerp, logistic, negligible, pick, power, put
from ..autodiff import unblocked

Wanted = Sequence[bool]
Slopes = list[Array | None]
Result = tuple[Array, Slopes]


class _Entropy:
    """A logit and its target, with the cross-entropy between them."""

    def __init__(self, xp: Namespace, x: Array, t: Array, smoothing: float = 0.0) -> None:
        self.xp, self.x, self.t = xp, x, t
        self.lerp = has_lerp(xp) and smoothing == 0.0
        self.s: Array = None
        if smoothing:
            # 1 - t' has fewer digits than the sum of its own two parts.
            self.t = (1.0 - smoothing) * t + 0.5 * smoothing
            self.s = (1.0 - smoothing) * (1.0 - t) + 0.5 * smoothing
        elif not self.lerp:
            self.s = 1.0 - t
        self.p, self.q, self.up, self.down = logistic(xp, x)
        self.value = self.mix(self.up, self.down)

    def mix(self, a: Array, b: Array) -> Array:
        """(1 - t) a + t b"""
        return self.xp.lerp(a, b, self.t) if self.lerp else self.s * a + self.t * b

    def error(self) -> Array:
        """p - t, the derivative of the cross-entropy by x."""
        return self.mix(self.p, -self.q)

    def miss(self) -> Array:
        """1 - p_t = (1 - t) p + t q"""
        return self.mix(self.p, self.q)

    def slopes(self, wanted: Wanted, factor: Array, by_p: Array | None, by_t: Array | None = None) -> Slopes:
        """Those of factor * CE; `by_p` and `by_t` are CE times the factor's own derivatives, if it has any."""
        along_x = along_t = None
        if wanted[0]:
            along_x = factor * self.error()
            along_x = along_x if by_p is None else along_x + by_p * (self.p * self.q)
        if wanted[1]:
            along_t = -factor * self.x
            along_t = along_t if by_t is None else along_t + by_t
        return [along_x, along_t]


def cross_entropy_kernel(
    xp: Namespace, arrays: Sequence[Array], wanted: Wanted, positive_weight: float | None, smoothing: float
) -> Result:
    """(1 - t') softplus(x) + w t' softplus(-x) with t' = (1 - smoothing) t + smoothing/2."""
    x, t, *given = arrays
    weight = given[0] if given else positive_weight
    if weight is None and is_plain(xp) and not (smoothing and wanted[0]):
        value, along_x = _cross_entropy(xp, x, t, smoothing, wanted[0])
        return value, [along_x, (smoothing - 1.0) * x if wanted[1] else None]
    e = _Entropy(xp, x, t, smoothing)
    along_x = along_t = None
    if weight is None:
        along_x = e.error() if wanted[0] else None
        along_t = -x if wanted[1] else None  # softplus(-x) - softplus(x)
        value = e.value
    else:
        positive, negative_share = e.t * e.down, 1.0 - t if e.s is None else e.s
        value = negative_share * e.up + weight * positive
        if wanted[0]:
            along_x = negative_share * e.p - weight * (e.t * e.q)
        if wanted[1]:
            along_t = weight * e.down - e.up
    if along_t is not None and smoothing:
        along_t = (1.0 - smoothing) * along_t
    slopes = [along_x, along_t]
    return value, [*slopes, positive if wanted[2] else None] if given else slopes


def _cross_entropy(xp: Namespace, x: Array, t: Array, smoothing: float, sloped: bool) -> tuple[Array, Array | None]:
    """That of mere numbers: ln(1 + e^-|x|) + x (h - t'), and h - t' -+ sigmoid(-|x|) along x, with h = [x > 0]."""
    over = xp.greater(x, 0.0, out=xp.empty_like(x))
    away = over - t
    if smoothing:
        away = (1.0 - smoothing) * away + smoothing * (over - 0.5)
    value = x * away
    if is_torch(xp):
        if not sloped:
            value -= xp.nn.functional.logsigmoid(xp.abs(x))
            return value, None
        smaller = xp.abs(x).neg_().sigmoid_()
        value -= (-smaller).log1p_()
        return value, away.add_(smaller).addcmul_(over, smaller, value=-2.0)
    small = xp.exp(-xp.abs(x))
    whole = 1.0 + small
    lost = whole - 1.0  # log1p(small) as in `_numerics`
    lost = (small - lost) / whole
    lost += xp.log(whole)
    value += lost
    if not sloped:
        return value, None
    smaller = small / whole
    over *= -2.0
    over += 1.0
    over *= smaller
    over += away
    return value, over


@unblocked
def labelled_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    """The sum over C classes of the cross-entropy of x and 0, but for the class at an index, whose target is t.

    No array of targets is made, and where the target is 0 neither are the parts that it takes away.
    """
    x, _, t = arrays
    if is_numpy(xp):
        return in_blocks(xp, lambda parts: _labelled(xp, parts, wanted), arrays, tuple(t.shape), x.dtype)
    return _labelled(xp, arrays, wanted)  # PyTorch's own loops need no more blocks: two passes, with both threads


def _labelled(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    x, index, t = arrays
    p, up = _softplus(xp, x)
    own = pick(xp, x, index)
    value = xp.sum(up, axis=-1) - t * own
    if not wanted[0]:
        return value, [None] * 3
    # p - t keeps all its digits where t is 0 or 1.
    small = xp.exp(-xp.abs(own))
    larger = 1.0 / (1.0 + small)
    smaller, positive = small * larger, own > 0.0
    error = (1.0 - t) * xp.where(positive, larger, smaller) - t * xp.where(positive, smaller, larger)
    return value, [put(xp, p, index, error), None, None]


def _softplus(xp: Namespace, x: Array) -> tuple[Array, Array]:
    """Sigmoid and softplus."""
    if is_torch(xp) and is_plain(xp):
        return xp.sigmoid(x), xp.nn.functional.softplus(x, threshold=50.0)
    small = xp.exp(-xp.abs(x))
    whole = 1.0 + small
    positive = x > 0.0
    p = xp.where(positive, xp.ones_like(x), small) / whole
    if is_numpy(xp):
        log = xp.log(whole) + (small - (whole - 1.0)) / whole
        return p, xp.maximum(x, x.dtype.type(0)) + log
    return p, xp.where(positive, x, xp.zeros_like(x)) + xp.log1p(small)


def focal_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted, alpha: float | None, gamma: float) -> Result:
    """alpha_t (1 - p_t)^gamma CE with alpha_t = alpha t + (1 - alpha)(1 - t)."""
    x, t = arrays
    e = _Entropy(xp, x, t)
    balance = None if alpha is None else (2.0 * alpha - 1.0) * t + (1.0 - alpha)
    if gamma == 0.0:
        factor = balance
        rate = None
    else:
        miss = e.miss()
        # (1 - p_t)^(gamma - 1) where that is a product, which leaves one factor less to be computed twice.
        whole = gamma in (1.0, 2.0, 3.0, 4.0, 5.0)
        lower = power(xp, miss, gamma - 1.0 if whole and gamma > 1.0 else gamma)
        lower = lower if balance is None else balance * lower
        factor = lower * miss if whole and gamma > 1.0 else lower
        rate = None
    value = e.value if factor is None else factor * e.value
    if True not in wanted:
        return value, [None, None]
    if gamma != 0.0:
        if not whole:
            rate = gamma * (factor * (e.value / denominator(xp, miss)))
        elif gamma == 1.0:
            rate = e.value if balance is None else balance * e.value
        else:
            rate = lower * (gamma * e.value)
    along_x = along_t = None
    if wanted[0]:
        along_x = e.error() if factor is None else factor * e.error()
        if rate is not None:
            along_x = along_x + rate * (e.p * e.q * (1.0 - 2.0 * t))
    if wanted[1]:
        along_t = -x if factor is None else -factor * x
        if rate is not None:
            along_t = along_t + rate * (e.q - e.p)
        if alpha is not None:
            along_t = along_t + (2.0 * alpha - 1.0) * (power(xp, e.miss(), gamma) * e.value)
    return value, [along_x, along_t]


def _rate(xp: Namespace, base: Array, exponent: float, factor: Array) -> Array:
    """factor * d(base^exponent)/d(base), 0 at base = 0 where `factor` vanishes as fast as `base`."""
    if exponent == 1.0:
        return factor
    if exponent in (2.0, 3.0, 4.0, 5.0):
        return exponent * (power(xp, base, exponent - 1.0) * factor)
    # factor first: base^(exponent - 1) may be infinite.
    return exponent * (power(xp, base, exponent) * (factor / denominator(xp, base)))


def quality_focal_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted, beta: float) -> Result:
    """|t - p|^beta CE."""
    x, t = arrays
    e = _Entropy(xp, x, t)
    if beta == 0.0:
        return e.value, e.slopes(wanted, xp.ones_like(x), None)
    error = e.error()
    size = xp.abs(error)
    factor = power(xp, size, beta)
    rate = None if True not in wanted else xp.sign(error) * _rate(xp, size, beta, e.value)
    return factor * e.value, e.slopes(wanted, factor, rate, None if rate is None else -rate)


def varifocal_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted, alpha: float, gamma: float) -> Result:
    """t CE where t > 0, alpha |p - t|^gamma CE elsewhere."""
    x, t = arrays
    e = _Entropy(xp, x, t)
    positive, zero = t > 0.0, xp.zeros_like(x)
    error = e.error()
    size = xp.abs(error)
    factor = xp.where(positive, t, alpha * power(xp, size, gamma))
    if True not in wanted:
        return factor * e.value, [None, None]
    rate = zero if gamma == 0.0 else alpha * (xp.sign(error) * _rate(xp, size, gamma, e.value))
    by_p, by_t = xp.where(positive, zero, rate), xp.where(positive, e.value, -rate)
    return factor * e.value, e.slopes(wanted, factor, by_p, by_t)


def gaussian_focal_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted, alpha: float, beta: float) -> Result:
    """q^alpha (-ln p) where t = 1, |1 - t|^beta p^alpha (-ln q) elsewhere."""
    x, t = arrays
    p, q, up, down = logistic(xp, x)
    positive = t == 1.0
    away = 1.0 - t
    # Both branches are one formula: m is the probability of the wrong answer, loss = -ln(1 - m).
    m, rest = xp.where(positive, q, p), xp.where(positive, p, q)
    loss = xp.where(positive, down, up)
    sign = xp.where(positive, -xp.ones_like(x), xp.ones_like(x))
    size = xp.where(positive, xp.ones_like(x), xp.abs(away))
    reduction = power(xp, size, beta)
    raised = power(xp, m, alpha)
    value = reduction * (raised * loss)
    along_x = along_t = None
    if wanted[0]:
        along_x = raised * m
        if alpha:
            along_x = along_x + _rate(xp, m, alpha, loss) * (m * rest)
        along_x = sign * (reduction * along_x)
    if wanted[1]:
        along_t = xp.zeros_like(x)
        if beta:
            along_t = -xp.sign(away) * _rate(xp, size, beta, raised * loss)
            along_t = xp.where(positive, xp.zeros_like(x), along_t)
    return value, [along_x, along_t]


def asymmetric_kernel(
    xp: Namespace, arrays: Sequence[Array], wanted: Wanted, gamma_positive: float, gamma_negative: float, margin: float
) -> Result:
    """-t q^g+ ln p - (1 - t) m^g- ln(1 - m) with m = max(p - margin, 0)."""
    x, t = arrays
    p, q, up, down = logistic(xp, x)
    s = 1.0 - t
    if negligible(xp, p, margin):
        m, rest, loss, inside = p, q, up, None
    else:
        inside = p > margin
        m = xp.where(inside, p - margin, xp.zeros_like(p))
        rest = q + margin
        near = m < 0.5
        loss = -xp.where(
            near,
            xp.log1p(-xp.where(near, m, xp.zeros_like(m))),
            xp.log(xp.where(near, xp.ones_like(rest), rest)),
        )
    focus, other = power(xp, q, gamma_positive), power(xp, m, gamma_negative)
    positive, negative = focus * down, other * loss
    value = t * positive + s * negative
    along_x = along_t = None
    if wanted[0]:
        # d(-ln p)/dx = -q, dq/dx = -pq; dm/dx = pq inside, where d(-ln(1 - m))/dm = 1/(1 - m).
        pull = focus * q
        if gamma_positive:
            pull = pull + _rate(xp, q, gamma_positive, down) * (p * q)
        if inside is None:
            push = other * p
        else:
            push = xp.where(inside, other * (p * q) / xp.where(inside, rest, xp.ones_like(rest)), xp.zeros_like(p))
        if gamma_negative:
            rate = _rate(xp, m, gamma_negative, loss) * (p * q)
            push = push + (rate if inside is None else xp.where(inside, rate, xp.zeros_like(rate)))
        along_x = s * push - t * pull
    if wanted[1]:
        along_t = positive - negative
    return value, [along_x, along_t]


def probability_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted) -> Result:
    """-t ln p - (1 - t) ln(1 - p) from a probability p; p and 1 - p count as the smallest normal number below it."""
    p, t = arrays
    s, some_p = 1.0 - t, denominator(xp, p)
    q = 1.0 - some_p
    some_q = denominator(xp, q)
    log_p = xp.log(some_p)
    # ln(1 - p) with the rounding of 1 - p made good, of which p has more digits where it is small.
    log_q = xp.log(some_q) + xp.where(p < 0.5, (1.0 - some_q) - some_p, xp.zeros_like(p)) / some_q
    along_p = along_t = None
    if wanted[0]:
        along_p = xp.where(q == some_q, s / some_q, xp.zeros_like(p)) - xp.where(
            p == some_p, t / some_p, xp.zeros_like(p)
        )
    if wanted[1]:
        along_t = log_q - log_p
    return -(t * log_p) - s * log_q, [along_p, along_t]


@unblocked
def hinge_kernel(xp: Namespace, arrays: Sequence[Array], wanted: Wanted, squared: bool) -> Result:
    """max(0, 1 - t s), or its square."""
    score, t = arrays
    gap = 1.0 - t * score
    value = at_least(xp, gap, 0.0)
    if True not in wanted:
        return value * value if squared else value, [None, None]
    if squared:
        factor = -2.0 * value
    elif is_torch(xp):  # which compares slowly
        factor = -xp.sign(value)
    else:
        missed = gap > 0.0
        factor = -astype(xp, missed, gap.dtype)
    return value * value if squared else value, [
        factor * t if wanted[0] else None,
        factor * score if wanted[1] else None,
    ]
