"""The strict registry of known gaps: what it marks, and when it complains."""

from __future__ import annotations

import pytest

from array_losses.conformance import backends, gaps
from array_losses.conformance.backends import Backend, Gap
from array_losses.conformance.result import Result


class Unknown(Backend):
    library = "made_up"


def result(function: str, check: str, failure: str | None, dtype: str = "float32", name: str = "made_up") -> Result:
    return Result(name, function, "", check, dtype, None, None, failure)


RESULTS = [
    result("iou", "value", "no sort here"),
    result("iou", "gradient", None),
    result("giou", "value", None),
    result("giou", "value", "off by 9 ULP", dtype="float64"),
    result("giou", "value", "no sort here", name="numpy"),
]


def applied(*entries: Gap, results: list[Result] = RESULTS) -> tuple[list[str], list[str]]:
    """The gaps that results were marked with, and the complaints."""

    class WithGaps(Unknown):
        gaps = entries

    marked, complaints = gaps.apply(results, [WithGaps()])
    assert [found._replace(gap="") for found in marked] == results
    return [found.gap for found in marked], complaints


def test_a_known_failure_is_marked_with_its_reason_and_link() -> None:
    marks, complaints = applied(Gap("it cannot sort", "https://example.org/1", functions=("iou",), checks=("value",)))
    assert marks == ["it cannot sort (https://example.org/1)", "", "", "", ""]
    assert complaints == []


def test_a_gap_is_limited_to_its_dtypes_words_and_backend() -> None:
    assert applied(Gap("r", "l", functions=("giou",), dtypes=("float64",)))[0] == ["", "", "", "r (l)", ""]
    assert applied(Gap("r", "l", functions=("giou",), dtypes=("float32",)))[0] == [""] * 5
    assert applied(Gap("r", "l", says="sort", functions=("iou",)))[0] == ["r (l)", "", "", "", ""]
    assert applied(Gap("r", "l", says="sort", functions=("iou",), backend="made_up:*")) == ([""] * 5, [])
    assert applied(Gap("r", "l", functions=("giou",), dtypes=("float64",), knobs="gate=*"))[0] == [""] * 5


def test_an_unexpected_pass_is_a_complaint() -> None:
    marks, (complaint,) = applied(Gap("r", "l", functions=("iou",)))
    assert marks[0] == "r (l)"
    first = "iou passed 1 checks that should fail, the first iou() float32, gradient; narrow or remove the entry"
    assert complaint == f"made_up, known gap 'r': {first}"


def test_with_words_passing_checks_are_no_part_of_a_gap() -> None:
    assert applied(Gap("r", "l", says="no sort", functions=("iou",)))[1] == []


def test_a_gap_that_does_not_show_is_a_complaint_for_each_function_that_ran() -> None:
    entry = Gap("r", "l", says="no sort", functions=("iou", "giou", "diou"))
    marks, complaints = applied(entry)
    assert marks == ["r (l)", "", "", "", ""]
    assert complaints == ["made_up, known gap 'r': giou ran without failing so; remove it from the entry"]
    assert applied(Gap("r", "l", functions=("iou",), checks=("vmap",)))[1] == [
        "made_up, known gap 'r': iou ran without failing so; remove it from the entry"
    ]


def test_a_gap_of_no_function_at_all_is_a_complaint() -> None:
    assert applied(Gap("r", "l", functions=("uoi",)))[1] == ["made_up, known gap 'r': uoi is no function of the suite"]


def test_gaps_of_the_known_libraries_come_from_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "GAPS", (Gap("r", "l", functions=("giou",), backend="numpy*"),))
    marked, complaints = gaps.apply(RESULTS, [backends.find("numpy"), Unknown()])
    assert [found.gap for found in marked] == ["", "", "", "", "r (l)"]
    assert complaints == []
    assert gaps.apply(RESULTS, [Unknown()]) == (RESULTS, [])


def test_the_first_entry_that_explains_a_failure_is_its_reason() -> None:
    entries = Gap("a", "l", says="no", functions=("iou",)), Gap("b", "l", says="sort", functions=("iou",))
    assert applied(*entries) == (["a (l)", "", "", "", ""], [])


def test_every_gap_has_a_reason_and_a_link() -> None:
    for gap in gaps.GAPS:
        assert gap.reason
        assert gap.link.startswith("https://")
        assert gap.backend != "*"
