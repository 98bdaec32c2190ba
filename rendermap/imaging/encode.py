"""Pixels to the bytes of a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rendermap.errors import InvalidFormat, InvalidSize
from rendermap.imaging.flatten import WHITE, flatten
from rendermap.imaging.formats import FORMATS
from rendermap.imaging.stamp import Stamp


def encode(
    pixels: NDArray[np.uint8],
    format: str,
    background: tuple[int, int, int] | None = None,
    quality: int | None = None,
    stamp: Stamp | None = None,
) -> bytes:
    """The encoded picture, without metadata but the stamp, where the format has a place for it.

    pixels: (height, width, 4) uint8, straight alpha.  background: laid under the picture in every format; None leaves it transparent,
    or white where the format has no alpha.  quality: 1 to 100 for lossy formats.
    Raises InvalidFormat when the table has no such format, InvalidSize when the format cannot hold the picture.
    """
    row = FORMATS.get(format)
    if row is None:
        raise InvalidFormat
    if max(pixels.shape[:2]) > row.max_side_px:
        raise InvalidSize
    if background is not None or not row.has_alpha:
        pixels = _opaque(pixels, background or WHITE)
    return row.write(np.ascontiguousarray(pixels), quality if row.lossy else None, stamp)


def is_empty(pixels: NDArray[np.uint8]) -> bool:
    """True when every pixel of (height, width, 4) is wholly transparent."""
    return not pixels[..., 3].any()


def _opaque(pixels: NDArray[np.uint8], background: tuple[int, int, int]) -> NDArray[np.uint8]:
    if (pixels[..., 3] == 255).all():
        return pixels
    return np.asarray(Image.fromarray(flatten(pixels, background)).convert("RGBA"))
