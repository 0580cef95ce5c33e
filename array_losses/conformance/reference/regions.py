"""Losses of the regions of a sample: a prediction and a target over its pixels, class by class where there are classes.

A sample is given as nested lists: (H, W) pixels of one region, or (C, H, W) of C classes. Each function returns the
losses of its regions, and what each counts for in a mean. A pixel that the mask leaves out is not looked at, not even
if it holds NaN.

Conventions where the papers are silent: a score whose denominator is 0 is 1, a constant; a region without a positive
pixel in its target costs 0 and does not count with absent="skip".

References
----------
Dice: V-Net, arXiv:1606.04797. Jaccard of soft labels: arXiv:2303.16296 (intersection="minimum"). Tversky:
arXiv:1706.05721. Focal Tversky: arXiv:1810.07842. Generalized Dice: arXiv:1707.03237. MCC: arXiv:2010.13454.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ..dual import MP, Dual, constant, larger, ratio, sigmoid, smaller, sqrt, square, total
from ..dual import power as raised
from .batches import Batch


class Pixel(NamedTuple):
    """Prediction p and target t of one class in one pixel, with their complements 1 - p and 1 - t.

    The difference 1 - p would lose all fifty digits where p comes from a large logit.
    """

    p: Dual
    q: Dual
    t: Dual
    u: Dual


Region = Sequence[Pixel]


def flat(nested: Any) -> Iterator[Any]:
    """The numbers of nested lists, in order."""
    if isinstance(nested, (list, tuple)):
        for part in nested:
            yield from flat(part)
    else:
        yield nested


def classes_of(nested: Any) -> list[list[Any]]:
    """The pixels of each class; of one, where there is no axis of classes."""
    has_classes = isinstance(nested[0], list) and isinstance(nested[0][0], list)
    return [list(flat(part)) for part in (nested if has_classes else [nested])]


def kept(mask: Any, pixels: int) -> list[int]:
    """The places of the pixels that are looked at."""
    return [place for place, inside in enumerate(flat(mask)) if inside] if mask is not None else list(range(pixels))


def regions(probs: Any, targets: Any, mask: Any = None) -> list[Region]:
    """The pixels of each class inside the mask."""
    pairs = zip(classes_of(probs), classes_of(targets), strict=True)
    return [[Pixel(p[i], 1 - p[i], t[i], 1 - t[i]) for i in kept(mask, len(p))] for p, t in pairs]


def regions_of_logits(logits: Any, targets: Any, mask: Any = None) -> list[Region]:
    """The same for p = sigmoid(x)."""
    pairs = zip(classes_of(logits), classes_of(targets), strict=True)
    return [[Pixel(sigmoid(x[i]), sigmoid(-x[i]), t[i], 1 - t[i]) for i in kept(mask, len(x))] for x, t in pairs]


def is_absent(region: Region) -> bool:
    """Whether the target has no positive pixel."""
    return not any(pixel.t.value > 0 for pixel in region)


def each(cost: Callable[[Region], Dual], found: Sequence[Region], absent: str = "keep") -> Batch:
    """The cost of each region; with absent="skip" those without target cost 0 and do not count."""
    skipped = [absent == "skip" and is_absent(region) for region in found]
    return Batch(
        [Dual(0) if skip else cost(region) for skip, region in zip(skipped, found, strict=True)],
        [int(not skip) for skip in skipped],
        [],
    )


# Overlaps -------------------------------------------------------------------------------------------------------------


class Overlap(NamedTuple):
    """What both have, I; what the prediction has too much, P - I; and what it lacks, T - I."""

    both: Dual
    over: Dual
    missed: Dual


def overlap(region: Region, intersection: str = "product") -> Overlap:
    """I = sum p t, or sum min(p, t), of which each has half the slope at p = t."""
    if intersection == "minimum":
        # p - t = p (1 - t) - (1 - p) t
        gaps = [pixel.p * pixel.u - pixel.q * pixel.t for pixel in region]
        return Overlap(
            total(smaller(pixel.p, pixel.t) for pixel in region),
            total(larger(gap, Dual(0)) for gap in gaps),
            total(larger(-gap, Dual(0)) for gap in gaps),
        )
    return Overlap(
        total(pixel.p * pixel.t for pixel in region),
        total(pixel.p * pixel.u for pixel in region),
        total(pixel.q * pixel.t for pixel in region),
    )


def one_less(score: float, both: Dual, wrong: Dual, smooth: float, smooth_denominator: float | None) -> Dual:
    """1 - (score I + s) / (score I + wrong + s'), without the difference."""
    below = Dual(smooth if smooth_denominator is None else smooth_denominator)
    return ratio(total((wrong, below - Dual(smooth))), score * both + wrong + below)


def squared_error_of(region: Region) -> Dual:
    """sum (p - t)^2 = sum p^2 + sum t^2 - 2 sum p t."""
    return total(square(pixel.p * pixel.u - pixel.q * pixel.t) for pixel in region)


def dice_of(
    region: Region,
    *,
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    squared: bool = False,
    intersection: str = "product",
) -> Dual:
    """1 - (2I + s) / (P + T + s'); squared, P = sum p^2 and T = sum t^2."""
    both, over, missed = overlap(region, intersection)
    wrong = squared_error_of(region) if squared else over + missed
    return one_less(2.0, both, wrong, smooth, smooth_denominator)


def jaccard_of(
    region: Region,
    *,
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    squared: bool = False,
    intersection: str = "product",
) -> Dual:
    """1 - (I + s) / (P + T - I + s')."""
    both, over, missed = overlap(region, intersection)
    wrong = squared_error_of(region) if squared else over + missed
    return one_less(1.0, both, wrong, smooth, smooth_denominator)


def tversky_of(
    region: Region,
    *,
    fp_weight: float = 0.3,
    fn_weight: float = 0.7,
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    intersection: str = "product",
) -> Dual:
    """1 - (I + s) / (I + a (P - I) + b (T - I) + s')."""
    both, over, missed = overlap(region, intersection)
    wrong = Dual(fp_weight) * over + Dual(fn_weight) * missed
    return one_less(1.0, both, wrong, smooth, smooth_denominator)


def mcc_of(region: Region) -> Dual:
    """1 - (n I - P T) / sqrt(P T (n - P) (n - T)); with a root of 0, constants: 0 if nothing is wrong, else 1."""
    both, over, missed = overlap(region)
    neither = total(pixel.q * pixel.u for pixel in region)
    root = sqrt((both + over) * (both + missed) * (missed + neither) * (over + neither))
    if root.value == 0:
        return Dual(0 if over.value == missed.value == 0 else 1)
    # n I - P T = I N - FP FN, where N is what neither has.
    return 1 - (both * neither - over * missed) / root


def dice_loss(probs: Any, targets: Any, mask: Any = None, *, absent: str = "keep", **knobs: Any) -> Batch:
    return each(lambda region: dice_of(region, **knobs), regions(probs, targets, mask), absent)


def sigmoid_dice_loss(logits: Any, targets: Any, mask: Any = None, *, absent: str = "keep", **knobs: Any) -> Batch:
    return each(lambda region: dice_of(region, **knobs), regions_of_logits(logits, targets, mask), absent)


def jaccard_loss(probs: Any, targets: Any, mask: Any = None, *, absent: str = "keep", **knobs: Any) -> Batch:
    return each(lambda region: jaccard_of(region, **knobs), regions(probs, targets, mask), absent)


def tversky_loss(probs: Any, targets: Any, mask: Any = None, *, absent: str = "keep", **knobs: Any) -> Batch:
    return each(lambda region: tversky_of(region, **knobs), regions(probs, targets, mask), absent)


def focal_tversky_loss(
    probs: Any, targets: Any, mask: Any = None, *, absent: str = "keep", power: float = 0.75, **knobs: Any
) -> Batch:
    return each(lambda region: raised(tversky_of(region, **knobs), power), regions(probs, targets, mask), absent)


def mcc_loss(probs: Any, targets: Any, mask: Any = None, *, absent: str = "keep") -> Batch:
    return each(mcc_of, regions(probs, targets, mask), absent)


def generalized_dice_loss(
    probs: Any,
    targets: Any,
    mask: Any = None,
    *,
    class_weighting: str = "square",
    absent: str = "keep",
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
) -> Batch:
    """1 - (2 sum_c w_c I_c + s) / (sum_c w_c (P_c + T_c) + s'), with constants w = 1/T^2, 1/T or 1.

    A class without target has the largest w of the others, 0 if none has one; 1 if all have; 0 with absent="skip".
    """
    found = regions(probs, targets, mask)
    exponent = {"square": 2, "simple": 1, "uniform": 0}[class_weighting]
    sizes = [constant(total(pixel.t for pixel in region)).value for region in found]
    weights = [1 / size**exponent if size > 0 else None for size in sizes]
    largest = max([weight for weight in weights if weight is not None], default=MP.mpf(exponent == 0))
    instead = MP.mpf(0) if absent == "skip" else largest
    factors = [Dual(instead if weight is None else weight) for weight in weights]
    overlaps = [overlap(region) for region in found]
    both = total(w * part.both for w, part in zip(factors, overlaps, strict=True))
    wrong = total(w * (part.over + part.missed) for w, part in zip(factors, overlaps, strict=True))
    return Batch([one_less(2.0, both, wrong, smooth, smooth_denominator)], [1], [])


SEVERAL: dict[str, Callable[..., Batch]] = {
    "dice_loss": dice_loss,
    "sigmoid_dice_loss": sigmoid_dice_loss,
    "jaccard_loss": jaccard_loss,
    "tversky_loss": tversky_loss,
    "focal_tversky_loss": focal_tversky_loss,
    "generalized_dice_loss": generalized_dice_loss,
    "mcc_loss": mcc_loss,
}
