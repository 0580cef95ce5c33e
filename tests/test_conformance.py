"""The conformance suite: it passes on the libraries of the development requirements, and it can fail.

This run leaves out what takes minutes: further sets of knobs of rotated boxes, regions and embeddings, `torch.compile`,
and in JAX, where every new call compiles, further sets of knobs, the checks of shapes and reductions, and rotated
boxes, regions and embeddings that are alike. `python -m conformance` runs all.
"""

from __future__ import annotations

import json
import re
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import array_losses
from array_losses import detection
from array_losses.conformance import __main__ as command
from array_losses.conformance import backends, cases, criteria, exact, families, plan, reference, report, suite
from array_losses.conformance.cases import coding as coding_cases
from array_losses.conformance.cases import embeddings as embedding_cases
from array_losses.conformance.cases import keypoints as keypoint_cases
from array_losses.conformance.cases import regions as region_cases
from array_losses.conformance.cases import rotated as rotated_cases
from array_losses.conformance.checks import ARRAYS, MODES, NUMBERS, TRANSFORMS, Check
from array_losses.conformance.dual import MP, Dual, total
from array_losses.conformance.families import BOXES
from array_losses.conformance.inputs import boxes, classes, numbers
from array_losses.conformance.inputs.rows import Inputs, nested
from array_losses.conformance.ulp import Exact, error, rounded, ulp

# The suite ------------------------------------------------------------------------------------------------------------

# Their references take seconds: only with their first knobs here.
LARGE = (*rotated_cases.CASES, *region_cases.CASES, *embedding_cases.CASES)
# What NumPy shows of a formula for all functions, and tests/test_modes.py of the other libraries for some.
ONCE = ("second derivative", "forward", "meta")
USUAL = tuple(check for check in suite.ALL if check.mode not in ONCE and check.name not in ("properties", "backwards"))
WITHOUT_JIT = tuple(check for check in USUAL if not check.name.startswith("jit"))
NUMBERS_ONLY = NUMBERS + tuple(check for check in MODES + ARRAYS if check.name in ("vmap", "arrays")) + TRANSFORMS


@pytest.mark.parametrize(
    ("name", "checks"),
    [
        ("numpy", suite.ALL),
        ("array_api_strict", USUAL),
        ("array_api_strict:device1", NUMBERS_ONLY),
        ("torch", WITHOUT_JIT),
        ("jax", NUMBERS_ONLY),
    ],
)
def test_suite(name: str, checks: tuple[Check, ...]) -> None:
    backend = backends.find(name)
    functions = [case.name for case in cases.CASES if case not in LARGE]
    _all_is_green(backend, checks, functions, further=not backend.calls_compile)


@pytest.mark.parametrize(
    ("name", "checks"),
    [
        ("numpy", suite.QUICK + MODES),
        ("array_api_strict", NUMBERS_ONLY),
        ("torch", NUMBERS_ONLY),
        ("jax", NUMBERS_ONLY),
    ],
)
def test_suite_of_large_rows(name: str, checks: tuple[Check, ...]) -> None:
    backend = backends.find(name)
    functions = [case.name for case in LARGE if not (backend.calls_compile and case.alike)]
    _all_is_green(backend, checks, functions, further=False)


def _all_is_green(backend: Any, checks: tuple[Check, ...], functions: list[str], further: bool) -> None:
    results = suite.run(array_losses, [backend], functions, checks=checks, further=further)
    failures = [str(result) for result in results if result.failure]
    assert not failures, "\n".join(failures)
    # Every function in both precisions at the least.
    executed = {(result.function, result.dtype) for result in results}
    assert executed >= {(name, dtype) for name in functions for dtype in ("float32", "float64")}


@pytest.mark.parametrize("name", ["numpy", "array_api_strict", "torch", "jax"])
def test_suite_of_criteria(name: str) -> None:
    results = list(criteria.execute([backends.find(name)], None))
    assert not [str(result) for result in results if result.failure]
    assert {result.function for result in results} == set(criteria.NAMES)
    assert len(results) == len(criteria.NAMES) * len(criteria.CHECKS) * len(criteria.DTYPES)


def test_every_criterion_is_tried_or_made_of_one_that_is() -> None:
    public = {name for name in detection.__all__ if name.endswith("_loss")}
    siblings = {name for name in public if name.startswith("yolov8_")}  # their parts: tests/test_yolov8.py
    assert public - siblings | {"yolov8_detection_loss"} == set(criteria.NAMES)


@pytest.mark.parametrize(
    ("name", "change", "noticed"),
    [
        ("retinanet_loss", {"alpha": 0.3}, {"criterion", "compiled criterion"}),
        ("yolov8_detection_loss", {"gains": (7.5, 0.5, 1.6)}, {"criterion", "compiled criterion"}),
        ("fcos_loss", {"quality": "iou"}, {"criterion", "compiled criterion"}),
        ("detr_loss", {"no_object_weight": 0.2}, {"criterion", "compiled criterion"}),
        ("yolox_loss", {"gains": (5.0, 1.0, 1.1, 1.0)}, {"criterion", "compiled criterion"}),
    ],
)
def test_another_criterion_is_noticed(
    monkeypatch: pytest.MonkeyPatch, name: str, change: dict[str, Any], noticed: set[str]
) -> None:
    function = getattr(detection, name)
    monkeypatch.setattr(detection, name, lambda *arrays, **options: function(*arrays, **options | change))
    results = list(criteria.execute([backends.find("numpy")], {name}))
    assert {result.check for result in results if result.failure} == noticed


def test_every_public_function_has_a_row_and_a_budget() -> None:
    assert cases.without_row(array_losses) == []
    assert {case.name for case in cases.CASES} == set(cases.BUDGETS)


