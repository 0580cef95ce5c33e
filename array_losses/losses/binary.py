"""Yes-or-no losses: the cross-entropy of a logit or a probability with its target, and hinges.

The paragraphs that hold for all of them: each number is a row of its own, so the result has the shape of the input and
a mean is one over all numbers; shapes must be equal. What starts from logits is computed in log space: finite in value
and gradient for every finite logit, exact also where the sigmoid rounds to 0 or 1.
"""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array
from ..autodiff import Kernel
from ..measures import logits as kernels
from ._rows import Shared, row_loss


def logit_loss(
    kernel: Kernel,
    knobs: tuple[Any, ...],
    logits: Array,
    targets: Array,
    weights: Array | None,
    where: Array | None,
    normalizer: Array | float | None,
    reduction: str,
) -> Array:
    """A loss of a logit and its target, number by number."""
    _check.matched(logits=logits, targets=targets)
    shared = Shared(weights, where, normalizer, reduction)
    return row_loss(kernel, (0, 0), knobs, (logits, targets), tuple(logits.shape), shared)


def sigmoid_binary_cross_entropy(
    logits: Array,
    targets: Array,
    *,
    pos_weight: Array | float | None = None,
    label_smoothing: float = 0.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Binary cross-entropy from logits, -t ln p - (1 - t) ln(1 - p) with p = sigmoid(x).

    .. math::

        L &= -w \, t' \ln p - (1 - t') \ln(1 - p) \\
        p &= \frac{1}{1 + e^{-x}}, \qquad t' = (1 - \epsilon) \, t + \frac{\epsilon}{2}

    x is a logit and t its target, w is `pos_weight`, 1 without, epsilon is `label_smoothing`. The negative
    log-likelihood of independent yes-or-no answers: objectness, multi-label classes. Summed over classes it is the
    fourth of the classical forms of cross-entropy.

    Parameters
    ----------
    logits, targets : array, shape (...), real dtype
        Scores before the sigmoid, and what they should be: 0, 1 or anything between. Of one library and of the same
        shape.
    pos_weight : number >= 0 or array that broadcasts to the rows, optional
        Factor of the term with t: above 1, missed positives cost more. One number a class makes shape (C,).
    label_smoothing : float in [0, 1], default 0
        epsilon: how far the targets are drawn towards 1/2.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, pos_weight is negative or label_smoothing outside [0, 1].

    Notes
    -----
    torch's `binary_cross_entropy_with_logits`, optax's `sigmoid_binary_cross_entropy`. `pos_weight` does not count
    in the mean's divisor, as in torch. keras' `BinaryCrossentropy` smooths as here; segmentation_models.pytorch and
    pytorch-toolbelt turn [1, 0] into [1 - eps, eps], which is ``label_smoothing=2 * eps`` here. torch's
    `binary_cross_entropy_with_logits` sums terms that cancel for soft targets; here each is positive. Targets
    outside [0, 1] give the formula's value.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import sigmoid_binary_cross_entropy
    >>> x, t = np.asarray([1.5, -0.5, 0.0]), np.asarray([1.0, 1.0, 0.0])
    >>> print(sigmoid_binary_cross_entropy(x, t).round(6))  # ln(1 + e^-1.5), ln(1 + e^0.5), ln 2
    [0.201413 0.974077 0.693147]
    >>> print(sigmoid_binary_cross_entropy(x, t, pos_weight=3.0, reduction="mean").round(6))  # (3 * 1.17549 + ln 2)/3
    1.406539
    """
    label_smoothing = _check.number("label_smoothing", label_smoothing, 0.0, 1.0)
    xp, rows = _check.matched(logits=logits, targets=targets), tuple(logits.shape)
    shared = Shared(weights, where, normalizer, reduction)
    if pos_weight is None or isinstance(pos_weight, (int, float)):
        factor = None if pos_weight is None else _check.number("pos_weight", pos_weight, 0.0)
        options = (factor, label_smoothing)
        return row_loss(kernels.cross_entropy_kernel, (0, 0), options, (logits, targets), rows, shared)
    _check.like_rows(logits, rows, pos_weight=pos_weight)
    _check.real(xp, pos_weight=pos_weight)
    arrays = (logits, targets, pos_weight)
    return row_loss(kernels.cross_entropy_kernel, (0, 0, 0), (None, label_smoothing), arrays, rows, shared)


def binary_cross_entropy(
    probs: Array,
    targets: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Binary cross-entropy (log loss) of probabilities, -t ln p - (1 - t) ln(1 - p).

    .. math::

        L = -t \ln p - (1 - t) \ln(1 - p)

    p is a probability and t its target. For models that end in a sigmoid; from logits use
    `sigmoid_binary_cross_entropy`, which knows more about p near 0 and 1.

    Parameters
    ----------
    probs, targets : array, shape (...), real dtype
        Probabilities and what they should be, both in [0, 1]. Of one library and of the same shape.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 87.4] for float32, [0, 708.4] for float64.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    p and 1 - p count as the smallest normal number of the dtype where they are below it; the slope of that
    logarithm is 0 there. torch's `binary_cross_entropy` ends its logarithms at -100 and its slopes at 1e12; keras
    clips p to [1e-7, 1 - 1e-7], so that a wrong certainty costs 15.9 in float32 and 16.1 in float64; scikit-learn's
    `log_loss` clips at the dtype's eps.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import binary_cross_entropy
    >>> p, t = np.asarray([0.2, 0.8, 0.4]), np.asarray([0.0, 1.0, 0.0])
    >>> print(binary_cross_entropy(p, t, reduction="sum").round(6))  # -(ln 0.8 + ln 0.8 + ln 0.6)
    0.957113
    """
    _check.matched(probs=probs, targets=targets)
    shared = Shared(weights, where, normalizer, reduction)
    return row_loss(kernels.probability_kernel, (0, 0), (), (probs, targets), tuple(probs.shape), shared)


