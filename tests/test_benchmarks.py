"""The benchmark's own parts: statistics, agreement, the plan, the reports, tiny runs; never a speed."""

from __future__ import annotations

import gc
import importlib.util
import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from array_losses import _cuda
from array_losses.autodiff import _closed_form
from array_losses.detection import yolov8_detection_loss
from benchmarks import __main__ as command
from benchmarks import (
    agreement,
    content,
    contest,
    contestants,
    imports,
    inputs,
    kernels,
    machine,
    memory,
    ours,
    peers_shapely,
    report,
    sizes,
    subjects,
    tasks,
    timing,
)
from benchmarks.agreement import Difference, difference
from benchmarks.backends import BACKENDS, Call, NumPy, open_backend
from benchmarks.contest import Row
from benchmarks.goals import Goal
from benchmarks.report import Report
from benchmarks.tasks import Effort, Task
from benchmarks.timing import Spread, Times

TINY_SIZES: dict[str, tuple[tuple[int, ...], ...]] = {
    "ciou": ((8,),),
    "giou": ((8,),),
    "iou table": ((4, 3),),
    "giou table": ((4, 3),),
    "sigmoid focal": ((6, 5),),
    "sigmoid bce": ((6, 5),),
    "probability bce": ((6, 5),),
    "softmax ce": ((6, 5),),
    "softmax focal": ((6, 5),),
    "kl divergence": ((6, 5),),
    "hinge": ((7,),),
    "distribution focal": ((3, 4, 16),),
    "smooth l1": ((7,),),
    "huber": ((7,),),
    "log cosh": ((7,),),
    "charbonnier": ((7,),),
    "balanced l1": ((7,),),
    "dice": ((2, 2, 32, 32),),
    "tversky": ((2, 2, 32, 32),),
    "softmax dice": ((2, 2, 32, 32),),
    "lovasz softmax": ((2, 2, 32, 32),),
    "batch hard triplet": ((12, 5),),
    "triplet": ((12, 5),),
    "contrastive": ((12, 5),),
    "nt-xent": ((8, 5),),
    "info nce": ((6, 5),),
    **dict.fromkeys(ours.MODERN, ((8,),)),
    "probiou": ((8,),),
    "rotated iou table": ((4, 3),),
    "yolov8": ((1, 64, 2, 2),),
    "one ciou": ((1,),),
    "one sigmoid focal": ((1,),),
    "one huber": ((1,),),
    "one softmax ce": ((1, 5),),
}
TINY = Effort(sizes=TINY_SIZES, compiled_sizes={}, seconds=0.0, imports=2)
SUM = Task("sum", "sum", (6,), Call(gradient=False, compiled=False), lambda: inputs.matched_boxes(6))


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


@pytest.fixture(autouse=True)
def copy_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "NUMBERS", 1000)


# Statistics


def test_spread_is_the_median_between_the_quartiles() -> None:
    assert Spread.of([5.0, 1.0, 4.0, 2.0, 3.0]) == Spread(median=3.0, lower=2.0, upper=4.0)


def test_ratio_is_taken_round_by_round() -> None:
    # The ratio of the medians would be 3/2.
    times = Times({"ours": [1.0, 2.0, 9.0], "peer": [3.0, 2.0, 9.0]}, calls=1)
    assert times.ratio("ours", "peer") == Spread(median=1.0, lower=1.0, upper=2.0)


def test_race_calls_all_in_turns_without_collecting_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "SAMPLE", 0.0)
    order: list[str] = []
    collecting: list[bool] = []

    def runner(name: str) -> Any:
        def run() -> None:
            order.append(name)
            collecting.append(gc.isenabled())

        return run

    times = timing.race({name: runner(name) for name in "ABC"}, seconds=0.0)
    assert times.calls == 1
    assert [len(seconds) for seconds in times.rounds.values()] == [timing.ROUNDS] * 3
    measured = 3 * timing.ROUNDS
    assert "".join(order[-measured:]) == "ABCBCACABABCBCA"
    assert not any(collecting[-measured:])
    assert gc.isenabled()


def test_short_calls_are_repeated_within_a_sample() -> None:
    assert timing.race({"A": lambda: None}, seconds=0.0).calls > 100


def test_race_collects_garbage_again_after_a_failure() -> None:
    calls = 0

    def fails_later() -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        timing.race({"A": fails_later}, seconds=0.0)
    assert gc.isenabled()


# Inputs


def test_matched_boxes_have_sides_and_share_no_edge() -> None:
    pred, target = inputs.matched_boxes(10_000)
    for boxes in (pred, target):
        assert boxes.shape == (10_000, 4)
        assert boxes.dtype == np.float32
        assert np.all(boxes[:, 2:] - boxes[:, :2] >= 1)
    assert not np.any(pred[:, [0, 1, 2, 3, 0, 1]] == target[:, [0, 1, 2, 3, 2, 3]])
    overlapping = np.all(np.minimum(pred[:, 2:], target[:, 2:]) > np.maximum(pred[:, :2], target[:, :2]), axis=1)
    assert 0.5 < np.mean(overlapping) < 0.99


