"""CIM markers -> Marker."""

from __future__ import annotations

from dataclasses import replace

from rendermap.symbology import colors, shapes
from rendermap.symbology.document import Node
from rendermap.symbology.symbolizers.fill import cim as fills
from rendermap.symbology.symbolizers.stroke import cim as strokes
from rendermap.symbology.symbols import Color, Marker, Stroke

# Of the font ESRI Default Marker: filled shapes, and the same as outlines.
_GLYPHS = {
    33: shapes.CIRCLE,
    34: shapes.SQUARE,
    35: shapes.TRIANGLE,
    36: shapes.PENTAGON,
    37: shapes.HEXAGON,
    38: shapes.OCTAGON,
    40: shapes.CIRCLE,
    41: shapes.SQUARE,
    42: shapes.TRIANGLE,
    43: shapes.PENTAGON,
    44: shapes.HEXAGON,
    45: shapes.OCTAGON,
}
_OUTLINE_GLYPHS = range(40, 46)
# A glyph fills about this much of its font size.
_GLYPH_SHARE = 0.7
_GREY = Color(104, 104, 104)
_LINE_SPACING_PT = 48.0


def read(node: Node) -> tuple[Marker, ...] | None:
    """CIMVectorMarker graphic by graphic; character and picture markers by their nearest shape."""
    if node.type == "CIMVectorMarker":
        markers = _vector(node)
    elif node.type == "CIMCharacterMarker":
        markers = _character(node)
    elif node.type in ("CIMPictureMarker", "CIMObjectMarker3D", "CIMglTFMarker3D"):
        node.warn(f"a marker of the kind {node.type}", "a circle in its tint is used")
        tint = colors.from_cim(node.child("tintColor"), _GREY)
        markers = [Marker(shapes.CIRCLE, node.number("size", 10.0), _GREY if tint[:3] == (255, 255, 255) else tint)]
    else:
        return None
    turn = node.number("rotation") * (-1 if node.flag("rotateClockwise") else 1)
    dx, dy = node.number("offsetX"), node.number("offsetY")
    turned = [replace(m, rotation_deg=turn, dx_pt=m.dx_pt + dx, dy_pt=m.dy_pt + dy) for m in markers if m.size_pt > 0]
    return tuple(replace(m, placement=where, spacing_pt=spacing) for where, spacing in _placements(node) for m in turned)


def _vector(node: Node) -> list[Marker]:
    size = max(node.number("size", 10.0), 0.0)
    graphics = node.children("markerGraphics")
    box = _frame(node, graphics)
    if box is None or not size:
        return []
    unit = (box[3] - box[1]) or (box[2] - box[0]) or 1.0
    anchor = node.child("anchorPoint")
    ax, ay = (anchor.number("x"), anchor.number("y")) if anchor else (0.0, 0.0)
    share = 1.0 if node.text("anchorPointUnits", "Relative") == "Relative" else 1.0 / size
    width = box[2] - box[0] if share == 1.0 else unit
    center = (box[0] + box[2]) / 2 + ax * share * width, (box[1] + box[3]) / 2 + ay * share * unit
    markers: list[Marker] = []
    for graphic in reversed(graphics):
        markers += _graphic(graphic, center, unit, size, node.flag("scaleSymbolsProportionally"))
    return markers


def _frame(node: Node, graphics: tuple[Node, ...]) -> tuple[float, float, float, float] | None:
    frame = node.child("frame")
    if frame is not None and node.flag("respectFrame", True):
        box = frame.number("xmin"), frame.number("ymin"), frame.number("xmax"), frame.number("ymax")
        if box[2] > box[0] or box[3] > box[1]:
            return box
    boxes = [b for g in graphics for geometry in (g.child("geometry"),) if geometry for b in (shapes.bounds_of(geometry),) if b]
    if not boxes:
        return None
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def _graphic(graphic: Node, center: shapes.Point, unit: float, size: float, proportional: bool) -> list[Marker]:
    geometry, symbol = graphic.child("geometry"), graphic.child("symbol")
    if geometry is None or symbol is None:
        return []
    if symbol.type not in ("CIMPolygonSymbol", "CIMLineSymbol"):
        graphic.warn(f"a marker graphic with {symbol.type or 'no symbol'}", "the marker is drawn without it")
        return []
    path, side = _shape(geometry, center, unit, size)
    if not path:
        return []
    scale = size / unit if proportional else 1.0
    return [Marker(path, side, fill=fill, stroke=line) for fill, line in _paints(symbol, scale)]


