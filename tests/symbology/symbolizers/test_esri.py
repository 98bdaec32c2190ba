"""Symbols of the REST JSON: every kind there, and back."""

from __future__ import annotations

from typing import Any

import pytest

from rendermap.symbology import paths, shapes
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.table import from_esri, to_esri
from rendermap.symbology.symbols import Color, Fill, GradientFill, Hatch, Marker, PictureFill, PictureMarker, Ramp, Stroke, Symbol
from tests.builders.styles import Json, fill, node, rgb, stroke, symbol
from tests.symbology.symbolizers.test_cim import png

RED, BLACK, WHITE = Color(255, 0, 0), Color(0, 0, 0), Color(255, 255, 255)
PNG = png().partition(",")[2]
LINE: Json = {"type": "esriSLS", "style": "esriSLSSolid", "color": [0, 0, 0, 255], "width": 1}


def read(value: Json) -> tuple[Symbol, list[Any]]:
    root = node(value)
    return from_esri(root), root.notes


@pytest.mark.parametrize(
    ("style", "angles"),
    [
        ("Horizontal", [0.0]), ("Vertical", [90.0]), ("Cross", [0.0, 90.0]), ("DiagonalCross", [45.0, 135.0]),
        ("ForwardDiagonal", [135.0]), ("BackwardDiagonal", [45.0]),
    ],
)  # fmt: skip
def test_line_patterns_there_and_back(style: str, angles: list[float]) -> None:
    """Every pattern is hatching, and is written as the same pattern, its outline too."""
    found, notes = read({"type": "esriSFS", "style": f"esriSFS{style}", "color": [255, 0, 0, 255], "outline": LINE})
    assert [layer.angle_deg for layer in found.layers if isinstance(layer, Hatch)] == angles and not notes
    spelled = to_esri(found, GeometryKind.POLYGON)
    assert spelled and spelled["style"] == f"esriSFS{style}" and from_esri(node(spelled)) == found


@pytest.mark.parametrize(
    ("layers", "geometry"),
    [
        ((Fill(RED), Stroke(BLACK, 2.0)), GeometryKind.POLYGON),
        ((Stroke(BLACK, 2.0),), GeometryKind.POLYGON),
        ((PictureMarker(b"", "image/png", 9.0, 5.0, rotation_deg=10.0, dx_pt=1.0),), GeometryKind.POINT),
        ((PictureFill(b"", "image/png", 9.0, 5.0), Stroke(BLACK, 2.0)), GeometryKind.POLYGON),
        ((Marker(shapes.X, 8.0, stroke=Stroke(RED, 1.0)),), GeometryKind.POINT),
        ((Marker(shapes.STAR, 8.0, RED),), GeometryKind.POINT),
        ((Stroke(BLACK, 3.0), Marker(shapes.ARROW, 9.0, BLACK, placement="last")), GeometryKind.LINE),
    ],
)
def test_what_is_written_is_read_back(layers: tuple[Any, ...], geometry: GeometryKind) -> None:
    """Each symbol that REST can say; pictures carry themselves."""
    whole = from_esri(node({"type": "esriPMS", "imageData": PNG, "width": 1, "height": 1})).layers[0]
    assert isinstance(whole, PictureMarker)
    layers = tuple(
        type(x)(**{**{f: getattr(x, f) for f in x.__dataclass_fields__}, "content": whole.content}) if hasattr(x, "content") else x
        for x in layers
    )
    spelled = to_esri(Symbol(layers), geometry)
    assert spelled is not None
    again = from_esri(node(spelled))
    assert len(again.layers) == len(layers)
    for one, other in zip(again.layers, layers, strict=True):
        if isinstance(one, Marker) and isinstance(other, Marker):
            assert one.size_pt * (paths.box_of(one.path)[3]) - one.dy_pt == pytest.approx(
                other.size_pt * paths.box_of(other.path)[3] - other.dy_pt, abs=0.01
            )
            assert (one.fill, one.stroke, one.placement) == (other.fill, other.stroke, other.placement)
        else:
            assert one == other


