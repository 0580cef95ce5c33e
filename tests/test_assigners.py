"""Assigners against loops over anchors and objects, in every library, and what must not matter to them."""

from __future__ import annotations

import itertools
import math
import sys
from fractions import Fraction
from typing import Any

import array_api_strict
import jax
import numpy as np
import pytest
import torch
from every_library import compiled_everywhere, everywhere
from hypothesis import given, settings
from hypothesis import strategies as st

import array_losses as al
from array_losses._array import astype, namespace
from array_losses.detection.anchors import anchor_boxes, anchor_points
from array_losses.detection.assignment import Assignment
from array_losses.detection.atss import atss_assign
from array_losses.detection.fcos_assignment import fcos_assign
from array_losses.detection.hungarian import hungarian_assign
from array_losses.detection.max_iou import max_iou_assign
from array_losses.detection.simota import simota_assign
from benchmarks import peers_torchvision

RNG = np.random.default_rng(11)


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    """Every test draws the same numbers, whichever ran before."""
    RNG.bit_generator.state = np.random.default_rng(11).bit_generator.state


GRID, STRIDES = [(6, 6), (3, 3), (2, 1)], [8, 16, 24]
LEVELS = (36, 9, 2)
ANCHORS = sum(LEVELS)
RANGES = ((0, 16), (16, 32), (32, math.inf))
CLASSES = 3
POINTS, STEPS = anchor_points(GRID, STRIDES, like=np.zeros(0))
SQUARES: Any = {"sizes": [(12,), (24,), (40,)], "ratios": (1,)}
BOXES = anchor_boxes(GRID, STRIDES, like=np.zeros(0), **SQUARES)


def random_scene(*leading: int, objects: int = 5, rng: Any = RNG) -> tuple[Any, ...]:
    """Scores, predicted boxes, labels, boxes and mask, on a grid of whole numbers, so that much is equal.

    Two anchors predict the same, two objects are the same, and where there is no object there are NaN and nonsense.
    """
    scores = rng.integers(0, 11, (*leading, ANCHORS, CLASSES)) / 10
    middle = np.concatenate([POINTS, POINTS], axis=1) + rng.integers(-4, 5, (*leading, ANCHORS, 4))
    side = rng.integers(2, 20, (*leading, ANCHORS, 2))
    pred = middle + np.concatenate([-side, side], axis=-1)
    scores[..., 9, :], pred[..., 9, :] = scores[..., 8, :], pred[..., 8, :]
    corner, size = rng.integers(0, 36, (*leading, objects, 2)), rng.integers(1, 30, (*leading, objects, 2))
    boxes = np.concatenate([corner, corner + size], axis=-1).astype(np.float64)
    labels, mask = rng.integers(0, CLASSES, (*leading, objects)), rng.uniform(size=(*leading, objects)) < 0.7
    if objects > 3:
        boxes[..., 3, :], labels[..., 3] = boxes[..., 1, :], labels[..., 1]
    boxes[~mask] = RNG.choice([np.nan, np.inf, -1e300, 7.0], boxes[~mask].shape)
    labels[~mask] = RNG.choice([-7, 99, 10**9], labels[~mask].shape)
    return scores, pred, labels, boxes, mask


def of_max_iou(scores: Any, pred: Any, labels: Any, boxes: Any, mask: Any, **options: Any) -> Assignment:
    return max_iou_assign(anchor_boxes(GRID, STRIDES, like=pred, **SQUARES), boxes, mask, **options)


def of_atss(scores: Any, pred: Any, labels: Any, boxes: Any, mask: Any, **options: Any) -> Assignment:
    anchors = anchor_boxes(GRID, STRIDES, like=pred, **SQUARES)
    return atss_assign(anchors, boxes, mask, level_sizes=LEVELS, **options)


def of_fcos(scores: Any, pred: Any, labels: Any, boxes: Any, mask: Any, **options: Any) -> Assignment:
    points, strides = anchor_points(GRID, STRIDES, like=pred)
    return fcos_assign(points, strides, boxes, mask, level_sizes=LEVELS, ranges=RANGES, **options)


def of_simota(scores: Any, pred: Any, labels: Any, boxes: Any, mask: Any, **options: Any) -> Assignment:
    points, strides = anchor_points(GRID, STRIDES, like=pred)
    return simota_assign(scores, pred, labels, boxes, mask, points=points, strides=strides, **options)


def of_hungarian(scores: Any, pred: Any, labels: Any, boxes: Any, mask: Any) -> Assignment:
    xp = namespace(boxes)
    apart = xp.sum(xp.abs(pred[..., :, None, :] - boxes[..., None, :, :]), axis=-1)
    return hungarian_assign(apart, mask)


ASSIGNERS: list[tuple[str, Any, dict[str, Any]]] = [
    ("max iou", of_max_iou, {}),
    ("max iou, best", of_max_iou, {"low_quality": "best", "foreground_iou": 0.6, "background_iou": 0.1}),
    ("atss", of_atss, {"topk": 4}),
    ("fcos", of_fcos, {}),
    ("fcos, whole box", of_fcos, {"radius": None}),
    ("simota", of_simota, {}),
    ("simota, box and center", of_simota, {"region": "box and center", "radius": 2.5}),
    ("hungarian", of_hungarian, {}),
]
every_assigner = pytest.mark.parametrize(
    ("assign", "options"), [pytest.param(f, options, id=name) for name, f, options in ASSIGNERS]
)


