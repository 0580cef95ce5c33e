"""Losses of whole segmentations: a region's loss from logits and labels, alone or with a loss of each pixel.

What `regions.py` says of rows, masks and empty regions holds here. Sums of two losses have one row a sample: the mean
over its classes of the one, plus the mean over its pixels of the other.
"""

from __future__ import annotations

from typing import Any

from .. import _check
from .._array import Array, astype
from .._numerics import device_of, power
from ..measures.hardest import hardest_kernel
from ..measures.regions import Cost, overlap_kernel
from ._regions import Region, Rows, labelled, layout, ratio, region_loss
from ._rows import Shared
from .binary import sigmoid_binary_cross_entropy
from .classes import softmax_cross_entropy, softmax_focal_loss
from .regions import ABSENT, form_of, overlap_rows, smoothing


def labelled_loss(
    rows: Rows,
    options: tuple[Any, ...],
    logits: Array,
    labels: Array,
    axis: int,
    batch_axes: int | tuple[int, ...],
    ignore_index: int | None,
    mask: Array | None,
    shared: Shared,
    class_weights: Array | None = None,
    by_class: bool = False,
    indices_only: bool = False,
) -> Array:
    """A loss of logits and labels, whose rows are samples, or classes of samples."""
    xp = _check.library(logits=logits, labels=labels)
    _check.real(xp, logits=logits)
    lay = layout(axis, batch_axes, logits=logits)
    if indices_only:
        _check.class_indices(xp, lay.pixels, labels)
    soft = _check.soft_labels(xp, logits, lay.pixels, labels, ignore_index)
    extras: tuple[Array, ...] = ()
    if class_weights is not None:
        _check.shaped(logits, (logits.shape[lay.axis],), class_weights=class_weights)
        extras = (class_weights,)
    return region_loss(
        rows,
        (soft, ignore_index, *options),
        (logits, labels),
        lay,
        mask,
        shared,
        extras,
        by_sample=not by_class,
        together=by_class,
    )


def _dice_rows(
    region: Region, soft: bool, ignore_index: int | None, cost: Cost, absent: str
) -> tuple[Array, Array | None]:
    return overlap_rows(labelled(region, soft, ignore_index)[0], cost, absent, 1.0)


def _mean_of_classes(region: Region, rows: Array, counted: Array | None, factors: Array | None = None) -> Array:
    """The mean of the last axis, weighted, over the classes that count; 0 over none."""
    xp = region.xp
    weights = xp.ones_like(rows) if factors is None else xp.broadcast_to(factors, rows.shape)
    if counted is not None:
        weights = xp.where(counted, weights, xp.zeros_like(weights))
    return ratio(xp, xp.sum(weights * rows, axis=-1), xp.sum(weights, axis=-1))


def _dice_of(absent: str, smooth: Any, smooth_denominator: Any, squared: bool) -> tuple[Cost, str]:
    _check.one_of("absent", absent, ABSENT)
    smooth, below = smoothing(smooth, smooth_denominator)
    return Cost(2.0, 1.0, 1.0, smooth, below, form_of(squared, "product")), absent


def _parts(second: str, dice_weight: Any, weight: Any) -> tuple[float, float]:
    return _check.number("dice_weight", dice_weight, 0.0), _check.number(second, weight, 0.0)


def _pixel_losses(
    region: Region, logits: Array, labels: Array, ignore_index: int | None, name: str, knob: float
) -> Array:
    """The cross-entropy or focal loss of each pixel, (..., pixels)."""
    given = region.extras[0] if region.extras else None
    if name == "focal":
        return softmax_focal_loss(logits, labels, gamma=knob, class_weights=given, ignore_index=ignore_index, axis=-2)
    return softmax_cross_entropy(
        logits, labels, label_smoothing=knob, class_weights=given, ignore_index=ignore_index, axis=-2
    )


