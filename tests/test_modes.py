"""Every way of calling a function is a check that passes on the libraries, and that can fail."""

from __future__ import annotations

import itertools
import types
import warnings
from collections.abc import Callable
from typing import Any

import array_api_compat
import jax
import numpy as np
import pytest
import torch

import array_losses
from array_losses.conformance import backends, cases, checks
from array_losses.conformance.cases import laws
from array_losses.conformance.checks.views import LookedAtError
from array_losses.conformance.second import direction
from array_losses.conformance.suite import ALL
from array_losses.conformance.trial import CheckFailedError, Trial, total

MODES = {
    "eager",
    "jit",
    "vmap",
    "native gradient",
    "jit gradient",
    "second derivative",
    "forward",
    "mesh",
    "chunks",
    "meta",
    "layouts",
    "no bool",
    "properties",
}
CHECKS = {check.name: check for check in ALL}
BY_NAME = {case.name: case for case in cases.CASES}
FEW = (
    "ciou_loss",
    "sigmoid_focal_loss",
    "wise_iou_loss",
    "seesaw_loss",
    "proxy_nca_loss",
    "dice_loss",
    "decode_deltas",
)
"""Of most families: pairs, numbers, batches, classes, shared arguments, several results, edges."""


def run(check: str, backend: str, function: str, dtype: str = "float32", **sabotage: Any) -> dict[str, float]:
    """One check of one function, of the library or with some functions replaced."""
    names = {name: getattr(array_losses, name) for name in array_losses.__all__}
    library = types.SimpleNamespace(**(names | sabotage)) if sabotage else array_losses
    case = BY_NAME[function]
    found = backends.find(backend)
    trial = Trial(library, found, case, case.variants[0], dtype, thorough=True)
    assert CHECKS[check].fits(trial)
    with found.session(dtype):
        return CHECKS[check].run(trial)


def test_every_mode_has_a_check_and_no_other_is_named() -> None:
    assert {check.mode for check in ALL} == MODES


# They pass ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "backend", "dtype"),
    [
        ("double backward", "torch", "float64"),
        ("forward over reverse", "torch", "float64"),
        ("forward", "torch", "float32"),
        ("meta", "torch", "float32"),
        ("repeated", "torch", "float32"),
        ("gradient of gradient", "array_api_strict", "float64"),
    ],
)
@pytest.mark.parametrize("function", FEW)
def test_on_functions_of_most_families(check: str, backend: str, dtype: str, function: str) -> None:
    if BY_NAME[function].kind in CHECKS[check].kinds:
        run(check, backend, function, dtype)


@pytest.mark.parametrize(
    ("check", "dtype", "function"),
    [
        ("forward over reverse", "float64", "giou"),
        ("forward", "float32", "giou"),
        ("mesh", "float32", "giou"),
        ("mesh", "float32", "proxy_nca_loss"),
    ],
)
def test_on_jax(check: str, dtype: str, function: str) -> None:
    run(check, "jax", function, dtype)


# They can fail --------------------------------------------------------------------------------------------------------


def squared_error(pred: Any, target: Any, reduction: str = "none", **options: Any) -> Any:
    """The square and its slope, but no second derivative."""
    d = pred - target
    held = array_losses.stop_gradient(d)
    rows = 2.0 * held * d - held * held
    return rows if reduction == "none" else total(rows)


@pytest.mark.parametrize(
    ("check", "backend"),
    [
        ("gradient of gradient", "numpy"),
        ("gradient of gradient", "torch"),
        ("double backward", "torch"),
        ("forward over reverse", "torch"),
        ("forward over reverse", "jax"),
    ],
)
def test_a_wrong_second_derivative_is_noticed(check: str, backend: str) -> None:
    run("gradient", backend, "squared_error", "float64", squared_error=squared_error)
    with pytest.raises(CheckFailedError, match="second derivative by pred off"):
        run(check, backend, "squared_error", "float64", squared_error=squared_error)


def test_a_wrong_forward_mode_is_noticed() -> None:
    class Twice(torch.autograd.Function):  # type: ignore[misc]  # torch is not followed
        generate_vmap_rule = True

        @staticmethod
        def forward(pred: Any, target: Any) -> Any:
            return (pred - target) ** 2

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            pred, target = ctx.saved_tensors
            return 2 * g * (pred - target), -2 * g * (pred - target)

        @staticmethod
        def jvp(ctx: Any, a: Any, b: Any) -> Any:
            pred, target = ctx.saved_tensors
            return 4 * (pred - target) * (a - b)

    def wrong(pred: Any, target: Any, reduction: str = "none", **options: Any) -> Any:
        rows = Twice.apply(pred, target)
        return rows if reduction == "none" else rows.sum()

    run("gradient", "torch", "squared_error", squared_error=wrong)
    with pytest.raises(CheckFailedError, match="tangent off"):
        run("forward", "torch", "squared_error", squared_error=wrong)


def test_rows_that_are_gathered_on_every_device_are_noticed() -> None:
    def iou(pred: Any, target: Any) -> Any:
        everywhere = jax.sharding.PartitionSpec()
        return jax.lax.with_sharding_constraint(array_losses.iou(pred, target), everywhere)

    with pytest.raises(CheckFailedError, match=r"rows on eight devices gave an array on .*\(Auto\)"):
        run("mesh", "jax", "iou", iou=iou)


