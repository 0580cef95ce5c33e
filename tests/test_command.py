"""The command: reading and checking a file, matching, comparing, showing, and what the shell sees of it."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from array_losses.command import inputs as command_inputs
from array_losses.command import main, masks
from array_losses.command.comparison import GRADIENT_BUDGET, VALUE_BUDGET, compare, worst_disagreement
from array_losses.command.entries import ENTRIES, Entry, select
from array_losses.command.errors import InputError
from array_losses.command.inputs import (
    corners,
    embeddings,
    embeddings_of_pairs,
    logits,
    logits_and_overlaps,
    logits_and_signs,
    painted,
    painted_logits,
    probabilities,
)
from array_losses.command.libraries import (
    KNOWN,
    AbsentError,
    Library,
    every_backend,
    find_all,
    open_numpy,
    requested_backends,
)
from array_losses.command.masks import GRID, rasterise
from array_losses.command.matching import match
from array_losses.command.sample import load, parse
from array_losses.command.terminal import Line, Table, plain

DOCUMENT: dict[str, Any] = {
    "source": "drawn by hand",
    "classes": ["cat", "dog"],
    "images": [
        {
            "id": "garden",
            "width": 640,
            "height": 480,
            "ground_truth": [[0, 0, 0, 10, 20], [0, 10, 0, 30, 20], [1, 0, 0, 10, 20]],
            "detections": [[0, 0.9, 8, 0, 28, 20], [1, 0.5, 50, 50, 60, 70], [1, 1, 0, 0, 10, 10]],
        },
        {"id": "street", "ground_truth": [], "detections": [[0, 0, 0.5, 0, 1, 1]]},
    ],
}


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """`DOCUMENT` with another value at one place."""
    document = deepcopy(DOCUMENT)
    where: Any = document
    for key in path[:-1]:
        where = where[key]
    where[path[-1]] = to
    return document


def without(*path: str | int) -> dict[str, Any]:
    document = changed(*path, to=None)
    where: Any = document
    for key in path[:-1]:
        where = where[key]
    del where[path[-1]]
    return document


FIRST = ("images", 0)
TRUTH = (*FIRST, "ground_truth", 1)
DETECTION = (*FIRST, "detections", 0)

MALFORMED = [
    ("", "line 1, column 1: is not JSON: Expecting value"),
    ('{"classes": [,]}', "line 1, column 14: is not JSON: Expecting value"),
    (b"\xff\xfe{}", "byte 0: is not UTF-8 text"),
    ("[" * 100_000, "is not JSON of a sensible size"),
    ("[1]", "the file: must hold an object; got a list of 1"),
    ("{}", 'the file: must have the key "classes"'),
    (without("images"), 'the file: must have the key "images"'),
    (changed("source", to=7), "source: must be text; got 7"),
    (changed("classes", to="cat"), 'classes: must be a list; got "cat"'),
    (changed("classes", to=[]), "classes: must not be empty"),
    (changed("classes", 1, to=None), "classes[1]: must be text; got null"),
    (changed("images", to=[]), "images: must not be empty"),
    (changed("images", to={"0": {}}), "images: must be a list; got an object"),
    (changed(*FIRST, to=[]), "images[0]: must be an object; got a list of 0"),
    (without(*FIRST, "id"), 'images[0]: must have the key "id"'),
    (changed(*FIRST, "id", to=27), "images[0].id: must be text; got 27"),
    (changed(*FIRST, "width", to="640"), 'images[0].width: must be a finite number; got "640"'),
    (changed(*FIRST, "height", to=0), "images[0].height: must be greater than 0; got 0"),
    (without("images", 1, "detections"), 'images[1]: must have the key "detections"'),
    (changed(*FIRST, "ground_truth", to=None), "images[0].ground_truth: must be a list; got null"),
    (
        changed(*TRUTH, to=[0, 1, 2, 3]),
        "images[0].ground_truth[1]: must be [class, x1, y1, x2, y2]; got a list of 4",
    ),
    (
        changed(*DETECTION, to=[0, 1, 2, 3, 4]),
        "images[0].detections[0]: must be [class, score, x1, y1, x2, y2]; got a list of 5",
    ),
    (
        changed(*DETECTION, to="0 0.9 8 0 28 20"),
        'images[0].detections[0]: must be [class, score, x1, y1, x2, y2]; got "0 0.9 8 0 28 20"',
    ),
    (
        changed(*DETECTION, 0, to=2),
        "images[0].detections[0]: class must be a whole number from 0 to 1; got 2",
    ),
    (
        changed(*TRUTH, 0, to=-1),
        "images[0].ground_truth[1]: class must be a whole number from 0 to 1; got -1",
    ),
    (
        changed(*TRUTH, 0, to=True),
        "images[0].ground_truth[1]: class must be a whole number from 0 to 1; got true",
    ),
    (
        changed(*TRUTH, 0, to=1.0),
        "images[0].ground_truth[1]: class must be a whole number from 0 to 1; got 1.0",
    ),
    (changed(*DETECTION, 1, to=93), "images[0].detections[0]: score must lie between 0 and 1; got 93"),
    (changed(*DETECTION, 1, to=math.nan), "images[0].detections[0]: score must be a finite number; got NaN"),
    (
        changed(*DETECTION, 5, to=math.inf),
        "images[0].detections[0]: y2 must be a finite number; got Infinity",
    ),
    (
        changed(*TRUTH, 1, to=10**400),
        "images[0].ground_truth[1]: x1 must be a finite number; got a huge integer",
    ),
    (changed(*TRUTH, 1, to=False), "images[0].ground_truth[1]: x1 must be a finite number; got false"),
    (changed(*TRUTH, 4, to=2e9), "images[0].ground_truth[1]: y2 must lie within +-1e+09; got 2000000000.0"),
    (changed(*TRUTH, 3, to=9), "images[0].ground_truth[1]: x2 must not be less than x1; got 9 and 10"),
    (changed(*DETECTION, 3, to=21), "images[0].detections[0]: y2 must not be less than y1; got 20 and 21"),
]


def encoded(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content)).encode()


@pytest.mark.parametrize(("content", "message"), MALFORMED, ids=[message for _, message in MALFORMED])
def test_a_malformed_file_is_refused_with_its_place(content: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(encoded(content), "own.json")
    assert str(caught.value) == message


def test_the_hand_drawn_document_is_read() -> None:
    sample = parse(b"\xef\xbb\xbf" + encoded(DOCUMENT), "own.json")  # a byte order mark is allowed
    assert (sample.source, sample.classes) == ("drawn by hand", ("cat", "dog"))
    assert (len(sample.images), sample.annotated_boxes, sample.detections) == (2, 3, 4)
    first, second = sample.images
    assert first.truth_boxes.tolist() == [[0, 0, 10, 20], [10, 0, 30, 20], [0, 0, 10, 20]]
    assert first.scores.tolist() == [0.9, 0.5, 1.0]
    assert first.classes.tolist() == [0, 1, 1]
    assert second.truth_boxes.shape == (0, 4)


def test_what_need_not_be_there_may_be_missing() -> None:
    document = without("source")
    for key in ("width", "height"):
        del document["images"][0][key]
    assert parse(encoded(document), "own.json").source is None


def test_the_documented_example_is_in_the_documented_form() -> None:
    readme = files("array_losses").joinpath("data", "README.md").read_text(encoding="utf-8")
    example = readme.partition("```json\n")[2].partition("```")[0]
    assert len(match(parse(example.encode(), "example"))) == 1


def test_matching_by_hand() -> None:
    matches = match(parse(encoded(DOCUMENT), "own.json"))
    # The first detection overlaps both cats, by 2 and by 18 of its 20 columns, and a dog; the second is a dog that
    # touches none, the third half of one, and in the second image nothing is annotated.
    assert matches.predicted.tolist() == [[8, 0, 28, 20], [0, 0, 10, 10]]
    assert matches.target.tolist() == [[10, 0, 30, 20], [0, 0, 10, 20]]
    assert [matches.place(row) for row in matches.matched] == ["images[0].detections[0]", "images[0].detections[2]"]
    assert matches.place(3) == "images[1].detections[0]"
    assert matches.scores.tolist() == [0.9, 0.5, 1.0, 0.0]
    assert matches.overlap.tolist() == [18 / 22, 0, 1 / 2, 0]
    assert matches.annotation.tolist() == [1, 2]
    assert (len(matches), matches.detections) == (2, 4)
    assert (matches.without_class, matches.without_overlap) == (1, 1)


def test_what_classification_losses_get_by_hand() -> None:
    matches = match(parse(encoded(DOCUMENT), "own.json"))
    probs, flags, rows, size = probabilities(matches)
    assert probs.tolist() == [0.9, 0.5, 1 - 1e-6, 1e-6]
    assert flags.tolist() == [1, 0, 1, 0]
    assert (rows.tolist(), size) == ([0, 1, 2, 3], 1)
    expected = [math.log(9), 0, math.log(999_999), -math.log(999_999)]
    for inputs, target in [
        (logits, [1, 0, 1, 0]),
        (logits_and_signs, [1, -1, 1, -1]),
        (logits_and_overlaps, [18 / 22, 0, 1 / 2, 0]),
    ]:
        found = inputs(matches)
        assert found.pred.tolist() == pytest.approx(expected, rel=1e-9)
        assert found.target.tolist() == target
        assert found.rows.tolist() == [0, 1, 2, 3]


def test_what_regression_losses_get_by_hand() -> None:
    # The boxes around the pairs are (8, 0, 30, 20) and (0, 0, 10, 20).
    pred, target, rows, size = corners(match(parse(encoded(DOCUMENT), "own.json")))
    assert pred.tolist() == [[0, 0, 20 / 22, 1], [0, 0, 1, 1 / 2]]
    assert target.tolist() == [[2 / 22, 0, 1, 1], [0, 0, 1, 1]]
    assert (rows.tolist(), size) == ([0, 2], 1)


# Boxes of one image of 64 x 64 pixels, each of which is a cell then. Half of it is a cat, found in the lower three
# quarters; a dog is found where none is.
QUARTERS: dict[str, Any] = {
    "classes": ["cat", "dog", "cow"],
    "images": [
        {
            "id": "yard",
            "ground_truth": [[0, 100, 200, 164, 232]],
            "detections": [[0, 0.5, 100, 216, 164, 264], [0, 0.25, 100, 216, 164, 232], [1, 0.8, 100, 200, 132, 232]],
        }
    ],
}


def test_masks_by_hand() -> None:
    found = rasterise(parse(encoded(QUARTERS), "own.json"))
    assert found.places == ('images[0], class "cat"', 'images[0], class "dog"')
    cat, dog = np.zeros((2, GRID, GRID))
    cat[:32] = 1
    np.testing.assert_array_equal(found.target, [cat, dog])
    cat[:] = 0
    cat[16:] = 0.5
    dog[:32, :32] = 0.8
    np.testing.assert_array_equal(found.scores, [cat, dog])


def test_a_cell_belongs_to_a_box_if_its_centre_does() -> None:
    image = {"id": "", "ground_truth": [[0, 0, 0, 64, 64]], "detections": [[0, 1, 2.5, 7.51, 4.5, 8.6]]}
    scores = rasterise(parse(encoded({"classes": ["cat"], "images": [image]}), "own.json")).scores[0]
    assert np.argwhere(scores).tolist() == [[8, 2], [8, 3]]


def test_degenerate_images_have_masks_without_cells() -> None:
    line = {"id": "", "ground_truth": [[0, 5, 5, 5, 9]], "detections": []}
    empty = {"id": "", "ground_truth": [], "detections": []}
    found = rasterise(parse(encoded({"classes": ["cat"], "images": [empty, line]}), "own.json"))
    assert found.places == ('images[1], class "cat"',)
    assert not np.any(found.target)
    assert not np.any(found.scores)


def test_what_segmentation_losses_get_by_hand() -> None:
    matches = match(parse(encoded(QUARTERS), "own.json"))
    probs, target, rows, size = painted(matches)
    np.testing.assert_array_equal(probs, matches.masks.scores)
    np.testing.assert_array_equal(target, matches.masks.target)
    assert (rows.tolist(), size) == ([0, 1], GRID * GRID)
    cells = painted_logits(matches).pred
    assert cells[:, 0, 0].tolist() == pytest.approx([-math.log(999_999), math.log(4)], rel=1e-9)
    assert cells[0, 63, 63] == 0


def test_what_embedding_losses_get_by_hand() -> None:
    matches = match(parse(encoded(DOCUMENT), "own.json"))
    vectors, labels, rows, size = embeddings(matches)
    # Of two numbers the larger one is a standard deviation above their mean.
    np.testing.assert_allclose(vectors, [[1, 1, 1, 1, -1], [-1, -1, -1, -1, 1]], rtol=1e-12)
    assert (labels.tolist(), rows.tolist(), size) == ([1, 2], [0, 2], 1)
    queries, keys, rows, _ = embeddings_of_pairs(matches)
    np.testing.assert_allclose(queries, vectors[:, :4], rtol=1e-12)
    assert keys.tolist() == [pytest.approx([8.5 / 6.5, 1, 1, 1]), pytest.approx([-1, 1, -1, 1])]
    assert rows.tolist() == [0, 2]


def test_embeddings_that_do_not_differ_are_zeros() -> None:
    image = {"id": "", "ground_truth": [[0, 0, 0, 2, 2]], "detections": [[0, 0.5, 0, 0, 1, 2]]}
    vectors, _, _, _ = embeddings(match(parse(encoded({"classes": ["cat"], "images": [image]}), "own.json")))
    assert vectors.tolist() == [[0] * 5]


def test_of_a_large_file_so_much_is_compared_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masks, "MOST_MASKS", 2)
    monkeypatch.setattr(command_inputs, "MOST_EMBEDDINGS", 1)
    matches = match(parse(encoded(DOCUMENT), "own.json"))
    assert matches.masks.places == ('images[0], class "cat"', 'images[0], class "dog"')
    for found in (embeddings(matches), embeddings_of_pairs(matches)):
        assert len(found.pred) == len(found.target) == len(found.rows) == 1


# The probabilities are 9/10 (matched, IoU 9/11), 1/2 (not), nearly 1 (matched, IoU 1/2) and nearly 0 (not), so that
# with 0 and 1 as targets the last two cost nothing. The corners differ by 1/11, 0, 1/11, 0 and 0, 0, 0, 1/2.
LN = math.log


def balanced(a: float) -> float:
    b = math.exp(1.5 / 0.5) - 1
    return 0.5 / b * (b * a + 1) * LN(b * a + 1) - 0.5 * a


def focal(a: float) -> float:
    return 0.8 * math.e * a**2 * (1 - 2 * LN(0.8 * a)) / 4


MEANS = {
    "binary_cross_entropy": LN(20 / 9) / 4,
    "sigmoid_binary_cross_entropy": LN(20 / 9) / 4,
    "sigmoid_focal_loss": (0.25 * 0.1**2 * LN(10 / 9) + 0.75 * 0.5**2 * LN(2)) / 4,
    "asymmetric_loss": (LN(10 / 9) + 0.45**4 * LN(1 / 0.55)) / 4,
    "quality_focal_loss": (
        (9 / 110) ** 2 * (9 / 11 * LN(10 / 9) + 2 / 11 * LN(10)) + 0.5**2 * LN(2) + 0.5**2 * LN(1e6) / 2
    )
    / 4,
    "varifocal_loss": (9 / 11 * (9 / 11 * LN(10 / 9) + 2 / 11 * LN(10)) + 0.75 * 0.5**2 * LN(2) + 1 / 2 * LN(1e6) / 2)
    / 4,
    "hinge_loss": 1 / 4,
    "squared_hinge_loss": 1 / 4,
    "l1_loss": (2 / 11 + 1 / 2) / 8,
    "l2_loss": (1 / 121 + 1 / 8) / 8,
    "smooth_l1_loss:beta=0.1": (10 / 121 + 0.45) / 8,
    "huber_loss:delta=0.1": (1 / 121 + 0.045) / 8,
    "log_cosh_loss": (2 * LN(math.cosh(1 / 11)) + LN(math.cosh(1 / 2))) / 8,
    "balanced_l1_loss": (2 * balanced(1 / 11) + balanced(1 / 2)) / 8,
    "focal_l1_loss": (2 * focal(1 / 11) + focal(1 / 2)) / 8,
    "charbonnier_loss": (5 * 1e-3 + 2 * math.hypot(1 / 11, 1e-3) + math.hypot(1 / 2, 1e-3)) / 8,
}


@pytest.mark.parametrize("name", MEANS)
def test_means_by_hand(name: str) -> None:
    matches = match(parse(encoded(DOCUMENT), "own.json"))
    (result,) = compare(matches, every_backend([open_numpy()]), select([name]))
    assert result.mean["numpy"] == pytest.approx(MEANS[name], rel=1e-5)
    assert result.within_budget


# Of the cat's 2048 cells 1024 are found with 1/2, and 2048 others too. Of the dog nothing is there.
L = LN(999_999)
MASK_MEANS = {
    "dice_loss": (1 - 2 * 512 / (1536 + 2048) + 1) / 2,
    "jaccard_loss": (1 - 512 / (1536 + 2048 - 512) + 1) / 2,
    "tversky_loss": (1 - 512 / (0.3 * 1536 + 0.7 * 2048) + 1) / 2,
    "focal_tversky_loss": ((1 - 512 / (0.3 * 1536 + 0.7 * 2048)) ** 0.75 + 1) / 2,
    "mcc_loss": (1 - (4096 * 512 - 1536 * 2048) / math.sqrt(1536 * 2048 * 2560 * 2048) + 1) / 2,
    "sigmoid_dice_loss": (1 - 2 * 512 / (1536 + 2048) + 1) / 2,
    "combo_loss": (0.5 * 0.5 * (3 / 4 * LN(2) + 1 / 4 * LN(1e6)) + 0.5 * 5 / 7 + 0.5 * 0.5 * 1 / 4 * LN(5) + 0.5) / 2,
    # The missed half costs 1 + L each and takes IoU to 1/2, the uncertain cells cost 1 each and take it to 0; the first
    # cell of a dog that is not there takes it to 0.
    "lovasz_hinge_loss": ((1 + L) / 2 + 1 / 2 + 1 + LN(4)) / 2,
}


@pytest.mark.parametrize("name", MASK_MEANS)
def test_means_of_masks_by_hand(name: str) -> None:
    matches = match(parse(encoded(QUARTERS), "own.json"))
    (result,) = compare(matches, every_backend([open_numpy()]), select([name]))
    assert result.mean["numpy"] == pytest.approx(MASK_MEANS[name], rel=1e-5)
    assert result.within_budget


def test_embeddings_without_pairs_cost_nothing() -> None:
    matches = match(parse(encoded(DOCUMENT), "own.json"))
    names = [entry.name for entry in ENTRIES if entry.section.name == "embeddings"][:-1]  # all but info_nce_loss
    results = compare(matches, every_backend([open_numpy()]), select(names))
    assert [result.mean["numpy"] for result in results] == [0] * len(names)


def bundled() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files("array_losses").joinpath("data", "voc2012_100.json").read_bytes())
    return content


def plain_overlap(a: list[float], b: list[float]) -> tuple[float, float, float]:
    """Areas of intersection, union and hull in plain Python."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    inter = wide * high if wide > 0 and high > 0 else 0.0
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter
    hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
    return inter, union, hull


