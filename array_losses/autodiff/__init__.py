"""Floor 1: derivatives. The tape, closed forms told to every library, and `grad`, `value_and_grad`, `stop_gradient`."""

from ._closed_form import INDEX, Kernel, Ranks, closed_form, leading_shape, own_axes, unblocked, widened
from ._pullback import with_pullbacks
from ._slopes import Affine, dense
from ._transforms import (
    apart,
    array_namespace,
    compiled,
    constant,
    grad,
    stop_gradient,
    value_and_grad,
    value_grad_and_hessian_diagonal,
)

__all__ = [
    "INDEX",
    "Affine",
    "Kernel",
    "Ranks",
    "apart",
    "array_namespace",
    "closed_form",
    "compiled",
    "constant",
    "dense",
    "grad",
    "leading_shape",
    "own_axes",
    "stop_gradient",
    "unblocked",
    "value_and_grad",
    "value_grad_and_hessian_diagonal",
    "widened",
    "with_pullbacks",
]
