"""Laws of formats and codings: there and back, the same in every library, slopes, dtypes, odd boxes, errors."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import array_api_strict
import jax
import numpy as np
import pytest
import torch
from every_library import compiled_everywhere, everywhere, slopes_everywhere
from hypothesis import given, settings
from hypothesis import strategies as st

import array_losses as al
from array_losses.coding import (
    box_area,
    box_corners,
    boxes_to_distances,
    clip_boxes,
    convert_boxes,
    corners_to_boxes,
    decode_deltas,
    distances_to_boxes,
    encode_deltas,
    masks_to_boxes,
    normalize_angles,
)
from array_losses.coding.formats import ALIGNED, FORMATS

RNG = np.random.default_rng(11)
CENTERS, SIDES = RNG.uniform(0, 60, (2, 5, 2)), RNG.uniform(2, 30, (2, 5, 2))
BOXES = np.concatenate([CENTERS - SIDES / 2, CENTERS + SIDES / 2], axis=-1)
OTHERS = BOXES + RNG.normal(size=BOXES.shape)
TURNED = np.concatenate([CENTERS, SIDES, RNG.uniform(-9, 9, (2, 5, 1))], axis=-1)
SIZES = np.asarray([[[50.0, 80.0]], [[30.0, 70.0]]])
DISTANCES, DELTAS = RNG.uniform(-1, 9, (2, 5, 4)), RNG.normal(size=(2, 5, 4))
CONVENTIONS = ("le90", "le135", "oc")


def in_format(format: str) -> Any:
    if format in ALIGNED:
        return convert_boxes(BOXES, "xyxy", format, image_size=SIZES)
    return convert_boxes(TURNED, "cxcywhr", format)


# Every function once, and what it takes.
FUNCTIONS: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    *[
        (f"{a} to {b}", lambda x, size, a=a, b=b: convert_boxes(x, a, b, image_size=size), (in_format(a), SIZES))
        for a, b in itertools.product(FORMATS, FORMATS)
        if "xyxy" in (a, b) or not {a, b} & {*ALIGNED}
    ],
    *[(f"area of {a}", lambda x, a=a: box_area(x, format=a), (in_format(a),)) for a in FORMATS],
    *[(f"clipped {a}", lambda x, a=a: clip_boxes(x, (40, 60), format=a), (in_format(a),)) for a in ALIGNED],
    ("clipped, sizes", clip_boxes, (BOXES, SIZES)),
    ("corners", box_corners, (TURNED,)),
    ("boxes of corners", corners_to_boxes, (box_corners(TURNED),)),
    *[(c, lambda x, c=c: normalize_angles(x, convention=c), (TURNED,)) for c in CONVENTIONS],
    ("distances to boxes", distances_to_boxes, (CENTERS, DISTANCES)),
    ("boxes to distances", boxes_to_distances, (CENTERS, OTHERS)),
    ("limited", lambda p, b: boxes_to_distances(p, b, limit=6), (CENTERS, OTHERS)),
    ("encoded", lambda b, a: encode_deltas(b, a, weights=(10, 10, 5, 5)), (OTHERS, BOXES)),
    ("decoded", lambda d, a: decode_deltas(d, a, max_log_ratio=0.5), (DELTAS, BOXES)),
]
every_function = pytest.mark.parametrize(
    ("function", "arrays"), [pytest.param(*rest, id=name) for name, *rest in FUNCTIONS]
)
ONE_OF_EACH = [
    rest
    for name, *rest in FUNCTIONS
    if " to " not in name or name in ("rel_cxcywh to xyxy", "cxcywhr to xyxy", "xyxyxyxy to cxcywhr")
]


@every_function
def test_same_in_every_library(function: Any, arrays: Any) -> None:
    everywhere(function, *arrays)


@every_function
def test_slopes(function: Any, arrays: Any) -> None:
    pair = len(arrays) == 2 and arrays[1] is not SIZES
    slopes_everywhere(function, *arrays, argnums=(0, 1) if pair else (0,))


def test_masks_in_every_library() -> None:
    some = RNG.uniform(size=(6, 4, 5)) < 0.2
    for masks in (some, some[:, :0], some[:0], some[:, :, :0]):
        found = everywhere(masks_to_boxes, masks, same_dtype=False)
        for boxes, mask in zip(found, masks):
            y, x = np.nonzero(mask)
            expected = [x.min(), y.min(), x.max(), y.max()] if len(x) else [0] * 4
            np.testing.assert_array_equal(boxes, expected)


@pytest.mark.parametrize(("function", "arrays"), ONE_OF_EACH[::3])
def test_transforms(function: Any, arrays: Any) -> None:
    compiled_everywhere(function, *arrays)


def test_transforms_of_masks() -> None:
    masks = RNG.uniform(size=(4, 6, 7)) < 0.1
    expected = masks_to_boxes(masks)
    np.testing.assert_array_equal(jax.jit(masks_to_boxes)(jax.numpy.asarray(masks)), expected)
    np.testing.assert_array_equal(torch.vmap(masks_to_boxes)(torch.asarray(masks)), expected)
    compiled = torch.compile(lambda m: masks_to_boxes(m, edges=True), fullgraph=True)
    np.testing.assert_array_equal(compiled(torch.asarray(masks)), masks_to_boxes(masks, edges=True))


# There and back -------------------------------------------------------------------------------------------------------

coordinates = st.floats(-1e3, 1e3, allow_subnormal=False)
lengths = st.floats(1e-3, 1e3)


@settings(deadline=None)
@given(st.sampled_from(ALIGNED), st.sampled_from(ALIGNED), st.tuples(coordinates, coordinates, lengths, lengths))
def test_there_and_back(first: str, second: str, box: Any) -> None:
    given = convert_boxes(np.asarray(box), "xywh", first, image_size=(32, 128))
    there = convert_boxes(given, first, second, image_size=(32, 128))
    back = convert_boxes(there, second, first, image_size=(32, 128))
    np.testing.assert_allclose(back, given, rtol=0, atol=1e-12)


@settings(deadline=None)
@given(st.tuples(coordinates, coordinates, lengths, lengths, st.floats(-math.pi, math.pi)))
def test_corners_and_back(box: Any) -> None:
    given = np.asarray(box)
    found = corners_to_boxes(box_corners(given))
    np.testing.assert_allclose(found[:4], given[:4], rtol=0, atol=1e-11)
    np.testing.assert_allclose(math.remainder(found[4] - given[4], 2 * math.pi), 0, atol=1e-8)
    np.testing.assert_allclose(box_area(box_corners(given), format="xyxyxyxy"), box_area(given, format="cxcywhr"),
                               rtol=1e-6, atol=1e-9)  # fmt: skip


@settings(deadline=None)
@given(
    st.sampled_from(CONVENTIONS),
    st.booleans(),
    st.tuples(lengths, lengths, st.floats(-1e5, 1e5)),
    st.sampled_from(["float32", "float64"]),
)
def test_angles_are_in_range(convention: str, degrees: bool, box: Any, dtype: str) -> None:
    given = np.asarray([0, 0, *box], dtype=dtype)
    unit = given.dtype.type(90.0 if degrees else math.pi / 2)
    found = normalize_angles(given, convention=convention, degrees=degrees)
    assert found.dtype == dtype
    low, high = {"le90": (-unit, unit), "le135": (-unit / 2, 3 * unit / 2), "oc": (0, unit)}[convention]
    if convention == "oc":
        assert low < found[4] <= high
    else:
        assert low <= found[4] < high
        assert found[2] >= found[3]
    # The same rectangle: its axes have turned by right angles, and its sides with them.
    turns = (float(found[4]) - float(given[4])) / float(unit)
    assert abs(turns - round(turns)) < (1e-2 if dtype == "float32" else 1e-9)
    expected = given[2:4] if round(turns) % 2 == 0 else given[[3, 2]]
    np.testing.assert_array_equal(found[2:4], expected)
    np.testing.assert_array_equal(normalize_angles(found, convention=convention, degrees=degrees), found)


@settings(deadline=None)
@given(st.tuples(coordinates, coordinates, lengths, lengths), st.tuples(coordinates, coordinates, lengths, lengths))
def test_deltas_and_back(box: Any, anchor: Any) -> None:
    box, anchor = (convert_boxes(np.asarray(x), "xywh", "xyxy") for x in (box, anchor))
    deltas = encode_deltas(box, anchor, weights=(10, 10, 5, 5))
    found = decode_deltas(deltas, anchor, weights=(10, 10, 5, 5), max_log_ratio=20.0)
    np.testing.assert_allclose(found, box, rtol=0, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0, -1.0, 1e-6, 1e6, 1e18, 1e-30, 3.5]), min_size=8, max_size=8))
def test_finite(values: list[float]) -> None:
    """Of boxes of every kind, in float32; errors of NumPy are warnings, and warnings are errors."""
    box, anchor = np.asarray(values, dtype=np.float32).reshape(2, 4)
    for pair in ((box, anchor), (anchor, box)):
        gradients = al.grad(lambda b, a: al._array.namespace(b).sum(encode_deltas(b, a)), (0, 1))(*pair)
        assert np.isfinite(encode_deltas(*pair)).all()
        assert not np.isnan(gradients).any()
    assert np.isfinite(corners_to_boxes(np.asarray(values, dtype=np.float32).reshape(4, 2))).all()


# To the last bit ------------------------------------------------------------------------------------------------------


def test_what_formats_share_stays() -> None:
    boxes = np.asarray([1e4 + 0.1, 0.3, 1e-3, 7e-5], dtype=np.float32)
    np.testing.assert_array_equal(convert_boxes(boxes, "xywh", "cxcywh")[2:], boxes[2:])
    np.testing.assert_array_equal(convert_boxes(boxes, "xywh", "xyxy")[:2], boxes[:2])
    np.testing.assert_array_equal(convert_boxes(boxes, "cxcywh", "cxcywhr"), [*boxes, 0])
    turned = np.asarray([*boxes, 0], dtype=np.float32)
    np.testing.assert_array_equal(convert_boxes(turned, "cxcywhr", "cxcywh"), boxes)
    for format in ("xywh", "cxcywh"):
        np.testing.assert_array_equal(clip_boxes(boxes, (100, 20000), format=format), boxes)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_angles_in_range_stay(convention: str) -> None:
    angles = np.asarray([1e-30, 0.1, 0.7, np.pi / 2 - 1e-9] + ([] if convention == "oc" else [-1e-30, -0.1, -0.7]))
    boxes = np.stack([angles, angles, 0 * angles + 5, 0 * angles + 3, angles], axis=1)
    np.testing.assert_array_equal(normalize_angles(boxes, convention=convention), boxes)


def test_inverted_boxes_stay_inverted() -> None:
    box = np.asarray([4.0, 3.0, 1.0, 1.0])
    np.testing.assert_array_equal(convert_boxes(box, "xyxy", "xywh"), [4, 3, -3, -2])
    turned = convert_boxes(convert_boxes(box, "xyxy", "cxcywhr"), "cxcywhr", "xyxy")
    np.testing.assert_array_equal(turned, box)


# Slopes where there is a corner ---------------------------------------------------------------------------------------


def slope(function: Any, x: Any) -> Any:
    """That of a function's sum, the same in every library; it is given what makes constants beside its argument."""
    found = []
    for asarray in (np.asarray, torch.asarray, jax.numpy.asarray):

        def constant(values: Any, asarray: Any = asarray) -> Any:
            return asarray(np.asarray(values, dtype=np.float32))

        def total(x: Any, constant: Any = constant) -> Any:
            result = function(x, constant)
            return al._array.namespace(result).sum(result)

        found.append(np.asarray(al.grad(total)(constant(x))).tolist())
    assert found[0] == found[1] == found[2]
    return found[0]


