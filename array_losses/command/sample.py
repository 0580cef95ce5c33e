"""Annotated boxes and detections, read and checked from the JSON form that `data/README.md` documents."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

Floats: TypeAlias = NDArray[np.floating[Any]]
Indices: TypeAlias = NDArray[np.intp]
Flags: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = Floats | Indices

BUNDLED = "voc2012_100.json"

# Closed forms square areas: with corners up to here these still fit into float32, which ends at 3.4e38.
LARGEST_CORNER = 1e9

_CORNERS = ("x1", "y1", "x2", "y2")


@dataclass(frozen=True)
class Image:
    """Boxes of one image in pixels, (x1, y1, x2, y2), and the class of each."""

    truth_boxes: Floats
    truth_classes: Indices
    boxes: Floats
    scores: Floats
    classes: Indices


@dataclass(frozen=True)
class Sample:
    """The images of one file."""

    file: str
    source: str | None
    classes: tuple[str, ...]
    images: tuple[Image, ...]

    @property
    def annotated_boxes(self) -> int:
        return sum(len(image.truth_boxes) for image in self.images)

    @property
    def detections(self) -> int:
        return sum(len(image.boxes) for image in self.images)


def load(file: str | None) -> Sample:
    """The sample in `file`, the bundled one without; `InputError` if it cannot be read or is malformed."""
    path = Path(file) if file is not None else files("array_losses") / "data" / BUNDLED
    name = file if file is not None else f"{BUNDLED} (bundled)"
    try:
        return parse(path.read_bytes(), name)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from None
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def parse(content: bytes, file: str) -> Sample:
    """The sample that this JSON text describes; `InputError` with the place of its first fault."""
    try:
        root = json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise InputError(f"line {error.lineno}, column {error.colno}: is not JSON: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start}: is not UTF-8 text") from None
    except (ValueError, RecursionError):  # an integer of thousands of digits, thousands of brackets
        raise InputError("is not JSON of a sensible size") from None
    if not isinstance(root, dict):
        raise InputError(f"the file: must hold an object; got {_shown(root)}")
    source = root.get("source")
    if source is not None and not isinstance(source, str):
        raise InputError(f"source: must be text; got {_shown(source)}")
    classes = _filled_list(root, "classes", "")
    for index, name in enumerate(classes):
        if not isinstance(name, str):
            raise InputError(f"classes[{index}]: must be text; got {_shown(name)}")
    images = [
        _image(image, f"images[{index}]", len(classes)) for index, image in enumerate(_filled_list(root, "images", ""))
    ]
    return Sample(file, source, tuple(classes), tuple(images))


def _image(value: Any, place: str, class_count: int) -> Image:
    if not isinstance(value, dict):
        raise InputError(f"{place}: must be an object; got {_shown(value)}")
    if not isinstance(name := _key(value, "id", place), str):
        raise InputError(f"{place}.id: must be text; got {_shown(name)}")
    for side in ("width", "height"):
        if side in value and _number(value[side], f"{place}.{side}:") <= 0:
            raise InputError(f"{place}.{side}: must be greater than 0; got {_shown(value[side])}")
    truth = _table(value, "ground_truth", place, (), class_count)
    detections = _table(value, "detections", place, ("score",), class_count)
    return Image(
        truth_boxes=truth[:, 1:],
        truth_classes=truth[:, 0].astype(np.intp),
        boxes=detections[:, 2:],
        scores=detections[:, 1],
        classes=detections[:, 0].astype(np.intp),
    )


def _table(image: dict[str, Any], key: str, place: str, between: Sequence[str], class_count: int) -> Floats:
    columns = ("class", *between, *_CORNERS)
    rows = [
        _row(row, f"{place}.{key}[{index}]", columns, class_count) for index, row in enumerate(_list(image, key, place))
    ]
    return np.asarray(rows, dtype=np.float64).reshape(len(rows), len(columns))


def _row(value: Any, place: str, columns: Sequence[str], class_count: int) -> list[float]:
    if not isinstance(value, list) or len(value) != len(columns):
        raise InputError(f"{place}: must be [{', '.join(columns)}]; got {_shown(value)}")
    row = dict(zip(columns, value, strict=True))
    if type(row["class"]) is not int or not 0 <= row["class"] < class_count:
        raise InputError(
            f"{place}: class must be a whole number from 0 to {class_count - 1}; got {_shown(row['class'])}"
        )
    numbers = {column: _number(number, f"{place}: {column}") for column, number in row.items()}
    if not 0 <= numbers.get("score", 0) <= 1:
        raise InputError(f"{place}: score must lie between 0 and 1; got {_shown(row['score'])}")
    for corner in _CORNERS:
        if abs(numbers[corner]) > LARGEST_CORNER:
            raise InputError(f"{place}: {corner} must lie within +-{LARGEST_CORNER:g}; got {_shown(row[corner])}")
    # The losses take such a box as empty; in a file it means that somebody wrote width and height instead.
    for low, high in (("x1", "x2"), ("y1", "y2")):
        if numbers[high] < numbers[low]:
            raise InputError(
                f"{place}: {high} must not be less than {low}; got {_shown(row[high])} and {_shown(row[low])}"
            )
    return list(numbers.values())


def _number(value: Any, what: str) -> float:
    # bool is an int in Python, not in JSON; an int may be too long for a float.
    if type(value) in (int, float):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise InputError(f"{what} must be a finite number; got {_shown(value)}")


def _filled_list(value: dict[str, Any], key: str, place: str) -> list[Any]:
    if not (found := _list(value, key, place)):
        raise InputError(f"{key}: must not be empty")
    return found


def _list(value: dict[str, Any], key: str, place: str) -> list[Any]:
    if not isinstance(found := _key(value, key, place), list):
        raise InputError(f"{place}{'.' if place else ''}{key}: must be a list; got {_shown(found)}")
    return found


def _key(value: dict[str, Any], key: str, place: str) -> Any:
    if key not in value:
        raise InputError(f'{place or "the file"}: must have the key "{key}"')
    return value[key]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    text = json.dumps(value) if not isinstance(value, int) or abs(value) < 10**30 else "a huge integer"
    return text if len(text) <= 40 else f"{text[:37]}..."
