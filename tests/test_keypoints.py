"""Object keypoint similarity and its loss: numbers by hand and of peers, laws, slopes, odd input, errors."""

from __future__ import annotations

from math import exp, expm1, sqrt
from typing import Any

import array_api_strict
import jax
import mpmath
import numpy as np
import pytest
import torch
from every_library import compiled_everywhere, everywhere, slopes_everywhere
from hypothesis import given, settings
from hypothesis import strategies as st

import array_losses as al
from array_losses.losses.keypoints import oks_loss
from array_losses.measures.keypoints import COCO_SIGMAS, oks


def numbers(*rows: Any) -> Any:
    return np.asarray(rows, dtype=np.float64)


# Three poses of three keypoints. Sigmas whose squares times 8 are 1/2, 2 and 8: the exponent is d^2 over that and area.
SIGMAS = (0.25, 0.5, 1.0)
TARGET = numbers([[0, 0], [10, 0], [0, 10]], [[5, 5], [6, 7], [8, 9]], [[1, 2], [3, 4], [5, 6]])
PRED = TARGET + numbers([[3, 4], [0, 0], [6, 8]], [[1, 0], [0, 2], [1, 1]], [[9, 9], [0, 1], [2, 2]])
AREA = numbers(50, 2, 4)
VISIBLE = np.asarray([[True, True, True], [True, False, True], [False, False, False]])
# Of the first pose 25/(50/2) = 1, 0 and 100/(50 * 8) = 1/4; of the second 1, 4/(2 * 2) = 1 and 2/(2 * 8) = 1/8;
# of the third 162/2 = 81, 1/(4 * 2) = 1/8 and 8/(4 * 8) = 1/4.
EXPONENTS = numbers([1, 0, 1 / 4], [1, 1, 1 / 8], [81, 1 / 8, 1 / 4])

RNG = np.random.default_rng(9)
POSES = RNG.uniform(0, 50, (4, 17, 2))
MOVED = POSES + RNG.normal(0, 3, POSES.shape)
AREAS = RNG.uniform(300, 900, 4)
SEEN = RNG.uniform(size=(4, 17)) < 0.7


def test_by_hand() -> None:
    expected = np.exp(-EXPONENTS).mean(axis=-1)
    np.testing.assert_allclose(oks(PRED, TARGET, AREA, sigmas=SIGMAS), expected, rtol=1e-15)
    np.testing.assert_allclose(oks_loss(PRED, TARGET, AREA, sigmas=SIGMAS), 1 - expected, rtol=1e-14)
    expected = numbers((exp(-1) + 1 + exp(-1 / 4)) / 3, (exp(-1) + exp(-1 / 8)) / 2, 0)
    np.testing.assert_allclose(oks(PRED, TARGET, AREA, sigmas=SIGMAS, visible=VISIBLE), expected, rtol=1e-15)
    rows = numbers(-(expm1(-1) + expm1(-1 / 4)) / 3, -(expm1(-1) + expm1(-1 / 8)) / 2, 0)
    options: Any = {"sigmas": SIGMAS, "visible": VISIBLE}
    np.testing.assert_allclose(oks_loss(PRED, TARGET, AREA, **options), rows, rtol=1e-15)
    # The third pose, of which nothing is visible, has left the divisor.
    mean = oks_loss(PRED, TARGET, AREA, reduction="mean", **options)
    assert mean == pytest.approx((rows[0] + rows[1]) / 2, rel=1e-15)
    weights = numbers(1, 3, 5)
    mean = oks_loss(PRED, TARGET, AREA, reduction="mean", weights=weights, **options)
    assert mean == pytest.approx((rows[0] + 3 * rows[1]) / 4, rel=1e-15)
    where = np.asarray([False, True, True])
    mean = oks_loss(PRED, TARGET, AREA, reduction="mean", where=where, **options)
    assert mean == pytest.approx(rows[1], rel=1e-15)
    assert oks_loss(PRED, TARGET, AREA, reduction="mean", normalizer=4, **options) == pytest.approx(rows.sum() / 4)
    assert oks_loss(PRED, TARGET, AREA, reduction="sum", **options) == pytest.approx(rows.sum(), rel=1e-15)


