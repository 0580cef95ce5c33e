"""Hungarian matching: one prediction for each object, at the least cost altogether."""

from __future__ import annotations

import sys
from typing import Any

from .. import _check
from .._array import Array, DType, Namespace, astype, computing_dtype, is_jax, is_numpy, is_torch, namespace, to_index
from ..autodiff import compiled, constant
from ._matching import cheapest, solver
from ._places import background
from .assignment import Assignment


def hungarian_assign(cost: Array, mask: Array) -> Assignment:
    r"""Assign to each object a prediction of its own, so that the sum of the costs is the least there is.

    .. math::

        \hat{q} = \arg \min_q \sum_g \mathrm{cost}_{q(g), g}

    The sum goes over the real objects g; the predictions q(g) are all different.

    Parameters
    ----------
    cost : array, shape (..., Q, G), real dtype
        What it costs to give each of Q predictions each of G objects.
    mask : array, shape (..., G), boolean
        Which of the objects are real; what stands in the other places is never looked at.

    Returns
    -------
    Assignment
        `foreground`, `index`, `score` (1 in the foreground), `ignored` (nothing), each of shape (..., Q). Without
        gradients.

    Raises
    ------
    ImportError
        If there is no SciPy: it is the extra ``array-losses[maps]``.
    TypeError
        If arrays are of different libraries or have a wrong dtype.
    ValueError
        If shapes do not fit.

    Notes
    -----
    Exact, by SciPy's `linear_sum_assignment`, in float64, one table after the other on the host: arrays on an
    accelerator are copied. Of several assignments that cost the same it is SciPy's, hence the same in every library.
    With fewer predictions than objects some objects remain without; each prediction has one then.

    A cost that is not a finite number, infinite of either sign or NaN, counts as a finite one so large that as few as
    possible are chosen, but where nothing else is left they are: SciPy itself fails there.

    Under `jax.jit`, `jax.vmap` and `jax.grad` it is a `jax.pure_callback`; under `torch.compile` and `torch.vmap` an
    operator of its own, ``array_losses::cheapest_matching``, without a graph break. Both wait for the host.

    Other projects: DETR's `HungarianMatcher` gives lists of indices of both sides and raises where a cost is NaN;
    ultralytics counts such costs as 0.

    References
    ----------
    N. Carion et al., DETR, ECCV 2020, arXiv:2005.12872, equation 1; H. W. Kuhn, 1955; D. F. Crouse, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.detection import hungarian_assign
    >>> cost = np.asarray([[4.0, 1.0], [2.0, 0.0], [3.0, 2.0]])  # 1 + 2 is less than 0 + 3
    >>> found = hungarian_assign(cost, np.asarray([True, True]))
    >>> print(found.foreground, found.index)
    [ True  True False] [1 0 0]
    """
    xp = _check.library(cost=cost, mask=mask)
    _check.real(xp, cost=cost)
    if cost.ndim < 2:
        raise ValueError(f"cost must have shape (..., Q, G); got {tuple(cost.shape)}")
    rows = (*cost.shape[:-2], cost.shape[-1])
    if tuple(mask.shape) != tuple(rows):
        raise ValueError(f"mask must have shape {tuple(rows)}; got {tuple(mask.shape)}")
    if not xp.isdtype(mask.dtype, "bool"):
        raise TypeError(f"mask must have a boolean dtype; got {mask.dtype}")
    cost, mask = constant(cost), constant(mask)
    xp = namespace(cost, mask)
    dtype = computing_dtype(xp, cost)
    if 0 in cost.shape:
        return background(xp, cost, tuple(cost.shape[:-1]), dtype)
    found: Any = compiled(xp, _outcome, (dtype,), _matching(xp, astype(xp, cost, dtype), mask))
    return Assignment(*found)


def _outcome(dtype: DType, index: Array) -> Assignment:
    xp = namespace(index)
    foreground = index >= 0
    index = to_index(xp, xp.where(foreground, index, xp.zeros_like(index)))
    return Assignment(foreground, index, astype(xp, foreground, dtype), xp.zeros_like(foreground))


def _matching(xp: Namespace, cost: Array, mask: Array) -> Array:
    """The object of each prediction, or -1."""
    if is_numpy(xp):
        return cheapest(cost, mask)
    if is_torch(xp):
        from . import _torch

        return _torch.cheapest_matching(cost, mask)
    np: Any = sys.modules["numpy"]
    if is_jax(xp):
        solver()  # its ImportError, before a callback would wrap it
        jax: Any = sys.modules["jax"]
        if isinstance(cost, jax.core.Tracer) or isinstance(mask, jax.core.Tracer):
            shape = jax.ShapeDtypeStruct(cost.shape[:-1], np.int32)
            return jax.pure_callback(_for_jax, shape, cost, mask, vmap_method="broadcast_all")
        return xp.asarray(_for_jax(cost, mask))
    found = cheapest(*[np.from_dlpack(x, device="cpu") for x in (cost, mask)])
    return xp.asarray(found, device=cost.device)


def _for_jax(cost: Array, mask: Array) -> Array:
    np: Any = sys.modules["numpy"]
    return cheapest(np.asarray(cost), np.asarray(mask)).astype(np.int32)
