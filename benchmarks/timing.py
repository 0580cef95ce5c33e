"""The clock: rounds in which every contestant is called once, and what the rounds say."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

Result = TypeVar("Result")

SAMPLE = 1e-3  # seconds that one sample lasts at least: shorter calls are repeated within a sample
WARM_UP = 0.05  # seconds of unmeasured calls of each contestant
ROUNDS = 5  # measured rounds at least, however small the budget


@dataclass(frozen=True)
class Spread:
    """Median and quartiles."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, lower, upper)

    @classmethod
    def of_one(cls, value: float) -> Spread:
        return cls(value, value, value)


@dataclass(frozen=True)
class Times:
    """Seconds per call: of each contestant, in each round."""

    rounds: dict[str, list[float]]
    calls: int  # in each sample

    def spread(self, name: str) -> Spread:
        return Spread.of(self.rounds[name])

    def ratio(self, ours: str, peer: str) -> Spread:
        """How many times longer the peer took, judged round by round."""
        return Spread.of([b / a for a, b in zip(self.rounds[ours], self.rounds[peer], strict=True)])

    def added(self, ours: str, part: str) -> Spread:
        """How many seconds more we took than a part of ours, judged round by round."""
        return Spread.of([a - b for a, b in zip(self.rounds[ours], self.rounds[part], strict=True)])


def once(run: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds of one call, and its result."""
    start = perf_counter()
    result = run()
    return perf_counter() - start, result


def race(runners: Mapping[str, Callable[[], object]], seconds: float) -> Times:
    """Call all the runners in turns until the time is used up; the next round begins with the next runner.

    Garbage is collected between the rounds, never while the clock runs.
    """
    shortest = min(_warm_up(run, min(WARM_UP, seconds)) for run in runners.values())
    calls = max(1, round(SAMPLE / shortest))
    names = list(runners)
    rounds: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        end = perf_counter() + seconds
        done = 0
        while done < ROUNDS or perf_counter() < end:
            first = done % len(names)
            for name in names[first:] + names[:first]:
                rounds[name].append(_sample(runners[name], calls))
            gc.collect()
            done += 1
    finally:
        gc.enable()
        gc.unfreeze()
    return Times(rounds, calls)


def _sample(run: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        run()
    return (perf_counter() - start) / calls


def _warm_up(run: Callable[[], object], seconds: float) -> float:
    """Call until the time is used up, twice at least; the seconds of the shortest call."""
    end = perf_counter() + seconds
    shortest = min(once(run)[0], once(run)[0])
    while perf_counter() < end:
        shortest = min(shortest, once(run)[0])
    return shortest