def test_in_fifty_digits() -> None:
    """Also a loss of 1e-12, of which 1 - OKS would keep four digits."""
    with mpmath.workdps(50):
        for pred in (MOVED, POSES + 1e-6 * (MOVED - POSES)):
            found = oks_loss(pred, POSES, AREAS, sigmas=COCO_SIGMAS, visible=SEEN)
            for row in range(4):
                terms = []
                for k in np.nonzero(SEEN[row])[0]:
                    dx, dy = (mpmath.mpf(pred[row, k, i]) - mpmath.mpf(POSES[row, k, i]) for i in range(2))
                    spread = 2 * (2 * mpmath.mpf(COCO_SIGMAS[k])) ** 2 * mpmath.mpf(AREAS[row])
                    terms.append(1 - mpmath.exp(-(dx**2 + dy**2) / spread))
                expected = mpmath.fsum(terms) / len(terms)
                assert abs(found[row] / expected - 1) < 1e-13


def test_sigmas_of_coco() -> None:
    """cocoapi PythonAPI/pycocotools/cocoeval.py writes them times ten."""
    tenfold = [0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89]
    np.testing.assert_allclose(COCO_SIGMAS, np.asarray(tenfold) / 10, rtol=1e-15)


# Peers ----------------------------------------------------------------------------------------------------------------


def test_against_ultralytics() -> None:
    loss: Any = pytest.importorskip("ultralytics.utils.loss")
    peer = loss.KeypointLoss(sigmas=torch.asarray(COCO_SIGMAS, dtype=torch.float64))
    seen = SEEN.copy()
    seen[2] = False
    tensors = [torch.asarray(x) for x in (MOVED, POSES, seen, AREAS[:, None])]
    expected = float(peer(*tensors))
    options: Any = {"sigmas": COCO_SIGMAS, "visible": seen, "reduction": "mean"}
    assert oks_loss(MOVED, POSES, AREAS, normalizer=4, **options) == pytest.approx(expected, rel=1e-6)
    assert oks_loss(MOVED, POSES, AREAS, **options) == pytest.approx(expected * 4 / 3, rel=1e-6)


def test_of_mmyolo() -> None:
    """mmyolo/models/losses/oks_loss.py compute_oks: exp(-(d/(sigma diag))^2 / 2), written out."""
    sides = numbers([20, 30], [10, 10], [40, 5], [7, 8])
    distance = np.sqrt(((MOVED - POSES) ** 2).sum(-1))
    diagonal = np.sqrt((sides**2).sum(-1, keepdims=True))
    expected = np.exp(-((distance / (np.asarray(COCO_SIGMAS) * diagonal)) ** 2) / 2).mean(-1)
    area = (sides**2).sum(-1) / 4
    np.testing.assert_allclose(oks(MOVED, POSES, area, sigmas=COCO_SIGMAS), expected, rtol=1e-12)


# Laws -----------------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.floats(0.01, 100), st.floats(-1e3, 1e3), st.integers(0, 3))
def test_unit_place_and_order(scale: float, shift: float, row: int) -> None:
    expected = oks(MOVED, POSES, AREAS, sigmas=COCO_SIGMAS)
    moved = oks(MOVED * scale + shift, POSES * scale + shift, AREAS * scale**2, sigmas=COCO_SIGMAS)
    np.testing.assert_allclose(moved, expected, rtol=1e-9)
    assert (expected > 0).all()
    assert (expected < 1).all()
    order = np.random.default_rng(row).permutation(17)
    sigmas = [COCO_SIGMAS[k] for k in order]
    np.testing.assert_allclose(oks(MOVED[:, order], POSES[:, order], AREAS, sigmas=sigmas), expected, rtol=1e-13)
    np.testing.assert_array_equal(oks(POSES, MOVED, AREAS, sigmas=COCO_SIGMAS), expected)


def test_equal_poses() -> None:
    assert (oks(POSES, POSES, AREAS, sigmas=COCO_SIGMAS, visible=SEEN) == 1).all()
    value, slopes = al.value_and_grad(lambda p: oks_loss(p, POSES, AREAS, sigmas=COCO_SIGMAS, reduction="sum"))(POSES)
    assert value == 0
    assert not slopes.any()


def test_tables() -> None:
    table = oks(MOVED[:, None], POSES[None], AREAS, sigmas=COCO_SIGMAS, visible=SEEN)
    assert table.shape == (4, 4)
    for i in range(4):
        for j in range(4):
            alone = oks(MOVED[i], POSES[j], AREAS[j], sigmas=COCO_SIGMAS, visible=SEEN[j])
            assert table[i, j] == pytest.approx(alone, rel=1e-14)


