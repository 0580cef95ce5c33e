"""Where and with what a report was made."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "array-losses",
    "numpy",
    "array-api-compat",
    "torch",
    "torchvision",
    "ultralytics",
    "monai",
    "kornia",
    "segmentation-models-pytorch",
    "pytorch-metric-learning",
    "jax",
    "jaxlib",
    "optax",
    "keras",
    "fvcore",
    "torchmetrics",
    "cupy-cuda13x",
)


def machine() -> dict[str, str | int]:
    return {
        "cpu": _cpu_model(),
        "cores": cores(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
    }


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> float | None:
    """Processes that wanted a core in the last minute; None where the system does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def versions() -> dict[str, str | None]:
    """Installed versions; None for what is absent."""
    return {name: _version(name) for name in PACKAGES}


def commit() -> str | None:
    """The checked-out commit, with `+` behind it when files differ from it; None outside a repository."""
    try:
        head = _git("rev-parse", "HEAD")
        return head + "+" if _git("status", "--porcelain") else head
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    root = Path(__file__).parent.parent
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
