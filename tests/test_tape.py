"""The tape itself: arrays that record, levels, containers, constants, kinks, errors."""

from __future__ import annotations

import math
import weakref
from typing import Any, NamedTuple

import array_api_strict
import numpy as np
import pytest

import array_losses as al
from array_losses._array import namespace
from array_losses.autodiff import closed_form
from array_losses.autodiff._tape import TapeArray, custom, on_tape, stop_gradient, value_and_grad

LIBRARIES = pytest.mark.parametrize("library", [np, array_api_strict], ids=["numpy", "strict"])


def grad(fun: Any, argnums: int | tuple[int, ...] = 0) -> Any:
    return lambda *args, **kwargs: value_and_grad(fun, argnums)(*args, **kwargs)[1]


def total(x: Any) -> Any:
    return namespace(x).sum(x)


def number(x: Any) -> Any:
    return np.asarray(float(x))


def seen(fun: Any, *args: Any) -> Any:
    """What `fun` returns when it is called with arrays on the tape."""
    found = []

    def note(*args: Any) -> Any:
        found.append(fun(*args))
        return total(args[0])

    value_and_grad(note)(*args)
    return found[0]


class Pair(NamedTuple):
    left: Any
    right: Any


# ---------------------------------------------------------------------------------- one level


@LIBRARIES
def test_value_and_gradient_are_arrays_of_the_library(library: Any) -> None:
    x = library.asarray([1.0, 2.0, 4.0])
    value, gradient = value_and_grad(lambda x: total(x * x))(x)
    assert float(value) == 21.0
    assert type(gradient) is type(x)
    assert gradient.tolist() == [2.0, 4.0, 8.0] if library is np else bool(library.all(gradient == 2 * x))


@LIBRARIES
def test_float32_stays_float32(library: Any) -> None:
    x = library.asarray([1.0, 2.0], dtype=library.float32)

    def fun(x: Any) -> Any:
        xp = namespace(x)
        y = xp.where(x > 1.5, 2.0 * x**3, xp.maximum(x, 0.0)) / 3 + xp.clip(x, 0.0, 4.0)
        return xp.mean(xp.sqrt(y) + xp.std(y) + xp.prod(y) + xp.take(y, xp.asarray([0, 0, 1]), axis=0)[::2])

    value, gradient = value_and_grad(fun)(x)
    assert value.dtype == gradient.dtype == library.float32


def test_each_gradient_has_the_dtype_and_shape_of_its_argument() -> None:
    half, single, double = np.ones((2, 1), np.float16), np.ones(3, np.float32), np.ones((), np.float64)
    gradients = grad(lambda x, y, z: total(x * y * z), (0, 1, 2))(half, single, double)
    assert [(g.dtype, np.shape(g)) for g in gradients] == [("f2", (2, 1)), ("f4", (3,)), ("f8", ())]
    assert [np.ravel(g).tolist() for g in gradients] == [[3.0, 3.0], [2.0, 2.0, 2.0], [6.0]]


def test_an_argument_used_twice_gets_the_sum_and_an_unused_one_zeros() -> None:
    x, y = np.asarray([3.0, 5.0]), np.asarray([[1.0], [2.0]])
    gx, gy = grad(lambda x, y: total(x * x + x), (0, 1))(x, y)
    assert gx.tolist() == [7.0, 11.0]
    assert gy.tolist() == [[0.0], [0.0]]


def test_the_identity_and_a_constant() -> None:
    assert value_and_grad(lambda x: x)(number(3)) == (3.0, 1.0)
    assert value_and_grad(lambda x: np.asarray(7.0))(number(3)) == (7.0, 0.0)
    assert value_and_grad(lambda x: np.float64(7.0))(number(3)) == (7.0, 0.0)
    assert value_and_grad(lambda x: total(x > 0) * 1.0)(np.ones(3))[1].tolist() == [0.0, 0.0, 0.0]


