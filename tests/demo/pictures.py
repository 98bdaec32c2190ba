"""Tiny pictures."""

from __future__ import annotations

import io

from PIL import Image


def png(pixels: list[tuple[int, int, int, int]]) -> bytes:
    """A PNG one pixel high."""
    picture = Image.new("RGBA", (len(pixels), 1))
    picture.putdata(pixels)
    body = io.BytesIO()
    picture.save(body, "PNG")
    return body.getvalue()
