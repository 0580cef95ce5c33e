"""array-api-strict: the standard and nothing else."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from ..ulp import Floats
from .adapter import Backend


class Strict(Backend):
    """With every optional part of the standard switched off, on one of its simulated devices."""

    library = "array_api_strict"

    def session(self, dtype: str) -> AbstractContextManager[Any]:
        flags: AbstractContextManager[Any] = self.xp.ArrayAPIStrictFlags(
            boolean_indexing=False, data_dependent_shapes=False, enabled_extensions=()
        )
        return flags

    def device_name(self, device: Any) -> str:
        known = ("CPU_DEVICE", "device1", "device2")
        return next((name for name in known if self.xp.Device(name) == device), str(device))

    def to_numpy(self, x: Any) -> Floats:
        return super().to_numpy(x.to_device(self.xp.Device("CPU_DEVICE")))
