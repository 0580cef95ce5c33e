"""One function on the arrays of every library, in float64: what comes out must be the same, and its gradient too."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import array_api_strict
import jax
import jax.numpy as jnp
import numpy as np
import torch

import array_losses as al

Function = Callable[..., Any]


def _strictest() -> Any:
    return array_api_strict.ArrayAPIStrictFlags(
        boolean_indexing=False, data_dependent_shapes=False, enabled_extensions=()
    )


LIBRARIES: dict[str, tuple[Function, Function, Callable[[], AbstractContextManager[Any]]]] = {
    "numpy": (np.asarray, np.asarray, nullcontext),
    "array_api_strict": (array_api_strict.asarray, np.from_dlpack, _strictest),
    "torch": (torch.asarray, np.asarray, nullcontext),
    "jax": (jnp.asarray, np.asarray, lambda: jax.enable_x64(True)),
}


def frozen(array: Any) -> Any:
    """A copy that nobody may write into."""
    copy = np.array(array)
    copy.flags.writeable = False
    return copy


def everywhere(function: Function, *arrays: Any, digits: float = 1e-12, same_dtype: bool = True) -> Any:
    """The value of a function of arrays in NumPy; equal in dtype, shape and value to those of all others."""
    found = {}
    for name, (asarray, numpy, session) in LIBRARIES.items():
        with session():
            found[name] = numpy(function(*[asarray(frozen(x) if name == "numpy" else np.array(x)) for x in arrays]))
    expected = found["numpy"]
    for name, value in found.items():
        assert value.shape == expected.shape, name
        assert value.dtype == expected.dtype or not same_dtype, name
        np.testing.assert_allclose(value, expected, rtol=digits, atol=digits, err_msg=name)
    return expected


def slopes_everywhere(
    function: Function, *arrays: Any, argnums: tuple[int, ...] = (0,), step: float = 1e-6, digits: float = 2e-6
) -> list[Any]:
    """The gradients of a sum of what a function gives, each times another number; equal to differences everywhere."""

    def total(*arrays: Any) -> Any:
        result = function(*arrays)
        xp = al._array.namespace(result)
        return xp.sum(result * xp.cos(result))

    found = {}
    for name, (asarray, numpy, session) in LIBRARIES.items():
        with session():
            gradients = al.grad(total, argnums)(*[asarray(np.array(x)) for x in arrays])
            found[name] = [numpy(g) for g in gradients]
    for name, gradients in found.items():
        for g, expected in zip(gradients, found["numpy"]):
            np.testing.assert_allclose(g, expected, rtol=1e-9, atol=1e-10, err_msg=name)
    for place, g in zip(argnums, found["numpy"]):
        differences = np.zeros_like(arrays[place])
        for index in np.ndindex(differences.shape):
            moved = [np.array(arrays[place]) for _ in range(2)]
            moved[0][index] += step
            moved[1][index] -= step
            high, low = [total(*arrays[:place], x, *arrays[place + 1 :]) for x in moved]
            differences[index] = (high - low) / (2 * step)
        np.testing.assert_allclose(g, differences, rtol=digits, atol=digits)
    return found["numpy"]


def compiled_everywhere(function: Function, *arrays: Any) -> None:
    """`jax.jit`, `jax.vmap`, `torch.vmap` and `torch.compile` change nothing; the first axis is mapped over."""
    expected = function(*[np.array(x) for x in arrays])
    with jax.enable_x64(True):
        given = [jnp.asarray(x) for x in arrays]
        for transform in (jax.jit, jax.vmap):
            np.testing.assert_allclose(transform(function)(*given), expected, rtol=1e-12, atol=1e-12)
    tensors = [torch.asarray(np.array(x)) for x in arrays]
    np.testing.assert_allclose(torch.vmap(function)(*tensors), expected, rtol=1e-12, atol=1e-12)
    torch.compiler.reset()
    np.testing.assert_allclose(torch.compile(function, fullgraph=True)(*tensors), expected, rtol=1e-12, atol=1e-12)
