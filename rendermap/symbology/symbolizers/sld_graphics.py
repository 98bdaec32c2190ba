"""The graphics of SLD and SE symbolizers: which of their marks and pictures is drawn, where, how large and how turned."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rendermap.symbology import embedded
from rendermap.symbology.embedded import Embedded, Unusable
from rendermap.symbology.expressions.tree import Operand
from rendermap.symbology.symbolizers import sld_parameters as parameters
from rendermap.symbology.symbols import SizeBy
from rendermap.symbology.xml_document import XmlNode

DEFAULT_PX = 6.0
_PLACES = {"startPoint": "first", "endPoint": "last", "vertices": "vertex", "centroid": "center", "interiorPoint": "center"}
_LINE_ANGLES = ("startAngle", "endAngle")


@dataclass(frozen=True, slots=True)
class PlacedGraphic:
    """A Graphic and where it stands.

    placement: as of `PointLayer`.  gap_pt: free room between one and the next.  unit: points of the symbolizer's unit of measure.
    offset_pt: to the left of the line.
    """

    graphic: XmlNode
    placement: str
    gap_pt: float
    unit: float
    offset_pt: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """How a graphic is drawn; lengths in points, y up.

    anchor: the place of the graphic about which the feature turns it, as shares of its size from its middle, x right and y up; already in
    dx_pt and dy_pt where it is not turned so.
    """

    size_pt: float
    size_by: SizeBy | None
    opacity: float
    rotation_deg: float
    rotation_by: Operand | None
    dx_pt: float
    dy_pt: float
    anchor: tuple[float, float] = (0.0, 0.0)


def graphics_of(symbolizer: XmlNode) -> tuple[PlacedGraphic, ...]:
    """All graphics of a symbolizer."""
    unit = parameters.unit_pt(symbolizer)
    if symbolizer.name == "PointSymbolizer":
        graphic = symbolizer.child("Graphic")
        return (PlacedGraphic(graphic, _placement(symbolizer), 0.0, unit),) if graphic else ()
    inside = _filling(symbolizer, unit) if symbolizer.name == "PolygonSymbolizer" else ()
    return (*inside, *_along(symbolizer, unit)) if symbolizer.name in ("PolygonSymbolizer", "LineSymbolizer") else ()


def _placement(symbolizer: XmlNode) -> str:
    """By the function of the geometry that the symbolizer stands on."""
    geometry = symbolizer.child("Geometry")
    inside = geometry.children() if geometry else ()
    function = next((inner for inner in inside if inner.name == "Function"), None)
    if function is None:
        return ""
    name = function.attribute("name")
    if name not in _PLACES:
        function.warn(f"the geometry {name!r}", "the feature's own geometry is used")
    return _PLACES.get(name, "")


def _filling(symbolizer: XmlNode, unit: float) -> tuple[PlacedGraphic, ...]:
    graphic = symbolizer.path("Fill", "GraphicFill", "Graphic")
    if graphic is None:
        return ()
    margins = [option for option in symbolizer.children("VendorOption") if option.attribute("name") == "graphic-margin"]
    sides = parameters.lengths_pt(margins[0], unit) if margins else ()
    # one margin for all sides, or top, right, bottom and left
    gap = 2 * sides[0] if len(sides) == 1 else sides[0] + sides[min(2, len(sides) - 1)] if sides else 0.0
    return (PlacedGraphic(graphic, "pattern", gap, unit),)


def _along(symbolizer: XmlNode, unit: float) -> tuple[PlacedGraphic, ...]:
    stroke = symbolizer.child("Stroke")
    lined = stroke.child("GraphicStroke") if stroke else None
    graphic = lined.child("Graphic") if lined else None
    if stroke is None or lined is None or graphic is None:
        return ()
    if lined.child("InitialGap"):
        lined.warn("a gap before the first mark", "marks begin as the line does")
    offset = parameters.length_pt(symbolizer.child("PerpendicularOffset"), 0.0, unit)
    return (PlacedGraphic(graphic, "line", _gap(stroke, lined, graphic, unit), unit, offset),)


def _gap(stroke: XmlNode, lined: XmlNode, graphic: XmlNode, unit: float) -> float:
    """SE tells the gap; GeoServer takes it from the dashes, of which the mark has the first."""
    dashes = parameters.lengths_pt(parameters.css(stroke, "stroke-dasharray"), unit)
    if lined.child("Gap") or len(dashes) < 2:
        return max(parameters.length_pt(lined.child("Gap"), 0.0, unit), 0.0)
    size_pt, _ = parameters.size(graphic.child("Size"), DEFAULT_PX, unit)
    return max(sum(dashes) - size_pt, 0.0)


def chosen(graphic: XmlNode) -> XmlNode | Embedded | None:
    """The first mark or picture that can be drawn, None where there is none: a grey square stands for it."""
    found = _first_usable(graphic)
    if found is None and graphic.child("ExternalGraphic"):
        graphic.warn("no picture that can be drawn", "a grey square is used")
    return found


def _first_usable(graphic: XmlNode) -> XmlNode | Embedded | None:
    for inner in graphic.children():
        if inner.name == "Mark":
            return inner
        if inner.name == "ExternalGraphic":
            picture = _picture(inner)
            if picture is not None:
                return picture
    return None


def _picture(node: XmlNode) -> Embedded | None:
    """The picture inside a style.  One by its address is not drawn: no file and no host is ever asked for it."""
    resource, inline = node.child("OnlineResource"), node.child("InlineContent")
    if node.child("ColorReplacement"):
        node.warn("colours of a picture replaced by others", "the picture is drawn in its own")
    try:
        address = resource.attribute("href") if resource else ""
        picture = _inline(inline) if inline is not None else embedded.read_data_url(address, node.notes.gallery)
    except Unusable as error:
        node.warn(str(error), "the next of its graphics is used")
        return None
    for note in picture.notes:
        node.warn(note, "the picture is drawn without it")
    return picture


def _inline(node: XmlNode) -> Embedded:
    inner = node.children()
    if node.attribute("encoding", "base64" if not inner else "xml") == "base64":
        return embedded.read_base64(node.whole_text, node.notes.gallery)
    if not inner:
        raise Unusable("a picture without content")
    return embedded.read_picture(inner[0].serialized(), node.notes.gallery)


def look_of(drawn: PlacedGraphic, default_px: float = DEFAULT_PX) -> Look:
    """How the graphic is drawn.  Raises StyleInvalid."""
    graphic, unit = drawn.graphic, drawn.unit
    size_pt, size_by = parameters.size(graphic.child("Size"), default_px, unit)
    turn, by = (0.0, None) if _is_turned_with_line(graphic) else parameters.turn_of(graphic.child("Rotation"))
    across, up = parameters.point(graphic.child("AnchorPoint"), ("AnchorPointX", "AnchorPointY"), (0.5, 0.5))
    dx, dy = parameters.point(graphic.child("Displacement"), ("DisplacementX", "DisplacementY"), (0.0, 0.0), unit)
    dy += drawn.offset_pt
    if by is not None or size_by is not None:
        return Look(size_pt, size_by, parameters.share(graphic.child("Opacity")), turn, by, dx, dy, (across - 0.5, up - 0.5))
    # The anchor is a place of the graphic, so it is turned with it; the displacement is not.
    ax, ay = (0.5 - across) * size_pt, (0.5 - up) * size_pt
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return Look(
        size_pt,
        size_by,
        parameters.share(graphic.child("Opacity")),
        turn,
        by,
        dx + ax * cos - ay * sin,
        dy + ax * sin + ay * cos,
    )


def _is_turned_with_line(graphic: XmlNode) -> bool:
    """Marks at a line's ends are turned with it anyway."""
    function = graphic.path("Rotation", "Function")
    return function is not None and function.attribute("name") in _LINE_ANGLES
