"""Every derivative rule of the tape against central differences, at the first and the second order.

The table `CASES` has rows for each function that the tape knows; one without rows fails the last test.
"""

from __future__ import annotations

from typing import Any

import array_api_strict
import numpy as np
import pytest

from array_losses._array import namespace
from array_losses._numerics import softmax
from array_losses.autodiff._rules import COMPOSED, NOT_DIFFERENTIABLE, RULES
from array_losses.autodiff._tape import value_and_grad

LIBRARIES = pytest.mark.parametrize("library", [namespace(np.empty(0)), array_api_strict], ids=["numpy", "strict"])


def normal(*shape: int, seed: int = 0) -> Any:
    """Of both signs, and at some distance from 0."""
    x = np.random.default_rng(seed + sum(shape)).normal(size=shape)
    return x + np.copysign(0.3, x)


def positive(*shape: int) -> Any:
    return np.abs(normal(*shape))


def within(*shape: int) -> Any:
    """Inside of (-1, 1)."""
    return 0.9 * np.tanh(normal(*shape))


X, Y, ROW = normal(3, 4), normal(3, 4, seed=5), normal(4)
IDS = np.asarray([2, 0, 2])


def unary(name: Any, x: Any = X) -> Any:
    return [(lambda xp, x: getattr(xp, name)(x), x)]


def binary(name: Any, x: Any = X, y: Any = Y) -> Any:
    """Two arrays, broadcasting both ways, and a Python number on either side."""

    def call(xp: Any, x: Any, y: Any) -> Any:
        return getattr(xp, name)(x, y)

    return [
        (call, x, y),
        (call, x, y[0]),
        (call, x[:, :1], y[:1]),
        (lambda xp, x: getattr(xp, name)(x, 0.75), x),
        (lambda xp, y: getattr(xp, name)(0.75, y), y),
    ]


def reduction(name: Any, x: Any = X) -> Any:
    def call(**options: Any) -> Any:
        return lambda xp, x: getattr(xp, name)(x, **options), x

    return [
        call(),
        call(axis=0),
        call(axis=-1, keepdims=True),
        call(axis=(0, 1)),
        (lambda xp, x: getattr(xp, name)(x, axis=(0, -1)), normal(2, 3, 5)),
    ]


