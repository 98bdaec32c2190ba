"""Pictures inside style documents: decoded, checked, and never fetched from anywhere.

A picture is a ``data:`` address or bytes.  What is told by any other address is not opened: not a file, not a share, not the network.
"""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from urllib.parse import unquote_to_bytes

from PIL import Image

from rendermap.errors import StyleInvalid
from rendermap.limits import PICTURE_BYTES, SYMBOL_PICTURE_PIXELS, SYMBOL_PICTURE_SIDE
from rendermap.symbology.gallery import Embedded, Gallery, Unusable
from rendermap.symbology.svg import read_svg

__all__ = ["JPEG", "PNG", "SVG", "Embedded", "Gallery", "Unusable", "read_base64", "read_data_url", "read_picture"]

PNG, JPEG, SVG = "image/png", "image/jpeg", "image/svg+xml"
_KEPT = {"PNG": PNG, "JPEG": JPEG}
_CHANGED = ("GIF", "BMP", "WEBP", "TIFF")


def read_data_url(url: str, gallery: Gallery | None = None) -> Embedded:
    """The picture of a ``data:`` address.  Raises Unusable for any other address, which is not opened, and for what is no picture."""
    head, comma, body = url.strip().partition(",")
    if not head.lower().startswith("data:") or not comma:
        raise Unusable("a picture by its address, which is never fetched")
    if len(body) > PICTURE_BYTES.value * 3:
        raise Unusable(f"a picture too large: {PICTURE_BYTES.sentence}")
    return read_base64(body, gallery) if head.lower().rstrip().endswith(";base64") else read_picture(unquote_to_bytes(body), gallery)


def read_base64(text: str, gallery: Gallery | None = None) -> Embedded:
    """The picture of base64 text, blanks and line ends in it allowed.  Raises Unusable."""
    if len(text) > PICTURE_BYTES.value * 2:
        raise Unusable(f"a picture too large: {PICTURE_BYTES.sentence}")
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unusable("a picture that is not base64") from error
    return read_picture(content, gallery)


def read_picture(content: bytes, gallery: Gallery | None = None) -> Embedded:
    """The picture that the bytes are: PNG and JPEG as they are, other raster formats as PNG, SVG with its shapes and paint only.

    gallery: of the document.  Raises Unusable, and StyleInvalid when the document's pictures are too many.
    """
    if len(content) > PICTURE_BYTES.value:
        raise Unusable(f"a picture too large: {PICTURE_BYTES.sentence}")
    is_drawing = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    return (gallery or Gallery()).read(content, _read_svg if is_drawing else _read_raster)


def _read_raster(content: bytes, gallery: Gallery) -> Embedded:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=(*_KEPT, *_CHANGED)) as image:
                _check_size(image.size)
                gallery.spend(image.size)
                image.load()
                media_type = _KEPT.get(image.format or "")
                kept = content if media_type else _as_png(image)
                return Embedded(kept, media_type or PNG, float(image.width), float(image.height))
    # Pillow's readers raise nearly everything at damaged files.
    except Unusable:
        raise
    except Exception as error:
        raise Unusable("a picture that cannot be read") from error


def _check_size(size: tuple[int, int]) -> None:
    for found, limit in ((max(size), SYMBOL_PICTURE_SIDE), (size[0] * size[1], SYMBOL_PICTURE_PIXELS)):
        if found > limit.value:
            raise Unusable(f"a picture of {size[0]} by {size[1]} px: {limit.sentence}")
    if min(size) < 1:
        raise Unusable("a picture without an area")


def _as_png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGBA").save(buffer, "PNG")
    return buffer.getvalue()


def _read_svg(content: bytes, gallery: Gallery) -> Embedded:
    try:
        drawing = read_svg(content, gallery)
    except StyleInvalid as error:
        passed = "" if error.sentence == StyleInvalid.sentence else f": {error.sentence}"
        raise Unusable(f"an SVG picture that cannot be read, or has scripts in it{passed}") from error
    if not 1e-3 < drawing.width_px / drawing.height_px < 1e3:
        raise Unusable(f"an SVG picture of {drawing.width_px:g} by {drawing.height_px:g} px")
    return Embedded(drawing.content, SVG, drawing.width_px, drawing.height_px, drawing.notes)
