"""Backends by name: the known ones, those that installed packages register, and any module that holds one."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Iterator
from typing import Any

from .adapter import Backend, BackendMissingError
from .cupy import CuPy
from .jax import Jax
from .numpy import NumPy
from .strict import Strict
from .torch import Torch

LIBRARIES: dict[str, type[Backend]] = {cls.library: cls for cls in (NumPy, Strict, Torch, Jax, CuPy)}
KNOWN = ("numpy", "array_api_strict", "array_api_strict:device1", "torch", "torch:cuda", "jax", "jax:cuda", "cupy")
GROUP = "array_losses.backends"
"""The entry points by which a package registers backends: a name, and a `Backend` subclass or a namespace."""


def find(name: str) -> Backend:
    """The backend called `LIBRARY` or `LIBRARY:DEVICE`; raises `BackendMissingError`.

    LIBRARY is a known library, the name of an entry point, or the dotted path of a module that is a namespace of the
    standard or holds, as `backend`, a subclass of `Backend` or a namespace.
    """
    library, _, device = name.partition(":")
    backend = _adapter(library)(device or None)
    backend.found_as = name
    return backend


def survey() -> Iterator[tuple[str, Backend | BackendMissingError]]:
    """Every known backend and every registered one, or why it is not here."""
    for name in dict.fromkeys((*KNOWN, *_registered())):
        try:
            yield name, find(name)
        except BackendMissingError as missing:
            yield name, missing


def _registered() -> dict[str, importlib.metadata.EntryPoint]:
    return {point.name: point for point in importlib.metadata.entry_points(group=GROUP)}


def _adapter(library: str) -> type[Backend]:
    if library in LIBRARIES:
        return LIBRARIES[library]
    point = _registered().get(library)
    where = f"entry point {point.value}" if point else f"module {library}"
    try:
        found = point.load() if point else importlib.import_module(library)
    except (ImportError, AttributeError, TypeError, ValueError) as problem:
        if isinstance(problem, ModuleNotFoundError) and f"{library}.".startswith(f"{problem.name}."):
            known = ", ".join((*LIBRARIES, *_registered()))
            raise BackendMissingError(f"{library!r} is none of {known}, and no module") from None
        raise BackendMissingError(f"{where} cannot be loaded: {problem}") from problem
    return _adapter_of(getattr(found, "backend", found), library, where)


def _adapter_of(found: Any, library: str, where: str) -> type[Backend]:
    if isinstance(found, type) and issubclass(found, Backend):
        return found
    if not hasattr(found, "__array_namespace_info__"):
        raise BackendMissingError(
            f"{where} holds no backend: `backend` must be a subclass of {Backend.__module__.rpartition('.')[0]}.Backend"
            " or a namespace of the Array API standard with __array_namespace_info__"
        )

    class Default(Backend):
        """The namespace with nothing but defaults."""

        def _import(self) -> Any:
            return found

    Default.library = library
    return Default