def plain_pairs() -> tuple[list[tuple[list[float], list[float]]], int, int]:
    """The matched pairs of the bundled sample, and both counts of unmatched detections, in plain Python."""
    pairs, without_class, without_overlap = [], 0, 0
    for image in bundled()["images"]:
        for label, _, *box in image["detections"]:
            truths = [row[1:] for row in image["ground_truth"] if row[0] == label]
            overlaps = [inter / union for inter, union, _ in (plain_overlap(box, truth) for truth in truths)]
            if not truths:
                without_class += 1
            elif max(overlaps) == 0:
                without_overlap += 1
            else:
                pairs.append((box, truths[overlaps.index(max(overlaps))]))
    return pairs, without_class, without_overlap


def test_the_bundled_sample() -> None:
    sample = load(None)
    assert (len(sample.images), sample.annotated_boxes, sample.detections) == (100, 273, 452)
    assert sample.source is not None
    assert "MIT" in sample.source
    matches = match(sample)
    pairs, without_class, without_overlap = plain_pairs()
    assert list(zip(matches.predicted.tolist(), matches.target.tolist(), strict=True)) == pairs
    assert (matches.without_class, matches.without_overlap) == (without_class, without_overlap)
    assert len(pairs) + without_class + without_overlap == 452


def test_the_mean_giou_loss_of_the_bundled_sample() -> None:
    (result,) = compare(match(load(None)), every_backend([open_numpy()]), select(["giou_loss"]))
    pairs, _, _ = plain_pairs()
    overlaps = [plain_overlap(box, truth) for box, truth in pairs]
    expected = math.fsum(1 - inter / union + (hull - union) / hull for inter, union, hull in overlaps) / len(pairs)
    assert result.mean["numpy"] == pytest.approx(expected, rel=1e-6)
    assert result.within_budget