def test_rotated_boxes_have_sides_and_stay_near() -> None:
    pred, target = inputs.rotated_boxes(1_000)
    assert pred.shape == target.shape == (1_000, 5)
    assert min(target[:, 2:4].min(), pred[:, 2:4].min()) > 5
    assert np.abs(pred[:, :2] - target[:, :2]).mean() < 20
    table = inputs.two_rotated_sets((7, 3))
    assert [boxes.shape for boxes in table] == [(7, 5), (3, 5)]


def test_polygons_of_rotated_boxes_go_around() -> None:
    corners = peers_shapely.corners(np.asarray([[1.0, 2.0, 4.0, 2.0, np.pi / 2]]))
    assert np.allclose(corners, [[[2.0, 0.0], [2.0, 4.0], [0.0, 4.0], [0.0, 0.0]]])


def test_binary_targets_are_rarely_one() -> None:
    logits, targets = inputs.binary((2_000, 80))
    assert logits.shape == targets.shape == (2_000, 80)
    assert logits.dtype == targets.dtype == np.float32
    assert set(np.unique(targets)) == {0.0, 1.0}
    assert 0.009 < np.mean(targets) < 0.011
    assert 1.98 < np.std(logits) < 2.02


def test_every_class_is_a_label() -> None:
    logits, labels = inputs.labelled((2_000, 80))
    assert (logits.shape, labels.shape) == ((2_000, 80), (2_000,))
    assert logits.dtype == np.float32
    assert labels.dtype == np.int64
    assert set(labels) == set(range(80))


def test_targets_of_distributions_lie_between_the_bins() -> None:
    logits, targets = inputs.distributions((1_000, 4, 16))
    assert (logits.shape, targets.shape) == ((1_000, 4, 16), (1_000, 4))
    assert logits.dtype == targets.dtype == np.float32
    assert set(np.floor(targets).ravel()) == set(range(15))
    assert np.min(targets % 1) > 0.04
    assert np.max(targets % 1) < 0.96
    assert np.max(targets) < 14.99  # where ultralytics cuts them off


def test_numbers_lie_on_both_sides_of_the_kink() -> None:
    pred, target = inputs.numbers((10_000,))
    assert pred.dtype == target.dtype == np.float32
    assert 0.4 < np.mean(np.abs(pred - target) < 1) < 0.6


def test_label_images_have_every_class_and_logits_that_know_it() -> None:
    logits, labels = inputs.segmented((2, 4, 64, 64))
    assert (logits.shape, labels.shape) == ((2, 4, 64, 64), (2, 64, 64))
    assert logits.dtype == np.float32
    assert labels.dtype == np.int64
    assert all(set(image.ravel()) == set(range(4)) for image in labels)
    assert 0.6 < np.mean(np.argmax(logits, axis=1) == labels) < 0.95
    assert np.all(labels[:, :8, :8] == labels[:, :1, :1])  # in squares


