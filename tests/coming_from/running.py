"""Both calls of a row, on the same arrays: values, slopes and how far they are apart."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
import torch
from jax import numpy as jnp

import array_losses as al
from array_losses import detection, distance_maps

from .tables import Row, Table

MEAN = {"reduction": "mean"}
OURS = vars(al) | vars(detection)


class Outcome(NamedTuple):
    theirs: Any
    ours: Any
    their_slopes: Any
    our_slopes: Any

    @property
    def value(self) -> float:
        return apart(self.theirs, self.ours)

    @property
    def slope(self) -> float:
        return apart(self.their_slopes, self.our_slopes)


def complaints(row: Row, found: Outcome) -> list[str]:
    """Where a row says something else than was found."""
    if row.both is not None:
        numbers = ("theirs", found.theirs, row.both[0]), ("ours", found.ours, row.both[1])
        return [f"{name}: {x}, not {said}" for name, x, said in numbers if not _are(x, said)]
    if not np.any(found.theirs):
        return ["nothing but zeros to compare"]
    said = _as_said("value", found.value, row.value, 1e-5 if row.single else 1e-10)
    if not row.by:
        return said
    if not np.any(found.their_slopes):
        said.append(f"nothing to learn about the slopes of {row.by}")
    return said + _as_said("gradient", found.slope, row.slope, 1e-4 if row.single else 1e-10)


def _are(numbers: Any, said: float) -> bool:
    return bool(np.allclose(numbers, said, rtol=1e-3, atol=0.0, equal_nan=True))


def _as_said(name: str, found: float, said: float, rounding: float) -> list[str]:
    least, most = (said / 10, said) if said else (0.0, rounding)
    return [] if least <= found <= most else [f"{name}: {found:.1e}, not {said:.0e}"]


def apart(theirs: Any, ours: Any) -> float:
    """The largest difference, divided by the largest number of theirs."""
    assert theirs.shape == ours.shape
    scale = np.max(np.abs(theirs), initial=0.0)
    return float(np.max(np.abs(theirs - ours), initial=0.0) / (scale or 1.0))


def run(row: Row, table: Table, functions: Mapping[str, Any]) -> Outcome:
    with warnings.catch_warnings():
        # What other projects warn of is not ours.
        warnings.simplefilter("ignore")
        if table.library == "torch":
            found = [_in_torch(row, table, call, names) for call, names in _calls(row, functions)]
        else:
            with jax.enable_x64(not row.single):
                found = [_in_jax(row, table, call, names) for call, names in _calls(row, functions)]
    (theirs, their_slopes), (ours, our_slopes) = found
    return Outcome(theirs, ours, their_slopes, our_slopes)


def _calls(row: Row, functions: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(row.theirs, dict(functions)), (row.ours, dict(OURS))]


def _flat(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """What a call gave, as one array without axes of length 1."""
    found = [np.asarray(leaf(x), dtype=np.float64) for x in _parts(value)]
    return np.squeeze(found[0]) if len(found) == 1 else np.concatenate([np.ravel(x) for x in found])


def _parts(value: Any) -> list[Any]:
    if isinstance(value, (dict, tuple, list)):
        parts = value.values() if isinstance(value, dict) else value
        return [x for part in parts for x in _parts(part)]
    return [value]


# PyTorch --------------------------------------------------------------------------------------------------------------


def _in_torch(row: Row, table: Table, call: str, functions: dict[str, Any]) -> tuple[Any, Any]:
    arrays = {name: _tensor(entry.array, row.single) for name, entry in table.inputs.items()}
    if row.by:
        arrays[row.by].requires_grad_(True)
    # The arrays last: torch's module has functions of their names.
    value = eval(call, functions | COMMON | TORCH | arrays)
    if not row.by:
        return _flat(value, _plain), None
    total = sum(x.sum() for x in _parts(value))
    (slopes,) = torch.autograd.grad(total, arrays[row.by])
    return _flat(value, _plain), slopes.numpy()


def _tensor(x: Any, single: bool) -> Any:
    if not isinstance(x, np.ndarray):
        return x
    return torch.tensor(x, dtype=torch.float32 if single and x.dtype == np.float64 else None)


def _plain(x: Any) -> Any:
    return x.detach().numpy() if isinstance(x, torch.Tensor) else x


def _map(function: Callable[..., Any], x: torch.Tensor) -> torch.Tensor:
    return torch.asarray(function(x.detach().numpy(), ndim=2))


COMMON: dict[str, Any] = {"mean": MEAN, "radians": math.radians, "pi": math.pi, "inf": math.inf}
TORCH: dict[str, Any] = {
    "softmax": lambda x: x.softmax(1),
    "log_softmax": lambda x: x.log_softmax(1),
    "sigmoid": torch.sigmoid,
    "log": torch.log,
    "where": torch.where,
    "reflect": lambda x: torch.nn.functional.pad(x, (5, 5, 5, 5), mode="reflect"),
    "unit": torch.nn.functional.normalize,
    "concat": lambda *x: torch.cat(x),
    "stack": lambda *x: torch.stack(x, -1),
    "one_hot": lambda y, classes=3: torch.nn.functional.one_hot(y, classes).movedim(-1, 1),
    "boundary_distance": partial(_map, distance_maps.boundary_distance),
    "signed_distance": partial(_map, distance_maps.signed_distance),
    "maps": lambda x: x / x.sum((-2, -1), keepdim=True),
    "float32": torch.Tensor.float,
    "numpy": torch.Tensor.numpy,
    "constant": torch.Tensor.detach,
}

# JAX ------------------------------------------------------------------------------------------------------------------

JAX: dict[str, Any] = {
    "softmax": lambda x, axis=1: jax.nn.softmax(x, axis=axis),
    "log_softmax": lambda x: jax.nn.log_softmax(x, axis=1),
    "sigmoid": jax.nn.sigmoid,
    "log": jnp.log,
    "moveaxis": lambda x: jnp.moveaxis(x, 1, -1),
    "mean_of_classes": lambda rows: rows.mean(-1),
}


def _array(x: Any) -> Any:
    return jnp.asarray(x) if isinstance(x, np.ndarray) else x


def _in_jax(row: Row, table: Table, call: str, functions: dict[str, Any]) -> tuple[Any, Any]:
    arrays = {name: _array(entry.array) for name, entry in table.inputs.items()}

    def total(x: Any) -> Any:
        value = eval(call, functions | COMMON | JAX | arrays | {row.by: x})
        return value.sum(), value

    if not row.by:
        return _flat(total(None)[1], np.asarray), None
    slopes, value = jax.jit(jax.grad(total, has_aux=True))(arrays[row.by])
    return _flat(value, np.asarray), np.asarray(slopes)
