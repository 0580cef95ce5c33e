"""Arrays on several processes and devices: the numbers of one, and the programs of `docs/scale_out.md`."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from dask.distributed import Client

from array_losses import (
    COCO_SIGMAS,
    ciou_loss,
    dice_loss,
    giou,
    oks_loss,
    sigmoid_focal_loss,
    smooth_l1_loss,
    softmax_cross_entropy,
    value_and_grad,
)
from examples import larger_than_memory

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "scale_out.md"
ROWS, CHUNK = 300, 70  # the last chunk is shorter
CHUNKS = (70, 70, 70, 70, 20)


def boxes(random: np.random.Generator, count: int) -> np.ndarray:
    centre, side = random.uniform(0, 100, (count, 2)), random.uniform(5, 40, (count, 2))
    return np.concatenate([centre - side / 2, centre + side / 2], axis=1)


def scene(count: int = ROWS) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    return {
        "pred": boxes(random, count),
        "target": boxes(random, count),
        "logits": random.normal(0, 2, (count, 5)),
        "labels": random.integers(0, 5, count),
        "targets": random.uniform(0, 1, (count, 5)),
        "weights": random.uniform(0.1, 1, count),
        "where": random.uniform(0, 1, count) < np.linspace(0, 1, count),  # few in the first chunk
    }


def in_chunks(x: np.ndarray, chunk: int = CHUNK) -> Any:
    return da.from_array(x, chunks=(chunk, *x.shape[1:]))


# Dask: two processes --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        dask.config.set(larger_than_memory.ALLOCATOR),
        larger_than_memory.workers(2, "1GiB") as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_there_are_two_processes_whose_allocator_decides_for_itself(client: Client) -> None:
    found = client.run(lambda: (os.getpid(), os.environ.get("MALLOC_TRIM_THRESHOLD_")))
    assert len({pid for pid, _ in found.values()} | {os.getpid()}) == 3
    assert {threshold for _, threshold in found.values()} == {None}
    (setting,) = larger_than_memory.ALLOCATOR.items()
    assert 'dask.config.set({{"{}": {}}})'.format(*setting) in PAGE.read_text()


LOSSES: dict[str, tuple[Any, str, str]] = {
    "boxes": (ciou_loss, "pred", "target"),
    "classes": (softmax_cross_entropy, "logits", "labels"),
    "logits": (sigmoid_focal_loss, "logits", "targets"),
    "differences": (smooth_l1_loss, "logits", "targets"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_value_and_gradient_of_two_processes_are_those_of_one(client: Client, name: str) -> None:
    loss, first, second = LOSSES[name]
    numbers = scene()
    if loss in (sigmoid_focal_loss, smooth_l1_loss):  # each number is a row
        numbers |= {key: numbers[key][:, None] for key in ("weights", "where")}
    chunked = {key: in_chunks(x) for key, x in numbers.items()}
    asked: list[tuple[Any, Any]] = []
    expected: list[tuple[Any, Any]] = []
    for options in ((), ("weights", "where")):
        for reduction in ("sum", "mean"):
            for arrays, found in ((chunked, asked), (numbers, expected)):
                given = {key: arrays[key] for key in options}
                total = lambda x: loss(x, arrays[second], reduction=reduction, **given)  # noqa: B023
                found.append(value_and_grad(total)(arrays[first]))
    assert all(gradient.chunks == chunked[first].chunks for _, gradient in asked)
    for (value, gradient), (our_value, our_gradient) in zip(dask.compute(*asked), expected):
        np.testing.assert_allclose(value, our_value, rtol=1e-13)
        np.testing.assert_allclose(gradient, our_gradient, rtol=1e-13, atol=1e-15)


def test_more_pairs_than_a_chunk_holds(tmp_path: Path) -> None:
    """The example: what it prints, and the gradient in its file.

    As a program of its own: what the tests before this one keep in memory is not the example's.
    """
    file = tmp_path / "gradient.npy"
    options = ["--pairs", "30_000", "--chunk", "7_000", "--gradient", str(file)]
    printed = ran("-m", "examples.larger_than_memory", *options)
    said = {line[:13].strip(): line[13:] for line in printed.splitlines()}
    assert said["pairs"].startswith("30,000 in 5 chunks")
    assert 0.1 < float(said["peak memory"].split()[0]) < 2.0
    of_loss, of_gradient = [float(x) for x in re.findall(r"\d\.\de-\d\d|0\.0e\+00", said["difference"])]
    assert of_loss < 1e-6
    assert of_gradient < 1e-8
    rows = np.concatenate([larger_than_memory.made(i, 7_000 if i < 4 else 2_000) for i in range(5)])
    weights = rows[:, 8]
    mean = ciou_loss(rows[:, :4], rows[:, 4:8], weights=weights, where=weights > 0.25, reduction="mean")
    assert float(said["loss"].split(",")[0]) == pytest.approx(float(mean), rel=1e-6)
    gradient = np.load(file)
    assert gradient.shape == (30_000, 4)
    for number, rows in enumerate(np.split(gradient, range(7_000, 30_000, 7_000))):
        ours = larger_than_memory.sums(larger_than_memory.made(number, len(rows)))[1]
        np.testing.assert_array_equal(rows, ours)


# Dask: what is planned ------------------------------------------------------------------------------------------------


class Longest(dask.callbacks.Callback):  # type: ignore[misc]
    """The largest number of rows in any result of any task."""

    rows = 0

    def _posttask(self, key: Any, result: Any, *unused: Any) -> None:
        for part in result if isinstance(result, (list, tuple)) else [result]:
            if isinstance(part, np.ndarray) and part.ndim:
                self.rows = max(self.rows, part.shape[0])


def planned(reduction: str) -> tuple[Any, Any]:
    arrays = {key: in_chunks(x) for key, x in scene().items()}
    pred, target, weights, where = [arrays[key] for key in ("pred", "target", "weights", "where")]
    total = lambda p: ciou_loss(p, target, weights=weights, where=where, reduction=reduction)
    value, gradient = value_and_grad(total)(pred)
    return value, gradient.sum(axis=0)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_no_task_sees_more_than_its_chunk(reduction: str) -> None:
    """The gradient of a sum is one number for all rows: handed on as an array, it would be as long as all of them."""
    with Longest() as longest:
        dask.compute(*planned(reduction), scheduler="synchronous")
    assert longest.rows == CHUNK


def test_the_rows_of_a_chunk_are_one_task() -> None:
    (value, _) = dask.optimize(*planned("sum"))
    assert len(value.dask) < 20 * len(CHUNKS)  # of a hundred operations


def test_chunks_of_other_lengths_and_broadcast_axes() -> None:
    numbers = scene(30)
    one, two = numbers["pred"][:, None, :], numbers["target"][:7]
    table = giou(da.from_array(one, (8, 1, 4)), da.from_array(two, (3, 4)))
    assert table.chunks == ((8, 8, 8, 6), (3, 3, 1))
    np.testing.assert_allclose(table.compute(scheduler="synchronous"), giou(one, two), rtol=1e-13)
    pred, target = da.from_array(numbers["pred"], (8, 4)), da.from_array(numbers["target"], (12, 4))
    total = lambda p, t: ciou_loss(p, t, reduction="mean")
    gradients = value_and_grad(total, argnums=(0, 1))(pred, target)[1]
    ours = value_and_grad(total, argnums=(0, 1))(numbers["pred"], numbers["target"])[1]
    np.testing.assert_allclose(dask.compute(*gradients, scheduler="synchronous"), ours, rtol=1e-13, atol=1e-15)


def test_one_row_and_rows_of_two_axes() -> None:
    numbers, random = scene(6), np.random.default_rng(4)
    given = [x[0] for x in (numbers["pred"], numbers["target"])]
    found = value_and_grad(ciou_loss)(*[da.from_array(x) for x in given])
    for x, y in zip(dask.compute(*found, scheduler="synchronous"), value_and_grad(ciou_loss)(*given)):
        np.testing.assert_allclose(x, y, rtol=1e-13)
    points = [random.uniform(0, 50, (6, 17, 2)) for _ in range(2)]
    area, visible = random.uniform(100, 900, 6), random.uniform(0, 1, (6, 17)) < 0.7
    instances = (points[0], points[1], area, visible)
    total = lambda p, t, a, v: oks_loss(p, t, a, sigmas=COCO_SIGMAS, visible=v, reduction="sum")
    found, ours = value_and_grad(total)(*[in_chunks(x, 4) for x in instances]), value_and_grad(total)(*instances)
    for x, y in zip(dask.compute(*found, scheduler="synchronous"), ours):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-15)


def test_rows_that_lie_in_several_chunks() -> None:
    numbers = scene(30)
    logits, labels = da.from_array(numbers["logits"], (8, 2)), da.from_array(numbers["labels"], 8)
    images = [np.random.default_rng(i).uniform(0, 1, (3, 2, 16, 16)) for i in (5, 6)]
    cases: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
        (softmax_cross_entropy, (logits, labels), {}),
        (dice_loss, tuple(da.from_array(x, (1, 2, 8, 5)) for x in images), {"axis": 1}),
    ]
    for loss, arrays, options in cases:
        plain = [x.compute(scheduler="synchronous") for x in arrays]
        total = lambda x, y: loss(x, y, reduction="sum", **options)  # noqa: B023
        value, gradient = value_and_grad(total)(*arrays)
        assert gradient.chunks[0] == arrays[0].chunks[0]
        assert gradient.ndim > 2 or gradient.chunks == arrays[0].chunks  # but for pixels, which are put in one row
        found = dask.compute(value, gradient, scheduler="synchronous")
        for x, y in zip(found, value_and_grad(total)(*plain)):
            np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-15)


# The programs of the page ---------------------------------------------------------------------------------------------


def program(library: str) -> tuple[str, str]:
    """The program of the page that imports this library, and what it prints."""
    found = re.findall(r"```python\n(import \w+\n.*?)```\n.*?```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    ((text, printed),) = [pair for pair in found if pair[0].startswith(f"import {library}\n")]
    return text, printed


def ran(*program: str) -> str:
    """What Python prints for a program, `-c TEXT` or `-m MODULE ...`."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore::FutureWarning", *program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def of_two_processes() -> list[str]:
    """What the first of two processes that torchrun would start prints: of the page's program, and of `dtensors.py`.

    They are forked, so that PyTorch is imported once.
    """
    programs = [program("torch")[0], (ROOT / "tests" / "dtensors.py").read_text()]
    with socket.socket() as one, socket.socket() as two:
        for free in (one, two):
            free.bind(("127.0.0.1", 0))
        ports = [free.getsockname()[1] for free in (one, two)]
    start = f"""
import os
import torch
import torch.distributed.tensor
torch.set_num_threads(1)
child = os.fork()
os.environ |= dict(MASTER_ADDR="127.0.0.1", WORLD_SIZE="2", RANK="0" if child else "1")
for port, text in zip({ports!r}, {programs!r}):
    os.environ["MASTER_PORT"] = str(port)
    exec(compile(text, "program", "exec"), dict(__name__="__main__"))
    if child:
        print("----")
if child and os.waitpid(child, 0)[1]:
    raise SystemExit("the second process failed")
"""
    return ran("-c", start).split("----\n")


def test_a_batch_on_a_mesh_is_the_batch_on_one_device() -> None:
    text, printed = program("jax")
    assert ran("-c", text) == printed


def test_a_batch_of_dtensors_is_the_batch_of_one_process(of_two_processes: list[str]) -> None:
    assert of_two_processes[0] == program("torch")[1]


def test_losses_of_dtensors(of_two_processes: list[str]) -> None:
    """Of every kind of row, as parameters too: what is fast for plain tensors must not take these for plain."""
    assert of_two_processes[1] == "9 losses\n"