def test_masks_are_the_same_as_probabilities() -> None:
    logits, labels = inputs.segmented((2, 4, 64, 64))
    probs, targets = inputs.masked((2, 4, 64, 64))
    assert probs.dtype == targets.dtype == np.float32
    np.testing.assert_allclose(np.sum(probs, axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(np.argmax(probs, axis=1), np.argmax(logits, axis=1))
    np.testing.assert_array_equal(np.argmax(targets, axis=1), labels)
    assert set(np.unique(targets)) == {0.0, 1.0}
    assert np.all(np.sum(targets, axis=1) == 1)


def test_the_hardest_pairs_lie_on_both_sides_of_the_margin() -> None:
    embeddings, labels = inputs.identities((512, 256))
    assert embeddings.dtype == np.float32
    assert np.all(np.bincount(labels) == 4)
    apart = np.sqrt(np.sum((embeddings[:, None] - embeddings) ** 2, axis=-1))
    same = labels[:, None] == labels
    violation = np.max(np.where(same, apart, -1), axis=-1) - np.min(np.where(same, np.inf, apart), axis=-1) + 0.2
    assert 0.5 < np.mean(violation > 0) < 0.99
    assert np.min(np.abs(violation)) > 1e-4


def test_views_come_in_pairs() -> None:
    embeddings, labels = inputs.views((16, 5))
    assert embeddings.shape == (16, 5)
    assert np.all(np.bincount(labels) == 2)
    queries, keys = inputs.queries((8, 5))
    order = np.argsort(labels, stable=True)
    np.testing.assert_array_equal(queries, embeddings[order[::2]])
    np.testing.assert_array_equal(keys, embeddings[order[1::2]])


@pytest.mark.parametrize("entry", list(TINY_SIZES))
def test_inputs_are_the_same_every_time(entry: str) -> None:
    subject = next(subjects[entry] for subjects in subjects.FAMILIES.values() if entry in subjects)
    (size,) = TINY_SIZES[entry]
    for first, second in zip(subject.inputs(size), subject.inputs(size), strict=True):
        np.testing.assert_array_equal(first, second)


# Agreement

VALUE = np.asarray(4.0, dtype=np.float32)
GRADIENT = np.asarray([[8.0, 0.0, -4.0, 2.0], [0.5, 0.25, 0.0, 0.0]], dtype=np.float32)


def test_equal_results_agree() -> None:
    assert difference((VALUE, GRADIENT), (VALUE, GRADIENT)) == Difference(0.0, 0.0)


def test_a_gradient_is_measured_by_the_largest_slope_of_its_row() -> None:
    other = GRADIENT.copy()
    other[1, 2] = 0.125
    found = difference((VALUE, GRADIENT), (VALUE + 1, other))
    assert found == Difference(value=0.25, gradient=0.25)
    assert not found.agrees


@pytest.mark.parametrize(
    "peer",
    [
        (VALUE * np.float32(np.nan), GRADIENT),
        (VALUE, GRADIENT * np.float32(np.nan)),
        (VALUE, GRADIENT[:, :2]),
        (VALUE, None),
        (VALUE * np.float32(1 + 1e-5), GRADIENT),
        (VALUE, GRADIENT * np.float32(1 + 1e-4)),
    ],
    ids=["NaN value", "NaN slopes", "other shape", "no gradient", "other value", "other gradient"],
)
def test_other_results_disagree(peer: Any) -> None:
    assert not difference((VALUE, GRADIENT), peer).agrees


def test_a_difference_from_nan_is_infinite() -> None:
    nan = np.float32(np.nan)
    assert difference((VALUE, GRADIENT), (VALUE * nan, GRADIENT * nan)) == Difference(float("inf"), float("inf"))


def test_a_gradient_of_sorted_pixels_has_a_tolerance_of_its_own() -> None:
    other = GRADIENT * np.float32(1 + 1e-3)
    assert not difference((VALUE, GRADIENT), (VALUE, other)).agrees
    assert difference((VALUE, GRADIENT), (VALUE, other), agreement.SORTED).agrees
    assert not difference((VALUE, GRADIENT), (VALUE, GRADIENT * np.float32(1.1)), agreement.SORTED).agrees


def test_a_row_without_slopes_is_compared_too() -> None:
    flat = np.zeros((1, 4), dtype=np.float32)
    assert difference((VALUE, flat), (VALUE, flat)).agrees
    assert not difference((VALUE, flat), (VALUE, flat + 1)).agrees


# One race


def total(pred: Any, target: Any) -> Any:
    return np.sum(pred * target)


def test_a_peer_with_another_result_is_reported_and_not_timed() -> None:
    found = {ours.NAME: {"sum": total}, "liar": {"sum": lambda pred, target: total(pred, target) * 1.01}}
    row = contest.contest(SUM, NumPy(), found, seconds=0.0)
    assert row.disagreeing == ["liar"]
    assert list(row.times) == [ours.NAME]
    assert not row.sound


def test_a_peer_that_fails_is_reported_and_the_others_race() -> None:
    def broken(pred: Any, target: Any) -> NoReturn:
        raise TypeError("no such option\nsecond line")

    found = {ours.NAME: {"sum": total}, "broken": {"sum": broken}, "peer": {"sum": total}, "other": {}}
    row = contest.contest(SUM, NumPy(), found, seconds=0.0)
    assert row.failed == {"broken": "TypeError: no such option"}
    assert list(row.times) == [ours.NAME, "peer"]
    assert row.fastest_peer == "peer"
    assert row.sound


def test_without_our_result_there_is_no_race() -> None:
    def broken(pred: Any, target: Any) -> NoReturn:
        raise ValueError

    row = contest.contest(SUM, NumPy(), {ours.NAME: {"sum": broken}, "peer": {"sum": total}}, seconds=0.0)
    assert row.times == {}
    assert not row.sound


def test_a_peer_that_is_not_installed_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> NoReturn:
        raise ModuleNotFoundError("No module named 'peer'")

    monkeypatch.setitem(contestants.CONTESTANTS, "numpy", {ours.NAME: dict, "peer": missing})
    found, absent = contest.contestants("numpy")
    assert list(found) == [ours.NAME]
    assert absent == {"peer": "ModuleNotFoundError: No module named 'peer'"}


def test_a_bound_is_timed_but_neither_compared_nor_the_fastest_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(contestants.BOUNDS, "less work", "nothing at all")
    found = {ours.NAME: {"sum": total}, "less work": {"sum": lambda pred, target: 0.0}}
    row = contest.contest(SUM, NumPy(), found, seconds=0.0)
    assert row.sound
    assert row.fastest_peer is None
    assert set(row.ratios) == {"less work"}
    assert replace(row, task=replace(SUM, goal=Goal(1e9, against="less work"))).reached is False
    assert "less work is a bound, not a peer: nothing at all" in report.remarks(made_up(row))


def test_a_peer_that_takes_long_is_timed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def slow(pred: Any, target: Any) -> Any:
        calls.append("slow")
        time.sleep(0.02)
        return total(pred, target)

    monkeypatch.setattr(contest, "PATIENCE", 0.01)
    row = contest.contest(SUM, NumPy(), {ours.NAME: {"sum": total}, "slow": {"sum": slow}}, seconds=0.0)
    assert len(calls) == 3  # first, second, memory
    assert row.fastest_peer == "slow"
    assert row.sound
    spread = row.times["slow"]
    assert spread.lower == spread.median == spread.upper > 0.01
    assert row.ratios["slow"].median == spread.median / row.times[ours.NAME].median


def test_a_slow_peer_with_another_result_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contest, "PATIENCE", -1.0)
    found = {ours.NAME: {"sum": total}, "liar": {"sum": lambda pred, target: total(pred, target) * 1.01}}
    row = contest.contest(SUM, NumPy(), found, seconds=0.0)
    assert row.disagreeing == ["liar"]
    assert list(row.times) == list(row.memory) == [ours.NAME]


@pytest.mark.skipif(not installed("torch"), reason="torch is not installed")
def test_a_peer_may_be_compiled_in_pieces_and_we_may_not() -> None:
    def split(pred: Any, target: Any) -> Any:
        return (pred * target).sum() * float(pred.sum() > -1e9)  # leaves the compiled code for a number

    task = replace(SUM, call=Call(gradient=False, compiled=True))
    whole = contest.contest(task, open_backend("torch"), {ours.NAME: {"sum": split}}, seconds=0.0)
    assert list(whole.failed) == [ours.NAME]
    found = {ours.NAME: {"sum": lambda pred, target: (pred * target).sum()}, "peer": {"sum": split}}
    row = contest.contest(task, open_backend("torch"), found, seconds=0.0)
    assert row.failed == {}
    assert row.fastest_peer == "peer"


# Memory


def test_the_largest_rise_forgets_what_was_there_before() -> None:
    assert memory.rise([]) == 0
    assert memory.rise([3, -3, 2]) == 3
    assert memory.rise([-5, 3, 4, -7, 6]) == 7


KILO = np.ones((1000, 2), dtype=np.float32)  # 8000 bytes


@pytest.mark.parametrize("name", list(BACKENDS))
def test_memory_is_that_of_the_results_and_of_what_lies_between(name: str) -> None:
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    backend = open_backend(name)
    arrays = [backend.array(KILO), backend.array(KILO)]
    call = Call(gradient=False, compiled=name == "jax")
    one = backend.peak(lambda pred, target: pred + target, arrays, call)
    assert 8_000 <= one < 9_000
    two = backend.peak(lambda pred, target: (pred + target, pred - target), arrays, call)
    assert 16_000 <= two < 17_500


@pytest.mark.skipif(not installed("torch"), reason="torch is not installed")
@pytest.mark.parametrize("compiled", [False, True])
def test_memory_of_a_gradient_in_torch(compiled: bool, capfd: pytest.CaptureFixture[str]) -> None:
    backend = open_backend("torch")
    arrays = [backend.array(KILO), backend.array(KILO)]
    found = backend.peak(lambda pred, target: (pred * target).sum(), arrays, Call(gradient=True, compiled=compiled))
    assert 8_000 <= found < (9_500 if compiled else 17_500)
    assert capfd.readouterr() == ("", "")


def raced(goal: Goal | None) -> Row:
    """A made-up race: two times as fast as `near`, three times as fast as `far`."""
    return Row(
        task=replace(SUM, goal=goal, call=Call(gradient=True, compiled=True)),
        backend="torch",
        device="cpu",
        first_call={ours.NAME: 4.0, "near": 8.0, "far": 1.0},
        differences={"near": Difference(1e-7, 1e-7), "far": Difference(0.0, 0.0)},
        memory={ours.NAME: 1.0, "near": 2.56, "far": 3.0},
        times={
            ours.NAME: Spread(0.010, 0.009, 0.011),
            "near": Spread(0.020, 0.019, 0.021),
            "far": Spread(0.030, 0.029, 0.031),
        },
        ratios={"near": Spread(2.0, 1.9, 2.1), "far": Spread(3.0, 2.9, 3.1)},
        fastest_peer="near",
        rounds=7,
        calls=1,
    )


@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        (None, None),
        (Goal(2.0), True),
        (Goal(2.5), False),
        (Goal(2.5, against="far"), True),
        (Goal(2.5, against="absent"), None),
    ],
)
def test_a_goal_speaks_of_the_fastest_peer_or_of_its_own(goal: Goal | None, reached: bool | None) -> None:
    assert raced(goal).reached is reached


