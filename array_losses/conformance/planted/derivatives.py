"""In the tape, and in what tells PyTorch of second derivatives."""

from __future__ import annotations

from .fault import Fault

RULES, TAPE, TORCH = "autodiff/_rules_elementwise.py", "autodiff/_tape.py", "autodiff/_torch.py"

FAULTS = (
    Fault(
        "a power's slope without the power",
        RULES,
        '"exp": lambda xp, out, x: (lambda g: g * out,)',
        '"exp": lambda xp, out, x: (lambda g: g,)',
        ("grad", "value_and_grad"),
        checks=("grad", "value_and_grad"),
    ),
    Fault(
        "all of a tie's slope to both on the tape",
        RULES,
        "xp.where(loses, 0.0, 0.5 * g)",
        "xp.where(loses, 0.0, g)",
        ("clip_boxes",),
    ),
    Fault(
        "stop_gradient that stops nothing",
        TAPE,
        "return TapeArray(_unwrap(x), x.xp) if isinstance(x, TapeArray) else x",
        "return x",
        ("stop_gradient",),
        checks=("stop_gradient",),
    ),
    Fault(
        "what is constant for the gradient moves with it",
        TAPE,
        "return TapeArray(_unwrap(x), x.xp) if isinstance(x, TapeArray) else x",
        "return +x if isinstance(x, TapeArray) else x",
        ("seesaw_loss", "circle_loss"),
    ),
    Fault(
        "slopes that are constants for the second derivative",
        TORCH,
        "        if torch.is_grad_enabled():\n            # As differentiable formulas.",
        "        if not count:\n            # As differentiable formulas.",
        ("giou_loss", "sigmoid_focal_loss"),
        backend="torch",
        checks=("double backward",),
    ),
)
