"""The plot, the generated table, and the command's devices."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import content, inputs, memory, ours, table
from benchmarks.backends import Call, CuPy
from benchmarks.contest import Row
from benchmarks.report import Report, remarks
from benchmarks.tasks import Effort, Task
from benchmarks.timing import Spread

EFFORT = Effort(seconds=0.0)


def raced(title: str, size: int, ratio: float, gradient: bool = True, backend: str = "numpy") -> Row:
    task = Task(title, "huber", (size,), Call(gradient, compiled=backend == "jax"), lambda: inputs.numbers((size,)))
    times = {ours.NAME: Spread.of_one(0.002), "peer": Spread.of_one(0.002 * ratio)}
    ratios = {"peer": Spread.of_one(ratio)}
    return Row(task, backend, "cpu", times=times, ratios=ratios, fastest_peer="peer", floor=0.001, rounds=5, calls=1)


ROWS = [
    raced("Huber loss", 100, 0.5),
    raced("Huber loss", 1_000, 2.0, gradient=False),
    raced("Huber loss", 1_000, 3.0),
    raced("Huber loss", 10_000, 4.0),
    raced("Huber loss", 10_000, 5.0, gradient=False),
    raced("CIoU loss", 1_000, 6.0, backend="jax"),
    replace(raced("GIoU loss", 1_000, 7.0), ratios={}, fastest_peer=None),
]


def made_up() -> Report:
    report = Report(EFFORT, ROWS, {"numpy": "cpu"}, {})
    report.bandwidth, report.not_measured = {"numpy:cpu": 1.5e10}, {"torch:cuda": "no GPU"}
    return report


# The plot


def test_the_plot_shows_ratio_by_size() -> None:
    pytest.importorskip("matplotlib")
    from benchmarks.plot import draw

    figure = draw(ROWS)
    panels = {axes.get_title(): axes for axes in figure.axes if axes.axison}
    assert set(panels) == {"regression, numpy", "boxes, jax jit"}
    axes = panels["regression, numpy"]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert axes.get_xlabel() == "product of the sizes"
    assert axes.get_ylabel() == "time of the fastest peer / ours"
    lines = {line.get_linestyle(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines[:2]}
    assert lines == {"-": ([100, 1_000, 10_000], [0.5, 3.0, 4.0]), "--": ([1_000, 10_000], [2.0, 5.0])}
    assert list(axes.lines[2].get_ydata()) == [1.0, 1.0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["Huber loss"]


def test_the_command_plots_without_a_window(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(command, "measure", lambda families, backends, effort: made_up())
    assert command.main(["--backend", "numpy", "--plot", str(tmp_path / "race.svg")]) == 0
    assert "Huber loss" in (tmp_path / "race.svg").read_text(encoding="utf-8")


def test_a_plot_without_matplotlib_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(command, "measure", lambda *_: pytest.fail("raced before"))
    assert command.main(["--backend", "numpy", "--plot", "race.svg"]) == 2
    assert capsys.readouterr().err == "benchmarks: --plot needs matplotlib\n"


# The table


def test_json_has_floors_and_standings() -> None:
    written = json.loads(content.as_json(made_up()))
    assert written["summary"]["numpy"] == {"geometric_mean": 2.268, "won": 4, "lost": 1}
    assert written["copy_gb_per_s"] == {"numpy:cpu": 15.0}
    assert written["not_measured"] == {"torch:cuda": "no GPU"}
    row = written["rows"][0]
    assert (row["floor_ms"], row["x_floor"], row["kernel_launches"], row["added_us"]) == (1.0, 2.0, {}, None)


def test_the_page_gets_its_table(tmp_path: Path) -> None:
    page, results = tmp_path / "README.md", tmp_path / "two_cores.json"
    page.write_text("before\n<!-- race -->\nwhat stood here\n<!-- /race -->\nafter\n", encoding="utf-8")
    results.write_text(content.as_json(made_up()), encoding="utf-8")
    assert table.main([str(page), str(results)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- race -->\n20")
    assert text.endswith("\n<!-- /race -->\nafter\n")
    assert "what stood here" not in text
    assert "| two_cores | 2.67 (5 of 6 won) | 2.27 (4 of 5 won) | 6.00 (1 of 1 won) |" in text
    _, lost, largest = [
        [line for line in part.splitlines() if line.startswith(("<summary>", "| Huber", "| CIoU", "| GIoU"))]
        for part in text.split("<details>")
    ]
    assert lost == [
        "<summary>The 1 of 6 rows that we lose</summary>",
        "| Huber loss | 100 | numpy | value+gradient | 2 | peer | 1 | 0.50 | 2.0 |",
    ]
    assert largest == [
        "<summary>Of each subject and way of calling the largest size</summary>",
        "| Huber loss | 10 000 | numpy | value+gradient | 2 | peer | 8 | 4.00 | 2.0 |",
        "| CIoU loss | 1 000 | jax jit | value+gradient | 2 | peer | 12 | 6.00 | 2.0 |",
    ]
    assert "Not measured: torch:cuda (no GPU)." in text
    assert table.main([str(page), str(results)]) == 0
    assert page.read_text(encoding="utf-8") == text


def test_several_reports_become_one_table() -> None:
    report = json.loads(content.as_json(made_up()))
    text = table.section({"one": report, "other": report})
    assert text.count("commit") == text.count("Not measured") == 1
    assert "| one | 2.67 (5 of 6 won) |" in text
    assert "| **all** | 2.67 (10 of 12 won) | 2.27 (8 of 10 won) | 6.00 (2 of 2 won) |" in text
    assert "The 2 of 12 rows that we lose" in text


def test_a_page_without_markers_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, results = tmp_path / "README.md", tmp_path / "run.json"
    page.write_text("<!-- race -->\n", encoding="utf-8")
    results.write_text(content.as_json(made_up()), encoding="utf-8")
    assert table.main([str(page), str(results)]) == 1
    assert capsys.readouterr().err == "benchmarks.table: the page has no <!-- race --> ... <!-- /race -->\n"
    assert page.read_text(encoding="utf-8") == "<!-- race -->\n"


# Devices


def test_what_a_device_lacks_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []

    def opened(name: str) -> Any:
        asked.append(name)
        if name.startswith("jax"):
            return SimpleNamespace(name="jax", device="cuda")
        raise RuntimeError("no GPU\nat all")

    monkeypatch.setattr(command, "open_backend", opened)
    found, missing = command._open(None, "cuda")
    assert asked == ["torch:cuda", "jax:cuda", "cupy:cuda"]
    assert [backend.name for backend in found] == ["jax"]
    assert missing == {"torch:cuda": "no GPU", "cupy:cuda": "no GPU"}
    assert "cupy:cuda is absent: no GPU\n" in capsys.readouterr().err
    with pytest.raises(RuntimeError):
        command._open(["torch", "jax"], "cuda")
    assert asked[3:] == ["torch:cuda"]


def test_a_device_that_nothing_computes_on_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def opened(name: str) -> Any:
        raise ImportError("no such thing")

    monkeypatch.setattr(command, "open_backend", opened)
    assert command.main(["--device", "cuda"]) == 2
    assert capsys.readouterr().err.endswith("benchmarks: nothing here computes on cuda\n")


def test_launches_are_said_not_to_be_measured() -> None:
    assert "launches: kernels of one call, not measured: no race ran on a GPU" in remarks(made_up())
    on_gpu = made_up()
    on_gpu.rows = [replace(ROWS[0], launches={ours.NAME: 3})]
    assert "launches: kernels of one call, ours/peer" in remarks(on_gpu)
    assert "torch:cuda is not measured: no GPU" in remarks(made_up())


# CuPy, played by NumPy


class Pool:
    """Where CuPy's memory hooks are called."""

    current: Any = None

    def __enter__(self) -> None:
        Pool.current = self

    def __exit__(self, *_: object) -> None:
        Pool.current = None


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    waits: list[str] = []
    stream = SimpleNamespace(synchronize=lambda: waits.append("waited"))
    runtime = SimpleNamespace(getDeviceCount=lambda: 1, getDeviceProperties=lambda number: {"name": b"a GPU"})
    cuda = SimpleNamespace(runtime=runtime, get_current_stream=lambda: stream, MemoryHook=Pool)
    module = SimpleNamespace(array=np.array, asnumpy=np.asarray, ones=np.ones, copyto=np.copyto, cuda=cuda, waits=waits)
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def test_cupy_waits_for_its_results(cupy: SimpleNamespace) -> None:
    backend = CuPy()
    pred = backend.array(np.ones(3, dtype=np.float32))
    assert backend.runner(lambda x: x.sum(), [pred], Call(gradient=False, compiled=False))() == (3.0, None)
    value, gradient = backend.runner(lambda x: (x.sum(), x), [pred], Call(gradient=True, compiled=False))()
    assert (value, gradient.shape) == (3.0, (3,))
    assert np.array_equal(backend.copier(4)(), np.ones(4))
    assert cupy.waits == ["waited"] * 3
    assert (backend.hardware(), backend.device) == ("a GPU", "cuda")
    with pytest.raises(ValueError, match="cupy has no device cpu"):
        CuPy("cpu")


def test_memory_of_cupy_is_that_of_its_pool(cupy: SimpleNamespace) -> None:
    def run() -> None:
        Pool.current.malloc_postprocess(mem_size=512)
        Pool.current.malloc_postprocess(mem_size=1024)
        Pool.current.free_postprocess(mem_size=1024)
        Pool.current.malloc_postprocess(mem_size=512)

    assert memory.hooked(cupy, run) == 1536


def test_the_command_says_how_long_a_race_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[float] = []

    def measured(families: Any, backends: Any, effort: Effort) -> Report:
        found.append(effort.seconds)
        return made_up()

    monkeypatch.setattr(command, "measure", measured)
    for arguments in ([], ["--seconds", "0.5"], ["--quick", "--seconds", "2"]):
        assert command.main(["--backend", "numpy", *arguments]) == 0
    assert found == [1.2, 0.5, 2.0]