def columns(found: Assignment) -> Any:
    """All four parts side by side."""
    xp = namespace(found.score)
    return xp.stack([astype(xp, part, found.score.dtype) for part in found], axis=-1)


# The definitions, one anchor and one object after the other -----------------------------------------------------------


def exact(overlap: Any) -> Any:
    return [[Fraction(float(x)) for x in row] for row in overlap]


def outcome(count: int, pairs: dict[int, tuple[int, float]], ignored: set[int] = frozenset()) -> Any:  # type: ignore[assignment]
    rows = [(1, *pairs[a], 0) if a in pairs else (0, 0, 0, int(a in ignored)) for a in range(count)]
    return np.asarray(rows, dtype=np.float64).reshape(count, 4)


def is_inside(point: Any, box: Any) -> bool:
    return bool(box[0] < point[0] < box[2] and box[1] < point[1] < box[3])


def is_near(point: Any, box: Any, reach: float) -> bool:
    return all(abs(point[k] - (box[k] + box[k + 2]) / 2) < reach for k in range(2))


def loop_max_iou(
    anchors: Any,
    boxes: Any,
    mask: Any,
    foreground_iou: float = 0.5,
    background_iou: float = 0.4,
    low_quality: str | None = "own",
    least_iou: float = 0.0,
) -> Any:
    real = np.flatnonzero(mask).tolist()
    table = al.iou(boxes[:, None], anchors[None])
    best = {g: max(table[g], default=0.0) for g in real}
    pairs, ignored = {}, set()
    for a in range(len(anchors)):
        merits = [(table[g, a], -g) for g in real]
        merit, index = max(merits, default=(0.0, 0))
        bests = [(t, -g) for g in real if (t := table[g, a]) == best[g] and t > 0 and t >= least_iou]
        if low_quality == "best" and bests:
            merit, index = max(bests)
        if (merit >= foreground_iou and merit > 0) or (low_quality and bests):
            pairs[a] = (-index, 1.0)
        elif real and merit >= background_iou:
            ignored.add(a)
    return outcome(len(anchors), pairs, ignored)


def loop_atss(anchors: Any, boxes: Any, mask: Any, level_sizes: Any, topk: int = 9) -> Any:
    middle = (anchors[:, :2] + anchors[:, 2:]) / 2
    merits: dict[int, tuple[Fraction, int]] = {}
    for g in np.flatnonzero(mask).tolist():
        overlap = exact(al.iou(boxes[None, g], anchors)[None])[0]
        far = ((middle - (boxes[g, :2] + boxes[g, 2:]) / 2) ** 2).sum(axis=1)
        chosen: list[int] = []
        for size, start in zip(level_sizes, itertools.accumulate([0, *level_sizes])):
            chosen += sorted(range(start, start + size), key=lambda a: (far[a], a))[:topk]
        mean = sum(overlap[a] for a in chosen) / len(chosen)
        variance = sum((overlap[a] - mean) ** 2 for a in chosen) / max(1, len(chosen) - 1)
        for a in chosen:
            above = overlap[a] - mean
            if above >= 0 and above * above >= variance and is_inside(middle[a], boxes[g]):
                merits[a] = max(merits.get(a, (Fraction(-1), 0)), (overlap[a], -g))
    return outcome(len(anchors), {a: (-merit[1], 1.0) for a, merit in merits.items()})


def loop_fcos(
    points: Any, strides: Any, boxes: Any, mask: Any, level_sizes: Any, ranges: Any, radius: float | None = 1.5
) -> Any:
    pairs, level = {}, [n for n, size in enumerate(level_sizes) for _ in range(size)]
    for a, (x, y) in enumerate(points):
        wanted = []
        for g in np.flatnonzero(mask).tolist():
            x1, y1, x2, y2 = boxes[g]
            fits = ranges[level[a]][0] <= max(x - x1, y - y1, x2 - x, y2 - y) <= ranges[level[a]][1]
            near = radius is None or is_near((x, y), boxes[g], radius * strides[a])
            if fits and near and is_inside((x, y), boxes[g]):
                wanted.append(((x2 - x1) * (y2 - y1), g))
        if wanted:
            pairs[a] = (min(wanted)[1], 1.0)
    return outcome(len(points), pairs)


def loop_simota(
    scores: Any,
    pred: Any,
    labels: Any,
    boxes: Any,
    mask: Any,
    points: Any,
    strides: Any,
    candidates: int = 10,
    radius: float = 1.5,
    iou_weight: float = 3.0,
    region: str = "center",
) -> Any:
    real, anchors = np.flatnonzero(mask).tolist(), range(len(points))
    near = {(g, a): is_near(points[a], boxes[g], radius * strides[a]) for g in real for a in anchors}
    within = {(g, a): region != "center" and is_inside(points[a], boxes[g]) for g in real for a in anchors}
    sound = [not np.isnan(scores[a]).any() and not np.isnan(pred[a]).any() for a in anchors]
    part = [a for a in anchors if sound[a] and any(near[g, a] or within[g, a] for g in real)]

    def log(x: float) -> float:
        return max(math.log(x), -100.0) if x > 0 else -100.0

    overlap, cost, taken = {}, {}, {a: set[int]() for a in part}
    for g in real:
        table = al.iou(boxes[None, g], pred)
        for a in part:
            entropy = -sum(log(p if c == labels[g] else 1 - p) for c, p in enumerate(scores[a]))
            first = near[g, a] and (region == "center" or within[g, a])
            overlap[g, a] = table[a]
            cost[g, a] = (not first, round(entropy - iou_weight * math.log(table[a] + 1e-8), 9))
        k = max(1, int(sum(sorted((overlap[g, a] for a in part), reverse=True)[:candidates])))
        for a in sorted(part, key=lambda a: (cost[g, a], a))[:k]:
            taken[a].add(g)
    pairs = {}
    for a, own in taken.items():
        if own:
            g = own.pop() if len(own) == 1 else min(real, key=lambda g: (cost[g, a], g))
            pairs[a] = (g, overlap[g, a])
    return outcome(len(points), pairs)


