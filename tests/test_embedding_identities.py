"""Equalities between losses of embeddings, and what must not matter to them: length, turns and shifts, order, names.

Batches are small and random; values are compared in float64, and gradients with them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest

import array_losses as al

Loss = Callable[..., Any]

RNG = np.random.default_rng(29)
N, D, CLASSES = 9, 4, 3
X = RNG.normal(size=(N, D))
# One label stands alone.
LABELS = np.asarray([0, 1, 0, 2, 2, 1, 0, 2, 7])
PROXIES, KEYS = RNG.normal(size=(8, D)), RNG.normal(size=(N, D))

# By distances, and by cosines. Each takes embeddings and labels.
DISTANCES: list[tuple[str, Loss]] = [
    ("batch hard", lambda x, y, **o: al.batch_hard_triplet_loss(x, y, **o)),
    ("batch hard, soft", lambda x, y, **o: al.batch_hard_triplet_loss(x, y, margin=None, **o)),
    ("batch all", lambda x, y, **o: al.batch_all_triplet_loss(x, y, margin=0.7, **o)),
    ("semi-hard", lambda x, y, **o: al.semi_hard_triplet_loss(x, y, **o)),
    ("contrastive", lambda x, y, **o: al.contrastive_loss(
        al.pairwise_distance(x), y[:, None] == y, negative_margin=2.0, **o)),
]  # fmt: skip
COSINES: list[tuple[str, Loss]] = [
    ("nt_xent", lambda x, y, **o: al.nt_xent_loss(x, y, **o)),
    ("sup_con", lambda x, y, **o: al.sup_con_loss(x, y, **o)),
    ("circle", lambda x, y, **o: al.circle_loss(x, y, gamma=16.0, **o)),
    ("multi similarity", lambda x, y, **o: al.multi_similarity_loss(x, y, beta=8.0, **o)),
    ("multi similarity, all pairs", lambda x, y, **o: al.multi_similarity_loss(x, y, beta=8.0, epsilon=None, **o)),
]
PROXIED: list[tuple[str, Loss]] = [
    ("info_nce", lambda x, y, **o: al.info_nce_loss(x, KEYS, **o)),
    ("proxy nca", lambda x, y, **o: al.proxy_nca_loss(x, PROXIES, y, **o)),
    ("proxy anchor", lambda x, y, **o: al.proxy_anchor_loss(x, PROXIES, y, alpha=8.0, **o)),
]


def each(table: list[tuple[str, Loss]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("loss", [pytest.param(f, id=name) for name, f in table])


def mean(loss: Loss, y: Any, **options: Any) -> Loss:
    return lambda x: loss(x, y, reduction="mean", **options)


def near(left: Any, right: Any, digits: float = 1e-11) -> None:
    np.testing.assert_allclose(left, right, rtol=digits, atol=digits)


def slopes(f: Loss, x: Any) -> Any:
    return al.grad(f)(x)


# Definitions by loops -------------------------------------------------------------------------------------------------


def length(a: Any, b: Any) -> float:
    return float(np.sqrt(((a - b) ** 2).sum()))


def triplets(labels: Any) -> list[tuple[int, int, int]]:
    places = range(len(labels))
    return [
        (i, j, k)
        for i, j, k in itertools.product(places, places, places)
        if i != j and labels[i] == labels[j] and labels[i] != labels[k]
    ]


@pytest.mark.parametrize("margin", [0.0, 0.4, 3.0])
def test_batch_all_by_triplets(margin: float) -> None:
    rows, active = np.zeros(N), 0
    for i, j, k in triplets(LABELS):
        cost = max(0.0, length(X[i], X[j]) - length(X[i], X[k]) + margin)
        rows[i] += cost
        active += cost > 0
    near(al.batch_all_triplet_loss(X, LABELS, margin=margin), rows)
    near(al.batch_all_triplet_loss(X, LABELS, margin=margin, reduction="mean"), rows.sum() / active)
    every = al.batch_all_triplet_loss(X, LABELS, margin=margin, active_only=False, reduction="mean")
    near(every, rows.sum() / len(triplets(LABELS)))
    anchors, positives, negatives = (X[list(places)] for places in zip(*triplets(LABELS)))
    near(al.triplet_loss(anchors, positives, negatives, margin=margin, reduction="sum"), rows.sum())


def test_mined_losses_are_losses_of_mined_distances() -> None:
    distances = al.pairwise_distance(X)
    for active_only in (False, True):
        hard = al.batch_hard(distances, LABELS)
        options: Any = {"margin": 0.6, "active_only": active_only, "reduction": "mean"}
        whole = al.batch_hard_triplet_loss(X, LABELS, **options)
        near(whole, al.mined_triplet_loss(hard.positive, hard.negative, where=hard.valid, **options))
    semi = al.semi_hard(distances, LABELS)
    whole = al.semi_hard_triplet_loss(X, LABELS, margin=0.6, reduction="mean")
    near(whole, al.mined_triplet_loss(semi.positive, semi.negative, margin=0.6, where=semi.valid, reduction="mean"))


def test_mining_by_loops() -> None:
    distances = al.pairwise_distance(X)
    hard, semi = al.batch_hard(distances, LABELS), al.semi_hard(distances, LABELS)
    for i in range(N):
        same = [distances[i, j] for j in range(N) if j != i and LABELS[j] == LABELS[i]]
        other = [distances[i, j] for j in range(N) if LABELS[j] != LABELS[i]]
        assert bool(hard.valid[i]) == bool(same and other)
        if hard.valid[i]:
            near((hard.positive[i], hard.negative[i]), (max(same), min(other)))
        for j in range(N):
            assert bool(semi.valid[i, j]) == (j != i and LABELS[j] == LABELS[i])
            if semi.valid[i, j]:
                farther = [d for d in other if d > distances[i, j]]
                near((semi.positive[i, j], semi.negative[i, j]), (distances[i, j], min(farther, default=max(other))))


def test_softmax_losses_by_loops() -> None:
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    s = unit @ unit.T
    pairs, rows = np.zeros((N, N)), np.zeros(N)
    for i in range(N):
        positives = [j for j in range(N) if j != i and LABELS[j] == LABELS[i]]
        against = sum(np.exp(s[i, k] / 0.5) for k in range(N) if LABELS[k] != LABELS[i])
        for j in positives:
            pairs[i, j] = -np.log(np.exp(s[i, j] / 0.5) / (np.exp(s[i, j] / 0.5) + against))
        every = sum(np.exp(s[i, k] / 0.1) for k in range(N) if k != i)
        if positives:
            rows[i] = np.mean([-np.log(np.exp(s[i, j] / 0.1) / every) for j in positives])
    near(al.nt_xent_loss(X, LABELS), pairs)
    near(al.sup_con_loss(X, LABELS), rows)
    near(al.nt_xent_loss(X, LABELS, reduction="mean"), pairs.sum() / (pairs > 0).sum())
    near(al.sup_con_loss(X, LABELS, reduction="mean"), rows.sum() / 8)


# Relatives ------------------------------------------------------------------------------------------------------------


def test_one_positive_each() -> None:
    """With two views of each sample SupCon is NT-Xent: the cross-entropy of a sample's other view among all others."""
    twice = np.concatenate([np.arange(4), np.arange(4)])
    x = X[:8]
    pairs = al.nt_xent_loss(x, twice, temperature=0.3)
    near(al.sup_con_loss(x, twice, temperature=0.3), pairs.sum(axis=1))
    logits = np.where(np.eye(8, dtype=bool), -np.inf, al.pairwise_similarity(x) / 0.3)
    near(al.softmax_cross_entropy(logits, (np.arange(8) + 4) % 8), pairs.sum(axis=1))
    near(slopes(mean(al.sup_con_loss, twice), x), slopes(mean(al.nt_xent_loss, twice, temperature=0.1), x))


