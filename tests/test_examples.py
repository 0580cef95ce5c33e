"""The programs in `examples/`: that libraries learn the same, and that what measures them is right."""

from __future__ import annotations

import importlib
import importlib.util
import json
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import peers_torchvision
from examples import boosting, evaluation
from examples.detector import __main__ as program
from examples.detector import network, shapes
from examples.detector.mean_ap import mean_average_precision
from examples.detector.network import Detections, Plan

# The detector ---------------------------------------------------------------------------------------------------------


def losses(backend: str, plan: Plan, dtype: str = "float32", batch: int = 3) -> tuple[list[float], Any]:
    """Of the first three steps; and the learner."""
    if backend == "jax":
        pytest.importorskip("optax")
    weights = network.initial_weights(np.random.default_rng(1), dtype)
    learner = importlib.import_module(f"examples.detector.with_{backend}").Learner(weights, plan)
    random = np.random.default_rng(2)
    return [learner.learn(shapes.draw(random, batch, dtype=dtype)) for _ in range(3)], learner


@pytest.mark.parametrize(
    ("backend", "plan"),
    [
        pytest.param("jax", Plan(rate=1e-3, steps=6), id="jax, all weights"),
        pytest.param("numpy", Plan(rate=1e-2, steps=6, head_only=True), id="numpy, the head"),
    ],
)
def test_the_same_is_learnt_as_in_torch(backend: str, plan: Plan) -> None:
    (ours, learner), (theirs, other) = losses(backend, plan), losses("torch", plan)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    scenes = shapes.draw(np.random.default_rng(3), 3)
    learnt = other.weights_now()
    assert learner.loss(learnt, scenes) == pytest.approx(other.loss(learnt, scenes), rel=1e-5)
    for name, weight in learner.weights_now().items():
        np.testing.assert_allclose(weight, learnt[name], rtol=0, atol=1e-3)
    for one, two in zip(learner.detect(scenes.images), other.detect(scenes.images)):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-3)


def test_numpy_learns_what_torch_learns_in_double_precision() -> None:
    plan = Plan(rate=1e-2, steps=6, head_only=True)
    (ours, learner), (theirs, other) = losses("numpy", plan, "float64"), losses("torch", plan, "float64")
    np.testing.assert_allclose(ours, theirs, rtol=1e-13)
    start = network.initial_weights(np.random.default_rng(1), "float64")
    for name, weight in learner.weights_now().items():
        np.testing.assert_allclose(weight, other.weights_now()[name], rtol=1e-9, atol=1e-12)
        assert np.any(weight != start[name]) == (name in network.HEAD)


def test_numpy_learns_no_convolutions() -> None:
    with pytest.raises(ValueError, match="NumPy learns the head only"):
        losses("numpy", Plan(1e-2, 6))


def test_the_rate_rises_and_falls() -> None:
    np.testing.assert_allclose([Plan(1.0, 3).share(step) for step in range(3)], [0.75, 1, 0.75])


