"""What is raced: one `Task` for each line of the report, and the contestants of each backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from numpy.typing import NDArray

from . import (
    inputs,
    ours,
    peers_jax_boxes,
    peers_jax_classification,
    peers_jax_embeddings,
    peers_jax_regression,
    peers_jax_segmentation,
    peers_kornia,
    peers_monai,
    peers_numpy_boxes,
    peers_numpy_classification,
    peers_numpy_embeddings,
    peers_numpy_regression,
    peers_numpy_segmentation,
    peers_optax,
    peers_pml,
    peers_shapely,
    peers_smp,
    peers_torch,
    peers_torch_embeddings,
    peers_torchvision,
    peers_ultralytics,
)
from .agreement import CANCELLING, GRADIENT, SORTED
from .backends import Call, Function

Work = Literal["value", "value+gradient"]
WORKS: tuple[Work, ...] = ("value", "value+gradient")
Size = tuple[int, ...]
Sizes = Mapping[str, tuple[Size, ...]]  # by entry; what has no sizes is not raced


def _all_of(*parts: Callable[[], dict[str, Function]]) -> Callable[[], dict[str, Function]]:
    return lambda: {entry: function for part in parts for entry, function in part().items()}


CONTESTANTS: dict[str, dict[str, Callable[[], dict[str, Function]]]] = {
    "numpy": {
        ours.NAME: ours.numpy_functions,
        "plain formula": _all_of(
            peers_numpy_boxes.functions,
            peers_numpy_classification.functions,
            peers_numpy_regression.functions,
            peers_numpy_segmentation.functions,
            peers_numpy_embeddings.functions,
        ),
        "torchvision": peers_torchvision.numpy_functions,
        "Shapely": peers_shapely.numpy_functions,
        "our CIoU": ours.numpy_ciou_in_their_place,
    },
    "torch": {
        ours.NAME: ours.functions,
        "torchvision": peers_torchvision.functions,
        "ultralytics": peers_ultralytics.functions,
        "torch's own": peers_torch.functions,
        "MONAI": peers_monai.functions,
        "kornia": peers_kornia.functions,
        "SMP": peers_smp.functions,
        "PML": peers_pml.functions,
        "plain formula": peers_torch_embeddings.functions,
        "Shapely": peers_shapely.torch_functions,
        "fused BCE": peers_torch.bounds,
        "our CIoU": ours.ciou_in_their_place,
    },
    "jax": {
        ours.NAME: ours.functions,
        "plain columns": peers_jax_boxes.columns,
        "plain corners": peers_jax_boxes.corners,
        "plain formula": _all_of(
            peers_jax_classification.functions,
            peers_jax_regression.functions,
            peers_jax_segmentation.functions,
            peers_jax_embeddings.functions,
        ),
        "plain gather": peers_jax_classification.gathers,
        "optax": peers_optax.functions,
        "our CIoU": ours.ciou_in_their_place,
    },
}
# These compute another loss than the one that they race with: timed, but not compared, and nobody's fastest peer.
BOUNDS = {
    "fused BCE": "the cross-entropy alone, without the focal factor, by PyTorch itself",
    "our CIoU": "another loss of the same boxes, by the same library",
}


@dataclass(frozen=True)
class Goal:
    """A peer shall take at least `ratio` times as long as we do: `against` this one, or the fastest."""

    ratio: float
    against: str | None = None


@dataclass(frozen=True)
class Task:
    """One race."""

    title: str
    entry: str  # the key of each contestant's function
    size: Size
    call: Call
    inputs: Callable[[], tuple[NDArray[Any], ...]] = field(repr=False)
    goal: Goal | None = None
    tolerance: float = GRADIENT  # see `agreement.py`


@dataclass(frozen=True)
class Subject:
    """What becomes a task at each size and in each way of calling it."""

    title: str
    inputs: Callable[[Size], tuple[NDArray[Any], ...]]
    goal: Callable[[str, Size, Call], Goal | None]  # of a backend's name, a size, a call
    works: tuple[Work, ...] = WORKS
    compilable: bool = True
    tolerance: float = GRADIENT
    learned: int = 1  # how many of the first inputs have a gradient


@dataclass(frozen=True)
class Effort:
    """How much is raced, and for how long."""

    sizes: Sizes = field(default_factory=lambda: SIZES)
    compiled_sizes: Sizes = field(default_factory=lambda: COMPILED)  # `torch.compile` takes seconds a contestant
    compiled_works: tuple[Work, ...] = WORKS  # the same
    seconds: float = 1.2  # for each race
    imports: int = 15  # new processes

    def only(self, entries: Sequence[str]) -> Effort:
        """The same for these entries alone; one that is left out here has its usual sizes."""
        sizes = {entry: self.sizes.get(entry, SIZES[entry]) for entry in entries}
        compiled_sizes = {entry: self.compiled_sizes.get(entry, SIZES[entry]) for entry in entries}
        return replace(self, sizes=sizes, compiled_sizes=compiled_sizes)


PAIRS = ((256,), (4_096,), (100_000,), (1_000_000,))
BINARY = (
    (256, 80),
    (8_400, 80),
    (67_200, 80),
)  # anchors x classes: a few; of one image of 640 pixels; of eight
LABEL_IMAGES = ((2, 4, 64, 64), (8, 4, 256, 256))  # samples x classes x pixels
YOLOV8 = (8, 640, 80, 12)
"""Images x side x classes x objects: 8 400 anchors."""
SIZES: Sizes = {
    "ciou": PAIRS,
    "giou": PAIRS,
    "iou table": ((8_400, 50), (10_000, 1_000)),
    "sigmoid focal": BINARY,
    "sigmoid bce": BINARY,
    "softmax ce": ((256, 80), (8_400, 80), (65_536, 80), (4_096, 1_000)),
    "distribution focal": ((1_000, 4, 16), (40_000, 4, 16)),
    "smooth l1": ((1_000_000,),),
    "huber": ((1_000_000,),),
    "dice": LABEL_IMAGES,
    "tversky": LABEL_IMAGES,
    "softmax dice": LABEL_IMAGES,
    "lovasz softmax": LABEL_IMAGES,
    "batch hard triplet": ((512, 256),),
    "nt-xent": ((512, 128),),
    "info nce": ((512, 128),),
    **dict.fromkeys(ours.MODERN, ((100000,),)),
    "probiou": ((4_096,), (100_000,)),
    "rotated iou table": ((1_000, 1_000),),
    "yolov8": (YOLOV8, (2, *YOLOV8[1:]), (8, 320, 80, 12), *[(*YOLOV8[:3], objects) for objects in (50, 200, 500)]),
}
COMPILED: Sizes = {entry: sizes for entry, sizes in SIZES.items() if entry not in ours.MODERN} | {"yolov8": (YOLOV8,)}

QUICK = Effort(
    sizes={
        "ciou": ((256,), (100_000,)),
        "iou table": ((8_400, 50),),
        "sigmoid focal": ((256, 80), (8_400, 80)),
        "softmax ce": ((8_400, 80),),
        "dice": ((8, 4, 256, 256),),
        "batch hard triplet": ((512, 256),),
    },
    compiled_sizes={"ciou": ((100_000,),), "sigmoid focal": ((8_400, 80),)},
    compiled_works=("value+gradient",),
    seconds=0.4,
    imports=5,
)


def plan(family: str, backend: str, effort: Effort) -> Iterator[Task]:
    """The tasks of one family on one backend."""
    for entry, subject in FAMILIES[family].items():
        for compiled in {"numpy": (False,), "torch": (False, True), "jax": (True,)}[backend]:
            if compiled and not subject.compilable:
                continue
            restricted = compiled and backend == "torch"
            for work in subject.works:
                if restricted and work not in effort.compiled_works:
                    continue
                for size in (effort.compiled_sizes if restricted else effort.sizes).get(entry, ()):
                    call = Call(gradient=work == "value+gradient", compiled=compiled, learned=subject.learned)
                    yield Task(
                        title=subject.title,
                        entry=f"{entry} and gradient" if backend == "numpy" and call.gradient else entry,
                        size=size,
                        call=call,
                        inputs=partial(subject.inputs, size),
                        goal=subject.goal(backend, size, call),
                        tolerance=subject.tolerance,
                    )


def _box_goal(backend: str, size: Size, call: Call) -> Goal | None:
    if backend == "numpy":
        return Goal(2.0) if size[0] >= 1_000_000 else None
    if not call.gradient:
        return None
    if backend == "jax":
        return Goal(2.0)
    return Goal(2.0 if call.compiled and size[0] >= 100_000 else 1.6)


def _table_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(3.0, against="torchvision") if size == (10_000, 1_000) else None


def _modern_goal(backend: str, size: Size, call: Call) -> Goal | None:
    """At most 1.3 times the time of our CIoU."""
    return Goal(round(1 / 1.3, 2), against="our CIoU") if backend != "jax" and not call.compiled else None


def _probiou_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(1.5, against="ultralytics") if _learns_in_torch(backend, call) else None


def _rotated_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(5.0)


def _yolov8_goal(backend: str, size: Size, call: Call) -> Goal | None:
    if size != YOLOV8 or not _learns_in_torch(backend, call):
        return None
    return Goal(2.0 if call.compiled else 1.5, against="ultralytics")


def _focal_goal(backend: str, size: Size, call: Call) -> Goal | None:
    if not call.gradient or backend == "numpy":
        return None
    if backend == "jax":
        return Goal(4.0, against="optax")
    return Goal(1.0, against="fused BCE") if call.compiled else Goal(1.5, against="torchvision")


def _softmax_goal(backend: str, size: Size, call: Call) -> Goal | None:
    """PyTorch has a kernel of its own: we may take 1.2 times as long."""
    return {"numpy": None, "torch": Goal(0.83, against="torch's own"), "jax": Goal(1.0, against="optax")}[backend]


def _distribution_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(2.0) if call.gradient and backend != "numpy" else None


def _regression_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(1.0) if call.gradient else None


def _dice_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(1.5, against="MONAI") if _learns_in_torch(backend, call) and size == LABEL_IMAGES[-1] else None


def _lovasz_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(1.5) if _learns_in_torch(backend, call) and size == LABEL_IMAGES[-1] else None


def _triplet_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(1.5, against="PML") if _learns_in_torch(backend, call) else None


def _learns_in_torch(backend: str, call: Call) -> bool:
    return backend == "torch" and call.gradient


def _no_goal(backend: str, size: Size, call: Call) -> None:
    return None


FAMILIES: dict[str, dict[str, Subject]] = {
    "boxes": {
        "ciou": Subject("CIoU loss", lambda size: inputs.matched_boxes(size[0]), _box_goal),
        "giou": Subject("GIoU loss", lambda size: inputs.matched_boxes(size[0]), _box_goal),
        "iou table": Subject("IoU table", inputs.two_sets, _table_goal, works=("value",), compilable=False),
    },
    "modern boxes": {
        entry: Subject(
            f"{entry} loss", lambda size: inputs.matched_boxes(size[0]), _modern_goal, works=("value+gradient",)
        )
        for entry in ours.MODERN
    },
    "rotated boxes": {
        "probiou": Subject(
            "ProbIoU loss", lambda size: inputs.rotated_boxes(size[0]), _probiou_goal, tolerance=CANCELLING
        ),
        "rotated iou table": Subject(
            "rotated IoU table", inputs.two_rotated_sets, _rotated_goal, works=("value",), compilable=False
        ),
    },
    "detection": {
        "yolov8": Subject("YOLOv8 criterion", inputs.detection, _yolov8_goal, tolerance=CANCELLING, learned=2),
    },
    "classification": {
        "sigmoid focal": Subject("sigmoid focal loss", inputs.binary, _focal_goal),
        "sigmoid bce": Subject("sigmoid cross-entropy", inputs.binary, _no_goal),
        "softmax ce": Subject("softmax cross-entropy", inputs.labelled, _softmax_goal),
        "distribution focal": Subject("distribution focal", inputs.distributions, _distribution_goal),
    },
    "regression": {
        "smooth l1": Subject("smooth L1 loss", inputs.numbers, _regression_goal),
        "huber": Subject("Huber loss", inputs.numbers, _regression_goal),
    },
    "segmentation": {
        "dice": Subject("Dice loss", inputs.masked, _dice_goal),
        "tversky": Subject("Tversky loss", inputs.masked, _dice_goal),
        "softmax dice": Subject("softmax Dice loss", inputs.segmented, _dice_goal),
        "lovasz softmax": Subject("Lovasz softmax loss", inputs.segmented, _lovasz_goal, tolerance=SORTED),
    },
    "embeddings": {
        "batch hard triplet": Subject("batch-hard triplet", inputs.identities, _triplet_goal),
        "nt-xent": Subject("NT-Xent loss", inputs.views, _no_goal),
        "info nce": Subject("InfoNCE loss", inputs.queries, _no_goal),
    },
}
