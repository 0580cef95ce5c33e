"""Keypoints, and boxes in other words: what a wrong call is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..box_families import CODED, KEYPOINTS, VISIBLE_KEYPOINTS
from ..trial import Trial

Told = tuple[str, dict[int, Any], type[Exception], str]
"""The name of a mistake, wrong arguments by place, and the answer."""


def of_coding(trial: Trial) -> bool:
    return trial.family in CODED


def of_keypoints(trial: Trial) -> bool:
    return trial.family in (KEYPOINTS, VISIBLE_KEYPOINTS)


def _ones(*shape: int) -> Any:
    return np.ones(shape, dtype=np.float32)


def mistakes(trial: Trial) -> Iterator[Told]:
    """Wrong shapes of every argument, with eight rows."""
    if of_keypoints(trial):
        yield from _of_keypoints(trial)
        return
    names = [argument.name for argument in trial.family.arguments]
    for place, (name, array) in enumerate(zip(names, trial.ordinary.arrays, strict=True)):
        own = array.shape[1:]
        wrong = (8, *own[:-1], own[-1] + 1)
        text = f"{name} must have shape (..., {', '.join(map(str, own))}); got {{}}"
        yield f"{name} of another width", {place: _ones(*wrong)}, ValueError, text.format(wrong)
        yield f"0-d {name}", {place: _ones()}, ValueError, text.format(())
        if place:
            given = f"{trial.ordinary.arrays[0].shape} and {(3, *own)}"
            text = f"{names[0]} and {name} must have leading shapes that broadcast; got {given}"
            yield "shapes that do not broadcast", {place: _ones(3, *own)}, ValueError, text


def _of_keypoints(trial: Trial) -> Iterator[Told]:
    for place, name in enumerate(("pred", "target")):
        text = f"{name} must have shape (..., K, 2); got (8, 3, 3)"
        yield f"{name} of three coordinates", {place: _ones(8, 3, 3)}, ValueError, text
    text = "pred and target must have as many keypoints; got (8, 3, 2) and (8, 4, 2)"
    yield "four targets", {1: _ones(8, 4, 2)}, ValueError, text
    every = [argument.name for argument in trial.family.arguments]
    given = " and ".join(("(8, 3, 2)", "(8, 3, 2)", "(7,)", "(8, 3)")[: len(every)])
    text = f"{' and '.join(every)} must have leading shapes that broadcast; got {given}"
    yield "seven areas", {2: _ones(7)}, ValueError, text
    if trial.is_loss:
        text = "pred and target must have equal shapes; got (8, 3, 2) and (1, 3, 2)"
        yield "unequal shapes", {1: _ones(1, 3, 2)}, ValueError, text
        yield "one area", {2: _ones(1)}, ValueError, "area must have shape (8,); got (1,)"
    if "visible" in every:
        text = "visible must have a boolean dtype; got float32"
        yield "flags that are real", {3: _ones(8, 3)}, TypeError, text
        text = "visible must have shape (..., 3); got (8, 4)"
        yield "four flags", {3: _ones(8, 4) > 0}, ValueError, text
