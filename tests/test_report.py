"""The report: what it counts, every form of it, and the commands that it names."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

import array_losses
from array_losses.conformance import __main__ as command
from array_losses.conformance import backends, gaps, plan, report, suite
from array_losses.conformance.cases import BUDGETS, CASES
from array_losses.conformance.checks import Check
from array_losses.conformance.report import __main__ as rendering
from array_losses.conformance.report import files, fingerprints, readme, words
from array_losses.conformance.report.document import MODES, PRECISIONS, Cell, Document
from array_losses.conformance.selection import EVERYTHING, Selection
from array_losses.conformance.suite import Result
from array_losses.conformance.trial import Trial

ROOT = Path(__file__).parent.parent
NUMPY, STRICT = backends.find("numpy"), backends.find("array_api_strict")
RESULTS = [
    Result("numpy", "giou", "", "value", "float32", 0.5, None, None, worst="'far apart': pred (0, 0)", used=0.25),
    Result("numpy", "giou", "", "value", "float64", 1.25, None, None, worst="'touching': pred (1, 1)", used=0.625),
    Result("numpy", "giou", "", "value", "float16", 900.0, None, None, worst="'half'", used=0.99),
    Result("numpy", "giou", "", "errors", "float32", None, None, None),
    Result("numpy", "giou", "", "jit gradient", "float32", None, 2.0, None, "jit gradient"),
    Result("numpy", "ciou_loss", "gate=0.5", "value", "float32", 9.0, None, "value off by 9 ULP <b>", used=3.0),
    Result(
        "array_api_strict",
        "giou",
        "",
        "value",
        "float32",
        float("inf"),
        None,
        "off",
        gap="known (https://example.org/c)",
    ),
    Result("array_api_strict", "giou", "", "range", "float32", None, None, None, "layouts"),
]


def built(results: list[Result] = RESULTS, depth: str = "full", only: Selection = EVERYTHING) -> Document:
    return report.build(results, [NUMPY, STRICT], {"cupy": "no driver"}, "1.2.3", plan.Plan(depth, only), seconds=61.23)


def cell(document: Document, function: str, backend: str, mode: str = "eager") -> Cell:
    (found,) = (c for c in document.cells if (c.function, c.backend, c.mode) == (function, backend, mode))
    return found


def old(document: Document, date: str = "2020-01-01 00:00") -> Document:
    return document._replace(runs=tuple(run._replace(cases="0" * 16, date=date) for run in document.runs))


# The document ---------------------------------------------------------------------------------------------------------


def test_a_cell_counts_its_checks_and_keeps_the_worst_of_both_precisions() -> None:
    found = cell(built(), "giou", "numpy")
    assert (found.executed, found.failed, found.gaps) == (4, 0, 0)
    assert found.value == {"float32": 0.5, "float64": 1.25}
    assert found.gradient == {}
    assert found.used == 0.625
    assert found.worst == "'touching': pred (1, 1)"
    assert found.command.endswith("--backend numpy --function giou --knobs '' --check value --dtype float64")


def test_without_a_share_the_budget_of_the_function_gives_it() -> None:
    assert cell(built(), "giou", "numpy", "jit gradient").used == 2.0 / BUDGETS["giou"].of("gradient", "float32")


def test_failures_and_gaps_are_told_apart() -> None:
    document = built()
    failed, known = cell(document, "ciou_loss", "numpy"), cell(document, "giou", "array_api_strict")
    assert (failed.executed, failed.failed, failed.gaps) == (1, 1, 0)
    assert (known.executed, known.failed, known.gaps) == (1, 0, 1)
    assert [found.message for found in document.failures] == ["value off by 9 ULP <b>"]
    assert [found.gap for found in document.gaps] == ["known (https://example.org/c)"]
    assert [(run.executed, run.failed, run.gaps, run.functions) for run in document.runs] == [
        (6, 1, 0, 2),
        (2, 0, 1, 1),
    ]


def test_a_run_says_what_it_was_restricted_to() -> None:
    document = built(depth="quick", only=Selection(functions=("giou",), dtypes=("float32",)))
    assert document.runs[0].filters == {"functions": ["giou"], "dtypes": ["float32"]}
    assert words.restriction(document.runs[0]) == "quick; functions: giou; dtypes: float32"
    assert "--quick" in document.failures[0].command
    assert words.restriction(built().runs[0]) == ""


def test_functions_and_modes_come_in_the_order_of_cases_and_of_modes() -> None:
    document = built(RESULTS[::-1])
    assert document.functions == ["giou", "ciou_loss"]
    assert document.modes == ["eager", "jit gradient", "layouts"]
    assert [(c.function, c.backend, c.mode) for c in document.cells] == [
        ("giou", "numpy", "eager"),
        ("giou", "numpy", "jit gradient"),
        ("giou", "array_api_strict", "eager"),
        ("giou", "array_api_strict", "layouts"),
        ("ciou_loss", "numpy", "eager"),
    ]


def test_modes_are_those_of_the_checks() -> None:
    assert {check.mode for check in suite.ALL} <= set(MODES)


def test_of_two_reports_on_one_backend_the_newer_one_counts() -> None:
    new, other = built(RESULTS[:1]), old(built())
    for pair in ([new, other], [other, new]):
        document = report.merged([*pair, built([])._replace(runs=(), missing={"numpy": "gone", "dask": "gone"})])
        assert cell(document, "giou", "numpy").executed == 1
        assert document.failures == ()
        assert len(document.backends) == 2
    several = report.merged(report.split(built()))
    assert sorted(several.cells) == sorted(built().cells)
    assert (several.failures, several.gaps) == (built().failures, built().gaps)


# Its files ------------------------------------------------------------------------------------------------------------


def test_a_report_is_read_as_it_was_written() -> None:
    document = built()
    text = report.as_json(document)
    assert report.as_json(report.from_json(text)) == text
    again = report.from_json(text)
    assert cell(again, "giou", "array_api_strict").value == {"float32": float("inf")}
    assert cell(again, "giou", "numpy") == cell(document, "giou", "numpy")
    assert again.budgets == document.budgets
    assert json.loads(text)["schema"] == report.SCHEMA


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "x.json: not a report .JSONDecodeError"),
        ("[1]", "x.json: not a report"),
        ('{"schema": 1}', "x.json: schema 1, not 2"),
        ('{"schema": 2, "runs": [{"backend": "numpy"}]}', "x.json: not a report .TypeError"),
    ],
)
def test_what_is_no_report_is_refused(text: str, message: str) -> None:
    with pytest.raises(report.ReportError, match=message):
        report.from_json(text, "x.json")


def test_a_full_report_of_one_backend_is_well_under_a_megabyte() -> None:
    row = "'touching side, x 1e-06': pred (1.6999999999999998e-06, 3e-07, 2.4e-06, 8e-07), target (3e-07, " * 4
    results = [
        Result("numpy", name, "base='ciou', ratio=0.75", check, dtype, 1.23456, 2.34567, None, mode, row, used=0.123456)
        for name in suite.FUNCTIONS
        for mode, check in zip(MODES, (f"a check of {mode}" for mode in MODES), strict=True)
        for dtype in PRECISIONS
    ]
    assert 100_000 < len(report.as_json(built(results))) < 1_000_000


def test_a_file_for_each_backend_and_device(tmp_path: Path) -> None:
    document = built()
    assert [file.name for file in report.write_each(document, tmp_path)] == [
        "numpy-cpu.json",
        "array_api_strict-cpu.json",
    ]
    (only_numpy, _) = report.read(sorted(tmp_path.iterdir(), reverse=True))
    assert only_numpy.backends == ["numpy"]
    assert (
        {found.backend for found in only_numpy.cells} == {found.backend for found in only_numpy.failures} == {"numpy"}
    )
    run = document.runs[0]
    names = [files.file_name(run._replace(backend=name)) for name in ("cupy", "torch:cuda:1", "my.package:a/b")]
    assert names == ["cupy-cuda.json", "torch-cuda-1.json", "my.package-a-b.json"]


def test_the_fingerprint_is_of_what_is_tried(tmp_path: Path) -> None:
    shutil.copytree(fingerprints.SUITE, tmp_path / "suite", ignore=shutil.ignore_patterns("__pycache__"))
    copy = fingerprints.sources(tmp_path / "suite")
    names = {file.relative_to(tmp_path / "suite").as_posix() for file in copy}
    assert {"cases/boxes.py", "inputs/boxes.py", "reference/boxes.py", "families.py", "checks/numbers.py"} <= names
    assert "report/document.py" not in names
    assert fingerprints.fingerprint_of(copy, tmp_path / "suite") == report.fingerprint()
    file = tmp_path / "suite/cases/boxes.py"
    text = file.read_bytes()
    file.write_bytes(text.replace(b"\n", b"\r\n"))
    assert fingerprints.fingerprint_of(copy, tmp_path / "suite") == report.fingerprint()
    file.write_bytes(text + b"# changed\n")
    assert fingerprints.fingerprint_of(copy, tmp_path / "suite") != report.fingerprint()


# What a reader sees ---------------------------------------------------------------------------------------------------


def test_a_summary_of_all_modes() -> None:
    cells = words.worst_over_modes(built())
    assert words.summary(cells["giou", "numpy"]) == "1.2 / 2.0  5"
    assert words.summary(cells["giou", "array_api_strict"]) == "inf / -  1 of 2, 1 gap"
    assert words.summary(cells["ciou_loss", "numpy"]) == "9.0 / -  0 of 1"
    assert words.summary(cells.get(("ciou_loss", "array_api_strict"))) == "not run"


def test_a_failure_in_one_mode_is_one_of_all() -> None:
    failed = Result("numpy", "giou", "", "vmap", "float32", None, None, "other rows", "vmap")
    total = words.worst_over_modes(built([*RESULTS, failed, failed._replace(gap="known")]))["giou", "numpy"]
    assert (total.executed, total.failed, total.gaps) == (7, 1, 1)
    assert words.summary(total) == "1.2 / 2.0  5 of 7, 1 gap"


def test_second_derivatives_count_but_are_no_gradients() -> None:
    second = Result("numpy", "giou", "", "second", "float64", None, 50.0, None, "second derivative", used=0.9)
    total = words.worst_over_modes(built([*RESULTS, second]))["giou", "numpy"]
    assert words.summary(total) == "1.2 / 2.0  6"
    assert total.used == 0.9
    assert words.summary(cell(built([second]), "giou", "numpy", "second derivative")) == "- / 50.0  1"


@pytest.mark.parametrize(
    ("used", "colour"),
    [(None, "passed"), (0.0, "quarter"), (0.25, "quarter"), (0.4, "half"), (0.75, "most"), (1.0, "all")],
)
def test_the_colour_is_the_share_of_the_budget(used: float | None, colour: str) -> None:
    one = cell(built(), "giou", "numpy")._replace(used=used)
    assert words.colour(one) == colour
    assert words.colour(one._replace(gaps=1)) == "gap"
    assert words.colour(one._replace(gaps=1, failed=1)) == "failed"


def test_the_table_in_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    report.show(built(), plain=True)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "function   numpy            array_api_strict",
        "giou       1.2 / 2.0  5     inf / -  1 of 2, 1 gap",
        "ciou_loss  9.0 / -  0 of 1  not run",
    ]


def test_markdown() -> None:
    text = report.as_markdown(built())
    assert "| function | mode | numpy | array_api_strict |\n|---|---|---|---|\n| `giou` | eager | 1.2 / -  4 |" in text
    assert "| `giou` | layouts |  | - / -  1 |" in text
    assert "Not found: cupy, no driver." in text
    assert re.search(r"## Failures\n\n\* `numpy ciou_loss\(gate=0.5\)` float32, value \(eager\): value off by 9", text)
    assert "known (https://example.org/c)" in text.partition("## Known gaps")[2]
    assert "(stale)" not in text


def test_a_stale_report_shows_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    document = old(built())
    report.show(document, plain=True)
    assert "numpy (stale)" in capsys.readouterr().out
    assert "2020-01-01 00:00 (stale)" in report.as_markdown(document)
    assert ">stale</span>" in report.as_html(document)
    assert "2020-01-01 (stale)" in report.backends_table(document)
    assert ">stale</span>" not in report.as_html(built())


def test_html_holds_all_and_asks_for_nothing() -> None:
    text = report.as_html(built())
    assert "value off by 9 ULP &lt;b&gt;" in text
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text)
    assert text.index('id="failures"') < text.index('id="runs"') < text.index('id="matrix"')
    assert '<a href="https://example.org/c"' in text


# README and the committed reports -------------------------------------------------------------------------------------


def committed() -> Document:
    return report.merged(report.read(sorted((ROOT / "conformance/reports").glob("*.json"))))


def test_the_table_of_backends_in_readme_is_that_of_the_committed_reports() -> None:
    table = readme.between_marks((ROOT / "README.md").read_text(encoding="utf-8"))
    assert readme.unmarked(table) == readme.unmarked(report.backends_table(committed())), (
        "python -m conformance.report --readme README.md conformance/reports/*.json writes it anew"
    )


def test_committed_reports_are_of_what_is_tried_today() -> None:
    if stale := [run.backend for run in committed().runs if run.stale]:
        pytest.xfail(f"stale reports, of other cases than today's: {', '.join(stale)}")


def test_committed_reports_are_of_all_functions() -> None:
    assert [run.backend for run in committed().runs if run.filters or run.depth == "quick"] == []


def test_every_known_backend_has_a_line() -> None:
    lines = report.backends_table(built()).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [f"| {name}" for name in backends.KNOWN]
    assert lines[2].startswith(
        f"| numpy | {NUMPY.version} | cpu | {built().runs[0].date[:10]} | 2 | 6 | 1 | 0 | 9.0 | 1.2 |"
    )
    assert all("not measured" in line for line in lines[4:])


def test_a_readme_gets_the_table_between_its_marks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, stored = tmp_path / "README.md", tmp_path / "numpy.json"
    stored.write_text(report.as_json(built()), encoding="utf-8")
    file.write_text(f"before\n{readme.BEGIN}\nanything\n{readme.END}\nafter\n", encoding="utf-8")
    for _ in range(2):
        assert rendering.main(["--readme", str(file), str(stored)]) == 0
    table = report.backends_table(built())
    assert file.read_text(encoding="utf-8") == f"before\n{readme.BEGIN}\n\n{table}\n{readme.END}\nafter\n"
    file.write_text("no marks", encoding="utf-8")
    assert rendering.main(["--readme", str(file), str(stored)]) == 2
    assert readme.BEGIN in capsys.readouterr().err


def test_reports_are_put_together_in_any_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = [str(file) for file in report.write_each(old(built()), tmp_path)]
    forms = {form: tmp_path / f"out.{form}" for form in ("json", "html", "markdown")}
    assert rendering.main([*stored, *(word for form, file in forms.items() for word in (f"--{form}", str(file)))]) == 0
    assert "numpy: stale" in capsys.readouterr().err
    assert report.read([forms["json"]])[0].backends == ["numpy", "array_api_strict"]
    assert rendering.main([*stored, "--plain"]) == 0
    assert "inf / -  1 of 2, 1 gap" in capsys.readouterr().out
    assert rendering.main([str(tmp_path / "none.json")]) == 2
    assert "none.json: No such file" in capsys.readouterr().err


# The command ----------------------------------------------------------------------------------------------------------


def run(tmp_path: Path, *arguments: str) -> Document:
    file = tmp_path / "report.json"
    assert command.main([*arguments, "--plain", "--json", str(file)]) == 0
    return report.read([file])[0]


def test_a_report_names_the_worst_inputs_and_a_command_that_runs_just_that_again(tmp_path: Path) -> None:
    first = cell(run(tmp_path, "--backend", "numpy", "--function", "powerful_iou_loss", "--dtype", "float32"), *ONE)
    assert re.search(r"(value|gradient of \w+)( along .*)?; '.+': pred \(.+\), target \(", first.worst)
    assert first.used is not None
    assert 0 < first.used <= 1
    module, *arguments = shlex.split(first.command)[2:]
    assert module == "array_losses.conformance"
    again = cell(run(tmp_path, *arguments), *ONE)
    assert again.executed == 1
    assert again._replace(executed=0, value={}, gradient={}) == first._replace(executed=0, value={}, gradient={})
    assert len(again.value | again.gradient) == 1
    assert again.value.items() <= first.value.items()
    assert again.gradient.items() <= first.gradient.items()


ONE = ("powerful_iou_loss", "numpy")


def test_the_comparison_nearest_to_its_budget_is_kept_for_each_check() -> None:
    def off(trial: Trial, what: str, ulps: int, budget: float) -> float:
        return trial.close(what, [1 + ulps * 2.0**-23], [1], [1.0], budget)

    def first(trial: Trial) -> dict[str, float]:
        return {"value": max(off(trial, "near", 1, 9.0), off(trial, "nearest", 3, 4.0), off(trial, "far", 5, 100.0))}

    def second(trial: Trial) -> dict[str, float]:
        return {"value": off(trial, "later", 1, 8.0)}

    def third(trial: Trial) -> dict[str, float]:
        return {}

    checks = tuple(Check(run.__name__, run, dtypes=("float32",)) for run in (first, second, third))
    results = suite.run(array_losses, [NUMPY], ["giou"], checks)
    assert [(result.worst, result.used) for result in results] == [
        ("nearest, number 1 of 1", 0.75),
        ("later, number 1 of 1", 0.125),
        ("", None),
    ]


def test_knobs_survive_the_shell() -> None:
    for knobs in ("base='ciou', ratio=0.75", 'a="$x"', "gate=0.5", "", "it's", "'!'", "a b"):
        result = RESULTS[0]._replace(knobs=knobs, failure="off")
        words_again = shlex.split(built([result]).failures[0].command)
        assert words_again[words_again.index("--knobs") + 1] == knobs


def test_two_processes_find_the_same_as_one(tmp_path: Path) -> None:
    arguments = ["--backend", "numpy", "--function", "l1_loss", "--function", "entropy", "--quick"]
    one, two = run(tmp_path, *arguments, "--jobs", "1"), run(tmp_path, *arguments, "--jobs", "2")
    assert sorted(one.cells) == sorted(two.cells)
    assert one.functions == ["l1_loss", "entropy"]


def test_a_quick_run_leaves_out_rows_checks_and_knobs() -> None:
    jax = backends.find("jax")
    quick = list(plan.Plan("quick").run(NUMPY, "softmax_cross_entropy"))
    assert {result.knobs for result in quick} == {""}
    assert {"value", "gradient", "errors"} <= {result.check for result in quick} <= set(plan.QUICKLY)
    ordinary = next(case for case in CASES if case.name == "softmax_cross_entropy").family.ordinary("float64").names  # type: ignore[union-attr]
    (worst,) = (result.worst for result in quick if (result.check, result.dtype) == ("value", "float64"))
    assert any(repr(name) in worst for name in ordinary)
    assert "entropy" in plan.ALIKE
    assert [(r.check, r.dtype) for r in plan.Plan("quick").run(jax, "entropy")] == [
        ("value", "float32"),
        ("range", "float32"),
    ]
    only = plan.Plan("quick", Selection(checks=("range", "table"), dtypes=("float64",)))
    assert [(r.check, r.dtype) for r in only.run(NUMPY, "entropy")] == [("range", "float64")]


def test_knobs_and_modes_can_be_chosen(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "iou_loss")
    knobs = str(case.variants[1])
    document = run(tmp_path, "--backend", "numpy", "--function", case.name, "--knobs", knobs, "--mode", "layouts")
    assert document.modes == ["layouts"]
    assert document.runs[0].filters == {"functions": ["iou_loss"], "knobs": [knobs], "modes": ["layouts"]}


def test_long_parts_come_first() -> None:
    parts = [part.function for part in plan.chunks(plan.Plan(), [NUMPY])]
    assert sorted(parts) == sorted(suite.FUNCTIONS)
    assert parts.index("detr_loss") < parts.index("rotated_iou_loss") < parts.index("l1_loss")


def test_sets_of_knobs_have_their_own_words() -> None:
    for case in CASES:
        assert len({str(variant) for variant in case.variants}) == len(case.variants), case.name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--check", "valve"], "no such check: valve"),
        (["--mode", "turbo"], "no such mode: turbo"),
        (["--dtype", "float8"], "no such dtype: float8"),
        (["--knobs", "gate=9"], "no such knobs: gate=9"),
        (["--function", "iou", "--reports", "folder"], "--reports keeps reports of all functions"),
    ],
)
def test_what_does_not_exist_is_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_gap_is_no_failure_and_a_closed_one_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = Result("numpy", "iou", "", "value", "float32", 9.0, None, "value off by 9 ULP")
    complaints: list[str] = []

    def apply(results: Any, backends: Any) -> Any:
        return [result._replace(gap="known")], complaints

    monkeypatch.setattr(plan, "run", lambda parts, backends, jobs: iter([(parts[0], [result])]))
    monkeypatch.setattr(gaps, "apply", apply)
    assert command.main(["--backend", "numpy", "--plain"]) == 0
    assert "0 failed, 1 known gaps" in capsys.readouterr().out
    complaints.append("an entry that holds no more")
    assert command.main(["--backend", "numpy", "--plain"]) == 1
    assert "FAILED an entry that holds no more" in capsys.readouterr().out
    assert (
        command.main(["--backend", "numpy", "--plain", "--check", "value"]) == 0
    )  # it says nothing of what did not run
