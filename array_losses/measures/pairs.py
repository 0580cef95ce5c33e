"""Tables of distances and similarities of embeddings, and the pairs in them that are worth learning from."""

from __future__ import annotations

from typing import NamedTuple

from .. import _check
from .._array import Array, namespace
from ..autodiff import compiled
from . import _pairs


class Mined(NamedTuple):
    """What a miner found: distances to a positive and to a negative, and whether there are both.

    Attributes
    ----------
    positive, negative : array
        Distances; 0 where there is none.
    valid : array of booleans
        Of the same shape: what to pass as `where`.
    """

    positive: Array
    negative: Array
    valid: Array


def pairwise_distance(a: Array, b: Array | None = None, *, squared: bool = False) -> Array:
    r"""Euclidean distances |a_i - b_j| of all pairs of embeddings, or their squares.

    .. math::

        d_{ij} = |a_i - b_j| = \sqrt{\sum_k (a_{ik} - b_{jk})^2}

    Parameters
    ----------
    a : array, shape (..., N, D), real dtype
        Embeddings; leading axes are batches that stay apart.
    b : array, shape (..., M, D) or (M, D), real dtype, optional
        Other embeddings, of the same library, with the same leading axes or none; `a` itself without.
    squared : bool, default False
        Whether to leave out the square root.

    Returns
    -------
    array, shape (..., N, M); at least float32
        Not negative; 0 for equal embeddings, with gradient 0.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit.

    Notes
    -----
    No eps: equal embeddings have distance 0, where torch's `pairwise_distance` adds 1e-6 to each difference and
    open-reid takes the root of 1e-12. No cancellation: float32 is computed as a product of matrices in float64, and
    distances below 1e-7 of the embeddings' size around their mean, which their own rounding may bring about, are 0.
    In JAX, and for float64, differences are taken, at the cost of several products. The table of all differences,
    N M D numbers, is never kept.

    Tensorflow-addons calls squared distances "L2". fast-reid's are squared distances of normalized embeddings,
    2 - 2 cos, as is ``2 - 2 * pairwise_similarity(a)``.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import pairwise_distance
    >>> print(pairwise_distance(np.asarray([[0.0, 0.0], [3.0, 4.0]])))
    [[0. 5.]
     [5. 0.]]
    """
    if b is None:
        xp = _check.embeddings(a=a)
    else:
        xp = _check.embeddings(a=a, b=b)
        _check.vectors(a, "..., M", b=b)
    result: Array = compiled(xp, _distance, (bool(squared),), a, b)
    return result


def _distance(squared: bool, a: Array, b: Array | None) -> Array:
    xp = namespace(a) if b is None else namespace(a, b)
    given = _pairs.numbers(xp, a) if b is None else _pairs.numbers(xp, a, b)
    return _pairs.distances(xp, given[0], given[-1], squared)


def pairwise_similarity(a: Array, b: Array | None = None, *, normalize: bool = True) -> Array:
    r"""Cosines of all pairs of embeddings, or their dot products.

    .. math::

        s_{ij} = \frac{a_i \cdot b_j}{|a_i| \, |b_j|}

    Without the denominator for ``normalize=False``.

    Parameters
    ----------
    a : array, shape (..., N, D), real dtype
        Embeddings; leading axes are batches that stay apart.
    b : array, shape (..., M, D) or (M, D), real dtype, optional
        Other embeddings, of the same library, with the same leading axes or none; `a` itself without.
    normalize : bool, default True
        Whether to divide the embeddings by their length.

    Returns
    -------
    array, shape (..., N, M); at least float32
        In [-1, 1], up to rounding, unless ``normalize=False``.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit.

    Notes
    -----
    An embedding of zeros has cosine 0 with everything, and gradient 0. Lengths neither overflow nor underflow.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import pairwise_similarity
    >>> print(pairwise_similarity(np.asarray([[3.0, 4.0]]), np.asarray([[1.0, 0.0], [0.0, 9.0]])).round(6))
    [[0.6 0.8]]
    """
    if b is None:
        xp = _check.embeddings(a=a)
    else:
        xp = _check.embeddings(a=a, b=b)
        _check.vectors(a, "..., M", b=b)
    result: Array = compiled(xp, _similarity, (bool(normalize),), a, b)
    return result


def _similarity(normalize: bool, a: Array, b: Array | None) -> Array:
    xp = namespace(a) if b is None else namespace(a, b)
    given = _pairs.numbers(xp, a) if b is None else _pairs.numbers(xp, a, b)
    return _pairs.cosines(xp, *given) if normalize else _pairs.products(xp, given[0], given[-1])


