"""Value and gradient of torch's own functions, where both define the same loss; ours on NumPy, all in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as f

import array_losses as al

RNG = np.random.default_rng(23)
LOGITS = np.concatenate([RNG.normal(size=(12, 6)) * 4, RNG.normal(size=(2, 6)) * 60])
INDICES = RNG.integers(0, 6, 14)
SOFT = RNG.dirichlet(np.full(6, 0.5), 14)
FRACTIONS = RNG.uniform(size=(14, 6))
HARD = np.asarray(RNG.uniform(size=(14, 6)) < 0.3, dtype=np.float64)
PROBS = RNG.uniform(0.001, 0.999, (14, 6))
DISTRIBUTIONS = RNG.dirichlet(np.ones(6), 14)
CLASS_WEIGHTS = RNG.uniform(0.2, 3, 6)
PIXELS, PIXEL_LABELS = RNG.normal(size=(3, 6, 4, 5)), RNG.integers(0, 6, (3, 4, 5))
PIXEL_LABELS[0, 0] = 255
# Differences inside and outside of every threshold, on it, and none.
TARGET = np.concatenate([RNG.normal(size=25), [0, 0, 0, 0, 0]])
PRED = TARGET + np.concatenate([RNG.normal(size=25) * 2, [0, 1, -1, 0.5, -0.5]])

ce, bce = al.softmax_cross_entropy, al.sigmoid_binary_cross_entropy
t_ce, t_bce = f.cross_entropy, f.binary_cross_entropy_with_logits
weight = torch.tensor(CLASS_WEIGHTS)

Ours = Callable[..., Any]
Theirs = Callable[..., Any]
PAIRS: list[tuple[str, Ours, Theirs, tuple[Any, ...]]] = [
    # Both functions take the arrays and, by keyword, a reduction. Gradients: with respect to all floating arrays.
    ("l1", al.l1_loss, f.l1_loss, (PRED, TARGET)),
    ("squared error", al.squared_error, f.mse_loss, (PRED, TARGET)),
    *(
        (f"smooth L1 {b}", lambda p, t, b=b, **o: al.smooth_l1_loss(p, t, beta=b, **o),
         lambda p, t, b=b, **o: f.smooth_l1_loss(p, t, beta=b, **o), (PRED, TARGET))
        for b in (0.0, 0.5, 1.0)
    ),
    *(
        (f"huber {d}", lambda p, t, d=d, **o: al.huber_loss(p, t, delta=d, **o),
         lambda p, t, d=d, **o: f.huber_loss(p, t, delta=d, **o), (PRED, TARGET))
        for d in (0.5, 1.0, 2.0)
    ),
    ("binary, hard", bce, t_bce, (LOGITS, HARD)),
    ("binary, soft", bce, t_bce, (LOGITS, FRACTIONS)),
    ("binary, pos_weight a number", lambda x, t, **o: bce(x, t, pos_weight=2.5, **o),
     lambda x, t, **o: t_bce(x, t, pos_weight=torch.tensor(2.5, dtype=torch.float64), **o), (LOGITS, FRACTIONS)),
    ("binary, pos_weight by class", lambda x, t, **o: bce(x, t, pos_weight=CLASS_WEIGHTS, **o),
     lambda x, t, **o: t_bce(x, t, pos_weight=weight, **o), (LOGITS, FRACTIONS)),
    ("binary, probabilities", al.binary_cross_entropy, f.binary_cross_entropy, (PROBS, FRACTIONS)),
    ("indices", ce, t_ce, (LOGITS, INDICES)),
    ("indices, smoothed", lambda x, y, **o: ce(x, y, label_smoothing=0.2, **o),
     lambda x, y, **o: t_ce(x, y, label_smoothing=0.2, **o), (LOGITS, INDICES)),
    ("indices, weighed", lambda x, y, **o: ce(x, y, class_weights=CLASS_WEIGHTS, **o),
     lambda x, y, **o: t_ce(x, y, weight=weight, **o), (LOGITS, INDICES)),
    ("indices, weighed and smoothed", lambda x, y, **o: ce(x, y, class_weights=CLASS_WEIGHTS, label_smoothing=0.1, **o),
     lambda x, y, **o: t_ce(x, y, weight=weight, label_smoothing=0.1, **o), (LOGITS, INDICES)),
    ("indices, one ignored", lambda x, y, **o: ce(x, y, ignore_index=3, class_weights=CLASS_WEIGHTS, **o),
     lambda x, y, **o: t_ce(x, y, ignore_index=3, weight=weight, **o), (LOGITS, INDICES)),
    ("pixels", lambda x, y, **o: ce(x, y, axis=1, ignore_index=255, label_smoothing=0.1, **o),
     lambda x, y, **o: t_ce(x, y, ignore_index=255, label_smoothing=0.1, **o), (PIXELS, PIXEL_LABELS)),
    ("soft labels", ce, t_ce, (LOGITS, SOFT)),
    ("margin", lambda x, y, **o: al.multiclass_hinge_loss(x, y, form="sum", **o) / 6, f.multi_margin_loss,
     (LOGITS, INDICES)),
]  # fmt: skip


def compare(ours: Ours, theirs: Theirs, arrays: tuple[Any, ...], digits: float = 1e-11) -> None:
    floating = [i for i, x in enumerate(arrays) if x.dtype.kind == "f"]
    tensors = [torch.tensor(x, requires_grad=i in floating) for i, x in enumerate(arrays)]
    value, gradients = al.value_and_grad(ours, argnums=tuple(floating))(*arrays)
    expected = theirs(*tensors)
    np.testing.assert_allclose(value, expected.item(), rtol=1e-12)
    theirs_by = torch.autograd.grad(expected, [tensors[i] for i in floating])
    for mine, other in zip(gradients, theirs_by):
        np.testing.assert_allclose(mine, other.numpy(), rtol=digits, atol=1e-4 * digits)


@pytest.mark.parametrize(("ours", "theirs", "arrays"), [pytest.param(*rest, id=name) for name, *rest in PAIRS])
def test_same_as_torch(ours: Ours, theirs: Theirs, arrays: tuple[Any, ...]) -> None:
    rows, expected = ours(*arrays), theirs(*(torch.tensor(x) for x in arrays), reduction="none").numpy()
    np.testing.assert_allclose(rows, expected, rtol=1e-12, atol=1e-14)
    for reduction in ("mean", "sum"):
        compare(
            lambda *a, reduction=reduction: ours(*a, reduction=reduction),
            lambda *a, reduction=reduction: theirs(*a, reduction=reduction),
            arrays,
        )


def test_weights_of_soft_labels() -> None:
    """The same rows; torch's mean divides by their number, ours by what they weigh."""
    mine = ce(LOGITS, SOFT, class_weights=CLASS_WEIGHTS)
    theirs = t_ce(torch.tensor(LOGITS), torch.tensor(SOFT), weight=weight, reduction="none")
    np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-12)
    compare(
        lambda x, t: ce(x, t, class_weights=CLASS_WEIGHTS, reduction="mean", normalizer=14),
        lambda x, t: t_ce(x, t, weight=weight),
        (LOGITS, SOFT),
    )


