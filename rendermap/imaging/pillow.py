"""JPEG, WebP, GIF and BMP, by Pillow, without metadata but a stamp."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rendermap.imaging.flatten import WHITE, flatten
from rendermap.imaging.palette import to_indexed
from rendermap.imaging.stamp import Stamp, comment_of, exif_of

_JPEG_QUALITY = 85
_FULL_CHROMA_FROM = 90


def write_jpeg(pixels: NDArray[np.uint8], quality: int | None = None, stamp: Stamp | None = None) -> bytes:
    """JPEG over white; thin coloured lines keep their full chroma from quality 90 up."""
    quality = quality or _JPEG_QUALITY
    subsampling = 0 if quality >= _FULL_CHROMA_FROM else 2
    return _save(Image.fromarray(flatten(pixels, WHITE)), "JPEG", quality=quality, subsampling=subsampling, **_exif(stamp))


def write_webp(pixels: NDArray[np.uint8], quality: int | None = None, stamp: Stamp | None = None) -> bytes:
    """WebP with alpha: lossless, unless a quality is asked for."""
    if quality is None:
        return _save(Image.fromarray(pixels), "WEBP", lossless=True, quality=0, method=0, exact=False, **_exif(stamp))
    return _save(Image.fromarray(pixels), "WEBP", quality=quality, method=2, **_exif(stamp))


def write_gif(pixels: NDArray[np.uint8], quality: int | None = None, stamp: Stamp | None = None) -> bytes:
    """GIF: wholly transparent pixels stay so, others are shown over white."""
    hidden = pixels[..., 3] == 0
    shown = np.dstack([flatten(pixels, WHITE), np.where(hidden, np.uint8(0), np.uint8(255))])
    indexed = to_indexed(shown)
    image = Image.fromarray(indexed.indexes).convert("P")
    image.putpalette(indexed.colors[:, :3].tobytes())
    comment = {"comment": comment_of(stamp)} if stamp else {}
    if hidden.any():
        return _save(image, "GIF", transparency=0, optimize=False, **comment)
    return _save(image, "GIF", optimize=False, **comment)


def write_bmp(pixels: NDArray[np.uint8], quality: int | None = None, stamp: Stamp | None = None) -> bytes:
    """BMP of 24 bits over white; it has no place for a stamp."""
    del quality, stamp
    return _save(Image.fromarray(flatten(pixels, WHITE)), "BMP")


def _exif(stamp: Stamp | None) -> dict[str, bytes]:
    return {"exif": exif_of(stamp)} if stamp else {}


def _save(image: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
