"""Measures of two rotated boxes (cx, cy, w, h, angle): exact overlaps, and those of normal distributions.

The angle goes from the x axis to the side w, in radians and in the direction from x to y: counterclockwise where y
points up, clockwise in images. Any angle will do; adding pi, or swapping w and h and adding pi/2, changes nothing.
`convert_boxes` and `normalize_angles` bring boxes of other conventions. All functions broadcast over the leading axes:
``rotated_iou(a[:, None, :], b[None, :, :])`` is the N x M table. A negative side counts as 0.
"""

from __future__ import annotations

from .. import _check
from .._array import Array
from ..autodiff import closed_form
from .rotated_kernels import HALF, PROBIOU, as_it_is, bhattacharyya, gaussian_kernel, hellinger, kalman, rotated_kernel


def rotated_iou(pred: Array, target: Array) -> Array:
    r"""IoU of two rotated boxes, I/U, by the exact area of their intersection.

    .. math::

        \mathrm{IoU} = \frac{I}{U}, \qquad U = w_p h_p + w_t h_t - I

    I is the area of the intersection, w and h are the sides of the prediction and the target. Differentiable, with
    static shapes: neither sorted corners nor loops.

    Parameters
    ----------
    pred, target : array, shape (..., 5), real dtype
        Boxes (cx, cy, w, h, angle) of one library whose leading axes broadcast; the angle in radians.

    Returns
    -------
    array, shape (...), at least float32
        In [0, 1]; 1 for identical boxes, up to rounding.

    Raises
    ------
    TypeError
        If the arrays are of different libraries, or not of real dtype.
    ValueError
        If a last axis is not 5 long, or the leading axes do not broadcast.

    Notes
    -----
    The area is an integral over the edges of one box, clipped to the other: there is nothing to sort and no limit of
    vertices, and it changes continuously through every special position. Its slopes are the lengths of the edges that
    lie inside of the other box; an edge on an edge counts half. torchvision's, detectron2's and mmcv's operators are
    compiled and, but for mmcv's `diff_iou_rotated_2d` on CUDA, have no gradient; torchvision and detectron2 take
    degrees.

    References
    ----------
    The integral is Green's theorem; the measure is P. Jaccard's.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import rotated_iou
    >>> a, b = np.asarray([0.0, 0.0, 2.0, 2.0, 0.0]), np.asarray([0.0, 0.0, 2.0, 2.0, np.pi / 4])
    >>> print(rotated_iou(a, b).round(6))  # an octagon: 8 (sqrt(2) - 1) of 8 - 8 (sqrt(2) - 1)
    0.707107
    """
    _check.boxes(pred, target, 5)
    return closed_form(rotated_kernel, (1, 1), (False, as_it_is, ()), pred, target)


def rotated_giou(pred: Array, target: Array) -> Array:
    r"""Generalized IoU of two rotated boxes, I/U - (C - U)/C with C the area of their convex hull.

    .. math::

        \mathrm{GIoU} = \frac{I}{U} - \frac{C - U}{C}

    I and U are the areas of the intersection and the union. Rises as boxes that do not overlap come nearer.

    Parameters
    ----------
    pred, target : array, shape (..., 5), real dtype
        Boxes (cx, cy, w, h, angle) of one library whose leading axes broadcast; the angle in radians.

    Returns
    -------
    array, shape (...), at least float32
        In [-1, 1]; 1 for identical boxes, up to rounding.

    Raises
    ------
    TypeError
        If the arrays are of different libraries, or not of real dtype.
    ValueError
        If a last axis is not 5 long, or the leading axes do not broadcast.

    Notes
    -----
    C is that of the smallest convex shape around both, as in the GIoU paper's definition. It is smaller than the
    smallest box around both, which `giou` takes for C: for boxes that are parallel to the axes the two measures differ.
    Where the hull has no area the term (C - U)/C is 0.

    References
    ----------
    H. Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019, arXiv:1902.09630.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import giou, rotated_giou
    >>> print(rotated_giou(np.asarray([0.5, 0.5, 1.0, 1.0, 0.0]), np.asarray([1.5, 1.5, 1.0, 1.0, 0.0])))  # C = 3
    -0.3333333333333333
    >>> print(giou(np.asarray([0.0, 0.0, 1.0, 1.0]), np.asarray([1.0, 1.0, 2.0, 2.0])))  # C = 4
    -0.5
    """
    _check.boxes(pred, target, 5)
    return closed_form(rotated_kernel, (1, 1), (True, as_it_is, ()), pred, target)


