"""Elements of SE 1.1 documents, whose names have the prefix ``se``: parameters, colours, lengths in px, graphics and where they stand."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.symbology.expressions.filter_document import spelled, value_element
from rendermap.symbology.expressions.tree import Arithmetic, Call, Literal, Operand
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, format_number
from rendermap.symbology.symbols import Color, PointLayer, SizeBy

_FUNCTIONS = {"first": ("startPoint", "startAngle"), "last": ("endPoint", "endAngle"), "vertex": ("vertices", "")}
LINE_SPACING_PT = 48.0
"""Between marks along a line that says nothing of it."""


def se(name: str, /, *inside: Element | None, text: str = "", **attributes: str) -> Element:
    """An element with those inside it that are there."""
    element = Element(f"se:{name}", attributes)
    element.extend(inner for inner in inside if inner is not None)
    if text:
        element.text = text
    return element


def px(pt: float) -> str:
    """A length in px with enough digits to be read back as the same points."""
    text = f"{pt * PX_PER_PT:.11f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def parameter(name: str, text: str) -> Element:
    """An SvgParameter."""
    return se("SvgParameter", text=text, name=name)


def painted(name: str, color: Color) -> list[Element]:
    """The parameters of a colour: ``fill`` or ``stroke``."""
    found = [parameter(name, f"#{color.r:02x}{color.g:02x}{color.b:02x}")]
    return [*found, parameter(f"{name}-opacity", format_number(color.a / 255))] if color.a < 255 else found


def fill_element(color: Color) -> Element:
    """A solid Fill."""
    return se("Fill", *painted("fill", color))


def sized(element: Element, length_pt: float, size_by: SizeBy | None) -> Element:
    """A parameter's element with its length, constant or interpolated by a number of the feature."""
    if size_by is None:
        element.text = px(length_pt)
    else:
        element.append(_interpolated(length_pt, size_by))
    return element


def _interpolated(length_pt: float, size_by: SizeBy) -> Element:
    """Areas are made proportional by a power of the number."""
    is_plain = size_by.exponent == 1.0
    lookup = size_by.value if is_plain else Call("power", (size_by.value, Literal(size_by.exponent)))
    points = []
    for number, factor in size_by.stops:
        data = number if is_plain else max(number, 0.0) ** size_by.exponent
        points.append(se("InterpolationPoint", se("Data", text=spelled(data)), se("Value", text=px(length_pt * factor))))
    found = se("LookupValue")
    found.append(value_element(lookup))
    return se("Interpolate", found, *points, fallbackValue="0", mode="linear")


def graphic(layer: PointLayer, content: Element, size_pt: float, opacity: float = 1.0) -> Element:
    """A Graphic of a mark or picture as large and turned as its layer says."""
    return se(
        "Graphic",
        content,
        se("Opacity", text=format_number(opacity)) if opacity < 1 else None,
        sized(se("Size"), size_pt, layer.size_by),
        _rotation(layer),
        displacement(layer.dx_pt, layer.dy_pt),
    )


def _rotation(layer: PointLayer) -> Element | None:
    """SE turns clockwise; marks at a line's ends turn with it by functions of GeoServer."""
    if layer.placement in ("first", "last") and not layer.is_upright and layer.rotation_by is None and not layer.rotation_deg:
        function = Element("ogc:Function", name=_FUNCTIONS[layer.placement][1])
        function.append(_geometry_name())
        return se("Rotation", function)
    by: Operand | None = layer.rotation_by
    if by is None:
        return se("Rotation", text=spelled(-layer.rotation_deg)) if layer.rotation_deg else None
    turned = by if layer.rotation_clockwise else Arithmetic("-", Literal(0), by)
    whole = Arithmetic("-", turned, Literal(layer.rotation_deg)) if layer.rotation_deg else turned
    return se("Rotation", value_element(whole))


def displacement(dx_pt: float, dy_pt: float) -> Element | None:
    """A Displacement, None for none."""
    if not (dx_pt or dy_pt):
        return None
    return se("Displacement", se("DisplacementX", text=px(dx_pt)), se("DisplacementY", text=px(dy_pt)))


def placed(layer: PointLayer, drawn: Element, width_pt: float, geometry: GeometryKind) -> list[Element]:
    """The symbolizer that puts a Graphic where its layer stands on the geometry; none where it has no place."""
    if layer.placement == "points" and geometry is not GeometryKind.POINT:
        return []
    if geometry is GeometryKind.LINE and layer.placement in ("", "line"):
        gap = max((layer.spacing_pt or LINE_SPACING_PT) - width_pt, 0.0)
        return [se("LineSymbolizer", se("Stroke", se("GraphicStroke", drawn, se("Gap", text=px(gap)))))]
    if geometry is GeometryKind.POLYGON and layer.placement == "pattern":
        return [patterned(drawn, (layer.spacing_pt - width_pt) / 2)]
    return [se("PointSymbolizer", _geometry(layer) if geometry is not GeometryKind.POINT else None, drawn)]


def patterned(drawn: Element, margin_pt: float) -> Element:
    """A polygon filled with a Graphic; the room around it is an option of GeoServer's."""
    option = se("VendorOption", text=px(margin_pt), name="graphic-margin") if margin_pt > 0 else None
    return se("PolygonSymbolizer", se("Fill", se("GraphicFill", drawn)), option)


def _geometry(layer: PointLayer) -> Element | None:
    if layer.placement not in _FUNCTIONS:
        return None
    function = Element("ogc:Function", name=_FUNCTIONS[layer.placement][0])
    function.append(_geometry_name())
    return se("Geometry", function)


def _geometry_name() -> Element:
    element = Element("ogc:PropertyName")
    element.text = "geometry"
    return element
