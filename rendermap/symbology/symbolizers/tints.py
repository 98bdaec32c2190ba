"""What CIM does to the colours of a picture before it is drawn."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from rendermap.symbology import colors
from rendermap.symbology.document import Node
from rendermap.symbology.embedded import PNG, SVG, Embedded
from rendermap.symbology.symbols import Color

_WHITE = Color(255, 255, 255)


def tinted(node: Node, picture: Embedded) -> tuple[Embedded, float]:
    """(the picture in the colours its layer gives it, its opacity): ``tintColor`` darkens, ``colorSubstitutions`` change places."""
    for note in picture.notes:
        node.warn(note, "the picture is drawn without it")
    tint = colors.from_cim(node.child("tintColor"), _WHITE)
    swaps = [(colors.from_cim(c.child("oldColor")), colors.from_cim(c.child("newColor"))) for c in node.children("colorSubstitutions")]
    if tint[:3] == _WHITE[:3] and not swaps:
        return picture, tint.a / 255
    if picture.media_type == SVG:
        node.warn("a drawing in other colours", "it is drawn in its own", "tintColor")
        return picture, tint.a / 255
    node.notes.gallery.check()
    with Image.open(io.BytesIO(picture.content)) as image:
        node.notes.gallery.spend(image.size)
        pixels = np.array(image.convert("RGBA"))
    drawn = pixels.copy()
    for old, new in swaps:
        drawn[(pixels[..., :3] == old[:3]).all(axis=2)] = tuple(new)
    drawn[..., :3] = drawn[..., :3].astype(np.uint16) * np.array(tint[:3], np.uint16) // 255
    buffer = io.BytesIO()
    Image.fromarray(drawn).save(buffer, "PNG")
    return replace(picture, content=buffer.getvalue(), media_type=PNG), tint.a / 255
