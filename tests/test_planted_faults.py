"""A suite that cannot fail proves nothing: one wrong line in the library, and it must turn red."""

from __future__ import annotations

import sys

import pytest

import array_losses
from array_losses.conformance import faults
from array_losses.conformance.cases import CASES


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
    assert len({(fault.file, fault.right, fault.wrong) for fault in faults.FAULTS}) == len(faults.FAULTS) >= 10
    assert {fault.file.partition("/")[0] for fault in faults.FAULTS} >= {"measures", "losses", "_reduce.py"}
    planted = {function for fault in faults.FAULTS for function in fault.functions}
    assert len(planted) >= 30
    assert planted <= {case.name for case in CASES}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_without_a_fault_all_is_green() -> None:
    """The red above comes from the fault, not from the copy."""
    nothing = faults.Fault("none", "_reduce.py", "def reduce_rows(", "def reduce_rows(", ())
    with faults.planted(nothing) as library:
        assert library is not array_losses
        for case in CASES:
            assert faults.first_failure(library, case.name) is None


def test_the_library_is_back_afterwards() -> None:
    with faults.planted(faults.FAULTS[0]):
        assert sys.modules["array_losses"] is not array_losses
    assert sys.modules["array_losses"] is array_losses


def test_a_line_that_is_gone_is_an_error() -> None:
    gone = faults.FAULTS[0]._replace(right="a line that never was")
    with pytest.raises(faults.NotPlantedError, match="0 times, not once"):
        faults.noticed(gone)