def test_functions_without_a_formula_are_public_and_tried_elsewhere() -> None:
    folder = Path(__file__).parent
    files = "test_coding.py", "test_suppression.py", "test_tape.py"
    texts = "".join((folder / name).read_text(encoding="utf-8") for name in files)
    assert set(cases.NO_FORMULA) <= set(array_losses.__all__) - {case.name for case in cases.CASES}
    assert [name for name in cases.NO_FORMULA if not re.search(rf"\b{name}\b", texts)] == []


def test_a_function_without_a_row_is_found() -> None:
    library = types.SimpleNamespace(__all__=["iou", "another_loss", "number"], iou=len, another_loss=len, number=3)
    assert cases.without_row(library) == ["another_loss"]


def test_generous_budgets_say_why() -> None:
    for name, budget in cases.BUDGETS.items():
        assert budget.why or (max(budget.value) <= 4 and max(budget.gradient) <= 16), name


# It can fail ----------------------------------------------------------------------------------------------------------


def sabotaged(**functions: Any) -> Any:
    """The library with some functions replaced."""
    names = {name: getattr(array_losses, name) for name in array_losses.__all__}
    return types.SimpleNamespace(__all__=list(names), __version__="0", **(names | functions))


def failures(library: Any, function: str) -> set[str]:
    results = suite.run(library, [backends.find("numpy")], functions=[function])
    return {result.check for result in results if result.failure}


def test_the_library_itself_passes() -> None:
    assert failures(sabotaged(), "giou") == set()


def test_six_units_in_the_last_place_are_noticed() -> None:
    off = {2: 2.0**-10, 4: 2.0**-23, 8: 2.0**-52}

    def giou(pred: Any, target: Any) -> Any:
        rows = array_losses.giou(pred, target)
        return rows + 6 * off[rows.dtype.itemsize] if isinstance(rows, np.ndarray) else rows

    assert {"value", "table"} <= failures(sabotaged(giou=giou), "giou")


def test_a_wrong_dtype_is_noticed() -> None:
    def iou(pred: Any, target: Any) -> Any:
        rows = array_losses.iou(pred, target)
        return rows.astype(np.float64) if isinstance(rows, np.ndarray) else rows

    assert {"arrays", "mixed dtypes", "empty"} <= failures(sabotaged(iou=iou), "iou")


def test_writing_into_an_argument_is_noticed() -> None:
    def iou(pred: Any, target: Any) -> Any:
        if isinstance(pred, np.ndarray):
            pred[..., 2] = np.maximum(pred[..., 2], pred[..., 0])
        return array_losses.iou(pred, target)

    assert {"purity", "read-only"} <= failures(sabotaged(iou=iou), "iou")


def test_a_gradient_for_the_wrong_argument_is_noticed() -> None:
    def value_and_grad(fun: Any, argnums: Any = 0, has_aux: bool = False) -> Any:
        def run(*args: Any) -> Any:
            value, slopes = array_losses.value_and_grad(fun, argnums, has_aux)(*args)
            return value, slopes[::-1] if isinstance(slopes, tuple) else slopes

        return run

    found = failures(sabotaged(value_and_grad=value_and_grad), "diou_loss")
    assert {"gradient", "reductions", "one gradient"} <= found


def test_an_exception_is_a_failure() -> None:
    def iou(pred: Any, target: Any) -> Any:
        raise RuntimeError("out of order")

    results = suite.run(sabotaged(iou=iou), [backends.find("numpy")], functions=["iou"])
    assert results
    assert any("RuntimeError: out of order" in (result.failure or "") for result in results)


def test_a_lenient_door_is_noticed() -> None:
    def giou_loss(pred: Any, target: Any, **options: Any) -> Any:
        return array_losses.giou_loss(*np.broadcast_arrays(np.asarray(pred), np.asarray(target)), **options)

    assert "errors" in failures(sabotaged(giou_loss=giou_loss), "giou_loss")


def test_an_eps_is_noticed_in_sure_answers_only() -> None:
    """Where the value is 1e-9 and not where it is 1: errors count at the number's own size."""

    def sigmoid_binary_cross_entropy(logits: Any, targets: Any, **options: Any) -> Any:
        rows = array_losses.sigmoid_binary_cross_entropy(logits, targets, **options)
        return rows + 1e-12 if isinstance(rows, np.ndarray) else rows

    library = sabotaged(sigmoid_binary_cross_entropy=sigmoid_binary_cross_entropy)
    assert {"value"} <= failures(library, "sigmoid_binary_cross_entropy")


def test_counting_ignored_rows_is_noticed() -> None:
    def poly1_loss(logits: Any, labels: Any, **options: Any) -> Any:
        if options.get("reduction") != "mean" or options.get("normalizer") is not None or labels.ndim == logits.ndim:
            return array_losses.poly1_loss(logits, labels, **options)
        return array_losses.poly1_loss(logits, labels, **options, normalizer=float(np.asarray(labels).size))

    assert "ignored labels" in failures(sabotaged(poly1_loss=poly1_loss), "poly1_loss")


def test_the_wrong_axis_is_noticed() -> None:
    def entropy(probs: Any, *, axis: int = -1, **options: Any) -> Any:
        return array_losses.entropy(probs, axis=-1 if axis == 0 else axis, **options)

    assert failures(sabotaged(entropy=entropy), "entropy") == {"axis"}


def test_a_constant_for_class_weights_is_noticed() -> None:
    """Their gradient, also through the divisor of a mean."""

    def softmax_focal_loss(logits: Any, labels: Any, class_weights: Any = None, **options: Any) -> Any:
        weights = None if class_weights is None else array_losses.stop_gradient(class_weights)
        return array_losses.softmax_focal_loss(logits, labels, class_weights=weights, **options)

    library = sabotaged(softmax_focal_loss=softmax_focal_loss)
    assert {"gradient", "further reductions"} <= failures(library, "softmax_focal_loss")


def test_a_state_that_learns_from_masked_rows_is_noticed() -> None:
    def seesaw_loss(logits: Any, labels: Any, counts: Any, **options: Any) -> Any:
        loss, _ = array_losses.seesaw_loss(logits, labels, counts, **options)
        return loss, array_losses.seesaw_loss(logits, labels, counts)[1]

    assert "state" in failures(sabotaged(seesaw_loss=seesaw_loss), "seesaw_loss")


