"""Dask: NumPy arrays in chunks, computed when somebody looks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import dask

from array_losses.conformance.backends import Backend, Gap


class Dask(Backend):
    library = "dask"
    namespace = "array_api_compat.dask.array"
    gaps = (
        Gap(
            "no __dlpack__: objects are matched by numbers that somebody has to compute first",
            "https://docs.dask.org/en/stable/array-api.html",
            says="has no attribute '__dlpack__'",
            functions=("detr_loss",),
        ),
        Gap(
            "the maximum of no rows, along another axis, is an error",
            "https://github.com/dask/dask/pull/9268",
            says="zero-size array to reduction operation",
            checks=("empty", "no pixels"),
        ),
        Gap(
            "no rows cannot be written into a slice",
            "https://docs.dask.org/en/stable/array-assignment.html",
            says="shape mismatch: value array of shape",
            checks=("empty",),
        ),
        Gap(
            "the maximum of no rows, along an inner axis, has another shape than it says",
            "https://github.com/dask/dask/pull/9268",
            says="operands could not be broadcast together",
            functions=("*dice*_loss", "lovasz_softmax_loss", "unified_focal_loss"),
            checks=("empty",),
        ),
    )

    def session(self, dtype: str) -> AbstractContextManager[Any]:
        setting: AbstractContextManager[Any] = dask.config.set(scheduler="synchronous")  # the arrays are small
        return setting

    def sync(self, x: Any) -> None:
        dask.compute(x)


backend = Dask
