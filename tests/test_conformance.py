"""The conformance suite: it passes on the libraries of the development requirements, and it can fail.

This run leaves out what takes minutes: `torch.compile`, and in JAX, where every new call compiles, the checks of shapes
and reductions. `python -m conformance` runs all.
"""

from __future__ import annotations

import json
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import array_losses
from conformance import __main__ as command
from conformance import backends, cases, inputs, reference, report, suite
from conformance.checks import ARRAYS, MODES, NUMBERS, Check
from conformance.dual import MP, coordinates
from conformance.transforms import TRANSFORMS
from conformance.ulp import Exact, error, rounded, ulp

# The suite ------------------------------------------------------------------------------------------------------------

WITHOUT_JIT = tuple(check for check in suite.ALL if not check.name.startswith("jit"))
NUMBERS_ONLY = NUMBERS + tuple(check for check in MODES + ARRAYS if check.name in ("vmap", "arrays")) + TRANSFORMS


@pytest.mark.parametrize(
    ("name", "checks"),
    [
        ("numpy", suite.ALL),
        ("array_api_strict", suite.ALL),
        ("array_api_strict:device1", WITHOUT_JIT),
        ("torch", WITHOUT_JIT),
        ("jax", NUMBERS_ONLY),
    ],
)
def test_suite(name: str, checks: tuple[Check, ...]) -> None:
    results = suite.run(array_losses, [backends.find(name)], checks=checks)
    failures = [str(result) for result in results if result.failure]
    assert not failures, "\n".join(failures)
    # Every function in both precisions at the least.
    executed = {(result.function, result.dtype) for result in results}
    assert executed >= {(case.name, dtype) for case in cases.CASES for dtype in ("float32", "float64")}


def test_every_public_function_has_a_row_and_a_budget() -> None:
    assert cases.without_row(array_losses) == []
    assert {case.name for case in cases.CASES} == set(cases.BUDGETS)


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


# The command ----------------------------------------------------------------------------------------------------------


def test_command_prints_a_table_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report.json"
    assert command.main(["--backend", "numpy", "--function", "iou", "--plain", "--json", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "function" in printed
    assert "FAILED" not in printed
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["schema"] == report.SCHEMA
    assert document["backends"][0]["name"] == "numpy"
    assert document["backends"][0]["executed"] == len(document["rows"]) > 20
    assert all(row["failure"] is None for row in document["rows"])


def test_table_without_rich_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    result = suite.Result("numpy", "iou", "", "value", "float32", 1.25, None, None)
    report.show([result], [backends.find("numpy")], plain=True)
    assert capsys.readouterr().out.splitlines()[1:] == ["function  numpy", "iou       1.2 / -  1"]


@pytest.mark.parametrize("name", ["tensorflow", "torch:tpu", "numpy:cuda", "array_api_strict:device7"])
def test_a_missing_backend_is_a_failure(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--backend", "numpy", "--backend", name, "--function", "iou"]) == 2
    assert f"{name}: not found" in capsys.readouterr().err


def test_an_unknown_function_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--backend", "numpy", "--function", "hinge"]) == 2
    assert "no such function: hinge" in capsys.readouterr().err


def test_no_executed_check_is_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "run", lambda *args, **options: [])
    assert command.main(["--backend", "numpy", "--plain"]) == 1
    assert "FAILED numpy: no check was executed" in capsys.readouterr().out


def test_a_failed_check_is_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    result = suite.Result("numpy", "iou", "", "value", "float32", 9.0, None, "value off by 9 ULP")
    monkeypatch.setattr(command, "run", lambda *args, **options: [result])
    assert command.main(["--backend", "numpy", "--plain"]) == 1
    printed = capsys.readouterr().out
    assert "9.0 / -  0 of 1" in printed
    assert "FAILED numpy iou() float32, value: value off by 9 ULP" in printed


def test_survey_names_every_known_backend() -> None:
    found = dict(backends.survey())
    assert set(found) == set(backends.KNOWN)
    assert isinstance(found["numpy"], backends.Backend)


# The reference --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [case for case in cases.CASES if case.kind != "transform"], ids=lambda case: case.name)
def test_slopes_of_the_reference_are_differences_of_its_values(case: cases.Case) -> None:
    """At pairs without ties; the weights of CIoU and Focal-EIoU, constants for the gradient, are held at the pair's."""
    step = MP.mpf("1e-20")
    pairs = inputs.overlapping("float64")
    for variant in case.variants:
        for pred, target in zip(pairs.pred[:3].tolist(), pairs.target[:3].tolist(), strict=True):
            here = [MP.mpf(number) for number in (*pred, *target)]
            slopes = reference.evaluate(case.name, pred, target, **variant.knobs).slopes
            for index in range(8):
                ahead, behind = list(here), list(here)
                ahead[index] += step
                behind[index] -= step
                difference = frozen(case.name, variant, here, ahead) - frozen(case.name, variant, here, behind)
                assert abs(difference / (2 * step) - slopes.get(index, 0)) < 1e-15


def frozen(name: str, variant: cases.Variant, here: list[Any], moved: list[Any]) -> Any:
    """The value at `moved`, with the weight that the papers detach taken `here`."""

    def at(function: str, corners: list[Any], **knobs: Any) -> Any:
        return reference.evaluate(function, corners[:4], corners[4:], **knobs).value

    if name == "focal_eiou_loss":
        return at("iou", here) ** variant.knobs.get("gamma", 0.5) * at("eiou_loss", moved)
    value = at(name, moved, **variant.knobs)
    gate = variant.knobs.get("gate")
    if "ciou" not in (name.removesuffix("_loss"), variant.knobs.get("base")) or (gate and at("iou", here) <= gate):
        return value
    shape = [reference.aspect(*reference.boxes(coordinates(corners))).value for corners in (here, moved)]
    alpha = [v / (1 - at("iou", corners) + v) for v, corners in zip(shape, (here, moved), strict=True)]
    # The moved value holds its own alpha: exchange it for the one taken here.
    change = (alpha[0] - alpha[1]) * shape[1]
    return value - change if name == "ciou" else value + change


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


def test_gradients_beyond_float16_count_as_saturated() -> None:
    exact = Exact.of([MP.mpf("1e6"), MP.mpf("-1e6")], (2,))
    assert error(np.asarray([65504.0, -65504.0]), exact, np.asarray(1e6), "float16").tolist() == [0, 0]
    assert error(np.asarray([-65504.0, np.nan]), exact, np.asarray(1e6), "float16").min() > 1000


def test_rounding_to_bfloat16() -> None:
    """Eight bits: halfway cases go to the even neighbour."""
    numbers = np.asarray([1.0, 1 + 2.0**-8, 1 + 3 * 2.0**-8, 1 + 2.0**-8 + 2.0**-20, -3.14159265])
    assert rounded(numbers, "bfloat16").tolist() == [1.0, 1.0, 1 + 2.0**-6, 1 + 2.0**-7, -3.140625]


def test_inputs_cover_what_they_promise() -> None:
    pairs = inputs.inputs("float32")
    pred, target = pairs.pred, pairs.target
    assert (pred[:, 2] < pred[:, 0]).any()
    assert (target[:, 3] < target[:, 1]).any()
    assert (pred == target).all(axis=1).any()
    assert (pred[:, :2] == pred[:, 2:]).all(axis=1).any()
    assert np.abs(pred).max() > 1e11
    assert np.abs(pred[(pred != 0).all(axis=1)]).max(axis=1).min() < 1e-5
    assert len(set(pairs.names)) == len(pairs.names) > 150
