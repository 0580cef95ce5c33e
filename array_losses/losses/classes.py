"""Losses over classes, of logits and the class that is right.

The paragraphs that hold for all of them: a row is all logits along `axis`, the result has the shape without it, and
rows are independent. Everything is computed from logits in log space and is finite for every finite logit. Labels are
class indices, or (where the page says so) class probabilities of the logits' shape. An ignored row is never looked at,
whatever its logits; with all rows ignored, mean and gradient are 0, where torch's mean is NaN.
"""

from __future__ import annotations

from .. import _check
from .._array import Array
from ..measures import classes as kernels
from ..measures import tempered
from ._classes import Spec, label_loss, penalty_loss
from ._rows import Shared


def softmax_cross_entropy(
    logits: Array,
    labels: Array,
    *,
    label_smoothing: float = 0.0,
    class_weights: Array | None = None,
    ignore_index: int | None = None,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Cross-entropy of a softmax, -ln p_y, or -sum t ln p for class probabilities t.

    .. math::

        L = -\sum_c w_c \, t'_c \ln p_c, \qquad p_c = \frac{e^{x_c}}{\sum_j e^{x_j}},
        \qquad t'_c = (1 - \epsilon) \, t_c + \frac{\epsilon}{C}

    x are the logits of C classes, t their probabilities, or 1 at the class index y and 0 elsewhere, w are the
    `class_weights`, 1 without, epsilon is `label_smoothing`. The negative log-likelihood of the right class: what
    classifiers and segmentation heads train with.

    Parameters
    ----------
    logits : array, shape (..., C), real dtype
        Scores of the C classes before the softmax.
    labels : array, shape (...) of integers, or (..., C) of real dtype
        Class indices, or class probabilities. Rows whose index is `ignore_index` or outside [0, C) are ignored:
        they cost 0, have gradient 0 and do not count in a mean.
    label_smoothing : float in [0, 1], default 0
        epsilon: how much of the target all classes share evenly.
    class_weights : array, shape (C,), real dtype, optional
        Factor of each class. The mean divides by the sum of w_y, or of t w for class probabilities.
    ignore_index : int, optional
        A class index to ignore.
    axis : int, default -1
        The axis of the classes.
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
        If shapes do not fit or an option is unknown, or label_smoothing is outside [0, 1].

    Notes
    -----
    Class indices: torch's `cross_entropy` in value and mean, class weights and label smoothing included (there,
    too, w multiplies the smoothed part class by class), but for its NaN when all are ignored. For class
    probabilities torch's mean divides by N: ``reduction="mean", normalizer=N``. optax's
    `softmax_cross_entropy(_with_integer_labels)` is ``reduction="none"``; its NaN for -inf logits with target 0 is
    a 0 here. keras renormalises and clips probabilities. mmsegmentation divides by all pixels:
    ``normalizer=number_of_pixels``; so does segmentation_models.pytorch.

    Other projects smooth otherwise: fast-reid's eps/(K - 1) for the wrong classes is ``label_smoothing=eps * K / (K
    - 1)`` here. -ln p is exact in the relative sense also for a sure answer, where p_y rounds to 1, but in PyTorch:
    its own function stands in on plain CPU tensors, and its log-softmax in compiled calls that want no gradient.
    Both round at the size of 1.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import softmax_cross_entropy
    >>> x = np.asarray([[1.2, -0.8, -0.5], [0.9, -1.2, 1.1], [0.3, 0.1, -0.2]])
    >>> print(softmax_cross_entropy(x, np.asarray([0, 1, 2])).round(4))
    [0.2761 2.9518 1.3859]
    >>> w = np.asarray([1.0, 2.0, 3.0])
    >>> print(softmax_cross_entropy(x, np.asarray([0, 1, 2]), class_weights=w, reduction="mean").round(4))
    1.7229
    """
    label_smoothing = _check.number("label_smoothing", label_smoothing, 0.0, 1.0)
    spec = penalty_loss(kernels.entropy, (), label_smoothing)
    shared = Shared(weights, where, normalizer, reduction)
    return label_loss(spec, logits, labels, axis, ignore_index, class_weights, shared, native_smoothing=label_smoothing)


def softmax_focal_loss(
    logits: Array,
    labels: Array,
    *,
    gamma: float = 2.0,
    class_weights: Array | None = None,
    ignore_index: int | None = None,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Focal loss of a softmax, -(1 - p_y)^gamma ln p_y.

    .. math::

        L = -\sum_c w_c \, t_c \, (1 - p_c)^\gamma \ln p_c, \qquad p_c = \frac{e^{x_c}}{\sum_j e^{x_j}}

    x are the logits of the classes, t their probabilities, or 1 at the class index y and 0 elsewhere, w are the
    `class_weights`, 1 without. The cross-entropy, turned down where the right class is already likely.

    Parameters
    ----------
    logits : array, shape (..., C), real dtype
        Scores of the C classes before the softmax.
    labels : array, shape (...) of integers, or (..., C) of real dtype
        Class indices, or class probabilities. Rows whose index is `ignore_index` or outside [0, C) are ignored:
        they cost 0, have gradient 0 and do not count in a mean.
    gamma : float >= 0, default 2
        Strength of the focus; 0 is `softmax_cross_entropy`.
    class_weights : array, shape (C,), real dtype, optional
        Factor of each class. The mean divides by the sum of w_y, or of t w for class probabilities.
    ignore_index : int, optional
        A class index to ignore.
    axis : int, default -1
        The axis of the classes.
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
        If shapes do not fit or an option is unknown, or gamma is negative.

    Notes
    -----
    There is no scalar alpha: for a softmax it has four meanings in as many projects. MONAI's and kornia's vector [1
    - alpha, alpha, ...] is `class_weights`, with their mean over N instead of the weights' sum as ``normalizer=N``
    (and over N C in MONAI and kornia, whose result has a class axis). With class probabilities each class has a
    focus of its own, as in keras. segmentation_models.pytorch's multi-class focal loss is the sigmoid's, class by
    class.

    References
    ----------
    T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, arXiv:1708.02002.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import softmax_focal_loss
    >>> print(softmax_focal_loss(np.asarray([[0.0, 0.0], [2.0, 0.0]]), np.asarray([0, 0])).round(6))  # ln 2 / 4, ...
    [0.173287 0.001804]
    """
    gamma = _check.number("gamma", gamma, 0.0)
    spec = penalty_loss(kernels.focal, (gamma,))
    return label_loss(
        spec, logits, labels, axis, ignore_index, class_weights, Shared(weights, where, normalizer, reduction)
    )


