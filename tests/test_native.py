"""Where PyTorch's own functions stand in, nothing changes but the time: values, gradients, errors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import array_losses as al
from array_losses.losses._native import native_difference
from array_losses.losses._rows import Shared

Loss = Callable[..., Any]
DIFFERENCES: list[tuple[str, dict[str, float]]] = [
    ("l1_loss", {}),
    ("squared_error", {}),
    ("smooth_l1_loss", {"beta": 0.5}),
    ("smooth_l1_loss", {"beta": 0.0}),
    ("huber_loss", {"delta": 2.0}),
]
LOGITS = np.asarray([[1.0, -2.0, 0.5], [0.0, 3.0, 3.0], [40.0, 0.0, -1.0], [-5.0, -5.0, -5.0]])
LABELS = np.asarray([0, 2, 0, 1])


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of PyTorch's functions that were called."""
    found: list[str] = []
    for name in ("cross_entropy", "l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss"):
        function = getattr(torch.nn.functional, name)

        def noted(*args: Any, _name: str = name, _function: Loss = function, **options: Any) -> Any:
            found.append(_name)
            return _function(*args, **options)

        monkeypatch.setattr(torch.nn.functional, name, noted)
    return found


def both(loss: Loss, first: np.ndarray, second: np.ndarray) -> tuple[Any, Any]:
    """Value and gradient by PyTorch's `backward` and by NumPy."""
    x = torch.tensor(first, requires_grad=True)
    value = loss(x, torch.tensor(second))
    torch.autograd.backward(value.sum())
    rows = lambda x: loss(x, second)
    expected, slopes = al.value_and_grad(lambda x: x.__array_namespace__().sum(rows(x)))(first)
    np.testing.assert_allclose(value.sum().item(), expected, rtol=1e-12)
    return x.grad, slopes


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize(("name", "knobs"), DIFFERENCES)
def test_differences(name: str, knobs: dict[str, float], reduction: str, calls: list[str]) -> None:
    pred = np.asarray([[0.0, 0.5, -2.0], [1.0, 7.0, -0.25]])
    found, expected = both(functools.partial(getattr(al, name), **knobs, reduction=reduction), pred, np.zeros((2, 3)))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert len(calls) == 1


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_cross_entropy(axis: int, reduction: str, calls: list[str]) -> None:
    logits = np.moveaxis(np.stack([LOGITS, LOGITS[::-1]]), -1, axis)
    labels = np.stack([LABELS, LABELS[::-1]])
    for smoothing in (0.0, 0.2):
        loss = functools.partial(al.softmax_cross_entropy, axis=axis, reduction=reduction, label_smoothing=smoothing)
        np.testing.assert_allclose(*both(loss, logits, labels), rtol=1e-12, atol=1e-16)
    assert calls == ["cross_entropy"] * 2


def test_weighted_cross_entropy(calls: list[str]) -> None:
    x, weights = torch.tensor(LOGITS), torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)
    value = al.softmax_cross_entropy(x, torch.tensor(LABELS), class_weights=weights, reduction="mean")
    expected = al.softmax_cross_entropy(LOGITS, LABELS, class_weights=weights.numpy(), reduction="mean")
    assert value.item() == pytest.approx(expected, rel=1e-12)
    assert calls == ["cross_entropy"]
    weights.requires_grad_()  # PyTorch's own has no gradient for these
    al.softmax_cross_entropy(x, torch.tensor(LABELS), class_weights=weights, reduction="sum").backward()
    nll = al.softmax_cross_entropy(LOGITS, LABELS)
    np.testing.assert_allclose(weights.grad, [nll[0] + nll[2], nll[3], nll[1]], rtol=1e-12)
    assert calls == ["cross_entropy"]


def test_a_label_outside_the_classes_is_ignored(calls: list[str]) -> None:
    labels = torch.tensor([0, 3, -100, 1])
    x = torch.tensor(LOGITS)
    x[1:3] = torch.nan
    x.requires_grad_()
    loss = al.softmax_cross_entropy(x, labels, reduction="mean")
    loss.backward()
    assert loss.item() == pytest.approx(al.softmax_cross_entropy(LOGITS, LABELS)[[0, 3]].mean())
    assert x.grad is not None
    assert x.grad[1:3].eq(0).all()
    assert calls == ["cross_entropy"]  # which raised


@pytest.mark.parametrize(
    "options",
    [
        {"weights": torch.ones(4)},
        {"where": torch.ones(4, dtype=torch.bool)},
        {"reduction": "mean", "normalizer": 2.0},
        {"ignore_index": 1},
    ],
)
def test_what_pytorch_does_not_have(options: dict[str, Any], calls: list[str]) -> None:
    al.softmax_cross_entropy(torch.tensor(LOGITS), torch.tensor(LABELS), **options)
    assert calls == []


def test_means_of_nothing_are_zero() -> None:
    """PyTorch's own are NaN."""
    for loss in (al.l1_loss, al.squared_error, al.smooth_l1_loss, al.huber_loss):
        assert loss(torch.zeros(0), torch.zeros(0), reduction="mean") == 0
    assert al.softmax_cross_entropy(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long), reduction="mean") == 0


def test_integers_and_halves_are_computed_as_ever(calls: list[str]) -> None:
    assert al.l1_loss(torch.tensor([1, 5]), torch.tensor([2, 2])).dtype == torch.float32
    assert al.l1_loss(torch.ones(2, dtype=torch.float16), torch.ones(2, dtype=torch.float16)).dtype == torch.float32
    assert al.l1_loss(torch.ones(2), torch.ones(2, dtype=torch.float64)).dtype == torch.float64
    assert calls == []


def test_errors_are_ours() -> None:
    x = torch.ones(2, 3)
    with pytest.raises(ValueError, match="reduction must be one of 'none', 'mean', 'sum'; got 'avg'"):
        al.l1_loss(x, x, reduction="avg")
    with pytest.raises(ValueError, match="pred and target must have equal shapes"):
        al.l1_loss(x, x[0])


def test_inside_transforms_ours_runs(calls: list[str]) -> None:
    x, y = torch.ones(2, 3), torch.zeros(2, 3)
    torch.func.vmap(al.huber_loss)(x, y)
    torch.func.hessian(lambda x: al.squared_error(x, y, reduction="sum"))(x)
    assert calls == []
    assert native_difference("l1_loss", np.ones(2), np.ones(2), Shared(None, None, None, "sum")) is None


@pytest.mark.parametrize("confidence", [20.0, 50.0])
def test_elsewhere_a_sure_answer_keeps_its_digits(confidence: float) -> None:
    """ln(1 + e^-c) where 1 + e^-c rounds to 1, in float32: only PyTorch's own rounds it at the size of 1."""
    logits, label = np.asarray([[0.0, confidence]], dtype=np.float32), np.asarray([1])
    expected = np.log1p(np.exp(-confidence))
    value, slopes = al.value_and_grad(lambda x: al.softmax_cross_entropy(x, label, reduction="sum"))(logits)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_allclose(slopes, [[expected, -expected]], rtol=1e-6)
    ours = al.softmax_cross_entropy(torch.tensor(logits), torch.tensor(label), where=torch.tensor([True]))
    np.testing.assert_allclose(ours, [expected], rtol=1e-6)
