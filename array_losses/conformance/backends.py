"""What the checks need from an array library, and how each known library gives it.

A name is `LIBRARY` or `LIBRARY:DEVICE`. `find` raises `BackendMissingError` for what is not on this machine; whoever
asked for it by name must treat that as a failure.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

import numpy as np

from .ulp import Floats

Transform = Callable[[Callable[..., Any]], Callable[..., Any]]


class BackendMissingError(Exception):
    """A library or a device that is not on this machine; the message says what is missing."""


class Backend:
    """An array library on one device. Subclasses say what differs."""

    library: ClassVar[str]
    dtypes: ClassVar[tuple[str, ...]] = ("float32", "float64")
    jit: Transform | None = None
    vmap: Callable[..., Callable[..., Any]] | None = None
    """Maps a function over the axes of its arguments that are given; None for an argument that all calls share."""
    native_slopes: Callable[..., Callable[..., Any]] | None = None
    """Makes of a function and the places of some arguments one for their gradients, by the library's own means."""
    jit_is_quick: ClassVar[bool] = True
    """Whether `jit` takes a fraction of a second, so that every function can be compiled in every run."""
    calls_compile: ClassVar[bool] = False
    """Whether an eager call with new shapes or dtypes compiles, so that every new call counts."""

    def __init__(self, device: str | None = None) -> None:
        self.xp = self._import()
        self.device = device or "cpu"
        self.name = f"{self.library}:{device}" if device else self.library

    def _import(self) -> Any:
        if importlib.util.find_spec(self.library) is None:
            raise BackendMissingError(f"{self.library} is not installed")
        return importlib.import_module(self.library)

    @property
    def version(self) -> str:
        return str(self.xp.__version__)

    @property
    def hardware(self) -> str:
        """The device in words."""
        return self.device

    def session(self, dtype: str) -> AbstractContextManager[Any]:
        """The settings under which arrays of `dtype` are made and used."""
        return nullcontext()

    def asarray(self, values: Any, dtype: str) -> Any:
        """An array of the library from NumPy numbers that `dtype` holds exactly."""
        return self.xp.asarray(values, dtype=dtype)

    def booleans(self, values: Any) -> Any:
        """An array of truth values."""
        return self.asarray(values, "bool")

    def to_numpy(self, x: Any) -> Floats:
        """The numbers of an array as float64."""
        return np.asarray(x, dtype=np.float64)

    def dtype_of(self, x: Any) -> str:
        return str(x.dtype).rpartition(".")[2]

    def device_of(self, x: Any) -> str:
        return "cpu"

    def default_float(self) -> str:
        """The dtype to which the library promotes integers."""
        return self.dtype_of(self.asarray([1.0], "float64"))

    def is_array(self, x: Any) -> bool:
        return type(x) is type(self.asarray([1.0], "float32"))

    def transposed(self, x: Any) -> Any:
        """The transpose of a matrix, a view where the library has views."""
        return x.T

    def jit_slopes(self, library: Any, fun: Callable[..., Any], argnums: tuple[int, ...]) -> Callable[..., Any]:
        """A compiled function for the gradients of `fun` with respect to some arguments."""
        assert self.jit is not None
        compiled = self.jit(library.value_and_grad(fun, argnums=argnums))
        return lambda *arrays: compiled(*arrays)[1]

    def kind(self, x: Any) -> str:
        """What error messages call an array: its library's package and its type."""
        return f"{type(x).__module__.partition('.')[0]}.{type(x).__name__}"

    def sync(self, x: Any) -> None:
        """Return when `x` has been computed."""

    def __str__(self) -> str:
        return f"{self.name} {self.version} on {self.hardware}"


class NumPy(Backend):
    library = "numpy"
    dtypes = ("float16", "float32", "float64")

    def __init__(self, device: str | None = None) -> None:
        if device not in (None, "cpu"):
            raise BackendMissingError(f"numpy has no device {device!r}")
        super().__init__(device)

    def is_array(self, x: Any) -> bool:
        return isinstance(x, np.ndarray | np.generic)


class Strict(Backend):
    """array-api-strict with every optional part of the standard switched off, on one of its simulated devices."""

    library = "array_api_strict"

    def __init__(self, device: str | None = None) -> None:
        super().__init__(device)
        try:
            self.handle = self.xp.Device(device or "CPU_DEVICE")
        except ValueError:
            raise BackendMissingError(f"array_api_strict has no device {device!r}") from None
        self.device = device or "CPU_DEVICE"

    def session(self, dtype: str) -> AbstractContextManager[Any]:
        flags: AbstractContextManager[Any] = self.xp.ArrayAPIStrictFlags(
            boolean_indexing=False, data_dependent_shapes=False, enabled_extensions=()
        )
        return flags

    def asarray(self, values: Any, dtype: str) -> Any:
        return self.xp.asarray(values, dtype=getattr(self.xp, dtype), device=self.handle)

    def to_numpy(self, x: Any) -> Floats:
        return np.asarray(x.to_device(self.xp.Device("CPU_DEVICE")), dtype=np.float64)

    def device_of(self, x: Any) -> str:
        return next(name for name in ("CPU_DEVICE", self.device) if self.xp.Device(name) == x.device)


