"""What a wrong call is told: the type of the exception and its exact words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..backends import find
from ..families import BINS_AND_POSITION, Family
from ..inputs import Argument, Inputs
from ..inputs.boxes import BOXES
from ..inputs.rotated import ROTATED
from ..trial import Trial, expect
from . import coding, embeddings, regions
from .check import Check, Measured
from .knobs import KNOBS


class Mistake(NamedTuple):
    """A wrong call: arguments by place that are not as they should be, options, and the answer."""

    name: str
    arguments: dict[int, Any]
    error: type[Exception]
    text: str
    options: dict[str, Any] = {}


def ones(*shape: int, dtype: Any = np.float32) -> Any:
    return np.ones(shape, dtype=dtype)


def mistakes(trial: Trial) -> Iterator[Mistake]:
    """All mistakes that one can make with the function's arguments, with eight rows."""
    family = trial.family
    first, *rest = [argument.name for argument in family.own]
    yield Mistake(
        f"boolean {first}", {0: _like(trial, 0, bool)}, TypeError, f"{first} must have a real dtype; got bool"
    )
    yield Mistake(
        f"a list for {first}",
        {0: [[0.0, 0.0, 1.0, 1.0]]},
        TypeError,
        f"{first} must be an array of an Array API library (NumPy, PyTorch, JAX, CuPy ...); got list",
    )
    if len(family.arguments) > 1 and family.arguments[1].role == "real" and family.layout is None:
        yield Mistake(
            f"complex {family.arguments[1].name}",
            {1: _like(trial, 1, np.complex64)},
            TypeError,
            f"{family.arguments[1].name} must have a real dtype; got complex64",
        )
    if embeddings.of_embeddings(trial):
        yield from (Mistake(*told) for told in embeddings.mistakes(trial))
    elif family.layout is not None:
        yield from (Mistake(*told) for told in regions.mistakes(trial))
    elif coding.of_coding(trial) or coding.of_keypoints(trial):
        yield from (Mistake(*told) for told in coding.mistakes(trial))
    elif _is_of_boxes(family):
        yield from _of_boxes(trial)
    elif not family.arguments[0].axes:
        yield Mistake(
            "unequal shapes",
            {0: ones(8, 5), 1: ones(8, 1)},
            ValueError,
            f"{first} and {rest[0]} must have equal shapes; got (8, 5) and (8, 1)",
        )
    else:
        yield from _of_classes(trial)
    if trial.is_loss:
        yield from _of_options(trial)


def _like(trial: Trial, index: int, dtype: Any) -> Any:
    return trial.ordinary.arrays[index].astype(dtype)


def _is_of_boxes(family: Family) -> bool:
    return family.arguments[:2] in (BOXES, ROTATED)


def _of_boxes(trial: Trial) -> Iterator[Mistake]:
    own = trial.ordinary.arrays[0].shape[-1]
    for index, name in enumerate(("pred", "target")):
        text = f"{name} must have shape (..., {own}); got (8, {9 - own})"
        yield Mistake(f"{name} without coordinates", {index: ones(8, 9 - own)}, ValueError, text)
    yield Mistake("0-d pred", {0: np.asarray(1.0)}, ValueError, f"pred must have shape (..., {own}); got ()")
    if trial.is_loss:
        text = f"pred and target must have equal shapes; got (8, {own}) and (1, {own})"
        yield Mistake("unequal shapes", {1: ones(1, own)}, ValueError, text)
    else:
        text = f"pred and target must have leading shapes that broadcast; got (8, {own}) and (3, {own})"
        yield Mistake("shapes that do not broadcast", {1: ones(3, own)}, ValueError, text)


def _of_classes(trial: Trial) -> Iterator[Mistake]:
    family = trial.family
    first = family.arguments[0].name
    single = {
        index: ones() for index, argument in enumerate(family.arguments) if argument.role == "real" and argument.axes
    }
    yield Mistake("0-d", single, ValueError, f"{first} must have at least one axis; got shape ()")
    for axis in (2, -3):
        text = f"axis must be between -2 and 1; got {axis}"
        yield Mistake(f"axis {axis}", {}, ValueError, text, {"axis": axis})
    yield Mistake("axis 1.0", {}, TypeError, "axis must be an int; got float", {"axis": 1.0})
    if family.labelled:
        both = "" if trial.case.indices_only else " (class indices) or (8, 5) (class probabilities)"
        text = f"labels must have shape (8,){both}; got (7,)"
        yield Mistake("labels for seven rows", {1: np.zeros(7, dtype=np.int32)}, ValueError, text)
        text = "labels of shape (8,) must have an integer dtype; got float32"
        yield Mistake("labels that are real", {1: ones(8)}, TypeError, text)
    elif family is BINS_AND_POSITION:
        yield Mistake("seven targets", {1: ones(7)}, ValueError, "targets must have shape (8,); got (7,)")
        text = "logits must have at least 2 bins along axis -1; got 1"
        yield Mistake("one bin", {0: ones(8, 1)}, ValueError, text)
    elif len(family.arguments) > 1 and family.arguments[1].name == "labels":
        text = "ignore_index must be None unless labels are class indices; got 255"
        yield Mistake("ignore_index", {}, ValueError, text, {"ignore_index": 255})
    elif len(family.arguments) > 1:
        text = f"{first} and targets must have equal shapes; got (8, 5) and (8, 1)"
        yield Mistake("unequal shapes", {1: ones(8, 1)}, ValueError, text)
    if "class_weights" in [argument.name for argument in family.arguments]:
        text = "class_weights must have shape (5,); got (4,)"
        yield Mistake("four class weights", {2: ones(4)}, ValueError, text)


