"""What kernels compute with on NumPy: its own functions, but for a few that others do in a fraction of the time.

`where` goes through many numbers one by one, and a condition that the processor cannot foresee costs it 3.6 ns each;
choosing by bits takes 0.5. `maximum` and `minimum` with a Python number take three times as long as `clip`. Around the
ufuncs of `clip`, `sum`, `max` and `min` NumPy puts functions of Python that take a microsecond or more, as long as
thousands of numbers. All give the same numbers, NaN and infinity included. For few numbers a call is what costs, and
the shortest is called.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

Array = Any

_clip = getattr(getattr(np, "_core", None), "umath", np).clip
MANY = 8_192
quiet = np.errstate(all="ignore")
"""What a function is decorated with that shall not warn of floating-point numbers: half the cost of a `with`."""
BITS = {np.dtype("float32"): np.dtype("int32"), np.dtype("float64"): np.dtype("int64")}


def where(condition: Array, x: Array, y: Array) -> Array:
    """`x` where the condition holds, `y` elsewhere."""
    if condition.size < MANY or condition.dtype != np.bool_:
        return np.where(condition, x, y)
    dtype = y.dtype if isinstance(x, (int, float)) else x.dtype
    shape = condition.shape
    if dtype not in BITS or not (_fits(x, dtype, shape) and _fits(y, dtype, shape)):
        return np.where(condition, x, y)
    bits = BITS[dtype]
    mask = condition.view(np.int8).astype(bits)
    if _is_zero(x):
        mask -= 1  # no bits, or all
        mask &= _bits(y, dtype)
        return mask.view(dtype)
    np.negative(mask, out=mask)  # all bits or none
    if _is_zero(y):
        mask &= _bits(x, dtype)
    else:
        other = _bits(y, dtype)
        mask &= _bits(x, dtype) ^ other
        mask ^= other
    return mask.view(dtype)


def maximum(x: Array, y: Array) -> Array:
    """The larger of two, NaN if one is."""
    if isinstance(y, float) and x.size >= MANY and y == y:
        return np.clip(x, y, math.inf)
    return np.maximum(x, y)


def minimum(x: Array, y: Array) -> Array:
    """The smaller of two, NaN if one is."""
    if isinstance(y, float) and x.size >= MANY and y == y:
        return np.clip(x, -math.inf, y)
    return np.minimum(x, y)


def clip(x: Array, low: Any, high: Any) -> Array:
    """`x` between two bounds, one of which may be None; NaN stays NaN."""
    return np.clip(x, low, high) if low is None or high is None else _clip(x, low, high)


def _is_zero(x: Array) -> bool:
    return isinstance(x, (int, float)) and x == 0.0 and math.copysign(1.0, x) > 0.0


def _fits(x: Array, dtype: np.dtype[Any], shape: tuple[int, ...]) -> bool:
    """Whether `x` is a number, or shaped like the result and of its dtype."""
    return isinstance(x, (int, float)) or (x.dtype == dtype and x.shape == shape)


def _bits(x: Array, dtype: np.dtype[Any]) -> Array:
    return (dtype.type(x) if isinstance(x, (int, float)) else x).view(BITS[dtype])


def faster(module: ModuleType) -> ModuleType:
    """NumPy, or array-api-compat's view of it, with the functions above in place of its own."""
    found = ModuleType(module.__name__, __doc__)
    found.__dict__.update({name: part for name, part in vars(module).items() if name not in vars(found)})
    found.__dict__.update(where=where, maximum=maximum, minimum=minimum)
    return found


def _reduction(ufunc: np.ufunc) -> Callable[..., Array]:
    """What `sum`, `max` or `min` call in the end."""

    def reduce(x: Array, axis: int | tuple[int, ...] | None = None, **options: Any) -> Array:
        return ufunc.reduce(x, axis=axis, **options)

    return reduce


namespace = faster(np)
namespace.__dict__.update(clip=clip)
namespace.__dict__.update(sum=_reduction(np.add), max=_reduction(np.maximum), min=_reduction(np.minimum))
