"""ultralytics' criteria of YOLOv8, called with raw outputs and padded ground truth."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any

from .ultralytics_import import torch_and_ultralytics

Sizes = Sequence[tuple[int, int]]
GAINS = {"box": 7.5, "cls": 0.5, "dfl": 1.5, "pose": 12.0, "kobj": 1.0, "angle": 1.0}


class Criterion:
    """One of the criteria for heads of some strides, without a model around it."""

    def __init__(
        self,
        name: str,
        classes: int,
        sizes: Sizes,
        strides: Sequence[int],
        keypoints: int = 0,
        eps: float | None = None,
        bins: int = 16,
    ) -> None:
        torch, _, loss = torch_and_ultralytics()
        head = types.SimpleNamespace(
            stride=torch.tensor([float(stride) for stride in strides]),
            nc=classes,
            reg_max=bins,
            kpt_shape=[keypoints, 3],
        )

        class Model(torch.nn.Module):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.anything = torch.nn.Parameter(torch.zeros(1))
                self.model = [head]
                self.args = types.SimpleNamespace(**GAINS, overlap_mask=False, epochs=100)

        self._torch: Any = torch
        self._feats = [torch.zeros(1, 1, height, width) for height, width in sizes]
        self._image = sizes[0][1] * strides[0], sizes[0][0] * strides[0]
        self._criterion: Any = getattr(loss, name)(Model())
        parts = [getattr(self._criterion, part, None) for part in ("one2many", "one2one")]
        for part in [self._criterion, *parts]:
            if eps is not None and hasattr(part, "assigner"):
                part.assigner.eps = eps

    def outputs(self, box_logits: Any, class_logits: Any, **others: Any) -> dict[str, Any]:
        """As its head gives them: anchors in the last axis."""
        heads = {"boxes": box_logits, "scores": class_logits, **others}
        return {name: x.permute(0, 2, 1) if x.ndim == 3 else x for name, x in heads.items()} | {"feats": self._feats}

    def batch(self, labels: Any, boxes: Any, mask: Any, **others: Any) -> dict[str, Any]:
        """As its loader gives them: objects in one list, (cx, cy, w, h) as shares of the image, angles as they are."""
        torch, scale = self._torch, self._torch.tensor([*self._image, *self._image], dtype=boxes.dtype)
        if boxes.shape[-1] == 4:
            boxes = torch.cat((0.5 * (boxes[..., :2] + boxes[..., 2:]), boxes[..., 2:] - boxes[..., :2]), -1)
        boxes = torch.cat((boxes[..., :4] / scale, boxes[..., 4:]), -1)
        return {
            "batch_idx": torch.nonzero(mask)[:, 0].to(boxes.dtype),
            "cls": labels[mask].to(boxes.dtype),
            "bboxes": boxes[mask],
            **others,
        }

    def __call__(self, outputs: dict[str, Any], batch: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The loss, times the size of the batch, and its parts."""
        loss, parts = self._criterion(outputs, batch)
        return loss, parts
