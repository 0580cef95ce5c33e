"""The simulation of boxes on their way to targets: its boxes, its steps, what it prints; never its speed."""

from __future__ import annotations

import importlib.util
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from array_losses import diou_loss, iou_loss
from benchmarks import regression, regression_paper


def test_boxes_of_every_area_and_shape_stand_at_each_point() -> None:
    starts, goals = regression.cases(40)
    assert starts.shape == goals.shape == (40 * 343, 4)
    starts, goals = starts.astype(np.float64), goals.astype(np.float64)
    assert np.allclose(goals[:, 2] * goals[:, 3], 1.0)
    assert set(np.unique((goals[:, 2] / goals[:, 3]).round(3))) == {0.25, 0.333, 0.5, 1.0, 2.0, 3.0, 4.0}
    assert set(np.unique((starts[:, 2] * starts[:, 3]).round(2))) == {0.5, 0.67, 0.75, 1.0, 1.33, 1.5, 2.0}
    far = np.hypot(*(starts[:, :2] - 10.0).T)
    assert far.max() <= 3.0
    assert 1.8 < far.mean() < 2.2  # spread evenly over the disk


def test_the_paper_counts_as_many_boxes() -> None:
    assert regression.CASES == 5_000 * 7**3


@pytest.mark.parametrize("name", list(regression.losses()))
def test_every_loss_but_one_leads_nearer(name: str) -> None:
    moves = regression.exact(regression.losses()[name])
    found = regression.simulate(moves, *regression.cases(8), steps=12)
    assert len(found) == 12
    # The attention of Powerful-IoU v2 fades with distance: its loss falls as a far box goes farther.
    assert (found[-1] < found[0]) == (name != "powerful_v2")


def test_a_step_follows_the_gradient_along_centre_and_sides() -> None:
    box, goal = np.asarray([[9.75, 10.125, 1.6, 0.7]]), np.asarray([[10.0, 10.0, 2.0, 0.5]])
    (found,) = regression.exact(diou_loss)(np, box, goal)
    for i, step in enumerate(1e-6 * np.eye(4)):
        change = _diou(box + step, goal) - _diou(box - step, goal)
        assert found[i] == pytest.approx(-change / 2e-6, abs=1e-8)


def _diou(box: Any, goal: Any) -> Any:
    low, high = (np.concatenate((x[:, :2] - x[:, 2:] / 2, x[:, :2] + x[:, 2:] / 2), axis=-1) for x in (box, goal))
    return diou_loss(low, high)[0]


def test_the_authors_iou_moves_centres_as_ours_and_sides_twice_as_fast() -> None:
    starts, goals = (x.astype(np.float64) for x in regression.cases(4))
    ours = regression.exact(partial(iou_loss, form="linear"))(np, starts, goals)
    theirs = regression_paper.gradient("iou", np, starts, goals)
    assert np.abs(ours).max() > 0.1
    # On an edge of the target theirs takes one side of the kink and ours the middle.
    apart = np.all(
        np.abs(_edges(starts)[:, :, None] - _edges(goals)[:, None, :]).reshape(len(starts), -1) > 1e-6, axis=1
    )
    assert np.allclose(theirs[apart], ours[apart] * (1, 1, 2, 2), atol=1e-6)


def _edges(boxes: Any) -> Any:
    return np.concatenate((boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2), axis=-1)


def test_the_command_prints_the_papers_numbers_beside_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "curves.json"
    arguments = ["--loss", "iou", "--loss", "nwd", "--points", "3", "--steps", "5", "--json", str(file)]
    assert regression.main(arguments) == 0
    content = json.loads(file.read_text(encoding="utf-8"))
    assert list(content["error"]) == ["iou", "nwd"]
    assert [len(curve) for curve in content["error"].values()] == [5, 5]
    printed = capsys.readouterr().out
    assert "(6.60)" in printed
    first = content["error"]["iou"][0] * 5_000 / 3 / 1e6
    assert f"{first:.2f}" in printed


def test_the_authors_gradients_are_those_of_four_losses(tmp_path: Path) -> None:
    file = tmp_path / "curves.json"
    arguments = ["--gradient", "paper", "--points", "1", "--steps", "1", "--json", str(file)]
    assert regression.main(arguments) == 0
    assert list(json.loads(file.read_text(encoding="utf-8"))["error"]) == ["iou", "giou", "diou", "ciou"]
    with pytest.raises(SystemExit):
        regression.main(["--gradient", "paper", "--loss", "siou"])


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed")
def test_the_curves_are_drawn(tmp_path: Path) -> None:
    file = tmp_path / "curves.png"
    assert regression.main(["--loss", "iou", "--points", "1", "--steps", "2", "--plot", str(file)]) == 0
    assert file.read_bytes().startswith(b"\x89PNG")


def test_parts_and_processes_share_the_boxes(capsys: pytest.CaptureFixture[str]) -> None:
    run = regression.Run(points=200, steps=2, backend="numpy", gradient="exact")
    assert run.parts == 2
    advanced: list[None] = []
    curve = run.curve("giou", None, lambda: advanced.append(None))
    assert len(advanced) == 2
    whole = regression.simulate(regression.exact(regression.losses()["giou"]), *regression.cases(200), steps=2)
    assert curve == pytest.approx(whole.tolist(), rel=1e-5)
    assert regression.main(["--loss", "giou", "--points", "200", "--steps", "2", "--workers", "2"]) == 0
    assert f"{curve[0] * 25 / 1e6:.2f}" in capsys.readouterr().out
