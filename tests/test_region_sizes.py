"""Regions at their limits: nothing there, everything there, one pixel, and so many that sums need care; on NumPy,
PyTorch and JAX, in value and gradient."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import jax
import numpy as np
import pytest
import torch
from array_api_compat import array_namespace

import array_losses as al

Loss = Callable[..., Any]


def on_numpy(loss: Loss, *arrays: Any) -> tuple[Any, Any]:
    return al.value_and_grad(loss)(*arrays)


def on_torch(loss: Loss, *arrays: Any) -> tuple[Any, Any]:
    x, *rest = (torch.tensor(array) for array in arrays)
    x.requires_grad_(True)
    value = loss(x, *rest)
    value.backward()
    assert x.grad is not None
    return value.detach().numpy(), x.grad.numpy()


@functools.cache
def compiled(loss: Loss) -> Any:
    return jax.jit(jax.value_and_grad(loss))


def on_jax(loss: Loss, *arrays: Any) -> tuple[Any, Any]:
    value, slopes = compiled(loss)(*(jax.numpy.asarray(array) for array in arrays))
    return np.asarray(value), np.asarray(slopes)


each_library = pytest.mark.parametrize("run", [on_numpy, on_torch, on_jax], ids=["numpy", "torch", "jax"])


# Each takes numbers, targets of the same shape and a mask, with samples first and classes second, and gives rows.


def covered(name: str, **knobs: Any) -> Loss:
    return lambda x, t, mask, **o: getattr(al, name)(x, t, axis=1, mask=mask, **knobs, **o)


def labelled(name: str, **knobs: Any) -> Loss:
    def loss(x: Any, t: Any, mask: Any, **options: Any) -> Any:
        labels = array_namespace(t).argmax(t, axis=1)
        return getattr(al, name)(x, labels, axis=1, mask=mask, **knobs, **options)

    return loss


def spatial(x: Any, t: Any, mask: Any, **options: Any) -> Any:
    xp = array_namespace(x)
    one = x[:, :1, ...]
    places = xp.stack(xp.meshgrid(*(xp.arange(n) * 1.0 for n in t.shape[2:]), indexing="ij"))
    return al.spatial_embedding_loss(xp.concat([one, one], axis=1), one, x[:, 0, ...], t > 0.5, places, axis=1)


LOSSES: dict[str, Loss] = {
    "dice": covered("dice_loss"),
    "dice squared": covered("dice_loss", squared=True),
    "dice minimum": covered("dice_loss", intersection="minimum"),
    "dice smooth": covered("dice_loss", smooth=1.0),
    "dice skip": covered("dice_loss", absent="skip"),
    "jaccard": covered("jaccard_loss"),
    "tversky": covered("tversky_loss"),
    "tversky without one": covered("tversky_loss", fp_weight=0.0, fn_weight=1.0),
    "focal tversky": covered("focal_tversky_loss"),
    "generalized": covered("generalized_dice_loss"),
    "generalized simple": covered("generalized_dice_loss", class_weighting="simple", absent="skip"),
    "mcc": covered("mcc_loss"),
    "sigmoid dice": covered("sigmoid_dice_loss"),
    "combo": covered("combo_loss", beta=0.8),
    "lovasz hinge": covered("lovasz_hinge_loss"),
    "softmax dice": labelled("softmax_dice_loss"),
    "dice cross-entropy": labelled("dice_cross_entropy_loss", absent="skip"),
    "dice focal": labelled("dice_focal_loss"),
    "unified focal": labelled("unified_focal_loss"),
    "lovasz softmax": labelled("lovasz_softmax_loss"),
    "top k": labelled("top_k_cross_entropy", fraction=0.3),
    "boundary": covered("boundary_loss"),
    "hausdorff": lambda x, t, mask, **o: al.hausdorff_dt_loss(x, t, t, 2 * t, axis=1, mask=mask, **o),
    "cl dice": covered("cl_dice_loss", iterations=1),
    "cl dice not smooth": covered("cl_dice_loss", iterations=1, smooth=0.0),
    "ssim": lambda x, t, mask, **o: al.ssim_loss(x, t, axis=1, window_size=1, **o),
    "embedding hinge": lambda x, t, mask, **o: al.embedding_hinge_loss(x, t > 0.5, axis=1, margin=0.25, **o),
    "spatial embedding": spatial,
}
each_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())

SHAPE = (2, 3, 4, 5)
RNG = np.random.default_rng(11)
SOME = np.asarray(RNG.uniform(size=SHAPE) < 0.4, dtype=np.float32)
X = RNG.uniform(0.1, 0.9, SHAPE).astype(np.float32)
ZERO, ONE = np.zeros_like(X), np.ones_like(X)
INPUTS: dict[str, tuple[Any, Any, bool]] = {
    "empty mask": (X, ZERO, True),
    "full mask": (X, ONE, True),
    "empty prediction": (ZERO, SOME, True),
    "full prediction": (ONE, SOME, True),
    "nothing at all": (ZERO, ZERO, True),
    "everything": (ONE, ONE, True),
    "perfect": (SOME, SOME, True),
    "all wrong": (1 - SOME, SOME, True),
    "all masked": (X, SOME, False),
    "one pixel": (X[..., :1, :1], SOME[..., :1, :1], True),
    "one empty pixel": (X[..., :1, :1], ZERO[..., :1, :1], True),
    "one class": (X[:, :1], SOME[:, :1], True),
    "saturated": (200 * X - 100, SOME, True),
    "no sample": (X[:0], SOME[:0], True),
}


@functools.cache
def summed(loss: Loss) -> Loss:
    return lambda x, t, mask: array_namespace(x).sum(loss(x, t, mask))


@each_library
@each_loss
@pytest.mark.parametrize(("x", "t", "seen"), INPUTS.values(), ids=INPUTS.keys())
def test_finite(run: Any, loss: Loss, x: Any, t: Any, seen: bool) -> None:
    mask = np.full((*x.shape[:1], *x.shape[2:]), seen)
    value, slopes = run(summed(loss), x, t, mask)
    assert value.dtype == slopes.dtype == np.float32
    assert np.isfinite(value)
    assert slopes.shape == x.shape
    assert np.isfinite(slopes).all()
    if not seen and loss not in (LOSSES["ssim"], LOSSES["embedding hinge"], LOSSES["spatial embedding"]):
        assert value == 0
        np.testing.assert_array_equal(slopes, 0 * x)


@pytest.mark.parametrize(
    ("name", "empty", "missed", "invented"),
    [  # nothing there and nothing found; everything missed; found what is not there
        ("dice", 0, 1, 1),
        ("dice squared", 0, 1, 1),
        ("dice minimum", 0, 1, 1),
        ("dice smooth", 0, 1 - 1 / 21, 1 - 1 / 21),
        ("dice skip", 0, 1, 0),
        ("jaccard", 0, 1, 1),
        ("tversky", 0, 1, 1),
        # What is invented has no weight.
        ("tversky without one", 0, 1, 0),
        ("focal tversky", 0, 1, 1),
        ("mcc", 0, 1, 1),
        ("cl dice", 0, 1 - 2 / 3, 1 - 2 / 3),
    ],
)
def test_nothing_to_find(name: str, empty: float, missed: float, invented: float) -> None:
    """Regions of twenty pixels; centrelines: one pixel in nine is there, one skeleton pixel."""
    loss, mask = LOSSES[name], np.ones((2, 4, 5), dtype=np.bool_)
    something = ONE
    if name == "cl dice":
        something = ZERO.copy()
        something[:, :, 1, 1] = 1
    for x, t, expected in ((ZERO, ZERO, empty), (ZERO, something, missed), (something, ZERO, invented)):
        np.testing.assert_allclose(loss(x, t, mask), np.full((2, 3), expected), rtol=1e-6)


# Large ----------------------------------------------------------------------------------------------------------------


@each_library
@pytest.mark.parametrize("name", ["dice", "jaccard", "mcc"])
def test_a_large_mask_in_half_precision(run: Any, name: str) -> None:
    """4096 x 4096 pixels: a float16 sum overflows at 65504, a naive float32 sum of 0.1 stalls at 2^21."""
    side, rows = 4096, 1536
    t = np.zeros((1, 1, side, side), dtype=np.float16)
    t[:, :, :rows] = 1
    x = np.where(t > 0, np.float16(0.8), np.float16(0.1))
    n, T = Fraction(side * side), Fraction(side * rows)
    up, down = Fraction(float(np.float16(0.8))), Fraction(float(np.float16(0.1)))
    I, P = T * up, T * up + (n - T) * down  # noqa: E741
    if name == "mcc":
        root = math.sqrt(P * T * (n - P) * (n - T))
        expected = 1 - float(n * I - P * T) / root
    else:
        k = 2 if name == "dice" else 1
        expected = float(1 - k * I / (P + T - (2 - k) * I))
    mask = np.ones((1, side, side), dtype=np.bool_)
    value, slopes = run(lambda x, t, mask: LOSSES[name](x, t, mask, reduction="sum"), x, t, mask)
    assert value.dtype == np.float32
    assert value == pytest.approx(expected, rel=1e-6)
    assert slopes.dtype == np.float16
    if name == "dice":
        # In units of 2^-24, the smallest float16: -2 ((P + T) t - I)/(P + T)^2.
        for part, hit in ((slopes[..., :rows, :], 1), (slopes[..., rows:, :], 0)):
            slope = np.float16(float(-2 * ((P + T) * hit - I) / (P + T) ** 2))
            assert slope != 0
            np.testing.assert_array_equal(part, slope)


LONG = 2_000_000
CHANCES = np.full((LONG, 2), 0.1, dtype=np.float32)
CHANCES[:, 1] = 0.3
EVEN = np.zeros((LONG, 2), dtype=np.float32)
EVEN[::2, 0] = EVEN[1::2, 1] = 1
ALONG: dict[str, Loss] = {
    "dice": lambda x, t, **o: al.dice_loss(x, t, **o),
    "dice squared": lambda x, t, **o: al.dice_loss(x, t, squared=True, **o),
    "tversky": lambda x, t, **o: al.tversky_loss(x, t, **o),
    "generalized": lambda x, t, **o: al.generalized_dice_loss(x, t, **o),
    "mcc": lambda x, t, **o: al.mcc_loss(x, t, **o),
    "combo": lambda x, t, **o: al.combo_loss(x, t, **o),
    "boundary": lambda x, t, **o: al.boundary_loss(x, t, **o),
    "hausdorff": lambda x, t, **o: al.hausdorff_dt_loss(x, t, t, t, **o),
    "lovasz hinge": lambda x, t, **o: al.lovasz_hinge_loss(x, t, **o),
    "softmax dice": lambda x, t, **o: al.softmax_dice_loss(x, t, **o),
    "dice cross-entropy": lambda x, t, **o: al.dice_cross_entropy_loss(x, t, **o),
    "unified focal": lambda x, t, **o: al.unified_focal_loss(x, t, **o),
    "top k": lambda x, t, **o: al.top_k_cross_entropy(x, t, fraction=0.6, **o),
}


@each_library
def test_long_sums(run: Any) -> None:
    """Two million rows of two classes, added up along the first axis: NumPy's own order is off by 1.5 percent there."""
    found, _ = run(lambda x, t: al.dice_loss(x, t, axis=-1, batch_axes=(), reduction="sum"), CHANCES, EVEN)
    expected = 0.0
    for c in range(2):
        I, P, T = (math.fsum(x.tolist()) for x in (CHANCES[:, c] * EVEN[:, c], CHANCES[:, c], EVEN[:, c]))  # noqa: E741
        expected += 1 - 2 * I / (P + T)
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ALONG)
def test_long_sums_of_each(name: str) -> None:
    """On NumPy, which adds up along a first axis one by one."""
    loss = lambda x, t: ALONG[name](x, t, axis=-1, batch_axes=(), reduction="sum")
    found, slopes = on_numpy(loss, CHANCES, EVEN)
    expected, pull = on_numpy(loss, CHANCES.astype(np.float64), EVEN.astype(np.float64))
    assert found == pytest.approx(expected, rel=2e-6)
    np.testing.assert_allclose(slopes[:100], pull[:100], rtol=1e-5, atol=1e-5 * np.abs(pull).max())


