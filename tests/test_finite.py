"""Finite where frameworks give NaN: saturated logits, small powers, options too small for the dtype."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import array_losses as al

Loss = Callable[..., Any]


def gradient(loss: Loss, x: Any, *rest: Any, **options: Any) -> Any:
    return al.grad(lambda x: loss(x, *rest, reduction="sum", **options))(x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softplus_has_slope_one_half_at_zero(dtype: Any) -> None:
    logits, targets = np.asarray([0.0, -0.0, 0, 0], dtype=dtype), np.asarray([0, 1, 0.25, 0.75], dtype=dtype)
    pull = gradient(al.sigmoid_binary_cross_entropy, logits, targets)
    np.testing.assert_array_equal(pull, 0.5 - targets)


@pytest.mark.parametrize("gamma", [0, 0.25, 0.5, 1, 1.5, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_focal_of_saturated_logits(gamma: float, dtype: Any) -> None:
    """sam3 issue 575 (gamma = 0, logit 18), kornia 918 (0 < gamma < 1), optax 1267: not a NaN."""
    logits = np.asarray([18, 40, 100, 1e4, -18, -40, -100, -1e4], dtype=dtype)
    for target in (1.0, 0.0):
        targets = np.full(8, target, dtype=dtype)
        focal = functools.partial(al.sigmoid_focal_loss, alpha=None, gamma=gamma)
        pull = gradient(focal, logits, targets)
        right = (logits > 0) == (target == 1)
        # Right: a hair's breadth of slope, of the sign that makes it righter. Wrong: the loss is a line of slope 1.
        away = -pull if target == 1 else pull
        assert (away[right] >= 0).all()
        # Its size is q^(1 + gamma) (1 + gamma) for the remaining chance q = exp(-|x|).
        left = np.exp(-np.abs(logits[right].astype(np.float64)))
        np.testing.assert_allclose(away[right], (1 + gamma) * left ** (1 + gamma), rtol=1e-5, atol=1e-37)
        np.testing.assert_allclose(away[~right], 1, rtol=1e-5)


@pytest.mark.parametrize("gamma", [0, 0.25, 0.5, 1, 2])
def test_softmax_focal_of_saturated_logits(gamma: float) -> None:
    logits = np.asarray([[1e4, 0, 0], [0, 1e4, 0], [18, 0, 0], [0, 0, 0]], dtype=np.float32)
    value, pull = al.value_and_grad(
        lambda x: al.softmax_focal_loss(x, np.zeros(4, dtype=np.int64), gamma=gamma, reduction="sum")
    )(logits)
    assert np.isfinite(value)
    np.testing.assert_array_equal(pull[0], [0, 0, 0])
    np.testing.assert_allclose(pull[1], [-1, 1, 0], rtol=1e-6)
    assert (np.abs(pull[2]) < 1e-6).all()
    # p = 1/3: (2/3)^gamma (1 - 1/3) + gamma (2/3)^(gamma - 1) ln(3) (1/3)(2/3), towards the label.
    toward = (2 / 3) ** (gamma + 1) + gamma * (2 / 3) ** gamma * np.log(3) / 3
    np.testing.assert_allclose(pull[3], [-toward, toward / 2, toward / 2], rtol=1e-5)


@pytest.mark.parametrize("power", [0, 0.3, 1.0])
def test_small_powers_of_the_relatives(power: float) -> None:
    """Powers below 1 have infinite slopes where their base is 0: a perfect match must still pull at nothing."""
    logits = np.asarray([0, 1e4, -1e4, 1e4, -1e4], dtype=np.float32)
    targets = np.asarray([0.5, 1, 0, 0, 1], dtype=np.float32)
    for loss in (
        functools.partial(al.quality_focal_loss, beta=power),
        functools.partial(al.varifocal_loss, gamma=power),
        functools.partial(al.gaussian_focal_loss, alpha=power, beta=power),
        functools.partial(al.asymmetric_loss, gamma_positive=power, gamma_negative=power),
    ):
        rows = loss(logits, targets)
        assert np.isfinite(rows).all()
        pulls = al.grad(lambda x, t: loss(x, t, reduction="sum"), argnums=(0, 1))(logits, targets)  # noqa: B023
        assert all(np.isfinite(pull).all() for pull in pulls)
        np.testing.assert_array_equal(rows[1:3], [0, 0])
        np.testing.assert_array_equal(pulls[0][1:3], [0, 0])
        np.testing.assert_allclose(rows[4], 1e4, rtol=1e-6)
        np.testing.assert_allclose(pulls[0][4], -1, rtol=1e-6)


# 1e-60 is 0 in float32: what would be 0/0 must not come of it.
DIFFERENCES = np.asarray([0, 1e-3, -1, 5, -1000], dtype=np.float32)
LOGITS = np.asarray([[0.5, -1, 2], [40, 0, -40], [-300, 1, 300], [0, 0, 0]], dtype=np.float32)
BITS = np.asarray([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=np.float32)
LABELS = np.asarray([0, 1, 2, 0])

SMALL: list[tuple[str, Loss, Loss, Any]] = [
    ("smooth L1", lambda d, **o: al.smooth_l1_loss(d, 0 * DIFFERENCES, beta=1e-60, **o),
     lambda d, **o: al.l1_loss(d, 0 * DIFFERENCES, **o), DIFFERENCES),
    *(
        (f"charbonnier {epsilon}", lambda d, e=epsilon, **o: al.charbonnier_loss(d, 0 * DIFFERENCES, epsilon=e, **o),
         lambda d, **o: al.l1_loss(d, 0 * DIFFERENCES, **o), DIFFERENCES)
        for epsilon in (1e-60, 1e-30)
    ),
    ("focal", lambda x, **o: al.sigmoid_focal_loss(x, BITS, alpha=None, gamma=1e-60, **o),
     lambda x, **o: al.sigmoid_binary_cross_entropy(x, BITS, **o), LOGITS),
    ("asymmetric", lambda x, **o: al.asymmetric_loss(x, BITS, margin=1e-60, **o),
     lambda x, **o: al.asymmetric_loss(x, BITS, margin=0, **o), LOGITS),
    ("generalized", lambda x, **o: al.generalized_cross_entropy(x, LABELS, q=1e-60, **o),
     lambda x, **o: al.softmax_cross_entropy(x, LABELS, **o), LOGITS),
    ("bi-tempered", lambda x, **o: al.bi_tempered_loss(x, LABELS, t1=1 - 1e-15, t2=1 + 1e-15, **o),
     lambda x, **o: al.softmax_cross_entropy(x, LABELS, **o), LOGITS),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "limit", "x"), [pytest.param(*rest, id=name) for name, *rest in SMALL])
def test_options_too_small_for_float32(loss: Loss, limit: Loss, x: Any) -> None:
    np.testing.assert_allclose(loss(x), limit(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient(loss, x), gradient(limit, x), rtol=1e-5, atol=1e-6)


def test_logarithms_of_huge_and_tiny_ratios() -> None:
    """Of counts, not probabilities: 10 over the smallest normal number is no float32, its logarithm is."""
    probs, targets = np.asarray([[0, 1]], dtype=np.float32), np.asarray([[10, 0]], dtype=np.float32)
    expected = 10 * (np.log(10) - np.log(float(np.finfo(np.float32).smallest_normal)))
    np.testing.assert_allclose(al.kl_divergence(probs, targets), [expected], rtol=1e-6)
    assert np.isfinite(gradient(al.kl_divergence, probs, targets)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("alpha", [0.1, 0.015, 0.002])
def test_balanced_l1_of_a_small_alpha(alpha: float, dtype: Any) -> None:
    """b = e^(gamma/alpha) leaves the dtype. Where b a is large the loss is a (gamma + alpha ln(a/e))."""
    d = np.asarray([0, 0.5, -0.75, 1, 3], dtype=dtype)
    a = np.abs(d[1:3])
    inside = a * (1.5 + alpha * np.log(a / np.e))
    expected = np.concatenate([[0], inside, 1.5 * np.abs(d[3:]) - alpha])
    loss = functools.partial(al.balanced_l1_loss, alpha=alpha)
    np.testing.assert_allclose(loss(d, np.zeros_like(d)), expected, rtol=2e-6)
    slopes = [0, 1.5 + alpha * np.log(0.5), -1.5 - alpha * np.log(0.75), 1.5, 1.5]
    np.testing.assert_allclose(gradient(loss, d, np.zeros_like(d)), slopes, rtol=2e-6)