def test_slopes_at_edges() -> None:
    """Exactly on an edge half, beyond nothing."""
    assert slope(lambda x, _: clip_boxes(x, (9, 9)), [0.0, -1.0, 9.0, 10.0]) == [0.5, 0, 0.5, 0]
    boxes = [[0.5, -0.5, 0.5, -0.5], [0.0, -1.0, 1.0, 2.0]]
    found = slope(lambda x, constant: boxes_to_distances(constant([0, 0]), x, limit=1), boxes)
    assert found == [[0, -1, 1, 0], [-0.5, -0.5, 0.5, 0]]


def test_slopes_of_ratios_that_end() -> None:
    found = slope(lambda x, constant: decode_deltas(x, constant([0, 0, 2, 4]), max_log_ratio=1)[..., 2:], [0, 0, 1, 2])
    assert found == [2, 4, 0, 0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_slopes_of_no_side_are_silent(dtype: str) -> None:
    """On the way too: 5 / the smallest normal number is infinite, and NumPy says so."""
    anchor, box = np.asarray([0, 0, 2, 4], dtype=dtype), np.asarray([1, 1, 1, 1], dtype=dtype)
    weights = (10.0, 10.0, 5.0, 5.0)
    for function in (
        lambda b: encode_deltas(b, anchor, weights=weights),
        lambda a: encode_deltas(box, a, weights=weights),
    ):
        with np.errstate(all="raise"):
            found = al.grad(lambda x, f=function: al._array.namespace(x).sum(f(x)[..., 2:]))(box)
        np.testing.assert_array_equal(found, 0)
    ends = encode_deltas(box, anchor, weights=weights)[2:]
    np.testing.assert_allclose(ends, 5 * np.log(np.finfo(dtype).smallest_normal), rtol=1e-6)


def test_slopes_of_nothing() -> None:
    """Sides and vectors of length 0, corners in one point, boxes without extent, images of size 0."""
    assert slope(lambda x, _: box_area(x), [1, 1, 1, 3]) == [0, 0, 0, 0]
    assert slope(lambda x, _: corners_to_boxes(x)[..., 2:], [[1, 1]] * 4) == [[0, 0]] * 4
    # Of a point only the shift: its sides are as good as none, exactly at their corner.
    assert slope(lambda x, constant: encode_deltas(x, constant([0, 0, 2, 4])), [1, 1, 1, 1])[2:] == [0.125, 0.0625]
    assert slope(lambda x, constant: encode_deltas(constant([0, 0, 2, 4]), x), [1, 1, 1, 1]) == [0, 0, 0, 0]
    found = slope(lambda x, constant: convert_boxes(x, "xyxy", "rel_xyxy", image_size=constant([0, 2])), [1, 1, 1, 1])
    assert found == [0.5, 0, 0.5, 0]
    np.testing.assert_array_equal(convert_boxes(BOXES, "xyxy", "rel_xyxy", image_size=np.zeros(2)), 0 * BOXES)
    # An upright box, whose hull has a corner in the angle.
    assert slope(lambda x, _: convert_boxes(x, "cxcywhr", "xyxy")[..., 2:], [0, 0, 2, 4, 0]) == [1, 1, 0.5, 0.5, 0]


# Dtypes, NaN, nothing at all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint8"])
def test_dtypes(dtype: str) -> None:
    boxes = np.asarray([[10, 20, 30, 50]], dtype=dtype)
    kept = "float64" if "int" in dtype else dtype
    assert convert_boxes(boxes, "xyxy", "cxcywh").dtype == kept
    assert clip_boxes(boxes, (40, 40)).dtype == kept
    assert encode_deltas(boxes, boxes).dtype == kept
    assert decode_deltas(boxes, boxes.astype("float64")).dtype == np.float64
    assert boxes_to_distances(boxes[:, :2], boxes).dtype == kept
    assert box_area(boxes).dtype == ("float32" if dtype == "float16" else kept)
    np.testing.assert_array_equal(convert_boxes(boxes, "xyxy", "xywh"), [[10, 20, 20, 30]])
    tensor = torch.asarray(boxes)
    assert str(convert_boxes(tensor, "xyxy", "xywh").dtype) == f"torch.{'float32' if 'int' in dtype else dtype}"


def test_half_precision() -> None:
    """Computed in float32, returned as it came, saturated."""
    box = np.asarray([2047, 0, 2049, 1], dtype=np.float16)  # the nearest float16 are 2047 and 2048
    np.testing.assert_array_equal(convert_boxes(box, "xyxy", "xywh"), [2047, 0, 1, 1])
    large = np.asarray([60000, 0, 60000, 2], dtype=np.float16)
    np.testing.assert_array_equal(convert_boxes(large, "xywh", "xyxy"), np.asarray([60000, 0, 65504, 2], np.float16))
    assert box_area(np.asarray([0, 0, 300, 300], dtype=np.float16)) == 90000
    brain = torch.asarray([0.0, 0.0, 300.0, 300.0], dtype=torch.bfloat16)
    assert convert_boxes(brain, "xyxy", "cxcywhr").dtype == torch.bfloat16
    for asarray in (np.asarray, torch.asarray, jax.numpy.asarray):
        boxes = asarray(large)
        gradient = al.grad(lambda x: al._array.namespace(x).sum(convert_boxes(x, "xyxy", "xywh")))(boxes)
        assert gradient.dtype == boxes.dtype
        np.testing.assert_array_equal(gradient, [0, 0, 1, 1])


@pytest.mark.parametrize(("function", "arrays"), ONE_OF_EACH)
def test_a_nan_stays_in_its_row(function: Any, arrays: Any) -> None:
    expected = function(*arrays)
    first = np.array(arrays[0])
    first[1, 2] = np.nan
    found = function(first, *arrays[1:])
    assert np.isnan(found[1, 2]).any()
    found[1, 2] = expected[1, 2]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("function", "arrays"), ONE_OF_EACH)
