"""Skeletons, structural similarity and instance embeddings on cases small enough for a pencil."""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import numpy as np
import pytest

import array_losses as al


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


# Centreline Dice, arXiv:2003.07311 ------------------------------------------------------------------------------------


def bars(dims: int) -> tuple[Any, Any]:
    """A bar of 3 x 5 ones (3 x 3 x 5) in zeros as target, half a line of length 6 through its middle as prediction."""
    target, pred = np.zeros((7,) * (dims - 1) + (9,)), np.zeros((7,) * (dims - 1) + (9,))
    target[(slice(2, 5),) * (dims - 1) + (slice(2, 7),)] = 1
    pred[(3,) * (dims - 1) + (slice(2, 8),)] = 0.5
    return pred, target


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("iterations", [1, 3, 10])
def test_centrelines(dims: int, iterations: int) -> None:
    """The bar's skeleton is the line of 3 that one erosion leaves; the line is its own.

    Precision: 5 of the line's 6 halves lie in the bar, (5/2 + 1)/(3 + 1) = 7/8. Sensitivity: the 3 lie in the half
    line, (3/2 + 1)/(3 + 1) = 5/8. Loss: 1 - 2 (7/8)(5/8)/(12/8) = 13/48. Without smoothing 5/6 and 1/2: 1 - 5/8.
    """
    pred, target = bars(dims)
    alone: Any = {"axis": None, "batch_axes": (), "iterations": iterations}
    assert al.cl_dice_loss(pred, target, **alone) == pytest.approx(13 / 48, rel=1e-14)
    assert al.cl_dice_loss(pred, target, smooth=0, **alone) == pytest.approx(3 / 8, rel=1e-14)
    # The pixel of the line outside of the bar masked: precision 1.
    mask = np.ones(pred.shape, dtype=np.bool_)
    mask[..., 7:] = False
    masked = al.cl_dice_loss(pred, target, mask=mask, **alone)
    assert masked == pytest.approx(1 - 2 * (5 / 8) / (13 / 8), rel=1e-14)


def test_the_border_is_no_edge() -> None:
    """Erosion looks at what lies inside of the image: all ones stay all ones, and have no skeleton to miss."""
    ones, zeros = np.ones((4, 5)), np.zeros((4, 5))
    alone: Any = {"axis": None, "batch_axes": ()}
    assert al.cl_dice_loss(ones, ones, **alone) == 0
    assert al.cl_dice_loss(zeros, zeros, **alone) == 0
    # A line along the border, met by zeros: precision of nothing is 1, sensitivity 1/(5 + 1).
    line = zeros.copy()
    line[0] = 1
    assert al.cl_dice_loss(zeros, line, **alone) == pytest.approx(1 - 2 * (1 / 6) / (7 / 6), rel=1e-14)


# Structural similarity, Wang et al. 2004 ------------------------------------------------------------------------------

# A Gaussian window of 3 with weights 1/4, 1/2, 1/4.
SIGMA = sqrt(0.5 / log(2))


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_ssim_of_one_window(scale: float) -> None:
    """A dot in the middle, and a dot with the pixel below it.

    Means 1/4 and 3/8, variances 1/4 - 1/16 = 3/16 and 3/8 - 9/64 = 15/64, covariance 1/4 - 3/32 = 5/32; with
    c = 1/100 and 9/100: (3/16 + c_1)(5/16 + c_2) over (13/64 + c_1)(27/64 + c_2).
    """
    dot, pair = np.zeros((3, 3)), np.zeros((3, 3))
    dot[1, 1] = pair[1, 1] = pair[2, 1] = scale
    expected = 1 - (3 / 16 + 0.01) * (5 / 16 + 0.09) / ((13 / 64 + 0.01) * (27 / 64 + 0.09))
    options: Any = {"axis": None, "batch_axes": (), "window_size": 3, "sigma": SIGMA, "k1": 0.1, "k2": 0.3}
    assert al.ssim_loss(dot, pair, data_range=scale, **options) == pytest.approx(expected, rel=1e-13)
    assert al.ssim_loss(pair, dot, data_range=scale, **options) == pytest.approx(expected, rel=1e-13)
    assert al.ssim_loss(dot, dot, data_range=scale, **options) == pytest.approx(0, abs=1e-15)
    # Two windows, the second one column on.
    wide = [np.pad(image, ((0, 0), (0, 1))) for image in (dot, pair)]
    second = 1 - _of_window(wide[0][:, 1:], wide[1][:, 1:], scale)
    assert al.ssim_loss(*wide, data_range=scale, **options) == pytest.approx((expected + second) / 2, rel=1e-13)


