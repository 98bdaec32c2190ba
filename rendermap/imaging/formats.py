"""The table of output formats: a new row appears in every front end's negotiation, documents and contract tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rendermap.imaging import pillow, png
from rendermap.imaging.palette import Indexed
from rendermap.imaging.stamp import Stamp
from rendermap.table import Table

Pixels = NDArray[np.uint8]
Write = Callable[[Pixels, int | None, Stamp | None], bytes]
"""Pixels (height, width, 4), straight alpha, a quality (1 to 100, None for the format's own) and a stamp -> the encoded picture."""
WriteIndexed = Callable[[Indexed, Stamp | None], bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """One output format.

    name: ours, in requests and plans.  suffix: of files and URLs, without a dot.  has_alpha: transparent pixels stay transparent.
    is_keyed: only the wholly transparent ones do, the others are shown over white.  lossy: takes a quality.
    has_stamp: there is a place in it for a stamp.  write_indexed: from a picture that has a palette already, None where that is no gain.
    esri: what ArcGIS REST calls it, preferred name first, upper case.  max_side_px: the largest picture the format can hold.
    """

    name: str
    title: str
    media_type: str
    suffix: str
    write: Write
    has_alpha: bool = True
    is_keyed: bool = False
    lossy: bool = False
    has_stamp: bool = True
    esri: tuple[str, ...] = ()
    max_side_px: int = 65535
    write_indexed: WriteIndexed | None = None


FORMATS: Table[Format] = Table(
    "output format",
    {
        "png": Format("png", "PNG", "image/png", "png", png.write_smallest, esri=("PNG",), write_indexed=png.write_indexed),
        "png32": Format("png32", "PNG, 32 bit", "image/png", "png", png.write_rgba, esri=("PNG32",)),
        "png24": Format("png24", "PNG, 24 bit", "image/png", "png", png.write_rgb, is_keyed=True, esri=("PNG24",)),
        "png8": Format("png8", "PNG, 256 colours", "image/png", "png", png.write_palette, esri=("PNG8",), write_indexed=png.write_indexed),
        "jpeg": Format("jpeg", "JPEG", "image/jpeg", "jpg", pillow.write_jpeg, has_alpha=False, lossy=True, esri=("JPG", "JPEG")),
        "webp": Format("webp", "WebP", "image/webp", "webp", pillow.write_webp, lossy=True, esri=("WEBP",), max_side_px=16383),
        **(
            {"avif": Format("avif", "AVIF", "image/avif", "avif", pillow.write_avif, lossy=True, esri=("AVIF",))}
            if pillow.has_avif()
            else {}
        ),
        "gif": Format("gif", "GIF", "image/gif", "gif", pillow.write_gif, is_keyed=True, esri=("GIF",)),
        "bmp": Format("bmp", "BMP", "image/bmp", "bmp", pillow.write_bmp, has_alpha=False, has_stamp=False, esri=("BMP",)),
    },
)


def format_of_esri(name: str) -> Format | None:
    """The format ArcGIS REST means by a name, in any case; None when there is none."""
    return next((row for row in FORMATS if name.strip().upper() in row.esri), None)


def format_of_media_type(media_type: str) -> Format | None:
    """The first format of a media type; None when there is none."""
    return next((row for row in FORMATS if row.media_type == media_type.strip().lower()), None)
