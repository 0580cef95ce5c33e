"""A program that `test_scale_out.py` runs on two processes: losses of DTensors are those of the whole batch."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Shard, distribute_tensor
from torch.distributed.tensor.experimental import implicit_replication

import array_losses as al

ROWS = 2001  # more than few, and not as many in both processes
RANDOM = torch.Generator().manual_seed(1)


def draw(*shape: int) -> torch.Tensor:
    return torch.rand(ROWS, *shape, generator=RANDOM, dtype=torch.float64)


def boxes() -> torch.Tensor:
    corner = 100 * draw(2)
    return torch.cat([corner, corner + 5 + 30 * draw(2)], 1)


def turned() -> torch.Tensor:
    return torch.cat([20 * draw(2), 5 + 10 * draw(2), 3 * draw(1)], 1)


def labels() -> torch.Tensor:
    return torch.where(draw() < 0.3, 255, (7 * draw()).long())


def logits() -> torch.Tensor:
    return 4 * draw(7) - 2


# Of every kind: the first argument, the second, options, and arrays that go with the rows.
CASES: list[tuple[Any, torch.Tensor, torch.Tensor, dict[str, Any], dict[str, torch.Tensor]]] = [
    (al.ciou_loss, boxes(), boxes(), {}, {"weights": draw(), "where": draw() < 0.7}),
    (al.siou_loss, boxes(), boxes(), {}, {}),
    (al.rotated_iou_loss, turned(), turned(), {}, {}),
    (al.sigmoid_focal_loss, logits(), draw(7), {}, {"weights": draw(1)}),
    (al.smooth_l1_loss, logits(), draw(7), {}, {}),
    (al.softmax_cross_entropy, logits(), labels(), {"ignore_index": 255}, {}),
    (al.distribution_focal_loss, logits(), 6 * draw(), {}, {}),
    (al.dice_loss, draw(3, 4, 4), draw(3, 4, 4), {"axis": 1}, {}),
    (al.softmax_dice_loss, draw(3, 4, 4), (3 * draw(4, 4)).long(), {"axis": 1}, {}),
]


def main() -> None:
    dist.init_process_group("gloo")
    mesh = init_device_mesh("cpu", (2,))

    def shard(x: torch.Tensor) -> DTensor:
        return distribute_tensor(x, mesh, [Shard(0)])

    for loss, first, second, options, own in CASES:
        chunks = {key: shard(x) for key, x in own.items()}
        for reduction in ("sum", "mean"):
            whole, parameter = first.clone().requires_grad_(), torch.nn.Parameter(shard(first))
            expected = loss(whole, second, reduction=reduction, **options, **own)
            expected.backward()
            with implicit_replication():
                found = loss(parameter, shard(second), reduction=reduction, **options, **chunks)
            found.backward()
            assert parameter.grad.placements == (Shard(0),), loss
            for ours, theirs in ((found, expected), (parameter.grad, whole.grad)):
                torch.testing.assert_close(ours.full_tensor(), theirs, rtol=1e-12, atol=1e-17)
        with torch.no_grad(), implicit_replication():
            rows = loss(shard(first), shard(second), **options, **chunks)
            torch.testing.assert_close(rows.full_tensor(), loss(first, second, **options, **own))
    if dist.get_rank() == 0:
        print(len(CASES), "losses")
    dist.barrier()  # a thread of the group that still holds a tensor when Python ends would abort the process
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
