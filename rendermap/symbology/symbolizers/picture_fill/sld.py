"""SLD and SE fills of external graphics <-> PictureFill."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.symbology.embedded import Embedded
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.picture_marker.sld import picture_element
from rendermap.symbology.symbolizers.se_elements import patterned, px, se
from rendermap.symbology.symbolizers.sld_graphics import PlacedGraphic, chosen, graphics_of, look_of
from rendermap.symbology.symbolizers.symbolizer import format_number
from rendermap.symbology.symbols import PictureFill
from rendermap.symbology.xml_document import XmlNode


def read(node: XmlNode) -> tuple[PictureFill, ...] | None:
    """A polygon symbolizer filled with a picture."""
    found = []
    for drawn in graphics_of(node):
        picture = chosen(drawn.graphic) if drawn.placement == "pattern" else None
        if isinstance(picture, Embedded):
            found.append(_fill(drawn, picture))
    return tuple(found) or None


def _fill(drawn: PlacedGraphic, picture: Embedded) -> PictureFill:
    look = look_of(drawn, picture.height)
    if look.size_by or look.rotation_by:
        drawn.graphic.warn("a picture that changes by the feature", "it is alike for all features")
    if drawn.gap_pt:
        drawn.graphic.warn("room between the pictures", "they touch")
    return PictureFill(picture.content, picture.media_type, look.size_pt * picture.aspect, look.size_pt, look.opacity, look.rotation_deg)


def write(fill: PictureFill, geometry: GeometryKind) -> list[Element]:
    """A polygon filled with the picture inside the document."""
    if geometry is not GeometryKind.POLYGON:
        return []
    opacity = se("Opacity", text=format_number(fill.opacity)) if fill.opacity < 1 else None
    turned = se("Rotation", text=f"{-fill.rotation_deg:.10g}") if fill.rotation_deg else None
    picture = picture_element(fill.content, fill.media_type)
    return [patterned(se("Graphic", picture, opacity, se("Size", text=px(fill.height_pt)), turned), 0.0)]
