"""What only a GPU can show. The conformance suite does the rest there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import array_losses as al

on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@on_cuda
@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(lambda p, t: al.ciou_loss(p, t, reduction="mean"), id="CIoU"),
        pytest.param(lambda p, t: al.sigmoid_focal_loss(p, t / 8.0, reduction="mean"), id="focal"),
        pytest.param(lambda p, t: al.softmax_cross_entropy(p, (t[:, 0] / 4.0).long(), reduction="mean"), id="entropy"),
        pytest.param(
            lambda p, t: al.dice_loss(p.sigmoid(), t / 8.0, axis=1, batch_axes=(), reduction="mean"), id="Dice"
        ),
    ],
)
def test_a_cuda_graph_holds_a_loss_and_its_gradient(loss: Callable[[Any, Any], Any]) -> None:
    """Nothing waits for the GPU, and no shape depends on a value: replayed on other numbers, it gives their result."""
    draw = torch.Generator("cuda").manual_seed(0)

    def numbers() -> Any:
        low = 4.0 * torch.rand((64, 2), generator=draw, device="cuda")
        return torch.cat((low, low + 4.0 * torch.rand((64, 2), generator=draw, device="cuda")), dim=1)

    pred, target = numbers().requires_grad_(), numbers()
    apart = torch.cuda.Stream()
    apart.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(apart):
        for _ in range(3):
            torch.autograd.grad(loss(pred, target), pred)
    torch.cuda.current_stream().wait_stream(apart)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        value = loss(pred, target)
        (gradient,) = torch.autograd.grad(value, pred)
    with torch.no_grad():
        pred.copy_(numbers())
        target.copy_(numbers())
    graph.replay()
    expected = loss(pred, target)
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(gradient, torch.autograd.grad(expected, pred)[0])