CASES = {
    "abs": [*unary("abs"), (lambda xp, x: abs(x), X)],
    "add": [*binary("add"), (lambda xp, x, y: x + y, X, ROW), (lambda xp, x: 2.0 + x, X)],
    "subtract": [*binary("subtract"), (lambda xp, x, y: x - y, X, ROW), (lambda xp, x: 2.0 - x, X)],
    "multiply": [*binary("multiply"), (lambda xp, x, y: x * y, X, ROW), (lambda xp, x: 2.0 * x, X)],
    "divide": [*binary("divide", y=positive(3, 4)), (lambda xp, x: x / 2.0, X), (lambda xp, x: 2.0 / x, X)],
    "remainder": [*binary("remainder", X + 5.0, positive(3, 4)), (lambda xp, x: x % 2.0, X)],
    "negative": [*unary("negative"), (lambda xp, x: -x, X)],
    "positive": [*unary("positive"), (lambda xp, x: +x, X)],
    "reciprocal": unary("reciprocal"),
    "square": unary("square"),
    "sqrt": unary("sqrt", positive(3, 4)),
    "pow": [
        *binary("pow", positive(3, 4), Y),
        (lambda xp, x: x**3 + x**2 - x**1 + x**0, X),
        (lambda xp, x: x**-1.5, positive(4)),
        (lambda xp, x: 2**x, X),
    ],
    "hypot": binary("hypot"),
    "astype": [
        (lambda xp, x: xp.astype(x, xp.float64), X),
        (lambda xp, x: xp.astype(x, xp.float64, copy=False), X),
    ],
    "exp": unary("exp"),
    "expm1": unary("expm1"),
    "log": unary("log", positive(3, 4)),
    "log1p": unary("log1p", positive(3, 4)),
    "log2": unary("log2", positive(3, 4)),
    "log10": unary("log10", positive(3, 4)),
    "logaddexp": binary("logaddexp"),
    "sin": unary("sin"),
    "cos": unary("cos"),
    "tan": unary("tan", within(3, 4)),
    "asin": unary("asin", within(3, 4)),
    "acos": unary("acos", within(3, 4)),
    "atan": unary("atan"),
    "atan2": binary("atan2"),
    "sinh": unary("sinh"),
    "cosh": unary("cosh"),
    "tanh": unary("tanh"),
    "asinh": unary("asinh"),
    "acosh": unary("acosh", 1.0 + positive(3, 4)),
    "atanh": unary("atanh", within(3, 4)),
    "where": [
        (lambda xp, x, y: xp.where(x > y, x, y * y), X, ROW),
        (lambda xp, x: xp.where(x > 0.0, x * x, 0.0), X),
        (lambda xp, x: xp.where(x > 0.0, 1.0, x), X),
    ],
    "maximum": binary("maximum"),
    "minimum": binary("minimum"),
    "clip": [
        (lambda xp, x: xp.clip(x, -0.5, 0.5), X),
        (lambda xp, x: xp.clip(x, max=0.5), X),
        (lambda xp, x: xp.clip(x, min=-0.5), X),
        (lambda xp, x: xp.clip(x), X),
        (lambda xp, x, low, high: xp.clip(x, low, high), X, -positive(4), positive(3, 1)),
    ],
    "copysign": [(lambda xp, x, y: xp.copysign(x, y), X, ROW), (lambda xp, x: xp.copysign(x, -1.0), X)],
    "sum": reduction("sum"),
    "mean": reduction("mean"),
    "prod": [
        *reduction("prod"),
        (lambda xp, x: xp.prod(x, axis=1), np.asarray([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 4.0]])),
    ],
    "max": reduction("max"),
    "min": reduction("min"),
    "var": [*reduction("var"), (lambda xp, x: xp.var(x, axis=1, correction=1.0), X)],
    "std": [*reduction("std"), (lambda xp, x: xp.std(x, axis=1, correction=1.0), X)],
    "_softmax": [
        (lambda xp, x: softmax(xp, x, -1), X),
        (lambda xp, x: softmax(xp, x, 0), X),
    ],
    "cumulative_sum": [
        (lambda xp, x: xp.cumulative_sum(x), ROW),
        (lambda xp, x: xp.cumulative_sum(x, axis=0), X),
        (lambda xp, x: xp.cumulative_sum(x, axis=-1, include_initial=True), X),
    ],
    "cumulative_prod": [
        (lambda xp, x: xp.cumulative_prod(x), np.asarray([2.0, 0.0, 3.0, 0.0, 5.0])),
        (lambda xp, x: xp.cumulative_prod(x, axis=0, include_initial=True), X),
        (lambda xp, x: xp.cumulative_prod(x, axis=-1), normal(2, 7)),
    ],
    "diff": [
        (lambda xp, x: xp.diff(x), X),
        (lambda xp, x: xp.diff(x, axis=0, n=2), X),
        (lambda xp, x, y: xp.diff(x, axis=0, prepend=y, append=x), X, Y),
    ],
    "matmul": [
        (lambda xp, x, y: xp.matmul(x, y), X, normal(4, 2)),
        (lambda xp, x, y: x @ y, X, ROW),
        (lambda xp, x, y: x @ y, normal(3), X),
        (lambda xp, x, y: x @ y, ROW, normal(4, seed=1)),
        (lambda xp, x, y: x @ y, normal(2, 1, 3, 4), normal(5, 4, 2)),
        (lambda xp, x, y: x @ y, ROW, normal(5, 4, 2)),
    ],
    "tensordot": [
        (lambda xp, x, y: xp.tensordot(x, y), X, Y),
        (lambda xp, x, y: xp.tensordot(x, y, axes=1), X, normal(4, 2)),
        (lambda xp, x, y: xp.tensordot(x, y, axes=0), ROW, normal(2)),
        (lambda xp, x, y: xp.tensordot(x, y, axes=((0, 2), (1, 0))), normal(3, 2, 4), normal(4, 3, 5)),
    ],
    "vecdot": [
        (lambda xp, x, y: xp.vecdot(x, y), X, Y),
        (lambda xp, x, y: xp.vecdot(x, y), X, ROW),
        (lambda xp, x, y: xp.vecdot(x, y, axis=-2), X, Y),
    ],
    "matrix_transpose": [
        (lambda xp, x: xp.matrix_transpose(x), X),
        (lambda xp, x: x.T @ x, X),
        (lambda xp, x: x.mT @ x, normal(2, 3, 4)),
    ],
    "reshape": [(lambda xp, x: xp.reshape(x, (2, -1)), X), (lambda xp, x: xp.reshape(x, shape=(12,)), X)],
    "expand_dims": [(lambda xp, x: xp.expand_dims(x, axis=1), X)],
    "squeeze": [
        (lambda xp, x: xp.squeeze(x, axis=1), normal(3, 1, 4)),
        (lambda xp, x: xp.squeeze(x, (0, 2)), normal(1, 3, 1)),
    ],
    "broadcast_to": [(lambda xp, x: xp.broadcast_to(x, (2, 3, 4)), normal(3, 1))],
    "broadcast_arrays": [(lambda xp, x, y: xp.broadcast_arrays(x, y), normal(3, 1), ROW)],
    "permute_dims": [(lambda xp, x: xp.permute_dims(x, (1, 2, 0)), normal(2, 3, 4))],
    "moveaxis": [
        (lambda xp, x: xp.moveaxis(x, 0, -1), normal(2, 3, 4)),
        (lambda xp, x: xp.moveaxis(x, (0, 1), (2, 0)), normal(2, 3, 4)),
    ],
    "flip": [(lambda xp, x: xp.flip(x), X), (lambda xp, x: xp.flip(x, axis=0), X)],
    "roll": [
        (lambda xp, x: xp.roll(x, 2), X),
        (lambda xp, x: xp.roll(x, 1, axis=-1), X),
        (lambda xp, x: xp.roll(x, (1, -2), axis=(0, 1)), X),
    ],
    "tile": [(lambda xp, x: xp.tile(x, (2, 1, 3)), X), (lambda xp, x: xp.tile(x, (3,)), X)],
    "repeat": [(lambda xp, x: xp.repeat(x, 3), X), (lambda xp, x: xp.repeat(x, 2, axis=-1), X)],
    "tril": [(lambda xp, x: xp.tril(x), X), (lambda xp, x: xp.tril(x, k=-1), X)],
    "triu": [(lambda xp, x: xp.triu(x), X), (lambda xp, x: xp.triu(x, k=1), X)],
    "concat": [
        (lambda xp, x, y: xp.concat((x, y, x)), X, normal(2, 4)),
        (lambda xp, x, y: xp.concat([x, y], axis=-1), X, normal(3, 2)),
        (lambda xp, x, y: xp.concat([x, y], axis=None), X, ROW),
    ],
    "stack": [
        (lambda xp, x, y: xp.stack([x, y]), X, Y),
        (lambda xp, x, y: xp.stack((x, y, x), axis=-1), X, Y),
    ],
    "unstack": [(lambda xp, x: xp.unstack(x), X), (lambda xp, x: xp.unstack(x, axis=-1), X)],
    "meshgrid": [
        (lambda xp, x, y, z: xp.meshgrid(x, y, z), ROW, normal(3), normal(2)),
        (lambda xp, x, y: xp.meshgrid(x, y, indexing="ij"), ROW, normal(3)),
        (lambda xp, x: xp.meshgrid(x), ROW),
    ],
    "full_like": [(lambda xp, x: x * xp.full_like(x, 3.0), X)],
    "getitem": [
        (lambda xp, x: x[1, 2], X),
        (lambda xp, x: x[..., 1:3], X),
        (lambda xp, x: x[::-2, 1::2], X),
        (lambda xp, x: x[-1, ::-1], X),
        (lambda xp, x: x[:, 3:3], X),
        (lambda xp, x: x[:, None, -2, ...], X),
        (lambda xp, x: x[None, ...], X),
        (lambda xp, x: x[()], normal()),
        (lambda xp, x: x[xp.asarray(IDS)], ROW),
        (lambda xp, x: x[xp.asarray(IDS), xp.asarray([[1], [3]])], X),
        (lambda xp, x: x[xp.asarray(IDS), 1], X),
    ],
    "take": [
        (lambda xp, x: xp.take(x, xp.asarray(IDS), axis=0), X),
        (lambda xp, x: xp.take(x, xp.asarray(IDS), axis=-1), X),
    ],
    "take_along_axis": [
        (lambda xp, x: xp.take_along_axis(x, xp.asarray([[1, 1, 3], [0, 2, 2], [3, 0, 3]]), axis=1), X),
    ],
    "sort": [
        (lambda xp, x: xp.sort(x), X),
        (lambda xp, x: xp.sort(x, axis=0, descending=True), X),
    ],
}
ADJOINTS = {
    "_getitem": "getitem",
    "_put": "getitem",
    "_scatter_add": "take",
    "_scatter_along": "take_along_axis",
}  # met in the second derivatives of these

