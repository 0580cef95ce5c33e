"""Criteria of detectors: the same in every library, equal to peers and to plain loops, and what must not matter."""

from __future__ import annotations

import importlib
import itertools
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from every_library import LIBRARIES, everywhere

import array_losses as al
from array_losses._array import namespace
from array_losses.detection import anchor_boxes, anchor_points, detr_loss, fcos_loss, retinanet_loss, yolox_loss

ROOT = Path(__file__).parent.parent
SIZES, STRIDES, CLASSES, QUERIES = [(6, 8), (3, 4)], (8, 16), 3, 7
LEVELS = (48, 12)
CORNERS, STEPS = anchor_points(SIZES, STRIDES, offset=0.0, like=np.zeros(0))
CENTRES = CORNERS + STEPS[:, None] / 2
ANCHORS = anchor_boxes(SIZES, STRIDES, sizes=[(12,), (28,)], ratios=(0.5, 2.0), like=np.zeros(0))
RANGES = ((0.0, 16.0), (16.0, math.inf))

# Images of 64 x 48 pixels with 3, 1, 0 and 2 objects; in the other places stands what nobody must look at.
MASK = np.arange(3) < np.asarray([3, 1, 0, 2])[:, None]
BOXES = np.where(
    MASK[..., None],
    [
        [[3.0, 5.0, 25.0, 18.0], [30.0, 4.0, 44.0, 44.0], [6.0, 7.0, 19.0, 21.0]],
        [[20.0, 10.0, 61.0, 40.0]] * 3,
        [[0.0] * 4] * 3,
        [[1.0, 20.0, 12.0, 47.0], [33.0, 16.0, 53.0, 31.0], [0.0] * 4],
    ],
    np.nan,
)
LABELS = np.where(MASK, [[2, 0, 2], [1, 1, 1], [0, 0, 0], [0, 1, 0]], [[-7], [99], [3], [-1]])
RELATIVE = np.concatenate([BOXES[..., :2] + BOXES[..., 2:], 2 * (BOXES[..., 2:] - BOXES[..., :2])], axis=-1) / 2
RELATIVE = RELATIVE / [64.0, 48.0, 64.0, 48.0]


def logits(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(-1, 1.5, shape)


def raw(kind: str, images: int = 4) -> tuple[Any, ...]:
    """What heads give."""
    random = np.random.default_rng(1)
    if kind == "retinanet":
        return logits(images, len(ANCHORS), CLASSES), random.normal(0, 0.4, (images, len(ANCHORS), 4))
    if kind == "detr":
        boxes = np.concatenate(
            [random.uniform(0.1, 0.9, (images, QUERIES, 2)), logits(images, QUERIES, 2) / 9 + 0.5], -1
        )
        return logits(images, QUERIES, CLASSES + 1), boxes
    if kind == "fcos":
        distances = random.uniform(0.2, 3, (images, len(STEPS), 4))
        return logits(images, len(STEPS), CLASSES), distances, logits(images, len(STEPS), seed=2)
    centres, sides = (
        random.uniform(-0.5, 1.5, (images, len(STEPS), 2)),
        random.normal(0.6, 0.6, (images, len(STEPS), 2)),
    )
    return np.concatenate([centres, sides], -1), logits(images, len(STEPS)), logits(images, len(STEPS), CLASSES, seed=2)


def detr(*arrays: Any, **options: Any) -> Any:
    return detr_loss(*arrays, **options)


def retinanet(*arrays: Any, **options: Any) -> Any:
    *given, anchors = arrays
    return retinanet_loss(*given, anchors=anchors, **options)


def fcos(*arrays: Any, **options: Any) -> Any:
    *given, points, strides = arrays
    return fcos_loss(*given, points=points, strides=strides, level_sizes=LEVELS, **{"ranges": RANGES} | options)


def yolox(*arrays: Any, **options: Any) -> Any:
    *given, points, strides = arrays
    return yolox_loss(*given, points=points, strides=strides, **options)


PLACES: dict[str, tuple[Any, ...]] = {
    "retinanet": (ANCHORS,),
    "fcos": (CENTRES, STEPS),
    "yolox": (CORNERS, STEPS),
    "detr": (),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {"retinanet": retinanet, "fcos": fcos, "yolox": yolox, "detr": detr}
WIDTHS = {"retinanet": 2, "fcos": 3, "yolox": 3, "detr": 2}  # how many outputs a head has
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("retinanet", {}),
    (
        "retinanet",
        {"box_loss": "smooth_l1", "beta": 0.1, "normalization": "image", "delta_weights": (2.0, 2.0, 1.0, 1.0)},
    ),
    ("retinanet", {"box_loss": "giou", "low_quality": "best", "gains": (0.5, 2.0)}),
    ("retinanet", {"box_loss": "ciou", "low_quality": None, "foreground_iou": 0.3, "background_iou": 0.2}),
    ("fcos", {}),
    ("fcos", {"box_loss": "iou", "weigh_boxes": True, "radius": None}),
    ("fcos", {"quality": "iou", "gains": (0.5, 2.0, 3.0)}),
    ("yolox", {}),
    ("yolox", {"l1": True, "radius": 2.5, "candidates": 5, "region": "box and center"}),
    ("detr", {}),
    ("detr", {"form": "focal", "costs": (2.0, 5.0, 2.0)}),
    ("detr", {"form": "varifocal", "alpha": 0.75, "gains": (2.0, 1.0, 3.0)}),
]
every_variant = pytest.mark.parametrize(
    ("kind", "options"), [pytest.param(*row, id="-".join([row[0], *map(str, row[1].values())])) for row in VARIANTS]
)
every_kind = pytest.mark.parametrize("kind", list(FUNCTIONS))


def scene(kind: str) -> tuple[Any, ...]:
    """Everything a criterion is called with."""
    return (*raw(kind), LABELS, RELATIVE if kind == "detr" else BOXES, MASK, *PLACES[kind])


def criterion(kind: str, **options: Any) -> Callable[..., Any]:
    return lambda *arrays: FUNCTIONS[kind](*arrays, **options)


def packed(found: Any) -> Any:
    """All numbers of a result in one row."""
    xp = namespace(found.total)
    *numbers, assignment = found
    parts = [*numbers, assignment.foreground, assignment.index, assignment.ignored]
    return xp.concat([xp.reshape(xp.astype(part, found.total.dtype), (-1,)) for part in parts])


def slopes(function: Callable[..., Any], kind: str, arrays: tuple[Any, ...]) -> tuple[Any, list[Any]]:
    """The total and its gradient with respect to the outputs of the head."""
    outputs = tuple(range(WIDTHS[kind]))
    value, gradients = al.value_and_grad(lambda *x: function(*x).total, argnums=outputs)(*arrays)
    return value, list(gradients)


def close(found: Any, expected: Any, digits: float = 1e-10) -> None:
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=digits, atol=digits)


