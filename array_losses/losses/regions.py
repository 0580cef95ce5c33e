"""Losses of regions: how well a prediction covers a target, from sums over pixels (`measures/regions.py`).

The paragraphs that hold for all of them: a row is one region, that is one class of one sample, and the result has the
shape of the batch axes with the classes last. ``weights`` of shape (C,) are therefore weights of classes: the mean
divides by their sum. Without smoothing 0/0, nothing to find and nothing found, costs 0 with gradient 0; an empty target
with any prediction costs 1 with gradient 0. Masked pixels and rows outside ``where`` are never looked at. Sums are in
at least float32, and pairwise. The loss is never computed as 1 - score, so that it has all its digits near 0.
"""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array
from .._numerics import power
from ..measures.regions import Cost, correlation_kernel, generalized_kernel, overlap_kernel
from ._regions import Region, layout, region_loss
from ._rows import Shared

ABSENT = ("keep", "skip")
WEIGHTINGS = {"square": 2.0, "simple": 1.0, "uniform": 0.0}


def form_of(squared: Any, intersection: str) -> str:
    """The form of the sums in `measures/regions.py`."""
    _check.one_of("intersection", intersection, ("product", "minimum"))
    if squared and intersection != "product":
        raise ValueError(f"intersection must be 'product' with squared=True; got {intersection!r}")
    return "squared" if squared else intersection


def smoothing(smooth: Any, smooth_denominator: Any) -> tuple[float, float]:
    """What is added to numerator and denominator."""
    smooth = _check.number("smooth", smooth, 0.0)
    if smooth_denominator is None:
        return smooth, smooth
    return smooth, _check.number("smooth_denominator", smooth_denominator, 0.0)


def tversky_cost(fp_weight: Any, fn_weight: Any, smooth: float, below: float, intersection: str) -> Cost:
    fp_weight, fn_weight = _check.number("fp_weight", fp_weight, 0.0), _check.number("fn_weight", fn_weight, 0.0)
    return Cost(1.0, fp_weight, fn_weight, smooth, below, form_of(False, intersection))


def overlap_loss(
    cost: Cost,
    probs: Array,
    targets: Array,
    axis: int | None,
    batch_axes: int | tuple[int, ...],
    mask: Array | None,
    absent: str,
    shared: Shared,
    exponent: float = 1.0,
) -> Array:
    """A loss of one score for each class of each sample, to a power."""
    name = "probs" if cost.activation == "none" else "logits"
    _check.covered(probs, targets, name)
    _check.one_of("absent", absent, ABSENT)
    lay = layout(axis, batch_axes, optional=True, **{name: probs})
    return region_loss(overlap_rows, (cost, absent, exponent), (probs, targets), lay, mask, shared)


def overlap_rows(region: Region, cost: Cost, absent: str, exponent: float) -> tuple[Array, Array | None]:
    probs, targets = region.arrays
    rows = region.rows(overlap_kernel, (cost,), probs, targets)
    return power(region.xp, rows, exponent), region.present(targets) if absent == "skip" else None


def _generalized_rows(
    region: Region, weighting: float, absent: str, smooth: float, smooth_denominator: float
) -> tuple[Array, None]:
    options = (weighting, absent, smooth, smooth_denominator)
    return region.rows(generalized_kernel, options, *region.arrays, own=2), None


def _correlation_rows(region: Region, absent: str) -> tuple[Array, Array | None]:
    rows = region.rows(correlation_kernel, (), *region.arrays)
    return rows, region.present(region.arrays[1]) if absent == "skip" else None


