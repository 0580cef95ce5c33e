"""The command: ``python -m benchmarks [--family NAME] [--entry NAME] [--backend NAME ...] [--device NAME] [--quick]
[--json FILE] [--plot FILE]``."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from . import machine
from .backends import BACKENDS, ON_DEVICE, Backend, open_backend
from .bandwidth import NUMBERS, bytes_per_second
from .content import as_json
from .contest import contest, contestants
from .imports import import_seconds
from .plot import draw
from .report import Report, show
from .sizes import SIZES
from .subjects import FAMILIES
from .tasks import QUICK, Effort, plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0, or 1 after a failure or a disagreement, or 2 where an asked-for backend is missing.

    A goal that was missed is a finding and not a failure.
    """
    options = _parser().parse_args(arguments)
    try:
        if options.plot and importlib.util.find_spec("matplotlib") is None:
            raise ImportError("--plot needs matplotlib")
        backends, missing = _open(options.backend, options.device)
    except (ImportError, RuntimeError, ValueError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    effort = QUICK if options.quick else Effort()
    if options.entry:
        effort = effort.only(options.entry)
    if options.seconds is not None:
        effort = replace(effort, seconds=options.seconds)
    report = measure(options.family or list(FAMILIES), backends, effort)
    report.not_measured = missing
    show(report)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(as_json(report), encoding="utf-8")
    if options.plot:
        draw(report.rows).savefig(options.plot)
    return 0 if report.sound else 1


def measure(families: Sequence[str], backends: Sequence[Backend], effort: Effort) -> Report:
    """Run all the races of these families on these backends."""
    report = Report(effort, [], {backend.name: backend.hardware() for backend in backends}, {})
    report.load = machine.load()
    report.import_time = import_seconds(effort.imports) if effort.imports else None
    for backend in backends:
        found, absent = contestants(backend.name)
        report.absent |= absent
        bandwidth = bytes_per_second(backend.copier(NUMBERS))
        report.bandwidth[f"{backend.name}:{backend.device}"] = bandwidth
        for task in [task for family in families for task in plan(family, backend.name, effort)]:
            _progress(f"{backend.name} {task.title} {task.size}")
            if backend.device != "cpu":  # the goals were set for the CPU
                task = replace(task, goal=None)
            report.rows.append(contest(task, backend, found, effort.seconds, bandwidth))
    _progress("")
    return report


def _open(names: Sequence[str] | None, device: str | None) -> tuple[list[Backend], dict[str, str]]:
    """The backends asked for, which must be there, or else all that are there; and why others are not.

    A device is that of all backends without one; alone it asks for those that can compute on it, at least one.
    """
    if names:
        return [open_backend(name if device is None or ":" in name else f"{name}:{device}") for name in names], {}
    found, missing = [], {}
    for name in BACKENDS if device in (None, "cpu") else [pattern.format(device) for pattern in ON_DEVICE]:
        try:
            found.append(open_backend(name))
        except (ImportError, RuntimeError, ValueError) as error:
            missing[name] = str(error).partition("\n")[0]
            print(f"{name} is absent: {missing[name]}", file=sys.stderr)
    if not found:
        raise RuntimeError(f"nothing here computes on {device}")
    return found, missing


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Race array_losses beside its peers.")
    parser.add_argument("--family", action="append", choices=list(FAMILIES), help="only this family (may be repeated)")
    parser.add_argument("--entry", action="append", choices=list(SIZES), help="only this one (may be repeated)")
    parser.add_argument("--backend", nargs="+", metavar="NAME[:DEVICE]", help=f"only these of {', '.join(BACKENDS)}")
    parser.add_argument("--device", help="of these backends; alone, `cuda` asks for torch:cuda, jax:cuda and cupy")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter races")
    parser.add_argument("--seconds", type=float, help="how long a race lasts, five rounds at least; default: 1.2")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report to FILE as well")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the ratios by size; needs matplotlib")
    return parser


if __name__ == "__main__":
    sys.exit(main())
