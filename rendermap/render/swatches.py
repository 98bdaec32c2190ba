"""Legend swatches, drawn by the very rules of the map, and the sheet that shows them all."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import numpy as np
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import LegendPlan, SwatchLayer
from rendermap.errors import RenderFailed, StyleInvalid
from rendermap.imaging.blend import fade
from rendermap.imaging.encode import encode
from rendermap.imaging.legend_sheet import SheetEntry, SheetFonts, SheetLayer, draw_legend_sheet
from rendermap.limits import SHEET_LINES, SWATCHES
from rendermap.render.assets import assets
from rendermap.render.engine import mapnik
from rendermap.render.engine_styles import require_understood
from rendermap.render.fonts import engine_fonts, foreign_font
from rendermap.render.mapnik_filter import Columns
from rendermap.render.mapnik_xml import DrawnLayer, in_pieces, map_document, to_srs
from rendermap.render.pieces import pieces_of, rows
from rendermap.render.swatch_fit import dashes_pt, end_reaches_pt, fitted, single_markers
from rendermap.render.swatch_room import Need, Room, rooms
from rendermap.render.theme_rules import DrawnRule
from rendermap.reply import LegendEntry, LegendLayer
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.legend import heading_of, legend_items
from rendermap.symbology.legend_item import ColorPatch, EnginePatch, LegendItem, NoPatch, RampPatch, SymbolPatch, shortened
from rendermap.symbology.ramps import color_at
from rendermap.symbology.style import Single, Style
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT
from rendermap.symbology.symbols import Color, PointLayer, Stroke, Symbol, extent_pt

Pixels = NDArray[np.uint8]
_LARGEST_MARKER_PX = 400
_LEAST_PX = 16
_EDGE = Color(0, 0, 0, 70)
_PALE = 240
"""What is no darker than this in any channel is not seen on white."""
_CRS = "EPSG:3857"


def draw_legend(plan: LegendPlan) -> tuple[LegendLayer, ...]:
    """The legend entries of every layer, with PNG swatches in device pixels, transparent around the symbol."""
    return tuple(_legend_layer(layer, plan) for layer in plan.layers)


def draw_sheet(plan: LegendPlan) -> Pixels:
    """The whole legend as one picture: (height, width, 4) uint8, straight alpha, opaque page.  The plan must have a sheet."""
    if plan.sheet is None:
        raise RenderFailed(reason="a legend plan without a sheet")
    layers = tuple(_sheet_layer(layer, plan) for layer in plan.layers)
    return draw_legend_sheet(layers, plan.sheet.title, sheet_fonts(), dark=plan.sheet.dark, pixel_ratio=plan.pixel_ratio)


@lru_cache(maxsize=1)
def sheet_fonts() -> SheetFonts:
    """The fonts of legends and watermarks."""
    return SheetFonts(engine_fonts() / "DejaVuSans.ttf", engine_fonts() / "DejaVuSans-Bold.ttf", foreign_font)


def _legend_layer(layer: SwatchLayer, plan: LegendPlan) -> LegendLayer:
    style = layer.style
    require_understood(style.theme)
    items = shortened(legend_items(style), SWATCHES.value)
    drawn = draw_swatches(layer, items, plan.swatch_px, plan.pixel_ratio)
    entries = tuple(_entry(item, pixels) for item, pixels in zip(items, drawn, strict=True))
    kind = "raster" if layer.geometry == "raster" else "vector"
    return LegendLayer(layer.id, layer.name, kind, style.min_scale_denominator, style.max_scale_denominator, heading_of(style), entries)


def _entry(item: LegendItem, pixels: Pixels) -> LegendEntry:
    height_px, width_px = pixels.shape[:2]
    return LegendEntry(item.label, encode(pixels, "png"), width_px, height_px, item.heading, item.values)


def _sheet_layer(layer: SwatchLayer, plan: LegendPlan) -> SheetLayer:
    require_understood(layer.style.theme)
    items = shortened(legend_items(layer.style), SHEET_LINES.value)
    drawn = draw_swatches(layer, items, plan.swatch_px, plan.pixel_ratio)
    entries = tuple(
        SheetEntry(item.label, pixels, item.heading, isinstance(item.patch, RampPatch)) for item, pixels in zip(items, drawn, strict=True)
    )
    return SheetLayer(layer.name, heading_of(layer.style), entries, layer.group)


def draw_swatches(layer: SwatchLayer, items: Sequence[LegendItem], size_px: tuple[int, int], pixel_ratio: float) -> list[Pixels]:
    """The swatches of a layer: (height, width, 4) uint8 each, straight alpha, with the layer's opacity.

    size_px: (width, height) at ratio 1; larger where a symbol needs it.
    """
    width_px, height_px = (max(1, round(side * pixel_ratio)) for side in size_px)
    symbols = [item.patch.symbol for item in items if isinstance(item.patch, SymbolPatch)]
    drawn = iter(_symbols(symbols, GeometryKind(layer.geometry), width_px, height_px, pixel_ratio) if symbols else ())
    found = []
    for item in items:
        is_symbol = isinstance(item.patch, SymbolPatch)
        pixels = _edged(next(drawn), max(1, round(pixel_ratio))) if is_symbol else _patch(layer, item, width_px, height_px, pixel_ratio)
        found.append(fade(pixels, layer.style.opacity))
    return found


def _patch(layer: SwatchLayer, item: LegendItem, width_px: int, height_px: int, pixel_ratio: float) -> Pixels:
    """What is no symbol of ours."""
    match item.patch:
        case ColorPatch(color):
            return _color(color, width_px, height_px, max(1, round(pixel_ratio)))
        case RampPatch():
            return _ramp(item.patch, width_px, height_px)
        case EnginePatch(rule):
            return _engine(rule, layer.geometry, width_px, height_px, pixel_ratio)
        case NoPatch():
            return np.zeros((height_px, width_px, 4), np.uint8)
    raise TypeError(f"{type(item.patch).__name__} has no swatch of its own")


def _edged(pixels: Pixels, line_px: int) -> Pixels:
    """A symbol that is white all over has a thin edge, as a white colour has, for pages are white."""
    shown = pixels[..., 3] > 0
    if not shown.any() or pixels[shown][:, :3].min() < _PALE:
        return pixels
    inside = np.pad(shown, line_px)
    for axis, step in ((0, line_px), (0, -line_px), (1, line_px), (1, -line_px)):
        inside &= np.roll(np.pad(shown, line_px), step, axis)
    rim = shown & ~inside[line_px:-line_px, line_px:-line_px]
    edge, own = _EDGE.a / 255, pixels[rim, 3:] / 255
    alpha = edge + own * (1 - edge)
    edged = pixels.copy()
    edged[rim] = np.rint(np.hstack([pixels[rim, :3] * own * (1 - edge) / alpha, alpha * 255]))
    return edged


# --- rasters ---------------------------------------------------------------------------------------------------------


def _color(color: Color, width_px: int, height_px: int, line_px: int) -> Pixels:
    pixels = np.empty((height_px, width_px, 4), np.uint8)
    pixels[:] = color
    if min(width_px, height_px) > 4 * line_px:
        # A thin edge keeps a white class visible on a white page.
        rim = np.ones((height_px, width_px), bool)
        rim[line_px:-line_px, line_px:-line_px] = False
        share = _EDGE.a / 255
        pixels[rim] = (*(round(c * (1 - share)) for c in color[:3]), max(color.a, _EDGE.a))
    return pixels


def _ramp(patch: RampPatch, width_px: int, height_px: int) -> Pixels:
    """Rows from high at the top to low at the bottom, each the colour at its middle, so that slices stack without a seam."""
    steps = (np.arange(height_px) + 0.5) / height_px
    colors = [color_at(patch.ramp, patch.high + (patch.low - patch.high) * float(step)) for step in steps]
    return np.repeat(np.array(colors, np.uint8)[:, None, :], width_px, axis=1)


# --- symbols ---------------------------------------------------------------------------------------------------------


def _symbols(symbols: Sequence[Symbol], kind: GeometryKind, width_px: int, height_px: int, ratio: float) -> Iterator[Pixels]:
    """Swatches of the symbols of one layer, which are drawn to one scale."""
    px_per_pt = PX_PER_PT * ratio
    shown = [fitted(symbol, width_px / px_per_pt, height_px / px_per_pt) for symbol in symbols]
    if kind is GeometryKind.LINE:
        # Long enough for what tells one line from the other.
        width_px = max(width_px, *(math.ceil(dashes_pt(symbol) * px_per_pt) for symbol in shown))
    needs = [_need(symbol, kind, ratio) for symbol in shown]
    found = rooms(needs, width_px, height_px, ratio, *((1.0,) if kind is GeometryKind.POLYGON else ()))
    for symbol, room in zip(shown, found, strict=True):
        yield _on_area(symbol, room, ratio) if kind is GeometryKind.POLYGON else _on_path(symbol, kind, room, ratio)


def _on_area(symbol: Symbol, room: Room, ratio: float) -> Pixels:
    """A marker in the middle is made smaller with all else, rather than cut."""
    width_px, height_px = room.width_px, room.height_px
    margin = min(_outline_pt(symbol) * PX_PER_PT * ratio * room.share + ratio / 2, min(width_px, height_px) / 3)
    area = shapely.box(margin, margin, width_px - margin, height_px - margin)
    return _draw(_symbol_map(symbol, GeometryKind.POLYGON, ratio), area, width_px, height_px, ratio * room.share)


def _on_path(symbol: Symbol, kind: GeometryKind, room: Room, ratio: float) -> Pixels:
    insets = [min(reach * PX_PER_PT * ratio * room.share, room.width_px / 3) for reach in end_reaches_pt(symbol)]
    shape = _shape(kind, room.width_px, room.height_px, *insets)
    return _draw(_symbol_map(symbol, kind, ratio), shape, room.width_px, room.height_px, ratio * room.share)


def _shape(kind: GeometryKind, width_px: float, height_px: float, left_px: float = 0.0, right_px: float = 0.0) -> shapely.Geometry:
    """A point in the middle, or a line across from left to right, so much shorter at its ends."""
    if kind is GeometryKind.POINT:
        return shapely.Point(width_px / 2, height_px / 2)
    return shapely.LineString([(left_px, height_px / 2), (width_px - right_px, height_px / 2)])


def _outline_pt(symbol: Symbol) -> float:
    return max((part.width_pt / 2 + abs(part.offset_pt) for part in symbol.layers if isinstance(part, Stroke)), default=0.0)


def _need(symbol: Symbol, kind: GeometryKind, ratio: float) -> Need:
    """(width, height) by what the symbol really paints; a line's length is the swatch's own, and an area's but for a marker in it."""
    if kind is GeometryKind.POLYGON:
        inside = single_markers(symbol)
        return _need(inside, GeometryKind.POINT, ratio) if inside.layers else (0.0, 0.0)
    reach_x, reach_y = _painted(symbol, kind, ratio)
    across = 0.0 if kind is GeometryKind.LINE else 2 * math.ceil(reach_x + ratio / 2)
    return across, 2 * math.ceil(reach_y + ratio / 2)


