"""Derivative rules of the standard's elementwise functions.

A rule `f(xp, out, x, y)` gets the inputs and the output of the function and returns, for each input, how the
gradient `g` of the output becomes the gradient of that input. The tape itself undoes broadcasting and
promotion, and calls only what is needed. One of two inputs may be a Python number; its gradient is never
asked for. Selections use `where`, not a product: 0 times infinity would be NaN.

Where there is no derivative these rules choose a slope: ties of `maximum` and `minimum` share half and half,
`abs` has 0 at 0, `clip` has 1 strictly inside and 0 from its bounds on, `x ** y` has 0 with respect to `y` at
x = 0. `sqrt`, `log`, and `pow` with an exponent below 1 have an infinite slope at 0; an incoming gradient of
0 becomes NaN there, so repair the argument first, with `where`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Rule = Callable[..., tuple[Callable[[Any], Any] | None, ...]]


def _pow(xp: Any, out: Any, x: Any, y: Any) -> tuple[Callable[[Any], Any], ...]:
    def of_base(g: Any) -> Any:
        if isinstance(y, int | float):
            return g * (y * x ** (y - 1)) if y != 0 else xp.zeros_like(g)
        return g * (y * x ** xp.where(y == 0, y, y - 1))

    def of_exponent(g: Any) -> Any:
        if isinstance(x, int | float):
            return g * (out * (math.log(x or 1) if x >= 0 else math.nan))
        return g * (out * xp.log(xp.where(x == 0, 1.0, x)))

    return of_base, of_exponent


def _clip(xp: Any, out: Any, x: Any, low: Any, high: Any) -> tuple[Callable[[Any], Any], ...]:
    def inside(g: Any) -> Any:
        g = g if low is None else xp.where(x > low, g, 0.0)
        return g if high is None else xp.where(x < high, g, 0.0)

    return inside, lambda g: xp.where(x <= low, g, 0.0), lambda g: xp.where(x >= high, g, 0.0)


def _share(xp: Any, g: Any, wins: Any, loses: Any) -> Any:
    return xp.where(wins, g, xp.where(loses, 0.0, 0.5 * g))


def _log_share(xp: Any, out: Any, x: Any) -> Any:
    """exp(x) / (exp(x) + exp(y)) where `out` is the logarithm of the denominator; 0 where both are 0."""
    return xp.exp(x - xp.where(out == -math.inf, 0.0, out))


ELEMENTWISE: dict[str, Rule] = {
    # arithmetic
    "abs": lambda xp, out, x: (lambda g: g * xp.sign(x),),
    "add": lambda xp, out, x, y: (lambda g: g, lambda g: g),
    "subtract": lambda xp, out, x, y: (lambda g: g, lambda g: -g),
    "multiply": lambda xp, out, x, y: (lambda g: g * y, lambda g: g * x),
    "divide": lambda xp, out, x, y: (lambda g: g / y, lambda g: -g * (out / y)),
    "remainder": lambda xp, out, x, y: (lambda g: g, lambda g: -g * xp.floor_divide(x, y)),
    "negative": lambda xp, out, x: (lambda g: -g,),
    "positive": lambda xp, out, x: (lambda g: g,),
    "reciprocal": lambda xp, out, x: (lambda g: -g * out * out,),
    "square": lambda xp, out, x: (lambda g: g * (2.0 * x),),
    "sqrt": lambda xp, out, x: (lambda g: g * (0.5 / out),),
    "pow": _pow,
    "hypot": lambda xp, out, x, y: (lambda g: g * (x / out), lambda g: g * (y / out)),
    "astype": lambda xp, out, x, dtype, **options: (lambda g: g,),
    # exponentials and logarithms
    "exp": lambda xp, out, x: (lambda g: g * out,),
    "expm1": lambda xp, out, x: (lambda g: g * (out + 1.0),),
    "log": lambda xp, out, x: (lambda g: g / x,),
    "log1p": lambda xp, out, x: (lambda g: g / (1.0 + x),),
    "log2": lambda xp, out, x: (lambda g: g / (x * math.log(2)),),
    "log10": lambda xp, out, x: (lambda g: g / (x * math.log(10)),),
    "logaddexp": lambda xp, out, x, y: (
        lambda g: g * _log_share(xp, out, x),
        lambda g: g * _log_share(xp, out, y),
    ),
    # angles; `(x / h) / h` instead of `x / h**2`, which overflows and underflows
    "sin": lambda xp, out, x: (lambda g: g * xp.cos(x),),
    "cos": lambda xp, out, x: (lambda g: -g * xp.sin(x),),
    "tan": lambda xp, out, x: (lambda g: g * (1.0 + out * out),),
    "asin": lambda xp, out, x: (lambda g: g / xp.sqrt((1.0 - x) * (1.0 + x)),),
    "acos": lambda xp, out, x: (lambda g: -g / xp.sqrt((1.0 - x) * (1.0 + x)),),
    "atan": lambda xp, out, x: (lambda g: g / (1.0 + x * x),),
    "atan2": lambda xp, out, y, x: (
        lambda g: g * (x / xp.hypot(x, y) / xp.hypot(x, y)),
        lambda g: -g * (y / xp.hypot(x, y) / xp.hypot(x, y)),
    ),
    "sinh": lambda xp, out, x: (lambda g: g * xp.cosh(x),),
    "cosh": lambda xp, out, x: (lambda g: g * xp.sinh(x),),
    "tanh": lambda xp, out, x: (lambda g: g * ((1.0 - out) * (1.0 + out)),),
    "asinh": lambda xp, out, x: (lambda g: g / xp.hypot(x, 1.0),),
    "acosh": lambda xp, out, x: (lambda g: g / (xp.sqrt(x - 1.0) * xp.sqrt(x + 1.0)),),
    "atanh": lambda xp, out, x: (lambda g: g / ((1.0 - x) * (1.0 + x)),),
    # selections
    "where": lambda xp, out, condition, x, y: (
        None,
        lambda g: xp.where(condition, g, 0.0),
        lambda g: xp.where(condition, 0.0, g),
    ),
    "maximum": lambda xp, out, x, y: (
        lambda g: _share(xp, g, x > y, x < y),
        lambda g: _share(xp, g, y > x, y < x),
    ),
    "minimum": lambda xp, out, x, y: (
        lambda g: _share(xp, g, x < y, x > y),
        lambda g: _share(xp, g, y < x, y > x),
    ),
    "clip": _clip,
    "copysign": lambda xp, out, x, y: (lambda g: g * (xp.sign(x) * xp.sign(out)), None),
}
