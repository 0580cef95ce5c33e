"""What the race says beyond times: the floor, the summary, kernel launches, what a function adds to its kernel."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import bandwidth, contest, inputs, kernels, launches, ours, peers_keras, summary, tasks
from benchmarks.backends import Call, NumPy, open_backend
from benchmarks.contest import Row
from benchmarks.goals import Added
from benchmarks.report import cells
from benchmarks.tasks import Effort, Task
from benchmarks.timing import Spread, Times

SUM = Task("sum", "sum", (6,), Call(gradient=False, compiled=False), lambda: inputs.matched_boxes(6))


def total(pred: Any, target: Any) -> Any:
    return np.sum(pred * target)


def raced(ratio: float | None, backend: str = "torch", compiled: bool = False) -> Row:
    """A made-up race against one peer, or none."""
    times = {ours.NAME: Spread.of_one(0.010)}
    row = Row(replace(SUM, call=Call(gradient=False, compiled=compiled)), backend, "cpu", times=times)
    if ratio is None:
        return row
    peer = {"peer": Spread.of_one(ratio)}
    return replace(row, ratios=peer, times=times | {"peer": Spread.of_one(0.010 * ratio)}, fastest_peer="peer")


# The floor


def test_the_bandwidth_is_that_of_the_fastest_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    took = iter([0.5, 0.25, 1.0] * 3)
    monkeypatch.setattr(bandwidth, "once", lambda copy: (next(took), None))
    assert bandwidth.bytes_per_second(lambda: None, numbers=1000) == 2 * 4 * 1000 / 0.25


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_copy_everything(threads: int) -> None:
    assert np.array_equal(bandwidth.threaded_copy(10, threads)(), np.ones(10))


@pytest.mark.parametrize("name", ["numpy", "torch", "jax"])
def test_every_backend_copies(name: str) -> None:
    pytest.importorskip(name)
    assert np.array_equal(open_backend(name).copier(5)(), np.ones(5))


def test_a_floor_under_a_microsecond_is_left_out() -> None:
    assert bandwidth.floor(2_000, 1e9) == pytest.approx(2e-6)
    assert bandwidth.floor(900, 1e9) is None
    assert bandwidth.floor(2_000, None) is None


@pytest.mark.parametrize(("gradient", "moved"), [(False, 2 * 96 + 4), (True, 2 * 96 + 4 + 96)])
def test_the_floor_counts_inputs_and_results_once(gradient: bool, moved: int) -> None:
    def slope(pred: Any, target: Any) -> Any:
        return total(pred, target), target.copy()

    task = replace(SUM, call=Call(gradient=gradient, compiled=False))
    found = {ours.NAME: {"sum": slope if gradient else total}}
    row = contest.contest(task, NumPy(), found, seconds=0.0, bandwidth=1e6)
    assert row.floor == pytest.approx(moved * 1e-6)
    assert row.floors == pytest.approx(row.times[ours.NAME].median / (moved * 1e-6))
    assert cells(replace(raced(None), floor=0.004))[8] == "2.5"


# The summary


def test_standings_are_geometric_means_of_rows_with_a_peer() -> None:
    rows = [raced(4.0), raced(1.0), raced(0.25, compiled=True), raced(2.0, "jax", compiled=True), raced(None, "numpy")]
    found = summary.standings(rows)
    assert list(found) == ["all", "torch eager", "torch compiled", "jax jit"]
    counts = {name: (standing.won, standing.lost) for name, standing in found.items()}
    assert counts == {"all": (3, 1), "torch eager": (2, 0), "torch compiled": (0, 1), "jax jit": (1, 0)}
    means = [standing.geometric_mean for standing in found.values()]
    assert means == pytest.approx([2**0.25, 2.0, 0.25, 2.0])


def test_without_peers_there_are_no_standings() -> None:
    assert summary.standings([raced(None)]) == {}


# Kernel launches


def test_kernels_are_counted_without_copies() -> None:
    events = [
        ("DeviceType.CUDA", "vectorized_elementwise_kernel"),
        ("DeviceType.CUDA", "Memcpy HtoD"),
        ("DeviceType.CUDA", "reduce_kernel"),
        ("DeviceType.CPU", "cudaLaunchKernel"),
        ("DeviceType.CUDA", "Memset"),
    ]
    assert launches.kernels(events) == 2


def test_on_a_processor_nothing_is_launched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytest.importorskip("torch").cuda, "is_available", lambda: True)
    assert launches.counted(lambda: pytest.fail("called"), "cpu") is None


def test_launches_have_a_column() -> None:
    row = replace(raced(2.0), launches={ours.NAME: 3, "peer": 12})
    assert cells(row)[-1] == "3/12"
    assert cells(replace(row, launches={ours.NAME: None, "peer": None}))[-1] == ""


# What a public function adds


def test_what_is_added_is_taken_round_by_round() -> None:
    # The difference of the medians would be 3.
    assert Times({"ours": [5.0, 2.0, 9.0], "part": [3.0, 1.0, 2.0]}, calls=1).added("ours", "part").median == 2.0


@pytest.mark.parametrize(("added", "reached"), [(None, None), (9e-6, True), (11e-6, False)])
def test_a_goal_of_added_time(added: float | None, reached: bool | None) -> None:
    row = replace(raced(None), task=replace(SUM, goal=Added(10e-6, against="bare kernel")))
    row = replace(row, added=None if added is None else Spread.of_one(added))
    assert row.reached is reached
    text = {None: "not raced", True: "reached, 9.0", False: "missed, 11.0"}[reached]
    assert cells(row)[9] == f"adds ≤ 10 us {text}"


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_a_bare_kernel_is_what_the_function_computes(name: str) -> None:
    pytest.importorskip(name)
    backend = open_backend(name)
    plan = list(tasks.plan("overhead", name, Effort()))
    assert {task.entry for task in plan} == set(kernels.functions())
    for task in plan:
        arrays = [backend.array(values) for values in task.inputs()]
        found = backend.numbers(kernels.functions()[task.entry](*arrays))
        assert found.shape == (1,)
        np.testing.assert_allclose(found[0], backend.numbers(ours.functions()[task.entry](*arrays)), rtol=1e-6)


def test_overhead_is_measured_in_the_race() -> None:
    (task,) = [task for task in tasks.plan("overhead", "numpy", Effort()) if task.entry == "one huber"]
    found = {ours.NAME: ours.functions(), "bare kernel": kernels.functions()}
    row = contest.contest(task, NumPy(), found, seconds=0.0)
    assert row.added is not None
    assert row.added.median < row.times[ours.NAME].median
    assert row.fastest_peer is None
    assert row.floor is None


# keras


@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("keras", "torch", "jax")), reason="needs keras, torch and jax"
)
def test_each_array_library_has_a_keras_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    one, two = peers_keras.load("torch"), peers_keras.load("jax")
    assert (one.backend.backend(), two.backend.backend()) == ("torch", "jax")
    assert sys.modules["keras"] is two
    assert peers_keras.load("torch") is sys.modules["keras"] is one
    assert not (tmp_path / ".keras").exists()
    assert "KERAS_BACKEND" not in os.environ
