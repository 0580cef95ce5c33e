"""The report, and its table for people; `content` has it as JSON."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass, field
from typing import Any

from . import imports, machine, ours
from .contest import Row
from .contestants import BOUNDS
from .goals import Added
from .summary import place, standings
from .tasks import Effort
from .timing import Spread

HEAD = (
    "task",
    "size",
    "backend",
    "work",
    "ours ms",
    "fastest peer ms",
    "ratio",
    "quartiles",
    "x floor",
    "goal",
    "memory",
    "first calls s",
    "launches",
)
BUSY = 0.7  # load of an idle machine with a shell and its past minute
LEFT = {"task", "backend", "work", "fastest peer ms", "goal"}


@dataclass
class Report:
    """Everything that one run found."""

    effort: Effort
    rows: list[Row]
    hardware: dict[str, str]  # of each backend
    absent: dict[str, str]  # peers that could not be loaded, with the reason
    import_time: Spread | None = None
    load: float | None = None  # of the machine, before the first race
    bandwidth: dict[str, float] = field(default_factory=dict)  # of a copy by each backend, in bytes per second
    not_measured: dict[str, str] = field(default_factory=dict)  # backends that are not there, with the reason

    @property
    def sound(self) -> bool:
        return bool(self.rows) and all(row.sound for row in self.rows)


def show(report: Report) -> None:
    """Print the table: with rich in a terminal where it is installed, as plain text elsewhere."""
    if sys.stdout.isatty() and importlib.util.find_spec("rich") is not None:
        _show_rich(report)
    else:
        print(plain_table(report))
    for line in remarks(report):
        print(line)


def plain_table(report: Report) -> str:
    lines = [HEAD, *(cells(row) for row in report.rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    aligned = [
        "  ".join(
            text.ljust(width) if head in LEFT else text.rjust(width)
            for text, width, head in zip(line, widths, HEAD, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join((aligned[0], "-" * max(map(len, aligned)), *aligned[1:]))


def cells(row: Row) -> tuple[str, ...]:
    """One line of the table."""
    peer = row.fastest_peer
    ratio = row.ratios[peer] if peer else None
    return (
        row.task.title,
        " x ".join(f"{number:_}".replace("_", " ") for number in row.task.size),
        place(row.backend, row.device, row.task.call.compiled),
        "value+grad" if row.task.call.gradient else "value",
        _short(row.times[ours.NAME].median * 1e3) if ours.NAME in row.times else "failed",
        f"{_short(row.times[peer].median * 1e3):>5} {peer}" if peer else "none",
        f"{ratio.median:.2f}" if ratio else "",
        f"{ratio.lower:.2f}-{ratio.upper:.2f}" if ratio else "",
        f"{row.floors:.1f}" if row.floors else "",
        _goal_text(row),
        "/".join(f"{row.memory[name]:.1f}" for name in (ours.NAME, peer) if name and name in row.memory),
        "/".join(
            f"{row.first_call[name]:.1f}"
            for name in (ours.NAME, peer)
            if name and row.task.call.compiled and name in row.first_call
        ),
        "/".join(str(row.launches[name]) for name in (ours.NAME, peer) if name and row.launches.get(name) is not None),
    )


def remarks(report: Report) -> list[str]:
    """What the table has no column for."""
    lines = [
        "ratio: time of the peer over ours, round by round; first calls: ours/peer, only where compiled",
        "memory: what a call allocates until its peak, ours/peer, in sizes of the first input",
        "x floor: our time over that of moving inputs and results at the speed of a copy, for what memory bounds",
    ]
    if any(count is not None for row in report.rows for count in row.launches.values()):
        lines.append("launches: kernels of one call, ours/peer")
    else:
        lines.append("launches: kernels of one call, not measured: no race ran on a GPU")
    for row in report.rows:
        where = " ".join(cells(row)[:4])
        lines += [f"{where}: {name} failed: {reason}" for name, reason in row.failed.items()]
        lines += [f"{where}: {name} got another result: {row.differences[name]}" for name in row.disagreeing]
    raced = {name for row in report.rows for name in row.times}
    lines += [f"{name} is a bound, not a peer: {words}" for name, words in BOUNDS.items() if name in raced]
    lines += [f"{name} is absent: {reason}" for name, reason in report.absent.items()]
    lines += [f"{name} is not measured: {reason}" for name, reason in report.not_measured.items()]
    lines += [f"{name} copies {speed * 1e-9:.3g} GB/s, read and written" for name, speed in report.bandwidth.items()]
    lines += [
        f"geometric mean of the ratios, {name}: {found.geometric_mean:.2f} ({found.won} rows won, {found.lost} lost)"
        for name, found in standings(report.rows).items()
    ]
    goals = [row.reached for row in report.rows if row.task.goal is not None]
    lines.append(f"goals: {goals.count(True)} reached, {goals.count(False)} missed, {goals.count(None)} not raced")
    if report.import_time is not None:
        took = report.import_time
        verdict = "reached" if took.median <= imports.GOAL else "missed"
        lines.append(
            f"import array_losses: {_short(took.median * 1e3)} ms beyond NumPy's own"
            f" ({_short(took.lower * 1e3)}-{_short(took.upper * 1e3)}),"
            f" goal {imports.GOAL * 1e3:.0f} ms: {verdict}"
        )
    found = ", ".join(f"{name} {version}" for name, version in machine.versions().items() if version)
    place = machine.machine()
    if report.load is not None and report.load > BUSY:
        lines.append(f"the machine was busy (load {report.load} before the first race): do not trust these numbers")
    lines.append(f"{place['cpu']}, {place['cores']} cores, {place['python']}, {place['platform']}; {found}")
    return lines


def _show_rich(report: Report) -> None:
    console_module: Any = importlib.import_module("rich.console")
    table_module: Any = importlib.import_module("rich.table")
    console = console_module.Console(highlight=False)
    # A line may be wider than the terminal, but no cell is cut.
    console.width = max(console.width, *(len(line) + 3 * len(HEAD) for line in plain_table(report).splitlines()))
    table = table_module.Table(box=importlib.import_module("rich.box").SIMPLE_HEAD, pad_edge=False)
    for head in HEAD:
        table.add_column(head, justify="left" if head in LEFT else "right", no_wrap=True)
    for row in report.rows:
        colour = {True: "green", False: "red", None: None}[row.reached] if row.sound else "red"
        table.add_row(*cells(row), style=colour)
    console.print(table)


def _goal_text(row: Row) -> str:
    """The goal and what became of it; with the ratio to its peer where that is not the fastest one."""
    goal = row.task.goal
    if goal is None:
        return ""
    verdict = {True: "reached", False: "missed", None: "not raced"}[row.reached]
    if isinstance(goal, Added):
        took = "" if row.added is None else f", {row.added.median * 1e6:.1f}"
        return f"adds ≤ {goal.seconds * 1e6:.0f} us {verdict}{took}"
    if goal.against is None or goal.against == row.fastest_peer:
        return f"≥ {goal.ratio} {verdict}"
    ratio = row.ratios.get(goal.against)
    return f"≥ {goal.ratio} {verdict}, {goal.against}{f' {ratio.median:.2f}' if ratio else ''}"


def _short(number: float) -> str:
    return f"{number:.3g}" if number < 999.5 else f"{number:.0f}"