def test_a_disagreement_is_measured_in_ulp_of_the_largest_number_of_its_row() -> None:
    ulp = 2.0**-23
    results = {
        "a": np.asarray([[0.0, 1.0], [-5.0, 0.25]]),
        "b": np.asarray([[ulp, 1.0], [-5.0, 0.25 - 8 * ulp]]),
        "c": np.asarray([[0.0, 1.0 - 2.5 * ulp], [-5.0, 0.25]]),
    }
    worst = worst_disagreement(results, 3.0, "row {}".format)
    assert (worst.ulp, worst.place, worst.within_budget) == (2.5, "row 0", True)
    assert worst.between == ("c", "b")
    del results["c"]  # 8 ULP of 1 are 2 of 5
    worst = worst_disagreement(results, 1.0, "row {}".format)
    assert (worst.ulp, worst.between, worst.place, worst.within_budget) == (2.0, ("b", "a"), "row 1", False)


@pytest.mark.parametrize("fault", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_beyond_every_budget(fault: float) -> None:
    sound, spoilt = np.asarray([[0.0, 1.0], [2.0, 3.0]]), np.asarray([[0.0, 1.0], [2.0, fault]])
    worst = worst_disagreement({"a": sound, "b": spoilt, "c": sound}, 1e9, "row {}".format)
    assert (worst.ulp, worst.between, worst.place, worst.within_budget) == (math.inf, ("b",), "row 1", False)
    both = worst_disagreement({"a": spoilt, "b": spoilt}, 1e9, "row {}".format)
    assert (both.ulp, both.between, both.within_budget) == (math.inf, ("a", "b"), False)


def test_a_function_name_selects_all_its_forms_in_the_order_of_the_table() -> None:
    names = [entry.name for entry in select(["giou_loss", "iou_loss", "iou_loss:log"])]
    assert names == ["iou_loss:linear", "iou_loss:log", "iou_loss:square", "giou_loss"]
    assert [entry.name for entry in select(["huber_loss"])] == ["huber_loss:delta=0.1"]


def test_an_unknown_loss_is_refused_with_the_names() -> None:
    with pytest.raises(
        InputError, match=r"^--losses iou: must be one of iou_loss:linear, .*, info_nce_loss:temperature=0.5$"
    ):
        select(["giou_loss", "iou"])


def stretched() -> Library:
    """NumPy under another name, where every box is 1/256 wider."""
    wider = np.asarray([0, 0, 2.0**-8, 0], dtype=np.float32)
    return replace(open_numpy(), name="stretched", asarray=lambda rows, device: rows + wider)


def no_gpu() -> Library:
    raise AbsentError("finds no GPU")


def broken() -> Library:
    raise OSError("libdriver.so.1: cannot open\nshared object file")


def not_there() -> Library:
    import_module("shadow")
    raise AssertionError("shadow should not exist")


def test_every_known_library_is_found_or_its_absence_explained() -> None:
    known = {"numpy": open_numpy, "gpu": no_gpu, "broken": broken, "shadow": not_there}
    found, absent = find_all(known)
    assert [library.name for library in found] == ["numpy"]
    assert absent == {
        "gpu": "finds no GPU",
        "broken": "cannot be used: OSError: libdriver.so.1: cannot open shared object file",
        "shadow": "not installed",
    }


def test_a_backend_for_each_kind_of_device() -> None:
    numpy, both = open_numpy(), replace(open_numpy(), name="both", devices={"cpu": 1, "cuda": 8})
    labels = [(backend.label, backend.device) for backend in every_backend([numpy, both])]
    assert labels == [("numpy", "cpu"), ("both", "cpu"), ("both:cuda", "cuda")]


def test_each_requested_backend_comes_once() -> None:
    backends = requested_backends(["numpy:cpu", "numpy", "numpy"])
    assert [backend.label for backend in backends] == ["numpy:cpu", "numpy"]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("tensorflow", "the library must be one of numpy, gpu, shadow"),
        ("gpu", "finds no GPU"),
        ("gpu:cuda", "finds no GPU"),
        ("shadow", "not installed"),
        ("numpy:cuda", "the device cannot be used: ValueError: NumPy computes on the cpu only"),
        ("numpy:", "the device cannot be used: ValueError: NumPy computes on the cpu only"),
    ],
)
def test_a_backend_that_cannot_be_had_is_an_error(label: str, message: str) -> None:
    known = {"numpy": open_numpy, "gpu": no_gpu, "shadow": not_there}
    with pytest.raises(InputError) as caught:
        requested_backends([label], known)
    assert str(caught.value) == f"--backend {label}: {message}"


