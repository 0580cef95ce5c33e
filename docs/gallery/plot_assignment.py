"""
Which anchor learns which object
================================

A detector answers in thousands of places, and the loss needs to know which answers to compare with which object. That
is the assignment, and it decides what is learnt as much as the loss does. Some rules look at where places and objects
are; later ones look at what the detector says there.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from array_losses.detection import (
    anchor_boxes,
    anchor_points,
    atss_assign,
    fcos_assign,
    simota_assign,
    task_aligned_assign,
)

# %%
# A picture of 320 pixels with four objects, and a head with three levels: a place every 8, 16 and 32 pixels. The
# detector is made up. Each object has a part by which it is recognised, not in its middle; from there its box is
# found well and the score is high, from elsewhere less so.

SIZES, STRIDES = [(40, 40), (20, 20), (10, 10)], [8, 16, 32]
LEVELS = tuple(height * width for height, width in SIZES)
boxes = np.asarray(
    [[30.0, 40.0, 190.0, 250.0], [140.0, 170.0, 290.0, 290.0], [215.0, 50.0, 275.0, 110.0], [60.0, 272.0, 96.0, 300.0]]
)
parts = np.asarray([[80.0, 75.0], [255.0, 245.0], [230.0, 95.0], [85.0, 285.0]])
labels, mask = np.asarray([0, 1, 2, 2]), np.ones(4, dtype=bool)
points, strides = anchor_points(SIZES, STRIDES, like=boxes)
anchors = anchor_boxes(SIZES, STRIDES, sizes=[[4 * stride] for stride in STRIDES], ratios=(1.0,), like=boxes)

random = np.random.default_rng(0)
reach = 0.3 * np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
clarity = np.exp(-0.5 * (np.linalg.norm(points[:, None] - parts, axis=-1) / reach) ** 2)  # of each object in each place
seen, best = clarity.argmax(axis=1), clarity.max(axis=1)[:, None]
pred_boxes = boxes[seen] + 0.6 * (1.0 - best) * reach[seen, None] * random.normal(size=(len(points), 4))
scores = 0.02 + 0.9 * best * np.eye(3)[labels[seen]]

# %%
# FCOS takes places near an object's centre, on the level of its size, and ATSS anchors whose overlap stands out: both
# do the same with any detector. SimOTA and task-aligned assignment weigh the score and the overlap of what is
# predicted, the one around the centres of objects, the other anywhere inside: it goes where the object is recognised
# (the crosses). A larger dot is a place of a coarser level.

found = {
    "FCOS": fcos_assign(points, strides, boxes, mask, level_sizes=LEVELS, ranges=((0, 64), (64, 128), (128, np.inf))),
    "ATSS": atss_assign(anchors, boxes, mask, level_sizes=LEVELS),
    "SimOTA": simota_assign(scores, pred_boxes, labels, boxes, mask, points=points, strides=strides),
    "task-aligned": task_aligned_assign(scores, pred_boxes, labels, boxes, mask, points=points),
}
COLORS = np.asarray(["#0072b2", "#d55e00", "#009e73", "#cc79a7"])
figure, panels = plt.subplots(2, 2, figsize=(8.6, 8.8), sharex=True, sharey=True, layout="constrained")
for axes, (name, assignment) in zip(panels.flat, found.items()):
    axes.plot(*points[: LEVELS[0]].T, ",", color="0.75")
    for box, part, color in zip(boxes, parts, COLORS):
        axes.add_patch(Rectangle(box[:2], *(box[2:] - box[:2]), fill=False, color=color, lw=2))
        axes.plot(*part, "x", color="k", ms=9, mew=1.5)
    taken = assignment.foreground
    axes.scatter(
        *points[taken].T, s=2.0 * strides[taken], c=COLORS[assignment.index[taken]], edgecolors="w", lw=0.4, zorder=3
    )
    axes.set(title=name, xlim=(0, 320), ylim=(320, 0), aspect="equal")
    counts = np.bincount(assignment.index[taken], minlength=len(boxes))
    ways = np.linalg.norm(points - parts[assignment.index], axis=-1)[taken]
    print(f"{name:13s} places for each object {counts}; {ways.mean():5.1f} pixels from the cross (mean)")
figure.supxlabel("x in pixels")
figure.supylabel("y in pixels")
plt.show()