# The same everywhere --------------------------------------------------------------------------------------------------


@every_variant
def test_same_in_every_library(kind: str, options: Any) -> None:
    function, arrays = criterion(kind, **options), scene(kind)
    found = everywhere(lambda *x: packed(function(*x)), *arrays)
    assert np.isfinite(found).all()
    gradients = {}
    for name, (asarray, numpy, session) in LIBRARIES.items():
        with session():
            _, parts = slopes(function, kind, tuple([asarray(np.array(x)) for x in arrays]))
            gradients[name] = [numpy(g) for g in parts]
    for name, parts in gradients.items():
        for g, expected in zip(parts, gradients["numpy"]):
            assert np.isfinite(g).all()
            assert g.any()
            np.testing.assert_allclose(g, expected, rtol=1e-9, atol=1e-11, err_msg=name)


@every_variant
def test_total_is_the_sum_of_the_parts_times_their_gains(kind: str, options: Any) -> None:
    arrays = scene(kind)
    found = criterion(kind, **options)(*arrays)
    close(found.total, sum(found[1:-1]))
    defaults = {"retinanet": (1.0, 1.0), "fcos": (1.0,) * 3, "yolox": (5.0, 1.0, 1.0, 1.0), "detr": (1.0, 5.0, 2.0)}
    gains = options.get("gains", defaults[kind])
    single = criterion(kind, **options | {"gains": (1.0,) * len(gains)})(*arrays)
    for part, gain, plain in zip(found[1:-1], gains, single[1:-1]):
        close(part, gain * plain)


@every_kind
def test_jax_transformed(kind: str, x64: None) -> None:
    arrays = scene(kind)
    function = criterion(kind)
    expected = packed(function(*arrays))
    given = tuple([jnp.asarray(x) for x in arrays])
    close(jax.jit(lambda *x: packed(function(*x)))(*given), expected)
    images = len(arrays) - len(PLACES[kind])
    one_by_one = [packed(function(*[x[i] for x in arrays[:images]], *arrays[images:])) for i in range(4)]
    axes = (0,) * images + (None,) * len(PLACES[kind])
    mapped = jax.vmap(lambda *x: packed(function(*x)), in_axes=axes)
    close(mapped(*given), np.stack(one_by_one))
    value, gradients = slopes(function, kind, arrays)
    outputs = tuple(range(WIDTHS[kind]))
    found, derived = jax.jit(jax.value_and_grad(lambda *x: function(*x).total, argnums=outputs))(*given)
    close(found, value)
    for g, h in zip(derived, gradients):
        close(g, h)


