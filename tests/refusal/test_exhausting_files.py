"""Datasets and symbols that ask for more than there is: what the attack list calls D3 and D4.

Where what is tested by whom: numbers of features, vertices, cells and bands, `tests/render/test_dataset_size.py`; odd numbers in styles of
rasters, `tests/render/test_raster_hostile.py`; nesting and length of filters, `tests/symbology/expressions`; pictures in symbols as bombs,
`tests/symbology/test_embedded.py` and `test_svg.py`; views that never end, `test_hostile_files.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.dispatch.plan import MeasurePlan
from rendermap.errors import RenderTimeout, SourceRefused, SourceUnreadable
from rendermap.geo.view import MapView
from rendermap.render.measure import measure
from rendermap.render.raster import draw_raster
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.ramps import GRAYS
from rendermap.symbology.shapes import SQUARE
from rendermap.symbology.style import Single, Stretch, StretchKind, StretchRecipe, Style
from rendermap.symbology.symbols import Color, Fill, Hatch, Marker, Stroke, Symbol, SymbolLayer
from tests.builders.rasters import CRS, TRANSFORM, Affine, write_array
from tests.builders.vectors import map_plan, plan_for, view_on, write_features
from tests.builders.views import look, plan_of
from tests.builders.workers import working

# isort: split
import rasterio

RED = Color(200, 0, 0)
GRAY = Stretch(GRAYS, StretchRecipe(StretchKind.CUSTOM, limits=(0, 255)))
NEAR = view_on((0, -50, 100, 50))
ENDLESS = shapely.LineString([(0, 0), (1e9, 1), (2e9, 0)])


def style(*layers: SymbolLayer, **more: object) -> Style:
    return Style(Single(Symbol(layers)), **more)  # type: ignore[arg-type]


# --- rasters -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "options"),
    [
        (30_000, {"blockxsize": 29_984, "blockysize": 29_984}),
        (4_000, {"count": 100, "interleave": "pixel", "blockxsize": 4_000, "blockysize": 4_000}),
        (10_000, {"dtype": "float64", "blockxsize": 10_000, "blockysize": 10_000}),
    ],
    ids=["cells", "bands", "wide"],
)
def test_a_piece_too_large_to_unpack_is_refused_at_the_look(tmp_path: Path, size: int, options: dict[str, object]) -> None:
    """D4: a few kilobytes that unpack to gigabytes are told from the file's own words, before a worker tries."""
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "crs": CRS, "transform": TRANSFORM, "tiled": True, "sparse_ok": True}
    with rasterio.open(tmp_path / "a.tif", "w", width=size, height=size, compress="deflate", **{**profile, **options}):
        pass
    with pytest.raises(SourceRefused, match="bytes in a tile or strip"):
        look(tmp_path / "a.tif")


@pytest.mark.parametrize(
    "transform",
    [
        Affine(math.nan, 0, 500000, 0, -30, 4200000),
        Affine(1e308, 0, -1e308, 0, -1e308, 1e308),
        Affine(0, 0, 500000, 0, 0, 4200000),
        Affine(1, 1, 0, 1, 1, 0),
        Affine(1e-300, 0, 500000, 0, -1e-300, 4200000),
    ],
    ids=["nan", "infinite", "zero", "flat", "tiny"],
)
def test_cells_without_a_size_are_not_georeferenced(tmp_path: Path, transform: Affine) -> None:
    """D4: numbers that lie nowhere are the layer's fault, told at the look, and never the question's."""
    path = write_array(tmp_path / "a.tif", np.zeros((1, 8, 8), np.uint8), transform=transform)
    with pytest.raises(SourceUnreadable, match="not georeferenced"):
        look(path)


def infinite() -> np.ndarray:
    """Mostly infinite, with the greatest numbers there are."""
    cells = np.full((1, 64, 64), np.inf)
    cells[0, :9] = -np.inf
    cells[0, 5, 5], cells[0, 6, 6] = 1.7e308, -1.7e308
    return cells


@pytest.mark.parametrize(
    ("cells", "nodata", "count"),
    [
        (np.full((1, 64, 64), -9999, np.float32), -9999.0, 0),
        (np.full((1, 64, 64), np.nan, np.float32), None, 0),
        (infinite(), None, 2),
    ],
    ids=["nodata", "nan", "infinite"],
)
def test_rasters_of_no_number_are_measured_and_drawn(tmp_path: Path, cells: np.ndarray, nodata: float | None, count: int) -> None:
    """D4: statistics of nothing are none, and nothing is seen of it."""
    layer = look(write_array(tmp_path / "a.tif", cells, nodata=nodata))
    assert layer.bbox and measure(MeasurePlan(layer)).count == count
    picture = draw_raster(plan_of(layer, GRAY), MapView(layer.bbox, CRS, 16, 16))
    assert not picture[..., 3].all()