def test_smoothed_soft_labels() -> None:
    """torch spreads eps, we eps times the sum of the labels: the same rows, other slopes by the labels."""
    compare(
        lambda x: ce(x, SOFT, label_smoothing=0.2, reduction="mean"),
        lambda x: t_ce(x, torch.tensor(SOFT), label_smoothing=0.2),
        (LOGITS,),
    )


def test_kl_divergence() -> None:
    """torch takes logarithms of predictions; its "batchmean" is the mean of ours."""
    compare(
        lambda p, t: al.kl_divergence(p, t, reduction="mean"),
        lambda p, t: f.kl_div(p.log(), t, reduction="batchmean"),
        (DISTRIBUTIONS, SOFT),
    )


def test_l2_is_half_of_mse() -> None:
    compare(lambda p, t: al.l2_loss(p, t, reduction="mean"), lambda p, t: f.mse_loss(p, t) / 2, (PRED, TARGET))


def test_soft_margin_and_log_sigmoid() -> None:
    """soft_margin_loss of signs is our binary cross-entropy of 0 and 1."""
    compare(
        lambda x: bce(x, HARD, reduction="mean"),
        lambda x: f.soft_margin_loss(x, torch.tensor(2 * HARD - 1)),
        (LOGITS,),
    )


def test_entropy_of_torch_distributions() -> None:
    compare(
        lambda p: al.entropy(p, reduction="sum"),
        lambda p: -torch.special.xlogy(p, p).sum(),
        (DISTRIBUTIONS,),
    )
    expected = torch.distributions.Categorical(probs=torch.tensor(DISTRIBUTIONS)).entropy()
    np.testing.assert_allclose(al.entropy(DISTRIBUTIONS), expected.numpy(), rtol=1e-12)


