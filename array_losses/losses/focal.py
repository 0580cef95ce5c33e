"""Focal losses: the binary cross-entropy of a logit, turned down where the answer is already right.

What `binary.py` says of its losses holds here. Any exponent from 0 on is finite in value and gradient: the weights are
made of p and 1 - p, each of which keeps all its digits, and slopes never divide by what may be 0.
"""

from __future__ import annotations

from .. import _check
from .._array import Array
from ..measures import logits as kernels
from .binary import logit_loss


def sigmoid_focal_loss(
    logits: Array,
    targets: Array,
    *,
    alpha: float | None = 0.25,
    gamma: float = 2.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Focal loss, -alpha_t (1 - p_t)^gamma ln p_t from logits: RetinaNet's answer to a sea of easy negatives.

    .. math::

        L &= \alpha_t \, (1 - p_t)^\gamma \left(-t \ln p - (1 - t) \ln(1 - p)\right) \\
        p_t &= t p + (1 - t)(1 - p), \qquad \alpha_t = \alpha t + (1 - \alpha)(1 - t), \qquad p = \frac{1}{1 + e^{-x}}

    x is a logit, t its target and p_t the probability of the right answer; alpha_t is 1 for ``alpha=None``. With
    gamma = 2 an answer that is 0.968 right keeps a thousandth of its cross-entropy.

    Parameters
    ----------
    logits, targets : array, shape (...), real dtype
        Scores before the sigmoid, and what they should be: 0, 1 or anything between. Of one library and of the same
        shape.
    alpha : float in [0, 1] or None, default 0.25
        Share of the positives, 1 - alpha of the negatives; None for neither.
    gamma : float >= 0, default 2
        Strength of the focus; 0 is the cross-entropy.
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
        If shapes do not fit or an option is unknown, alpha is outside [0, 1] or gamma negative.

    Notes
    -----
    Soft targets enter p_t and alpha_t as in torchvision, optax and fvcore; segmentation_models.pytorch and
    pytorch-toolbelt take p_t = exp(-CE), CE being the cross-entropy, which is another number then.
    fvcore's alpha = -1 is None here, optax's default as well; ultralytics has gamma = 1.5; keras ignores alpha
    unless told otherwise. ``reduction="sum", normalizer`` of the reference code: ``reduction="mean",
    normalizer=number_of_positives``; DETR's `.mean(1).sum() / n` divides by the number of queries besides. Any
    gamma is finite: with 0 < gamma < 1 others are NaN in the gradient of a sure answer.

    References
    ----------
    T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, arXiv:1708.02002, equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import sigmoid_focal_loss
    >>> x, t = np.asarray([0.9, 0.6, 0.2, 0.3, 0.5]), np.asarray([1.0, 0.0, 0.0, 0.0, 0.0])
    >>> print(sigmoid_focal_loss(x, t).round(4))
    [0.0071 0.3244 0.181  0.2114 0.2831]
    """
    alpha = None if alpha is None else _check.number("alpha", alpha, 0.0, 1.0)
    gamma = _check.number("gamma", gamma, 0.0)
    return logit_loss(kernels.focal_kernel, (alpha, gamma), logits, targets, weights, where, normalizer, reduction)


def quality_focal_loss(
    logits: Array,
    targets: Array,
    *,
    beta: float = 2.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Quality focal loss, |t - p|^beta times the binary cross-entropy, for soft targets t.

    .. math::

        L = |t - p|^\beta \, \left(-t \ln p - (1 - t) \ln(1 - p)\right), \qquad p = \frac{1}{1 + e^{-x}}

    x is a logit and t its target. Generalized focal loss: the target of the true class is the IoU of its box, so that
    one score speaks of class and place.

    Parameters
    ----------
    logits, targets : array, shape (...), real dtype
        Scores before the sigmoid, and what they should be: 0, 1 or anything between. Of one library and of the same
        shape.
    beta : float >= 0, default 2
        Strength of the focus; 0 is the cross-entropy.
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
        If shapes do not fit or an option is unknown, or beta is negative.

    Notes
    -----
    mmdetection's `QualityFocalLoss`, which sums over the classes. The `QFocalLoss` of YOLOv5 is another function:
    |t - p|^1.5 times an alpha of 0.25 or 0.75. The gradient flows through the factor; its slope is 0 at p = t.

    References
    ----------
    X. Li et al., "Generalized Focal Loss", NeurIPS 2020, arXiv:2006.04388, equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import quality_focal_loss
    >>> print(quality_focal_loss(np.asarray([0.0, 0.0]), np.asarray([1.0, 0.75])).round(6))  # ln 2 / 4, ln 2 / 16
    [0.173287 0.043322]
    """
    beta = _check.number("beta", beta, 0.0)
    return logit_loss(kernels.quality_focal_kernel, (beta,), logits, targets, weights, where, normalizer, reduction)


def varifocal_loss(
    logits: Array,
    targets: Array,
    *,
    alpha: float = 0.75,
    gamma: float = 2.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Varifocal loss: t CE where t > 0, alpha p^gamma CE where t = 0.

    .. math::

        L = \begin{cases}
            t \, \left(-t \ln p - (1 - t) \ln(1 - p)\right) & \text{if } t > 0 \\
            -\alpha \, p^\gamma \ln(1 - p) & \text{if } t = 0
        \end{cases}
        \qquad p = \frac{1}{1 + e^{-x}}

    x is a logit and t its target. VarifocalNet's: positives count by the IoU that they should predict, only negatives
    are turned down.

    Parameters
    ----------
    logits, targets : array, shape (...), real dtype
        Scores before the sigmoid, and what they should be: 0, 1 or anything between. Of one library and of the same
        shape.
    alpha : float >= 0, default 0.75
        Factor of the negatives.
    gamma : float >= 0, default 2
        Strength of the focus on negatives.
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
        If shapes do not fit or an option is unknown, or an option is negative.

    Notes
    -----
    mmdetection's `VarifocalLoss`: the factor of a negative is |p - t|^gamma, and the gradient flows through it.
    ultralytics weights by a label of its own beside the score: alpha p^gamma (1 - label) + score label.
    mmdetection's `iou_weighted=False` is ``weights=where(targets > 0, 1 / targets, 1)`` here.

    References
    ----------
    H. Zhang et al., "VarifocalNet", CVPR 2021, arXiv:2008.13367, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import varifocal_loss
    >>> print(varifocal_loss(np.asarray([0.0, 0.0]), np.asarray([0.0, 0.5])).round(6))  # 0.75/4 ln 2, ln 2 / 2
    [0.129965 0.346574]
    """
    alpha, gamma = _check.number("alpha", alpha, 0.0), _check.number("gamma", gamma, 0.0)
    return logit_loss(kernels.varifocal_kernel, (alpha, gamma), logits, targets, weights, where, normalizer, reduction)


def gaussian_focal_loss(
    logits: Array,
    targets: Array,
    *,
    alpha: float = 2.0,
    beta: float = 4.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Penalty-reduced focal loss of heatmaps: -(1-p)^alpha ln p where t = 1, -(1-t)^beta p^alpha ln(1-p) elsewhere.

    .. math::

        L = \begin{cases}
            -(1 - p)^\alpha \ln p & \text{if } t = 1 \\
            -(1 - t)^\beta \, p^\alpha \ln(1 - p) & \text{otherwise}
        \end{cases}
        \qquad p = \frac{1}{1 + e^{-x}}

    x is a logit and t its target. CornerNet's and CenterNet's: a peak of the heatmap is a positive, and the Gaussian
    around it excuses near misses.

    Parameters
    ----------
    logits, targets : array, shape (...), real dtype
        Heatmap before the sigmoid, and its target: exactly 1 at the peaks, below 1 around them. Of one library and
        of the same shape.
    alpha : float >= 0, default 2
        Strength of the focus.
    beta : float >= 0, default 4
        How far the neighbourhood of a peak is excused.
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
        If shapes do not fit or an option is unknown, or an option is negative.

    Notes
    -----
    mmdetection's `GaussianFocalLoss` (its gamma is beta here) and keras-cv's
    `BinaryPenaltyReducedFocalCrossEntropy` take probabilities and clip them or add an eps inside the logarithm;
    here they are logits, and nothing is clipped. The usual mean divides by the number of peaks: ``reduction="mean",
    normalizer=number_of_peaks``.

    References
    ----------
    H. Law, J. Deng, "CornerNet", ECCV 2018, arXiv:1808.01244, equation 1; X. Zhou et al., "Objects as Points",
    2019, arXiv:1904.07850, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import gaussian_focal_loss
    >>> print(gaussian_focal_loss(np.asarray([0.0, 0.0]), np.asarray([1.0, 0.5])).round(6))  # ln 2 / 4, ln 2 / 64
    [0.173287 0.01083 ]
    """
    alpha, beta = _check.number("alpha", alpha, 0.0), _check.number("beta", beta, 0.0)
    return logit_loss(
        kernels.gaussian_focal_kernel, (alpha, beta), logits, targets, weights, where, normalizer, reduction
    )


def asymmetric_loss(
    logits: Array,
    targets: Array,
    *,
    gamma_positive: float = 0.0,
    gamma_negative: float = 4.0,
    margin: float = 0.05,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Asymmetric loss: -t (1-p)^g+ ln p - (1-t) p_m^g- ln(1-p_m) with p_m = max(p - margin, 0).

    .. math::

        L &= -t \, (1 - p)^{\gamma_+} \ln p - (1 - t) \, p_m^{\gamma_-} \ln(1 - p_m) \\
        p &= \frac{1}{1 + e^{-x}}, \qquad p_m = \max(p - m, 0)

    x is a logit and t its target; the exponents are `gamma_positive` and `gamma_negative`, m is `margin`. For images
    with many labels: negatives are turned down harder than positives, and easy ones discarded.

    Parameters
    ----------
    logits, targets : array, shape (...), real dtype
        Scores before the sigmoid, and what they should be: 0, 1 or anything between. Of one library and of the same
        shape.
    gamma_positive, gamma_negative : float >= 0, default 0 and 4
        Strength of the focus on positives and on negatives.
    margin : float in [0, 1), default 0.05
        By how much the probability of a negative is moved; below it, a negative costs nothing.
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
        If shapes do not fit or an option is unknown, an exponent is negative or margin outside [0, 1).

    Notes
    -----
    The defaults are the paper's; the authors' code and timm's `AsymmetricLossMultiLabel` have gamma_positive = 1,
    clamp the logarithms at 1e-8 and sum (``reduction="sum"``). The gradient flows through the focus, as in the
    paper's equation 7; the authors' code can train with it held constant.

    References
    ----------
    T. Ridnik et al., "Asymmetric Loss For Multi-Label Classification", ICCV 2021, arXiv:2009.14119, equations 4-6.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import asymmetric_loss
    >>> x, t = np.asarray([0.0, 0.0, -4.0]), np.asarray([1.0, 0.0, 0.0])
    >>> print(asymmetric_loss(x, t).round(6))  # ln 2, -0.45^4 ln 0.55, 0
    [0.693147 0.024515 0.      ]
    """
    gamma_positive = _check.number("gamma_positive", gamma_positive, 0.0)
    gamma_negative = _check.number("gamma_negative", gamma_negative, 0.0)
    margin = _check.number("margin", margin, 0.0, 1.0 - 1e-6)
    return logit_loss(
        kernels.asymmetric_kernel,
        (gamma_positive, gamma_negative, margin),
        logits,
        targets,
        weights,
        where,
        normalizer,
        reduction,
    )
