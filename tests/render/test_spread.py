"""How features are spread around the earth, as a look into their dataset tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.dispatch.plan import InspectPlan
from rendermap.geo.crs import WEB_MERCATOR, WGS84, transformer
from rendermap.jobs.job import DataSource, Layer
from rendermap.render import spread
from rendermap.render.inspect import inspect
from tests.builders.vectors import write_features


def _look(path: Path) -> Layer:
    return inspect(InspectPlan(DataSource(path, None, path.parent, "1"), "vector"))


def _points(folder: Path, lons: list[float], crs: str = WGS84, driver: str = "GPKG") -> Layer:
    points: list[shapely.Geometry] = [shapely.Point(*transformer(WGS84, crs).transform(lon, -17.0)) for lon in lons]
    suffix = {"GPKG": "gpkg", "FlatGeobuf": "fgb", "GeoJSON": "geojson", "ESRI Shapefile": "shp"}[driver]
    write_features(folder, points, {"n": list(range(len(lons)))}, driver=driver, crs=crs, name="ships")
    return _look(folder / f"ships.{suffix}")


@pytest.mark.parametrize("driver", ["GPKG", "FlatGeobuf", "GeoJSON", "ESRI Shapefile"])
def test_points_on_both_sides_have_a_frame(driver: str, tmp_path: Path) -> None:
    """From the western to the eastern one, which counts on beyond 180; the box is that of the coordinates."""
    layer = _points(tmp_path, [179.0, -178.0, 176.5, -179.5], driver=driver)
    assert layer.bbox and layer.frame
    assert layer.bbox.corners == pytest.approx((-179.5, -17, 179, -17)) and layer.frame.corners == pytest.approx((176.5, -17, 182, -17))


def test_metres_have_one_too(tmp_path: Path) -> None:
    """In every CRS whose x goes evenly with longitude."""
    layer = _points(tmp_path, [179.0, -178.0], WEB_MERCATOR)
    assert layer.frame and (layer.frame.xmin, layer.frame.xmax) == pytest.approx((19926188.85, 20260147.32))


@pytest.mark.parametrize("lons", [[170.0, 179.0], [-170.0, 5.0, 170.0], [-120.0, 100.0, 175.0, -30.0], [np.nan, 170.0]])
def test_others_have_none(lons: list[float], tmp_path: Path) -> None:
    """On one side, or all around the earth."""
    assert _points(tmp_path, lons).frame is None


def test_what_was_cut_at_the_edge_is_seen_together(tmp_path: Path) -> None:
    """A feature of several parts reaches all around the earth by its coordinates; one whole part that does so leaves no frame."""
    island = shapely.MultiPolygon([shapely.box(178, -19, 180, -16), shapely.box(-180, -19, -179, -17)])
    shapes: list[shapely.Geometry] = [island, shapely.box(177, -18, 178, -17)]
    write_features(tmp_path, shapes, {"n": [1, 2]}, driver="GPKG", crs=WGS84, name="fiji")
    layer = _look(tmp_path / "fiji.gpkg")
    assert layer.frame and layer.frame.corners == pytest.approx((177, -19, 181, -16))
    write_features(tmp_path, [*shapes, shapely.box(-180, -90, 180, -65)], {"n": [1, 2, 3]}, driver="GPKG", crs=WGS84, name="ice")
    assert _look(tmp_path / "ice.gpkg").frame is None


def test_many_are_looked_at_as_far_as_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones decide only that there is no frame; too many are not looked at."""
    lons = [179.0, -179.0] * 600 + [0.0]
    assert _points(tmp_path, lons).frame is None
    assert _points(tmp_path, lons[:-1]).frame is not None
    monkeypatch.setattr(spread, "MOST_FEATURES", 1000)
    assert _points(tmp_path, lons[:-1]).frame is None


def test_tables_of_text_have_one(tmp_path: Path) -> None:
    """By their rows."""
    (tmp_path / "quakes.csv").write_text("lon,lat\n179,-17\n-178,-18\n")
    frame = _look(tmp_path / "quakes.csv").frame
    assert frame and frame.corners == pytest.approx((179, -18, 182, -17))