@pytest.mark.parametrize("name", [name for name in KNOWN if name != "numpy"])
def test_rows_survive_the_way_into_a_library_and_back(name: str) -> None:
    found, absent = find_all({name: KNOWN[name]})
    if name in absent:
        pytest.skip(f"{name}: {absent[name]}")
    rows = np.asarray([[0.1, -2.0, 3.5, 4.0]], dtype=np.float32)
    for backend in every_backend(found):
        array = backend.asarray(rows)
        assert "float32" in str(array.dtype)
        back = backend.asnumpy(array)
        assert isinstance(back, np.ndarray)
        np.testing.assert_array_equal(back, rows)


def test_every_installed_library_agrees_within_the_budget() -> None:
    found, _ = find_all()
    matches = match(load(None))
    for result in compare(matches, every_backend(found)):
        assert result.value.ulp <= VALUE_BUDGET, result
        assert result.gradient.ulp <= GRADIENT_BUDGET, result


def test_a_loss_that_is_wrong_on_one_library_gives_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    known = {"numpy": open_numpy, "stretched": stretched}
    assert main(["--losses", "giou_loss,iou_loss"], known=known) == 1
    output = capsys.readouterr().out
    assert re.search(r"^giou_loss .* ! [\d.]+ +! [\d.]+$", output, re.MULTILINE)
    assert re.search(r"^! giou_loss: value of images\[\d+\]\.detections\[\d+\] differs", output, re.MULTILINE)
    assert "Beyond the budget" in output


