"""Images of style documents as files that Mapnik draws at a given size."""

from __future__ import annotations

import io
import logging
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rendermap.symbology.embedded import SVG
from rendermap.symbology.svg import read_svg, repeated, stretched
from rendermap.symbology.symbolizers import lattice
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, Canvas, format_number
from rendermap.symbology.symbols import PictureFill

FINEST_RATIO = 2
"""Marker images are kept for screens of up to this many device pixels per pixel."""

_SMALLEST_PX = 2.0
_SAMPLES = 3
"""A turned image is looked at in this many places across and down for every pixel."""

LOG = logging.getLogger(__name__)


def image_file(content: bytes, media_type: str, size_pt: tuple[float, float], canvas: Canvas) -> tuple[str, str]:
    """(file, transform): the file that holds the image, and the transform that brings it to size_pt (width, height)."""
    width, height = (max(side * PX_PER_PT, 0.5) for side in size_pt)
    if media_type == SVG:
        return canvas.file(stretched(read_svg(content), width, height), ".svg"), ""
    pixels = max(round(width * FINEST_RATIO), 1), max(round(height * FINEST_RATIO), 1)
    scales = (format_number(side / px) for side, px in zip((width, height), pixels, strict=True))
    return canvas.file(_png(_opened(content).resize(pixels, Image.Resampling.LANCZOS)), ".png"), f"scale({', '.join(scales)})"


def tile_file(fill: PictureFill, canvas: Canvas) -> str:
    """The file of a tile that repeats the image without a seam.  Mapnik draws the pixels of images one to one at any pixel ratio."""
    width, height = (max(side * PX_PER_PT, _SMALLEST_PX) for side in (fill.width_pt, fill.height_pt))
    if fill.media_type == SVG:
        if fill.rotation_deg:
            LOG.warning("a vector image that fills polygons is drawn upright, not turned by %g degrees", fill.rotation_deg)
        across, down, (right, below) = lattice.waves([(1 / width, 0.0), (0.0, 1 / height)])
        counts = round(right[0] * across), round(below[1] * down)
        return canvas.file(repeated(read_svg(fill.content), across, down, counts), ".svg")
    turn, ratio = math.radians(fill.rotation_deg), canvas.pixel_ratio
    across, down, waves = _device_waves(width, height, turn, ratio)
    size = math.ceil(width * ratio), math.ceil(height * ratio)
    image = np.asarray(_opened(fill.content).resize(size, Image.Resampling.LANCZOS))
    return canvas.file(_png(Image.fromarray(_laid(image, round(across), round(down), waves))), ".png")


def _device_waves(width: float, height: float, turn: float, ratio: float) -> tuple[float, float, list[lattice.Point]]:
    """The tile of an image in device px: the tile of ratio 1 made larger where that has whole pixels, so that ratios look alike."""
    for factor in (1.0, ratio):
        w, h, scale = width * factor, height * factor, ratio / factor
        # y goes down: how the image's own columns and rows count up to the right and down.
        rises = [(math.cos(turn) / w, -math.sin(turn) / w), (math.sin(turn) / h, math.cos(turn) / h)]
        across, down, waves = lattice.waves(rises)
        if (across * scale).is_integer() and (down * scale).is_integer():
            break
    return across * scale, down * scale, [(right / scale, below / scale) for right, below in waves]


def _laid(image: NDArray[np.uint8], width: int, height: int, waves: list[lattice.Point]) -> NDArray[np.uint8]:
    """The image (rows, columns, 4) repeated over a tile: each pixel is the mean of what lies on it."""
    steps = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    x = (np.arange(width)[:, np.newaxis] + steps).ravel()[np.newaxis, :]
    y = (np.arange(height)[:, np.newaxis] + steps).ravel()[:, np.newaxis]
    (a, b), (c, d) = waves
    columns = ((a * x + b * y) % 1 * image.shape[1]).astype(np.intp) % image.shape[1]
    rows = ((c * x + d * y) % 1 * image.shape[0]).astype(np.intp) % image.shape[0]
    seen = image[rows, columns].astype(np.float32).reshape(height, _SAMPLES, width, _SAMPLES, 4)
    alpha = seen[..., 3:].sum(axis=(1, 3))
    color = (seen[..., :3] * seen[..., 3:]).sum(axis=(1, 3)) / np.maximum(alpha, 1)
    laid: NDArray[np.uint8] = np.rint(np.concatenate([color, alpha / _SAMPLES**2], axis=2)).astype(np.uint8)
    return laid


def _opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as opened:
        return opened.convert("RGBA")


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
