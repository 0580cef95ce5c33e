"""
Focal L1: turning the focus round
=================================

Of the boxes that a detector moves, many fit their target badly and few nearly well. Under L1 each of the many pulls as
hard as one of the few, under smooth L1 harder. The `focal L1 loss <https://arxiv.org/abs/2101.08158>`_ starts from the
slope it wants: zero at the target, largest at a small error, smaller again where the error is large. The loss is its
integral.
"""

import matplotlib.pyplot as plt
import numpy as np

from array_losses import focal_l1_loss, grad, l1_loss, smooth_l1_loss

BETAS = (0.4, 0.6, 0.8, 1.0)
COLORS = plt.get_cmap("plasma")(np.linspace(0.0, 0.8, len(BETAS)))
d = np.linspace(0.0, 2.0, 401)


def slope(loss, errors, **options):
    return grad(lambda x: loss(x, np.zeros(x.shape), reduction="sum", **options))(errors)


# %%
# One parameter
# -------------
# ``beta`` says how little an outlier may pull: with 1 its slope is 0, with 1/e it is 1, as much as any error ever
# pulls. The largest slope is always 1, at an error of 1/(e beta), where the dots are. L1 and smooth L1 are drawn
# beside it.

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for label, color, loss in (("L1", "#444444", l1_loss), ("smooth L1", plt.get_cmap("Oranges")(0.6), smooth_l1_loss)):
    left.plot(d, loss(d, np.zeros(d.shape)), color=color, ls="--", label=label)
    right.plot(d[1:], slope(loss, d[1:]), color=color, ls="--")
for beta, color in zip(BETAS, COLORS):
    left.plot(d, focal_l1_loss(d, np.zeros(d.shape), beta=beta), color=color, lw=2.5, label=f"focal L1, beta = {beta}")
    right.plot(d, slope(focal_l1_loss, d, beta=beta), color=color, lw=2.5)
    right.plot(1.0 / (np.e * beta), 1.0, "o", color=color)
left.set(xlabel="error $|d|$", ylabel="loss", xlim=(0, 2), ylim=(0, 2))
right.set(xlabel="error $|d|$", ylabel="slope", xlim=(0, 2), ylim=(0, 1.1))
left.legend(frameon=False)
for axes in (left, right):
    axes.grid(alpha=0.3)
plt.show()

# %%
# In numbers, beside what the formula says: the slope of outliers is ``-e beta ln(beta)``.

fine = np.linspace(1e-4, 1.0, 10_000)
for beta in BETAS:
    steepest = fine[np.argmax(slope(focal_l1_loss, fine, beta=beta))]
    outlier = slope(focal_l1_loss, np.asarray([5.0]), beta=beta)[0] + 0.0
    formula = f"{1.0 / (np.e * beta):.3f} and {-np.e * beta * np.log(beta) + 0.0:.3f}"
    print(f"beta {beta}: steepest at {steepest:.3f}, outliers pull with {outlier:.3f}; by the formula {formula}")
