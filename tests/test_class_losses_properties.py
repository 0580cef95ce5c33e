"""Laws of the classification, distribution and regression losses for all inputs, searched for counterexamples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest

import array_losses as al

Loss = Callable[..., Any]

search = hypothesis.settings(derandomize=True, deadline=None, max_examples=25)
ROWS, CLASSES = 4, 5


def arrays(low: float, high: float, *shape: int) -> Any:
    return hnp.arrays(np.float32, shape, elements=st.floats(low, high, width=32, allow_subnormal=False))


logits, moderate = arrays(-1e4, 1e4, ROWS, CLASSES), arrays(-30, 30, ROWS, CLASSES)
fractions = arrays(0, 1, ROWS, CLASSES)
bits = hnp.arrays(np.float32, (ROWS, CLASSES), elements=st.sampled_from([0.0, 1.0]))
labels = hnp.arrays(np.int64, (ROWS,), elements=st.integers(0, CLASSES - 1))
powers = st.floats(0, 5)
differences = arrays(-1e4, 1e4, 9)


# A power between 0 and 5 goes to whatever knob the loss has.
SIGMOID: list[tuple[str, Loss]] = [
    ("cross-entropy", lambda x, t, k, **o: al.sigmoid_binary_cross_entropy(x, t, pos_weight=k, **o)),
    ("focal", lambda x, t, k, **o: al.sigmoid_focal_loss(x, t, gamma=k, **o)),
    ("focal-plain", lambda x, t, k, **o: al.sigmoid_focal_loss(x, t, alpha=None, gamma=k, **o)),
    ("quality", lambda x, t, k, **o: al.quality_focal_loss(x, t, beta=k, **o)),
    ("varifocal", lambda x, t, k, **o: al.varifocal_loss(x, t, gamma=k, **o)),
    ("gaussian", lambda x, t, k, **o: al.gaussian_focal_loss(x, t, alpha=k, beta=4 - k / 2, **o)),
    ("asymmetric", lambda x, t, k, **o: al.asymmetric_loss(x, t, gamma_positive=k, gamma_negative=k, **o)),
    ("asymmetric-0", lambda x, t, k, **o: al.asymmetric_loss(x, t, gamma_negative=k, margin=0, **o)),
]
SOFTMAX: list[tuple[str, Loss]] = [
    ("cross-entropy", lambda x, y, k, **o: al.softmax_cross_entropy(x, y, label_smoothing=k / 5, **o)),
    ("focal", lambda x, y, k, **o: al.softmax_focal_loss(x, y, gamma=k, **o)),
    ("poly1", lambda x, y, k, **o: al.poly1_loss(x, y, epsilon=k, **o)),
    ("generalized", lambda x, y, k, **o: al.generalized_cross_entropy(x, y, q=k / 5, **o)),
    ("bi-tempered", lambda x, y, k, **o: al.bi_tempered_loss(x, y, t1=1 - k / 5, t2=1 + k / 2, **o)),
    ("seesaw", lambda x, y, k, **o: al.seesaw_loss(x, y, np.arange(5) * 2.0, p=k / 5, q=k, **o)[0]),
    ("hinge", lambda x, y, k, **o: al.multiclass_hinge_loss(x, y, **o)),
    ("hinge-sum", lambda x, y, k, **o: al.multiclass_hinge_loss(x, y, form="sum", **o)),
    ("distribution", lambda x, y, k, **o: al.distribution_focal_loss(x, (y * k / 5).astype(np.float32), **o)),
]
REGRESSION: list[tuple[str, Loss]] = [
    ("l1", al.l1_loss),
    ("squared", al.squared_error),
    ("l2", al.l2_loss),
    ("smooth-l1", lambda p, t, **o: al.smooth_l1_loss(p, t, beta=0.3, **o)),
    ("huber", lambda p, t, **o: al.huber_loss(p, t, delta=20, **o)),
    ("log-cosh", al.log_cosh_loss),
    ("charbonnier", al.charbonnier_loss),
    ("balanced", al.balanced_l1_loss),
    ("balanced-half", lambda p, t, **o: al.balanced_l1_loss(p, t, beta=0.5, **o)),
    ("focal-l1", al.focal_l1_loss),
    ("wing", al.wing_loss),
]


def each(table: list[tuple[str, Loss]], *without: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("loss", [pytest.param(f, id=name) for name, f in table if name not in without])


def slopes(loss: Loss, x: Any, *rest: Any) -> Any:
    return al.grad(lambda x: loss(x, *rest, reduction="sum"))(x)


# Finite, never negative -----------------------------------------------------------------------------------------------


@each(SIGMOID)
@search
@hypothesis.given(logits, st.one_of(fractions, bits), powers)
def test_binary_is_finite_and_not_negative(loss: Loss, x: Any, t: Any, power: float) -> None:
    rows = loss(x, t, power)
    assert rows.dtype == np.float32
    assert ((rows >= 0) & (rows <= 6e4)).all()
    pulls = al.grad(lambda x, t: loss(x, t, power, reduction="sum"), argnums=(0, 1))(x, t)
    assert all(np.isfinite(pull).all() for pull in pulls)


@each(SOFTMAX)
@search
@hypothesis.given(logits, labels, powers)
def test_of_classes_is_finite_and_not_negative(loss: Loss, x: Any, y: Any, power: float) -> None:
    rows = loss(x, y, power)
    assert rows.dtype == np.float32
    assert ((rows >= -1e-6) & (rows <= 1e6)).all()
    assert np.isfinite(slopes(loss, x, y, power)).all()


@each(REGRESSION)
@search
@hypothesis.given(differences, differences)
def test_of_differences_is_finite_and_not_negative(loss: Loss, a: Any, b: Any) -> None:
    rows = loss(a, b)
    assert ((rows >= 0) & (rows <= 5e8)).all()
    assert np.isfinite(slopes(loss, a, b)).all()


@each(SIGMOID)
@search
@hypothesis.given(hnp.arrays(np.float16, (7,), elements=st.floats(-65504, 65504, width=16)), powers)
def test_half_precision_to_its_edge(loss: Loss, x: Any, power: float) -> None:
    for target in (0, 1, 0.5):
        t = np.full(7, target, dtype=np.float16)
        assert np.isfinite(loss(x, t, power)).all()
        pull = slopes(loss, x, t, power)
        assert pull.dtype == np.float16
        assert np.isfinite(pull).all()


# Invariance -----------------------------------------------------------------------------------------------------------


@each(SOFTMAX)
@search
@hypothesis.given(moderate, labels, powers, st.floats(-1e3, 1e3))
def test_only_differences_of_scores_count(loss: Loss, x: Any, y: Any, power: float, shift: float) -> None:
    """Hence the slopes of a row add up to 0."""
    x = x.astype(np.float64)
    np.testing.assert_allclose(loss(x + shift, y, power), loss(x, y, power), rtol=1e-9, atol=1e-9)
    pull = slopes(loss, x, y, power)
    np.testing.assert_allclose(pull.sum(axis=-1), np.zeros(ROWS), atol=1e-11 * (1 + np.abs(pull).max()))


@each(SOFTMAX, "seesaw", "distribution")
@search
@hypothesis.given(moderate, labels, powers, st.permutations(range(CLASSES)))
def test_names_of_classes_do_not_count(loss: Loss, x: Any, y: Any, power: float, order: Any) -> None:
    x, place = x.astype(np.float64), np.argsort(order)
    np.testing.assert_allclose(loss(x[:, order], place[y], power), loss(x, y, power), rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(
        slopes(loss, x[:, order], place[y], power), slopes(loss, x, y, power)[:, order], rtol=1e-9, atol=1e-11
    )


@each(REGRESSION)
@search
@hypothesis.given(differences, differences)
def test_both_ways_and_growing_with_distance(loss: Loss, a: Any, b: Any) -> None:
    rows = loss(a, b)
    np.testing.assert_array_equal(loss(b, a), rows)
    np.testing.assert_array_equal(loss(-a, -b), rows)
    np.testing.assert_array_equal(slopes(loss, b, a), -slopes(loss, a, b))
    distance = np.sort(np.abs(a - b))
    ordered = loss(distance, np.zeros_like(distance))
    assert (np.diff(ordered) >= -1e-6 * ordered[1:]).all()
    assert (slopes(loss, distance, np.zeros_like(distance)) >= 0).all()


@each(SIGMOID)
@search
@hypothesis.given(logits, powers)
def test_a_better_score_never_costs_more(loss: Loss, x: Any, power: float) -> None:
    ordered = np.sort(x.reshape(-1))
    for target, sign in ((1, -1), (0, 1)):
        t = np.full_like(ordered, target)
        rows = loss(ordered, t, power)
        assert (sign * np.diff(rows) >= -1e-6 * (1e-30 + np.maximum(rows[1:], rows[:-1]))).all()
        assert (sign * slopes(loss, ordered, t, power) >= -1e-7).all()


@search
@hypothesis.given(moderate, bits, powers, powers)
def test_focusing_only_takes_away(x: Any, t: Any, power: float, more: float) -> None:
    cost = al.sigmoid_binary_cross_entropy(x, t)
    focal = al.sigmoid_focal_loss(x, t, alpha=None, gamma=power)
    assert (focal <= cost * (1 + 1e-6)).all()
    assert (al.sigmoid_focal_loss(x, t, alpha=None, gamma=power + more) <= focal * (1 + 1e-5)).all()


# Rows and weights -----------------------------------------------------------------------------------------------------

FAMILIES = [
    *(pytest.param(f, "binary", id=name) for name, f in SIGMOID),
    # Seesaw counts the batch before it looks at rows, so its rows are not alone.
    *(pytest.param(f, "classes", id=name) for name, f in SOFTMAX if name != "seesaw"),
    *(pytest.param(lambda p, t, k, f=f, **o: f(p, t, **o), "binary", id=name) for name, f in REGRESSION),
]
every_family = pytest.mark.parametrize(("loss", "family"), FAMILIES)


@every_family
@search
@hypothesis.given(logits, fractions, labels, powers)
def test_rows_stand_alone(loss: Loss, family: str, x: Any, t: Any, y: Any, power: float) -> None:
    target = t if family == "binary" else y
    rows = loss(x, target, power)
    # A library may take other instructions for fewer numbers, with another last digit.
    np.testing.assert_allclose(loss(x[1:2], target[1:2], power), rows[1:2], rtol=1e-6, atol=1e-6)
    spoiled = x.copy()
    spoiled[2] = np.nan
    after, pull = loss(spoiled, target, power), slopes(loss, spoiled, target, power)
    assert np.isnan(after[2]).all()
    np.testing.assert_array_equal(np.delete(after, 2, axis=0), np.delete(rows, 2, axis=0))
    np.testing.assert_array_equal(np.delete(pull, 2, axis=0), np.delete(slopes(loss, x, target, power), 2, axis=0))


@every_family
@search
@hypothesis.given(moderate, fractions, labels, powers, arrays(0.125, 2, ROWS), st.integers(-20, 20))
def test_weights_scale(loss: Loss, family: str, x: Any, t: Any, y: Any, power: float, w: Any, scale: int) -> None:
    target = t if family == "binary" else y
    weights = w[:, None] if family == "binary" else w
    factor = np.float32(2.0**scale)
    near: Any = {"rtol": 1e-6, "atol": 1e-30}
    rows = loss(x, target, power)
    np.testing.assert_allclose(loss(x, target, power, weights=weights), rows * weights, **near)
    total = loss(x, target, power, weights=weights, reduction="sum")
    scaled = loss(x, target, power, weights=weights * factor, reduction="sum")
    np.testing.assert_allclose(scaled, total * factor, **near)
    mean = loss(x, target, power, weights=weights, reduction="mean")
    scaled = loss(x, target, power, weights=weights * factor, reduction="mean")
    np.testing.assert_allclose(scaled, mean, **near)
    expected = np.average(rows.astype(np.float64), weights=np.broadcast_to(weights, rows.shape))
    np.testing.assert_allclose(mean, expected, rtol=1e-5, atol=1e-30)


# Distributions --------------------------------------------------------------------------------------------------------


def normalized(x: Any) -> Any:
    x = x.astype(np.float64) + (x.sum(axis=-1, keepdims=True) == 0)
    return x / x.sum(axis=-1, keepdims=True)


@search
@hypothesis.given(fractions, fractions)
def test_information(a: Any, b: Any) -> None:
    p, t = normalized(a), normalized(b)
    uncertain, cost = al.entropy(t), al.cross_entropy(p, t)
    assert ((uncertain >= 0) & (uncertain <= np.log(CLASSES) * (1 + 1e-15))).all()
    # Gibbs: another code is never shorter.
    assert (cost >= uncertain - 1e-14).all()
    assert (al.kl_divergence(p, t) >= -1e-14).all()
    np.testing.assert_allclose(al.kl_divergence(p, t), cost - uncertain, rtol=1e-12, atol=1e-12)
    js = al.js_divergence(p, t)
    assert ((js >= -1e-15) & (js <= np.log(2) * (1 + 1e-15))).all()
    np.testing.assert_allclose(al.js_divergence(t, p), js, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(al.js_divergence(p, p), np.zeros(ROWS))
    for divergence in (al.cross_entropy, al.kl_divergence, al.js_divergence):
        pulls = al.grad(lambda p, t: divergence(p, t, reduction="sum"), argnums=(0, 1))(p, t)  # noqa: B023
        assert all(np.isfinite(pull).all() for pull in pulls)


@search
@hypothesis.given(logits, arrays(-3, 9, ROWS))
def test_bins(x: Any, t: Any) -> None:
    expectation = al.distribution_expectation(x)
    assert ((expectation >= 0) & (expectation <= CLASSES - 1)).all()
    np.testing.assert_array_equal(al.distribution_focal_loss(x, t), al.distribution_focal_loss(x, np.clip(t, 0, 4)))
    # Mirrored bins, mirrored mean.
    np.testing.assert_allclose(al.distribution_expectation(x[:, ::-1]), 4 - expectation, rtol=1e-5, atol=1e-5)


# State ----------------------------------------------------------------------------------------------------------------


@search
@hypothesis.given(logits, bits, labels, hnp.arrays(np.bool_, (ROWS,)))
def test_counts_add_up(x: Any, t: Any, y: Any, where: Any) -> None:
    _, counts = al.ghm_classification_loss(x, t, where=where[:, None])
    assert counts.sum() == where.sum() * CLASSES
    _, counts = al.ghm_regression_loss(x, t, where=where[:, None])
    assert counts.sum() == where.sum() * CLASSES
    _, counts = al.seesaw_loss(x, y, np.ones(CLASSES), where=where)
    np.testing.assert_array_equal(counts, 1 + np.bincount(y[where], minlength=CLASSES))
    state = np.ones((2, CLASSES))
    _, after = al.equalization_loss_v2(x, t, state, where=where[:, None])
    assert (after >= state).all()
    assert np.isfinite(after).all()
