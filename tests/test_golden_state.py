"""Losses that take running counts and return them: seesaw, equalization v2, both of gradient harmonizing.

Two successive calls, the second fed with what the first returned. Chosen so that a pencil is enough, and computed a
second time by loops over single numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import array_losses as al


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


def logit(p: Any) -> Any:
    p = np.asarray(p, dtype=np.float64)
    return np.log(p / (1 - p))


# Seesaw, arXiv:2008.10032 ---------------------------------------------------------------------------------------------

ZEROS = np.zeros((1, 3))
POWERS = np.log(numbers([1, 2, 4]))  # softmax 1/7, 2/7, 4/7


@pytest.mark.parametrize(
    ("label", "expected"),
    # Samples seen, this one included: 8, 2 and 1. Mitigation shrinks rarer classes by the ratio of the counts.
    [(0, math.log(1 + 2 / 8 + 1 / 8)), (1, math.log(1 + 1 + 1 / 2)), (2, math.log(3))],
)
def test_seesaw_mitigates(label: int, expected: float) -> None:
    counts = numbers(8, 2, 1)
    counts[label] -= 1
    loss, after = al.seesaw_loss(ZEROS, np.asarray([label]), counts, p=1.0, q=0.0)
    assert loss[0] == pytest.approx(expected, abs=1e-15)
    np.testing.assert_array_equal(after, [8, 2, 1])
    loss, _ = al.seesaw_loss(ZEROS, np.asarray([label]), counts, p=2.0, q=0.0)
    squared = [(min(1, n / after[label])) ** 2 for n in after]
    assert loss[0] == pytest.approx(math.log(sum(squared)), abs=1e-15)


@pytest.mark.parametrize(
    ("label", "q", "expected"),
    # Compensation enlarges what scored higher than the label by the ratio of the scores.
    [
        (0, 1.0, math.log(1 + 2 * 2 + 4 * 4)),
        (0, 2.0, math.log(1 + 2 * 4 + 4 * 16)),
        (1, 1.0, math.log((1 + 2 + 4 * 2) / 2)),
        (2, 2.0, math.log(7 / 4)),
    ],
)
def test_seesaw_compensates(label: int, q: float, expected: float) -> None:
    loss, _ = al.seesaw_loss(POWERS, np.asarray([label]), np.zeros(3), p=0.0, q=q)
    assert loss[0] == pytest.approx(expected, abs=1e-14)


def test_seesaw_floors_the_score_of_the_label() -> None:
    """With a floor of 2/7 below the label's 1/7, the factors are (2/7)/(2/7) and (4/7)/(2/7)."""
    loss, _ = al.seesaw_loss(POWERS, np.asarray([0]), np.zeros(3), p=0.0, q=1.0, score_floor=2 / 7)
    assert loss[0] == pytest.approx(math.log(1 + 2 * 1 + 4 * 2), abs=1e-14)
    # A floor above every score leaves nothing to compensate.
    loss, _ = al.seesaw_loss(POWERS, np.asarray([0]), np.zeros(3), p=0.0, q=1.0, score_floor=0.9)
    assert loss[0] == pytest.approx(math.log(7), abs=1e-14)


def test_seesaw_of_a_class_never_seen_counts_as_one() -> None:
    """N = max(count, 1): after four samples of class 0, class 1 has 0 and is shrunk by 1/4, not to nothing."""
    loss, _ = al.seesaw_loss(np.zeros((1, 2)), np.asarray([0]), numbers(3, 0), p=1.0, q=0.0)
    assert loss[0] == pytest.approx(math.log(5 / 4), abs=1e-15)


def test_seesaw_of_mmdet() -> None:
    """mmdet tests/test_models/test_losses/test_loss.py: logits [-100, 100] cost 0 and 200."""
    loss, _ = al.seesaw_loss(numbers([-100, 100]), np.asarray([1]), np.zeros(2))
    assert loss[0] == pytest.approx(0, abs=1e-80)
    loss, _ = al.seesaw_loss(numbers([-100, 100]), np.asarray([0]), np.zeros(2), q=0.0)
    assert loss[0] == pytest.approx(200, rel=1e-15)


