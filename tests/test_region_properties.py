"""Laws of the segmentation losses for all inputs, searched for counterexamples."""

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
# Samples, classes, pixels.
SHAPE = (2, 3, 4, 3)


def arrays(low: float, high: float, *shape: int) -> Any:
    return hnp.arrays(np.float32, shape, elements=st.floats(low, high, width=32, allow_subnormal=False))


probs, fractions, logits = arrays(0, 1, *SHAPE), arrays(0, 1, *SHAPE), arrays(-1e4, 1e4, *SHAPE)
moderate = arrays(-30, 30, *SHAPE)
bits = hnp.arrays(np.float32, SHAPE, elements=st.sampled_from([0.0, 1.0]))
labels = hnp.arrays(np.int64, (2, 4, 3), elements=st.integers(-1, 2))
masks = hnp.arrays(np.bool_, (2, 4, 3))
smoothings = st.sampled_from([0.0, 1e-5, 1.0, 100.0])

OVERLAPS: list[tuple[str, Loss]] = [
    ("dice", lambda p, t, s, **o: al.dice_loss(p, t, axis=1, smooth=s, **o)),
    ("dice squared", lambda p, t, s, **o: al.dice_loss(p, t, axis=1, smooth=s, squared=True, **o)),
    ("dice minimum", lambda p, t, s, **o: al.dice_loss(p, t, axis=1, smooth=s, intersection="minimum", **o)),
    ("jaccard", lambda p, t, s, **o: al.jaccard_loss(p, t, axis=1, smooth=s, **o)),
    ("tversky", lambda p, t, s, **o: al.tversky_loss(p, t, axis=1, smooth=s, **o)),
    ("focal tversky", lambda p, t, s, **o: al.focal_tversky_loss(p, t, axis=1, power=1.5, smooth=s, **o)),
    ("generalized", lambda p, t, s, **o: al.generalized_dice_loss(p, t, axis=1, smooth=s, **o)),
    ("cl dice", lambda p, t, s, **o: al.cl_dice_loss(p, t, axis=1, smooth=s, iterations=2, **o)),
]
LOGITS: list[tuple[str, Loss]] = [
    ("sigmoid dice", lambda x, y, **o: al.sigmoid_dice_loss(x, _soft(y), axis=1, **o)),
    ("combo", lambda x, y, **o: al.combo_loss(x, _soft(y), axis=1, beta=0.7, **o)),
    ("lovasz hinge", lambda x, y, **o: al.lovasz_hinge_loss(x, _soft(y), axis=1, **o)),
    ("softmax dice", lambda x, y, **o: al.softmax_dice_loss(x, y, axis=1, **o)),
    ("dice cross-entropy", lambda x, y, **o: al.dice_cross_entropy_loss(x, y, axis=1, label_smoothing=0.1, **o)),
    ("dice focal", lambda x, y, **o: al.dice_focal_loss(x, y, axis=1, gamma=0.5, **o)),
    ("unified focal", lambda x, y, **o: al.unified_focal_loss(x, y, axis=1, **o)),
    ("lovasz softmax", lambda x, y, **o: al.lovasz_softmax_loss(x, y, axis=1, **o)),
    ("top k", lambda x, y, **o: al.top_k_cross_entropy(x, y, axis=1, fraction=0.4, **o)),
]


def _soft(y: Any) -> Any:
    """Class probabilities for independent targets; nothing for a label outside."""
    return np.moveaxis(np.asarray(y[..., None] == np.arange(3), dtype=np.float32), -1, 1)


