"""In losses over classes and bins, of distributions, and of those that hand on a state."""

from __future__ import annotations

from .fault import Fault

CLASSES = "measures/classes.py"
DISTRIBUTIONS = "measures/distributions.py"
BALANCE = "measures/balance.py"

FAULTS = (
    Fault(
        "-ln p of a sure answer from the rounded p",
        CLASSES,
        "xp.log1p(rest + (own - 1.0)) + gap",
        "xp.log(rest + own) + gap",
        ("softmax_cross_entropy",),
    ),
    Fault(
        "smoothing shared among the other classes only",
        CLASSES,
        "(smoothing / x.shape[-1]) * xp.sum(t, axis=-1)",
        "(smoothing / max(1, x.shape[-1] - 1)) * xp.sum(t, axis=-1)",
        ("softmax_cross_entropy",),
    ),
    Fault(
        "no gradient through (1 - p)^gamma",
        CLASSES,
        "raised * (1.0 + gamma * (1.0 - miss) * ratio)",
        "raised * (1.0 + 0.0 * ratio)",
        ("softmax_focal_loss",),
    ),
    Fault(
        "all of a tie's slope to each",
        CLASSES,
        "pull = tied / denominator(xp, xp.sum(tied, axis=-1))[..., None]",
        "pull = tied",
        ("multiclass_hinge_loss",),
    ),
    Fault(
        "ignore_index counted like any other",
        "losses/_classes.py",
        "valid = valid & (index != ignore_index)",
        "valid = valid & (index == index)",
        ("poly1_loss", "generalized_cross_entropy"),
    ),
    Fault(
        "class weights that do not count in a mean",
        "losses/_classes.py",
        "where, normalizer, counts\n",
        "where, normalizer, None\n",
        ("softmax_focal_loss",),
    ),
    Fault(
        "a tempered softmax that is not yet solved",
        "measures/tempered.py",
        "NEWTON_STEPS = 20",
        "NEWTON_STEPS = 4",
        ("bi_tempered_loss",),
    ),
    Fault(
        "the slope of the ordinary softmax",
        "measures/tempered.py",
        "escort = xp.exp(t2 * log_p)",
        "escort = xp.exp(log_p)",
        ("bi_tempered_loss",),
    ),
    Fault(
        "the divergence the wrong way round",
        DISTRIBUTIONS,
        "log_ratio(xp, some_t, some_p)",
        "log_ratio(xp, some_p, some_t)",
        ("kl_divergence",),
    ),
    Fault(
        "the mean of both distributions for their sum",
        DISTRIBUTIONS,
        "total = p + t",
        "total = 0.5 * (p + t)",
        ("js_divergence",),
    ),
    Fault(
        "a slope where the logarithm has ended",
        DISTRIBUTIONS,
        "slope = xp.where(p == some, -1.0 - log, xp.zeros_like(p)) if wanted[0] else None",
        "slope = -1.0 - log if wanted[0] else None",
        ("entropy",),
    ),
    Fault(
        "the weights of both bins exchanged",
        "measures/bins.py",
        "value = p.loss + weight * ahead",
        "value = p.loss + (1.0 - weight) * ahead",
        ("distribution_focal_loss",),
    ),
    Fault(
        "a gradient for targets beyond the bins",
        "measures/bins.py",
        "xp.where(inside == t,",
        "xp.where(t == t,",
        ("distribution_focal_loss",),
    ),
    Fault(
        "bins that are not in use counted",
        BALANCE,
        "after * filled",
        "after * float(bins)",
        ("ghm_classification_loss", "ghm_regression_loss"),
    ),
    Fault(
        "counts of bins without numbers decay",
        BALANCE,
        "after = xp.where(present, momentum * before + (1.0 - momentum) * found, before)",
        "after = momentum * before + (1.0 - momentum) * found",
        ("ghm_classification_loss",),
    ),
    Fault(
        "positives turned up as negatives are",
        BALANCE,
        "1.0 + alpha * (1.0 - of_negatives)",
        "1.0 + alpha * of_negatives",
        ("equalization_loss_v2",),
    ),
    Fault(
        "a state that learns from masked numbers",
        "losses/balanced.py",
        "error = xp.where(where, error, xp.zeros_like(error))",
        "error = error + 0.0",
        ("equalization_loss_v2",),
    ),
    Fault(
        "frequent classes pushed, rare ones not",
        BALANCE,
        "p * xp.where(scarcer < 0.0, scarcer, zero)",
        "p * xp.where(scarcer > 0.0, scarcer, zero)",
        ("seesaw_loss",),
    ),
    Fault(
        "ignored labels counted as samples",
        "losses/balanced.py",
        "xp.logical_and(one_hot(xp, index, logits), where[..., None])",
        "one_hot(xp, index, logits)",
        ("seesaw_loss",),
    ),
)