# --- features ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reach", [math.inf, -math.inf])
def test_a_geometry_without_end_is_told(tmp_path: Path, reach: float) -> None:
    """D3: a box without end would make the layer look empty; the fault is said instead."""
    shape = shapely.LineString([(0, 0), (reach, 1)])
    with pytest.raises(Exception, match="four finite numbers"):
        write_features(tmp_path, [shape], driver="FlatGeobuf")
    with pytest.raises(SourceUnreadable, match="infinity"):
        look(tmp_path / "features.fgb")


@pytest.mark.parametrize("text", ["LINESTRING (0 0, inf 1)", "POINT (nan 2)", "POINT (1e999 0)"])
def test_a_row_that_lies_nowhere_is_passed_over(tmp_path: Path, text: str) -> None:
    """D3: one bad geometry of a table costs no other row."""
    (tmp_path / "a.csv").write_text(f'id,wkt\n1,"POINT (1 2)"\n2,"{text}"\n')
    (tmp_path / "a.prj").write_text('LOCAL_CS["x"]')
    layer = look(tmp_path / "a.csv")
    assert layer.bbox and layer.bbox.corners == (1, 2, 1, 2)


def scribble(count: int) -> np.ndarray:
    """A random walk: it crosses itself as often as it can."""
    steps = np.random.default_rng(1).normal(0, 5, (count, 2))
    return np.cumsum(steps, axis=0)


@pytest.mark.parametrize(
    ("make", "symbol"),
    [
        (lambda: shapely.Polygon(scribble(50_000)), Fill(RED)),
        (lambda: shapely.Polygon(scribble(50_000)), Hatch(Stroke(RED, 0.1), 45, 0.0)),
        (lambda: shapely.LineString(scribble(50_000)), Stroke(RED, 1, (0.0, 0.0))),
        (lambda: shapely.LineString(scribble(50_000)), Stroke(RED, 1, (1e-9, 1e-9), offset_pt=3)),
        (lambda: shapely.LineString(scribble(50_000)), Marker(SQUARE, 4, RED, placement="line", spacing_pt=0.0)),
        (lambda: shapely.LineString(scribble(50_000)), Marker(SQUARE, 0.0, RED, placement="vertex")),
        (lambda: shapely.Polygon([(0, 0), (math.nan, 1), (50, 50), (1e300, 0), (0, 0)]), Fill(RED)),
        (lambda: shapely.Point(1, 1), Marker(SQUARE, 1e4, RED)),
    ],
    ids=["fill", "hatch", "no dash", "short dash", "no spacing", "vertices", "nan", "size"],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered")
def test_odd_symbols_on_odd_geometries_are_drawn(tmp_path: Path, make: Callable[[], shapely.Geometry], symbol: SymbolLayer) -> None:
    """D3: crossings, numbers that are none, patterns of no length: a picture of the size asked, in time."""
    layer = write_features(tmp_path, [make()])
    pixels = draw_vectors([plan_for(layer, style(symbol))], view_on(layer.bbox.corners if layer.bbox else (0, 0, 1, 1)))
    assert pixels.shape == (64, 64, 4)


def test_a_pattern_that_tries_everything_ends(tmp_path: Path) -> None:
    """D3: LIKE with thirty gaps against a long text that almost fits."""
    layer = write_features(tmp_path, [shapely.box(0, -50, 50, 50)], {"name": ["a" * 30_000]})
    pattern = "%a" * 30 + "b"
    pixels = draw_vectors([plan_for(layer, style(Fill(RED), filter=parse_filter(f"name LIKE '{pattern}'")))], NEAR)
    assert not pixels.any()


@pytest.mark.slow
def test_dashes_without_number_cost_their_own_picture(tmp_path: Path) -> None:
    """D3: a line of a thousand million dashes is given up in time, and the next picture is drawn."""
    line, area = write_features(tmp_path, [ENDLESS], name="line"), write_features(tmp_path, [shapely.box(0, -50, 50, 50)], name="area")
    with working(tmp_path, deadline_s=2) as workers:
        with pytest.raises(RenderTimeout):
            workers.draw(map_plan(NEAR, plan_for(line, style(Stroke(RED, 1, (0.3, 0.3))))))
        assert not workers.draw(map_plan(NEAR, plan_for(area, style(Fill(RED))))).empty
