"""Measures of two axis-aligned boxes: the IoU and its descendants.

All of them take boxes `(x1, y1, x2, y2)` in the last axis, in any unit, and broadcast over the leading axes:
matched pairs (N, 4) and (N, 4) give (N,), and `giou(a[:, None, :], b[None, :, :])` is the N x M table. I and
U are the areas of intersection and union, C that of the hull (the smallest box around both), c the hull's
diagonal and (Cw, Ch) its sides, rho the distance of the centres.
"""

from __future__ import annotations

from .. import _check
from .._array import Array
from . import formulas
from ._kernel import box_rows, measure


def iou(pred: Array, target: Array) -> Array:
    r"""Intersection over union, I/U: the Jaccard index of two boxes.

    .. math::

        \mathrm{IoU} = \frac{I}{U}, \qquad U = A_p + A_t - I

    I is the area of the intersection, A_p and A_t are those of the prediction and the target.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes of one library whose leading axes broadcast.

    Returns
    -------
    array, shape (...), at least float32
        In [0, 1]; 1 exactly for identical boxes of any size, 0 for disjoint ones.

    Raises
    ------
    TypeError
        If the arrays are of different libraries, or not of real dtype.
    ValueError
        If a last axis is not 4 long, or the leading axes do not broadcast.

    Notes
    -----
    There is no eps, so the unit of length does not matter: two identical boxes of side 1e-3 have IoU 1, where
    torchvision's losses and ultralytics (I/(U + 1e-7)) give 0.909. A box with x2 < x1 counts as empty, and so
    does one with y2 < y1. Two boxes without area have IoU 0, identical or not, so that padding never matches
    padding; torchvision's `box_iou` is NaN there. Touching boxes have IoU 0 and gradient 0.

    References
    ----------
    P. Jaccard, "Étude comparative de la distribution florale", 1901.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import iou
    >>> a = np.asarray([[0.0, 0.0, 4.0, 2.0], [0.0, 0.0, 2.0, 2.0]])
    >>> iou(a, np.asarray([[2.0, 0.0, 6.0, 2.0], [5.0, 0.0, 6.0, 1.0]]))  # 4/12 and 0
    array([0.33333333, 0.        ])
    >>> iou(a[:, None, :], a[None, :, :])
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    _check.boxes(pred, target)
    return box_rows(formulas.iou, measure, pred, target)


def giou(pred: Array, target: Array) -> Array:
    r"""Generalized IoU, I/U - (C - U)/C: the empty part of the hull counts, so disjoint boxes can be compared.

    .. math::

        \mathrm{GIoU} = \frac{I}{U} - \frac{C - U}{C}

    I and U are the areas of the intersection and the union, C that of the hull, the smallest box around
    both.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes of one library whose leading axes broadcast.

    Returns
    -------
    array, shape (...), at least float32
        In [-1, 1]; 1 for identical boxes, towards -1 as they move apart. Never more than the IoU.

    Raises
    ------
    TypeError, ValueError
        As `iou`.

    Notes
    -----
    Where the hull has no area (both boxes on one line) the term (C - U)/C is 0. PaddleDetection's
    `batch_bbox_overlaps(mode="giou")` returns 1 - GIoU under this name.

    References
    ----------
    H. Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019, arXiv:1902.09630, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import giou
    >>> giou(np.asarray([0.0, 0.0, 2.0, 1.0]), np.asarray([3.0, 0.0, 4.0, 1.0]))  # 0 - (4 - 3)/4
    np.float64(-0.25)
    """
    _check.boxes(pred, target)
    return box_rows(formulas.giou, measure, pred, target)


def diou(pred: Array, target: Array) -> Array:
    r"""Distance IoU, I/U - rho^2/c^2: the distance of the centres, in units of the hull's diagonal, lowers the IoU.

    .. math::

        \mathrm{DIoU} = \frac{I}{U} - \frac{\rho^2}{c^2}

    I and U are the areas of the intersection and the union, rho is the distance of the centres, c the
    diagonal of the hull, the smallest box around both.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes of one library whose leading axes broadcast.

    Returns
    -------
    array, shape (...), at least float32
        In [-1, 1]; 1 for identical boxes.

    Raises
    ------
    TypeError, ValueError
        As `iou`.

    Notes
    -----
    Where c = 0 (both boxes are the same point) the distance term is 0. All projects agree on the formula;
    they differ in eps.

    References
    ----------
    Z. Zheng et al., "Distance-IoU Loss", AAAI 2020, arXiv:1911.08287, equations 5-7.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import diou
    >>> diou(np.asarray([-1.0, -1.0, 1.0, 1.0]), np.asarray([0.0, 0.0, 1.0, 1.0]))  # 1/4 - 0.5/8
    np.float64(0.1875)
    """
    _check.boxes(pred, target)
    return box_rows(formulas.diou, measure, pred, target)


def ciou(pred: Array, target: Array, *, gate: float | None = None) -> Array:
    r"""Complete IoU, I/U - rho^2/c^2 - alpha v: the difference of the aspect ratios counts as well.

    .. math::

        \mathrm{CIoU} &= \frac{I}{U} - \frac{\rho^2}{c^2} - \alpha v \\
        v &= \frac{4}{\pi^2} \left(\arctan \frac{w_t}{h_t} - \arctan \frac{w_p}{h_p}\right)^2 \\
        \alpha &= \frac{v}{(1 - I/U) + v}

    I and U are the areas of the intersection and the union, rho is the distance of the centres, c the
    diagonal of the hull, the smallest box around both; w_p, h_p, w_t and h_t are the sides of the
    prediction and the target.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes of one library whose leading axes broadcast.
    gate : float in [0, 1], optional
        Count alpha v only where I/U > gate. The authors' second paper uses 0.5.

    Returns
    -------
    array, shape (...), at least float32
        In [-1.5, 1]; 1 for identical boxes.

    Raises
    ------
    TypeError, ValueError
        As `iou`; also for a gate outside [0, 1].

    Notes
    -----
    alpha is a constant for the gradient, as in the authors' code (keras-cv and keras let the gradient flow),
    and 0 at a perfect match, where mmdetection's 0/0 gives NaN and old versions of YOLOv5 as well. The angle
    is taken with one atan2, so a side of 0 needs no eps; a box without any extent has v = 0 and slope 0.
    keras-cv squares the factor 4/pi^2. mmdetection gates at 0.5 and clips to [-1, 1], where the gradient
    ends; torchvision, ultralytics and fvcore have no gate.

    References
    ----------
    Z. Zheng et al., "Distance-IoU Loss", AAAI 2020, arXiv:1911.08287, equations 8-11; the gate:
    arXiv:2005.03572.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import ciou
    >>> p, t = np.asarray([-1.0, -1.0, 1.0, 1.0]), np.asarray([0.0, -1.0, 1.0, 1.0])
    >>> print(ciou(p, t).round(6), ciou(p, t, gate=0.5))  # IoU is 0.5, the distance term 0.25/8
    0.465502 0.46875
    """
    _check.boxes(pred, target)
    return box_rows(formulas.ciou, measure, pred, target, gate=_check.gate(gate))


def eiou(pred: Array, target: Array) -> Array:
    r"""Efficient IoU, I/U - rho^2/c^2 - (w_p - w_t)^2/Cw^2 - (h_p - h_t)^2/Ch^2: compares side by side.

    .. math::

        \mathrm{EIoU} = \frac{I}{U} - \frac{\rho^2}{c^2} - \frac{(w_p - w_t)^2}{C_w^2} - \frac{(h_p - h_t)^2}{C_h^2}

    I and U are the areas of the intersection and the union, rho is the distance of the centres; w_p, h_p,
    w_t and h_t are the sides of the prediction and the target, C_w and C_h those of the hull, the
    smallest box around both, and c is its diagonal.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes of one library whose leading axes broadcast.

    Returns
    -------
    array, shape (...), at least float32
        In [-3, 1]; 1 for identical boxes.

    Raises
    ------
    TypeError, ValueError
        As `iou`.

    Notes
    -----
    A term whose hull side is 0 is 0. Two other losses go by this name: mmdetection's `EIoULoss` is the
    Extended IoU of libfacedetection, and the `_EIoU` of the Wise-IoU repository divides the centre distance
    by the sides of the hull instead of comparing sides.

    References
    ----------
    Y.-F. Zhang et al., "Focal and Efficient IOU Loss", Neurocomputing 2022, arXiv:2101.08158, equation 6.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import eiou
    >>> eiou(np.asarray([0.0, 0.0, 4.0, 2.0]), np.asarray([0.0, 0.0, 2.0, 2.0]))  # 1/2 - 1/20 - 4/16
    np.float64(0.2)
    """
    _check.boxes(pred, target)
    return box_rows(formulas.eiou, measure, pred, target)


def ioa(pred: Array, target: Array) -> Array:
    r"""Intersection over the target's area, I/A_t: how much of the target is covered.

    .. math::

        \mathrm{IoA} = \frac{I}{A_t}

    I is the area of the intersection, A_t that of the target.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes of one library whose leading axes broadcast.

    Returns
    -------
    array, shape (...), at least float32
        In [0, 1]; 0 for a target without area.

    Raises
    ------
    TypeError, ValueError
        As `iou`.

    Notes
    -----
    detectron2's `pairwise_ioa(pred, target)` and ultralytics' `bbox_ioa`. Boxes that should lie in a crowd region are
    ``ioa(region, box)``.

    References
    ----------
    T.-Y. Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014: how its evaluation treats crowds.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import ioa, iof
    >>> unit, large = np.asarray([0.0, 0.0, 1.0, 1.0]), np.asarray([0.5, 0.5, 2.5, 1.5])
    >>> print(ioa(unit, large), iof(unit, large))  # 0.25 of 2, and of 1
    0.125 0.25
    """
    _check.boxes(pred, target)
    return box_rows(formulas.covered, measure, pred, target, of_target=True)


def iof(pred: Array, target: Array) -> Array:
    r"""Intersection over foreground, I/A_p: how much of the prediction is covered; `ioa` the other way round.

    .. math::

        \mathrm{IoF} = \frac{I}{A_p}

    I is the area of the intersection, A_p that of the prediction.

    Parameters
    ----------
    pred, target : array, shape (..., 4), real dtype
        Boxes of one library whose leading axes broadcast.

    Returns
    -------
    array, shape (...), at least float32
        In [0, 1]; 0 for a prediction without area.

    Raises
    ------
    TypeError, ValueError
        As `iou`.

    Notes
    -----
    mmdetection's and PaddleDetection's `bbox_overlaps(pred, target, mode="iof")`.

    References
    ----------
    As `ioa`.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import iof
    >>> print(iof(np.asarray([0.0, 0.0, 2.0, 1.0]), np.asarray([1.0, 0.0, 5.0, 1.0])))
    0.5
    """
    _check.boxes(pred, target)
    return box_rows(formulas.covered, measure, pred, target, of_target=False)
