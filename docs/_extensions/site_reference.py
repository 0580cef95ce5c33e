"""A page for each public name, in the groups of the README's table "What is in it"; a name in code font leads there.

The pages of the groups are written to `reference/` at each build, those of the names by autosummary beside them.
"""

from __future__ import annotations

import fnmatch
import functools
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform

DOCS = Path(__file__).resolve().parents[1]
README = DOCS.parent / "README.md"
MODULES = ("array_losses", "array_losses.detection", "array_losses.testing", "array_losses.distance_maps")

# Where the README's table says "and its siblings", or nothing.
BESIDE = {"oks": "COCO_SIGMAS", "yolov8_detection_loss": "yolov8_*_loss"}


class Row(NamedTuple):
    """A row of the README's table: its words, and the full names of what is in it."""

    words: str
    names: list[str]


class Group(NamedTuple):
    """A page of the reference: the rows whose words begin alike, or a module that the table leaves out."""

    title: str
    rows: list[Row]

    @property
    def page(self) -> str:
        return re.sub(r"\W+", "_", self.title.lower()).strip("_")

    @property
    def module(self) -> str:
        """The one that all are imported from, or the package."""
        modules = {name.rpartition(".")[0] for row in self.rows for name in row.names}
        return modules.pop() if len(modules) == 1 else "array_losses"


@functools.cache
def public() -> dict[str, str]:
    """The full name of all that has a page, by its last part."""
    return {name: f"{module}.{name}" for module in MODULES for name in _names(module)}


def _names(module: str) -> list[str]:
    found = importlib.import_module(module)
    own = {name: value for name, value in vars(found).items() if getattr(value, "__module__", None) == module}
    return getattr(found, "__all__", [name for name in own if inspect.isfunction(own[name]) and name[0] != "_"])


def groups() -> list[Group]:
    """What the README's table lists, in its order and words; then the modules that it leaves out."""
    found: dict[str, Group] = {}
    for row in _table():
        title = re.split(r"[;:,(]", row.words)[0].strip()
        found.setdefault(title, Group(title[0].upper() + title[1:], [])).rows.append(row)
    for module in MODULES[2:]:
        found[module] = Group(module, [Row("", [f"{module}.{name}" for name in _names(module)])])
    left = set(public().values()) - {name for group in found.values() for row in group.rows for name in row.names}
    if left:
        raise ValueError(f"README.md: nothing in the table under 'What is in it' leads to {', '.join(sorted(left))}")
    return list(found.values())


def _table() -> Iterator[Row]:
    seen: set[str] = set()
    section = README.read_text(encoding="utf-8").split("\n## What is in it\n")[1].split("\n## ")[0]
    for words, functions in re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE):
        named = [name for name in re.findall(r"`(\w+)`", functions) if name in public()]
        row = dict.fromkeys(each for name in named for each in _with(name))
        yield Row(words, [public()[name] for name in row if name not in seen])
        seen |= set(row)


def _with(name: str) -> Iterator[str]:
    """A name, what stands beside it, and the classes of what these return."""
    for each in (name, *fnmatch.filter(public(), BESIDE.get(name, ""))):
        yield each
        module, _, last = public()[each].rpartition(".")
        value = getattr(importlib.import_module(module), last)
        if inspect.isfunction(value):
            returned = re.findall(r"\w+", str(inspect.signature(value).return_annotation))
            yield from (word for word in returned if word in public())


# Pages


def write(app: Sphinx, config: Config) -> None:
    """The sources of the groups. What is no longer public is taken away."""
    folder, found = DOCS / "reference", groups()
    folder.mkdir(exist_ok=True)
    kept = {f"{page}.rst" for page in (*(group.page for group in found), *public().values())}
    for old in folder.iterdir():
        if old.name not in kept:
            old.unlink()
    for group in found:
        file, text = folder / f"{group.page}.rst", "\n".join(_page(group))
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def _page(group: Group) -> Iterator[str]:
    yield from _heading(group.title, "=")
    prefix = "" if group.module == "array_losses" else f"{group.module}."
    if prefix:
        yield from (f".. automodule:: {group.module}", "   :no-members:", "")
    for row in group.rows:
        if len(group.rows) > 1:
            words = re.split(r": |, ", row.words, maxsplit=1)[-1].rpartition(": ")[2]
            yield from _heading(words[0].upper() + words[1:], "-")
        elif row.words.lower() != group.title.lower():
            yield from (_sentence(row.words), "")
        yield from (".. autosummary::", "   :toctree: .", "   :nosignatures:", "   :template: autosummary/base.rst", "")
        yield from (f"   ~{name.removeprefix(prefix)}" for name in row.names)
        yield ""


def _heading(words: str, line: str) -> tuple[str, str, str]:
    return words, line * len(words), ""


def _sentence(words: str) -> str:
    text = words.replace("`", "``")
    return f"{text[0].upper()}{text[1:]}." if text else ""


def overview(app: Sphinx, docname: str, content: list[str]) -> None:
    """In the place of a mark: a table of the groups and all names, and the tree, which is not shown."""
    if "<!-- groups -->" in content[0]:
        found = groups()
        tree = ["```{toctree}", ":hidden:", "", *(f"reference/{group.page}" for group in found), "```", ""]
        table = ["| | |", "|---|---|"]
        for group in found:
            names = ", ".join(f"`{name.rpartition('.')[2]}`" for row in group.rows for name in row.names)
            table.append(f"| [{group.title}](reference/{group.page}) | {names} |")
        content[0] = content[0].replace("<!-- groups -->", "\n".join(tree + table))


# Links


class NamesAreLinks(SphinxTransform):
    """A public name in code font leads to its page, and so does `help(array_losses.name)`."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        for code in list(self.document.findall(nodes.literal)):
            said = re.fullmatch(r"(?:help\()?([\w.]+?)\)?", code.astext())
            target = full_name(said[1]) if said else None
            if target and not _inside(code, nodes.reference, addnodes.pending_xref, nodes.title):
                link = addnodes.pending_xref("", refdomain="py", reftype="obj", reftarget=target, refexplicit=True)
                link["refdoc"], link["refwarn"] = self.env.docname, True
                code.replace_self(link)
                link += code


def _inside(node: nodes.Node, *kinds: type[nodes.Node]) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def full_name(name: str) -> str | None:
    return name if name in MODULES or name in public().values() else public().get(name)


def find(app: Sphinx, env: BuildEnvironment, node: Any, shown: nodes.TextElement) -> nodes.Node | None:
    """`ciou_loss` in a docstring of `array_losses.detection` is that of the package."""
    target = full_name(node["reftarget"]) if node.get("refdomain") == "py" else None
    if target is None:
        return None
    return env.domains.python_domain.resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, shown)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", write)
    app.connect("source-read", overview)
    app.connect("missing-reference", find)
    app.add_transform(NamesAreLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