def test_sigmas_in_an_array() -> None:
    array = np.asarray(COCO_SIGMAS)
    for options in ({}, {"visible": SEEN}):
        expected = oks(MOVED, POSES, AREAS, sigmas=COCO_SIGMAS, **options)
        np.testing.assert_array_equal(oks(MOVED, POSES, AREAS, sigmas=array, **options), expected)
    array[3:] = 0.0
    expected = oks(MOVED[:, :3], POSES[:, :3], AREAS, sigmas=COCO_SIGMAS[:3])
    np.testing.assert_allclose(oks(MOVED, POSES, AREAS, sigmas=array), expected, rtol=1e-14)
    assert oks_loss(MOVED, POSES, AREAS, sigmas=0 * array, reduction="mean") == 0


# Every library --------------------------------------------------------------------------------------------------------


def test_same_in_every_library() -> None:
    everywhere(lambda p, t, a: oks(p, t, a, sigmas=COCO_SIGMAS), MOVED, POSES, AREAS)
    everywhere(lambda p, t, a, v: oks(p, t, a, sigmas=COCO_SIGMAS, visible=v), MOVED, POSES, AREAS, SEEN)
    everywhere(lambda p, t, a, s: oks(p, t, a, sigmas=s), MOVED, POSES, AREAS, np.asarray(COCO_SIGMAS))
    for reduction in ("none", "mean", "sum"):
        everywhere(
            lambda p, t, a, v, w, r=reduction: oks_loss(p, t, a, sigmas=SIGMAS, visible=v, where=w, reduction=r),
            *(PRED, TARGET, AREA, VISIBLE, np.asarray([False, True, True])),
        )


def test_slopes() -> None:
    near = TARGET + 0.3 * RNG.normal(size=TARGET.shape)
    options: Any = {"argnums": (0, 1)}
    slopes_everywhere(lambda p, t, a: oks(p[:, None, ...], t, a, sigmas=SIGMAS), near, TARGET, AREA, **options)
    gradients = slopes_everywhere(
        lambda p, t, a, v: oks_loss(p, t, a, sigmas=SIGMAS, visible=v, reduction="mean"),
        *(near, TARGET, AREA, VISIBLE),
        **options,
    )
    assert not gradients[0][~VISIBLE].any()
    assert gradients[0][VISIBLE].all()
    # Where d = 1, sigma = 1/4, area = 2: exponent 1, slope -2 x exp(-1)/K.
    slope = al.grad(lambda p: oks_loss(p, TARGET[1:2], AREA[1:2], sigmas=SIGMAS, reduction="sum"))(PRED[1:2])[0, 0]
    np.testing.assert_allclose(slope, [2 * exp(-1) / 3, 0], rtol=1e-14)


def test_the_area_is_a_constant() -> None:
    for asarray in (np.asarray, torch.asarray, jax.numpy.asarray):
        pred, target, area = (asarray(x) for x in (PRED, TARGET, AREA))
        slopes = al.grad(lambda a: oks_loss(pred, target, a, sigmas=SIGMAS, reduction="sum"))(area)  # noqa: B023
        assert not np.asarray(slopes).any()


def test_second_derivatives() -> None:
    def slope(p: Any) -> Any:
        return al.grad(lambda p: oks_loss(p, TARGET[0], AREA[0], sigmas=SIGMAS, reduction="sum"))(p)[0, 0]

    x = PRED[0]
    bump = np.zeros_like(x)
    bump[0, 0] = 1e-5
    expected = (slope(x + bump) - slope(x - bump)) / 2e-5
    found = al.grad(
        lambda p: al.grad(lambda p: oks_loss(p, TARGET[0], AREA[0], sigmas=SIGMAS, reduction="sum"))(p)[0, 0]
    )(x)[0, 0]
    assert found == pytest.approx(expected, rel=1e-7)
    tensor, target = torch.asarray(x), torch.asarray(TARGET[0])
    hessian = torch.func.hessian(lambda p: oks_loss(p, target, torch.asarray(AREA[0]), sigmas=SIGMAS))(tensor)
    assert hessian[0, 0, 0, 0] == pytest.approx(expected, rel=1e-7)


