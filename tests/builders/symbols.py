"""Samples of everything a symbol can hold, each on its kind of geometry."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from rendermap.symbology import shapes
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbols import (
    Color,
    Fill,
    GradientFill,
    Hatch,
    Marker,
    PictureFill,
    PictureMarker,
    Ramp,
    SizeBy,
    Stroke,
    Symbol,
    SymbolLayer,
    haloed,
)

RED, BLACK, GREEN, YELLOW, GREY = (
    Color(200, 30, 30),
    Color(20, 20, 20),
    Color(60, 140, 60),
    Color(250, 210, 60),
    Color(110, 110, 110),
)
WARM = Ramp(((0.0, Color(255, 250, 200)), (0.5, Color(245, 140, 60)), (1.0, Color(120, 0, 40))))
GLASS = Ramp(((0.0, Color(0, 60, 200, 220)), (1.0, Color(0, 60, 200, 20))))
TICK = "M0 -0.5L0 0.5"
LEAF = "M-0.5 0C-0.25 -0.5 0.25 -0.5 0.5 0C0.25 0.5 -0.25 0.5 -0.5 0Z"
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">'
    b'<rect x="1" y="1" width="22" height="22" fill="#fc3" stroke="#630" stroke-width="2"/>'
    b'<circle cx="12" cy="12" r="6" fill="#063"/></svg>'
)


def picture(kind: str = "PNG") -> bytes:
    """A flag of two colours with a frame, 24 x 16 px."""
    image = Image.new("RGB", (24, 16), (255, 255, 255))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 8, 23, 15), fill=(30, 60, 170))
    pen.rectangle((0, 0, 23, 15), outline=(200, 30, 30), width=2)
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def _arrow(placement: str, **more: float) -> Marker:
    return Marker(shapes.ARROW, 8.0, RED, placement=placement, **more)  # type: ignore[arg-type]


def _area(*layers: SymbolLayer) -> tuple[Symbol, GeometryKind]:
    return Symbol((*layers, Stroke(BLACK, 0.75))), GeometryKind.POLYGON


def _line(*layers: SymbolLayer) -> tuple[Symbol, GeometryKind]:
    return Symbol(layers), GeometryKind.LINE


def _point(*layers: SymbolLayer) -> tuple[Symbol, GeometryKind]:
    return Symbol(layers), GeometryKind.POINT


THIN, HAIR = Stroke(BLACK, 0.75), Stroke(GREY, 0.5)
BY_VALUE = SizeBy(Column("v"), ((0.0, 0.5), (10.0, 2.5)))
LINES = {
    "plain": _line(Stroke(BLACK, 2.0)),
    "casing": _line(Stroke(BLACK, 5.0), Stroke(YELLOW, 3.5)),
    "dashes": _line(Stroke(BLACK, 2.0, (6.0, 3.0, 1.0, 3.0), cap="butt")),
    "dots": _line(Stroke(BLACK, 3.0, (0.0, 6.0))),
    "dash offset": _line(Stroke(BLACK, 2.0, (8.0, 4.0), cap="butt", dash_offset_pt=4.0)),
    "mitre": _line(Stroke(BLACK, 5.0, cap="butt", join="miter", miter_limit=10.0)),
    "bevel": _line(Stroke(BLACK, 5.0, cap="square", join="bevel")),
    "offset": _line(THIN, Stroke(RED, 2.0, offset_pt=4.0), Stroke(GREEN, 2.0, offset_pt=-4.0)),
    "arrows": _line(Stroke(BLACK, 1.5), _arrow("last"), _arrow("first", rotation_deg=180.0)),
    "markers": _line(THIN, _arrow("line", spacing_pt=15.0)),
    "markers aside": _line(THIN, _arrow("line", spacing_pt=15.0, dy_pt=6.0)),
    "vertices": _line(THIN, Marker(shapes.SQUARE, 5.0, YELLOW, THIN, placement="vertex")),
    "hashes": _line(Stroke(BLACK, 1.5), Marker(TICK, 6.0, None, THIN, placement="line", spacing_pt=6.0)),
    "by value": _line(Stroke(BLACK, 2.0, size_by=BY_VALUE)),
    "smooth": _line(HAIR, Stroke(RED, 1.5, smooth=0.8)),
    "halo": (haloed(Symbol((Stroke(RED, 1.5, (6.0, 3.0)),)), YELLOW, 1.5), GeometryKind.LINE),
}
AREAS = {
    "solid": _area(Fill(GREEN)),
    "glass": _area(Fill(Color(60, 140, 60, 100))),
    "hatch": _area(Hatch(Stroke(RED, 0.75), 30.0, 5.0)),
    "cross hatch": _area(Hatch(THIN, 45.0, 5.0), Hatch(Stroke(RED, 0.75), 135.0, 5.0)),
    "dashed hatch": _area(Hatch(Stroke(BLACK, 1.0, (5.0, 3.0)), 20.0, 5.0)),
    "pattern": _area(Marker(shapes.TRIANGLE, 5.0, GREEN, placement="pattern", spacing_pt=9.0)),
    "staggered": _area(Marker(shapes.STAR, 6.0, RED, placement="pattern", spacing_pt=10.0, is_staggered=True)),
    "turned grid": _area(Marker(shapes.SQUARE, 4.0, RED, HAIR, placement="pattern", spacing_pt=8.0, spacing_y_pt=6.0, grid_deg=25.0)),
    "picture": _area(PictureFill(picture(), "image/png", 17.0, 11.5)),
    "turned picture": _area(PictureFill(picture("JPEG"), "image/jpeg", 18.0, 12.0, 0.7, 30.0)),
    "drawing": _area(PictureFill(SVG, "image/svg+xml", 13.0, 13.0)),
    "linear": _area(GradientFill(WARM, "linear", 0.0)),
    "circular": _area(GradientFill(WARM, "circular")),
    "rectangular": _area(GradientFill(WARM, "rectangular")),
    "buffered": _area(GradientFill(WARM, "buffered")),
    "glass gradient": _area(GradientFill(GLASS, "linear", 45.0)),
    "shadow": _area(Fill(Color(0, 0, 0, 90), dx_pt=3.0, dy_pt=-3.0), Fill(YELLOW)),
    "marker inside": _area(Fill(YELLOW), Marker(shapes.STAR, 15.0, RED)),
    "hashes along": (Symbol((THIN, Marker(TICK, 6.0, None, THIN, placement="line", spacing_pt=6.0))), GeometryKind.POLYGON),
}
POINTS = {
    **{
        name.lower(): _point(Marker(getattr(shapes, name), 22.0, None if name in ("CROSS", "X") else RED, Stroke(BLACK, 1.0)))
        for name in ("CIRCLE", "SQUARE", "DIAMOND", "TRIANGLE", "CROSS", "X", "PENTAGON", "HEXAGON", "OCTAGON", "STAR", "ARROW")
    },
    "curves": _point(Marker(LEAF, 24.0, GREEN, THIN, rotation_deg=30.0)),
    "turned by value": _point(Marker(shapes.ARROW, 20.0, RED, rotation_by=Column("angle"))),
    "turned clockwise": _point(Marker(shapes.ARROW, 20.0, RED, rotation_by=Column("angle"), rotation_clockwise=True)),
    "sized by value": _point(Marker(shapes.SQUARE, 8.0, RED, Stroke(BLACK, 1.0), size_by=BY_VALUE)),
    "beside": _point(Marker(shapes.CIRCLE, 4.0, BLACK), Marker(shapes.SQUARE, 8.0, RED, dx_pt=9.0, dy_pt=6.0, rotation_deg=45.0)),
    "png": _point(PictureMarker(picture(), "image/png", 24.0, 16.0)),
    "jpeg": _point(PictureMarker(picture("JPEG"), "image/jpeg", 24.0, 16.0, 0.5, rotation_deg=20.0)),
    "svg": _point(PictureMarker(SVG, "image/svg+xml", 24.0, 12.0)),
    "halo of a star": (haloed(Symbol((Marker(shapes.STAR, 18.0, RED),)), YELLOW, 2.0), GeometryKind.POINT),
    "stack": _point(Marker(shapes.CIRCLE, 20.0, BLACK), Marker(shapes.SQUARE, 8.0, Color(255, 255, 255, 160))),
}
SYMBOLS: dict[str, tuple[Symbol, GeometryKind]] = {**LINES, **AREAS, **POINTS}
