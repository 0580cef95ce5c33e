"""The simulation of the DIoU paper: boxes follow the gradient of a loss to their targets, 1 715 000 at a time.

``python -m benchmarks.regression [--loss NAME ...] [--gradient exact|paper] [--backend NAME] [--plot FILE]``

Seven targets of area 1 at (10, 10), with sides from 1:4 to 4:1; 5 000 points around them, seven areas and seven shapes
of boxes at each. Each of 200 steps moves (x, y, w, h) against the gradient, times (2 - IoU) and a rate of 0.1, 0.01
from the 161st and 0.001 from the 181st step. The error |dx| + |dy| + |dw| + |dh| is summed over all boxes.

Our gradients are those of the formulas. The authors' are written by hand, and are not: ``--gradient paper`` follows
theirs, and comes to their curves (`regression_paper` says what differs).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import array_losses as al

from . import regression_paper

STEPS = 200
CASES = 1_715_000
ROWS = 49_000  # boxes that are computed at a time
NARROWEST = 100  # columns of a table that goes to a file
SHAPES = (1 / 4, 1 / 3, 1 / 2, 1, 2, 3, 4)
AREAS = (0.5, 0.67, 0.75, 1, 1.33, 1.5, 2)
READ = (1, 5, 10, 20, 30, 40, 50, 75, 100, 125, 150, 159, 165, 170, 180, 190, 198)
SHOWN = (1, 10, 30, 50, 75, 100, 150, 170, 190, 200)
PAPER = {  # read off the plot of the authors' repository at the steps above, in millions, within 0.02
    "iou": (6.6, 6.54, 6.42, 6.24, 6.13, 6.07, 6.03, 5.99, 5.98, 5.98, 5.98, 5.98, 5.94, 5.92, 5.92, 5.91, 5.91),
    "giou": (6.41, 5.66, 5.02, 4.37, 3.99, 3.65, 3.35, 2.75, 2.35, 2.10, 1.93, 1.88, 1.68, 1.60, 1.55, 1.51, 1.51),
    "diou": (6.35, 5.33, 4.19, 2.32, 1.20, 0.72, 0.53, 0.43, 0.41, 0.40, 0.40, 0.40, 0.18, 0.09, 0.04, 0, 0),
    "ciou": (6.23, 5.07, 3.77, 1.78, 0.77, 0.49, 0.43, 0.41, 0.40, 0.40, 0.40, 0.40, 0.16, 0.07, 0.04, 0, 0),
}


def losses() -> dict[str, Callable[..., Any]]:
    """Every axis-aligned loss; lengths that are a matter of the data are those of these targets."""
    return {
        "iou": al.iou_loss,
        "giou": al.giou_loss,
        "diou": al.diou_loss,
        "ciou": al.ciou_loss,
        "eiou": al.eiou_loss,
        "focal_eiou": al.focal_eiou_loss,
        "cdiou": al.cdiou_loss,
        "siou": al.siou_loss,
        "alpha_ciou": partial(al.alpha_iou_loss, base="ciou"),
        "wise_v1": partial(_wise, version=1),
        "mpdiou": partial(al.mpdiou_loss, image_size=(20, 20)),
        "inner_ciou": partial(al.inner_iou_loss, ratio=1.2, base="ciou"),
        "focaler_ciou": partial(al.focaler_iou_loss, base="ciou"),
        "shape_iou": al.shape_iou_loss,
        "powerful_v1": partial(al.powerful_iou_loss, version=1),
        "powerful_v2": al.powerful_iou_loss,
        "nwd": partial(al.nwd_loss, constant=1.0),
        "bounded_iou": al.bounded_iou_loss,
        "extended_iou": al.extended_iou_loss,
        "unified_iou": partial(al.unified_iou_loss, ratio=1.5),
    }


def _wise(pred: Any, target: Any, version: int, reduction: str) -> Any:
    return al.wise_iou_loss(pred, target, mean=1.0, version=version, reduction=reduction)[0]


def cases(points: int, seed: int = 0) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Boxes to start with and their targets, as (x, y, w, h) in float32: 343 for each point."""
    random = np.random.default_rng(seed)
    radius, angle = 3.0 * np.sqrt(random.uniform(size=points)), 2.0 * np.pi * random.uniform(size=points)
    centers = 10.0 + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    targets = np.asarray([(10.0, 10.0, shape**0.5, shape**-0.5) for shape in SHAPES])
    sides = np.asarray([((area * shape) ** 0.5, (area / shape) ** 0.5) for area in AREAS for shape in SHAPES])
    count = (points, len(sides), len(targets))
    starts = np.concatenate(
        [
            np.broadcast_to(centers[:, None, None, :], (*count, 2)),
            np.broadcast_to(sides[None, :, None, :], (*count, 2)),
        ],
        axis=-1,
    )
    goals = np.broadcast_to(targets, (*count, 4))
    return starts.reshape(-1, 4).astype(np.float32), goals.reshape(-1, 4).astype(np.float32)