def _of_options(trial: Trial) -> Iterator[Mistake]:
    rows = trial.shape(trial.ordinary)
    text = "reduction must be one of 'none', 'mean', 'sum'; got 'avg'"
    yield Mistake("unknown reduction", {}, ValueError, text, {"reduction": "avg"})
    text = "normalizer must be None unless reduction is 'mean'; got reduction='sum'"
    yield Mistake("normalizer without mean", {}, ValueError, text, {"reduction": "sum", "normalizer": 2.0})
    text = f"weights must broadcast to the rows' shape {rows}; got (7,)"
    yield Mistake("weights of another length", {}, ValueError, text, {"weights": ones(7)})
    text = "where must have a boolean dtype; got float32"
    yield Mistake("weights for `where`", {}, TypeError, text, {"where": ones(*rows)})
    if "pos_weight" in [argument.name for argument in trial.family.arguments]:
        text = "pos_weight must broadcast to the rows' shape (8,); got (7,)"
        yield Mistake("pos_weight of another length", {2: ones(7)}, ValueError, text)


def errors(trial: Trial) -> Measured:
    """Wrong shapes, dtypes, options and values that are no arrays are refused in the same words everywhere."""
    good = trial.arrays(trial.ordinary)
    for mistake in mistakes(trial):
        given = [mistake.arguments.get(index, array) for index, array in enumerate(good)]
        _refused(mistake.name, mistake.error, mistake.text, trial.function, *given, **mistake.options)
    if trial.first:
        for knobs, error, text in KNOBS.get(trial.case.name, ()):
            _refused(str(knobs), error, text, trial.function, *good, **knobs)
    return {}


def mixed_libraries(trial: Trial) -> Measured:
    """Arrays of two libraries in one call are refused, not converted."""
    rows = trial.ordinary
    good = trial.arrays(rows)
    for name in ("numpy", "array_api_strict"):
        if name != trial.backend.library:
            other = find(name)
            for index in range(1, len(good)):
                _refuse_beside(trial, rows, good, index, other)
            if len(good) == 1 and trial.is_loss:
                weights = other.asarray(ones(*rows.leading), "float32")
                kinds = trial.backend.kind(good[0]), other.kind(weights)
                text = f"weights must be an array of the library of {kinds[0]}; got {kinds[1]}"
                _refused("weights of another library", TypeError, text, trial.function, *good, weights=weights)
    return {}


def _refuse_beside(trial: Trial, rows: Inputs, good: list[Any], index: int, other: Any) -> None:
    argument = rows.arguments[index]
    foreign = other.asarray(rows.arrays[index], {"labels": "int32", "flags": "bool"}.get(argument.role, "float32"))
    given = [foreign if place == index else array for place, array in enumerate(good)]
    here, there = trial.backend.kind(good[0]), other.kind(foreign)
    text = f"{argument.name} must be an array of the library of {here}; got {there}"
    together = _together(trial)
    if argument in together:
        listed = ", ".join(f"{one.name} is {there if one is argument else here}" for one in together)
        text = f"{' and '.join(one.name for one in together)} must be arrays of one library; {listed}"
    _refused(f"{argument.name} of another library", TypeError, text, trial.function, *given)


def _together(trial: Trial) -> list[Argument]:
    """The arguments that are held against each other; any further one is held against the first."""
    given = [argument for argument in trial.family.arguments if not argument.keyword]
    if embeddings.of_embeddings(trial):
        return given
    own = [argument for argument in given if not argument.shared]
    if trial.family.layout is None:
        return own
    own = [argument for argument in own if argument.role != "flags"]
    return own if own[0].name == "offsets" else own[:2]


def _refused(
    name: str, error: type[Exception], text: str, function: Callable[..., Any], *arguments: Any, **knobs: Any
) -> None:
    try:
        function(*arguments, **knobs)
    except Exception as raised:
        expect(type(raised) is error, f"{name}: raised {type(raised).__name__} instead of {error.__name__}: {raised}")
        expect(str(raised) == text, f"{name}: said {str(raised)!r} instead of {text!r}")
    else:
        expect(False, f"{name}: was accepted; expected {error.__name__}: {text}")


ERRORS: tuple[Check, ...] = (
    Check(
        "errors",
        errors,
        dtypes=("float32",),
        applies=lambda trial: trial.backend.library == "numpy" and trial.own_arguments,
    ),
    Check("mixed libraries", mixed_libraries, dtypes=("float32",), variants=False),
)
