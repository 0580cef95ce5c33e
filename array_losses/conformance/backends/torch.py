"""PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ulp import Floats
from .adapter import Backend, BackendMissingError


class Torch(Backend):
    library = "torch"
    dtypes = ("float16", "bfloat16", "float32", "float64")
    jit_is_quick = False

    def __init__(self, device: str | None = None) -> None:
        super().__init__(device)
        self.vmap = self.xp.func.vmap
        self.jit = self._compile
        self.native_slopes = self._backward

    def _choose(self, device: str | None) -> None:
        self.device = device or "cpu"
        kind = self.device.partition(":")[0]
        if kind == "cuda" and self.xp.cuda.device_count() == 0:
            raise BackendMissingError("torch sees no CUDA device")
        if kind not in ("cpu", "cuda"):
            raise BackendMissingError(f"torch: only cpu and cuda are known here, not {device!r}")

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

    def dtype_of(self, x: Any) -> str:
        return str(x.dtype).removeprefix("torch.")

    def device_of(self, x: Any) -> str:
        return str(x.device) if ":" in self.device else str(x.device.type)

    def default_float(self) -> str:
        return str(self.xp.get_default_dtype()).removeprefix("torch.")

    def sync(self, x: Any) -> None:
        if self.device.startswith("cuda"):
            self.xp.cuda.synchronize()
