"""Sabotages of the library, one line each: the suite must turn red for every one of them.

`python -m conformance.faults` plants them one after the other in a copy of the package and says what noticed each;
with `--list` it says what they are.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from . import criteria
from .backends import find
from .checks import ARGUMENTS, BATCHES, REGIONS, TABLES
from .planted import FAULTS, Fault
from .screen import progress, show
from .suite import ALL, QUICK, Result, execute

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
        return {
            function: first_failure(library, function, backend=fault.backend, names=fault.checks)
            for function in fault.functions
        }


def first_failure(
    library: Any, function: str, few_rows: bool = False, backend: str = "numpy", names: tuple[str, ...] = ()
) -> Result | None:
    """The first check of a function that fails on a backend, of all checks those with certain `names`; with `few_rows`,
    of those that eight ordinary rows are enough for."""
    checks = tuple(check for check in ALL if check.name in names) or (QUICK if few_rows else CHECKS)
    with _criteria_of(library):
        results = execute(library, [find(backend)], [function], checks, few_rows=few_rows)
        return next((result for result in results if result.failure is not None), None)


@contextmanager
def _criteria_of(library: Any) -> Iterator[None]:
    """Detection criteria, which are tried beside the table of cases, are those of the library."""
    detection = importlib.import_module("array_losses.detection")
    with mock.patch.object(criteria, "detection", detection), mock.patch.object(criteria, "array_losses", library):
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 if a fault went unnoticed, 2 if none has that name."""
    options = _parser().parse_args(arguments)
    chosen = [fault for fault in FAULTS if options.name in fault.name]
    if not chosen:
        print(f"no fault has {options.name!r} in its name", file=sys.stderr)
        return 2
    if options.list:
        show(("name", "file", "functions"), [(f.name, f.file, ", ".join(f.functions)) for f in chosen], options.plain)
        return 0
    lines, unnoticed = [], 0
    with progress(len(chosen), options.plain) as advance:
        for fault in chosen:
            found = noticed(fault)
            unnoticed += sum(result is None for result in found.values())
            advance(fault.name, f"{unnoticed} not noticed")
            lines += [(fault.name, name, _noticed_by(result)) for name, result in found.items()]
    show(("fault", "function", "noticed by"), lines, options.plain)
    print(f"{len(chosen)} faults in {len(lines)} functions, {unnoticed} not noticed")
    return 1 if unnoticed else 0


def _parser() -> argparse.ArgumentParser:
    description = "Plant wrong lines in a copy of the library, one after the other: the suite must notice each."
    parser = argparse.ArgumentParser(prog="python -m array_losses.conformance.faults", description=description)
    parser.add_argument("name", nargs="?", default="", help="only faults with this in their name")
    parser.add_argument("--list", action="store_true", help="plant nothing, show what there is")
    parser.add_argument("--plain", action="store_true", help="print plain text even if rich is installed")
    return parser


def _noticed_by(result: Result | None) -> str:
    return f"{result.check}, {result.dtype}: {(result.failure or '')[:100]}" if result else "NOT NOTICED"


if __name__ == "__main__":
    sys.exit(main())
