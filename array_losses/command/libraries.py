"""The array libraries that are installed here, and how rows get into and out of each.

A library is imported by its name, and only when its turn comes: the package itself loads none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from .errors import InputError
from .sample import Floats, Rows


@dataclass(frozen=True)
class Library:
    """An array library that can be used here."""

    name: str
    version: str
    devices: Mapping[str, int]
    """The kinds of its devices, its default first, and how many there are of each."""
    asarray: Callable[[Rows, str], Any]
    """The same rows as an array of this library on a device, `cuda` or `cuda:1`."""
    asnumpy: Callable[[Any], Floats]


@dataclass(frozen=True)
class Backend:
    """A library on one of its devices."""

    label: str
    library: Library
    device: str

    def asarray(self, rows: Rows) -> Any:
        return self.library.asarray(rows, self.device)

    def asnumpy(self, array: Any) -> Floats:
        return self.library.asnumpy(array)


class AbsentError(Exception):
    """Why a known library cannot be used here."""


def open_numpy() -> Library:
    def asarray(rows: Rows, device: str) -> Any:
        if device != "cpu":
            raise ValueError("NumPy computes on the cpu only")
        return rows

    return Library("numpy", np.__version__, {"cpu": 1}, asarray, np.asarray)


def _open_torch() -> Library:
    torch = import_module("torch")
    devices = {"cpu": 1}
    if torch.accelerator.is_available():
        devices[torch.accelerator.current_accelerator().type] = torch.accelerator.device_count()

    def asarray(rows: Rows, device: str) -> Any:
        return torch.tensor(rows, device=device)

    return Library("torch", torch.__version__, devices, asarray, lambda tensor: np.asarray(tensor.detach().cpu()))


def _open_jax() -> Library:
    jax = import_module("jax")
    devices = {jax.default_backend(): jax.device_count()}
    with suppress(RuntimeError):  # JAX_PLATFORMS may leave the CPU out
        devices["cpu"] = jax.device_count("cpu")

    def asarray(rows: Rows, device: str) -> Any:
        kind, _, index = device.partition(":")
        return jax.device_put(rows, jax.devices(kind)[int(index or 0)])

    return Library("jax", jax.__version__, devices, asarray, np.asarray)


def _open_cupy() -> Library:
    cupy = import_module("cupy")
    # CuPy imports well on a machine without a GPU; counting then raises, or gives 0 where there is a driver.
    if (count := cupy.cuda.runtime.getDeviceCount()) == 0:
        raise AbsentError("finds no GPU")

    def asarray(rows: Rows, device: str) -> Any:
        kind, _, index = device.partition(":")
        if kind != "cuda":
            raise ValueError(f"CuPy has no device {kind}")
        cupy.cuda.Device(int(index or 0)).use()  # CuPy computes on the current device, wherever its arrays are
        return cupy.asarray(rows)

    return Library("cupy", cupy.__version__, {"cuda": count}, asarray, cupy.asnumpy)


def _open_strict() -> Library:
    strict = import_module("array_api_strict")

    def asarray(rows: Rows, device: str) -> Any:
        # Its other devices are pretended ones, for tests of how code handles devices.
        return strict.asarray(rows, device=strict.Device("CPU_DEVICE" if device == "cpu" else device))

    return Library("array_api_strict", strict.__version__, {"cpu": 1}, asarray, np.asarray)


Openers = Mapping[str, Callable[[], Library]]

# By the name under which Python imports them.
KNOWN: Openers = {
    "numpy": open_numpy,
    "torch": _open_torch,
    "jax": _open_jax,
    "cupy": _open_cupy,
    "array_api_strict": _open_strict,
}


def find_all(known: Openers = KNOWN) -> tuple[list[Library], dict[str, str]]:
    """Every library that can be used here, and for each other known one the reason why not."""
    found, absent = [], {}
    for name in known:
        try:
            found.append(_open(name, known))
        except AbsentError as reason:
            absent[name] = str(reason)
    return found, absent


def every_backend(libraries: Sequence[Library]) -> list[Backend]:
    """Each library on one device of every kind that it has here."""
    return [
        Backend(library.name if kind == next(iter(library.devices)) else f"{library.name}:{kind}", library, kind)
        for library in libraries
        for kind in library.devices
    ]


def requested_backends(labels: Sequence[str], known: Openers = KNOWN) -> list[Backend]:
    """The backends of these `NAME` or `NAME:DEVICE`, each once; `InputError` if one cannot be had."""
    return [_requested(label, known) for label in dict.fromkeys(labels)]


def _requested(label: str, known: Openers) -> Backend:
    name, colon, device = label.partition(":")
    if name not in known:
        raise InputError(f"--backend {label}: the library must be one of {', '.join(known)}")
    try:
        library = _open(name, known)
    except AbsentError as reason:
        raise InputError(f"--backend {label}: {reason}") from None
    backend = Backend(label, library, device if colon else next(iter(library.devices)))
    try:
        backend.asnumpy(backend.asarray(np.zeros((1, 4), dtype=np.float32)))
    except Exception as error:  # every library has its own words and types for a device that is not there
        raise InputError(f"--backend {label}: the device cannot be used: {_one_line(error)}") from None
    return backend


def _open(name: str, known: Openers) -> Library:
    try:
        return known[name]()
    except AbsentError:
        raise
    # A broken installation or driver fails in its own way, and must not take the other libraries with it.
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            raise AbsentError("not installed") from None
        raise AbsentError(f"cannot be used: {_one_line(error)}") from None


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
