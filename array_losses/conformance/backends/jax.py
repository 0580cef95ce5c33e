"""JAX."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from ..ulp import Floats
from .adapter import Backend, BackendMissingError


class Jax(Backend):
    library = "jax"
    dtypes = ("float16", "bfloat16", "float32", "float64")
    calls_compile = True

    def __init__(self, device: str | None = None) -> None:
        super().__init__(device)
        self.vmap = self.xp.vmap
        self.jit = self.xp.jit
        self.native_slopes = self.xp.grad

    def _choose(self, device: str | None) -> None:
        self.device = device or "cpu"
        kind, _, index = self.device.partition(":")
        try:
            self.handle = self.xp.devices(kind)[int(index or 0)]
        except (RuntimeError, IndexError):
            raise BackendMissingError(f"jax sees no device {device!r}") from None

    @property
    def hardware(self) -> str:
        return str(self.handle.device_kind)

    def session(self, dtype: str) -> AbstractContextManager[Any]:
        return self.xp.enable_x64(dtype == "float64")  # type: ignore[no-any-return]  # a module found by name

    def asarray(self, values: Any, dtype: str) -> Any:
        return self.xp.device_put(self.xp.numpy.asarray(values, dtype=dtype), self.handle)

    def to_numpy(self, x: Any) -> Floats:
        return np.asarray(x).astype(np.float64)

    def dtype_of(self, x: Any) -> str:
        return str(x.dtype)

    def device_of(self, x: Any) -> str:
        (device,) = x.devices()
        return self.device if device == self.handle else str(device)

    def default_float(self) -> str:
        return str(self.xp.numpy.zeros(1).dtype)

    def sync(self, x: Any) -> None:
        self.xp.block_until_ready(x)
