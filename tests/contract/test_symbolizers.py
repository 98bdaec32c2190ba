"""Every symbol layer kind in the table: one file, one row, drawn by Mapnik, spelled in Esri JSON and back."""

from __future__ import annotations

import io
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from rendermap.render.engine import mapnik
from rendermap.symbology import symbols
from rendermap.symbology.expressions.tree import Literal
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.shapes import CIRCLE, SQUARE, TRIANGLE
from rendermap.symbology.symbolizers import table
from rendermap.symbology.symbolizers.table import SYMBOLIZERS, symbolizer_of
from rendermap.symbology.symbols import (
    Color,
    Fill,
    GradientFill,
    Hatch,
    Marker,
    PathLayer,
    PictureFill,
    PictureMarker,
    Ramp,
    SizeBy,
    Stroke,
    Symbol,
    SymbolLayer,
    haloed,
)
from rendermap.symbology.xml_document import XmlNode
from tests.builders.sld import node as xml_node
from tests.builders.styles import FolderCanvas, node
from tests.builders.symbols import SYMBOLS

RED = Color(220, 30, 30)


def png_of(color: Color, side: int = 8) -> bytes:
    """A square of one colour."""
    buffer = io.BytesIO()
    Image.new("RGBA", (side, side), tuple(color)).save(buffer, "PNG")
    return buffer.getvalue()


def sld_node(element: Element) -> XmlNode:
    """A written symbolizer as the reader sees it."""
    return xml_node(tostring(element, encoding="unicode"))


RED_PNG = png_of(RED)
SAMPLES: dict[str, tuple[SymbolLayer, GeometryKind]] = {
    "stroke": (Stroke(RED, 3.0), GeometryKind.LINE),
    "fill": (Fill(RED), GeometryKind.POLYGON),
    "hatch": (Hatch(Stroke(RED, 0.75), 45.0, 6.0), GeometryKind.POLYGON),
    "marker": (Marker(CIRCLE, 12.0, RED), GeometryKind.POINT),
    "picture_marker": (PictureMarker(RED_PNG, "image/png", 12.0, 12.0), GeometryKind.POINT),
    "picture_fill": (PictureFill(RED_PNG, "image/png", 6.0, 6.0), GeometryKind.POLYGON),
    "gradient_fill": (GradientFill(Ramp(((0.0, RED), (1.0, RED)))), GeometryKind.POLYGON),
}
WKT = {
    GeometryKind.POINT: "POINT(0 0)",
    GeometryKind.LINE: "LINESTRING(-60 0,60 0)",
    GeometryKind.POLYGON: "POLYGON((-20 -20,20 -20,20 20,-20 20,-20 -20))",
}


def draw(symbol: Symbol, geometry: GeometryKind, folder: Path, scale: float = 1.0, wkt: tuple[str, ...] = ()) -> NDArray[np.uint8]:
    """The symbol in the middle of 64 px on white, (rows, columns, 4)."""
    rules = "".join(tostring(e, encoding="unicode") for e in table.to_mapnik(symbol.layers, FolderCanvas(folder, geometry)))
    rows = "\n".join(f'"{text}"' for text in wkt or (WKT[geometry],))
    source = f'<Parameter name="type">csv</Parameter><Parameter name="inline"><![CDATA[wkt\n{rows}]]></Parameter>'
    xml = (
        f'<Map background-color="white"><Style name="s"><Rule>{rules}</Rule></Style>'
        f'<Layer name="l"><StyleName>s</StyleName><Datasource>{source}</Datasource></Layer></Map>'
    )
    side = round(64 * scale)
    drawn = mapnik.Map(side, side)
    mapnik.load_map_from_string(drawn, xml)
    drawn.zoom_to_box(mapnik.Box2d(-32, -32, 32, 32))
    image = mapnik.Image(side, side)
    mapnik.render(drawn, image, scale)
    return np.frombuffer(image.to_string(), np.uint8).reshape(side, side, 4)


