"""Losses of a sample's logits, (C, H, W), and its labels: a class index each pixel, or a probability of each class.

A pixel is left out by the mask, and by a label that is `ignore_index` or no class. What is computed class by class in
each pixel comes from the losses of one row of class scores; what is computed over the pixels of a class, from regions.

References
----------
Dice with cross-entropy: nnU-Net, arXiv:1809.10486. Combo: arXiv:1805.02798. Unified focal, its asymmetric form:
arXiv:2102.04525. The k hardest pixels: OHEM, arXiv:1604.03540.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..dual import MP, Dual, chain, power, softplus, total
from .batches import Batch
from .classes import (
    Classes,
    Labels,
    as_probabilities,
    is_ignored,
    missing,
    nll,
    softmax,
    softmax_cross_entropy,
    softmax_focal_loss,
)
from .regions import (
    Pixel,
    Region,
    classes_of,
    dice_of,
    each,
    is_absent,
    kept,
    regions_of_logits,
    tversky_of,
)

Pixels = Sequence[tuple[Classes, Labels]]


def labelled_pixels(logits: Any, labels: Any, mask: Any, ignore_index: int | None = None) -> Pixels:
    """The scores of the classes and the label of each pixel that is looked at."""
    columns = list(zip(*classes_of(logits), strict=True))
    by_class = classes_of(labels)
    is_soft = isinstance(by_class[0][0], Dual)
    found = list(zip(*by_class, strict=True)) if is_soft else by_class[0]
    pairs = [(columns[i], found[i]) for i in kept(mask, len(columns))]
    return [(x, label) for x, label in pairs if not is_ignored(len(x), label, ignore_index)]


def regions_of_classes(pixels: Pixels, classes: int) -> list[Region]:
    """The pixels of each class, p its softmax."""
    found: list[Region] = []
    for c in range(classes):
        targets = [as_probabilities(x, label)[c] for x, label in pixels]
        pairs = zip(pixels, targets, strict=True)
        found.append([Pixel(softmax(x, c), missing(x, c), t, 1 - t) for (x, _), t in pairs])
    return found


def mean(parts: Sequence[Dual]) -> Dual:
    """Of none, 0."""
    return total(parts) / len(parts) if parts else Dual(0)


def weighted_mean(parts: Sequence[Dual], weights: Sequence[Dual]) -> Dual:
    """sum w l / sum w; 0 if that is 0."""
    whole = total(weights)
    return total(w * part for w, part in zip(weights, parts, strict=True)) / whole if whole.value != 0 else Dual(0)


def softmax_dice_loss(
    logits: Any, labels: Any, mask: Any = None, *, ignore_index: int | None = None, absent: str = "keep", **knobs: Any
) -> Batch:
    """Dice loss of each class."""
    pixels = labelled_pixels(logits, labels, mask, ignore_index)
    return each(lambda region: dice_of(region, **knobs), regions_of_classes(pixels, len(logits)), absent)


def dice_of_classes(pixels: Pixels, classes: int, class_weights: Classes | None, absent: str, **knobs: Any) -> Dual:
    """The mean of the classes' Dice losses by their weights."""
    weights = [Dual(1)] * classes if class_weights is None else class_weights
    found = regions_of_classes(pixels, classes)
    counted = [c for c, region in enumerate(found) if not (absent == "skip" and is_absent(region))]
    return weighted_mean([dice_of(found[c], **knobs) for c in counted], [weights[c] for c in counted])


def dice_cross_entropy_loss(
    logits: Any,
    labels: Any,
    mask: Any = None,
    class_weights: Classes | None = None,
    *,
    dice_weight: float = 1.0,
    cross_entropy_weight: float = 1.0,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    absent: str = "keep",
    **knobs: Any,
) -> Batch:
    pixels = labelled_pixels(logits, labels, mask, ignore_index)
    dice = dice_of_classes(pixels, len(logits), class_weights, absent, **knobs)
    rows = [softmax_cross_entropy(x, label, class_weights, label_smoothing=label_smoothing) for x, label in pixels]
    entropy = mean_of_pixels(rows, pixels, class_weights)
    return Batch([total((Dual(dice_weight) * dice, Dual(cross_entropy_weight) * entropy))], [1], [])


def dice_focal_loss(
    logits: Any,
    labels: Any,
    mask: Any = None,
    class_weights: Classes | None = None,
    *,
    dice_weight: float = 1.0,
    focal_weight: float = 1.0,
    gamma: float = 2.0,
    ignore_index: int | None = None,
    absent: str = "keep",
    **knobs: Any,
) -> Batch:
    pixels = labelled_pixels(logits, labels, mask, ignore_index)
    dice = dice_of_classes(pixels, len(logits), class_weights, absent, **knobs)
    rows = [softmax_focal_loss(x, label, class_weights, gamma=gamma) for x, label in pixels]
    focal = mean_of_pixels(rows, pixels, class_weights)
    return Batch([total((Dual(dice_weight) * dice, Dual(focal_weight) * focal))], [1], [])