def test_closures_over_plain_arrays() -> None:
    weights, x = np.asarray([1.0, 2.0]), np.asarray([[3.0, 4.0]])
    assert grad(lambda x: total(weights * x))(x).tolist() == [[1.0, 2.0]]
    assert grad(lambda x: total(x / weights))(x).tolist() == [[1.0, 0.5]]
    assert grad(lambda x: total(x @ weights))(x).tolist() == [[1.0, 2.0]]
    assert grad(lambda x: total(namespace(x).where(weights > 1.0, x, 0.0)))(x).tolist() == [[0.0, 1.0]]
    assert grad(lambda x: total(np.float64(2.0) * x - np.float32(1.0)))(x).tolist() == [[2.0, 2.0]]


def test_other_arguments_are_constants_on_the_tape() -> None:
    def fun(x: Any, index: Any, options: Any, *, scale: Any) -> Any:
        assert all(isinstance(a, TapeArray) for a in (x, index, options["shift"], scale[0]))
        assert options["name"] == "a"
        assert scale[1] is None
        return total(namespace(x, index, scale[0]).take(x * scale[0] + options["shift"], index, axis=0))

    x = np.asarray([1.0, 2.0, 3.0])
    value, gradient = value_and_grad(fun)(
        x, np.asarray([2, 2, 0]), {"shift": np.ones(3), "name": "a"}, scale=(np.asarray(10.0), None)
    )
    assert value == 73.0
    assert gradient.tolist() == [10.0, 0.0, 20.0]


def test_containers() -> None:
    def fun(tree: Any, y: Any) -> Any:
        tree["b"][0] = tree["b"][0] * 2.0  # the caller's list is not touched
        return total(tree["a"] * y) + total(tree["b"][0] * tree["b"][1].left) + 0.0 * total(tree["b"][1].right)

    one, two, three = np.asarray([1.0]), np.asarray([2.0]), np.asarray([3.0])
    tree: dict[str, Any] = {"a": one, "b": [two, Pair(three, one)]}
    value, gradients = value_and_grad(fun, (-1, 0))(tree, two)
    assert value == 14.0
    assert gradients == (1.0, {"a": 2.0, "b": [6.0, Pair(4.0, 0.0)]})
    assert tree["b"][0] is two


def test_has_aux() -> None:
    def fun(x: Any) -> Any:
        y = x * x
        return total(y), {"squares": y, "count": 2, "constant": x > 1.0}

    (value, aux), gradient = value_and_grad(fun, has_aux=True)(np.asarray([1.0, 3.0]))
    assert value == 10.0
    assert gradient.tolist() == [2.0, 6.0]
    assert type(aux["squares"]) is np.ndarray
    assert aux["squares"].tolist() == [1.0, 9.0]
    assert aux["constant"].tolist() == [False, True]
    assert aux["count"] == 2


def test_inputs_are_unchanged() -> None:
    x, y = np.arange(6.0).reshape(2, 3), np.arange(3.0)
    x.flags.writeable = y.flags.writeable = False
    grad(lambda x, y: total(namespace(x).clip(x[:, ::-1] * y, 1.0, 2.0) + x**2), (0, 1))(x, y)
    assert x.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert y.tolist() == [0.0, 1.0, 2.0]


def test_a_chain_of_ten_thousand_operations() -> None:
    def fun(x: Any) -> Any:
        for _ in range(10_000):
            x = x * 1.0001
        return total(x)

    np.testing.assert_allclose(grad(fun)(np.ones(2)), 1.0001**10_000)


def test_an_operation_keeps_only_what_its_rule_needs() -> None:
    operations: list[Any] = [lambda y: y + 1.0, total, lambda y: y[0], lambda y: y * 2.0, lambda y: y * y]
    alive = []

    def fun(x: Any) -> Any:
        for operation in operations:
            y = x * 3.0
            inside = weakref.ref(y.value.value)
            x = x + operation(y)
            del y
            alive.append(inside() is not None)
        return total(x)

    value_and_grad(fun)(np.ones(3))
    assert alive == [False, False, False, False, True]