# The plan

PAIRS = [(256,), (4_096,), (100_000,), (1_000_000,)]
BINARY = [(256, 80), (8_400, 80), (67_200, 80)]


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("boxes", {"CIoU loss": PAIRS, "GIoU loss": PAIRS}),
        (
            "classification",
            {
                "sigmoid focal loss": [*BINARY, (1_000_000, 20)],
                "sigmoid cross-entropy": BINARY,
                "softmax cross-entropy": [(256, 80), (8_400, 80), (65_536, 80), (4_096, 1_000), (1_000_000, 20)],
                "distribution focal": [(1_000, 4, 16), (40_000, 4, 16)],
            },
        ),
        ("regression", {"smooth L1 loss": PAIRS}),
        (
            "segmentation",
            {
                f"{loss} loss": [(2, 4, 64, 64), (8, 4, 256, 256)]
                for loss in ("Dice", "Tversky", "softmax Dice", "Lovasz softmax")
            },
        ),
        (
            "embeddings",
            {
                "batch-hard triplet": [(512, 256)],
                "contrastive loss": [(512, 128)],
                "NT-Xent loss": [(512, 128)],
                "InfoNCE loss": [(512, 128)],
            },
        ),
    ],
)
def test_every_loss_is_raced_at_every_size(family: str, expected: dict[str, list[tuple[int, ...]]]) -> None:
    plan = [task for task in tasks.plan(family, "torch", Effort()) if task.title in expected]
    assert {(task.title, task.size, task.call.gradient, task.call.compiled) for task in plan} == {
        (title, size, gradient, compiled)
        for title, sizes in expected.items()
        for size in sizes
        for gradient in (False, True)
        for compiled in (False, True)
    }


