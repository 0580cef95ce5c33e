"""Prove the library on this machine: `python -m conformance [--backend NAME[:DEVICE] ...]`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import array_losses

from . import criteria, gaps, plan, report
from .backends import Backend, BackendMissingError, find, survey
from .cases import CASES, without_row
from .plan import Plan
from .report import outputs
from .result import Result
from .screen import progress
from .selection import EVERYTHING, Selection
from .suite import ALL, FUNCTIONS
from .ulp import FORMATS

PRINTED = 40
"""Failures that are printed at most."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 if all passed, 1 if a check failed or a backend ran none, 2 for an unknown name."""
    options = _parser().parse_args(arguments)
    axes = options.function, options.knobs, options.check, options.mode, options.dtype
    only = Selection(*(tuple(names) if names else None for names in axes))
    if problem := _problem(only, options):
        print(problem, file=sys.stderr)
        return 2
    plan.prepare()
    backends, missing = _choose(options.backend)
    if missing and options.backend:
        return 2

    start = time.perf_counter()
    wanted = Plan(options.depth or "full", only)
    parts = plan.chunks(wanted, backends)
    found: list[Result] = []
    with progress(len(parts), plain=options.plain) as advance:
        for part, results in plan.run(parts, backends, jobs=max(1, min(options.jobs, len(parts)))):
            found += results
            failed = sum(result.failure is not None for result in found)
            advance(part.function, f"{len(found)} checks, {failed} failed")
    found, unexpected = gaps.apply(found, backends)
    if only._replace(functions=None) != EVERYTHING or wanted.depth == "quick":
        unexpected = []  # what shows whether a gap is closed may not have run
    seconds = time.perf_counter() - start
    document = report.build(found, backends, missing, array_losses.__version__, wanted, seconds)
    report.show(document, plain=options.plain)
    outputs.write(document, options)
    if options.reports:
        for file in report.write_each(document, Path(options.reports)):
            print(f"wrote {file}")
    failures = [str(result) for result in found if result.failure is not None and not result.gap]
    failures += [*unexpected, *_not_executed(document)]
    for failure in failures[:PRINTED]:
        print(f"FAILED {failure}")
    if len(failures) > PRINTED:
        print(f"... and {len(failures) - PRINTED} more; --json FILE keeps them all")
    known = f", {len(document.gaps)} known gaps" if document.gaps else ""
    print(f"{len(found)} checks on {len(backends)} backends in {seconds:.0f} s, {len(failures)} failed{known}")
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.add_argument("--backend", action="append", metavar="NAME[:DEVICE]", help="default: all that are found here")
    parser.add_argument("--jobs", type=_positive, default=cores(), help="processes; default: the cores, %(default)s")
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument("--quick", action="store_const", const="quick", dest="depth", help="numbers and errors alone")
    depth.add_argument("--thorough", action="store_const", const="thorough", dest="depth", help="everything")
    only = parser.add_argument_group("what is run; each may be given several times")
    only.add_argument("--function", action="append", metavar="NAME", help="default: all public functions")
    only.add_argument(
        "--knobs", action="append", metavar="KNOBS", help='as reports spell them: "gate=0.5"; "" for none'
    )
    only.add_argument("--check", action="append", metavar="NAME")
    only.add_argument("--mode", action="append", metavar="NAME", help="eager, jit, vmap ...")
    only.add_argument("--dtype", action="append", metavar="NAME")
    outputs.add_options(parser)
    parser.add_argument("--reports", metavar="FOLDER", help="write a report for each backend and device into FOLDER")
    return parser


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _problem(only: Selection, options: argparse.Namespace) -> str:
    """What is wrong with the options; "" if nothing is."""
    chosen = [case for case in CASES if only.wants(functions=case.name)]
    known = {
        "function": FUNCTIONS,
        "knobs": {"", *(str(variant) for case in chosen for variant in case.variants)},
        "check": {*(check.name for check in ALL), *criteria.CHECKS},
        "mode": {*(check.mode for check in ALL)},
        "dtype": FORMATS,
    }
    for (what, names), asked in zip(known.items(), only, strict=True):
        if unknown := sorted(set(asked or ()) - set(names)):
            return f"no such {what}: {', '.join(unknown)}"
    if options.reports and only != EVERYTHING:
        return "--reports keeps reports of all functions: run without --function, --knobs, --check, --mode, --dtype"
    return ""


def _choose(asked: list[str] | None) -> tuple[list[Backend], dict[str, str]]:
    """The backends to run on; those that were asked for and are missing, or that are known and were not found."""
    found: list[Backend] = []
    missing: dict[str, str] = {}
    for name, backend in ((name, _find(name)) for name in dict.fromkeys(asked)) if asked else survey():
        if isinstance(backend, BackendMissingError):
            missing[name] = str(backend)
            print(f"{name}: not found, {backend}", file=sys.stderr if asked else sys.stdout)
        else:
            found.append(backend)
            print(f"{name}: {backend}")
    return found, missing


def _find(name: str) -> Backend | BackendMissingError:
    try:
        return find(name)
    except BackendMissingError as missing:
        return missing


def _not_executed(document: report.Document) -> list[str]:
    found = [f"{name}: public, but has no row in the table of cases" for name in without_row(array_losses)]
    found += [f"{run.backend}: no check was executed" for run in document.runs if not run.executed]
    return found if document.runs else [*found, "no backend was found"]


if __name__ == "__main__":
    sys.exit(main())