def _painted(symbol: Symbol, kind: GeometryKind, ratio: float) -> tuple[float, float]:
    """How far to the sides and up and down the symbol paints from its place, in device pixels."""
    reach_px = extent_pt(symbol) * PX_PER_PT * ratio
    markers = any(isinstance(part, PointLayer) for part in symbol.layers)
    if kind is GeometryKind.LINE and not markers:
        return 0.0, reach_px
    shrink = min(1.0, _LARGEST_MARKER_PX / max(reach_px, 1.0))
    side = 2 * math.ceil(reach_px * shrink + 2)
    middle = side / 2
    seen = _draw(_symbol_map(symbol, kind, ratio), _shape(kind, side, side), side, side, ratio * shrink)[..., 3] > 0
    if not seen.any():
        return 0.0, 0.0
    rows, cols = np.nonzero(seen.any(axis=1))[0], np.nonzero(seen.any(axis=0))[0]
    reach = (max(middle - s[0], s[-1] + 1 - middle) / shrink for s in (cols, rows))
    across, up = reach
    return float(across), float(up)


Document = Callable[[shapely.Geometry], str]


def _draw(document: Document, shape: shapely.Geometry, width_px: int, height_px: int, ratio: float) -> Pixels:
    """A map of one geometry in pixels, y up from the lower left.  document: the map of a geometry."""
    wide, high = max(width_px, _LEAST_PX), max(height_px, _LEAST_PX)
    drawn = mapnik.Map(wide, high)
    try:
        mapnik.load_map_from_string(drawn, document(shape))
    except RuntimeError as error:
        raise StyleInvalid(reason=str(error)) from error
    drawn.buffer_size = _LARGEST_MARKER_PX
    drawn.zoom_to_box(mapnik.Box2d(0, height_px - high, wide, height_px))
    image = mapnik.Image(wide, high)
    mapnik.render(drawn, image, ratio)
    return np.frombuffer(image.to_string(), np.uint8).reshape(high, wide, 4)[:height_px, :width_px]