def test_some_losses_are_compiled_at_their_largest_size_alone() -> None:
    plan = [task for task in tasks.plan("regression", "torch", Effort()) if task.title == "Huber loss"]
    assert {task.size for task in plan if not task.call.compiled} == {(4_096,), (1_000_000,)}
    assert {task.size for task in plan if task.call.compiled} == {(1_000_000,)}


@pytest.mark.parametrize(("backend", "expected"), [("torch", [(8_400, 50), (10_000, 1_000)]), ("jax", [])])
def test_tables_are_measured_in_eager_libraries(backend: str, expected: list[tuple[int, ...]]) -> None:
    plan = [task for task in tasks.plan("boxes", backend, Effort()) if task.title == "IoU table"]
    assert [task.size for task in plan] == expected
    assert all(task.call == Call(gradient=False, compiled=False) for task in plan)


def test_every_subject_has_sizes_and_every_size_a_subject() -> None:
    entries = [entry for subjects in subjects.FAMILIES.values() for entry in subjects]
    assert sorted(entries) == sorted(sizes.SIZES) == sorted(TINY_SIZES)
    assert set(tasks.QUICK.sizes) | set(tasks.QUICK.compiled_sizes) <= set(entries)


@pytest.mark.parametrize("backend", list(BACKENDS))
def test_we_have_every_entry_and_the_peers_no_other(backend: str) -> None:
    entries = {task.entry for family in subjects.FAMILIES for task in tasks.plan(family, backend, Effort())}
    found, _ = contest.contestants(backend)
    mine, *others = found.values()
    assert entries <= set(mine)
    assert set().union(*others) <= set(mine)


@pytest.mark.parametrize(
    ("backend", "gradient", "compiled", "goals"),
    [
        ("torch", False, False, [None, None, None, None]),
        ("torch", True, False, [1.6, 1.6, 1.6, 1.6]),
        ("torch", True, True, [1.6, 1.6, 2.0, 2.0]),
        ("jax", True, True, [2.0, 2.0, 2.0, 2.0]),
        ("numpy", False, False, [None, None, None, 2.0]),
        ("numpy", True, False, [None, None, None, 2.0]),
    ],
)
def test_goals_of_box_losses_by_size(backend: str, gradient: bool, compiled: bool, goals: list[float | None]) -> None:
    plan = tasks.plan("boxes", backend, Effort(sizes={"giou": sizes.PAIRS}))
    chosen = [task for task in plan if task.title == "GIoU loss" and task.call == Call(gradient, compiled)]
    assert [task.goal for task in chosen] == [ratio and Goal(ratio) for ratio in goals]


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_the_large_table_is_held_against_torchvision(backend: str) -> None:
    plan = tasks.plan("boxes", backend, Effort(compiled_sizes={}))
    goals = [task.goal for task in plan if task.title == "IoU table"]
    assert goals == [None, Goal(3.0, against="torchvision")]


@pytest.mark.parametrize(
    ("title", "backend", "gradient", "compiled", "goal"),
    [
        ("sigmoid focal loss", "torch", False, False, None),
        ("sigmoid focal loss", "torch", True, False, Goal(1.5, against="torchvision")),
        ("sigmoid focal loss", "torch", True, True, Goal(1.0, against="fused BCE")),
        ("sigmoid focal loss", "jax", True, True, Goal(4.0, against="optax")),
        ("sigmoid focal loss", "numpy", True, False, None),
        ("sigmoid cross-entropy", "torch", True, True, None),
        ("softmax cross-entropy", "torch", False, True, Goal(0.83, against="torch's own")),
        ("softmax cross-entropy", "jax", True, True, Goal(1.0, against="optax")),
        ("softmax cross-entropy", "numpy", True, False, None),
        ("distribution focal", "torch", True, True, Goal(2.0)),
        ("distribution focal", "jax", True, True, Goal(2.0)),
        ("distribution focal", "torch", False, True, None),
        ("smooth L1 loss", "torch", True, False, Goal(1.0)),
        ("Huber loss", "jax", True, True, Goal(1.0)),
        ("Huber loss", "numpy", True, False, Goal(1.0)),
        ("Huber loss", "numpy", False, False, None),
        ("batch-hard triplet", "torch", True, False, Goal(1.5, against="PML")),
        ("batch-hard triplet", "torch", True, True, Goal(1.5, against="PML")),
        ("batch-hard triplet", "torch", False, False, None),
        ("batch-hard triplet", "jax", True, True, None),
        ("NT-Xent loss", "torch", True, False, None),
        ("InfoNCE loss", "torch", True, False, None),
    ],
)
def test_goals_of_the_other_losses(title: str, backend: str, gradient: bool, compiled: bool, goal: Goal | None) -> None:
    families = ("classification", "regression", "embeddings")
    plan = [task for family in families for task in tasks.plan(family, backend, Effort())]
    goals = {task.goal for task in plan if task.title == title and task.call == Call(gradient, compiled)}
    assert goals == {goal}
    if goal is not None and goal.against is not None:
        assert goal.against in contestants.CONTESTANTS[backend]


