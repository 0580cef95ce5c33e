"""In losses of a difference, and of a score with a sign."""

from __future__ import annotations

from .fault import Fault

PENALTIES = "measures/penalties.py"

FAULTS = (
    Fault(
        "the quadratic part without its half",
        PENALTIES,
        "return near * (d - 0.5 * near)",
        "return near * (d - near)",
        ("huber_loss",),
    ),
    Fault(
        "smooth L1 that is Huber's loss",
        PENALTIES,
        "return pull * (d - 0.5 * near)",
        "return near * (d - 0.5 * near)",
        ("smooth_l1_loss",),
    ),
    Fault(
        "wing whose two parts do not meet",
        PENALTIES,
        "size - (width - width * math.log1p(width / epsilon))",
        "size - (width - width * math.log(width / epsilon))",
        ("wing_loss",),
    ),
    Fault(
        "balanced L1 whose two parts meet for beta = 1 only",
        PENALTIES,
        "inner = inner + (alpha * (1.0 - beta) / b) * log",
        "inner = inner + (alpha * (1.0 - beta) / b) * u",
        ("balanced_l1_loss",),
    ),
    Fault(
        "focal L1 with the slope of the paper's x ln x, without its alpha",
        PENALTIES,
        "(-alpha * inside) * log,",
        "-inside * log,",
        ("focal_l1_loss",),
    ),
    Fault(
        "ln cosh by its two exponentials, which cancel near 0",
        PENALTIES,
        "xp.log1p(2.0 * half * half) + xp.abs(d - near)",
        "xp.abs(d) + (xp.log1p(xp.exp(-2.0 * xp.abs(d))) - math.log(2.0))",
        ("log_cosh_loss",),
    ),
    Fault(
        "the slope 1 of |d| at 0",
        PENALTIES,
        "return xp.abs(d), xp.sign(d)",
        "return xp.abs(d), xp.where(d >= 0.0, xp.ones_like(d), -xp.ones_like(d))",
        ("l1_loss",),
    ),
    Fault(
        "hinge with a slope at its kink",
        "measures/logits.py",
        "missed = gap > 0.0",
        "missed = gap >= 0.0",
        ("hinge_loss",),
    ),
)
