"""The ground floor: the only door to array-api-compat, and every place where libraries have to be told apart.

`namespace` finds the standard's functions for some arrays. `raw` finds the library's own module behind them:
its functions have the same names and meaning for what closed forms use (`maximum`, `minimum`, `clip`, `sign`,
`atan2`, `where`, `sqrt`, `log`, `exp`, `stack` ...) and cost several microseconds less a call in PyTorch.
"""

from __future__ import annotations

import functools
import sys
from typing import Any, TypeAlias

import array_api_compat

from . import _numpy

Array: TypeAlias = Any
Namespace: TypeAlias = Any
DType: TypeAlias = Any

# array_namespace resolves a type anew in each call, and torch.compile warns of the lru_cache inside it.
# Only the libraries whose arrays all share one namespace are kept here; a wrapper (the tape's arrays, say) may differ
# from array to array.
_namespaces: dict[type, Namespace] = {}
WRAPPERS: set[type] = set()
"""Types of our own, each of whose arrays says what its namespace is."""
_ONE_NAMESPACE = (
    "array_api_compat.numpy",
    "array_api_compat.torch",
    "array_api_compat.cupy",
    "jax.numpy",
    "array_losses._dask",
)


def namespace(*arrays: Array) -> Namespace:
    """The Array API namespace that all these arrays share; `TypeError` if there is none."""
    found = _namespaces.get(type(arrays[0])) or _resolve(arrays[0])
    for array in arrays[1:]:
        other = _namespaces.get(type(array)) or _resolve(array)
        if other is not found and other != found:
            # The tape lifts plain arrays of the library that it stands on.
            if is_tape(other) and other.base is found:
                found = other
            elif not (is_tape(found) and found.base is other):
                return array_api_compat.array_namespace(*arrays)
    return found


def _resolve(array: Array) -> Namespace:
    if type(array) in WRAPPERS:
        return array.__array_namespace__()
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(array, torch.Tensor):
        import array_api_compat.torch as xp

        if torch.compiler.is_compiling():
            return xp  # a table that grew while torch.compile traces would make it trace again
    else:
        if type(array) in (bool, int, float, complex) or isinstance(array, sys.modules["numpy"].ma.MaskedArray):
            raise TypeError(f"{type(array).__name__} is not an array of the Array API")
        xp = array_api_compat.array_namespace(array)
        if xp.__name__ == "array_api_compat.dask.array":
            xp = _with_dask()
        elif xp.__name__ == "array_api_compat.numpy":
            xp = _numpy_namespace(xp)
    if xp.__name__ in _ONE_NAMESPACE:
        _namespaces[type(array)] = xp
    return xp


@functools.cache
def _numpy_namespace(compat: Namespace) -> Namespace:
    return _numpy.faster(compat)


def _with_dask() -> Namespace:
    from . import _dask

    return _dask


def raw(xp: Namespace) -> Namespace:
    """The library's own module where `xp` is array-api-compat's view of it, `xp` itself elsewhere; NumPy's with
    what `_numpy` does faster."""
    if is_numpy(xp):
        return _numpy.namespace
    if xp.__name__.startswith("array_api_compat."):
        return sys.modules[xp.__name__.removeprefix("array_api_compat.")]
    return xp


def is_numpy(xp: Namespace) -> bool:
    return bool(xp.__name__ in ("array_api_compat.numpy", "numpy"))


def is_torch(xp: Namespace) -> bool:
    return bool(xp.__name__ in ("array_api_compat.torch", "torch"))


def is_jax(xp: Namespace) -> bool:
    return bool(xp.__name__ == "jax.numpy")


def is_dask(xp: Namespace) -> bool:
    return bool(xp.__name__ == "array_losses._dask")


def is_tape(xp: Namespace) -> bool:
    return bool(xp.__name__.startswith("array_losses.tape"))


def is_columns(xp: Namespace) -> bool:
    """Whether these are the columns of `_cuda`, of which one kernel will be made."""
    return bool(xp.__name__ == "array_losses.cuda")


def is_cupy(xp: Namespace) -> bool:
    return bool(xp.__name__ in ("array_api_compat.cupy", "cupy"))


def is_fused(xp: Namespace) -> bool:
    """Whether a compiler will fuse what is called: each small operation costs nothing then, each reshuffle does."""
    return is_jax(xp) or is_columns(xp) or (is_torch(xp) and sys.modules["torch"].compiler.is_compiling())


def is_plain(xp: Namespace) -> bool:
    """Whether what is computed now is mere numbers: neither traced nor recorded, and never to be differentiated."""
    if not is_torch(xp):
        return is_numpy(xp)
    torch = sys.modules["torch"]
    if torch.compiler.is_compiling():
        return False
    return not (torch.is_grad_enabled() or torch._C._are_functorch_transforms_active())


def astype(xp: Namespace, x: Array, dtype: DType) -> Array:
    if x.dtype == dtype:
        return x
    return x.to(dtype) if is_torch(xp) else xp.astype(x, dtype)


def total_of(xp: Namespace, x: Array) -> Array:
    """The sum of all numbers. The `sum` of some libraries costs a microsecond or two more than what it calls."""
    if is_numpy(xp):
        return _numpy.namespace.add.reduce(x, axis=None)
    return x.sum() if is_torch(xp) else xp.sum(x)