def box_of(pixels: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of all that is not white."""
    rows, columns = np.nonzero((pixels[..., :3] != 255).any(axis=2))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def kinds() -> set[type[SymbolLayer]]:
    """Every kind of symbol layer that no other is a kind of."""
    found = {k for k in vars(symbols).values() if isinstance(k, type) and issubclass(k, SymbolLayer)}
    return {kind for kind in found if not any(other is not kind and issubclass(other, kind) for other in found)}


def test_every_kind_has_a_file_a_row_and_a_sample() -> None:
    """A new symbol layer kind without its row or its sample here is found at once."""
    folder = Path(table.__file__).parent
    folders = {p.parent.name for p in folder.glob("*/row.py")}
    assert folders == set(SYMBOLIZERS.names) == set(SAMPLES)
    assert {row.kind for row in SYMBOLIZERS} == kinds()


@pytest.mark.parametrize("name", SYMBOLIZERS.names)
def test_kind_is_found_drawn_and_not_drawn_where_it_has_no_place(name: str, tmp_path: Path) -> None:
    """Each kind draws its colour on its geometry, and kinds of lines and areas draw nothing on points."""
    layer, geometry = SAMPLES[name]
    assert symbolizer_of(layer) is SYMBOLIZERS[name]
    pixels = draw(Symbol((layer,)), geometry, tmp_path)
    assert (np.abs(pixels[..., :3].astype(int) - RED[:3]).max(axis=2) < 40).any()
    if "marker" not in name:
        assert SYMBOLIZERS[name].to_mapnik(layer, FolderCanvas(tmp_path, GeometryKind.POINT)) == []


@pytest.mark.parametrize("name", [name for name in SYMBOLIZERS.names if SYMBOLIZERS[name].to_esri])
def test_esri_json_round_trip(name: str) -> None:
    """What is written as Esri JSON is read back as the same layer."""
    layer, geometry = SAMPLES[name]
    spelled = table.to_esri(Symbol((layer,)), geometry)
    assert spelled is not None
    assert table.from_esri(node(spelled)) == Symbol((layer,))


@pytest.mark.parametrize("name", [name for name in SYMBOLIZERS.names if SYMBOLIZERS[name].from_sld])
@pytest.mark.parametrize("wanted", list(GeometryKind))
def test_sld_round_trip(name: str, wanted: GeometryKind) -> None:
    """What is written as SE is read back as the same layer; on other geometries there is nothing, or the same mark."""
    layer, geometry = SAMPLES[name]
    spelled = table.to_sld((layer,), wanted)
    read = tuple(found for element in spelled for found in table.from_sld(sld_node(element)))
    if wanted is geometry:
        assert read == (layer,)
    assert all(type(found) is type(layer) for found in read)


@pytest.mark.parametrize("name", SYMBOLIZERS.names)
def test_foreign_symbols_are_left_to_others(name: str) -> None:
    """No row claims a symbol layer that is not its own."""
    row = SYMBOLIZERS[name]
    assert row.from_cim is None or row.from_cim(node({"type": "CIMNoSuchLayer"})) is None
    assert row.from_esri is None or row.from_esri(node({"type": "esriNoSuch"})) is None
    assert row.from_sld is None or row.from_sld(xml_node("<NoSuchSymbolizer/>")) is None


@pytest.mark.parametrize("path", [CIRCLE, SQUARE, TRIANGLE])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_marker_of_12_points_is_16_pixels_and_centred(path: str, scale: float, tmp_path: Path) -> None:
    """Sizes are true and no shape is moved to the middle of its own box."""
    pixels = draw(Symbol((Marker(path, 12.0, RED),)), GeometryKind.POINT, tmp_path, scale)
    assert box_of(pixels) == tuple(round(v * scale) for v in (24, 24, 40, 40))


def test_a_marker_off_its_middle_stays_off(tmp_path: Path) -> None:
    """Mapnik centres an SVG by the box of its paths; a shape that stands above the point must stay above it."""
    above = "M-0.25 -0.5L0.25 -0.5L0.25 0L-0.25 0Z"
    assert box_of(draw(Symbol((Marker(above, 12.0, RED),)), GeometryKind.POINT, tmp_path)) == (28, 24, 36, 32)


def test_offset_and_rotation_of_a_marker(tmp_path: Path) -> None:
    """The offset goes right and up and is not turned; the rotation is counter-clockwise."""
    right_half = "M0 -0.25L0.5 -0.25L0.5 0.25L0 0.25Z"
    assert box_of(draw(Symbol((Marker(SQUARE, 12.0, RED, dx_pt=6, dy_pt=6),)), GeometryKind.POINT, tmp_path)) == (32, 16, 48, 32)
    assert box_of(draw(Symbol((Marker(right_half, 12.0, RED, rotation_deg=90),)), GeometryKind.POINT, tmp_path)) == (28, 24, 36, 32)


def test_line_width_and_side_of_offset(tmp_path: Path) -> None:
    """3 pt are 4 px; a positive offset lies to the left of the line's direction, which Mapnik counts the other way."""
    assert box_of(draw(Symbol((Stroke(RED, 3.0),)), GeometryKind.LINE, tmp_path)) == (0, 30, 64, 34)
    assert box_of(draw(Symbol((Stroke(RED, 3.0, offset_pt=6.0),)), GeometryKind.LINE, tmp_path)) == (0, 22, 64, 26)


@pytest.mark.parametrize("alpha", [255, 128])
def test_no_seam_between_neighbours(alpha: int, tmp_path: Path) -> None:
    """Two polygons with a common slanted edge look like one: no hairline of the background between them."""
    halves = ("POLYGON((-40 -40,3 -40,-5 40,-40 40,-40 -40))", "POLYGON((3 -40,40 -40,40 40,-5 40,3 -40))")
    pixels = draw(Symbol((Fill(Color(0, 0, 255, alpha)),)), GeometryKind.POLYGON, tmp_path, wkt=halves)[..., 0].astype(int)
    assert np.abs(pixels - int(np.median(pixels))).max() <= 12


@pytest.mark.parametrize("angle", [0.0, 30.0, 45.0, 90.0, 135.0])
def test_hatching_is_as_dense_as_it_says(angle: float, tmp_path: Path) -> None:
    """A line of 1 px every 8 px covers an eighth, whatever the angle, and the pattern runs on where a tile ends."""
    area = ("POLYGON((-40 -40,40 -40,40 40,-40 40,-40 -40))",)
    pixels = draw(Symbol((Hatch(Stroke(Color(0, 0, 0), 0.75), angle, 6.0),)), GeometryKind.POLYGON, tmp_path, wkt=area)
    assert 1 - pixels[..., 0].mean() / 255 == pytest.approx(1 / 8, abs=0.012)
    if angle in (0.0, 90.0):
        assert set(np.unique(pixels[..., 0])) == {0, 255}


def test_markers_at_the_ends_of_a_line(tmp_path: Path) -> None:
    """An arrow placed last stands at the end only."""
    pixels = draw(Symbol((Marker(CIRCLE, 6.0, RED, placement="last"),)), GeometryKind.LINE, tmp_path, wkt=("LINESTRING(-20 0,20 0)",))
    assert box_of(pixels) == (48, 28, 56, 36)


def test_fills_and_lines_off_their_place(tmp_path: Path) -> None:
    """A drop shadow lies to the right of and below what throws it: 3 pt are 4 px, y is up."""
    shadow = Symbol((Fill(RED, dx_pt=3.0, dy_pt=-6.0),))
    assert box_of(draw(shadow, GeometryKind.POLYGON, tmp_path)) == (16, 20, 56, 60)
    assert box_of(draw(Symbol((Stroke(RED, 3.0, dy_pt=6.0),)), GeometryKind.LINE, tmp_path)) == (0, 22, 64, 26)


def test_markers_that_are_not_turned_with_their_line(tmp_path: Path) -> None:
    """An upright marker at the end of a line that goes up stands as it is drawn."""
    flat = "M-0.5 -0.1L0.5 -0.1L0.5 0.1L-0.5 0.1Z"
    up = ("LINESTRING(0 -20,0 0)",)
    for is_upright, wanted in ((True, (22, 30, 42, 34)), (False, (30, 22, 34, 42))):
        marker = Marker(flat, 15.0, RED, placement="last", is_upright=is_upright)
        assert box_of(draw(Symbol((marker,)), GeometryKind.LINE, tmp_path, wkt=up)) == wanted


@pytest.mark.parametrize(("is_staggered", "middle"), [(False, 255), (True, 30)])
def test_uneven_and_staggered_grids(is_staggered: bool, middle: int, tmp_path: Path) -> None:
    """Rows have their own distance, and every other row may be moved by half a spacing."""
    area = ("POLYGON((-40 -40,40 -40,40 40,-40 40,-40 -40))",)
    marker = Marker(SQUARE, 3.0, RED, placement="pattern", spacing_pt=12.0, spacing_y_pt=6.0, is_staggered=is_staggered)
    green = draw(Symbol((marker,)), GeometryKind.POLYGON, tmp_path, wkt=area)[..., 1]
    assert 1 - (green == 255).mean() == pytest.approx(16 / (16 * 8), abs=0.01)
    assert green[4, 8 - 4 * is_staggered] == 30 and green[12, 12] == middle


@pytest.mark.parametrize("kind", sorted(kinds(), key=lambda kind: kind.__name__))
def test_every_kind_stands_on_the_sheet_of_symbols(kind: type[SymbolLayer]) -> None:
    """What the table can draw is among the samples that are looked at, held by likeness and searched for seams."""
    assert any(isinstance(layer, kind) for symbol, _ in SYMBOLS.values() for layer in symbol.layers)


@pytest.mark.parametrize("name", SYMBOLS)
def test_every_sample_is_drawn_where_it_belongs(name: str, tmp_path: Path) -> None:
    """Each layer of each sample gives Mapnik something on its geometry, and lines and areas nothing on points."""
    symbol, geometry = SYMBOLS[name]
    for layer in symbol.layers:
        row = symbolizer_of(layer)
        assert row.to_mapnik(layer, FolderCanvas(tmp_path, geometry))
        if isinstance(layer, PathLayer):
            assert row.to_mapnik(layer, FolderCanvas(tmp_path, GeometryKind.POINT)) == []


@pytest.mark.parametrize("dash", [(0.0, 0.0), (1e-6, 1e-6), (3.0,), (0.0,)])
def test_dashes_of_nothing_are_a_whole_line(dash: tuple[float, ...], tmp_path: Path) -> None:
    """Patterns too short to be seen would take for ever; an odd number of lengths is gone through twice, as in SVG."""
    (element,) = SYMBOLIZERS["stroke"].to_mapnik(Stroke(RED, 3.0, dash), FolderCanvas(tmp_path, GeometryKind.LINE))
    assert element.get("stroke-dasharray") == ("4, 4" if dash == (3.0,) else None)


def test_arrow_heads_point_as_the_line_does_unless_turned(tmp_path: Path) -> None:
    """At both ends a marker looks along the line; turned by half a turn the first looks outward."""
    head = "M-0.5 -0.5L0.5 0L-0.5 0.5Z"

    def widest(marker: Marker, left: int, right: int) -> int:
        pixels = draw(Symbol((marker,)), GeometryKind.LINE, tmp_path, wkt=("LINESTRING(-20 0,20 0)",))
        return left + int((pixels[:, left:right, 1] < 128).sum(axis=0).argmax())

    assert widest(Marker(head, 12.0, RED, placement="last"), 44, 64) in (44, 45)
    assert widest(Marker(head, 12.0, RED, placement="first"), 0, 21) in (4, 5)
    assert widest(Marker(head, 12.0, RED, placement="first", rotation_deg=180.0), 0, 21) in (18, 19)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_pictures_have_exactly_their_size(scale: float, tmp_path: Path) -> None:
    """A PNG, a JPEG and an SVG marker of 18 by 9 pt are 24 by 12 px, whatever their own sizes."""
    wide = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="3 3 7 7"><rect x="3" y="3" width="7" height="7" fill="#c00"/></svg>'
    jpeg = io.BytesIO()
    Image.new("RGB", (31, 17), RED[:3]).save(jpeg, "JPEG")
    for content, media_type in ((png_of(RED, 40), "image/png"), (jpeg.getvalue(), "image/jpeg"), (wide, "image/svg+xml")):
        pixels = draw(Symbol((PictureMarker(content, media_type, 18.0, 9.0),)), GeometryKind.POINT, tmp_path, scale)
        assert box_of(pixels) == tuple(round(v * scale) for v in (20, 26, 44, 38))


def test_outlines_keep_their_width_when_a_value_makes_markers_larger(tmp_path: Path) -> None:
    """A square and a circle three times their size have the outline they had."""
    larger = SizeBy(Literal(1.0), ((0.0, 3.0), (1.0, 3.0)))
    for path in (SQUARE, CIRCLE):
        pixels = draw(Symbol((Marker(path, 6.0, Color(255, 255, 0), Stroke(RED, 1.5), size_by=larger),)), GeometryKind.POINT, tmp_path)
        assert box_of(pixels) == (19, 19, 45, 45)
        assert tuple(pixels[32, 20, :3]) == RED[:3] and tuple(pixels[32, 23, :3]) == (255, 255, 0)


def test_halo_lies_around_and_below(tmp_path: Path) -> None:
    """A halo of 3 pt makes a square of 12 pt 18 pt wide; inside, the square is as it was."""
    pixels = draw(haloed(Symbol((Marker(SQUARE, 12.0, RED),)), Color(0, 0, 255), 3.0), GeometryKind.POINT, tmp_path)
    assert box_of(pixels) == (20, 20, 44, 44)
    assert tuple(pixels[32, 22, :3]) == (0, 0, 255) and tuple(pixels[32, 25, :3]) == RED[:3]
    line = draw(haloed(Symbol((Stroke(RED, 3.0, (6.0, 6.0)),)), Color(0, 0, 255), 1.5), GeometryKind.LINE, tmp_path)
    assert box_of(line) == (0, 28, 64, 36)


def test_moved_and_rounded_geometry(tmp_path: Path) -> None:
    """A fill moved right and down lies there; a rounded square leaves its corners."""
    moved = draw(Symbol((Fill(RED, dx_pt=6.0, dy_pt=-3.0),)), GeometryKind.POLYGON, tmp_path)
    assert box_of(moved) == (20, 16, 60, 56)
    rounded = draw(Symbol((Fill(RED, smooth=1.0),)), GeometryKind.POLYGON, tmp_path)
    assert tuple(rounded[32, 32, :3]) == RED[:3] and box_of(rounded) != box_of(draw(Symbol((Fill(RED),)), GeometryKind.POLYGON, tmp_path))
