"""Functions whose gradient is told by hand, where the steps that they are made of would cost more to record.

A rule maps arrays to a value of any shape and, for each array, a function from the value's gradient to that array's:

    rule(xp, arrays, *options) -> value, [pullback or None, ...]

Rules and pullbacks are written to the standard and can be differentiated themselves: JAX, `torch.compile` and
`torch.func` take the value as the formula that it is, because they write steps down for nothing or fuse them; the tape
and eager PyTorch call the pullbacks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .._array import Array, is_fused, is_tape, is_torch, namespace
from . import _tape

Pullback = Callable[[Array], Array]
Rule = Callable[..., tuple[Array, Sequence[Pullback | None]]]


def with_pullbacks(rule: Rule, options: tuple[Any, ...], *arrays: Array) -> Array:
    """The rule's value, differentiable in the arrays' library."""
    xp = namespace(*arrays)
    if is_tape(xp):
        return _tape.custom(lambda *inner, wanted: rule(namespace(*inner), inner, *options), arrays)
    if is_torch(xp) and not is_fused(xp):
        from . import _torch

        return _torch.with_pullbacks(rule, options, arrays)
    return rule(xp, arrays, *options)[0]
