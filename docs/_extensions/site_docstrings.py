"""Docstrings as they are written: marks that reStructuredText would take for its own, and what autodoc overlooks."""

from __future__ import annotations

import re
import sys
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.transforms import SphinxTransform

# An absolute value |x|, a product a * b, a name that ends in _; code between grave accents is left alone.
MARKS = re.compile(r"``.*?``|`[^`]*`|(?<=\w)_(?!\w)|\||(?<!\*)\*(?!\*)")


def as_prose(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Outside of examples, tables, directives and the head of a bullet, a mark is what it looks like."""
    literal, directive = False, -1  # the indent of the directive
    for number, line in enumerate(lines):
        text = line.lstrip()
        indent = len(line) - len(text)
        if text and indent <= directive:
            directive = -1
        if text.startswith(".. "):
            directive = indent
        literal = bool(text) and (literal or text.startswith((">>>", "+--", "===")))
        if not literal and directive < 0:
            head = "* " if text.startswith("* ") else ""
            lines[number] = line[:indent] + head + MARKS.sub(_escaped, text[len(head) :])


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("`") else f"\\{found[0]}"


def describe(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """The strings below a constant and below the fields of a named tuple."""
    if what == "data":
        last = name.rpartition(".")[2]
        modules = [each for each, found in list(sys.modules.items()) if each.startswith("array_losses.")]
        lines[:] = next(
            filter(None, (_below("", last, each) for each in modules if last in vars(sys.modules[each]))), []
        )
    elif what == "class" and hasattr(value, "_fields") and "Attributes" not in lines:
        fields = {field: _below(value.__name__, field, value.__module__) for field in value._fields}
        if any(fields.values()):
            lines += ["", "Attributes", "----------"]
            lines += [line for field, words in fields.items() for line in (field, *(f"    {word}" for word in words))]


def _below(owner: str, name: str, module: str) -> list[str]:
    return [line for line in ModuleAnalyzer.for_module(module).find_attr_docs().get((owner, name), []) if line]


class NoBlankEnds(SphinxTransform):
    """Examples in Markdown end in an empty line, which doctest wants and no reader."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        for block in list(self.document.findall(nodes.literal_block)):
            text = block.astext()
            if block.rawsource == text != text.rstrip("\n"):
                block.rawsource = text.rstrip("\n")
                block.children = []
                block += nodes.Text(block.rawsource)


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", describe, priority=100)  # both before numpydoc
    app.connect("autodoc-process-docstring", as_prose, priority=101)
    app.add_transform(NoBlankEnds)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
