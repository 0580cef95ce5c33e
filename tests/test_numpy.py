"""What kernels compute with on NumPy: the same numbers as NumPy's own functions, bit by bit, for few and for many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from array_losses import _numerics, _numpy
from array_losses._array import is_numpy, raw

SIZES = (5, _numpy.MANY, 2 * _numpy.MANY + 3)
ODD = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45)


def numbers(seed: int, shape: int | tuple[int, ...], dtype: str) -> Any:
    x = np.random.default_rng(seed).normal(size=shape).astype(dtype)
    x.flat[: len(ODD)] = ODD[: x.size]
    return x


def same(found: Any, expected: Any) -> None:
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("x", "y"),
    [("array", "array"), *[("array", y) for y in (0.0, -0.0, 1, np.nan)], *[(x, "array") for x in (2.5, 0, np.inf)]],
)
def test_where(x: Any, y: Any, size: int, dtype: str) -> None:
    condition = np.random.default_rng(0).random(size) < 0.5
    x, y = [numbers(seed, size, dtype) if one == "array" else one for seed, one in enumerate((x, y))]
    same(_numpy.where(condition, x, y), np.where(condition, x, y))


@pytest.mark.parametrize(
    ("x", "y"),
    [
        pytest.param(np.ones((3, 1)), np.zeros((1, 5000)), id="shapes that broadcast"),
        pytest.param(np.ones((3, 5000), dtype="float32"), np.zeros((3, 5000)), id="two dtypes"),
        pytest.param(np.ones((3, 5000), dtype="int16"), np.zeros((3, 5000), dtype="int16"), id="integers"),
        pytest.param(np.ones((5000, 3)).T, np.zeros((3, 10000))[:, ::2], id="strides"),
        pytest.param(np.asarray(1.0), np.zeros((3, 5000)), id="a 0-d array"),
    ],
)
def test_where_of_arrays_that_are_not_alike(x: Any, y: Any) -> None:
    condition = np.random.default_rng(0).random((3, 5000)) < 0.5
    same(_numpy.where(condition, x, y), np.where(condition, x, y))
    same(_numpy.where(condition[:, :1], x, y), np.where(condition[:, :1], x, y))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["maximum", "minimum"])
@pytest.mark.parametrize("bound", [0.0, -0.5, 1e-38, np.inf, -np.inf, np.nan, 1, "array"])
def test_extremes(name: str, bound: Any, size: int, dtype: str) -> None:
    x = numbers(0, size, dtype)
    y = numbers(1, size, dtype)[::-1] if bound == "array" else bound
    found, expected = getattr(_numpy, name)(x, y), getattr(np, name)(x, y)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("low", "high"), [(-0.5, 0.5), (0.0, np.inf), (None, 0.25), (-0.25, None), (1.0, -1.0), (np.nan, 1.0), (-1, 1)]
)
def test_clip(low: Any, high: Any, dtype: str) -> None:
    x = numbers(0, 1000, dtype)
    x[:3] = np.nan, np.inf, -np.inf
    for some in (x, x[5], x[::-3].reshape(2, -1, 1)):
        same(_numpy.clip(some, low, high), np.clip(some, low, high))


@pytest.mark.parametrize("dtype", ["float32", "float64", "bool", "int32"])
@pytest.mark.parametrize("name", ["sum", "max", "min"])
@pytest.mark.parametrize(
    "options", [{}, {"axis": -1}, {"axis": (0, 2), "keepdims": True}, {"axis": None, "keepdims": True}]
)
def test_reductions(name: str, options: dict[str, Any], dtype: str) -> None:
    for x in (numbers(0, (20, 3, 40), "float32"), np.ones((2, 3, 4))[:, ::2]):
        with np.errstate(invalid="ignore"):
            x = x.astype(dtype)
            same(getattr(raw(np), name)(x, **options), getattr(np, name)(x, **options))


@pytest.mark.parametrize("shape", [(7, 5), (2, 3, 5), (5,)])
def test_one_entry_of_each_row(shape: tuple[int, ...]) -> None:
    x = numbers(0, shape, "float32")
    index = np.random.default_rng(0).integers(0, shape[-1], size=shape[:-1])
    same(_numerics.pick(np, x, index), np.take_along_axis(x, index[..., None], -1)[..., 0])
    for value in (2.5, x[..., 0].copy()):
        expected = x.copy()
        np.put_along_axis(expected, index[..., None], value if isinstance(value, float) else value[..., None], -1)
        same(_numerics.put(np, x.copy(), index, value), expected)


def test_the_rest_is_numpy() -> None:
    xp = raw(np)
    assert is_numpy(xp)
    assert raw(xp) is xp
    assert xp.exp is np.exp
    assert xp.where is not np.where