@pytest.mark.parametrize("backend", list(BACKENDS))
def test_later_losses_are_held_against_our_ciou_and_seldom_compiled(backend: str) -> None:
    plan = list(tasks.plan("modern boxes", backend, Effort()))
    compiled = backend == "jax"
    assert [task.size for task in plan] == [(100_000,)] * len(ours.MODERN)
    assert {task.call for task in plan} == {Call(gradient=True, compiled=compiled)}
    assert {task.goal for task in plan} == {None if compiled else Goal(0.77, against="our CIoU")}
    entry = next(iter(ours.MODERN))
    asked = tasks.plan("modern boxes", "torch", Effort().only([entry]))
    assert [task.call.compiled for task in asked] == [False, True]


@pytest.mark.parametrize(
    ("backend", "goals"),
    [
        ("torch", {"ProbIoU loss": Goal(1.5, against="ultralytics"), "rotated IoU table": Goal(5.0)}),
        ("numpy", {"ProbIoU loss": None, "rotated IoU table": Goal(5.0)}),
        ("jax", {"ProbIoU loss": None}),
    ],
)
def test_goals_of_rotated_boxes(backend: str, goals: dict[str, Goal | None]) -> None:
    plan = list(tasks.plan("rotated boxes", backend, Effort()))
    found = {task.title: task.goal for task in plan if task.call.gradient or "table" in task.title}
    assert found == goals
    assert all(task.goal is None for task in plan if not task.call.gradient and "table" not in task.title)


def test_goals_of_the_criterion_of_yolov8() -> None:
    plan = list(tasks.plan("detection", "torch", Effort()))
    assert not [task for task in plan if task.goal and task.size != sizes.YOLOV8]
    calls = {task.call: task.goal for task in plan if task.size == sizes.YOLOV8}
    assert calls[Call(gradient=True, compiled=False, learned=2)] == Goal(1.5, against="ultralytics")
    assert calls[Call(gradient=True, compiled=True, learned=2)] == Goal(2.0, against="ultralytics")
    assert {task.goal for task in tasks.plan("detection", "jax", Effort())} == {None}


def test_a_head_has_learned_its_objects() -> None:
    *heads, labels, boxes, mask, anchors, strides = inputs.detection((2, 64, 3, 2))
    assert [x.shape for x in heads] == [(2, 84, 64), (2, 84, 3)]
    assert anchors.shape == (84, 2)
    assert sorted(set(strides.tolist())) == [8.0, 16.0, 32.0]
    assert mask.all()
    assert (boxes[..., 2:] > boxes[..., :2]).all()
    scores = []
    for box_logits, class_logits in (heads, [x[:, ::-1] for x in heads]):
        rest = labels, boxes, mask
        found = yolov8_detection_loss(box_logits, class_logits, *rest, anchors=anchors, strides=strides)
        scores.append(found.assignment.score.sum())
    assert scores[0] > 4 * scores[1]


@pytest.mark.parametrize(
    ("title", "goal"),
    [
        ("Dice loss", Goal(1.5, against="MONAI")),
        ("Tversky loss", Goal(1.5, against="MONAI")),
        ("softmax Dice loss", Goal(1.5, against="MONAI")),
        ("Lovasz softmax loss", Goal(1.5)),
    ],
)
def test_goals_of_segmentation_losses_at_the_larger_size(title: str, goal: Goal) -> None:
    for backend in BACKENDS:
        for task in tasks.plan("segmentation", backend, Effort()):
            if task.title == title:
                held = backend == "torch" and task.call.gradient and task.size == (8, 4, 256, 256)
                assert task.goal == (goal if held else None)


# The reports


def refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is not JSON")


def made_up(*rows: Row) -> Report:
    return Report(TINY, list(rows), {"torch": "cpu"}, {"gone": "ImportError: no gone"}, Spread(0.02, 0.01, 0.03))


def test_json_is_strict_and_complete() -> None:
    unsound = replace(raced(None), differences={"near": Difference(float("inf"), None)})
    written = json.loads(content.as_json(made_up(raced(Goal(2.5)), unsound)), parse_constant=refuse)
    assert set(written["machine"]) == {"cpu", "cores", "python", "platform", "hardware", "load_before"}
    assert written["versions"]["numpy"] == np.__version__
    assert written["import"]["median_ms"] == 20.0
    assert written["import"]["reached"] is True
    first, second = written["rows"]
    assert first["times"][ours.NAME] == {
        "median_ms": 10.0,
        "lower_quartile_ms": 9.0,
        "upper_quartile_ms": 11.0,
    }
    assert first["ratios"]["near"]["median"] == 2.0
    assert first["goal"] == {"ratio": 2.5, "against": "the fastest peer"}
    assert first["reached"] is False
    assert first["first_call_ms"]["near"] == 8000.0
    assert first["memory_in_inputs"] == {ours.NAME: 1.0, "near": 2.56, "far": 3.0}
    assert second["differences"]["near"] == {"value": None, "gradient": None, "agrees": False}


