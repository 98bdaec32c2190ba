"""Pictures that a QGIS style carries with it; files and addresses are never opened."""

from __future__ import annotations

import re

from rendermap.symbology.embedded import Embedded, Unusable, read_base64, read_picture
from rendermap.symbology.qgis.properties import HAIRLINE_PT, Properties

_EMBEDDED = "base64:"
_PARAMETER = re.compile(rb"""(["':;\s])param\(\s*([a-z-]+)\s*\)\s*([^"';]*)""")


def picture_of(properties: Properties, *keys: str) -> Embedded | None:
    """The picture that a property carries; None, with a warning, when it is a file or an address, or cannot be drawn."""
    text = properties.text(*keys)
    if not text.startswith(_EMBEDDED):
        return None
    try:
        picture = read_base64(text.removeprefix(_EMBEDDED), properties.node.notes.gallery)
    except Unusable as error:
        properties.node.warn(str(error), "it is not opened")
        return None
    for note in picture.notes:
        properties.node.warn(note, "the picture is drawn without it")
    return picture


def svg_of(properties: Properties, *keys: str) -> Embedded | None:
    """The same for an SVG picture, in the colours that the properties give to its parameters."""
    found = picture_of(properties, *keys)
    if found is None or b"param(" not in found.content:
        return found
    try:
        return read_picture(_painted(found.content, properties), properties.node.notes.gallery)
    except Unusable as error:
        properties.node.warn(str(error), "it is drawn without its colours")
        return found


def _painted(content: bytes, properties: Properties) -> bytes:
    fill, line = properties.color("color"), properties.color("outline_color")
    values = {
        b"fill": f"#{fill.r:02x}{fill.g:02x}{fill.b:02x}",
        b"fill-opacity": f"{fill.a / 255:.3f}",
        b"outline": f"#{line.r:02x}{line.g:02x}{line.b:02x}",
        b"outline-opacity": f"{line.a / 255:.3f}",
        b"outline-width": f"{max(properties.length('outline_width'), 0.0) or HAIRLINE_PT:.3f}",
    }
    return _PARAMETER.sub(lambda m: m[1] + (values[m[2]].encode() if m[2] in values else m[3]), content)
