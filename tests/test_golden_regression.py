"""Regression losses against numbers printed in papers and in other projects' own tests, or redone with a pencil.

"derived" marks numbers worked out in float64 from the published formula, not taken from a running project.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import array_losses as al


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


def slopes(loss: Any, pred: Any, target: Any, **knobs: Any) -> Any:
    return al.grad(lambda p: loss(p, target, reduction="sum", **knobs))(pred)


# What other projects assert ------------------------------------------------------------------------------------------

OPTAX_PRED, OPTAX_TARGET = [-2, 0.5, 0, 0.5, 2, 4, 132], [0, -0.5, 0, 1, 1, 2, 0.3]
FVCORE_PRED, FVCORE_TARGET = [1, 2, 3], [1.1, 2, 4.5]

PRINTED = [  # loss, knobs, pred, target, expected, digits
    # optax losses/_regression_test.py, Huber and log-cosh
    (al.huber_loss, {}, OPTAX_PRED, OPTAX_TARGET, [1.5, 0.5, 0, 0.125, 0.5, 1.5, 131.2], 1e-12),
    (al.log_cosh_loss, {}, [500, -2, -1, 0.5, 1], [0] * 5, [499.30685, 1.3250027, 0.4337809, 0.12011451, 0.43378082],
     5e-6),
    (al.log_cosh_loss, {}, [500, -2, -1, 0.5, 1], [-200, -1.5, 0, -1, 1],
     [699.3068, 0.12011445, 0.4337809, 0.85544014, 0], 1e-4),
    # MindSpore, documentation of HuberLoss and SmoothL1Loss
    (al.huber_loss, {}, [[1, 2, 3], [1, 2, 3]], [[1, 1, 1], [1, 2, 2]], [[0, 0.5, 1.5], [0, 0, 0.5]], 1e-12),
    (al.smooth_l1_loss, {}, [1, 2, 3], [1, 2, 2], [0, 0, 0.5], 1e-12),
    # fvcore tests/test_smooth_l1_loss.py
    (al.smooth_l1_loss, {"beta": 0.5}, FVCORE_PRED, FVCORE_TARGET, [0.01, 0, 1.25], 1e-12),
    (al.smooth_l1_loss, {"beta": 0.05}, FVCORE_PRED, FVCORE_TARGET, [0.075, 0, 1.475], 1e-12),
    (al.smooth_l1_loss, {"beta": 0}, FVCORE_PRED, FVCORE_TARGET, [0.1, 0, 1.5], 1e-12),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "knobs", "pred", "target", "expected", "digits"), PRINTED)
def test_printed(loss: Any, knobs: Any, pred: Any, target: Any, expected: Any, digits: float) -> None:
    np.testing.assert_allclose(loss(numbers(*pred), numbers(*target), **knobs), expected, rtol=0, atol=digits)


def test_means_of_mindspore() -> None:
    """MindSpore, documentation of HuberLoss, L1Loss, MSELoss and RMSELoss."""
    pred, target = numbers(1, 2, 3), numbers(1, 2, 2)
    assert al.huber_loss(pred, target, reduction="mean") == pytest.approx(0.16666667, abs=5e-9)
    assert al.l1_loss(pred, target, reduction="mean") == pytest.approx(0.33333334, abs=1e-8)
    assert al.squared_error(pred, np.ones(3), reduction="mean") == pytest.approx(1.6666667, abs=5e-8)
    assert math.sqrt(al.squared_error(pred, target, reduction="mean")) == pytest.approx(0.57735026, abs=1e-8)


def test_weighted_mean_of_mmdet() -> None:
    """mmdet weighted_loss, docstring: its weighted mean divides by the number of rows, ours by the weights."""
    pred, target, weights = numbers(0, 2, 3), numbers(1, 1, 1), numbers(1, 0, 1)
    np.testing.assert_array_equal(al.l1_loss(pred, target), [1, 1, 2])
    np.testing.assert_array_equal(al.l1_loss(pred, target, weights=weights), [1, 0, 2])
    assert al.l1_loss(pred, target, reduction="mean") == pytest.approx(4 / 3)
    assert al.l1_loss(pred, target, weights=weights, reduction="mean", normalizer=3) == 1.0
    assert al.l1_loss(pred, target, weights=weights, reduction="mean", normalizer=2) == 1.5
    assert al.l1_loss(pred, target, weights=weights, reduction="mean") == 1.5


def test_charbonnier_of_kornia_subtracts_one() -> None:
    """kornia charbonnier_loss, docstring: sqrt(d^2 + 1) - 1 of a difference of 1."""
    assert al.charbonnier_loss(numbers(1), numbers(0), epsilon=1)[0] - 1 == pytest.approx(0.41421356, abs=5e-9)


def test_smooth_l1_is_not_huber() -> None:
    """By hand: one shape, two scales."""
    d, zeros = numbers(0.5, 1, 3), np.zeros(3)
    np.testing.assert_array_equal(al.huber_loss(d, zeros, delta=2), [0.125, 0.5, 4])
    np.testing.assert_array_equal(al.smooth_l1_loss(d, zeros, beta=2), [0.0625, 0.25, 2])


def test_l2_is_half_of_the_squared_error() -> None:
    """optax l2_loss halves; everyone else's L2 does not."""
    np.testing.assert_array_equal(al.l2_loss(numbers(3, -1), numbers(1, 2)), [2, 4.5])
    np.testing.assert_array_equal(al.squared_error(numbers(3, -1), numbers(1, 2)), [4, 9])


