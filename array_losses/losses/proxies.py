"""Losses that compare embeddings with one vector for each class: logits with a margin, centers, proxies.

The vectors of the classes are arguments, and receive a gradient as the embeddings do. Labels say which belongs to whom.
"""

from __future__ import annotations

import math

from .. import _check
from .._array import Array, Namespace, astype, namespace, to_index
from .._numerics import one_hot, pick, softplus, table_rows
from .._reduce import keep_rows
from ..autodiff import compiled
from ..measures import _pairs as pairs
from ..measures._lengths import root
from ._classes import usable
from ._pairs import Rows, Shape, pair_loss
from ._rows import Shared


def arcface_logits(cosines: Array, labels: Array, *, margin: float = 0.5, scale: float = 64.0) -> Array:
    r"""ArcFace logits: scale cos(theta_y + margin) for the label, scale cos(theta) for the other classes.

    .. math::

        z_j = \begin{cases}
            s \cos(\theta_j + m) & \text{if } j = y \text{ and } \theta_j \le \pi - m \\
            s \, (\cos \theta_j - m \sin m) & \text{if } j = y \text{ and } \theta_j > \pi - m \\
            s \cos \theta_j & \text{otherwise}
        \end{cases}

    theta_j is the angle of an embedding and the vector of class j, y the label; m is `margin`, s is `scale`. For
    `softmax_cross_entropy`: the angle to the right class has to be smaller than to any other by a margin.

    Parameters
    ----------
    cosines : array, shape (..., C), real dtype
        Cosines of embeddings and the vectors of C classes: ``pairwise_similarity(embeddings, proxies)``.
    labels : array, shape (...), integers
        Class indices. Rows whose label is outside [0, C) get no margin.
    margin : float >= 0, default 0.5
        In radians.
    scale : float > 0, default 64
        Of all logits.

    Returns
    -------
    array, shape (..., C); at least float32

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit, margin is negative or scale not positive.

    Notes
    -----
    Beyond theta = pi - margin the cosine would rise again; what stands there is that of the authors' code and of
    pytorch-metric-learning, whose margin is in degrees, 28.6. Computed as cos(theta) cos(margin) - sin(theta)
    sin(margin), without an angle. At cosines of 1 and -1, where the slope of the sine is infinite, that term is left
    out of the slope; rounded cosines beyond them have sine 0.

    References
    ----------
    J. Deng et al., "ArcFace", CVPR 2019, arXiv:1801.07698, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import arcface_logits
    >>> print(arcface_logits(np.asarray([0.8, 0.3]), np.asarray(0), scale=1.0).round(4))  # cos(0.6435 + 0.5)
    [0.4144 0.3   ]
    """
    margin, scale = _check.number("margin", margin, 0.0), _check.positive("scale", scale)
    return _logits(cosines, labels, True, margin, scale)


def cosface_logits(cosines: Array, labels: Array, *, margin: float = 0.35, scale: float = 64.0) -> Array:
    r"""CosFace logits: scale (cos(theta_y) - margin) for the label, scale cos(theta) for the other classes.

    .. math::

        z_j = \begin{cases}
            s \, (\cos \theta_j - m) & \text{if } j = y \\
            s \cos \theta_j & \text{otherwise}
        \end{cases}

    theta_j is the angle of an embedding and the vector of class j, y the label; m is `margin`, s is `scale`. For
    `softmax_cross_entropy`: the cosine with the right class has to be larger than any other by a margin.

    Parameters
    ----------
    cosines : array, shape (..., C), real dtype
        Cosines of embeddings and the vectors of C classes: ``pairwise_similarity(embeddings, proxies)``.
    labels : array, shape (...), integers
        Class indices. Rows whose label is outside [0, C) get no margin.
    margin : float >= 0, default 0.35
        In cosines.
    scale : float > 0, default 64
        Of all logits.

    Returns
    -------
    array, shape (..., C); at least float32

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit, margin is negative or scale not positive.

    Notes
    -----
    pytorch-metric-learning's `CosFaceLoss` is the mean of the cross-entropy of these; AM-Softmax is the same.

    References
    ----------
    H. Wang et al., "CosFace", CVPR 2018, arXiv:1801.09414, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import cosface_logits
    >>> print(cosface_logits(np.asarray([0.75, 0.25]), np.asarray(0), margin=0.5, scale=4.0))
    [1. 1.]
    """
    margin, scale = _check.number("margin", margin, 0.0), _check.positive("scale", scale)
    return _logits(cosines, labels, False, margin, scale)


def _logits(cosines: Array, labels: Array, angular: bool, margin: float, scale: float) -> Array:
    xp = _check.library(cosines=cosines, labels=labels)
    _check.real(xp, cosines=cosines)
    if cosines.ndim == 0:
        raise ValueError("cosines must have shape (..., C); got ()")
    _check.class_indices(xp, tuple(cosines.shape[:-1]), labels)
    result: Array = compiled(xp, _with_margin, (angular, margin, scale), cosines, labels)
    return result


