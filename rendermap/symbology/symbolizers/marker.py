"""Marker: a shape at a point, along a line or inside a polygon."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

from rendermap.symbology import colors, shapes
from rendermap.symbology.document import Node
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers import fill as fills
from rendermap.symbology.symbolizers import stroke as strokes
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, Assets, Symbolizer, format_number, paint, to_px
from rendermap.symbology.symbols import Color, Marker, Stroke

_ESRI_SHAPES = {
    "esriSMSCircle": shapes.CIRCLE,
    "esriSMSSquare": shapes.SQUARE,
    "esriSMSDiamond": shapes.DIAMOND,
    "esriSMSTriangle": shapes.TRIANGLE,
    "esriSMSCross": shapes.CROSS,
    "esriSMSX": shapes.X,
}
_OPEN_SHAPES = (shapes.CROSS, shapes.X)
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


# --- CIM -------------------------------------------------------------------------------------------------------------


def from_cim(node: Node) -> tuple[Marker, ...] | None:
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
        inside, lines = fills.from_cim(layer), strokes.from_cim(layer)
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


# --- Esri JSON -------------------------------------------------------------------------------------------------------


def from_esri(node: Node) -> tuple[Marker, ...] | None:
    """esriSMS with its outline; esriPMS by a grey circle."""
    if node.type == "esriPMS":
        node.warn("a picture marker", "a grey circle is used")
        return (Marker(shapes.CIRCLE, max(node.number("width", 10.0), 1.0), _GREY),)
    if node.type != "esriSMS":
        return None
    style, color = node.text("style", "esriSMSCircle"), colors.from_esri(node.get("color"))
    path = _ESRI_SHAPES.get(style, shapes.CIRCLE)
    if style not in _ESRI_SHAPES:
        node.warn(f"the marker style {style!r}", "a circle is used", "style")
    outline = node.child("outline")
    line = next(iter(strokes.from_esri(_typed(outline)) or ()), None) if outline else None
    if path in _OPEN_SHAPES:
        color, line = None, line or (Stroke(color, 1.0, cap="butt", join="miter") if color else None)
    if (color is None or not color.a) and line is None:
        return ()
    return (
        Marker(
            path,
            max(node.number("size", 8.0), 0.0),
            fill=color,
            stroke=line,
            rotation_deg=node.number("angle"),
            dx_pt=node.number("xoffset"),
            dy_pt=node.number("yoffset"),
        ),
    )


def _typed(outline: Node) -> Node:
    """A marker's outline often comes without type and style."""
    return outline if outline.type else Node({**outline.value, "type": "esriSLS"}, outline.path, outline.notes)


def to_esri(marker: Marker) -> dict[str, Any]:
    """esriSMS; a shape of its own as a circle."""
    style = next((name for name, path in _ESRI_SHAPES.items() if path == marker.path), "esriSMSCircle")
    outline = marker.stroke and {"color": colors.to_esri(marker.stroke.color), "width": marker.stroke.width_pt}
    color = marker.fill or (marker.stroke.color if marker.stroke and marker.path in _OPEN_SHAPES else None)
    return {
        "type": "esriSMS",
        "style": style,
        "color": colors.to_esri(color) if color else [0, 0, 0, 0],
        "size": marker.size_pt,
        "angle": marker.rotation_deg,
        "xoffset": marker.dx_pt,
        "yoffset": marker.dy_pt,
        "outline": outline,
    }


# --- Mapnik ----------------------------------------------------------------------------------------------------------

_PLACEMENTS = {"line": "line", "first": "vertex-first", "last": "vertex-last"}


def to_mapnik(marker: Marker, geometry: GeometryKind, assets: Assets) -> list[Element]:
    """A MarkersSymbolizer that is never left out for want of room; a pattern in polygons where the marker says so."""
    if marker.placement == "points" and geometry is not GeometryKind.POINT:
        return []
    if marker.size_pt <= 0 or not ((marker.fill and marker.fill.a) or (marker.stroke and strokes.is_visible(marker.stroke))):
        return []
    if geometry is GeometryKind.POLYGON and marker.placement == "pattern":
        return [Element("PolygonPatternSymbolizer", {"file": assets.path(_pattern(marker).encode(), ".svg"), "alignment": "global"})]
    element = Element("MarkersSymbolizer", {"allow-overlap": "true", "ignore-placement": "true", **_placed(marker, geometry)})
    if marker.path == shapes.CIRCLE and not (marker.stroke and marker.stroke.dash_pt):
        _set_circle(element, marker)
    else:
        element.set("file", assets.path(_svg(marker).encode(), ".svg"))
    transform = _transform(marker)
    if transform:
        element.set("transform", transform)
    return [element]