def _of_window(x: Any, y: Any, scale: float) -> float:
    weights = np.outer([1, 2, 1], [1, 2, 1]) / 16

    def mean(image: Any) -> float:
        return float((weights * image).sum())

    a, b = mean(x), mean(y)
    c1, c2 = (0.1 * scale) ** 2, (0.3 * scale) ** 2
    top = (2 * a * b + c1) * (2 * (mean(x * y) - a * b) + c2)
    return top / ((a**2 + b**2 + c1) * (mean(x**2) - a**2 + mean(y**2) - b**2 + c2))


def test_ssim_of_single_pixels() -> None:
    """A window of 1 sees no variance: (2xy + c_1)/(x^2 + y^2 + c_1) = (.96 + .0001)/(1 + .0001) at .6 and .8."""
    x, y = np.full((1, 4, 5, 2), 0.6), np.full((1, 4, 5, 2), 0.8)
    np.testing.assert_allclose(al.ssim_loss(x, y, axis=-1, window_size=1), np.full((1, 2), 0.04 / 1.0001), rtol=1e-13)


def test_the_window_must_fit() -> None:
    image = np.zeros((2, 11, 10))
    text = "window_size must be at most the smallest region axis, 10; got 11"
    with pytest.raises(ValueError, match=f"^{text}$"):
        al.ssim_loss(image, image, axis=None)


# Pixels of instances --------------------------------------------------------------------------------------------------


def test_embedding_hinge() -> None:
    """Instance 0 at (0, 0) and (6, 8): centre (3, 4), both 5 away, 4 beyond the margin of 1. Instance 1 at (0, 0),
    (0, 3), (0, -3): 0, 2 and 2. Instance 2 is one pixel, instance 3 none: its row leaves the mean."""
    embeddings = numbers([0, 6, 0, 0, 0, 7, 9], [0, 8, 0, 3, -3, 7, 9])
    masks = np.zeros((4, 7), dtype=np.bool_)
    masks[0, :2] = masks[1, 2:5] = masks[2, 5] = True
    options: Any = {"axis": 0, "batch_axes": (), "margin": 1}
    np.testing.assert_allclose(al.embedding_hinge_loss(embeddings, masks, **options), [4, 4 / 3, 0, 0], rtol=1e-15)
    mean = al.embedding_hinge_loss(embeddings, masks, reduction="mean", **options)
    assert mean == pytest.approx((4 + 4 / 3) / 3, rel=1e-15)
    # Of instance 0 the loss is |e_0 - e_1|/2 - 1: half a unit vector each. Of instance 1 each outer pixel goes by 1/3.
    slopes = al.grad(lambda e: al.embedding_hinge_loss(e, masks, reduction="sum", **options))(embeddings)
    expected = numbers([-0.3, 0.3, 0, 0, 0, 0, 0], [-0.4, 0.4, 0, 1 / 3, -1 / 3, 0, 0])
    np.testing.assert_allclose(slopes, expected, rtol=1e-14, atol=1e-16)


# Spatial embedding, arXiv:1906.11109: one space axis, three pixels at 0, 2 and 1, no offsets --------------------------

PLACES, OFFSETS = numbers([0, 2, 1]), np.zeros((1, 3))
MASKS = np.asarray([[True, True, False], [False, False, False]])
SEEDS = numbers(0, log(3), 0)


