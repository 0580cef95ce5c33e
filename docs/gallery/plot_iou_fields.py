"""
Where the box losses pull: fields around a target
=================================================

The IoU says how well two boxes match, and says nothing about boxes that do not touch: all of them have 0, and a slope
of 0. GIoU, DIoU and the losses after them add a term that knows where the target is. Seen as fields, over the places
where a prediction might stand, they are easy to tell apart.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle

from array_losses import ciou_loss, convert_boxes, diou_loss, eiou_loss, giou_loss, grad, iou_loss, siou_loss

LOSSES = {
    "IoU": iou_loss,
    "GIoU": giou_loss,
    "DIoU": diou_loss,
    "CIoU": ciou_loss,
    "EIoU": eiou_loss,
    "SIoU": siou_loss,
}
COLORS = dict(zip(LOSSES, ("#777777", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00")))
TARGET, SIZE = np.asarray([0.0, 0.0, 4.0, 2.5]), (1.5, 1.5)


def boxes_at(x, y, size=SIZE):
    """Boxes (x, y, w, h) of one size."""
    return np.stack([x, y, np.full(x.shape, size[0]), np.full(x.shape, size[1])], axis=-1)


def slopes(loss, boxes):
    """The slopes of the loss along x, y, w and h."""
    target = convert_boxes(np.broadcast_to(TARGET, boxes.shape), "cxcywh", "xyxy")
    return grad(lambda b: loss(convert_boxes(b, "cxcywh", "xyxy"), target, reduction="sum"))(boxes)


# %%
# Which way, and how hard
# -----------------------
# The black box is the target, the dashed one the prediction's size. Lines show which way the centre of a prediction is
# pulled from each place; the colour is the length of the slope, white where it is 0.
#
# * IoU pulls only where the boxes overlap, and not where the prediction lies inside of the target: wherever it stands
#   there, the overlap is the same.
# * GIoU reaches everywhere else; inside of the target it is the IoU. Beside the target it pulls along one axis.
# * DIoU pulls nearly straight to the centre, from everywhere.
# * CIoU adds a term of shape, which does not depend on where the boxes are: its field is that of DIoU.
# * EIoU divides the differences of width and height by the hull's sides. Moving away makes the hull large and these
#   terms small, so there are places from which it pushes *away*.
# * SIoU's distance depends on the angle under which the centres see each other, which bends its lines.

x, y = np.meshgrid(np.linspace(-6.0, 6.0, 121), np.linspace(-4.0, 4.0, 81))
figure, panels = plt.subplots(2, 3, figsize=(9, 4.5), sharex=True, sharey=True, layout="constrained")
for axes, (name, loss) in zip(panels.flat, LOSSES.items()):
    pull = -slopes(loss, boxes_at(x, y))[..., :2]
    length = np.hypot(pull[..., 0], pull[..., 1])
    shown = axes.pcolormesh(
        x, y, np.where(length > 1e-12, length, np.nan), norm=LogNorm(0.02, 1.0), cmap="YlGnBu", shading="gouraud"
    )
    direction = pull / np.where(length > 1e-12, length, np.nan)[..., None]
    axes.streamplot(x, y, direction[..., 0], direction[..., 1], color="0.25", linewidth=0.7, arrowsize=0.8, density=0.7)
    axes.add_patch(Rectangle((-2.0, -1.25), 4.0, 2.5, fill=False, lw=2))
    axes.add_patch(Rectangle((-5.8, -3.8), *SIZE, fill=False, ls="--"))
    axes.set(title=name, aspect="equal", xlim=(-6, 6), ylim=(-4, 4))
figure.supxlabel("x, centre of the prediction")
figure.supylabel("y")
figure.colorbar(shown, ax=panels, label="length of the slope")
plt.show()

# %%
# The same in numbers: from how much of the picture the loss pulls at all, and the angle between its pull and the
# straight way to the target's centre, in degrees; beyond 90 it pushes away.

print("       places  median angle  largest angle  pushed away")
for name, loss in LOSSES.items():
    pull = -slopes(loss, boxes_at(x, y))[..., :2]
    inward, across = -pull[..., 0] * x - pull[..., 1] * y, pull[..., 0] * y - pull[..., 1] * x
    some = np.hypot(pull[..., 0], pull[..., 1]) > 1e-12
    angle = np.degrees(np.arctan2(np.abs(across), inward))[some]
    off = f"{np.median(angle):12.0f} {angle.max():13.0f}"
    print(f"{name:4s} {100 * some.mean():6.1f} % {off} {100 * (angle > 90.0).mean():10.0f} %")

# %%
# The sides are held here. EIoU with a prediction as small as this one has a place of rest beside each corner of the
# target; in training the sides grow, which takes it off again.

box = np.asarray([[5.0, 4.0, *SIZE]])
for _ in range(300):
    box[:, :2] -= 2.0 * slopes(eiou_loss, box)[:, :2]
print("EIoU, centre alone, from (5, 4):", box[0, :2].round(2))
for step in range(700):
    box -= 4.0 / (1.0 + 0.02 * step) * slopes(eiou_loss, box)
print("EIoU, then centre and sides:    ", box[0].round(2))

# %%
# Along a line
# ------------
# Loss and slope as the prediction comes from the right, along the middle of the target. At 2.75 the boxes touch, at
# 1.25 the prediction is inside. Apart, only the added terms pull; inside, only those that know the centre.

line = np.linspace(0.0, 8.0, 801)
target = convert_boxes(np.broadcast_to(TARGET, (801, 4)), "cxcywh", "xyxy")
coming = boxes_at(line, np.zeros(801))
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
for name, loss in LOSSES.items():
    style = {"color": COLORS[name], "lw": 4 if name == "DIoU" else 1.8, "ls": "--" if name == "CIoU" else "-"}
    left.plot(line, loss(convert_boxes(coming, "cxcywh", "xyxy"), target), label=name, **style)
    right.plot(line, slopes(loss, coming)[:, 0], **style)
for axes in (left, right):
    axes.axvline(1.25, color="0.7", lw=0.8)
    axes.axvline(2.75, color="0.7", lw=0.8)
    axes.grid(alpha=0.3)
left.set(xlabel="distance of the centres", ylabel="loss", xlim=(0, 8))
right.set(xlabel="distance of the centres", ylabel="slope", xlim=(0, 8))
figure.legend(frameon=False, loc="outside lower center", ncols=6)
plt.show()