def probiou(pred: Array, target: Array) -> Array:
    r"""Probabilistic IoU, 1 - sqrt(1 - e^-B) with B the Bhattacharyya distance of two normal distributions.

    .. math::

        \mathrm{ProbIoU} &= 1 - \sqrt{1 - e^{-B}} \\
        B &= \frac{1}{8}\, d^\top S^{-1} d + \frac{1}{2} \ln \frac{\det S}{\sqrt{\det S_p \det S_t}},
            \qquad S = \frac{S_p + S_t}{2} \\
        S_i &= R_i \begin{pmatrix} w_i^2/12 & 0 \\ 0 & h_i^2/12 \end{pmatrix} R_i^\top

    d leads from centre to centre, R turns by the angle of a box. A box becomes the normal distribution with its
    mean and the covariance S of the uniform distribution over it.

    Parameters
    ----------
    pred, target : array, shape (..., 5), real dtype
        Boxes (cx, cy, w, h, angle) of one library whose leading axes broadcast; the angle in radians.

    Returns
    -------
    array, shape (...), at least float32
        In [0, 1]; 1 exactly for identical boxes.

    Raises
    ------
    TypeError
        If the arrays are of different libraries, or not of real dtype.
    ValueError
        If a last axis is not 5 long, or the leading axes do not broadcast.

    Notes
    -----
    Every term of B is computed as a sum of squares, so that near boxes have all their digits. ultralytics adds 1e-7 in
    four places and bounds B, which gives 0.99955 for identical boxes, with gradient 0 around them. Squares of one size
    at one place are equal at any angle. Sides below 4e-10 (float32) count as that.

    References
    ----------
    J. M. Llerena et al., "Gaussian Bounding Boxes and Probabilistic Intersection-over-Union for Object Detection",
    2021, arXiv:2106.06072.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import probiou
    >>> print(probiou(np.asarray([5.0, 5.0, 10.0, 10.0, 0.0]), np.asarray([7.0, 6.0, 10.0, 6.0, 0.0])).round(6))
    0.633031
    """
    _check.boxes(pred, target, 5)
    options = (bhattacharyya, (), PROBIOU, hellinger, (True,))
    return closed_form(gaussian_kernel, (1, 1), options, pred, target)


def kfiou(pred: Array, target: Array) -> Array:
    r"""Kalman-filter IoU, V3/(V1 + V2 - V3): the overlap of two normal distributions put on one centre.

    .. math::

        \mathrm{KFIoU} &= \frac{V_3}{V_1 + V_2 - V_3}, \qquad V_i = \sqrt{\det S_i} \\
        S_i &= R_i \begin{pmatrix} w_i^2/4 & 0 \\ 0 & h_i^2/4 \end{pmatrix} R_i^\top \quad (i = 1, 2),
            \qquad S_3 = (S_1^{-1} + S_2^{-1})^{-1}

    1 and 2 are the boxes as distributions, with standard deviations of half the sides; R turns by the angle of a
    box. V is the area of a distribution, V_3 that of the product of both densities.

    Parameters
    ----------
    pred, target : array, shape (..., 5), real dtype
        Boxes (cx, cy, w, h, angle) of one library whose leading axes broadcast; the angle in radians.

    Returns
    -------
    array, shape (...), at least float32
        In [0, 1/3]; 1/3 for identical boxes.

    Raises
    ------
    TypeError
        If the arrays are of different libraries, or not of real dtype.
    ValueError
        If a last axis is not 5 long, or the leading axes do not broadcast.

    Notes
    -----
    The distance of the centres plays no part, so that a loss needs a term of its own for them. The bound of 1/3 is the
    paper's for two dimensions.

    References
    ----------
    X. Yang et al., "The KFIoU Loss for Rotated Object Detection", ICLR 2023, arXiv:2201.12558.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import kfiou
    >>> print(kfiou(np.asarray([5.0, 5.0, 10.0, 10.0, 0.0]), np.asarray([7.0, 6.0, 10.0, 6.0, 0.0])).round(6))
    0.294293
    """
    _check.boxes(pred, target, 5)
    options = (kalman, (), HALF, as_it_is, ())
    return closed_form(gaussian_kernel, (1, 1), options, pred, target)