def spoiled(pred: Any, target: Any, reduction: str = "none") -> Any:
    return pred[..., 0] * math.nan if reduction == "none" else pred[0, 0] * 0.0


def test_a_loss_that_is_not_finite_gives_status_1_and_strict_json(capsys: pytest.CaptureFixture[str]) -> None:
    entries = (*select(["giou_loss"]), Entry("spoiled", spoiled))
    assert main(["--backend", "numpy", "--json", "-"], entries=entries) == 1
    content = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    good, bad = content["losses"]
    assert good["value_disagreement"]["within_budget"]
    assert bad["value_disagreement"] == {
        "ulp": None,
        "between": ["numpy", "numpy in float64"],
        "place": "images[0].detections[0]",
        "within_budget": False,
    }
    assert content["within_budget"] is False


def last_row_lost() -> Library:
    """NumPy under another name, where the last row that goes in is NaN."""

    def asarray(rows: Any, device: str) -> Any:
        return np.concatenate([rows[:-1], np.full_like(rows[-1:], math.nan)])

    return replace(open_numpy(), name="last_row_lost", asarray=asarray)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("hinge_loss", "images[1].detections[0]"),
        ("l1_loss", "images[0].detections[2]"),
        ("dice_loss", 'images[1], class "cat"'),
    ],
)
def test_a_row_is_found_in_the_file(name: str, place: str) -> None:
    matches = match(parse(encoded(DOCUMENT), "own.json"))
    (result,) = compare(matches, every_backend([open_numpy(), last_row_lost()]), select([name]))
    assert (result.value.place, result.value.between) == (place, ("last_row_lost",))


