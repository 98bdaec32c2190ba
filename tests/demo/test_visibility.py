"""Sight lines over made ground."""

from __future__ import annotations

import numpy as np
from affine import Affine

from rendermap.demo.terrain import Grid
from rendermap.demo.visibility import visible_from


def ground(values: np.ndarray) -> Grid:
    """A grid of 30 m cells."""
    return Grid(values.astype(np.float32), Affine(30, 0, 0, 0, -30, 30 * values.shape[0]), 30.0)


def test_flat_ground_is_seen_as_far_as_one_looks() -> None:
    """Nothing hides anything on a plain, and nothing beyond the range is seen."""
    seen = visible_from(ground(np.zeros((41, 41))), 20, 20, range_m=450)
    assert seen[20, 5:36].all()
    assert not seen[20, :5].any()
    assert not seen[20, 36:].any()


def test_a_wall_hides_what_is_behind_it() -> None:
    """A wall is seen; low ground behind it is not; the other side is."""
    values = np.zeros((41, 41))
    values[:, 25] = 30
    seen = visible_from(ground(values), 20, 20, range_m=600)
    assert seen[20, 25]
    assert not seen[15:26, 27:36].any()
    assert seen[15:26, 5:20].all()
