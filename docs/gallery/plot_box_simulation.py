"""
The DIoU paper's simulation: boxes on their way to a target
===========================================================

Which loss brings a box to its target, from wherever it starts, and how fast? `Zheng et al.
<https://arxiv.org/abs/1911.08287>`_ asked it without any network: 1 715 000 boxes around targets of seven shapes,
each moved 200 steps against the slope of a loss. ``benchmarks/regression.py`` is the whole experiment; here its
functions run on a part of the boxes.
"""

# sphinx_gallery_thumbnail_number = 2
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from array_losses import ciou_loss, diou_loss, giou_loss, iou, iou_loss
from benchmarks import regression_paper
from benchmarks.regression import PAPER, READ, STEPS, cases, exact, rate, simulate

LOSSES = {"IoU": iou_loss, "GIoU": giou_loss, "DIoU": diou_loss, "CIoU": ciou_loss}
COLORS = dict(zip(LOSSES, ("#777777", "#d55e00", "#0072b2", "#009e73")))

# %%
# One box
# -------
# A prediction beside a target of another shape, moved by each loss; the lighter, the earlier. IoU has no slope where
# the boxes do not overlap, and the prediction stays. The others make it more than three times as large on the way,
# since a larger box is nearer and its hull makes every distance smaller; GIoU touches the target first, and all of
# them end on it.

start, goal = np.asarray([[12.6, 11.2, 1.2, 0.7]]), np.asarray([[10.0, 10.0, 0.8, 1.25]])


def corners(boxes):
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=-1)


def below(errors):
    return f"after {np.argmax(errors < 1.0) + 1} steps" if errors[-1] < 1.0 else "never"


def draw(axes, box, **style):
    (x, y, w, h) = box[0]
    axes.add_patch(Rectangle((x - w / 2, y - h / 2), w, h, fill=False, **style))


figure, panels = plt.subplots(1, 4, figsize=(9, 2.4), sharey=True, layout="constrained")
for axes, (name, loss) in zip(panels, LOSSES.items()):
    moves, box, overlaps, areas = exact(loss), start, [], []
    for step in range(1, STEPS + 1):
        overlap = iou(corners(box), corners(goal))
        overlaps.append(overlap[0])
        areas.append(box[0, 2] * box[0, 3])
        if step in (1, 10, 25, 50, 75, 100, 150, 200):
            draw(axes, box, color=COLORS[name], alpha=0.25 + 0.75 * step / STEPS, lw=1.5)
        box = box + rate(step) * (2.0 - overlap) * moves(np, box, goal)
    draw(axes, goal, color="k", ls="--", lw=1.2)
    axes.set(title=f"{name} loss, IoU {overlaps[-1]:.2f}", xlabel="x", xlim=(9, 13.6), ylim=(9, 12), aspect="equal")
    touch = f"touches after {np.argmax(np.asarray(overlaps) > 0.0)} steps" if overlaps[-1] > 0.0 else "never touches"
    print(f"{name:4s} {touch}, at most {max(areas) / areas[0]:.1f} times as large as at first")
panels[0].set(ylabel="y")
plt.show()

# %%
# 6 860 boxes
# -----------
# The error is ``|dx| + |dy| + |dw| + |dh|``, summed over all boxes. Here the boxes start from 20 points in place of 5
# 000, spread evenly over the disc, and the sum is scaled to all of them. The dots on the left are the full
# simulation, which takes some minutes:
#
# .. code-block:: sh
#
#    python -m benchmarks.regression --loss iou --loss giou --loss diou --loss ciou
#
# The dots on the right are read off the plot in the authors' repository.

POINTS = 20
SHOWN = (1, 10, 30, 50, 75, 100, 150, 170, 190, 200)
FULL = {
    "IoU": (6.61, 6.42, 6.16, 6.03, 5.96, 5.93, 5.91, 5.87, 5.86, 5.86),
    "GIoU": (6.48, 5.19, 3.15, 1.93, 1.05, 0.59, 0.34, 0.10, 0.03, 0.03),
    "DIoU": (6.56, 5.85, 4.31, 2.85, 1.39, 0.71, 0.33, 0.10, 0.06, 0.05),
    "CIoU": (6.54, 5.70, 3.99, 2.49, 1.07, 0.49, 0.27, 0.05, 0.01, 0.01),
}

starts, goals = cases(POINTS)
place = np.arange(POINTS) + 0.5
radius, angle = 3.0 * np.sqrt(place / POINTS), np.pi * (3.0 - 5.0**0.5) * place  # a sunflower's
starts = starts.reshape(POINTS, -1, 4)
starts[..., 0] = 10.0 + (radius * np.cos(angle))[:, None]
starts[..., 1] = 10.0 + (radius * np.sin(angle))[:, None]
starts = starts.reshape(-1, 4)
millions = 5_000 / POINTS / 1e6

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), sharey=True, layout="constrained")
steps = np.arange(1, STEPS + 1)
for name, loss in LOSSES.items():
    by_formula = millions * simulate(exact(loss), starts, goals, STEPS)
    by_hand = millions * simulate(partial(regression_paper.gradient, name.lower()), starts, goals, STEPS)
    left.plot(steps, by_formula, color=COLORS[name], lw=2, label=name)
    left.plot(SHOWN, FULL[name], "o", ms=4, color=COLORS[name])
    right.plot(steps, by_hand, color=COLORS[name], lw=2)
    right.plot(READ, PAPER[name.lower()], "o", ms=4, color=COLORS[name])
    apart = np.abs(by_formula[np.asarray(SHOWN) - 1] - FULL[name]).max()
    print(f"{name:4s} error below a million: {below(by_formula)}; with the authors' slopes {below(by_hand)}")
    print(f"     {apart:.2f} at most from the full simulation; in the end {by_formula[-1]:.2f} and {by_hand[-1]:.2f}")
left.set(xlabel="step", ylabel="total error in millions", title="slopes of the formulas", ylim=(0, 7.5))
right.set(xlabel="step", title="slopes as the authors wrote them")
figure.legend(frameon=False, loc="outside lower center", ncols=4)
for axes in (left, right):
    axes.grid(alpha=0.3)
plt.show()

# %%
# The paper's plot is the one on the right. Its authors wrote the gradients by hand, and these differ from the
# derivatives of the formulas (``benchmarks/regression_paper.py`` lists how). With the formulas' own slopes GIoU comes
# as far as DIoU, and DIoU and CIoU take about three times as many steps.
