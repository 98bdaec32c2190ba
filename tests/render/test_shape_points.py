"""Shapefiles of points that are written as numbers: what others read of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely

from rendermap.render.shape_points import read_point_shapes, write_point_shapes


@pytest.mark.parametrize("count", [1, 1000])
def test_others_read_the_same_points(count: int, tmp_path: Path) -> None:
    """Every coordinate to the last bit, in order, and the box around all."""
    places = np.random.default_rng(5).uniform(-2e7, 2e7, (count, 2))
    file = tmp_path / "points.shp"
    write_point_shapes(file, places)
    read = shapely.get_coordinates(shapely.from_wkb(pyogrio.raw.read(file)[2]))
    assert (read == places).all()
    bounds = pyogrio.read_info(file, force_total_bounds=True)["total_bounds"]
    assert tuple(bounds) == (*places.min(axis=0), *places.max(axis=0))
    found = read_point_shapes(file)
    assert found is not None and (found == places).all()


def test_other_shapes_are_told(tmp_path: Path) -> None:
    """Lines are no points."""
    file = tmp_path / "lines.shp"
    wkb = shapely.to_wkb(np.array([shapely.LineString([(0, 0), (1, 1)])], object))
    pyogrio.raw.write(file, wkb, [], [], driver="ESRI Shapefile", geometry_type="LineString", crs="EPSG:3857")
    assert read_point_shapes(file) is None
