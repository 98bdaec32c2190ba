"""bends: long edges follow the map's CRS, dense data is left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import transform_bbox, transformer
from rendermap.geo.view import MapView
from rendermap.render import carriages, vector_source
from rendermap.render.bends import holds_bent, longest_straight
from rendermap.render.raster import draw_raster
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.style import Colormap
from rendermap.symbology.symbols import Color
from tests.builders.rasters import write_array
from tests.builders.vectors import RED, fill, plan_for, view_on, write_features
from tests.builders.views import look, plan_of

# isort: split
from affine import Affine


@pytest.mark.parametrize(
    ("box", "data", "target", "bends"),
    [
        ((0, 45, 20, 60), "EPSG:4326", "EPSG:3035", True),
        ((0, 45, 20, 60), "EPSG:4326", "EPSG:4326", False),
        ((500000, 5400000, 500200, 5400200), "EPSG:25832", "EPSG:3857", False),
        ((300000, 5200000, 700000, 5900000), "EPSG:25832", "EPSG:3857", True),
        ((-180, 60, 180, 90), "EPSG:4326", "EPSG:3413", True),
        ((-180, -90, 180, 90), "EPSG:4326", "EPSG:32632", True),
        ((9, 50, 9, 50), "EPSG:4326", "EPSG:3857", False),
    ],
)
def test_where_lines_bend(box: tuple[float, float, float, float], data: str, target: str, bends: bool) -> None:
    """Small data stays straight, continents and caps do not."""
    longest = longest_straight(BBox(*box), data, target)
    assert (longest is not None) is bends
    assert longest is None or 0 < longest < np.hypot(box[2] - box[0], box[3] - box[1])


@pytest.mark.parametrize("driver", ["FlatGeobuf", "GPKG", "OpenFileGDB", "ESRI Shapefile", "GeoJSON"])
def test_a_box_in_degrees_lies_where_it_is(driver: str, tmp_path: Path) -> None:
    """A box of four corners covers, in another CRS, exactly the pixels whose centres lie in it in its own."""
    layer = write_features(tmp_path, [shapely.box(0, 45, 20, 60)], driver=driver, crs="EPSG:4326")
    view = _view_around(BBox(0, 45, 20, 60), "EPSG:4326", "EPSG:3035")
    pixels = draw_vectors([plan_for(layer, fill(RED))], view)
    assert _wrong(pixels[..., 3] > 127, view, BBox(0, 45, 20, 60), "EPSG:4326") == 0


@pytest.mark.parametrize("target", ["EPSG:3035", "EPSG:3857", "ESRI:54030", "EPSG:32633"])
def test_a_raster_and_its_footprint_agree(target: str, tmp_path: Path) -> None:
    """The frame of a raster covers its cells to a pixel, whatever the map's CRS."""
    place = Affine(0.25, 0, 0, 0, -0.25, 60)
    raster = look(write_array(tmp_path / "cells.tif", np.ones((1, 60, 80), np.uint8), transform=place, crs="EPSG:4326"))
    assert raster.bbox
    frame = write_features(tmp_path, [shapely.box(*raster.bbox.corners)], crs="EPSG:4326")
    view = _view_around(raster.bbox, "EPSG:4326", target)
    cells = draw_raster(plan_of(raster, Colormap(((1, Color(0, 0, 255), "1"),))), view)[..., 3] > 0
    covered = draw_vectors([plan_for(frame, fill(RED))], view)[..., 3] > 127
    assert not _beyond_a_pixel(cells, covered).any() and not _beyond_a_pixel(covered, cells).any()


@pytest.mark.parametrize(("target", "sign"), [("EPSG:3413", 1), ("EPSG:3031", -1)])
@pytest.mark.parametrize("low", [60, 75])
def test_a_cap_in_degrees_is_a_disc_on_a_polar_map(target: str, sign: int, low: int, tmp_path: Path) -> None:
    """A rectangle all around the globe up to the pole is round there; one about the other pole is no disc."""
    north, south = shapely.box(-180, low, 180, 90), shapely.box(-180, -90, 180, -low)
    caps: list[shapely.Geometry] = [north, south] if sign > 0 else [south, north]
    layer = write_features(tmp_path, caps, {"v": [1, 2]}, crs="EPSG:4326")
    view = view_on((-5e6, -5e6, 5e6, 5e6), target, 200, 200)
    pixels = draw_vectors([plan_for(layer, fill(RED))], view)[..., 3] > 127
    xs, ys = np.meshgrid(-5e6 + (np.arange(200) + 0.5) * 5e4, 5e6 - (np.arange(200) + 0.5) * 5e4)
    _, latitudes = transformer(target, "EPSG:4326").transform(xs.ravel(), ys.ravel())
    inside = (sign * np.asarray(latitudes) > low).reshape(xs.shape)
    assert inside.any() and not _beyond_a_pixel(pixels, inside).any() and not _beyond_a_pixel(inside, pixels).any()