def test_empty_arrays() -> None:
    value, gradient = value_and_grad(lambda x: total(x * x) + total(x[:0, ...] @ x.T))(np.ones((0, 4)))
    assert value == 0.0
    assert gradient.shape == (0, 4)


def test_another_device() -> None:
    device = array_api_strict.Device("device1")
    x = array_api_strict.asarray([3.0, 1.0, 2.0], device=device)

    def fun(x: Any) -> Any:
        xp = namespace(x)
        index = xp.asarray([0, 0], device=x.device)
        products = xp.cumulative_prod(x, include_initial=True)
        return xp.sum(xp.sort(x)[1:] * x[index]) + xp.sum(xp.take(products, index, axis=0))

    value, gradient = value_and_grad(fun)(x)
    assert value.device == gradient.device == device
    assert [float(gradient[i]) for i in range(3)] == [8.0, 0.0, 3.0]


# ------------------------------------------------------------------------------------- levels


def test_second_and_third_derivatives() -> None:
    x = number(2)
    cube = lambda x: x**3
    assert [grad(cube)(x), grad(grad(cube))(x), grad(grad(grad(cube)))(x)] == [12.0, 12.0, 6.0]
    assert grad(grad(grad(grad(cube))))(x) == 0.0
    t = math.tanh(0.7)
    second = grad(grad(lambda x: namespace(x).tanh(x)))(np.asarray(0.7))
    assert second == pytest.approx(-2 * t * (1 - t * t), rel=1e-14)


@LIBRARIES
def test_hessian_of_a_quadratic_form(library: Any) -> None:
    matrix = library.asarray([[2.0, 1.0], [4.0, 6.0]])
    x = library.asarray([1.0, -1.0])

    def form(x: Any, matrix: Any) -> Any:
        return namespace(x, matrix).matmul(x, namespace(x, matrix).matmul(matrix, x))

    def column(x: Any, matrix: Any, i: Any) -> Any:
        return grad(form)(x, matrix)[i]

    rows = [grad(column)(x, matrix, i) for i in range(2)]
    assert [[float(row[j]) for j in range(2)] for row in rows] == [[4.0, 5.0], [5.0, 12.0]]


def test_levels_are_not_confused() -> None:
    # d/dx (x * d/dy (x + y)) is 1, not 2.
    assert grad(lambda x: x * grad(lambda y: x + y)(number(1)))(number(1)) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(number(3)))(number(5)) == 10.0
    # The inner function does not depend on the outer variable at all.
    assert grad(lambda x: x * grad(lambda y: y * y)(number(3)))(number(5)) == 6.0
    assert grad(lambda x: x * grad(lambda y: x)(x))(number(5)) == 0.0


def test_nested_results_are_arrays_on_the_tape() -> None:
    def outer(x: Any) -> Any:
        (value, aux), gradient = value_and_grad(lambda y: (total(y * 0.0 + 1.0), y > 0.0), has_aux=True)(x)
        assert all(isinstance(a, TapeArray) for a in (value, aux, gradient))
        return total(x * namespace(x, gradient, aux).where(aux, gradient, x)) + value

    assert grad(outer)(np.asarray([2.0, -3.0])).tolist() == [0.0, -6.0]


def test_stop_gradient() -> None:
    assert grad(lambda x: x * stop_gradient(x))(number(3)) == 3.0
    assert grad(grad(lambda x: x * stop_gradient(x)))(number(3)) == 0.0
    assert grad(lambda x: grad(lambda y: stop_gradient(x * y) * y)(x))(number(3)) == 0.0
    x = np.ones(2)
    assert stop_gradient(x) is x


# ------------------------------------------------------------------------------------- custom


