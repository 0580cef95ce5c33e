"""What a fault is."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """A wrong line: where it goes, what it replaces, and the functions in which it must be noticed."""

    name: str
    file: str
    right: str
    wrong: str
    functions: tuple[str, ...]
    backend: str = "numpy"
    """On which it is noticed."""
    checks: tuple[str, ...] = ()
    """The names of the checks that notice it, if they are not those of numbers, reductions and arguments."""