def test_log_cosh_keeps_its_digits_near_zero() -> None:
    """ln cosh d = d^2/2 - d^4/12 + ...; d + softplus(-2d) - ln 2 has lost every digit at 1e-9."""
    d = numbers(1e-9, -1e-5, 1e-3)
    series = d**2 / 2 - d**4 / 12 + d**6 / 45
    np.testing.assert_allclose(al.log_cosh_loss(d, np.zeros(3)), series, rtol=1e-14)
    np.testing.assert_allclose(slopes(al.log_cosh_loss, d, np.zeros(3)), np.tanh(d), rtol=1e-14)


# Redone with a pencil -------------------------------------------------------------------------------------------------


def test_charbonnier_is_a_hypotenuse() -> None:
    d, zeros = numbers(3, -4, 0), np.zeros(3)
    np.testing.assert_allclose(al.charbonnier_loss(d, zeros, epsilon=4), [5, math.sqrt(32), 4], rtol=1e-15)
    np.testing.assert_allclose(slopes(al.charbonnier_loss, d, zeros, epsilon=4), [0.6, -math.sqrt(0.5), 0], rtol=1e-15)
    np.testing.assert_array_equal(al.charbonnier_loss(d, zeros, epsilon=0), [3, 4, 0])
    np.testing.assert_array_equal(slopes(al.charbonnier_loss, d, zeros, epsilon=0), [1, -1, 0])


def test_balanced_l1_of_the_paper() -> None:
    """arXiv:1904.02701 with alpha = 1/2, gamma = 3/2: b = e^3 - 1. At b|d| + 1 = e the logarithm is 1."""
    b = math.exp(3) - 1
    d = numbers((math.e - 1) / b, 1, -3)
    np.testing.assert_allclose(al.balanced_l1_loss(d, np.zeros(3)), [0.5 / b, 1 + 1.5 / b, 4 + 1.5 / b], rtol=1e-13)
    # The paper's gradient, alpha ln(b|d| + 1), ends at gamma.
    np.testing.assert_allclose(slopes(al.balanced_l1_loss, d, np.zeros(3)), [0.5, 1.5, -1.5], rtol=1e-13)


@pytest.mark.parametrize(("alpha", "gamma"), [(0.2, 1.0), (0.5, 1.5), (1.0, 1.0)])
def test_balanced_l1_integrates_its_gradient(alpha: float, gamma: float) -> None:
    """Derived: the area under alpha ln(b x + 1) from 0 to a by Simpson's rule."""
    b = math.exp(gamma / alpha) - 1
    for a in (0.1, 0.6, 0.95):
        x = np.linspace(0, a, 2001)
        y = alpha * np.log1p(b * x)
        area = (y[0] + y[-1] + 4 * y[1::2].sum() + 2 * y[2:-1:2].sum()) * a / 6000
        loss = al.balanced_l1_loss(numbers(a), numbers(0), alpha=alpha, gamma=gamma)
        assert loss[0] == pytest.approx(area, rel=1e-9)


def test_balanced_l1_of_mmdet_with_another_beta() -> None:
    """The value goes through |d| = beta without a step, the slope jumps by alpha (1 - beta)/(beta (b + 1))."""
    b, beta, step = math.exp(3) - 1, 0.25, 1e-9
    d = numbers(beta - step, beta)
    below, at = al.balanced_l1_loss(d, np.zeros(2), beta=beta)
    # By hand: gamma beta + gamma/b - alpha beta.
    assert at == pytest.approx(0.25 + 1.5 / b, rel=1e-15)
    assert at - below == pytest.approx(0, abs=5 * step)
    inside, outside = slopes(al.balanced_l1_loss, d, np.zeros(2), beta=beta)
    assert outside == 1.5
    assert inside - outside == pytest.approx(0.5 * 0.75 / (0.25 * math.exp(3)), rel=1e-6)