def test_seesaw_counts_from_call_to_call() -> None:
    logits = numbers([0.5, -1, 2, 0], [1, 0.25, -0.5, 3], [0, 0, 1, -2])
    first, second = np.asarray([2, 0, 2]), np.asarray([3, 2, 7])  # 7 is no class, so ignored
    _, counts = al.seesaw_loss(logits, first, np.zeros(4))
    np.testing.assert_array_equal(counts, [1, 0, 2, 0])
    loss, counts = al.seesaw_loss(logits, second, counts)
    np.testing.assert_array_equal(counts, [1, 0, 3, 1])
    seen = [1, 1, 3, 1]
    expected = []
    for row, y in zip(logits, second):
        if y == 7:
            expected.append(0.0)
            continue
        score = [math.exp(x) / sum(map(math.exp, row)) for x in row]
        scaled = []
        for j in range(4):
            mitigation = (seen[j] / seen[y]) ** 0.8 if seen[j] < seen[y] else 1.0
            compensation = (score[j] / score[y]) ** 2.0 if score[j] > score[y] else 1.0
            scaled.append(mitigation * compensation * math.exp(row[j]))
        expected.append(-math.log(scaled[y] / sum(scaled)))
    np.testing.assert_allclose(loss, expected, rtol=1e-13)


def test_seesaw_counts_what_where_keeps() -> None:
    labels, where = np.asarray([2, 0, 2]), np.asarray([True, False, True])
    _, counts = al.seesaw_loss(np.zeros((3, 3)), labels, np.zeros(3), where=where)
    np.testing.assert_array_equal(counts, [0, 0, 2])
    _, counts = al.seesaw_loss(np.zeros((3, 3)), labels, np.zeros(3), ignore_index=2, reduction="mean")
    np.testing.assert_array_equal(counts, [1, 0, 0])


def test_seesaw_factors_are_constant_for_the_gradient() -> None:
    """x + ln S of [1, 2, 4] with q = 1 is 1, 4, 16: softmax of that, minus one at the label."""
    gradient = al.grad(lambda x: al.seesaw_loss(x, np.asarray([0]), np.zeros(3), p=0.0, q=1.0, reduction="sum")[0])(
        POWERS
    )
    np.testing.assert_allclose(gradient, [[1 / 21 - 1, 4 / 21, 16 / 21]], rtol=1e-14)


# Equalization loss v2, arXiv:2012.08548 -------------------------------------------------------------------------------


def test_equalization_starts_as_plain_cross_entropy() -> None:
    """Nothing accumulated: both weights are 1. What is returned are sums of |p - t|, by class."""
    logits, targets = logit([[0.9, 0.4], [0.2, 0.3]]), numbers([1, 0], [0, 0])
    loss, state = al.equalization_loss_v2(logits, targets, np.zeros((2, 2)))
    np.testing.assert_allclose(loss, -np.log([[0.9, 0.6], [0.8, 0.7]]), rtol=1e-14)
    np.testing.assert_allclose(state, [[0.1, 0], [0.2, 0.4 + 0.3]], rtol=1e-14)


def test_equalization_weighs_by_the_ratio() -> None:
    """A ratio of mu = 0.8 gives weights 1/2 for negatives, 1 + 4/2 for positives; 0 gives sigmoid(-9.6)."""
    logits, targets = logit([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]), numbers([1, 1, 1], [0, 0, 0])
    state = numbers([0.8, 0, 5], [1, 1, 0])
    loss, after = al.equalization_loss_v2(logits, targets, state)
    low = 1 / (1 + math.exp(9.6))
    weights = numbers([3, 1 + 4 * (1 - low), 1], [0.5, low, 1])
    np.testing.assert_allclose(loss, weights * math.log(2), rtol=1e-13)
    np.testing.assert_allclose(after, state + weights / 2, rtol=1e-14)


