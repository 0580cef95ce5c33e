"""The house: imports go down, the ground floor alone opens the door to the libraries, and importing loads none."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "array_losses"

FLOORS = {
    "_dask": -1,
    "_numpy": -1,
    "_array": 0,
    "_cuda": 1,
    "_layout": 1,
    "_xla": 1,
    "_numerics": 2,
    "_check": 2,
    "_reduce": 2,
    "_blocks": 2,
    "_sorting": 2,
    "autodiff": 3,
    "measures": 4,
    "coding": 4,
    "losses": 5,
    "suppression": 5,
    "detection": 6,
    "": 6,
    "distance_maps": 6,
    "command": 7,
    "conformance": 7,
    "testing": 8,
    "__main__": 8,
}
# Files that may import a framework: each is itself imported only for arrays that already are of that library.
BRIDGES = {
    "autodiff/_torch.py": "torch",
    "autodiff/_jax.py": "jax",
    "detection/_torch.py": "torch",
    "_dask.py": "dask",
}
# Files that compute on numbers in the processor's memory, by what is only in NumPy.
IN_NUMPY = {"detection/_pairs.py", "_cuda.py", "_dask.py", "_numpy.py"}
FRAMEWORKS = {"torch", "jax", "jaxlib", "cupy", "tensorflow", "dask", "array_api_strict"}
# The command and the suite report on the libraries that they find, so they have to know them; distance maps are of
# NumPy arrays.
OUTSIDE_THE_HOUSE = {"command", "conformance", "testing", "__main__", "distance_maps"}


def imports(source: str, path: str) -> Iterator[tuple[str, int]]:
    """Absolute dotted names that a file imports, with line numbers; `path` is relative to the package."""
    package = ["array_losses", *path.removesuffix("/__init__.py").removesuffix(".py").split("/")]
    if not path.endswith("__init__.py"):
        package = package[:-1]
    elif path == "__init__.py":
        package = ["array_losses"]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = [*base, *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                yield ".".join([*stem, alias.name]), node.lineno


def part_of(dotted: str) -> str:
    """The part of the house that a dotted name below `array_losses` belongs to."""
    words = dotted.split(".")
    return words[1] if len(words) > 1 and words[1] in FLOORS else ""


def faults(source: str, path: str) -> list[str]:
    here = part_of("array_losses." + path.removesuffix(".py").replace("/", "."))
    found = []
    for name, line in imports(source, path):
        root = name.split(".")[0]
        place = f"{path}:{line} imports {name}"
        if root == "array_losses":
            there = part_of(name)
            if there != here and FLOORS[there] >= FLOORS[here]:
                found.append(f"{place}: not below")
        elif here in OUTSIDE_THE_HOUSE:
            continue
        elif root == "array_api_compat" and here not in ("_array", "_dask"):
            found.append(f"{place}: only the ground floor may")
        elif root == "numpy" and here != "autodiff" and path not in IN_NUMPY:
            found.append(f"{place}: write to the standard")
        elif root in FRAMEWORKS and BRIDGES.get(path) != root:
            found.append(f"{place}: only its bridge may")
    return found


FILES = sorted(p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES)
def test_imports_go_down(path: str) -> None:
    assert faults((PACKAGE / path).read_text(), path) == []


def test_every_part_has_a_floor() -> None:
    parts = {path.split("/")[0].removesuffix(".py") for path in FILES} - {"__init__"}
    assert parts == set(FLOORS) - {""}


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("measures/boxes.py", "from ..losses import giou_loss", "not below"),
        ("_reduce.py", "from ._check import boxes", "not below"),
        ("_reduce.py", "from . import _check", "not below"),
        ("_array.py", "from .autodiff import grad", "not below"),
        ("losses/boxes.py", "import array_losses", "not below"),
        ("losses/boxes.py", "import array_api_compat", "only the ground floor may"),
        ("measures/boxes.py", "def f():\n    import numpy as np", "write to the standard"),
        ("losses/boxes.py", "def f():\n    import torch", "only its bridge may"),
        ("autodiff/_torch.py", "import jax", "only its bridge may"),
    ],
)
def test_the_test_can_fail(path: str, source: str, complaint: str) -> None:
    assert [fault.rpartition(": ")[2] for fault in faults(source, path)] == [complaint]


def test_the_test_can_pass() -> None:
    assert (
        faults("from ..measures import formulas\nfrom .._array import namespace\nimport math", "losses/boxes.py") == []
    )


def test_importing_loads_no_framework() -> None:
    program = "import sys, array_losses; print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "array_losses" in loaded
    assert FRAMEWORKS.isdisjoint(loaded)


def test_using_numpy_loads_no_framework() -> None:
    program = (
        "import sys, numpy as np, array_losses as al; b = np.ones((2, 4));"
        "al.value_and_grad(lambda p: al.ciou_loss(p, b, reduction='sum'))(b * 2);"
        "print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "array_losses" in loaded
    assert FRAMEWORKS.isdisjoint(loaded)
