"""One task from its inputs to a `Row` of the report: call everybody once, compare the results, race."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from . import bandwidth as floors
from . import launches, ours
from .agreement import Difference, largest_difference
from .backends import Backend, Function, Runner
from .contestants import BOUNDS, CONTESTANTS
from .goals import Added
from .tasks import Task
from .timing import Spread, once, race

PATIENCE = 1.0  # seconds of a call
Contestants = Mapping[str, Mapping[str, Function]]  # name, entry


@dataclass(frozen=True)
class Row:
    """What one race showed; times in seconds, memory in units of the first input's size."""

    task: Task
    backend: str
    device: str
    first_call: dict[str, float] = field(default_factory=dict)
    differences: dict[str, Difference] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    times: dict[str, Spread] = field(default_factory=dict)
    ratios: dict[str, Spread] = field(default_factory=dict)
    added: Spread | None = None  # seconds beyond the contestant that the goal counts from
    floor: float | None = None
    launches: dict[str, int | None] = field(default_factory=dict)
    fastest_peer: str | None = None
    rounds: int = 0
    calls: int = 0

    @property
    def disagreeing(self) -> list[str]:
        return [name for name, difference in self.differences.items() if not difference.agrees]

    @property
    def sound(self) -> bool:
        """Whether we ran and nobody got another result."""
        return ours.NAME in self.times and not self.disagreeing

    @property
    def floors(self) -> float | None:
        """Our time in floors."""
        return self.times[ours.NAME].median / self.floor if self.floor and ours.NAME in self.times else None

    @property
    def reached(self) -> bool | None:
        """Whether the goal was reached; None without a goal, or without its peer."""
        goal = self.task.goal
        if isinstance(goal, Added):
            return None if self.added is None else self.added.median <= goal.seconds
        peer = (goal.against or self.fastest_peer) if goal else None
        if goal is None or peer not in self.ratios:
            return None
        return self.ratios[peer].median >= goal.ratio


def contestants(backend: str) -> tuple[dict[str, dict[str, Function]], dict[str, str]]:
    """Ours first, then the peers that are installed; and the reason for each absence."""
    found, absent = {}, {}
    for name, functions in CONTESTANTS[backend].items():
        try:
            found[name] = functions()
        except (ImportError, RuntimeError) as error:
            absent[name] = _one_line(error)
    return found, absent


def contest(task: Task, backend: Backend, found: Contestants, seconds: float, bandwidth: float | None = None) -> Row:
    """Race `task`; who fails or disagrees is reported and not timed.

    With the `bandwidth` of a copy, in bytes per second, the row has a floor.
    """
    backend.forget()
    row = Row(task, backend.name, backend.device)
    runners, slow, moved = _first_calls(task, backend, found, row)
    for name in row.disagreeing:
        for found_of_it in (runners, slow, row.memory, row.launches):
            found_of_it.pop(name, None)
    if ours.NAME not in runners:
        return row
    race_times = race(runners, seconds)
    times = {name: race_times.spread(name) for name in runners}
    ratios = {name: race_times.ratio(ours.NAME, name) for name in runners if name != ours.NAME}
    for name, took in slow.items():
        times[name] = Spread.of_one(took)
        ratios[name] = Spread.of_one(took / times[ours.NAME].median)
    peers = [name for name in ratios if name not in BOUNDS]
    goal = task.goal
    return replace(
        row,
        times=times,
        added=race_times.added(ours.NAME, goal.against)
        if isinstance(goal, Added) and goal.against in runners
        else None,
        floor=floors.floor(moved, bandwidth),
        ratios=ratios,
        fastest_peer=min(peers, key=lambda name: times[name].median, default=None),
        rounds=len(race_times.rounds[ours.NAME]),
        calls=race_times.calls,
    )


def _first_calls(
    task: Task, backend: Backend, found: Contestants, row: Row
) -> tuple[dict[str, Runner], dict[str, float], int]:
    """Call everybody once, compilation included; time that, compare the results with ours, and measure the memory.

    Our own function must be compiled in one piece. A peer's may be split where the compiler cannot follow it.
    A peer that takes longer than `PATIENCE` has been timed enough: its seconds come back in place of a runner. Last
    come the bytes that our call has to move: inputs in, value and gradients out.
    """
    inputs = task.inputs()
    arrays = [backend.array(values) for values in inputs]
    runners: dict[str, Runner] = {}
    slow: dict[str, float] = {}
    expected = None
    moved = 0
    for name, functions in found.items():
        if task.entry not in functions:
            continue
        call = replace(task.call, whole=name == ours.NAME)
        run = backend.runner(functions[task.entry], arrays, call)
        try:
            row.first_call[name], _ = once(run)
            took, (value, gradient) = once(run)
            row.memory[name] = backend.peak(functions[task.entry], arrays, call) / inputs[0].nbytes
            row.launches[name] = launches.counted(run, backend.device)
        except Exception as error:  # one failure shall not end the run
            row.failed[name] = _one_line(error)
            continue
        if took > PATIENCE and name != ours.NAME:
            slow[name] = took
        else:
            runners[name] = run
        if name in BOUNDS:
            continue
        several = gradient if isinstance(gradient, tuple) else () if gradient is None else (gradient,)
        result = backend.numbers(value), [backend.numbers(one) for one in several]
        if name == ours.NAME:
            expected = result
            moved = sum(array.nbytes for array in (*arrays, result[0], *result[1]))
        elif expected is not None:
            row.differences[name] = largest_difference(expected, result, task.tolerance)
    return runners, slow, moved


def _one_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
