"""Heat maps: densities of known points, one ramp for all tiles, no seams, any sharpness."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.jobs.job import Layer
from rendermap.render.compose import draw
from rendermap.render.densities import bell, peak_density
from rendermap.render.heat_map import draw_heat_map
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.ramps import of_colors
from rendermap.symbology.style import HeatMap, Style
from rendermap.symbology.symbols import Color
from tests.builders.vectors import map_plan, plan_for, view_on, write_features

GRAYS = of_colors([Color(0, 0, 0), Color(255, 255, 255)])
THEME = HeatMap(GRAYS, radius_pt=9.0)


def crowd(folder: Path, count: int = 400, seed: int = 3, **columns: list[object]) -> Layer:
    """Points in heaps, in a square of 512 by 512."""
    chooser = np.random.default_rng(seed)
    middles = chooser.uniform(0, 512, (12, 2))
    xy = middles[chooser.integers(0, 12, count)] + chooser.normal(0, 25, (count, 2))
    return write_features(folder, list(shapely.points(np.clip(xy, 0, 512))), columns or None)


def test_a_lone_point_is_a_bell(tmp_path: Path) -> None:
    """The ramp's upper end at the point, its lower end at the radius, nothing beyond; round, not square."""
    layer = write_features(tmp_path, [shapely.Point(50.5, 50.5)])
    pixels = draw_heat_map(plan_for(layer, THEME), view_on((0, 0, 101, 101), width=101, height=101))
    assert pixels[50, 50].tolist() == [255, 255, 255, 255]
    assert pixels[50, 50 + 13].tolist()[3] == 0 and pixels[50 + 10, 50 + 10].tolist()[3] == 0
    across = pixels[50, 50:62, 0].astype(int)
    assert (np.diff(across) <= 0).all() and across[6] == pytest.approx(255 * float(bell(12.0)[12 + 6]), abs=2)
    assert (pixels == pixels[:, ::-1]).all() and (pixels == pixels[::-1]).all()


def test_weights_and_limits(tmp_path: Path) -> None:
    """Two points at one place are twice one; weights count so often; given limits hold; null and negative weights are none."""
    places = [(20, 20), (60, 20), (60, 20), (20, 60), (60, 60)]
    layer = write_features(tmp_path, [shapely.Point(x + 0.5, y + 0.5) for x, y in places], {"w": [1, 1, 1, 4, -3]})
    view = view_on((0, 0, 80, 80), width=80, height=80)
    plain = draw_heat_map(plan_for(layer, replace(THEME, limits=(0.0, 4.0))), view)
    assert [int(plain[79 - y, x, 0]) for x, y in places[:2]] == pytest.approx([64, 128], abs=1)
    weighed = draw_heat_map(plan_for(layer, replace(THEME, weight=Column("w"))), view)
    assert [int(weighed[79 - y, x, 0]) for x, y in ((20, 20), (60, 20), (20, 60))] == pytest.approx([64, 128, 255], abs=1)
    assert weighed[79 - 60, 60, 3] == 0


def test_stitched_tiles_are_the_whole(tmp_path: Path) -> None:
    """Tiles, drawn each from what lies around them and moved by less than a thousandth of a pixel, join without a seam."""
    plan = plan_for(crowd(tmp_path), THEME)
    whole = draw_heat_map(plan, view_on((0, 0, 512, 512), width=512, height=512)).astype(int)
    stitched = np.zeros_like(whole)
    for row in range(4):
        for col in range(4):
            x, y = col * 128 + 0.0004, 512 - row * 128 - 0.0004
            tile = draw_heat_map(plan, view_on((x, y - 128, x + 128, y), width=128, height=128))
            stitched[row * 128 : row * 128 + 128, col * 128 : col * 128 + 128] = tile
    assert np.abs(stitched - whole).max() <= 1


def test_the_highest_density_is_the_ramps_end(tmp_path: Path) -> None:
    """One limit for all tiles: the whole picture reaches it, and no tile is brighter for being alone."""
    plan = plan_for(crowd(tmp_path), THEME)
    whole = draw_heat_map(plan, view_on((-40, -40, 552, 552), width=592, height=592))
    assert whole[..., 0].max() >= 254
    corner = draw_heat_map(plan, view_on((-40, 500, 12, 552), width=52, height=52))
    assert (corner == whole[:52, :52]).all()