def test_info_nce_is_cross_entropy_of_similarities() -> None:
    found = al.info_nce_loss(X, KEYS, temperature=0.2)
    near(found, al.softmax_cross_entropy(al.pairwise_similarity(X, KEYS) / 0.2, np.arange(N)))
    queue = RNG.normal(size=(5, D))
    own = (al.pairwise_similarity(X, KEYS) / 0.2)[np.arange(N), np.arange(N), None]
    logits = np.concatenate([own, al.pairwise_similarity(X, queue) / 0.2], axis=1)
    near(al.info_nce_loss(X, KEYS, negatives=queue, temperature=0.2), al.softmax_cross_entropy(logits, 0 * LABELS))


def test_proxies_are_a_softmax_of_distances() -> None:
    """exp(-|x - p|^2) = exp(2 cos - 2)."""
    logits = 2 * 3.0 * al.pairwise_similarity(X, PROXIES)
    near(
        al.proxy_nca_loss(X, PROXIES, LABELS, scale=3.0, include_positive=True),
        al.softmax_cross_entropy(logits, LABELS),
    )


def test_margins_of_zero() -> None:
    cosines = RNG.uniform(-1, 1, (5, 8))
    labels = np.asarray([0, 7, 3, 3, -1])
    for logits in (al.arcface_logits, al.cosface_logits):
        near(logits(cosines, labels, margin=0, scale=2), 2 * cosines)
    expected = np.cos(np.arccos(cosines) + 0.2 * (np.arange(8) == labels[:, None]))
    inside = np.arccos(cosines) + 0.2 <= np.pi
    near(np.where(inside, al.arcface_logits(cosines, labels, margin=0.2, scale=1), 0), np.where(inside, expected, 0))


