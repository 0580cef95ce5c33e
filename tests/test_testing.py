"""Tests of a user's own loss: right ones pass, each kind of wrong one fails and says where."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import array_api_compat
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import array_losses
from array_losses.conformance.backends import BackendMissingError
from array_losses.testing import assert_conforms, cross_validate

PAGE = Path(__file__).parent.parent / "docs" / "test_your_own_loss.md"


def huber(pred: Any, target: Any) -> Any:
    """In the words of the standard."""
    xp = array_api_compat.array_namespace(pred, target)
    d = xp.abs(pred - target)
    return xp.where(d < 1, 0.5 * d * d, d - 0.5)


def iou_loss(pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """As it is ported everywhere: an eps, and sides that may be negative."""
    low, high = torch.maximum(pred[..., :2], target[..., :2]), torch.minimum(pred[..., 2:], target[..., 2:])
    inter = (high - low).clamp(0).prod(-1)
    area = [(box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1]) for box in (pred, target)]
    return 1 - inter / (area[0] + area[1] - inter + 1e-7)


def test_a_right_function_conforms_everywhere() -> None:
    results = assert_conforms(huber, like="huber_loss", backends=["numpy", "array_api_strict", "torch", "jax"])
    assert {result.backend for result in results} == {"numpy", "array_api_strict", "torch", "jax"}
    assert {result.dtype for result in results} == {"float32", "float64"}
    assert max(result.value_ulp or 0.0 for result in results) > 0


def test_ours_conform_to_themselves() -> None:
    assert_conforms(array_losses.ciou_loss, like="ciou_loss", checks=["value", "gradient", "mixed dtypes"])
    knobs: dict[str, Any] = {"gamma": 2.5, "alpha": 0.5}
    function = lambda *x: array_losses.sigmoid_focal_loss(*x, **knobs)
    assert_conforms(function, like="sigmoid_focal_loss", knobs=knobs, dtypes=["float32"])


def test_other_knobs_are_noticed() -> None:
    function = lambda *x: array_losses.huber_loss(*x, delta=2.0)
    assert_conforms(function, like="huber_loss", knobs={"delta": 2.0})
    with pytest.raises(AssertionError, match="does not conform to huber_loss"):
        assert_conforms(function, like="huber_loss", knobs={"delta": 1.5})


def test_a_loss_of_one_library_alone() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_conforms(iou_loss, like="iou_loss", backends=["torch"])
    lines = str(raised.value).splitlines()
    assert lines[0] == "iou_loss does not conform to iou_loss:"
    first = r"torch iou_loss\(\) float32, value: value off by 8\.389e\+06 ULP .* 'identical squares, x 1e-06': pred \("
    assert re.match(first, lines[1])


def test_a_gradient_written_by_hand() -> None:
    def gradient(pred: Any, target: Any) -> Any:
        step = np.clip(pred - target, -1, 1)
        return step, -step

    assert_conforms(huber, like="huber_loss", gradient=gradient)
    with pytest.raises(AssertionError, match="gradient of target off by"):
        assert_conforms(huber, like="huber_loss", gradient=lambda *x: (gradient(*x)[0], gradient(*x)[0]))


def test_budgets_may_be_given() -> None:
    with pytest.raises(AssertionError, match=r"budget 0\.01"):
        assert_conforms(array_losses.log_cosh_loss, like="log_cosh_loss", value_ulp=0.01)


def test_a_function_of_regions_is_told_its_axes() -> None:
    seen = []

    def dice(*arrays: Any, **options: Any) -> Any:
        seen.append(sorted(options))
        return array_losses.dice_loss(*arrays, **options)

    assert_conforms(dice, like="dice_loss", checks=["value"], dtypes=["float32"])
    assert ["axis", "batch_axes"] in seen


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"like": "cioux_loss"}, ValueError, "like: no function 'cioux_loss' with a reference; is it ciou_loss"),
        ({"like": "huber_loss", "checks": ["valeu"]}, ValueError, "checks: the suite has none called 'valeu'"),
        ({"like": "huber_loss", "backends": ["nowhere"]}, BackendMissingError, "nowhere"),
        ({"like": "huber_loss", "dtypes": ["int8"]}, AssertionError, "no check of value"),
    ],
)
def test_what_does_not_exist(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        assert_conforms(huber, **options)


# Against itself -------------------------------------------------------------------------------------------------------


def test_the_same_everywhere() -> None:
    draw = np.random.default_rng(0)
    pred, target = draw.normal(size=(2, 6, 3))
    found = cross_validate(huber, pred, target, argnums=(0, 1))
    assert {agreement.backend for agreement in found} == {"numpy", "array_api_strict", "torch", "jax"}
    assert all(agreement.gradient_ulp is not None for agreement in found)
    exact = next(agreement for agreement in found if (agreement.backend, agreement.dtype) == ("numpy", "float64"))
    assert exact.value_ulp == exact.gradient_ulp == 0.0


def test_integers_stay_integers() -> None:
    logits, labels = np.random.default_rng(0).normal(size=(5, 4)), np.asarray([0, 1, 2, 3, 0])
    cross_validate(array_losses.softmax_cross_entropy, logits, labels, backends=["numpy", "torch", "jax"])


def test_a_library_that_differs_is_named() -> None:
    def sign(x: Any) -> Any:
        # JAX's abs has slope 1 at 0, the others' 0.
        return jnp.abs(x) if "jax" in type(x).__module__ else abs(x)

    with pytest.raises(AssertionError) as raised:
        cross_validate(sign, np.asarray([0.0, 2.0]), backends=["numpy", "torch", "jax"])
    assert [line.partition(" off by")[0] for line in str(raised.value).splitlines()[1:]] == [
        "jax float32: gradient of argument 0",
        "jax float64: gradient of argument 0",
    ]
    with pytest.raises(AssertionError, match=r"torch float32: value off by inf ULP"):
        cross_validate(lambda x: x[None] if isinstance(x, torch.Tensor) else x, np.ones(2), backends=["numpy", "torch"])


def test_values_alone() -> None:
    (one, *_) = cross_validate(abs, np.ones(2), backends=["numpy", "torch"], argnums=None)
    assert one.gradient_ulp is None


def test_one_library_is_not_enough() -> None:
    with pytest.raises(ValueError, match="two or more are needed"):
        cross_validate(huber, np.ones(2), np.ones(2), backends=["numpy"])
    with pytest.raises(BackendMissingError):
        cross_validate(huber, np.ones(2), np.ones(2), backends=["numpy", "nowhere"])


def test_the_page_runs() -> None:
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        space: dict[str, Any] = {}
        exec(code, space)
        tests = [function for name, function in space.items() if name.startswith("test_")]
        assert tests
        for function in tests:
            function()
