"""Functions of regions: their axes may lie anywhere, their regions may be of any size, and mistakes are told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..dual import MP
from ..inputs import Argument, Inputs
from ..trial import Trial, expect, total
from ..ulp import Floats
from .check import ONE, Check, Measured, described

# Axes -----------------------------------------------------------------------------------------------------------------

# An array's axes by letter: a and b stay apart, c is that of the classes, d, h and w are those of a region.


def _letters(trial: Trial, argument: Argument) -> str:
    assert trial.family.layout is not None
    rank = trial.family.arguments[0].axes
    every = "dhw"[-rank:] if trial.family.layout.axis is None else "chw"
    return every[rank - argument.axes :]


def layouts(trial: Trial) -> Measured:
    """Every axis may lie anywhere, counted from the start or the end; rows keep the order of what stays apart."""
    rows = trial.ordinary
    content = _letters(trial, trial.family.arguments[0])
    worst: Measured = {"value": 0.0, "gradient": 0.0}
    for order in (f"{content[0]}a{content[1:]}b", f"{content[1:]}b{content[0]}a"):
        given = _turned(trial, rows.shaped(2, 4), order)
        axis = order.index("c") if "c" in order else None
        batch: Any = (order.index("a"), order.index("b") - len(order))
        if axis is not None and order.index("b") < order.index("a"):
            axis -= len(order)
        found = _compare(trial, rows, order, given, {"axis": axis, "batch_axes": batch})
        worst = {key: max(worst[key], error) for key, error in found.items()}
    return worst


def _turned(trial: Trial, rows: Inputs, order: str) -> list[Any]:
    given = []
    for argument, array, numbers in zip(rows.arguments, trial.arrays(rows), rows.arrays, strict=True):
        if not argument.shared:
            letters = "ab" + _letters(trial, argument)
            turned = np.transpose(numbers, [letters.index(k) for k in order if k in letters])
            array = trial.array(turned, trial.backend.dtype_of(array))
        given.append(array)
    return given


def _compare(trial: Trial, rows: Inputs, order: str, given: list[Any], options: dict[str, Any]) -> Measured:
    found = trial.numpy(trial.function(*given, **options))
    if order.index("b") < order.index("a"):
        found = np.swapaxes(found, 0, 1)
    measured = {"value": trial.compare_values(trial.array(np.ascontiguousarray(found), trial.result), rows)}
    slopes = trial.slopes(given, lambda *arrays: total(trial.function(*arrays, **options)))
    back = []
    for index, turned in zip(trial.family.differentiable, slopes, strict=True):
        argument, numbers = rows.arguments[index], trial.numpy(turned)
        if not argument.shared:
            letters = "ab" + _letters(trial, argument)
            numbers = np.transpose(numbers, [[k for k in order if k in letters].index(k) for k in letters])
        back.append(trial.array(np.ascontiguousarray(numbers)))
    return measured | {"gradient": trial.compare_gradients(back, rows)}


def pooled(trial: Trial) -> Measured:
    """With nothing apart, the pixels of all samples are one region."""
    rows = trial.ordinary.take(range(4))
    assert trial.family.layout is not None
    together = [_joined(x) for argument, x in zip(rows.arguments, rows.arrays, strict=True) if not argument.shared]
    shared = [x for argument, x in zip(rows.arguments, rows.arrays, strict=True) if argument.shared]
    one = Inputs.of(rows.arguments, [("together", *together)], "float64", *shared)
    options: dict[str, Any] = {"axis": trial.family.layout.axis, "batch_axes": ()}
    given = trial.arrays(rows)
    found = trial.function(*given, **options)
    described("value", trial, found, trial.shape(one)[1:], trial.result)
    slopes = [
        found if rows.arguments[index].shared else trial.array(_joined(trial.numpy(found)))
        for index, found in zip(
            trial.family.differentiable,
            trial.slopes(given, lambda *arrays: total(trial.function(*arrays, **options))),
            strict=True,
        )
    ]
    return {"value": trial.compare_values(found, one), "gradient": trial.compare_gradients(slopes, one)}


def _joined(samples: Floats) -> Floats:
    """The samples one below the other."""
    return np.concatenate(list(samples), axis=-2)


# Sizes and kinds ------------------------------------------------------------------------------------------------------


def no_pixels(trial: Trial) -> Measured:
    """Regions without pixels cost 0."""
    rows = trial.ordinary
    none = [x if a.shared else x[..., :0, :] for a, x in zip(rows.arguments, rows.arrays, strict=True)]
    given = trial.arrays(replace(rows, arrays=tuple(none)))
    found = trial.function(*given)
    described("value", trial, found, trial.shape(rows), trial.result)
    expect(bool((trial.numpy(found) == 0).all()), f"regions without pixels cost {trial.numpy(found).tolist()}")
    for index, slopes in zip(trial.family.differentiable, trial.slopes(given), strict=True):
        described(f"gradient of {rows.arguments[index].name}", trial, slopes, given[index].shape, trial.dtype)
    return {}


COPIES = 2**12
LARGE = 8.0
"""What sums over so many pixels may add to a budget."""


def large(trial: Trial) -> Measured:
    """Every pixel many times over, more often than a float16 counts: the same values, a slope shared by its copies."""
    rows = trial.ordinary.take(range(2))
    given = [
        array if a.shared else trial.array(np.tile(x, (1,) * (x.ndim - 2) + (COPIES, 1)), trial.backend.dtype_of(array))
        for a, x, array in zip(rows.arguments, rows.arrays, trial.arrays(rows), strict=True)
    ]
    exact = trial.exact(rows)
    found = trial.numpy(trial.function(*given)).reshape(-1)
    values = [MP.mpf(high) + MP.mpf(low) for high, low in zip(*(part.tolist() for part in exact.value), strict=True)]
    worst = {"value": trial.close("value", found, values, exact.size, trial.budget("value") + LARGE), "gradient": 0.0}
    if trial.dtype == "float16":
        return worst
    for index, slopes in zip(trial.family.differentiable, trial.slopes(given), strict=True):
        if not rows.arguments[index].shared:
            copies = trial.numpy(slopes)
            together = copies.reshape(*copies.shape[:-2], COPIES, -1, copies.shape[-1]).sum(axis=-3)
            span = rows.spans()[index]
            place = slice(span.start, span.stop)
            gradient, scale = exact.gradient.high[:, place], exact.scales[:, place]
            name, budget = f"gradient of {rows.arguments[index].name}, summed", trial.budget("gradient") + LARGE
            error = trial.close(name, together.reshape(gradient.shape), gradient, scale, budget)
            worst["gradient"] = max(worst["gradient"], error)
    return worst


def boolean_targets(trial: Trial) -> Measured:
    """Booleans for targets are 0 and 1."""
    place = _names(trial).index("targets")
    worst: Measured = {"value": 0.0, "gradient": 0.0}
    for rows in _hard(trial):
        given = trial.arrays(rows)
        given[place] = trial.backend.booleans(rows.arrays[place] > 0)
        worst["value"] = max(worst["value"], trial.compare_values(trial.function(*given), rows))
        if 0 in trial.family.differentiable:
            _, slopes = trial.library.value_and_grad(trial.total)(*given)
            worst["gradient"] = max(worst["gradient"], trial.compare_slopes(slopes, 0, rows, trial.exact(rows)))
    return worst


def _hard(trial: Trial) -> list[Inputs]:
    """The rows of each group whose targets are all 0 or 1."""
    if trial.family.layout is None or "targets" not in _names(trial):
        return []
    found = []
    for group in trial.groups:
        hard = np.isin(group.arrays[_names(trial).index("targets")], (0.0, 1.0)).reshape(len(group), -1).all(axis=1)
        found += [group.take(np.flatnonzero(hard).tolist())] if hard.any() else []
    return found


def _names(trial: Trial) -> list[str]:
    return [argument.name for argument in trial.family.arguments]


# Mistakes -------------------------------------------------------------------------------------------------------------

Told = tuple[str, dict[int, Any], type[Exception], str, dict[str, Any]]
"""The name of a mistake, wrong arguments by place, the answer, and options."""


def mistakes(trial: Trial) -> Iterator[Told]:
    """Wrong axes, shapes and dtypes, with eight samples."""
    yield from _of_axes(trial)
    shapes = {a.name: x.shape for a, x in zip(trial.family.arguments, trial.ordinary.arrays, strict=True)}
    first, second = list(shapes)[:2]
    if second in ("targets", "target", "distance_map"):
        kinds = "real or boolean" if second == "targets" else "real"
        text = f"{second} must have a {kinds} dtype; got complex64"
        yield f"complex {second}", {1: np.zeros(shapes[second], dtype=np.complex64)}, TypeError, text, {}
        text = f"{first} and {second} must have equal shapes; got {shapes[first]} and {shapes[first][:-1]}"
        yield "unequal shapes", {1: _zeros(*shapes[first][:-1])}, ValueError, text, {}
    if second == "labels":
        yield from _of_labels(trial, shapes)
    for place, (name, shape) in enumerate(shapes.items()):
        if name in ("pred_distance", "target_distance", "seeds", "coordinates", "class_weights"):
            text = f"{name} must have shape {shape}; got (7,)"
            yield f"{name} of another shape", {place: _zeros(7)}, ValueError, text, {}
        if name in ("mask", "masks"):
            text = f"{name} must have a boolean dtype; got float32"
            yield f"{name} that is real", {place: _zeros(*shape)}, TypeError, text, {}
        if name == "mask":
            text = f"mask must have shape {shape}; got (7,)"
            yield "mask of another shape", {place: np.zeros(7, dtype=bool)}, ValueError, text, {}


def _zeros(*shape: int, dtype: Any = np.float32) -> Any:
    return np.zeros(shape, dtype=dtype)


def _of_axes(trial: Trial) -> Iterator[Told]:
    layout = trial.family.layout
    assert layout is not None
    rank = 1 + trial.family.arguments[0].axes
    optional = any(
        variant.family and variant.family.layout and variant.family.layout.axis is None
        for variant in trial.case.variants
    )
    kinds = "an int or None" if optional or layout.axis is None else "an int"
    bounds = f"between {-rank} and {rank - 1}; got {rank}"
    one = "batch_axes must be an int or a tuple of ints; got "
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"axis": "c"}, TypeError, f"axis must be {kinds}; got str"),
        ({"axis": True}, TypeError, f"axis must be {kinds}; got bool"),
        ({"axis": rank}, ValueError, f"axis must be {bounds}"),
        ({"batch_axes": "b"}, TypeError, one + "str"),
        ({"batch_axes": None}, TypeError, one + "NoneType"),
        ({"batch_axes": rank}, ValueError, f"batch_axes must be {bounds}"),
        ({"batch_axes": (0, -rank)}, ValueError, f"batch_axes must not repeat an axis; got (0, {-rank})"),
    ]
    if kinds == "an int":
        wrong.append(({"axis": None}, TypeError, "axis must be an int; got NoneType"))
    if layout.axis is not None:
        text = "batch_axes must not contain axis 1, the class axis; got (0, 1)"
        wrong.append(({"batch_axes": (0, 1)}, ValueError, text))
    for options, error, text in wrong:
        yield str(options), {}, error, text, options


def _of_labels(trial: Trial, shapes: dict[str, tuple[int, ...]]) -> Iterator[Told]:
    pixels = (shapes["logits"][0], *shapes["logits"][2:])
    if shapes["labels"] == shapes["logits"]:
        text = "ignore_index must be None unless labels are class indices; got 255"
        yield "ignore_index", {}, ValueError, text, {"ignore_index": 255}
        return
    both = "" if trial.case.indices_only else f" (class indices) or {shapes['logits']} (class probabilities)"
    text = f"labels must have shape {pixels}{both}; got (7,)"
    yield "seven labels", {1: _zeros(7, dtype=np.int32)}, ValueError, text, {}
    text = f"labels of shape {pixels} must have an integer dtype; got float32"
    yield "labels that are real", {1: _zeros(*pixels)}, TypeError, text, {}


def _has_layout(trial: Trial) -> bool:
    return trial.family.layout is not None and trial.own_arguments


def _is_pooled(trial: Trial) -> bool:
    return trial.family.layout is not None and trial.family.layout.pooled and trial.own_arguments


REGIONS: tuple[Check, ...] = (
    Check("layouts", layouts, kinds=("loss",), dtypes=ONE, brief=(), applies=_has_layout),
    Check("pooled", pooled, kinds=("loss",), dtypes=ONE, brief=(), applies=_is_pooled),
    Check("no pixels", no_pixels, kinds=("loss",), dtypes=ONE, variants=False, brief=(), applies=_is_pooled),
    Check(
        "large regions",
        large,
        kinds=("loss",),
        dtypes=("float16", "float32"),
        variants=False,
        brief=(),
        applies=lambda trial: _is_pooled(trial) and trial.case.name != "top_k_cross_entropy" and not trial.backend.slow,
    ),
    Check(
        "boolean targets",
        boolean_targets,
        kinds=("loss",),
        dtypes=ONE,
        brief=(),
        applies=lambda trial: bool(_hard(trial)),
    ),
)