def test_marker_paths_of_any_spelling() -> None:
    """Relative commands and arcs are understood; the longer side is the size and the middle stands at the point."""
    found, notes = read({"type": "esriSMS", "style": "esriSMSPath", "path": "m10,10 h20 v10 h-20 z", "size": 12, "color": [255, 0, 0, 255]})
    (marker,) = found.layers
    assert isinstance(marker, Marker) and not notes
    assert paths.box_of(marker.path) == (-0.5, -0.25, 0.5, 0.25)
    for wrong in ("", "M", "nothing", "M0 0", "M1e999 0L1 1", "M" + "1" * 30_000):
        circle, (note,) = read({"type": "esriSMS", "style": "esriSMSPath", "path": wrong, "size": 12, "color": [255, 0, 0, 255]})
        assert isinstance(circle.layers[0], Marker) and circle.layers[0].path == shapes.CIRCLE and note.where == "$.path"


@pytest.mark.parametrize(
    ("placement", "ends"), [("begin", ["first"]), ("end", ["last"]), ("begin-end", ["first", "last"]), ("nowhere", [])]
)
def test_heads_of_lines(placement: str, ends: list[str]) -> None:
    """Arrows stand at the ends told, in the line's colour where they have none."""
    found, _ = read(LINE | {"width": 4, "marker": {"style": "arrow", "placement": placement}})
    heads = [layer for layer in found.layers if isinstance(layer, Marker)]
    assert [head.placement for head in heads] == ends
    assert all(head.fill == BLACK and head.size_pt == 12.0 for head in heads)


@pytest.mark.parametrize("kind", ["esriPMS", "esriPFS"])
def test_pictures(kind: str) -> None:
    """The picture inside is taken, also as an address that holds it; any other address is not opened."""
    for given in ({"imageData": PNG}, {"url": f"data:image/png;base64,{PNG}"}, {"imageData": f"data:image/png;base64,{PNG}"}):
        found, notes = read({"type": kind, "width": 10, "height": 5, "outline": None, **given})
        assert isinstance(found.layers[0], PictureMarker | PictureFill) and not notes
    found, (note,) = read({"type": kind, "width": 10, "height": 5, "url": "https://127.0.0.1/x.png"})
    assert isinstance(found.layers[0], Marker | Fill) and "never fetched" in note.found


def test_text_as_a_symbol() -> None:
    """Its letters stand on their halo."""
    text = {
        "type": "esriTS",
        "text": "H",
        "color": [255, 0, 0, 255],
        "haloColor": [255, 255, 255, 255],
        "haloSize": 1,
        "font": {"size": 12},
    }
    found, (note,) = read(text)
    below, above = found.layers
    assert isinstance(below, Marker) and below.stroke == Stroke(WHITE, 2.0)
    assert isinstance(above, Marker) and (above.fill, above.size_pt) == (RED, 12.0)
    assert "DejaVu" in note.used


def test_symbols_of_cim() -> None:
    """Newer servers write whole CIM symbols."""
    found, notes = read(symbol("Polygon", stroke(), fill(rgb(255, 0, 0))))
    assert found == Symbol((Fill(RED), Stroke(BLACK, 1.0))) and not notes


def test_the_nearest_symbol_of_a_stack() -> None:
    """A gradient is written in its middle colour; nothing at all is no symbol."""
    ramp = Ramp(((0.0, BLACK), (1.0, Color(200, 0, 0))))
    spelled = to_esri(Symbol((GradientFill(ramp),)), GeometryKind.POLYGON)
    assert spelled and spelled["color"] == [100, 0, 0, 255]
    assert [to_esri(Symbol(), kind) for kind in GeometryKind] == [None, None, None]
    along = to_esri(Symbol((Marker(shapes.CIRCLE, 4.0, RED, placement="line"),)), GeometryKind.LINE)
    assert along and (along["style"], along["color"]) == ("esriSLSDot", [255, 0, 0, 255])
    pattern = to_esri(Symbol((Marker(shapes.CIRCLE, 4.0, RED, placement="pattern"), Stroke(BLACK, 1.0))), GeometryKind.POLYGON)
    assert pattern and (pattern["style"], pattern["color"], pattern["outline"]["width"]) == ("esriSFSDiagonalCross", [255, 0, 0, 255], 1.0)
