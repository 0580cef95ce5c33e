"""
Focal loss: how much an easy example still counts
=================================================

A dense detector looks at a hundred thousand boxes in an image, and nearly all of them are background that it has long
learnt. Each costs little, but there are so many. The focal loss multiplies the cross-entropy by ``(1 - p)**gamma``,
with p the probability of the right class: what is already right fades out of the sum.

The first picture is figure 1 of `Lin et al. <https://arxiv.org/abs/1708.02002>`_, with the slope beside it.
"""

import matplotlib.pyplot as plt
import numpy as np

from array_losses import grad, sigmoid_focal_loss

GAMMAS = (0.0, 0.5, 1.0, 2.0, 5.0)
COLORS = plt.get_cmap("viridis")(np.linspace(0.0, 0.9, len(GAMMAS)))


def focal(logits, gamma, reduction="none"):
    """The loss of positives."""
    return sigmoid_focal_loss(logits, np.ones(logits.shape), alpha=None, gamma=gamma, reduction=reduction)


def slope(logits, gamma):
    """Rows do not know of each other: the gradient of their sum is the slope of each."""
    return grad(lambda x: focal(x, gamma, "sum"))(logits)


# %%
# Loss and slope
# --------------
# The loss takes the logit, not the probability: its slope for the logit is what training sees. For the cross-entropy
# (gamma = 0) that is p - 1, a straight line. With gamma = 2 a ninth of it is left at p = 0.8; at p = 0.05, where the
# answer is wrong, the focal loss pulls *harder* than the cross-entropy.

logits = np.linspace(-6.0, 6.0, 601)
probability = 1.0 / (1.0 + np.exp(-logits))

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for gamma, color in zip(GAMMAS, COLORS):
    left.plot(probability, focal(logits, gamma), color=color, lw=2, label=f"$\\gamma$ = {gamma:g}")
    right.plot(probability, slope(logits, gamma), color=color, lw=2)
left.axvspan(0.6, 1.0, color="0.93", zorder=0)
left.text(0.8, 2.6, "well classified", ha="center", color="0.35")
left.set(xlabel="probability of the right class", ylabel="focal loss", xlim=(0, 1), ylim=(0, 5))
right.set(xlabel="probability of the right class", ylabel="slope for the logit", xlim=(0, 1))
left.legend(frameon=False)
for axes in (left, right):
    axes.grid(alpha=0.3)
plt.show()

# %%
# In numbers: loss and slope as shares of the cross-entropy's. The paper's example is gamma = 2, where p = 0.9 keeps a
# hundredth of its loss and p = 0.968 a thousandth.

print("    p  gamma    loss   slope")
for p in (0.05, 0.8, 0.9, 0.968):
    logit = np.log(np.asarray([p / (1.0 - p)]))
    for gamma in (0.5, 2.0, 5.0):
        kept = [(of(logit, gamma) / of(logit, 0.0))[0] for of in (focal, slope)]
        print(f"{p:5.3f}  {gamma:5g} {kept[0]:7.2g} {kept[1]:7.2g}")

# %%
# The sum over an image
# ---------------------
# 100 000 negatives, most of them easy, and 100 positives, most of them not yet found. Under the cross-entropy the
# positives are a small part of the loss; the larger gamma, the more of it is theirs, without any weight for the class.

random = np.random.default_rng(0)
negatives, positives = random.normal(-4.0, 1.0, 100_000), random.normal(-1.0, 1.5, 100)
logits = np.concatenate([negatives, positives])
targets = np.concatenate([np.zeros(100_000), np.ones(100)])

shares = []
for gamma in GAMMAS:
    rows = sigmoid_focal_loss(logits, targets, alpha=None, gamma=gamma)
    shares.append(100.0 * rows[100_000:].sum() / rows.sum())
    print(f"gamma {gamma:g}: {shares[-1]:5.1f} % of the loss come from the 100 positives")

figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
names = [f"{gamma:g}" for gamma in GAMMAS]
axes.bar(names, shares, color=COLORS, label="100 positives")
axes.bar(names, [100.0 - share for share in shares], bottom=shares, color="0.88", label="100 000 negatives")
axes.set(xlabel="$\\gamma$", ylabel="share of the loss in %", ylim=(0, 109), yticks=range(0, 101, 20))
axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
axes.bar_label(axes.containers[0], fmt="%.0f", padding=2)
plt.show()
