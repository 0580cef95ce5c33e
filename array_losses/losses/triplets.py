"""Losses of distances: triplets of an anchor, a positive and a negative, given or found in a batch, and pairs.

The paragraphs that hold for all of them: distances are Euclidean, not squared, of the embeddings as they are; divide
them by their length first where a margin is meant for the unit sphere. Labels are only compared. A row outside `where`
is an anchor that costs nothing; its embedding still serves the others as positive or negative. Without any pair or
triplet, mean and gradient are 0.
"""

from __future__ import annotations

import math

from .. import _check
from .._array import Array, Namespace, astype
from .._numerics import count_below
from ..autodiff import INDEX, stop_gradient
from ..measures import _pairs as pairs
from ..measures._lengths import largest
from ..measures._mining import hardest
from ..measures.triplets import contrast_kernel, triplet_kernel, violation
from ._pairs import Rows, labelled, pair_loss
from ._rows import Shared, row_loss


def triplet_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    *,
    margin: float | None = 0.2,
    swap: bool = False,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Triplet loss, max(0, d_ap - d_an + margin), or ln(1 + e^(d_ap - d_an)) with ``margin=None``.

    .. math::

        L = \begin{cases}
            \max(0, d_{ap} - d_{an} + m) & \text{with a margin } m \\
            \ln(1 + e^{d_{ap} - d_{an}}) & \text{with the soft margin}
        \end{cases}
        \qquad d_{ap} = |a - p|, \quad d_{an} = |a - n|

    a, p and n are anchor, positive and negative. The anchor has to be nearer to the positive than to the negative by
    a margin, or as much as it can be.

    Parameters
    ----------
    anchor, positive, negative : array, shape (..., D), real dtype
        Embeddings of one library and of the same shape.
    margin : float >= 0 or None, default 0.2
        How much nearer; None is the soft margin.
    swap : bool, default False
        Whether d_an is replaced by the distance of positive and negative where that is smaller.
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
        If shapes do not fit or an option is unknown, or margin is negative.

    Notes
    -----
    The distance of coincident embeddings is 0 with gradient 0; there is no eps. torch's `triplet_margin_loss` adds 1e-6
    to each difference and has margin 1; optax's adds 1e-6 to the sum of squares; open-reid and triplet-reid take the
    root of at least 1e-12. The slope is 0 at the kink.

    References
    ----------
    F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet", CVPR 2015, arXiv:1503.03832, equation 3 (of squared distances);
    A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss", arXiv:1703.07737, for the soft margin; V. Balntas
    et al., BMVC 2016, for the swap.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import triplet_loss
    >>> a, p, n = np.asarray([[0.0, 0.0]]), np.asarray([[3.0, 4.0]]), np.asarray([[0.0, 2.0]])
    >>> print(triplet_loss(a, p, n), triplet_loss(a, p, n, margin=None).round(6))  # 5 - 2 + 0.2, ln(1 + e^3)
    [3.2] [3.048587]
    """
    margin = _check.margin_or_none(margin)
    _check.alike(anchor=anchor, positive=positive, negative=negative)
    if anchor.ndim == 0:
        raise ValueError("anchor must have shape (..., D); got ()")
    arrays, shared = (anchor, positive, negative), Shared(weights, where, normalizer, reduction)
    return row_loss(triplet_kernel, (1, 1, 1), (margin, bool(swap)), arrays, tuple(anchor.shape[:-1]), shared)


def _hinge(xp: Namespace, positive: Array, negative: Array, margin: float | None, active_only: bool = False) -> Rows:
    rows = violation(xp, positive - negative, margin)
    return Rows(rows, counts=astype(xp, stop_gradient(rows) > 0.0, rows.dtype) if active_only else None)


def mined_triplet_loss(
    positive: Array,
    negative: Array,
    *,
    margin: float | None = 0.2,
    active_only: bool = False,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Triplet loss of distances, max(0, d_ap - d_an + margin), or ln(1 + e^(d_ap - d_an)) with ``margin=None``.

    .. math::

        L = \begin{cases}
            \max(0, d_{ap} - d_{an} + m) & \text{with a margin } m \\
            \ln(1 + e^{d_{ap} - d_{an}}) & \text{with the soft margin}
        \end{cases}

    d_ap and d_an are the distances of the anchor from positive and negative. For distances that a miner has found:
    ``mined_triplet_loss(mined.positive, mined.negative, where=mined.valid)``.

    Parameters
    ----------
    positive, negative : array, shape (...), real dtype
        Distances from anchor to positive and to negative, of one library and of the same shape.
    margin : float >= 0 or None, default 0.2
        How much nearer the positive has to be; None is the soft margin.
    active_only : bool, default False
        Whether a mean is taken over the rows above 0 alone.
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
        If shapes do not fit or an option is unknown, or margin is negative.

    Notes
    -----
    pytorch-metric-learning's `TripletMarginLoss` normalizes embeddings and has ``margin=0.05, active_only=True``; its
    `smooth_loss` is ``margin=None``. Of squared distances it is FaceNet's. triplet-reid's ``margin=None`` is the one
    here; fast-reid's soft margin is its margin 0. tensorflow-addons' soft margin overflows for large distances.

    References
    ----------
    A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss", arXiv:1703.07737.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import mined_triplet_loss
    >>> p, n = np.asarray([0.5, 0.25]), np.asarray([0.25, 1.0])
    >>> print(mined_triplet_loss(p, n, margin=0.5))
    [0.75 0.  ]
    >>> print(mined_triplet_loss(p, n, margin=0.5, active_only=True, reduction="mean"))
    0.75
    """
    margin = _check.margin_or_none(margin)
    _check.matched(positive=positive, negative=negative)
    shared = Shared(weights, where, normalizer, reduction)
    rows = tuple(positive.shape)
    return pair_loss(_mined, (margin, bool(active_only)), (positive, negative), rows, shared, own=(0, 0))


