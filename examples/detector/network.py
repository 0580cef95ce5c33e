"""The detector, once for all libraries: five convolutions, a linear head, YOLOv8's criterion, and detections.

What is written here runs on arrays of any library. A library brings its convolution and its optimizer: `with_jax`,
`with_torch`, `with_numpy`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from array_api_compat import array_namespace

from array_losses.detection import anchor_points, decode_distributions, yolov8_detection_loss
from array_losses.suppression import cluster_nms

from .shapes import SHAPES, SIDE, Scenes

Array = Any
Weights = dict[str, Any]
Layer = Callable[[Array, Array, Array, int], Array]
"""`layer(x, kernel, bias, stride)`: a 3x3 convolution with a border of 1, bias and ReLU."""

STRIDES = (8, 16)  # pixels from cell to cell of the two feature maps
SIZES = [(SIDE // stride, SIDE // stride) for stride in STRIDES]
BINS = 8  # of the distance to each edge: up to 7 strides
LAYERS = [(16, 2), (32, 2), (64, 2), (64, 1), (64, 2)]  # channels and stride; the last two give the feature maps
HEAD = ("head", "head_bias")


def initial_weights(random: np.random.Generator, dtype: str = "float32") -> Weights:
    """Those of He et al. for the convolutions; a head that finds nothing yet, as that of RetinaNet."""
    weights, before = {}, 3
    for number, (channels, _) in enumerate(LAYERS):
        weights[f"kernel{number}"] = random.normal(0, (2 / (9 * before)) ** 0.5, (channels, before, 3, 3))
        weights[f"bias{number}"] = np.zeros(channels)
        before = channels
    weights["head"] = random.normal(0, 0.01, (before, 4 * BINS + len(SHAPES)))
    weights["head_bias"] = np.concatenate([np.zeros(4 * BINS), np.full(len(SHAPES), -np.log(99.0))])
    return {name: weight.astype(dtype) for name, weight in weights.items()}


def outputs(layer: Layer, weights: Weights, images: Array) -> Array:
    """Of each of A anchors the logits of its bins, then of its classes: (B, A, 4 BINS + classes)."""
    levels = []
    for number, (channels, stride) in enumerate(LAYERS):
        images = layer(images, weights[f"kernel{number}"], weights[f"bias{number}"], stride)
        if number >= len(LAYERS) - len(STRIDES):  # (B, 64, height, width) to (B, anchors, 64), as anchors are listed
            levels.append(images.reshape((-1, channels, images.shape[2] * images.shape[3])).mT)
    features = array_namespace(images).concat(levels, axis=1)
    return features @ weights["head"] + weights["head_bias"]


def loss(layer: Layer, weights: Weights, images: Array, labels: Array, boxes: Array, mask: Array) -> Array:
    """YOLOv8's criterion of a batch, ready to be differentiated.

    Which anchor learns which object depends on the outputs, too. The criterion takes that as given, so that nothing
    needs to be stopped or detached here. All of its shapes are known from those of its arguments: it can be compiled.
    """
    found = outputs(layer, weights, images)
    points, strides = anchor_points(SIZES, STRIDES, like=found)
    parts = yolov8_detection_loss(
        found[..., : 4 * BINS],
        found[..., 4 * BINS :],
        labels,
        boxes,
        mask,
        anchors=points,
        strides=strides,
        num_bins=BINS,
    )
    return parts.total


class Detections(NamedTuple):
    """One of each anchor, in NumPy or another library. Those that another one suppressed have the score 0."""

    boxes: Array  # (B, A, 4)
    scores: Array  # (B, A)
    labels: Array  # (B, A)


def detections(layer: Layer, weights: Weights, images: Array) -> Detections:
    """The best class of each anchor and its box; of those that overlap, the one with the best score stays."""
    found = outputs(layer, weights, images)
    xp = array_namespace(found)
    points, strides = anchor_points(SIZES, STRIDES, like=found)
    boxes = decode_distributions(found[..., : 4 * BINS], points=points, strides=strides, num_bins=BINS)
    logits = found[..., 4 * BINS :]
    labels = xp.argmax(logits, axis=-1)
    scores = 1 / (1 + xp.exp(-xp.max(logits, axis=-1)))
    return Detections(boxes, cluster_nms(boxes, scores, labels=labels, iou_threshold=0.6), labels)


class Plan(NamedTuple):
    """How to learn: Adam, whose rate rises from 0 and falls to 0; all weights, or those of the head alone."""

    rate: float
    steps: int
    head_only: bool = False

    def share(self, step: Any) -> Any:
        """Which part of the rate to take at a step: a parabola that is 1 half-way; the first step is 0."""
        part = (step + 1.0) / (self.steps + 1)  # 1.0: JAX would divide its integers in float32, in float64 too
        return 4 * part * (1 - part)

    def learns(self, name: str) -> bool:
        return name in HEAD or not self.head_only


class Learner(Protocol):
    """What each library makes of this; outside of it arrays are NumPy's."""

    def __init__(self, weights: Weights, plan: Plan) -> None: ...

    def learn(self, scenes: Scenes) -> float:
        """The loss of a batch, and one step against its gradient."""

    def weights_now(self) -> Weights:
        """What has been learnt."""

    def loss(self, weights: Weights, scenes: Scenes) -> float:
        """The loss of a batch with other weights than its own."""

    def detect(self, images: Array) -> Detections:
        """What it finds."""
