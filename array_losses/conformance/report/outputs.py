"""Where a report is written to: the options that both commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

from .document import Document
from .files import as_json
from .pages import as_html, as_markdown

FORMS = {"json": as_json, "html": as_html, "markdown": as_markdown}


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is written")
    group.add_argument("--json", metavar="FILE", help="the report for programs")
    group.add_argument("--html", metavar="FILE", help="a page that opens without a network")
    group.add_argument("--markdown", metavar="FILE", help="tables")
    group.add_argument("--plain", action="store_true", help="print plain text even if rich is installed")


def write(document: Document, options: argparse.Namespace) -> None:
    """Every form that was asked for."""
    for form, render in FORMS.items():
        if file := getattr(options, form):
            Path(file).write_text(render(document), encoding="utf-8")
