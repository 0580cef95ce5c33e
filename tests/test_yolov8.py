"""The criteria of YOLOv8: ultralytics' values and gradients, in every library, and what must not matter to them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import torch
from detection_scenes import STRIDES, Scene, made_up, real, sizes_of
from every_library import LIBRARIES, frozen

from array_losses import softmax_cross_entropy, value_and_grad
from array_losses.conformance.dual import Dual, coordinates, softplus, total
from array_losses.conformance.reference import boxes as boxes_of
from array_losses.conformance.reference import distributions as distributions_of
from array_losses.detection import (
    decode_distributions,
    yolov8_classification_loss,
    yolov8_detection_loss,
    yolov8_end_to_end_loss,
    yolov8_obb_loss,
    yolov8_pose_loss,
    yolov8_segmentation_loss,
)
from benchmarks.ultralytics_criterion import Criterion

SIDE, CLASSES, KEYPOINTS = 160, 4, 5
ALMOST_NOTHING = 1e-30
"""In place of the 1e-9 that ultralytics adds to the largest metric of an object."""


def criterion(name: str, side: int = SIDE, classes: int = CLASSES, eps: float | None = ALMOST_NOTHING) -> Criterion:
    try:
        return Criterion(name, classes, sizes_of(side), STRIDES, KEYPOINTS, eps)
    except ImportError:
        pytest.skip("ultralytics is not installed")


def tensors(scene: Scene) -> Scene:
    return Scene(*[torch.asarray(x) for x in scene])


def leaf(x: Any) -> Any:
    return x.detach().clone().requires_grad_()


def close(found: Any, expected: Any, digits: float = 2e-5) -> None:
    expected = expected.detach()
    scale = float(expected.abs().max())
    assert float((found.detach() - expected).abs().max()) <= digits * scale


# ultralytics ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_detection_is_that_of_ultralytics(seed: int) -> None:
    scene = tensors(made_up(seed=seed))
    _same_detection(scene, criterion("v8DetectionLoss"), 2e-5)


def test_detection_of_photographs_is_that_of_ultralytics_with_its_eps() -> None:
    scene = tensors(real())
    assert int(scene.mask.sum()) > 8
    peer = criterion("v8DetectionLoss", 512, scene.class_logits.shape[-1], eps=None)
    _same_detection(scene, peer, 2e-5, metric_eps=1e-9)
    _same_detection(scene, peer, 2e-3)


def _same_detection(scene: Scene, peer: Criterion, digits: float, **options: Any) -> None:
    images = len(scene.labels)
    theirs = leaf(scene.box_logits), leaf(scene.class_logits)
    loss, parts = peer(peer.outputs(*theirs), peer.batch(scene.labels, scene.boxes, scene.mask))
    loss.sum().backward()
    ours = leaf(scene.box_logits), leaf(scene.class_logits)
    truth = scene.labels, scene.boxes, scene.mask
    options = scene.places | options | {"batch_scale": float(images)}
    found = yolov8_detection_loss(*ours, *truth, **options)
    found.total.backward()
    for name, part in (("box", found.box), ("cls", found.classification), ("dfl", found.distribution)):
        close(part / images, parts[f"{name}_loss"], digits)
    close(found.total, loss.sum(), digits)
    for mine, peers in zip(ours, theirs, strict=True):
        close(mine.grad, peers.grad, digits)


def test_poses_are_those_of_ultralytics() -> None:
    scene = tensors(made_up(seed=5))
    outputs, keypoints, visible = pose_of(scene)
    peer = criterion("v8PoseLoss")
    theirs = leaf(scene.box_logits), leaf(scene.class_logits), leaf(outputs)
    listed = torch.cat((keypoints / SIDE, 2.0 * visible[..., None]), -1)[scene.mask]
    flat = theirs[2].reshape(*theirs[2].shape[:2], -1)
    batch = peer.batch(scene.labels, scene.boxes, scene.mask, keypoints=listed)
    loss, parts = peer(peer.outputs(*theirs[:2], kpts=flat), batch)
    loss.sum().backward()
    ours = leaf(scene.box_logits), leaf(scene.class_logits), leaf(outputs)
    found = yolov8_pose_loss(
        *(*ours, scene.labels, scene.boxes, scene.mask, keypoints, visible),
        **(scene.places | {"sigmas": (1 / KEYPOINTS,) * KEYPOINTS, "batch_scale": 2.0}),
    )
    found.total.backward()
    names = ("box", "classification", "distribution", "keypoints", "visibility")
    for name, key in zip(names, ("box", "cls", "dfl", "pose", "kobj"), strict=True):
        close(getattr(found, name) / 2, parts[f"{key}_loss"])
    for mine, peers in zip(ours, theirs, strict=True):
        close(mine.grad, peers.grad)


def pose_of(scene: Scene, seed: int = 3) -> tuple[Any, Any, Any]:
    draw = np.random.default_rng(seed)
    images, anchors, _ = scene.box_logits.shape
    objects = scene.labels.shape[1]
    found = (
        draw.normal(0, 1, (images, anchors, KEYPOINTS, 3)).astype(np.float32),
        draw.uniform(0, SIDE, (images, objects, KEYPOINTS, 2)).astype(np.float32),
        draw.random((images, objects, KEYPOINTS)) < 0.7,
    )
    return tuple(torch.asarray(x) for x in found) if isinstance(scene.labels, torch.Tensor) else found


def test_masks_are_those_of_ultralytics() -> None:
    scene = tensors(made_up(seed=6))
    coefficients, prototypes, masks = masks_of(scene)
    peer = criterion("v8SegmentationLoss")
    theirs = leaf(scene.box_logits), leaf(scene.class_logits), leaf(coefficients), leaf(prototypes)
    batch = peer.batch(scene.labels, scene.boxes, scene.mask, masks=masks[scene.mask].float())
    outputs = peer.outputs(*theirs[:2], mask_coefficient=theirs[2]) | {"proto": theirs[3]}
    loss, parts = peer(outputs, batch)
    loss.sum().backward()
    ours = leaf(scene.box_logits), leaf(scene.class_logits), leaf(coefficients), leaf(prototypes)
    found = yolov8_segmentation_loss(
        *(*ours, scene.labels, scene.boxes, scene.mask, masks),
        **(scene.places | {"image_size": (SIDE, SIDE), "batch_scale": 2.0}),
    )
    found.total.backward()
    for name, key in (("box", "box"), ("classification", "cls"), ("distribution", "dfl"), ("masks", "seg")):
        close(getattr(found, name) / 2, parts[f"{key}_loss"])
    for mine, peers in zip(ours, theirs, strict=True):
        close(mine.grad, peers.grad)


def masks_of(scene: Scene, seed: int = 3) -> tuple[Any, Any, Any]:
    draw = np.random.default_rng(seed)
    images, anchors, _ = scene.box_logits.shape
    objects = scene.labels.shape[1]
    found = (
        draw.normal(0, 1, (images, anchors, 7)).astype(np.float32),
        draw.normal(0, 1, (images, 7, 20, 20)).astype(np.float32),
        draw.random((images, objects, 20, 20)) < 0.5,
    )
    return tuple(torch.asarray(x) for x in found) if isinstance(scene.labels, torch.Tensor) else found


def test_rotated_boxes_are_those_of_ultralytics() -> None:
    scene = tensors(made_up(seed=7))
    angles, boxes = turned(scene)
    peer = criterion("v8OBBLoss")
    theirs = leaf(scene.box_logits), leaf(scene.class_logits), leaf(angles)
    loss, parts = peer(
        peer.outputs(*theirs[:2], angle=theirs[2][..., None]), peer.batch(scene.labels, boxes, scene.mask)
    )
    loss.sum().backward()
    ours = leaf(scene.box_logits), leaf(scene.class_logits), leaf(angles)
    found = yolov8_obb_loss(*ours, scene.labels, boxes, scene.mask, **scene.places, batch_scale=2.0)
    found.total.backward()
    for name, key in (("box", "box"), ("classification", "cls"), ("distribution", "dfl"), ("angle", "angle")):
        close(getattr(found, name) / 2, parts[f"{key}_loss"], 1e-4)
    # Their determinants of covariances cancel.
    for mine, peers in zip(ours, theirs, strict=True):
        close(mine.grad, peers.grad, 1e-3)


def turned(scene: Scene, seed: int = 3) -> tuple[Any, Any]:
    draw = np.random.default_rng(seed)
    boxes = np.asarray(scene.boxes)
    angles = draw.uniform(-0.7, 0.7, boxes.shape[:2]) * np.asarray(scene.mask)
    corners = 0.5 * (boxes[..., :2] + boxes[..., 2:]), boxes[..., 2:] - boxes[..., :2], angles[..., None]
    found = (
        draw.uniform(-0.7, 0.7, scene.box_logits.shape[:2]).astype(np.float32),
        np.concatenate(corners, axis=-1).astype(np.float32),
    )
    return tuple(torch.asarray(x) for x in found) if isinstance(scene.labels, torch.Tensor) else found


@pytest.mark.parametrize(
    ("name", "options"),
    [("E2ELoss", {}), ("E2EDetectLoss", {"topk": (10, 1), "shares": (1.0, 1.0), "second_topk": None})],
)
def test_end_to_end_is_that_of_ultralytics(name: str, options: dict[str, Any]) -> None:
    scene, other = tensors(made_up(seed=8)), tensors(made_up(seed=9))
    peer = criterion(name)
    heads = [(x.box_logits, x.class_logits) for x in (scene, other)]
    truth = scene.labels, scene.boxes, scene.mask
    outputs = {key: peer.outputs(*one) for key, one in zip(("one2many", "one2one"), heads, strict=True)}
    loss, _ = peer(outputs, peer.batch(*truth))
    call: Any = yolov8_end_to_end_loss
    found = call(*heads, *truth, **(scene.places | options | {"batch_scale": 2.0}))
    close(found.total, loss.sum())


def test_classification_is_the_mean_cross_entropy() -> None:
    logits, labels = np.random.default_rng(0).normal(size=(6, 4)), np.asarray([0, 3, 1, 1, 2, 0])
    assert yolov8_classification_loss(logits, labels) == softmax_cross_entropy(logits, labels).mean()


# Every library --------------------------------------------------------------------------------------------------------

Criterions = Callable[..., Any]


def cases() -> dict[str, tuple[Criterions, tuple[Any, ...], int, dict[str, Any]]]:
    """By name: the criterion of heads and truth, its arrays, how many of them are heads, its options."""
    scene = made_up(seed=11)
    heads, truth = (scene.box_logits, scene.class_logits), (scene.labels, scene.boxes, scene.mask)
    outputs, keypoints, visible = pose_of(scene)
    coefficients, prototypes, masks = masks_of(scene)
    angles, boxes = turned(scene)
    sigmas = {"sigmas": (1 / KEYPOINTS,) * KEYPOINTS}
    return {
        "detection": (yolov8_detection_loss, (*heads, *truth), 2, {}),
        "one to one": (yolov8_detection_loss, (*heads, *truth), 2, {"topk": 7, "second_topk": 1}),
        "pose": (yolov8_pose_loss, (*heads, outputs, *truth, keypoints, visible), 3, sigmas),
        "pose without visibility": (
            yolov8_pose_loss,
            (*heads, outputs[..., :2], *truth, keypoints, visible),
            3,
            sigmas,
        ),
        "segmentation": (
            yolov8_segmentation_loss,
            (*heads, coefficients, prototypes, *truth, masks),
            4,
            {"image_size": (SIDE, SIDE)},
        ),
        "obb": (yolov8_obb_loss, (*heads, angles, truth[0], boxes, truth[2]), 3, {}),
    }


CASES = cases()
PLACES = made_up(seed=11).places
every_case = pytest.mark.parametrize("case", list(CASES))


def wide(x: Any) -> Any:
    return x.astype(np.float64) if x.dtype == np.float32 else x


@every_case
def test_the_same_everywhere_with_its_gradient(case: str) -> None:
    function, arrays, heads, options = CASES[case]
    found = {}
    for name, (asarray, numpy, session) in LIBRARIES.items():
        with session():
            given = [asarray(frozen(wide(x)) if name == "numpy" else wide(x).copy()) for x in arrays]
            places = {key: asarray(wide(x).copy()) for key, x in PLACES.items()}

            def total(*heads_: Any, rest: Any = given[heads:], places: Any = places) -> Any:
                loss = function(*heads_, *rest, **places, **options)
                return loss.total, loss

            (_, loss), slopes = value_and_grad(total, argnums=tuple(range(heads)), has_aux=True)(*given[:heads])
            parts = [numpy(_plain(x)) for x in loss[:-1]]
            found[name] = parts, [numpy(x) for x in slopes], [numpy(_plain(x)) for x in loss.assignment]
    expected = found["numpy"]
    assert sum(map(float, expected[0][1:])) == pytest.approx(float(expected[0][0]), rel=1e-12)
    for name, one in found.items():
        for mine, theirs in zip(one[0] + one[1], expected[0] + expected[1], strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12, err_msg=name)
        for mine, theirs in zip(one[2], expected[2], strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, err_msg=name)


def _plain(x: Any) -> Any:
    return x.detach() if isinstance(x, torch.Tensor) else x


@every_case
def test_slopes_are_differences(case: str) -> None:
    function, arrays, heads, options = CASES[case]
    places = {key: wide(x) for key, x in PLACES.items()}
    given = [wide(x) for x in arrays]

    def total(*heads_: Any) -> Any:
        return function(*heads_, *given[heads:], **places, **options).total

    _, slopes = value_and_grad(total, argnums=tuple(range(heads)))(*given[:heads])
    assignment = function(*given, **places, **options).assignment
    draw = np.random.default_rng(0)
    for k in range(heads):
        for place in np.argsort(-np.abs(slopes[k]), axis=None)[draw.integers(0, 60, 3)]:
            step = np.zeros(given[k].size)
            step[place] = 1e-6
            step = step.reshape(given[k].shape)
            moved = [[x + sign * step if i == k else x for i, x in enumerate(given)] for sign in (1, -1)]
            ends = [function(*one, **places, **options) for one in moved]
            # What is assigned, and its scores, are no part of the gradient.
            if all(np.array_equal(end.assignment.score, assignment.score) for end in ends):
                change = (ends[0].total - ends[1].total) / 2e-6
                assert slopes[k].reshape(-1)[place] == pytest.approx(change, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("case", ["detection", "pose", "segmentation", "obb"])
def test_transforms(case: str) -> None:
    function, arrays, _, options = CASES[case]
    expected = function(*arrays, **PLACES, **options)
    places = {key: jax.numpy.asarray(x) for key, x in PLACES.items()}
    given = [jax.numpy.asarray(x) for x in arrays]
    found = jax.jit(lambda *x: function(*x, **places, **options))(*given)
    np.testing.assert_allclose(found.total, expected.total, rtol=1e-5)
    assert np.array_equal(found.assignment.index, expected.assignment.index)
    each = jax.vmap(lambda *x: function(*x, **places, **options, normalizer=1.0).classification)(*given)
    single = [function(*[x[i] for x in arrays], **PLACES, **options, normalizer=1.0).classification for i in range(2)]
    np.testing.assert_allclose(each, single, rtol=1e-5)


@pytest.mark.parametrize("case", ["detection", "obb"])
def test_it_compiles_in_one_piece(case: str) -> None:
    function, arrays, heads, options = CASES[case]
    given = [torch.asarray(x) for x in arrays]
    places = {key: torch.asarray(x) for key, x in PLACES.items()}
    totals, slopes = [], []
    plain = lambda *x: function(*x, **places, **options).total
    for call in (plain, torch.compile(plain, fullgraph=True, dynamic=False)):
        leaves = [leaf(x) for x in given[:heads]]
        total = call(*leaves, *given[heads:])
        total.backward()
        totals.append(float(total.detach()))
        slopes.append([x.grad for x in leaves])
    assert totals[1] == pytest.approx(totals[0], rel=1e-5)
    for mine, theirs in zip(*slopes, strict=True):
        close(mine, theirs)


def test_other_numbers_of_objects_and_anchors_do_not_compile_anew() -> None:
    graphs = []

    def backend(graph: Any, _: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    def total(*x: Any) -> Any:
        return yolov8_detection_loss(*x[:5], anchors=x[5], strides=x[6]).total

    torch.compiler.reset()
    compiled = torch.compile(total, fullgraph=True, backend=backend)
    for side, objects in ((64, 3), (64, 5), (64, 8), (96, 8), (128, 5), (160, 4)):
        scene = [torch.asarray(x) for x in made_up(images=2, side=side, objects=objects)]
        assert float(compiled(*scene)) == pytest.approx(float(total(*scene)), rel=1e-6)
    assert len(graphs) == 3  # of these shapes, of any number of objects, of any number of both


def test_the_operator_keeps_pytorch_s_rules() -> None:
    """Schema, what it says of shapes without numbers, and what it does not write to or return."""
    box_logits, class_logits, *rest = [torch.asarray(x) for x in made_up(images=2, side=64, objects=3)]
    importlib.import_module("array_losses.detection._torch")
    knobs = (False, 16, 10, None, 0.5, 6.0, None, 0.0)
    operator = torch.ops.array_losses.yolov8_learn.default
    found = torch.library.opcheck(operator, (box_logits, class_logits, None, *rest, *knobs))
    assert set(found.values()) == {"SUCCESS"}


@pytest.mark.parametrize("case", ["detection", "obb"])
def test_the_operator_is_mapped(case: str) -> None:
    function, arrays, _, options = CASES[case]
    places = {key: torch.asarray(x) for key, x in PLACES.items()}
    given = [torch.asarray(x) for x in arrays]
    one: Any = lambda *x: function(*x, **places, **options, normalizer=1.0).total
    torch.compiler.reset()
    each = torch.compile(torch.vmap(one), fullgraph=True, backend="aot_eager")(*given)
    for i, found in enumerate(each):
        assert float(found) == pytest.approx(float(one(*[x[i] for x in given])), rel=1e-5)


# 50 digits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_parts_have_all_their_digits(dtype: Any) -> None:
    """Value and slopes against the sums of 50 digits over anchors, with the assignment that was found."""
    call: Any = yolov8_detection_loss
    scene = Scene(*[x.astype(dtype) if x.dtype == np.float32 else x for x in made_up(images=1, side=64, objects=3)])
    heads, truth = (scene.box_logits, scene.class_logits), (scene.labels, scene.boxes, scene.mask)

    def total(*heads: Any) -> Any:
        found = call(*heads, *truth, **scene.places)
        return found.total, found

    (_, found), slopes = value_and_grad(total, argnums=(0, 1), has_aux=True)(*heads)
    box, classification, distribution = exact_parts(scene, found.assignment)
    assert int(found.assignment.foreground.sum()) > 8
    eps = float(np.finfo(dtype).eps)
    mine: Any
    exact: Any
    for mine, exact in ((found.box, box), (found.classification, classification), (found.distribution, distribution)):
        assert abs(float((mine - exact.value) / exact.value)) < 8 * eps
    everything = box + classification + distribution
    for k, slope in enumerate(slopes):
        first = sum(x.size for x in heads[:k])
        expected = np.asarray([float(everything.slopes.get(first + i, 0)) for i in range(slope.size)]).reshape(
            slope.shape
        )
        scale = np.abs(expected).max(axis=-1, keepdims=True)
        assert (np.abs(slope - expected) <= 32 * eps * scale).all()


def exact_parts(scene: Scene, assignment: Any) -> tuple[Any, Any, Any]:
    """Box, classification and distribution as dual numbers over the logits of boxes, then of classes."""
    count = scene.box_logits.size
    bins = [coordinates(map(float, row), 64 * a) for a, row in enumerate(scene.box_logits[0])]
    logits = [coordinates(map(float, row), count + CLASSES * a) for a, row in enumerate(scene.class_logits[0])]
    score = [Dual(float(s)) for s in assignment.score[0]]
    boxes, distributions, entropies = [Dual(0)], [Dual(0)], []
    for a, (row, s) in enumerate(zip(bins, score, strict=True)):
        g = int(assignment.index[0, a])
        for c, z in enumerate(logits[a]):
            t = s if assignment.foreground[0, a] and c == scene.labels[0, g] else Dual(0)
            entropies.append(t * softplus(-z) + (1 - t) * softplus(z))
        if not assignment.foreground[0, a]:
            continue
        (x, y), stride = scene.anchors[a].tolist(), float(scene.strides[a])
        sides = [row[16 * k : 16 * k + 16] for k in range(4)]
        means = [distributions_of.ROWS["distribution_expectation"](side) for side in sides]
        pred = [Dual(x) - means[0] * stride, Dual(y) - means[1] * stride]
        pred += [Dual(x) + means[2] * stride, Dual(y) + means[3] * stride]
        target = [Dual(float(z)) for z in scene.boxes[0, g]]
        boxes.append(s * boxes_of.ROWS["ciou_loss"](pred, target))
        goals = [Dual(x) - target[0], Dual(y) - target[1], target[2] - Dual(x), target[3] - Dual(y)]
        for side, goal in zip(sides, goals, strict=True):
            near = Dual(min(max(goal.value / stride, 0), scene.box_logits.dtype.type(14.99)))
            distributions.append(0.25 * s * distributions_of.ROWS["distribution_focal_loss"](side, near))
    per = 1 / max(1, sum(s.value for s in score))
    return 7.5 * per * total(boxes), 0.5 * per * total(entropies), 1.5 * per * total(distributions)


# What must not matter, and what must ----------------------------------------------------------------------------------


@every_case
def test_padded_places_are_never_looked_at(case: str) -> None:
    function, arrays, heads, options = CASES[case]
    mask = next(x for x in arrays if x.dtype == bool and x.ndim == 2)
    assert not mask.all()
    padded = []
    for x in arrays:
        own = x.shape[:2] == mask.shape and x is not mask
        where = mask.reshape(*mask.shape, *(1,) * (x.ndim - 2))
        other = np.nan if x.dtype == np.float32 else 77 if x.dtype == np.int64 else True
        padded.append(np.where(where, x, np.asarray(other, dtype=x.dtype)) if own else x)

    def total(*given: Any) -> Any:
        return function(*given[:heads], *given[heads:], **PLACES, **options).total

    for numbers in (range(heads),):
        expected = value_and_grad(total, argnums=tuple(numbers))(*arrays)
        found = value_and_grad(total, argnums=tuple(numbers))(*padded)
        assert found[0] == expected[0]
        for mine, theirs in zip(found[1], expected[1], strict=True):
            assert np.array_equal(mine, theirs)


@every_case
@pytest.mark.parametrize("objects", [0, 6])
def test_without_objects_only_the_classification_costs(case: str, objects: int) -> None:
    function, arrays, heads, options = CASES[case]
    mask = next(x for x in arrays if x.dtype == bool and x.ndim == 2)
    empty = [x & False if x is mask else x for x in arrays]
    empty = [x[:, :objects] if i >= heads else x for i, x in enumerate(empty)]

    def total(*given: Any) -> Any:
        found = function(*given, *empty[heads:], **PLACES, **options)
        return found.total, found

    (value, found), slopes = value_and_grad(total, argnums=tuple(range(heads)), has_aux=True)(*empty[:heads])
    assert value == found.classification > 0
    assert not found.assignment.foreground.any()
    for i, x in enumerate(slopes):
        assert np.isfinite(x).all()
        assert x.any() == (i == 1)


@every_case
def test_halves_of_a_batch_with_common_normalizers_add_up(case: str) -> None:
    function, arrays, _, options = CASES[case]
    whole = function(*arrays, **PLACES, **options)
    common: dict[str, Any] = {"normalizer": np.maximum(whole.assignment.score.sum(), 1.0)}
    if case.startswith(("pose", "segmentation")):
        common["foreground_count"] = np.asarray(whole.assignment.foreground.sum(), dtype=np.float32)
    halves = [function(*[x[i : i + 1] for x in arrays], **PLACES, **options, **common) for i in range(2)]
    for k in range(len(whole) - 1):
        assert halves[0][k] + halves[1][k] == pytest.approx(float(whole[k]), rel=1e-5)


def test_gains_scale_the_parts() -> None:
    _, arrays, _, _ = CASES["detection"]
    usual = yolov8_detection_loss(*arrays, **PLACES)
    found = yolov8_detection_loss(*arrays, **PLACES, gains=(15.0, 0.0, 1.5), batch_scale=2.0)
    assert found.box == pytest.approx(4 * usual.box, rel=1e-6)
    assert found.classification == 0
    assert found.distribution == pytest.approx(2 * usual.distribution, rel=1e-6)


def test_class_weights() -> None:
    _, arrays, _, _ = CASES["detection"]
    usual = yolov8_detection_loss(*arrays, **PLACES)
    same = yolov8_detection_loss(*arrays, **PLACES, class_weights=np.ones(CLASSES, dtype=np.float32))
    assert same.classification == pytest.approx(usual.classification, rel=1e-5)
    parts = [
        yolov8_detection_loss(*arrays, **PLACES, class_weights=np.eye(CLASSES, dtype=np.float32)[k]).classification
        for k in range(CLASSES)
    ]
    assert sum(parts) == pytest.approx(usual.classification, rel=1e-5)


def test_decoded_boxes_are_means_of_distributions() -> None:
    scene = made_up(images=1)
    logits = scene.box_logits.astype(np.float64).reshape(-1, 4, 16)
    powers = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    left, top, right, bottom = ((powers * np.arange(16)).sum(axis=-1) * scene.strides[:, None]).T
    x, y = scene.anchors.T
    found = decode_distributions(scene.box_logits, points=scene.anchors, strides=scene.strides)
    np.testing.assert_allclose(found[0], np.stack((x - left, y - top, x + right, y + bottom), axis=-1), atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_gives_its_own_gradient(dtype: Any) -> None:
    scene = tensors(made_up(seed=3))
    heads = [leaf(x.to(dtype)) for x in (scene.box_logits, scene.class_logits)]
    call: Any = yolov8_detection_loss
    found = call(*heads, scene.labels, scene.boxes, scene.mask, **scene.places)
    found.total.backward()
    assert found.total.dtype == torch.float32
    assert all(x.grad.dtype == dtype and bool(x.grad.isfinite().all()) for x in heads)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"box_logits": np.zeros((2, 525, 60))}, ValueError, r"box_logits must have shape \(..., A, 64\)"),
        ({"class_logits": np.zeros((2, 5, 4))}, ValueError, r"class_logits must have shape \(2, 525, C\)"),
        ({"anchors": np.zeros((5, 2))}, ValueError, r"anchors must have shape \(525, 2\); got \(5, 2\)"),
        ({"strides": np.zeros((525, 1))}, ValueError, r"strides must have shape \(525,\)"),
        ({"mask": np.zeros((2, 6))}, TypeError, "mask must have a boolean dtype"),
        ({"boxes": np.zeros((2, 6, 5))}, ValueError, r"boxes must have shape \(2, G, 4\)"),
        ({"gains": (1.0, 1.0)}, ValueError, "gains must be 3 numbers; got 2"),
        ({"gains": (1.0, 1.0, -1.0)}, ValueError, "gains must be at least 0"),
        ({"num_bins": 1}, ValueError, "num_bins must be at least 2; got 1"),
        ({"normalizer": np.zeros(2)}, ValueError, r"normalizer must have shape \(\); got \(2,\)"),
        ({"class_weights": np.zeros(3)}, ValueError, r"class_weights must have shape \(4,\)"),
        ({"labels": torch.zeros(2, 6, dtype=torch.int64)}, TypeError, "must be arrays of one library"),
    ],
)
def test_errors_name_the_argument(change: dict[str, Any], error: type[Exception], message: str) -> None:
    call: Any = yolov8_detection_loss
    names = ("box_logits", "class_logits", "labels", "boxes", "mask")
    arguments = dict(zip(names, CASES["detection"][1], strict=True)) | PLACES | change
    with pytest.raises(error, match=message):
        call(*[arguments.pop(name) for name in names], **arguments)