def _shape(geometry: Node, center: shapes.Point, unit: float, size: float) -> tuple[str, float]:
    """(path, size); a circle about the anchor becomes the circle that Mapnik draws fastest."""
    circle = shapes.circle_of(geometry)
    if circle and abs(circle[0][0] - center[0]) + abs(circle[0][1] - center[1]) < 1e-3 * unit:
        return shapes.CIRCLE, 2 * circle[1] / unit * size
    return shapes.path_of(geometry, center, unit), size


def _paints(symbol: Node, scale: float) -> list[tuple[Color | None, Stroke | None]]:
    """(fill, stroke) pairs bottom first: a fill and the stroke above it make one marker."""
    pairs: list[tuple[Color | None, Stroke | None]] = []
    for layer in reversed(symbol.children("symbolLayers")):
        if not layer.flag("enable"):
            continue
        inside, lines = fills.read(layer), strokes.read(layer)
        if inside is None and lines is None:
            layer.warn(f"{layer.type} inside a marker", "the marker is drawn without it")
        pairs += [(solid.color, None) for solid in inside or ()]
        for line in lines or ():
            thin = replace(line, width_pt=line.width_pt * scale, dash_pt=tuple(d * scale for d in line.dash_pt), offset_pt=0.0)
            if pairs and pairs[-1][0] is not None and pairs[-1][1] is None:
                pairs[-1] = pairs[-1][0], thin
            else:
                pairs.append((None, thin))
    return pairs


def _character(node: Node) -> list[Marker]:
    size, index, font = node.number("size", 10.0) * _GLYPH_SHARE, int(node.number("characterIndex")), node.text("fontFamilyName")
    known = font.lower() == "esri default marker" and index in _GLYPHS
    path = _GLYPHS[index] if known else shapes.CIRCLE
    node.warn(f"character {index} of the font {font!r}", "its shape is used" if known else "a circle is used")
    symbol = node.child("symbol")
    pairs = _paints(symbol, 1.0) if symbol else [(_GREY, None)]
    if known and index in _OUTLINE_GLYPHS:
        return [Marker(path, size, stroke=Stroke(fill, max(size * 0.06, 0.5))) for fill, _ in pairs if fill]
    return [Marker(path, size, fill=fill, stroke=line) for fill, line in pairs]


def _placements(node: Node) -> list[tuple[str, float]]:
    """(placement, spacing) of `Marker`, one per place."""
    placement = node.child("markerPlacement")
    if placement is None:
        return [("", 0.0)]
    match placement.type:
        case "CIMMarkerPlacementAlongLineSameSize":
            template = placement.numbers("placementTemplate")
            if len(template) > 1:
                placement.warn("markers at uneven distances", "the first distance is used throughout", "placementTemplate")
            return [("line", template[0] if template and template[0] > 0 else _LINE_SPACING_PT)]
        case "CIMMarkerPlacementAtExtremities":
            ends = {"JustBegin": ["first"], "JustEnd": ["last"], "None": []}
            return [(end, 0.0) for end in ends.get(placement.text("extremityPlacement", "Both"), ["first", "last"])]
        case "CIMMarkerPlacementDecorations" | "CIMMarkerPlacementAtRatioPositions":
            return _at_ratios(placement)
        case "CIMMarkerPlacementOnLine" | "CIMMarkerPlacementPolygonCenter":
            return [("center", 0.0)]
        case "CIMMarkerPlacementInsidePolygon":
            steps = placement.number("stepX", 16.0), placement.number("stepY", 16.0)
            if abs(steps[0] - steps[1]) > 0.01 or placement.text("gridType", "Fixed") != "Fixed":
                placement.warn("an uneven or random grid of markers", "an even grid is used")
            return [("pattern", max(min(steps), 1.0))]
    placement.warn(f"the placement {placement.type}", "markers along the line, or inside the polygon, are used")
    return [("", 0.0)]


def _at_ratios(placement: Node) -> list[tuple[str, float]]:
    places: list[tuple[str, float]] = []
    for ratio in placement.numbers("positionArray"):
        if ratio not in (0.0, 1.0):
            placement.warn(f"a marker at the share {ratio:g} of a line", "it stands at the middle", "positionArray")
        places.append(("first" if ratio == 0.0 else "last" if ratio == 1.0 else "center", 0.0))
    return list(dict.fromkeys(places))
