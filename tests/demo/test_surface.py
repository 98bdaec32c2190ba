"""Slope, light and sight over made ground and over the sample."""

from __future__ import annotations

import numpy as np
import pytest

from rendermap.demo.surface import hillshade, light, slope_deg, visible_from
from rendermap.demo.terrain import read_elevation
from tests.demo.grounds import ground

GRID = read_elevation(120.0)


def test_slope_of_a_ramp() -> None:
    """Ground that rises as far as it goes along is 45 degrees steep, up to the very edge."""
    assert np.allclose(slope_deg(ground(np.tile(np.arange(0, 600, 30), (12, 1)))), 45, atol=1e-3)


def test_relief_is_lit_from_the_north_west() -> None:
    """Slopes that face north-west are brighter than those that face south-east, and 0 is left for nodata."""
    relief = hillshade(GRID)
    assert relief.shape == GRID.values.shape
    south, east = np.gradient(GRID.values)
    faces_north_west = south + east
    assert relief[faces_north_west > 20].mean() > relief[faces_north_west < -20].mean() + 80
    assert relief.min() >= 1


@pytest.mark.parametrize(("azimuth", "expected"), [(270, np.cos(np.radians(15))), (90, 0.0)])
def test_light_on_a_ramp(azimuth: float, expected: float) -> None:
    """Ground of 45 degrees that faces west takes the sun at 30 degrees nearly squarely from the west, and not from the east."""
    ramp = ground(np.tile(np.arange(0, 600, 30), (12, 1)))
    assert np.allclose(light(ramp, azimuth, 30), expected, atol=1e-3)


def test_light_on_flat_ground() -> None:
    """Flat ground gets the sine of the sun's height from wherever it shines."""
    assert np.allclose(light(ground(np.full((9, 9), 200)), 123, 30), 0.5, atol=1e-3)


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


def test_the_earth_is_round() -> None:
    """On a plain an eye at 1.7 m sees ground about 5 km away and none at 8 km; the horizon with refraction is at 5.0 km."""
    seen = visible_from(ground(np.zeros((5, 160)), cell_m=100.0), 2, 2, range_m=15_000)
    assert seen[2, :40].all()
    assert not seen[2, 80:].any()
