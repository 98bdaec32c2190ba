"""QGIS symbols, and the symbol layers that place a symbol of their own along lines and inside polygons."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from rendermap.limits import SYMBOL_DEPTH
from rendermap.symbology import shapes
from rendermap.symbology.qgis.overrides import Override, read_collection
from rendermap.symbology.qgis.properties import Properties, read_properties
from rendermap.symbology.qgis.shadows import with_shadows
from rendermap.symbology.qgis.symbols import enabled_layers, faded_layer
from rendermap.symbology.symbolizers.fill import qml as fills
from rendermap.symbology.symbolizers.stroke.qml import cap_of, join_of
from rendermap.symbology.symbolizers.table import SYMBOLIZERS
from rendermap.symbology.symbols import Fill, Marker, PointLayer, Stroke, Symbol, SymbolLayer
from rendermap.symbology.xml_document import XmlNode

_DEEPEST_LEVEL = 1000
_DISTANCE_MM = 15.0
_INTERVAL_MM = 3.0
_PLACES = {
    "interval": "line",
    "vertex": "vertex",
    "innervertices": "vertex",
    "firstvertex": "first",
    "lastvertex": "last",
    "centralpoint": "center",
    "segmentcenter": "center",
}
_SAME_PLACE = ("interval", "vertex", "firstvertex", "lastvertex", "centralpoint")


def read_symbol(node: XmlNode | None, *, has_levels: bool = False, is_shaded: bool = False, depth: int = 0) -> Symbol:
    """A ``symbol`` element, its layers bottom first as QGIS lists them.

    has_levels: the layers' passes count.  is_shaded: the theme draws the colours along a ramp.  Raises StyleInvalid.
    """
    if node is None:
        return Symbol()
    if depth > SYMBOL_DEPTH.value:
        raise node.beyond(SYMBOL_DEPTH)
    _warn_opacity(node)
    alpha = min(max(node.number("alpha", 1.0), 0.0), 1.0)
    layers: list[SymbolLayer] = []
    for item in enabled_layers(node, has_shadows=depth == 0):
        if not is_shaded:
            _warn_shades(item)
        level = min(max(int(item.number("pass")), 0), _DEEPEST_LEVEL) if has_levels else 0
        is_locked = item.flag("locked")
        layers += [
            replace(faded_layer(layer, alpha), level=level, is_locked=is_locked or layer.is_locked)
            for layer in (_layers(item, depth) if depth else with_shadows(item, _layers(item, depth)))
        ]
    return Symbol(tuple(layers))


def _warn_opacity(node: XmlNode) -> None:
    for key, override in read_properties(node).overrides.items():
        override.node.warn(f"{key} by the expression {override.text[:80]!r}", "the same for all features")


def shades_of(layer: XmlNode) -> dict[str, Override]:
    """The properties of a symbol layer that are colours along a ramp by the feature."""
    found = read_collection(layer.child("data_defined_properties"))
    return {key: override for key, override in found.items() if override.shade}


def _warn_shades(layer: XmlNode) -> None:
    for key, override in shades_of(layer).items():
        override.node.warn(f"{key} along a ramp by {override.text[:80]!r}", "the same for all features")


def _layers(node: XmlNode, depth: int) -> tuple[SymbolLayer, ...]:
    place = _PLACED.get(node.attribute("class"))
    if place is not None:
        return place(node, depth)
    for row in SYMBOLIZERS:
        layers = row.from_qml(node) if row.from_qml else None
        if layers is not None:
            return layers
    node.warn(f"a symbol layer of the kind {node.attribute('class')!r}", "the symbol is drawn without it")
    return ()


# --- along lines -------------------------------------------------------------------------------------------------------


def _marker_line(node: XmlNode, depth: int) -> tuple[SymbolLayer, ...]:
    properties = read_properties(node)
    return _along(properties, _points(node, depth))


def _hash_line(node: XmlNode, depth: int) -> tuple[SymbolLayer, ...]:
    """Short strokes across the line."""
    properties = read_properties(node)
    length, turn = properties.length("hash_length", default=3.0), -properties.number("hash_angle")
    strokes = [layer for layer in read_symbol(node.child("symbol"), depth=depth + 1).layers if isinstance(layer, Stroke)]
    hashes = [
        Marker(shapes.UPRIGHT, length, None, replace(line, offset_pt=0.0, size_by=None, level=0), rotation_deg=turn % 360.0)
        for line in strokes
        if length > 0
    ]
    return _along(properties, tuple(hashes))


def _along(properties: Properties, points: tuple[PointLayer, ...]) -> tuple[SymbolLayer, ...]:
    node = properties.node
    names = properties.text("placements", "placement", default="interval").lower().split("|")
    places = list(dict.fromkeys(_PLACES.get(name, "line") for name in names))
    for name in names:
        if name not in _SAME_PLACE:
            node.warn(f"markers at {name}", f"they stand at: {_PLACES.get(name, 'line')}")
    if properties.number("offset_along_line"):
        node.warn("markers moved along the line", "they stand where they do without")
    if properties.text("ring_filter", default="0") != "0":
        node.warn("only outer or only inner rings", "all rings have markers")
    properties.warn_overrides()
    is_upright = not properties.flag("rotate", True)
    spacing, aside = max(properties.length("interval", default=_INTERVAL_MM), 1.0), properties.length("offset")
    return tuple(
        replace(point, placement=place, spacing_pt=spacing, is_upright=is_upright, dy_pt=round(point.dy_pt - aside, 4))
        for place in places
        for point in points
    )


def _arrow_line(node: XmlNode, depth: int) -> tuple[SymbolLayer, ...]:
    """A line with a head at its end, in the fill of its own symbol."""
    properties = read_properties(node)
    properties.warn_overrides()
    node.warn("an arrow along the line", "a line of one width with plain heads is used")
    color = next((fill.color for fill in _solids(node)), None)
    if color is None:
        return ()
    width = properties.width("arrow_width", default=1.0)
    length, half = properties.length("head_length", default=1.5), properties.length("head_thickness", default=1.5)
    reach = max(length, half, 0.1)
    head = f"M0 0L{-length / reach / 2:.4f} {half / reach / 2:.4f}L{-length / reach / 2:.4f} {-half / reach / 2:.4f}Z"
    marker = Marker(head, 2 * reach, color)
    ends = {"1": ("first",), "2": ("first", "last")}.get(properties.text("head_type", default="0"), ("last",))
    heads = tuple(replace(marker, placement=end, rotation_deg=180.0 if end == "first" else 0.0) for end in ends)
    return (Stroke(color, width, cap="butt", join="miter"), *heads)


def _filled_line(node: XmlNode, depth: int) -> tuple[SymbolLayer, ...]:
    """A line in the solid of its own fill symbol."""
    properties = read_properties(node)
    properties.warn_overrides()
    color = next((fill.color for fill in _solids(node)), None)
    if color is None:
        node.warn("a line filled with more than a colour", "the symbol is drawn without it")
        return ()
    width = properties.width("line_width")
    return (Stroke(color, width, (), cap_of(properties, "square"), join_of(properties), -properties.length("offset")),)


def _solids(node: XmlNode) -> list[Fill]:
    symbol = node.child("symbol")
    found = [fills.read(layer) or () for layer in enabled_layers(symbol)] if symbol else []
    return [layer for layers in reversed(found) for layer in layers if isinstance(layer, Fill)]


# --- inside polygons ---------------------------------------------------------------------------------------------------


def _point_pattern(node: XmlNode, depth: int) -> tuple[SymbolLayer, ...]:
    properties = read_properties(node)
    properties.warn_overrides()
    across, down = (max(properties.length(f"distance_{axis}", default=_DISTANCE_MM), 1.0) for axis in "xy")
    moved = properties.length("displacement_x")
    is_staggered = across / 4 < abs(moved) % across < across * 3 / 4
    if properties.number("displacement_y") or (moved and abs(abs(moved) - across / 2) > across / 50):
        node.warn(
            "rows or columns moved against each other", "every other row is moved by half" if is_staggered else "an even grid is used"
        )
    if properties.number("offset_x") or properties.number("offset_y") or properties.number("angle"):
        node.warn("a grid that is moved or turned", "it is drawn without that")
    return tuple(
        replace(point, placement="pattern", spacing_pt=across, spacing_y_pt=0.0 if across == down else down, is_staggered=is_staggered)
        for point in _points(node, depth)
    )


def _random_markers(node: XmlNode, depth: int) -> tuple[SymbolLayer, ...]:
    """As dense a grid where the density is told."""
    properties = read_properties(node)
    properties.warn_overrides()
    node.warn("markers at random places", "a grid of them is used")
    count, area = max(properties.number("point_count", default=10.0), 1.0), max(properties.number("density_area", default=250.0), 1.0)
    is_density = properties.text("count_method", default="0") == "1"
    spacing = math.sqrt(area / count) * properties.unit_pt("density_area_unit") if is_density else 24.0
    return tuple(replace(p, placement="pattern", spacing_pt=min(max(spacing, 2.0), 500.0), is_staggered=True) for p in _points(node, depth))


def _centroid(node: XmlNode, depth: int) -> tuple[SymbolLayer, ...]:
    read_properties(node).warn_overrides()
    return tuple(replace(point, placement="center") for point in _points(node, depth))


def _points(node: XmlNode, depth: int) -> tuple[PointLayer, ...]:
    layers = read_symbol(node.child("symbol"), depth=depth + 1).layers
    return tuple(layer for layer in layers if isinstance(layer, PointLayer))


_PLACED: dict[str, Callable[[XmlNode, int], tuple[SymbolLayer, ...]]] = {
    "MarkerLine": _marker_line,
    "HashLine": _hash_line,
    "ArrowLine": _arrow_line,
    "FilledLine": _filled_line,
    "PointPatternFill": _point_pattern,
    "RandomMarkerFill": _random_markers,
    "CentroidFill": _centroid,
}
