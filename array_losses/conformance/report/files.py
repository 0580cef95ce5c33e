"""Documents as JSON: one line a cell, so that two reports can be compared line by line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..cases import Budget
from .document import SCHEMA, Broken, Cell, Document, Run
from .merging import split


class ReportError(ValueError):
    """A file that is no report, or of another schema."""


def as_json(document: Document) -> str:
    """The document; numbers that are not finite as text, which JSON knows no other way to hold."""
    parts: dict[str, Any] = {
        "schema": SCHEMA,
        "runs": [run._asdict() for run in document.runs],
        "missing": document.missing,
        "budgets": {name: budget._asdict() for name, budget in document.budgets.items()},
        "failures": [found._asdict() for found in document.failures],
        "gaps": [found._asdict() for found in document.gaps],
        "cells": [cell._asdict() for cell in document.cells],
    }
    return "{\n" + ",\n".join(f"{_line(name)}: {_lines(part)}" for name, part in parts.items()) + "\n}\n"


def _lines(part: Any) -> str:
    if isinstance(part, list) and part:
        return "[\n " + ",\n ".join(map(_line, part)) + "\n]"
    if isinstance(part, dict) and part:
        return "{\n " + ",\n ".join(f"{_line(name)}: {_line(entry)}" for name, entry in part.items()) + "\n}"
    return _line(part)


def _line(part: Any) -> str:
    return json.dumps(_spelled(part), allow_nan=False, separators=(",", ":"))


def _spelled(part: Any) -> Any:
    """Numbers with four digits, those that are not finite as text."""
    if isinstance(part, float):
        return float(f"{part:.4g}") if math.isfinite(part) else str(part)
    if isinstance(part, dict):
        return {name: _spelled(entry) for name, entry in part.items()}
    return [_spelled(entry) for entry in part] if isinstance(part, list | tuple) else part


def from_json(text: str, name: str = "report") -> Document:
    """The document of a file; raises `ReportError` with the file's name."""
    try:
        parts = json.loads(text)
        if parts["schema"] != SCHEMA:
            raise ReportError(f"{name}: schema {parts['schema']}, not {SCHEMA}")
        return Document(
            tuple(Run(**run) for run in parts["runs"]),
            parts["missing"],
            {function: _budget(budget) for function, budget in parts["budgets"].items()},
            tuple(_cell(cell) for cell in parts["cells"]),
            tuple(Broken(**found) for found in parts["failures"]),
            tuple(Broken(**found) for found in parts["gaps"]),
        )
    except (KeyError, TypeError, json.JSONDecodeError) as problem:
        raise ReportError(f"{name}: not a report ({type(problem).__name__}: {problem})") from None


def _budget(entries: dict[str, Any]) -> Budget:
    given: dict[str, Any] = {
        name: tuple(entry) if isinstance(entry, list) else entry for name, entry in entries.items()
    }
    return Budget(**given)


def _cell(cell: dict[str, Any]) -> Cell:
    errors = {what: {dtype: float(number) for dtype, number in cell[what].items()} for what in ("value", "gradient")}
    used = cell["used"]
    return Cell(**cell | errors | {"used": None if used is None else float(used)})


def read(files: Iterable[Path]) -> list[Document]:
    documents = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as problem:
            raise ReportError(f"{file}: {problem.strerror}") from None
        documents.append(from_json(text, str(file)))
    return documents


def file_name(run: Run) -> str:
    """`LIBRARY-DEVICE.json`, of a backend called `LIBRARY:DEVICE`; the processor is the device that has no name."""
    library, _, device = run.backend.partition(":")
    return re.sub(r"[^\w.-]+", "-", f"{library}-{device or HOME.get(library, 'cpu')}") + ".json"


HOME = {"cupy": "cuda"}
"""Libraries whose first device is not the processor."""


def write_each(document: Document, folder: Path) -> list[Path]:
    """A file for each backend and device."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for part in split(document):
        files.append(folder / file_name(part.runs[0]))
        files[-1].write_text(as_json(part), encoding="utf-8")
    return files