def _symbol_map(symbol: Symbol, kind: GeometryKind, ratio: float) -> Document:
    """The map of a layer whose every feature has the symbol."""

    def document(shape: shapely.Geometry) -> str:
        layer = DrawnLayer(_CRS, kind, Style(Single(symbol)), Columns(()), (DrawnRule(None, symbol),))
        pieces = pieces_of((symbol,), kind)
        if pieces is None:
            return map_document((layer,), (_inline([shape], {}),), _CRS, assets(), ratio)
        _, shapes, columns = rows(np.array([shape], object), pieces)
        return map_document((in_pieces(layer, _CRS, pieces),), (_inline(list(shapes), columns),), _CRS, assets(), ratio)

    return document


def _inline(shapes: list[shapely.Geometry], columns: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    features = [
        {
            "type": "Feature",
            "properties": {name: data[i].item() if isinstance(data[i], np.generic) else data[i] for name, data in columns.items()},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for i, shape in enumerate(shapes)
    ]
    return {"type": "geojson", "inline": json.dumps({"type": "FeatureCollection", "features": features})}


def _engine(rule: str, geometry: str, width_px: int, height_px: int, ratio: float) -> Pixels:
    """A patch drawn by one of Mapnik's own rules, whatever its filter and scales."""
    kind = GeometryKind(geometry)
    margin = min(2.0 * ratio, min(width_px, height_px) / 3)
    area = shapely.box(margin, margin, width_px - margin, height_px - margin)
    shape = area if kind is GeometryKind.POLYGON else _shape(kind, width_px, height_px)
    return _draw(lambda found: _rule_map(rule, found), shape, width_px, height_px, ratio)


def _rule_map(rule: str, shape: shapely.Geometry) -> str:
    root = Element("Map", srs=to_srs(_CRS))
    drawn = fromstring(rule)
    for name in ("Filter", "ElseFilter", "MinScaleDenominator", "MaxScaleDenominator"):
        for unwanted in drawn.findall(name):
            drawn.remove(unwanted)
    SubElement(root, "Style", name="rule").append(drawn)
    layer = SubElement(root, "Layer", name="swatch", srs=to_srs(_CRS))
    SubElement(layer, "StyleName").text = "rule"
    source = SubElement(layer, "Datasource")
    for name, value in _inline([shape], {}).items():
        SubElement(source, "Parameter", name=name).text = value
    return tostring(root, encoding="unicode")
