"""Which part of the suite to run."""

from __future__ import annotations

from typing import NamedTuple


class Selection(NamedTuple):
    """What is wanted of each; None for all."""

    functions: tuple[str, ...] | None = None
    knobs: tuple[str, ...] | None = None
    """As `str(Variant)` spells them."""
    checks: tuple[str, ...] | None = None
    modes: tuple[str, ...] | None = None
    dtypes: tuple[str, ...] | None = None

    def wants(self, **places: str) -> bool:
        """Whether the thing at these places is wanted: `wants(dtypes="float32", modes="jit")`."""
        chosen = ((getattr(self, axis), name) for axis, name in places.items())
        return all(names is None or name in names for names, name in chosen)


EVERYTHING = Selection()
