"""Symbols as values: stacks of symbol layers, drawn first to last for each feature.

All lengths are points (1/72 inch) unless the name says otherwise; angles are degrees counter-clockwise from east.
Which symbol layers exist, how each style language spells them and how Mapnik draws them is the table in `symbolizers/`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from rendermap.symbology.expressions.tree import Operand
from rendermap.symbology.paths import reach_of
from rendermap.symbology.shapes import CIRCLE


class Color(NamedTuple):
    """sRGB with straight alpha, each 0 to 255."""

    r: int
    g: int
    b: int
    a: int = 255


TRANSPARENT = Color(0, 0, 0, 0)
BLACK = Color(0, 0, 0)
MITER_LIMIT = 4.0
"""What all style languages and Mapnik take where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """Colours at positions from 0 to 1, ascending, linear between."""

    stops: tuple[tuple[float, Color], ...]


@dataclass(frozen=True, slots=True)
class SizeBy:
    """How a number of the feature makes its symbol larger or smaller.

    stops: (number, factor) ascending by number: the factor by which the symbol's own lengths are multiplied, constant beyond the ends,
    between them linear in the number to the power of exponent (0.5: areas are proportional, 0.5716: as people see them).
    A feature without the number is not drawn.
    """

    value: Operand
    stops: tuple[tuple[float, float], ...]
    exponent: float = 1.0


@dataclass(frozen=True, slots=True)
class SymbolLayer:
    """Base of every symbol layer; the table in `symbolizers/` has one folder per kind.

    level: drawn after all features' symbol layers of lower levels (symbol levels).  is_locked: keeps its colour where a theme gives the
    symbol another.
    """

    level: int = field(default=0, kw_only=True)
    is_locked: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathLayer(SymbolLayer):
    """What is drawn along or inside a line or polygon.

    smooth: how much corners are rounded, 0 to 1.  dx_pt, dy_pt: the geometry is moved by that before it is drawn, y up.
    """

    smooth: float = 0.0
    dx_pt: float = 0.0
    dy_pt: float = 0.0


@dataclass(frozen=True, slots=True)
class Stroke(PathLayer):
    """A line along the geometry, or along a polygon's outline.

    dash_pt: lengths of dashes and gaps in turn, empty for a whole line.  cap: butt, round or square.  join: miter, round or bevel.
    offset_pt: positive to the left of the line's direction.  size_by: of the width.  dash_offset_pt: where in the dashes the line
    begins.  miter_limit: how many half widths a mitred corner reaches at most, beyond that it is bevelled.
    """

    color: Color
    width_pt: float
    dash_pt: tuple[float, ...] = ()
    cap: str = "round"
    join: str = "round"
    offset_pt: float = 0.0
    size_by: SizeBy | None = None
    dash_offset_pt: float = field(default=0.0, kw_only=True)
    miter_limit: float = field(default=MITER_LIMIT, kw_only=True)


@dataclass(frozen=True, slots=True)
class Fill(PathLayer):
    """A solid inside."""

    color: Color


@dataclass(frozen=True, slots=True)
class Hatch(PathLayer):
    """Parallel lines inside: angle_deg of the lines, separation_pt between them; the stroke's dashes count, its caps and offset do not."""

    stroke: Stroke
    angle_deg: float
    separation_pt: float