@pytest.mark.parametrize("driver", ["FlatGeobuf", "GPKG", "OpenFileGDB", "ESRI Shapefile"])
def test_only_long_lines_are_long(driver: str, tmp_path: Path) -> None:
    """What counts is a segment: not a feature's size, nor the way from one part to the next."""
    ring = shapely.MultiLineString([shapely.Point(10, 50).buffer(10, 64).exterior])
    parts = shapely.MultiLineString([[(0, 45), (1, 45)], [(30, 45), (31, 45)]])
    dense = write_features(tmp_path, [ring, parts], driver=driver, name="dense", crs="EPSG:4326")
    assert not holds_bent(dense, 2.0, "EPSG:4326", "EPSG:3035") and holds_bent(dense, 0.5, "EPSG:4326", "EPSG:3035")
    points = write_features(tmp_path, [shapely.Point(0, 0), shapely.Point(9, 9)], driver=driver, name="points", crs="EPSG:4326")
    assert not holds_bent(points, 1.0, "EPSG:4326", "EPSG:3035")


def test_only_lines_that_the_map_bends_are_bent(tmp_path: Path) -> None:
    """Along meridians and parallels a web map is straight, however long they are."""
    straight = write_features(tmp_path, [shapely.LineString([(5, 30), (5, 60), (30, 60)])], name="straight", crs="EPSG:4326")
    assert not holds_bent(straight, 1.0, "EPSG:4326", "EPSG:3857") and holds_bent(straight, 1.0, "EPSG:4326", "EPSG:3035")
    slanted = write_features(tmp_path, [shapely.LineString([(5, 30), (30, 60)])], name="slanted", crs="EPSG:4326")
    assert holds_bent(slanted, 1.0, "EPSG:4326", "EPSG:3857")


def test_dense_data_is_drawn_from_the_dataset_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No copy is made where no line is long."""
    monkeypatch.setattr(vector_source, "copy_of", lambda *_: pytest.fail("copied"))
    layer = write_features(tmp_path, [shapely.segmentize(shapely.box(0, 45, 20, 60), 0.05)], crs="EPSG:4326")
    view = _view_around(BBox(0, 45, 20, 60), "EPSG:4326", "EPSG:3035")
    assert draw_vectors([plan_for(layer, fill(RED))], view)[..., 3].any()


def test_of_many_features_those_in_view_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture costs no look at a million others, and where there is a long edge it is drawn bent, also on a map that is warm."""
    monkeypatch.setattr(carriages, "FEW_FEATURES", 1)
    copied: list[object] = []
    real = vector_source.copy_of
    monkeypatch.setattr(vector_source, "copy_of", lambda *args: copied.append(args) or real(*args))
    large = BBox(0, 45, 5, 48)
    small = [shapely.box(40 + i / 10, 45, 40.05 + i / 10, 45.05) for i in range(50)]
    plan = plan_for(write_features(tmp_path, [shapely.box(*large.corners), *small], crs="EPSG:4326"), fill(RED))
    for box in (BBox(41, 44.9, 42, 45.2), BBox(43, 44.9, 44, 45.2)):
        assert draw_vectors([plan], _view_around(box, "EPSG:4326", "EPSG:3035"))[..., 3].any()
    assert not copied
    view = _view_around(large, "EPSG:4326", "EPSG:3035")
    assert not _wrong(draw_vectors([plan], view)[..., 3] > 127, view, large, "EPSG:4326")
    assert len(copied) == 1


def _view_around(box: BBox, data: str, target: str) -> MapView:
    around = transform_bbox(box, data, target)
    return MapView(around, target, 300, round(300 * around.height / around.width))


def _wrong(seen: np.ndarray, view: MapView, box: BBox, data: str) -> int:
    """How many pixels more than a pixel away from the edge are on the wrong side of it."""
    dx, dy = view.bbox.width / view.width_px, view.bbox.height / view.height_px
    xs, ys = np.meshgrid(view.bbox.xmin + (np.arange(view.width_px) + 0.5) * dx, view.bbox.ymax - (np.arange(view.height_px) + 0.5) * dy)
    lon, lat = (np.asarray(part).reshape(xs.shape) for part in transformer(view.crs, data).transform(xs.ravel(), ys.ravel()))
    inside = (lon > box.xmin) & (lon < box.xmax) & (lat > box.ymin) & (lat < box.ymax)
    return int((_beyond_a_pixel(seen, inside) | _beyond_a_pixel(inside, seen)).sum())


def _beyond_a_pixel(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where one is true and other is not, nor any of the eight neighbours."""
    wide = np.pad(other, 1)
    height, width = other.shape
    near = np.logical_or.reduce([wide[r : r + height, c : c + width] for r in range(3) for c in range(3)])
    return np.asarray(one & ~near)
