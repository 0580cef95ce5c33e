"""Embeddings: what a wrong call is told, what a miner returns, no embeddings at all and many of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..embedding_families import EVERY
from ..inputs import Inputs
from ..trial import Trial, expect, total
from .check import BOTH, ONE, Check, Measured, described

Told = tuple[str, dict[int, Any], type[Exception], str]
"""The name of a mistake, wrong arguments by place, and the answer."""


def ones(*shape: int, dtype: Any = np.float32) -> Any:
    return np.ones(shape, dtype=dtype)


def mistakes(trial: Trial) -> Iterator[Told]:
    """Wrong shapes and dtypes of every argument, with eight batches, triplets, or rows of cosines."""
    arguments = trial.family.arguments
    places = {argument.name: place for place, argument in enumerate(arguments)}
    shapes = [array.shape for array in trial.ordinary.arrays]
    first = arguments[0].name
    if arguments[0].axes == 2:
        form = "N, N" if first == "distances" else "N, D"
        text = f"{first} must have shape (..., {form}); got (4,)"
        yield f"{first} of one axis", {0: ones(4)}, ValueError, text
        if first == "distances":
            text = "distances must have shape (..., N, N); got (3, 4)"
            yield "a table that is not square", {0: ones(3, 4)}, ValueError, text
    elif first == "cosines":
        text = "cosines must have shape (..., C); got ()"
        yield "0-d", {0: ones()}, ValueError, text
    elif first in ("anchor", "positive"):
        names = [argument.name for argument in arguments]
        wrong = (*shapes[0][:-1], 7)
        sizes = [*map(str, shapes[:-1]), str(wrong)]
        listed = [f"{', '.join(words[:-1])} and {words[-1]}" for words in (names, sizes)]
        text = f"{listed[0]} must have equal shapes; got {listed[1]}"
        yield "unequal shapes", {len(names) - 1: ones(*wrong)}, ValueError, text
    if "labels" in places:
        place = places["labels"]
        rows = shapes[place]
        text = f"labels must have shape {rows}; got (7,)"
        yield "seven labels", {place: np.zeros(7, dtype=np.int32)}, ValueError, text
        text = f"labels of shape {rows} must have an integer dtype; got float32"
        yield "labels that are real", {place: ones(*rows)}, TypeError, text
    for name in ("centers", "proxies"):
        if name in places:
            text = f"{name} must have shape (C, 3); got (5, 8)"
            yield f"{name} of another width", {places[name]: ones(5, 8)}, ValueError, text
    if "same" in places:
        text = "same must have a boolean dtype; got int64"
        yield "flags that are integers", {1: np.ones(8, dtype=np.int64)}, TypeError, text
        text = "distances and same must have equal shapes; got (8,) and (7,)"
        yield "seven flags", {1: np.ones(7, dtype=bool)}, ValueError, text


def mined(trial: Trial) -> Measured:
    """A miner returns the distances `positive` and `negative`, and booleans `valid`, by name and in this order."""
    rows = trial.ordinary
    found = trial.full(*trial.arrays(rows))
    shape = trial.shape(rows)[:-1]
    for place, (name, dtype) in enumerate((("positive", trial.result), ("negative", trial.result), ("valid", "bool"))):
        described(name, trial, getattr(found, name), shape, dtype)
        expect(getattr(found, name) is found[place], f"{name} is not at place {place}")
    return {}


def none_at_all(trial: Trial) -> Measured:
    """No embeddings give no results, or results at which there is nothing to see; the sum and the mean are 0."""
    arguments = trial.family.arguments
    width = 0 if arguments[0].name == "distances" else 3
    kept = [np.zeros((4, width) if a.shared else (2, 0) if a.discrete else (2, 0, width)) for a in arguments]
    rows = Inputs(arguments, ("none", "none"), tuple(kept), np.ones(2, dtype=bool), (2,))
    given = trial.arrays(rows)
    described("value", trial, trial.function(*given), trial.shape(rows), trial.result)
    ways = [{"reduction": "sum"}, {"reduction": "mean"}] if trial.is_loss else []
    for options in ways:
        found = float(trial.numpy(trial.function(*given, **options)))
        expect(found == 0.0, f"with {options} no embeddings cost {found}")

    def reduced(*arrays: Any, options: dict[str, str]) -> Any:
        found = trial.function(*arrays, **options)
        return found if options else total(found)

    for options in ways or [{}]:
        for slopes in trial.slopes(given, lambda *arrays, options=options: reduced(*arrays, options=options)):
            expect(bool((trial.numpy(slopes) == 0).all()), f"no embeddings, but a gradient with {options}")
    return {}


def many(trial: Trial) -> Measured:
    """A table of more embeddings than are compared at once anywhere has the numbers of a small one, again and again."""
    rows = trial.ordinary.take([0])
    small = [array[0] for array in rows.arrays]
    repeats = [max(1, 401 // len(array)) for array in small]
    given = [trial.array(np.tile(array, (repeat, 1))) for array, repeat in zip(small, repeats, strict=True)]
    found = trial.numpy(trial.function(*given))
    shape = trial.shape(rows)[1:]
    whole = (repeats[0] * shape[0], repeats[-1] * shape[1])
    expect(found.shape == whole, f"the table has shape {found.shape} instead of {whole}")
    tiles = found.reshape(repeats[0], shape[0], repeats[-1], shape[1]).transpose(0, 2, 1, 3)
    return {"value": trial.compare_values(trial.array(np.ascontiguousarray(tiles)), rows)}


def ignored(trial: Trial) -> Measured:
    """Embeddings with a label that is of no center or proxy cost nothing, even if they hold NaN."""
    rows = trial.ordinary
    embeddings, fixed, labels = rows.arrays
    unknown = (labels < 0) | (labels >= len(fixed))
    dirty = np.where(unknown[..., None], np.nan, embeddings)
    given = trial.arrays(replace(rows, arrays=(dirty, fixed, labels)))
    mean = trial.slopes(given, lambda *arrays: trial.function(*arrays, reduction="mean"))
    expect(all(bool(np.isfinite(trial.numpy(slopes)).all()) for slopes in mean), "an ignored NaN reached a gradient")
    return {
        "value": trial.compare_values(trial.function(*given), rows),
        "gradient": trial.compare_gradients(trial.slopes(given), rows),
    }


def _is_table(trial: Trial) -> bool:
    return trial.case.name in ("pairwise_distance", "pairwise_similarity")


def of_embeddings(trial: Trial) -> bool:
    """Whether the function takes batches of embeddings, or what is made from them."""
    return trial.family in EVERY


EMBEDDINGS: tuple[Check, ...] = (
    Check("mined", mined, dtypes=BOTH, applies=lambda trial: trial.case.name in ("batch_hard", "semi_hard")),
    Check(
        "no embeddings",
        none_at_all,
        kinds=("measure", "loss"),
        dtypes=ONE,
        variants=False,
        brief=(),
        applies=lambda trial: of_embeddings(trial) and trial.family.arguments[0].axes == 2,
    ),
    Check(
        "ignored embeddings",
        ignored,
        dtypes=ONE,
        brief=(),
        applies=lambda trial: trial.case.name in ("center_loss", "proxy_nca_loss"),
    ),
    Check("many", many, dtypes=ONE, brief=ONE, applies=_is_table),
)
