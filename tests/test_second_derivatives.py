"""Second derivatives of losses of numbers and classes: every library agrees with differences of the first, at kinks of
the arithmetic (a logit of exactly 0) as well."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import array_losses as al

X = np.asarray([[0.0, -2.5, 1.0, 3.0], [0.5, 0.25, -1.5, 2.0]])
TARGETS = np.asarray([[1.0, 0.0, 0.3, 0.0], [0.0, 1.0, 0.0, 0.8]])
Y = np.asarray([[0.4, -2.0, 3.0, 1.0], [0.1, 1.0, -1.0, 0.5]])
LABELS = np.asarray([2, 0])
SOFT = np.asarray([[0.1, 0.2, 0.3, 0.4], [0.0, 0.0, 1.0, 0.0]])

CASES: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = [
    ("squared_error", {}, (X, Y)),
    ("log_cosh_loss", {}, (X, Y)),
    ("charbonnier_loss", {"epsilon": 0.5}, (X, Y)),
    ("balanced_l1_loss", {}, (X, Y)),
    ("focal_l1_loss", {}, (X, Y)),
    ("wing_loss", {"width": 1.25}, (X, Y)),
    ("sigmoid_binary_cross_entropy", {"pos_weight": 2.0}, (X, TARGETS)),
    ("sigmoid_focal_loss", {}, (X, TARGETS)),
    ("sigmoid_focal_loss", {"gamma": 0.5, "alpha": None}, (X, TARGETS)),
    ("sigmoid_focal_loss", {"gamma": 3.0}, (X, TARGETS)),
    ("quality_focal_loss", {}, (X, TARGETS)),
    ("varifocal_loss", {}, (X, TARGETS)),
    ("gaussian_focal_loss", {}, (X, TARGETS)),
    ("asymmetric_loss", {}, (X, TARGETS)),
    ("squared_hinge_loss", {}, (X, np.where(TARGETS > 0.5, 1.0, -1.0))),
    ("softmax_cross_entropy", {}, (X, LABELS)),
    ("softmax_cross_entropy", {"label_smoothing": 0.1, "class_weights": np.asarray([1.0, 2.0, 0.5, 1.0])}, (X, SOFT)),
    ("softmax_focal_loss", {"gamma": 1.5}, (X, LABELS)),
    ("softmax_focal_loss", {}, (X, SOFT)),
    ("poly1_loss", {}, (X, LABELS)),
    ("generalized_cross_entropy", {}, (X, LABELS)),
    ("bi_tempered_loss", {"t1": 0.8, "t2": 1.4}, (X, LABELS)),
    ("distribution_focal_loss", {}, (X, np.asarray([0.3, 2.6]))),
    ("entropy", {}, (np.abs(X) + 0.1,)),
    ("kl_divergence", {}, (np.abs(X) + 0.1, SOFT)),
    ("js_divergence", {}, (np.abs(X) + 0.1, SOFT + 0.05)),
]  # fmt: skip


def _name(case: tuple[str, dict[str, Any], tuple[Any, ...]]) -> str:
    return "-".join([case[0], *(key for key in case[1])])


every_case = pytest.mark.parametrize(("name", "knobs", "arguments"), CASES, ids=map(_name, CASES))


def _of_first(name: str, convert: Callable[[Any], Any], knobs: dict[str, Any], others: Any) -> Callable[[Any], Any]:
    """The summed loss as a function of its first argument, all arrays of one library."""
    knobs = {key: convert(value) if isinstance(value, np.ndarray) else value for key, value in knobs.items()}
    rest = [convert(other) for other in others]
    return lambda x: functools.partial(getattr(al, name), reduction="sum", **knobs)(x, *rest)


def _by_differences(loss: Callable[[Any], Any], x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    rows = []
    for place in np.ndindex(*x.shape):
        low, high = x.copy(), x.copy()
        low[place], high[place] = x[place] - step, x[place] + step
        rows.append(((al.grad(loss)(high) - al.grad(loss)(low)) / (2 * step)).ravel())
    return np.asarray(rows)


@every_case
def test_numpy(name: str, knobs: dict[str, Any], arguments: tuple[Any, ...]) -> None:
    loss = _of_first(name, np.asarray, knobs, arguments[1:])
    x = arguments[0]
    expected = _by_differences(loss, x)
    directions = np.eye(x.size).reshape(x.size, *x.shape)

    def slope_along(direction: np.ndarray) -> Callable[[Any], Any]:
        return lambda x: (lambda g: g.__array_namespace__().sum(g * direction))(al.grad(loss)(x))

    found = np.asarray([al.grad(slope_along(direction))(x).ravel() for direction in directions])
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=2e-7)


@every_case
def test_torch(name: str, knobs: dict[str, Any], arguments: tuple[Any, ...]) -> None:
    x = arguments[0]
    expected = _by_differences(_of_first(name, np.asarray, knobs, arguments[1:]), x)
    loss = _of_first(name, torch.asarray, knobs, arguments[1:])
    by_backward = torch.autograd.functional.hessian(loss, torch.asarray(x))
    by_transform = torch.func.hessian(loss)(torch.asarray(x))
    for found in (by_backward, by_transform):
        np.testing.assert_allclose(found.reshape(x.size, x.size).numpy(), expected, rtol=1e-6, atol=2e-7)


@every_case
@pytest.mark.usefixtures("x64")
def test_jax(name: str, knobs: dict[str, Any], arguments: tuple[Any, ...]) -> None:
    import jax

    x = arguments[0]
    expected = _by_differences(_of_first(name, np.asarray, knobs, arguments[1:]), x)
    loss = _of_first(name, jax.numpy.asarray, knobs, arguments[1:])
    found = np.asarray(jax.hessian(loss)(jax.numpy.asarray(x))).reshape(x.size, x.size)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=2e-7)