def test_a_sharper_picture_is_the_same_picture(tmp_path: Path) -> None:
    """At two device pixels per pixel the heaps are as wide on the ground and as bright."""
    plan = plan_for(crowd(tmp_path), THEME)
    once = draw_heat_map(plan, view_on((0, 0, 256, 256), width=256, height=256)).astype(float)
    twice = draw_heat_map(plan, view_on((0, 0, 256, 256), width=512, height=512, ratio=2.0)).astype(float)
    halved = twice.reshape(256, 2, 256, 2, 4).mean(axis=(1, 3))
    assert np.abs(halved - once)[..., 0].max() < 8 and np.abs(halved - once).mean() < 1


def test_filters_parts_and_other_geometries(tmp_path: Path) -> None:
    """What fails the filter does not count; each point of a multipoint does; a polygon counts once, in itself."""
    (tmp_path / "m").mkdir()
    many = write_features(tmp_path / "m", [shapely.MultiPoint([(10.5, 10.5), (30.5, 10.5)])], {"a": [1]})
    view = view_on((0, 0, 40, 20), width=40, height=20)
    pixels = draw_heat_map(plan_for(many, replace(THEME, radius_pt=3.0)), view)
    assert pixels[9, 10, 0] == pixels[9, 30, 0] == 255
    gone = draw_heat_map(plan_for(many, Style(THEME, filter=parse_filter("a > 1"))), view)
    assert not gone.any()
    polygon = write_features(tmp_path, [shapely.box(5, 5, 15, 15)])
    assert draw_heat_map(plan_for(polygon, replace(THEME, radius_pt=3.0)), view)[9:11, 9:11, 0].max() > 200


def test_in_another_crs_and_with_opacity(tmp_path: Path) -> None:
    """Points are carried into the map's CRS; the layer's opacity is the whole picture's."""
    layer = write_features(tmp_path, [shapely.Point(9.0, 50.0)], crs="EPSG:4326")
    x, y = 1001875.4171394621, 6446275.841017158
    view = view_on((x - 50, y - 50, x + 50, y + 50), "EPSG:3857", width=101, height=101)
    pixels = draw(map_plan(view, plan_for(layer, Style(THEME, opacity=0.5))))
    assert pixels[50, 50, 0] >= 250 and pixels[50, 50, 3] == pytest.approx(128, abs=1) and pixels[0, 0, 3] == 0


@pytest.mark.parametrize("radius_px", [3.0, 12.5, 40.0])
def test_the_peak_is_what_a_whole_picture_has(radius_px: float) -> None:
    """The best-first search finds what blurring everything finds."""
    chooser = np.random.default_rng(8)
    points = np.column_stack([chooser.normal(300, 90, (900, 2)), chooser.uniform(0, 3, 900)])
    kernel, reach = bell(radius_px), len(bell(radius_px)) // 2
    every = np.arange(-200, 900) + 0.5
    across, down = (np.interp(points[:, [i]] - every[None, :], np.arange(-reach, reach + 1), kernel, left=0, right=0) for i in (0, 1))
    highest = float((across * points[:, [2]]).T.dot(down).max())
    assert peak_density(points, 1.0, radius_px) == pytest.approx(highest, rel=0.02)
    assert peak_density(points[:0], 1.0, radius_px) == 1.0


def test_points_of_a_text_file(tmp_path: Path) -> None:
    """A dataset that is drawn from a copy has a heat map too."""
    layer = write_features(tmp_path, [shapely.Point(50.5, 50.5), shapely.Point(20.5, 20.5)], {"w": [1, 2]}, driver="GeoJSON")
    pixels = draw_heat_map(plan_for(layer, replace(THEME, weight=Column("w"))), view_on((0, 0, 101, 101), width=101, height=101))
    assert pixels[80, 20, 0] == 255 and pixels[50, 50, 0] == pytest.approx(128, abs=1)
