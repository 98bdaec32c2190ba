"""Layer files of ArcGIS Pro on the very results that they were made for: colours at places where a feature is known to lie."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import InspectPlan
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.jobs.job import DataSource, Layer
from rendermap.render.compose import draw
from rendermap.render.inspect import inspect
from rendermap.symbology.readers.table import read_styles
from rendermap.symbology.style import Style
from tests.builders.vectors import map_plan, plan_for

# isort: split
import pyogrio

SHARED = Path(os.environ.get("RENDERMAP_SHARED", str(Path(__file__).parents[2].parent / "shared")), "data", "esri-military")
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="no collection of real layer files here")
SIDE = 600
Pixels = NDArray[np.uint8]


def opened(name: str) -> Layer:
    """A layer of the real result geodatabase."""
    file = SHARED / "Results.gdb"
    return inspect(InspectPlan(DataSource(file, name, file.parent, "real"), "vector"))


def style_of(name: str) -> Style:
    (layer,) = read_styles(SHARED / "layers" / f"{name}.lyrx")
    return layer.style


def view_of(layer: Layer) -> MapView:
    """A square view with room around the layer."""
    assert layer.bbox and layer.crs
    box = layer.bbox
    side = max(box.width, box.height) * 1.2 or 1000.0
    x, y = (box.xmin + box.xmax) / 2, (box.ymin + box.ymax) / 2
    return MapView(BBox(x - side / 2, y - side / 2, x + side / 2, y + side / 2), layer.crs, SIDE, SIDE)


def picture(layer: Layer, style: Style, view: MapView) -> Pixels:
    return draw(map_plan(view, plan_for(layer, style)))


def at(pixels: Pixels, view: MapView, place: shapely.Point) -> tuple[int, ...]:
    """The colour at a place."""
    column = int((place.x - view.bbox.xmin) / view.bbox.width * SIDE)
    row = int((view.bbox.ymax - place.y) / view.bbox.height * SIDE)
    return tuple(int(v) for v in pixels[row, column])


def geometries(name: str) -> list[shapely.Geometry]:
    _, _, found, _ = pyogrio.raw.read(SHARED / "Results.gdb", layer=name, columns=[])
    return [shapely.from_wkb(wkb) for wkb in found]


@pytest.mark.parametrize(
    ("data", "file", "color"),
    [
        ("ExpectedOutputLowestPt", "Lowest_Point_Output", (0, 168, 132, 255)),
        ("ExpectedOutputHighestPt", "Highest_Point_Output", (230, 152, 0, 255)),
    ],
)
def test_points(data: str, file: str, color: tuple[int, ...]) -> None:
    """Each point has the colour of its file's marker in its middle."""
    layer = opened(data)
    view = view_of(layer)
    pixels = picture(layer, Style(style_of(file).theme), view)
    for point in geometries(data):
        assert at(pixels, view, shapely.centroid(point)) == color


def test_lines_and_their_arrows() -> None:
    """Lines of bearing are red all along, and broader where their arrow stands at the end."""
    layer = opened("ExpectedOutputTableToLOB")
    view = view_of(layer)
    pixels = picture(layer, Style(style_of("TableToLineOfBearingOutput").theme), view)
    for line in geometries("ExpectedOutputTableToLOB"):
        assert at(pixels, view, shapely.line_interpolate_point(shapely.get_geometry(line, 0), 0.4, normalized=True)) == (255, 0, 0, 255)
    assert {tuple(c[:3]) for c in pixels[pixels[..., 3] == 255]} == {(255, 0, 0)}


def test_grid_and_its_names() -> None:
    """Cells have black outlines and nothing inside but their labels, whose halo is white."""
    layer, style = opened("Compare1000m"), style_of("GRG")
    view = view_of(layer)
    bare, named = picture(layer, Style(style.theme), view), picture(layer, style, view)
    cells = geometries("Compare1000m")
    assert {at(bare, view, shapely.centroid(cell))[3] for cell in cells} == {0}
    assert ((bare == (0, 0, 0, 255)).all(axis=2)).sum() > 500
    assert len(style.labels) == 1 and style.labels[0].symbol.family == "Corbel"
    white = [(named[..., :3] == 255).all(axis=2) & (named[..., 3] == 255), (bare[..., :3] == 255).all(axis=2) & (bare[..., 3] == 255)]
    assert white[0].sum() > 3000 and not white[1].any()


@pytest.mark.parametrize(
    ("data", "file"), [("ExpectedOutputLowestPt", "Lowest_Point_Output"), ("ExpectedOutputTableToLOB", "TableToLineOfBearingOutput")]
)
def test_labels_stand_there(data: str, file: str) -> None:
    """Labels in VBScript and Python are written in black beside their features."""
    layer, style = opened(data), style_of(file)
    view = view_of(layer)
    bare, named = picture(layer, Style(style.theme), view), picture(layer, style, view)
    black = ((named[..., :3] < 60).all(axis=2) & (named[..., 3] > 200)).sum() - (
        (bare[..., :3] < 60).all(axis=2) & (bare[..., 3] > 200)
    ).sum()
    assert black > 200