def _dice_and_pixels(
    region: Region,
    soft: bool,
    ignore_index: int | None,
    cost: Cost,
    absent: str,
    dice_weight: float,
    weight: float,
    name: str,
    knob: float,
) -> tuple[Array, None]:
    region, logits, labels = labelled(region, soft, ignore_index)
    pixels = _pixel_losses(region, logits, labels, ignore_index, name, knob)
    mean = region.of_samples().mean(pixels)
    dice, counted = overlap_rows(region, cost, absent, 1.0)
    factors = [astype(region.xp, x, dice.dtype) for x in region.extras]
    for factor in factors:
        counts = region.xp.sum(region.arrays[1] * factor[:, None], axis=-2)
        mean = ratio(region.xp, mean, region.of_samples().mean(counts))
    return dice_weight * _mean_of_classes(region, dice, counted, *factors) + weight * mean, None


def softmax_dice_loss(
    logits: Array,
    labels: Array,
    *,
    axis: int,
    batch_axes: int | tuple[int, ...] = 0,
    ignore_index: int | None = None,
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
    r"""Dice loss of softmax(logits), class by class.

    .. math::

        L_c = 1 - \frac{2 \sum_i p_{ci} t_{ci} + s}{\sum_i p_{ci} + \sum_i t_{ci} + s'},
        \qquad p_{ci} = \frac{e^{x_{ci}}}{\sum_j e^{x_{ji}}}

    The sums are over the pixels i of a region, x_ci is the logit of class c; t_ci is the probability of class c, or 1
    where c is the label and 0 elsewhere, s is `smooth`, s' `smooth_denominator`. `dice_loss` for classes that exclude
    each other, from logits and class indices.

    Parameters
    ----------
    logits : array of real dtype
        Scores of the C classes along `axis`, before the softmax.
    labels : array of integers without the class axis, or of real dtype and the shape of logits
        Class indices, or class probabilities. Pixels whose index is `ignore_index` or outside [0, C) are masked.
    axis : int
        The axis of the classes. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    ignore_index : int, optional
        A class index to ignore.
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
    array, shape (*batch, C), or () with a reduction; at least float32
        Between 0 and 1 with s' = s.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    All classes take part, the background too; leave it out by ``weights`` with a 0 at its place. MONAI's
    ``DiceLoss(softmax=True, to_onehot_y=True)`` is ``axis=1, smooth=1e-5, reduction="mean"``. Otherwise as
    `dice_loss`.

    References
    ----------
    As `dice_loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import softmax_dice_loss
    >>> x = np.log(np.asarray([[[0.9, 0.6, 0.3, 0.2], [0.1, 0.4, 0.7, 0.8]]]))
    >>> print(softmax_dice_loss(x, np.asarray([[0, 0, 1, 1]]), axis=1).round(4))
    [[0.25 0.25]]
    """
    _check.one_of("absent", absent, ABSENT)
    smooth, below = smoothing(smooth, smooth_denominator)
    options = (Cost(2.0, 1.0, 1.0, smooth, below, form_of(squared, intersection)), absent)
    shared = Shared(weights, where, normalizer, reduction)
    return labelled_loss(
        _dice_rows, options, logits, labels, axis, batch_axes, ignore_index, mask, shared, by_class=True
    )


def dice_cross_entropy_loss(
    logits: Array,
    labels: Array,
    *,
    axis: int,
    batch_axes: int | tuple[int, ...] = 0,
    dice_weight: float = 1.0,
    cross_entropy_weight: float = 1.0,
    label_smoothing: float = 0.0,
    class_weights: Array | None = None,
    ignore_index: int | None = None,
    mask: Array | None = None,
    absent: str = "keep",
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    squared: bool = False,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Dice loss plus cross-entropy of a softmax, sample by sample.

    .. math::

        L = a \, \frac{\sum_c w_c D_c}{\sum_c w_c} + b \, \frac{\sum_i E_i}{\sum_i w_{y_i}}

    D_c is the `softmax_dice_loss` of class c, E_i the `softmax_cross_entropy` of pixel i, whose label is y_i; a and b
    are `dice_weight` and `cross_entropy_weight`, w are the `class_weights`, 1 without. The region for the balance,
    the pixels for a gradient that does not vanish: what most segmentation networks train with.

    Parameters
    ----------
    logits : array of real dtype
        Scores of the C classes along `axis`, before the softmax.
    labels : array of integers without the class axis, or of real dtype and the shape of logits
        Class indices, or class probabilities. Pixels whose index is `ignore_index` or outside [0, C) are masked.
    axis : int
        The axis of the classes. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    dice_weight, cross_entropy_weight : float >= 0, default 1
        Factors of the two parts.
    label_smoothing : float in [0, 1], default 0
        As in `softmax_cross_entropy`; of the cross-entropy only.
    class_weights : array, shape (C,), real dtype, optional
        Factor of each class, in the mean over classes and in the mean over pixels; both divide by the sum of the
        factors.
    ignore_index : int, optional
        A class index to ignore.
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
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    Both means are taken inside each sample, so that ignored pixels of one do not weigh on another.

    MONAI's ``DiceCELoss(softmax=True, to_onehot_y=True)`` is ``axis=1, smooth=1e-5, reduction="mean"``. For one
    mask, or masks that overlap, add `sigmoid_dice_loss` and `sigmoid_binary_cross_entropy`.

    References
    ----------
    Isensee et al., nnU-Net, arXiv:1809.10486.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import dice_cross_entropy_loss
    >>> x = np.log(np.asarray([[[0.9, 0.6, 0.3, 0.2], [0.1, 0.4, 0.7, 0.8]]]))
    >>> print(dice_cross_entropy_loss(x, np.asarray([[0, 0, 1, 1]]), axis=1).round(4))  # 0.25 + 0.2990
    [0.549]
    """
    smoothing_of_labels = _check.number("label_smoothing", label_smoothing, 0.0, 1.0)
    parts = _parts("cross_entropy_weight", dice_weight, cross_entropy_weight)
    options = (*parts, "cross_entropy", smoothing_of_labels)
    dice = _dice_of(absent, smooth, smooth_denominator, squared)
    shared = Shared(weights, where, normalizer, reduction)
    return labelled_loss(
        _dice_and_pixels, (*dice, *options), logits, labels, axis, batch_axes, ignore_index, mask, shared, class_weights
    )


def dice_focal_loss(
    logits: Array,
    labels: Array,
    *,
    axis: int,
    batch_axes: int | tuple[int, ...] = 0,
    dice_weight: float = 1.0,
    focal_weight: float = 1.0,
    gamma: float = 2.0,
    class_weights: Array | None = None,
    ignore_index: int | None = None,
    mask: Array | None = None,
    absent: str = "keep",
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    squared: bool = False,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Dice loss plus focal loss of a softmax, sample by sample.

    .. math::

        L = a \, \frac{\sum_c w_c D_c}{\sum_c w_c} + b \, \frac{\sum_i F_i}{\sum_i w_{y_i}}

    D_c is the `softmax_dice_loss` of class c, F_i the `softmax_focal_loss` of pixel i, whose label is y_i; a and b
    are `dice_weight` and `focal_weight`, w are the `class_weights`, 1 without. As `dice_cross_entropy_loss`, with the
    pixels that are already right turned down.

    Parameters
    ----------
    logits : array of real dtype
        Scores of the C classes along `axis`, before the softmax.
    labels : array of integers without the class axis, or of real dtype and the shape of logits
        Class indices, or class probabilities. Pixels whose index is `ignore_index` or outside [0, C) are masked.
    axis : int
        The axis of the classes. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    dice_weight, focal_weight : float >= 0, default 1
        Factors of the two parts.
    gamma : float >= 0, default 2
        As in `softmax_focal_loss`.
    class_weights : array, shape (C,), real dtype, optional
        Factor of each class, in the mean over classes and in the mean over pixels; both divide by the sum of the
        factors.
    ignore_index : int, optional
        A class index to ignore.
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
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    Both means are taken inside each sample. MONAI's `DiceFocalLoss` takes its focal part from a sigmoid, always; its
    ``DiceLoss(softmax=True)`` plus ``FocalLoss(use_softmax=True)`` is ``focal_weight=1 / C``, because that mean is
    over pixels and classes.

    References
    ----------
    Zhu et al., AnatomyNet, arXiv:1808.05238.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import dice_focal_loss
    >>> x = np.log(np.asarray([[[0.9, 0.6, 0.3, 0.2], [0.1, 0.4, 0.7, 0.8]]]))
    >>> print(dice_focal_loss(x, np.asarray([[0, 0, 1, 1]]), axis=1).round(4))  # 0.25 + 0.0310
    [0.281]
    """
    gamma = _check.number("gamma", gamma, 0.0)
    options = (*_parts("focal_weight", dice_weight, focal_weight), "focal", gamma)
    dice = _dice_of(absent, smooth, smooth_denominator, squared)
    shared = Shared(weights, where, normalizer, reduction)
    return labelled_loss(
        _dice_and_pixels, (*dice, *options), logits, labels, axis, batch_axes, ignore_index, mask, shared, class_weights
    )


def _combo_rows(region: Region, cost: Cost, absent: str, alpha: float, beta: float) -> tuple[Array, Array | None]:
    region = region._replace(arrays=tuple([region.inside(x) for x in region.arrays]))
    logits, targets = region.arrays
    # beta t softplus(-x) + (1 - beta) (1 - t) softplus(x), by the larger of the weights.
    if beta > 0.5:
        logits, targets = -logits, 1.0 - targets
    larger = max(beta, 1.0 - beta)
    pixels = larger * sigmoid_binary_cross_entropy(logits, targets, pos_weight=(1.0 - larger) / larger)
    dice, counted = overlap_rows(region, cost, absent, 1.0)
    return alpha * region.mean(pixels) + (1.0 - alpha) * dice, counted


def combo_loss(
    logits: Array,
    targets: Array,
    *,
    axis: int | None,
    batch_axes: int | tuple[int, ...] = 0,
    alpha: float = 0.5,
    beta: float = 0.5,
    mask: Array | None = None,
    absent: str = "keep",
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Combo loss, alpha * weighted sigmoid cross-entropy + (1 - alpha) * sigmoid Dice loss, region by region.

    .. math::

        L &= \frac{\alpha}{n} \sum_i \left(-\beta \, t_i \ln p_i - (1 - \beta)(1 - t_i) \ln(1 - p_i)\right)
        + (1 - \alpha) \, D \\
        D &= 1 - \frac{2 \sum_i p_i t_i + s}{\sum_i p_i + \sum_i t_i + s'}, \qquad p_i = \frac{1}{1 + e^{-x_i}}

    The sums are over the n pixels i of a region, x are their logits; s is `smooth`, s' `smooth_denominator`. beta
    above 1/2 charges missed pixels more than false ones, in the cross-entropy; Dice keeps the balance of the region.

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
    alpha : float in [0, 1], default 0.5
        Share of the cross-entropy.
    beta : float in [0, 1], default 0.5
        Weight of the pixels with target 1, 1 - beta of the others.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    absent : {"keep", "skip"}, default "keep"
        Whether a class without any pixel in the target counts. A skipped one costs 0 and leaves the mean's divisor.
    smooth : float >= 0, default 0
        s, added to numerator and denominator, in pixels. It gives an empty target a gradient.
    smooth_denominator : float >= 0, optional
        s' in place of s in the denominator.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), (*batch) without class axis, or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    The paper subtracts the Dice score, 1 - D, where this adds the loss D: its values are lower by 1 - alpha, and the
    gradients are the same. Its smoothing is 1.

    References
    ----------
    Taghanaki et al., arXiv:1805.02798, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import combo_loss
    >>> x, t = np.asarray([[1.0, -1.0, -1.0, 1.0]]), np.asarray([[1.0, 0.0, 1.0, 1.0]])
    >>> print(combo_loss(x, t, axis=None).round(4))  # (0.5633 / 2 + 0.3076) / 2
    [0.2946]
    """
    alpha, beta = _check.number("alpha", alpha, 0.0, 1.0), _check.number("beta", beta, 0.0, 1.0)
    _check.covered(logits, targets, "logits")
    _check.one_of("absent", absent, ABSENT)
    smooth, below = smoothing(smooth, smooth_denominator)
    cost = Cost(2.0, 1.0, 1.0, smooth, below, "product", "sigmoid")
    shared = Shared(weights, where, normalizer, reduction)
    lay = layout(axis, batch_axes, optional=True, logits=logits)
    return region_loss(_combo_rows, (cost, absent, alpha, beta), (logits, targets), lay, mask, shared)


def _unified_rows(
    region: Region,
    soft: bool,
    ignore_index: int | None,
    cost: Cost,
    share: float,
    delta: float,
    gamma: float,
    background: int,
) -> tuple[Array, None]:
    xp = region.xp
    region, logits, labels = labelled(region, soft, ignore_index)
    rows = region.rows(overlap_kernel, (cost,), *region.arrays)
    rare = astype(xp, xp.arange(rows.shape[-1], device=device_of(xp, rows)) != background, rows.dtype)
    rest = softmax_focal_loss(
        logits, labels, gamma=gamma, class_weights=(1.0 - delta) * (1.0 - rare), ignore_index=ignore_index, axis=-2
    )
    pixels = rest + softmax_cross_entropy(
        logits, labels, class_weights=delta * rare, ignore_index=ignore_index, axis=-2
    )
    classes = xp.where(rare > 0.0, power(xp, rows, 1.0 - gamma), rows)
    return share * region.of_samples().mean(pixels) + (1.0 - share) * xp.mean(classes, axis=-1), None


def unified_focal_loss(
    logits: Array,
    labels: Array,
    *,
    axis: int,
    batch_axes: int | tuple[int, ...] = 0,
    focal_share: float = 0.5,
    delta: float = 0.6,
    gamma: float = 0.5,
    background: int = 0,
    ignore_index: int | None = None,
    mask: Array | None = None,
    smooth: float = 0.0,
    smooth_denominator: float | None = None,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Unified focal loss, asymmetric form, of a softmax: a focal loss of the pixels and a Tversky loss of the regions.

    .. math::

        L &= \frac{\lambda}{n} \sum_i F_i + \frac{1 - \lambda}{C} \sum_c R_c \\
        F_i &= \begin{cases}
            -\delta \ln p_{y_i} & \text{if } y_i \text{ is foreground} \\
            -(1 - \delta)(1 - p_{y_i})^\gamma \ln p_{y_i} & \text{if it is the background}
        \end{cases} \\
        R_c &= \begin{cases}
            (1 - S_c)^{1 - \gamma} & \text{if } c \text{ is foreground} \\
            1 - S_c & \text{if it is the background}
        \end{cases}
        \qquad S_c = \frac{I_c + s}{I_c + (1 - \delta) \, \text{FP}_c + \delta \, \text{FN}_c + s'}

    i counts the n pixels of a sample, c the C classes. p is the softmax, y_i the label; I is the overlap of a class,
    FP what is predicted too much, FN what is missed, as in `tversky_loss`; lambda is `focal_share`, s is `smooth`, s'
    `smooth_denominator`. Turns down the easy background in the one, and steepens the rare foreground in the other,
    with one delta and one gamma for both.

    Parameters
    ----------
    logits : array of real dtype
        Scores of the C classes along `axis`, before the softmax.
    labels : array of integers without the class axis, or of real dtype and the shape of logits
        Class indices, or class probabilities. Pixels whose index is `ignore_index` or outside [0, C) are masked.
    axis : int
        The axis of the classes. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    focal_share : float in [0, 1], default 0.5
        lambda, the share of the pixels' part.
    delta : float in [0, 1], default 0.6
        Weight of what is missed: of the foreground in the pixels' part, of FN in the regions'.
    gamma : float in [0, 1), default 0.5
        Exponent: (1 - p)^gamma for background pixels, (1 - score)^(1 - gamma) for foreground regions.
    background : int, default 0
        The class that is not foreground.
    ignore_index : int, optional
        A class index to ignore.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    smooth : float >= 0, default 0
        s, added to numerator and denominator, in pixels. It gives an empty target a gradient.
    smooth_denominator : float >= 0, optional
        s' in place of s in the denominator.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    MONAI's `AsymmetricUnifiedFocalLoss` is of two classes and of probabilities, though its page says logits. Its
    delta is 0.7, and its focal part a mean over the pixels and both classes: 0.75 times this loss with
    ``focal_share=1/3``.

    References
    ----------
    Yeung et al., arXiv:2102.04525, equations 22 to 24.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import unified_focal_loss
    >>> x = np.log(np.asarray([[[0.9, 0.6, 0.3, 0.2], [0.1, 0.4, 0.7, 0.8]]]))
    >>> print(unified_focal_loss(x, np.asarray([[0, 0, 1, 1]]), axis=1).round(4))
    [0.2488]
    """
    share, delta = _check.number("focal_share", focal_share, 0.0, 1.0), _check.number("delta", delta, 0.0, 1.0)
    gamma = _check.number("gamma", gamma, 0.0, 1.0)
    _check.library(logits=logits, labels=labels)
    if gamma == 1.0:
        raise ValueError(f"gamma must be less than 1; got {gamma!r}")
    lay = layout(axis, batch_axes, logits=logits)
    classes = lay.shape[lay.axis or 0]
    if isinstance(background, bool) or not isinstance(background, int):
        raise TypeError(f"background must be an int; got {type(background).__name__}")
    if not 0 <= background < classes:
        raise ValueError(f"background must be between 0 and {classes - 1}; got {background}")
    smooth, below = smoothing(smooth, smooth_denominator)
    options = (Cost(1.0, 1.0 - delta, delta, smooth, below), share, delta, gamma, background)
    shared = Shared(weights, where, normalizer, reduction)
    return labelled_loss(_unified_rows, options, logits, labels, axis, batch_axes, ignore_index, mask, shared)


def _hardest_rows(
    region: Region, soft: bool, ignore_index: int | None, fraction: float, label_smoothing: float
) -> tuple[Array, None]:
    region, logits, labels = labelled(region, soft, ignore_index)
    pixels = _pixel_losses(region, logits, labels, ignore_index, "cross_entropy", label_smoothing)
    return region.of_samples().rows(hardest_kernel, (fraction,), pixels), None


def top_k_cross_entropy(
    logits: Array,
    labels: Array,
    *,
    axis: int,
    fraction: float,
    batch_axes: int | tuple[int, ...] = 0,
    label_smoothing: float = 0.0,
    class_weights: Array | None = None,
    ignore_index: int | None = None,
    mask: Array | None = None,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Cross-entropy of the hardest pixels: the mean of the k largest, k = fraction of the pixels.

    .. math::

        L = \frac{1}{k} \sum_{j = 1}^k E_{(j)}, \qquad E_{(1)} \ge E_{(2)} \ge \dots \ge E_{(n)},
        \qquad k = \max\left(1, \lfloor f n + 1/2 \rfloor\right)

    E_(j) is the j-th largest `softmax_cross_entropy` of a sample's n pixels, f is `fraction`. Online hard example
    mining: most pixels are easy, and their mean hides the others.

    Parameters
    ----------
    logits : array of real dtype
        Scores of the C classes along `axis`, before the softmax.
    labels : array of integers without the class axis, or of real dtype and the shape of logits
        Class indices, or class probabilities. Pixels whose index is `ignore_index` or outside [0, C) are masked.
    axis : int
        The axis of the classes. Required, because a wrong guess would be silent.
    fraction : float in (0, 1]
        Share of the unmasked pixels that is kept.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    label_smoothing : float in [0, 1], default 0
        As in `softmax_cross_entropy`.
    class_weights : array, shape (C,), real dtype, optional
        Factor of each class, before the choice; the divisor stays k.
    ignore_index : int, optional
        A class index to ignore.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch), or () with a reduction; at least float32
        Not negative; 0 for a sample without pixels.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    Pixels tied with the k-th share evenly what is left of the k. nnU-Net's `TopKLoss` (k = 10 percent) is
    ``fraction=0.1, batch_axes=()``, with the ignored pixels counted. mmsegmentation's OHEM keeps instead all pixels
    whose probability is below a threshold, and at least so many.

    References
    ----------
    Wu et al., arXiv:1605.06885, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import top_k_cross_entropy
    >>> x = np.log(np.asarray([[[0.9, 0.6, 0.3, 0.2], [0.1, 0.4, 0.7, 0.8]]]))
    >>> print(top_k_cross_entropy(x, np.asarray([[0, 0, 1, 1]]), axis=1, fraction=0.5).round(4))  # -ln 0.6, -ln 0.7
    [0.4338]
    """
    label_smoothing = _check.number("label_smoothing", label_smoothing, 0.0, 1.0)
    if _check.positive("fraction", fraction) > 1.0:
        raise ValueError(f"fraction must be at most 1; got {fraction!r}")
    shared = Shared(weights, where, normalizer, reduction)
    options = (float(fraction), label_smoothing)
    return labelled_loss(
        _hardest_rows, options, logits, labels, axis, batch_axes, ignore_index, mask, shared, class_weights
    )