NUMPY_KINDS: dict[str | tuple[str, ...], str] = {
    "bool": "b",
    "integral": "iu",
    "real floating": "f",
    ("real floating", "integral"): "fiu",
    ("real floating", "integral", "bool"): "fiub",
}


def isdtype(xp: Namespace, dtype: DType, kind: str | tuple[str, ...]) -> bool:
    """The standard's function of this name, for kinds that are asked for here. NumPy's own takes a microsecond."""
    return dtype.kind in NUMPY_KINDS[kind] if is_numpy(xp) else bool(xp.isdtype(dtype, kind))


def is_float16(xp: Namespace, dtype: DType) -> bool:
    """Whether this is the library's float16, if it has one: NumPy's float64 equals None."""
    half = getattr(xp, "float16", None)
    return half is not None and bool(dtype == half)


def class_last(xp: Namespace, x: Array, axis: int) -> Array:
    """`x` with one of its axes, counted from 0, moved to the end."""
    if axis == x.ndim - 1:
        return x
    return xp.permute_dims(x, (*range(axis), *range(axis + 1, x.ndim), axis))


def to_index(xp: Namespace, labels: Array) -> Array:
    """Integers of any width as what the library looks up with: 64 bits in PyTorch, the default integer elsewhere."""
    if is_torch(xp):
        return labels.long()
    if is_jax(xp):
        return xp.astype(labels, int)
    return astype(xp, labels, xp.int64)


def computing_dtype(xp: Namespace, *arrays: Array) -> DType:
    """The dtype in which a loss of these arrays is computed and returned: at least float32, whatever their mixture."""
    first = arrays[0].dtype
    alike = first == xp.float32 or first == xp.float64
    for x in arrays[1:]:
        alike = alike and x.dtype == first
    if alike:
        return first
    floating = [x.dtype for x in arrays if xp.isdtype(x.dtype, "real floating")]
    if not floating:
        return xp.__array_namespace_info__().default_dtypes()["real floating"]
    # Not result_type, which torch.compile cannot trace for bfloat16.
    return xp.float64 if any(dtype == xp.float64 for dtype in floating) else xp.float32


def broadcast_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape that these broadcast to; `ValueError` if there is none."""
    first = tuple(shapes[0])
    for shape in shapes[1:]:
        if tuple(shape) != first:
            break
    else:
        return first
    ndim = max(len(shape) for shape in shapes)
    padded = [(1,) * (ndim - len(shape)) + tuple(shape) for shape in shapes]
    result = []
    for lengths in zip(*padded):
        others = [length for length in lengths if length != 1]
        if any(length != others[0] for length in others):
            raise ValueError(f"shapes {', '.join(str(tuple(s)) for s in shapes)} do not broadcast")
        result.append(others[0] if others else 1)
    return tuple(result)


def plain_cpu(xp: Namespace, *arrays: Array) -> bool:
    """Whether these are ordinary tensors in the processor's memory, outside of every transform, trace and recording."""
    if not is_torch(xp):
        return False
    torch = sys.modules["torch"]
    if torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active():
        return False
    recording = torch.is_grad_enabled()
    for x in arrays:
        if not (type(x) is torch.Tensor or type(x) is torch.nn.Parameter) or not x.is_cpu or x.is_neg():
            return False
        if recording and x.requires_grad:
            return False
    return True


def double(xp: Namespace, x: Array) -> DType | None:
    """float64, if it holds more digits than `x` and the library has it where `x` lives; JAX has it on request only."""
    if x.dtype == xp.float64 or is_jax(xp) or (is_torch(xp) and x.device.type == "mps"):
        return None
    return xp.float64


def matmul(xp: Namespace, x: Array, y: Array) -> Array:
    """The product of matrices with all digits of its dtype, of which JAX drops half on accelerators if not told."""
    return xp.matmul(x, y, precision="highest") if is_jax(xp) else xp.matmul(x, y)


def surely_none(xp: Namespace, condition: Array) -> bool:
    """Whether nothing is true, where that can be asked for nothing: numbers in the processor's memory, no trace."""
    found = _at_hand(xp, condition)
    return found is not None and not bool(found.any())


def surely_within(xp: Namespace, x: Array, low: float, high: float) -> bool:
    """Whether low <= x < high for all of some numbers, where that can be asked for nothing."""
    found = _at_hand(xp, x)
    return found is not None and (0 in found.shape or (bool(found.min() >= low) and bool(found.max() < high)))


def numpy_views(xp: Namespace, *arrays: Array | None) -> list[Array] | None:
    """NumPy arrays of the same memory, if all are mere numbers in the processor's memory; None stays."""
    if is_numpy(xp):
        return list(arrays)
    there = [x for x in arrays if x is not None]
    if not plain_cpu(xp, *there) or xp.bfloat16 in [x.dtype for x in there]:
        return None
    return [None if x is None else x.detach().numpy() for x in arrays]


def _at_hand(xp: Namespace, x: Array) -> Array | None:
    """The library's own array of constants, if these are in the processor's memory."""
    if is_tape(xp):
        while is_tape(xp := namespace(x)):
            x = x.value
    return x if is_numpy(xp) or plain_cpu(xp, x) else None
