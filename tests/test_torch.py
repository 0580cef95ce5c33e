"""PyTorch: every way to differentiate, transform and compile gives the one gradient."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from losses_table import each_kind, every_loss

import array_losses as al

Loss = Callable[..., Any]
Pair = tuple[torch.Tensor, torch.Tensor]


@pytest.fixture
def boxes(pairs: tuple[np.ndarray, np.ndarray]) -> Pair:
    return torch.tensor(pairs[0]), torch.tensor(pairs[1])


def backward(loss: Loss, pred: torch.Tensor, target: torch.Tensor) -> Pair:
    p, t = pred.clone().requires_grad_(), target.clone().requires_grad_()
    loss(p, t).sum().backward()
    assert p.grad is not None
    assert t.grad is not None
    return p.grad, t.grad


def same(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)


@every_loss
def test_backward_is_the_tape_s_gradient(loss: Loss, boxes: Pair) -> None:
    pred, target = boxes
    on_numpy = al.value_and_grad(lambda p, t: loss(p, t, reduction="sum"), argnums=(0, 1))
    value, gradients = on_numpy(pred.numpy(), target.numpy())
    same(loss(pred, target, reduction="sum"), torch.tensor(value))
    for ours, theirs in zip(backward(loss, pred, target), gradients):
        same(ours, torch.tensor(theirs))


@every_loss
def test_gradient_of_the_gradient(loss: Loss, boxes: Pair) -> None:
    pred, target = (x[:3].clone().requires_grad_() for x in boxes)
    assert torch.autograd.gradgradcheck(loss, (pred, target), atol=1e-4)


@each_kind
def test_torch_func(loss: Loss, boxes: Pair) -> None:
    pred, target = boxes
    expected, expected_target = backward(loss, pred, target)
    total = lambda p, t: loss(p, t, reduction="sum")
    same(torch.func.grad(total)(pred, target), expected)
    same(torch.func.grad(total, argnums=1)(pred, target), expected_target)
    same(torch.func.vmap(loss)(pred, target), loss(pred, target))
    same(torch.func.vmap(torch.func.grad(loss))(pred, target), expected)
    same(torch.func.grad(lambda p: torch.func.vmap(loss)(p, target).sum())(pred), expected)
    one_target = torch.func.vmap(lambda p: loss(p, target[0]))(pred)
    same(one_target, loss(pred, target[:1].expand(len(pred), 4)))
    value, gradient = al.value_and_grad(total)(pred, target)
    same(value, total(pred, target))
    same(gradient, expected)


@each_kind
def test_forward_mode_and_hessian(loss: Loss, boxes: Pair) -> None:
    pred, target = boxes[0][:4], boxes[1][:4]
    expected, _ = backward(loss, pred, target)
    _, tangent = torch.func.jvp(lambda p: loss(p, target), (pred,), (pred,))
    same(tangent, (expected * pred).sum(-1))
    total = lambda p: loss(p, target, reduction="sum")
    hessian = torch.func.hessian(total)(pred)
    same(hessian, torch.func.jacrev(torch.func.jacrev(total))(pred))
    step = 1e-6
    for i in range(4):
        shift = torch.zeros_like(pred)
        shift[0, i] = step
        numeric = (backward(loss, pred + shift, target)[0] - backward(loss, pred - shift, target)[0]) / (2 * step)
        torch.testing.assert_close(hessian[:, :, 0, i], numeric, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("transform", ["plain", "func.grad", "func.vmap"])
def test_compile_without_a_graph_break(transform: str, boxes: Pair) -> None:
    pred, target = boxes
    weights, where = torch.rand(64, dtype=torch.float64), torch.arange(64) % 3 > 0
    loss = lambda p, t: al.ciou_loss(p, t, weights=weights, where=where, reduction="mean")
    expected, _ = backward(loss, pred, target)
    if transform == "func.grad":
        same(torch.compile(torch.func.grad(loss), fullgraph=True)(pred, target), expected)
    elif transform == "func.vmap":
        same(torch.compile(torch.func.vmap(al.ciou_loss), fullgraph=True)(pred, target), al.ciou_loss(pred, target))
    else:
        compiled = torch.compile(loss, fullgraph=True)
        backward(compiled, pred, target)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            same(backward(compiled, pred, target)[0], expected)


@pytest.mark.parametrize("transform", ["grad", "jvp", "hessian"])
def test_compile_of_a_transform(transform: str, boxes: Pair) -> None:
    """PyTorch's compiler drops what an autograd.Function says of its derivative, and CIoU's is not its formula's."""
    pred, target = [x[:5] for x in boxes]
    total = lambda p: al.ciou_loss(p, target, reduction="sum")
    there = torch.linspace(-1, 1, pred.numel()).reshape(pred.shape).to(pred)
    if transform == "jvp":
        function: Loss = lambda p: torch.func.jvp(total, (p,), (there,))
    else:
        function = al.value_and_grad(total) if transform == "grad" else torch.func.hessian(total)
    torch.compiler.reset()
    found, expected = torch.compile(function, fullgraph=True, backend="aot_eager")(pred), function(pred)
    for mine, eager in zip(*[x if isinstance(x, tuple) else (x,) for x in (found, expected)]):
        same(mine, eager)