def test_transforms() -> None:
    compiled_everywhere(lambda p, t, a, v: oks(p, t, a, sigmas=COCO_SIGMAS, visible=v), MOVED, POSES, AREAS, SEEN)
    compiled_everywhere(lambda p, t, a, v: oks_loss(p, t, a, sigmas=COCO_SIGMAS, visible=v), MOVED, POSES, AREAS, SEEN)


# Odd input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_finite(dtype: str) -> None:
    """Areas of nothing and less, tiny and huge ones, poses far away: a term is 1 on its target, 0 far from it."""
    info = np.finfo(dtype)
    areas = np.asarray([0.0, -1.0, info.smallest_subnormal, info.smallest_normal, 1e-30, 1.0, 1e30, info.max], dtype)
    for way in (0.0, 1e-30, 1.0, 1e10, float(np.sqrt(info.max)), float(info.max)):
        target = np.zeros((8, 1, 2), dtype=dtype)
        pred = target + np.asarray([way, -way], dtype=dtype)
        value, slopes = al.value_and_grad(
            lambda p, t=target: al._array.namespace(p).sum(oks(p, t, areas, sigmas=(0.1,)))
        )(pred)
        found = oks(pred, target, areas, sigmas=(0.1,))
        assert np.isfinite(slopes).all(), way
        assert ((found >= 0) & (found <= 1)).all()
        assert value == pytest.approx(found.sum())
        assert not slopes[:2].any()
        if way in (0.0, 1.0):
            np.testing.assert_array_equal(found[:2], 1.0 if way == 0.0 else 0.0)


def test_on_another_device() -> None:
    device = array_api_strict.Device("device1")
    arrays = [array_api_strict.asarray(x, device=device) for x in (PRED, TARGET, AREA)]
    visible = array_api_strict.asarray(VISIBLE, device=device)
    assert oks(*arrays, sigmas=SIGMAS).device == device
    assert oks_loss(*arrays, sigmas=SIGMAS, visible=visible, reduction="mean").device == device


def test_what_is_not_visible_is_never_looked_at() -> None:
    pred = np.where(VISIBLE[..., None], PRED, np.nan)
    options: Any = {"sigmas": SIGMAS, "visible": VISIBLE}
    np.testing.assert_array_equal(oks(pred, TARGET, AREA, **options), oks(PRED, TARGET, AREA, **options))
    for asarray in (np.asarray, torch.asarray, jax.numpy.asarray):
        poses, target, area, visible = (asarray(x) for x in (pred, TARGET, AREA, VISIBLE))
        slopes = al.grad(
            lambda p, rest=(target, area), v=visible: oks_loss(p, *rest, sigmas=SIGMAS, visible=v, reduction="mean")
        )(poses)
        slopes = np.asarray(slopes)
        assert np.isfinite(slopes).all()
        assert not slopes[~VISIBLE].any()


def test_a_nan_stays_in_its_row() -> None:
    pred = PRED.copy()
    pred[1, 0, 0] = np.nan
    found = oks_loss(pred, TARGET, AREA, sigmas=SIGMAS)
    np.testing.assert_array_equal(np.isnan(found), [False, True, False])
    where = np.asarray([True, False, True])
    for asarray in (np.asarray, torch.asarray, jax.numpy.asarray):
        poses, target, area, here = (asarray(x) for x in (pred, TARGET, AREA, where))
        value, slopes = al.value_and_grad(
            lambda p, t=target, a=area, w=here: oks_loss(p, t, a, sigmas=SIGMAS, where=w, reduction="mean")
        )(poses)
        assert np.isfinite(float(value))
        assert np.isfinite(np.asarray(slopes)).all()


def test_nothing() -> None:
    empty = np.zeros((0, 3, 2))
    assert oks(empty, empty, np.zeros(0), sigmas=SIGMAS).shape == (0,)
    assert oks_loss(empty, empty, np.zeros(0), sigmas=SIGMAS, reduction="mean") == 0
    without = np.zeros((3, 0, 2))
    np.testing.assert_array_equal(oks(without, without, AREA, sigmas=()), 0)
    assert oks_loss(without, without, AREA, sigmas=(), reduction="mean") == 0
    hidden = np.zeros_like(VISIBLE)
    options: Any = {"sigmas": SIGMAS, "visible": hidden, "reduction": "mean"}
    value, slopes = al.value_and_grad(lambda p: oks_loss(p, TARGET, AREA, **options))(PRED)
    assert value == 0
    assert not slopes.any()


