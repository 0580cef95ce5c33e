"""NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from .adapter import Backend


class NumPy(Backend):
    library = "numpy"
    dtypes = ("float16", "float32", "float64")

    def is_array(self, x: Any) -> bool:
        return isinstance(x, np.ndarray | np.generic)
