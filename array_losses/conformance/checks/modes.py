"""The same numbers however a function is called: compiled, mapped, differentiated by the array library itself."""

from __future__ import annotations

from typing import Any

from ..inputs import Inputs
from ..trial import Trial, expect
from .check import BOTH, ONE, Check, Measured
from .derivatives import DERIVATIVES
from .mesh import MESH
from .properties import PROPERTIES
from .views import VIEWED


def one_gradient(trial: Trial) -> Measured:
    """The gradient for one argument alone is as near as the one found together with the others'."""
    group, both = trial.gradients[0]
    arrays = trial.arrays(group)
    for place, index in enumerate(trial.family.differentiable):
        _, alone = trial.library.value_and_grad(trial.total, argnums=index)(*arrays)
        beside = [alone if k == place else other for k, other in enumerate(both)]
        trial.compare_gradients(beside, group)
    return {}


def jit_value(trial: Trial) -> Measured:
    """Compiled, the values are as near."""
    assert trial.backend.jit is not None
    compiled = trial.backend.jit(trial.function)
    return {"value": max(trial.compare_values(compiled(*trial.arrays(group)), group) for group in _groups(trial))}


def jit_gradient(trial: Trial) -> Measured:
    """Compiled, the gradients are as near."""
    compiled = trial.backend.jit_slopes(trial.library, trial.total, trial.family.differentiable)
    return {"gradient": max(trial.compare_gradients(compiled(*trial.arrays(group)), group) for group in _groups(trial))}


def _groups(trial: Trial) -> tuple[Inputs, ...]:
    """Rows of other lengths compile anew."""
    return trial.groups if trial.backend.jit_is_quick or trial.thorough else trial.groups[:1]


def native_gradient(trial: Trial) -> Measured:
    """The array library's own way to a gradient (`backward`, `jax.grad`) finds the same."""
    assert trial.backend.native_slopes is not None
    slopes = trial.backend.native_slopes(trial.total, trial.family.differentiable)
    return {"gradient": max(trial.compare_gradients(slopes(*trial.arrays(group)), group) for group in trial.groups)}


def vmap(trial: Trial) -> Measured:
    """One row's value and gradient, mapped over the rows; of a shared argument, each row's own part of the gradient."""
    assert trial.backend.vmap is not None
    group = trial.groups[0]
    axes = tuple(None if argument.shared else 0 for argument in group.arguments)

    def both(*arrays: Any) -> Any:
        return trial.function(*arrays), trial.slopes(arrays)

    values, slopes = trial.backend.vmap(both, axes)(*trial.arrays(group))
    exact, worst = trial.exact(group), 0.0
    for index, found in zip(trial.family.differentiable, slopes, strict=True):
        expect(found.shape[0] == len(group), f"{len(group)} rows have {found.shape[0]} gradients")
        worst = max(worst, trial.compare_slopes(found, index, group, exact))
    return {"value": trial.compare_values(values, group), "gradient": worst}


def _compiles(trial: Trial) -> bool:
    return trial.backend.jit is not None and (trial.backend.jit_is_quick or trial.thorough or trial.representative)


MODES: tuple[Check, ...] = (
    *DERIVATIVES,
    *VIEWED,
    *MESH,
    *PROPERTIES,
    Check("one gradient", one_gradient, dtypes=ONE, variants=False, brief=()),
    Check("jit value", jit_value, dtypes=BOTH, brief=ONE, applies=_compiles, mode="jit"),
    Check(
        "jit gradient",
        jit_gradient,
        dtypes=BOTH,
        brief=ONE,
        applies=lambda trial: _compiles(trial) and bool(trial.family.differentiable),
        mode="jit gradient",
    ),
    Check(
        "native gradient",
        native_gradient,
        dtypes=("float16", "float32"),
        brief=(),
        applies=lambda trial: trial.backend.native_slopes is not None and bool(trial.family.differentiable),
        mode="native gradient",
    ),
    Check(
        "vmap",
        vmap,
        kinds=("measure", "loss"),
        dtypes=ONE,
        applies=lambda trial: trial.backend.vmap is not None,
        mode="vmap",
    ),
)
