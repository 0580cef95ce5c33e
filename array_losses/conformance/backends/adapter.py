"""The protocol: what the checks need from an array library, with defaults that the standard suffices for."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any, ClassVar

import array_api_compat
import numpy as np

from ..ulp import FORMATS, Floats
from .gap import Gap

Transform = Callable[[Callable[..., Any]], Callable[..., Any]]


class BackendMissingError(Exception):
    """A library or a device that is not on this machine; the message says what is missing."""


class Backend:
    """An array library on one device. Subclasses say what differs from the standard, or what it does not tell."""

    library: ClassVar[str]
    """What the report calls it: the name of its package."""
    namespace: ClassVar[str] = ""
    """The module with the standard's functions, if that is not `library`."""
    dtypes: tuple[str, ...] = ()
    """The floating-point formats to test; by default, those that the namespace lists."""
    gaps: ClassVar[tuple[Gap, ...]] = ()
    """Failures that are known and allowed; each must occur."""

    # What the standard does not have; None where the library does not either.

    jit: Transform | None = None
    """Compiles a function."""
    vmap: Callable[..., Callable[..., Any]] | None = None
    """Maps a function over the axes of its arguments that are given; None for an argument that all calls share."""
    native_slopes: Callable[..., Callable[..., Any]] | None = None
    """Makes of a function and the places of some arguments one for their gradients, by the library's own means."""
    jit_is_quick: ClassVar[bool] = True
    """Whether `jit` takes a fraction of a second, so that every function can be compiled in every run."""
    calls_compile: ClassVar[bool] = False
    """Whether an eager call with new shapes or dtypes compiles, so that every new call counts."""
    slow: ClassVar[bool] = False
    """Whether each number costs microseconds, so that no thousands of rows are tried."""

    def __init__(self, device: str | None = None) -> None:
        self.xp = self._import()
        self.name = f"{self.library}:{device}" if device else self.library
        self.found_as = self.name
        """What `--backend` has to be given to find it again."""
        self.handle: Any = None
        """The library's own word for the device; None for its default."""
        self._choose(device)
        if not self.dtypes:
            self.dtypes = tuple(name for name in FORMATS if name in self._own_dtypes)

    def _import(self) -> Any:
        """The library's namespace."""
        name = self.namespace or self.library
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name not in (name, name.partition(".")[0]):
                raise
            raise BackendMissingError(f"{missing.name} is not installed") from None

    def _choose(self, device: str | None) -> None:
        """Sets `handle` to the device that was asked for, and `device` to the name that arrays on it give."""
        if device is not None:
            known = self.devices()
            if device not in known:
                raise BackendMissingError(f"{self.library} has no device {device!r}, only {', '.join(known)}")
            self.handle = known[device]
        self.device = self.device_of(self.asarray([0.0], "float32"))

    # What the namespace tells of itself -------------------------------------------------------------------------------

    @property
    def info(self) -> Any:
        """The standard's inspection of a namespace."""
        return self.xp.__array_namespace_info__()

    @cached_property
    def _own_dtypes(self) -> dict[str, Any]:
        return dict(self.info.dtypes(kind=("bool", "integral", "real floating")))

    def devices(self) -> dict[str, Any]:
        """The library's devices, by the names with which they are asked for."""
        return {self.device_name(device): device for device in self.info.devices() if device is not None}

    def device_name(self, device: Any) -> str:
        """A device in one word, the same for equal devices."""
        return str(device)

    def default_float(self) -> str:
        """The dtype to which the library promotes integers."""
        return self._name_of(self.info.default_dtypes()["real floating"])

    @property
    def version(self) -> str:
        for module in (self.xp, sys.modules.get(self.library.partition(".")[0])):
            if found := getattr(module, "__version__", None):
                return str(found)
        try:
            return importlib.metadata.version(self.library)
        except importlib.metadata.PackageNotFoundError:
            return "unknown"

    @property
    def hardware(self) -> str:
        """The device in words."""
        return self.device

    def session(self, dtype: str) -> AbstractContextManager[Any]:
        """The settings under which arrays of `dtype` are made and used."""
        return nullcontext()

    # Arrays -----------------------------------------------------------------------------------------------------------

    def dtype(self, name: str) -> Any:
        """The library's dtype of this name."""
        return self._own_dtypes[name] if name in self._own_dtypes else getattr(self.xp, name)

    def asarray(self, values: Any, dtype: str) -> Any:
        """A new array of the library from NumPy numbers that `dtype` holds exactly."""
        numbers = np.array(values, dtype="float32" if dtype == "bfloat16" else dtype)
        place = {} if self.handle is None else {"device": self.handle}
        return self.xp.asarray(numbers, dtype=self.dtype(dtype), **place)

    def booleans(self, values: Any) -> Any:
        """An array of truth values."""
        return self.asarray(values, "bool")

    def to_numpy(self, x: Any) -> Floats:
        """A copy of the numbers of an array as float64."""
        try:
            found = np.from_dlpack(x)
        except (AttributeError, BufferError, RuntimeError, TypeError, ValueError):
            found = np.asarray(x)
        if found.shape != tuple(x.shape):
            raise TypeError(f"neither DLPack nor __array__ gives the numbers of a {self.kind(x)}: define `to_numpy`")
        return np.array(found, dtype=np.float64)

    def is_array(self, x: Any) -> bool:
        return type(x) is type(self.asarray([1.0], "float32"))

    def dtype_of(self, x: Any) -> str:
        return self._name_of(x.dtype)

    def _name_of(self, dtype: Any) -> str:
        known = (name for name, own in self._own_dtypes.items() if own == dtype)
        return next(known, str(dtype).rpartition(".")[2])

    def device_of(self, x: Any) -> str:
        return self.device_name(array_api_compat.device(x))

    def transposed(self, x: Any) -> Any:
        """The transpose of a matrix, a view where the library has views."""
        return x.T

    def kind(self, x: Any) -> str:
        """What error messages call an array: its library's package and its type."""
        return f"{type(x).__module__.partition('.')[0]}.{type(x).__name__}"

    def sync(self, x: Any) -> None:
        """Return when `x`, an array or a tuple of arrays, has been computed."""

    # Functions --------------------------------------------------------------------------------------------------------

    def jit_slopes(self, library: Any, fun: Callable[..., Any], argnums: tuple[int, ...]) -> Callable[..., Any]:
        """A compiled function for the gradients of `fun` with respect to some arguments."""
        assert self.jit is not None
        compiled = self.jit(library.value_and_grad(fun, argnums=argnums))
        return lambda *arrays: compiled(*arrays)[1]

    def __str__(self) -> str:
        return f"{self.name} {self.version} on {self.hardware}"