def hinge_loss(
    scores: Array,
    targets: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Hinge loss, max(0, 1 - t s), for targets t of -1 and 1.

    .. math::

        L = \max(0, 1 - t s)

    s is a score. The loss of support vector machines: nothing for a score on the right side with a margin of 1.

    Parameters
    ----------
    scores, targets : array, shape (...), real dtype
        Scores of any size, and -1 or 1. Of one library and of the same shape.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    optax's `hinge_loss`. keras' `Hinge` turns targets into -1 and 1 if all of them are 0 or 1; here ``2 * t - 1``
    does. The slope is 0 at the kink.

    References
    ----------
    C. Cortes, V. Vapnik, "Support-Vector Networks", Machine Learning 20, 1995.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import hinge_loss
    >>> hinge_loss(np.asarray([0.25, -2.0, 3.0]), np.asarray([1.0, 1.0, 1.0]))
    array([0.75, 3.  , 0.  ])
    """
    _check.matched(scores=scores, targets=targets)
    shared = Shared(weights, where, normalizer, reduction)
    return row_loss(kernels.hinge_kernel, (0, 0), (False,), (scores, targets), tuple(scores.shape), shared)


def squared_hinge_loss(
    scores: Array,
    targets: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Squared hinge loss, max(0, 1 - t s)^2, for targets t of -1 and 1.

    .. math::

        L = \max(0, 1 - t s)^2

    s is a score. Differentiable everywhere, and harder on large violations than `hinge_loss`.

    Parameters
    ----------
    scores, targets : array, shape (...), real dtype
        Scores of any size, and -1 or 1. Of one library and of the same shape.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    keras' `SquaredHinge`, but for its guess of the targets' form (see `hinge_loss`).

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import squared_hinge_loss
    >>> squared_hinge_loss(np.asarray([0.25, -2.0, 3.0]), np.asarray([1.0, 1.0, 1.0]))
    array([0.5625, 9.    , 0.    ])
    """
    _check.matched(scores=scores, targets=targets)
    shared = Shared(weights, where, normalizer, reduction)
    return row_loss(kernels.hinge_kernel, (0, 0), (True,), (scores, targets), tuple(scores.shape), shared)
