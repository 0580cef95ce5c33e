"""The projects' functions by name; an `ImportError` where one is not installed, or too old."""

from __future__ import annotations

import contextlib
import importlib
import sys
import types
from collections.abc import Callable, Mapping
from functools import cache, partial
from types import ModuleType, SimpleNamespace
from typing import Any

import torch

from benchmarks import peers_keras, peers_torchvision
from benchmarks.ultralytics_criterion import Criterion
from benchmarks.ultralytics_import import quiet, torch_and_ultralytics

from . import inputs

Functions = Mapping[str, Any]


def _all_of(*modules: str) -> dict[str, Any]:
    """The names of the modules, of which the last one wins."""
    return {name: x for module in modules for name, x in vars(importlib.import_module(module)).items()}


def _at_least(module: str, version: str) -> None:
    found = importlib.import_module(module).__version__
    if [int(part) for part in found.split(".")[:2]] < [int(part) for part in version.split(".")]:
        raise ImportError(f"{module} {found} is older than {version}")


@cache
def pytorch() -> Functions:
    return _all_of("torch", "torch.nn.functional")


@cache
def optax() -> Functions:
    return _all_of("optax.losses")


@cache
def monai() -> Functions:
    _at_least("monai", "1.6")
    return _all_of("monai.data.box_utils", "monai.losses")


@cache
def kornia() -> Functions:
    _at_least("kornia", "0.9")
    return _all_of("kornia.geometry.bbox", "kornia.losses")


@cache
def segmentation_models_pytorch() -> Functions:
    _repair_torchvision()
    return _all_of("segmentation_models_pytorch.losses")


def keras() -> Functions:
    """On PyTorch. It is the one that was loaded last, so it is not kept."""
    library = peers_keras.load("torch")
    found: Functions = vars(library.utils.bounding_boxes) | vars(library.losses)
    return found


@cache
def torchmetrics() -> Functions:
    _repair_torchvision()
    parts = ("", ".classification", ".detection", ".regression", ".segmentation")
    return _all_of(*[f"torchmetrics.functional{part}" for part in parts])


def _repair_torchvision() -> None:
    """The race knows how to import it where it was built for another torch."""
    with contextlib.suppress(ImportError):
        peers_torchvision.load()


# pytorch-metric-learning ----------------------------------------------------------------------------------------------


@cache
def pytorch_metric_learning() -> Functions:
    found = _all_of(*[f"pytorch_metric_learning.{part}" for part in ("miners", "distances", "losses")])
    names = ("ProxyNCALoss", "ProxyAnchorLoss", "ArcFaceLoss", "CosFaceLoss", "NormalizedSoftmaxLoss")
    return found | {name: partial(_with_proxies, found[name]) for name in names}


def _with_proxies(kind: Callable[..., Any], *args: Any, **options: Any) -> Any:
    loss = kind(*args, **options)
    proxies = torch.tensor(inputs.EMBEDDINGS["proxies"].array)
    for parameter in loss.parameters():
        parameter.data = proxies if parameter.shape == proxies.shape else proxies.T
    return loss


# torchvision ----------------------------------------------------------------------------------------------------------


@cache
def torchvision() -> Functions:
    _, ops = peers_torchvision.load()
    utils = importlib.import_module("torchvision.models.detection._utils")
    anchors = importlib.import_module("torchvision.models.detection.anchor_utils").AnchorGenerator
    image_list = importlib.import_module("torchvision.models.detection.image_list").ImageList
    own = {
        "RetinaNet": _retinanet,
        "FCOS": _fcos,
        "listed": _listed,
        "AnchorGenerator": anchors,
        "images": image_list(torch.zeros(1, 3, inputs.SIDE, inputs.SIDE), [(inputs.SIDE, inputs.SIDE)]),
        "features": _features(),
    }
    coders = {name: getattr(utils, name) for name in ("Matcher", "BoxCoder", "BoxLinearCoder")}
    return dict(vars(ops)) | coders | own


