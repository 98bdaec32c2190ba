"""JPEG, WebP, AVIF, GIF and BMP, by Pillow, without metadata but a stamp."""

from __future__ import annotations

import importlib.util
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rendermap.imaging.flatten import WHITE, flatten
from rendermap.imaging.palette import to_indexed
from rendermap.imaging.stamp import Stamp, comment_of, exif_of

_JPEG_QUALITY = 85
_FULL_CHROMA_FROM = 90
_AVIF_QUALITY, _AVIF_SPEED = 60, 8
"""At 9 and 10 pictures take a third of the time, and are a third to a half larger."""


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


def has_avif() -> bool:
    """Whether Pillow was built with it."""
    return importlib.util.find_spec("PIL._avif") is not None


def write_avif(pixels: NDArray[np.uint8], quality: int | None = None, stamp: Stamp | None = None) -> bytes:
    """AVIF with exact alpha and full chroma: closer to the picture than a JPEG of the same size, for ten times the work."""
    options = {"quality": quality or _AVIF_QUALITY, "speed": _AVIF_SPEED, "subsampling": "4:4:4", "max_threads": 1}
    if (pixels[..., 3] == 255).all():
        return _save(Image.fromarray(pixels[..., :3]), "AVIF", **options, **_exif(stamp))
    return _save(Image.fromarray(pixels), "AVIF", advanced={"alpha:lossless": "1"}, **options, **_exif(stamp))


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
