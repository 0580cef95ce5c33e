"""Derivatives by other ways than one gradient: gradients of gradients, and forward mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..cases import REDUCED
from ..dual import MP
from ..second import curvature, direction
from ..trial import Trial, expect, total
from .check import ONE, Check, Measured


def gradient_of_gradient(trial: Trial) -> Measured:
    """The library's gradient of its gradient along a direction: the Hessian times that direction."""
    rows, places = trial.ordinary, trial.family.differentiable
    moves = _moves(trial)

    def slope(*arrays: Any) -> Any:
        _, slopes = trial.library.value_and_grad(trial.total, argnums=places)(*arrays)
        return _along(slopes, [moves[place] for place in places])

    def run(*arrays: Any) -> Any:
        return trial.library.value_and_grad(slope, argnums=places)(*arrays)[1]

    compiled = trial.backend.jit(run) if trial.backend.calls_compile and trial.backend.jit else run
    return {"second": _compare(trial, compiled(*trial.arrays(rows)))}


def double_backward(trial: Trial) -> Measured:
    """The same through `backward` with a graph, as training code asks for it."""
    torch, places = trial.backend.xp, trial.family.differentiable
    moves = _moves(trial)
    leaves = [x.requires_grad_(place in places) for place, x in enumerate(trial.arrays(trial.ordinary))]
    own = [leaves[place] for place in places]
    slopes = torch.autograd.grad(trial.total(*leaves), own, create_graph=True)
    slope = _along(slopes, [moves[place] for place in places])
    if not slope.requires_grad:
        return {"second": _compare(trial, [torch.zeros_like(x) for x in own])}
    found = torch.autograd.grad(slope, own, allow_unused=True)
    zeros = [torch.zeros_like(x) for x in own]
    # A gradient of zeros may be one that was never made: adding makes it.
    return {"second": _compare(trial, [zero if x is None else zero + x for zero, x in zip(zeros, found, strict=True)])}


def forward_over_reverse(trial: Trial) -> Measured:
    """The same by forward mode through the gradient, the way of `jax.hessian` and `torch.func.hessian`."""
    places = trial.family.differentiable
    given, moves = trial.arrays(trial.ordinary), _moves(trial)

    def slopes(*own: Any) -> Any:
        return trial.library.value_and_grad(trial.total, argnums=places)(*_among(given, places, own))[1]

    return {"second": _compare(trial, _push(trial, slopes, given, moves), forward=True)}


def forward(trial: Trial) -> Measured:
    """Forward mode: each result moves by its slopes times a direction."""
    rows, places = trial.ordinary, trial.family.differentiable
    given, moves = trial.arrays(rows), _moves(trial)
    found = _push(trial, lambda *own: trial.function(*_among(given, places, own)), given, moves)
    exact = trial.exact_rows(rows)
    by_row = [np.concatenate(_flat(trial, row)) for row in range(len(rows))]
    results = len(exact) // len(rows)
    moved, scale = [], []
    for place, one in enumerate(exact):
        steps = by_row[place // results]
        moved.append(MP.fsum(slope * step for slope, step in zip(one.slopes, steps.tolist(), strict=True)))
        scale.append(float(np.asarray(one.scales) @ np.abs(steps)))
    budget = trial.budget("gradient") + REDUCED
    return {"gradient": trial.close("tangent", trial.numpy(found).reshape(-1), moved, scale, budget, trial.result)}


def _flat(trial: Trial, row: int) -> list[Any]:
    """The direction of a row's numbers, by argument."""
    rows = trial.ordinary
    return [
        (move if argument.shared else move.reshape(len(rows), -1)[row]).reshape(-1)
        for argument, move in zip(rows.arguments, direction(rows, trial.family), strict=True)
        if not argument.discrete
    ]


def _push(trial: Trial, fun: Callable[..., Any], given: Sequence[Any], moves: Sequence[Any]) -> Any:
    """The derivative of `fun`, of the arguments with a gradient, along their direction."""
    places = trial.family.differentiable
    own, along = tuple(given[place] for place in places), tuple(moves[place] for place in places)
    if trial.backend.library == "torch":
        return trial.backend.xp.func.jvp(fun, own, along)[1]
    jax = trial.backend.xp
    return jax.jit(lambda own, along: jax.jvp(fun, own, along)[1])(own, along)


def _among(given: Sequence[Any], places: Sequence[int], own: Sequence[Any]) -> list[Any]:
    """All arguments, some of them replaced."""
    arrays = list(given)
    for place, x in zip(places, own, strict=True):
        arrays[place] = x
    return arrays


def _moves(trial: Trial) -> list[Any]:
    return [trial.array(move) for move in direction(trial.ordinary, trial.family)]


def _along(slopes: Sequence[Any], moves: Sequence[Any]) -> Any:
    parts = [total(slope * move) for slope, move in zip(slopes, moves, strict=True)]
    return sum(parts[1:], start=parts[0])


def _compare(trial: Trial, found: Sequence[Any], forward: bool = False) -> float:
    rows, worst = trial.ordinary, 0.0
    exact = curvature(trial.case, trial.variant, trial.scale, trial.family, rows, trial.dtype, trial.shares, forward)
    expect(exact.smooth >= len(rows) // 2, "most of the ordinary rows lie on a kink")
    for index, second in zip(trial.family.differentiable, found, strict=True):
        argument, span = rows.arguments[index], rows.spans()[index]
        numbers: Any = [[row[place] for place in span] for row in exact.exact]
        scale = exact.scales[:, span.start : span.stop]
        name = f"second derivative by {argument.name}"
        if argument.shared:
            numbers, scale = [MP.fsum(column) for column in zip(*numbers, strict=True)], scale.sum(axis=0)
        got = trial.numpy(second).reshape(scale.shape)
        flat = [x for row in numbers for x in row] if not argument.shared else numbers
        worst = max(worst, trial.close(name, got, flat, scale, trial.case.budget.second, trial.dtype))
    return worst


def _has_gradient(trial: Trial) -> bool:
    return bool(trial.family.differentiable)


def _has_forward(trial: Trial) -> bool:
    return _has_gradient(trial) and trial.backend.library in ("torch", "jax")


DERIVATIVES: tuple[Check, ...] = (
    Check(
        "gradient of gradient",
        gradient_of_gradient,
        dtypes=("float64",),
        variants=False,
        brief=(),
        applies=lambda trial: _has_gradient(trial) and (trial.backend.library == "numpy" or trial.leads),
        mode="second derivative",
    ),
    Check(
        "double backward",
        double_backward,
        dtypes=("float64",),
        variants=False,
        applies=lambda trial: _has_gradient(trial) and trial.backend.library == "torch",
        mode="second derivative",
    ),
    Check(
        "forward over reverse",
        forward_over_reverse,
        dtypes=("float64",),
        variants=False,
        brief=("float64",),
        applies=_has_forward,
        mode="second derivative",
    ),
    Check("forward", forward, dtypes=ONE, variants=False, brief=(), applies=_has_forward, mode="forward"),
)
