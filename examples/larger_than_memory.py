"""Loss and gradient of more pairs of boxes than the memory holds, by Dask on two processes, in one pass.

    python -m examples.larger_than_memory --pairs 200_000_000

The pairs are made chunk by chunk, each from its number, in place of files: nobody ever has all of them. The loss is a
Dask array, and so is its gradient, chunk for chunk. Both are sums here, that of the weights is a third; the mean is
divided at the very end, when three small arrays are all that is left. `--gradient FILE` writes the gradient of all
pairs to a file of NumPy's format as it comes. In the end NumPy does the same alone, one chunk after the other.
"""

from __future__ import annotations

import argparse
import threading
import time
from typing import Any, NamedTuple

import dask
import dask.array
import numpy as np
import psutil  # type: ignore[import-untyped]
from dask.distributed import Client, LocalCluster

from array_losses import ciou_loss, value_and_grad

COLUMNS = 9
"""Four corners of the prediction, four of the target, a weight; float32."""
ALLOCATOR = {"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None}
"""Dask has its workers give memory back to the system at once, and what a loss needs for a moment is then asked for
anew each time, which takes eight times as long. None leaves that to the allocator."""


class Sums(NamedTuple):
    """What is left of the pairs: the loss times weights, the weights, and the gradient of the first for each corner."""

    loss: Any
    weights: Any
    gradient: Any


# The pairs ------------------------------------------------------------------------------------------------------------


def made(number: int, count: int) -> np.ndarray:
    """A chunk of pairs: objects of 5 to 40 pixels, and predictions that miss them by a few."""
    random = np.random.default_rng(number)
    centre, side = 100 * random.random((count, 2), "float32"), 5 + 35 * random.random((count, 2), "float32")
    moved = centre + 6 * random.standard_normal((count, 2), "float32")
    scaled = side * (0.5 + random.random((count, 2), "float32"))
    corners = [c + sign * s / 2 for c, s in ((moved, scaled), (centre, side)) for sign in (-1, 1)]
    return np.concatenate([*corners, random.random((count, 1), "float32")], axis=1, dtype="float32")


def sizes(pairs: int, chunk: int) -> tuple[int, ...]:
    return (*(chunk,) * (pairs // chunk), *((pairs % chunk,) if pairs % chunk else ()))


def chunked(pairs: int, chunk: int) -> Any:
    """All pairs, as a Dask array."""

    def block(block_info: Any) -> np.ndarray:
        here = block_info[None]
        return made(here["chunk-location"][0], here["chunk-shape"][0])

    chunks, meta = (sizes(pairs, chunk), (COLUMNS,)), np.empty((0, COLUMNS), "float32")
    return dask.array.map_blocks(block, chunks=chunks, dtype="float32", meta=meta)


# The loss -------------------------------------------------------------------------------------------------------------


def sums(rows: Any) -> tuple[Sums, Any]:
    """Of NumPy arrays or of Dask's: the same lines. And the gradient of all pairs."""
    pred, target, weights = rows[:, :4], rows[:, 4:8], rows[:, 8]
    where = weights > 0.25
    loss, gradient = value_and_grad(lambda p: ciou_loss(p, target, weights=weights, where=where, reduction="sum"))(pred)
    return Sums(loss, (weights * where).sum(), gradient.sum(axis=0)), gradient


class File:
    """An array in a file of NumPy's format, into which every process writes its chunks."""

    def __init__(self, path: str, shape: tuple[int, ...], dtype: Any) -> None:
        self.path = path
        np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)

    def __setitem__(self, key: Any, value: np.ndarray) -> None:
        np.load(self.path, mmap_mode="r+")[key] = value


def on_dask(pairs: int, chunk: int, file: str | None) -> Sums:
    found, gradient = sums(chunked(pairs, chunk))
    wanted: list[Any] = [found]
    if file is not None:
        wanted.append(dask.array.store(gradient, File(file, gradient.shape, gradient.dtype), lock=False, compute=False))
    total: Sums = dask.compute(*wanted)[0]
    return total


def on_numpy(pairs: int, chunk: int) -> Sums:
    """One chunk after the other, added up in float64."""
    total = Sums(0.0, 0.0, np.zeros(4))
    for number, count in enumerate(sizes(pairs, chunk)):
        found, _ = sums(made(number, count))
        total = Sums(*[a + np.asarray(b, "float64") for a, b in zip(total, found)])
    return total


# What it costs --------------------------------------------------------------------------------------------------------


def workers(count: int, memory: str) -> LocalCluster:
    return LocalCluster(n_workers=count, threads_per_worker=1, memory_limit=memory, dashboard_address=":0")


class Memory(threading.Thread):
    """The largest sum of the resident memory of this process and all that it started, looked at every 50 ms."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.done = 0, threading.Event()

    def run(self) -> None:
        me = psutil.Process()
        while not self.done.wait(0.05):
            self.peak = max(self.peak, sum(_resident(p) for p in (me, *me.children(recursive=True))))

    def __enter__(self) -> Memory:
        self.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self.done.set()
        self.join()


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has ended meanwhile
        return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m examples.larger_than_memory", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--pairs", type=int, default=20_000_000, help="default: 20_000_000")
    parser.add_argument("--chunk", type=int, default=1_000_000, help="pairs in a chunk; default: 1_000_000")
    parser.add_argument("--workers", type=int, default=2, help="processes; default: 2")
    parser.add_argument("--memory", default="1GiB", help="limit of each worker; default: 1GiB")
    parser.add_argument("--gradient", metavar="FILE", help="write the gradient of all pairs here (.npy)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    pairs, chunk = options.pairs, min(options.chunk, options.pairs)
    print(f"pairs        {pairs:,} in {len(sizes(pairs, chunk))} chunks, {pairs * COLUMNS * 4 / 2**30:.1f} GiB")
    with (
        dask.config.set(ALLOCATOR),
        Memory() as memory,
        workers(options.workers, options.memory) as cluster,
        Client(cluster),
    ):
        start = time.perf_counter()
        found = on_dask(pairs, chunk, options.gradient)
        seconds = time.perf_counter() - start
    print(f"workers      {options.workers} processes of {options.memory} each")
    print(f"seconds      {seconds:.1f}")
    print(f"peak memory  {memory.peak / 2**30:.2f} GiB, workers, scheduler and client together")
    print(f"loss         {found.loss / found.weights:.7f}, the mean over weights of {found.weights:.0f}")
    print(f"gradient     {' '.join(f'{g:.6f}' for g in found.gradient / found.weights)}, added up over all pairs")

    start = time.perf_counter()
    expected = on_numpy(pairs, chunk)
    loss, mean = found.loss / found.weights, expected.loss / expected.weights
    off = abs(found.gradient / found.weights - expected.gradient / expected.weights).max()
    print(f"NumPy alone  {mean:.7f} in {time.perf_counter() - start:.1f} seconds")
    print(f"difference   {abs(loss / mean - 1):.1e} of the loss, {off:.1e} in the gradient")


if __name__ == "__main__":
    main()
