"""Anchors: by loops, in every library, and as torchvision has them."""

from __future__ import annotations

import math
from typing import Any

import array_api_strict
import jax
import numpy as np
import pytest
import torch
from every_library import everywhere

import array_losses as al
from array_losses.detection.anchors import anchor_boxes, anchor_points
from benchmarks import peers_torchvision

GRID, STRIDES = [(3, 4), (2, 2), (1, 1)], [8, 16, 32.5]
SIZES = [(10, 12.5), (20, 25), (40, 50)]
LIKE = np.zeros(2)
SHAPES: Any = {"sizes": SIZES, "ratios": (0.5, 1, 3)}


@pytest.mark.parametrize("offset", [0.5, 0, 0.25])
def test_points(offset: float) -> None:
    points, strides = anchor_points(GRID, STRIDES, offset=offset, like=LIKE)
    expected = [
        ((column + offset) * stride, (row + offset) * stride, stride)
        for (height, width), stride in zip(GRID, STRIDES)
        for row in range(height)
        for column in range(width)
    ]
    np.testing.assert_array_equal(np.concatenate([points, strides[:, None]], axis=1), expected)


@pytest.mark.parametrize("offset", [0.5, 0])
def test_boxes(offset: float) -> None:
    boxes = anchor_boxes(GRID, STRIDES, offset=offset, like=LIKE, **SHAPES)
    points, _ = anchor_points(GRID, STRIDES, offset=offset, like=LIKE)
    levels = [level for level, (height, width) in enumerate(GRID) for _ in range(height * width)]
    expected = [
        (x - s / math.sqrt(r) / 2, y - s * math.sqrt(r) / 2, x + s / math.sqrt(r) / 2, y + s * math.sqrt(r) / 2)
        for (x, y), level in zip(points.tolist(), levels)
        for r in SHAPES["ratios"]
        for s in SIZES[level]
    ]
    np.testing.assert_allclose(boxes, expected, rtol=1e-14, atol=1e-13)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    np.testing.assert_allclose(width[:6] * height[:6], [100, 156.25] * 3)
    np.testing.assert_allclose(height[:6] / width[:6], [0.5, 0.5, 1, 1, 3, 3])


def together(like: Any) -> Any:
    xp = al._array.namespace(like)
    points, strides = anchor_points(GRID, STRIDES, like=like)
    boxes = anchor_boxes(GRID, STRIDES, sizes=[(8,)] * 3, ratios=(0.5,), like=like)
    return xp.concat([points, strides[:, None], boxes], axis=-1)


def test_same_in_every_library() -> None:
    expected = everywhere(together, LIKE)
    with jax.enable_x64(True):
        for transform in (jax.jit, lambda f: lambda x: jax.vmap(f)(x[None])[0]):
            np.testing.assert_allclose(transform(together)(jax.numpy.asarray(LIKE)), expected, rtol=1e-14)
    torch.compiler.reset()
    found = torch.compile(together, fullgraph=True)(torch.asarray(LIKE))
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_dtype_of_like(dtype: str) -> None:
    """That of `like` where it is floating point; what float16 can hold is not lost on the way."""
    like = np.zeros((2, 3), dtype=dtype)
    points, strides = anchor_points([(2, 80)], [8], like=like)
    boxes = anchor_boxes([(2, 80)], [8], sizes=[(16,)], like=like)
    assert points.dtype == strides.dtype == boxes.dtype == ("float64" if dtype == "int32" else dtype)
    assert points[-1].tolist() == [636, 12]
    bfloat = anchor_points([(1, 1)], [8], like=torch.zeros(1, dtype=torch.bfloat16))
    assert [x.dtype for x in bfloat] == [torch.bfloat16] * 2


def test_beside_like() -> None:
    device = array_api_strict.Device("device1")
    like = array_api_strict.asarray(LIKE, device=device)
    points, strides = anchor_points(GRID, STRIDES, like=like)
    assert points.device == strides.device == anchor_boxes(GRID, STRIDES, like=like, **SHAPES).device == device


