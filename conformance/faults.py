"""Sabotages of the library, one line each: the suite must turn red for every one of them.

`python -m conformance.faults` plants them one after the other in a copy of the package and says what noticed each.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from .backends import find
from .checks import ARRAYS
from .suite import QUICK, Result, execute

CHECKS = QUICK + tuple(check for check in ARRAYS if check.name == "table")


class Fault(NamedTuple):
    """A wrong line: where it goes, what it replaces, and the functions in which it must be noticed."""

    name: str
    file: str
    right: str
    wrong: str
    functions: tuple[str, ...]


class NotPlantedError(Exception):
    """The line that a fault replaces is not in the library exactly once."""


FAULTS: tuple[Fault, ...] = (
    Fault(
        "CIoU = DIoU + alpha v",
        "measures/formulas.py",
        "value = value - alpha * v",
        "value = value + alpha * v",
        ("ciou", "ciou_loss"),
    ),
    Fault(
        "v with its factor squared, (4/pi^2)^2",
        "measures/formulas.py",
        "v = (4.0 / math.pi**2) * (angle * angle)",
        "v = (4.0 / math.pi**2) ** 2 * (angle * angle)",
        ("ciou", "ciou_loss"),
    ),
    Fault(
        "alpha not held constant for the gradient",
        "measures/formulas.py",
        "d_angle = (8.0 / math.pi**2) * (alpha * angle)",
        "d_angle = (8.0 / math.pi**2) * (alpha * (2.0 - alpha) * angle)",
        ("ciou_loss",),
    ),
    Fault(
        "gate at IoU >= 0.5 instead of IoU > 0.5",
        "measures/formulas.py",
        "g.iou > gate",
        "g.iou >= gate",
        ("ciou_loss",),
    ),
    Fault(
        "GIoU with the hull less the intersection",
        "measures/formulas.py",
        "(some_hull - g.union) / some_hull",
        "(some_hull - g.inter) / some_hull",
        ("giou", "giou_loss"),
    ),
    Fault(
        "squared distance of the centres over half the squared diagonal",
        "measures/formulas.py",
        "distance = 0.25 * g.sum",
        "distance = 0.5 * g.sum",
        ("diou", "eiou"),
    ),
    Fault(
        "slope of the centres' distance with the wrong sign",
        "measures/formulas.py",
        "-0.5 * per_c2",
        "0.5 * per_c2",
        ("diou_loss",),
    ),
    Fault(
        "EIoU with the hull's sides exchanged",
        "measures/formulas.py",
        "for side in hull]\n    differences",
        "for side in g.lengthwise(*g.both(hull)[::-1])]\n    differences",
        ("eiou", "focal_eiou_loss"),
    ),
    Fault(
        "CDIoU with one corner taken twice",
        "measures/formulas.py",
        "xp.sqrt(x2 + y1)",
        "xp.sqrt(x2 + y2)",
        ("cdiou_loss",),
    ),
    Fault(
        "all of a tie's slope to the one box",
        "measures/_geometry.py",
        "[xp.sign(way) * d for way, d in zip(low_way, difference)]",
        "[xp.where(way < 0.0, -1.0, 1.0) * d for way, d in zip(low_way, difference)]",
        ("iou", "giou"),
    ),
    Fault(
        "inverted boxes taken as they are",
        "measures/_geometry.py",
        "[xp.maximum(low, given) for low, given in zip(self.low, self.given)]",
        "list(self.given)",
        ("giou", "diou_loss"),
    ),
    Fault(
        "the target's shift with the prediction's sign",
        "measures/_geometry.py",
        "low = low - shift_low[k] if sign > 0 else low + shift_low[k]",
        "low = low - shift_low[k]",
        ("diou_loss",),
    ),
    Fault(
        "an eps in every denominator",
        "_numerics.py",
        "return at_least(xp, x, smallest_normal(xp, x))",
        "return x + 1e-7",
        ("iou", "diou"),
    ),
    Fault(
        "no care of a denominator of 0",
        "_numerics.py",
        "return at_least(xp, x, smallest_normal(xp, x))",
        "return x",
        ("iou", "diou"),
    ),
    Fault(
        "the logarithm's slope beyond its cap",
        "losses/boxes.py",
        "g.xp.where(m > SMALLEST_IOU, 1.0 / bounded, 0.0)",
        "1.0 / bounded",
        ("iou_loss",),
    ),
    Fault(
        "the logarithm without its cap",
        "losses/boxes.py",
        "g.xp.clip(m, SMALLEST_IOU, None)",
        "m",
        ("iou_loss",),
    ),
    Fault(
        "float16 computed in float16",
        "_array.py",
        "            return xp.float32",
        "            return first",
        ("giou_loss",),
    ),
    Fault(
        "a mean over the number of rows instead of the sum of weights",
        "_reduce.py",
        "divisor = xp.sum(xp.broadcast_to(counted, rows.shape))",
        "divisor = xp.sum(xp.ones_like(rows))",
        ("giou_loss",),
    ),
    Fault(
        "rows outside `where` enter the formula",
        "_reduce.py",
        "return x if where is None else",
        "return x if True else",
        ("giou_loss",),
    ),
    Fault(
        "a mean over nothing divided by 0",
        "_reduce.py",
        "empty = divisor == 0",
        "empty = divisor != divisor",
        ("giou_loss",),
    ),
)


def source() -> Path:
    """The folder of the library that is tested."""
    found = importlib.util.find_spec("array_losses")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


@contextmanager
def planted(fault: Fault) -> Iterator[Any]:
    """The library with the fault, imported from a copy; the library itself is back afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        package = shutil.copytree(source(), Path(folder) / "array_losses", ignore=shutil.ignore_patterns("__pycache__"))
        file = package / fault.file
        text = file.read_text(encoding="utf-8")
        if text.count(fault.right) != 1:
            raise NotPlantedError(f"{fault.file} holds {fault.right!r} {text.count(fault.right)} times, not once")
        file.write_text(text.replace(fault.right, fault.wrong), encoding="utf-8")
        kept = _forget()
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        try:
            yield importlib.import_module("array_losses")
        finally:
            sys.path.remove(folder)
            _forget()
            sys.modules.update(kept)


def _forget() -> dict[str, Any]:
    names = [name for name in sys.modules if name.partition(".")[0] == "array_losses"]
    return {name: sys.modules.pop(name) for name in names}


def noticed(fault: Fault) -> dict[str, Result | None]:
    """For each function in which the fault must be noticed, the first check that failed on NumPy."""
    with planted(fault) as library:
        return {function: first_failure(library, function) for function in fault.functions}


def first_failure(library: Any, function: str) -> Result | None:
    """The first check of a function that fails on NumPy."""
    results = execute(library, [find("numpy")], [function], CHECKS)
    return next((result for result in results if result.failure is not None), None)


def main() -> int:
    """Exit status 1 if a fault went unnoticed."""
    unnoticed = 0
    for fault in FAULTS:
        for function, result in noticed(fault).items():
            unnoticed += result is None
            print(f"{fault.name}: {result or f'NOT NOTICED in {function}'}"[:200])
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