def product(log: Any = None) -> Any:
    """x * y of which the tape sees only the slopes, and y may be scaled."""

    def function(x: Any, y: Any, wanted: Any) -> Any:
        if log is not None:
            log.append((type(x), type(y), wanted))
        return x * y, (lambda g: g * y, (lambda g: g * x) if wanted[1] else None)

    return lambda x, y: custom(function, (x, y))


def test_custom_gets_plain_arrays_and_records_one_operation() -> None:
    log: list[Any] = []
    x, y = np.asarray([1.0, 2.0]), np.asarray([3.0, 4.0])
    assert product(log)(x, y).tolist() == [3.0, 8.0]
    assert grad(lambda x, y: total(product(log)(x, y)))(x, y).tolist() == [3.0, 4.0]
    assert grad(lambda x, y: total(product(log)(x, y)), 1)(x, y).tolist() == [1.0, 2.0]
    assert grad(lambda y: total(product(log)(x, y)))(y).tolist() == [1.0, 2.0]
    assert log == [
        (np.ndarray, np.ndarray, wanted) for wanted in [(False, False), (True, False), (False, True), (False, True)]
    ]
    constant = seen(lambda x, y: product()(y, y), x, y)
    assert isinstance(constant, TapeArray)
    assert constant.trace is None


def test_custom_broadcasts() -> None:
    gradients = grad(lambda x, y: total(product()(x, y)), (0, 1))(np.asarray([[1.0], [2.0]]), np.asarray([3.0, 4.0]))
    assert [g.tolist() for g in gradients] == [[[7.0], [7.0]], [3.0, 3.0]]


def test_derivatives_of_custom_slopes() -> None:
    fun = lambda x: product()(x * x, x)
    assert grad(grad(fun))(number(2)) == 12.0
    # Only the gradient that comes in is on the outer tape, the arrays are not.
    inner: Any = lambda x: grad(lambda y: x * x * product()(y, y))(number(3))
    assert inner(number(2)) == 24.0
    assert grad(inner)(number(2)) == 24.0


def test_one_number_for_all_entries() -> None:
    """The gradient below a sum is not spread before it has to be."""
    x = np.asarray([[1.0, 2.0, 4.0]])

    def sums(x: Any) -> Any:
        xp = namespace(x)
        whole = xp.reshape(xp.sum(x, keepdims=True), ()) + 2.0 * xp.mean(xp.permute_dims(x, (1, 0)))
        return whole + total(x[:, :2]) + total(x * x) + total(xp.exp(x)) * 0.0

    assert grad(total)(x).tolist() == [[1.0, 1.0, 1.0]]
    np.testing.assert_allclose(grad(sums)(x), 1 + 2 / 3 + np.asarray([[1.0, 1.0, 0.0]]) + 2 * x)
    assert grad(lambda x: total(grad(lambda y: total(y) * total(y))(x)))(x).tolist() == [[6.0, 6.0, 6.0]]
    assert grad(lambda x: total(grad(lambda y: total(total(x) * y))(x)))(x).tolist() == [[3.0, 3.0, 3.0]]


def test_numbers_of_numpy_beside_arrays() -> None:
    """A float64 of NumPy is a Python number, and has a method `trace`."""
    x, scale = np.asarray([1.0, 2.0]), np.float64(3.0)
    assert grad(lambda x: total(product()(x, scale)))(x).tolist() == [3.0, 3.0]
    assert grad(lambda x: total(x) * namespace(x).sum(scale))(x).tolist() == [3.0, 3.0]
    assert grad(lambda x: grad(lambda y: total(product()(x * y, scale)))(number(2)))(number(5)) == 3.0


