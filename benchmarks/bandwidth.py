"""The floor: how long it takes to move a call's bytes at the bandwidth of a plain copy."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from .timing import once

NUMBERS = 64 * 2**20  # float32 that are copied: far more than fit into a processor's cache
COPIES = 9  # of which the fastest counts
SHORTEST = 1e-6  # seconds: a floor below is no statement about memory, and is left out


def bytes_per_second(copy: Callable[[], object], numbers: int = NUMBERS) -> float:
    """Read and written by `copy`, which copies so many float32, at its best."""
    return 2 * 4 * numbers / min(once(copy)[0] for _ in range(COPIES))


def threaded_copy(numbers: int, threads: int) -> Callable[[], Any]:
    """A copy of one array of the processor's memory into another by so many threads; it returns the copy."""
    source, target = np.ones(numbers, dtype=np.float32), np.zeros(numbers, dtype=np.float32)
    parts = list(zip(np.array_split(target, threads), np.array_split(source, threads), strict=True))
    pool = ThreadPoolExecutor(threads)

    def copy() -> Any:
        for done in [pool.submit(np.copyto, *part) for part in parts]:
            done.result()
        return target

    return copy


def floor(moved: int, bandwidth: float | None) -> float | None:
    """Seconds for so many bytes; None where they were not measured, or too few."""
    seconds = moved / bandwidth if bandwidth else 0.0
    return seconds if seconds >= SHORTEST else None
