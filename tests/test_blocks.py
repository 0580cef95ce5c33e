"""Long inputs are computed in blocks, on several paths; the result must be the one of row by row, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import array_losses as al
from array_losses import _blocks
from array_losses.autodiff import _closed_form

Boxes = np.ndarray


def many(rows: int, seed: int = 3) -> Boxes:
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 500, (rows, 2))
    return np.concatenate([low, low + rng.uniform(1, 90, (rows, 2))], axis=1).astype(np.float32)


@pytest.fixture
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_closed_form, "_plans", {})  # those of longer blocks
    monkeypatch.setattr(_blocks, "NUMPY_BLOCK", 400)
    monkeypatch.setattr(_blocks, "TORCH_BLOCK", 400)


def gradients(pred: Boxes, target: Boxes) -> tuple[Boxes, Boxes]:
    of_pred, of_target = al.grad(lambda p, t: al.ciou_loss(p, t, reduction="sum"), argnums=(0, 1))(pred, target)
    return of_pred, of_target


@pytest.mark.parametrize("shape", [(1000,), (7, 150), (3, 1, 333), (1, 1000), (2, 3, 5, 40)])
def test_numpy_in_blocks(shape: tuple[int, ...], request: pytest.FixtureRequest) -> None:
    rows = int(np.prod(shape))
    pred, target = many(rows).reshape(*shape, 4), many(rows, 4).reshape(*shape, 4)
    value, whole = al.ciou_loss(pred, target), gradients(pred, target)
    request.getfixturevalue("short_blocks")
    np.testing.assert_array_equal(al.ciou_loss(pred, target), value)
    for ours, expected in zip(gradients(pred, target), whole):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("shapes", [((300, 1), (1, 70)), ((1, 300, 1), (5, 1, 3)), ((250,), ()), ((), (250,))])
def test_tables_in_blocks(shapes: tuple[tuple[int, ...], tuple[int, ...]], request: pytest.FixtureRequest) -> None:
    a, b = (many(int(np.prod(shape)), seed).reshape(*shape, 4) for seed, shape in enumerate(shapes))
    table = al.giou(a, b)
    summed = al.grad(lambda a, b: a.__array_namespace__().sum(al.giou(a, b)), argnums=(0, 1))
    whole = summed(a.astype(np.float64), b.astype(np.float64))
    request.getfixturevalue("short_blocks")
    assert table.shape == np.broadcast_shapes(*shapes)
    np.testing.assert_array_equal(al.giou(a, b), table)
    for ours, expected in zip(summed(a.astype(np.float64), b.astype(np.float64)), whole):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("rows", [1, 300, _blocks.TORCH_BLOCK // 8, _blocks.TORCH_BLOCK // 2 + 17])
def test_torch_gives_numpy_s_numbers_at_every_length(rows: int) -> None:
    pred, target = many(rows), many(rows, 4)
    p, t = torch.tensor(pred, requires_grad=True), torch.tensor(target, requires_grad=True)
    loss = al.ciou_loss(p, t)
    loss.sum().backward()
    assert p.grad is not None
    assert t.grad is not None
    expected = al.ciou_loss(pred, target)
    # two units in the last place of a number between 2 and 4
    np.testing.assert_allclose(loss.detach().numpy(), expected, rtol=0, atol=4.8e-7)
    for ours, slopes in zip((p.grad, t.grad), gradients(pred, target)):
        np.testing.assert_allclose(ours.numpy(), slopes, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_torch_on_any_number_of_threads(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        pred, target = torch.tensor(many(50_000)), torch.tensor(many(50_000, 4))
        np.testing.assert_allclose(
            al.giou_loss(pred, target).numpy(), al.giou_loss(pred.numpy(), target.numpy()), atol=4.8e-7
        )
    finally:
        torch.set_num_threads(before)


def test_what_shapes_say_is_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    plans: dict[object, object] = {}
    monkeypatch.setattr(_closed_form, "_plans", plans)
    monkeypatch.setattr(_closed_form, "MOST_PLANS", 4)
    for rows in (1, 2, 3, 4, 5, 1, 2, 300):
        pred, target = many(rows), many(rows, 4)
        for _ in range(2):
            assert al.giou_loss(pred, target).shape == (rows,)
            assert al.giou_loss(torch.tensor(pred), torch.tensor(target)).shape == (rows,)
        assert 0 < len(plans) <= 4


def test_the_dtype_of_integers_is_asked_for_each_time() -> None:
    x, before = torch.tensor([1, 2]), torch.get_default_dtype()
    assert al.charbonnier_loss(x, x + 1).dtype == torch.float32
    torch.set_default_dtype(torch.float64)
    try:
        assert al.charbonnier_loss(x, x + 1).dtype == torch.float64
    finally:
        torch.set_default_dtype(before)
    assert al.charbonnier_loss(x.numpy(), x.numpy() + 1).dtype == np.float64
    mixed = al.charbonnier_loss(x.numpy(), x.numpy().astype(np.float32))
    assert mixed.dtype == np.float32


def test_no_floating_point_warning_leaves() -> None:
    odd = np.asarray([[0.0, 0.0, np.nan, 1.0], [0.0, 0.0, 1e30, 1e30], [-np.inf, 0.0, np.inf, 1.0]], dtype=np.float32)
    with np.errstate(all="raise"):
        assert np.isnan(al.ciou_loss(odd, odd[::-1].copy())[0])
        assert al.ciou_loss(torch.tensor(odd), torch.tensor(odd[::-1].copy()))[0].isnan()
