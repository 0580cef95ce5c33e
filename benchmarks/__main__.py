"""The command: ``python -m benchmarks [--family NAME] [--entry NAME] [--backend NAME ...] [--quick] [--json FILE]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from . import machine
from .backends import BACKENDS, Backend, open_backend
from .contest import contest, contestants
from .imports import import_seconds
from .report import Report, as_json, show
from .tasks import FAMILIES, QUICK, SIZES, Effort, plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0, or 1 after a failure or a disagreement, or 2 where an asked-for backend is missing.

    A goal that was missed is a finding and not a failure.
    """
    options = _parser().parse_args(arguments)
    try:
        backends = _open(options.backend)
    except (ImportError, RuntimeError, ValueError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    effort = QUICK if options.quick else Effort()
    if options.entry:
        effort = effort.only(options.entry)
    report = measure(options.family or list(FAMILIES), backends, effort)
    show(report)
    if options.json:
        options.json.write_text(as_json(report), encoding="utf-8")
    return 0 if report.sound else 1


def measure(families: Sequence[str], backends: Sequence[Backend], effort: Effort) -> Report:
    """Run all the races of these families on these backends."""
    report = Report(effort, [], {backend.name: backend.hardware() for backend in backends}, {})
    report.load = machine.load()
    report.import_time = import_seconds(effort.imports) if effort.imports else None
    for backend in backends:
        found, absent = contestants(backend.name)
        report.absent |= absent
        for task in [task for family in families for task in plan(family, backend.name, effort)]:
            _progress(f"{backend.name} {task.title} {task.size}")
            if backend.device != "cpu":  # the goals were set for the CPU
                task = replace(task, goal=None)
            report.rows.append(contest(task, backend, found, effort.seconds))
    _progress("")
    return report


def _open(names: Sequence[str] | None) -> list[Backend]:
    """The backends asked for, which must be there, or else all that are there."""
    if names:
        return [open_backend(name) for name in names]
    found = []
    for name in BACKENDS:
        try:
            found.append(open_backend(name))
        except (ImportError, RuntimeError) as error:
            print(f"{name} is absent: {error}", file=sys.stderr)
    return found


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Race array_losses beside its peers.")
    parser.add_argument("--family", action="append", choices=list(FAMILIES), help="only this family (may be repeated)")
    parser.add_argument("--entry", action="append", choices=list(SIZES), help="only this one (may be repeated)")
    parser.add_argument("--backend", nargs="+", metavar="NAME[:DEVICE]", help=f"only these of {', '.join(BACKENDS)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter races")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report to FILE as well")
    return parser


if __name__ == "__main__":
    sys.exit(main())