def test_the_program_says_how_far_libraries_agree(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(program, "FRESH", 4)
    monkeypatch.setenv("COLUMNS", "100")
    arguments = ["--backends", "numpy", "torch", "--steps", "3", "--batch", "2"]
    file = tmp_path / "found.png"
    if importlib.util.find_spec("matplotlib"):
        arguments += ["--picture", str(file)]
    threads = torch.get_num_threads()
    program.main(arguments)
    torch.set_num_threads(threads)
    told = capsys.readouterr().out
    assert "2275 weights, 3 batches of 2 images, float32, seed 0" in told
    assert "mAP@0.5" in told
    assert file.exists() == ("--picture" in arguments)
    (line,) = [line for line in told.splitlines() if "all 3" in line]
    assert float(line.split()[-2]) < 1e-5


# What it learns from, and how that is measured ------------------------------------------------------------------------


def test_shapes_fill_their_boxes() -> None:
    scenes = shapes.draw(np.random.default_rng(0), 64, noise=0.0)
    assert set(scenes.labels[scenes.mask]) == {0, 1, 2}
    assert not np.any(scenes.boxes[~scenes.mask])
    np.testing.assert_allclose(
        np.any(scenes.images != 0, axis=(1, 2, 3)), np.any(scenes.mask, axis=1)
    )  # noise alone where no object is
    for image, labels, boxes, mask in zip(*scenes):
        drawn = np.any(image != 0, axis=0)
        for label, (x1, y1, x2, y2) in zip(labels[mask], boxes[mask]):
            left, top, right, bottom = [int(np.round(edge)) for edge in (x1, y1, x2, y2)]
            inside = drawn[top:bottom, left:right]
            share = np.mean(inside)
            expected = {"rectangle": 1, "ellipse": np.pi / 4, "triangle": 0.5}[shapes.SHAPES[label]]
            assert abs(share - expected) < 0.08
            assert np.any(inside[-1])
            assert np.any(inside[0]) or shapes.SHAPES[label] == "triangle"  # whose tip may lie between two pixels
            drawn[top:bottom, left:right] = False
        assert not np.any(drawn)


SQUARES = np.asarray([[[0.0, 0.0, 10.0, 10.0], [20.0, 0.0, 30.0, 10.0], [40.0, 0.0, 50.0, 10.0]]])
REAL = np.asarray([[True, True, False]])


def precision(found: list[tuple[list[float], float, int]], labels: list[int], **options: float) -> float:
    """Of detections (box, score, label) in one image with two of the three squares."""
    boxes, scores, given = [np.asarray([x]) for x in zip(*found)]
    return mean_average_precision(Detections(boxes, scores, given), np.asarray([labels]), SQUARES, REAL, **options)


FIRST, SECOND, THIRD = SQUARES[0].tolist()
AWAY = [0.0, 50.0, 10.0, 60.0]
HALF = [0.0, 0.0, 10.0, 5.0]  # IoU 1/2 with the first


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param([(FIRST, 0.9, 0), (SECOND, 0.8, 0)], 1, id="all"),
        pytest.param([(FIRST, 0.9, 0)], 1 / 2, id="one of two"),
        pytest.param([(FIRST, 0.9, 1), (SECOND, 0.8, 0)], 1 / 2, id="one of another class"),
        # precision 1/1, 1/2, 2/3 at recall 1/2, 1/2, 1
        pytest.param([(FIRST, 0.9, 0), (AWAY, 0.8, 0), (SECOND, 0.7, 0)], (1 + 2 / 3) / 2, id="false between"),
        # precision 0/1, 1/2, 2/3, of which the best at no less recall counts
        pytest.param([(AWAY, 0.9, 0), (FIRST, 0.8, 0), (SECOND, 0.7, 0)], 2 / 3, id="false before"),
        pytest.param([(FIRST, 0.9, 0), (FIRST, 0.8, 0), (SECOND, 0.7, 0)], (1 + 2 / 3) / 2, id="found twice"),
        pytest.param([(FIRST, 0.7, 0), (SECOND, 0.6, 0), (AWAY, 0.9, 0)], 2 / 3, id="any order"),
        pytest.param([(FIRST, 0.9, 0), (AWAY, 0.0, 0), (SECOND, 0.8, 0)], 1, id="suppressed"),
        pytest.param([(FIRST, 0.9, 0), (THIRD, 0.8, 0), (SECOND, 0.7, 0)], (1 + 2 / 3) / 2, id="not real"),
        pytest.param([(HALF, 0.9, 0), (SECOND, 0.8, 0)], 1, id="just enough"),
        pytest.param([(AWAY, 0.9, 0)], 0, id="none"),
        pytest.param([(AWAY, 0.0, 0)], 0, id="nothing"),
    ],
)
def test_average_precision_by_hand(found: list[tuple[list[float], float, int]], expected: float) -> None:
    assert precision(found, [0, 0, 0]) == pytest.approx(expected, abs=1e-12)


def test_the_mean_is_over_classes_that_have_an_object() -> None:
    found = [(FIRST, 0.9, 0), (AWAY, 0.8, 2)]
    assert precision(found, [0, 1, 2]) == pytest.approx((1 + 0) / 2)


def test_the_threshold_is_the_least_overlap() -> None:
    found = [(HALF, 0.9, 0), (SECOND, 0.8, 0)]
    assert precision(found, [0, 0, 0], threshold=0.51) == pytest.approx(1 / 4)  # false, then 1/2 at recall 1/2


def test_images_stay_apart() -> None:
    boxes, mask = np.concatenate([SQUARES, SQUARES]), np.asarray([[True, False, False], [False, False, False]])
    found = Detections(np.asarray([[AWAY], [FIRST]]), np.asarray([[0.5], [0.9]]), np.asarray([[0], [0]]))
    assert mean_average_precision(found, np.zeros((2, 3), int), boxes, mask) == 0


