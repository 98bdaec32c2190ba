"""Images of style documents as files that Mapnik draws at a given size."""

from __future__ import annotations

import io

from PIL import Image

from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, Canvas, format_number

FINEST_RATIO = 2
"""Images are kept for screens of up to this many device pixels per pixel."""


def image_file(content: bytes, media_type: str, size_pt: tuple[float, float], canvas: Canvas) -> tuple[str, str]:
    """(file, transform): the file that holds the image, and the transform that brings it to size_pt (width, height)."""
    if media_type == "image/svg+xml":
        return canvas.file(content, ".svg"), ""
    width_px, height_px = (max(round(side * PX_PER_PT * FINEST_RATIO), 1) for side in size_pt)
    with Image.open(io.BytesIO(content)) as opened:
        image = opened.convert("RGBA").resize((width_px, height_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    scales = (format_number(side * PX_PER_PT / px) for side, px in zip(size_pt, (width_px, height_px), strict=True))
    return canvas.file(buffer.getvalue(), ".png"), f"scale({', '.join(scales)})"