def test_a_line_of_the_table() -> None:
    assert report.cells(raced(Goal(2.0))) == (
        *("sum", "6", "torch compiled", "value+grad", "10"),
        *("   20 near", "2.00", "1.90-2.10", "", "≥ 2.0 reached", "1.0/2.6", "4.0/8.0", ""),
    )
    assert report.cells(raced(Goal(2.5, against="far")))[9] == "≥ 2.5 reached, far 3.00"
    assert report.cells(raced(Goal(2.5, against="absent")))[9] == "≥ 2.5 not raced, absent"


def test_the_plain_table_is_aligned() -> None:
    large = replace(raced(None), task=replace(SUM, size=(10_000, 1_000)))
    head, rule, *lines = report.plain_table(made_up(raced(None), large)).splitlines()
    assert set(rule) == {"-"}
    assert "10 000 x 1 000" in lines[1]
    for word in ("backend", "work"):
        assert {line[head.index(word) - 1] for line in lines} == {" "}


def test_without_rich_the_table_is_plain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    report.show(made_up(raced(Goal(2.0))))
    text = capsys.readouterr().out
    assert report.plain_table(made_up(raced(Goal(2.0)))) in text
    assert "gone is absent: ImportError: no gone" in text
    assert "goals: 1 reached, 0 missed, 0 not raced" in text
    assert "import array_losses: 20 ms beyond NumPy's own (10-30), goal 30 ms: reached" in text


@pytest.mark.skipif(not installed("rich"), reason="rich is not installed")
def test_with_rich_the_table_says_the_same(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    report.show(made_up(raced(Goal(2.0))))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "─" in plain
    line = next(line for line in plain.splitlines() if "near" in line)
    assert line.split() == " ".join(report.cells(raced(Goal(2.0)))).split()


@pytest.mark.parametrize(("load", "told"), [(None, False), (0.1, False), (3.5, True)])
def test_a_busy_machine_is_told(load: float | None, told: bool) -> None:
    text = "\n".join(report.remarks(replace(made_up(raced(None)), load=load)))
    assert ("the machine was busy (load 3.5 before the first race)" in text) is told


def test_disagreements_and_failures_are_told() -> None:
    row = replace(raced(None), failed={"worse": "TypeError: no"}, differences={"near": Difference(0.5, None)})
    text = "\n".join(report.remarks(made_up(row)))
    assert "worse failed: TypeError: no" in text
    assert "near got another result: Difference(value=0.5, gradient=None, tolerance=1e-05)" in text


# Runs


def rivals(backend: str, entry: str) -> list[str]:
    """Who races in this task, where everybody is installed."""
    if entry in ours.MODERN:
        return ["our CIoU"]
    if entry.startswith("one "):
        return ["bare kernel"]
    if entry in ("probiou", "yolov8"):
        return ["ultralytics"] if backend == "torch" else []
    if entry == "rotated iou table":
        return ["Shapely"]
    if backend == "torch":
        return {
            "ciou": ["torchvision", "ultralytics"],
            "giou": ["torchvision", "fvcore", "ultralytics"],
            "iou table": ["torchvision", "torchmetrics", "ultralytics"],
            "giou table": ["torchvision", "torchmetrics"],
            "sigmoid focal": ["torchvision", "fvcore", "keras", "fused BCE"],
            "softmax focal": ["keras", "kornia"],
            "hinge": ["keras", "plain formula"],
            "distribution focal": ["ultralytics"],
            "smooth l1": ["fvcore", "torch's own", "keras"],
            "log cosh": ["torchmetrics", "keras", "plain formula"],
            "charbonnier": ["plain formula"],
            "balanced l1": ["plain formula"],
            "dice": ["keras", "MONAI", "SMP"],
            "tversky": ["keras", "MONAI", "SMP"],
            "softmax dice": ["MONAI", "kornia"],
            "lovasz softmax": ["kornia", "SMP"],
            "batch hard triplet": ["PML", "plain formula"],
            "triplet": ["torch's own"],
            "contrastive": ["PML", "plain formula"],
            "nt-xent": ["PML", "plain formula"],
            "info nce": ["PML", "plain formula"],
        }.get(entry, ["torch's own", "keras"])
    if backend == "numpy":
        return ["plain formula", *(["torchvision"] if "table" in entry else [])]
    if entry in ("ciou", "giou"):
        return ["plain columns", "plain corners"]
    gather = ["plain gather"] if entry in ("softmax ce", "softmax focal", "distribution focal") else []
    optax = {"sigmoid focal", "sigmoid bce", "softmax ce", "kl divergence", "hinge", "huber", "log cosh"}
    optax |= {"softmax dice", "triplet", "nt-xent"}
    keras = {"sigmoid focal", "sigmoid bce", "probability bce", "softmax ce", "softmax focal", "kl divergence"}
    keras |= {"hinge", "huber", "smooth l1", "log cosh", "dice", "tversky"}
    return ["plain formula", *gather, *["optax"][: entry in optax], *["keras"][: entry in keras]]


@pytest.mark.parametrize("family", list(subjects.FAMILIES))
@pytest.mark.parametrize("name", list(BACKENDS))
def test_a_tiny_run(name: str, family: str) -> None:
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    works = subjects.WORKS[-1:] if name == "jax" else subjects.WORKS  # jax compiles each contestant twice
    found = command.measure([family], [open_backend(name)], replace(TINY, imports=0, works=works))
    assert found.sound is not (family == "overhead" and name == "jax")  # which has no row there
    assert list(found.bandwidth) == [f"{name}:cpu"]
    losses = {
        "boxes": 2,
        "rotated boxes": 1,
        "detection": 1,
        "classification": 8,
        "regression": 5,
        "segmentation": 4,
        "embeddings": 5,
    }.get(family, 0)
    eager_values = {"boxes": 2, "rotated boxes": 1, "overhead": 4}.get(family, 0) * (name != "jax")
    assert len(found.rows) == len(works) * losses + eager_values + len(ours.MODERN) * (family == "modern boxes")
    for row in found.rows:
        assert row.rounds >= timing.ROUNDS
        assert all(spread.median > 0 for spread in row.times.values())
        peers = rivals(name, row.task.entry.removesuffix(" and gradient"))
        assert list(row.memory) == list(row.times)
        assert list(row.times) == [ours.NAME, *(peer for peer in peers if peer not in found.absent)]


def test_the_command_writes_its_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "QUICK", TINY)
    file = tmp_path / "report.json"
    assert command.main(["--family", "boxes", "--backend", "numpy", "--quick", "--json", str(file)]) == 0
    content = json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)
    assert [row["task"] for row in content["rows"]] == [
        *(["CIoU loss"] * 2 + ["GIoU loss"] * 2),
        *("IoU table", "GIoU table"),
    ]
    assert content["import"]["median_ms"] > 0
    assert "IoU table" in capsys.readouterr().out


