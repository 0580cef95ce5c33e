"""A small segmentation net in Flax (nnx), trained with `dice_cross_entropy_loss`.

    python -m examples.segmentation

Each pixel of 64 x 64 images is background, rectangle, ellipse or triangle. Prints the loss and the mean IoU of the
classes on fresh images; exit status 1 if that stays below 0.6.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from rich.console import Console
from rich.progress import track

from array_losses import dice_cross_entropy_loss
from examples.detector import shapes

CLASSES = 1 + len(shapes.SHAPES)
BATCH, FRESH, ENOUGH = 16, 64, 0.6


class Net(nnx.Module):  # type: ignore[misc]
    """Three halvings on the way down, three doublings on the way up, and a bridge at each size."""

    def __init__(self, rngs: nnx.Rngs, widths: Sequence[int] = (16, 32, 64, 64)) -> None:
        def conv(wide: int, narrow: int, **options: Any) -> nnx.Conv:
            return nnx.Conv(wide, narrow, (3, 3), rngs=rngs, **options)

        steps = list(itertools.pairwise(widths))
        self.first = conv(3, widths[0])
        self.down = nnx.List([conv(big, small, strides=(2, 2)) for big, small in steps])
        self.up = nnx.List([conv(small + big, big) for big, small in reversed(steps)])
        self.last = nnx.Conv(widths[0], CLASSES, (1, 1), rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        x = nnx.relu(self.first(x))
        bridges = []
        for layer in self.down:
            bridges.append(x)
            x = nnx.relu(layer(x))
        for layer, bridge in zip(self.up, reversed(bridges), strict=True):
            x = jax.image.resize(x, (*bridge.shape[:3], x.shape[3]), "nearest")
            x = nnx.relu(layer(jnp.concatenate((x, bridge), axis=3)))
        return self.last(x)


class Found(NamedTuple):
    losses: list[float]
    mean_iou: float


def draw(random: np.random.Generator, count: int) -> tuple[jax.Array, jax.Array]:
    """Images (B, 64, 64, 3), and the class of each pixel."""
    scenes, pixels = shapes.draw_pixels(random, count, noise=0.3)
    return jnp.asarray(scenes.images.transpose(0, 2, 3, 1)), jnp.asarray(pixels)


def loss_of(net: Net, images: jax.Array, labels: jax.Array) -> jax.Array:
    loss: jax.Array = dice_cross_entropy_loss(net(images), labels, axis=-1, absent="skip", reduction="mean")
    return loss


@nnx.jit  # type: ignore[untyped-decorator]
def step(net: Net, optimizer: nnx.Optimizer, images: jax.Array, labels: jax.Array) -> jax.Array:
    loss, slopes = nnx.value_and_grad(loss_of)(net, images, labels)
    optimizer.update(net, slopes)
    return loss


def mean_iou(found: Any, labels: Any) -> float:
    """Of all classes, over all pixels."""
    pairs = [(found == number, labels == number) for number in range(CLASSES)]
    return float(np.mean([(a & b).sum() / (a | b).sum() for a, b in pairs]))


def train(steps: int) -> Found:
    net = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(net, optax.adam(2e-3), wrt=nnx.Param)
    random = np.random.default_rng(0)
    bar = track(range(steps), "segmentation", console=Console(stderr=True), transient=True)
    losses = [float(step(net, optimizer, *draw(random, BATCH))) for _ in bar]
    images, labels = draw(np.random.default_rng(1), FRESH)
    return Found(losses, mean_iou(np.asarray(net(images).argmax(-1)), np.asarray(labels)))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.segmentation", description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300, help=f"batches of {BATCH} images (default 300)")
    found = train(parser.parse_args(arguments).steps)
    for number in range(0, len(found.losses), max(1, len(found.losses) // 10)):
        print(f"step {number:4}: loss {found.losses[number]:.4f}")
    print(f"mean IoU on {FRESH} fresh images: {found.mean_iou:.3f}")
    return int(found.mean_iou < ENOUGH)


if __name__ == "__main__":
    raise SystemExit(main())
