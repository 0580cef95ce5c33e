"""The inputs of the race: nothing on a kink, nothing where a peer cuts off."""

from __future__ import annotations

import numpy as np

from benchmarks import inputs


def test_probabilities_are_those_of_the_logits() -> None:
    logits, targets = inputs.binary((2_000, 80))
    probs, same = inputs.probabilities((2_000, 80))
    np.testing.assert_array_equal(same, targets)
    np.testing.assert_allclose(np.log(probs) - np.log1p(-probs), logits, atol=1e-2)
    assert probs.dtype == np.float32
    assert 1e-7 < probs.min() < 1e-3 < 0.999 < probs.max() < 1 - 1e-7  # keras cuts off there


def test_distributions_stay_where_keras_cuts_nothing_off() -> None:
    for probs in inputs.two_distributions((65_536, 80)):
        assert probs.dtype == np.float32
        np.testing.assert_allclose(np.sum(probs, axis=-1), 1.0, rtol=1e-5)
        assert probs.min() > 1e-6
    first, second = inputs.two_distributions((10, 80))
    assert not np.any(first == second)


def test_scores_lie_on_both_sides_of_the_margin() -> None:
    scores, targets = inputs.scores((1_000_000,))
    assert scores.dtype == targets.dtype == np.float32
    assert set(np.unique(targets)) == {-1.0, 1.0}
    assert 0.5 < np.mean(scores * targets < 1) < 0.95
    assert not np.any(scores * targets == 1)


def test_triplets_lie_on_both_sides_of_the_margin() -> None:
    anchor, positive, negative = inputs.triplets((32_768, 128))
    near, far = (np.linalg.norm(anchor - other, axis=-1) for other in (positive, negative))
    assert anchor.dtype == positive.dtype == np.float32
    assert 0.2 < np.mean(near - far + 0.2 > 0) < 0.8
    assert np.min(np.abs(near - far + 0.2)) > 1e-6


def test_no_embeddings_are_as_far_apart_as_the_margin_of_pairs() -> None:
    embeddings, _ = inputs.identities((512, 128))
    square = np.sum(embeddings**2, axis=-1)
    apart = np.sqrt(np.maximum(square[:, None] + square - 2 * embeddings @ embeddings.T, 0))
    assert 0.7 * inputs.FAR < apart.max() < 0.95 * inputs.FAR
