"""
Robust regression: what an outlier may cost
===========================================

The squared error lets one point that is ten times as far off pull ten times as hard; the absolute error lets every
point pull alike, and its slope jumps where the fit is perfect. Huber's loss, smooth L1 and their relatives lie
between the two. They differ in where the parabola ends and how hard what lies beyond may pull.
"""

import matplotlib.pyplot as plt
import numpy as np

from array_losses import (
    balanced_l1_loss,
    charbonnier_loss,
    grad,
    huber_loss,
    l1_loss,
    l2_loss,
    log_cosh_loss,
    smooth_l1_loss,
)

d = np.linspace(-3.0, 3.0, 601)


def draw(curves):
    """Loss and slope over the error, from (label, color, loss, options)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
    for label, color, loss, options in curves:
        style = {"color": color, "lw": 1.5 if loss in (l1_loss, l2_loss) else 2.5}
        style["ls"] = "--" if loss in (l1_loss, l2_loss) else "-"
        left.plot(d, loss(d, np.zeros(d.shape), **options), **style)
        right.plot(d, slope(loss, d, options), label=label, **style)
    left.set(xlabel="error $d$", ylabel="loss", ylim=(0, 3.5))
    right.set(xlabel="error $d$", ylabel="slope", ylim=(-2.2, 2.2))
    figure.legend(frameon=False, loc="outside lower center", ncols=len(curves))
    for axes in (left, right):
        axes.grid(alpha=0.3)


def slope(loss, errors, options):
    return grad(lambda x: loss(x, np.zeros(x.shape), reduction="sum", **options))(errors)


L1, L2 = ("L1", "#444444", l1_loss, {}), ("L2", "#b2182b", l2_loss, {})

# %%
# Huber: the parabola stays, the arms flatten
# -------------------------------------------
# The loss is the L2 loss up to ``delta`` and a straight line of slope ``delta`` beyond: a smaller ``delta`` makes every
# outlier cheaper, and leaves what happens near zero alone.

blues = plt.get_cmap("Blues")([0.45, 0.7, 0.95])
huber = [
    (f"Huber, delta = {delta}", color, huber_loss, {"delta": delta}) for delta, color in zip((0.5, 1.0, 2.0), blues)
]
draw([L1, L2, *huber])
plt.show()

# %%
# Smooth L1: the arms stay, the parabola tightens
# -----------------------------------------------
# The same curves, divided by ``beta``: now the slope of outliers is 1 whatever ``beta`` is, and a smaller ``beta``
# makes the middle steeper, until it is the L1 loss. With ``beta = 1`` it is Huber's loss with ``delta = 1``.

oranges = plt.get_cmap("Oranges")([0.4, 0.6, 0.9])
smooth = [
    (f"smooth L1, beta = {beta}", c, smooth_l1_loss, {"beta": beta}) for beta, c in zip((0.25, 1.0, 2.0), oranges)
]
draw([L1, L2, *smooth])
plt.show()

print("slope at d = 0.1 and d = 3")
for label, _, loss, options in [L1, L2, *huber, *smooth]:
    print(f"{label:24s}", slope(loss, np.asarray([0.1, 3.0]), options).round(3))

# %%
# Relatives
# ---------
# Log-cosh and Charbonnier have no seam at all. Balanced L1 raises the slopes of small errors over smooth L1's and still
# ends in a straight line, of slope 1.5; its slope at an error of 0.1 is printed below.

relatives = [
    ("log-cosh", "#009e73", log_cosh_loss, {}),
    ("Charbonnier, epsilon = 0.5", "#56b4e9", charbonnier_loss, {"epsilon": 0.5}),
    ("balanced L1", "#cc79a7", balanced_l1_loss, {}),
]
draw([L1, smooth[1], *relatives])
plt.show()

for label, _, loss, options in relatives:
    print(f"{label:27s}", slope(loss, np.asarray([0.1, 3.0]), options).round(3))

# %%
# A line through points, some of which lie
# ----------------------------------------
# Forty points of the line y = 1 + 2x with a little noise, and eight that something has pushed down by 4; gradient
# descent on the mean of each loss. The squared error bends to the eight. Huber's loss with ``delta = 1`` bends about
# half as far: its parabola is ten times as wide as the noise, so a small outlier is nothing special to it, and a
# large one still pulls with 1. With ``delta`` as small as the noise it comes near the line, as L1 does.

random = np.random.default_rng(3)
x = np.sort(random.uniform(-1.0, 1.0, 48))
y = 1.0 + 2.0 * x + random.normal(0.0, 0.1, 48)
pushed = np.isin(np.arange(48), np.arange(39, 47))
y[pushed] -= 4.0


def fitted(loss, options):
    line = np.zeros(2)
    descend = grad(lambda p: loss(p[0] + p[1] * x, y, reduction="mean", **options))
    for step in range(500):
        line = line - 1.0 / (1.0 + 0.01 * step) * descend(line)
    return line


figure, axes = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
axes.plot(x[~pushed], y[~pushed], "o", ms=4, color="0.5", label="of the line")
axes.plot(x[pushed], y[pushed], "x", color="k", label="outliers")
ends = np.asarray([-1.0, 1.0])
for label, color, loss, options in (L2, huber[1], ("Huber, delta = 0.1", blues[0], huber_loss, {"delta": 0.1}), L1):
    line = fitted(loss, options)
    axes.plot(ends, line[0] + line[1] * ends, color=color, lw=2, ls="--" if loss is l1_loss else "-", label=label)
    print(f"{label:20s} y = {line[0]:.2f} + {line[1]:.2f} x")
axes.set(xlabel="$x$", ylabel="$y$")
axes.legend(frameon=False)
plt.show()