def test_focal_l1_has_its_largest_gradient_at_one_over_e_beta() -> None:
    """arXiv:2101.08158: x = 1/(e beta) makes ln(beta x) = -1, the loss 3x/4 and the gradient 1."""
    for beta in (0.5, 0.8, 1.0):
        x = numbers(1 / (math.e * beta))
        np.testing.assert_allclose(al.focal_l1_loss(x, np.zeros(1), beta=beta), 0.75 * x, rtol=1e-13)
        np.testing.assert_allclose(slopes(al.focal_l1_loss, x, np.zeros(1), beta=beta), [1], rtol=1e-13)


def test_focal_l1_goes_on_as_a_line() -> None:
    """By hand for beta = 1/e, alpha = 1: x^2 (3 - 2 ln x)/4 up to 1, then x - 1/4. For beta = 1 the line is flat."""
    x = numbers(0, 0.5, -1, 1, 3)
    expected = [0, (3 + 2 * math.log(2)) / 16, 0.75, 0.75, 2.75]
    np.testing.assert_allclose(al.focal_l1_loss(x, np.zeros(5), beta=1 / math.e), expected, rtol=1e-14)
    expected = [0, 0.5 * (1 + math.log(2)), -1, 1, 1]
    np.testing.assert_allclose(slopes(al.focal_l1_loss, x, np.zeros(5), beta=1 / math.e), expected, rtol=1e-14)
    np.testing.assert_allclose(al.focal_l1_loss(x, np.zeros(5), beta=1.0)[-1], math.e / 4, rtol=1e-14)
    # beta = .8 by default: the line starts at alpha (1 - 2 ln .8)/4 and climbs -alpha ln .8 for each 1.
    alpha, log = 0.8 * math.e, math.log(0.8)
    expected = [alpha * (1 - 2 * log) / 4 - climb * alpha * log for climb in (0, 0.25, 2)]
    np.testing.assert_allclose(al.focal_l1_loss(numbers(1, 1.25, 3), np.zeros(3)), expected, rtol=1e-14)
    assert slopes(al.focal_l1_loss, x, np.zeros(5), beta=1.0)[-1] == 0


def test_wing_of_the_paper() -> None:
    """arXiv:1711.06753 with w = 10, epsilon = 2: |d| = 2 gives 10 ln 2, and from 10 ln 6 on it is a line."""
    d = numbers(0, -2, 10, 12, -30)
    end = 10 * math.log(6)
    np.testing.assert_allclose(al.wing_loss(d, np.zeros(5)), [0, 10 * math.log(2), end, end + 2, end + 20], rtol=1e-15)
    np.testing.assert_allclose(slopes(al.wing_loss, d, np.zeros(5)), [0, -2.5, 1, 1, -1], rtol=1e-15)
    np.testing.assert_allclose(
        al.wing_loss(d, np.zeros(5), width=4, epsilon=1)[1:3],
        [4 * math.log(3), 10 - 4 + 4 * math.log(5)],
        rtol=1e-15,
    )


KINKED = [  # loss, knobs, d, its slope: outside, at a kink or seam, inside, at 0
    (al.l1_loss, {}, [-3, 0, 2], [-1, 0, 1]),
    (al.squared_error, {}, [-3, 0, 2], [-6, 0, 4]),
    (al.l2_loss, {}, [-3, 0, 2], [-3, 0, 2]),
    (al.smooth_l1_loss, {}, [-3, -1, 0.5, 0, 1], [-1, -1, 0.5, 0, 1]),
    (al.smooth_l1_loss, {"beta": 0.1}, [-3, -0.1, 0.05, 0, 1], [-1, -1, 0.5, 0, 1]),
    (al.smooth_l1_loss, {"beta": 0}, [-3, 0, 1e-30], [-1, 0, 1]),
    (al.huber_loss, {"delta": 2}, [-3, -2, 0.5, 0], [-2, -2, 0.5, 0]),
    (al.log_cosh_loss, {}, [-800, 0, 800], [-1, 0, 1]),
    (al.wing_loss, {}, [0, 10, 11], [0, 1, 1]),
    (al.focal_l1_loss, {}, [0, 1, -1], [0, -0.8 * math.e * math.log(0.8), 0.8 * math.e * math.log(0.8)]),
    (al.balanced_l1_loss, {}, [0, 1, -1], [0, 1.5, -1.5]),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "knobs", "d", "expected"), KINKED)
def test_slopes_and_kinks(loss: Any, knobs: Any, d: Any, expected: Any) -> None:
    pred, target = numbers(*d), np.zeros(len(d))
    by_pred, by_target = al.grad(lambda p, t: loss(p, t, reduction="sum", **knobs), argnums=(0, 1))(pred, target)
    np.testing.assert_allclose(by_pred, expected, rtol=1e-13)
    np.testing.assert_array_equal(by_target, -by_pred)