def loop(assign: Any, options: Any, scores: Any, pred: Any, labels: Any, boxes: Any, mask: Any) -> Any:
    if assign is of_max_iou:
        return loop_max_iou(BOXES, boxes, mask, **options)
    if assign is of_atss:
        return loop_atss(BOXES, boxes, mask, LEVELS, **options)
    if assign is of_fcos:
        return loop_fcos(POINTS, STEPS, boxes, mask, LEVELS, RANGES, **options)
    return loop_simota(scores, pred, labels, boxes, mask, POINTS, STEPS, **options)


@pytest.mark.parametrize("objects", [1, 5, 12])
@pytest.mark.parametrize(
    ("assign", "options"), [pytest.param(f, options, id=name) for name, f, options in ASSIGNERS[:-1]]
)
def test_equal_to_loops_in_every_library(assign: Any, options: Any, objects: int) -> None:
    scene = random_scene(6, objects=objects)
    found = everywhere(lambda *arrays: columns(assign(*arrays, **options)), *scene)
    for one in range(6):
        expected = loop(assign, options, *[x[one] for x in scene])
        np.testing.assert_allclose(found[one], expected, rtol=1e-12, err_msg=str(one))
    assert found[..., 0].any()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 8))
def test_equal_to_loops(seed: int, objects: int) -> None:
    rng = np.random.default_rng(seed)
    scene = random_scene(objects=objects, rng=rng)
    for name, assign, options in ASSIGNERS[:-1]:
        if assign is of_max_iou:
            low, high = np.sort(rng.choice([0.1, 0.25, 0.4, 0.5, 0.7], 2))
            options = options | {"foreground_iou": float(high), "background_iou": float(low)}
            options |= {"low_quality": [None, "own", "best"][rng.integers(3)], "least_iou": rng.choice([0.0, 0.3])}
        if assign is of_atss:
            options = {"topk": int(rng.integers(1, 12))}
        if assign is of_simota:
            options = options | {"candidates": int(rng.integers(1, 15)), "iou_weight": float(rng.integers(4))}
        found = columns(assign(*scene, **options))
        np.testing.assert_allclose(found, loop(assign, options, *scene), rtol=1e-12, err_msg=name)


def test_crowds_and_regions() -> None:
    """Anchors with more than half of their area in one region, whatever they overlap."""
    scene, regions = (
        random_scene(4),
        np.asarray([[0.0, 0, 20, 30], [np.nan, 1, 2, 3], [30, 30, 50, 50], [0, 30, 60, 60]]),
    )
    regions = np.broadcast_to(regions, (4, 4, 4))
    real = np.broadcast_to([True, False, True, False], (4, 4))
    found = everywhere(
        lambda r, k, *arrays: columns(of_max_iou(*arrays, ignore_boxes=r, ignore_mask=k)), regions, real, *scene
    )
    for one in range(4):
        inside = [any(al.iof(anchor, regions[one, k]) > 0.5 for k in (0, 2)) for anchor in BOXES]
        np.testing.assert_array_equal(found[one, inside], [[0, 0, 0, 1]] * sum(inside))
        left = ~np.asarray(inside)
        expected = loop_max_iou(BOXES[left], scene[3][one], scene[4][one])
        np.testing.assert_array_equal(found[one, left], expected)
    without = everywhere(lambda r, *arrays: columns(of_max_iou(*arrays, ignore_boxes=r)), regions[:, :0], *scene)
    np.testing.assert_array_equal(without, columns(of_max_iou(*scene)))
    nobody = everywhere(
        lambda r, k, *arrays: columns(of_max_iou(*arrays, ignore_boxes=r, ignore_mask=k)),
        *(regions, real, *scene[:2], *[x[:, :0] for x in scene[2:]]),
    )
    np.testing.assert_array_equal(nobody[..., 3], found[..., 3] * nobody[..., 3])
    np.testing.assert_array_equal(nobody[0, :, 3], inside)


def test_proposals_of_each_image() -> None:
    """Anchors may differ from image to image."""
    _, pred, _, boxes, mask = random_scene(4)
    found = everywhere(lambda *arrays: columns(max_iou_assign(*arrays)), pred, boxes, mask)
    for one in range(4):
        np.testing.assert_array_equal(found[one], loop_max_iou(pred[one], boxes[one], mask[one]))