def dice_loss(
    probs: Array,
    targets: Array,
    *,
    axis: int | None,
    batch_axes: int | tuple[int, ...] = 0,
    mask: Array | None = None,
    absent: str = "keep",
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    squared: bool = False,
    intersection: str = "product",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Dice loss of regions, 1 - (2I + s)/(P + T + s').

    .. math::

        L = 1 - \frac{2 I + s}{P + T + s'}, \qquad I = \sum_i p_i t_i, \quad P = \sum_i p_i, \quad T = \sum_i t_i

    Over the pixels i of a region, I is the overlap, P what was predicted, T what is there; s is `smooth`, s'
    `smooth_denominator`. The loss of segmentation where a class covers few of the pixels: a region counts as much as
    another, however small.

    Parameters
    ----------
    probs : array of real dtype
        Predicted probabilities, one number a class and pixel.
    targets : array, shape of probs, real or boolean dtype
        What is there: 0, 1, or anything between.
    axis : int or None
        The axis of the classes; None where there is none. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    absent : {"keep", "skip"}, default "keep"
        Whether a class without any pixel in the target counts. A skipped one costs 0 and leaves the mean's divisor.
    smooth : float >= 0, default 0
        s, added to numerator and denominator, in pixels. It gives an empty target a gradient.
    smooth_denominator : float >= 0, optional
        s' in place of s in the denominator.
    squared : bool, default False
        Whether the denominator has sum p^2 + sum t^2 in place of sum p + sum t.
    intersection : {"product", "minimum"}, default "product"
        I as sum p t, or as sum min(p, t), with which a soft target costs nothing against itself. It equals (P + T -
        sum |p - t|)/2.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), (*batch) without class axis, or () with a reduction; at least float32
        Between 0 and 1 for probabilities and targets in [0, 1] and s' = s.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    An empty target with an empty prediction costs 0, with any prediction 1 (s = 0). Then its gradient is 0; with s
    > 0 it is about s/P^2.

    MONAI's `DiceLoss` is ``axis=1, smooth=1e-5, reduction="mean"``; ``batch=True`` there is ``batch_axes=()``,
    ``squared_pred`` and ``soft_label`` are ``squared=True`` and ``intersection="minimum"``. s counts twice as much
    in optax, segmentation_models.pytorch and Tversky form: ``smooth=2 * s`` here. segmentation_models.pytorch
    aggregates the batch and lets absent classes cost 0, also where they are predicted, without leaving the divisor:
    ``batch_axes=(), absent="skip", reduction="mean", normalizer=C``. keras smooths the denominator only, so that an
    empty class predicted empty costs 1, and takes everything as one region: ``axis=None, batch_axes=(),
    smooth_denominator=1e-7``. kornia's 'micro' average takes all classes of a sample as one region: ``axis=None,
    smooth_denominator=1e-8``; its 'macro' leaves absent classes out since 0.9 and charged them 1 before.
    mmsegmentation and V-Net have ``squared=True``. MONAI's MaskedDiceLoss masked before the sigmoid until 1.6, so
    that each masked pixel counted as a prediction of one half; the mask here leaves none.

    References
    ----------
    Milletari et al., V-Net, arXiv:1606.04797 (squared denominators). Soft targets: Wang et al., arXiv:2303.16296.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.asarray([[0.9, 0.6, 0.3, 0.2]])
    >>> t = np.asarray([[1.0, 1.0, 0.0, 0.0]])

    >>> from array_losses import dice_loss
    >>> print(dice_loss(p, t, axis=None).round(4), dice_loss(p, t, axis=None, squared=True).round(4))
    [0.25] [0.0909]
    >>> print(dice_loss(t * 0.7, t * 0.7, axis=None, intersection="minimum"))
    [0.]
    """
    smooth, below = smoothing(smooth, smooth_denominator)
    cost = Cost(2.0, 1.0, 1.0, smooth, below, form_of(squared, intersection))
    shared = Shared(weights, where, normalizer, reduction)
    return overlap_loss(cost, probs, targets, axis, batch_axes, mask, absent, shared)


def jaccard_loss(
    probs: Array,
    targets: Array,
    *,
    axis: int | None,
    batch_axes: int | tuple[int, ...] = 0,
    mask: Array | None = None,
    absent: str = "keep",
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    squared: bool = False,
    intersection: str = "product",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Jaccard or soft IoU loss of regions, 1 - (I + s)/(P + T - I + s').

    .. math::

        L = 1 - \frac{I + s}{P + T - I + s'}, \qquad I = \sum_i p_i t_i, \quad P = \sum_i p_i, \quad T = \sum_i t_i

    The sums are over the pixels i of a region; s is `smooth`, s' `smooth_denominator`. A Dice loss of d is a Jaccard
    loss of 2d/(1 + d), which charges bad regions more evenly.

    Parameters
    ----------
    probs : array of real dtype
        Predicted probabilities, one number a class and pixel.
    targets : array, shape of probs, real or boolean dtype
        What is there: 0, 1, or anything between.
    axis : int or None
        The axis of the classes; None where there is none. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    absent : {"keep", "skip"}, default "keep"
        Whether a class without any pixel in the target counts. A skipped one costs 0 and leaves the mean's divisor.
    smooth : float >= 0, default 0
        s, added to numerator and denominator, in pixels. It gives an empty target a gradient.
    smooth_denominator : float >= 0, optional
        s' in place of s in the denominator.
    squared : bool, default False
        Whether the denominator has sum p^2 + sum t^2 in place of sum p + sum t.
    intersection : {"product", "minimum"}, default "product"
        I as sum p t, or as sum min(p, t), with which a soft target costs nothing against itself. It equals (P + T -
        sum |p - t|)/2.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), (*batch) without class axis, or () with a reduction; at least float32
        Between 0 and 1 for probabilities and targets in [0, 1] and s' = s.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    Equal to ``tversky_loss(fp_weight=1, fn_weight=1)``. MONAI's ``DiceLoss(jaccard=True)`` adds s to 2I and to
    twice the denominator: ``smooth=s / 2`` here. For the loss that is 1 - IoU of hard predictions and convex in
    between see `lovasz_hinge_loss`.

    References
    ----------
    Rahman and Wang, ISVC 2016.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.asarray([[0.9, 0.6, 0.3, 0.2]])
    >>> t = np.asarray([[1.0, 1.0, 0.0, 0.0]])

    >>> from array_losses import jaccard_loss
    >>> print(jaccard_loss(p, t, axis=None).round(4))
    [0.4]
    """
    smooth, below = smoothing(smooth, smooth_denominator)
    cost = Cost(1.0, 1.0, 1.0, smooth, below, form_of(squared, intersection))
    shared = Shared(weights, where, normalizer, reduction)
    return overlap_loss(cost, probs, targets, axis, batch_axes, mask, absent, shared)


def tversky_loss(
    probs: Array,
    targets: Array,
    *,
    axis: int | None,
    batch_axes: int | tuple[int, ...] = 0,
    fp_weight: float = 0.3,
    fn_weight: float = 0.7,
    mask: Array | None = None,
    absent: str = "keep",
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    intersection: str = "product",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Tversky loss of regions, 1 - (I + s)/(I + fp_weight FP + fn_weight FN + s').

    .. math::

        L &= 1 - \frac{I + s}{I + a \, \text{FP} + b \, \text{FN} + s'},
        \qquad \text{FP} = P - I, \quad \text{FN} = T - I \\
        I &= \sum_i p_i t_i, \qquad P = \sum_i p_i, \qquad T = \sum_i t_i

    The sums are over the pixels i of a region; a is `fp_weight`, b is `fn_weight`, s is `smooth` and s'
    `smooth_denominator`. Dice with a say in which is worse, what is missed or what is predicted too much.

    Parameters
    ----------
    probs : array of real dtype
        Predicted probabilities, one number a class and pixel.
    targets : array, shape of probs, real or boolean dtype
        What is there: 0, 1, or anything between.
    axis : int or None
        The axis of the classes; None where there is none. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    fp_weight : float >= 0, default 0.3
        Weight of FP, what is predicted and not there. Salehi's alpha.
    fn_weight : float >= 0, default 0.7
        Weight of FN, what is there and missed. Salehi's beta.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    absent : {"keep", "skip"}, default "keep"
        Whether a class without any pixel in the target counts. A skipped one costs 0 and leaves the mean's divisor.
    smooth : float >= 0, default 0
        s, added to numerator and denominator, in pixels. It gives an empty target a gradient.
    smooth_denominator : float >= 0, optional
        s' in place of s in the denominator.
    intersection : {"product", "minimum"}, default "product"
        I as sum p t, or as sum min(p, t), with which a soft target costs nothing against itself. It equals (P + T -
        sum |p - t|)/2.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), (*batch) without class axis, or () with a reduction; at least float32
        Between 0 and 1 for probabilities and targets in [0, 1] and s' = s.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    Weights of 1/2 and 1/2 are Dice (whose ``smooth`` is then 2s), 1 and 1 are Jaccard.

    The weights have names because projects disagree which letter is which. alpha is fp_weight and beta is fn_weight
    in MONAI, segmentation_models.pytorch, mmsegmentation and optax, while keras 3.15 and ivadomed have them the
    other way round. kornia's `tversky_loss` could not tell them apart before 0.9: it summed over all classes after
    a softmax, where FP = FN, so that only alpha + beta mattered. MONAI: ``axis=1, smooth=1e-5``. optax and
    mmsegmentation: ``smooth=1``.

    References
    ----------
    Salehi et al., arXiv:1706.05721, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import tversky_loss
    >>> p = np.asarray([[0.9, 0.8, 0.3, 0.2]])  # I = 1.7, FP = 0.5, FN = 0.3
    >>> t = np.asarray([[1.0, 1.0, 0.0, 0.0]])
    >>> print(tversky_loss(p, t, axis=None).round(4))
    [0.1748]
    >>> print(tversky_loss(p, t, axis=None, fp_weight=0.9, fn_weight=0.1).round(4))
    [0.2202]
    """
    smooth, below = smoothing(smooth, smooth_denominator)
    shared = Shared(weights, where, normalizer, reduction)
    cost = tversky_cost(fp_weight, fn_weight, smooth, below, intersection)
    return overlap_loss(cost, probs, targets, axis, batch_axes, mask, absent, shared)


def focal_tversky_loss(
    probs: Array,
    targets: Array,
    *,
    axis: int | None,
    batch_axes: int | tuple[int, ...] = 0,
    fp_weight: float = 0.3,
    fn_weight: float = 0.7,
    power: float = 0.75,
    mask: Array | None = None,
    absent: str = "keep",
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    intersection: str = "product",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Focal Tversky loss of regions, (Tversky loss) ** power.

    .. math::

        L &= \left(1 - \frac{I + s}{I + a \, \text{FP} + b \, \text{FN} + s'}\right)^k,
        \qquad \text{FP} = P - I, \quad \text{FN} = T - I \\
        I &= \sum_i p_i t_i, \qquad P = \sum_i p_i, \qquad T = \sum_i t_i

    The sums are over the pixels i of a region; a is `fp_weight`, b is `fn_weight`, k is `power`, s is `smooth` and s'
    `smooth_denominator`. A power below 1 makes the gradient steep for regions that are nearly right, one above 1
    turns them down.

    Parameters
    ----------
    probs : array of real dtype
        Predicted probabilities, one number a class and pixel.
    targets : array, shape of probs, real or boolean dtype
        What is there: 0, 1, or anything between.
    axis : int or None
        The axis of the classes; None where there is none. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    fp_weight : float >= 0, default 0.3
        Weight of FP, what is predicted and not there. Salehi's alpha.
    fn_weight : float >= 0, default 0.7
        Weight of FN, what is there and missed. Salehi's beta.
    power : float > 0, default 0.75
        Exponent of each row's loss, before any mean.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    absent : {"keep", "skip"}, default "keep"
        Whether a class without any pixel in the target counts. A skipped one costs 0 and leaves the mean's divisor.
    smooth : float >= 0, default 0
        s, added to numerator and denominator, in pixels. It gives an empty target a gradient.
    smooth_denominator : float >= 0, optional
        s' in place of s in the denominator.
    intersection : {"product", "minimum"}, default "product"
        I as sum p t, or as sum min(p, t), with which a soft target costs nothing against itself. It equals (P + T -
        sum |p - t|)/2.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), (*batch) without class axis, or () with a reduction; at least float32
        Between 0 and 1 for probabilities and targets in [0, 1] and s' = s.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    At a loss of exactly 0 the slope is 0, also for a power below 1, where it grows without bound nearby.

    The exponent is named because projects disagree about gamma: the paper's exponent is 1/gamma with gamma = 4/3,
    hence 0.75 here; MONAI's is 1 - gamma, for the foreground only; segmentation_models.pytorch's is gamma, and
    applied after the mean over the classes.

    References
    ----------
    Abraham and Khan, arXiv:1810.07842, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.asarray([[0.9, 0.6, 0.3, 0.2]])
    >>> t = np.asarray([[1.0, 1.0, 0.0, 0.0]])

    >>> from array_losses import focal_tversky_loss
    >>> print(focal_tversky_loss(p, t, axis=None, power=0.5).round(4))
    [0.5]
    """
    smooth, below = smoothing(smooth, smooth_denominator)
    shared = Shared(weights, where, normalizer, reduction)
    exponent = _check.positive("power", power)
    cost = tversky_cost(fp_weight, fn_weight, smooth, below, intersection)
    return overlap_loss(cost, probs, targets, axis, batch_axes, mask, absent, shared, exponent)


def generalized_dice_loss(
    probs: Array,
    targets: Array,
    *,
    axis: int,
    batch_axes: int | tuple[int, ...] = 0,
    class_weighting: str = "square",
    mask: Array | None = None,
    absent: str = "keep",
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Generalized Dice loss, 1 - (2 sum w_c I_c + s)/(sum w_c (P_c + T_c) + s') over the classes c of a sample.

    .. math::

        L = 1 - \frac{2 \sum_c w_c I_c + s}{\sum_c w_c \, (P_c + T_c) + s'},
        \qquad I_c = \sum_i p_{ci} t_{ci}, \quad P_c = \sum_i p_{ci}, \quad T_c = \sum_i t_{ci}, \quad w_c = T_c^{-2}

    I, P and T are sums over the pixels i; s is `smooth`, s' `smooth_denominator`. One ratio for all classes of a
    sample, in which w_c makes a small class count as much as a large one.

    Parameters
    ----------
    probs : array of real dtype
        Predicted probabilities, one number a class and pixel.
    targets : array, shape of probs, real or boolean dtype
        What is there: 0, 1, or anything between.
    axis : int
        The axis of the classes. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    class_weighting : {"square", "simple", "uniform"}, default "square"
        w_c = 1/T_c^2, 1/T_c or 1: constants for the gradient.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    absent : {"keep", "skip"}, default "keep"
        Whether a class without target takes the largest weight of the sample's others, or weight 0.
    smooth : float >= 0, default 0
        s, added to numerator and denominator, in pixels. It gives an empty target a gradient.
    smooth_denominator : float >= 0, optional
        s' in place of s in the denominator.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch), or () with a reduction; at least float32
        Between 0 and 1 for probabilities and targets in [0, 1] and s' = s.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    With no class present at all the weights are 0 and the loss is 0, unless they are uniform.

    MONAI's `GeneralizedDiceLoss` is ``axis=1, smooth=1e-5``. LIVIA's gives an absent class the weight 1e20, which
    then decides alone, and is -1 where everything is empty. optax's `multiclass_generalized_dice_loss` is another
    loss: a weighted mean of Dice losses, not a ratio of sums. With one class the weight cancels: it is `dice_loss`.

    References
    ----------
    Sudre et al., arXiv:1707.03237.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import generalized_dice_loss
    >>> p = np.asarray([[[0.9, 0.6, 0.3, 0.2], [0.1, 0.4, 0.7, 0.8]]])
    >>> t = np.asarray([[[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 1.0, 1.0]]])
    >>> print(generalized_dice_loss(p, t, axis=1).round(4))
    [0.375]
    """
    _check.covered(probs, targets)
    _check.one_of("class_weighting", class_weighting, tuple(WEIGHTINGS))
    _check.one_of("absent", absent, ABSENT)
    lay = layout(axis, batch_axes, probs=probs)
    options = (WEIGHTINGS[class_weighting], absent, *smoothing(smooth, smooth_denominator))
    shared = Shared(weights, where, normalizer, reduction)
    return region_loss(_generalized_rows, options, (probs, targets), lay, mask, shared, by_sample=True)


def mcc_loss(
    probs: Array,
    targets: Array,
    *,
    axis: int | None,
    batch_axes: int | tuple[int, ...] = 0,
    mask: Array | None = None,
    absent: str = "keep",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Matthews correlation loss, 1 - (n I - P T)/sqrt(P T (n - P)(n - T)) over the n pixels of a region.

    .. math::

        L = 1 - \frac{n I - P T}{\sqrt{P T \, (n - P)(n - T)}},
        \qquad I = \sum_i p_i t_i, \quad P = \sum_i p_i, \quad T = \sum_i t_i

    The sums are over the n pixels i of a region. Dice does not look at what is rightly left out; the correlation of
    prediction and target does.

    Parameters
    ----------
    probs : array of real dtype
        Predicted probabilities, one number a class and pixel.
    targets : array, shape of probs, real or boolean dtype
        What is there: 0, 1, or anything between.
    axis : int or None
        The axis of the classes; None where there is none. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    absent : {"keep", "skip"}, default "keep"
        Whether a class without any pixel in the target counts. A skipped one costs 0 and leaves the mean's divisor.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), (*batch) without class axis, or () with a reduction; at least float32
        Between 0 and 2 for probabilities and targets in [0, 1].

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    Where prediction or target are all 0 or all 1 there is no correlation: the loss is 0 if nothing is wrong and 1
    otherwise, with gradient 0. segmentation_models.pytorch aggregates the batch (``batch_axes=()``) and adds 1e-5
    to each count.

    References
    ----------
    Abhishek and Hamarneh, arXiv:2010.13454, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.asarray([[0.9, 0.6, 0.3, 0.2]])
    >>> t = np.asarray([[1.0, 1.0, 0.0, 0.0]])

    >>> from array_losses import mcc_loss
    >>> print(mcc_loss(p, t, axis=None).round(4))
    [0.5]
    """
    _check.covered(probs, targets)
    _check.one_of("absent", absent, ABSENT)
    lay = layout(axis, batch_axes, optional=True, probs=probs)
    shared = Shared(weights, where, normalizer, reduction)
    return region_loss(_correlation_rows, (absent,), (probs, targets), lay, mask, shared)


def sigmoid_dice_loss(
    logits: Array,
    targets: Array,
    *,
    axis: int | None,
    batch_axes: int | tuple[int, ...] = 0,
    mask: Array | None = None,
    absent: str = "keep",
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    squared: bool = False,
    intersection: str = "product",
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Dice loss of sigmoid(logits), region by region.

    .. math::

        L = 1 - \frac{2 \sum_i p_i t_i + s}{\sum_i p_i + \sum_i t_i + s'}, \qquad p_i = \frac{1}{1 + e^{-x_i}}

    The sums are over the pixels i of a region, x are their logits; s is `smooth`, s' `smooth_denominator`.
    `dice_loss` for one mask, or for several that may overlap. Exact also for sure logits, whose 1 - p would round to
    0.

    Parameters
    ----------
    logits : array of real dtype
        Scores before the sigmoid.
    targets : array, shape of logits, real or boolean dtype
        What is there: 0, 1, or anything between.
    axis : int or None
        The axis of the classes; None where there is none. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    absent : {"keep", "skip"}, default "keep"
        Whether a class without any pixel in the target counts. A skipped one costs 0 and leaves the mean's divisor.
    smooth : float >= 0, default 0
        s, added to numerator and denominator, in pixels. It gives an empty target a gradient.
    smooth_denominator : float >= 0, optional
        s' in place of s in the denominator.
    squared : bool, default False
        Whether the denominator has sum p^2 + sum t^2 in place of sum p + sum t.
    intersection : {"product", "minimum"}, default "product"
        I as sum p t, or as sum min(p, t), with which a soft target costs nothing against itself. It equals (P + T -
        sum |p - t|)/2.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), (*batch) without class axis, or () with a reduction; at least float32
        Between 0 and 1 for targets in [0, 1] and s' = s.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    For classes that exclude each other see `softmax_dice_loss`. MONAI's ``DiceLoss(sigmoid=True)`` is ``axis=1,
    smooth=1e-5, reduction="mean"``. A binary "Dice + BCE" is the sum of this and of `sigmoid_binary_cross_entropy`.

    References
    ----------
    As `dice_loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import sigmoid_dice_loss
    >>> x, t = np.asarray([[1.0, -1.0, -1.0, 1.0]]), np.asarray([[1.0, 0.0, 1.0, 1.0]])
    >>> print(sigmoid_dice_loss(x, t, axis=None).round(4))
    [0.3076]
    """
    smooth, below = smoothing(smooth, smooth_denominator)
    cost = Cost(2.0, 1.0, 1.0, smooth, below, form_of(squared, intersection), "sigmoid")
    shared = Shared(weights, where, normalizer, reduction)
    return overlap_loss(cost, logits, targets, axis, batch_axes, mask, absent, shared)