def _with_margin(angular: bool, margin: float, scale: float, cosines: Array, labels: Array) -> Array:
    xp = namespace(cosines, labels)
    (c,) = pairs.numbers(xp, cosines)
    if angular:
        square = (1.0 - c) * (1.0 + c)
        turned = c * math.cos(margin) - root(xp, square, square <= 0.0) * math.sin(margin)
        moved = xp.where(c < -math.cos(margin), c - margin * math.sin(margin), turned)
    else:
        moved = c - margin
    return scale * xp.where(one_hot(xp, to_index(xp, labels), c), moved, c)


def center_loss(
    embeddings: Array,
    centers: Array,
    labels: Array,
    *,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Center loss, |x - c_y|^2 / 2: half the squared distance of an embedding from the center of its class.

    .. math::

        L = \frac{1}{2} \, |x - c_y|^2

    x is an embedding, y its label and c_y the center of that class. Beside a cross-entropy, it draws each class
    together.

    Parameters
    ----------
    embeddings : array, shape (..., N, D), real dtype
        Embeddings.
    centers : array, shape (C, D), real dtype
        Centers of the classes.
    labels : array, shape (..., N), integers
        Class indices. Embeddings whose label is outside [0, C) are ignored.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (..., N), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown.

    Notes
    -----
    reid-strong-baseline has no 1/2, and adds 1e-12 for each other class. The paper moves the centers by the mean
    difference over 1 + n instead of by the gradient.

    References
    ----------
    Y. Wen et al., "A Discriminative Feature Learning Approach for Deep Face Recognition", ECCV 2016, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import center_loss
    >>> x, c = np.asarray([[3.0, 4.0], [1.0, 1.0]]), np.asarray([[0.0, 0.0], [1.0, 0.0]])
    >>> print(center_loss(x, c, np.asarray([0, 1])))
    [12.5  0.5]
    """
    rows = _of_classes(embeddings, labels, centers=centers)
    shared = Shared(weights, where, normalizer, reduction)
    return pair_loss(_center, (), (embeddings, centers, labels), rows, shared, own=(1,))


def _of_classes(embeddings: Array, labels: Array, **vectors: Array) -> Shape:
    """The shape of the labels of some embeddings beside one vector for each class, all checked."""
    xp = _check.embeddings(embeddings=embeddings, **vectors, labels=labels)
    rows = tuple(embeddings.shape[:-1])
    _check.vectors(embeddings, "C", shared=False, **vectors)
    _check.class_indices(xp, rows, labels)
    return rows


def _center(xp: Namespace, embeddings: Array, centers: Array, labels: Array) -> Rows:
    x, centers = pairs.numbers(xp, embeddings, centers)
    if centers.shape[0] == 0:
        return Rows(xp.sum(x, axis=-1), labels != labels)
    index, known = usable(xp, labels, centers.shape[0], None)
    difference = keep_rows(xp, x, known, 1) - table_rows(xp, centers, index)
    return Rows(0.5 * xp.sum(difference * difference, axis=-1), known)


def proxy_nca_loss(
    embeddings: Array,
    proxies: Array,
    labels: Array,
    *,
    scale: float = 1.0,
    include_positive: bool = False,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Proxy-NCA, -ln(e^(-s d(x, p_y)) / sum over z != y of e^(-s d(x, p_z))), of squared distances on the unit sphere.

    .. math::

        L = -\ln \frac{e^{-s \, d(x, p_y)}}{\sum_{z \ne y} e^{-s \, d(x, p_z)}},
        \qquad d(x, p) = \left|\frac{x}{|x|} - \frac{p}{|p|}\right|^2

    x is an embedding, y its label and p_z the proxy of class z; s is `scale`. An embedding has to be near its class's
    proxy and far from the others: as many comparisons as classes, not pairs.

    Parameters
    ----------
    embeddings : array, shape (..., N, D), real dtype
        Embeddings; divided by their length here.
    proxies : array, shape (C, D), real dtype
        One vector for each class; divided by their length here.
    labels : array, shape (..., N), integers
        Class indices. Embeddings whose label is outside [0, C) are ignored.
    scale : float > 0, default 1
        s.
    include_positive : bool, default False
        Whether the sum holds the class's own proxy too, which makes it a cross-entropy.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``.

    Returns
    -------
    array, shape (..., N), or () with a reduction; at least float32
        May be negative, unless ``include_positive=True``; 0 if there is one class only.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, or scale is not positive.

    Notes
    -----
    pytorch-metric-learning's `ProxyNCALoss` is ``include_positive=True``. d = 2 - 2 cos also for a vector of zeros.

    References
    ----------
    Y. Movshovitz-Attias et al., "No Fuss Distance Metric Learning using Proxies", ICCV 2017, arXiv:1703.07464,
    equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import proxy_nca_loss
    >>> x, p, y = np.asarray([[2.0, 0.0]]), np.asarray([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), np.asarray([0])
    >>> print(proxy_nca_loss(x, p, y).round(6))  # d = 0, 2, 2: ln(2 e^-2)
    [-1.306853]
    >>> print(proxy_nca_loss(x, p, y, include_positive=True).round(6))  # ln(1 + 2 e^-2)
    [0.239545]
    """
    scale = _check.positive("scale", scale)
    rows = _of_classes(embeddings, labels, proxies=proxies)
    shared = Shared(weights, where, normalizer, reduction)
    knobs = (scale, bool(include_positive))
    return pair_loss(_proxy_nca, knobs, (embeddings, proxies, labels), rows, shared, own=(1,))


def _proxy_nca(
    xp: Namespace, scale: float, include_positive: bool, embeddings: Array, proxies: Array, labels: Array
) -> Rows:
    x, proxies = pairs.numbers(xp, embeddings, proxies)
    if proxies.shape[0] == 0:
        return Rows(xp.sum(x, axis=-1), labels != labels)
    index, known = usable(xp, labels, proxies.shape[0], None)
    scores = (2.0 * scale) * pairs.cosines(xp, keep_rows(xp, x, known, 1), proxies)
    rest = pairs.log_sum_exp(xp, scores, xp.logical_not(one_hot(xp, index, scores)))
    rows = rest - pick(xp, scores, index)
    if include_positive:
        return Rows(softplus(xp, rows), known)
    return Rows(rows if proxies.shape[0] > 1 else -(0.0 * rows), known)


def proxy_anchor_loss(
    embeddings: Array,
    proxies: Array,
    labels: Array,
    *,
    margin: float = 0.1,
    alpha: float = 32.0,
    weights: Array | None = None,
    where: Array | None = None,
    normalizer: Array | float | None = None,
    reduction: str = "none",
) -> Array:
    r"""Proxy-anchor loss: each proxy pulls its class's embeddings and pushes all others, the harder ones more.

    .. math::

        L_c = \frac{C}{C_+} \ln\left(1 + \sum_{y_i = c} e^{-\alpha (s_{ic} - m)}\right)
        + \ln\left(1 + \sum_{y_i \ne c} e^{\alpha (s_{ic} + m)}\right),
        \qquad s_{ic} = \frac{x_i \cdot p_c}{|x_i| \, |p_c|}

    x are the embeddings and y their labels, p_c is the proxy of class c; C_+ of the C classes are present, m is
    `margin`. The mean over the proxies is the paper's loss.

    Parameters
    ----------
    embeddings : array, shape (..., N, D), real dtype
        Embeddings; divided by their length here. Leading axes are batches that stay apart.
    proxies : array, shape (C, D), real dtype
        One vector for each class; divided by their length here.
    labels : array, shape (..., N), integers
        Class indices. A label outside [0, C) is of no class: every proxy pushes its embedding.
    margin : float >= 0, default 0.1
        The cosine beyond which the pull gets weak; the push, beyond minus that.
    alpha : float > 0, default 32
        Steepness.
    weights, where, normalizer, reduction
        Shared by all losses: ``help(array_losses)``. Rows are proxies.

    Returns
    -------
    array, shape (..., C), or () with a reduction; at least float32
        Not negative.

    Raises
    ------
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit or an option is unknown, margin is negative or alpha not positive.

    Notes
    -----
    The mean is also pytorch-metric-learning's `ProxyAnchorLoss`. Proxies outside `where` neither pull nor push, but
    their classes still count as present.

    References
    ----------
    S. Kim et al., "Proxy Anchor Loss for Deep Metric Learning", CVPR 2020, arXiv:2003.13911, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import proxy_anchor_loss
    >>> x, p = np.asarray([[2.0, 0.0]]), np.asarray([[1.0, 0.0], [0.0, 1.0]])
    >>> print(proxy_anchor_loss(x, p, np.asarray([0]), margin=0.0, alpha=1.0).round(6))  # 2 ln(1 + e^-1), ln 2
    [0.626523 0.693147]
    """
    margin, alpha = _check.number("margin", margin, 0.0), _check.positive("alpha", alpha)
    rows = (*_of_classes(embeddings, labels, proxies=proxies)[:-1], proxies.shape[0])
    shared = Shared(weights, where, normalizer, reduction)
    return pair_loss(_proxy_anchor, (margin, alpha), (embeddings, proxies, labels), rows, shared, own=(-1,))


def _proxy_anchor(xp: Namespace, margin: float, alpha: float, embeddings: Array, proxies: Array, labels: Array) -> Rows:
    x, proxies = pairs.numbers(xp, embeddings, proxies)
    s = xp.matrix_transpose(pairs.cosines(xp, x, proxies))
    own = one_hot(xp, to_index(xp, labels), s, axis=-2)
    pull = softplus(xp, pairs.log_sum_exp(xp, -alpha * (s - margin), own))
    push = softplus(xp, pairs.log_sum_exp(xp, alpha * (s + margin), xp.logical_not(own)))
    present = xp.sum(astype(xp, xp.any(own, axis=-1), s.dtype), axis=-1, keepdims=True)
    share = s.shape[-2] / xp.where(present > 0.0, present, 1.0)
    return Rows(share * pull + push)