def test_a_state_that_is_not_handed_on_is_noticed() -> None:
    def equalization_loss_v2(logits: Any, targets: Any, state: Any, **options: Any) -> Any:
        return array_losses.equalization_loss_v2(logits, targets, state, **options)[0], state

    library = sabotaged(equalization_loss_v2=equalization_loss_v2)
    assert {"state", "feeding back"} <= failures(library, "equalization_loss_v2")


def test_a_nan_that_reaches_another_class_is_noticed() -> None:
    def dice_loss(probs: Any, targets: Any, **options: Any) -> Any:
        rows = array_losses.dice_loss(probs, targets, **options)
        return rows + 0.0 * rows.sum(-1, keepdims=True) if getattr(rows, "ndim", 0) == 2 else rows

    assert "NaN stays in its row" in failures(sabotaged(dice_loss=dice_loss), "dice_loss")


def test_a_layout_that_is_not_looked_at_is_noticed() -> None:
    def boundary_loss(probs: Any, distance_map: Any, **options: Any) -> Any:
        if probs.ndim == 5:
            options["batch_axes"] = (0, 1)
        return array_losses.boundary_loss(probs, distance_map, **options)

    assert "layouts" in failures(sabotaged(boundary_loss=boundary_loss), "boundary_loss")


def test_samples_that_stay_apart_nevertheless_are_noticed() -> None:
    def lovasz_hinge_loss(logits: Any, targets: Any, **options: Any) -> Any:
        if options["batch_axes"] == ():
            return array_losses.lovasz_hinge_loss(logits, targets, **options | {"batch_axes": 0}).sum(0)
        return array_losses.lovasz_hinge_loss(logits, targets, **options)

    assert "pooled" in failures(sabotaged(lovasz_hinge_loss=lovasz_hinge_loss), "lovasz_hinge_loss")


# The command ----------------------------------------------------------------------------------------------------------


