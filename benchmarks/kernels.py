"""Ours without a part of it: the kernels alone, and CuPy without the one launch for many operations."""

from __future__ import annotations

from typing import Any
from unittest import mock

from array_losses import _cuda
from array_losses._array import namespace, raw
from array_losses.autodiff import Kernel
from array_losses.losses._boxes import one_minus
from array_losses.measures import box_kernel, classes, difference_kernel, formulas, logits, penalties

from . import ours
from .backends import Function

VALUE_ONLY = (False, False)


def functions() -> dict[str, Function]:
    return {
        "one ciou": _bare(box_kernel, formulas.ciou, one_minus, (("gate", None),)),
        "one sigmoid focal": _bare(logits.focal_kernel, 0.25, 2.0),
        "one huber": _bare(difference_kernel, penalties.huber, 1.0),
        "one softmax ce": _bare(classes.index_kernel, classes.entropy, ()),
    }


def _bare(kernel: Kernel, *options: Any) -> Function:
    found: list[Any] = []  # the library's module, looked up once

    def rows(first: Any, second: Any) -> Any:
        if not found:
            found.append(raw(namespace(first, second)))
        return kernel(found[0], (first, second), VALUE_ONLY, *options)[0]

    return rows


FUSED = ("ciou", "giou", "sigmoid focal", "huber")


def unfused() -> dict[str, Function]:
    """Our functions on CuPy with a kernel for each operation."""
    found = ours.numpy_functions()
    return {entry: _operation_by_operation(found[entry]) for kind in FUSED for entry in (kind, f"{kind} and gradient")}


def _operation_by_operation(function: Function) -> Function:
    def run(*arguments: Any) -> Any:
        with mock.patch.object(_cuda, "rows", return_value=None):
            return function(*arguments)

    return run
