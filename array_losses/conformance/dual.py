"""Forward-mode dual numbers of 50 digits: a value and its slopes along the coordinates that it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import mpmath

MP: Any = mpmath.mp.clone()
MP.dps = 50


class Dual:
    """A number and its slopes by the index of the coordinate; those not named are 0.

    `terms` is the sum of the sizes of the terms of the sums (`total`) that went into it, which may cancel; 0 if none.
    """

    __slots__ = ("slopes", "terms", "value")

    def __init__(self, value: Any, slopes: dict[int, Any] | None = None, terms: Any = 0) -> None:
        self.value = MP.mpf(value)
        self.slopes = slopes or {}
        self.terms = terms

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

    def __rsub__(self, other: Dual | float) -> Dual:
        return lift(other) - self

    def __neg__(self) -> Dual:
        return chain(-self.value, (-1, self))


def coordinates(values: Iterable[float], first: int = 0) -> list[Dual]:
    """The independent variables: each has slope 1 along itself."""
    return [Dual(value, {first + index: MP.mpf(1)}) for index, value in enumerate(values)]


def lift(value: Dual | float) -> Dual:
    return value if isinstance(value, Dual) else Dual(value)


def chain(value: Any, *parts: tuple[Any, Dual]) -> Dual:
    """The chain rule: `value`, with slope sum(factor * slope of the part)."""
    slopes: dict[int, Any] = {}
    terms: Any = 0
    for factor, part in parts:
        for index, slope in part.slopes.items():
            step = slope if factor == 1 else factor * slope
            slopes[index] = slopes[index] + step if index in slopes else step
        if part.terms:
            terms += abs(factor) * part.terms
    return Dual(value, slopes, terms)


def constant(x: Dual) -> Dual:
    """The same value, without slopes. Inside `replayed`, the value that it had when it was `recorded`."""
    value = x.value if _replayed is None else next(_replayed)
    if _recorded is not None:
        _recorded.append(value)
    return Dual(value)


_recorded: list[Any] | None = None
_replayed: Iterator[Any] | None = None


@contextmanager
def recorded() -> Iterator[list[Any]]:
    """The constants of a definition, in the order of their use."""
    global _recorded
    _recorded = []
    try:
        yield _recorded
    finally:
        _recorded = None


@contextmanager
def replayed(constants: Iterable[Any]) -> Iterator[None]:
    """The definition at other numbers, with the constants that it had before."""
    global _replayed
    _replayed = iter(constants)
    try:
        yield
    finally:
        _replayed = None


def total(parts: Iterable[Dual]) -> Dual:
    """The sum of them all."""
    listed = list(parts)
    found = chain(MP.fsum(part.value for part in listed), *((1, part) for part in listed))
    found.terms = MP.fsum(max(abs(part.value), part.terms) for part in listed)
    return found


def square(x: Dual) -> Dual:
    return chain(x.value**2, (2 * x.value, x))


def log(x: Dual) -> Dual:
    return chain(MP.log(x.value), (1 / x.value, x))


def log1p(x: Dual) -> Dual:
    """ln(1 + x), with all digits for small x as well."""
    return chain(MP.log1p(x.value), (1 / (1 + x.value), x))


def exp(x: Dual) -> Dual:
    value = MP.exp(x.value)
    return chain(value, (value, x))


def tanh(x: Dual) -> Dual:
    return chain(MP.tanh(x.value), (1 / MP.cosh(x.value) ** 2, x))


def expm1(x: Dual) -> Dual:
    """e^x - 1, with all digits for small x as well."""
    return chain(MP.expm1(x.value), (MP.exp(x.value), x))


def power(x: Dual, exponent: float) -> Dual:
    """x^exponent for x >= 0 and exponent >= 0; 0^0 is 1. The slope at 0 is 0, unless the exponent is 1."""
    slope = exponent * MP.power(x.value, exponent - 1) if x.value > 0 else MP.mpf(exponent == 1)
    return chain(MP.power(x.value, exponent), (slope, x))


def absolute(x: Dual) -> Dual:
    """|x|; slope 0 at 0."""
    return chain(abs(x.value), (MP.sign(x.value), x))


def sigmoid(x: Dual) -> Dual:
    """1 / (1 + e^-x). One minus it is sigmoid(-x), never a difference."""
    value, complement = (1 / (1 + MP.exp(side)) for side in (-x.value, x.value))
    return chain(value, (value * complement, x))


def softplus(x: Dual) -> Dual:
    """ln(1 + e^x)."""
    value = max(x.value, MP.mpf(0)) + MP.log1p(MP.exp(-abs(x.value)))
    return chain(value, (1 / (1 + MP.exp(-x.value)), x))


def sqrt(x: Dual) -> Dual:
    """Square root; slope 0 at 0."""
    root = MP.sqrt(x.value)
    return chain(root, (0 if root == 0 else 1 / (2 * root), x))


def cos(x: Dual) -> Dual:
    return chain(MP.cos(x.value), (-MP.sin(x.value), x))


def sin(x: Dual) -> Dual:
    return chain(MP.sin(x.value), (MP.cos(x.value), x))


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
