"""What all rows say together: geometric means of the ratio to the fastest peer, and rows won and lost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .contest import Row

OVERALL = "all"


@dataclass(frozen=True)
class Standing:
    """Of the rows that have a peer."""

    geometric_mean: float
    won: int  # we are at least as fast as the fastest peer
    lost: int

    @classmethod
    def of(cls, ratios: Sequence[float]) -> Standing:
        won = sum(ratio >= 1 for ratio in ratios)
        mean = math.exp(math.fsum(map(math.log, ratios)) / len(ratios))
        return cls(mean, won, len(ratios) - won)


def place(backend: str, device: str, compiled: bool) -> str:
    """A backend with its device and its mode, as the table names it."""
    mode = {"torch": " compiled", "jax": " jit"}.get(backend, "") if compiled else ""
    eager = " eager" if backend == "torch" and not compiled else ""
    return (backend if device == "cpu" else f"{backend}:{device}") + mode + eager


def standings(rows: Iterable[Row]) -> dict[str, Standing]:
    """Of all rows first, then of each backend and mode; empty where no row has a peer."""
    ratios: dict[str, list[float]] = {}
    for row in rows:
        if row.fastest_peer is not None:
            ratio = row.ratios[row.fastest_peer].median
            for name in (OVERALL, place(row.backend, row.device, row.task.call.compiled)):
                ratios.setdefault(name, []).append(ratio)
    return {name: Standing.of(found) for name, found in ratios.items()}