def test_command_prints_a_table_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report.json"
    assert command.main(["--backend", "numpy", "--function", "iou", "--plain", "--json", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "function" in printed
    assert "FAILED" not in printed
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["schema"] == report.SCHEMA
    assert document["runs"][0]["backend"] == "numpy"
    assert document["runs"][0]["executed"] == sum(cell["executed"] for cell in document["cells"]) > 20
    assert document["failures"] == []


@pytest.mark.parametrize("name", ["tensorflow", "torch:tpu", "numpy:cuda", "array_api_strict:device7"])
def test_a_missing_backend_is_a_failure(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--backend", "numpy", "--backend", name, "--function", "iou"]) == 2
    assert f"{name}: not found" in capsys.readouterr().err


def test_an_unknown_function_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--backend", "numpy", "--function", "hinge"]) == 2
    assert "no such function: hinge" in capsys.readouterr().err


def test_no_executed_check_is_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(plan, "run", lambda parts, backends, jobs: iter(()))
    assert command.main(["--backend", "numpy", "--plain"]) == 1
    assert "FAILED numpy: no check was executed" in capsys.readouterr().out


def test_a_failed_check_is_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    result = suite.Result("numpy", "iou", "", "value", "float32", 9.0, None, "value off by 9 ULP")
    monkeypatch.setattr(plan, "run", lambda parts, backends, jobs: iter([(parts[0], [result])]))
    assert command.main(["--backend", "numpy", "--plain"]) == 1
    printed = capsys.readouterr().out
    assert "9.0 / -  0 of 1" in printed
    assert "FAILED numpy iou() float32, value: value off by 9 ULP" in printed


def test_survey_names_every_known_backend() -> None:
    found = dict(backends.survey())
    assert set(found) == set(backends.KNOWN)
    assert isinstance(found["numpy"], backends.Backend)


# The reference --------------------------------------------------------------------------------------------------------


STEP = MP.mpf("1e-20")
IN_OTHER_WORDS = (*keypoint_cases.CASES, *coding_cases.CASES)


@pytest.mark.parametrize(
    "case",
    [case for case in cases.CASES if case.name in reference.ROWS and case not in IN_OTHER_WORDS],
    ids=lambda case: case.name,
)
def test_slopes_of_the_reference_are_differences_of_its_values(case: cases.Case) -> None:
    """At rows without ties; the weights of CIoU and Focal-EIoU, constants for the gradient, are held at the row's."""
    for variant in case.variants:
        family = variant.family or case.family
        assert family is not None
        knobs = dict(variant.knobs) | ({"tiny": 1e-30} if case.name in reference.FLOORED else {})
        rows = family.ordinary("float64")
        for row in (rows.row(0), rows.row(5)):
            slopes = reference.evaluate(case.name, *row, **knobs).slopes
            for index, span in enumerate(rows.spans()):
                for place in span:
                    ahead, behind = (moved(row, index, place - span.start, way) for way in (1, -1))
                    values = [frozen(case.name, knobs, row, there) for there in (ahead, behind)]
                    assert abs((values[0] - values[1]) / (2 * STEP) - slopes.get(place, 0)) < 1e-15


def moved(row: tuple[Any, ...], index: int, place: int, way: int) -> list[Any]:
    """The row with one number a step further."""
    entries = list(row)
    if isinstance(row[index], tuple):
        entries[index] = [MP.mpf(x) + way * STEP * (k == place) for k, x in enumerate(row[index])]
    else:
        entries[index] = MP.mpf(row[index]) + way * STEP
    return entries


def frozen(name: str, knobs: dict[str, Any], here: Any, there: Any) -> Any:
    """The value `there`, with the weight that the papers detach taken `here`."""

    def at(function: str, boxes: Any, **knobs: Any) -> Any:
        return reference.evaluate(function, *boxes, **knobs).value

    if name == "focal_eiou_loss":
        return at("iou", here) ** knobs.get("gamma", 0.5) * at("eiou_loss", there)
    if name in ("alpha_iou_loss", "inner_iou_loss", "focaler_iou_loss", "unified_iou_loss"):
        return replayed(name, knobs, here, there)
    value = at(name, there, **knobs)
    gate = knobs.get("gate")
    if "ciou" not in (name.removesuffix("_loss"), knobs.get("base")) or (gate and at("iou", here) <= gate):
        return value
    shape = [
        reference.boxes.aspect(*reference.boxes.boxes(*reference.independent(pair))).value for pair in (here, there)
    ]
    alpha = [v / (1 - at("iou", pair) + v) for v, pair in zip(shape, (here, there), strict=True)]
    # The moved value holds its own alpha: exchange it for the one taken here.
    change = (alpha[0] - alpha[1]) * shape[1]
    return value - change if name == "ciou" else value + change


def replayed(name: str, knobs: dict[str, Any], here: Any, there: Any) -> Any:
    """The value `there`, with every constant as it is `here`."""
    held: list[Dual] = []

    def hold(x: Dual) -> Dual:
        held.append(Dual(x.value))
        return held[-1]

    modules = reference.boxes, reference.modern_boxes
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            patch.setattr(module, "constant", hold)
        reference.evaluate(name, *here, **knobs)
        for module in modules:
            patch.setattr(module, "constant", lambda x: held.pop(0))
        return reference.evaluate(name, *there, **knobs).value


def at(name: str, row: Any, **knobs: Any) -> Dual:
    """The sum of all results for a row."""
    return total(reference.results(name, *row, **knobs)[0])


OF_REGIONS = [case for case in cases.CASES if case.family is not None and case.family.layout is not None]


@pytest.mark.parametrize("case", OF_REGIONS, ids=lambda case: case.name)
def test_slopes_of_the_reference_of_regions_are_differences_of_its_values(case: cases.Case) -> None:
    """At some numbers of each argument. What is a constant for the gradient is left out: the weights of generalized
    Dice come from the targets; the seeds of the spatial embedding are drawn to constants."""
    for variant in case.variants:
        family = variant.family or case.family
        assert family is not None
        knobs = variant.knobs | ({"seed_weight": 0.0} if case.name == "spatial_embedding_loss" else {})
        rows = family.ordinary("float64")
        row, spans = rows.row(5), rows.spans()
        slopes = at(case.name, row, **knobs).slopes
        for index in family.differentiable:
            if (case.name, family.arguments[index].name) != ("generalized_dice_loss", "targets"):
                for place in range(min(4, len(spans[index]))):
                    ahead, behind = (at(case.name, stepped(row, index, place, way), **knobs).value for way in (1, -1))
                    slope = slopes.get(spans[index].start + place, 0)
                    assert abs((ahead - behind) / (2 * STEP) - slope) < 1e-15, family.arguments[index].name


@pytest.mark.parametrize("case", IN_OTHER_WORDS, ids=lambda case: case.name)
def test_slopes_of_the_reference_of_keypoints_and_codings_are_differences_of_its_values(case: cases.Case) -> None:
    """Of each result apart; their slopes cancel."""
    for variant in case.variants:
        family = variant.family or case.family
        assert family is not None
        knobs = variant.knobs | ({"tiny": 1e-30} if case.name in reference.FLOORED else {})
        rows = family.ordinary("float64")
        for row in (rows.row(0), rows.row(5)):
            slopes = [found.slopes for found in reference.results(case.name, *row, **knobs)[0]]
            for index in family.differentiable:
                for number, place in enumerate(rows.spans()[index]):
                    ahead, behind = (
                        reference.results(case.name, *stepped(row, index, number, way), **knobs)[0] for way in (1, -1)
                    )
                    for a, b, own in zip(ahead, behind, slopes, strict=True):
                        assert abs((a.value - b.value) / (2 * STEP) - own.get(place, 0)) < 1e-15


def stepped(row: tuple[Any, ...], index: int, place: int, way: int) -> list[Any]:
    """The row with one number of an array a step further."""
    shape = np.shape(row[index])
    numbers = [MP.mpf(x) for x in np.ravel(row[index]).tolist()]
    numbers[place] += way * STEP
    entries = list(row)
    entries[index] = np.asarray(numbers, dtype=object).reshape(shape).tolist()
    return entries


X1, T1 = [[1.0, -1.0], [-1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]
Q = [[0.3, 0.4], [0.7, 0.9]]
HARD = [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]], [[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
"""Two hits, a false alarm, a miss, two rightly left out."""
LOG_P = np.log([[[0.7, 0.1, 0.3, 0.5]], [[0.2, 0.6, 0.3, 0.25]], [[0.1, 0.3, 0.4, 0.25]]]).tolist()
UNSURE = [[[0.0]], [[0.0]]]
"""One pixel, two classes."""


@pytest.mark.parametrize(
    ("name", "row", "knobs", "expected"),
    [
        # Of MONAI's own tests.
        ("sigmoid_dice_loss", (X1, T1), {"smooth": 1e-6}, [0.307576]),
        ("sigmoid_dice_loss", (X1, T1), {"smooth": 1e-5, "squared": True}, [0.178337]),
        ("dice_loss", (Q, Q), {"intersection": "minimum", "smooth": 1e-4}, [0.0]),
        ("dice_loss", (Q, Q), {}, [1 - 2 * 1.55 / 4.6]),
        ("dice_loss", HARD, {}, [1 / 3]),
        ("dice_loss", HARD, {"smooth": 1.0, "smooth_denominator": 0.0}, [1 - 5 / 6]),
        ("dice_loss", (*HARD, [[1, 1, 0], [0, 1, 1]]), {}, [0.0]),
        ("jaccard_loss", HARD, {}, [0.5]),
        ("tversky_loss", HARD, {"fp_weight": 1.0, "fn_weight": 3.0}, [1 - 2 / 6]),
        ("focal_tversky_loss", HARD, {"fp_weight": 0.5, "fn_weight": 0.5, "power": 2.0}, [1 / 9]),
        ("mcc_loss", HARD, {}, [1 - 3 / 9]),
        ("mcc_loss", ([[1.0, 1.0]], [[1.0, 0.0]]), {}, [1.0]),
        ("mcc_loss", ([[1.0, 1.0]], [[1.0, 1.0]]), {}, [0.0]),
        # Weights 1 and 1/9: 1 - 2 (1/2 + 1) / (3/2 + 3/2 + ...): I = 1/2, 3; P + T = 3/2, 13/2.
        (
            "generalized_dice_loss",
            ([[[0.5]], [[3.5]]], [[[1.0]], [[3.0]]]),
            {},
            [1 - 2 * (0.5 + 10.5 / 9) / (1.5 + 6.5 / 9)],
        ),
        ("generalized_dice_loss", ([[[0.5]], [[0.5]]], [[[1.0]], [[0.0]]]), {}, [1 - 1 / 2]),
        ("generalized_dice_loss", ([[[0.5]], [[0.5]]], [[[1.0]], [[0.0]]]), {"absent": "skip"}, [1 - 1 / 1.5]),
        # Of the authors' formula.
        ("lovasz_hinge_loss", ([[2.0, -1.0, 0.5, -3.0]], [[1.0, 1.0, 0.0, 0.0]]), {}, [1.25]),
        ("lovasz_hinge_loss", ([[-2.0, -0.5]], [[0.0, 0.0]]), {}, [0.5]),
        ("lovasz_softmax_loss", (LOG_P, [[0, 1, 2, 1]]), {}, [0.4, 0.575, 0.6]),
        ("lovasz_softmax_loss", (LOG_P, [[0, 1, 0, 1]]), {}, [0.533333, 0.575, 0.0]),
        ("lovasz_softmax_loss", (LOG_P, [[0, 1, 0, 1]]), {"classes": "all"}, [0.533333, 0.575, 0.4]),
        ("softmax_dice_loss", (UNSURE, [[1]]), {}, [1.0, 1 / 3]),
        ("softmax_dice_loss", (UNSURE, [[7]]), {}, [0.0, 0.0]),
        ("dice_cross_entropy_loss", (UNSURE, [[1]]), {}, [2 / 3 + np.log(2)]),
        ("dice_cross_entropy_loss", (UNSURE, [[1]], [[1]], [3.0, 1.0]), {}, [5 / 6 + np.log(2)]),
        ("dice_focal_loss", (UNSURE, [[1]]), {"absent": "skip"}, [1 / 3 + np.log(2) / 4]),
        ("combo_loss", ([[0.0]], [[1.0]]), {"beta": 0.75}, [0.375 * np.log(2) + 0.5 / 3]),
        ("unified_focal_loss", (UNSURE, [[1]]), {}, [0.5 * 0.6 * np.log(2) + 0.25 * (1 + 0.375**0.5)]),
        ("unified_focal_loss", (UNSURE, [[0]]), {}, [0.5 * 0.4 * np.log(2) / 2**0.5 + 0.25 * (0.375 + 1)]),
        ("top_k_cross_entropy", (LOG_P, [[0, 1, 2, 1]]), {"fraction": 0.5}, [-np.log(0.25 * 0.4) / 2]),
        ("boundary_loss", ([[0.5, 1.0]], [[4.0, -1.0]]), {}, [0.5]),
        ("hausdorff_dt_loss", ([[0.5, 1.0]], [[1.0, 1.0]], [[1.0, 9.0]], [[2.0, 9.0]]), {}, [0.625]),
        # A dot beside a dot: a third of each skeleton, with its pixel of smoothing, is covered.
        ("cl_dice_loss", ([[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]]), {}, [0.5]),
        ("cl_dice_loss", ([[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]]), {"smooth": 0.0}, [1.0]),
        ("ssim_loss", ([[1.0]], [[0.0]]), {"window_size": 1}, [1 - 1e-4 / 1.0001]),
        ("ssim_loss", ([[0.0, 1.0]] * 2, [[1.0, 0.0]] * 2), {"window_size": 2}, [1 + (0.5 - 9e-4) / (0.5 + 9e-4)]),
        ("embedding_hinge_loss", ([[[1.0, 3.0, 7.0]]], [[[1, 1, 0]], [[0, 0, 0]]]), {"margin": 0.25}, [0.75, 0.0]),
    ],
)
def test_the_reference_of_regions_by_hand(name: str, row: Any, knobs: dict[str, Any], expected: list[float]) -> None:
    rows, _ = reference.results(name, *row, **knobs)
    assert [float(loss.value) for loss in rows] == pytest.approx(expected, abs=5e-6)


LYING = (0.0, 0.0, 10.0, 20.0)


@pytest.mark.parametrize(
    ("name", "row", "knobs", "expected"),
    [
        # Exponents 25/25 and 0; the first one hidden; an area of 0.
        ("oks", (((3, 4), (1, 1)), ((0, 0), (1, 1)), 50.0), {"sigmas": (0.25, 0.1)}, [0.68394]),
        ("oks", (((3, 4), (1, 1)), ((0, 0), (1, 1)), 50.0, (0, 1)), {"sigmas": (0.25, 0.1)}, [1]),
        ("oks_loss", (((3, 4), (1, 1)), ((0, 0), (1, 1)), 50.0, (1, 0)), {"sigmas": (0.25, 0.1)}, [1 - np.exp(-1)]),
        ("oks_loss", (((3, 4), (1, 1)), ((0, 0), (1, 1)), 0.0), {"sigmas": (0.25, 0.1)}, [0.5]),
        ("box_area", ((1, 2, 4, 4),), {}, [6]),
        ("box_area", ((1, 2, 4, 4),), {"format": "cxcywh"}, [16]),
        ("box_area", (((0, 0), (2, 0), (2, 3), (0, 3)),), {"format": "xyxyxyxy"}, [6]),
        ("box_corners", ((1, 1, 2, 4, np.pi / 2),), {}, [3, 0, 3, 2, -1, 2, -1, 0]),
        ("clip_boxes", ((-5, 10, 20, 90),), {"image_size": (60, 100)}, [0, 10, 20, 60]),
        ("clip_boxes", ((7, 10, 20, 4),), {"image_size": (60, 100), "format": "cxcywh"}, [8.5, 10, 17, 4]),
        ("encode_deltas", ((5, 0, 15, 10), LYING), {"tiny": 1e-9}, [0.5, -0.25, 0, -np.log(2)]),
        (
            "encode_deltas",
            ((5, 0, 5, 10), LYING),
            {"tiny": np.exp(-9), "weights": (2, 2, 3, 3)},
            [0, -0.5, -27, -2.07944],
        ),
        ("decode_deltas", ((0.5, -0.25, 0, np.log(0.5)), LYING), {}, [5, 0, 15, 10]),
        ("decode_deltas", ((0, 0, 9, 0), LYING), {}, [5 - 312.5, 0, 5 + 312.5, 20]),
        ("boxes_to_distances", ((5, 5), (1, 2, 20, 4)), {}, [4, 3, 15, -1]),
        ("boxes_to_distances", ((5, 5), (1, 2, 20, 4)), {"limit": 8}, [4, 3, 8, 0]),
        ("distances_to_boxes", ((74, 61), (0, -2, 6, 6)), {}, [74, 63, 80, 67]),
    ],
)
def test_the_reference_of_keypoints_and_codings_by_hand(
    name: str, row: Any, knobs: dict[str, Any], expected: list[float]
) -> None:
    real = [nested(np.asarray(part, dtype=float)) for part in row[:3]]
    found, _ = reference.results(name, *real, *row[3:], **knobs)
    assert [float(number.value) for number in found] == pytest.approx(expected, abs=5e-6)


def test_the_reference_of_spatial_embeddings_by_hand() -> None:
    """One pixel in, one outside at a distance of 1: phi is 1 and e^-1; the hinges are 0 and 2/e. Both seeds are 1/2."""
    row = ([[[0.0, 0.0]]], [[[0.0, 0.0]]], [[0.0, 0.0]], [[[1, 0]]], [[[0.0, 1.0]]])
    (loss,), _ = reference.results("spatial_embedding_loss", *row)
    assert float(loss.value) == pytest.approx(1 / np.e + (10 * 0.25 + 0.25) / 2)
    (loss,), _ = reference.results("spatial_embedding_loss", *row[:3], [[[1, 1]]], row[4], seed_weight=0.0)
    assert float(loss.value) == pytest.approx(1 - (2 * np.exp(-0.25) - 1))


def test_the_reference_of_ssim_is_the_formula_of_the_paper() -> None:
    x, y = np.random.default_rng(7).uniform(0, 1, (2, 3, 3))
    w = np.exp(-(np.asarray([-1.0, 0.0, 1.0]) ** 2) / 2)
    w = np.outer(w, w) / w.sum() ** 2
    a, b = (w * x).sum(), (w * y).sum()
    spreads = (w * x * x).sum() - a * a + (w * y * y).sum() - b * b
    above = (2 * a * b + 1e-4) * (2 * ((w * x * y).sum() - a * b) + 9e-4)
    (loss,), _ = reference.results("ssim_loss", x.tolist(), y.tolist(), window_size=3, sigma=1.0)
    assert float(loss.value) == pytest.approx(1 - above / ((a * a + b * b + 1e-4) * (spreads + 9e-4)))


def test_skipped_regions_do_not_count() -> None:
    row = ([[[0.5]], [[0.5]]], [[[1.0]], [[0.0]]])
    assert [float(n.value) for n in reference.results("dice_loss", *row, absent="skip")[1]] == [1, 0]
    assert [float(n.value) for n in reference.results("dice_loss", *row)[1]] == [1, 1]
    assert [float(n.value) for n in reference.results("lovasz_softmax_loss", UNSURE, [[1]])[1]] == [0, 1]


@pytest.mark.parametrize(
    ("name", "row", "knobs", "expected"),
    [
        ("smooth_l1_loss", (0.5, 0.0), {}, 0.125),
        ("smooth_l1_loss", (3.0, 0.0), {"beta": 2.0}, 2.0),
        ("huber_loss", (3.0, 0.0), {"delta": 2.0}, 4.0),
        ("charbonnier_loss", (3.0, 0.0), {"epsilon": 4.0}, 5.0),
        ("wing_loss", (12.0, 0.0), {}, 12 - (10 - 10 * np.log(6))),
        ("focal_l1_loss", (1.0, 0.0), {"beta": 1.0}, np.e / 4),
        # Continuous where both branches meet: gamma + gamma / b - alpha at b = e^3 - 1.
        ("balanced_l1_loss", (1.0, 0.0), {}, 1.5 + 1.5 / (np.e**3 - 1) - 0.5),
        ("sigmoid_binary_cross_entropy", (0.0, 0.3), {}, np.log(2)),
        # Logits of the paper's example: 0.1810, 0.4181 for target 0, 0.0071 for target 1.
        ("sigmoid_focal_loss", (0.2, 0.0), {}, 0.1810),
        ("sigmoid_focal_loss", (0.8, 0.0), {}, 0.4181),
        ("sigmoid_focal_loss", (0.9, 1.0), {}, 0.0071),
        ("quality_focal_loss", (0.0, 1.0), {}, np.log(2) / 4),
        ("varifocal_loss", (0.0, 0.5), {}, np.log(2) / 2),
        ("gaussian_focal_loss", (0.0, 0.5), {}, np.log(2) / 64),
        ("asymmetric_loss", (0.0, 0.0), {}, -(0.45**4) * np.log(0.55)),
        ("binary_cross_entropy", (0.8, 1.0), {"tiny": 0.0}, 0.2231),
        ("softmax_cross_entropy", ((0.0, 0.0), 1), {}, np.log(2)),
        ("softmax_cross_entropy", ((0.0, 0.0), 2), {}, 0.0),
        ("softmax_focal_loss", ((0.0, 0.0), 1), {}, np.log(2) / 4),
        ("poly1_loss", ((0.0, 0.0), 1), {}, np.log(2) + 1),
        ("generalized_cross_entropy", ((0.0, float(np.log(3))), 0), {"q": 0.5}, 1.0),
        ("multiclass_hinge_loss", ((1.0, 2.0, 0.5), 0), {}, 2.0),
        ("multiclass_hinge_loss", ((1.0, 2.0, 0.5), 0), {"form": "sum"}, 2.5),
        # At t1 = t2 = 1 a cross-entropy; with t1 = 0 half the squared distance of the probabilities.
        ("bi_tempered_loss", ((0.0, 0.0), 1), {"t1": 1.0, "t2": 1.0}, np.log(2)),
        ("bi_tempered_loss", ((0.0, 0.0), 1), {"t1": 0.0, "t2": 1.7}, 0.25),
        ("entropy", ((0.5, 0.25, 0.25),), {"tiny": 1e-30}, 1.5 * np.log(2)),
        ("cross_entropy", ((0.3, 0.7), (1.0, 0.0)), {"tiny": 1e-30}, 1.204),
        ("kl_divergence", ((0.5, 0.5), (1.0, 0.0)), {"tiny": 1e-30}, np.log(2)),
        ("js_divergence", ((0.0, 1.0), (1.0, 0.0)), {"tiny": 1e-30}, np.log(2)),
        ("distribution_focal_loss", ((0.0, 0.0, 0.0), 1.25), {}, np.log(3)),
        ("distribution_expectation", ((0.0, float(np.log(2)), 0.0),), {}, 1.0),
    ],
)
def test_the_reference_by_hand(name: str, row: tuple[Any, ...], knobs: dict[str, Any], expected: float) -> None:
    assert float(reference.evaluate(name, *row, **knobs).value) == pytest.approx(expected, abs=5e-5)


def test_the_reference_of_batches_by_hand() -> None:
    """Three slopes of 1/2 and one of 0.05: 4/(3 x 2) and 4/(1 x 2). A class four times rarer pushes a quarter."""
    found = reference.evaluate_batch("ghm_classification_loss", ([0.0, 0.0, 0.0, -3.0], [0.0] * 4))
    assert [float(row.value) for row in found.rows] == pytest.approx(
        [np.log(2) * 2 / 3] * 3 + [2 * np.log1p(np.exp(-3))]
    )
    assert [float(n) for n in found.state] == [1, 0, 0, 0, 0, 3, 0, 0, 0, 0]
    found = reference.evaluate_batch("ghm_regression_loss", ([3.0, 3.0, 0.0], [0.0] * 3), mu=4.0)
    assert [float(row.value) for row in found.rows] == pytest.approx([0.75, 0.75, 0])
    found = reference.evaluate_batch("seesaw_loss", ([(0.0, 0.0)], [0]), [3.0, 1.0], p=1.0)
    assert float(found.rows[0].value) == pytest.approx(np.log(1.25))
    assert [float(n) for n in found.state] == [4, 1]
    state = [[0.0], [1.0]]
    found = reference.evaluate_batch("equalization_loss_v2", ([0.0, 0.0], [1.0, 0.0]), state, classes=[0, 0])
    low = 1 / (1 + np.exp(9.6))
    expected = [np.log(2) * (5 - 4 * low), np.log(2) * low]
    assert [float(row.value) for row in found.rows] == pytest.approx(expected)
    assert [float(side[0]) for side in found.state] == pytest.approx([0.5 * (5 - 4 * low), 1 + 0.5 * low])


def test_alpha_is_zero_for_identical_boxes_and_below_the_gate() -> None:
    box = [0.3, 0.2, 1.7, 0.9]
    assert reference.evaluate("ciou", box, box).value == 1
    half = ([-1.0, -1.0, 1.0, 1.0], [0.0, -1.0, 1.0, 1.0])
    assert float(reference.evaluate("ciou_loss", *half).value) == pytest.approx(0.534498129, abs=5e-10)
    assert reference.evaluate("ciou_loss", *half, gate=0.5).value == 0.53125


def test_inverted_box_ends_where_it_begins() -> None:
    """By hand: pred counts as the point (4, 3), so IoU is 0, C is 4 x 3, U is 2, and GIoU = -(12 - 2)/12."""
    result = reference.evaluate("giou", [4.0, 3.0, 1.0, 2.0], [0.0, 0.0, 2.0, 1.0])
    assert float(result.value) == pytest.approx(-10 / 12)
    # The hull ends at the point's x1 and y1: there U/C = 2/(4*3) has slopes -2/(16*3) and -2/(4*9), and none at x2, y2.
    slopes = [float(result.slopes.get(index, 0)) for index in range(4)]
    assert slopes == pytest.approx([-2 / 48, -2 / 36, 0, 0])


# Units in the last place ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "one", "smallest"),
    [
        ("float16", 2.0**-10, 2.0**-24),
        ("bfloat16", 2.0**-7, 2.0**-133),
        ("float32", 2.0**-23, 2.0**-149),
        ("float64", 2.0**-52, 2.0**-1074),
    ],
)
def test_ulp(dtype: str, one: float, smallest: float) -> None:
    scale = np.asarray([1.0, 1.5, 2.0, 0.0])
    assert ulp(scale, dtype).tolist() == [one, one, 2 * one, smallest]


def test_error_counts_steps_from_the_exact_number() -> None:
    exact = Exact.of([MP.mpf(1), MP.mpf(1) / 3, MP.mpf("1e6"), MP.mpf(0)], (4,))
    got = np.asarray([1 + 3 * 2.0**-23, 1 / 3, np.inf, 2.0**-24])
    errors = error(got, exact, np.asarray([0.0, 0.0, 0.0, 1.0]), "float32")
    assert errors[0] == 3
    assert errors[1] < 1e-8
    assert errors[2] == np.inf
    assert errors[3] == 0.5


def test_what_is_no_number_is_infinitely_far() -> None:
    """Also when it is the exact number, or its scale, that is none: NaN compares as within every budget."""
    exact = Exact.of([MP.mpf(1), MP.nan, MP.mpf(1)], (3,))
    assert (error(np.asarray([np.nan, 1.0, 1.0]), exact, np.asarray([0.0, 0.0, np.nan]), "float32") == np.inf).all()


def test_gradients_beyond_float16_count_as_saturated() -> None:
    exact = Exact.of([MP.mpf("1e6"), MP.mpf("-1e6")], (2,))
    assert error(np.asarray([65504.0, -65504.0]), exact, np.asarray(1e6), "float16").tolist() == [0, 0]
    assert error(np.asarray([-65504.0, np.nan]), exact, np.asarray(1e6), "float16").min() > 1000


def test_rounding_to_bfloat16() -> None:
    """Eight bits: halfway cases go to the even neighbour."""
    numbers = np.asarray([1.0, 1 + 2.0**-8, 1 + 3 * 2.0**-8, 1 + 2.0**-8 + 2.0**-20, -3.14159265])
    assert rounded(numbers, "bfloat16").tolist() == [1.0, 1.0, 1 + 2.0**-6, 1 + 2.0**-7, -3.140625]


def test_boxes_cover_what_they_promise() -> None:
    (pairs,) = boxes.edges("float32")
    pred, target = pairs.arrays
    assert (pred[:, 2] < pred[:, 0]).any()
    assert (target[:, 3] < target[:, 1]).any()
    assert (pred == target).all(axis=1).any()
    assert (pred[:, :2] == pred[:, 2:]).all(axis=1).any()
    assert np.abs(pred).max() > 1e11
    assert np.abs(pred[(pred != 0).all(axis=1)]).max(axis=1).min() < 1e-5
    assert len(pairs) > 150


def test_numbers_cover_what_they_promise() -> None:
    x, t = numbers.logits("float32")[0].arrays
    assert {0.0, 1e4, -1e4, 104.0, -88.0} <= set(x.tolist())
    assert set(t[x == 1e4].tolist()) >= {0.0, 1.0, -0.5, 1.5}
    assert np.abs(numbers.logits("float16")[0].arrays[0]).max() == 65504
    pred, target = numbers.differences("float32")[0].arrays
    assert {0.0, 0.5, 1.0, 2.0, 10.0} <= set(np.abs(pred - target).tolist())
    p, _ = numbers.probs("float32")[0].arrays
    assert {0.0, 1.0, 1 - 2.0**-24} <= set(p.tolist())
    s, t = numbers.scores("float32")[0].arrays
    assert (s * t == 1).any()


def test_classes_cover_what_they_promise() -> None:
    groups = classes.indices("float32")
    assert [group.content(0) for group in groups] == [(5,), (5,), (1,), (2,), (10,)]
    x, y = groups[0].arrays
    ignored = (y < 0) | (y >= 5)
    assert {-100, 5, 255} <= set(y[ignored].tolist())
    assert np.isnan(x[ignored]).any()
    assert np.isfinite(x[~ignored]).all()
    assert (np.sort(x[~ignored])[:, -1] == np.sort(x[~ignored])[:, -2]).any()
    _, t = classes.soft("float32")[0].arrays
    assert (t == 0).any()
    assert not np.allclose(t.sum(axis=1), 1)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_names_are_unique_and_ordinary_rows_are_eight(dtype: str) -> None:
    for case in cases.CASES:
        for family in {variant.family or case.family for variant in case.variants} - {None}:
            assert family is not None
            for group in family.edges(dtype):
                assert len(set(group.names)) == len(group)
            ordinary = family.ordinary(dtype)
            assert len(ordinary) == 8
            assert all(np.isfinite(x).all() for x in ordinary.arrays)


def test_rows_that_a_dtype_cannot_hold_are_left_out() -> None:
    rows = [("small", 1.0, 2.0), ("large", 1e6, 2.0), ("infinite on purpose!", np.inf, 2.0)]
    kept = Inputs.of(numbers.PAIR, rows, "float16")
    assert kept.names == ("small", "infinite on purpose!")
    assert kept.proper.tolist() == [True, False]


def test_the_scale_of_errors() -> None:
    """The number itself; where terms cancel, their size; where an input's rounding moves the answer, that movement."""
    case = next(case for case in cases.CASES if case.name == "sigmoid_binary_cross_entropy")
    rows = Inputs.of(numbers.LOGITS, [("sure", 20.0, 1.0), ("at the target", 0.0, 0.5)], "float64")
    sure, even = exact.exact_rows(case, case.variants[0], case.scale, families.LOGITS, rows, "float64")
    assert sure.size == pytest.approx(np.exp(-20))
    assert sure.scales[0] == pytest.approx(np.exp(-20))
    assert even.slopes[0] == 0
    assert even.scales[0] == pytest.approx(0.5)  # t d(p - t)/dt
    case = next(case for case in cases.CASES if case.name == "kl_divergence")
    rows = Inputs.of(families.PAIRED_DISTRIBUTIONS.arguments, [("equal sums", (0.25, 0.75), (0.75, 0.25))], "float64")
    (row,) = exact.exact_rows(case, case.variants[0], case.scale, families.PAIRED_DISTRIBUTIONS, rows, "float64")
    assert row.value == pytest.approx(0.5 * np.log(3))
    assert row.size == pytest.approx(np.log(3))
    case = next(case for case in cases.CASES if case.name == "giou")
    (row,) = exact.exact_rows(case, case.variants[0], case.scale, BOXES, boxes.edges("float64")[0].take([0]), "float64")
    assert row.size == 1.0