def poly1_loss(
    logits: Array,
    labels: Array,
    *,
    epsilon: float = 2.0,
    ignore_index: int | None = None,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Poly-1 loss, -ln p_y + epsilon (1 - p_y): cross-entropy with its leading polynomial term reweighted.

    .. math::

        L = \sum_c t_c \, \left(-\ln p_c + \epsilon \, (1 - p_c)\right), \qquad p_c = \frac{e^{x_c}}{\sum_j e^{x_j}}

    x are the logits of the classes, t their probabilities, or 1 at the class index y and 0 elsewhere. As a series,
    -ln p is (1 - p) + (1 - p)^2/2 + ...; epsilon changes how much the first term counts.

    Parameters
    ----------
    logits : array, shape (..., C), real dtype
        Scores of the C classes before the softmax.
    labels : array, shape (...) of integers, or (..., C) of real dtype
        Class indices, or class probabilities. Rows whose index is `ignore_index` or outside [0, C) are ignored:
        they cost 0, have gradient 0 and do not count in a mean.
    epsilon : float >= -1, default 2
        Added weight of the first term.
    ignore_index : int, optional
        A class index to ignore.
    axis : int, default -1
        The axis of the classes.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        At least 0 for epsilon >= -1.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or epsilon is below -1.

    Notes
    -----
    optax's `poly_loss_cross_entropy`. The default is that of the paper's ImageNet model; its detector has -1.

    References
    ----------
    Z. Leng et al., "PolyLoss", ICLR 2022, arXiv:2204.12511, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import poly1_loss
    >>> print(poly1_loss(np.asarray([[0.0, 0.0]]), np.asarray([1])).round(6))  # ln 2 + 2 * 1/2
    [1.693147]
    """
    epsilon = _check.number("epsilon", epsilon, -1.0)
    spec = penalty_loss(kernels.poly1, (epsilon,))
    return label_loss(spec, logits, labels, axis, ignore_index, None, Shared(weights, where, normalizer, reduction))


def generalized_cross_entropy(
    logits: Array,
    labels: Array,
    *,
    q: float = 0.7,
    ignore_index: int | None = None,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Generalized cross-entropy, (1 - p_y^q)/q: between the cross-entropy (q = 0) and the absolute error (q = 1).

    .. math::

        L = \sum_c t_c \, \frac{1 - p_c^q}{q}, \qquad p_c = \frac{e^{x_c}}{\sum_j e^{x_j}}

    x are the logits of the classes, t their probabilities, or 1 at the class index y and 0 elsewhere. Bounded by 1/q,
    so that wrong labels cannot dominate the gradient.

    Parameters
    ----------
    logits : array, shape (..., C), real dtype
        Scores of the C classes before the softmax.
    labels : array, shape (...) of integers, or (..., C) of real dtype
        Class indices, or class probabilities. Rows whose index is `ignore_index` or outside [0, C) are ignored:
        they cost 0, have gradient 0 and do not count in a mean.
    q : float in [0, 1], default 0.7
        Where between the two.
    ignore_index : int, optional
        A class index to ignore.
    axis : int, default -1
        The axis of the classes.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        In [0, 1/q].

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or q is outside [0, 1].

    Notes
    -----
    keras' `CategoricalGeneralizedCrossEntropy`, which takes probabilities.

    References
    ----------
    Z. Zhang, M. R. Sabuncu, "Generalized Cross Entropy Loss", NeurIPS 2018, arXiv:1805.07836, equation 6.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import generalized_cross_entropy
    >>> generalized_cross_entropy(np.asarray([[0.0, 0.0]]), np.asarray([1]), q=1.0)  # 1 - 1/2
    array([0.5])
    """
    q = _check.number("q", q, 0.0, 1.0)
    spec = penalty_loss(kernels.generalized, (q,))
    return label_loss(spec, logits, labels, axis, ignore_index, None, Shared(weights, where, normalizer, reduction))


def multiclass_hinge_loss(
    scores: Array,
    labels: Array,
    *,
    form: str = "max",
    ignore_index: int | None = None,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Multi-class hinge loss: every wrong class has to stay 1 below the right one.

    .. math::

        L_{\max} &= \max_j \left(x_j + 1 - [j = y]\right) - x_y \\
        L_{\text{sum}} &= \sum_{j \ne y} \max(0, 1 + x_j - x_y)

    x are the scores and y is the right class; [j = y] is 1 for the right class and 0 for the others. ``form="max"``
    (Crammer and Singer) charges the worst offender, ``form="sum"`` (Weston and Watkins) all of them.

    Parameters
    ----------
    scores : array, shape (..., C), real dtype
        Scores of the C classes, of any size.
    labels : array, shape (...), integers
        Class indices. Rows whose index is `ignore_index` or outside [0, C) are ignored.
    form : {"max", "sum"}, default "max"
        Which of the two.
    ignore_index : int, optional
        A class index to ignore.
    axis : int, default -1
        The axis of the classes.
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
    optax's `multiclass_hinge_loss` is the maximum; torch's `multi_margin_loss` is the sum divided by C. keras'
    `CategoricalHinge` compares with 0 besides, so that negative scores differ. Classes that tie for the maximum
    share its slope; the slope is 0 at the kink of the sum.

    References
    ----------
    K. Crammer, Y. Singer, JMLR 2, 2001; J. Weston, C. Watkins, ESANN 1999.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import multiclass_hinge_loss
    >>> x, y = np.asarray([[0.1, 0.2, 0.4, 0.8]]), np.asarray([3])
    >>> print(multiclass_hinge_loss(x, y).round(6), multiclass_hinge_loss(x, y, form="sum").round(6))
    [0.6] [1.3]
    """
    _check.one_of("form", form, ("max", "sum"))
    spec = Spec(kernels.margin_kernel, None, (form,))
    return label_loss(
        spec, scores, labels, axis, ignore_index, None, Shared(weights, where, normalizer, reduction), name="scores"
    )


def bi_tempered_loss(
    logits: Array,
    labels: Array,
    *,
    t1: float,
    t2: float,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    axis: int = -1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Bi-tempered logistic loss: the cross-entropy with a bounded logarithm (t1) and a heavy-tailed softmax (t2).

    .. math::

        L &= \sum_c \left(y_c \, (\log_{t_1} y_c - \log_{t_1} p_c)
        - \frac{y_c^{2 - t_1} - p_c^{2 - t_1}}{2 - t_1}\right) \\
        p_c &= \left(1 + (t_2 - 1)(\lambda - x_c)\right)^{-1 / (t_2 - 1)}, \qquad \sum_c p_c = 1 \\
        \log_{t_1} u &= \frac{u^{1 - t_1} - 1}{1 - t_1}, \qquad y_c = (1 - \epsilon) \, t_c + \frac{\epsilon}{C}

    x are the logits of C classes, t_c their probabilities, or 1 at the class index and 0 elsewhere, epsilon is
    `label_smoothing` and lambda the number with which the p_c add up to 1. At t1 = 1 the logarithm is ln, at t2 = 1 p
    is the softmax. Robust against wrong labels: t1 bounds what a far outlier costs, t2 what it pulls near the
    boundary.

    Parameters
    ----------
    logits : array, shape (..., C), real dtype
        Scores of the C classes before the softmax.
    labels : array, shape (...) of integers, or (..., C) of real dtype
        Class indices, or class probabilities. Rows whose index is `ignore_index` or outside [0, C) are ignored:
        they cost 0, have gradient 0 and do not count in a mean.
    t1 : float in [0, 1]
        Temperature of the logarithm; the loss is bounded for t1 < 1.
    t2 : float in [1, 5]
        Temperature of the softmax; its tail is heavier than exponential for t2 > 1.
    label_smoothing : float in [0, 1], default 0
        epsilon: how much of the target all classes share evenly.
    ignore_index : int, optional
        A class index to ignore.
    axis : int, default -1
        The axis of the classes.
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
        If shapes do not fit or an option is unknown, t1 is outside [0, 1] or t2 outside [1, 5].

    Notes
    -----
    t1 = t2 = 1 is `softmax_cross_entropy` less the entropy of y. The authors' code finds lambda by five steps of a
    fixed-point iteration; here Newton's method converges to the last digit, so values differ from theirs by what
    those five steps leave. It adds 1e-10 inside its logarithm; 0 log 0 is 0 here. pytorch-toolbelt smooths with
    eps/(C - 1).

    References
    ----------
    E. Amid et al., "Robust Bi-Tempered Logistic Loss Based on Bregman Divergences", NeurIPS 2019, arXiv:1906.03361.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import bi_tempered_loss
    >>> print(bi_tempered_loss(np.asarray([[0.0, 0.0]]), np.asarray([1]), t1=0.5, t2=2.0).round(6))  # p = 1/2, 1/2
    [0.390524]
    """
    t1, t2 = _check.number("t1", t1, 0.0, 1.0), _check.number("t2", t2, 1.0, 5.0)
    label_smoothing = _check.number("label_smoothing", label_smoothing, 0.0, 1.0)
    spec = Spec(None, tempered.tempered_kernel, (t1, t2, label_smoothing))
    return label_loss(spec, logits, labels, axis, ignore_index, None, Shared(weights, where, normalizer, reduction))
