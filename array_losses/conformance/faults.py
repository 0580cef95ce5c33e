"""Sabotages of the library, one line each: the suite must turn red for every one of them.

`python -m conformance.faults` plants them one after the other in a copy of the package and says what noticed each.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .backends import find
from .checks import ARGUMENTS, BATCHES, REGIONS, TABLES
from .planted import FAULTS, Fault
from .suite import QUICK, Result, execute

__all__ = ["FAULTS", "Fault", "NotPlantedError", "first_failure", "main", "noticed", "planted"]

CHECKS = QUICK + TABLES + BATCHES + ARGUMENTS + REGIONS


class NotPlantedError(Exception):
    """The line that a fault replaces is not in the library exactly once."""


def source() -> Path:
    """The folder of the library that is tested."""
    found = importlib.util.find_spec("array_losses")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


@contextmanager
def planted(fault: Fault) -> Iterator[Any]:
    """The library with the fault, imported from a copy; the library itself is back afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        package = shutil.copytree(
            source(), Path(folder) / "array_losses", ignore=shutil.ignore_patterns("__pycache__", "conformance")
        )
        file = package / fault.file
        text = file.read_text(encoding="utf-8")
        if text.count(fault.right) != 1:
            raise NotPlantedError(f"{fault.file} holds {fault.right!r} {text.count(fault.right)} times, not once")
        file.write_text(text.replace(fault.right, fault.wrong), encoding="utf-8")
        kept = _forget()
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        try:
            yield importlib.import_module("array_losses")
        finally:
            sys.path.remove(folder)
            _forget()
            sys.modules.update(kept)


def _forget() -> dict[str, Any]:
    names = [name for name in sys.modules if name.partition(".")[0] == "array_losses" and not _of_suite(name)]
    return {name: sys.modules.pop(name) for name in names}


def _of_suite(name: str) -> bool:
    return name.startswith(("array_losses.conformance", "array_losses.testing"))


def noticed(fault: Fault) -> dict[str, Result | None]:
    """For each function in which the fault must be noticed, the first check that failed on NumPy."""
    with planted(fault) as library:
        return {function: first_failure(library, function) for function in fault.functions}


def first_failure(library: Any, function: str) -> Result | None:
    """The first check of a function that fails on NumPy."""
    results = execute(library, [find("numpy")], [function], CHECKS)
    return next((result for result in results if result.failure is not None), None)


def main() -> int:
    """Exit status 1 if a fault went unnoticed."""
    unnoticed = 0
    for fault in FAULTS:
        for function, result in noticed(fault).items():
            unnoticed += result is None
            print(f"{fault.name}: {result or f'NOT NOTICED in {function}'}"[:200])
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
