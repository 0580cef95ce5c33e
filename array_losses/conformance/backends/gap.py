"""A failure that is known and allowed, and why."""

from __future__ import annotations

from typing import NamedTuple


class Gap(NamedTuple):
    """What a library does not do, where that makes checks fail. All patterns are those of `fnmatch`.

    With `says`, each of the functions must fail with these words somewhere; other failures are no part of the gap, and
    a check that passes is none of its business. Without, every check that the patterns name must fail. So a gap that
    was closed is noticed either way.
    """

    reason: str
    """What the library does, in words for the report."""
    link: str
    """Where that is documented or discussed."""
    says: str = ""
    """Words that are in every failure that this gap explains."""
    functions: tuple[str, ...] = ("*",)
    checks: tuple[str, ...] = ("*",)
    dtypes: tuple[str, ...] = ("*",)
    knobs: str = "*"
    backend: str = "*"
    """On which backends, by their names in the report. An adapter's own gaps are looked for on itself alone."""
