"""Gradients of functions that a user writes."""

from __future__ import annotations

from .case import Budget, Case

CASES = (
    Case("grad", "transform", Budget((2, 2), (2, 2))),
    Case("value_and_grad", "transform", Budget((2, 2), (2, 2))),
    Case("value_grad_and_hessian_diagonal", "transform", Budget((2, 2), (4, 4))),
    Case("stop_gradient", "transform", Budget((1, 1), (1, 1))),
)