@every_kind
def test_torch_compiled(kind: str) -> None:
    arrays = scene(kind)
    function = criterion(kind)
    value, gradients = slopes(function, kind, arrays)
    tensors = [torch.asarray(np.array(x)) for x in arrays]
    outputs = [x.requires_grad_() for x in tensors[: WIDTHS[kind]]]
    torch.compiler.reset()
    found = torch.compile(function, fullgraph=True)(*tensors)
    close(found.total.detach(), value)
    np.testing.assert_array_equal(found.assignment.index, function(*arrays).assignment.index)
    found.total.backward()
    for x, g in zip(outputs, gradients):
        close(x.grad, g)


# What must not matter, and odd input ----------------------------------------------------------------------------------


def emptied(kind: str, objects: int) -> tuple[Any, ...]:
    """The scene without objects, in this many places."""
    arrays, at = list(scene(kind)), WIDTHS[kind]
    arrays[at] = np.zeros((4, objects), dtype=np.int64)
    arrays[at + 1] = np.full((4, objects, 4), np.nan)
    arrays[at + 2] = np.zeros((4, objects), dtype=bool)
    return tuple(arrays)


@every_variant
@pytest.mark.parametrize("objects", [0, 2])
def test_no_objects(kind: str, options: Any, objects: int) -> None:
    """Only the classes, or the objectness, cost: all is background."""
    function = criterion(kind, **options)
    result = function(*emptied(kind, objects))
    assert np.isfinite(packed(result)).all()
    assert not result.assignment.foreground.any()
    assert result.total > 0
    for name, part in zip(result._fields[1:-1], result[1:-1]):
        assert (part > 0) == (name == ("objectness" if kind == "yolox" else "classification")), name
    _, gradients = slopes(function, kind, emptied(kind, objects))
    assert all(np.isfinite(g).all() for g in gradients)
    assert sum(bool(g.any()) for g in gradients) == 1


@every_kind
def test_no_objects_in_every_library(kind: str) -> None:
    function, arrays = criterion(kind), emptied(kind, 0)
    everywhere(lambda *x: packed(function(*x)), *arrays)
    _, expected = slopes(function, kind, arrays)
    for name, (asarray, numpy, session) in LIBRARIES.items():
        with session():
            _, gradients = slopes(function, kind, tuple([asarray(np.array(x)) for x in arrays]))
            for g, h in zip(gradients, expected):
                np.testing.assert_allclose(numpy(g), h, rtol=1e-9, atol=1e-12, err_msg=name)


@every_variant
def test_nothing_to_predict_with(kind: str, options: Any) -> None:
    """No anchors, no images: 0."""
    outputs, (labels, boxes, mask), places = raw(kind), (LABELS, BOXES, MASK), PLACES[kind]
    if kind != "fcos":  # whose levels have at least one point
        none = [x[:, :0] for x in outputs], [x[:0] for x in places]
        assert criterion(kind, **options)(*none[0], labels, boxes, mask, *none[1]).total == 0
    images = [x[:0] for x in (*outputs, labels, boxes, mask)]
    found = criterion(kind, **options)(*images, *places)
    assert found.total == 0
    assert found.assignment.index.shape == (0, outputs[0].shape[1])


@every_kind
def test_padding_and_order_of_images(kind: str) -> None:
    """Padded places hold anything, there may be more of them, and images may come in any order."""
    arrays, at = scene(kind), WIDTHS[kind]
    expected, gradients = slopes(criterion(kind), kind, arrays)
    more = list(arrays)
    for i, fill in ((at, 1), (at + 1, np.inf), (at + 2, False)):
        wide = np.concatenate([arrays[i], np.full_like(arrays[i], fill)], axis=1)
        more[i] = np.where(np.isnan(wide), -np.inf, wide) if i == at + 1 else wide
    found, derived = slopes(criterion(kind), kind, tuple(more))
    close(found, expected)
    for g, h in zip(derived, gradients):
        close(g, h)
    shuffled = [x[[2, 0, 3, 1]] for x in arrays[: at + 3]]
    close(criterion(kind)(*shuffled, *PLACES[kind]).total, expected)
    folded = [x.reshape(2, 2, *x.shape[1:]) for x in arrays[: at + 3]]
    close(criterion(kind)(*folded, *PLACES[kind]).total, expected)