def test_a_warning_on_a_mesh_is_noticed() -> None:
    def iou(pred: Any, target: Any) -> Any:
        warnings.warn("donated buffers were not usable", stacklevel=1)
        return array_losses.iou(pred, target)

    with pytest.raises(UserWarning, match="donated buffers"):
        run("mesh", "jax", "iou", iou=iou)


def where_equal(pred: Any, target: Any) -> Any:
    """Branches on a value."""
    xp = array_api_compat.array_namespace(pred, target)
    if xp.all(pred == target):
        return array_losses.iou(pred, pred)
    return array_losses.iou(pred, target)


@pytest.mark.parametrize(
    ("check", "backend", "said"),
    [("meta", "torch", "meta"), ("no bool", "array_api_strict", "__bool__ of an array was called")],
)
def test_a_branch_on_a_value_is_noticed(check: str, backend: str, said: str) -> None:
    with pytest.raises((RuntimeError, LookedAtError), match=said):
        run(check, backend, "iou", iou=where_equal)


def test_dask_computes_nothing_before_it_is_asked() -> None:
    pytest.importorskip("dask", reason="not among the development requirements")
    for function in ("giou", "proxy_anchor_loss", "cl_dice_loss"):
        run("chunks", "examples.backends.dask", function)
    with pytest.raises(LookedAtError, match="the scheduler was called"):
        run("chunks", "examples.backends.dask", "iou", iou=where_equal)


def test_another_dtype_without_data_is_noticed() -> None:
    def iou(pred: Any, target: Any) -> Any:
        rows = array_losses.iou(pred, target)
        return rows.double() if rows.is_meta else rows

    with pytest.raises(CheckFailedError, match="value has shape, dtype and device"):
        run("meta", "torch", "iou", iou=iou)


def test_rows_read_in_the_order_of_memory_are_noticed() -> None:
    def iou(pred: Any, target: Any) -> Any:
        if isinstance(pred, np.ndarray) and pred.strides[0] < 0:
            pred = pred[::-1, ::-1]
        return array_losses.iou(pred, target)

    with pytest.raises(CheckFailedError, match="value off"):
        run("backwards", "numpy", "iou", iou=iou)


def test_strides_of_0_that_are_not_understood_are_noticed() -> None:
    def iou(pred: Any, target: Any) -> Any:
        rows = array_losses.iou(pred, target)
        return rows * np.float32(8) if isinstance(pred, np.ndarray) and 0 in pred.strides else rows

    with pytest.raises(CheckFailedError, match="value off"):
        run("repeated", "numpy", "iou", iou=iou)


calls = itertools.count()

WRONG: dict[str, tuple[str, Callable[..., Any]]] = {
    "not in [0, 1]": ("iou", lambda rows, a, b: 1.5 * rows + 0.25),
    "gave other bits": ("iou", lambda rows, a, b: rows * np.float32(1 - 1e-6 * (next(calls) % 2))),
    "in another order": ("iou", lambda rows, a, b: rows * (1 - 0.01 * np.arange(len(rows), dtype=np.float32))),
    "alone": ("iou", lambda rows, a, b: rows * np.float32(0.99 if len(rows) == 1 else 1)),
    "exchanged": ("iou", lambda rows, a, b: np.where(a[:, 2] > b[:, 2], np.float32(0.99), np.float32(1)) * rows),
    "times 2^": ("iou", lambda rows, a, b: np.where(a[:, 2] - a[:, 0] > 2, np.float32(0.5), np.float32(1)) * rows),
    "moved by": (
        "iou",
        lambda rows, a, b: np.where(a[:, 0] > 2 * (a[:, 2] - a[:, 0]), np.float32(0.5), np.float32(1)) * rows,
    ),
    "; before": ("softmax_cross_entropy", lambda rows, a, b: rows + np.float32(0.01) * np.abs(a[:, 0])),
}
"""By what is said: wrong results from the right ones and the arguments."""


@pytest.mark.parametrize("said", WRONG)
def test_a_law_that_is_broken_is_noticed(said: str) -> None:
    name, change = WRONG[said]
    right = getattr(array_losses, name)

    def wrong(a: Any, b: Any, **options: Any) -> Any:
        rows = right(a, b, **options)
        return change(rows, a, b) if isinstance(rows, np.ndarray) and rows.ndim else rows

    with pytest.raises(CheckFailedError) as raised:
        run("properties", "numpy", name, "float32", **{name: wrong})
    assert said in str(raised.value)


def test_without_hypothesis_properties_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    case = BY_NAME["iou"]
    trial = Trial(array_losses, backends.find("numpy"), case, case.variants[0], "float32")
    assert CHECKS["properties"].fits(trial)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not CHECKS["properties"].fits(trial)


def test_laws_are_of_cases() -> None:
    declared = [names for key, names in vars(laws).items() if key.isupper() and not key.startswith("_")]
    assert len(declared) == 5
    for names in declared:
        assert set(names) <= set(BY_NAME)
        assert len(set(names)) == len(names)


def test_a_direction_moves_every_real_number_and_nothing_else() -> None:
    family = BY_NAME["seesaw_loss"].family
    assert family is not None
    rows = family.ordinary("float64")
    logits, labels, counts = direction(rows, family)
    assert (logits != 0).all()
    assert not labels.any()
    assert not counts.any()
    assert logits.shape == rows.arrays[0].shape


def test_checks_of_modes_are_in_the_suite() -> None:
    assert set(checks.MODES) <= set(ALL)