def rate(step: int) -> float:
    return 0.1 if step <= 160 else 0.01 if step <= 180 else 0.001


Errors = np.ndarray[Any, Any]
Moves = Callable[[Any, Any, Any], Any]
"""(namespace, boxes, goals) -> where to, along (x, y, w, h)"""


def exact(loss: Callable[..., Any]) -> Moves:
    """Against the gradient of a loss."""
    gradient = al.grad(lambda pred, target: loss(pred, target, reduction="sum"))

    def moves(xp: Any, boxes: Any, goals: Any) -> Any:
        slopes = gradient(_corners(xp, boxes), _corners(xp, goals))
        low, high = slopes[:, :2], slopes[:, 2:]
        return xp.concat((-low - high, 0.5 * (low - high)), axis=-1)

    return moves


def simulate(moves: Moves, starts: Any, goals: Any, steps: int) -> Errors:
    """The error summed over all boxes after each step."""
    xp, boxes = array_namespace(starts), starts
    errors = []
    for step in range(1, steps + 1):
        iou = al.iou(_corners(xp, boxes), _corners(xp, goals))
        boxes = boxes + (rate(step) * (2.0 - iou))[:, None] * moves(xp, boxes, goals)
        errors.append(float(xp.sum(xp.abs(boxes - goals))))
    return np.asarray(errors)


