"""SLD and SE external graphics <-> PictureMarker."""

from __future__ import annotations

import base64
from xml.etree.ElementTree import Element

from rendermap.symbology.embedded import Embedded
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.marker.sld import turned
from rendermap.symbology.symbolizers.se_elements import graphic, placed, se
from rendermap.symbology.symbolizers.sld_graphics import PlacedGraphic, chosen, graphics_of, look_of
from rendermap.symbology.symbols import PictureMarker
from rendermap.symbology.xml_document import XmlNode


def read(node: XmlNode) -> tuple[PictureMarker, ...] | None:
    """The pictures of a symbolizer at points and along lines, each as high as its size and as wide as it is."""
    found = []
    for drawn in graphics_of(node):
        picture = chosen(drawn.graphic) if drawn.placement != "pattern" else None
        if isinstance(picture, Embedded):
            found.append(_marker(drawn, picture))
    return tuple(found) or None


def _marker(drawn: PlacedGraphic, picture: Embedded) -> PictureMarker:
    look = look_of(drawn, picture.height)
    width = look.size_pt * picture.aspect
    if look.anchor != (0.0, 0.0):
        drawn.graphic.warn("a picture that is turned or sized by the feature about another place than its middle", "its middle is taken")
    return PictureMarker(
        picture.content,
        picture.media_type,
        width,
        look.size_pt,
        look.opacity,
        placement=drawn.placement,
        spacing_pt=width + drawn.gap_pt if drawn.placement == "line" else 0.0,
        **turned(look),
    )


def write(marker: PictureMarker, geometry: GeometryKind) -> list[Element]:
    """The picture inside the document, as high as it is."""
    return placed(
        marker,
        graphic(marker, picture_element(marker.content, marker.media_type), marker.height_pt, marker.opacity),
        marker.width_pt,
        geometry,
    )


def picture_element(content: bytes, media_type: str) -> Element:
    """An ExternalGraphic that is inside the document."""
    return se(
        "ExternalGraphic",
        se("InlineContent", text=base64.b64encode(content).decode(), encoding="base64"),
        se("Format", text=media_type),
    )
