"""A picture of what was found, and of the losses on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .network import Detections
from .shapes import SHAPES, SIDE, Scenes

COLORS = ("tab:red", "tab:green", "tab:blue")  # of the classes
SHOWN = 8  # images, above the losses
LEAST_SCORE = 0.5


def save(file: Path, scenes: Scenes, found: Detections, curves: Mapping[str, Sequence[float]], title: str) -> None:
    """Images with boxes and scores, solid what was found and dotted what is there, above the losses of each step."""
    figure = Figure(figsize=(12, 8.5), layout="constrained")
    figure.suptitle(title)
    grid = figure.add_gridspec(3, SHOWN // 2)
    for number in range(min(SHOWN, len(scenes.images))):
        axes = figure.add_subplot(grid[divmod(number, SHOWN // 2)])
        axes.imshow(np.clip(0.5 + scenes.images[number].transpose(1, 2, 0) / 3, 0, 1), extent=(0, SIDE, SIDE, 0))
        axes.set_axis_off()
        for x1, y1, x2, y2 in scenes.boxes[number][scenes.mask[number]]:
            axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, color="white", linestyle=":"))
        sure = found.scores[number] >= LEAST_SCORE
        each = zip(found.boxes[number][sure], found.scores[number][sure], found.labels[number][sure])
        for (x1, y1, x2, y2), score, label in each:
            color = COLORS[label]
            axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, color=color, linewidth=1.5))
            words = f"{SHAPES[label]} {score:.2f}"
            axes.text(x1, y1, words, color="white", backgroundcolor=color, fontsize=7, va="bottom")
    axes = figure.add_subplot(grid[2, :])
    for number, (name, losses) in enumerate(curves.items()):
        axes.plot(losses, label=name, linestyle=("-", "--", ":")[number % 3])
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    axes.legend()
    figure.savefig(file)