def each(table: list[tuple[str, Loss]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("loss", [pytest.param(f, id=name) for name, f in table])


def slopes(loss: Loss, x: Any, *rest: Any, **options: Any) -> Any:
    return al.grad(lambda x: loss(x, *rest, reduction="sum", **options))(x)


@each(OVERLAPS)
@search
@hypothesis.given(st.one_of(probs, bits), st.one_of(fractions, bits), smoothings, masks)
def test_overlaps_lie_between_0_and_1(loss: Loss, p: Any, t: Any, smooth: float, mask: Any) -> None:
    rows = loss(p, t, smooth, mask=mask)
    assert rows.dtype == np.float32
    assert ((rows >= -1e-6) & (rows <= 1 + 1e-6)).all()
    pull = slopes(loss, p, t, smooth, mask=mask)
    assert np.isfinite(pull).all()
    np.testing.assert_array_equal(np.where(mask[:, None], 0, pull), 0 * p)


@each([row for row in OVERLAPS if row[0] not in ("generalized", "cl dice", "dice squared")])
@search
@hypothesis.given(st.one_of(probs, bits), bits, smoothings)
def test_a_better_pixel_never_costs_more(loss: Loss, p: Any, t: Any, smooth: float) -> None:
    """More where something is, less where nothing is. (At p = t the minimum has half of its slopes by convention.)"""
    pull = np.where(p == t, 0, slopes(loss, p, t, smooth))
    assert (np.where(t > 0, -pull, pull) >= -1e-6 * (1 + np.abs(pull).max())).all()


@search
@hypothesis.given(probs, st.one_of(fractions, bits))
def test_of_two_scores(p: Any, t: Any) -> None:
    """Jaccard's is 2d/(1 + d) of Dice's, hence never below; missing more than inventing is Tversky's knob."""
    dice, jaccard = al.dice_loss(p, t, axis=1), al.jaccard_loss(p, t, axis=1)
    np.testing.assert_allclose(jaccard, 2 * dice / (1 + dice), rtol=1e-5, atol=1e-6)
    low = al.tversky_loss(p, t, axis=1, fp_weight=0.3, fn_weight=0.4)
    for fp_weight, fn_weight in ((0.5, 0.4), (0.3, 0.8)):
        assert (al.tversky_loss(p, t, axis=1, fp_weight=fp_weight, fn_weight=fn_weight) >= low - 1e-6).all()
    mcc = al.mcc_loss(p, t, axis=1)
    assert ((mcc >= -1e-5) & (mcc <= 2 + 1e-5)).all()
    assert np.isfinite(slopes(lambda p, **o: al.mcc_loss(p, t, axis=1, **o), p)).all()


@each(LOGITS)
@search
@hypothesis.given(logits, labels, masks)
def test_logits_of_any_size(loss: Loss, x: Any, y: Any, mask: Any) -> None:
    rows = loss(x, y, mask=mask)
    assert rows.dtype == np.float32
    assert ((rows >= -1e-6) & (rows <= 1e5)).all()
    pull = slopes(loss, x, y, mask=mask)
    assert np.isfinite(pull).all()
    np.testing.assert_array_equal(np.where(mask[:, None], 0, pull), 0 * x)


# Lovász ---------------------------------------------------------------------------------------------------------------


@search
@hypothesis.given(moderate, moderate, bits, st.floats(0, 1))
def test_the_hinge_is_convex(a: Any, b: Any, t: Any, share: float) -> None:
    a, b = a.astype(np.float64), b.astype(np.float64)
    f: Loss = lambda x: al.lovasz_hinge_loss(x, t, axis=1)
    between = f(share * a + (1 - share) * b)
    assert (between <= share * f(a) + (1 - share) * f(b) + 1e-9).all()


@search
@hypothesis.given(moderate, bits)
def test_the_hinge_bounds_what_is_wrong(x: Any, t: Any) -> None:
    """Never below the Jaccard loss of the signs of its scores."""
    hard = (x > 0).astype(np.float32)
    assert (al.lovasz_hinge_loss(x, t, axis=1) >= al.jaccard_loss(hard, t, axis=1) - 1e-5).all()


@search
@hypothesis.given(moderate, labels)
def test_lovasz_softmax_lies_between_0_and_1(x: Any, y: Any) -> None:
    rows = al.lovasz_softmax_loss(x, y, axis=1, classes="all")
    assert ((rows >= 0) & (rows <= 1 + 1e-6)).all()
    assert (al.lovasz_softmax_loss(x, y, axis=1) <= rows).all()


# Hardest pixels -------------------------------------------------------------------------------------------------------


@search
@hypothesis.given(moderate, labels, st.floats(0.01, 1), st.floats(0.01, 1))
def test_fewer_hardest_cost_more(x: Any, y: Any, first: float, second: float) -> None:
    low, high = sorted((first, second))
    loss: Loss = lambda fraction: al.top_k_cross_entropy(x, y, axis=1, fraction=fraction)
    assert (loss(low) >= loss(high) - 1e-5 * (1 + loss(low))).all()
    pull = slopes(lambda x, **o: al.top_k_cross_entropy(x, y, axis=1, fraction=low, **o), x)
    # Slopes of a softmax add up to 0 in each pixel, and to at most 2 in size over a mean of pixels.
    np.testing.assert_allclose(pull.sum(axis=1), np.zeros((2, 4, 3)), atol=1e-5)
    assert (np.abs(pull).sum(axis=(1, 2, 3)) <= 2 + 1e-4).all()


# Maps, images and instances -------------------------------------------------------------------------------------------


@search
@hypothesis.given(probs, fractions, arrays(-50, 50, *SHAPE))
def test_maps(p: Any, t: Any, distances: Any) -> None:
    outside, inside = np.maximum(distances, 0), np.maximum(-distances, 0)
    rows = al.hausdorff_dt_loss(p, t, outside, inside, axis=1)
    assert (rows >= 0).all()
    np.testing.assert_allclose(al.hausdorff_dt_loss(t, p, inside, outside, axis=1), rows, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(al.hausdorff_dt_loss(p, p, outside, inside, axis=1), 0 * rows)
    # The boundary loss is linear in both.
    f: Loss = lambda p, d: al.boundary_loss(p, d, axis=1)
    np.testing.assert_allclose(f(p, distances), f(p, outside) - f(p, inside), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(f(p + t, distances), f(p, distances) + f(t, distances), rtol=1e-4, atol=1e-4)


@search
@hypothesis.given(arrays(0, 1, 2, 6, 7), arrays(0, 1, 2, 6, 7))
def test_images(x: Any, y: Any) -> None:
    loss: Loss = lambda x, y: al.ssim_loss(x, y, axis=None, window_size=5)
    rows = loss(x, y)
    assert ((rows >= -1e-5) & (rows <= 2 + 1e-5)).all()
    np.testing.assert_allclose(loss(y, x), rows, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(loss(x, x), 0 * rows, atol=1e-6)
    flipped = loss(x[:, ::-1, ::-1], y[:, ::-1, ::-1])
    np.testing.assert_allclose(flipped, rows, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(loss(x.swapaxes(1, 2), y.swapaxes(1, 2)), rows, rtol=1e-4, atol=1e-5)
    skeletons: Loss = lambda x, y: al.cl_dice_loss(x, y, axis=None)
    np.testing.assert_allclose(skeletons(x.swapaxes(1, 2), y.swapaxes(1, 2)), skeletons(x, y), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(skeletons(x[:, ::-1], y[:, ::-1]), skeletons(x, y), rtol=1e-4, atol=1e-6)
    assert np.isfinite(al.grad(lambda x: al.ssim_loss(x, y, axis=None, window_size=5, reduction="sum"))(x)).all()


places = arrays(-20, 20, 2, 6)
instances = hnp.arrays(np.bool_, (3, 6))


@search
@hypothesis.given(places, instances, st.floats(-3, 3), st.floats(0, 6.28))
def test_instances(x: Any, masks: Any, shift: float, turn: float) -> None:
    """Shifted and turned together nothing changes."""
    x = x.astype(np.float64)
    loss: Loss = lambda x, masks=masks: al.embedding_hinge_loss(x, masks, axis=0, batch_axes=(), margin=0.5)
    rows = loss(x)
    turned = np.asarray([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ x + shift
    np.testing.assert_allclose(loss(turned), rows, rtol=1e-9, atol=1e-9)
    assert (rows[~masks.any(axis=1)] == 0).all()
    pull = slopes(lambda x, **o: al.embedding_hinge_loss(x, masks, axis=0, batch_axes=(), margin=0.5, **o), x)
    assert np.isfinite(pull).all()
    np.testing.assert_allclose(pull.sum(axis=1), [0, 0], atol=1e-9)


def test_a_nan_stays_in_its_instance() -> None:
    """Pixels outside of an instance do not count, not even a NaN."""
    x = np.asarray([[0, 2, 5, 9, np.nan], [0, 0, 1, np.nan, 1]])
    masks = np.asarray([[True, True, False, False, False], [False, False, True, True, False]])
    options: Any = {"axis": 0, "batch_axes": (), "margin": 0.25}
    np.testing.assert_array_equal(al.embedding_hinge_loss(x, masks, **options), [0.75, np.nan])
    value, pull = al.value_and_grad(lambda x: al.embedding_hinge_loss(x, masks, **options)[0])(x)
    assert value == 0.75
    np.testing.assert_array_equal(pull, [[-0.5, 0.5, 0, 0, 0], [0, 0, 0, 0, 0]])


@search
@hypothesis.given(places, arrays(-1, 8, 1, 6), arrays(-20, 20, 6), instances, st.floats(-5, 5))
def test_spatial_instances(offsets: Any, sigmas: Any, seeds: Any, masks: Any, shift: float) -> None:
    """Only differences of places count."""
    grid = np.stack(np.divmod(np.arange(6.0), 3))
    loss: Loss = lambda offsets, sigmas, seeds, grid: al.spatial_embedding_loss(
        offsets, sigmas, seeds, masks, grid, axis=0, batch_axes=()
    )
    given = [x.astype(np.float64) for x in (offsets, sigmas, seeds)]
    value = loss(*given, grid)
    assert value >= 0
    pulls = al.grad(loss, argnums=(0, 1, 2))(*given, grid)
    assert all(np.isfinite(pull).all() for pull in pulls)
    if (sigmas < 1).all():
        np.testing.assert_allclose(loss(*given, grid + shift), value, rtol=1e-6, atol=1e-9)
