"""
A triplet embedding, before and after
=====================================

An embedding is good when things of one kind lie together and things of different kinds apart. The triplet loss says
so directly: to each anchor, something of its own kind shall be nearer than anything else, by a margin. Here each
anchor of a batch takes the two hardest: the farthest of its kind, and the nearest of any other.
"""

import matplotlib.pyplot as plt
import numpy as np

from array_losses import array_namespace, batch_hard_triplet_loss, pairwise_distance, value_and_grad

# %%
# Things of five kinds, ten numbers each: noise in all of them, and one number that is larger for its kind. A net with
# one hidden layer maps them to the plane. It is written to the array standard, so the library differentiates it on
# NumPy.

random = np.random.default_rng(0)
KINDS, EACH, STAR = 5, 40, 3
labels = np.repeat(np.arange(KINDS), EACH)
seen, unseen = random.normal(0.0, 1.0, (2, KINDS * EACH, 10)) + 4.5 * np.eye(KINDS, 10)[labels]
weights = [random.normal(0.0, 0.4, (10, 32)), np.zeros(32), random.normal(0.0, 0.4, (32, 2)), np.zeros(2)]


def embed(weights, things):
    inner, offset, outer, shift = weights
    return array_namespace(inner).tanh(things @ inner + offset) @ outer + shift


# %%
# Training
# --------
# Gradient descent with momentum; a batch is eight things of each kind. The hardest pairs of a small batch are
# moderately hard; those of all two hundred at once would be its outliers.


def cost(weights, things, labels):
    return batch_hard_triplet_loss(embed(weights, things), labels, margin=1.0, reduction="mean")


before, velocity, course = embed(weights, unseen), [0.0] * len(weights), []
for _ in range(200):
    batch = np.concatenate([kind * EACH + random.permutation(EACH)[:8] for kind in range(KINDS)])
    loss, slopes = value_and_grad(cost)(weights, seen[batch], labels[batch])
    velocity = [0.9 * v - 0.02 * slope for v, slope in zip(velocity, slopes)]
    weights = [w + v for w, v in zip(weights, velocity)]
    course.append(loss)
after = embed(weights, unseen)

# %%
# Things that the net has not seen
# --------------------------------
# The star is one of them. A line leads to the farthest of its own kind, a dashed one to the nearest of another: the
# pair whose distances the loss compares. The printed loss is that of all two hundred as one batch, whose hardest
# pairs are those of the stragglers.

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
figure, panels = plt.subplots(1, 3, figsize=(9.5, 3.4), width_ratios=(1, 1, 0.7), layout="constrained")
for axes, name, embedding in zip(panels, ("before", "after"), (before, after)):
    for kind, color in enumerate(COLORS):
        axes.plot(*embedding[labels == kind].T, "o", ms=4, color=color, alpha=0.8)
    distances = pairwise_distance(embedding)
    farthest = np.argmax(np.where(labels == labels[STAR], distances[STAR], -np.inf))
    nearest = np.argmin(np.where(labels == labels[STAR], np.inf, distances[STAR]))
    axes.plot(*embedding[[STAR, farthest]].T, "k-", lw=1.5)
    axes.plot(*embedding[[STAR, nearest]].T, "k--", lw=1.5)
    axes.plot(*embedding[STAR], "k*", ms=13)
    axes.set(title=name, xlabel="first coordinate", ylabel="second coordinate")
    axes.set_aspect("equal", adjustable="datalim")
    kinds = labels[np.argmin(distances + np.diag(np.full(len(labels), np.inf)), axis=-1)]
    loss = batch_hard_triplet_loss(embedding, labels, margin=1.0, reduction="mean")
    print(f"{name:6s} {100 * (kinds == labels).mean():3.0f} % have a neighbour of their kind nearest; loss {loss:.2f}")
panels[2].plot(course, color="0.3", lw=1)
panels[2].set(title="loss of the batches", xlabel="step", ylabel="loss", ylim=(0, None))
panels[2].grid(alpha=0.3)
plt.show()
