"""Half of a batch on each of two processes, and the loss and gradients of one process with the whole batch.

    python -m examples.data_parallel_torch

A criterion is a sum over all images, divided by the number of positives in all images, of which a process knows its own
only. With ``normalizer=1`` the criterion is the sum, and the assignment tells the count; what remains is to add up the
counts of all processes. DistributedDataParallel takes the *mean* of gradients, so the loss is multiplied by the number
of processes.
"""

from __future__ import annotations

import copy
import tempfile

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from array_losses.detection import YOLOXLoss, anchor_points, yolox_loss

PROCESSES, IMAGES, SIDE, CLASSES = 2, 4, 64, 3
STRIDES = (8, 16)
SIZES = [(SIDE // stride, SIDE // stride) for stride in STRIDES]


class Detector(nn.Module):  # type: ignore[misc]
    """Patches of an image, and of each a box, an objectness and the classes."""

    def __init__(self) -> None:
        super().__init__()
        self.levels = nn.ModuleList([nn.Conv2d(3, 5 + CLASSES, stride, stride) for stride in STRIDES])

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([level(images).flatten(2).transpose(1, 2) for level in self.levels], dim=1)


def batch() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images of noise, and up to three objects in each: labels, boxes, and which of them there are."""
    random = torch.Generator().manual_seed(0)
    corner = 40 * torch.rand(IMAGES, 3, 2, generator=random)
    boxes = torch.cat([corner, corner + 8 + 16 * torch.rand(IMAGES, 3, 2, generator=random)], dim=-1)
    labels = torch.randint(0, CLASSES, (IMAGES, 3), generator=random)
    counts = torch.tensor([3, 1, 0, 2])  # so that the halves differ
    return torch.rand(IMAGES, 3, SIDE, SIDE, generator=random), labels, boxes, torch.arange(3) < counts[:, None]


def criterion(outputs: Tensor, labels: Tensor, boxes: Tensor, mask: Tensor, normalizer: float | None) -> YOLOXLoss:
    points, strides = anchor_points(SIZES, STRIDES, offset=0.0, like=outputs)
    box, objectness, classes = outputs.split([4, 1, CLASSES], dim=-1)
    return yolox_loss(
        box, objectness[..., 0], classes, labels, boxes, mask, points=points, strides=strides, normalizer=normalizer
    )


def work(rank: int, meeting_point: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting_point}", rank=rank, world_size=PROCESSES)
    torch.manual_seed(0)
    alone, images_and_objects = Detector(), batch()
    together = DistributedDataParallel(copy.deepcopy(alone))

    images, labels, boxes, mask = [x.chunk(PROCESSES)[rank] for x in images_and_objects]
    sums = criterion(together(images), labels, boxes, mask, normalizer=1.0)
    positives = sums.assignment.foreground.sum()
    dist.all_reduce(positives)
    loss = sums.total / positives.clamp(min=1)
    (PROCESSES * loss).backward()

    whole = loss.detach().clone()
    dist.all_reduce(whole)
    if rank == 0:
        images, labels, boxes, mask = images_and_objects
        found = criterion(alone(images), labels, boxes, mask, normalizer=None)
        found.total.backward()
        expected = found.total.detach()
        gradients = [(p.grad, q.grad) for p, q in zip(together.parameters(), alone.parameters())]
        off = [float((a - b).abs().max() / b.abs().max()) for a, b in gradients]
        print(f"positives   {positives} of all processes, {found.assignment.foreground.sum()} of one")
        print(f"loss        {whole:.6f} of two processes, {expected:.6f} of one")
        print(f"difference  {abs(whole / expected - 1):.1e} of the loss, {max(off):.1e} of the largest gradient")
    dist.barrier()  # a thread of the group that still holds a tensor when Python ends would abort the process
    dist.destroy_process_group()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(work, args=(f"{folder}/meet",), nprocs=PROCESSES)


if __name__ == "__main__":
    main()