def _features() -> list[torch.Tensor]:
    """Feature maps without features."""
    return [torch.zeros(1, 1, grid, grid) for grid in inputs.GRIDS]


def _retinanet(loss_type: str = "l1") -> Any:
    """The model without its layers."""
    module = importlib.import_module("torchvision.models.detection.retinanet")
    head = module.RetinaNetHead(8, 1, 4)
    head.regression_head._loss_type = loss_type
    matcher = torchvision()["Matcher"](0.5, 0.4, allow_low_quality_matches=True)
    model = SimpleNamespace(head=head, proposal_matcher=matcher)
    return SimpleNamespace(compute_loss=partial(module.RetinaNet.compute_loss, model))


def _fcos() -> Any:
    module = importlib.import_module("torchvision.models.detection.fcos")
    model = SimpleNamespace(head=module.FCOSHead(32, 1, 4, 1), center_sampling_radius=1.5)
    return SimpleNamespace(compute_loss=partial(module.FCOS.compute_loss, model))


def _listed(labels: Any, boxes: Any, mask: Any) -> list[dict[str, Any]]:
    return [{"labels": y[there], "boxes": x[there]} for y, x, there in zip(labels, boxes, mask)]


# ultralytics ----------------------------------------------------------------------------------------------------------


@cache
def ultralytics() -> Functions:
    torch_and_ultralytics()
    with quiet():
        found = _all_of(*[f"ultralytics.{part}" for part in ULTRALYTICS])
    sizes = [(grid, grid) for grid in inputs.GRIDS]
    criterion = partial(Criterion, classes=4, sizes=sizes, strides=inputs.STRIDES, keypoints=5)
    semantic = partial(_semantic, found["SemanticSegmentationLoss"])
    criteria = ("v8DetectionLoss", "v8SegmentationLoss", "v8PoseLoss", "v8OBBLoss", "E2ELoss", "E2EDetectLoss")
    any_one = criterion("v8DetectionLoss")
    return (
        found
        | {name: lambda model, name=name: criterion(name) for name in criteria}
        | {"model": None, "outputs": any_one.outputs, "batch": any_one.batch, "features": _features()}
        | {"SemanticSegmentationLoss": semantic}
    )


def _semantic(kind: Callable[..., Any], model: Any) -> Any:
    layers = torch.nn.Linear(1, 1)
    layers.model, layers.args = [SimpleNamespace(nc=inputs.C)], SimpleNamespace()
    return kind(layers)


ULTRALYTICS = (
    "nn.modules.block",
    "utils.nms",
    "utils.ops",
    "utils.metrics",
    "utils.tal",
    "models.utils.loss",
    "utils.loss",
)


# mmdetection ----------------------------------------------------------------------------------------------------------


@cache
def mmdetection() -> Functions:
    """Its losses, assigners and coders. They call no operator of mmcv, which mmcv-lite does not have."""
    importlib.import_module("mmcv")
    try:
        importlib.import_module("mmcv.ops")
    except ImportError:
        for name in ("mmcv.ops", "mmcv.ops.roi_align", "mmcv.ops.nms"):
            sys.modules[name] = _Operators(name)
    if "mmdet.models" not in sys.modules:
        # Without all the detectors.
        models = types.ModuleType("mmdet.models")
        models.__path__ = [f"{path}/models" for path in importlib.import_module("mmdet").__path__]
        sys.modules["mmdet.models"] = models
    found = _all_of(*[f"mmdet.{part}" for part in MMDETECTION])
    instances = importlib.import_module("mmengine.structures").InstanceData
    return found | {"instances": instances, "priors": _priors}


MMDETECTION = (
    "models.task_modules.prior_generators",
    "structures.bbox",
    "models.task_modules.coders",
    "models.task_modules.assigners",
    "models.losses",
)


class _Operators(ModuleType):
    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def _priors(points: torch.Tensor, strides: torch.Tensor) -> torch.Tensor:
    return torch.cat((points, strides[:, None], strides[:, None]), dim=-1)
