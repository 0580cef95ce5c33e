"""Tests of a loss of your own: against the 50-digit reference of one of ours, or against itself in other libraries.

Both raise `AssertionError` with what is wrong, the inputs that show it among it, so a test needs no more than the call:

    def test_my_ciou():
        assert_conforms(my_ciou, like="ciou_loss")

They need the extra `conformance`.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import array_losses

try:
    from .conformance import suite
    from .conformance.backends import Backend, BackendMissingError, find
    from .conformance.cases import CASES, Budget, Case, Variant
    from .conformance.cases.case import INF
    from .conformance.result import Result
    from .conformance.trial import Trial, total
    from .conformance.ulp import Exact, Floats, error
except ImportError as missing:  # pragma: no cover
    raise ImportError(
        f"array_losses.testing needs {missing.name}: pip install 'array-losses[conformance]'"
    ) from missing

__all__ = ["Agreement", "assert_conforms", "cross_validate"]

Function = Callable[..., Any]
NUMBERS = ("value", "gradient", "range", "finite gradient", "NaN stays in its row")
LIBRARIES = ("numpy", "array_api_strict", "torch", "jax")


class Agreement(NamedTuple):
    """How far a function on one library is from itself in float64 on the first one, in units in the last place."""

    backend: str
    dtype: str
    value_ulp: float
    gradient_ulp: float | None


def assert_conforms(
    function: Function,
    like: str,
    *,
    knobs: dict[str, Any] | None = None,
    gradient: Function | None = None,
    backends: Sequence[str] = ("numpy",),
    dtypes: Sequence[str] = ("float32", "float64"),
    checks: Sequence[str] = NUMBERS,
    value_ulp: float | None = None,
    gradient_ulp: float | None = None,
) -> list[Result]:
    """Hold a function against the definition that one of ours is held against.

    It is tried on the same hard rows: identical, touching, empty, huge and tiny boxes, sure and wrong logits ...

    Parameters
    ----------
    function : callable
        Takes the arrays that the function called `like` takes and returns a number for each row. It is called without
        options, except those that say which axes are whose where `like` has them (``axis``, ``batch_axes``).
    like : str
        The name of a function of `array_losses` with a formula, such as ``"ciou_loss"``.
    knobs : dict, optional
        The options of `like` under which it is what `function` computes; by default those of the suite's first set.
    gradient : callable, optional
        Takes the same arrays and returns the gradients of the sum of the values, one for each real argument: a gradient
        written by hand. By default that of the array library itself, and of `array_losses.value_and_grad` where it has
        none.
    backends : sequence of str, default ("numpy",)
        As the command takes them: ``"torch"``, ``"jax"``, ``"array_api_strict"``, ``"my_package.module"`` ...
    dtypes : sequence of str, default ("float32", "float64")
        Those that a library does not have are left out.
    checks : sequence of str
        Names of checks of the suite; by default those of values and gradients, ranges, finiteness, and of a NaN that
        stays in its row.
    value_ulp, gradient_ulp : float, optional
        Errors that are allowed, in units in the last place of the exact answer; by default as many as of `like`.

    Returns
    -------
    list of Result
        Every executed check with the largest errors that it measured.

    Raises
    ------
    AssertionError
        If a check fails, or none fits.
    ValueError
        If there is no such function or check.
    BackendMissingError
        If a library is not there.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses.testing import assert_conforms
    >>> def squares(pred, target):
    ...     return (pred - target) ** 2
    >>> results = assert_conforms(squares, like="squared_error")
    >>> sorted({result.check for result in results})
    ['NaN stays in its row', 'finite gradient', 'gradient', 'range', 'value']
    >>> def halved(pred, target):
    ...     return 0.5 * (pred - target) ** 2
    >>> assert_conforms(halved, like="squared_error", checks=["value"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: halved does not conform to squared_error:
    numpy squared_error() float32, value: value off by ...
    """
    case = _case_of(like)
    chosen = [check for check in suite.ALL if check.name in checks]
    unknown = set(checks) - {check.name for check in chosen}
    if unknown:
        raise ValueError(f"checks: the suite has none called {', '.join(map(repr, sorted(unknown)))}")
    budget = _budget(case, value_ulp, gradient_ulp)
    variant = _variant(case, knobs)
    results: list[Result] = []
    for name in backends:
        backend = find(name)
        library = _library(backend, case, function, gradient, variant.knobs)
        for dtype in backend.dtypes:
            if dtype in dtypes:
                trial = Trial(library, backend, case._replace(budget=budget, variants=(variant,)), variant, dtype)
                results += suite.tried(trial, tuple(chosen))
    name = getattr(function, "__name__", repr(function))
    if not results:
        raise AssertionError(f"{name}: no check of {', '.join(checks)} fits {like} on {', '.join(backends)}")
    failed = [str(result) for result in results if result.failure is not None]
    if failed:
        raise AssertionError("\n".join([f"{name} does not conform to {like}:", *failed]))
    return results


def cross_validate(
    function: Function,
    *arrays: Any,
    backends: Sequence[str] | None = None,
    dtypes: Sequence[str] = ("float32", "float64"),
    argnums: int | Sequence[int] | None = 0,
    gradient: Function | None = None,
    value_ulp: float = 16.0,
    gradient_ulp: float = 64.0,
) -> list[Agreement]:
    """Hold a function against itself on other libraries, value and gradient.

    What it gives on the first library in float64 is taken for exact.

    Parameters
    ----------
    function : callable
        Takes arrays of any of these libraries and returns one.
    *arrays : array_like
        What it is tried on: NumPy arrays or lists. Real numbers are rounded to each dtype, others stay what they are.
    backends : sequence of str, optional
        Two or more; by default those of NumPy, array-api-strict, PyTorch and JAX that are installed.
    dtypes : sequence of str, default ("float32", "float64")
    argnums : int or sequence of ints, optional
        Places of the arrays whose gradients are compared, 0 by default; None for none.
    gradient : callable, optional
        As of `assert_conforms`, for the arrays at `argnums`.
    value_ulp, gradient_ulp : float, default 16 and 64
        Differences that are allowed, in units in the last place at the size of the exact number; of a gradient, at the
        size of its largest entry.

    Returns
    -------
    list of Agreement
        For each library and dtype, how far they were apart.

    Raises
    ------
    AssertionError
        If they disagree.
    ValueError
        If there are fewer than two libraries.
    BackendMissingError
        If a library that is named is not there.

    Examples
    --------
    >>> import numpy as np
    >>> from array_losses import ciou_loss
    >>> from array_losses.testing import cross_validate
    >>> pred, target = np.asarray([[0.0, 0.0, 4.0, 3.0]]), np.asarray([[1.0, 0.0, 5.0, 2.0]])
    >>> found = cross_validate(ciou_loss, pred, target, backends=["numpy", "array_api_strict"])
    >>> [agreement.dtype for agreement in found]
    ['float32', 'float64', 'float32', 'float64']
    """
    found = [find(name) for name in backends] if backends is not None else _installed()
    if len(found) < 2:
        raise ValueError(f"backends: two or more are needed to compare; got {[backend.name for backend in found]}")
    places = () if argnums is None else (argnums,) if isinstance(argnums, int) else tuple(argnums)
    given = [np.asarray(x) for x in arrays]
    agreements, wrong = [], []
    for backend in found:
        for dtype in [name for name in dtypes if name in backend.dtypes]:
            inputs = [found[0].to_numpy(_array(found[0], x, dtype)) if _real(x) else x for x in given]
            exact = _answers(found[0], function, gradient, inputs, places, "float64")
            got = _answers(backend, function, gradient, inputs, places, dtype)
            errors = [_apart(exact[0], got[0], dtype, np.zeros_like(exact[0]))]
            errors += [
                _apart(one, other, dtype, np.full_like(one, np.abs(one).max(initial=0.0)))
                for one, other in zip(exact[1:], got[1:], strict=True)
            ]
            agreements.append(Agreement(backend.name, dtype, errors[0], max(errors[1:], default=None)))
            for what, apart, allowed in zip(
                ["value", *[f"gradient of argument {place}" for place in places]],
                errors,
                [value_ulp, *[gradient_ulp] * len(places)],
                strict=True,
            ):
                if apart > allowed:
                    wrong.append(f"{backend.name} {dtype}: {what} off by {apart:.4g} ULP (allowed {allowed:g})")
    name = getattr(function, "__name__", repr(function))
    if wrong:
        raise AssertionError("\n".join([f"{name} is not what it is in float64 on {found[0].name}:", *wrong]))
    return agreements


def _case_of(like: str) -> Case:
    known = {case.name: case for case in CASES if case.kind != "transform"}
    if like not in known:
        near = difflib.get_close_matches(like, known, n=3)
        raise ValueError(
            f"like: no function {like!r} with a reference" + (f"; is it {' or '.join(near)}?" if near else "")
        )
    return known[like]


def _variant(case: Case, knobs: dict[str, Any] | None) -> Variant:
    """The suite's own set with these knobs, which knows their range; else these on the rows of another set."""
    if knobs is None:
        return case.variants[0]
    for variant in case.variants:
        if variant.knobs == knobs:
            return variant
    alike = [
        v for v in case.variants if v.family is None or (case.family and v.family.arguments == case.family.arguments)
    ]
    return (alike or list(case.variants))[-1]._replace(knobs=dict(knobs), low=-INF, high=INF)


def _budget(case: Case, value: float | None, gradient: float | None) -> Budget:
    budget = case.budget
    if value is not None:
        budget = budget._replace(value=(value, value))
    return budget if gradient is None else budget._replace(gradient=(gradient, gradient))


def _library(
    backend: Backend, case: Case, function: Function, gradient: Function | None, knobs: dict[str, Any]
) -> types.SimpleNamespace:
    """What stands where the suite expects `array_losses`: the function under our name, and its gradients."""

    def rows(*arrays: Any, reduction: str = "none", **options: Any) -> Any:
        found = function(*arrays, **{key: option for key, option in options.items() if key not in knobs})
        return found if reduction == "none" else total(found)

    def value_and_grad(fun: Function, argnums: int | tuple[int, ...] = 0) -> Function:
        places = (argnums,) if isinstance(argnums, int) else argnums

        def run(*arrays: Any) -> tuple[Any, Any]:
            if gradient is not None:
                by_place = dict(zip(_real_places(arrays, backend), gradient(*arrays), strict=True))
                slopes = tuple(by_place[place] for place in places)
            else:
                slopes = _slopes(backend, fun, places)(*arrays)
            return None, slopes[0] if isinstance(argnums, int) else slopes

        return run

    return types.SimpleNamespace(**{case.name: rows, "value_and_grad": value_and_grad})


def _real_places(arrays: Sequence[Any], backend: Backend) -> list[int]:
    return [place for place, x in enumerate(arrays) if "float" in backend.dtype_of(x)]


def _slopes(backend: Backend, fun: Function, places: tuple[int, ...]) -> Function:
    """Gradients by the library's own means, zeros for arrays that the result does not depend on."""
    if backend.native_slopes is None:
        return lambda *arrays: array_losses.value_and_grad(fun, places)(*arrays)[1]
    native = backend.native_slopes(fun, places)

    def slopes(*arrays: Any) -> tuple[Any, ...]:
        return tuple(0 * arrays[i] if s is None else s for i, s in zip(places, native(*arrays), strict=True))

    return slopes


def _answers(
    backend: Backend, function: Function, gradient: Function | None, inputs: list[Any], places: Any, dtype: str
) -> list[Floats]:
    """The value and the gradients of its sum, as float64."""
    with backend.session(dtype):
        arrays = [_array(backend, x, dtype) for x in inputs]
        value = function(*arrays)
        slopes: Any = ()
        if gradient is not None and places:
            slopes = gradient(*arrays)
        elif places:
            slopes = _slopes(backend, lambda *x: total(function(*x)), places)(*arrays)
        return [backend.to_numpy(x) for x in (value, *slopes)]


def _real(x: Any) -> bool:
    return bool(np.issubdtype(x.dtype, np.floating))


def _array(backend: Backend, x: Any, dtype: str) -> Any:
    return backend.asarray(x, dtype if _real(x) else "bool" if x.dtype == bool else "int32")


def _apart(exact: Floats, got: Floats, dtype: str, scale: Floats) -> float:
    if exact.shape != got.shape:
        return float("inf")
    same = (np.isnan(exact) & np.isnan(got)) | (np.isinf(exact) & (exact == got))
    errors = error(np.where(same, 0.0, got), Exact(np.where(same, 0.0, exact), np.zeros_like(exact)), scale, dtype)
    return float(errors.max(initial=0.0))


def _installed() -> list[Backend]:
    found = []
    for name in LIBRARIES:
        try:
            found.append(find(name))
        except BackendMissingError:
            continue
    return found