@every_variant
def test_two_halves_with_the_count_of_both(kind: str, options: Any) -> None:
    function, arrays, images = FUNCTIONS[kind], scene(kind), WIDTHS[kind] + 3
    whole = function(*arrays, **options)
    expected, gradients = slopes(criterion(kind, **options), kind, arrays)
    count = MASK.sum() if kind == "detr" else whole.assignment.foreground.sum()
    divisors: dict[str, Any] = {"normalizer": np.asarray(float(count))}
    if options.get("normalization") == "image":
        divisors["normalizer"] = 4
    if kind == "fcos" and options.get("weigh_boxes"):
        divisors["box_normalizer"] = fcos(*arrays, **options, box_normalizer=1).box / whole.box
    if kind == "detr" and "form" not in options:
        divisors["class_normalizer"] = float(count + 0.1 * (4 * QUERIES - count))
    parts = []
    for half in (slice(0, 2), slice(2, 4)):
        here = tuple([x[half] for x in arrays[:images]]) + arrays[images:]
        parts.append(slopes(criterion(kind, **options, **divisors), kind, here))
    close(parts[0][0] + parts[1][0], expected)
    for first, second, g in zip(parts[0][1], parts[1][1], gradients):
        close(np.concatenate([first, second]), g)


@every_kind
def test_sums_divided_by_hand(kind: str) -> None:
    """With ``normalizer=1`` what comes out are sums; 0 makes everything 0."""
    arrays = scene(kind)
    more = {"class_normalizer": 1} if kind == "detr" else {}
    sums, plain = criterion(kind, normalizer=1, **more)(*arrays), criterion(kind)(*arrays)
    count = MASK.sum() if kind == "detr" else sums.assignment.foreground.sum()
    for name in sums._fields[1:-1]:
        if (kind, name) != ("detr", "classification"):
            close(getattr(sums, name) / count, getattr(plain, name))
    nothing = dict.fromkeys(("normalizer", *more), 0)
    value, gradients = slopes(criterion(kind, **nothing), kind, arrays)
    assert value == 0
    assert not any(g.any() for g in gradients)


@every_kind
def test_half_precision(kind: str) -> None:
    """Computed in float32; gradients come back in the dtype of the outputs, and are finite for wild ones."""
    arrays, count = scene(kind), WIDTHS[kind]
    small = tuple([x.astype(np.float16) for x in arrays[:count]]) + arrays[count:]
    for i in range(count, len(small)):
        if small[i].dtype == np.float64:
            small = (*small[:i], small[i].astype(np.float32), *small[i + 1 :])
    found = criterion(kind)(*small)
    assert found.total.dtype == np.float32
    close(found.total, criterion(kind)(*arrays).total, 0.02)
    _, gradients = slopes(criterion(kind), kind, small)
    assert [g.dtype for g in gradients] == [np.float16] * count
    wild = tuple([(x * 300).astype(np.float32) for x in arrays[:count]]) + small[count:]
    value, gradients = slopes(criterion(kind), kind, wild)
    assert np.isfinite(value)
    assert all(np.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("retinanet", {}), ("retinanet", {"box_loss": "giou"}), ("fcos", {}), ("fcos", {"quality": "iou"})],
)
def test_boxes_of_the_background_are_not_looked_at(kind: str, options: Any) -> None:
    """Not even a NaN there becomes part of the loss, or of the gradient."""
    function, arrays = criterion(kind, **options), list(scene(kind))
    foreground = function(*arrays).assignment.foreground
    expected, gradients = slopes(function, kind, tuple(arrays))
    arrays[1] = np.where(foreground[..., None], arrays[1], np.nan)
    found, derived = slopes(function, kind, tuple(arrays))
    close(found, expected)
    for g, h in zip(derived, gradients):
        close(g, h)


def test_yolox_boxes_where_there_is_no_object() -> None:
    """The third image has none: its boxes may be anything."""
    arrays = list(scene("yolox"))
    for options in ({}, {"l1": True}):
        expected, gradients = slopes(criterion("yolox", **options), "yolox", tuple(arrays))
        wild = np.array(arrays[0])
        wild[2, ::2], wild[2, 1::2] = np.nan, 1e300
        found, derived = slopes(criterion("yolox", **options), "yolox", (wild, *arrays[1:]))
        close(found, expected)
        for g, h in zip(derived, gradients):
            close(g, h)


