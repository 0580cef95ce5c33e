"""How many bytes a call holds at its peak, beyond those that were there before; never while a clock runs."""

from __future__ import annotations

import contextlib
import os
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def traced(run: Callable[[], object]) -> int:
    """What Python's tracemalloc sees, and NumPy reports its arrays to it."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        run()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak - before


def profiled(torch: Any, run: Callable[[], object]) -> int:
    """What PyTorch's allocators report to its profiler, on every device and from compiled code too."""
    with silent(), torch.autograd.profiler.profile(profile_memory=True) as profile:
        run()
    events = [event for event in profile.kineto_results.events() if event.name() == "[memory]"]
    return rise(event.nbytes() for event in sorted(events, key=lambda event: event.start_ns()))


def hooked(cupy: Any, run: Callable[[], object]) -> int:
    """What CuPy's memory pool hands out."""
    changes: list[int] = []

    class Hook(cupy.cuda.MemoryHook):  # type: ignore[misc]  # CuPy has no types
        name = "benchmarks"

        def malloc_postprocess(self, **event: Any) -> None:
            changes.append(event["mem_size"])

        def free_postprocess(self, **event: Any) -> None:
            changes.append(-event["mem_size"])

    with Hook():
        run()
    return rise(changes)


def rise(changes: Iterable[int]) -> int:
    """The largest rise: of what was freed first nothing counts, it was there before the call."""
    level = highest = 0
    for change in changes:
        level = max(level + change, 0)
        highest = max(highest, level)
    return highest


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """PyTorch's profiler writes its start and stop to the standard error, past Python."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
