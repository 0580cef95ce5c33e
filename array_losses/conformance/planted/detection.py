"""In whole detection criteria."""

from __future__ import annotations

from .fault import Fault

RETINANET, FCOS = "detection/retinanet.py", "detection/fcos.py"
YOLOX, DETR = "detection/yolox.py", "detection/detr.py"

FAULTS = (
    Fault(
        "edges of YOLOv8's distributions summed instead of their mean",
        "detection/_yolov8.py",
        "broadcast_to(0.25 * slots.score[..., None], distances.shape)",
        "broadcast_to(slots.score[..., None], distances.shape)",
        ("yolov8_detection_loss",),
    ),
    Fault(
        "anchors between both thresholds counted as background",
        RETINANET,
        "where=goals.counted[..., None],",
        "where=None,",
        ("retinanet_loss",),
    ),
    Fault(
        "centerness asked of every point",
        FCOS,
        "goals.quality, where=where, **shared)",
        "goals.quality, **shared)",
        ("fcos_loss",),
    ),
    Fault(
        "1 - IoU for 1 - IoU^2",
        YOLOX,
        'goals.boxes, form="square", **of_positives)',
        "goals.boxes, **of_positives)",
        ("yolox_loss",),
    ),
    Fault(
        "the factors of L1 and GIoU exchanged",
        DETR,
        "zip(options.gains, (classification, l1, overlap))",
        "zip(options.gains, (classification, overlap, l1))",
        ("detr_loss",),
    ),
    Fault(
        "queries without an object weigh as much as the others",
        DETR,
        "options.no_object_weight * ones",
        "ones",
        ("detr_loss",),
    ),
)
