"""Losses of cosines: each anchor's positives among its negatives, as in a softmax.

The paragraphs that hold for all of them: embeddings are divided by their length here; one of zeros has cosine 0 with
everything, and gradient 0. Labels are only compared. A row outside `where` is an anchor that costs nothing; its
embedding still serves the others as positive or negative. Without any pair, mean and gradient are 0. Sums of
exponentials are taken in log space: finite at every temperature, and exact also where a loss is tiny.
"""

from __future__ import annotations

import math

from .. import _check
from .._array import Array, Namespace, astype
from .._numerics import relu, softplus
from ..autodiff import stop_gradient
from ..measures import _pairs as pairs
from ..measures._lengths import directions, largest
from ._pairs import Rows, labelled, pair_loss
from ._rows import Shared


def info_nce_loss(
    queries: Array,
    keys: Array,
    *,
    negatives: Array | None = None,
    temperature: float = 0.07,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""InfoNCE, -ln(e^(s_ii/T) / sum_j e^(s_ij/T)) of the cosines s_ij of query i and key j.

    .. math::

        L_i = -\ln \frac{e^{s_{ii} / T}}{\sum_j e^{s_{ij} / T}}, \qquad s_{ij} = \frac{q_i \cdot k_j}{|q_i| \, |k_j|}

    q are the queries and k the keys, T is `temperature`. With `negatives`, the sum is over them and the query's own
    key. Each query has to find its own key among all of them: cross-entropy of N classes.

    Parameters
    ----------
    queries, keys : array, shape (..., N, D), real dtype
        Embeddings of one library and of the same shape, the i-th key belonging to the i-th query; leading axes are
        batches that stay apart.
    negatives : array, shape (..., M, D) or (M, D), real dtype, optional
        Other keys, a queue for instance, that take the place of the other queries' keys.
    temperature : float > 0, default 0.07
        T.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``. Rows are queries.

    Returns
    -------
    array, shape (..., N), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or temperature is not positive.

    Notes
    -----
    The gradient flows to queries, keys and negatives: MoCo's keys are constants, ``stop_gradient(keys)``. CLIP's loss
    is the mean of this one and the one with queries and keys exchanged. Where views of a batch are compared with each
    other see `nt_xent_loss` and `sup_con_loss`.

    References
    ----------
    A. van den Oord, Y. Li, O. Vinyals, "Representation Learning with Contrastive Predictive Coding", arXiv:1807.03748,
    equation 4; K. He et al., "Momentum Contrast", CVPR 2020, arXiv:1911.05722, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import info_nce_loss
    >>> q, k = np.asarray([[1.0, 0.0], [0.0, 1.0]]), np.asarray([[5.0, 0.0], [1.0, 0.0]])
    >>> print(info_nce_loss(q, k, temperature=1.0).round(6))  # both keys like the first query: ln 2, and ln 2
    [0.693147 0.693147]
    >>> print(info_nce_loss(q, k, negatives=np.asarray([[0.0, 1.0]]), temperature=0.5).round(6))  # ln(1 + e^-2), ...
    [0.126928 2.126928]
    """
    temperature = _check.positive("temperature", temperature)
    xp = _check.embeddings(queries=queries, keys=keys)
    _check.real(xp, keys=keys)
    _check.alike(queries=queries, keys=keys)
    if negatives is not None:
        _check.vectors(queries, "..., M", negatives=negatives)
    shared = Shared(weights, where, normalizer, reduction)
    rows = tuple(queries.shape[:-1])
    return pair_loss(_info_nce, (temperature,), (queries, keys, negatives), rows, shared, own=(1, -1, -1))


def _info_nce(xp: Namespace, temperature: float, queries: Array, keys: Array, negatives: Array | None) -> Rows:
    given = (queries, keys) if negatives is None else (queries, keys, negatives)
    q, k, *queue = (directions(xp, x) for x in pairs.numbers(xp, *given))
    q = q / temperature
    if queue:
        rest = pairs.log_sum_exp(xp, pairs.products(xp, q, queue[0]))
        return Rows(softplus(xp, rest - xp.sum(q * k, axis=-1)))
    return Rows(pairs.own_entropy(xp, pairs.products(xp, q, k)))


def nt_xent_loss(
    embeddings: Array,
    labels: Array,
    *,
    temperature: float = 0.5,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""NT-Xent, -ln(e^(s_ij/T) / (e^(s_ij/T) + sum_k e^(s_ik/T))) of a positive pair i, j and the negatives k of i.

    .. math::

        L_{ij} = -\ln \frac{e^{s_{ij} / T}}{e^{s_{ij} / T} + \sum_{y_k \ne y_i} e^{s_{ik} / T}},
        \qquad s_{ij} = \frac{x_i \cdot x_j}{|x_i| \, |x_j|}

    x are the embeddings and y their labels, with y_i = y_j for the positive j; T is `temperature`. SimCLR's loss:
    labels 0 ... N - 1 twice, for two views of N images.

    Parameters
    ----------
    embeddings : array, shape (..., N, D), real dtype
        Embeddings; leading axes are batches that stay apart.
    labels : array, shape (..., N), integers
        Who they are.
    temperature : float > 0, default 0.5
        T.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``. Rows are pairs of anchor and positive: ``where=keep[:, None]``
        chooses anchors.

    Returns
    -------
    array, shape (..., N, N), or () with a reduction; at least float32
        Not negative. What is no pair of two with one label is 0 and does not count.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or temperature is not positive.

    Notes
    -----
    One term a positive pair, as in optax's `ntxent` (NaN there without any pair) and pytorch-metric-learning's
    `NTXentLoss`; their default is 0.07. With two views they, MONAI's `ContrastiveLoss` and `sup_con_loss` agree; with
    more, other positives do not stand in the denominator here, but there. A pair whose anchor has no negative costs 0.

    References
    ----------
    T. Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", ICML 2020,
    arXiv:2002.05709, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import nt_xent_loss
    >>> x = np.asarray([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    >>> print(nt_xent_loss(x, np.asarray([0, 0, 1])).round(6))  # cosines 1 and 0: ln(1 + e^-2)
    [[0.       0.126928 0.      ]
     [0.126928 0.       0.      ]
     [0.       0.       0.      ]]
    """
    temperature = _check.positive("temperature", temperature)
    rows = labelled(embeddings, labels)
    shared = Shared(weights, where, normalizer, reduction)
    return pair_loss(_nt_xent, (temperature,), (embeddings, labels), (*rows, rows[-1]), shared, own=(-2,))


def _nt_xent(xp: Namespace, temperature: float, embeddings: Array, labels: Array) -> Rows:
    (x,) = pairs.numbers(xp, embeddings)
    scores = pairs.cosines(xp, x) / temperature
    positives, negatives = pairs.relations(xp, labels)
    rest = pairs.log_sum_exp(xp, scores, negatives)
    return Rows(pairs.softplus_of(xp, rest[..., None], scores, positives), positives)


def sup_con_loss(
    embeddings: Array,
    labels: Array,
    *,
    temperature: float = 0.1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""SupCon, the mean over an anchor's positives p of -ln(e^(s_ip/T) / sum_k e^(s_ik/T)), k being all others.

    .. math::

        L_i = -\frac{1}{P_i} \sum_{p \ne i,\, y_p = y_i} \ln \frac{e^{s_{ip} / T}}{\sum_{k \ne i} e^{s_{ik} / T}},
        \qquad s_{ij} = \frac{x_i \cdot x_j}{|x_i| \, |x_j|}

    x are the embeddings and y their labels, P_i is the number of positives p of the anchor i, T is `temperature`. The
    contrast of self-supervised learning with all samples of a class as positives.

    Parameters
    ----------
    embeddings : array, shape (..., N, D), real dtype
        Embeddings; leading axes are batches that stay apart.
    labels : array, shape (..., N), integers
        Who they are.
    temperature : float > 0, default 0.1
        T.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``. Rows are anchors.

    Returns
    -------
    array, shape (..., N), or () with a reduction; at least float32
        At least ln P for P positives. Anchors without any are 0 and do not count.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or temperature is not positive.

    Notes
    -----
    The paper's L_out, without the factor T/T_base of its code, and pytorch-metric-learning's `SupConLoss`. For two
    views of each image it is SimCLR's loss, and MONAI's `ContrastiveLoss` with ``temperature=0.5``.

    References
    ----------
    P. Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, arXiv:2004.11362, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import sup_con_loss
    >>> x = np.asarray([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    >>> print(sup_con_loss(x, np.asarray([0, 0, 1]), temperature=0.5).round(6))  # cosines 1 and 0: ln(1 + e^-2)
    [0.126928 0.126928 0.      ]
    """
    temperature = _check.positive("temperature", temperature)
    rows = labelled(embeddings, labels)
    shared = Shared(weights, where, normalizer, reduction)
    return pair_loss(_sup_con, (temperature,), (embeddings, labels), rows, shared, own=(-1,))


def _sup_con(xp: Namespace, temperature: float, embeddings: Array, labels: Array) -> Rows:
    (x,) = pairs.numbers(xp, embeddings)
    scores = pairs.cosines(xp, x) / temperature
    positives, _ = pairs.relations(xp, labels)
    top, rest = pairs.log_sum_exp_above(xp, scores, pairs.others(xp, labels, labels.shape[-1]))
    count = xp.sum(astype(xp, positives, x.dtype), axis=-1)
    valid = count > 0.0
    below = xp.sum(xp.where(positives, top[..., None] - scores, 0.0), axis=-1)
    return Rows(xp.where(valid, below / xp.where(valid, count, 1.0) + rest, 0.0), valid)


def circle_loss(
    embeddings: Array,
    labels: Array,
    *,
    margin: float = 0.25,
    gamma: float = 256.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Circle loss, ln(1 + sum_n e^(gamma a_n (s_n - m)) sum_p e^(-gamma a_p (s_p - 1 + m))).

    .. math::

        L_i &= \ln\left(1 + \sum_{y_n \ne y_i} e^{\gamma \, a_n (s_{in} - m)}
        \sum_{p \ne i,\, y_p = y_i} e^{-\gamma \, a_p (s_{ip} - 1 + m)}\right) \\
        a_n &= \max(0, s_{in} + m), \qquad a_p = \max(0, 1 + m - s_{ip}),
        \qquad s_{ij} = \frac{x_i \cdot x_j}{|x_i| \, |x_j|}

    x are the embeddings and y their labels, p is a positive and n a negative, m is `margin`. Cosines that are far
    from their best are pulled harder.

    Parameters
    ----------
    embeddings : array, shape (..., N, D), real dtype
        Embeddings; leading axes are batches that stay apart.
    labels : array, shape (..., N), integers
        Who they are.
    margin : float >= 0, default 0.25
        m, the radius of the decision boundary, a circle.
    gamma : float > 0, default 256
        The scale.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``. Rows are anchors.

    Returns
    -------
    array, shape (..., N), or () with a reduction; at least float32
        Not negative. Anchors without positive or without negative are 0 and do not count.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, margin is negative or gamma not positive.

    Notes
    -----
    a_p and a_n are constants for the gradient, as in fast-reid and pytorch-metric-learning (whose defaults are 0.4 and
    80). The mean is over anchors that have both, as there and in keras; fast-reid divides by all of them:
    ``normalizer=N``.

    References
    ----------
    Y. Sun et al., "Circle Loss", CVPR 2020, arXiv:2002.10857, equations 4-6; margin and gamma of its re-identification.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import circle_loss
    >>> x = np.asarray([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    >>> print(circle_loss(x, np.asarray([0, 0, 1]), margin=0.25, gamma=4.0).round(6))  # ln(1 + e^-1/4 e^-1/4)
    [0.474077 0.474077 0.      ]
    """
    margin, gamma = _check.number("margin", margin, 0.0), _check.positive("gamma", gamma)
    rows = labelled(embeddings, labels)
    shared = Shared(weights, where, normalizer, reduction)
    return pair_loss(_circle, (margin, gamma), (embeddings, labels), rows, shared, own=(-1,))


def _circle(xp: Namespace, margin: float, gamma: float, embeddings: Array, labels: Array) -> Rows:
    (x,) = pairs.numbers(xp, embeddings)
    s = pairs.cosines(xp, x)
    positives, negatives = pairs.relations(xp, labels)
    known = stop_gradient(s)
    pull = gamma * relu(xp, (1.0 + margin) - known) * ((1.0 - margin) - s)
    push = gamma * relu(xp, known + margin) * (s - margin)
    rows = softplus(xp, pairs.log_sum_exp(xp, pull, positives) + pairs.log_sum_exp(xp, push, negatives))
    return Rows(rows, xp.logical_and(xp.any(positives, axis=-1), xp.any(negatives, axis=-1)))


def multi_similarity_loss(
    embeddings: Array,
    labels: Array,
    *,
    alpha: float = 2.0,
    beta: float = 50.0,
    base: float = 1.0,
    epsilon: float | None = 0.1,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Multi-similarity loss, ln(1 + sum_p e^(-alpha (s_p - b)))/alpha + ln(1 + sum_n e^(beta (s_n - b)))/beta.

    .. math::

        L_i &= \frac{1}{\alpha} \ln\left(1 + \sum_{p \in P_i} e^{-\alpha (s_{ip} - b)}\right)
        + \frac{1}{\beta} \ln\left(1 + \sum_{n \in N_i} e^{\beta (s_{in} - b)}\right) \\
        P_i &= \left\{p \ne i : y_p = y_i,\, s_{ip} < \max_{y_n \ne y_i} s_{in} + \epsilon\right\} \\
        N_i &= \left\{n : y_n \ne y_i,\, s_{in} > \min_{p \ne i,\, y_p = y_i} s_{ip} - \epsilon\right\},
        \qquad s_{ij} = \frac{x_i \cdot x_j}{|x_i| \, |x_j|}

    x are the embeddings and y their labels, b is `base`; P_i and N_i are the positives and the negatives that count.
    Weighs each pair by itself and by the others, and leaves out those that are well on their side already.

    Parameters
    ----------
    embeddings : array, shape (..., N, D), real dtype
        Embeddings; leading axes are batches that stay apart.
    labels : array, shape (..., N), integers
        Who they are.
    alpha, beta : float > 0, default 2 and 50
        Steepness for positives and for negatives.
    base : float, default 1
        b, the cosine at which a pair weighs half.
    epsilon : float >= 0 or None, default 0.1
        By how much the pairs that count may be on their right side already; None for all pairs.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``. Rows are anchors.

    Returns
    -------
    array, shape (..., N), or () with a reduction; at least float32
        Not negative. Anchors without any pair that counts are 0; all anchors count in a mean.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, alpha or beta is not positive, or epsilon is negative.

    Notes
    -----
    The paper's, and with its code's numbers. pytorch-metric-learning's `MultiSimilarityLoss` is ``base=0.5,
    epsilon=None``; its `MultiSimilarityMiner` chooses the pairs of `epsilon`. Which pairs count is a constant for the
    gradient. With an epsilon, an anchor without negative has no positive that counts, and the other way round.

    References
    ----------
    X. Wang et al., "Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning", CVPR 2019,
    arXiv:1904.06627, equations 7, 8 and 10.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import multi_similarity_loss
    >>> x = np.asarray([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
    >>> print(multi_similarity_loss(x, np.asarray([0, 0, 1]), alpha=1.0, beta=1.0).round(6))  # ln(1 + e) + ln 2, ...
    [2.006409 1.626523 0.      ]
    """
    alpha, beta = _check.positive("alpha", alpha), _check.positive("beta", beta)
    base = _check.number("base", base)
    epsilon = None if epsilon is None else _check.number("epsilon", epsilon, 0.0)
    rows = labelled(embeddings, labels)
    shared = Shared(weights, where, normalizer, reduction)
    return pair_loss(_multi_similarity, (alpha, beta, base, epsilon), (embeddings, labels), rows, shared, own=(-1,))


def _multi_similarity(
    xp: Namespace, alpha: float, beta: float, base: float, epsilon: float | None, embeddings: Array, labels: Array
) -> Rows:
    (x,) = pairs.numbers(xp, embeddings)
    s = pairs.cosines(xp, x)
    positives, negatives = pairs.relations(xp, labels)
    if epsilon is not None:
        known = stop_gradient(s)
        nearest = largest(xp, xp.where(negatives, known, -math.inf))
        farthest = -largest(xp, xp.where(positives, -known, -math.inf))
        # What cannot be compared counts: a NaN has to be seen.
        positives = xp.logical_and(positives, xp.logical_not(known >= nearest + epsilon))
        negatives = xp.logical_and(negatives, xp.logical_not(known <= farthest - epsilon))
    pull = softplus(xp, pairs.log_sum_exp(xp, -alpha * (s - base), positives)) / alpha
    push = softplus(xp, pairs.log_sum_exp(xp, beta * (s - base), negatives)) / beta
    return Rows(pull + push)
