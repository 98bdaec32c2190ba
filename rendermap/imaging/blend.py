"""Layers of straight-alpha pixels laid over each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def over(below: Pixels, above: Pixels) -> Pixels:
    """The picture of one layer over another; both (height, width, 4) uint8, straight alpha.

    Spec: W3C Compositing and Blending Level 1, source over.
    """
    return np.asarray(Image.alpha_composite(_image(below), _image(above)))


def multiply(below: Pixels, above: Pixels) -> Pixels:
    """As `over`, with the upper layer darkening what is below it; where nothing is below, it shows as it is.

    Spec: W3C Compositing and Blending Level 1, multiply.
    """
    backdrop, alpha = below[..., :3].astype(np.uint32), below[..., 3:].astype(np.uint32)
    mixed = above.copy()
    # Cs' = (1 - ab) Cs + ab Cb Cs, all from 0 to 255.
    weight = (255 - alpha) * 255 + alpha * backdrop
    mixed[..., :3] = (above[..., :3] * weight + 32512) // 65025
    return over(below, mixed)


def fade(pixels: Pixels, opacity: float) -> Pixels:
    """The pixels with their alpha times opacity, 0 to 1."""
    if opacity >= 1:
        return pixels
    faded = pixels.copy()
    faded[..., 3] = np.rint(pixels[..., 3] * max(opacity, 0.0))
    return faded


def _image(pixels: Pixels) -> Image.Image:
    return Image.frombuffer("RGBA", (pixels.shape[1], pixels.shape[0]), np.ascontiguousarray(pixels), "raw", "RGBA", 0, 1)