@dataclass(frozen=True, slots=True)
class PictureFill(PathLayer):
    """An image repeated inside a polygon, every repetition width_pt by height_pt.

    content: a whole PNG, JPEG or SVG file that `embedded.read_picture` let pass; media_type says which.  opacity: 0 to 1.
    """

    content: bytes
    media_type: str
    width_pt: float
    height_pt: float
    opacity: float = 1.0
    rotation_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class GradientFill(PathLayer):
    """A ramp across each polygon.

    method: ``linear`` (across its box along angle_deg), ``circular`` or ``rectangular`` (from its middle outwards), ``buffered`` (from its
    edge inwards).  steps: bands of one colour each.
    """

    ramp: Ramp
    method: str = "linear"
    angle_deg: float = 90.0
    steps: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class PointLayer(SymbolLayer):
    """What stands at a point: at the geometry for points, along lines and inside polygons as Mapnik places markers.

    rotation_deg: counter-clockwise.  dx_pt, dy_pt: offset, y up, not turned with the rotation but with the line, whose direction is then x.
    rotation_by: a further rotation in degrees by the feature; rotation_clockwise tells its direction (geographic style).
    placement: where it stands on lines and outlines: ``line`` (every spacing_pt, turned with the line), ``first`` and ``last`` (at the
    ends, turned with the line at both), ``vertex`` (at every vertex, turned with the line), ``center`` (once); in polygons: ``pattern`` (a
    grid); ``points``: on points, and nowhere else; empty: the geometry's usual.  size_by: of its size, not of its outline.
    spacing_pt, spacing_y_pt: of the grid, the second 0 for the same; grid_deg: its rotation; is_staggered: every other row is moved by
    half a spacing.  is_upright: not turned with the line.
    """

    rotation_deg: float = 0.0
    dx_pt: float = 0.0
    dy_pt: float = 0.0
    rotation_by: Operand | None = None
    rotation_clockwise: bool = False
    placement: str = ""
    spacing_pt: float = 0.0
    size_by: SizeBy | None = None
    spacing_y_pt: float = 0.0
    is_staggered: bool = False
    is_upright: bool = False
    grid_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Marker(PointLayer):
    """A shape.

    path: an SVG path (``M`` ``L`` ``C`` ``A`` ``Z`` commands, y down), in a box of side 1 about the origin.
    size_pt: what the side 1 becomes.  fill: None for an open shape.  stroke: the outline, or the whole of an open shape such as a cross.
    """

    path: str
    size_pt: float
    fill: Color | None = None
    stroke: Stroke | None = None


