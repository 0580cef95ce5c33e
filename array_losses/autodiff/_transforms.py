"""`grad`, `value_and_grad`, `stop_gradient`: the library's own differentiation where it has one, the tape elsewhere."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .._array import Array, Namespace, is_jax, is_tape, is_torch, namespace
from . import _tape


def value_and_grad(
    fun: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    r"""Make a function that gives the value of `fun` and its gradient, for arrays of any library.

    .. math::

        x \mapsto (f(x), \nabla f(x)), \qquad (\nabla f)_i = \frac{\partial f}{\partial x_i}

    Gradients exist for every function f written to the Python Array API standard, a user's own included:
    PyTorch and JAX differentiate themselves, arrays of other libraries (NumPy, CuPy, array-api-strict
    ...) run on a tape that records the standard's functions.

    Parameters
    ----------
    fun : callable
        Takes arrays and returns a 0-d array of real floating dtype, or a pair of that and more arrays
        (in nested lists, tuples and dicts) with `has_aux`.
    argnums : int or tuple of int, default 0
        Which positional arguments to differentiate; each an array, or nested lists, tuples and dicts of
        arrays.
    has_aux : bool, default False
        Whether `fun` returns `(value, aux)`.

    Returns
    -------
    callable
        With the arguments of `fun`; returns `(value, gradient)`, or `((value, aux), gradient)` with
        `has_aux`. The gradient is shaped like the argument, has its dtype, and is a tuple if `argnums` is
        one.

    Raises
    ------
    TypeError
        When called, if a differentiated argument holds no array, or `fun` uses something that the tape cannot
        differentiate (`NotImplementedError`, with the function's name).

    Notes
    -----
    On the tape, `maximum` and `minimum` split a tie half and half, `abs` and `clip` have slope 0 at a kink.
    The losses of this package have the same gradient in every library. Calls nest: the gradient of a gradient
    is a second derivative.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import giou_loss, value_and_grad
    >>> pred, target = np.asarray([[1.0, 1.0, 3.0, 3.0]]), np.asarray([[0.0, 0.0, 4.0, 4.0]])
    >>> value, gradient = value_and_grad(lambda p: giou_loss(p, target, reduction="sum"))(pred)
    >>> print(value, gradient)
    0.75 [[ 0.125  0.125 -0.125 -0.125]]
    """

    @functools.wraps(fun)
    def run(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        xp = _library(args, argnums)
        result: tuple[Any, Any] = _differentiated(xp)(fun, argnums, has_aux)(*args, **kwargs)
        return result

    return run


def _differentiated(xp: Namespace) -> Callable[..., Callable[..., tuple[Any, Any]]]:
    """What makes these functions in a library."""
    if is_torch(xp):
        from . import _torch

        return _torch.value_and_grad
    if is_jax(xp):
        from . import _jax

        return _jax.value_and_grad
    return _tape.value_and_grad


def grad(fun: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable[..., Any]:
    r"""Make a function that gives the gradient of `fun`, or `(gradient, aux)`. Otherwise as `value_and_grad`.

    .. math::

        x \mapsto \nabla f(x), \qquad (\nabla f)_i = \frac{\partial f}{\partial x_i}

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import grad
    >>> grad(lambda x: (x * x).__array_namespace__().sum(x * x))(np.asarray([1.0, 3.0]))
    array([2., 6.])
    """
    both = value_and_grad(fun, argnums, has_aux)

    @functools.wraps(fun)
    def run(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return run


def value_grad_and_hessian_diagonal(fun: Callable[..., Array], argnum: int = 0) -> Callable[..., tuple[Any, Any, Any]]:
    r"""Make a function that gives the rows of an element-wise loss, their slopes and their second derivatives.

    .. math::

        x \mapsto \left(f_i(x_i), \frac{d f_i}{d x_i}, \frac{d^2 f_i}{d x_i^2}\right)_i

    f_i is the row i of `fun`. What gradient boosting asks of an objective, for arrays of any library.

    Parameters
    ----------
    fun : callable
        Takes arrays and returns one of real floating dtype, shaped like the differentiated argument, whose entries
        depend on the argument's entry in the same place alone: a loss of numbers without reduction.
    argnum : int, default 0
        Which positional argument to differentiate: an array.

    Returns
    -------
    callable
        With the arguments of `fun`; returns `(rows, slopes, curvatures)`, each of the argument's shape. The latter two
        have its dtype. Together the curvatures are the diagonal of the Hessian of the sum, which has nothing beside it.

    Raises
    ------
    TypeError
        As of `value_and_grad`.
    ValueError
        When called, if the rows are not shaped like the argument.

    Notes
    -----
    At kinks the curvatures are those of the slopes that `value_and_grad` gives: 0 for `l1_loss` at 0.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import sigmoid_binary_cross_entropy, value_grad_and_hessian_diagonal
    >>> logits, labels = np.asarray([0.0, 2.0]), np.asarray([1.0, 1.0])
    >>> rows, slopes, curvatures = value_grad_and_hessian_diagonal(sigmoid_binary_cross_entropy)(logits, labels)
    >>> print(slopes.round(4), curvatures.round(4))  # p - t and p (1 - p)
    [-0.5    -0.1192] [0.25  0.105]
    """

    def total(*args: Any, **kwargs: Any) -> tuple[Array, Array]:
        rows = fun(*args, **kwargs)
        if tuple(rows.shape) != tuple(args[argnum].shape):
            shapes = f"{tuple(args[argnum].shape)}; got {tuple(rows.shape)}"
            raise ValueError(f"fun must return rows of the shape of argument {argnum}, {shapes}")
        return namespace(rows).sum(rows), rows

    def slopes(*args: Any, **kwargs: Any) -> tuple[Array, tuple[Array, Array]]:
        (_, rows), gradient = value_and_grad(total, argnum, has_aux=True)(*args, **kwargs)
        return namespace(gradient).sum(gradient), (rows, gradient)

    @functools.wraps(fun)
    def run(*args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        (_, (rows, gradient)), curvatures = value_and_grad(slopes, argnum, has_aux=True)(*args, **kwargs)
        return rows, gradient, curvatures

    return run


def stop_gradient(x: Array) -> Array:
    r"""The same array, through which no gradient flows: a constant for every derivative.

    .. math::

        s(x) = x, \qquad \frac{\partial s}{\partial x} = 0

    The Array API standard has no such function. On NumPy, CuPy and other arrays outside of `grad` it
    returns `x`.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import grad, stop_gradient
    >>> print(grad(lambda x: x * stop_gradient(x))(np.asarray(3.0)))
    3.0
    """
    xp = namespace(x)
    if is_torch(xp):
        return x.detach()
    if is_jax(xp):
        from . import _jax

        return _jax.stop_gradient(x)
    if is_tape(xp):
        return _tape.stop_gradient(x)
    return x


def array_namespace(*arrays: Array) -> Namespace:
    """The functions of the Array API standard for these arrays: with it, a loss of your own runs on every library.

    Parameters
    ----------
    *arrays : arrays
        Of one library. Inside of `value_and_grad`, differentiated arrays and plain ones may be mixed.

    Returns
    -------
    namespace
        A module of the library itself or of array-api-compat, or that of the tape.

    Raises
    ------
    TypeError
        If the arrays are of different libraries, or one is no array.

    Notes
    -----
    array-api-compat's function of this name takes a differentiated array and a plain one for two libraries.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import array_namespace, grad
    >>> def loss(pred, target):
    ...     xp = array_namespace(pred, target)
    ...     return xp.sum(xp.log1p((pred - target) ** 2))
    >>> target = np.asarray([1.0, 0.0])
    >>> grad(lambda pred: loss(pred, target))(np.asarray([0.0, 0.0]))
    array([-1.,  0.])
    """
    if not arrays:
        raise TypeError("array_namespace needs an array")
    return namespace(*arrays)


def constant(x: Array) -> Array:
    """An array of the library itself, without a gradient: for what is computed beside the tape, at full speed."""
    xp = namespace(x)
    if is_tape(xp):
        return _tape.plain(x)
    return stop_gradient(x)


def apart(function: Callable[..., Any], static: tuple[Any, ...], *arrays: Array | None) -> Any:
    """`function(*static, *arrays)` of the arrays' plain values: nothing of it is differentiated, nor recorded."""
    plain = [None if x is None or not hasattr(x, "shape") else constant(x) for x in arrays]
    given = [x if y is None else y for x, y in zip(arrays, plain)]
    there = [y for y in plain if y is not None]
    if there and is_torch(namespace(there[0])):
        from . import _torch

        return _torch.without_gradient(function, static, given)
    return function(*static, *given)


def compiled(xp: Namespace, function: Callable[..., Array], static: tuple[Any, ...], *arrays: Any) -> Array:
    """`function(*static, *arrays)`, as one compiled kernel in JAX, whose calls are slow one by one."""
    if is_jax(xp):
        from . import _jax

        return _jax.compiled(function, static)(*arrays)
    return function(*static, *arrays)


def _library(args: tuple[Any, ...], argnums: int | tuple[int, ...]) -> Namespace:
    for number in (argnums,) if isinstance(argnums, int) else argnums:
        leaf = args[number]
        while isinstance(leaf, (list, tuple, dict)) and leaf:
            leaf = next(iter(leaf.values() if isinstance(leaf, dict) else leaf))
        try:
            return namespace(leaf)
        except TypeError:
            raise TypeError(f"argument {number} must hold arrays; got {type(leaf).__name__}") from None
    raise ValueError("argnums must name at least one argument")
