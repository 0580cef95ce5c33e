"""Floor 1: derivatives. The tape, closed forms told to every library, and `grad`, `value_and_grad`, `stop_gradient`."""

from ._closed_form import INDEX, Kernel, Ranks, closed_form, own_axes
from ._transforms import compiled, grad, stop_gradient, value_and_grad

__all__ = [
    "INDEX",
    "Kernel",
    "Ranks",
    "closed_form",
    "compiled",
    "grad",
    "own_axes",
    "stop_gradient",
    "value_and_grad",
]