@dataclass(frozen=True, slots=True)
class PictureMarker(PointLayer):
    """An image.  content: as of `PictureFill`.  width_pt, height_pt: what it is stretched to.  opacity: 0 to 1."""

    content: bytes
    media_type: str
    width_pt: float
    height_pt: float
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Symbol:
    """Symbol layers, drawn first to last, so the first is at the bottom.

    alternates: symbols used instead at some scales; `scales.at_scale` picks one.
    """

    layers: tuple[SymbolLayer, ...] = ()
    alternates: tuple[Alternate, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternate:
    """A symbol between two scales: min_scale_denominator the farthest, max_scale_denominator the nearest, None for no limit."""

    symbol: Symbol
    min_scale_denominator: float | None = None
    max_scale_denominator: float | None = None


PLAIN = Symbol(
    (
        Fill(Color(200, 200, 200, 160)),
        Stroke(Color(90, 90, 90), 1.0),
        Marker(CIRCLE, 6.0, Color(120, 120, 120), Stroke(Color(255, 255, 255), 0.75), placement="points"),
    )
)
"""A symbol for any geometry, where nothing is known of how it should look."""


SMOOTHING_REACH_PT = 24.0
"""How far a rounded line is expected to leave its corners at most."""


def extent_pt(symbol: Symbol) -> float:
    """How far the drawing reaches from the geometry, in points: what a tile must look beyond its edge."""
    own = max((_reach_pt(layer) * largest(getattr(layer, "size_by", None)) for layer in symbol.layers), default=0.0)
    return max(own, *(extent_pt(alternate.symbol) for alternate in symbol.alternates)) if symbol.alternates else own


def largest(size_by: SizeBy | None) -> float:
    """The largest factor, 1 where nothing is sized."""
    return max((factor for _, factor in size_by.stops), default=1.0) if size_by else 1.0


def _reach_pt(layer: SymbolLayer) -> float:
    if isinstance(layer, PathLayer):
        edge = _edge_pt(layer) if isinstance(layer, Stroke) else 0.0
        return edge + max(abs(layer.dx_pt), abs(layer.dy_pt)) + (SMOOTHING_REACH_PT if layer.smooth > 0 else 0.0)
    if isinstance(layer, Marker):
        edge = layer.stroke.width_pt if layer.stroke else 0.0
        # The corner of the path's square, which also holds it however it is turned.
        corner = layer.size_pt * reach_of(layer.path) * 1.4143
        return corner + edge + max(abs(layer.dx_pt), abs(layer.dy_pt))
    if isinstance(layer, PictureMarker):
        return math.hypot(layer.width_pt, layer.height_pt) / 2 + max(abs(layer.dx_pt), abs(layer.dy_pt))
    return 0.0


def _edge_pt(stroke: Stroke) -> float:
    corner = max(stroke.miter_limit, 1.0) if stroke.join == "miter" else 1.0
    return stroke.width_pt / 2 * corner + abs(stroke.offset_pt)


def faded(color: Color, opacity: float) -> Color:
    """The colour with its alpha multiplied by opacity, 0 to 1."""
    return color._replace(a=round(color.a * min(max(opacity, 0.0), 1.0)))


def faded_symbol(symbol: Symbol, opacity: float) -> Symbol:
    """The symbol with the alpha of all its colours multiplied by opacity, 0 to 1."""
    return map_layers(symbol, lambda layer: _faded_layer(layer, opacity))


def _faded_layer(layer: SymbolLayer, opacity: float) -> SymbolLayer:
    if isinstance(layer, Fill | Stroke):
        return replace(layer, color=faded(layer.color, opacity))
    if isinstance(layer, Hatch):
        return replace(layer, stroke=replace(layer.stroke, color=faded(layer.stroke.color, opacity)))
    if isinstance(layer, Marker):
        line = replace(layer.stroke, color=faded(layer.stroke.color, opacity)) if layer.stroke else None
        return replace(layer, fill=faded(layer.fill, opacity) if layer.fill else None, stroke=line)
    if isinstance(layer, PictureMarker | PictureFill):
        return replace(layer, opacity=layer.opacity * min(max(opacity, 0.0), 1.0))
    if isinstance(layer, GradientFill):
        return replace(layer, ramp=Ramp(tuple((position, faded(color, opacity)) for position, color in layer.ramp.stops)))
    return layer


def map_layers(symbol: Symbol, change: Callable[[SymbolLayer], SymbolLayer]) -> Symbol:
    """The symbol with every layer changed, those of its alternates too."""
    alternates = tuple(replace(a, symbol=map_layers(a.symbol, change)) for a in symbol.alternates)
    return Symbol(tuple(change(layer) for layer in symbol.layers), alternates)


def recolored(symbol: Symbol, color: Color) -> Symbol:
    """The symbol in another main colour: fills and marker fills; strokes only where there is no fill.

    Used where a template's classes are made anew from a result (unique values read from the data).
    """
    has_fill = any(isinstance(layer, Fill) or (isinstance(layer, Marker) and layer.fill) for layer in symbol.layers if not layer.is_locked)

    def paint(layer: SymbolLayer) -> SymbolLayer:
        if layer.is_locked:
            return layer
        if isinstance(layer, Fill):
            return replace(layer, color=color)
        if isinstance(layer, Marker) and layer.fill:
            return replace(layer, fill=color)
        if isinstance(layer, Stroke) and not has_fill:
            return replace(layer, color=color)
        return layer

    return map_layers(symbol, paint)


def sized(symbol: Symbol, size_by: SizeBy) -> Symbol:
    """The symbol with its markers and lines made larger or smaller by the feature."""
    return map_layers(symbol, lambda layer: replace(layer, size_by=size_by) if isinstance(layer, PointLayer | Stroke) else layer)


def stacked(under: Symbol, above: Symbol) -> Symbol:
    """Both symbols as one: the second is drawn only after all features' first (symbol levels)."""
    return Symbol((*under.layers, *lifted(above, under).layers))


def lifted(symbol: Symbol, under: Symbol) -> Symbol:
    """The symbol on levels above all those of another."""
    lift = max((layer.level for layer in under.layers), default=-1) + 1 - min((layer.level for layer in symbol.layers), default=0)
    return Symbol(tuple(replace(layer, level=layer.level + lift) for layer in symbol.layers))


def turned(symbol: Symbol, rotation_by: Operand, *, clockwise: bool) -> Symbol:
    """The symbol with its markers turned by the feature."""
    return map_layers(
        symbol,
        lambda layer: replace(layer, rotation_by=rotation_by, rotation_clockwise=clockwise) if isinstance(layer, PointLayer) else layer,
    )


def haloed(symbol: Symbol, color: Color, width_pt: float) -> Symbol:
    """The symbol with its shapes and lines once more below, width_pt larger on every side and all in the colour; images have no halo."""
    halos = tuple(halo for layer in symbol.layers if (halo := _halo(layer, color, width_pt)))
    alternates = tuple(replace(a, symbol=haloed(a.symbol, color, width_pt)) for a in symbol.alternates)
    return Symbol((*halos, *symbol.layers), alternates)


def _halo(layer: SymbolLayer, color: Color, width_pt: float) -> SymbolLayer | None:
    if isinstance(layer, Stroke):
        return replace(layer, color=color, width_pt=layer.width_pt + 2 * width_pt, dash_pt=())
    if not isinstance(layer, Marker):
        return None
    drawn = layer.stroke if layer.stroke and layer.stroke.color.a else None
    edge = Stroke(color, (drawn.width_pt if drawn else 0.0) + 2 * width_pt)
    return replace(layer, fill=color if layer.fill else None, stroke=edge)
