"""In losses of a logit or a probability with a target."""

from __future__ import annotations

from .fault import Fault

LOGITS = "measures/logits.py"

FAULTS = (
    Fault(
        "alpha for negatives, 1 - alpha for positives",
        LOGITS,
        "(2.0 * alpha - 1.0) * t + (1.0 - alpha)",
        "(1.0 - 2.0 * alpha) * t + alpha",
        ("sigmoid_focal_loss",),
    ),
    Fault(
        "no gradient through |t - p|^beta",
        LOGITS,
        "xp.sign(error) * _rate(xp, size, beta, e.value)",
        "0.0 * error",
        ("quality_focal_loss",),
    ),
    Fault(
        "targets of 0 taken for positives",
        LOGITS,
        "positive, zero = t > 0.0, xp.zeros_like(x)",
        "positive, zero = t >= 0.0, xp.zeros_like(x)",
        ("varifocal_loss",),
    ),
    Fault(
        "targets near 1 taken for positives",
        LOGITS,
        "positive = t == 1.0",
        "positive = t > 0.99",
        ("gaussian_focal_loss",),
    ),
    Fault(
        "ln(1 - p) of the probability before the margin",
        LOGITS,
        "rest = q + margin",
        "rest = q",
        ("asymmetric_loss",),
    ),
    Fault(
        "1 - p computed as a difference",
        "_numerics.py",
        "    smaller = small * larger\n",
        "    smaller = 1.0 - larger\n",
        ("sigmoid_focal_loss",),
    ),
    Fault(
        "a smoothed target that adds up to less than 1",
        LOGITS,
        "self.t = (1.0 - smoothing) * t + 0.5 * smoothing",
        "self.t = (1.0 - smoothing) * t",
        ("sigmoid_binary_cross_entropy",),
    ),
    Fault(
        "ln(1 + e^-|x|) without what rounding took from 1 + e^-|x|",
        LOGITS,
        "lost = (small - lost) / whole",
        "lost = 0.0 * small",
        ("sigmoid_binary_cross_entropy",),
    ),
    Fault(
        "p - t' of a logit above 0 as of one below",
        LOGITS,
        "over *= -2.0",
        "over *= 0.0",
        ("sigmoid_binary_cross_entropy",),
    ),
    Fault(
        "ln(1 - p) from the rounded difference",
        LOGITS,
        "xp.where(p < 0.5, (1.0 - some_q)",
        "xp.where(p < -0.5, (1.0 - some_q)",
        ("binary_cross_entropy",),
    ),
)