def test_equalization_from_call_to_call() -> None:
    rng = np.random.default_rng(3)
    targets = (rng.uniform(size=(6, 3)) < 0.4).astype(np.float64)
    gamma, mu, alpha = 5.0, 0.6, 2.0
    state = [[0.0] * 3, [0.0] * 3]
    ours = np.zeros((2, 3))
    for _ in range(3):
        logits = rng.normal(size=(6, 3))
        loss, ours = al.equalization_loss_v2(logits, targets, ours, gamma=gamma, mu=mu, alpha=alpha)
        expected, grown = np.zeros((6, 3)), [row[:] for row in state]
        for c in range(3):
            positive, negative = state[0][c], state[1][c]
            low = 1.0 if negative == 0 else 1 / (1 + math.exp(-gamma * (positive / negative - mu)))
            high = 1 + alpha * (1 - low)
            for i in range(6):
                p, t = 1 / (1 + math.exp(-logits[i, c])), targets[i, c]
                expected[i, c] = -high * math.log(p) if t else -low * math.log(1 - p)
                grown[0][c] += high * (1 - p) if t else 0
                grown[1][c] += 0 if t else low * p
        state = grown
        np.testing.assert_allclose(loss, expected, rtol=1e-12)
        np.testing.assert_allclose(ours, state, rtol=1e-12)


def test_equalization_of_a_soft_target() -> None:
    """p = 1/2, t = 1/4: |p - t| = 1/4 is shared out in the parts t and 1 - t, as the weights 3 and 1/2 are."""
    loss, state = al.equalization_loss_v2(np.zeros((1, 1)), numbers([0.25]), numbers([0.8], [1]))
    assert loss[0, 0] == pytest.approx((3 * 0.25 + 0.5 * 0.75) * math.log(2), rel=1e-14)
    np.testing.assert_allclose(state, [[0.8 + 3 * 0.0625], [1 + 0.5 * 0.1875]], rtol=1e-14)
    # Of one row, its classes alone.
    alone, after = al.equalization_loss_v2(np.zeros(1), numbers(0.25), numbers([0.8], [1]))
    np.testing.assert_array_equal(alone, loss[0])
    np.testing.assert_array_equal(after, state)


def test_equalization_of_mmdet_divides_by_rows() -> None:
    logits, targets = np.zeros((4, 3)), np.zeros((4, 3))
    loss, _ = al.equalization_loss_v2(logits, targets, np.zeros((2, 3)), reduction="mean", normalizer=4)
    assert loss == pytest.approx(3 * math.log(2))


def test_equalization_accumulates_what_where_keeps() -> None:
    """Weights of rows are not applied to the state; `where` is. The class axis may come first."""
    logits, targets = np.zeros((2, 3)), numbers([1, 0, 1], [0, 0, 1])
    where, weights = np.asarray([[True, True, False]] * 2), numbers([7, 7, 7])
    loss, state = al.equalization_loss_v2(logits, targets, np.zeros((2, 2)), axis=0, where=where, weights=weights)
    np.testing.assert_allclose(loss, 7 * math.log(2) * where, rtol=1e-15)
    np.testing.assert_array_equal(state, [[0.5, 0], [0.5, 1]])


def test_equalization_weights_are_constant_for_the_gradient() -> None:
    state = numbers([0.8], [1])
    gradient = al.grad(lambda x: al.equalization_loss_v2(x, numbers([1], [0]), state, reduction="sum")[0])(
        logit([[0.25], [0.25]])
    )
    np.testing.assert_allclose(gradient, [[3 * (0.25 - 1)], [0.5 * 0.25]], rtol=1e-14)


# Gradient harmonizing, arXiv:1811.05181 -------------------------------------------------------------------------------

# Gradient norms .05, .35, .33 and .97 lie in bins 0, 3, 3 and 9 of ten: N = 4 elements in M = 3 bins.
GHM_P, GHM_T = numbers(0.95, 0.65, 0.33, 0.97), numbers(1, 1, 0, 0)
GHM_LOSS = -np.log([0.95, 0.65, 0.67, 0.03])


def test_ghm_weighs_by_the_density_of_gradients() -> None:
    loss, counts = al.ghm_classification_loss(logit(GHM_P), GHM_T)
    np.testing.assert_array_equal(counts, [1, 0, 0, 2, 0, 0, 0, 0, 0, 1])
    np.testing.assert_allclose(loss, GHM_LOSS * [4 / 3, 2 / 3, 2 / 3, 4 / 3], rtol=1e-13)
    mean, _ = al.ghm_classification_loss(logit(GHM_P), GHM_T, reduction="mean")
    assert mean == pytest.approx(float(loss.sum()) / 4, rel=1e-14)


