"""ndonnx: arrays of which ONNX Runtime computes what is not a constant."""

from __future__ import annotations

from typing import Any

import numpy as np

from array_losses.conformance.backends import Backend, Gap


class NDOnnx(Backend):
    library = "ndonnx"
    slow = True
    gaps = (
        Gap(
            "atan2 is not implemented: ONNX has no such operator",
            "https://github.com/Quantco/ndonnx/blob/main/ndonnx/_elementwise.py",
            says="NotImplementedError",
            functions=("ciou", "ciou_loss", "unified_iou_loss", "yolov8_detection_loss"),
        ),
        Gap(
            "DLPack takes arrays in, not out: objects are matched by NumPy",
            "https://github.com/Quantco/ndonnx/blob/main/ndonnx/_array.py",
            says="does not support the export of array data",
            functions=("detr_loss",),
        ),
    )

    def device_name(self, device: Any) -> str:
        return "cpu"  # its devices have no names, and it has one

    def to_numpy(self, x: Any) -> Any:
        return np.array(x.unwrap_numpy(), dtype=np.float64)


backend = NDOnnx