def test_compile_with_half_precision_beside_float32(boxes: Pair) -> None:
    pred, target = boxes[0].bfloat16(), boxes[1].float()
    torch.compiler.reset()
    same(torch.compile(al.ciou_loss, fullgraph=True, backend="eager")(pred, target), al.ciou_loss(pred, target))


def test_compiled_table(boxes: Pair) -> None:
    pred, target = boxes
    table = torch.compile(lambda a, b: al.giou(a[:, None, :], b[None, :, :]), fullgraph=True, dynamic=True)
    for rows in (64, 40):
        same(table(pred[:rows], target), al.giou(pred[:rows, None, :], target[None, :, :]))


@pytest.mark.parametrize("ignore_index", [None, 2])
def test_compiled_masks_of_labels(ignore_index: int | None) -> None:
    """Labels outside of the classes are masked, in the compiled spelling too, whatever stands in their logits."""
    logits = torch.randn((2, 4, 6), dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    labels = torch.tensor([[0, 1, 2, 3, -100, 4], [2**40, 2, -(2**40), 255, 1, 0]])
    logits[0, :, 4], logits[1, :, 0] = torch.nan, torch.inf
    loss = lambda x: al.softmax_dice_loss(x, labels, axis=1, ignore_index=ignore_index, reduction="sum")
    found = torch.compile(torch.func.grad_and_value(loss), fullgraph=True)(logits)
    expected = torch.func.grad_and_value(loss)(logits)
    assert torch.isfinite(expected[0]).all()
    for x, y in zip(found, expected, strict=True):
        same(x, y)


@each_kind
def test_gradient_only_where_it_is_wanted(loss: Loss, boxes: Pair) -> None:
    pred, target = boxes
    p = pred.clone().requires_grad_()
    result = loss(p, target)
    (gradient,) = torch.autograd.grad(result.sum(), p)
    same(gradient, backward(loss, pred, target)[0])
    assert not loss(pred, target).requires_grad
    with torch.no_grad():
        assert not loss(p, target).requires_grad


def test_meta_tensors_need_no_values() -> None:
    boxes = torch.empty((5, 4), device="meta")
    assert al.ciou_loss(boxes, boxes).shape == (5,)
    where = torch.empty(5, dtype=torch.bool, device="meta")
    assert al.giou_loss(boxes, boxes, reduction="mean", where=where).shape == ()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype: torch.dtype, boxes: Pair) -> None:
    pred, target = (x.to(dtype) for x in boxes)
    loss = al.ciou_loss(pred, target)
    assert loss.dtype == torch.float32
    same(loss, al.ciou_loss(pred.float(), target.float()))
    gradient, _ = backward(al.ciou_loss, pred, target)
    assert gradient.dtype == dtype
    same(gradient, backward(al.ciou_loss, pred.float(), target.float())[0].to(dtype))


def test_float16_slopes_saturate() -> None:
    pred = torch.tensor([[0.0, 0.0, 3e-6, 3e-6]], dtype=torch.float16)
    target = torch.tensor([[1e-6, 1e-6, 6e-6, 6e-6]], dtype=torch.float16)
    gradient, _ = backward(lambda p, t: al.iou_loss(p, t, form="log"), pred, target)
    assert gradient.abs().max() == 65504
    assert gradient.isfinite().all()


def test_gradient_descent() -> None:
    """A few steps of gradient descent from raw parameters move a box onto its target."""
    raw = torch.tensor([11.0, 10.0, 1.0, 1.0], requires_grad=True)
    target = torch.tensor([[10.0, 10.0, 14.0, 12.0]])
    optimizer = torch.optim.Adam([raw], lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        box = torch.cat([raw[:2] - raw[2:].exp() / 2, raw[:2] + raw[2:].exp() / 2])[None, :]
        loss = al.ciou_loss(box, target, reduction="sum")
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02


def test_lazily_negated_tensors(boxes: Pair) -> None:
    pred, target = boxes
    lazy = torch.complex(pred, -pred).conj().imag
    assert lazy.is_neg()
    same(al.ciou_loss(lazy, target), al.ciou_loss(pred, target))
