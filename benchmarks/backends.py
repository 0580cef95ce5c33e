"""How a contestant is called in each array library: the same way for ours and for the peers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from . import memory
from .bandwidth import threaded_copy
from .machine import cores

Function = Callable[..., Any]
Runner = Callable[[], tuple[Any, Any]]  # calls once, waits for the result: (value, gradient or None)


@dataclass(frozen=True)
class Call:
    """One way of calling a contestant's function."""

    gradient: bool
    compiled: bool
    whole: bool = True  # where compiled: in one piece, or it fails
    learned: int = 1  # how many of the first arrays have a gradient: several come back as a tuple


class Backend(Protocol):
    """An array library with its device."""

    name: str
    device: str

    def array(self, values: NDArray[Any]) -> Any:
        """A copy of the values on the device."""

    def numbers(self, array: Any) -> NDArray[np.float32]:
        """The array's values as a NumPy array."""

    def runner(self, function: Function, arrays: Sequence[Any], call: Call) -> Runner:
        """A call of `function` on `arrays`; the gradient is the one of the first array, or of the first few."""

    def peak(self, function: Function, arrays: Sequence[Any], call: Call) -> int:
        """The bytes that such a call holds at its peak, its results with them and its arguments not."""

    def copier(self, numbers: int) -> Callable[[], Any]:
        """A copy of so many float32 from one place of the device to another, with the threads of a call."""

    def forget(self) -> None:
        """Drop what earlier compilations left behind."""

    def hardware(self) -> str:
        """What the calls run on, in words."""


class NumPy:
    """NumPy has no gradients: there a contestant's function returns value and gradient by itself."""

    name = "numpy"

    def __init__(self, device: str | None = None) -> None:
        self.device = _only_cpu(self.name, device)

    def array(self, values: NDArray[Any]) -> Any:
        return values.copy()

    def numbers(self, array: Any) -> NDArray[np.float32]:
        return np.asarray(array)

    def runner(self, function: Function, arrays: Sequence[Any], call: Call) -> Runner:
        if call.compiled:
            raise ValueError("NumPy compiles nothing")
        if call.gradient:
            return lambda: function(*arrays)
        return lambda: (function(*arrays), None)

    def peak(self, function: Function, arrays: Sequence[Any], call: Call) -> int:
        return memory.traced(self.runner(function, arrays, call))

    def copier(self, numbers: int) -> Callable[[], Any]:
        return threaded_copy(numbers, threads=1)

    def forget(self) -> None:
        pass

    def hardware(self) -> str:
        return self.device


class CuPy:
    """CuPy has no gradients either, and does not wait for its results by itself."""

    name = "cupy"

    def __init__(self, device: str | None = None) -> None:
        if device not in (None, "cuda"):
            raise ValueError(f"{self.name} has no device {device}")
        self._cupy: Any = importlib.import_module("cupy")
        self.device = "cuda"
        self._cupy.cuda.runtime.getDeviceCount()  # RuntimeError without a GPU
        self._wait = self._cupy.cuda.get_current_stream().synchronize

    def array(self, values: NDArray[Any]) -> Any:
        return self._cupy.array(values)

    def numbers(self, array: Any) -> NDArray[np.float32]:
        return np.asarray(self._cupy.asnumpy(array))

    def runner(self, function: Function, arrays: Sequence[Any], call: Call) -> Runner:
        if call.compiled:
            raise ValueError("CuPy compiles nothing")
        wait = self._wait

        def run() -> tuple[Any, Any]:
            result = function(*arrays)
            wait()
            return result if call.gradient else (result, None)

        return run

    def peak(self, function: Function, arrays: Sequence[Any], call: Call) -> int:
        return memory.hooked(self._cupy, self.runner(function, arrays, call))

    def copier(self, numbers: int) -> Callable[[], Any]:
        source, target = (self._cupy.ones(numbers, dtype=np.float32) for _ in range(2))

        def copy() -> Any:
            self._cupy.copyto(target, source)
            self._wait()
            return target

        return copy

    def forget(self) -> None:
        pass

    def hardware(self) -> str:
        return str(self._cupy.cuda.runtime.getDeviceProperties(0)["name"].decode())


