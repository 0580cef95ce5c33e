"""Losses that hand on a state: what they hand on, that it can be handed back, and that no gradient goes through it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..inputs import Inputs
from ..trial import Trial, expect, total
from .check import BOTH, ONE, Check, Measured, described
from .reductions import KEPT, poisoned

OF_THE_LOSS = ("ghm_classification_loss", "ghm_regression_loss", "wise_iou_loss")
STATE_BUDGET = 8.0
"""ULP, at the size of each number: a sum of some dozen terms of one sign."""


def state(trial: Trial) -> Measured:
    """The state is that of the rows inside `where`, whatever the weights and the reduction."""
    worst = 0.0
    for group in trial.groups:
        given = trial.arrays(group)
        worst = max(worst, _compare(trial, trial.full(*given)[1], trial.exact_state(group)))
    rows = trial.ordinary
    options: dict[str, Any] = {"weights": trial.array(np.full(rows.leading, 0.5)), "reduction": "mean"}
    given = trial.arrays(rows)
    worst = max(worst, _compare(trial, trial.full(*given, **options)[1], trial.exact_state(rows)))
    where = trial.backend.booleans(KEPT.reshape(rows.leading))
    dirty = trial.arrays(poisoned(rows, ~KEPT))
    _, found = trial.full(*dirty, where=where)
    worst = max(worst, _compare(trial, found, trial.exact_state(rows, tuple(KEPT.tolist()))))
    return {"value": worst}


def _compare(trial: Trial, found: Any, exact: Any) -> float:
    shape = np.shape(np.asarray(exact, dtype=object))
    # Counts of bins and means, which need not be given as arrays, have the dtype of the loss; others keep their own.
    dtype = trial.result if trial.case.name in OF_THE_LOSS else trial.dtype
    described("state", trial, found, shape, dtype)
    return trial.close("state", trial.numpy(found), exact, 0.0, STATE_BUDGET, dtype)


def feeding_back(trial: Trial) -> Measured:
    """The state of one batch, handed in with the next, gives that batch's losses and the state of both."""
    rows = trial.ordinary
    *own, before = trial.arrays(rows)
    _, between = trial.full(*own, before)
    loss, after = trial.full(*own, between)
    now = Inputs(rows.arguments, rows.names, (*rows.arrays[:-1], trial.numpy(between)), rows.proper, rows.leading)
    _compare(trial, after, trial.exact_state(now))
    return {"value": trial.compare_values(loss, now)}


def no_gradient(trial: Trial) -> Measured:
    """No gradient flows from the loss to the state that came in, nor from the one that goes out to anything."""
    rows = trial.ordinary
    given = trial.arrays(rows)
    places = tuple(index for index, argument in enumerate(rows.arguments) if argument.role != "labels")

    def everything(*arrays: Any) -> Any:
        loss, found = trial.full(*arrays)
        return total(loss) + total(found)

    _, slopes = trial.library.value_and_grad(everything, argnums=places)(*given)
    for index, found in zip(places, slopes, strict=True):
        argument = rows.arguments[index]
        if argument.role == "constant":
            leak = trial.numpy(found)
            expect(bool((leak == 0).all()), f"the gradient of {argument.name} is {leak.tolist()}")
    own = tuple(found for index, found in zip(places, slopes, strict=True) if rows.arguments[index].role == "real")
    return {"gradient": trial.compare_gradients(own, rows)}


def jit_state(trial: Trial) -> Measured:
    """Compiled, loss and state are as near."""
    assert trial.backend.jit is not None
    rows = trial.ordinary
    loss, found = trial.backend.jit(trial.full)(*trial.arrays(rows))
    _compare(trial, found, trial.exact_state(rows))
    return {"value": trial.compare_values(loss, rows)}


def _has_state(trial: Trial) -> bool:
    return trial.family.arguments[-1].role == "constant"


BATCHES: tuple[Check, ...] = (
    Check("state", state, kinds=("batch",), dtypes=("float16", "float32", "float64"), brief=ONE),
    Check("feeding back", feeding_back, kinds=("batch",), dtypes=BOTH, brief=ONE, applies=_has_state),
    Check("no gradient of state", no_gradient, kinds=("batch",), dtypes=ONE),
    Check(
        "jit state",
        jit_state,
        kinds=("batch",),
        dtypes=ONE,
        applies=lambda trial: trial.backend.jit is not None and (trial.backend.jit_is_quick or trial.thorough),
        mode="jit",
    ),
)
