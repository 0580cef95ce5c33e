"""Train the detector in one library or more, with the same initial weights and batches, and compare.

python -m examples.detector --backends jax torch      all weights
python -m examples.detector --backends numpy torch    the head alone, above convolutions that stay random
"""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from .mean_ap import mean_average_precision
from .network import Learner, Plan, initial_weights
from .shapes import Array, draw

BACKENDS = ("jax", "torch", "numpy")
FRESH = 256  # images for the mean average precision
CHECKED = 20  # every so many steps, all libraries tell their loss at the weights of the first
MEAN = 50  # steps whose losses are averaged


class Run(NamedTuple):
    """What training told."""

    losses: dict[str, Array]  # of each step
    seconds: dict[str, float]
    at_same_weights: dict[str, Array]  # losses at the weights of the first library, every `CHECKED` steps


def train(learners: dict[str, Learner], plan: Plan, batch: int, seed: int, dtype: str, console: Console) -> Run:
    """Step by step through the same batches."""
    random = np.random.default_rng([seed, 1])
    losses: dict[str, list[float]] = {name: [] for name in learners}
    checked: dict[str, list[float]] = {name: [] for name in learners}
    seconds = dict.fromkeys(learners, 0.0)
    columns = TextColumn("loss {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=plan.steps)
        for step in range(plan.steps):
            scenes = draw(random, batch, dtype=dtype)
            for name, learner in learners.items():
                start = perf_counter()
                losses[name].append(learner.learn(scenes))
                seconds[name] += perf_counter() - start
            if step % CHECKED == 0 and len(learners) > 1:
                weights = next(iter(learners.values())).weights_now()
                for name, learner in learners.items():
                    checked[name].append(learner.loss(weights, scenes))
            progress.update(task, advance=1, description=" ".join([f"{own[-1]:6.3f}" for own in losses.values()]))
    as_arrays = [{name: np.asarray(values) for name, values in table.items()} for table in (losses, checked)]
    return Run(as_arrays[0], seconds, as_arrays[1])


def report(run: Run, precision: dict[str, float]) -> Table:
    table = Table(title=f"trained, and tried on {FRESH} fresh images")
    for column in ("library", "seconds", f"loss: mean of the first {MEAN}", f"last {MEAN}", "mAP@0.5"):
        table.add_column(column, justify="left" if column == "library" else "right")
    for name, losses in run.losses.items():
        ends = [f"{np.mean(part):.4f}" for part in (losses[:MEAN], losses[-MEAN:])]
        table.add_row(name, f"{run.seconds[name]:.1f}", *ends, f"{precision[name]:.4f}")
    return table


def agreement(run: Run) -> Table:
    """How far the losses of two libraries differ.

    A rounding error of one library is as good as that of another, and training multiplies it from step to step; now
    and then it decides which of two nearly equal anchors learns an object. What shows that both compute the same is
    the beginning, and the losses at the same weights all along; that both learn the same, the course of the mean.
    """
    pairs = list(combinations(run.losses, 2))
    table = Table(title="largest relative difference of the losses")
    table.add_column("steps")
    for one, other in pairs:
        table.add_column(f"{one}, {other}", justify="right")
    steps = len(run.losses[pairs[0][0]])
    rows = [(f"first {n}", {k: x[:n] for k, x in run.losses.items()}) for n in (10, 30, 100) if n < steps]
    rows += [
        (f"all {steps}", run.losses),
        (f"means of {MEAN}", {name: means(losses) for name, losses in run.losses.items()}),
        (f"every {CHECKED}th, with the weights of {pairs[0][0]}", run.at_same_weights),
    ]
    for name, losses in rows:
        differences = [np.max(abs(losses[one] - losses[other]) / losses[other]) for one, other in pairs]
        table.add_row(name, *[f"{difference:.1e}" for difference in differences])
    return table


def means(losses: Array) -> Array:
    """Of each `MEAN` steps; what is left at the end makes no mean of its own."""
    parts = max(1, len(losses) // MEAN)
    return np.asarray([np.mean(part) for part in np.array_split(losses, parts)])


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.detector", description=__doc__.split("\n\n")[0])
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=["jax", "torch"], metavar="NAME")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--batch", type=int, default=32, help="images in each step")
    parser.add_argument("--rate", type=float, default=2e-3, help="the highest rate of Adam, half-way")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--head-only", action="store_true", help="learn the linear head; numpy always does")
    parser.add_argument("--double", action="store_true", help="in float64: rounding matters later")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw detections and losses (needs matplotlib)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = options(arguments)
    console = Console()
    if "jax" in chosen.backends and chosen.double:
        importlib.import_module("jax").config.update("jax_enable_x64", True)
    if "torch" in chosen.backends:  # with images this small, threads wait for each other more than they work
        importlib.import_module("torch").set_num_threads(1)
    dtype = "float64" if chosen.double else "float32"
    plan = Plan(chosen.rate, chosen.steps, chosen.head_only or "numpy" in chosen.backends)
    weights = initial_weights(np.random.default_rng([chosen.seed, 0]), dtype)
    learners: dict[str, Learner] = {
        name: importlib.import_module(f".with_{name}", __package__).Learner(weights, plan) for name in chosen.backends
    }
    learned = sum([w.size for name, w in weights.items() if plan.learns(name)])
    console.print(
        f"{learned} weights, {plan.steps} batches of {chosen.batch} images, {dtype}, seed {chosen.seed}; "
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    )
    run = train(learners, plan, chosen.batch, chosen.seed, dtype, console)

    fresh = draw(np.random.default_rng([chosen.seed, 2]), FRESH, dtype=dtype)
    found = {name: learner.detect(fresh.images) for name, learner in learners.items()}
    precision = {name: mean_average_precision(one, *fresh[1:]) for name, one in found.items()}
    console.print(report(run, precision))
    if len(learners) > 1:
        console.print(agreement(run))
    if chosen.picture:
        name = chosen.backends[0]
        importlib.import_module(".picture", __package__).save(
            chosen.picture, fresh, found[name], run.losses, f"{name}: mAP@0.5 {precision[name]:.3f}"
        )
        console.print(f"{chosen.picture} shows what {name} found")


if __name__ == "__main__":
    main()
