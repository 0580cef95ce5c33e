"""Our kernels alone: what the dispatch, checks and reduction of a public function are held against."""

from __future__ import annotations

from typing import Any

from array_losses._array import namespace, raw
from array_losses.autodiff import Kernel
from array_losses.losses._boxes import one_minus
from array_losses.measures import box_kernel, classes, difference_kernel, formulas, logits, penalties

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
