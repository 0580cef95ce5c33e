"""Floor 1: derivatives. The tape, closed forms told to every library, and `grad`, `value_and_grad`, `stop_gradient`."""

from ._closed_form import closed_form
from ._transforms import compiled, grad, stop_gradient, value_and_grad

__all__ = ["closed_form", "compiled", "grad", "stop_gradient", "value_and_grad"]
