"""Tiles of patterns: whole pixels, and patterns hardly bent to fit them."""

from __future__ import annotations

import math

import pytest

from rendermap.symbology.symbolizers.lattice import LARGEST_TILE_PX, bands, grid, waves


@pytest.mark.parametrize("angle", [0.0, 7.0, 20.0, 45.0, 63.4, 90.0, 135.0, 171.0])
@pytest.mark.parametrize("length", [2.0, 5.3, 8.0, 13.333, 40.0])
def test_waves_repeat_on_the_tile(angle: float, length: float) -> None:
    """A tile holds whole numbers of the wave both ways, and the wave keeps its length and direction."""
    turn = math.radians(angle)
    width, height, (wave,) = waves([(math.sin(turn) / length, math.cos(turn) / length)])
    assert width == round(width) <= LARGEST_TILE_PX and height == round(height) <= LARGEST_TILE_PX
    for side, rise in ((width, wave[0]), (height, wave[1])):
        assert side * rise == pytest.approx(round(side * rise), abs=1e-6)
    assert 1 / math.hypot(*wave) == pytest.approx(length, rel=0.02)
    assert abs(math.degrees(math.atan2(wave[0], wave[1])) - angle) < 1.0


def test_a_pattern_larger_than_any_tile_still_repeats() -> None:
    """Nothing is lost or divided by nothing where the pattern is huge or its lines nearly lie along the tile."""
    for length, angle in ((5000.0, 45.0), (200.0, 0.2), (3.0, 89.99)):
        turn = math.radians(angle)
        width, height, (wave,) = waves([(math.sin(turn) / length, math.cos(turn) / length)])
        assert width > 0 and height > 0 and math.hypot(*wave) > 0


@pytest.mark.parametrize(("degrees", "across", "down"), [(0.0, 12.0, 9.0), (30.0, 11.0, 11.0), (25.0, 10.67, 8.0)])
def test_a_grid_has_as_many_places_as_its_area_says(degrees: float, across: float, down: float) -> None:
    """No place is lost or doubled at a tile's edge."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    width, height, places, (right, below) = grid((across * cos, -across * sin), (down * sin, down * cos))
    cell = abs(right[0] * below[1] - right[1] * below[0])
    assert len(places) == pytest.approx(width * height / cell, abs=1e-6)
    assert cell == pytest.approx(across * down, rel=0.02)
    assert len({(round(x % width, 3), round(y % height, 3)) for x, y in places}) == len(places)


def test_bands_share_out_a_page() -> None:
    """Bands from 0 to a half cover half of a page that holds whole waves, whatever their direction."""
    page = [(0.0, 0.0), (40.0, 0.0), (40.0, 20.0), (0.0, 20.0)]

    def area(points: list[tuple[float, float]]) -> float:
        turned = points[1:] + points[:1]
        return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(points, turned, strict=True))) / 2

    assert sum(area(band) for band in bands(page, (3 / 40, -2 / 20), 0.0, 0.5)) == pytest.approx(400)
