"""
Distribution focal loss: a side of a box as a distribution
==========================================================

Some detectors do not predict how far a box reaches, but how likely each of sixteen distances is; the distance is the
mean. That lets the head say that it does not know. But many distributions have the right mean, and the loss picks
one: all mass in the two bins beside the target, in proportion to their nearness.
"""

import matplotlib.pyplot as plt
import numpy as np

from array_losses import distribution_expectation, distribution_focal_loss, grad, squared_error

TARGET = np.asarray(5.3)
bins = np.arange(16)


def probabilities(logits):
    return np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()


# %%
# Training one distribution
# -------------------------
# It starts undecided, with a mean of 7.5, and follows the slope of the loss: p - q, where q has 0.7 in bin 5 and 0.3
# in bin 6. Beside it the same start under the squared error of the mean alone. Both means arrive; only one
# distribution does.


def focal(logits):
    return distribution_focal_loss(logits, TARGET)


def mean_only(logits):
    return squared_error(distribution_expectation(logits), TARGET)


start = -0.02 * (bins - 7.5) ** 2
figure, panels = plt.subplots(2, 4, figsize=(9, 4.2), sharex=True, sharey=True, layout="constrained")
for row, (name, loss, color) in zip(panels, (("DFL", focal, "#0072b2"), ("squared error", mean_only, "#b2182b"))):
    logits, shown = start, iter(row)
    for step in range(501):
        if step in (0, 10, 50, 500):
            axes = next(shown)
            mean = distribution_expectation(logits)
            axes.bar(bins, probabilities(logits), color=color)
            axes.axvline(TARGET, color="k", ls="--", lw=1)
            axes.plot(mean, 0.0, "^", color="k", clip_on=False, ms=8)
            axes.set_title(f"{name}, step {step}", fontsize="medium")
            print(f"{name:13s} step {step:3d}: mean {mean:.2f}, in bins 5 and 6 {probabilities(logits)[5:7].round(3)}")
        logits = logits - 0.5 * grad(loss)(logits)
figure.supxlabel("bin (dashed: the target; triangle: the mean)")
figure.supylabel("probability")
plt.show()

# %%
# The slopes at the start
# -----------------------
# The distribution focal loss pulls two bins up and all others down. The squared error raises *every* bin below the
# mean and lowers every bin above it, by its probability times its distance from the mean.

figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
axes.bar(bins - 0.2, grad(focal)(start), width=0.4, color="#0072b2", label="distribution focal loss")
axes.bar(bins + 0.2, grad(mean_only)(start), width=0.4, color="#b2182b", label="squared error of the mean")
axes.axhline(0.0, color="k", lw=0.8)
axes.set(xlabel="bin", ylabel="slope for the logit", xticks=bins)
axes.legend(frameon=False)
plt.show()

q = np.where(bins == 5, 0.7, np.where(bins == 6, 0.3, 0.0))
print("largest difference from p - q:", np.abs(grad(focal)(start) - (probabilities(start) - q)).max())
