"""Dots in polygons: how many, where, in which order, and the same everywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.errors import StyleInvalid
from rendermap.jobs.job import Layer
from rendermap.render.dots import DOT_COLUMN, Scattering
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import DotDensity, Dots, Style
from rendermap.symbology.symbols import Marker, Symbol
from tests.builders.vectors import BLUE, GREEN, RED, fill, plan_for, view_on, write_features

POP = (Column("pop"),)


def dot(color: object) -> Symbol:
    return Symbol((Marker(CIRCLE, 1.5, color),))  # type: ignore[arg-type]


THEME = DotDensity((Dots(Column("pop"), dot(RED)), Dots(Column("jobs"), dot(BLUE))), 10.0, under=fill(GREEN))


def scattered(shapes: list[shapely.Geometry], values: list[float], dot_value: float = 10.0, seed: int = 1) -> np.ndarray:  # type: ignore[type-arg]
    """The dots' coordinates."""
    made, table = Scattering(POP, dot_value, seed)(np.array(shapes, object), {"pop": (np.array(values, float), None)})
    assert (table[DOT_COLUMN][0][: len(shapes)] == 0).all() and len(made) == len(table["pop"][0])
    return np.asarray(shapely.get_coordinates(made[len(shapes) :]))


def test_one_dot_for_every_so_many_and_a_chance_for_the_rest() -> None:
    """Whole dots are certain; what is left over is one dot more in as many polygons as it says; null and negative have none."""
    box = shapely.box(0, 0, 1, 1)
    assert len(scattered([box], [120])) == 12
    assert len(scattered([box] * 3, [np.nan, -50, 0])) == 0
    assert len(scattered([box] * 4000, [3.0] * 4000)) == pytest.approx(1200, abs=100)


def test_dots_are_inside_and_spread_evenly() -> None:
    """Inside the polygon, not in its holes, and everywhere alike."""
    ring = shapely.Point(0, 0).buffer(10).difference(shapely.Point(0, 0).buffer(5))
    xy = scattered([ring], [40_000])
    assert shapely.contains_xy(ring, xy).all()
    angles = np.arctan2(xy[:, 1], xy[:, 0])
    counts, _ = np.histogram(angles, 8, (-np.pi, np.pi))
    assert counts == pytest.approx(np.full(8, 500), rel=0.2)
    sliver = shapely.Polygon([(0, 0), (1000, 1000), (1000, 1000.00001)])
    assert len(scattered([sliver], [50])) == 5


def test_chance_is_the_same_every_time_but_for_the_seed() -> None:
    """The same feature has the same dots, whatever stands beside it; another seed has others."""
    box, other = shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10)
    alone, again, both = scattered([box], [500]), scattered([box], [500]), scattered([box, other], [500, 300])
    assert (alone == again).all() and {tuple(p) for p in alone} <= {tuple(p) for p in both}
    assert not {tuple(p) for p in alone} & {tuple(p) for p in scattered([box], [500], seed=2)}


def test_far_too_many_are_refused() -> None:
    """A style that nobody fitted does not fill the memory."""
    with pytest.raises(StyleInvalid):
        scattered([shapely.box(0, 0, 1, 1)], [1e12], 1.0)


def squares(folder: Path) -> Layer:
    shapes = [shapely.box(0, 0, 64, 64), shapely.box(64, 0, 128, 64)]
    return write_features(folder, shapes, {"pop": [900, 0], "jobs": [900, 300], "kind": ["a", "b"]})


def test_all_dots_lie_on_all_polygons_in_mixed_order(tmp_path: Path) -> None:
    """Neighbours do not cover dots; no kind of dot covers the other everywhere; opacity is the whole's."""
    layer = squares(tmp_path)
    pixels = draw_vectors([plan_for(layer, THEME)], view_on((0, 0, 128, 64), width=256, height=128)).astype(int)
    left, right = pixels[:, :128], pixels[:, 128:]
    reds, blues = ((left[..., c] > 180).sum() for c in (0, 2))
    assert 0.8 < reds / blues < 1.25 and (right[..., 0] > 180).sum() < 40 and (right[..., 2] > 180).sum() > 20
    assert (pixels[..., 3] == 255).all()
    faint = draw_vectors([plan_for(layer, Style(THEME, opacity=0.5))], view_on((0, 0, 128, 64), width=256, height=128))
    assert np.abs(faint[..., 3].astype(int) - 128).max() <= 1


def test_dots_stand_at_one_place_at_every_scale_and_tile(tmp_path: Path) -> None:
    """Tiles join to the whole, and a larger picture has the dots where a smaller has them."""
    layer = squares(tmp_path)
    whole = draw_vectors([plan_for(layer, THEME)], view_on((0, 0, 128, 64), width=256, height=128)).astype(int)
    tiles = [draw_vectors([plan_for(layer, THEME)], view_on((x, 0, x + 64, 64), width=128, height=128)) for x in (0, 64)]
    assert np.abs(np.concatenate(tiles, axis=1).astype(int) - whole).max() <= 2
    large = draw_vectors([plan_for(layer, THEME)], view_on((0, 0, 128, 64), width=512, height=256, ratio=2.0)).astype(float)
    halved = large.reshape(128, 2, 256, 2, 4).mean(axis=(1, 3))
    assert np.abs(halved - whole).mean() < 4


def test_a_filter_takes_a_polygons_dots_with_it(tmp_path: Path) -> None:
    """Dots have their polygon's attributes."""
    style = Style(replace(THEME, under=None), filter=parse_filter("kind = 'b'"))
    pixels = draw_vectors([plan_for(squares(tmp_path), style)], view_on((0, 0, 128, 64), width=256, height=128))
    assert not pixels[:, :126].any() and pixels[:, 128:].any()


def test_dots_in_another_crs(tmp_path: Path) -> None:
    """They are carried into the map's CRS like all that is drawn."""
    layer = write_features(tmp_path, [shapely.box(9, 50, 9.1, 50.1)], {"pop": [2000], "jobs": [0]}, crs="EPSG:4326")
    view = view_on((1001875, 6446275, 1013007, 6463640), "EPSG:3857", width=128, height=200)
    pixels = draw_vectors([plan_for(layer, THEME)], view)
    assert (pixels[..., 0] > 180).sum() > 300
