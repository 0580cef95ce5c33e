"""The shapes that the arguments of functions of embeddings can have: batches that stay apart are the rows."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from .families import Family
from .inputs import embeddings


def _lengths(*row: Any) -> list[float]:
    """By number, the length of the embedding that it is part of; 1 for one of zeros."""
    vectors = [x for argument in row for x in argument if isinstance(x, tuple)]
    return [math.hypot(*x) or 1.0 for x in vectors for _ in x]


def _of_embeddings(name: str, arguments: Any, edges: Any, ordinary: Any, *whole: Any, cosines: bool = False) -> Family:
    """With cosines, the slopes along an embedding are the larger, the shorter it is."""
    units = _lengths if cosines else None
    return Family(name, arguments, edges, ordinary, whole, one_scale=True, units=units, has_axis=False)


_BATCH = (embeddings.EMBEDDINGS, embeddings.batches, embeddings.ordinary, embeddings.WHOLE, embeddings.WHOLE_LABELS)
_ALONE = (embeddings.ALONE, embeddings.alone, embeddings.ordinary_alone, embeddings.WHOLE)
_PAIRED = (embeddings.PAIRED, embeddings.paired, embeddings.ordinary_paired, embeddings.WHOLE, embeddings.WHOLE[:2])
_FIXED = (embeddings.WHOLE, embeddings.WHOLE[:2], embeddings.WHOLE_LABELS)

EMBEDDINGS = _of_embeddings("embeddings", *_BATCH)
DIRECTIONS = _of_embeddings("directions of embeddings", *_BATCH, cosines=True)
ALONE = _of_embeddings("embeddings without labels", *_ALONE)
DIRECTIONS_ALONE = _of_embeddings("directions without labels", *_ALONE, cosines=True)
PAIRED = _of_embeddings("two sets of embeddings", *_PAIRED)
PAIRED_DIRECTIONS = _of_embeddings("directions of two sets", *_PAIRED, cosines=True)
KEYS = _of_embeddings(
    "queries and keys",
    embeddings.KEYS,
    embeddings.keys,
    embeddings.ordinary_keys,
    embeddings.WHOLE,
    embeddings.WHOLE,
    cosines=True,
)
QUEUE = _of_embeddings(
    "queries, keys and a queue",
    embeddings.QUEUE,
    embeddings.queue,
    embeddings.ordinary_queue,
    embeddings.WHOLE,
    embeddings.WHOLE,
    embeddings.WHOLE[:2],
    cosines=True,
)
ONE_QUEUE = _of_embeddings(
    "queries, keys and one queue",
    embeddings.ONE_QUEUE,
    embeddings.one_queue,
    embeddings.ordinary_one_queue,
    embeddings.WHOLE,
    embeddings.WHOLE,
    embeddings.WHOLE[:2],
    cosines=True,
)
CENTERS = _of_embeddings(
    "embeddings and centers",
    embeddings.CENTERS,
    partial(embeddings.centers, embeddings.CENTERS),
    partial(embeddings.ordinary_centers, embeddings.CENTERS),
    *_FIXED,
)
PROXIES = _of_embeddings(
    "embeddings and proxies",
    embeddings.PROXIES,
    partial(embeddings.centers, embeddings.PROXIES),
    partial(embeddings.ordinary_centers, embeddings.PROXIES),
    *_FIXED,
    cosines=True,
)
DISTANCES = _of_embeddings(
    "a table of distances",
    embeddings.DISTANCES,
    embeddings.tables,
    embeddings.ordinary_tables,
    embeddings.WHOLE_TABLE,
    embeddings.WHOLE_LABELS,
)
TRIPLETS = _of_embeddings(
    "triplets", embeddings.TRIPLETS, embeddings.triplets, embeddings.ordinary_triplets, *embeddings.WHOLE_TRIPLET
)
MINED = _of_embeddings("mined distances", embeddings.MINED, embeddings.mined, embeddings.ordinary_mined, 3.0, 2.0)
SAME = _of_embeddings("distances and flags", embeddings.SAME, embeddings.same, embeddings.ordinary_same, 2.0, True)
COSINES = _of_embeddings(
    "cosines",
    embeddings.COSINES,
    embeddings.cosines,
    embeddings.ordinary_cosines,
    (1.0, 0.0, -1.0, 0.0, 0.0),
    3,
)

EVERY = (
    EMBEDDINGS,
    DIRECTIONS,
    ALONE,
    DIRECTIONS_ALONE,
    PAIRED,
    PAIRED_DIRECTIONS,
    KEYS,
    QUEUE,
    ONE_QUEUE,
    CENTERS,
    PROXIES,
    DISTANCES,
    TRIPLETS,
    MINED,
    SAME,
    COSINES,
)