@LIBRARIES
def test_slopes_that_rows_share(library: Any) -> None:
    """A kernel's slopes may have less rows than its value."""

    def difference(xp: Any, arrays: Any, wanted: Any) -> Any:
        a, b = arrays
        return a - b, [xp.ones_like(a) if wanted[0] else None, -xp.ones_like(b) if wanted[1] else None]

    a, b = library.asarray([[1.0], [2.0]]), library.asarray([[3.0, 4.0, 5.0]])
    rows: Any = lambda a, b: closed_form(difference, (0, 0), (), a, b)
    of_a, of_b = grad(lambda a, b: total(rows(a, b)), (0, 1))(a, b)
    assert [np.asarray(of_a).tolist(), np.asarray(of_b).tolist()] == [[[3.0], [3.0]], [[-2.0, -2.0, -2.0]]]
    of_a, of_b = grad(lambda a, b: total(rows(a, b) * rows(a, b)), (0, 1))(a, b)
    assert [np.asarray(of_a).tolist(), np.asarray(of_b).tolist()] == [[[-18.0], [-12.0]], [[6.0, 10.0, 14.0]]]


@pytest.mark.parametrize("size", [3, 10_000])
def test_slopes_are_nobody_elses(size: int) -> None:
    """What comes back as a gradient is no array of the caller's, nor the value."""
    x, t = np.full(size, 0.5), np.zeros(size)

    def both(x: Any) -> Any:
        rows = al.l2_loss(x, t)
        return total(rows), rows

    (_, rows), g = al.value_and_grad(both, has_aux=True)(x)
    assert not any(np.shares_memory(g, known) for known in (x, t, rows))
    assert al.grad(lambda x: total(al.huber_loss(x, t)) * 2.0)(x).tolist() == [1.0] * size
    assert x.tolist() == [0.5] * size


# -------------------------------------------------------------------------------------- kinks


@pytest.mark.parametrize(
    ("fun", "at", "slope"),
    [
        (lambda xp, x: xp.abs(x), 0.0, 0.0),
        (lambda xp, x: xp.maximum(x, 2.0), 2.0, 0.5),
        (lambda xp, x: xp.minimum(2.0, x), 2.0, 0.5),
        (lambda xp, x: xp.maximum(x, x), 2.0, 1.0),
        (lambda xp, x: xp.maximum(x, -x), 0.0, 0.0),
        (lambda xp, x: xp.clip(x, 0.0, 1.0), 0.0, 0.0),
        (lambda xp, x: xp.clip(x, 0.0, 1.0), 1.0, 0.0),
        (lambda xp, x: xp.where(x <= 0.0, 0.0, x), 0.0, 0.0),
        (lambda xp, x: x**0, 0.0, 0.0),
        (lambda xp, x: x**1, 0.0, 1.0),
        (lambda xp, x: x**2, 0.0, 0.0),
        (lambda xp, x: x**1.5, 0.0, 0.0),
        (lambda xp, x: x ** xp.zeros_like(x), 0.0, 0.0),
        (lambda xp, x: x ** xp.ones_like(x), 0.0, 1.0),
        (lambda xp, x: xp.zeros_like(x) ** x, 2.0, 0.0),
        (lambda xp, x: 0.0**x, 2.0, 0.0),
        (lambda xp, x: 0.0**x, 0.0, 0.0),
        (lambda xp, x: xp.sign(x) + xp.floor(x) + xp.round(x), 0.3, 0.0),
        (lambda xp, x: xp.logaddexp(x, -math.inf * xp.ones_like(x)), 1.0, 1.0),
        (lambda xp, x: xp.where(x > 0.0, xp.sqrt(xp.where(x > 0.0, x, 1.0)), 0.0), 0.0, 0.0),
    ],
)
@LIBRARIES
def test_slope_at_a_kink(library: Any, fun: Any, at: Any, slope: Any) -> None:
    assert float(grad(lambda x: fun(namespace(x), x))(library.asarray(at))) == slope


def test_ties_of_reductions_are_shared_evenly() -> None:
    x = np.asarray([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0]])
    assert grad(lambda x: total(namespace(x).max(x, axis=1)))(x).tolist() == [[0.5, 0.0, 0.5], [1 / 3] * 3]
    assert grad(lambda x: namespace(x).min(x))(x).tolist() == [[0.0, 1.0, 0.0], [0.0] * 3]


