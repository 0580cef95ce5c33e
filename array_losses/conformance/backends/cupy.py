"""CuPy."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from ..ulp import Floats
from .adapter import Backend, BackendMissingError


class CuPy(Backend):
    library = "cupy"
    dtypes = ("float16", "float32", "float64")

    def _choose(self, device: str | None) -> None:
        try:
            count = self.xp.cuda.runtime.getDeviceCount()
        except Exception as problem:
            raise BackendMissingError(f"cupy finds no CUDA driver ({type(problem).__name__})") from None
        self.device = device or "cuda"
        kind, _, index = self.device.partition(":")
        self.index = int(index or 0)
        if kind != "cuda" or self.index >= count:
            raise BackendMissingError(f"cupy sees {count} devices, not {self.device!r}")

    @property
    def hardware(self) -> str:
        return str(self.xp.cuda.runtime.getDeviceProperties(self.index)["name"].decode())

    def session(self, dtype: str) -> AbstractContextManager[Any]:
        return self.xp.cuda.Device(self.index)  # type: ignore[no-any-return]  # CuPy has no types

    def asarray(self, values: Any, dtype: str) -> Any:
        return self.xp.asarray(values, dtype=dtype)

    def to_numpy(self, x: Any) -> Floats:
        return np.asarray(self.xp.asnumpy(x), dtype=np.float64)

    def dtype_of(self, x: Any) -> str:
        return str(x.dtype)

    def device_of(self, x: Any) -> str:
        return self.device if x.device.id == self.index else f"cuda:{x.device.id}"

    def default_float(self) -> str:
        return self.dtype_of(self.asarray([1.0], "float64"))

    def sync(self, x: Any) -> None:
        self.xp.cuda.Device(self.index).synchronize()
