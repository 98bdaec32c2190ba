"""CIM markers -> Marker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rendermap.symbology import colors, esri_outlines, ramps, shapes
from rendermap.symbology.document import Node
from rendermap.symbology.paths import Point
from rendermap.symbology.symbolizers import cim_effects
from rendermap.symbology.symbolizers.cim_placements import stand
from rendermap.symbology.symbolizers.marker.characters import sign_of
from rendermap.symbology.symbolizers.marker.glyphs import outline, told_letters
from rendermap.symbology.symbolizers.stroke import cim as strokes
from rendermap.symbology.symbols import Color, Marker, Stroke, SymbolLayer

_GREY = Color(104, 104, 104)
_SOLID = ("CIMObjectMarker3D", "CIMglTFMarker3D", "CIMPieChartMarker", "CIMBarChartMarker", "CIMStackedBarChartMarker")
_DEEPEST = 4
Paint = tuple[Color | None, Stroke | None]


def read(node: Node) -> tuple[SymbolLayer, ...] | None:
    """CIMVectorMarker graphic by graphic, character markers by their sign; bodies and charts by a circle."""
    if node.type == "CIMVectorMarker":
        markers = _vector(node, 0)
    elif node.type == "CIMCharacterMarker":
        markers = _character(node)
    elif node.type in _SOLID:
        node.warn(f"a marker of the kind {node.type}", "a circle in its tint is used")
        tint = colors.from_cim(node.child("tintColor"), _GREY)
        markers = [Marker(shapes.CIRCLE, node.number("size", 10.0), _GREY if tint[:3] == (255, 255, 255) else tint)]
    else:
        return None
    return cim_effects.apply(node, stand(node, tuple(m for m in markers if m.size_pt > 0)))


# --- vector markers ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a marker's drawing lies.  center: becomes the point.  unit: of the drawing's numbers, is size_pt high.

    thins: widths of lines are given for the drawing, not for the marker.
    """

    center: Point
    unit: float
    size_pt: float
    thins: bool

    def to_pt(self, point: Point) -> Point:
        """A place of the drawing in points from the marker's own, y up."""
        scale = self.size_pt / self.unit
        return (point[0] - self.center[0]) * scale, (point[1] - self.center[1]) * scale


def _vector(node: Node, depth: int) -> list[Marker]:
    size = max(node.number("size", 10.0), 0.0)
    graphics = node.children("markerGraphics")
    box = _box(node, graphics)
    if box is None or not size or depth > _DEEPEST:
        return []
    if node.has("clippingPath"):
        node.warn("a marker cut along a path", "it is drawn whole", "clippingPath")
    frame = _frame(node, box, size)
    return [marker for graphic in reversed(graphics) for marker in _graphic(graphic, frame, depth)]


def _frame(node: Node, box: tuple[float, float, float, float], size: float) -> _Frame:
    unit = (box[3] - box[1]) or (box[2] - box[0]) or 1.0
    anchor = node.child("anchorPoint")
    ax, ay = (anchor.number("x"), anchor.number("y")) if anchor else (0.0, 0.0)
    is_relative = node.text("anchorPointUnits", "Relative") == "Relative"
    share, width = (1.0, box[2] - box[0]) if is_relative else (1.0 / size, unit)
    center = (box[0] + box[2]) / 2 + ax * share * width, (box[1] + box[3]) / 2 + ay * share * unit
    return _Frame(center, unit, size, node.flag("scaleSymbolsProportionally"))


def _box(node: Node, graphics: tuple[Node, ...]) -> tuple[float, float, float, float] | None:
    frame = node.child("frame")
    if frame is not None and node.flag("respectFrame", True):
        box = frame.number("xmin"), frame.number("ymin"), frame.number("xmax"), frame.number("ymax")
        if box[2] > box[0] or box[3] > box[1]:
            return box
    boxes = [b for g in graphics for geometry in (g.child("geometry"),) if geometry for b in (esri_outlines.bounds_of(geometry),) if b]
    if not boxes:
        return None
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def _graphic(graphic: Node, frame: _Frame, depth: int) -> list[Marker]:
    geometry, symbol = graphic.child("geometry"), graphic.child("symbol")
    if geometry is None or symbol is None:
        return []
    if symbol.type in ("CIMPolygonSymbol", "CIMLineSymbol"):
        path, side = _shape(geometry, frame)
        return [Marker(path, side, fill=fill, stroke=line) for fill, line in _paints(symbol, _thinning(frame))] if path else []
    points = [frame.to_pt(point) for point in esri_outlines.points_of(geometry)]
    if symbol.type == "CIMTextSymbol":
        return _text(graphic, symbol, points, _thinning(frame))
    if symbol.type == "CIMPointSymbol":
        return list(_moved(_inner(symbol, _thinning(frame), depth), points))
    graphic.warn(f"a marker graphic with {symbol.type or 'no symbol'}", "the marker is drawn without it")
    return []


def _thinning(frame: _Frame) -> float:
    return frame.size_pt / frame.unit if frame.thins else 1.0