class Torch(Backend):
    library = "torch"
    dtypes = ("float16", "bfloat16", "float32", "float64")
    jit_is_quick = False

    def __init__(self, device: str | None = None) -> None:
        super().__init__(device)
        kind = (device or "cpu").partition(":")[0]
        if kind == "cuda" and self.xp.cuda.device_count() == 0:
            raise BackendMissingError("torch sees no CUDA device")
        if kind not in ("cpu", "cuda"):
            raise BackendMissingError(f"torch: only cpu and cuda are known here, not {device!r}")
        self.vmap = self.xp.func.vmap
        self.jit = self._compile
        self.native_slopes = self._backward

    @property
    def hardware(self) -> str:
        return str(self.xp.cuda.get_device_name(self.device)) if self.device.startswith("cuda") else "cpu"

    def _compile(self, fun: Callable[..., Any]) -> Callable[..., Any]:
        # All trials share one code object, of which torch.compile keeps eight versions and refuses a ninth.
        self.xp.compiler.reset()
        compiled: Callable[..., Any] = self.xp.compile(fun, fullgraph=True)
        return compiled

    def _backward(self, fun: Callable[..., Any], argnums: tuple[int, ...]) -> Callable[..., Any]:
        def slopes(*arrays: Any) -> Any:
            leaves = [array.detach().requires_grad_(place in argnums) for place, array in enumerate(arrays)]
            fun(*leaves).backward()
            return tuple(leaves[place].grad for place in argnums)

        return slopes

    def jit_slopes(self, library: Any, fun: Callable[..., Any], argnums: tuple[int, ...]) -> Callable[..., Any]:
        """The way of training loops: a compiled forward whose backward was compiled with it."""
        return self._backward(self._compile(fun), argnums)

    def asarray(self, values: Any, dtype: str) -> Any:
        return self.xp.asarray(values).to(dtype=getattr(self.xp, dtype), device=self.device)

    def to_numpy(self, x: Any) -> Floats:
        return np.asarray(x.detach().to(device="cpu", dtype=self.xp.float64).numpy())

    def device_of(self, x: Any) -> str:
        return str(x.device) if ":" in self.device else str(x.device.type)

    def default_float(self) -> str:
        return str(self.xp.get_default_dtype()).rpartition(".")[2]

    def sync(self, x: Any) -> None:
        if self.device.startswith("cuda"):
            self.xp.cuda.synchronize()


class Jax(Backend):
    library = "jax"
    dtypes = ("float16", "bfloat16", "float32", "float64")
    calls_compile = True

    def __init__(self, device: str | None = None) -> None:
        super().__init__(device)
        kind, _, index = (device or "cpu").partition(":")
        try:
            self.handle = self.xp.devices(kind)[int(index or 0)]
        except (RuntimeError, IndexError):
            raise BackendMissingError(f"jax sees no device {device!r}") from None
        self.vmap = self.xp.vmap
        self.jit = self.xp.jit
        self.native_slopes = self.xp.grad

    @property
    def hardware(self) -> str:
        return str(self.handle.device_kind)

    def session(self, dtype: str) -> AbstractContextManager[Any]:
        return self.xp.enable_x64(dtype == "float64")  # type: ignore[no-any-return]

    def asarray(self, values: Any, dtype: str) -> Any:
        return self.xp.device_put(self.xp.numpy.asarray(values, dtype=dtype), self.handle)

    def to_numpy(self, x: Any) -> Floats:
        return np.asarray(x).astype(np.float64)

    def device_of(self, x: Any) -> str:
        (device,) = x.devices()
        return self.device if device == self.handle else str(device)

    def default_float(self) -> str:
        return str(self.xp.numpy.zeros(1).dtype)

    def sync(self, x: Any) -> None:
        self.xp.block_until_ready(x)


class CuPy(Backend):
    library = "cupy"
    dtypes = ("float16", "float32", "float64")

    def __init__(self, device: str | None = None) -> None:
        super().__init__(device)
        try:
            count = self.xp.cuda.runtime.getDeviceCount()
        except Exception as problem:
            raise BackendMissingError(f"cupy finds no CUDA driver ({type(problem).__name__})") from None
        kind, _, index = (device or "cuda").partition(":")
        if kind != "cuda" or int(index or 0) >= count:
            raise BackendMissingError(f"cupy sees {count} devices, not {device or 'cuda'!r}")
        self.device = device or "cuda"
        self.index = int(index or 0)

    @property
    def hardware(self) -> str:
        return str(self.xp.cuda.runtime.getDeviceProperties(self.index)["name"].decode())

    def session(self, dtype: str) -> AbstractContextManager[Any]:
        return self.xp.cuda.Device(self.index)  # type: ignore[no-any-return]

    def to_numpy(self, x: Any) -> Floats:
        return np.asarray(self.xp.asnumpy(x), dtype=np.float64)

    def device_of(self, x: Any) -> str:
        return self.device if x.device.id == self.index else f"cuda:{x.device.id}"

    def sync(self, x: Any) -> None:
        self.xp.cuda.Device(self.index).synchronize()


LIBRARIES: dict[str, type[Backend]] = {cls.library: cls for cls in (NumPy, Strict, Torch, Jax, CuPy)}
KNOWN = ("numpy", "array_api_strict", "array_api_strict:device1", "torch", "torch:cuda", "jax", "jax:cuda", "cupy")


def find(name: str) -> Backend:
    """The backend called `LIBRARY` or `LIBRARY:DEVICE`; raises `BackendMissingError`."""
    library, _, device = name.partition(":")
    if library not in LIBRARIES:
        raise BackendMissingError(f"{library!r} is not one of {', '.join(LIBRARIES)}")
    return LIBRARIES[library](device or None)


def survey() -> Iterator[tuple[str, Backend | BackendMissingError]]:
    """Every known backend, or why it is not here."""
    for name in KNOWN:
        try:
            yield name, find(name)
        except BackendMissingError as missing:
            yield name, missing