@pytest.mark.parametrize("dtype", ["float16", "float32", "int32"])
def test_dtypes(dtype: str) -> None:
    arrays = [x.astype(dtype) for x in (PRED, TARGET, AREA)]
    found = oks(*arrays, sigmas=SIGMAS)
    assert found.dtype == {"float16": "float32", "int32": "float64"}.get(dtype, dtype)
    np.testing.assert_allclose(found, oks(PRED, TARGET, AREA, sigmas=SIGMAS), rtol=1e-6)
    tensors = [torch.asarray(x) for x in arrays]
    assert oks_loss(*tensors, sigmas=SIGMAS).dtype == torch.float32
    assert oks_loss(*tensors, sigmas=SIGMAS, visible=torch.asarray(VISIBLE)).dtype == torch.float32


P, A = np.zeros((5, 3, 2)), np.ones(5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: oks(P[..., :1], P, A, sigmas=SIGMAS),
            ValueError,
            r"pred must have shape \(..., K, 2\); got \(5, 3, 1\)",
        ),
        (lambda: oks(P, P[0, 0], A, sigmas=SIGMAS), ValueError, r"target must have shape \(..., K, 2\); got \(2,\)"),
        (lambda: oks(P, P[:, :2], A, sigmas=SIGMAS), ValueError, "pred and target must have as many keypoints; got"),
        (lambda: oks(P, P, A[:2], sigmas=SIGMAS), ValueError, "pred and target and area must have leading shapes that"),
        (lambda: oks(P, P, A > 0, sigmas=SIGMAS), TypeError, "area must have a real dtype; got bool"),
        (lambda: oks(P, P, 1.0, sigmas=SIGMAS), TypeError, "area must be an array of an Array API library"),
        (lambda: oks(P, P, A, sigmas=0.1), TypeError, "sigmas must be a tuple of 3 numbers; got float"),
        (lambda: oks(P, P, A, sigmas=COCO_SIGMAS), ValueError, "sigmas must be 3 numbers; got 17"),
        (lambda: oks(P, P, A, sigmas=(1, 1, 0)), ValueError, "sigmas must be greater than 0; got 0"),
        (lambda: oks(P, P, A, sigmas=A), ValueError, r"sigmas must have shape \(3,\); got \(5,\)"),
        (lambda: oks(P, P, A, sigmas=torch.ones(3)), TypeError, "sigmas must be an array of the library of numpy"),
        (lambda: oks(P, P, A, sigmas=SIGMAS, visible=P[..., 0]), TypeError, "visible must have a boolean dtype; got"),
        (
            lambda: oks(P, P, A, sigmas=SIGMAS, visible=P[..., 0, :] > 0),
            ValueError,
            r"visible must have shape \(..., 3\); got \(5, 2\)",
        ),
        (
            lambda: oks_loss(P, P[:1], A, sigmas=SIGMAS),
            ValueError,
            r"pred and target must have equal shapes; got \(5, 3, 2\) and \(1, 3, 2\)",
        ),
        (lambda: oks_loss(P, P, A[:1], sigmas=SIGMAS), ValueError, r"area must have shape \(5,\); got \(1,\)"),
        (
            lambda: oks_loss(P, P, A, sigmas=SIGMAS, visible=P[0, :, 0] > 0),
            ValueError,
            r"visible must have shape \(5, 3\); got \(3,\)",
        ),
        (lambda: oks_loss(P, P, A, sigmas=SIGMAS, reduction="x"), ValueError, "reduction must be one of"),
        (lambda: oks_loss(P, P, A, sigmas=SIGMAS, where=A), TypeError, "where must have a boolean dtype"),
        (lambda: oks_loss(P, P, A, sigmas=SIGMAS, weights=P), ValueError, "weights must broadcast to the rows' shape"),
    ],
)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        call()


def test_a_sigma_is_half_a_standard_deviation() -> None:
    """At d = 2 sigma sqrt(area) a term is exp(-1/2)."""
    pred, target = numbers([[2 * 0.1 * sqrt(9.0), 0]]), numbers([[0, 0]])
    assert oks(pred, target, numbers(9), sigmas=(0.1,))[0] == pytest.approx(exp(-0.5), rel=1e-15)