def _mined(xp: Namespace, margin: float | None, active_only: bool, positive: Array, negative: Array) -> Rows:
    positive, negative = pairs.numbers(xp, positive, negative)
    return _hinge(xp, positive, negative, margin, active_only)


def batch_hard_triplet_loss(
    embeddings: Array,
    labels: Array,
    *,
    margin: float | None = 0.2,
    active_only: bool = False,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Triplet loss of each anchor with its hardest pair in the batch: the farthest positive and the nearest negative.

    .. math::

        L_i = \max\left(0, \max_{p \ne i,\, y_p = y_i} d_{ip} - \min_{y_n \ne y_i} d_{in} + m\right),
        \qquad d_{ij} = |x_i - x_j|

    x are the embeddings and y their labels, p is a positive and n a negative, m is `margin`. The hardest of a random
    batch are moderately hard, which trains best.

    Parameters
    ----------
    embeddings : array, shape (..., N, D), real dtype
        Embeddings; leading axes are batches that stay apart.
    labels : array, shape (..., N), integers
        Who they are.
    margin : float >= 0 or None, default 0.2
        How much nearer the positive has to be; None is the soft margin of `triplet_loss`.
    active_only : bool, default False
        Whether a mean is taken over the anchors above 0 alone.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``. Rows are anchors.

    Returns
    -------
    array, shape (..., N), or () with a reduction; at least float32
        Not negative. Anchors without positive or without negative cost 0 and do not count.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or margin is negative.

    Notes
    -----
    `mined_triplet_loss` of `batch_hard`, faster: the table of distances serves to find the pairs, whose distances are
    then those of their differences. Pairs that tie share the gradient evenly.

    open-reid and triplet-reid, whose soft margin (``margin=None``) stays near ln 2 = 0.693 when all embeddings collapse
    to a point. fast-reid compares squared distances of normalized embeddings if asked to normalize. tensorflow-addons'
    `triplet_hard_loss` counts anchors without a positive, whose distance it takes for 0. pytorch-metric-learning's
    `BatchHardMiner` with `TripletMarginLoss`: normalize first, ``active_only=True``.

    References
    ----------
    A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss", arXiv:1703.07737, equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import batch_hard_triplet_loss
    >>> x = np.asarray([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]])
    >>> print(batch_hard_triplet_loss(x, np.asarray([0, 0, 1])).round(4))  # 5 - 2 + 0.2, 5 - 13^(1/2) + 0.2
    [3.2    1.5944 0.    ]
    """
    margin = _check.margin_or_none(margin)
    rows = labelled(embeddings, labels)
    shared = Shared(weights, where, normalizer, reduction)
    return pair_loss(_batch_hard, (margin, bool(active_only)), (embeddings, labels), rows, shared, own=(-1,))


def _batch_hard(xp: Namespace, margin: float | None, active_only: bool, embeddings: Array, labels: Array) -> Rows:
    (x,) = pairs.numbers(xp, embeddings)
    found = hardest(xp, x, labels)
    return _hinge(xp, found.positive, found.negative, margin, active_only)._replace(valid=found.valid)


def batch_all_triplet_loss(
    embeddings: Array,
    labels: Array,
    *,
    margin: float = 0.2,
    active_only: bool = True,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Triplet loss of each anchor with all of its triplets in the batch, the sum of max(0, d_ap - d_an + margin).

    .. math::

        L_i = \sum_{p \ne i,\, y_p = y_i} \; \sum_{y_n \ne y_i} \max(0, d_{ip} - d_{in} + m),
        \qquad d_{ij} = |x_i - x_j|

    x are the embeddings and y their labels, p is a positive and n a negative, m is `margin`. The mean of the
    triplets, over those that are not solved yet, is dominated by none.

    Parameters
    ----------
    embeddings : array, shape (..., N, D), real dtype
        Embeddings; leading axes are batches that stay apart.
    labels : array, shape (..., N), integers
        Who they are.
    margin : float >= 0, default 0.2
        How much nearer the positive has to be.
    active_only : bool, default True
        Whether a mean divides by the number of triplets above 0, or of all triplets.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``. Rows are anchors.

    Returns
    -------
    array, shape (..., N), or () with a reduction; at least float32
        Not negative. The mean is that of triplets.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or margin is negative.

    Notes
    -----
    By sorting the distances of each anchor and counting below each margin, in memory of a few N x N tables; there is no
    table of triplets. Hence no soft margin. pytorch-metric-learning's `TripletMarginLoss` without a miner: normalize
    first.

    References
    ----------
    A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss", arXiv:1703.07737, equation 6.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import batch_all_triplet_loss
    >>> x = np.asarray([[0.0], [2.0], [1.0], [5.0]])
    >>> y = np.asarray([0, 0, 1, 1])
    >>> print(batch_all_triplet_loss(x, y, margin=0.5))  # 2 - 1 + 0.5; 2 - 1 + 0.5; twice 4 - 1 + 0.5; 4 - 3 + 0.5
    [1.5 1.5 7.  1.5]
    >>> print(batch_all_triplet_loss(x, y, margin=0.5, reduction="mean"))  # 11.5 over five triplets
    2.3
    """
    margin = _check.number("margin", margin, 0.0)
    rows = labelled(embeddings, labels)
    shared = Shared(weights, where, normalizer, reduction)
    return pair_loss(_batch_all, (margin, bool(active_only)), (embeddings, labels), rows, shared, own=(-1,))


