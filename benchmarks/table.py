"""Committed results as a table in a Markdown page: ``python -m benchmarks.table README.md benchmarks/results/*.json``.

What stands between `<!-- race -->` and `<!-- /race -->` is written anew. Rows are thinned: every row that we lose, and
of each subject, backend and mode the largest size, with gradient where it has one. The means count all rows with a
peer.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from . import ours
from .summary import OVERALL, place

OPENING, CLOSING = "<!-- race -->", "<!-- /race -->"
HEAD = ("subject", "size", "called", "work", "ours ms", "fastest peer", "its ms", "ratio", "x floor")
RULE = "those lost (in bold), and of each subject and way of calling the largest size"
LEFT = {"subject", "called", "work", "fastest peer"}

Content = dict[str, Any]  # a report, or a row of it, as `content.py` writes it


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0, or 1 where the page has no markers or a file is no report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table", description="Write results into a page.")
    parser.add_argument("page", type=Path, help="a Markdown file with the two markers")
    parser.add_argument("results", type=Path, nargs="+", help="reports of `python -m benchmarks --json FILE`")
    options = parser.parse_args(arguments)
    try:
        reports = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in options.results}
        text = "\n\n".join(section(name, report) for name, report in reports.items())
        options.page.write_text(between_markers(options.page.read_text(encoding="utf-8"), text), encoding="utf-8")
    except (KeyError, OSError, ValueError) as error:
        print(f"benchmarks.table: {error}", file=sys.stderr)
        return 1
    return 0


def between_markers(page: str, text: str) -> str:
    """The page with `text` between its markers."""
    before, opening, rest = page.partition(OPENING)
    _, closing, after = rest.partition(CLOSING)
    if not (opening and closing):
        raise ValueError(f"the page has no {OPENING} ... {CLOSING}")
    return f"{before}{OPENING}\n{text}\n{CLOSING}{after}"


def section(name: str, report: Content) -> str:
    """One report: the means, the rows that we lose, the thinned table, and where it was made."""
    rows = [row for row in report["rows"] if row["fastest_peer"] is not None]
    lost = [row for row in rows if is_lost(row)]
    shown = thinned(rows)
    parts = [
        f"Run `{name}`, {report['date'][:10]}, commit {str(report['commit'])[:12]}: {_machine(report)}.",
        _means(report["summary"]),
        f"We lose {len(lost)} of {len(rows)} rows" + (":" if lost else "."),
        *([_table(lost, mark=False)] if lost else []),
        f"<details><summary>{len(shown)} of {len(rows)} rows: {RULE}</summary>",
        _table(shown, mark=True),
        "</details>",
        _versions(report),
    ]
    return "\n\n".join(parts)


def is_lost(row: Content) -> bool:
    return bool(row["ratios"][row["fastest_peer"]]["median"] < 1)


def thinned(rows: Iterable[Content]) -> list[Content]:
    """All lost rows, and the largest of each subject, backend and mode, with gradient where there is one."""
    rows = list(rows)
    largest: dict[tuple[str, str], Content] = {}
    for row in rows:
        key = row["task"], _place(row)
        if key not in largest or _weight(row) >= _weight(largest[key]):
            largest[key] = row
    kept = {id(row) for row in largest.values()}
    return [row for row in rows if id(row) in kept or is_lost(row)]


def _weight(row: Content) -> tuple[bool, int]:
    return row["work"] == "value+gradient", math.prod(row["size"])


def _place(row: Content) -> str:
    return place(row["backend"], row["device"], row["mode"] == "compiled")


def _means(summary: Content) -> str:
    lines = [(name, f"{at['geometric_mean']:.2f}", str(at["won"]), str(at["lost"])) for name, at in summary.items()]
    lines = [("**all**" if line[0] == OVERALL else line[0], *line[1:]) for line in lines]
    return _markdown(("called", "fastest peer / ours, geometric mean", "rows won", "rows lost"), lines, {"called"})


def _table(rows: Iterable[Content], mark: bool) -> str:
    return _markdown(HEAD, [_cells(row, mark and is_lost(row)) for row in rows], LEFT)


def _cells(row: Content, bold: bool) -> tuple[str, ...]:
    peer = row["fastest_peer"]
    ratio = f"{row['ratios'][peer]['median']:.2f}"
    return (
        row["task"],
        " x ".join(f"{number:_}".replace("_", " ") for number in row["size"]),
        _place(row),
        row["work"],
        f"{row['times'][ours.NAME]['median_ms']:.3g}",
        peer,
        f"{row['times'][peer]['median_ms']:.3g}",
        f"**{ratio} lost**" if bold else ratio,
        "" if row["x_floor"] is None else f"{row['x_floor']:.1f}",
    )


def _markdown(head: Sequence[str], lines: Iterable[Sequence[str]], left: set[str]) -> str:
    rule = ["---" if name in left else "---:" for name in head]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))


def _machine(report: Content) -> str:
    found = report["machine"]
    hardware = ", ".join(f"{name} on {device}" for name, device in found["hardware"].items())
    speeds = ", ".join(f"{name} {speed:.3g}" for name, speed in report["copy_gb_per_s"].items())
    return f"{found['cpu']}, {found['cores']} cores ({hardware}), copies in GB/s: {speeds}"


def _versions(report: Content) -> str:
    found = ", ".join(f"{name} {version}" for name, version in report["versions"].items() if version)
    missing = "".join(f" Not measured: {name} ({reason})." for name, reason in report["not_measured"].items())
    return f"{report['machine']['python']}, {found}.{missing}"


if __name__ == "__main__":
    sys.exit(main())
