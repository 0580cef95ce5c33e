"""`examples/box_refinement.py`, a program for CuPy: on NumPy and array-api-strict, and on CuPy where there is a GPU."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from array_losses.command.libraries import KNOWN, AbsentError, Library, find_all, open_numpy, requested_backends
from array_losses.command.matching import match
from array_losses.command.sample import load
from examples import box_refinement
from examples.box_refinement import learn_moves, learn_scores, place, refine
from examples.evaluation import read

_, ABSENT = find_all({"cupy": KNOWN["cupy"]})
LIBRARIES = [
    "numpy",
    "array_api_strict",
    pytest.param("cupy", marks=pytest.mark.skipif("cupy" in ABSENT, reason=f"cupy: {ABSENT.get('cupy')}")),
]
(NUMPY,) = requested_backends(["numpy"])


@pytest.mark.parametrize("library", LIBRARIES)
def test_boxes_and_scores_get_better_as_in_numpy(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert box_refinement.main(["--backend", library, "--steps", "30"]) == 0
    told = capsys.readouterr().out
    assert "452 detections, float64, 30 steps" in told
    assert "The same as NumPy" in told
    rows = {line[1:35].strip(): re.findall(r"\d+\.\d+", line) for line in told.splitlines() if line.startswith("│")}
    before, after, numpy = [float(number) for number in rows["mean IoU with the object"]]
    assert before + 0.005 < after == numpy
    before, after, numpy = [float(number) for number in rows["mean cross-entropy of the scores"]]
    assert before / 2 > after == numpy


def test_what_it_says_of_the_detector_is_what_the_main_command_matches() -> None:
    matches = match(load(None))
    odd = matches.image % 2 == 1
    right = matches.overlap >= 0.5
    probability = np.where(right, matches.scores, 1 - matches.scores)
    answer = refine(place(read(None), 1, NUMPY), 1, NUMPY)
    assert answer.overlap[0] == pytest.approx(float(np.mean(matches.overlap[odd & (matches.overlap > 0)])), rel=1e-12)
    assert answer.entropy[0] == pytest.approx(float(-np.mean(np.log(probability[odd]))), rel=1e-12)


def test_copies_change_nothing() -> None:
    once, often = [place(read(None), copies, NUMPY) for copies in (1, 3)]
    assert often.found.shape[0] == 3 * once.found.shape[0]
    start = np.zeros((4, 4))
    moves = learn_moves(start, once, 5)
    assert np.all(moves != start)
    np.testing.assert_allclose(learn_moves(start, often, 5), moves, rtol=1e-9)


def test_the_scores_are_the_best_of_their_kind() -> None:
    """The slope of a logistic regression is the sum of columns times p - t, and 0 where the loss is least."""
    boxes = place(read(None), 1, NUMPY)
    factors = learn_scores(np.zeros((4, 1)), boxes)
    probability = 1 / (1 + np.exp(-(boxes.features @ factors)[..., 0]))
    off = np.where(boxes.learnt & boxes.real, probability - (boxes.overlap >= 0.5), 0.0)
    slopes = np.sum(off[..., None] * boxes.features, axis=(0, 1))
    np.testing.assert_allclose(slopes, 0.0, atol=1e-9)


def no_gpu() -> Library:
    raise AbsentError("finds no GPU")


def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert box_refinement.main([], known={"cupy": no_gpu}) == 2
    assert capsys.readouterr() == ("", "box_refinement: --backend cupy: finds no GPU\n")


def another(rows: Any, device: str) -> Any:
    """A millionth wider, as a library would that computes in less than float64."""
    return rows * (1 + 1e-6) if rows.dtype == "float64" else rows


def test_a_library_that_computes_something_else_is_found_out(capsys: pytest.CaptureFixture[str]) -> None:
    known = {"cupy": lambda: replace(open_numpy(), name="cupy", asarray=another)}
    assert box_refinement.main(["--steps", "2"], known=known) == 1
    assert "Not the same as NumPy" in capsys.readouterr().out
