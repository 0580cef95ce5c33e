"""JAX: every transformation gives the one gradient, compiled, mapped and sharded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from losses_table import each_kind, every_loss

import array_losses as al
from array_losses import _xla

Loss = Callable[..., Any]
Pair = tuple[Any, Any]

pytestmark = pytest.mark.usefixtures("x64")


@pytest.fixture
def boxes(pairs: tuple[np.ndarray, np.ndarray], x64: None) -> Pair:
    return jnp.asarray(pairs[0]), jnp.asarray(pairs[1])


def same(a: Any, b: Any, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance)


@every_loss
def test_gradient_is_the_tape_s(loss: Loss, boxes: Pair, pairs: tuple[np.ndarray, np.ndarray]) -> None:
    total = lambda p, t: loss(p, t, reduction="sum")
    value, gradients = al.value_and_grad(total, argnums=(0, 1))(*pairs)
    for differentiate in (jax.value_and_grad, al.value_and_grad):
        ours, ours_gradients = jax.jit(differentiate(total, argnums=(0, 1)))(*boxes)
        same(ours, value)
        same(ours_gradients[0], gradients[0])
        same(ours_gradients[1], gradients[1])


@each_kind
def test_transformations(loss: Loss, boxes: Pair) -> None:
    pred, target = boxes
    total = lambda p, t: loss(p, t, reduction="sum")
    expected = jax.grad(total)(pred, target)
    same(jax.jit(loss)(pred, target), loss(pred, target))
    same(jax.vmap(loss)(pred, target), loss(pred, target))
    same(jax.vmap(jax.grad(loss))(pred, target), expected)
    same(jax.jvp(lambda p: loss(p, target), (pred,), (pred,))[1], jnp.sum(expected * pred, axis=-1), 1e-11)
    summed, _ = jax.lax.scan(lambda carry, row: (carry + loss(*row), None), 0.0, (pred, target))
    same(summed, total(pred, target), 1e-11)


@each_kind
def test_hessian(loss: Loss, boxes: Pair) -> None:
    pred, target = boxes[0][:3], boxes[1][:3]
    total = lambda p: loss(p, target, reduction="sum")
    hessian = jax.hessian(total)(pred)
    same(hessian, jax.jacrev(jax.jacrev(total))(pred))
    step = 1e-6
    for i in range(4):
        up, down = pred.at[0, i].add(step), pred.at[0, i].add(-step)
        numeric = (jax.grad(total)(up) - jax.grad(total)(down)) / (2 * step)
        np.testing.assert_allclose(hessian[:, :, 0, i], numeric, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("axis_type", [AxisType.Auto, AxisType.Explicit])
@each_kind
def test_sharding_is_kept(loss: Loss, axis_type: AxisType, boxes: Pair) -> None:
    assert jax.device_count() == 8
    mesh = jax.make_mesh((8,), ("batch",), axis_types=(axis_type,))
    rows, corners = NamedSharding(mesh, PartitionSpec("batch")), NamedSharding(mesh, PartitionSpec("batch", None))
    with jax.set_mesh(mesh):
        pred, target = (jax.device_put(x, corners) for x in boxes)
        where, weights = (jax.device_put(jnp.ones(64, dtype), rows) for dtype in (bool, float))
        for run in (loss, jax.jit(loss)):
            assert run(pred, target).sharding.is_equivalent_to(rows, 1)
        mean = lambda p: loss(p, target, reduction="mean", where=where, weights=weights)
        gradient = jax.grad(mean)(pred)
        assert gradient.sharding.is_equivalent_to(corners, 2)
        assert jax.jit(jax.grad(mean))(pred).sharding.is_equivalent_to(corners, 2)
        table = al.giou(pred[:, None, :], jnp.asarray(boxes[1])[None, :5, :])
        assert table.sharding.is_equivalent_to(NamedSharding(mesh, PartitionSpec("batch", None)), 2)
    same(gradient, jax.grad(lambda p: loss(p, boxes[1], reduction="mean"))(boxes[0]))


def test_an_eager_call_runs_one_compiled_kernel(boxes: Pair) -> None:
    pred, target = boxes
    al.ciou_loss(pred, target, reduction="mean")
    jaxpr = jax.make_jaxpr(lambda p, t: al.ciou_loss(p, t, reduction="mean"))(pred, target)
    assert [equation.primitive.name for equation in jaxpr.eqns] == ["jit"]


def test_only_the_wanted_slopes_are_computed(boxes: Pair) -> None:
    def operations(argnums: int | tuple[int, ...]) -> int:
        total = lambda p, t: al.ciou_loss(p, t, reduction="sum")
        text = jax.jit(jax.grad(total, argnums)).lower(*boxes).as_text()
        return text.count("stablehlo.")

    assert operations(0) < 0.85 * operations((0, 1))


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16])
def test_half_precision(dtype: Any, boxes: Pair) -> None:
    pred, target = (x.astype(dtype) for x in boxes)
    wide = [x.astype(jnp.float32) for x in (pred, target)]
    loss = al.ciou_loss(pred, target)
    assert loss.dtype == jnp.float32
    same(loss, al.ciou_loss(*wide), 1e-6)
    gradient = jax.grad(lambda p: al.ciou_loss(p, target, reduction="sum"))(pred)
    assert gradient.dtype == dtype
    same(gradient, jax.grad(lambda p: al.ciou_loss(p, wide[1], reduction="sum"))(wide[0]).astype(dtype), 1e-2)


def test_integers_have_no_gradient_but_a_value(boxes: Pair) -> None:
    pred, target = (x.astype(jnp.int32) for x in boxes)
    same(al.giou_loss(pred, target), al.giou_loss(pred.astype(float), target.astype(float)))


# More than `_xla.LONG` numbers are summed, and differentiated, in loops of their own ----------------------------------

LONG = _xla.LONG + 3
LONG_LOSSES: dict[str, tuple[Loss, tuple[int, ...], tuple[int, ...]]] = {
    "focal": (al.sigmoid_focal_loss, (LONG,), (LONG,)),
    "classes": (al.softmax_cross_entropy, (LONG // 4, 5), (LONG // 4,)),
    "boxes": (al.giou_loss, (LONG, 4), (LONG, 4)),
}


def long_arrays(name: str) -> tuple[Loss, Any, Any]:
    loss, first, second = LONG_LOSSES[name]
    rng = np.random.default_rng(5)
    x: Any = rng.normal(0, 3, first)
    y: Any = rng.integers(0, 5, second) if name == "classes" else np.abs(rng.normal(0, 0.4, second))
    if name == "boxes":
        x, y = (np.concatenate([b[:, :2], b[:, :2] + np.abs(b[:, 2:]) + 0.1], axis=1) for b in (x, y))
    return loss, x, y


@pytest.mark.parametrize("name", LONG_LOSSES)
def test_long(name: str) -> None:
    loss, x, y = long_arrays(name)
    total = lambda x, y: loss(x, y, reduction="sum")
    value, gradient = al.value_and_grad(total)(x, y)
    a, b = jnp.asarray(x), jnp.asarray(y)
    for run in (al.value_and_grad(total), jax.jit(jax.value_and_grad(total))):
        ours, slopes = run(a, b)
        same(ours / value, 1.0)
        same(slopes, gradient)
    same(total(a, b) / value, 1.0)
    same(jax.vmap(total)(jnp.stack([a, a]), jnp.stack([b, b])) / value, jnp.ones(2))
    move = jnp.sin(jnp.arange(a.size, dtype=a.dtype)).reshape(a.shape)
    expected, along = jax.jit(lambda x: jax.jvp(lambda x: total(x, b), (x,), (move,)))(a)
    same(expected / value, 1.0)
    same(along, jnp.sum(move * gradient), 1e-9)


def test_long_second_derivative() -> None:
    """The Hessian of a loss of single numbers is diagonal."""
    loss, x, y = long_arrays("focal")
    slope = lambda x: jnp.sum(jax.grad(lambda x: loss(x, jnp.asarray(y), reduction="sum"))(x))
    step = 1e-6
    expected = al.grad(lambda x: loss(x, y, reduction="sum"))
    differences = (expected(x + step) - expected(x - step)) / (2 * step)
    np.testing.assert_allclose(jax.grad(slope)(jnp.asarray(x)), differences, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("axis_type", [AxisType.Auto, AxisType.Explicit])
def test_long_and_sharded(axis_type: AxisType) -> None:
    loss, x, y = long_arrays("boxes")
    x, y = x[: LONG // 8 * 8], y[: LONG // 8 * 8]
    value, gradient = al.value_and_grad(lambda p: loss(p, y, reduction="mean"))(x)
    mesh = jax.make_mesh((8,), ("batch",), axis_types=(axis_type,))
    with jax.set_mesh(mesh):
        a, b = (jax.device_put(z, NamedSharding(mesh, PartitionSpec("batch", None))) for z in (x, y))
        run = jax.value_and_grad(lambda p: loss(p, b, reduction="mean"))
        for ours, slopes in (run(a), jax.jit(run)(a)):
            same(ours, value)
            same(slopes, gradient)
            assert slopes.sharding.is_equivalent_to(a.sharding, 2)


def test_a_long_sum_keeps_a_nan() -> None:
    for place in (0, 7):
        x = jnp.zeros(LONG).at[place].set(jnp.nan)
        assert jnp.isnan(al.l1_loss(x, jnp.zeros(LONG), reduction="sum"))