def test_layers_of_a_decoder() -> None:
    """Layers before the batch are summed over, each with its own matching; objects are given once."""
    outputs = [np.stack([x, x[::-1], 0.5 * x + 0.2]) for x in raw("detr")]
    for form in ("softmax", "focal", "varifocal"):
        together = detr(*outputs, LABELS, RELATIVE, MASK, form=form)
        apart = [detr(*[x[i] for x in outputs], LABELS, RELATIVE, MASK, form=form) for i in range(3)]
        for name in ("total", "classification", "l1", "giou"):
            close(getattr(together, name), sum(getattr(one, name) for one in apart))
        np.testing.assert_array_equal(together.assignment.index, np.stack([one.assignment.index for one in apart]))


def test_more_objects_than_queries() -> None:
    outputs = [x[:, :2] for x in raw("detr")]
    found = detr(*outputs, LABELS, RELATIVE, MASK)
    np.testing.assert_array_equal(found.assignment.foreground.sum(-1), [2, 1, 0, 2])
    everywhere(lambda *x: packed(detr(*x)), *outputs, LABELS, RELATIVE, MASK)


# By hand, and by loops ------------------------------------------------------------------------------------------------


def cross_entropy(x: float, t: float) -> float:
    return max(x, 0.0) - x * t + math.log1p(math.exp(-abs(x)))