def test_centres() -> None:
    near(al.center_loss(X, PROXIES, LABELS), [length(x, PROXIES[y]) ** 2 / 2 for x, y in zip(X, LABELS)])
    pull = al.grad(lambda x, c: al.center_loss(x, c, LABELS, reduction="sum"), argnums=(0, 1))(X, PROXIES)
    near(pull[0], X - PROXIES[LABELS])
    near(pull[1], [sum((PROXIES[c] - x for x in X[c == LABELS]), np.zeros(D)) for c in range(8)])


# Laws -----------------------------------------------------------------------------------------------------------------

TURN = np.linalg.qr(RNG.normal(size=(D, D)))[0]


@each(DISTANCES)
def test_moved_together(loss: Loss) -> None:
    """Turned, mirrored and shifted: the same distances."""
    f = mean(loss, LABELS)
    near(f(X @ TURN.T + 5), f(X))
    near(slopes(f, X @ TURN.T + 5), slopes(f, X) @ TURN.T)
    near(slopes(f, X).sum(axis=0), np.zeros(D))


@each(COSINES)
def test_length_does_not_count(loss: Loss) -> None:
    """Hence no slope along the embedding, and slopes that fall as it grows."""
    f = mean(loss, LABELS)
    scale = RNG.uniform(0.1, 9, (N, 1))
    near(f(X * scale @ TURN.T), f(X), 1e-10)
    near(slopes(f, X * scale) * scale, slopes(f, X), 1e-9)
    near((slopes(f, X) * X).sum(axis=1), np.zeros(N))


@each(PROXIED)
def test_length_does_not_count_beside_proxies(loss: Loss) -> None:
    f = mean(loss, LABELS)
    near(f(X * RNG.uniform(0.1, 9, (N, 1))), f(X), 1e-10)
    near((slopes(f, X) * X).sum(axis=1), np.zeros(N))


@each(DISTANCES + COSINES)
def test_order_and_names(loss: Loss) -> None:
    order = np.asarray([4, 8, 1, 7, 0, 3, 6, 2, 5])
    rows, mixed = loss(X, LABELS), loss(X[order], LABELS[order])
    near(mixed, rows[np.ix_(order, order)] if rows.ndim == 2 else rows[order])
    near(slopes(mean(loss, LABELS[order]), X[order]), slopes(mean(loss, LABELS), X)[order])
    np.testing.assert_array_equal(loss(X, 1000 - 3 * LABELS), rows)


@each([row for row in DISTANCES + COSINES if row[0] != "contrastive"])
def test_batches_stay_apart(loss: Loss) -> None:
    both = np.stack([X, X[::-1] * 2 + 1])
    labels = np.stack([LABELS, LABELS % 2])
    rows = loss(both, labels)
    for alone, x, y in zip(rows, both, labels):
        near(alone, loss(x, y))
    rows = loss(both[:, None], labels[:, None])
    assert rows.shape[:2] == (2, 1)


whole = hnp.arrays(np.float32, (6, 3), elements=st.floats(-100, 100, width=32, allow_subnormal=False))
names = hnp.arrays(np.int64, (6,), elements=st.integers(0, 2))


@each(DISTANCES + COSINES)
@hypothesis.settings(derandomize=True, deadline=None, max_examples=40)
@hypothesis.given(whole, names)
def test_finite_and_not_negative(loss: Loss, x: Any, y: Any) -> None:
    """Zeros, coincident and opposite embeddings, one label or none twice."""
    rows = loss(x, y)
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()
    assert (rows >= -1e-4).all()
    value, pull = al.value_and_grad(mean(loss, y))(x)
    assert np.isfinite(value)
    assert np.isfinite(pull).all()


@hypothesis.settings(derandomize=True, deadline=None, max_examples=60)
@hypothesis.given(whole, whole)
def test_distances(a: Any, b: Any) -> None:
    found, turned = al.pairwise_distance(a, b), al.pairwise_distance(b, a)
    blur = 1e-7 * max(np.abs(a).max(), np.abs(b).max())  # below which a distance counts as 0
    np.testing.assert_allclose(found, turned.T, rtol=1e-6, atol=blur)
    exact = np.sqrt(((a[:, None].astype(np.float64) - b) ** 2).sum(axis=-1))
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=blur)
    np.testing.assert_array_equal(np.diagonal(al.pairwise_distance(a)), np.zeros(6))
    # The way round is never shorter.
    assert (found[:, None, :] <= al.pairwise_distance(a)[:, :, None] + found[None, :, :] + 1e-3).all()
    cosines = al.pairwise_similarity(a, b)
    assert (np.abs(cosines) <= 1 + 1e-6).all()
