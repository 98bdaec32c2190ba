"""Symbols as values: stacks of symbol layers, drawn first to last for each feature.

All lengths are points (1/72 inch) unless the name says otherwise; angles are degrees counter-clockwise from east.
Which symbol layers exist, how each style language spells them and how Mapnik draws them is the table in `symbolizers/`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from rendermap.symbology.shapes import CIRCLE, reach_of


class Color(NamedTuple):
    """sRGB with straight alpha, each 0 to 255."""

    r: int
    g: int
    b: int
    a: int = 255


TRANSPARENT = Color(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class SymbolLayer:
    """Base of every symbol layer; the table in `symbolizers/` has one file per kind."""


@dataclass(frozen=True, slots=True)
class Stroke(SymbolLayer):
    """A line along the geometry, or along a polygon's outline.

    dash_pt: lengths of dashes and gaps in turn, empty for a whole line.  cap: butt, round or square.  join: miter, round or bevel.
    offset_pt: positive to the left of the line's direction.
    """

    color: Color
    width_pt: float
    dash_pt: tuple[float, ...] = ()
    cap: str = "round"
    join: str = "round"
    offset_pt: float = 0.0


@dataclass(frozen=True, slots=True)
class Fill(SymbolLayer):
    """A solid inside."""

    color: Color


@dataclass(frozen=True, slots=True)
class Hatch(SymbolLayer):
    """Parallel lines inside: angle_deg of the lines, separation_pt between them."""

    stroke: Stroke
    angle_deg: float
    separation_pt: float


@dataclass(frozen=True, slots=True)
class Marker(SymbolLayer):
    """A shape at a point: at the geometry for points, along lines and inside polygons as Mapnik places markers.

    path: an SVG path (``M`` ``L`` ``C`` ``A`` ``Z`` commands, y down), in a box of side 1 about the origin.
    size_pt: what the side 1 becomes.  dx_pt, dy_pt: offset, y up.  rotation_deg: counter-clockwise.
    fill: None for an open shape.  stroke: the outline, or the whole of an open shape such as a cross.
    rotation_field: attribute with a further rotation in degrees; rotation_clockwise tells its direction (geographic style).
    placement: where it stands on lines and polygons: ``line`` (every spacing_pt, turned with the line), ``first`` and ``last`` (at the
    ends, turned with the line), ``center`` (once), ``pattern`` (a grid of spacing_pt inside a polygon), ``points`` (on points, and
    nowhere else); empty for the geometry's usual.
    """

    path: str
    size_pt: float
    fill: Color | None = None
    stroke: Stroke | None = None
    rotation_deg: float = 0.0
    dx_pt: float = 0.0
    dy_pt: float = 0.0
    rotation_field: str | None = None
    rotation_clockwise: bool = False
    placement: str = ""
    spacing_pt: float = 0.0


@dataclass(frozen=True, slots=True)
class Symbol:
    """Symbol layers, drawn first to last, so the first is at the bottom."""

    layers: tuple[SymbolLayer, ...] = ()


PLAIN = Symbol(
    (
        Fill(Color(200, 200, 200, 160)),
        Stroke(Color(90, 90, 90), 1.0),
        Marker(CIRCLE, 6.0, Color(120, 120, 120), Stroke(Color(255, 255, 255), 0.75), placement="points"),
    )
)
"""A symbol for any geometry, where nothing is known of how it should look."""


def extent_pt(symbol: Symbol) -> float:
    """How far the drawing reaches from the geometry, in points: what a tile must look beyond its edge."""
    reach = 0.0
    for layer in symbol.layers:
        if isinstance(layer, Stroke):
            reach = max(reach, layer.width_pt / 2 + abs(layer.offset_pt))
        elif isinstance(layer, Marker):
            edge = layer.stroke.width_pt if layer.stroke else 0.0
            # The corner of the path's square, which also holds it however it is turned.
            corner = layer.size_pt * reach_of(layer.path) * 1.4143
            reach = max(reach, corner + edge + max(abs(layer.dx_pt), abs(layer.dy_pt)))
    return reach


def faded(color: Color, opacity: float) -> Color:
    """The colour with its alpha multiplied by opacity, 0 to 1."""
    return color._replace(a=round(color.a * min(max(opacity, 0.0), 1.0)))


def recolored(symbol: Symbol, color: Color) -> Symbol:
    """The symbol in another main colour: fills and marker fills; strokes only where there is no fill.

    Used where a template's classes are made anew from a result (unique values read from the data).
    """
    has_fill = any(isinstance(layer, Fill) or (isinstance(layer, Marker) and layer.fill) for layer in symbol.layers)

    def paint(layer: SymbolLayer) -> SymbolLayer:
        if isinstance(layer, Fill):
            return replace(layer, color=color)
        if isinstance(layer, Marker) and layer.fill:
            return replace(layer, fill=color)
        if isinstance(layer, Stroke) and not has_fill:
            return replace(layer, color=color)
        return layer

    return Symbol(tuple(paint(layer) for layer in symbol.layers))
