"""A batch sharded over a mesh of two devices, and the loss and gradients of one device with the whole batch.

    python -m examples.data_parallel_jax

There is nothing to do: a criterion is an expression in arrays of the whole batch, and the compiler adds up what the
devices have, the number of positives included. The devices here are two virtual ones in the processor.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from array_losses.detection import anchor_points, yolox_loss

DEVICES, IMAGES, SIDE, CLASSES = 2, 4, 64, 3
STRIDES = (8, 16)
SIZES = [(SIDE // stride, SIDE // stride) for stride in STRIDES]
Arrays = tuple[jax.Array, ...]


def detector(weights: list[jax.Array], images: jax.Array) -> jax.Array:
    """Patches of an image (..., side, side, 3), and of each a box, an objectness and the classes."""
    levels = []
    for stride, weight in zip(STRIDES, weights):
        count = SIDE // stride
        patches = images.reshape(-1, count, stride, count, stride, 3).swapaxes(2, 3)
        levels.append(patches.reshape(-1, count * count, stride * stride * 3) @ weight)
    return jnp.concatenate(levels, axis=1)


def loss(weights: list[jax.Array], images: jax.Array, labels: jax.Array, boxes: jax.Array, mask: jax.Array) -> Arrays:
    outputs = detector(weights, images)
    points, strides = anchor_points(SIZES, STRIDES, offset=0.0, like=outputs)
    found = yolox_loss(
        outputs[..., :4], outputs[..., 4], outputs[..., 5:], labels, boxes, mask, points=points, strides=strides
    )
    return found.total, jnp.sum(found.assignment.foreground)


def data() -> tuple[list[jax.Array], Arrays]:
    """Weights; images of noise, and up to three objects in each: labels, boxes, and which of them there are."""
    keys = jax.random.split(jax.random.key(0), 6)
    weights = [jax.random.normal(k, (s * s * 3, 5 + CLASSES)) / (10 * s) for k, s in zip(keys, STRIDES)]
    corner = 40 * jax.random.uniform(keys[2], (IMAGES, 3, 2))
    boxes = jnp.concatenate([corner, corner + 8 + 16 * jax.random.uniform(keys[3], (IMAGES, 3, 2))], axis=-1)
    labels = jax.random.randint(keys[4], (IMAGES, 3), 0, CLASSES)
    mask = jnp.arange(3) < jnp.asarray([3, 1, 0, 2])[:, None]
    return weights, (jax.random.uniform(keys[5], (IMAGES, SIDE, SIDE, 3)), labels, boxes, mask)


def main() -> None:
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_num_cpu_devices", DEVICES)
    weights, batch = data()
    step = jax.jit(jax.value_and_grad(loss, has_aux=True))
    (expected, positives), gradients = step(weights, *batch)

    mesh = jax.make_mesh((DEVICES,), ("batch",), axis_types=(AxisType.Auto,))
    everywhere, in_parts = [NamedSharding(mesh, PartitionSpec(*axes)) for axes in ((), ("batch",))]
    weights, batch = jax.device_put(weights, everywhere), jax.device_put(batch, in_parts)
    (found, counted), summed = step(weights, *batch)
    off = [float(abs(a - b).max() / abs(b).max()) for a, b in zip(*jax.device_get((summed, gradients)))]
    shards = [str(part.data.shape[0]) for part in batch[0].addressable_shards]
    print(f"images      {' and '.join(shards)} on the devices")
    print(f"positives   {counted} of all devices, {positives} of one")
    print(f"loss        {found:.6f} of two devices, {expected:.6f} of one")
    print(
        f"difference  {abs(float(found) / float(expected) - 1):.1e} of the loss, {max(off):.1e} of the largest gradient"
    )


if __name__ == "__main__":
    main()
