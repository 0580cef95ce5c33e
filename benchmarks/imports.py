"""How long `import array_losses` takes in a new process that has NumPy already."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .timing import Spread

GOAL = 0.030  # seconds

PROGRAM = """
import sys
from time import perf_counter
sys.path.insert(0, sys.argv[1])
import numpy
start = perf_counter()
import array_losses
print(perf_counter() - start)
"""


def import_seconds(processes: int) -> Spread:
    """Seconds of the import beyond NumPy's own, in `processes` (at least 2) new processes.

    One more runs first, so that all bytecode is written, as it is where the package is installed; into a folder of its
    own, wherever the environment forbids it.
    """
    root = str(Path(__file__).parent.parent)
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        command = [sys.executable, "-X", f"pycache_prefix={folder}", "-c", PROGRAM, root]
        for _ in range(processes + 1):
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            seconds.append(float(done.stdout))
    return Spread.of(seconds[1:])
