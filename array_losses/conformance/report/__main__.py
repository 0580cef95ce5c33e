"""Show reports that exist: `python -m array_losses.conformance.report REPORT.json ... --html FILE`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .files import ReportError, read
from .merging import merged
from .outputs import add_options, write
from .readme import ReadmeError, with_table
from .terminal import show


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, or 2 for a file that cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        document = merged(read(map(Path, options.report)))
        if options.readme:
            readme = Path(options.readme)
            readme.write_text(with_table(readme.read_text(encoding="utf-8"), document), encoding="utf-8")
    except (ReportError, ReadmeError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 2
    write(document, options)
    for run in document.runs:
        if run.stale:
            print(f"{run.backend}: stale, its cases were others than today's", file=sys.stderr)
    if not (options.readme or options.json or options.html or options.markdown):
        show(document, plain=options.plain)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m array_losses.conformance.report", description=__doc__)
    parser.add_argument("report", nargs="*", help="reports in JSON; of two on one backend, the newer one counts")
    parser.add_argument("--readme", metavar="FILE", help="put the table of backends between the marks in FILE")
    add_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
