"""Tables of boxes: the memory that they take beyond their result, and the same numbers as pairs."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import array_losses as al
from benchmarks import inputs

MEASURES = (al.iou, al.giou, al.diou, al.ciou, al.eiou, al.ioa, al.iof)
ROTATED = (al.rotated_iou, al.rotated_giou, al.probiou, al.kfiou)
A_BLOCK = 100 * 2**20
"""What the blocks of a computation may take, in bytes; a table of one number a pair takes more here."""


def _peak(function: Callable[[], Any]) -> tuple[Any, int]:
    tracemalloc.start()
    try:
        found = function()
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("measure", [*MEASURES, *ROTATED], ids=lambda measure: str(measure.__name__))
def test_a_table_takes_its_own_memory_and_that_of_a_block(measure: Callable[..., Any]) -> None:
    boxes, others = (inputs.two_rotated_sets if measure in ROTATED else inputs.two_sets)((4_000, 500))
    found, peak = _peak(lambda: measure(boxes[:, None, :], others[None, :, :]))
    assert found.shape == (4_000, 500)
    assert found.nbytes < peak < found.nbytes + A_BLOCK
    rows = np.arange(0, 4_000, 97)
    pairs = measure(boxes[rows], others[rows % 500])
    assert np.allclose(found[rows, rows % 500], pairs, rtol=1e-6, atol=1e-6)
