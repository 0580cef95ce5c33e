"""Distance maps: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from array_losses.distance_maps import boundary_distance, signed_distance


@pytest.mark.parametrize("full", [False, True])
def test_without_a_boundary_there_is_no_distance(full: bool) -> None:
    masks = np.full((2, 3, 3), full)
    for distance in (signed_distance, boundary_distance):
        found = distance(masks, ndim=2)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, np.zeros((2, 3, 3)))


def test_of_a_strip() -> None:
    mask = np.asarray([[0, 1, 1, 1, 0]]) > 0
    np.testing.assert_array_equal(signed_distance(mask, ndim=2, spacing=(1.0, 1.0)), [[1, 0, -1, 0, 1]])
    np.testing.assert_array_equal(boundary_distance(mask, ndim=2), [[1, 1, 2, 1, 1]])
