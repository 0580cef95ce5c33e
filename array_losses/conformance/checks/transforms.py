"""`grad`, `value_and_grad` and `stop_gradient` of functions that a user writes, against derivatives worked out by hand.

The functions use the standard's operations through operators and `__array_namespace__` only, as a user's would.
"""

from __future__ import annotations

from typing import Any

import array_api_compat
import numpy as np

from ..dual import MP
from ..trial import Trial, expect
from .check import Check, Measured

X = np.asarray([0.5, -1.25, 2.0, 0.125])
Y = np.asarray([3.0, 0.75, -0.5, 1.5])


def bell(x: Any, y: Any) -> Any:
    """sum(y * exp(-x^2))."""
    xp = array_api_compat.array_namespace(x, y)
    return xp.sum(y * xp.exp(-x * x))


def _exact() -> tuple[Any, list[Any], list[Any]]:
    """The bell's value and its slopes along x, -2 x y exp(-x^2), and along y, exp(-x^2)."""
    pairs = [(MP.mpf(x), MP.mpf(y), MP.exp(-(MP.mpf(x) ** 2))) for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
    return MP.fsum(y * e for _, y, e in pairs), [-2 * x * y * e for x, y, e in pairs], [e for *_, e in pairs]


def _near(trial: Trial, what: str, found: Any, exact: Any) -> float:
    return trial.close(what, trial.numpy(found), exact, 1.0, max(trial.budget("value"), trial.budget("gradient")))


def grad(trial: Trial) -> Measured:
    """The gradient for either argument, for both, and with a second output beside the value."""
    x, y = trial.array(X), trial.array(Y)
    _, by_x, by_y = _exact()
    transform = trial.library.grad
    worst = _near(trial, "grad", transform(bell)(x, y), by_x)
    worst = max(worst, _near(trial, "grad of argument 1", transform(bell, argnums=1)(x, y), by_y))
    both = transform(bell, argnums=(0, 1))(x, y)
    expect(isinstance(both, tuple) and len(both) == 2, "grad with argnums=(0, 1) did not return a pair")
    worst = max(worst, _near(trial, "grad of both", both[0], by_x), _near(trial, "grad of both", both[1], by_y))
    slopes, aux = transform(lambda x, y: (bell(x, y), {"beside": x + y}), has_aux=True)(x, y)
    expect(trial.backend.is_array(aux["beside"]), f"aux holds a {type(aux['beside']).__name__}")
    return {"gradient": max(worst, _near(trial, "grad with aux", slopes, by_x))}


def value_and_grad(trial: Trial) -> Measured:
    """The value stands before the gradient; a second output stands beside the value."""
    x, y = trial.array(X), trial.array(Y)
    value, by_x, by_y = _exact()
    transform = trial.library.value_and_grad
    found, slopes = transform(bell)(x, y)
    worst = {"value": _near(trial, "value", found, [value]), "gradient": _near(trial, "gradient", slopes, by_x)}
    expect(trial.backend.is_array(found), f"the value is a {type(found).__name__}")
    expect(trial.backend.is_array(slopes), f"the gradient is a {type(slopes).__name__}")
    (found, aux), (first, second) = transform(lambda x, y: (bell(x, y), x + y), argnums=(0, 1), has_aux=True)(x, y)
    _near(trial, "value beside aux", found, [value])
    _near(trial, "aux", aux, [MP.mpf(a + b) for a, b in zip(X.tolist(), Y.tolist(), strict=True)])
    _near(trial, "gradient beside aux", first, by_x)
    _near(trial, "second gradient beside aux", second, by_y)
    return worst


def bells(x: Any, y: Any) -> Any:
    """y * exp(-x^2), number by number."""
    return y * array_api_compat.array_namespace(x, y).exp(-x * x)


def value_grad_and_hessian_diagonal(trial: Trial) -> Measured:
    """The bells' values, their slopes -2 x y exp(-x^2), and (4 x^2 - 2) y exp(-x^2)."""
    found = trial.library.value_grad_and_hessian_diagonal(bells)(trial.array(X), trial.array(Y))
    numbers = [(MP.mpf(x), MP.mpf(y)) for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
    values = [y * MP.exp(-(x**2)) for x, y in numbers]
    slopes = [-2 * x * value for (x, _), value in zip(numbers, values, strict=True)]
    curvatures = [(4 * x**2 - 2) * value for (x, _), value in zip(numbers, values, strict=True)]
    for array in found:
        expect(trial.backend.is_array(array), f"a result is a {type(array).__name__}")
    return {
        "value": _near(trial, "values", found[0], values),
        "gradient": max(_near(trial, "slopes", found[1], slopes), _near(trial, "curvatures", found[2], curvatures)),
    }


def stop_gradient(trial: Trial) -> Measured:
    """The value passes, the derivative does not: x * stop(x) has slope x."""
    x = trial.array(X)
    expect(bool((trial.numpy(trial.library.stop_gradient(x)) == X).all()), "stop_gradient changed its argument")

    def product(x: Any) -> Any:
        return array_api_compat.array_namespace(x).sum(x * trial.library.stop_gradient(x))

    value, slopes = trial.library.value_and_grad(product)(x)
    exact = [MP.mpf(number) for number in X.tolist()]
    return {
        "value": _near(trial, "value", value, [MP.fsum(number**2 for number in exact)]),
        "gradient": _near(trial, "gradient", slopes, exact),
    }


TRANSFORMS: tuple[Check, ...] = tuple(
    Check(
        name,
        check,
        kinds=("transform",),
        dtypes=("float32", "float64"),
        applies=lambda trial, name=name: bool(trial.case.name == name),  # type: ignore[misc]
    )
    for name, check in (
        ("grad", grad),
        ("value_and_grad", value_and_grad),
        ("value_grad_and_hessian_diagonal", value_grad_and_hessian_diagonal),
        ("stop_gradient", stop_gradient),
    )
)