# Hungarian ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 7, 4), (3, 4, 7), (5, 5), (2, 2, 6, 3), (4, 1, 1)])
def test_hungarian_against_scipy(shape: tuple[int, ...]) -> None:
    from scipy.optimize import linear_sum_assignment

    cost = RNG.normal(size=shape)
    mask = RNG.uniform(size=(*shape[:-2], shape[-1])) < 0.8
    cost[np.broadcast_to(~mask[..., None, :], shape)] = np.nan
    found = everywhere(lambda c, m: columns(hungarian_assign(c, m)), cost, mask)
    for where in np.ndindex(shape[:-2]):
        real = np.flatnonzero(mask[where])
        rows, places = linear_sum_assignment(cost[where][:, real])
        pairs = {int(q): (int(real[g]), 1.0) for q, g in zip(rows, places)}
        np.testing.assert_array_equal(found[where], outcome(shape[-2], pairs))


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_hungarian_against_all_there_are(queries: int, objects: int, seed: int) -> None:
    """Few different costs, so that they tie; some are no numbers: as few as possible of those are taken."""
    rng = np.random.default_rng(seed)
    cost = rng.integers(-3, 4, (queries, objects)).astype(np.float64)
    cost[rng.uniform(size=cost.shape) < 0.2] = rng.choice([np.nan, np.inf, -np.inf])
    found = hungarian_assign(cost, np.ones(objects, dtype=bool))
    pairs = [(q, int(found.index[q])) for q in range(queries) if found.foreground[q]]
    assert len({g for _, g in pairs}) == len(pairs) == min(queries, objects)

    def total(pairs: Any) -> tuple[int, float]:
        costs = [cost[pair] for pair in pairs]
        return sum(not math.isfinite(c) for c in costs), sum(c for c in costs if math.isfinite(c))

    if queries <= objects:
        every = [list(enumerate(order)) for order in itertools.permutations(range(objects), queries)]
    else:
        every = [[(q, g) for g, q in enumerate(order)] for order in itertools.permutations(range(queries), objects)]
    assert total(pairs) == min(total(one) for one in every)


def test_hungarian_costs_of_all_sizes() -> None:
    everything = np.ones(2, dtype=bool)
    for cost in ([[1e308, -1e308], [np.nan, 1e308]], [[np.nan] * 2] * 2, [[np.inf, -np.inf]] * 2):
        found = hungarian_assign(np.asarray(cost), everything)
        assert found.foreground.all()
        assert sorted(found.index.tolist()) == [0, 1]
    # What SciPy would say without the NaN: 1 + 1 < 3e30 + 0.
    found = hungarian_assign(np.asarray([[1.0, 3e30], [0.0, 1.0], [np.nan, np.nan]]), everything)
    assert found.index.tolist() == [0, 1, 0]
    assert found.foreground.tolist() == [True, True, False]


