"""Images made on the fly: coloured rectangles, ellipses and triangles on noise, and where they are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

SHAPES = ("rectangle", "ellipse", "triangle")
SIDE = 64  # pixels
PLACES = 4  # of objects in an image, one in each quarter of it
SIZES = (12.0, 30.0)  # the smallest and largest width or height of an object, in pixels


class Scenes(NamedTuple):
    """A batch of B images and their ground truth, padded: each image has room for G objects, few have as many.

    Arrays keep their shape from batch to batch, so that a compiled step is compiled once. `mask` says which objects are
    real. The criterion never looks at the rest: labels and boxes may be anything there, and are 0 here.
    """

    images: Array  # (B, 3, SIDE, SIDE), around 0
    labels: Array  # (B, G), integers
    boxes: Array  # (B, G, 4): x1, y1, x2, y2 in pixels
    mask: Array  # (B, G), booleans


def draw(random: np.random.Generator, count: int, *, noise: float = 0.5, dtype: str = "float32") -> Scenes:
    """As many images, each with no object to four."""
    return draw_pixels(random, count, noise=noise, dtype=dtype)[0]


def draw_pixels(
    random: np.random.Generator, count: int, *, noise: float = 0.5, dtype: str = "float32"
) -> tuple[Scenes, Array]:
    """The same, and the class of each pixel, (B, SIDE, SIDE): 0 is none, then `SHAPES`."""
    mask = random.random((count, PLACES)) < 0.6
    labels = np.where(mask, random.integers(0, len(SHAPES), mask.shape), 0)
    size = random.uniform(*SIZES, (count, PLACES, 2))
    quarter = np.asarray([[0, 0], [1, 0], [0, 1], [1, 1]]) * SIDE / 2
    corner = quarter + random.random(size.shape) * (SIDE / 2 - size)
    boxes = np.where(mask[..., None], np.concatenate([corner, corner + size], axis=-1), 0.0)

    # Where the middle of each pixel is in the box of each object: from -1 at the left and top edge to 1.
    pixels = np.arange(SIDE) + 0.5
    x, y = np.moveaxis((pixels - corner[..., None]) / size[..., None] * 2 - 1, 2, 0)
    x, y = x[..., None, :], y[..., :, None]
    shapes = np.stack(
        [
            np.maximum(abs(x), abs(y)) < 1,
            x**2 + y**2 < 1,
            (abs(y) < 1) & (abs(x) < (y + 1) / 2),
        ]
    )
    drawn = np.take_along_axis(shapes, labels[None, :, :, None, None], axis=0)[0] & mask[..., None, None]

    color = random.normal(size=(count, PLACES, 3))
    color /= np.linalg.norm(color, axis=-1, keepdims=True)
    images = noise * random.normal(size=(count, 3, SIDE, SIDE))
    images += np.einsum("bgc,bgyx->bcyx", color, drawn.astype(float))
    pixels = ((labels + 1)[..., None, None] * drawn).max(axis=1)
    return Scenes(images.astype(dtype), labels, boxes.astype(dtype), mask), pixels
