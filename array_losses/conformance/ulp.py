"""Floating-point formats, and errors measured in units of their last place."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Format(NamedTuple):
    """A binary floating-point format: digits of the significand, least normal exponent, largest finite number."""

    digits: int
    least: int
    largest: float


FORMATS: dict[str, Format] = {
    "float16": Format(11, -14, 65504.0),
    "bfloat16": Format(8, -126, float(2**128 - 2**120)),
    "float32": Format(24, -126, float(2**128 - 2**104)),
    "float64": Format(53, -1022, float(np.finfo(np.float64).max)),
}
RESULT = {"float16": "float32", "bfloat16": "float32", "float32": "float32", "float64": "float64"}
"""The dtype in which the library computes and returns values of each input dtype."""
LOST = {dtype: float(np.ldexp(1.0, FORMATS[RESULT[dtype]].least + 14)) for dtype in FORMATS}
"""The smallest normal number of the computation of each dtype, times as much as a logit that it meets."""


def ulp(scale: Floats, dtype: str) -> Floats:
    """The distance of neighbouring numbers of `dtype` at the size of `scale`."""
    form = FORMATS[dtype]
    _, exponent = np.frexp(np.minimum(np.abs(scale), form.largest))
    exponent = np.where(scale == 0, form.least, np.maximum(exponent - 1, form.least))
    return np.asarray(np.ldexp(1.0, exponent - (form.digits - 1)), dtype=np.float64)


def rounded(values: Floats, dtype: str) -> Floats:
    """`values` to the nearest number of `dtype`, kept as float64; infinite where it has none."""
    if dtype != "bfloat16":
        with np.errstate(over="ignore"):
            return values.astype(dtype).astype(np.float64)
    bits = values.astype(np.float32).view(np.uint32).astype(np.uint64)
    even = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return even.astype(np.uint32).view(np.float32).astype(np.float64)


class Exact(NamedTuple):
    """Exact numbers as pairs of float64, `high` + `low`, good to 106 bits."""

    high: Floats
    low: Floats

    @classmethod
    def of(cls, numbers: Any, shape: tuple[int, ...]) -> Exact:
        high = [float(number) for number in numbers]
        low = [float(number - head) for number, head in zip(numbers, high, strict=True)]
        return cls(np.asarray(high, dtype=np.float64).reshape(shape), np.asarray(low, dtype=np.float64).reshape(shape))


def error(got: Floats, exact: Exact, scale: Floats, dtype: str) -> Floats:
    """|got - exact| in units in the last place of `dtype` at the larger of |exact| and `scale`; infinite for any NaN.

    At an infinite scale any finite number will do: it is said of rows where rounding decides between several answers.
    An exact number beyond the format counts as its largest finite number: gradients saturate there. A computation may
    lose what is below its smallest normal number on the way, because much hardware takes such numbers for 0.
    """
    largest = FORMATS[dtype].largest
    inside = np.abs(exact.high) <= largest
    high = np.clip(exact.high, -largest, largest)
    low = np.where(inside, exact.low, 0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        size = ulp(np.maximum(np.abs(high), scale), dtype)
        distance = np.maximum(np.abs((got - high) - low) - LOST[dtype], 0.0) / size
    known = np.isfinite(got) & np.isfinite(high) & ~np.isnan(scale)
    return np.where(known, np.where(scale == np.inf, 0.0, distance), np.inf)