def _batch_all(xp: Namespace, margin: float, active_only: bool, embeddings: Array, labels: Array) -> Rows:
    """Each positive counts for every negative nearer than its margin, and the other way round."""
    (x,) = pairs.numbers(xp, embeddings)
    distances = pairs.distances(xp, x, x)
    positives, negatives = pairs.relations(xp, labels)
    values = stop_gradient(distances)
    limits = values + margin
    nearest = -largest(xp, xp.where(negatives, -values, -math.inf))
    near = xp.sort(xp.where(negatives, values, math.inf), axis=-1)
    far = xp.sort(xp.where(positives, limits, -math.inf), axis=-1)
    below = astype(xp, count_below(xp, near, limits), x.dtype)
    above = values.shape[-1] - astype(xp, count_below(xp, far, values, or_equal=True), x.dtype)
    pulls, pushes = xp.where(positives, below, 0.0), xp.where(negatives, above, 0.0)
    # Measured from the nearest negative, so that what the sums have in common does not cancel.
    offset = xp.where(nearest == math.inf, 0.0, nearest)
    rows = xp.sum(pulls * ((distances - offset) + margin), axis=-1) - xp.sum(pushes * (distances - offset), axis=-1)
    if active_only:
        return Rows(rows, counts=xp.sum(pulls, axis=-1))
    every = (xp.sum(astype(xp, table, x.dtype), axis=-1) for table in (positives, negatives))
    return Rows(rows, counts=next(every) * next(every))