def test_hungarian_without_scipy(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    for asarray in (np.asarray, jax.numpy.asarray):
        with pytest.raises(ImportError, match=r"^hungarian_assign needs SciPy: pip install 'array-losses\[maps\]'$"):
            hungarian_assign(asarray([[1.0]]), asarray([True]))


def test_hungarian_of_many_queries() -> None:
    """As many as DETR has, through the callback of JAX: on few threads it must not wait for itself."""
    cost = RNG.normal(size=(4, 900, 60)).astype(np.float32)
    mask = RNG.uniform(size=(4, 60)) < 0.7
    expected = hungarian_assign(cost, mask)
    arrays = jax.numpy.asarray(cost), jax.numpy.asarray(mask)
    for found in (hungarian_assign(*arrays), jax.jit(lambda c, m: hungarian_assign(1.0 * c, m))(*arrays)):
        np.testing.assert_array_equal(found.index, expected.index)
        np.testing.assert_array_equal(found.foreground, expected.foreground)


# The same everywhere --------------------------------------------------------------------------------------------------


@every_assigner
def test_transforms(assign: Any, options: Any) -> None:
    if assign is of_simota:
        options = options | {"candidates": 3}  # which PyTorch compiles in a third of the time that ten take
    compiled_everywhere(lambda *arrays: columns(assign(*arrays, **options)), *random_scene(3))


@every_assigner
def test_leading_axes(assign: Any, options: Any) -> None:
    """Two, and none."""
    scene = random_scene(2, 3)
    found = everywhere(lambda *arrays: columns(assign(*arrays, **options)), *scene)
    assert found.shape == (2, 3, ANCHORS, 4)
    for where in np.ndindex(2, 3):
        one = [x[where] for x in scene]
        np.testing.assert_array_equal(
            everywhere(lambda *arrays: columns(assign(*arrays, **options)), *one), found[where]
        )
    empty = everywhere(lambda *arrays: columns(assign(*arrays, **options)), *[x[:0] for x in scene])
    assert empty.shape == (0, 3, ANCHORS, 4)


@every_assigner
def test_no_object(assign: Any, options: Any) -> None:
    """Nothing but padding, no places at all, and one image without in a batch."""
    scores, pred, labels, boxes, mask = random_scene(3)
    for last in (np.zeros_like(mask), mask[:, :0]):
        scene = scores, pred, labels[:, : last.shape[1]], boxes[:, : last.shape[1]], last
        found = everywhere(lambda *arrays: columns(assign(*arrays, **options)), *scene)
        np.testing.assert_array_equal(found, np.zeros((3, ANCHORS, 4)))
    one = mask & np.asarray([[True], [False], [True]])
    found = columns(assign(scores, pred, labels, boxes, one, **options))
    assert not found[1].any()
    np.testing.assert_array_equal(found[[0, 2]], columns(assign(scores, pred, labels, boxes, mask, **options))[[0, 2]])


@every_assigner
def test_padding_is_never_looked_at(assign: Any, options: Any) -> None:
    """Whatever stands there, and wherever: real objects closed up give the same."""
    scores, pred, labels, boxes, mask = random_scene(objects=9)
    found = columns(assign(scores, pred, labels, boxes, mask, **options))
    for nonsense in (np.nan, np.inf, -np.inf, 0.0, 20.0):
        others = np.where(mask[:, None], boxes, nonsense)
        again = columns(assign(scores, pred, np.where(mask, labels, 10**6), others, mask, **options))
        np.testing.assert_array_equal(again, found)
    closed = columns(assign(scores, pred, labels[mask], boxes[mask], mask[mask], **options))
    closed[:, 1] = np.where(closed[:, 0] > 0, np.flatnonzero(mask)[closed[:, 1].astype(int)], 0)
    np.testing.assert_array_equal(closed, found)


@every_assigner
def test_crowded_copies(assign: Any, options: Any) -> None:
    """Of equal objects the first has all that one alone would have, except where each takes anchors of its own."""
    scores, pred, *_ = random_scene()
    box, label = np.asarray([4.0, 4.0, 30.0, 32.0]), 1
    many = np.broadcast_to(box, (20, 4)), np.full(20, label), np.ones(20, dtype=bool)
    alone = columns(assign(scores, pred, many[1][:1], many[0][:1], many[2][:1], **options))
    found = everywhere(lambda s, p, b, n, m: columns(assign(s, p, n, b, m, **options)), scores, pred, *many)
    if assign is of_hungarian:
        assert found[:, 0].sum() == 20
        assert sorted(found[found[:, 0] > 0, 1]) == list(range(20))
    else:
        np.testing.assert_array_equal(found, alone)


def test_copies_of_anchors() -> None:
    """Of equal anchors the first is chosen; max-IoU takes all of them."""
    anchors = np.broadcast_to([0.0, 0.0, 8.0, 8.0], (7, 4))
    points, strides = np.broadcast_to([4.0, 4.0], (7, 2)), np.full(7, 8.0)
    boxes, mask = np.asarray([[0.0, 0.0, 8.0, 8.0], [0.0, 0.0, 8.0, 9.0]]), np.asarray([True, True])
    found = atss_assign(anchors, boxes, mask, level_sizes=(4, 3), topk=2)
    assert found.foreground.tolist() == [True, True, False, False, True, True, False]
    assert not found.index.any()
    scores, labels = np.full((7, 1), 0.5), np.asarray([0, 0])
    options: Any = {"points": points, "strides": strides}
    found = simota_assign(scores, anchors, labels, boxes, mask, candidates=3, **options)
    assert found.foreground.tolist() == [True] * 3 + [False] * 4  # the other object wants two of the same
    np.testing.assert_array_equal(found.score, found.foreground)
    found = simota_assign(scores, anchors, labels[:1], boxes[1:], mask[:1], candidates=3, **options)
    assert found.foreground.tolist() == [True, True] + [False] * 5  # 3 * 8/9
    assert max_iou_assign(anchors, boxes, mask).foreground.all()


def test_fewer_anchors_than_k() -> None:
    """One, two and three anchors where nine or ten may be chosen."""
    boxes, mask, labels = np.asarray([[0.0, 0.0, 10.0, 8.0]]), np.asarray([True]), np.asarray([0])
    for count in (1, 2, 3):
        points, strides = np.asarray([[4.0, 4.0]] * count), np.full(count, 8.0)
        pred = np.broadcast_to(boxes, (count, 4))
        found = everywhere(
            lambda *arrays: columns(simota_assign(*arrays[:5], points=arrays[5], strides=arrays[6])),
            *(np.full((count, 1), 0.5), pred, labels, boxes, mask, points, strides),
        )
        np.testing.assert_array_equal(found, [[1, 0, 1, 0]] * count)
        found = everywhere(lambda *a: columns(atss_assign(*a, level_sizes=(int(a[0].shape[0]),))), pred, boxes, mask)
        np.testing.assert_array_equal(found, [[1, 0, 1, 0]] * count)
    two = np.asarray([[0.0, 0.0, 10.0, 8.0], [0.0, 0.0, 10.0, 4.0]])
    assert not atss_assign(two, boxes, mask, level_sizes=(1, 1)).foreground.any()  # .75 + .25 sqrt 2 > 1


@pytest.mark.parametrize("assign", [of_max_iou, of_atss, of_fcos, of_simota, of_hungarian])
def test_no_anchor(assign: Any) -> None:
    _, _, labels, boxes, mask = random_scene(3)
    nothing = np.zeros((3, 0, 4))
    calls: dict[Any, Any] = {
        of_max_iou: lambda p, n, b, m: max_iou_assign(p, b, m),
        of_atss: lambda p, n, b, m: atss_assign(p[0, ...], b, m, level_sizes=()),
        of_fcos: lambda p, n, b, m: fcos_assign(p[0, :, :2], p[0, :, 0], b, m, level_sizes=(), ranges=()),
        of_simota: lambda p, n, b, m: simota_assign(p, p, n, b, m, points=p[0, :, :2], strides=p[0, :, 0]),
        of_hungarian: lambda p, n, b, m: hungarian_assign(p[..., :1] + b[:, None, :, 0], m),
    }
    assert everywhere(lambda *arrays: columns(calls[assign](*arrays)), nothing, labels, boxes, mask).shape == (3, 0, 4)


# Odd values, dtypes, devices, gradients -------------------------------------------------------------------------------


def test_predictions_that_are_not_numbers() -> None:
    """An anchor with a NaN takes no part; all others as if it were not there."""
    scores, pred, labels, boxes, mask = random_scene(objects=8)
    scores[[3, 14], 1], pred[[8, 20], 2], pred[37] = np.nan, np.nan, np.nan
    for _, assign, options in ASSIGNERS[5:7]:
        found = everywhere(lambda *arrays: columns(assign(*arrays, **options)), scores, pred, labels, boxes, mask)  # noqa: B023
        expected = loop(assign, options, scores, pred, labels, boxes, mask)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert not found[[3, 14, 8, 20, 37]].any()
        assert found[:, 0].any()
    certain = np.where(RNG.uniform(size=scores.shape) < 0.5, 0.0, 1.0)
    certain[0], certain[1] = 1.5, -0.5  # beyond [0, 1] as at its ends
    found = everywhere(lambda *arrays: columns(of_simota(*arrays)), certain, pred, labels, boxes, mask)
    ends = np.clip(certain, 0, 1)
    np.testing.assert_array_equal(found, columns(of_simota(ends, pred, labels, boxes, mask)))


@pytest.mark.parametrize("assign", [of_max_iou, of_atss, of_fcos, of_simota])
def test_objects_that_are_not_numbers(assign: Any) -> None:
    """A real object with a NaN in its box gets nothing, and takes nothing from others."""
    scores, pred, labels, boxes, mask = random_scene(objects=6)
    mask[:] = True
    boxes = np.nan_to_num(np.where(np.abs(boxes) < 100, boxes, 5.0))
    labels = labels % CLASSES
    boxes[2, 1] = np.nan
    without = mask.copy()
    without[2] = False
    found = everywhere(lambda *arrays: columns(assign(*arrays)), scores, pred, labels, boxes, mask)
    np.testing.assert_array_equal(found, columns(assign(scores, pred, labels, boxes, without)))


@pytest.mark.parametrize("assign", [of_max_iou, of_atss])
def test_anchors_that_are_not_numbers(assign: Any) -> None:
    _, _, _, boxes, mask = random_scene(3, objects=6)
    anchors = BOXES.copy()
    anchors[7, 0] = anchors[36] = np.nan
    if assign is of_max_iou:
        found = everywhere(lambda *arrays: columns(max_iou_assign(*arrays)), anchors, boxes, mask)
        left, keep = [max_iou_assign(np.delete(anchors, [7, 36], 0), boxes, mask)], np.delete(found, [7, 36], 1)
    else:
        found = everywhere(lambda *arrays: columns(atss_assign(*arrays, level_sizes=LEVELS)), anchors, boxes, mask)
        levels = (LEVELS[0] - 1, LEVELS[1] - 1, LEVELS[2])
        left = [atss_assign(np.delete(anchors, [7, 36], 0), boxes, mask, level_sizes=levels)]
        keep = np.delete(found, [7, 36], 1)
    assert not found[:, [7, 36]].any()
    np.testing.assert_array_equal(keep, columns(left[0]))


def test_objects_without_area_and_inverted() -> None:
    """Nothing lies inside of them, nothing overlaps them; SimOTA gives what is around their centre to them."""
    scores, pred, labels, _, _ = random_scene(objects=4)
    boxes = np.asarray([[20.0, 20, 20, 20], [20, 20, 20, 40], [30, 30, 10, 10], [10, 10, 30, 5]])
    mask = np.ones(4, dtype=bool)
    for _, assign, options in ASSIGNERS[:5]:
        found = everywhere(lambda *arrays: columns(assign(*arrays, **options)), scores, pred, labels, boxes, mask)  # noqa: B023
        assert not found[:, 0].any()
    for _, assign, options in ASSIGNERS[5:7]:
        found = everywhere(lambda *arrays: columns(assign(*arrays, **options)), scores, pred, labels, boxes, mask)  # noqa: B023
        assert np.isfinite(found).all()
        assert 1 <= found[:, 0].sum() <= 4


@every_assigner
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes(assign: Any, options: Any, dtype: str) -> None:
    scores, pred, labels, boxes, mask = random_scene(2)
    boxes = np.nan_to_num(np.where(np.abs(boxes) < 100, boxes, 5.0))
    labels = np.where(mask, labels, 0).astype(np.int16)
    arrays = [x.astype(dtype) for x in (scores, pred)], labels, boxes.astype(dtype), mask
    found = assign(*arrays[0], *arrays[1:], **options)
    assert [str(x.dtype) for x in found] == ["bool", "int64", "float64" if dtype == "float64" else "float32", "bool"]
    wide = assign(*[x.astype(np.float64) for x in arrays[0]], labels, arrays[2].astype(np.float64), mask, **options)
    if dtype != "float64" and assign is not of_simota:
        np.testing.assert_array_equal(columns(found), columns(wide))
    tensors = [torch.asarray(np.array(x)) for x in (*arrays[0], *arrays[1:])]
    again = assign(*tensors, **options)
    assert [x.dtype for x in again] == [torch.bool, torch.int64, getattr(torch, str(found.score.dtype)), torch.bool]
    np.testing.assert_array_equal(again.foreground, found.foreground)
    with jax.enable_x64(dtype == "float64"):
        index = assign(*[jax.numpy.asarray(x) for x in (*arrays[0], *arrays[1:])], **options).index
        assert index.dtype == (np.int64 if dtype == "float64" else np.int32)


@pytest.mark.parametrize("assign", [of_max_iou, of_atss, of_fcos, of_simota, of_hungarian])
def test_whole_numbers(assign: Any) -> None:
    """Boxes may be integers, and mixed with other numbers."""
    scores, pred, labels, boxes, mask = random_scene(2)
    boxes, labels = np.nan_to_num(np.where(np.abs(boxes) < 100, boxes, 5.0)), np.where(mask, labels, 0)
    expected = columns(assign(scores, pred, labels, boxes, mask))
    if assign is not of_hungarian:
        found = everywhere(lambda *arrays: columns(assign(*arrays)), scores, pred, labels, boxes.astype(np.int64), mask)
        np.testing.assert_array_equal(found, expected)
    whole = pred.astype(np.int64)
    found = columns(assign(scores, whole, labels, boxes.astype(np.int64), mask))
    np.testing.assert_array_equal(found, expected)


@every_assigner
def test_on_another_device(assign: Any, options: Any) -> None:
    device = array_api_strict.Device("device1")
    found = assign(*[array_api_strict.asarray(x, device=device) for x in random_scene(2)], **options)
    assert {part.device for part in found} == {device}


@every_assigner
def test_no_gradients(assign: Any, options: Any) -> None:
    """An assignment is a constant, on the tape as well."""
    scene = list(random_scene(2))
    scene[3] = np.where(scene[4][..., None], scene[3], 5.0)
    expected = columns(assign(*scene, **options))[..., 0]
    tensors = [torch.asarray(x).requires_grad_(x.dtype == np.float64) for x in scene]
    assert not any(part.requires_grad for part in assign(*tensors, **options))

    def total(pred: Any, scores: Any, *others: Any) -> Any:
        xp = namespace(pred)
        found = assign(scores, pred, *others, **options)
        return xp.sum(astype(xp, found.foreground, pred.dtype)[..., None] * pred)

    wanted = np.broadcast_to(expected[..., None], scene[1].shape)
    np.testing.assert_array_equal(al.grad(total)(scene[1], scene[0], *scene[2:]), wanted)
    with jax.enable_x64(True):
        arrays = [jax.numpy.asarray(x) for x in scene]
        for transform in (lambda f: f, jax.jit):
            found = transform(jax.grad(total))(arrays[1], arrays[0], *arrays[2:])
            np.testing.assert_array_equal(found, wanted)


# torchvision ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("low_quality", [True, False])
def test_matcher_of_torchvision(low_quality: bool) -> None:
    try:
        _, ops = peers_torchvision.load()
    except ImportError:
        pytest.skip("torchvision is not installed")
    from torchvision.models.detection._utils import Matcher

    matcher = Matcher(0.5, 0.4, low_quality)
    for _ in range(20):
        corner, size = RNG.integers(0, 30, (7, 2)), RNG.integers(4, 20, (7, 2))
        boxes = np.concatenate([corner, corner + size], axis=1).astype(np.float32)
        anchors = torch.asarray(BOXES.astype(np.float32))
        matches = matcher(ops.box_iou(torch.asarray(boxes), anchors))
        found = max_iou_assign(
            anchors, torch.asarray(boxes), torch.ones(7, dtype=torch.bool), low_quality="own" if low_quality else None
        )
        expected = torch.where(found.foreground, found.index, torch.where(found.ignored, -2, -1))
        torch.testing.assert_close(expected, matches, rtol=0, atol=0)


def test_fcos_of_torchvision() -> None:
    """The assignment inside of its loss, caught where the head would get it."""
    try:
        peers_torchvision.load()
    except ImportError:
        pytest.skip("torchvision is not installed")
    from torchvision.models.detection.fcos import FCOS

    grid, strides = [(16, 16), (8, 8), (4, 4), (2, 2), (1, 1)], [8, 16, 32, 64, 128]
    levels = tuple(h * w for h, w in grid)
    like = torch.zeros(0, dtype=torch.float64)
    anchors = anchor_boxes(grid, strides, sizes=[(s,) for s in strides], ratios=(1,), offset=0, like=like)
    points, steps = anchor_points(grid, strides, offset=0, like=like)
    for _ in range(10):
        corner, size = RNG.uniform(-20, 100, (12, 2)), RNG.uniform(4, 200, (12, 2))
        boxes = torch.asarray(np.concatenate([corner, corner + size], axis=1))

        class Head:
            @staticmethod
            def compute_loss(targets: Any, outputs: Any, anchors: Any, matched: Any) -> Any:
                return matched

        class Model:
            center_sampling_radius = 1.5
            head = Head

        matched = FCOS.compute_loss(Model, [{"boxes": boxes}], {}, [anchors], levels)[0]
        found = fcos_assign(points, steps, boxes, torch.ones(12, dtype=torch.bool), level_sizes=levels)
        expected = torch.where(found.foreground, found.index, -1)
        torch.testing.assert_close(expected, matched, rtol=0, atol=0)
        assert found.foreground.any()


# Errors ---------------------------------------------------------------------------------------------------------------

S, P, N, B, M = random_scene(2)
PLACES: Any = {"points": POINTS, "strides": STEPS}
LEVELED: Any = {"level_sizes": LEVELS}
WRONG: Any = "x"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: max_iou_assign(BOXES[:, :3], B, M), ValueError, r"anchors must have shape \(A, 4\) or \(2, 'A', 4\)"),
        (lambda: max_iou_assign(P[:1], B, M), ValueError, r"anchors must have shape \(A, 4\)"),
        (lambda: max_iou_assign(BOXES > 0, B, M), TypeError, "anchors must have a real dtype; got bool"),
        (
            lambda: max_iou_assign(BOXES, B[..., :3], M),
            ValueError,
            r"boxes must have shape \(2, G, 4\); got \(2, 5, 3\)",
        ),
        (lambda: max_iou_assign(BOXES, B[0, 0], M), ValueError, r"boxes must have shape \(G, 4\); got \(4,\)"),
        (lambda: max_iou_assign(BOXES, B, M[0]), ValueError, r"mask must have shape \(2, 5\); got \(5,\)"),
        (lambda: max_iou_assign(BOXES, B, N), TypeError, "mask must have a boolean dtype; got int64"),
        (
            lambda: max_iou_assign(BOXES, torch.zeros(2, 5, 4), M),
            TypeError,
            "anchors and boxes and mask must be arrays",
        ),
        (lambda: max_iou_assign(BOXES, B, M, foreground_iou=2), ValueError, "foreground_iou must be between 0 and 1"),
        (
            lambda: max_iou_assign(BOXES, B, M, background_iou=0.6),
            ValueError,
            "background_iou must not be greater than foreground_iou; got 0.6 and 0.5",
        ),
        (
            lambda: max_iou_assign(BOXES, B, M, low_quality="all"),
            ValueError,
            "low_quality must be one of 'own', 'best'; got 'all'",
        ),
        (lambda: max_iou_assign(BOXES, B, M, least_iou=WRONG), TypeError, "least_iou must be a Python number; got str"),
        (lambda: max_iou_assign(BOXES, B, M, ignore_mask=M), ValueError, "ignore_mask must be None unless there are"),
        (
            lambda: max_iou_assign(BOXES, B, M, ignore_boxes=B[0]),
            ValueError,
            r"ignore_boxes must have shape \(2, 'K', 4",
        ),
        (
            lambda: max_iou_assign(BOXES, B, M, ignore_boxes=B[:, :2], ignore_mask=M),
            ValueError,
            r"ignore_mask must have shape \(2, 2\); got \(2, 5\)",
        ),
        (lambda: max_iou_assign(BOXES, B, M, ignore_boxes=B, ignore_mask=N), TypeError, "ignore_mask must have a bool"),
        (lambda: atss_assign(P, B, M, **LEVELED), ValueError, r"anchors must have shape \(A, 4\); got \(2, 47, 4\)"),
        (lambda: atss_assign(BOXES, B, M, level_sizes=5), TypeError, "level_sizes must be a tuple of ints; got int"),  # type: ignore[arg-type]
        (
            lambda: atss_assign(BOXES, B, M, level_sizes=(3, 4)),
            ValueError,
            r"level_sizes must add up to the 47 anchors; got \(3, 4\)",
        ),
        (lambda: atss_assign(BOXES, B, M, topk=0, **LEVELED), ValueError, "topk must be at least 1; got 0"),
        (lambda: fcos_assign(POINTS, STEPS[:5], B, M, **LEVELED), ValueError, r"strides must have shape \(47,\)"),
        (
            lambda: fcos_assign(BOXES, STEPS, B, M, **LEVELED),
            ValueError,
            r"points must have shape \(A, 2\); got \(47, 4",
        ),
        (
            lambda: fcos_assign(POINTS, STEPS, B, M, **LEVELED),
            ValueError,
            "ranges must be 3 pairs, one for each level; got 5",
        ),
        (
            lambda: fcos_assign(POINTS, STEPS, B, M, ranges=((0, 1), (1, 2), (3, 2)), **LEVELED),
            ValueError,
            "ranges must be at least 3; got 2",
        ),
        (lambda: fcos_assign(POINTS, STEPS, B, M, ranges=4, **LEVELED), TypeError, "ranges must be a tuple of pairs"),
        (
            lambda: fcos_assign(POINTS, STEPS, B, M, ranges=RANGES, radius=0, **LEVELED),
            ValueError,
            "radius must be greater than 0; got 0",
        ),
        (lambda: simota_assign(S[..., 0], P, N, B, M, **PLACES), ValueError, "pred_boxes must have shape"),
        (lambda: simota_assign(S, P[:, :4], N, B, M, **PLACES), ValueError, r"pred_boxes must have shape \(2, 47, 4\)"),
        (
            lambda: simota_assign(S, P, N[:1], B, M, **PLACES),
            ValueError,
            r"labels must have shape \(2, 5\); got \(1, 5\)",
        ),
        (
            lambda: simota_assign(S, P, B[..., 0], B, M, **PLACES),
            TypeError,
            r"labels of shape \(2, 5\) must have an int",
        ),
        (
            lambda: simota_assign(S, P, N, B, M, points=POINTS, strides=POINTS),
            ValueError,
            r"strides must have shape \(47,\); got \(47, 2\)",
        ),
        (
            lambda: simota_assign(S, P, N, B, M, region="box", **PLACES),
            ValueError,
            "region must be one of 'center', 'box and center'; got 'box'",
        ),
        (lambda: simota_assign(S, P, N, B, M, candidates=0, **PLACES), ValueError, "candidates must be at least 1"),
        (lambda: simota_assign(S, P, N, B, M, iou_weight=-1, **PLACES), ValueError, "iou_weight must be at least 0"),
        (lambda: hungarian_assign(STEPS, M), ValueError, r"cost must have shape \(..., Q, G\); got \(47,\)"),
        (lambda: hungarian_assign(B, M), ValueError, r"mask must have shape \(2, 4\); got \(2, 5\)"),
        (lambda: hungarian_assign(B, N[:, :4]), TypeError, "mask must have a boolean dtype; got int64"),
        (lambda: hungarian_assign(B > 0, M[:, :4]), TypeError, "cost must have a real dtype; got bool"),
        (lambda: hungarian_assign(B, [True]), TypeError, "mask must be an array of an Array API library"),
    ],
)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        call()
