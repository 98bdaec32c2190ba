"""PictureMarker -> Mapnik."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.marker.mapnik import placed, transform_of
from rendermap.symbology.symbolizers.pictures import image_file
from rendermap.symbology.symbolizers.symbolizer import Canvas, format_number
from rendermap.symbology.symbols import PictureMarker


def write(marker: PictureMarker, canvas: Canvas) -> list[Element]:
    """A MarkersSymbolizer that is never left out for want of room."""
    if marker.placement == "points" and canvas.geometry is not GeometryKind.POINT:
        return []
    file, scale = image_file(marker.content, marker.media_type, (marker.width_pt, marker.height_pt), canvas)
    element = Element(
        "MarkersSymbolizer", {"allow-overlap": "true", "ignore-placement": "true", "file": file, **placed(marker, canvas.geometry)}
    )
    if transform := " ".join(part for part in (transform_of(marker, canvas), scale) if part):
        element.set("transform", transform)
    if marker.opacity < 1:
        element.set("opacity", format_number(marker.opacity))
    return [element]
