"""Task-aligned assignment against plain loops, in every library, and what must not matter to it."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
import torch
from every_library import LIBRARIES, frozen

from array_losses import ciou
from array_losses.detection import Assignment, anchor_points, task_aligned_assign

SIZES, STRIDES = [(8, 8), (4, 4)], (8, 16)
POINTS, _ = anchor_points(SIZES, STRIDES, like=np.zeros(0))
ANCHORS = len(POINTS)


def scene(*leading: int, objects: int = 5, classes: int = 3, seed: int = 0, ties: bool = False) -> tuple[Any, ...]:
    """Scores, boxes of the anchors, labels, boxes, mask: crowded, with duplicates, and NaN where nothing is real."""
    draw = np.random.default_rng(seed)
    centre, side = draw.uniform(8, 56, (*leading, objects, 2)), draw.uniform(6, 40, (*leading, objects, 2))
    boxes = np.concatenate((centre - side / 2, centre + side / 2), axis=-1)
    if objects > 1:
        boxes[..., 1, :] = boxes[..., 0, :]
    near = POINTS + draw.normal(0, 3, (*leading, ANCHORS, 2))
    half = draw.uniform(4, 18, (*leading, ANCHORS, 2))
    pred = np.concatenate((near - half, near + half), axis=-1)
    scores = draw.uniform(0, 1, (*leading, ANCHORS, classes))
    if ties:
        scores, pred = scores.round(1), (pred / 8).round() * 8
    mask = draw.random((*leading, objects)) < 0.8
    return scores, pred, draw.integers(0, classes, (*leading, objects)), np.where(mask[..., None], boxes, np.nan), mask


def by_loops(
    scores: Any, pred: Any, labels: Any, boxes: Any, mask: Any, topk: int, second_topk: int | None = None
) -> Any:
    """The rule for one image, one pair after the other: (object or -1, score) of each anchor."""
    metric, overlap = np.zeros((2, len(mask), len(pred)))
    for g in np.flatnonzero(mask).tolist():
        for a, (x, y) in enumerate(POINTS):
            if boxes[g, 0] < x < boxes[g, 2] and boxes[g, 1] < y < boxes[g, 3]:
                overlap[g, a] = max(0.0, float(ciou(boxes[g], pred[a])))
                metric[g, a] = np.sqrt(scores[a, labels[g]]) * overlap[g, a] ** 6

    def best(row: Any, k: int) -> list[int]:
        return [a for a in sorted(range(len(row)), key=lambda a: (-row[a], a))[:k] if row[a] > 0]

    owners: dict[int, list[int]] = {}
    for g in range(len(mask)):
        for a in best(metric[g], topk):
            owners.setdefault(a, []).append(g)
    own = {a: gs[0] if len(gs) == 1 else int(np.argmax(overlap[:, a])) for a, gs in owners.items()}
    if second_topk is not None:
        rows = [
            np.asarray([metric[g, a] if own.get(a) == g else 0.0 for a in range(len(pred))]) for g in range(len(mask))
        ]
        own = {a: g for g, row in enumerate(rows) for a in best(row, second_topk)}
    found = np.full(len(pred), -1), np.zeros(len(pred))
    for g in range(len(mask)):
        mine = [a for a in own if own[a] == g]
        for a in mine:
            found[0][a] = g
            found[1][a] = metric[g, a] / max(metric[g, mine]) * max(overlap[g, mine])
    return found


def assigned(name: str, *arrays: Any, **options: Any) -> Assignment:
    asarray, numpy, session = LIBRARIES[name]
    with session():
        points = asarray(frozen(POINTS) if name == "numpy" else POINTS.copy())
        given = [asarray(frozen(x) if name == "numpy" else np.array(x)) for x in arrays]
        return Assignment(*[numpy(x) for x in task_aligned_assign(*given, points=points, **options)])


@pytest.mark.parametrize("name", list(LIBRARIES))
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("topk", "second_topk"), [(10, None), (3, None), (7, 1), (1, None), (500, None)])
def test_it_is_the_rule(name: str, ties: bool, topk: int, second_topk: int | None) -> None:
    loops: Any = by_loops
    for seed in range(4):
        arrays = scene(2, seed=seed, ties=ties)
        found = assigned(name, *arrays, topk=topk, second_topk=second_topk)
        for i in range(2):
            index, score = loops(*[x[i] for x in arrays], topk, second_topk)
            assert np.array_equal(found.foreground[i], index >= 0)
            assert np.array_equal(found.index[i], np.maximum(index, 0))
            np.testing.assert_allclose(found.score[i], score, rtol=1e-9)
    assert not found.ignored.any()


@pytest.mark.parametrize("name", list(LIBRARIES))
def test_nothing_to_assign(name: str) -> None:
    scores, pred, labels, boxes, mask = scene(2)
    for arrays in (
        (scores, pred, labels[:, :0], boxes[:, :0], mask[:, :0]),
        (scores, pred, labels, boxes, mask & False),
    ):
        found = assigned(name, *arrays)
        assert not found.foreground.any()
        assert not found.index.any()
        assert not found.score.any()


@pytest.mark.parametrize("name", list(LIBRARIES))
def test_an_anchor_without_a_number_is_never_chosen(name: str) -> None:
    scores, pred, labels, boxes, mask = scene(seed=2)
    usual = assigned(name, scores, pred, labels, boxes, mask)
    first = int(np.flatnonzero(usual.foreground)[0])
    scores[first] = np.nan
    pred[(first + 1) % ANCHORS] = np.nan
    found = assigned(name, scores, pred, labels, boxes, mask)
    assert not found.foreground[first]
    assert not found.foreground[(first + 1) % ANCHORS]
    assert np.isfinite(found.score).all()
    assert found.foreground.any()


@pytest.mark.parametrize("name", list(LIBRARIES))
def test_small_objects_reach_out(name: str) -> None:
    scores, pred, labels, _, _ = scene(objects=1)
    boxes = np.asarray([[30.0, 30.0, 31.0, 31.0]])  # no anchor is inside
    pred[:] = boxes[0] + (-1, -1, 1, 1)
    mask = np.asarray([True])
    assert not assigned(name, scores, pred, labels, boxes, mask).foreground.any()
    assert assigned(name, scores, pred, labels, boxes, mask, least_side=16.0).foreground.sum() == 5


def test_without_and_with_many_leading_axes() -> None:
    arrays = scene(2, 3)
    found = task_aligned_assign(*arrays, points=POINTS)
    one = task_aligned_assign(*[x[1, 2] for x in arrays], points=POINTS)
    for all_, single in zip(found, one, strict=True):
        assert all_.shape == (2, 3, ANCHORS)
        assert np.array_equal(all_[1, 2], single)


def test_transforms() -> None:
    arrays = [x.astype(np.float32) if x.dtype == np.float64 else x for x in scene(2, seed=3)]
    expected = task_aligned_assign(*arrays, points=POINTS.astype(np.float32))
    points = jax.numpy.asarray(POINTS, dtype="float32")
    given = [jax.numpy.asarray(x) for x in arrays]
    for found in (
        jax.jit(lambda *x: task_aligned_assign(*x, points=points))(*given),
        jax.vmap(lambda *x: task_aligned_assign(*x, points=points))(*given),
    ):
        assert np.array_equal(found.foreground, expected.foreground)
        assert np.array_equal(found.index, expected.index)
        np.testing.assert_allclose(found.score, expected.score, rtol=1e-5, atol=1e-7)
    place = torch.asarray(POINTS, dtype=torch.float32)
    compiled = torch.compile(lambda *x: task_aligned_assign(*x, points=place), fullgraph=True)
    for found in (
        compiled(*[torch.asarray(x) for x in arrays]),
        torch.func.vmap(lambda *x: task_aligned_assign(*x, points=place))(*[torch.asarray(x) for x in arrays]),
    ):
        assert np.array_equal(found.foreground, expected.foreground)
        assert np.array_equal(found.index, expected.index)
        np.testing.assert_allclose(found.score, expected.score, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_float32(dtype: str) -> None:
    arrays = [torch.asarray(x) for x in scene(2, seed=1)]
    half = [x.to(getattr(torch, dtype)) if x.dtype == torch.float64 else x for x in arrays]
    wide = [x.to(torch.float32) if x.is_floating_point() else x for x in half]
    found = task_aligned_assign(*half, points=torch.asarray(POINTS))
    expected = task_aligned_assign(*wide, points=torch.asarray(POINTS))
    assert torch.equal(found.index, expected.index)
    assert found.score.dtype == torch.float32


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"scores": np.zeros(3)}, ValueError, r"scores must have shape \(..., A, C\); got \(3,\)"),
        ({"pred_boxes": np.zeros((2, 4))}, ValueError, r"pred_boxes must have shape \(80, 4\); got \(2, 4\)"),
        ({"points": np.zeros((80, 3))}, ValueError, r"points must have shape \(80, 2\); got \(80, 3\)"),
        ({"boxes": np.zeros((5, 5))}, ValueError, r"boxes must have shape \(G, 4\); got \(5, 5\)"),
        ({"mask": np.zeros(5)}, TypeError, "mask must have a boolean dtype; got float64"),
        ({"mask": np.zeros(4, dtype=bool)}, ValueError, r"mask must have shape \(5,\); got \(4,\)"),
        ({"labels": np.zeros(5)}, TypeError, "labels of shape"),
        ({"topk": 0}, ValueError, "topk must be at least 1; got 0"),
        ({"second_topk": 1.0}, TypeError, "second_topk must be an int; got float"),
        ({"beta": -1.0}, ValueError, "beta must be at least 0; got -1"),
        ({"boxes": torch.zeros(5, 4)}, TypeError, "must be arrays of one library"),
    ],
)
def test_errors_name_the_argument(change: dict[str, Any], error: type[Exception], message: str) -> None:
    names = ("scores", "pred_boxes", "labels", "boxes", "mask")
    arguments: dict[str, Any] = dict(zip(names, scene(), strict=True)) | {"points": POINTS} | change
    with pytest.raises(error, match=message):
        task_aligned_assign(*[arguments.pop(name) for name in names], **arguments)