def test_the_command_races_only_the_entries_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "QUICK", replace(TINY, imports=0))
    file = tmp_path / "report.json"
    options = ["--entry", "huber", "--entry", "sigmoid bce", "--backend", "numpy", "--quick", "--json", str(file)]
    assert command.main(options) == 0
    content = json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)
    assert [row["task"] for row in content["rows"]] == ["sigmoid cross-entropy"] * 2 + ["Huber loss"] * 2


def test_an_entry_that_an_effort_leaves_out_has_its_usual_sizes() -> None:
    effort = tasks.QUICK.only(["ciou", "huber"])
    assert effort.sizes == {"ciou": ((256,), (100_000,)), "huber": ((4_096,), (1_000_000,))}
    assert effort.compiled_sizes == {"ciou": ((100_000,),), "huber": ((4_096,), (1_000_000,))}
    assert effort.seconds == tasks.QUICK.seconds


def test_a_disagreement_is_exit_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def liars() -> dict[str, Any]:
        return {"iou table": lambda boxes, others: np.ones((len(boxes), len(others)), dtype=np.float32)}

    monkeypatch.setitem(contestants.CONTESTANTS["numpy"], "liar", liars)
    monkeypatch.setattr(command, "QUICK", replace(TINY, sizes={"iou table": ((4, 3),)}, imports=0))
    assert command.main(["--backend", "numpy", "--quick"]) == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cupid", "benchmarks: backend must be one of numpy, torch, jax, cupy; got cupid\n"),
        ("numpy:cuda", "benchmarks: numpy has no device cuda\n"),
    ],
)
def test_a_missing_backend_is_an_error(name: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--backend", name]) == 2
    assert capsys.readouterr().err == message


def test_a_report_without_races_is_not_sound() -> None:
    assert not made_up().sound


def test_the_import_is_measured_in_new_processes() -> None:
    assert 0 < imports.import_seconds(2).median < 60


def test_the_tolerances_are_far_above_rounding_and_far_below_a_wrong_term() -> None:
    assert 2**-24 < agreement.VALUE < agreement.GRADIENT < 1e-4


def test_the_machine_is_named() -> None:
    assert machine.machine()["cpu"]


@pytest.mark.skipif(not installed("ultralytics"), reason="ultralytics is not installed")
def test_ultralytics_is_imported_quietly(tmp_path: Path) -> None:
    program = (
        "import os; from benchmarks import peers_ultralytics;"
        "import torch; before = dict(os.environ), torch.get_num_threads();"
        "peers_ultralytics.functions();"
        "assert before == (dict(os.environ), torch.get_num_threads())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(tasks.__file__).parent.parent,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.rglob("*ltralytics*")) == []


def test_unfused_is_ours_with_a_kernel_for_each_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_launch(*arguments: Any) -> NoReturn:
        raise AssertionError("one launch")

    monkeypatch.setattr(_cuda, "rows", one_launch)
    monkeypatch.setattr(_closed_form, "is_cupy", lambda xp: True)
    row_function = _closed_form._evaluate
    monkeypatch.setattr(
        _closed_form, "_evaluate", lambda *arguments, **rest: row_function(*arguments, **rest | {"blocks": False})
    )
    numbers, zeros = np.asarray([0.5, 2.0]), np.zeros(2)
    value, slopes = kernels.unfused()["huber and gradient"](numbers, zeros)
    assert value == 0.125 + 1.5
    np.testing.assert_array_equal(slopes, [0.5, 1.0])
    with pytest.raises(AssertionError, match="one launch"):
        ours.numpy_functions()["huber"](numbers, zeros)
