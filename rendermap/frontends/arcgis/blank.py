"""The job-less template's picture: the background and nothing else, so it needs no worker."""

from __future__ import annotations

import asyncio
import hashlib

import numpy as np

from rendermap.imaging.formats import FORMATS
from rendermap.reply import Picture
from rendermap.request import RGB, MapRequest

_MAX_AGE_S = 86400


async def blank_picture(request: MapRequest) -> Picture:
    """An empty picture of the size, format and background asked for."""
    view, row = request.view, FORMATS[request.format]
    key = repr((view.width_px, view.height_px, request.format, request.background))
    body = await asyncio.to_thread(_write, view.width_px, view.height_px, request.format, request.background)
    digest = hashlib.blake2b(b"blank " + key.encode(), digest_size=16).hexdigest()
    return Picture(body, row.media_type, digest, view.width_px, view.height_px, view.bbox, view.crs, empty=True, max_age_s=_MAX_AGE_S)


def _write(width_px: int, height_px: int, format_: str, background: RGB | None) -> bytes:
    pixels = np.zeros((height_px, width_px, 4), np.uint8)
    if background is not None:
        pixels[...] = (*background, 255)
    return FORMATS[format_].write(pixels, None)
