"""PictureFill -> Mapnik."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.effects import set_effects
from rendermap.symbology.symbolizers.pictures import tile_file
from rendermap.symbology.symbolizers.symbolizer import Canvas, format_number
from rendermap.symbology.symbols import PictureFill


def write(fill: PictureFill, canvas: Canvas) -> list[Element]:
    """A PolygonPatternSymbolizer on polygons."""
    if canvas.geometry is not GeometryKind.POLYGON:
        return []
    element = Element("PolygonPatternSymbolizer", {"file": tile_file(fill, canvas), "alignment": "global"})
    if fill.opacity < 1:
        element.set("opacity", format_number(fill.opacity))
    return [set_effects(element, fill)]