def test_on_the_tape() -> None:
    """Anchors like an array that is differentiated are constants."""

    def total(x: Any) -> Any:
        points, _ = anchor_points([(1, 1)], [8], like=x)
        return al._array.namespace(x).sum(points * x)

    np.testing.assert_array_equal(al.grad(total)(np.ones((1, 2))), [[4, 4]])


@pytest.mark.parametrize(
    ("grid", "strides", "sizes", "ratios"),
    [
        # FasterRCNN, RetinaNet and FCOS of torchvision, on images of 256 x 384
        ([(64, 96), (32, 48), (16, 24), (8, 12), (4, 6)], [4, 8, 16, 32, 64], [32, 64, 128, 256, 512], (0.5, 1.0, 2.0)),
        (
            [(32, 48), (16, 24), (8, 12), (4, 6), (2, 3)],
            [8, 16, 32, 64, 128],
            [(x, int(x * 2 ** (1 / 3)), int(x * 2 ** (2 / 3))) for x in (32, 64, 128, 256, 512)],
            (0.5, 1.0, 2.0),
        ),
        ([(32, 48), (16, 24), (8, 12), (4, 6), (2, 3)], [8, 16, 32, 64, 128], [8, 16, 32, 64, 128], (1.0,)),
    ],
)
def test_against_torchvision(grid: Any, strides: Any, sizes: Any, ratios: Any) -> None:
    try:
        peers_torchvision.load()
    except ImportError:
        pytest.skip("torchvision is not installed")
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.image_list import ImageList

    sizes = tuple((size,) if isinstance(size, int) else size for size in sizes)
    generator = AnchorGenerator(sizes, (ratios,) * len(sizes))
    images = ImageList(torch.zeros(1, 3, 256, 384), [(256, 384)])
    (expected,) = generator(images, [torch.zeros(1, 1, *size) for size in grid])
    found = anchor_boxes(grid, strides, sizes=sizes, ratios=ratios, offset=0, like=expected)
    assert found.dtype == expected.dtype
    torch.testing.assert_close(found.round(), expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: anchor_points(GRID, STRIDES, like=[1]), TypeError, "like must be an array of an Array API library"),
        (lambda: anchor_points(5, STRIDES, like=LIKE), TypeError, "feature_sizes must be a sequence; got int"),
        (lambda: anchor_points([], [], like=LIKE), ValueError, "feature_sizes must not be empty"),
        (lambda: anchor_points([4, 4], [8, 8], like=LIKE), TypeError, "feature_sizes must be a sequence; got int"),
        (
            lambda: anchor_points([(4, 4, 4)], [8], like=LIKE),
            ValueError,
            r"feature_sizes must be 2 numbers \(height, width\); got 3",
        ),
        (lambda: anchor_points([(4, 0)], [8], like=LIKE), ValueError, "feature_sizes must be at least 1; got 0"),
        (lambda: anchor_points([(4, 4.0)], [8], like=LIKE), TypeError, "feature_sizes must be an int; got float"),
        (
            lambda: anchor_points(GRID, [8], like=LIKE),
            ValueError,
            "strides must be 3 entries, one for each level; got 1",
        ),
        (lambda: anchor_points([(4, 4)], [0], like=LIKE), ValueError, "strides must be greater than 0; got 0"),
        (lambda: anchor_points(GRID, STRIDES, offset="x", like=LIKE), TypeError, "offset must be a Python number"),  # type: ignore[arg-type]
        (
            lambda: anchor_boxes(GRID, STRIDES, sizes=[8], like=LIKE),
            ValueError,
            "sizes must be 3 entries, one for each",
        ),
        (lambda: anchor_boxes([(1, 1)], [8], sizes=[8], like=LIKE), TypeError, "sizes must be a sequence; got int"),
        (
            lambda: anchor_boxes([(1, 1)], [8], sizes=[(-8,)], like=LIKE),
            ValueError,
            "sizes must be greater than 0; got -8",
        ),
        (
            lambda: anchor_boxes([(1, 1)], [8], sizes=[(8,)], ratios=(), like=LIKE),
            ValueError,
            "ratios must not be empty",
        ),
    ],
)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        call()
