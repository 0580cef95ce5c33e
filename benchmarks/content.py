"""The report as strict JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from . import imports, machine
from .agreement import GRADIENT, VALUE
from .contest import Row
from .goals import Added
from .report import Report
from .summary import standings
from .timing import Spread


def as_json(report: Report) -> str:
    """Strict JSON, times in milliseconds."""
    import_time = report.import_time
    content = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": machine.commit(),
        "machine": machine.machine() | {"hardware": report.hardware, "load_before": report.load},
        "versions": machine.versions(),
        "absent": report.absent,
        "not_measured": report.not_measured,
        "settings": {
            "seconds_per_race": report.effort.seconds,
            "tolerance": {"value": VALUE, "gradient": GRADIENT},
        },
        "copy_gb_per_s": {name: _digits(speed * 1e-9) for name, speed in report.bandwidth.items()},
        "import": None
        if import_time is None
        else _milliseconds(import_time)
        | {"goal_ms": imports.GOAL * 1e3, "reached": import_time.median <= imports.GOAL},
        "summary": {
            name: asdict(standing) | {"geometric_mean": _digits(standing.geometric_mean)}
            for name, standing in standings(report.rows).items()
        },
        "rows": [_row_content(row) for row in report.rows],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _row_content(row: Row) -> dict[str, Any]:
    return {
        "task": row.task.title,
        "size": list(row.task.size),
        "backend": row.backend,
        "device": row.device,
        "mode": "compiled" if row.task.call.compiled else "eager",
        "work": "value+gradient" if row.task.call.gradient else "value",
        "times": {name: _milliseconds(spread) for name, spread in row.times.items()},
        "floor_ms": None if row.floor is None else _digits(row.floor * 1e3),
        "x_floor": None if row.floors is None else _digits(row.floors),
        "first_call_ms": {name: _digits(seconds * 1e3) for name, seconds in row.first_call.items()},
        "memory_in_inputs": {name: _digits(sizes) for name, sizes in row.memory.items()},
        "kernel_launches": row.launches,
        "ratios": {name: _spread_content(spread) for name, spread in row.ratios.items()},
        "added_us": None if row.added is None else _spread_content(row.added, 1e6),
        "fastest_peer": row.fastest_peer,
        "goal": _goal_content(row),
        "reached": row.reached,
        "differences": {
            name: {"value": _finite(found.value), "gradient": _finite(found.gradient), "agrees": found.agrees}
            for name, found in row.differences.items()
        },
        "failed": row.failed,
        "rounds": row.rounds,
        "calls_per_sample": row.calls,
    }


def _goal_content(row: Row) -> dict[str, Any] | None:
    goal = row.task.goal
    if isinstance(goal, Added):
        return {"added_us": _digits(goal.seconds * 1e6), "against": goal.against}
    return None if goal is None else {"ratio": goal.ratio, "against": goal.against or "the fastest peer"}


def _milliseconds(spread: Spread) -> dict[str, Any]:
    return {f"{name}_ms": value for name, value in _spread_content(spread, 1e3).items()}


def _spread_content(spread: Spread, unit: float = 1.0) -> dict[str, Any]:
    return {
        "median": _digits(spread.median * unit),
        "lower_quartile": _digits(spread.lower * unit),
        "upper_quartile": _digits(spread.upper * unit),
    }


def _finite(number: float | None) -> float | None:
    """JSON knows no infinity: a difference that is not finite is None, beside `agrees`."""
    return None if number is None or number == float("inf") else _digits(number)


def _digits(number: float) -> float:
    return float(f"{number:.4g}")
