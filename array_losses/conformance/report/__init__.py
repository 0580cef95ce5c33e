"""The report: a document built from results, and everything that is made of it.

`document.py` says what it holds, `files.py` reads and writes it, the others show it.
"""

from .document import SCHEMA, Broken, Cell, Document, Run, build
from .files import ReportError, as_json, from_json, read, write_each
from .fingerprints import fingerprint
from .merging import merged, split
from .pages import as_html, as_markdown
from .readme import ReadmeError, backends_table, with_table
from .terminal import show, table

__all__ = [
    "SCHEMA",
    "Broken",
    "Cell",
    "Document",
    "ReadmeError",
    "ReportError",
    "Run",
    "as_html",
    "as_json",
    "as_markdown",
    "backends_table",
    "build",
    "fingerprint",
    "from_json",
    "merged",
    "read",
    "show",
    "split",
    "table",
    "with_table",
    "write_each",
]
