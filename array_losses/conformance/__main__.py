"""Prove the library on this machine: `python -m conformance [--backend NAME[:DEVICE] ...]`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import array_losses

from . import criteria, report
from .backends import Backend, BackendMissingError, find, survey
from .cases import CASES, without_row
from .suite import Result, run


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 if all passed, 1 if a check failed or a backend ran none, 2 for an unknown name."""
    options = _parser().parse_args(arguments)
    unknown = sorted(set(options.function or ()) - {case.name for case in CASES} - set(criteria.NAMES))
    if unknown:
        print(f"no such function: {', '.join(unknown)}", file=sys.stderr)
        return 2
    backends, missing = _choose(options.backend)
    if missing and options.backend:
        return 2

    start = time.perf_counter()
    results = run(array_losses, backends, options.function, thorough=options.thorough, progress=_progress)
    print(file=sys.stderr)
    report.show(results, backends, plain=options.plain)
    failures = [str(result) for result in results if result.failure is not None]
    failures += [f"{name}: public, but has no row in the table of cases" for name in without_row(array_losses)]
    executed = {backend.name: sum(result.backend == backend.name for result in results) for backend in backends}
    failures += [f"{name}: no check was executed" for name, count in executed.items() if count == 0]
    if not backends:
        failures.append("no backend was found")
    for failure in failures:
        print(f"FAILED {failure}")
    seconds = time.perf_counter() - start
    print(f"{len(results)} checks on {len(backends)} backends in {seconds:.0f} s, {len(failures)} failed")
    if options.json:
        Path(options.json).write_text(report.as_json(results, backends, missing, array_losses) + "\n", encoding="utf-8")
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.add_argument("--backend", action="append", metavar="NAME[:DEVICE]", help="default: all that are found here")
    parser.add_argument("--function", action="append", metavar="NAME", help="default: all public functions")
    parser.add_argument("--json", metavar="FILE", help="write every executed check to FILE")
    parser.add_argument("--thorough", action="store_true", help="torch.compile every function, which takes minutes")
    parser.add_argument("--plain", action="store_true", help="print plain text even if rich is installed")
    return parser


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


def _progress(result: Result) -> None:
    if sys.stderr.isatty():
        line = f"{result.backend} {result.function} {result.dtype} {result.check}"
        print(f"\r{line:79.79}", end="", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
