"""Forward-mode dual numbers of 50 digits: a value and its slopes along the coordinates that it came from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import mpmath

MP: Any = mpmath.mp.clone()
MP.dps = 50


class Dual:
    """A number and its slopes by the index of the coordinate; those not named are 0."""

    __slots__ = ("slopes", "value")

    def __init__(self, value: Any, slopes: dict[int, Any] | None = None) -> None:
        self.value = MP.mpf(value)
        self.slopes = slopes or {}

    def __add__(self, other: Dual | float) -> Dual:
        other = lift(other)
        return chain(self.value + other.value, (1, self), (1, other))

    def __sub__(self, other: Dual | float) -> Dual:
        other = lift(other)
        return chain(self.value - other.value, (1, self), (-1, other))

    def __mul__(self, other: Dual | float) -> Dual:
        other = lift(other)
        return chain(self.value * other.value, (other.value, self), (self.value, other))

    def __truediv__(self, other: Dual | float) -> Dual:
        other = lift(other)
        quotient = self.value / other.value
        return chain(quotient, (1 / other.value, self), (-quotient / other.value, other))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: float) -> Dual:
        return lift(other) - self


def coordinates(values: Iterable[float]) -> list[Dual]:
    """The independent variables: each has slope 1 along itself."""
    return [Dual(value, {index: MP.mpf(1)}) for index, value in enumerate(values)]


def lift(value: Dual | float) -> Dual:
    return value if isinstance(value, Dual) else Dual(value)


def chain(value: Any, *parts: tuple[Any, Dual]) -> Dual:
    """The chain rule: `value`, with slope sum(factor * slope of the part)."""
    slopes: dict[int, Any] = {}
    for factor, part in parts:
        for index, slope in part.slopes.items():
            slopes[index] = slopes.get(index, 0) + factor * slope
    return Dual(value, slopes)


def constant(x: Dual) -> Dual:
    """The same value, without slopes."""
    return Dual(x.value)


def square(x: Dual) -> Dual:
    return chain(x.value**2, (2 * x.value, x))


def log(x: Dual) -> Dual:
    return chain(MP.log(x.value), (1 / x.value, x))


def sqrt(x: Dual) -> Dual:
    """Square root; slope 0 at 0."""
    root = MP.sqrt(x.value)
    return chain(root, (0 if root == 0 else 1 / (2 * root), x))


def angle(opposite: Dual, adjacent: Dual) -> Dual:
    """atan2; 0 with slope 0 at the origin."""
    radius2 = opposite.value**2 + adjacent.value**2
    if radius2 == 0:
        return Dual(0)
    turn = MP.atan2(opposite.value, adjacent.value)
    return chain(turn, (adjacent.value / radius2, opposite), (-opposite.value / radius2, adjacent))


def larger(a: Dual, b: Dual) -> Dual:
    """Maximum; a tie gives each half of the slope."""
    if a.value == b.value:
        return chain(a.value, (0.5, a), (0.5, b))
    return a if a.value > b.value else b


def smaller(a: Dual, b: Dual) -> Dual:
    """Minimum; a tie gives each half of the slope."""
    if a.value == b.value:
        return chain(a.value, (0.5, a), (0.5, b))
    return a if a.value < b.value else b


def positive_part(x: Dual) -> Dual:
    """max(x, 0); slope 0 at 0."""
    return x if x.value > 0 else Dual(0)


def ratio(numerator: Dual, denominator: Dual, otherwise: float = 0.0) -> Dual:
    """The quotient; the constant `otherwise` where the denominator is 0."""
    return Dual(otherwise) if denominator.value == 0 else numerator / denominator