def mean_of_pixels(rows: Sequence[Dual], pixels: Pixels, class_weights: Classes | None) -> Dual:
    """The mean as of a loss over classes: by the weight of each pixel's class."""
    if class_weights is None:
        return mean(rows)
    by_pixel = [
        total(w * t for w, t in zip(class_weights, as_probabilities(x, label), strict=True)) for x, label in pixels
    ]
    whole = total(by_pixel)
    return total(rows) / whole if whole.value != 0 else Dual(0)


def combo_loss(
    logits: Any,
    targets: Any,
    mask: Any = None,
    *,
    alpha: float = 0.5,
    beta: float = 0.5,
    absent: str = "keep",
    **knobs: Any,
) -> Batch:
    """alpha mean -(beta t ln p + (1 - beta) (1 - t) ln(1 - p)) + (1 - alpha) Dice loss, p = sigmoid(x)."""
    alpha_, beta_ = Dual(alpha), Dual(beta)
    entropies = []
    for x, t in zip(classes_of(logits), classes_of(targets), strict=True):
        inside = kept(mask, len(x))
        entropies.append(
            mean([total((beta_ * t[i] * softplus(-x[i]), (1 - beta_) * (1 - t[i]) * softplus(x[i]))) for i in inside])
        )
    dice = each(lambda region: dice_of(region, **knobs), regions_of_logits(logits, targets, mask), absent)
    rows = [
        total((alpha_ * entropy, (1 - alpha_) * loss)) if count else Dual(0)
        for entropy, loss, count in zip(entropies, dice.rows, dice.counts, strict=True)
    ]
    return Batch(rows, dice.counts, [])


def unified_focal_loss(
    logits: Any,
    labels: Any,
    mask: Any = None,
    *,
    focal_share: float = 0.5,
    delta: float = 0.6,
    gamma: float = 0.5,
    background: int = 0,
    ignore_index: int | None = None,
    **knobs: Any,
) -> Batch:
    """lambda mean [-delta sum over foreground t_c ln p_c - (1 - delta) (1 - p_0)^gamma t_0 ln p_0]
    + (1 - lambda) mean of {1 - TI_0, (1 - TI_c)^(1 - gamma)}, TI = I / (I + delta FN + (1 - delta) FP).
    """
    pixels = labelled_pixels(logits, labels, mask, ignore_index)
    share, weight = Dual(focal_share), Dual(delta)

    def term(x: Classes, t: Sequence[Dual], c: int) -> Dual:
        if c == background:
            return (1 - weight) * power(missing(x, c), gamma) * t[c] * nll(x, c)
        return weight * t[c] * nll(x, c)

    focal = mean([total(term(x, as_probabilities(x, label), c) for c in range(len(x))) for x, label in pixels])
    costs = [
        tversky_of(region, fp_weight=1 - weight.value, fn_weight=weight.value, **knobs)
        for region in regions_of_classes(pixels, len(logits))
    ]
    tversky = mean([cost if c == background else power(cost, 1 - MP.mpf(gamma)) for c, cost in enumerate(costs)])
    return Batch([total((share * focal, (1 - share) * tversky))], [1], [])


def top_k_cross_entropy(
    logits: Any,
    labels: Any,
    mask: Any = None,
    class_weights: Classes | None = None,
    *,
    fraction: float,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
) -> Batch:
    """The mean of the k largest losses of the pixels; those tied at the border share what is left of k."""
    pixels = labelled_pixels(logits, labels, mask, ignore_index)
    if not pixels:
        return Batch([Dual(0)], [1], [])
    losses = [softmax_cross_entropy(x, label, class_weights, label_smoothing=label_smoothing) for x, label in pixels]
    k = max(1, round(fraction * len(losses)))
    border = sorted((loss.value for loss in losses), reverse=True)[k - 1]
    above = [loss for loss in losses if loss.value > border]
    tied = [loss for loss in losses if loss.value == border]
    shared = chain(border, *((MP.mpf(1) / len(tied), loss) for loss in tied))
    return Batch([(total([*above, shared * Dual(k - len(above))])) / k], [1], [])


SEVERAL: dict[str, Callable[..., Batch]] = {
    "softmax_dice_loss": softmax_dice_loss,
    "dice_cross_entropy_loss": dice_cross_entropy_loss,
    "dice_focal_loss": dice_focal_loss,
    "combo_loss": combo_loss,
    "unified_focal_loss": unified_focal_loss,
    "top_k_cross_entropy": top_k_cross_entropy,
}
