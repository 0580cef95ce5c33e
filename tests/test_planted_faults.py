"""A suite that cannot fail proves nothing: one wrong line in the library, and it must turn red."""

from __future__ import annotations

import re
import sys

import pytest

import array_losses
from array_losses.conformance import faults
from array_losses.conformance.cases import CASES
from array_losses.conformance.criteria import NAMES


def test_every_fault_has_its_line_in_the_library() -> None:
    """Said in a moment, for all of them at once, what planting one after the other says in minutes."""
    texts = {fault.file: (faults.source() / fault.file).read_text(encoding="utf-8") for fault in faults.FAULTS}
    assert [fault.name for fault in faults.FAULTS if texts[fault.file].count(fault.right) != 1] == []


@pytest.mark.parametrize("fault", faults.FAULTS, ids=lambda fault: fault.name)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_fault_is_noticed(fault: faults.Fault) -> None:
    for function, result in faults.noticed(fault).items():
        assert result is not None, f"nothing noticed it in {function}"


def test_there_are_enough_and_none_twice() -> None:
    assert len({(fault.file, fault.right, fault.wrong) for fault in faults.FAULTS}) == len(faults.FAULTS) >= 150
    assert {fault.file.partition("/")[0] for fault in faults.FAULTS} >= {"measures", "losses", "_reduce.py"}
    planted = {function for fault in faults.FAULTS for function in fault.functions}
    assert len(planted) >= 30
    assert planted <= {case.name for case in CASES} | set(NAMES)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_without_a_fault_all_is_green() -> None:
    """The red above comes from the fault, not from the copy: a function for each file, on ordinary rows."""
    nothing = faults.Fault("none", "_reduce.py", "def reduce_rows(", "def reduce_rows(", ())
    functions = {fault.file: fault.functions[0] for fault in faults.FAULTS}
    assert len(functions) > 40
    with faults.planted(nothing) as library:
        assert library is not array_losses
        for function in set(functions.values()):
            assert faults.first_failure(library, function, few_rows=True) is None


def test_few_rows_can_fail() -> None:
    fault = next(fault for fault in faults.FAULTS if fault.name == "CIoU = DIoU + alpha v")
    with faults.planted(fault) as library:
        assert faults.first_failure(library, "ciou", few_rows=True) is not None


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--list", "--plain"], 0, "CIoU = DIoU + alpha v"),
        (["--plain", "CIoU = DIoU + alpha v"], 0, "1 faults in 2 functions, 0 not noticed"),
        (["no such fault"], 2, "no fault has 'no such fault' in its name"),
    ],
)
def test_command(arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert faults.main(arguments) == status
    assert said in "".join(capsys.readouterr())


def test_a_fault_that_goes_unnoticed_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    harmless = faults.Fault("harmless", "_reduce.py", "def reduce_rows(", "def reduce_rows(", ("l1_loss",))
    monkeypatch.setattr(faults, "FAULTS", (harmless,))
    assert faults.main(["--plain"]) == 1
    assert re.search(r"harmless +l1_loss +NOT NOTICED", capsys.readouterr().out)


def test_the_library_is_back_afterwards() -> None:
    with faults.planted(faults.FAULTS[0]):
        assert sys.modules["array_losses"] is not array_losses
    assert sys.modules["array_losses"] is array_losses


def test_a_line_that_is_gone_is_an_error() -> None:
    gone = faults.FAULTS[0]._replace(right="a line that never was")
    with pytest.raises(faults.NotPlantedError, match="0 times, not once"):
        faults.noticed(gone)