def semi_hard_triplet_loss(
    embeddings: Array,
    labels: Array,
    *,
    margin: float | None = 1.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Triplet loss of each positive pair with the anchor's nearest negative that is farther than the positive.

    .. math::

        L_{ij} = \max(0, d_{ij} - d_{in} + m), \qquad d_{in} = \min \{d_{ik} : y_k \ne y_i,\, d_{ik} > d_{ij}\},
        \qquad d_{ij} = |x_i - x_j|

    x are the embeddings and y their labels, with y_i = y_j for a positive j; n is the negative, the farthest if none
    is farther than j, and m is `margin`. The hardest negatives can make all embeddings collapse early in training;
    these do not.

    Parameters
    ----------
    embeddings : array, shape (..., N, D), real dtype
        Embeddings; leading axes are batches that stay apart.
    labels : array, shape (..., N), integers
        Who they are.
    margin : float >= 0 or None, default 1
        How much nearer the positive has to be; None is the soft margin of `triplet_loss`.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``. Rows are pairs of anchor and positive: ``where=keep[:, None]``
        chooses anchors.

    Returns
    -------
    array, shape (..., N, N), or () with a reduction; at least float32
        Not negative. What is no pair of two with one label, or has no negative, is 0 and does not count.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or margin is negative.

    Notes
    -----
    `mined_triplet_loss` of `semi_hard`. tensorflow-addons' `triplet_semihard_loss`, and the paper, take squared
    distances of normalized embeddings: ``mined_triplet_loss(*semi_hard(pairwise_distance(x, squared=True), labels)[:2],
    margin=1.0, where=...)``.

    References
    ----------
    F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet", CVPR 2015, arXiv:1503.03832, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import semi_hard_triplet_loss
    >>> x = np.asarray([[0.0], [2.0], [1.0], [2.5]])
    >>> print(semi_hard_triplet_loss(x, np.asarray([0, 0, 1, 2]))[:2, :2])  # 2 - 2.5 + 1; none beyond 2: 2 - 1 + 1
    [[0.  0.5]
     [2.  0. ]]
    """
    margin = _check.margin_or_none(margin)
    rows = labelled(embeddings, labels)
    shared = Shared(weights, where, normalizer, reduction)
    return pair_loss(_semi_hard, (margin,), (embeddings, labels), (*rows, rows[-1]), shared, own=(-2,))


def _semi_hard(xp: Namespace, margin: float | None, embeddings: Array, labels: Array) -> Rows:
    (x,) = pairs.numbers(xp, embeddings)
    distances = pairs.distances(xp, x, x)
    positives, negatives = pairs.relations(xp, labels)
    negative, exists = pairs.farther(xp, distances, negatives)
    return _hinge(xp, distances, negative, margin)._replace(valid=xp.logical_and(positives, exists))


def contrastive_loss(
    distances: Array,
    same: Array,
    *,
    positive_margin: float = 0.0,
    negative_margin: float = 1.0,
    squared: bool = True,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Contrastive loss of pairs: max(0, d - m_p)^2/2 where they are the same, max(0, m_n - d)^2/2 where they differ.

    .. math::

        L = \begin{cases}
            \max(0, d - m_p)^2 / 2 & \text{if they are the same} \\
            \max(0, m_n - d)^2 / 2 & \text{if they differ}
        \end{cases}

    d is the distance of a pair, m_p and m_n are `positive_margin` and `negative_margin`. Pulls together what belongs
    together, and pushes apart what does not until it is far enough.

    Parameters
    ----------
    distances : array, shape (...), real dtype
        Distances of pairs, a table of `pairwise_distance` for instance.
    same : array, shape (...), booleans
        Which of them are the same.
    positive_margin : float >= 0, default 0
        How far apart the same may stay.
    negative_margin : float >= 0, default 1
        How far apart others need to be.
    squared : bool, default True
        Whether to square and halve.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``. Rows are pairs.

    Returns
    -------
    array, shape (...), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or a margin is negative.

    Notes
    -----
    tensorflow-addons' `contrastive_loss` is without the 1/2. pytorch-metric-learning's `ContrastiveLoss` is
    ``squared=False``, the mean over the positive pairs above 0 plus that over the negative ones: two calls with
    ``where=same & (rows > 0)`` and its counterpart. MONAI's `ContrastiveLoss` is a `sup_con_loss`. A table holds each
    pair twice, and its diagonal: choose with `where`.

    References
    ----------
    R. Hadsell, S. Chopra, Y. LeCun, "Dimensionality Reduction by Learning an Invariant Mapping", CVPR 2006, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import contrastive_loss
    >>> d, same = np.asarray([0.5, 0.5, 2.0]), np.asarray([True, False, False])
    >>> print(contrastive_loss(d, same, negative_margin=1.5))
    [0.125 0.5   0.   ]
    """
    positive_margin = _check.number("positive_margin", positive_margin, 0.0)
    negative_margin = _check.number("negative_margin", negative_margin, 0.0)
    _check.flagged(distances=distances, same=same)
    shared = Shared(weights, where, normalizer, reduction)
    knobs = (positive_margin, negative_margin, bool(squared))
    return row_loss(contrast_kernel, (0, INDEX), knobs, (distances, same), tuple(distances.shape), shared)
