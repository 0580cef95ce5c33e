"""An array library that nobody has: NumPy behind the standard's face, on two devices, without float16 and DLPack.

What NumPy adds to the standard is out of reach: arrays cannot be mixed with NumPy's, `add` has no `at`, and arrays have
no `__array__`, so that whoever wants their numbers has to ask for `numbers`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

np: Any = import_module("array_api_compat.numpy")

__version__ = "0.1"
LACKING = ("float16",)


class Device:
    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.name


HERE, THERE = Device("here"), Device("there")


class Array:
    def __init__(self, numbers: Any, device: Device) -> None:
        self.numbers = np.asarray(numbers)
        self.device = device

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        import made_up

        return made_up

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("the numbers of a made-up array are a secret")

    def __getattr__(self, name: str) -> Any:
        if name not in ("shape", "ndim", "dtype", "size", "T", "mT"):
            raise AttributeError(name)
        return wrapped(getattr(self.numbers, name), self.device)

    def __getitem__(self, key: Any) -> Array:
        return Array(self.numbers[_numbers(key)], self.device)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.numbers[_numbers(key)] = _numbers(value)


def _method(name: str) -> Callable[..., Any]:
    def method(self: Array, *others: Any) -> Any:
        if any(not isinstance(other, Array | bool | int | float) for other in others):
            return NotImplemented
        found = getattr(self.numbers, name)(*_numbers(others))
        return found if name in ("__bool__", "__float__", "__int__", "__index__") else wrapped(found, self.device)

    return method


for (
    _word
) in """abs add and bool eq float floordiv ge gt index int invert le lt matmul mod mul ne neg or pos pow radd rand
    rmul ror rpow rsub rtruediv rxor sub truediv xor""".split():
    setattr(Array, f"__{_word}__", _method(f"__{_word}__"))


def _numbers(given: Any) -> Any:
    if isinstance(given, tuple | list):
        return type(given)(_numbers(part) for part in given)
    return given.numbers if isinstance(given, Array) else given


def wrapped(found: Any, device: Device) -> Any:
    if isinstance(found, tuple | list) and any(isinstance(part, np.ndarray) for part in found):
        return [wrapped(part, device) for part in found]
    return Array(found, device) if isinstance(found, np.ndarray | np.generic) else found


def _device_of(given: Any) -> Device:
    if isinstance(given, tuple | list):
        return next((found for part in given if (found := _device_of(part)) is not HERE), HERE)
    return given.device if isinstance(given, Array) else HERE


def __getattr__(name: str) -> Any:
    if name in LACKING or name.startswith("__"):
        raise AttributeError(name)
    found = getattr(np, name)
    if not callable(found) or isinstance(found, type):
        return found

    def function(*args: Any, device: Device | None = None, **options: Any) -> Any:
        here = device or _device_of((*args, *options.values()))
        return wrapped(found(*_numbers(args), **{key: _numbers(value) for key, value in options.items()}), here)

    return function


class Info:
    def dtypes(self, *, device: Device | None = None, kind: Any = None) -> dict[str, Any]:
        return dict(np.__array_namespace_info__().dtypes(kind=kind))

    def default_dtypes(self, *, device: Device | None = None) -> dict[str, Any]:
        return dict(np.__array_namespace_info__().default_dtypes())

    def devices(self) -> list[Device]:
        return [HERE, THERE]

    def default_device(self) -> Device:
        return HERE


def __array_namespace_info__() -> Info:  # noqa: N807  # the standard's name
    return Info()
