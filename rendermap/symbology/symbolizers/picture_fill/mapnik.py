"""PictureFill -> Mapnik."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.pictures import image_file
from rendermap.symbology.symbolizers.symbolizer import Canvas, format_number
from rendermap.symbology.symbols import PictureFill


def write(fill: PictureFill, canvas: Canvas) -> list[Element]:
    """A PolygonPatternSymbolizer on polygons."""
    if canvas.geometry is not GeometryKind.POLYGON:
        return []
    file, scale = image_file(fill.content, fill.media_type, (fill.width_pt, fill.height_pt), canvas)
    element = Element("PolygonPatternSymbolizer", {"file": file, "alignment": "global"})
    if scale:
        element.set("transform", scale)
    if fill.opacity < 1:
        element.set("opacity", format_number(fill.opacity))
    return [element]
