"""The elevation the demo stands on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio

from rendermap.demo.terrain import CRS, read_elevation, write_geotiff

GRID = read_elevation(120.0)


def test_the_sample_lies_where_it_should() -> None:
    """North is up: the Jacksboro fault's highest ground stands in the south-west, the Powell valley in the east is low."""
    xmin, ymin, xmax, ymax = GRID.bounds
    assert 725_000 < xmin < xmax < 765_000
    assert 4_030_000 < ymin < ymax < 4_075_000
    rows, cols = GRID.values.shape
    assert GRID.values[rows // 2 :, : cols // 2].mean() > GRID.values[rows // 2 :, cols // 2 :].mean() + 100


def test_the_rectangle_is_filled() -> None:
    """No cell lies outside the sample, where there would be no elevation."""
    assert GRID.values.min() > 230
    assert GRID.values.max() < 1080


def test_places_and_cells_are_each_others_inverse() -> None:
    """Cell centres map to whole rows and columns."""
    rows, cols = np.array([0.0, 17.0]), np.array([3.0, 40.0])
    back = GRID.cells(*GRID.xy(rows, cols))
    assert np.allclose(back, (rows, cols))


def test_a_raster_as_tools_leave_it(tmp_path: Path) -> None:
    """Striped, without overviews, with its nodata and CRS."""
    path = tmp_path / "a.tif"
    write_geotiff(path, GRID.values, GRID, nodata=0)
    with rasterio.open(path) as dataset:
        assert dataset.crs.to_string() == CRS
        assert dataset.nodata == 0
        assert not dataset.overviews(1)
        assert not dataset.profile["tiled"]
        assert dataset.profile["compress"] == "deflate"
        assert tuple(dataset.bounds) == GRID.bounds