def test_equal_logarithms_of_zero_have_no_slope() -> None:
    x = np.full(2, -math.inf)
    assert grad(lambda x: total(namespace(x).logaddexp(x, x)))(x).tolist() == [0.0, 0.0]


def test_nan_stays_in_its_row() -> None:
    x = np.asarray([[1.0, 2.0], [math.nan, 2.0]])

    def fun(x: Any) -> Any:
        xp = namespace(x)
        rows = xp.max(x, axis=1) + xp.maximum(x[:, 0], x[:, 1]) + xp.exp(x[:, 0])
        return total(xp.where(xp.isnan(rows), 0.0, rows)), rows

    (value, rows), gradient = value_and_grad(fun, has_aux=True)(x)
    assert np.isnan(rows).tolist() == [False, True]
    assert value == 4.0 + math.e
    assert gradient[0].tolist() == [math.e, 2.0]


def test_what_is_taken_twice_counts_twice() -> None:
    x, index = np.asarray([1.0, 2.0, 3.0]), np.asarray([2, -1, 0])
    assert grad(lambda x: total(x[index] * x[index]))(x).tolist() == [2.0, 0.0, 12.0]
    assert grad(lambda x: total(x[..., 0:1] + x[0]))(x).tolist() == [2.0, 0.0, 0.0]


# --------------------------------------------------------------------------- the array itself


