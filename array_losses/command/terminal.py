"""Titles, lines and tables on a terminal or in a pipe.

rich draws them where it is installed: it knows which colours and lines a terminal can show. It is an extra
(`array-losses[cli]`) and no requirement, because most who install the losses never call the command. Without it
and in a pipe the same blocks come out as plain columns.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from io import TextIOWrapper
from typing import Literal, TypeAlias

Tone: TypeAlias = Literal["title", "plain", "good", "bad"]

_GAP = 2


@dataclass(frozen=True)
class Line:
    """A paragraph."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Table:
    """A first column of names, and further ones of text or (set to the right) numbers."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: bool = False
    bad: frozenset[int] = frozenset()
    """The rows that stand out."""

    @property
    def widths(self) -> list[int]:
        return [max(map(len, column)) for column in zip(self.headings, *self.rows, strict=True)]

    def folded(self, width: int) -> Iterator[Table]:
        """The same table in as many pieces as fit in the width, each with the column of names."""
        name, *others = self.widths
        columns: list[int] = []
        used = name
        for column, needed in enumerate(others, start=1):
            if columns and used + _GAP + needed > width:
                yield self._only([0, *columns])
                columns, used = [], name
            columns.append(column)
            used += _GAP + needed
        yield self._only([0, *columns])

    def _only(self, columns: Sequence[int]) -> Table:
        headings, *rows = [[row[column] for column in columns] for row in (self.headings, *self.rows)]
        return Table(headings, rows, self.numbers, self.bad)


Block: TypeAlias = Line | Table


def show(blocks: Sequence[Block]) -> None:
    """Print the blocks to the standard output, at most as wide as the terminal; 80 columns in a pipe."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file may be named in letters that the terminal lacks
    width = shutil.get_terminal_size((80, 24)).columns
    if find_spec("rich") is None or not _show_rich(blocks, width):
        print("\n".join(plain(blocks, width)), flush=True)


def plain(blocks: Sequence[Block], width: int) -> Iterator[str]:
    """The lines of the blocks as plain text."""
    for block in blocks:
        if isinstance(block, Table):
            for table in block.folded(width):
                yield from _plain_table(table)
        else:
            yield from textwrap.wrap(block.text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _plain_table(table: Table) -> Iterator[str]:
    widths = table.widths
    for row in (table.headings, ["-" * width for width in widths], *table.rows):
        cells = [
            cell.rjust(width) if table.numbers and column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield (" " * _GAP).join(cells).rstrip()


def _show_rich(blocks: Sequence[Block], width: int) -> bool:
    """Whether the standard output is a terminal, where the blocks then stand."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console(width=width, highlight=False)
    if not console.is_terminal:
        return False
    styles = {"title": "bold", "plain": "", "good": "green", "bad": "bold red"}
    for block in blocks:
        if isinstance(block, Line):
            console.print(Text(block.text, styles[block.tone]))
            continue
        for piece in block.folded(width):
            table = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0))
            for column, heading in enumerate(piece.headings):
                table.add_column(heading, justify="right" if piece.numbers and column else "left", no_wrap=True)
            for index, row in enumerate(piece.rows):
                table.add_row(*map(Text, row), style=styles["bad"] if index in piece.bad else "")
            console.print(table)
    return True
