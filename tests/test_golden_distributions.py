"""Entropy, cross-entropy and divergences of distributions against other projects' own tests and a pencil."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import array_losses as al


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


TINY = np.finfo(np.float64).smallest_normal

# Entropy and cross-entropy --------------------------------------------------------------------------------------------


def test_entropy_by_hand() -> None:
    probs = numbers([0.5, 0.5, 0, 0], [0.25] * 4, [0, 1, 0, 0], [0.5, 0.25, 0.125, 0.125])
    np.testing.assert_allclose(al.entropy(probs), np.log(2) * numbers(1, 2, 0, 1.75), rtol=1e-15)
    np.testing.assert_allclose(al.entropy(probs.T, axis=0), al.entropy(probs), rtol=1e-15)
    gradient = al.grad(lambda p: al.entropy(p, reduction="sum"))(probs[:1])
    np.testing.assert_allclose(gradient, [[math.log(2) - 1] * 2 + [0, 0]], rtol=1e-15)


def test_cross_entropy_of_the_classical_text() -> None:
    """-ln .3 = 1.204, and -ln .7 = .357 where the class is "dog"."""
    probs = numbers([0.3, 0.7])
    assert al.cross_entropy(probs, numbers([1, 0]))[0] == pytest.approx(1.204, abs=5e-4)
    assert al.cross_entropy(probs, numbers([0, 1]))[0] == pytest.approx(0.357, abs=5e-4)
    mixed = al.cross_entropy(probs, numbers([0.5, 0.5]))[0]
    assert mixed == pytest.approx(-math.log(0.21) / 2, rel=1e-15)


def test_cross_entropy_slopes() -> None:
    probs, targets = numbers([0.2, 0.8, 0]), numbers([0.5, 0.5, 0])
    by_probs, by_targets = al.grad(lambda p, t: al.cross_entropy(p, t, reduction="sum"), argnums=(0, 1))(probs, targets)
    np.testing.assert_allclose(by_probs, [[-2.5, -0.625, 0]], rtol=1e-15)
    np.testing.assert_allclose(by_targets[0, :2], [math.log(5), math.log(1.25)], rtol=1e-15)
    assert np.isfinite(by_targets).all()


def test_impossible_events_are_finite() -> None:
    """-ln of the smallest normal number is 708.4; where the target is 0 too the term is 0."""
    probs, targets = numbers([0, 1], [0, 1]), numbers([1, 0], [0, 1])
    np.testing.assert_allclose(al.cross_entropy(probs, targets), [-math.log(TINY), 0], rtol=1e-15)
    np.testing.assert_allclose(al.kl_divergence(probs, targets), [-math.log(TINY), 0], rtol=1e-15)
    np.testing.assert_array_equal(al.grad(lambda p: al.cross_entropy(p, targets, reduction="sum"))(probs)[0], [0, 0])


def test_slopes_of_nearly_equal_distributions_keep_their_digits() -> None:
    """ln(p/m) of p = t (1 + 2 d): d to first order, where ln p - ln m has nothing left of it."""
    d = 1e-12
    t = numbers([0.3, 0.7])
    p = t + numbers([2 * d, -2 * d])
    change = (p - t) / 2
    by_p, by_t = al.grad(lambda p, t: al.js_divergence(p, t, reduction="sum"), argnums=(0, 1))(p, t)
    np.testing.assert_allclose(by_p, change / t / 2, rtol=1e-9)
    np.testing.assert_allclose(by_t, -change / t / 2, rtol=1e-9)


# Kullback and Leibler -------------------------------------------------------------------------------------------------

LOG_P = numbers([-2.9957, -3.5066, -3.9120, -1.2040, -0.6931, -2.3026], [-1.6094] * 3 + [-2.3026, -1.8971, -1.8971])
Q = numbers([0.2, 0.2, 0.2, 0.1, 0.15, 0.15], [0.05, 0.03, 0.02, 0.3, 0.5, 0])


def test_kl_of_optax() -> None:
    """optax losses/_classification_test.py; optax takes logarithms of predictions."""
    probs = np.exp(LOG_P)
    np.testing.assert_allclose(al.kl_divergence(probs, Q), [0.8875577, 0.7592807], rtol=0, atol=1e-7)
    # convex_kl_divergence of distributions that do not quite sum to 1
    extra = probs.sum(axis=1) - Q.sum(axis=1)
    np.testing.assert_allclose(al.kl_divergence(probs, Q) + extra, [0.88757247, 0.859308], rtol=0, atol=1e-7)
    # Targets as rounded logarithms: it prints .8875625 and .71874356 with a tolerance of 1e-4.
    np.testing.assert_allclose(al.kl_divergence(probs, probs[::-1]), [0.8876266, 0.7187661], rtol=0, atol=1e-7)


def test_kl_of_torch_and_mindspore() -> None:
    """MindSpore, documentation of KLDivLoss; the input is taken for a logarithm, the mean divides by elements."""
    row = al.kl_divergence(np.exp(numbers([0.2, 0.7, 0.1])), numbers([0, 1, 0]), reduction="mean", normalizer=3)
    assert row == pytest.approx(-0.23333333, abs=5e-9)


def test_kl_of_kornia() -> None:
    """kornia test_divergence.py: eight probabilities of .125; where the prediction is 0 kornia says infinity."""
    even, zero = np.full((1, 8), 0.125), np.zeros((1, 8))
    assert al.kl_divergence(even, even)[0] == 0
    assert al.kl_divergence(even, zero)[0] == 0
    assert al.kl_divergence(zero, even)[0] == pytest.approx(math.log(0.125) - math.log(TINY), rel=1e-14)


def test_kl_by_hand() -> None:
    """KL(t || p), the target first: 3/4 ln(3/4 : 1/4) + 1/4 ln(1/4 : 3/4) = ln(3)/2; and the half against [1, 0]."""
    assert al.kl_divergence(numbers([0.25, 0.75]), numbers([0.75, 0.25]))[0] == pytest.approx(math.log(3) / 2)
    assert al.kl_divergence(numbers([0.5, 0.5]), numbers([1, 0]))[0] == pytest.approx(math.log(2))
    assert al.kl_divergence(numbers([1, 0]), numbers([0.5, 0.5]))[0] > 300
    by_probs, by_targets = al.grad(lambda p, t: al.kl_divergence(p, t, reduction="sum"), argnums=(0, 1))(
        numbers([0.25, 0.75]), numbers([0.75, 0.25])
    )
    np.testing.assert_allclose(by_probs, [[-3, -1 / 3]], rtol=1e-14)
    np.testing.assert_allclose(by_targets, [[1 + math.log(3), 1 - math.log(3)]], rtol=1e-14)


# Jensen and Shannon ---------------------------------------------------------------------------------------------------


def test_js_of_kornia() -> None:
    """kornia test_divergence.py: target 0 gives .346574, half of ln 2."""
    even, zero = np.full((1, 8), 0.125), np.zeros((1, 8))
    assert al.js_divergence(even, even)[0] == 0
    assert al.js_divergence(even, zero)[0] == pytest.approx(0.346574, abs=5e-7)
    assert al.js_divergence(zero, even)[0] == pytest.approx(math.log(2) / 2, rel=1e-14)


def test_js_by_hand() -> None:
    """Apart: ln 2. [1, 0] against [1/2, 1/2], m = [3/4, 1/4]: (ln(4/3) + ln(2/3)/2 + ln(2)/2)/2."""
    assert al.js_divergence(numbers([1, 0]), numbers([0, 1]))[0] == pytest.approx(math.log(2), rel=1e-15)
    expected = (math.log(4 / 3) + 0.5 * math.log(2 / 3) + 0.5 * math.log(2)) / 2
    assert al.js_divergence(numbers([1, 0]), numbers([0.5, 0.5]))[0] == pytest.approx(expected, rel=1e-14)
    by_probs, by_targets = al.grad(lambda p, t: al.js_divergence(p, t, reduction="sum"), argnums=(0, 1))(
        numbers([1, 0]), numbers([0.5, 0.5])
    )
    np.testing.assert_allclose(by_probs, [[math.log(4 / 3) / 2, 0]], rtol=1e-14)
    np.testing.assert_allclose(by_targets, [[math.log(2 / 3) / 2, math.log(2) / 2]], rtol=1e-14)