def test_no_boxes(function: Any, arrays: Any) -> None:
    expected = function(*arrays)
    assert function(*[x[:, :0] if x is not SIZES else x for x in arrays]).shape == (2, 0, *expected.shape[2:])
    everywhere(function, *[x[:, :0] if x is not SIZES else x for x in arrays])


def test_leading_axes_broadcast() -> None:
    anchors = BOXES[0]
    np.testing.assert_array_equal(encode_deltas(OTHERS, anchors)[1], encode_deltas(OTHERS[1], anchors))
    table = boxes_to_distances(CENTERS[0][:, None], BOXES[1])
    assert table.shape == (5, 5, 4)
    np.testing.assert_array_equal(table[2, 3], boxes_to_distances(CENTERS[0][2], BOXES[1][3]))


# Errors ---------------------------------------------------------------------------------------------------------------

B, T = np.zeros((3, 4)), torch.zeros((3, 4))
WRONG: Any = "x"
TWO: Any = (1, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: convert_boxes(B, "ltwh", "xyxy"), ValueError, "from_format must be one of 'xyxy', .*; got 'ltwh'"),
        (lambda: convert_boxes(B, "xyxy", "XYXY"), ValueError, "to_format must be one of 'xyxy', .*; got 'XYXY'"),
        (lambda: convert_boxes(B, "cxcywhr", "xyxy"), ValueError, r"boxes must have shape \(..., 5\); got \(3, 4\)"),
        (
            lambda: convert_boxes(B, "xyxyxyxy", "xyxy"),
            ValueError,
            r"boxes must have shape \(..., 4, 2\); got \(3, 4\)",
        ),
        (lambda: convert_boxes([1, 2, 3, 4], "xyxy", "xywh"), TypeError, "boxes must be an array of an Array API"),
        (lambda: convert_boxes(B > 0, "xyxy", "xywh"), TypeError, "boxes must have a real dtype; got bool"),
        (
            lambda: convert_boxes(B, "xyxy", "rel_xyxy"),
            ValueError,
            "image_size must be given to convert 'xyxy' to 'rel_xyxy'; got None",
        ),
        (
            lambda: convert_boxes(B, "xyxy", "rel_xyxy", image_size=640),
            TypeError,
            r"image_size must be \(height, width\) or an array of shape \(..., 2\); got int",
        ),
        (
            lambda: convert_boxes(B, "xyxy", "rel_xyxy", image_size=(1, 2, 3)),
            ValueError,
            r"image_size must be \(height, width\); got 3 numbers",
        ),
        (lambda: clip_boxes(B, (0, 5)), ValueError, "image_size must be greater than 0; got 0"),
        (lambda: clip_boxes(B, T[:, :2]), TypeError, "image_size must be an array of the library of numpy.ndarray"),
        (lambda: clip_boxes(B, B), ValueError, r"image_size must have shape \(..., 2\); got \(3, 4\)"),
        (
            lambda: clip_boxes(B, B[:2, :2]),
            ValueError,
            r"boxes and image_size must have leading shapes that broadcast; got \(3, 4\) and \(2, 2\)",
        ),
        (lambda: clip_boxes(B, None), TypeError, "image_size must be .* got NoneType"),
        (lambda: clip_boxes(B, (5, 5), format="cxcywhr"), ValueError, "format must be one of .*; got 'cxcywhr'"),
        (lambda: box_area(B, format="x"), ValueError, "format must be one of .*; got 'x'"),
        (lambda: box_area(B[:, :3]), ValueError, r"boxes must have shape \(..., 4\); got \(3, 3\)"),
        (lambda: box_corners(B), ValueError, r"boxes must have shape \(..., 5\); got \(3, 4\)"),
        (lambda: corners_to_boxes(B), ValueError, r"corners must have shape \(..., 4, 2\); got \(3, 4\)"),
        (
            lambda: normalize_angles(np.zeros(5), convention="le180"),
            ValueError,
            "convention must be one of 'le90', 'le135', 'oc'; got 'le180'",
        ),
        (lambda: distances_to_boxes(B, B), ValueError, r"points must have shape \(..., 2\); got \(3, 4\)"),
        (lambda: distances_to_boxes(B[:, :2], T), TypeError, "points and distances must be arrays of one library"),
        (
            lambda: distances_to_boxes(B[:2, :2], B),
            ValueError,
            r"points and distances must have leading shapes that broadcast; got \(2, 2\) and \(3, 4\)",
        ),
        (lambda: boxes_to_distances(B[:, :2], B, limit=0), ValueError, "limit must be greater than 0; got 0"),
        (lambda: encode_deltas(B, B[:, :3]), ValueError, r"anchors must have shape \(..., 4\); got \(3, 3\)"),
        (lambda: encode_deltas(B, B, weights=WRONG), TypeError, "weights must be a tuple of 4 numbers; got str"),
        (lambda: encode_deltas(B, B, weights=TWO), ValueError, "weights must be 4 numbers; got 2"),
        (lambda: decode_deltas(B, B, weights=(1, 1, 1, 0)), ValueError, "weights must be greater than 0; got 0"),
        (lambda: decode_deltas(B, B, max_log_ratio=WRONG), TypeError, "max_log_ratio must be a Python number; got str"),
        (lambda: masks_to_boxes(B), TypeError, "masks must have a boolean dtype; got float64"),
        (lambda: masks_to_boxes(B[0] > 0), ValueError, r"masks must have shape \(..., H, W\); got \(4,\)"),
    ],
)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        call()


def test_on_another_device() -> None:
    device = array_api_strict.Device("device1")
    boxes, turned = (array_api_strict.asarray(x, device=device) for x in (BOXES, TURNED))
    for result in (
        convert_boxes(boxes, "xyxy", "xyxyxyxy"),
        convert_boxes(turned, "cxcywhr", "rel_cxcywh", image_size=(5, 6)),
        normalize_angles(turned),
        encode_deltas(boxes, boxes),
        masks_to_boxes(boxes > 1),
    ):
        assert result.device == device