# Formulas of papers written out for torch's autograd, naively: fine for moderate logits ------------------------------


def both(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return t_bce(x, t, reduction="none")


def focal(x: torch.Tensor, t: torch.Tensor, alpha: float, gamma: float) -> torch.Tensor:
    p = torch.sigmoid(x)
    chance = p * t + (1 - p) * (1 - t)
    return (alpha * t + (1 - alpha) * (1 - t)) * (1 - chance) ** gamma * both(x, t)


def varifocal(x: torch.Tensor, t: torch.Tensor, alpha: float, gamma: float) -> torch.Tensor:
    return torch.where(t > 0, t, alpha * (torch.sigmoid(x) - t).abs() ** gamma) * both(x, t)


def gaussian(x: torch.Tensor, t: torch.Tensor, alpha: float, beta: float) -> torch.Tensor:
    p = torch.sigmoid(x)
    rest = (1 - t) ** beta * p**alpha * -torch.log(1 - p)
    return torch.where(t == 1, (1 - p) ** alpha * -torch.log(p), rest)


def asymmetric(x: torch.Tensor, t: torch.Tensor, up: float, down: float, margin: float) -> torch.Tensor:
    p = torch.sigmoid(x)
    m = (p - margin).clamp(min=0)
    return -t * (1 - p) ** up * torch.log(p) - (1 - t) * m**down * torch.log(1 - m)


def generalized(x: torch.Tensor, t: torch.Tensor, q: float) -> torch.Tensor:
    return (t * (1 - x.softmax(-1) ** q) / q).sum(-1)


def class_focal(x: torch.Tensor, t: torch.Tensor, gamma: float) -> torch.Tensor:
    return -(weight * t * (1 - x.softmax(-1)) ** gamma * x.log_softmax(-1)).sum(-1)


def poly(x: torch.Tensor, t: torch.Tensor, epsilon: float) -> torch.Tensor:
    return (t * (epsilon * (1 - x.softmax(-1)) - x.log_softmax(-1))).sum(-1)


MODERATE = LOGITS / np.asarray([2.0] * 12 + [20.0] * 2)[:, None]
MIXED = np.where(FRACTIONS < 0.3, 0.0, np.where(FRACTIONS > 0.8, 1.0, FRACTIONS))
WRITTEN_OUT: list[tuple[str, Ours, Theirs, Any]] = [
    ("focal", lambda x, t: al.sigmoid_focal_loss(x, t, alpha=0.3, gamma=2.5, reduction="sum"),
     lambda x, t: focal(x, t, 0.3, 2.5).sum(), MIXED),
    ("focal, gamma 2", lambda x, t: al.sigmoid_focal_loss(x, t, reduction="sum"),
     lambda x, t: focal(x, t, 0.25, 2).sum(), MIXED),
    ("quality focal", lambda x, t: al.quality_focal_loss(x, t, beta=1.5, reduction="sum"),
     lambda x, t: ((t - x.sigmoid()).abs() ** 1.5 * both(x, t)).sum(), MIXED),
    ("varifocal", lambda x, t: al.varifocal_loss(x, t, alpha=0.6, gamma=2.5, reduction="sum"),
     lambda x, t: varifocal(x, t, 0.6, 2.5).sum(), MIXED),
    ("varifocal, gamma 0", lambda x, t: al.varifocal_loss(x, t, gamma=0, reduction="sum"),
     lambda x, t: varifocal(x, t, 0.75, 0).sum(), MIXED),
    ("penalty-reduced focal", lambda x, t: al.gaussian_focal_loss(x, t, reduction="sum"),
     lambda x, t: gaussian(x, t, 2, 4).sum(), MIXED),
    ("penalty-reduced focal, odd powers",
     lambda x, t: al.gaussian_focal_loss(x, t, alpha=1.5, beta=2.5, reduction="sum"),
     lambda x, t: gaussian(x, t, 1.5, 2.5).sum(), MIXED),
    ("asymmetric", lambda x, t: al.asymmetric_loss(x, t, reduction="sum"),
     lambda x, t: asymmetric(x, t, 0, 4, 0.05).sum(), MIXED),
    ("asymmetric, odd powers",
     lambda x, t: al.asymmetric_loss(x, t, gamma_positive=1.5, gamma_negative=2.5, margin=0.2, reduction="sum"),
     lambda x, t: asymmetric(x, t, 1.5, 2.5, 0.2).sum(), MIXED),
    ("generalized", lambda x, t: al.generalized_cross_entropy(x, t, reduction="sum"),
     lambda x, t: generalized(x, t, 0.7).sum(), SOFT),
    ("softmax focal", lambda x, t: al.softmax_focal_loss(x, t, gamma=1.5, class_weights=CLASS_WEIGHTS, reduction="sum"),
     lambda x, t: class_focal(x, t, 1.5).sum(), SOFT),
    ("poly1", lambda x, t: al.poly1_loss(x, t, epsilon=1.5, reduction="sum"),
     lambda x, t: poly(x, t, 1.5).sum(), SOFT),
    ("squared hinge", lambda x, t: al.squared_hinge_loss(x, t, reduction="sum"),
     lambda x, t: ((1 - t * x).clamp(min=0) ** 2).sum(), 2 * MIXED - 1),
    ("hinge", lambda x, t: al.hinge_loss(x, t, reduction="sum"),
     lambda x, t: (1 - t * x).clamp(min=0).sum(), 2 * MIXED - 1),
    ("log-cosh", lambda x, t: al.log_cosh_loss(x, t, reduction="sum"),
     lambda x, t: torch.log(torch.cosh(x - t)).sum(), FRACTIONS),
    ("charbonnier", lambda x, t: al.charbonnier_loss(x, t, epsilon=0.3, reduction="sum"),
     lambda x, t: ((x - t) ** 2 + 0.09).sqrt().sum(), FRACTIONS),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs", "targets"), [pytest.param(*rest, id=name) for name, *rest in WRITTEN_OUT])
def test_same_as_autograd(ours: Ours, theirs: Theirs, targets: Any) -> None:
    compare(ours, theirs, (MODERATE, targets), digits=1e-10)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_class_weights_have_slopes(smoothing: float) -> None:
    """torch has none. In the mean they stand in the divisor as well."""
    hard = torch.tensor(np.eye(6)[INDICES])

    def rows(x: torch.Tensor, t: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return -(w * ((1 - smoothing) * t + smoothing / 6) * x.log_softmax(-1)).sum(-1)

    compare(
        lambda x, w: ce(x, INDICES, class_weights=w, label_smoothing=smoothing, reduction="mean"),
        lambda x, w: rows(x, hard, w).sum() / (hard * w).sum(),
        (MODERATE, CLASS_WEIGHTS),
    )
    compare(
        lambda x, w: ce(x, SOFT, class_weights=w, label_smoothing=smoothing, reduction="sum"),
        lambda x, w: rows(x, torch.tensor(SOFT), w).sum(),
        (MODERATE, CLASS_WEIGHTS),
    )


def test_positive_weights_have_slopes() -> None:
    """Nor has torch for these."""
    t = torch.tensor(FRACTIONS)
    compare(
        lambda x, w: bce(x, FRACTIONS, pos_weight=w, reduction="mean"),
        lambda x, w: ((1 - t) * f.softplus(x) + w * t * f.softplus(-x)).mean(),
        (MODERATE, CLASS_WEIGHTS),
    )