@pytest.mark.parametrize("pixels", [4_095, 4_096, 4_097, 10_000])
@pytest.mark.parametrize("last", [True, False])
def test_of_products_added_up_in_parts(pixels: int, last: bool) -> None:
    """Sums of NumPy, by BLAS where the pixels lie side by side, keep their digits: 1e-6 of each pixel is missing."""
    probs = np.full((2, pixels), 1.0 - 2.0**-20, dtype=np.float32)
    targets = np.ones((2, pixels), dtype=np.float32)
    probs[1, ::3], targets[1, ::3] = 2.0**-20, 0.0
    if not last:
        probs, targets = (np.asfortranarray(x) for x in (probs, targets))
    loss = al.dice_loss(probs, targets, axis=None)
    p, t = probs.astype(np.float64), targets.astype(np.float64)
    wrong = np.sum(p * (1.0 - t) + t * (1.0 - p), axis=-1)
    np.testing.assert_allclose(loss, wrong / (2.0 * np.sum(p * t, axis=-1) + wrong), rtol=1e-6)


@pytest.mark.parametrize("name", ["dice_loss", "sigmoid_dice_loss"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("shape", [(2, 3, 65_536), (2, 3, 62_500), (1, 2, 401_408), (1, 1, 400_001), (300, 2, 700)])
@pytest.mark.parametrize("run", [on_numpy, on_torch], ids=["numpy", "torch"])
def test_regions_in_pieces(name: str, masked: bool, shape: tuple[int, ...], run: Any) -> None:
    """More pixels than are added up at once: each region as it is alone, and as in double precision."""
    draw = np.random.default_rng(5)
    x, t = draw.random(shape, dtype=np.float32), draw.random(shape, dtype=np.float32).round()
    mask = draw.random((shape[0], *shape[2:])) < 0.7 if masked else None
    weights = np.arange(1.0, 1.0 + shape[0] * shape[1], dtype=np.float32).reshape(shape[:2])

    def loss(x: Any, t: Any, weights: Any, mask: Any = None) -> Any:
        return getattr(al, name)(x, t, axis=1, mask=mask, weights=weights, reduction="sum")

    given = () if mask is None else (mask,)
    value, slopes = run(loss, x, t, weights, *given)
    expected, pull = on_numpy(loss, *(z.astype(np.float64) for z in (x, t, weights)), *given)
    assert value == pytest.approx(expected, rel=2e-6)
    np.testing.assert_allclose(slopes[:1, :1], pull[:1, :1], rtol=1e-5, atol=1e-6 * np.abs(pull).max())
    if run is on_numpy:
        rows = getattr(al, name)(x, t, axis=1, mask=mask)
        alone = getattr(al, name)(x[-1:, -1:], t[-1:, -1:], axis=1, mask=None if mask is None else mask[-1:])
        assert rows[-1, -1] == alone[0, 0]