def _shape(geometry: Node, frame: _Frame) -> tuple[str, float]:
    """(path, size); a circle about the anchor becomes the circle that Mapnik draws fastest."""
    circle = esri_outlines.circle_of(geometry)
    if circle and abs(circle[0][0] - frame.center[0]) + abs(circle[0][1] - frame.center[1]) < 1e-3 * frame.unit:
        return shapes.CIRCLE, 2 * circle[1] / frame.unit * frame.size_pt
    return esri_outlines.path_of(geometry, frame.center, frame.unit), frame.size_pt


def _inner(symbol: Node, scale: float, depth: int) -> Iterator[Marker]:
    """The markers of a point symbol inside a marker."""
    for layer in reversed(symbol.children("symbolLayers")):
        if not layer.flag("enable"):
            continue
        if layer.type not in ("CIMVectorMarker", "CIMCharacterMarker"):
            layer.warn(f"{layer.type} inside a marker", "the marker is drawn without it")
            continue
        found = _vector(layer, depth + 1) if layer.type == "CIMVectorMarker" else _character(layer)
        yield from (_resized(m, scale) for m in stand(layer, tuple(found)) if m.size_pt > 0)


def _resized(marker: Marker, scale: float) -> Marker:
    line = replace(marker.stroke, width_pt=marker.stroke.width_pt * scale) if marker.stroke else None
    return replace(marker, size_pt=marker.size_pt * scale, stroke=line, dx_pt=marker.dx_pt * scale, dy_pt=marker.dy_pt * scale)


def _moved(markers: Iterable[Marker], points: list[Point]) -> Iterator[Marker]:
    listed = tuple(markers)
    return (replace(m, dx_pt=m.dx_pt + x, dy_pt=m.dy_pt + y, placement="") for x, y in points for m in listed)


def _text(graphic: Node, symbol: Node, points: list[Point], scale: float) -> list[Marker]:
    """A text in a marker as the outline of its letters, about its place."""
    family, is_bold = symbol.text("fontFamilyName"), "bold" in symbol.text("fontStyleName").lower()
    text = graphic.text("textString")
    path = outline(text, family, is_bold=is_bold)
    graphic.warn("text in a marker", told_letters(text, family, is_bold=is_bold) if path else "the marker is drawn without it")
    inside = symbol.child("symbol")
    paints = _paints(inside, 1.0) if inside else [(_GREY, None)]
    size = symbol.number("height", 10.0) * scale
    return list(_moved((Marker(path, size, fill=fill, stroke=line) for fill, line in paints), points)) if path and size > 0 else []


# --- how a shape is painted --------------------------------------------------------------------------------------------


def _paints(symbol: Node, scale: float) -> list[Paint]:
    """(fill, stroke) pairs bottom first: a fill and the stroke above it make one marker."""
    pairs: list[Paint] = []
    for layer in reversed(symbol.children("symbolLayers")):
        if not layer.flag("enable"):
            continue
        inside, lines = _inside_of(layer), strokes.read(layer)
        if inside is None and lines is None:
            layer.warn(f"{layer.type} inside a marker", "the marker is drawn without it")
        pairs += [(inside, None)] if inside and inside.a else []
        for line in lines or ():
            if not isinstance(line, Stroke):
                continue
            thin = replace(line, width_pt=line.width_pt * scale, dash_pt=tuple(d * scale for d in line.dash_pt), offset_pt=0.0)
            if pairs and pairs[-1][0] is not None and pairs[-1][1] is None:
                pairs[-1] = pairs[-1][0], thin
            else:
                pairs.append((None, thin))
    return pairs


def _inside_of(layer: Node) -> Color | None:
    """The colour inside a shape, None for what is no fill."""
    if layer.type == "CIMSolidFill":
        for effect in layer.children("effects"):
            effect.warn(f"the effect {effect.type} inside a marker", "the marker is drawn without it")
        return colors.from_cim(layer.child("color"))
    if layer.type == "CIMGradientFill":
        layer.warn("a gradient inside a marker", "the ramp's middle colour is used")
        ramp = layer.child("colorRamp")
        return ramps.color_at(ramps.from_cim(ramp), 0.5) if ramp else _GREY
    if layer.type in ("CIMPictureFill", "CIMHatchFill"):
        layer.warn(f"{layer.type} inside a marker", "a solid is used")
        return colors.from_cim(layer.child("tintColor"), _GREY)
    return None


def _character(node: Node) -> list[Marker]:
    size, index, font = node.number("size", 10.0), int(node.number("characterIndex")), node.text("fontFamilyName")
    sign = sign_of(font, index, is_bold="bold" in node.text("fontStyleName").lower())
    node.warn(f"character {index} of the font {font!r}", sign.told)
    symbol = node.child("symbol")
    paints = _paints(symbol, 1.0) if symbol else [(_GREY, None)]
    side = size * sign.share
    if not sign.is_filled:
        return [Marker(sign.path, side, stroke=Stroke(fill, max(side * 0.06, 0.5))) for fill, _ in paints if fill]
    return [Marker(sign.path, side, fill=fill, stroke=line) for fill, line in paints]
