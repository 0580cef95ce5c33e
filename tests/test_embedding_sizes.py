"""Embeddings at their limits: no pair, one point, coincident and zero embeddings, angles of 0 and 180 degrees, large
batches; on NumPy, PyTorch and JAX, in value and gradient."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import torch
from array_api_compat import array_namespace

import array_losses as al

Loss = Callable[..., Any]


def on_numpy(loss: Loss, x: Any, *rest: Any) -> tuple[Any, Any]:
    return al.value_and_grad(loss)(x, *rest)


def on_torch(loss: Loss, x: Any, *rest: Any) -> tuple[Any, Any]:
    point = torch.tensor(x, requires_grad=True)
    value = loss(point, *(torch.tensor(y) for y in rest))
    (slopes,) = torch.autograd.grad(value, point)
    return value.detach().numpy(), slopes.numpy()


def on_jax(loss: Loss, x: Any, *rest: Any) -> tuple[Any, Any]:
    value, slopes = jax.value_and_grad(loss)(*(jax.numpy.asarray(y) for y in (x, *rest)))
    return np.asarray(value), np.asarray(slopes)


each_library = pytest.mark.parametrize("run", [on_numpy, on_torch, on_jax], ids=["numpy", "torch", "jax"])


def _contrastive(x: Any, y: Any, **options: Any) -> Any:
    return al.contrastive_loss(al.pairwise_distance(x), y[:, None] == y[None, :], **options)


def _turned(logits: str) -> Loss:
    def loss(x: Any, y: Any, **options: Any) -> Any:
        xp = array_namespace(x)
        turned = getattr(al, logits)(al.pairwise_similarity(x, xp.flip(x, axis=1)[:1, ...]), y)
        return al.squared_error(turned, 0 * turned, **options)

    return loss


# Each takes embeddings and labels. First those that need pairs.
PAIRS: dict[str, Loss] = {
    "batch hard": al.batch_hard_triplet_loss,
    "batch hard, soft": lambda x, y, **o: al.batch_hard_triplet_loss(x, y, margin=None, **o),
    "batch all": al.batch_all_triplet_loss,
    "batch all, every": lambda x, y, **o: al.batch_all_triplet_loss(x, y, active_only=False, **o),
    "semi-hard": al.semi_hard_triplet_loss,
    "nt_xent": al.nt_xent_loss,
    "sup_con": al.sup_con_loss,
    "circle": al.circle_loss,
}
LOSSES: dict[str, Loss] = PAIRS | {
    "multi similarity": al.multi_similarity_loss,
    "multi similarity, all pairs": lambda x, y, **o: al.multi_similarity_loss(x, y, epsilon=None, **o),
    "contrastive": _contrastive,
    "contrastive, no squares": lambda x, y, **o: _contrastive(x, y, squared=False, positive_margin=0.1, **o),
    "info_nce": lambda x, y, **o: al.info_nce_loss(x, x, **o),
    "proxy nca": lambda x, y, **o: al.proxy_nca_loss(x, x, y, **o),
    "proxy anchor": lambda x, y, **o: al.proxy_anchor_loss(x, x, y, **o),
    "center": lambda x, y, **o: al.center_loss(x, x, y, **o),
    "triplet": lambda x, y, **o: al.triplet_loss(x, x, x, **o),
    "triplet, swapped": lambda x, y, **o: al.triplet_loss(x, x, x, swap=True, margin=None, **o),
    "arcface": _turned("arcface_logits"),
    "cosface": _turned("cosface_logits"),
}
each_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())

RNG = np.random.default_rng(3)
X = RNG.normal(size=(6, 4)).astype(np.float32)
Y = np.asarray([0, 0, 1, 1, 2, 5])
POINT = np.tile(np.asarray([0.6, 0.8, 0, 0], dtype=np.float32), (6, 1))
INPUTS: dict[str, tuple[Any, Any]] = {
    "as usual": (X, Y),
    "coincident": (POINT, Y),
    "zero": (0 * X, Y),
    "one zero": (X * np.asarray([[0], [1], [1], [0], [1], [1]], dtype=np.float32), Y),
    "opposite": (POINT * np.asarray([[1], [-1], [1], [-1], [1], [-1]], dtype=np.float32), Y),
    "tiny": (X * np.float32(1e-30), Y),
    "huge": (X * np.float32(1e15), Y),
    "one label": (X, 0 * Y),
    "no two alike": (X, np.arange(6)),
    "one embedding": (X[:1], Y[:1]),
    "no embedding": (X[:0], Y[:0]),
}


@each_library
@each_loss
@pytest.mark.parametrize(("x", "y"), INPUTS.values(), ids=INPUTS.keys())
def test_finite(run: Any, loss: Loss, x: Any, y: Any) -> None:
    value, slopes = run(lambda x, y: loss(x, y, reduction="mean"), x, y)
    assert value.dtype == slopes.dtype == np.float32
    assert np.isfinite(value)
    assert slopes.shape == x.shape
    assert np.isfinite(slopes).all()


@each_library
@pytest.mark.parametrize("loss", PAIRS.values(), ids=PAIRS.keys())
@pytest.mark.parametrize("y", [np.arange(6), np.zeros(6, dtype=np.int64)], ids=["no positive", "no negative"])
def test_no_pair_to_learn_from(run: Any, loss: Loss, y: Any) -> None:
    """0 with gradient 0; SupCon needs no negatives."""
    value, slopes = run(lambda x, y: loss(x, y, reduction="mean"), X, y)
    if loss is al.sup_con_loss and not y.any():
        assert value > 0
        return
    assert value == 0
    np.testing.assert_array_equal(slopes, 0 * X)


@each_library
@pytest.mark.parametrize("squared", [False, True])
def test_the_distance_of_coincident_points(run: Any, squared: bool) -> None:
    """0 with slope 0: of a point to itself, and to its equals."""
    value, slopes = run(lambda x: array_namespace(x).sum(al.pairwise_distance(x, squared=squared)), POINT)
    assert value == 0
    np.testing.assert_array_equal(slopes, 0 * POINT)


@each_library
def test_near_points_far_away(run: Any) -> None:
    """1e-3 apart at 1000: |a|^2 + |b|^2 - 2ab would leave no digit."""
    x = np.asarray([[1000, 0], [1000, 2**-10], [1000 + 2**-10, 0]], dtype=np.float32)
    value, slopes = run(lambda x: array_namespace(x).sum(al.pairwise_distance(x)), x)
    near = np.hypot(2**-10, 2**-10)
    assert value == pytest.approx(2 * (2 * 2**-10 + near), rel=1e-6)
    half = np.sqrt(2)
    np.testing.assert_allclose(slopes, [[-2, -2], [-half, 2 + half], [2 + half, -half]], rtol=1e-5)


@each_library
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("point", [[np.inf, 0.0], [np.inf, -np.inf], [np.inf, np.nan]])
def test_a_point_at_infinity_is_near_nothing(run: Any, point: list[float]) -> None:
    """Its distances are infinite or NaN, and never 0."""

    def nearest(x: Any, ends: Any) -> Any:
        xp = array_namespace(x)
        table = al.pairwise_distance(x, ends)
        return xp.min(xp.where(table == table, table, np.inf))

    value, _ = run(nearest, np.asarray([point], dtype=np.float32), np.asarray([[1, 2], [3, 4]], dtype=np.float32))
    assert value == np.inf


@each_library
@pytest.mark.parametrize("cosine", [1.0, -1.0, 0.999999, -0.999999])
def test_angles_of_0_and_180_degrees(run: Any, cosine: float) -> None:
    """cos(acos c + m) = c cos m - sqrt(1 - c^2) sin m: where the root has no slope it counts none."""
    cosines = np.asarray([[cosine, 0.5]], dtype=np.float32)
    value, slopes = run(
        lambda c, y: array_namespace(c).sum(al.arcface_logits(c, y, scale=2.0)), cosines, np.asarray([0])
    )
    assert np.isfinite(value)
    assert np.isfinite(slopes).all()
    if cosine == 1:
        np.testing.assert_allclose(slopes, [[2 * np.cos(0.5), 2]], rtol=1e-6)
    if cosine < 0:
        # Beyond the fold it is a line.
        np.testing.assert_allclose(slopes, [[2, 2]], rtol=1e-6)


@each_library
def test_half_precision(run: Any) -> None:
    """Computed in float32; the gradient comes back in float16."""
    x = X.astype(np.float16)
    for loss in (al.batch_hard_triplet_loss, al.nt_xent_loss, al.circle_loss):
        value, slopes = run(lambda x, y, loss=loss: loss(x, y, reduction="mean"), x, Y)
        assert value.dtype == np.float32
        assert slopes.dtype == np.float16
        assert np.isfinite(value)
        expected = on_numpy(lambda x, y, loss=loss: loss(x, y, reduction="mean"), x.astype(np.float64), Y)
        np.testing.assert_allclose(value, expected[0], rtol=2e-5)
        np.testing.assert_allclose(slopes, expected[1], rtol=2e-3, atol=1e-3 * np.abs(expected[1]).max())


# Large ----------------------------------------------------------------------------------------------------------------


def _peak(work: Callable[[], Any]) -> int:
    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in ("arcface", "cosface")])
def test_memory_of_a_large_batch(name: str) -> None:
    """Some tables of N x N: neither N x N x N (864 MB) nor N x N x D (737 MB), forward and backward."""
    n, d = 600, 512
    x, y = RNG.normal(size=(n, d)).astype(np.float32), np.arange(n) % 20
    peak = _peak(lambda: on_numpy(lambda x: LOSSES[name](x, y, reduction="mean"), x))
    assert peak < 40 * n * n * 4


def test_memory_of_distances() -> None:
    n, d = 600, 512
    x = RNG.normal(size=(n, d)).astype(np.float32)
    assert _peak(lambda: al.pairwise_distance(x)) < 12 * n * n * 4


@each_library
def test_a_large_batch(run: Any) -> None:
    """The sum over 512 * 15 * 496 triplets, against the table of them."""
    n = 512
    x, y = RNG.normal(size=(n, 8)).astype(np.float32), np.arange(n) % 32
    value, slopes = run(lambda x, y: al.batch_all_triplet_loss(x, y, margin=0.5, reduction="sum"), x, y)
    wide = x.astype(np.float64)
    distances = np.sqrt(((wide[:, None] - wide) ** 2).sum(axis=-1))
    same = y[:, None] == y
    total, pull = 0.0, np.zeros((n, n))
    for i in range(n):
        positives = np.flatnonzero(same[i] & (np.arange(n) != i))
        gap = np.where(same[i], 0, distances[i, positives][:, None] - distances[i] + 0.5)
        total += np.maximum(gap, 0).sum()
        pull[i, positives] += (gap > 0).sum(axis=1)
        pull[i] -= (gap > 0).sum(axis=0)
    assert value == pytest.approx(total, rel=1e-5)
    ways = (wide[:, None] - wide) / np.where(distances == 0, 1, distances)[:, :, None]
    expected = ((pull + pull.T)[:, :, None] * ways).sum(axis=1)
    np.testing.assert_allclose(slopes, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