def test_plain_tables_are_aligned_and_fold_to_the_width() -> None:
    table = Table(("loss", "one", "second"), [("giou_loss", "1.5", "2"), ("iou", "10.25", "-")], numbers=True)
    assert list(plain([Line("one two three"), table], 9)) == [
        "one two",
        "three",
        "loss         one",
        "---------  -----",
        "giou_loss    1.5",
        "iou        10.25",
        "loss       second",
        "---------  ------",
        "giou_loss       2",
        "iou             -",
    ]
    assert list(plain([table], 24)) == [
        "loss         one  second",
        "---------  -----  ------",
        "giou_loss    1.5       2",
        "iou        10.25       -",
    ]


def test_rich_says_the_same_words_and_is_not_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")
    outputs = []
    for _ in range(2):
        assert main(["--backend", "numpy"]) == 0
        outputs.append(capsys.readouterr().out)
        monkeypatch.setitem(sys.modules, "rich", None)
    styled, bare = outputs
    assert "\x1b[" in styled
    assert "\x1b[" not in bare
    styled = re.sub(r"\x1b\[[0-9;]*m", "", styled)
    assert max(map(len, styled.splitlines())) <= 80
    assert [word for word in styled.split() if word.strip("─")] == [word for word in bare.split() if word.strip("-")]


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real command in a new process."""
    return subprocess.run(
        [sys.executable, "-m", "array_losses", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8"} | environment,
        check=False,
    )


def test_the_command_on_numpy_alone() -> None:
    done = run("--backend", "numpy")
    assert (done.returncode, done.stderr) == (0, "")
    for entry in ENTRIES:
        assert f"\n{entry.name} " in done.stdout
    assert "100 images, 273 annotated boxes, 452 detections" in done.stdout
    titles = [line for line in done.stdout.splitlines() if line.endswith(", in float32")]
    assert titles == [
        "Boxes: mean over 294 matched pairs, in float32",
        "Classification: mean over 452 detections, 294 of them matched, in float32",
        "Regression: mean over the 4 corner coordinates of 294 matched pairs, in float32",
        "Segmentation: mean over 211 masks of 64 x 64 cells, in float32",
        "Embeddings: mean over 294 matched detections, in float32",
    ]
    assert "numpy in float64" in " ".join(done.stdout.split())
    assert "Within the budget" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_only_what_is_asked_for_is_loaded() -> None:
    code = (
        "import sys; import array_losses; assert 'array_losses.command' not in sys.modules\n"
        "from array_losses.command import main\n"
        "assert main(['--backend', 'numpy', '--losses', 'giou_loss']) == 0\n"
        "assert not {'torch', 'jax', 'cupy', 'array_api_strict'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_json_says_what_the_table_says(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    done = run("--backend", "numpy", "--losses", "giou_loss", "--losses", "iou_loss:log, diou_loss", "--json", file)
    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads(file.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert [loss["name"] for loss in content["losses"]] == ["iou_loss:log", "giou_loss", "diou_loss"]
    for loss in content["losses"]:
        assert f"{loss['mean']['numpy']:.5f}" in done.stdout
    assert content["sample"]["annotated_boxes"] == 273
    assert content["sample"]["detections"] == 452
    assert f" {content['sample']['matched']} matched to" in done.stdout
    assert content["budget_ulp"] == {"value": VALUE_BUDGET, "gradient": GRADIENT_BUDGET}
    assert content["libraries"] == [{"name": "numpy", "version": np.__version__, "devices": {"cpu": 1}}]
    assert content["within_budget"] is True
    alone = run("--backend", "numpy", "--losses", "giou_loss,iou_loss:log,diou_loss", "--json", "-")
    assert (alone.returncode, json.loads(alone.stdout)) == (0, content)


def test_sections_without_losses_are_left_out_and_the_json_names_each_one(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    done = run("--backend", "numpy", "--losses", "l1_loss,hinge_loss,varifocal_loss", "--json", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Boxes:" not in done.stdout
    losses = json.loads(file.read_text(encoding="utf-8"), parse_constant=pytest.fail)["losses"]
    assert [(loss["name"], loss["section"]) for loss in losses] == [
        ("varifocal_loss", "classification"),
        ("hinge_loss", "classification"),
        ("l1_loss", "regression"),
    ]
    for loss in losses:
        assert re.search(rf"^{loss['name']} +{loss['mean']['numpy']:.5f} ", done.stdout, re.MULTILINE)
    assert done.stdout.index("varifocal_loss  ") < done.stdout.index("Regression:") < done.stdout.index("l1_loss  ")


def test_the_command_on_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "eigene_Käfer.json"
    file.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    done = run(file, "--backend", "numpy", "--losses", "iou_loss:linear")
    assert (done.returncode, done.stderr) == (0, "")
    # IoU 18/22 and 1/2: the losses 2/11 and 1/2 have the mean 15/44.
    assert "0.34091" in done.stdout
    assert "drawn by hand" in done.stdout
    # Scores of 0 and 1 have finite logits.
    assert run(file, "--backend", "numpy").returncode == 0
    ascii_only = run(file, "--backend", "numpy", PYTHONIOENCODING="ascii")
    assert (ascii_only.returncode, ascii_only.stderr) == (0, "")


def nothing_overlaps() -> dict[str, Any]:
    return {
        "classes": ["cat"],
        "images": [{"id": "", "ground_truth": [], "detections": [[0, 1, 0, 0, 1, 1]]}],
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "line 1, column 2: is not JSON: Expecting property name enclosed in double quotes"),
        (changed(*DETECTION, 1, to=93), "images[0].detections[0]: score must lie between 0 and 1; got 93"),
        (nothing_overlaps(), "no detection overlaps an annotated box of its class"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_bad_file_is_one_line_and_status_2(content: Any, message: str, tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    if content is not None:
        file.write_bytes(encoded(content))
    done = run(file, "--backend", "numpy")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"array_losses: {file}: {message}\n"


def test_bad_options_are_one_line_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = {"numpy": open_numpy, "gpu": no_gpu}
    for arguments, message in [
        (["--backend", "numpy", "--backend", "gpu"], "--backend gpu: finds no GPU"),
        (["--losses", "giou"], "--losses giou: must be one of " + ", ".join(entry.name for entry in ENTRIES)),
        (["--losses", ""], "--losses : must be one of " + ", ".join(entry.name for entry in ENTRIES)),
        (
            ["--backend", "numpy", "--losses", "giou_loss", "--json", str(tmp_path)],
            f"--json {tmp_path}: cannot be written: Is a directory",
        ),
    ]:
        assert main(arguments, known=known) == 2
        assert capsys.readouterr() == ("", f"array_losses: {message}\n")


def test_help_names_the_losses_and_the_exit_statuses() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for text in (
        "  0  every loss agrees",
        "  1  a loss disagrees",
        "  2  the file",
        "focal_eiou_loss",
        "quality_focal_loss",
        "huber_loss:delta=0.1",
        "lovasz_hinge_loss",
        "batch_hard_triplet_loss",
        "--backend",
    ):
        assert text in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.skipif(os.name != "posix", reason="pipes of a POSIX shell")
def test_a_reader_that_stops_early_is_no_error() -> None:
    command = f"{sys.executable} -u -m array_losses --backend numpy | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