@dataclass(frozen=True)
class Run:
    """What is simulated: every part of the boxes goes its own way, so that several processes can share them."""

    points: int
    steps: int
    backend: str
    gradient: str

    @property
    def parts(self) -> int:
        return -(-self.points * 343 // ROWS)

    def part(self, name: str, index: int) -> Errors:
        """The errors of a part of the boxes."""
        starts, goals = (x[index * ROWS : (index + 1) * ROWS] for x in cases(self.points))
        asarray = _asarray(self.backend)
        moves = partial(regression_paper.gradient, name) if self.gradient == "paper" else exact(losses()[name])
        return simulate(moves, asarray(starts), asarray(goals), self.steps)

    def curve(self, name: str, pool: ProcessPoolExecutor | None, advance: Callable[[], Any]) -> list[float]:
        """The errors of all boxes, in other processes if there is a pool."""
        found = np.zeros(self.steps)
        if pool is None:
            for index in range(self.parts):
                found += self.part(name, index)
                advance()
            return list(found.tolist())
        waiting: list[Future[Errors]] = [pool.submit(self.part, name, index) for index in range(self.parts)]
        for _ in as_completed(waiting):
            advance()
        return list(sum([future.result() for future in waiting], found).tolist())


def _corners(xp: Any, boxes: Any) -> Any:
    center, half = boxes[:, :2], 0.5 * boxes[:, 2:]
    return xp.concat((center - half, center + half), axis=-1)


def table(curves: dict[str, list[float]], points: int) -> Table:
    """Millions of error a step, for 5 000 points, with the paper's beside those that it has."""
    factor = 5_000 / points / 1e6
    shown = Table(title="total error in millions (in brackets: the paper's plot)", box=SIMPLE, padding=(0, 1, 0, 0))
    shown.add_column("step", no_wrap=True)
    steps = [step for step in SHOWN if step <= len(next(iter(curves.values())))]
    for step in steps:
        shown.add_column(str(step), justify="right", no_wrap=True)
    for name, curve in curves.items():
        shown.add_row(name, *[f"{curve[s - 1] * factor:.2f}" for s in steps])
        if name in PAPER:
            paper = dict(zip(READ, PAPER[name], strict=True))
            shown.add_row("", *[f"({paper[s]:.2f})" if s in paper else "" for s in steps])
    return shown


def plot(curves: dict[str, list[float]], points: int, file: Path) -> None:
    """One line a loss, the paper's as dots of the same color."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=(10, 7))
    for name, curve in curves.items():
        line = axes.plot(range(1, len(curve) + 1), [error * 5_000 / points for error in curve], label=name)[0]
        if name in PAPER:
            axes.plot(READ, [1e6 * y for y in PAPER[name]], "o", ms=4, color=line.get_color())
    axes.set(xlabel="step", ylabel="total error", title="1 715 000 boxes on the way to their targets", ylim=(0, 8e6))
    axes.legend(ncols=2, fontsize="small")
    figure.savefig(file, dpi=120)
    pyplot.close(figure)


def _asarray(backend: str) -> Callable[..., Any]:
    name, _, device = backend.partition(":")
    if name == "torch":
        torch = importlib.import_module("torch")
        return lambda x: torch.from_numpy(x.copy()).to(device or "cpu")
    library = importlib.import_module({"jax": "jax.numpy"}.get(name, name))
    return lambda x: library.asarray(x)


def main(arguments: Sequence[str] | None = None) -> int:
    known = losses()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regression", description=__doc__.partition("\n")[0])
    parser.add_argument("--loss", action="append", choices=list(known), help="only this one (may be repeated)")
    parser.add_argument(
        "--gradient", choices=("exact", "paper"), default="exact", help="of the formulas, or the authors'"
    )
    parser.add_argument("--backend", default="numpy", metavar="NAME[:DEVICE]", help="numpy, torch, jax or cupy")
    parser.add_argument("--points", type=int, default=5_000, help="points around the targets, 343 boxes each")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--workers", type=int, help="processes that share the boxes in NumPy; all cores by default")
    parser.add_argument("--json", type=Path, help="write the curves to this file")
    parser.add_argument("--plot", type=Path, help="draw them to this file (needs matplotlib)")
    options = parser.parse_args(arguments)
    if min(options.points, options.steps, options.workers or 1) < 1:
        parser.error("--points, --steps and --workers must be at least 1")
    names = options.loss or (regression_paper.NAMES if options.gradient == "paper" else list(known))
    if options.gradient == "paper" and not set(names) <= set(regression_paper.NAMES):
        parser.error(f"the paper has gradients of {', '.join(regression_paper.NAMES)} only")
    run = Run(options.points, options.steps, options.backend, options.gradient)
    workers = min(options.workers or os.cpu_count() or 1, run.parts)
    pool = None
    if options.backend == "numpy" and workers > 1:
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    curves: dict[str, list[float]] = {}
    seconds: dict[str, float] = {}
    with Progress(console=Console(stderr=True)) as progress:
        for name in names:
            task = progress.add_task(name, total=run.parts)
            began = time.perf_counter()
            curves[name] = run.curve(name, pool, partial(progress.advance, task))
            seconds[name] = time.perf_counter() - began
    if pool is not None:
        pool.shutdown()
    console = Console()
    console = console if console.is_terminal else Console(width=NARROWEST)
    console.print(table(curves, options.points))
    console.print("seconds: " + ", ".join(f"{name} {taken:.1f}" for name, taken in seconds.items()))
    if options.json:
        found = {"points": options.points, "gradient": options.gradient, "seconds": seconds, "error": curves}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        plot(curves, options.points, options.plot)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
