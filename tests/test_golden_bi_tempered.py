"""The bi-tempered logistic loss against Google's own tests, a pencil and roots found to thirty digits."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import array_losses as al

# google/bi-tempered-loss, tensorflow/loss_test.py
GOOGLE = np.asarray([[-0.5, 0.1, 2], [0.1, 1.5, -5], [4, -3, -6]])
SOFT = np.asarray([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.2, 0.8, 0]])


def entropy(p: Any) -> Any:
    return -sum(x * math.log(x) for x in p if x > 0)


def test_values_of_google() -> None:
    loss = al.bi_tempered_loss(GOOGLE, SOFT, t1=0.5, t2=1.5)
    np.testing.assert_allclose(loss, [0.02301914, 0.18972909, 0.93874922], rtol=0, atol=2e-6)


def test_label_smoothing_of_google() -> None:
    """Its off-label is eps/(K - 1), so that its eps = .1 of three classes is our .15."""
    loss = al.bi_tempered_loss(GOOGLE, np.arange(3), t1=0.5, t2=1.5, label_smoothing=0.1 * 3 / 2)
    np.testing.assert_allclose(loss, [0.76652711, 0.08627685, 1.35443510], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("t1", "t2", "expected"), [(0.9, 1.1, 0.45677936), (0.8, 1.2, 0.34298314), (0.7, 1.3, 0.26295574)]
)
def test_temperatures_of_google(t1: float, t2: float, expected: float) -> None:
    labels = np.asarray([[0.2, 0.5, 0.3]])
    assert al.bi_tempered_loss(GOOGLE[:1], labels, t1=t1, t2=t2)[0] == pytest.approx(expected, abs=1e-5)


def test_google_leaves_the_entropy_in_at_one() -> None:
    """At t1 = t2 = 1 it returns the cross-entropy, 1.6583576, which the loss elsewhere does not tend to."""
    labels = np.asarray([[0.2, 0.5, 0.3]])
    at_one = al.bi_tempered_loss(GOOGLE[:1], labels, t1=1.0, t2=1.0)[0]
    assert at_one + entropy(labels[0]) == pytest.approx(1.6583576, abs=1e-7)
    near_one = al.bi_tempered_loss(GOOGLE[:1], labels, t1=1 - 1e-7, t2=1 + 1e-7)[0]
    assert near_one == pytest.approx(at_one, abs=1e-5)


def test_tempered_softmax_of_google() -> None:
    """At t1 = 0 the loss is half the squared distance of two distributions, which shows tempered_softmax(t=4)."""
    # The five iterations there leave sums of 1.00003 and 1.00012 (and 1.0020 for a third row).
    probs = np.asarray([[0.3205458, 0.32714278, 0.3523402], [0.3430056, 0.36491093, 0.29220778]])
    for c in range(3):
        half = ((np.eye(3)[c] - probs) ** 2).sum(axis=1) / 2
        loss = al.bi_tempered_loss(GOOGLE[:2], np.full(2, c), t1=0.0, t2=4.0)
        np.testing.assert_allclose(loss, half, rtol=0, atol=5e-5)


# exp_t(u) = (1 - (t - 1) u)^(-1/(t - 1)): logits whose probabilities are fractions.
FRACTIONS = [
    (2.0, [1.5, 0], [2 / 3, 1 / 3]),  # 1/p = 1 - u: 3/2 and 3
    (2.0, [4.0, 3, 0], [1 / 2, 1 / 3, 1 / 6]),  # 2, 3, 6
    (1.5, [3.0, 3, 0], [4 / 9, 4 / 9, 1 / 9]),  # 1/sqrt(p) = 1 - u/2: 3/2, 3/2, 3
    (1.0, [math.log(4), math.log(2), 0], [4 / 7, 2 / 7, 1 / 7]),
]


@pytest.mark.parametrize(("t2", "logits", "probs"), FRACTIONS)
@pytest.mark.parametrize("t1", [0.0, 0.5, 1.0])
def test_by_hand(t1: float, t2: float, logits: list[float], probs: list[float]) -> None:
    """With a label y: (1 - p_y^(1-t1))/(1-t1) - (1 - sum p^(2-t1))/(2-t1), the first term -ln p_y at t1 = 1."""
    total = sum(p ** (2 - t1) for p in probs)
    for shift in (0, -7.25):
        x = np.asarray([logits]) + shift
        for y, p in enumerate(probs):
            first = -math.log(p) if t1 == 1 else (1 - p ** (1 - t1)) / (1 - t1)
            expected = first - (1 - total) / (2 - t1)
            loss = al.bi_tempered_loss(x, np.asarray([y]), t1=t1, t2=t2)
            assert loss[0] == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(("t2", "logits", "probs"), FRACTIONS)
@pytest.mark.parametrize("t1", [0.0, 0.5, 1.0])
def test_gradient_by_hand(t1: float, t2: float, logits: list[float], probs: list[float]) -> None:
    """d p_j/d x_i = p_j^t2 ([i = j] - p_i^t2/sum p^t2), d loss/d p_j = (p_j - y_j)/p_j^t1."""
    p, y = np.asarray(probs), np.eye(len(probs))[1]
    escort = p**t2 / (p**t2).sum()
    pull = (p - y) * p ** (t2 - t1)
    gradient = al.grad(lambda x: al.bi_tempered_loss(x, np.asarray([1]), t1=t1, t2=t2, reduction="sum"))
    np.testing.assert_allclose(gradient(np.asarray([logits])), [pull - escort * pull.sum()], rtol=1e-12, atol=1e-15)


def test_slopes_of_labels_by_hand() -> None:
    """log_t1 y - log_t1 p, by what smoothing leaves: y = .8 t + .1. At t1 = 1/2 log_t1 is 2 (sqrt - 1)."""
    t, p = np.asarray([[0.25, 0.75]]), np.asarray([[2 / 3, 1 / 3]])
    slopes = al.grad(
        lambda t: al.bi_tempered_loss(np.asarray([[1.5, 0]]), t, t1=0.5, t2=2, label_smoothing=0.2, reduction="sum")
    )(t)
    np.testing.assert_allclose(slopes, 0.8 * 2 * (np.sqrt(0.8 * t + 0.1) - np.sqrt(p)), rtol=1e-13)


def exact(numbers: Any) -> list[Any]:
    return [mpmath.mpf(float(number)) for number in numbers]


def exp_tempered(u: Any, t: Any) -> Any:
    return (1 + (1 - t) * u) ** (1 / (1 - t))


def log_tempered(p: Any, t: Any) -> Any:
    return (p ** (1 - t) - 1) / (1 - t)


def reference(logits: Any, target: Any, t1: float, t2: float) -> float:
    """By the definition, for t1 < 1 < t2; the normalizer is bracketed and bisected."""
    x, [s, t] = exact(logits), exact([t1, t2])
    low, high = max(x), max(x) - log_tempered(mpmath.mpf(1) / len(x), t)
    for _ in range(110):
        middle = (low + high) / 2
        too_much = mpmath.fsum(exp_tempered(v - middle, t) for v in x) > 1
        low, high = (middle, high) if too_much else (low, middle)
    total = mpmath.mpf(0)
    for v, y in zip(x, exact(target)):
        p = exp_tempered(v - low, t)
        total += y * (log_tempered(y, s) - log_tempered(p, s)) if y else 0
        total -= (y ** (2 - s) - p ** (2 - s)) / (2 - s)
    return float(total)


@pytest.mark.parametrize(("t1", "t2"), [(0.25, 1.0625), (0.8, 1.4), (0.0, 3.0), (0.9375, 5.0)])
@pytest.mark.parametrize("scale", [0.1, 3, 300])
def test_root_to_machine_precision(t1: float, t2: float, scale: float) -> None:
    rng = np.random.default_rng(11)
    logits, target = rng.normal(size=(4, 5)) * scale, rng.dirichlet(np.ones(5), 4)
    target[0] = np.eye(5)[3]
    with mpmath.workdps(30):
        expected = [reference(*row, t1, t2) for row in zip(logits, target)]
    np.testing.assert_allclose(al.bi_tempered_loss(logits, target, t1=t1, t2=t2), expected, rtol=1e-12, atol=1e-13)


def test_a_far_outlier_costs_a_bounded_amount() -> None:
    """The paper's point: at t1 < 1 no mistake on a hard label costs more than 1/(1 - t1)."""
    wrong = al.bi_tempered_loss(np.asarray([[1e4, -1e4]]), np.asarray([1]), t1=0.5, t2=2.0)[0]
    assert 1.9 < wrong <= 2
