"""SLD and SE fills <-> Fill."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers import sld_parameters as parameters
from rendermap.symbology.symbolizers.se_elements import displacement, fill_element, se
from rendermap.symbology.symbols import Color, Fill
from rendermap.symbology.xml_document import XmlNode

GREY = Color(128, 128, 128)
"""The colour of a fill that names none."""


def read(node: XmlNode) -> tuple[Fill, ...] | None:
    """The solid fill of a polygon symbolizer."""
    fill = node.child("Fill") if node.name == "PolygonSymbolizer" else None
    if fill is None or fill.child("GraphicFill"):
        return None
    unit = parameters.unit_pt(node)
    if parameters.length_pt(node.child("PerpendicularOffset"), 0.0, unit):
        node.warn("a polygon made larger or smaller", "it is drawn as it is")
    dx, dy = parameters.point(node.child("Displacement"), ("DisplacementX", "DisplacementY"), (0.0, 0.0), unit)
    return (Fill(read_fill(fill), dx_pt=dx, dy_pt=dy),)


def read_fill(node: XmlNode) -> Color:
    """The colour of a Fill element, also of a mark.  Raises StyleInvalid."""
    parameters.warn_unknown(node, ("fill", "fill-opacity"))
    return parameters.color(parameters.css(node, "fill"), GREY, parameters.share(parameters.css(node, "fill-opacity")))


def write(fill: Fill, geometry: GeometryKind) -> list[Element]:
    """A PolygonSymbolizer on polygons."""
    if geometry is not GeometryKind.POLYGON:
        return []
    return [se("PolygonSymbolizer", fill_element(fill.color), displacement(fill.dx_pt, fill.dy_pt))]