def batch_hard(distances: Array, labels: Array) -> Mined:
    r"""The hardest pairs of each anchor: its farthest positive and its nearest negative.

    .. math::

        \text{positive}_i = \max_{j \ne i,\, y_j = y_i} d_{ij}, \qquad \text{negative}_i = \min_{y_j \ne y_i} d_{ij}

    d are the distances and y the labels.

    Parameters
    ----------
    distances : array, shape (..., N, N), real dtype
        Distances of all pairs of a batch; leading axes are batches that stay apart.
    labels : array, shape (..., N), integers
        Who they are; they are only compared.

    Returns
    -------
    positive : array, shape (..., N); at least float32
        The largest distance to another with the same label; 0 if there is none.
    negative : array, shape (..., N); at least float32
        The smallest distance to one with another label; 0 if there is none.
    valid : array of booleans, shape (..., N)
        Whether there are both.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit.

    Notes
    -----
    Pairs that tie share the gradient evenly. For similarities, mine their negatives. Of embeddings,
    `batch_hard_triplet_loss` finds the pairs faster.

    References
    ----------
    A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss", arXiv:1703.07737, equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import batch_hard, mined_triplet_loss
    >>> d = np.asarray([[0.0, 3.0, 1.0], [3.0, 0.0, 2.0], [1.0, 2.0, 0.0]])
    >>> m = batch_hard(d, np.asarray([0, 0, 1]))
    >>> print(m.positive, m.negative, m.valid)  # the third has no positive
    [3. 3. 0.] [1. 2. 1.] [ True  True False]
    >>> print(mined_triplet_loss(m.positive, m.negative, margin=0.5, where=m.valid, reduction="mean"))  # (2.5 + 1.5)/2
    2.0
    """
    xp = _check.square(distances=distances, labels=labels)
    _check.class_indices(xp, tuple(distances.shape[:-1]), labels)
    result: Mined = compiled(xp, _batch_hard, (), distances, labels)
    return result


def _batch_hard(distances: Array, labels: Array) -> Mined:
    xp = namespace(distances, labels)
    (table,) = _pairs.numbers(xp, distances)
    positives, negatives = _pairs.relations(xp, labels)
    positive, has_positive = _pairs.largest_or_zero(xp, table, positives)
    negative, has_negative = _pairs.largest_or_zero(xp, -table, negatives)
    return Mined(positive, -negative, xp.logical_and(has_positive, has_negative))


def semi_hard(distances: Array, labels: Array) -> Mined:
    r"""For each pair of one label the nearest negative that is farther than the positive, or else the farthest.

    .. math::

        \text{positive}_{ij} = d_{ij}, \qquad \text{negative}_{ij} = \begin{cases}
            \min \{d_{ik} : y_k \ne y_i,\, d_{ik} > d_{ij}\} & \text{if there is such a } k \\
            \max \{d_{ik} : y_k \ne y_i\} & \text{otherwise}
        \end{cases}

    d are the distances and y the labels, with y_i = y_j for a pair.

    Parameters
    ----------
    distances : array, shape (..., N, N), real dtype
        Distances of all pairs of a batch; leading axes are batches that stay apart.
    labels : array, shape (..., N), integers
        Who they are; they are only compared.

    Returns
    -------
    positive : array, shape (..., N, N); at least float32
        The distance of anchor i and its positive j; 0 where this is no such pair.
    negative : array, shape (..., N, N); at least float32
        The anchor's smallest distance to another label above it, its largest one if there is none; 0 without pair.
    valid : array of booleans, shape (..., N, N)
        Pairs of two that share a label, whose anchor has a negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit.

    Notes
    -----
    The set of tensorflow-addons' `triplet_semihard_loss`. pytorch-metric-learning calls semi-hard all triplets with
    0 < d_an - d_ap <= margin. Negatives that tie share the gradient evenly. Found by sorting each row, without a table
    of all triplets.

    References
    ----------
    F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet", CVPR 2015, arXiv:1503.03832, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import semi_hard
    >>> d = np.asarray([[0.0, 3.0, 1.0, 4.0], [3.0, 0.0, 2.0, 1.0], [1.0, 2.0, 0.0, 5.0], [4.0, 1.0, 5.0, 0.0]])
    >>> m = semi_hard(d, np.asarray([0, 0, 1, 2]))
    >>> print(m.negative[0, 1], m.negative[1, 0])  # beyond 3: 4; of 2 and 1, neither beyond 3: 2
    4.0 2.0
    """
    xp = _check.square(distances=distances, labels=labels)
    _check.class_indices(xp, tuple(distances.shape[:-1]), labels)
    result: Mined = compiled(xp, _semi_hard, (), distances, labels)
    return result


def _semi_hard(distances: Array, labels: Array) -> Mined:
    xp = namespace(distances, labels)
    (table,) = _pairs.numbers(xp, distances)
    positives, negatives = _pairs.relations(xp, labels)
    negative, exists = _pairs.farther(xp, table, negatives)
    valid = xp.logical_and(positives, exists)
    return Mined(xp.where(valid, table, 0.0), xp.where(valid, negative, 0.0), valid)
