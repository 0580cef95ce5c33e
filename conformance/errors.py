"""What a wrong call is told: the type of the exception and its exact words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .backends import find
from .checks import Check, Measured
from .trial import Trial, expect


class Mistake(NamedTuple):
    name: str
    call: Callable[[Trial], Any]
    error: type[Exception]
    text: str
    kinds: tuple[str, ...] = ("measure", "loss")


def _boxes(*shape: int, dtype: Any = np.float32) -> Any:
    return np.ones(shape, dtype=dtype)


MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "pred without coordinates",
        lambda trial: trial.function(_boxes(8, 5), _boxes(8, 4)),
        ValueError,
        "pred must have shape (..., 4); got (8, 5)",
    ),
    Mistake(
        "target without coordinates",
        lambda trial: trial.function(_boxes(8, 4), _boxes(8, 5)),
        ValueError,
        "target must have shape (..., 4); got (8, 5)",
    ),
    Mistake(
        "0-d pred",
        lambda trial: trial.function(np.asarray(1.0), _boxes(4)),
        ValueError,
        "pred must have shape (..., 4); got ()",
    ),
    Mistake(
        "unequal shapes",
        lambda trial: trial.function(_boxes(8, 4), _boxes(1, 4)),
        ValueError,
        "pred and target must have equal shapes; got (8, 4) and (1, 4)",
        kinds=("loss",),
    ),
    Mistake(
        "shapes that do not broadcast",
        lambda trial: trial.function(_boxes(8, 4), _boxes(3, 4)),
        ValueError,
        "pred and target must have leading shapes that broadcast; got (8, 4) and (3, 4)",
        kinds=("measure",),
    ),
    Mistake(
        "boolean pred",
        lambda trial: trial.function(_boxes(8, 4, dtype=bool), _boxes(8, 4)),
        TypeError,
        "pred must have a real dtype; got bool",
    ),
    Mistake(
        "complex target",
        lambda trial: trial.function(_boxes(8, 4), _boxes(8, 4, dtype=np.complex64)),
        TypeError,
        "target must have a real dtype; got complex64",
    ),
    Mistake(
        "a list for pred",
        lambda trial: trial.function([[0.0, 0.0, 1.0, 1.0]], _boxes(1, 4)),
        TypeError,
        "pred must be an array of an Array API library (NumPy, PyTorch, JAX, CuPy ...); got list",
    ),
    Mistake(
        "unknown reduction",
        lambda trial: trial.function(_boxes(8, 4), _boxes(8, 4), reduction="avg"),
        ValueError,
        "reduction must be one of 'none', 'mean', 'sum'; got 'avg'",
        kinds=("loss",),
    ),
    Mistake(
        "normalizer without mean",
        lambda trial: trial.function(_boxes(8, 4), _boxes(8, 4), reduction="sum", normalizer=2.0),
        ValueError,
        "normalizer must be None unless reduction is 'mean'; got reduction='sum'",
        kinds=("loss",),
    ),
    Mistake(
        "weights of another length",
        lambda trial: trial.function(_boxes(8, 4), _boxes(8, 4), weights=_boxes(7)),
        ValueError,
        "weights must broadcast to the rows' shape (8,); got (7,)",
        kinds=("loss",),
    ),
    Mistake(
        "weights for `where`",
        lambda trial: trial.function(_boxes(8, 4), _boxes(8, 4), where=_boxes(8)),
        TypeError,
        "where must have a boolean dtype; got float32",
        kinds=("loss",),
    ),
)

KNOBS: dict[str, tuple[tuple[dict[str, Any], type[Exception], str], ...]] = {
    "iou_loss": (({"form": "cubic"}, ValueError, "form must be one of 'linear', 'log', 'square'; got 'cubic'"),),
    "ciou": (({"gate": 1.5}, ValueError, "gate must be between 0 and 1; got 1.5"),),
    "ciou_loss": (({"gate": 1.5}, ValueError, "gate must be between 0 and 1; got 1.5"),),
    "focal_eiou_loss": (
        ({"gamma": -1}, ValueError, "gamma must be at least 0; got -1"),
        ({"gamma": "half"}, TypeError, "gamma must be a Python number; got str"),
    ),
    "cdiou_loss": (({"base": "eiou"}, ValueError, "base must be one of 'iou', 'giou', 'diou', 'ciou'; got 'eiou'"),),
}


def errors(trial: Trial) -> Measured:
    """Wrong shapes, dtypes, options and values that are no arrays are refused in the same words everywhere."""
    for mistake in MISTAKES:
        if trial.case.kind in mistake.kinds:
            _refused(mistake.name, mistake.error, mistake.text, mistake.call, trial)
    function = getattr(trial.library, trial.case.name)
    for knobs, error, text in KNOBS.get(trial.case.name, ()):
        _refused(str(knobs), error, text, function, _boxes(2, 4), _boxes(2, 4), **knobs)
    return {}


def mixed_libraries(trial: Trial) -> Measured:
    """Arrays of two libraries in one call are refused, not converted."""
    pred = trial.array(np.ones((2, 4)))
    for name in ("numpy", "array_api_strict"):
        if name != trial.backend.library:
            other = find(name)
            target = other.asarray(_boxes(2, 4), "float32")
            kinds = [trial.backend.kind(pred), other.kind(target)]
            text = f"pred and target must be arrays of one library; pred is {kinds[0]}, target is {kinds[1]}"
            _refused("mixed libraries", TypeError, text, trial.function, pred, target)
    return {}


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
        "errors", errors, dtypes=("float32",), applies=lambda trial: trial.backend.library == "numpy", variants=False
    ),
    Check("mixed libraries", mixed_libraries, dtypes=("float32",), variants=False),
)
