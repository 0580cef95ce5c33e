"""
Dice and Tversky: a rare class, and which mistake is worse
==========================================================

Where a class covers three pixels in a hundred, a mean over pixels is a mean over background. Dice looks at the region
alone: what was found of it, beside what was predicted and what is there. Tversky's loss is Dice with two weights,
``fp_weight`` for what is predicted and not there and ``fn_weight`` for what is there and missed. Half and half is Dice.
"""

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from array_losses import array_namespace, dice_loss, grad, sigmoid_binary_cross_entropy, tversky_loss

# %%
# What a mistake costs
# --------------------
# A region of 100 pixels. Of a prediction, some of them are missed, and some pixels beside them are wrongly taken. The
# lines join mistakes that cost the same: with ``fn_weight = 0.9``, nine pixels wrongly taken cost about what one
# missed pixel costs.

missed, taken = np.meshgrid(np.arange(0, 81, 4), np.arange(0, 201, 10))
there = np.concatenate([np.ones(100), np.zeros(200)])
place = np.arange(300)
found = (place >= missed[..., None]) & (place < 100 + taken[..., None])
rows = (found.reshape(-1, 300).astype(float), np.broadcast_to(there, (found[..., 0].size, 300)))

figure, panels = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained")
for axes, weight in zip(panels, (0.1, 0.5, 0.9)):
    loss = tversky_loss(*rows, axis=None, fp_weight=1.0 - weight, fn_weight=weight).reshape(missed.shape)
    lines = axes.contourf(missed, taken, loss, levels=np.arange(0.0, 1.01, 0.1), cmap="cividis")
    axes.contour(missed, taken, loss, levels=np.arange(0.1, 1.0, 0.1), colors="w", linewidths=0.6)
    name = "Dice" if weight == 0.5 else f"fp_weight {1 - weight:.1f}, fn_weight {weight}"
    axes.set(title=name, xlabel="pixels missed, of 100")
panels[0].set(ylabel="pixels wrongly taken")
figure.colorbar(lines, ax=panels, label="Tversky loss")
plt.show()

# %%
# The slopes say the same. In a prediction that misses 20 of the 100 and wrongly takes 20, a missed pixel pulls up and
# one wrongly taken pulls down; their shares move with the weights.

prediction = np.roll(there, 20)[None, :]
for weight in (0.1, 0.5, 0.9):
    options = {"axis": None, "fp_weight": 1.0 - weight, "fn_weight": weight, "reduction": "sum"}
    slopes = grad(lambda p, options=options: tversky_loss(p, there[None, :], **options))(prediction)[0]
    print(f"fn_weight {weight}: slope of a missed pixel {slopes[0]:.4f}, of one wrongly taken {slopes[100]:.4f}")
slopes = grad(lambda p: dice_loss(p, there[None, :], axis=None, reduction="sum"))(prediction)[0]
print(f"Dice:          slope of a missed pixel {slopes[0]:.4f}, of one wrongly taken {slopes[100]:.4f}")

# %%
# What a model learns
# -------------------
# A picture in which bright spots are rare and the noise is strong, and the smallest model there is: logistic regression
# on the brightness of a pixel and of its neighbourhoods. It cannot get everything right, so the loss decides what it
# gets wrong.

random = np.random.default_rng(0)
row, column = np.mgrid[0:96, 0:96]
truth = np.zeros((96, 96), dtype=bool)
for center, radius in zip(random.uniform(8, 88, (9, 2)), random.uniform(2.0, 4.5, 9)):
    truth |= (row - center[0]) ** 2 + (column - center[1]) ** 2 < radius**2
image = 0.6 * truth + random.normal(0.0, 0.8, truth.shape)


def smoothed(picture, reach):
    """The mean over a square around each pixel."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(picture, reach, mode="reflect"), (2 * reach + 1,) * 2)
    return around.mean(axis=(-2, -1))


features = np.stack([image, smoothed(image, 1), smoothed(image, 2), smoothed(image, 4)], axis=-1).reshape(-1, 4)
features = np.concatenate([(features - features.mean(axis=0)) / features.std(axis=0), np.ones((96 * 96, 1))], axis=1)
targets = truth.reshape(1, -1).astype(float)


def tversky(fp_weight, fn_weight):
    def loss(logits):
        probs = 1.0 / (1.0 + array_namespace(logits).exp(-logits))
        return tversky_loss(probs, targets, axis=None, fp_weight=fp_weight, fn_weight=fn_weight, reduction="mean")

    return loss


LOSSES = {
    "cross-entropy": lambda logits: sigmoid_binary_cross_entropy(logits, targets, reduction="mean"),
    "Tversky, fn_weight 0.3": tversky(0.7, 0.3),
    "Dice": tversky(0.5, 0.5),
    "Tversky, fn_weight 0.7": tversky(0.3, 0.7),
    "Tversky, fn_weight 0.9": tversky(0.1, 0.9),
}


def learnt(loss, steps=300, rate=1.0):
    """The mask after gradient descent with momentum."""
    slopes = grad(lambda weights: loss((features @ weights)[None, :]))
    weights, velocity = np.asarray([0.0, 0.0, 1.0, 0.0, -2.0]), np.zeros(5)
    for _ in range(steps):
        velocity = 0.9 * velocity - rate * slopes(weights)
        weights = weights + velocity
    return (features @ weights > 0.0).reshape(truth.shape)


figure, panels = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained")
panels[0, 0].imshow(image, cmap="gray")
panels[0, 0].contour(truth, levels=[0.5], colors="#e69f00", linewidths=1.2)
panels[0, 0].set_title(f"picture and truth, {100 * truth.mean():.1f} % of it")
for axes, (name, loss) in zip(panels.flat[1:], LOSSES.items()):
    mask = learnt(loss)
    right, wrong, lost = (mask & truth).sum(), (mask & ~truth).sum(), (~mask & truth).sum()
    axes.imshow(truth * 2 + mask, cmap=ListedColormap(["#f4f4f4", "#d55e00", "#56b4e9", "#222222"]), vmin=0, vmax=3)
    axes.set_title(f"{name}\n{wrong} wrongly taken, {lost} missed", fontsize="medium")
    score = 2.0 * right / (2.0 * right + wrong + lost)
    print(f"{name:23s} precision {right / (right + wrong):.2f}, recall {right / (right + lost):.2f}, Dice {score:.3f}")
for axes in panels.flat:
    axes.set_axis_off()
plt.show()

# %%
# Black is found, blue missed, orange wrongly taken. From ``fn_weight`` 0.3 to 0.9 the model misses less and takes more.
# The cross-entropy leaves out a third of the spots' pixels; Dice trades a few false positives for some of them.
