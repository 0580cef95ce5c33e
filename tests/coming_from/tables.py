"""What a page about a project holds: calls as a user writes them, and by how much they differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple


class Input(NamedTuple):
    array: Any
    description: str


class Row(NamedTuple):
    """A difference is the largest one of two results, divided by the largest number of theirs.

    What is said may be up to ten times too much, and not too little; 0 stands for rounding alone.
    """

    theirs: str
    ours: str
    differs: str = ""
    by: str = ""
    """The array to differentiate the sum by; "" where one of both has no gradient."""
    value: float = 0.0
    gradient: float | None = None
    """If not that of the value."""
    both: tuple[float, float] | None = None
    """Their number and ours instead, where a case is shown in which they are not close."""
    single: bool = False
    """In float32, where the project knows nothing else."""

    @property
    def slope(self) -> float:
        return self.value if self.gradient is None else self.gradient

    @property
    def how_much(self) -> str:
        if self.both is not None:
            return f"{_number(self.both[0])}, ours {_number(self.both[1])}"
        text = _figure(self.value)
        if not self.by:
            text = f"value {text}"
        elif self.slope != self.value:
            text = f"value {text}, gradient {_figure(self.slope)}"
        return f"{text} in float32" if self.single else text


def _figure(x: float) -> str:
    """One digit of a difference."""
    if x == 0.0:
        return "equal"
    mantissa, exponent = f"{x:.0e}".split("e")
    return f"{x:.1g}" if x >= 1e-3 else f"{mantissa}e{int(exponent)}"


def _number(x: float) -> str:
    return "NaN" if math.isnan(x) else "infinite" if math.isinf(x) else f"{x:.4g}"


class Table(NamedTuple):
    inputs: Mapping[str, Input]
    rows: tuple[Row, ...]
    library: str = "torch"


class Page(NamedTuple):
    project: str
    file: str
    version: str
    """The last one that it was measured with."""
    load: Callable[[], Mapping[str, Any]]
    """Its functions by name; an `ImportError` where it is not installed."""
    tables: Mapping[str, Table]

    @property
    def rows(self) -> Iterator[tuple[str, Row]]:
        return ((name, row) for name, table in self.tables.items() for row in table.rows)