def overlap(a: Any, b: Any) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    inter = max(wide, 0.0) * max(high, 0.0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter
    return float(inter / union)


def yolox_by_loops(raw: tuple[Any, ...], radius: float) -> tuple[Any, list[float]]:
    """Which object each place stands for, and sums over all images, as the paper and its code describe them."""
    outputs, objectness, classes = raw
    sums, owners = [0.0] * 4, np.full(objectness.shape, -1)
    for image in range(len(outputs)):
        objects = [g for g in range(3) if MASK[image, g]]
        centre = outputs[image, :, :2] * STEPS[:, None] + CORNERS
        side = np.exp(outputs[image, :, 2:]) * STEPS[:, None]
        pred = np.concatenate([centre - side / 2, centre + side / 2], axis=1)
        near = np.zeros((3, len(STEPS)), dtype=bool)
        for g, a in itertools.product(objects, range(len(STEPS))):
            middle = (BOXES[image, g, :2] + BOXES[image, g, 2:]) / 2
            near[g, a] = (abs(CENTRES[a] - middle) < radius * STEPS[a]).all()
        candidates = [a for a in range(len(STEPS)) if near[:, a].any()]
        wanted: dict[int, list[int]] = {}
        ious, cost = np.zeros(near.shape), np.zeros(near.shape)
        for g in objects:
            for a in candidates:
                ious[g, a] = overlap(BOXES[image, g], pred[a])
                for c in range(CLASSES):
                    p = math.sqrt(1 / (1 + math.exp(-classes[image, a, c])) / (1 + math.exp(-objectness[image, a])))
                    cost[g, a] -= math.log(p) if c == LABELS[image, g] else math.log(1 - p)
                cost[g, a] += -3 * math.log(ious[g, a] + 1e-8) + 1e5 * (not near[g, a])
            count = max(1, int(sum(sorted([ious[g, a] for a in candidates])[-10:])))
            for a in sorted(candidates, key=lambda a: cost[g, a])[:count]:
                wanted.setdefault(a, []).append(g)
        for a, rivals in wanted.items():
            owners[image, a] = min(rivals if len(rivals) == 1 else objects, key=lambda g: cost[g, a])
        for a in range(len(STEPS)):
            g = owners[image, a]
            sums[1] += cross_entropy(objectness[image, a], g >= 0)
            if g < 0:
                continue
            sums[0] += 1 - ious[g, a] ** 2
            for c in range(CLASSES):
                sums[2] += cross_entropy(classes[image, a, c], ious[g, a] * (c == LABELS[image, g]))
            box = BOXES[image, g]
            goal = [*((box[:2] + box[2:]) / 2 - CORNERS[a]) / STEPS[a], *np.log((box[2:] - box[:2]) / STEPS[a])]
            sums[3] += abs(outputs[image, a] - goal).sum()
    return owners, sums


@pytest.mark.parametrize("radius", [1.5, 2.5])
def test_yolox_by_loops(radius: float) -> None:
    arrays = scene("yolox")
    owners, sums = yolox_by_loops(arrays[:3], radius)
    found = yolox(*arrays, l1=True, radius=radius)
    np.testing.assert_array_equal(found.assignment.foreground, owners >= 0)
    np.testing.assert_array_equal(found.assignment.index, np.maximum(owners, 0))
    count = (owners >= 0).sum()
    assert count > 6
    close([found.box, found.objectness, found.classification, found.l1], np.asarray(sums) / count * [5, 1, 1, 1], 1e-6)
    assert yolox(*arrays).l1 == 0


def corners(box: Any) -> Any:
    return [box[0] - box[2] / 2, box[1] - box[3] / 2, box[0] + box[2] / 2, box[1] + box[3] / 2]


def generalized(a: Any, b: Any) -> float:
    a, b = corners(a), corners(b)
    hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
    areas = [(x[2] - x[0]) * (x[3] - x[1]) for x in (a, b)]
    iou = overlap(a, b)
    union = sum(areas) / (1 + iou)
    return float(iou - (hull - union) / hull)


def test_detr_by_loops() -> None:
    """The matching by trying all of them."""
    scores, boxes = raw("detr")
    found = detr_loss(scores, boxes, LABELS, RELATIVE, MASK)
    probs = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    entropy, weight, l1, giou = 0.0, 0.0, 0.0, 0.0
    for image in range(4):
        objects = [g for g in range(3) if MASK[image, g]]

        def cost(q: int, g: int, image: int = image) -> float:
            distance = abs(boxes[image, q] - RELATIVE[image, g]).sum()
            of_class = -probs[image, q, LABELS[image, g]]
            return float(of_class + 5 * distance + 2 * (1 - generalized(boxes[image, q], RELATIVE[image, g])))

        tries = itertools.permutations(range(QUERIES), len(objects))
        best = min(tries, key=lambda order: sum(cost(q, g) for q, g in zip(order, objects)))
        owner = dict(zip(best, objects))
        np.testing.assert_array_equal(np.nonzero(found.assignment.foreground[image])[0], sorted(best))
        for q in range(QUERIES):
            w = 1.0 if q in owner else 0.1
            entropy -= w * math.log(probs[image, q, LABELS[image, owner[q]] if q in owner else CLASSES])
            weight += w
            if q in owner:
                assert found.assignment.index[image, q] == owner[q]
                l1 += abs(boxes[image, q] - RELATIVE[image, owner[q]]).sum()
                giou += 1 - generalized(boxes[image, q], RELATIVE[image, owner[q]])
    close([found.classification, found.l1, found.giou], [entropy / weight, 5 * l1 / 6, 2 * giou / 6])


def test_centerness_by_hand() -> None:
    """sqrt(3/5 * 2/6): what the logit of that score costs is its entropy, and the gradient is 0."""
    t = math.sqrt(3 / 5 * 2 / 6)
    logit = math.log(t / (1 - t))
    box, there, places = np.asarray([[1.0, 2.0, 9.0, 10.0]]), np.asarray([True]), np.asarray([[4.0, 4.0]])

    def quality(x: Any) -> Any:
        given = np.zeros((1, 1)), np.ones((1, 4)), x, np.asarray([0]), box, there
        options: Any = {"points": places, "strides": np.asarray([8.0]), "level_sizes": (1,), "ranges": ((0, 99),)}
        return fcos_loss(*given, **options).quality

    value, gradient = al.value_and_grad(quality)(np.asarray([logit]))
    close(value, -t * math.log(t) - (1 - t) * math.log(1 - t))
    close(gradient, [0.0])


def test_fcos_weighted_by_hand() -> None:
    """Two points of one level, each in the middle of its own object: centerness 1 and 1/2, IoU 1/4 and 1."""
    points, strides = np.asarray([[8.0, 8.0], [40.0, 8.0]]), np.asarray([8.0, 8.0])
    boxes = np.asarray([[0.0, 0.0, 16.0, 16.0], [36.0, 4.0, 56.0, 12.0]])  # 4 and 16 from left and right: sqrt(1/4)
    distances, there = np.asarray([[0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 2.0, 0.5]]), np.asarray([True, True])
    given = np.zeros((2, 1)), distances, np.asarray([0.0, 2.0]), np.asarray([0, 0]), boxes, there

    def of(**options: Any) -> Any:
        knobs: Any = {"box_loss": "iou", "points": points, "strides": strides, "level_sizes": (2,)} | options
        return fcos_loss(*given, **{"ranges": ((0, 99),)} | knobs)

    assert of().assignment.foreground.all()
    close(of().box, math.log(4) / 2)
    close(of(box_normalizer=1).box, math.log(4))
    close(of(weigh_boxes=True).box, math.log(4) * 1 / 1.5)
    close(of(weigh_boxes=True, box_normalizer=1).box, math.log(4))
    close(of(weigh_boxes=True, quality="iou").box, math.log(4) / 4 / 1.25)
    close(of().quality, (cross_entropy(0, 1) + cross_entropy(2, 0.5)) / 2)
    close(of(quality="iou").quality, (cross_entropy(0, 0.25) + cross_entropy(2, 1)) / 2)


# Peers ----------------------------------------------------------------------------------------------------------------


def torchvision_module(name: str) -> Any:
    """A part of torchvision, which may be built for another torch: its operators in C++ are not needed."""
    pytest.importorskip("benchmarks.peers_torchvision")
    peers = importlib.import_module("benchmarks.peers_torchvision")
    try:
        peers.load()
        return importlib.import_module(f"torchvision.models.detection.{name}")
    except ImportError:
        pytest.skip("torchvision is not installed")


def targets_of(images: int = 4) -> list[dict[str, Any]]:
    """What torchvision calls targets."""
    lists = [
        {"boxes": torch.asarray(BOXES[i][MASK[i]]), "labels": torch.asarray(LABELS[i][MASK[i]])} for i in range(images)
    ]
    return [{"boxes": one["boxes"].reshape(-1, 4), "labels": one["labels"].long()} for one in lists]


def compare(kind: str, peer: dict[str, Any], outputs: list[Any], digits: float, **options: Any) -> None:
    """Components and gradients of a peer's, whose sum is differentiated, and of ours in NumPy."""
    sum(peer.values()).backward()
    arrays = scene(kind)
    found = criterion(kind, **options)(*arrays)
    for name, part in peer.items():
        close(getattr(found, name), part.detach(), digits)
    _, gradients = slopes(criterion(kind, **options), kind, arrays)
    for x, g in zip(outputs, gradients):
        close(g, x.grad.reshape(g.shape), digits)


@pytest.mark.parametrize(("form", "digits"), [("l1", 1e-10), ("smooth_l1", 1e-10), ("giou", 1e-6), ("ciou", 1e-6)])
def test_torchvision_retinanet(form: str, digits: float) -> None:
    """Its eps of 1e-7 in IoU and relatives is what remains."""
    retinanet, utils = torchvision_module("retinanet"), torchvision_module("_utils")
    head = retinanet.RetinaNetHead(8, 2, CLASSES)
    head.regression_head._loss_type = form
    model = SimpleNamespace(head=head, proposal_matcher=utils.Matcher(0.5, 0.4, allow_low_quality_matches=True))
    outputs = [torch.asarray(x).requires_grad_() for x in raw("retinanet")]
    named = {"cls_logits": outputs[0], "bbox_regression": outputs[1]}
    found = retinanet.RetinaNet.compute_loss(model, targets_of(), named, [torch.asarray(ANCHORS)] * 4)
    peer = {"classification": found["classification"], "box": found["bbox_regression"]}
    compare("retinanet", peer, outputs, digits, box_loss=form, normalization="image")


def test_torchvision_fcos() -> None:
    module = torchvision_module("fcos")
    model = SimpleNamespace(head=module.FCOSHead(32, 1, CLASSES, 1), center_sampling_radius=1.5)
    outputs = [torch.asarray(x).requires_grad_() for x in raw("fcos")]
    named = {"cls_logits": outputs[0], "bbox_regression": outputs[1], "bbox_ctrness": outputs[2][..., None]}
    half = STEPS[:, None] / 2
    squares = torch.asarray(np.concatenate([CENTRES - half, CENTRES + half], axis=1))
    found = module.FCOS.compute_loss(model, targets_of(), named, [squares] * 4, list(LEVELS))
    assert found["bbox_regression"] > 0
    peer = {
        "classification": found["classification"],
        "box": found["bbox_regression"],
        "quality": found["bbox_ctrness"],
    }
    # It has 4 to 8 strides at every level, the first from 0 and the last to infinity.
    compare("fcos", peer, outputs, 1e-6, ranges=((0, 64), (64, math.inf)))


@pytest.mark.parametrize("form", ["focal", "varifocal"])
def test_ultralytics_detr(form: str) -> None:
    """Its eps of 1e-7 in areas is what remains."""
    pytest.importorskip("ultralytics", exc_type=ImportError)
    importlib.import_module("benchmarks.ultralytics_import").torch_and_ultralytics()
    with importlib.import_module("benchmarks.ultralytics_import").quiet():
        module = importlib.import_module("ultralytics.models.utils.loss")
    outputs = [torch.asarray(x, dtype=torch.float32) for x in raw("detr")]
    outputs = [outputs[0][..., :CLASSES].clone().requires_grad_(), outputs[1].requires_grad_()]
    loss = module.DETRLoss(nc=CLASSES, aux_loss=False, use_fl=True, use_vfl=form == "varifocal")
    groups = MASK.sum(-1).tolist()
    objects = torch.asarray(RELATIVE[MASK], dtype=torch.float32), torch.asarray(LABELS[MASK]).long()
    parts = loss._get_loss(outputs[1], outputs[0], *objects, groups)
    sum(parts.values()).backward()
    ours = [x.detach().numpy() for x in outputs]

    def criterion(*arrays: Any) -> Any:
        knobs: Any = {"form": form, "costs": (2.0, 5.0, 2.0), "gamma": 1.5}
        return detr(*arrays, LABELS, RELATIVE.astype(np.float32), MASK, **knobs)

    found = criterion(*ours)
    expected = [parts[name].item() for name in ("loss_class", "loss_bbox", "loss_giou")]
    close([found.classification, found.l1, found.giou], expected, 1e-5)
    _, gradients = slopes(criterion, "detr", tuple(ours))
    for x, g in zip(outputs, gradients):
        close(g, x.grad, 1e-5)


# Errors ---------------------------------------------------------------------------------------------------------------


def faults() -> Iterator[tuple[str, dict[int, Any], dict[str, Any], str]]:
    """Criteria, arguments to replace by their place, options, and what is said."""
    yield "retinanet", {0: np.zeros(3)}, {}, r"class_logits must have shape \(..., A, C\); got \(3,\)"
    yield "retinanet", {1: np.zeros((4, 5, 4))}, {}, r"box_deltas must have shape \(4, 120, 4\); got \(4, 5, 4\)"
    yield "retinanet", {5: ANCHORS[:3]}, {}, r"anchors must have shape \(120, 4\); got \(3, 4\)"
    yield (
        "retinanet",
        {},
        {"box_loss": "l2"},
        "box_loss must be one of 'l1', 'smooth_l1', 'iou', 'giou', 'diou', 'ciou'",
    )
    yield "retinanet", {}, {"gains": (1.0,)}, "gains must be 2 numbers; got 1"
    yield "retinanet", {}, {"normalizer": np.zeros(2)}, r"normalizer must have shape \(\); got \(2,\)"
    yield "retinanet", {3: BOXES[:, :2]}, {}, r"mask must have shape \(4, 2\); got \(4, 3\)"
    yield "fcos", {2: np.zeros((4, 60, 1))}, {}, r"centerness_logits must have shape \(4, 60\); got \(4, 60, 1\)"
    yield "fcos", {}, {"quality": "box"}, "quality must be one of 'centerness', 'iou'; got 'box'"
    yield "fcos", {}, {"ranges": ((0, 9),)}, "ranges must be 2 pairs"
    yield "yolox", {7: STEPS[:, None]}, {}, r"strides must have shape \(60,\); got \(60, 1\)"
    yield "yolox", {}, {"candidates": 0}, "candidates must be at least 1; got 0"
    yield "detr", {}, {"form": "sigmoid"}, "form must be one of 'softmax', 'focal', 'varifocal'; got 'sigmoid'"
    yield "detr", {2: LABELS[:3]}, {}, r"labels must have shape \(4, 3\); got \(3, 3\)"
    yield (
        "detr",
        {2: LABELS[:3], 3: RELATIVE[:3], 4: MASK[:3]},
        {},
        r"mask must have leading axes that broadcast to \(4,\); got \(3, 3\)",
    )
    yield "detr", {}, {"costs": 3.0}, "costs must be a tuple of 3 numbers; got float"


@pytest.mark.parametrize(("kind", "replaced", "options", "words"), list(faults()))
def test_errors(kind: str, replaced: Any, options: Any, words: str) -> None:
    arrays = [replaced.get(i, x) for i, x in enumerate(scene(kind))]
    with pytest.raises((TypeError, ValueError), match=words):
        FUNCTIONS[kind](*arrays, **options)


def test_arrays_of_two_libraries() -> None:
    arrays = list(scene("detr"))
    arrays[4] = torch.asarray(MASK)
    with pytest.raises(TypeError, match="mask must be an array of the library"):
        detr(*arrays)


# Examples -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_data_parallel_example(library: str) -> None:
    """A batch on two processes, or devices, is the batch on one."""
    pytest.importorskip(library)
    program = [sys.executable, "-m", f"examples.data_parallel_{library}"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line.split() for line in done.stdout.splitlines()}
    positives = [word for word in lines["positives"] if word.isdigit()]
    assert positives[0] == positives[1]
    assert int(positives[0]) > 4
    differences = [float(word) for word in lines["difference"] if word[0].isdigit()]
    assert len(differences) == 2
    assert max(differences) < 1e-5
