"""JAX arrays divided over the eight devices of a mesh."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from ..trial import Trial, expect
from .check import ONE, Check, Measured

DEVICES = 8


def mesh(trial: Trial) -> Measured:
    """A row on each of eight devices, Auto and Explicit: values and gradients as near, divided as the rows are, and
    nothing is said."""
    jax = trial.backend.xp
    worst: Measured = {"value": 0.0, "gradient": 0.0}
    for kind in (jax.sharding.AxisType.Auto, jax.sharding.AxisType.Explicit):
        devices = jax.make_mesh((DEVICES,), ("rows",), axis_types=(kind,), devices=jax.devices("cpu")[:DEVICES])
        with jax.set_mesh(devices), warnings.catch_warnings():
            warnings.simplefilter("error")
            value, slopes, wanted = _divided(trial, jax, devices)
        for found in (value, *(slope for slope, own in zip(slopes, wanted, strict=True) if own)):
            seen = jax.sharding.NamedSharding(devices, jax.sharding.PartitionSpec("rows"))
            same = found.sharding.is_equivalent_to(seen, found.ndim)
            # A gradient of 1 for all rows knows nothing of how they are divided.
            constant = kind is jax.sharding.AxisType.Auto and bool((found == found[:1]).all())
            expect(same or constant, f"rows on eight devices gave an array on {found.sharding} ({kind.name})")
        worst["value"] = max(worst["value"], trial.compare_values(value, trial.ordinary))
        if slopes:
            worst["gradient"] = max(worst["gradient"], trial.compare_gradients(slopes, trial.ordinary))
    return worst


def _divided(trial: Trial, jax: Any, devices: Any) -> tuple[Any, Sequence[Any], list[bool]]:
    """Value and gradients, and by gradient whether its argument is divided; of a shared one, all devices have all."""
    rows = trial.ordinary
    given = []
    for argument, array in zip(rows.arguments, trial.arrays(rows), strict=True):
        spec = jax.sharding.PartitionSpec() if argument.shared else jax.sharding.PartitionSpec("rows")
        given.append(jax.device_put(array, jax.sharding.NamedSharding(devices, spec)))
    compiled = jax.jit(lambda *arrays: (trial.function(*arrays), trial.slopes(arrays)))
    value, slopes = compiled(*given)
    return value, slopes, [not rows.arguments[place].shared for place in trial.family.differentiable]


def _has_devices(trial: Trial) -> bool:
    backend = trial.backend
    return backend.library == "jax" and backend.device == "cpu" and backend.xp.device_count("cpu") >= DEVICES


MESH: tuple[Check, ...] = (
    Check(
        "mesh",
        mesh,
        kinds=("measure", "loss"),
        dtypes=ONE,
        variants=False,
        applies=_has_devices,
        mode="mesh",
    ),
)
