"""All that the tape knows about the standard's functions: rules, compositions, and what has no derivative."""

from __future__ import annotations

from ._rules_elementwise import ELEMENTWISE
from ._rules_reduce import REDUCE, REDUCE_COMPOSED
from ._rules_shape import SHAPE, SHAPE_COMPOSED, VALUES

__all__ = ["COMPOSED", "NOT_DIFFERENTIABLE", "RULES", "VALUES"]

RULES = ELEMENTWISE | REDUCE | SHAPE
COMPOSED = REDUCE_COMPOSED | SHAPE_COMPOSED

# Functions whose result is a constant: it does not depend on the values of its arguments, or only in steps.
NOT_DIFFERENTIABLE = frozenset(
    """
    all any argmax argmin argsort bitwise_and bitwise_invert bitwise_left_shift bitwise_or
    bitwise_right_shift bitwise_xor can_cast ceil count_nonzero empty_like equal finfo floor floor_divide
    greater greater_equal iinfo isdtype isfinite isin isinf isnan less less_equal logical_and logical_not
    logical_or logical_xor nonzero not_equal ones_like result_type round searchsorted sign signbit trunc
    zeros_like
    """.split()
)
