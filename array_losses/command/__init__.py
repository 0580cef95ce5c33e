"""The command: matches detections to annotated boxes and compares the losses on every array library found."""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from .. import __version__
from .comparison import compare
from .entries import ENTRIES, Entry, select
from .errors import InputError
from .libraries import KNOWN, Openers, every_backend, find_all, requested_backends
from .matching import match
from .report import Run, to_blocks, to_json
from .sample import load
from .terminal import show

_PROGRAM = "python -m array_losses"

_DESCRIPTION = """\
Match detections to the annotated boxes of their class, and show the mean of
every loss on each array library found here: box losses and regression losses
over the matched pairs, classification losses over all detections, segmentation
losses over masks that are made of the boxes, losses of embeddings over the
matched detections. Beside it stands the largest disagreement between the
libraries in value and gradient.
"""

_EPILOG = f"""\
losses:
{textwrap.fill(", ".join(entry.name for entry in ENTRIES), 78, initial_indent="  ", subsequent_indent="  ")}

exit status:
  0  every loss agrees within the budget that the output names
  1  a loss disagrees beyond it
  2  the file, an option or a backend cannot be used; one line says why
"""


def main(arguments: Sequence[str] | None = None, entries: Sequence[Entry] = ENTRIES, known: Openers = KNOWN) -> int:
    """Run the command; the result is its exit status."""
    options = _parser().parse_args(arguments)
    try:
        run = _run(options, entries, known)
        text = to_json(run) if options.json is not None else ""
        if options.json not in (None, "-"):
            _write(options.json, text)
    except InputError as error:
        print(f"array_losses: {error}", file=sys.stderr)
        return 2
    try:
        if options.json == "-":
            print(text, flush=True)
        else:
            show(list(to_blocks(run)))
    except BrokenPipeError:
        # The reader, `head` say, has seen enough. Python flushes once more at exit, which must not fail too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if run.within_budget else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="detections and annotated boxes as JSON, in the form that "
        "array_losses/data/README.md describes (default: the bundled 100 images of PASCAL VOC 2012)",
    )
    parser.add_argument(
        "--backend",
        action="append",
        metavar="NAME[:DEVICE]",
        help=f"a library, one of {', '.join(KNOWN)}, and a device of it, "
        "cuda:1 say; repeat it for several (default: all that are found, on one device of every kind)",
    )
    parser.add_argument(
        "--losses",
        action="append",
        metavar="NAME[,NAME...]",
        help="only these losses; iou_loss stands for all its forms (default: all)",
    )
    parser.add_argument(
        "--json",
        metavar="FILE",
        help="write the same content as JSON; - writes it to the standard output instead of the tables",
    )
    parser.add_argument("--version", action="version", version=f"array_losses {__version__}")
    return parser


def _run(options: argparse.Namespace, entries: Sequence[Entry], known: Openers) -> Run:
    if options.losses is not None:
        names = [name.strip() for group in options.losses for name in group.split(",")]
        entries = select(names, entries)
    sample = load(options.file)
    matches = match(sample)
    if len(matches) == 0:
        raise InputError(f"{sample.file}: no detection overlaps an annotated box of its class")
    if options.backend is not None:
        backends = requested_backends(options.backend, known)
        absent: dict[str, str] = {}  # nobody asked
    else:
        libraries, absent = find_all(known)
        backends = every_backend(libraries)
    return Run(__version__, backends, absent, sample, matches, compare(matches, backends, entries))


def _write(file: str, text: str) -> None:
    try:
        Path(file).write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"--json {file}: cannot be written: {error.strerror}") from None
