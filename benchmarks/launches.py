"""How many kernels a call launches on a GPU, as PyTorch's profiler counts them: it sees those of every library."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

from . import memory

NO_KERNELS = ("Memcpy", "Memset")


def counted(run: Callable[[], object], device: str) -> int | None:
    """The kernels of one call; None on a processor, or without a PyTorch that knows the GPU."""
    if device == "cpu":
        return None
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    profiler = torch.profiler
    with memory.silent(), profiler.profile(activities=[profiler.ProfilerActivity.CUDA]) as profile:
        run()
        torch.cuda.synchronize()
    return kernels((str(event.device_type()), event.name()) for event in profile.profiler.kineto_results.events())


def kernels(events: Iterable[tuple[str, str]]) -> int:
    """How many of the events (device, name) are kernels."""
    return sum(device.endswith("CUDA") and not name.startswith(NO_KERNELS) for device, name in events)
