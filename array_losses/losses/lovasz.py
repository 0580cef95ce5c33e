"""Lovasz losses: IoU itself as a loss, convex between the hard predictions (`measures/lovasz.py`).

What `regions.py` says of rows and masks holds here. Pixels with equal errors are charged in the order they come in:
their sum is the same in any order, and the gradient is one of the subgradients.
"""

from __future__ import annotations

from .. import _check
from .._array import Array
from ..autodiff import widened
from ..measures.lovasz import lovasz_kernel
from ._regions import Region, labelled, layout, region_loss
from ._rows import Shared
from .regions import ABSENT
from .segmentation import labelled_loss


def _hinge_rows(region: Region, absent: str) -> tuple[Array, Array | None]:
    logits, targets = region.arrays
    targets = widened(targets, region.dtype)
    rows = region.rows(lovasz_kernel, ("hinge",), logits, targets)
    return rows, region.present(targets > 0.5) if absent == "skip" else None


def _softmax_rows(region: Region, soft: bool, ignore_index: int | None, classes: str) -> tuple[Array, Array | None]:
    region = labelled(region, soft, ignore_index)[0]
    rows = region.rows(lovasz_kernel, ("probability",), *region.arrays)
    return rows, region.present(region.arrays[1]) if classes == "present" else None


def lovasz_hinge_loss(
    logits: Array,
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
    r"""Lovasz hinge loss of binary masks: the Lovasz extension of 1 - IoU at the errors max(0, 1 - x s), s = +-1.

    .. math::

        L &= \sum_k e_{(k)} \, (J_k - J_{k - 1}), \qquad J_k = \frac{k}{G + m_k}, \qquad J_0 = 0 \\
        e_i &= \max(0, 1 - x_i s_i), \qquad e_{(1)} \ge e_{(2)} \ge \dots

    x are the logits; s_i is 1 for the G pixels i of the target and -1 for the others, m_k of which are among the k
    with the largest errors. Optimises the IoU of the prediction x > 0 directly; a pixel that is right by a margin of
    1 costs nothing.

    Parameters
    ----------
    logits : array of real dtype
        Scores; positive ones predict the mask.
    targets : array, shape of logits, real or boolean dtype
        The mask: True, or above 0.5. Has no gradient.
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
        Not negative, and not bounded.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    An empty target costs its largest error. The reference implementation has no class axis and one row a sample:
    ``axis=None``; ``per_image=False`` there is ``batch_axes=()``, and the default in segmentation_models.pytorch.
    Logits of +-1 cost twice the 1 - IoU of their signs: an error is 2 there.

    References
    ----------
    Berman et al., arXiv:1705.08790, equations 8 to 10.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import lovasz_hinge_loss
    >>> x, t = np.asarray([[2.0, -1.0, 0.5, -3.0]]), np.asarray([[1, 1, 0, 0]])
    >>> print(lovasz_hinge_loss(x, t, axis=None))  # errors 2, 1.5 and J = 1/2, 2/3: 0.5 / 2 + 1.5 * 2/3
    [1.25]
    """
    _check.covered(logits, targets, "logits")
    _check.one_of("absent", absent, ABSENT)
    lay = layout(axis, batch_axes, optional=True, logits=logits)
    shared = Shared(weights, where, normalizer, reduction)
    return region_loss(_hinge_rows, (absent,), (logits, targets), lay, mask, shared)


def lovasz_softmax_loss(
    logits: Array,
    labels: Array,
    *,
    axis: int,
    batch_axes: int | tuple[int, ...] = 0,
    classes: str = "present",
    ignore_index: int | None = None,
    mask: Array | None = None,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Lovasz softmax loss: the Lovasz extension of each class's 1 - IoU at the errors |[y = c] - softmax(x)_c|.

    .. math::

        L_c &= \sum_k e_{(k)} \, (J_k - J_{k - 1}), \qquad J_k = \frac{k}{G + m_k}, \qquad J_0 = 0 \\
        e_i &= \left|[y_i = c] - p_{ci}\right|, \qquad e_{(1)} \ge e_{(2)} \ge \dots,
        \qquad p_{ci} = \frac{e^{x_{ci}}}{\sum_j e^{x_{ji}}}

    x are the logits and y the labels; [y = c] is 1 for the G pixels of class c and 0 for the others, m_k of which are
    among the k with the largest errors. Optimises the mean IoU, the measure that segmentations are compared by.

    Parameters
    ----------
    logits : array of real dtype
        Scores of the C classes along `axis`, before the softmax.
    labels : array of integers, shape of logits without the class axis
        Class indices. Pixels whose index is `ignore_index` or outside [0, C) are masked.
    axis : int
        The axis of the classes. Required, because a wrong guess would be silent.
    batch_axes : int or tuple of int, default 0
        The axes that stay apart: each sample by default, () for the whole batch at once. A region is all other axes
        but that of the classes.
    classes : {"present", "all"}, default "present"
        Whether a class without any pixel in the labels costs 0 and leaves the mean's divisor.
    ignore_index : int, optional
        A class index to ignore.
    mask : array, the shape without the class axis, boolean, optional
        Pixels to look at. It is applied after the activation and to every sum.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (*batch, C), or () with a reduction; at least float32
        Between 0 and 1; on hard predictions the 1 - IoU of the class.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    Of probabilities: give their logarithms, whose softmax they are. The reference implementation takes
    probabilities and aggregates the batch: ``batch_axes=(), reduction="mean"``; mmsegmentation can,
    segmentation_models.pytorch does. kornia's `lovasz_softmax_loss` (``classes="all"``) was wrong before 0.9: it
    sorted the labels where it should have sorted which pixels are of the class; for the example below it had [.3,
    .4375, .3833].

    References
    ----------
    Berman et al., arXiv:1705.08790, equations 8, 9 and 12.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import lovasz_softmax_loss
    >>> p = np.asarray([[[0.7, 0.1, 0.3, 0.5], [0.2, 0.6, 0.3, 0.25], [0.1, 0.3, 0.4, 0.25]]])
    >>> print(lovasz_softmax_loss(np.log(p), np.asarray([[0, 1, 2, 1]]), axis=1).round(4))
    [[0.4   0.575 0.6  ]]
    """
    _check.one_of("classes", classes, ("present", "all"))
    shared = Shared(weights, where, normalizer, reduction)
    return labelled_loss(
        _softmax_rows,
        (classes,),
        logits,
        labels,
        axis,
        batch_axes,
        ignore_index,
        mask,
        shared,
        by_class=True,
        indices_only=True,
    )
