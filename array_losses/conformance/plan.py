"""How much of the suite to run, and on how many processes."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from typing import NamedTuple

import array_losses

from .backends import Backend, find
from .cases import CASES
from .checks.check import BOTH, ONE
from .result import Result
from .selection import EVERYTHING, Selection
from .suite import ALL, FUNCTIONS, execute

QUICKLY = ("value", "gradient", "range", "finite gradient", "errors", "purity", "criterion", "assignment")
"""The checks of a quick run."""
IN_A_MOMENT = ("value", "range")
"""Those of functions like others of their family, where every new call compiles."""
ALIKE = frozenset(case.name for case in CASES if case.alike)
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
DEVICES = "--xla_force_host_platform_device_count"


class Plan(NamedTuple):
    """What is run of each function on each backend."""

    depth: str = "full"
    only: Selection = EVERYTHING

    @property
    def filters(self) -> dict[str, list[str]]:
        """What it is restricted to, by axis."""
        return {axis: list(names) for axis, names in self.only._asdict().items() if names is not None}

    @property
    def functions(self) -> list[str]:
        """The functions and criteria that are wanted."""
        return [name for name in FUNCTIONS if self.only.wants(functions=name)]

    def run(self, backend: Backend, function: str) -> Iterator[Result]:
        """What is tried of a function on a backend."""
        quick, thorough = self.depth == "quick", self.depth == "thorough"
        checks, only = ALL, self.only
        if quick:
            names = IN_A_MOMENT if backend.calls_compile and function in ALIKE else QUICKLY
            checks = tuple(check for check in ALL if check.name in names)
            only = only._replace(
                checks=tuple(name for name in names if only.wants(checks=name)),
                dtypes=tuple(name for name in (ONE if backend.calls_compile else BOTH) if only.wants(dtypes=name)),
            )
        yield from execute(array_losses, [backend], [function], checks, thorough, not quick, only, few_rows=quick)


class Chunk(NamedTuple):
    """The part of a run that one process does at a time: a function on all the backends, which share its exact
    answers."""

    plan: Plan
    backends: tuple[str, ...]
    function: str

    def run(self) -> list[Result]:
        return list(self.each(map(_find, self.backends)))

    def each(self, backends: Iterable[Backend]) -> Iterator[Result]:
        for backend in backends:
            yield from self.plan.run(backend, self.function)


_find = cache(find)


def chunks(plan: Plan, backends: Sequence[Backend]) -> list[Chunk]:
    """The parts of a run, long ones first, so that all processes end at about the same time."""
    names = tuple(backend.found_as for backend in backends)
    if not names:
        return []
    return [Chunk(plan, names, function) for function in sorted(plan.functions, key=_size, reverse=True)]


def _size(function: str) -> float:
    """How many numbers a function is tried on; of whole criteria, which compile for long, more than all."""
    case = next((case for case in CASES if case.name == function), None)
    if case is None:
        return math.inf
    families = [variant.family or case.family for variant in case.variants]
    rows = (group for family in families if family is not None for group in family.edges("float32"))
    return sum(len(group) * group.spans()[-1].stop for group in rows)


def run(parts: Sequence[Chunk], backends: Sequence[Backend], jobs: int) -> Iterator[tuple[Chunk, list[Result]]]:
    """Each part with its results, as they come; with one job in this process."""
    if jobs == 1:
        yield from ((part, list(part.each(backends))) for part in parts)
        return
    with _environment(), ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        found: dict[Future[list[Result]], Chunk] = {pool.submit(part.run): part for part in parts}
        try:
            for future in as_completed(found):
                yield found[future], future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def prepare() -> None:
    """Before JAX starts: divide a processor into eight devices, for meshes, and let processes share a graphics card.
    Nothing that someone has chosen is changed."""
    flags = os.environ.get("XLA_FLAGS", "")
    if "jax" not in sys.modules and DEVICES not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {DEVICES}=8".strip()
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


@contextmanager
def _environment() -> Iterator[None]:
    """Processes that are started here use one thread each."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
