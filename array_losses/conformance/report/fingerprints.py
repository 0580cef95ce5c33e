"""Which cases a report is of, in sixteen letters that do not depend on a commit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

SUITE = Path(__file__).parent.parent
FOLDERS = ("cases", "checks", "inputs", "reference")
FILES = ("criteria.py", "dual.py", "exact.py", "second.py", "trial.py", "ulp.py")


def sources(suite: Path = SUITE) -> list[Path]:
    """The files that decide what is tried, and what is right."""
    inside = (file for folder in FOLDERS for file in (suite / folder).rglob("*.py"))
    beside = (suite / name for name in FILES if (suite / name).exists())
    return sorted({*inside, *suite.glob("*families.py"), *beside})


def fingerprint_of(files: Iterable[Path], suite: Path = SUITE) -> str:
    """A hash over names and texts."""
    found = hashlib.sha256()
    for file in files:
        text = file.read_text(encoding="utf-8")  # whose line ends are the same everywhere
        found.update(f"{file.relative_to(suite).as_posix()}\0{text}\0".encode())
    return found.hexdigest()[:16]


@cache
def fingerprint() -> str:
    """That of the cases, inputs, references and checks that are installed here."""
    return fingerprint_of(sources())
