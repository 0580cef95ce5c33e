"""What the project has set itself for a row, by backend, size and way of calling."""

from __future__ import annotations

from dataclasses import dataclass

from .backends import Call
from .sizes import LABEL_IMAGES, YOLOV8, Size


@dataclass(frozen=True)
class Goal:
    """A peer shall take at least `ratio` times as long as we do: `against` this one, or the fastest."""

    ratio: float
    against: str | None = None


@dataclass(frozen=True)
class Added:
    """We shall take at most so many seconds more than `against`, a part of ours."""

    seconds: float
    against: str


FUSED = Goal(5.0, against="unfused")
"""What one CUDA kernel for a whole formula is to gain on CuPy."""


def box_goal(backend: str, size: Size, call: Call) -> Goal | None:
    if backend == "cupy":
        return FUSED
    if backend == "numpy":
        return Goal(2.0) if size[0] >= 1_000_000 else None
    if not call.gradient:
        return None
    if backend == "jax":
        return Goal(2.0)
    return Goal(2.0 if call.compiled and size[0] >= 100_000 else 1.6)


def table_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(3.0, against="torchvision") if size == (10_000, 1_000) else None


def modern_goal(backend: str, size: Size, call: Call) -> Goal | None:
    """At most 1.3 times the time of our CIoU."""
    return Goal(round(1 / 1.3, 2), against="our CIoU") if backend != "jax" and not call.compiled else None


def probiou_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(1.5, against="ultralytics") if learns_in_torch(backend, call) else None


def rotated_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(5.0)


def yolov8_goal(backend: str, size: Size, call: Call) -> Goal | None:
    if size != YOLOV8 or not learns_in_torch(backend, call):
        return None
    return Goal(2.0 if call.compiled else 1.5, against="ultralytics")


def focal_goal(backend: str, size: Size, call: Call) -> Goal | None:
    if backend == "cupy":
        return FUSED
    if not call.gradient or backend == "numpy":
        return None
    if backend == "jax":
        return Goal(4.0, against="optax")
    return Goal(1.0, against="fused BCE") if call.compiled else Goal(1.5, against="torchvision")


def softmax_goal(backend: str, size: Size, call: Call) -> Goal | None:
    """PyTorch has a kernel of its own: we may take 1.2 times as long."""
    return {"torch": Goal(0.83, against="torch's own"), "jax": Goal(1.0, against="optax")}.get(backend)


def distribution_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(2.0) if call.gradient and backend != "numpy" else None


def regression_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(1.0) if call.gradient else None


def dice_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(1.5, against="MONAI") if learns_in_torch(backend, call) and size == LABEL_IMAGES[-1] else None


def lovasz_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(1.5) if learns_in_torch(backend, call) and size == LABEL_IMAGES[-1] else None


def triplet_goal(backend: str, size: Size, call: Call) -> Goal | None:
    return Goal(1.5, against="PML") if learns_in_torch(backend, call) else None


def learns_in_torch(backend: str, call: Call) -> bool:
    return backend == "torch" and call.gradient


def no_goal(backend: str, size: Size, call: Call) -> None:
    return None


def overhead_goal(backend: str, size: Size, call: Call) -> Added:
    """Dispatch, checks and reduction of a public function, beyond its kernel."""
    return Added(10e-6, against="bare kernel")