class Torch:
    """Gradients by `.backward()`; compiled by `torch.compile(dynamic=False)`, with `fullgraph=True` in one piece."""

    name = "torch"

    def __init__(self, device: str | None = None) -> None:
        self._torch: Any = importlib.import_module("torch")
        self.device = device or "cpu"
        try:
            self._torch.empty(1, device=self.device)
        except AssertionError as error:  # so speaks a torch that was built without CUDA
            raise RuntimeError(str(error)) from error
        self._wait = self._torch.cuda.synchronize if self.device.startswith("cuda") else lambda: None

    def array(self, values: NDArray[Any]) -> Any:
        return self._torch.asarray(values, device=self.device, copy=True)

    def numbers(self, array: Any) -> NDArray[np.float32]:
        return np.asarray(array.detach().cpu())

    def runner(self, function: Function, arrays: Sequence[Any], call: Call) -> Runner:
        called = function
        if call.compiled:
            called = self._torch.compile(function, fullgraph=call.whole, dynamic=False)
        wait = self._wait
        if not call.gradient:

            def value() -> tuple[Any, Any]:
                result = called(*arrays)
                wait()
                return result, None

            return value

        leaves = [
            x.detach().requires_grad_() for x in arrays[: call.learned]
        ]  # the same memory, gradients of their own
        others = arrays[call.learned :]

        def value_and_gradient() -> tuple[Any, Any]:
            for leaf in leaves:
                leaf.grad = None
            result = called(*leaves, *others)
            result.backward()
            wait()
            return result, leaves[0].grad if call.learned == 1 else tuple(leaf.grad for leaf in leaves)

        return value_and_gradient

    def peak(self, function: Function, arrays: Sequence[Any], call: Call) -> int:
        run = self.runner(function, arrays, call)
        if call.compiled:
            run()  # what was compiled for an earlier runner is found again
        return memory.profiled(self._torch, run)

    def copier(self, numbers: int) -> Callable[[], Any]:
        if self.device == "cpu":
            return threaded_copy(numbers, self._torch.get_num_threads())
        source, target = (self._torch.ones(numbers, device=self.device) for _ in range(2))

        def copy() -> Any:
            target.copy_(source)
            self._wait()
            return target

        return copy

    def forget(self) -> None:
        self._torch.compiler.reset()

    def hardware(self) -> str:
        if self.device.startswith("cuda"):
            return str(self._torch.cuda.get_device_name(self.device))
        return f"{self.device}, {self._torch.get_num_threads()} threads"


class Jax:
    """Gradients by `jax.value_and_grad`; compiled by `jax.jit`."""

    name = "jax"

    def __init__(self, device: str | None = None) -> None:
        self._jax: Any = importlib.import_module("jax")
        self.device = device or "cpu"
        self._place = self._jax.devices(self.device)[0]
        self._known: dict[tuple[Function, Call], Any] = {}

    def array(self, values: NDArray[Any]) -> Any:
        return self._jax.device_put(values.copy(), self._place)

    def numbers(self, array: Any) -> NDArray[np.float32]:
        return np.asarray(array)

    def runner(self, function: Function, arrays: Sequence[Any], call: Call) -> Runner:
        called = self._called(function, call)
        wait = self._jax.block_until_ready
        if call.gradient:
            return lambda: wait(called(*arrays))
        return lambda: (wait(called(*arrays)), None)

    def peak(self, function: Function, arrays: Sequence[Any], call: Call) -> int:
        """As the compiler planned it."""
        called = self._called(function, call)
        found = (called if call.compiled else self._jax.jit(called)).lower(*arrays).compile().memory_analysis()
        return int(found.temp_size_in_bytes + found.output_size_in_bytes)

    def copier(self, numbers: int) -> Callable[[], Any]:
        """On a processor by its cores, which XLA uses; elsewhere numbers are changed in place, read and written."""
        if self.device == "cpu":
            return threaded_copy(numbers, cores())
        changed = self._jax.jit(lambda x: -x, donate_argnums=0)
        held = [self.array(np.ones(numbers, dtype=np.float32))]

        def copy() -> Any:
            held[0] = self._jax.block_until_ready(changed(held[0]))
            return held[0]

        return copy

    def _called(self, function: Function, call: Call) -> Any:
        """The same object for the same call: it is compiled once."""
        if (function, call) not in self._known:
            places = 0 if call.learned == 1 else tuple(range(call.learned))
            called = self._jax.value_and_grad(function, argnums=places) if call.gradient else function
            self._known[function, call] = self._jax.jit(called) if call.compiled else called
        return self._known[function, call]

    def forget(self) -> None:
        self._known.clear()

    def hardware(self) -> str:
        return str(self._place.device_kind)


BACKENDS: dict[str, Callable[[str | None], Backend]] = {"numpy": NumPy, "torch": Torch, "jax": Jax, "cupy": CuPy}
ON_DEVICE = ("torch:{}", "jax:{}", "cupy:{}")  # all that can compute on a device like `cuda`


def open_backend(text: str) -> Backend:
    """The backend of `NAME` or `NAME:DEVICE`; ImportError or RuntimeError where it is not there."""
    name, _, device = text.partition(":")
    if name not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}; got {name}")
    return BACKENDS[name](device or None)


def _only_cpu(name: str, device: str | None) -> str:
    if device not in (None, "cpu"):
        raise ValueError(f"{name} has no device {device}")
    return "cpu"
