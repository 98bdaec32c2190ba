"""QGIS picture markers -> PictureMarker, or the nearest shape where the picture is not in the document."""

from __future__ import annotations

import re

from rendermap.symbology import shapes
from rendermap.symbology.embedded import Embedded
from rendermap.symbology.qgis.markers import turned_marker
from rendermap.symbology.qgis.pictures import picture_of, svg_of
from rendermap.symbology.qgis.properties import Properties, read_properties
from rendermap.symbology.symbolizers.stroke import qml as strokes
from rendermap.symbology.symbols import Color, Marker, PictureMarker, PointLayer
from rendermap.symbology.xml_document import XmlNode

# Words in the names of pictures that come with QGIS, and the shape that is nearest.
_NEAREST = (
    ("star", shapes.STAR),
    ("triang|mountain|peak|camp|tent|volcano|summit", shapes.TRIANGLE),
    ("square|rect|build|house|hotel|hospital|school|shelter|box", shapes.SQUARE),
    ("diamond|rhomb|warning|accident", shapes.DIAMOND),
    ("pentagon", shapes.PENTAGON),
    ("hexagon", shapes.HEXAGON),
    ("heart", shapes.HEART),
    ("shield", shapes.SHIELD),
    ("arrow|north|wind|plane|airport|aero", shapes.NORTH_ARROW),
    ("asterisk", shapes.FILLED_ASTERISK),
    ("cross|plus|church|christian|pharmacy|medic", shapes.FILLED_CROSS),
)
_GREY = Color(35, 35, 35)


def read(node: XmlNode) -> tuple[PointLayer, ...] | None:
    """SvgMarker and RasterMarker; only pictures inside the document are drawn, files and addresses are never opened."""
    kind = node.attribute("class")
    if kind not in ("SvgMarker", "RasterMarker", "AnimatedMarker"):
        return None
    properties = read_properties(node)
    picture = svg_of(properties, "name", "svgFile") if kind == "SvgMarker" else picture_of(properties, "imageFile")
    side = max(properties.length("size", default=4.0), 0.0)
    if side <= 0:
        return ()
    return (_nearest(properties, side),) if picture is None else (_picture(properties, picture, side),)


def _picture(properties: Properties, picture: Embedded, width: float) -> PictureMarker:
    """QGIS's size is the width; the height follows the picture, or a ratio of its own."""
    ratio = properties.number("fixedAspectRatio") or 1 / picture.aspect
    height = width * min(max(ratio, 0.001), 1000.0)
    opacity = min(max(properties.number("alpha", default=1.0), 0.0), 1.0)
    marker = PictureMarker(picture.content, picture.media_type, width, height, opacity)
    return turned_marker(marker, properties, (1.0, height / width), drawn=("size", "angle"), side_pt=width)


def _nearest(properties: Properties, side: float) -> Marker:
    name = properties.text("name", "svgFile", "imageFile")
    stem = "" if name.startswith("base64:") else re.split(r"[/\\]", name)[-1].rsplit(".", 1)[0].lower()
    path = next((shape for words, shape in _NEAREST if re.search(words, stem)), shapes.CIRCLE)
    properties.node.warn(f"the picture {stem or 'of a marker'!r}, which is not in the document", "the nearest shape is used")
    marker = Marker(path, side, properties.color("color", default=_GREY), strokes.outline(properties))
    return turned_marker(marker, properties, (1.0, 1.0), drawn=("size", "angle"))
