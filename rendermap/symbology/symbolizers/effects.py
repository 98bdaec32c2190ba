"""What is done to a geometry before it is drawn, in Mapnik's words."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.symbology.symbolizers.symbolizer import format_number, to_px
from rendermap.symbology.symbols import PathLayer


def set_effects(element: Element, layer: PathLayer) -> Element:
    """The symbolizer with the layer's rounding and move."""
    if layer.smooth > 0:
        element.set("smooth", format_number(min(layer.smooth, 1.0)))
    if layer.dx_pt or layer.dy_pt:
        element.set("geometry-transform", f"translate({to_px(layer.dx_pt)}, {to_px(-layer.dy_pt)})")
    return element
