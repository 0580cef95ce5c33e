"""Committed results as a table in a Markdown page: ``python -m benchmarks.table README.md benchmarks/results/*.json``.

What stands between `<!-- race -->` and `<!-- /race -->` is written anew: of each report and way of calling the
geometric mean of all rows with a peer; every row that we lose; of each subject and way of calling the largest size,
with gradient where it has one.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import ours
from .summary import OVERALL, Standing, place

OPENING, CLOSING = "<!-- race -->", "<!-- /race -->"
HEAD = ("subject", "size", "called", "work", "ours ms", "fastest peer", "its ms", "ratio", "x floor")
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
        text = between_markers(options.page.read_text(encoding="utf-8"), section(reports))
        options.page.write_text(text, encoding="utf-8")
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


def section(reports: Mapping[str, Content]) -> str:
    """Where the reports were made, the means, the rows that we lose, the largest rows."""
    rows = {name: [row for row in made["rows"] if row["fastest_peer"] is not None] for name, made in reports.items()}
    added = [row for made in reports.values() for row in made["rows"] if row["added_us"] is not None]
    everything = [row for found in rows.values() for row in found]
    lost = [row for row in everything if is_lost(row)]
    parts = [
        *_said_once(f"{_when(report)}: {_machine(report)}." for report in reports.values()),
        _means(rows),
        *([_added(added)] if added else []),
        *_folded(f"The {len(lost)} of {len(everything)} rows that we lose", lost),
        *_folded("Of each subject and way of calling the largest size", largest(everything)),
        *_said_once(_versions(report) for report in reports.values()),
    ]
    return "\n\n".join(parts)


def _said_once(sentences: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sentences))


def _folded(summary: str, rows: Sequence[Content]) -> list[str]:
    table = _markdown(HEAD, [_cells(row) for row in rows], LEFT)
    return [f"<details><summary>{summary}</summary>", table, "</details>"] if rows else []


def is_lost(row: Content) -> bool:
    return bool(row["ratios"][row["fastest_peer"]]["median"] < 1)


def largest(rows: Iterable[Content]) -> list[Content]:
    """The largest of each subject, backend and mode, with gradient where there is one."""
    found: dict[tuple[str, str], Content] = {}
    for row in rows:
        key = row["task"], _place(row)
        if key not in found or _weight(row) >= _weight(found[key]):
            found[key] = row
    return list(found.values())


def _weight(row: Content) -> tuple[bool, int]:
    return row["work"] == "value+gradient", math.prod(row["size"])


def _place(row: Content) -> str:
    return place(row["backend"], row["device"], row["mode"] == "compiled")


def _means(rows: Mapping[str, Sequence[Content]]) -> str:
    """A line for each report that has rows, a column for each way of calling."""
    given = {name: found for name, found in rows.items() if found}
    lines = [
        *given.items(),
        *([("**all**", [row for found in given.values() for row in found])] if len(given) > 1 else []),
    ]
    ways = _said_once(_place(row) for found in given.values() for row in found)
    head = ("fastest peer / ours", *([OVERALL] if len(ways) > 1 else []), *ways)
    table = [
        (
            name,
            *([_standing(found)] if len(ways) > 1 else []),
            *(_standing([row for row in found if _place(row) == way]) for way in ways),
        )
        for name, found in lines
    ]
    return _markdown(head, table, {head[0]})


def _added(rows: Iterable[Content]) -> str:
    """What public functions add to their kernels, in microseconds."""
    lines = [(row["task"], _place(row), f"{row['added_us']['median']:.0f}") for row in rows]
    return _markdown(("beyond the bare kernel", "called", "adds us"), lines, LEFT | {"beyond the bare kernel"})


def _standing(rows: Sequence[Content]) -> str:
    if not rows:
        return ""
    found = Standing.of([row["ratios"][row["fastest_peer"]]["median"] for row in rows])
    return f"{found.geometric_mean:.2f} ({found.won} of {len(rows)} won)"


def _cells(row: Content) -> tuple[str, ...]:
    peer = row["fastest_peer"]
    return (
        row["task"],
        " x ".join(f"{number:_}".replace("_", " ") for number in row["size"]),
        _place(row),
        row["work"],
        f"{row['times'][ours.NAME]['median_ms']:.3g}",
        peer,
        f"{row['times'][peer]['median_ms']:.3g}",
        f"{row['ratios'][peer]['median']:.2f}",
        "" if row["x_floor"] is None else f"{row['x_floor']:.1f}",
    )


def _markdown(head: Sequence[str], lines: Iterable[Sequence[str]], left: set[str]) -> str:
    rule = ["---" if name in left else "---:" for name in head]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))


def _when(report: Content) -> str:
    return f"{report['date'][:10]}, commit {str(report['commit'])[:12]}"


def _machine(report: Content) -> str:
    found = report["machine"]
    hardware = ", ".join(f"{name} on {device}" for name, device in found["hardware"].items())
    return f"{found['cpu']}, {found['cores']} cores ({hardware})"


def _versions(report: Content) -> str:
    found = ", ".join(f"{name} {version}" for name, version in report["versions"].items() if version)
    missing = "".join(f" Not measured: {name} ({reason})." for name, reason in report["not_measured"].items())
    return f"{report['machine']['python']}, {found}.{missing}"


if __name__ == "__main__":
    sys.exit(main())