def test_it_is_an_array() -> None:
    def fun(x: Any) -> Any:
        assert on_tape(1.0, x)
        assert not on_tape(np.ones(2), 1.0)
        xp = x.__array_namespace__(api_version="2024.12")
        assert xp is namespace(x)
        assert isinstance(xp.__name__, str)
        assert (x.shape, x.ndim, x.size, len(x)) == ((2, 3), 2, 6, 2)
        assert x.dtype == xp.float64
        assert x.device == "cpu"
        assert x.T.shape == x.mT.shape == (3, 2)
        assert bool(x[0, 1] == 1.0)
        assert float(x[0, 2]) == 2.0
        assert int(x[1, 0]) == 3
        assert [10, 11][xp.argmax(x[0, :2])] == 11
        assert "TapeArray(array([[0., 1., 2." in repr(x)
        assert [row.shape for row in x] == [(3,), (3,)]
        return total(x)

    value_and_grad(fun)(np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize(
    ("fun", "expected"),
    [
        (lambda x: x < 2.0, [True, False, False]),
        (lambda x: x <= 2.0, [True, True, False]),
        (lambda x: np.full(3, 2.0) >= x, [True, True, False]),
        (lambda x: x == 2.0, [False, True, False]),
        (lambda x: x != np.full(3, 2.0), [True, False, True]),
        (lambda x: ~(x > 1.0) | (x > 2.0), [True, False, True]),
        (lambda x: (x > 1.0) & (x < 3.0) ^ (x > 0.0), [True, False, True]),
        (lambda x: 7.0 // x, [7.0, 3.0, 2.0]),
        (lambda x: x % 2.0, [1.0, 0.0, 1.0]),
        (lambda x: 2.0**x, [2.0, 4.0, 8.0]),
        (lambda x: np.ones((2, 3)) @ x, [6.0, 6.0]),
        (lambda x: +x - -x, [2.0, 4.0, 6.0]),
        (lambda x: 1 << namespace(x).astype(x, namespace(x).int64), [2, 4, 8]),
    ],
)
def test_operators(fun: Any, expected: Any) -> None:
    assert (
        value_and_grad(lambda x: (total(x), fun(x)), has_aux=True)(np.asarray([1.0, 2.0, 3.0]))[0][1].tolist()
        == expected
    )


def test_plain_arrays_are_not_written_into() -> None:
    y = np.ones(2)

    def fun(x: Any) -> Any:
        nonlocal y
        y += x

    with pytest.raises(TypeError):
        value_and_grad(fun)(np.ones(2))
    assert y.tolist() == [1.0, 1.0]


def test_in_place_operators_make_new_arrays() -> None:
    def fun(x: Any) -> Any:
        y = x
        y *= 3.0
        y -= x
        return total(y)

    assert grad(fun)(np.ones(2)).tolist() == [2.0, 2.0]


def test_functions_without_derivative_give_constants() -> None:
    def fun(x: Any) -> Any:
        xp = namespace(x)
        parts = [
            xp.argmax(x), xp.floor(x), xp.isnan(x), xp.nonzero(x)[0], xp.count_nonzero(x),
            xp.astype(x, xp.int64), xp.zeros_like(x), xp.full_like(x, 2.0), xp.zeros((2,)), xp.eye(2), xp.arange(3),
            xp.linspace(0.0, 1.0, 3), xp.asarray([1.0, 2.0]), xp.asarray(np.ones(2)), xp.unique_values(np.ones(2)),
        ]  # fmt: skip
        assert all(isinstance(part, TapeArray) and part.trace is None for part in parts)
        assert xp.asarray(x) is x
        assert xp.asarray(x, dtype=xp.float32).trace is x.trace
        return total(x)

    value_and_grad(fun)(np.ones(3))


def test_dtypes_and_constants_pass_through() -> None:
    def fun(x: Any) -> Any:
        xp = namespace(x)
        assert (xp.float32, xp.pi, xp.newaxis) == (np.float32, math.pi, None)
        assert xp.isdtype(x.dtype, "real floating") is True
        assert xp.result_type(x, xp.float32) == np.float64
        assert xp.can_cast(x, xp.float64)
        assert xp.finfo(x.dtype).bits == 64
        assert xp.iinfo(xp.int8).max == 127
        assert xp.__array_namespace_info__().default_dtypes()["real floating"] == np.float64
        return total(x)

    value_and_grad(fun)(np.ones(3))


# ------------------------------------------------------------------------------------- errors


def failing(error: Any, text: Any, fun: Any, *args: Any, **options: Any) -> None:
    with pytest.raises(error) as caught:
        value_and_grad(fun, **options)(*args)
    assert str(caught.value) == text


X = np.asarray([1.0, 2.0])


def test_unknown_functions() -> None:
    no_rule = "the tape has no derivative rule for this use of "
    failing(NotImplementedError, no_rule + "'unique_values'", lambda x: total(namespace(x).unique_values(x)), X)
    failing(NotImplementedError, no_rule + "'asarray'", lambda x: total(namespace(x).asarray([x[0], x[1]])), X)
    failing(NotImplementedError, no_rule + "'full_like'", lambda x: total(namespace(x).full_like(x, x[0])), X)
    failing(NotImplementedError, no_rule + "'linspace'", lambda x: total(namespace(x).linspace(x[0], 1.0, 3)), X)
    failing(NotImplementedError, no_rule + "'nan_to_num'", lambda x: total(namespace(x).nan_to_num(x)), X)
    failing(
        NotImplementedError,
        "the tape does not know the extension 'linalg'",
        lambda x: namespace(x).linalg.norm(x),
        X,
    )
    with pytest.raises(AttributeError, match="no_such_function"):
        value_and_grad(lambda x: namespace(x).no_such_function(x))(X)


def test_arrays_on_the_tape_are_closed() -> None:
    def set_item(x: Any) -> None:
        x[0] = 1.0

    failing(
        TypeError,
        "an array on the tape is immutable; build a new one with `where`, `concat` or `stack`",
        set_item,
        X,
    )
    failing(
        NotImplementedError,
        "the tape has no boolean indexing; select with `where`",
        lambda x: total(x[x > 1.0]),
        X,
    )
    text = "an array on the tape does not turn into a NumPy array: its gradient would be lost"
    failing(TypeError, text, lambda x: np.linalg.norm(x), X)
    failing(TypeError, text, lambda x: np.asarray([x[0], x[1]]), X)
    failing(ValueError, "x.T needs a 2-D array; got 1-D. Use x.mT or permute_dims", lambda x: x.T, X)
    with pytest.raises(TypeError):
        value_and_grad(lambda x: x + "text")(X)


def test_libraries_and_complex_numbers_do_not_mix_in() -> None:
    other = array_api_strict.ones(2)
    failing(
        TypeError,
        "arrays of array_api_compat.numpy and array_api_strict do not mix",
        lambda x: total(x * other),
        X,
    )
    failing(
        TypeError,
        "arrays of array_api_compat.numpy and array_api_strict do not mix",
        lambda x, y: x,
        X,
        other,
    )
    text = "the tape differentiates real functions only; got complex numbers"
    failing(NotImplementedError, text, lambda x: total(x * 1j), X)


def test_wrong_arguments() -> None:
    must = "argument 1 must hold floating-point arrays; got "
    failing(TypeError, must + "dtype int64", lambda x, y: total(x), X, np.asarray([1, 2]), argnums=1)
    failing(TypeError, must + "float", lambda x, y: total(x), X, 1.0, argnums=-1)
    failing(TypeError, must + "NoneType", lambda x, y: total(x), X, [X, None], argnums=1)
    failing(TypeError, "argument 0 holds no array to differentiate", lambda x: total(X), [])
    failing(ValueError, "argnums names argument 2, but there are 1 positional arguments", total, X, argnums=2)


def test_wrong_results() -> None:
    failing(ValueError, "the function must return a 0-d array; got shape (2,)", lambda x: x, X)
    failing(TypeError, "the function must return a 0-d array of floating dtype; got float", lambda x: 1.0, X)
    failing(
        TypeError,
        "the function must return an array of floating dtype; got dtype int64",
        lambda x: namespace(x).argmax(x),
        X,
    )


def test_gradients_of_weights_alone() -> None:
    """The weights are on the tape, what they weigh is not."""
    x, labels = np.asarray([[1.0, 2.0], [0.5, 0.0], [3.0, 1.0]]), np.asarray([1, 0, 1])
    where = np.asarray([True, False, True])
    nll = al.softmax_cross_entropy(x, labels)
    by_row = al.grad(lambda w: al.softmax_cross_entropy(x, labels, weights=w, where=where, reduction="sum"))(np.ones(3))
    np.testing.assert_allclose(by_row, nll * where)
    by_class = al.grad(lambda w: al.softmax_cross_entropy(x, labels, class_weights=w, reduction="sum"))(np.ones(2))
    np.testing.assert_allclose(by_class, [nll[1], nll[0] + nll[2]])
    huber = al.huber_loss(x, 0 * x)
    by_number = al.grad(lambda w: al.huber_loss(x, 0 * x, weights=w, where=where[:, None], reduction="sum"))(0 * x)
    np.testing.assert_allclose(by_number, huber * where[:, None])
    seesaw = al.grad(lambda w: al.seesaw_loss(x, labels, np.ones(2), weights=w, reduction="sum")[0])(np.ones(3))
    np.testing.assert_allclose(seesaw, al.seesaw_loss(x, labels, np.ones(2))[0])


def test_namespace_of_differentiated_and_plain_arrays() -> None:
    seen = []

    def total(x: Any) -> Any:
        xp = al.array_namespace(x, np.ones(2))
        seen.append(xp is al.array_namespace(np.ones(2), x))
        return xp.sum(x * np.ones(2))

    assert al.grad(total)(np.zeros(2)).tolist() == [1.0, 1.0]
    assert seen == [True]
    assert al.array_namespace(np.zeros(2)) is al.array_namespace(np.ones(2, dtype=np.float32))
    with pytest.raises(TypeError):
        al.array_namespace()
    with pytest.raises(TypeError):
        al.array_namespace(np.zeros(2), array_api_strict.ones(2))