def _placed(marker: Marker, geometry: GeometryKind) -> dict[str, str]:
    if geometry is GeometryKind.POINT:
        return {"multi-policy": "each"}
    if geometry is GeometryKind.POLYGON:
        return {"placement": "interior", "multi-policy": "largest"}
    if marker.placement == "center":
        return {"placement": "point"}
    where = _PLACEMENTS.get(marker.placement, "line")
    if where != "line":
        return {"placement": where}
    return {"placement": where, "spacing": to_px(marker.spacing_pt or _LINE_SPACING_PT)}


def _set_circle(element: Element, marker: Marker) -> None:
    side = to_px(marker.size_pt)
    element.attrib.update({"file": "shape://ellipse", "width": side, "height": side})
    element.attrib.update(paint("fill", marker.fill or Color(0, 0, 0, 0)))
    line = marker.stroke
    element.attrib.update(paint("stroke", line.color if line else Color(0, 0, 0, 0)))
    element.set("stroke-width", to_px(line.width_pt) if line else "0")


def _transform(marker: Marker) -> str:
    """Mapnik turns clockwise, its y goes down; what stands last is done first, so that the offset is not turned."""
    steps = []
    if marker.dx_pt or marker.dy_pt:
        steps.append(f"translate({to_px(marker.dx_pt)}, {to_px(-marker.dy_pt)})")
    if marker.rotation_field is not None:
        steps.append(f"rotate({'' if marker.rotation_clockwise else '-1*'}[{marker.rotation_field}])")
    if marker.rotation_deg:
        steps.append(f"rotate({format_number(-marker.rotation_deg)})")
    return " ".join(steps)


def _svg(marker: Marker) -> str:
    """The shape at its size in px; an unseen square about the origin keeps Mapnik from centring the shape's own box there."""
    reach = max(shapes.reach_of(marker.path) * marker.size_pt * PX_PER_PT, 0.5)
    r, side = format_number(reach), format_number(2 * reach)
    box = f'<path d="M-{r} -{r}L{r} -{r}L{r} {r}L-{r} {r}Z" fill="none" stroke="none"/>'
    frame = f'width="{side}" height="{side}" viewBox="-{r} -{r} {side} {side}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>{box}{_svg_shape(marker)}</svg>'


def _svg_shape(marker: Marker) -> str:
    painted = paint("fill", marker.fill) if marker.fill else {"fill": "none"}
    line = marker.stroke
    if line and strokes.is_visible(line):
        painted |= paint("stroke", line.color)
        painted |= {"stroke-width": to_px(line.width_pt), "stroke-linecap": line.cap, "stroke-linejoin": line.join}
        if line.dash_pt:
            painted["stroke-dasharray"] = ",".join(to_px(max(d, 0.001)) for d in line.dash_pt)
    path = shapes.scale_path(marker.path, marker.size_pt * PX_PER_PT)
    return f'<path d="{path}" {" ".join(f"{k}={v!r}" for k, v in painted.items())}/>'.replace("'", '"')


def _pattern(marker: Marker) -> str:
    side = format_number(max(round(marker.spacing_pt * PX_PER_PT), 2))
    middle = format_number(float(side) / 2)
    box = f'<path d="M0 0L{side} 0L{side} {side}L0 {side}Z" fill="none" stroke="none"/>'
    turn = f" rotate({format_number(-marker.rotation_deg)})" if marker.rotation_deg else ""
    shape = f'<g transform="translate({middle},{middle}){turn}">{_svg_shape(marker)}</g>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}">{box}{shape}</svg>'


MARKER = Symbolizer(Marker, from_cim, from_esri, to_esri, to_mapnik)