ROWS = [(name, row) for name, rows in CASES.items() for row in rows]


def make_loss(function: Any, weights: Any) -> Any:
    """A number that depends on every entry of the function's results, differently and not linearly."""

    def loss(*arrays: Any) -> Any:
        xp = namespace(*arrays)
        results = function(xp, *arrays)
        outs = results if isinstance(results, list | tuple) else [results]
        terms = [
            xp.sum(xp.asarray(w, device=out.device) * (out + out * out)) for w, out in zip(weights, outs, strict=True)
        ]
        return sum(terms), results

    return loss


def slopes(function: Any, arrays: Any, step: float = 1e-5) -> Any:
    """Central differences of a function of NumPy arrays, with respect to each entry of each."""
    gradients = [np.zeros_like(x) for x in arrays]
    for x, gradient in zip(arrays, gradients, strict=True):
        for i in np.ndindex(x.shape):
            middle = x[i]
            x[i] = middle + step
            above = function(*arrays)
            x[i] = middle - step
            below = function(*arrays)
            x[i] = middle
            gradient[i] = (above - below) / (2 * step)
    return gradients


def to_numpy(tree: Any) -> Any:
    return [np.asarray(x) for x in tree] if isinstance(tree, list | tuple) else np.asarray(tree)


@LIBRARIES
@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(ROWS)])
def test_rule(library: Any, name: Any, row: Any) -> None:
    function, *inputs = row
    inputs = [np.array(x) for x in inputs]
    plain = function(library, *(library.asarray(x) for x in inputs))
    shapes = [x.shape for x in (plain if isinstance(plain, list | tuple) else [plain])]
    loss = make_loss(function, [library.asarray(np.asarray(normal(*shape, seed=9))) for shape in shapes])
    argnums = tuple(range(len(inputs)))

    def on_tape(*arrays: Any) -> Any:
        return value_and_grad(loss, argnums, has_aux=True)(*(library.asarray(x) for x in arrays))

    (value, out), gradients = on_tape(*inputs)
    assert type(value) is type(loss(*map(library.asarray, inputs))[0])
    for x, y in (
        zip(to_numpy(out), to_numpy(plain), strict=True) if len(shapes) > 1 else [(to_numpy(out), to_numpy(plain))]
    ):
        np.testing.assert_allclose(x, y, rtol=1e-14, atol=1e-14)
    expected = slopes(lambda *arrays: float(loss(*map(library.asarray, arrays))[0]), inputs)
    for x, gradient, slope in zip(inputs, gradients, expected, strict=True):
        assert gradient.dtype == library.float64
        assert gradient.shape == x.shape
        np.testing.assert_allclose(to_numpy(gradient), slope, rtol=1e-6, atol=1e-7)

    # The second order, along one direction: the tape differentiates what the rules compute.
    directions = [normal(*x.shape, seed=7) for x in inputs]

    def along(*arrays: Any) -> Any:
        gradients = value_and_grad(loss, argnums, has_aux=True)(*arrays)[1]
        xp = namespace(*arrays)
        return sum(
            xp.sum(g * xp.asarray(d, device=g.device))
            for g, d in zip(gradients, map(library.asarray, directions), strict=True)
        )

    _, gradients = value_and_grad(along, argnums)(*map(library.asarray, inputs))
    expected = slopes(lambda *arrays: float(along(*map(library.asarray, arrays))), inputs)
    for gradient, slope in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(to_numpy(gradient), slope, rtol=1e-5, atol=1e-6)


def test_every_rule_has_a_case() -> None:
    assert {ADJOINTS.get(name, name) for name in [*RULES, *COMPOSED]} == set(CASES)
    assert not NOT_DIFFERENTIABLE & set(CASES)
