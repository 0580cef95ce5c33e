"""Tables and a bar on a terminal: by rich where it is installed, plain where it is not, or where that is wanted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

Advance = Callable[[str, str], None]


def show(header: Sequence[str], lines: Sequence[Sequence[str]], plain: bool = False, title: str = "") -> None:
    """Print a table."""
    try:
        if plain:
            raise ImportError
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        if title:
            print(title)
        widths = [max(len(line[column]) for line in (header, *lines)) for column in range(len(header))]
        for line in (header, *lines):
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        return
    grid = Table(*header, title=title or None)
    for line in lines:
        grid.add_row(*map(Text, line))
    width = None if sys.stdout.isatty() else 40 + 30 * len(header)
    Console(width=width).print(grid)


@contextmanager
def progress(total: int, plain: bool = False) -> Iterator[Advance]:
    """A function to call for each of so many parts when it is done: its name, and what to say of all so far.

    The bar goes to the stream of errors; nothing is shown where that is no terminal, or without rich.
    """
    try:
        if plain:
            raise ImportError
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError:
        yield lambda name, counts: None
        return
    console = Console(stderr=True)
    words = TextColumn("{task.fields[counts]}; {task.description}", markup=False)
    columns = BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), words
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total, counts="")
        yield lambda name, counts: bar.update(task, advance=1, description=name, counts=counts)
