"""Losses of a sample's pixels that look at where they lie: distances to the border, skeletons, windows.

A sample is given as nested lists: (H, W) pixels, or (D, H, W) voxels, of one region.

References
----------
Boundary: arXiv:1812.07032. Hausdorff distance: arXiv:1904.10030. clDice: arXiv:2003.07311. SSIM: Wang et al., IEEE
Transactions on Image Processing 13, 2004.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import product
from typing import Any

from ..dual import MP, Dual, larger, power, ratio, smaller, square, total
from .batches import Batch
from .regions import classes_of, flat, kept
from .segmentation import mean

# Distances to the border ----------------------------------------------------------------------------------------------


def boundary_loss(probs: Any, distance_map: Any, mask: Any = None) -> Batch:
    """Mean of p phi."""
    pairs = zip(classes_of(probs), classes_of(distance_map), strict=True)
    rows = [mean([p[i] * phi[i] for i in kept(mask, len(p))]) for p, phi in pairs]
    return Batch(rows, [1] * len(rows), [])


def hausdorff_dt_loss(
    probs: Any, targets: Any, pred_distance: Any, target_distance: Any, mask: Any = None, *, alpha: float = 2.0
) -> Batch:
    """Mean of (p - t)^2 (d_p^alpha + d_t^alpha)."""
    rows = [
        mean([square(p[i] - t[i]) * (power(a[i], alpha) + power(b[i], alpha)) for i in kept(mask, len(p))])
        for p, t, a, b in zip(*map(classes_of, (probs, targets, pred_distance, target_distance)), strict=True)
    ]
    return Batch(rows, [1] * len(rows), [])


# Skeletons ------------------------------------------------------------------------------------------------------------

Place = tuple[int, ...]
Image = dict[Place, Dual]


def image_of(nested: Any) -> Image:
    return dict(_placed(nested))


def _placed(nested: Any, place: Place = ()) -> Iterator[tuple[Place, Dual]]:
    if not isinstance(nested, (list, tuple)):
        yield place, nested
        return
    for k, part in enumerate(nested):
        yield from _placed(part, (*place, k))


def _beside(image: Image, place: Place, offsets: Sequence[Place]) -> list[Dual]:
    """What lies at these offsets, inside the image."""
    there = [tuple(k + step for k, step in zip(place, offset, strict=True)) for offset in offsets]
    return [image[other] for other in there if other in image]


def erode(image: Image) -> Image:
    """The least of each pixel and its neighbours along each axis."""
    rank = len(next(iter(image)))
    cross = [(0,) * k + (step,) + (0,) * (rank - k - 1) for k in range(rank) for step in (-1, 0, 1)]
    return {place: reduce(smaller, _beside(image, place, cross)) for place in image}


def dilate(image: Image) -> Image:
    """The largest of each pixel and all that touch it."""
    around = list(product((-1, 0, 1), repeat=len(next(iter(image)))))
    return {place: reduce(larger, _beside(image, place, around)) for place in image}


def above(image: Image, other: Image) -> Image:
    """max(0, a - b); slope 0 at 0."""
    differences = {place: x - other[place] for place, x in image.items()}
    return {place: d if d.value > 0 else Dual(0) for place, d in differences.items()}


def skeleton(image: Image, iterations: int) -> Image:
    """What opening takes away from the image, and from each of its erosions (algorithm 1)."""
    found = above(image, dilate(erode(image)))
    for _ in range(iterations):
        image = erode(image)
        delta = above(image, dilate(erode(image)))
        further = {place: delta[place] - found[place] * delta[place] for place in image}
        found = {place: found[place] + (x if x.value > 0 else Dual(0)) for place, x in further.items()}
    return found


def cl_dice_loss(probs: Any, targets: Any, mask: Any = None, *, iterations: int = 3, smooth: float = 1.0) -> Batch:
    """1 - 2 tprec tsens / (tprec + tsens); pixels outside of the mask count as 0."""
    p, t = image_of(probs), image_of(targets)
    if mask is not None:
        inside = dict(zip(p, flat(mask), strict=True))
        p, t = ({place: x if inside[place] else Dual(0) for place, x in image.items()} for image in (p, t))

    def covered(one: Image, other: Image) -> Dual:
        thin = skeleton(one, iterations)
        return ratio(
            total(thin[place] * other[place] for place in thin) + Dual(smooth), total(thin.values()) + Dual(smooth), 1.0
        )

    precision, sensitivity = covered(p, t), covered(t, p)
    return Batch([1 - ratio(2 * precision * sensitivity, precision + sensitivity)], [1], [])


# Windows --------------------------------------------------------------------------------------------------------------


def ssim_loss(
    pred: Any,
    target: Any,
    *,
    data_range: float = 1.0,
    window_size: int = 11,
    sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Batch:
    """1 - mean of (2 mu_x mu_y + C1) (2 s_xy + C2) / ((mu_x^2 + mu_y^2 + C1) (s_x^2 + s_y^2 + C2)).

    Under Gaussian windows that fit into the image, their weights with sum 1.
    """
    x, y = image_of(pred), image_of(target)
    rank = len(next(iter(x)))
    sides = [1 + max(place[k] for place in x) for k in range(rank)]
    middle = MP.mpf(window_size - 1) / 2
    bell = [MP.exp(-((k - middle) ** 2) / (2 * MP.mpf(sigma) ** 2)) for k in range(window_size)]
    bell = [w / MP.fsum(bell) for w in bell]
    c1, c2 = (Dual((MP.mpf(k) * MP.mpf(data_range)) ** 2) for k in (k1, k2))

    def at(corner: Place) -> Dual:
        """1 - A B / (C D) as ((C - A) D + A (D - B)) / (C D): two pictures that are equal cost 0 to the last digit."""
        offsets = list(product(range(window_size), repeat=rank))
        weights = [Dual(MP.fprod(bell[k] for k in offset)) for offset in offsets]
        a, b = _beside(x, corner, offsets), _beside(y, corner, offsets)

        def average(parts: Iterable[Dual]) -> Dual:
            return total(w * part for w, part in zip(weights, parts, strict=True))

        mean_x, mean_y, apart = average(a), average(b), average(map(Dual.__sub__, a, b))
        spread_x = average(map(square, a)) - square(mean_x)
        spread_y = average(map(square, b)) - square(mean_y)
        spread_apart = average(map(square, map(Dual.__sub__, a, b))) - square(apart)
        light = square(mean_x) + square(mean_y) + c1
        contrast = spread_x + spread_y + c2
        return (square(apart) * contrast + (light - square(apart)) * spread_apart) / (light * contrast)

    corners = product(*(range(side - window_size + 1) for side in sides))
    return Batch([mean([at(corner) for corner in corners])], [1], [])


SEVERAL: dict[str, Callable[..., Batch]] = {
    "boundary_loss": boundary_loss,
    "hausdorff_dt_loss": hausdorff_dt_loss,
    "cl_dice_loss": cl_dice_loss,
    "ssim_loss": ssim_loss,
}