def test_ghm_momentum() -> None:
    """Counts of full bins move a quarter of the way, those of empty bins stay."""
    start = numbers(5, 6, 0, 2, 0, 0, 0, 0, 0, 1)
    loss, counts = al.ghm_classification_loss(logit(GHM_P), GHM_T, start, momentum=0.75)
    np.testing.assert_array_equal(counts, [4, 6, 0, 2, 0, 0, 0, 0, 0, 1])
    np.testing.assert_allclose(loss, GHM_LOSS * [4 / (4 * 3), 4 / (2 * 3), 4 / (2 * 3), 4 / (1 * 3)], rtol=1e-13)
    # Again with what came back: two elements, in bins 3 and 5, and a third outside `where`.
    logits, targets = logit([0.65, 0.33, 0.5]), numbers(1, 0, 0)
    loss, counts = al.ghm_classification_loss(
        logits, targets, counts, momentum=0.75, where=np.asarray([True, False, True])
    )
    np.testing.assert_array_equal(counts, [4, 6, 0, 0.75 * 2 + 0.25, 0, 0.25, 0, 0, 0, 1])
    np.testing.assert_allclose(loss, [-math.log(0.65) * 2 / (1.75 * 2), 0, math.log(2) * 2 / (0.25 * 2)], rtol=1e-13)


def test_ghm_bins_at_both_ends() -> None:
    """A norm of exactly 1 belongs to the last bin, of 0 to the first, of 1/2 to the upper of two halves."""
    logits, targets = numbers(-1e4, 1e4, 0), numbers(1, 1, 1)
    loss, counts = al.ghm_classification_loss(logits, targets, bins=2)
    np.testing.assert_array_equal(counts, [1, 2])
    np.testing.assert_allclose(loss, [1e4 * 3 / 4, 0, math.log(2) * 3 / 4], rtol=1e-14)


def test_ghm_of_soft_targets() -> None:
    """|p - t| at p = 1/2: 1/4 and 3/8."""
    _, counts = al.ghm_classification_loss(np.zeros(3), numbers(0.25, 0.75, 0.125), bins=8)
    np.testing.assert_array_equal(counts, [0, 0, 2, 1, 0, 0, 0, 0])


def test_ghm_of_equal_gradients_is_plain_cross_entropy() -> None:
    loss, _ = al.ghm_classification_loss(np.full(7, 0.3), np.ones(7))
    np.testing.assert_allclose(loss, np.log1p(np.exp(-np.full(7, 0.3))), rtol=1e-14)


def test_ghm_of_nothing() -> None:
    for loss in (al.ghm_classification_loss, al.ghm_regression_loss):
        mean, counts = loss(np.zeros(3), np.zeros(3), where=np.zeros(3, dtype=bool), reduction="mean")
        assert mean == 0
        np.testing.assert_array_equal(counts, np.zeros(10))


def test_ghm_weights_are_constant_for_the_gradient() -> None:
    gradient = al.grad(lambda x: al.ghm_classification_loss(x, GHM_T, reduction="sum")[0])(logit(GHM_P))
    np.testing.assert_allclose(gradient, (GHM_P - GHM_T) * [4 / 3, 2 / 3, 2 / 3, 4 / 3], rtol=1e-13)


def test_ghm_regression() -> None:
    """3-4-5 triangles: mu = 4, d = 3 has norm 3/5 and loss 1; d = -9.6, mu = 4 has norm 12/13 and loss 6.4."""
    pred, target = numbers(3, -9.6, 1, 0), numbers(0, 0, 4, 0)
    loss, counts = al.ghm_regression_loss(pred, target, mu=4.0, bins=4)
    np.testing.assert_array_equal(counts, [1, 0, 2, 1])
    np.testing.assert_allclose(loss, [2 / 3 * 1, 4 / 3 * 6.4, 2 / 3 * 1, 0], rtol=1e-13)
    loss, counts = al.ghm_regression_loss(pred, target, counts, mu=4.0, bins=4, momentum=0.5)
    np.testing.assert_array_equal(counts, [1, 0, 2, 1])
    gradient = al.grad(lambda x: al.ghm_regression_loss(x, target, mu=4.0, bins=4, reduction="sum")[0])(pred)
    np.testing.assert_allclose(gradient, [2 / 3 * 0.6, -4 / 3 * 12 / 13, -2 / 3 * 0.6, 0], rtol=1e-13)
