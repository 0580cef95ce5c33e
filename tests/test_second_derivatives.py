"""Second derivatives of losses of numbers, classes, regions and embeddings: every library agrees with differences of
the first, at kinks of the arithmetic (a logit of exactly 0) as well."""

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
PROBS = np.asarray([[0.1, 0.9, 0.4, 0.25], [0.55, 0.35, 0.7, 0.0]])
# Four classes of two pixels.
REGION: dict[str, Any] = {"axis": -1, "batch_axes": ()}
POINTS = np.asarray([[1.0, 0.5], [0.25, -2.0], [-0.75, 1.5], [0.0, 1.0]])
PAIRS = np.asarray([0, 1, 0, 1])

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
    ("dice_loss", REGION, (PROBS, TARGETS)),
    ("dice_loss", {"squared": True, "smooth": 0.5} | REGION, (PROBS, TARGETS)),
    ("focal_tversky_loss", REGION, (PROBS, TARGETS)),
    ("generalized_dice_loss", REGION, (PROBS, TARGETS)),
    ("mcc_loss", REGION, (PROBS, TARGETS)),
    ("sigmoid_dice_loss", REGION, (X, TARGETS)),
    ("softmax_dice_loss", REGION, (X, LABELS)),
    ("dice_cross_entropy_loss", REGION, (X, SOFT)),
    ("dice_focal_loss", {"gamma": 1.5} | REGION, (X, LABELS)),
    ("combo_loss", {"beta": 0.7} | REGION, (X, TARGETS)),
    ("unified_focal_loss", REGION, (X, LABELS)),
    ("top_k_cross_entropy", {"fraction": 0.5} | REGION, (X, LABELS)),
    ("lovasz_softmax_loss", REGION, (X, LABELS)),
    ("hausdorff_dt_loss", REGION, (PROBS, TARGETS, np.abs(X), np.abs(Y))),
    ("batch_hard_triplet_loss", {"margin": 2.0}, (POINTS, PAIRS)),
    ("batch_all_triplet_loss", {"margin": 2.0}, (POINTS, PAIRS)),
    ("info_nce_loss", {"temperature": 0.5}, (POINTS, POINTS[::-1] + 0.5)),
    ("nt_xent_loss", {}, (POINTS, PAIRS)),
    ("sup_con_loss", {"temperature": 0.5}, (POINTS, PAIRS)),
    ("multi_similarity_loss", {"beta": 4.0, "epsilon": None}, (POINTS, PAIRS)),
    ("proxy_anchor_loss", {"alpha": 2.0}, (POINTS, np.asarray([[0.5, 1.0], [-1.0, 0.25]]), PAIRS)),
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
