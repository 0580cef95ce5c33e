"""Slopes and second derivatives of element-wise losses, in every library."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
import torch
from every_library import everywhere

import array_losses as al

LOGITS = np.asarray([[-3.0, -0.5, 0.0], [0.25, 1.5, 4.0]])
TARGETS = np.asarray([[0.0, 1.0, 1.0], [0.0, 1.0, 0.0]])


def all_three(function: Any) -> Any:
    """The three results side by side."""

    def run(*arrays: Any) -> Any:
        found = al.value_grad_and_hessian_diagonal(function)(*arrays)
        return al._array.namespace(*found).stack(found)

    return run


def test_cross_entropy_by_hand() -> None:
    rows, slopes, curvatures = everywhere(all_three(al.sigmoid_binary_cross_entropy), LOGITS, TARGETS)
    p = 1 / (1 + np.exp(-LOGITS))
    np.testing.assert_allclose(rows, -np.log(np.where(TARGETS == 1, p, 1 - p)), rtol=1e-14)
    np.testing.assert_allclose(slopes, p - TARGETS, rtol=1e-14)
    np.testing.assert_allclose(curvatures, p * (1 - p), rtol=1e-13)


@pytest.mark.parametrize(
    "loss",
    [
        al.sigmoid_focal_loss,
        al.quality_focal_loss,
        al.varifocal_loss,
        al.asymmetric_loss,
        al.squared_error,
        al.huber_loss,
        al.log_cosh_loss,
        al.charbonnier_loss,
    ],
)
def test_curvatures_are_the_slopes_of_slopes(loss: Any) -> None:
    rows, slopes, curvatures = everywhere(all_three(loss), LOGITS + 0.1, TARGETS, digits=1e-11)
    np.testing.assert_allclose(rows, loss(LOGITS + 0.1, TARGETS), rtol=1e-14)
    ends = [al.grad(lambda x: loss(x, TARGETS, reduction="sum"))(LOGITS + 0.1 + step) for step in (-1e-5, 1e-5)]
    np.testing.assert_allclose(curvatures, (ends[1] - ends[0]) / 2e-5, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(slopes, sum(ends) / 2, rtol=1e-7, atol=1e-9)


def test_another_argument_and_options() -> None:
    found = al.value_grad_and_hessian_diagonal(al.huber_loss, argnum=1)(LOGITS, TARGETS, delta=0.3)
    near = np.abs(LOGITS - TARGETS) < 0.3
    np.testing.assert_array_equal(found[2], near.astype(float))
    assert not near.all()


def test_under_jit_and_compile() -> None:
    run = al.value_grad_and_hessian_diagonal(al.sigmoid_focal_loss)
    expected = run(LOGITS, TARGETS)
    with jax.enable_x64(True):
        found = jax.jit(run)(jax.numpy.asarray(LOGITS), jax.numpy.asarray(TARGETS))
        for mine, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-12)
    torch.compiler.reset()
    compiled = torch.compile(run, fullgraph=True, backend="aot_eager")
    for mine, theirs in zip(compiled(torch.tensor(LOGITS), torch.tensor(TARGETS)), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_gradients_have_the_dtype_of_the_argument() -> None:
    found = al.value_grad_and_hessian_diagonal(al.sigmoid_focal_loss)(
        LOGITS.astype(np.float16), TARGETS.astype(np.float16)
    )
    assert [x.dtype for x in found] == [np.float32, np.float16, np.float16]


def test_a_loss_that_is_not_element_wise_is_refused() -> None:
    message = r"fun must return rows of the shape of argument 0, \(2, 3\); got \(2,\)"
    with pytest.raises(ValueError, match=message):
        al.value_grad_and_hessian_diagonal(al.softmax_cross_entropy)(LOGITS, np.asarray([0, 1]))
