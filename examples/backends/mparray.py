"""mparray: arrays of mpmath's numbers, computed in more digits and rounded to their dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from array_losses.conformance.backends import Backend, Gap


class MPArray(Backend):
    library = "mparray"
    slow = True
    gaps = (
        Gap(
            "minimum and maximum of integers write NaN among them",
            "https://github.com/mdhaber/mparray/blob/main/mparray/_mparray.py",
            says="cannot convert nan to int",
            functions=("semi_hard", "semi_hard_triplet_loss"),
        ),
        Gap(
            "__dlpack__ has no defaults",
            "https://github.com/mdhaber/mparray/blob/main/mparray/_mparray.py",
            says="__dlpack__() missing",
            functions=("detr_loss",),
        ),
    )

    def to_numpy(self, x: Any) -> Any:
        return np.array(x._data, dtype=np.float64)  # it has neither __array__ nor a working __dlpack__


backend = MPArray
