"""The sizes of each entry: from what one image has to a million rows."""

from __future__ import annotations

from collections.abc import Mapping

from . import ours

Size = tuple[int, ...]
Sizes = Mapping[str, tuple[Size, ...]]  # by entry; what has no sizes is not raced

PAIRS = ((256,), (4_096,), (100_000,), (1_000_000,))
BINARY = ((256, 80), (8_400, 80), (67_200, 80))
"""Anchors x classes: a few; of one image of 640 pixels; of eight."""
MANY_BINARY = (*BINARY, (1_000_000, 20))
LABELLED = ((256, 80), (8_400, 80), (65_536, 80), (4_096, 1_000), (1_000_000, 20))
TWO = ((8_400, 80), (65_536, 80))
NUMBERS = ((4_096,), (1_000_000,))
LABEL_IMAGES = ((2, 4, 64, 64), (8, 4, 256, 256))
"""Samples x classes x pixels."""
YOLOV8 = (8, 640, 80, 12)
"""Images x side x classes x objects: 8 400 anchors."""

SIZES: Sizes = {
    "ciou": PAIRS,
    "giou": PAIRS,
    "iou table": ((8_400, 50), (10_000, 1_000)),
    "giou table": ((8_400, 50),),
    **dict.fromkeys(ours.MODERN, ((100_000,),)),
    "probiou": ((4_096,), (100_000,)),
    "rotated iou table": ((1_000, 1_000),),
    "yolov8": (YOLOV8, (2, *YOLOV8[1:]), (8, 320, 80, 12), *[(*YOLOV8[:3], objects) for objects in (50, 200, 500)]),
    "sigmoid focal": MANY_BINARY,
    "sigmoid bce": BINARY,
    "probability bce": TWO,
    "softmax ce": LABELLED,
    "softmax focal": TWO,
    "kl divergence": TWO,
    "hinge": NUMBERS,
    "distribution focal": ((1_000, 4, 16), (40_000, 4, 16)),
    "smooth l1": PAIRS,
    "huber": NUMBERS,
    "log cosh": NUMBERS,
    "charbonnier": NUMBERS,
    "balanced l1": NUMBERS,
    "dice": LABEL_IMAGES,
    "tversky": LABEL_IMAGES,
    "softmax dice": LABEL_IMAGES,
    "lovasz softmax": LABEL_IMAGES,
    "batch hard triplet": ((512, 256),),
    "triplet": ((512, 128), (32_768, 128)),
    "contrastive": ((512, 128),),
    "nt-xent": ((512, 128),),
    "info nce": ((512, 128),),
    "one ciou": ((1,),),
    "one sigmoid focal": ((1,),),
    "one huber": ((1,),),
    "one softmax ce": ((1, 80),),
}

ONCE_COMPILED = (
    "softmax focal",
    "probability bce",
    "kl divergence",
    "hinge",
    "huber",
    "log cosh",
    "charbonnier",
    "balanced l1",
    "triplet",
)
"""Compiled at their largest size alone."""

COMPILED: Sizes = (
    {entry: sizes for entry, sizes in SIZES.items() if entry not in ours.MODERN}
    | {entry: SIZES[entry][-1:] for entry in ONCE_COMPILED}
    | {"yolov8": (YOLOV8,)}
)
"""For `torch.compile`, which takes seconds a contestant."""
