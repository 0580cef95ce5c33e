"""The plot: ratio to the fastest peer by size, a panel for each family and each way of calling."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import Any

from .contest import Row
from .subjects import FAMILIES
from .summary import place

PANEL = 4.2, 3.2  # inches
DASHES = {True: "-", False: "--"}  # value and gradient, value

Points = dict[float, float]  # numbers in the first input, ratio


def draw(rows: Sequence[Row]) -> Any:
    """A matplotlib `Figure` that belongs to no window; solid lines are value and gradient, dashed ones value.

    Rows without a peer are left out.
    """
    figure_module: Any = importlib.import_module("matplotlib.figure")
    lines = series(rows)
    families = [family for family in (*FAMILIES, "others") if any(key[0] == family for key in lines)]
    places = list(dict.fromkeys(key[1] for key in lines))
    shape = max(1, len(families)), max(1, len(places))
    size = PANEL[0] * shape[1], PANEL[1] * shape[0]
    figure = figure_module.Figure(figsize=size, layout="constrained")
    panels = figure.subplots(*shape, squeeze=False)
    for i, family in enumerate(families):
        for j, where in enumerate(places):
            found = {key[2:]: points for key, points in lines.items() if key[:2] == (family, where)}
            _panel(panels[i][j], f"{family}, {where}", found)
    return figure


def series(rows: Sequence[Row]) -> dict[tuple[str, str, str, bool], Points]:
    """Ratio by size, of each family, place, subject and work."""
    family_of = {subject.title: family for family, subjects in FAMILIES.items() for subject in subjects.values()}
    lines: dict[tuple[str, str, str, bool], Points] = {}
    for row in rows:
        if row.fastest_peer is None:
            continue
        task = row.task
        where = place(row.backend, row.device, task.call.compiled)
        key = family_of.get(task.title, "others"), where, task.title, task.call.gradient
        lines.setdefault(key, {})[math.prod(task.size)] = row.ratios[row.fastest_peer].median
    return lines


def _panel(axes: Any, title: str, found: dict[tuple[str, bool], Points]) -> None:
    axes.set_title(title, fontsize="medium")
    if not found:
        axes.set_axis_off()
        return
    axes.set(xscale="log", yscale="log", xlabel="product of the sizes", ylabel="time of the fastest peer / ours")
    colours = {subject: f"C{n}" for n, subject in enumerate(dict.fromkeys(subject for subject, _ in found))}
    for (subject, gradient), points in found.items():
        sizes = sorted(points)
        axes.plot(
            sizes,
            [points[size] for size in sizes],
            marker="o",
            markersize=3,
            color=colours[subject],
            linestyle=DASHES[gradient],
            label=subject if gradient or (subject, True) not in found else "_value",
        )
    axes.axhline(1.0, color="black", linewidth=0.8, label="_equal")
    axes.legend(fontsize="x-small")
