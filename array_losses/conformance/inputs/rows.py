"""Rows of numbers with names: what a function is tried on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..ulp import Floats, rounded


class Argument(NamedTuple):
    """One array argument of a function."""

    name: str
    axes: int = 0
    """How many axes one row's part of it has: 0 for a number, 1 for a box or for class scores, 2 for embeddings."""
    role: str = "real"
    """"real" (has a gradient), "constant" (real, its gradient is not looked at), "labels" (integer class indices) or
    "flags" (booleans)."""
    keyword: bool = False
    shared: bool = False
    """Whether all rows share one; its gradient is the sum over the rows."""
    relative: bool = False
    """Whether only differences along its first axis matter: scores of classes."""

    turned: bool = False
    """Whether it is a rotated box, whose last number is an angle."""

    @property
    def discrete(self) -> bool:
        """Whether it holds class indices or booleans."""
        return self.role in ("labels", "flags")


@dataclass(frozen=True, eq=False)
class Inputs:
    """Named rows as numbers of one dtype, kept as float64: for each argument an array of one entry a row."""

    arguments: tuple[Argument, ...]
    names: tuple[str, ...]
    arrays: tuple[Floats, ...]
    proper: npt.NDArray[np.bool_]
    """By row: whether the numbers are of the kind that the function is meant for, so that its range holds."""
    leading: tuple[int, ...]
    """The shape of the rows, and of a result with one number a row."""

    @classmethod
    def of(cls, arguments: tuple[Argument, ...], rows: Sequence[tuple[Any, ...]], dtype: str, *shared: Any) -> Inputs:
        """From rows (name, an entry for each argument of its own); rows that `dtype` cannot hold are left out.

        A name that ends in an exclamation mark is of an improper row.
        """
        names = [row[0] for row in rows]
        arrays = []
        holds = np.ones(len(rows), dtype=bool)
        own, common = iter(list(zip(*rows, strict=True))[1:]), iter(shared)
        for argument in arguments:
            given = np.asarray(next(common if argument.shared else own), dtype=np.float64)
            kept = given if argument.discrete else rounded(given, dtype)
            if not argument.shared:
                holds &= (np.isfinite(kept) | ~np.isfinite(given)).reshape(len(rows), -1).all(axis=1)
            arrays.append(kept)
        assert next(own, None) is None
        assert next(common, None) is None
        proper = np.asarray([not name.endswith("!") for name in names])
        everything = cls(arguments, tuple(names), tuple(arrays), proper, (len(rows),))
        return everything.take(np.flatnonzero(holds).tolist())

    def take(self, rows: Sequence[int]) -> Inputs:
        places = list(rows)
        arrays = [x if argument.shared else x[places] for argument, x in zip(self.arguments, self.arrays, strict=True)]
        names = tuple(self.names[row] for row in places)
        return Inputs(self.arguments, names, tuple(arrays), self.proper[places], (len(places),))

    def shaped(self, *leading: int) -> Inputs:
        """The rows in an array of another shape."""
        own = len(self.leading)
        arrays = [
            x if argument.shared else x.reshape((*leading, *x.shape[own:]))
            for argument, x in zip(self.arguments, self.arrays, strict=True)
        ]
        return Inputs(self.arguments, self.names, tuple(arrays), self.proper, leading)

    def __len__(self) -> int:
        return len(self.names)

    def content(self, index: int) -> tuple[int, ...]:
        """The shape of one row's part of an argument; of the whole argument if it is shared."""
        shape = self.arrays[index].shape
        return shape if self.arguments[index].shared else shape[len(self.leading) :]

    def spans(self) -> list[range]:
        """By argument, the places of its numbers among all numbers of a row; none for labels."""
        spans = []
        first = 0
        for index, argument in enumerate(self.arguments):
            size = 0 if argument.discrete else math.prod(self.content(index))
            spans.append(range(first, first + size))
            first += size
        return spans

    def row(self, row: int) -> tuple[Any, ...]:
        """The numbers of one row, an entry an argument: nested tuples of floats, of ints for labels and flags."""
        return tuple(self._part(index, row) for index in range(len(self.arguments)))

    def _part(self, index: int, row: int) -> Any:
        argument, x = self.arguments[index], self.arrays[index]
        part = x if argument.shared else x.reshape(len(self), *self.content(index))[row]
        return nested(part.astype(int) if argument.discrete else part)

    def describe(self, row: int) -> str:
        parts = [f"{argument.name} {part}" for argument, part in zip(self.arguments, self.row(row), strict=True)]
        return f"{self.names[row]!r}: {', '.join(parts)}"


def nested(numbers: Any) -> Any:
    """An array, or lists, as nested tuples."""
    listed = numbers.tolist() if isinstance(numbers, np.ndarray | np.generic) else numbers
    return tuple(nested(entry) for entry in listed) if isinstance(listed, list | tuple) else listed