def spatial(sigmas: Any, masks: Any = MASKS, offsets: Any = OFFSETS, **options: Any) -> Any:
    knobs: Any = {"axis": 0, "batch_axes": ()} | options
    return al.spatial_embedding_loss(offsets, sigmas, SEEDS, masks, PLACES, **knobs)


def test_spatial_embedding() -> None:
    """The instance has pixels 0 and 1, its centre is at 1 with e^(10 s) = ln 2: phi = 1/2, 1/2, and 1 at pixel 2.

    Hinge errors 1, 1 (inside) and 2 (outside): J = 1/3, 2/3, 1, so 4/3. Spread of s: .1 each way, .01. Seeds 1/2, 3/4
    and, outside, 1/2: 10 (0 + 1/16) + 1/4 = 7/8, over three pixels. Sum: 4/3 + 10 * .01 + 7/24.
    """
    s = log(log(2)) / 10
    sigmas = numbers([s + 0.1, s - 0.1, 5])
    assert spatial(sigmas) == pytest.approx(4 / 3 + 0.1 + 7 / 24, rel=1e-13)
    knobs = {"foreground_weight": 2.0, "instance_weight": 3.0, "variance_weight": 0.0, "seed_weight": 6.0}
    assert spatial(sigmas, **knobs) == pytest.approx(4 + 6 * (1 / 8 + 1 / 4) / 3, rel=1e-13)
    # Offsets of atanh(1/4) both move the centre to 5/4 as well when it is of embeddings, not when of coordinates.
    moved = numbers([np.arctanh(0.25), np.arctanh(0.25), np.arctanh(0.25)])
    assert spatial(sigmas, offsets=moved) == pytest.approx(4 / 3 + 0.1 + 7 / 24, rel=1e-13)
    phi = np.exp(-log(2) * numbers(0.75**2, 1.25**2, 0.25**2))
    errors = 1 - (2 * phi - 1) * numbers(1, 1, -1)
    assert errors[2] > errors[1] > errors[0]
    seed = (10 * ((numbers(0.5, 0.75) - phi[:2]) ** 2).sum() + 0.25) / 3
    found = spatial(sigmas, offsets=moved, center="coordinates")
    assert found == pytest.approx(errors.sum() / 3 + 0.1 + seed, rel=1e-13)


def test_spatial_embedding_without_instances() -> None:
    """Only the seeds are left: (1/4 + 9/16 + 1/4)/3."""
    sigmas = numbers([0, 0, 0])
    assert spatial(sigmas, masks=MASKS & False) == pytest.approx(17 / 48, rel=1e-14)


def test_what_the_seeds_do_not_move() -> None:
    """phi is a constant to the seeds, and the mean of s to its spread: by s, 10 * mean (s - mean)^2 alone gives
    10 * 2 (s_i - mean)/2 = +-1, and the hinge the same slope for each pixel of the instance."""
    s = log(log(2)) / 10
    sigmas = numbers([s + 0.1, s - 0.1, 5])
    only: Any = {"instance_weight": 0.0, "seed_weight": 0.0}
    slopes = al.grad(lambda x: spatial(x, **only))(sigmas)
    np.testing.assert_allclose(slopes, [[1, -1, 0]], rtol=1e-13, atol=1e-15)
    only = {"instance_weight": 0.0, "variance_weight": 0.0}
    slopes = al.grad(lambda x: spatial(x, **only))(sigmas)
    np.testing.assert_array_equal(slopes, [[0, 0, 0]])
    # d phi/d s = -10 ln 2/2 inside at each, through the mean by 1/2; errors fall by 2 phi, with weights 1/3.
    only = {"variance_weight": 0.0, "seed_weight": 0.0}
    slopes = al.grad(lambda x: spatial(x, **only))(sigmas)
    np.testing.assert_allclose(slopes, [[10 * log(2) / 3, 10 * log(2) / 3, 0]], rtol=1e-13, atol=1e-15)