def test_without_an_object_there_is_no_precision() -> None:
    found = Detections(np.asarray([[AWAY]]), np.asarray([[0.5]]), np.asarray([[0]]))
    assert np.isnan(mean_average_precision(found, np.zeros((1, 3), int), SQUARES, np.zeros((1, 3), bool)))


def test_boosting_with_the_focal_loss() -> None:
    found = boosting.compare(seed=1)
    assert found.focal > found.log > 0.1
    scores, labels = np.asarray([0.5, -2.0]), np.asarray([1, 0])
    slopes, curvatures = boosting.focal(scores, types.SimpleNamespace(get_label=lambda: labels))
    assert slopes[0] < 0 < slopes[1]
    assert (curvatures > 0).all()


def test_the_trainer_of_ultralytics() -> None:
    pytest.importorskip("ultralytics")
    peers_torchvision.load()
    trainer: Any = importlib.import_module("examples.ultralytics_trainer")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, ours = [trainer.train(criterion, 1) for criterion in (trainer.v8DetectionLoss, trainer.Criterion)]
    assert len(theirs) == len(ours) == trainer.IMAGES // trainer.BATCH
    for one, other in zip(theirs, ours, strict=True):
        assert other == pytest.approx(one, rel=1e-4)
        assert set(one) == {"box_loss", "cls_loss", "dfl_loss"}
        assert min(one.values()) > 0


def test_segmentation_in_flax() -> None:
    pytest.importorskip("flax")
    program: Any = importlib.import_module("examples.segmentation")
    found = program.train(12)
    assert np.mean(found.losses[-3:]) < 0.8 * np.mean(found.losses[:3])
    labels = np.asarray([0, 1, 2, 3, 3])
    assert program.mean_iou(labels, labels) == 1.0
    assert program.mean_iou(np.asarray([0, 1, 2, 3, 0]), labels) == pytest.approx((0.5 + 1 + 1 + 0.5) / 4)


def test_pixels_are_those_of_the_boxes() -> None:
    scenes, pixels = shapes.draw_pixels(np.random.default_rng(0), 8, noise=0.0)
    assert np.array_equal(scenes.images, shapes.draw(np.random.default_rng(0), 8, noise=0.0).images)
    assert np.array_equal(pixels > 0, np.abs(scenes.images).max(axis=1) > 0)
    for picture, labels, boxes, mask in zip(pixels, scenes.labels, scenes.boxes, scenes.mask, strict=True):
        for label, (x1, y1, x2, y2) in zip(labels[mask], boxes[mask], strict=True):
            assert picture[int((y1 + y2) / 2), int((x1 + x2) / 2)] == label + 1


def test_evaluation_by_hand(tmp_path: Path) -> None:
    """One cat is half covered, one missed; the dog is found twice, and the better box is the less sure one."""
    file = tmp_path / "boxes.json"
    images = [
        {"ground_truth": [[0, 0, 0, 4, 4]], "detections": [[0, 0.9, 0, 0, 4, 2]]},
        {
            "ground_truth": [[0, 0, 0, 2, 2], [1, 4, 4, 8, 8]],
            "detections": [[1, 0.8, 4, 4, 8, 7], [1, 0.9, 5, 5, 9, 9]],
        },
        {"ground_truth": [], "detections": []},
    ]
    file.write_text(json.dumps({"classes": ["cat", "dog"], "images": images}), encoding="utf-8")
    cat, dog, every = evaluation.evaluate(evaluation.read(file))
    assert (cat.name, cat.objects, cat.detections, cat.precision) == ("cat", 2, 1, 0.5)
    means = dict(zip(evaluation.MEASURES, cat.measures, strict=True))
    assert (means["IoU"], means["GIoU"], means["IoA"], means["IoF"]) == (0.5, 0.5, 0.5, 1.0)
    assert (dog.objects, dog.detections, dog.precision) == (1, 2, 0.5)
    assert dog.measures[0] == pytest.approx((3 / 4 + 9 / 23) / 2)
    assert (every.objects, every.detections, every.precision) == (3, 3, 0.5)
    assert every.measures[0] == pytest.approx((1 / 2 + 3 / 4 + 9 / 23) / 3)


def test_evaluation_of_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluation.main([]) == 0
    line = capsys.readouterr().out.splitlines()[-2]
    assert line.split("│")[1:4] == [" all         ", " 273     ", " 452        "]
