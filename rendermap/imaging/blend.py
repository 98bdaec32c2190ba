"""Layers of straight-alpha pixels laid over each other.

Spec: W3C Compositing and Blending Level 1; modes of the field that it does not have are blended by its formula with a mix of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rendermap.imaging import color_mixing, compositing
from rendermap.table import Table

Pixels = NDArray[np.uint8]
Blend = Callable[[Pixels, Pixels], Pixels]


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


def _separable(mode: str) -> Blend:
    """A mode that mixes each colour channel for itself: looked up, for there are 65536 pairs only."""
    return lambda below, above: _mixed_over(below, above, lambda cb, cs: _pairs(mode)[cb.astype(np.uint16) << 8 | cs])


def _whole(mode: str) -> Blend:
    """A mode that mixes the three channels together."""
    return lambda below, above: _mixed_over(below, above, lambda cb, cs: color_mixing.WHOLE[mode](cb, cs))


def _placed(mode: str) -> Blend:
    """A compositing operator, which mixes no colours but chooses what is seen."""
    return lambda below, above: compositing.composite(below, above, mode)


@lru_cache(maxsize=32)
def _pairs(mode: str) -> Pixels:
    """The mix of every backdrop (times 256) with every source, uint8."""
    levels = np.arange(256) / 255
    mixed = color_mixing.SEPARABLE[mode](levels[:, np.newaxis], levels[np.newaxis, :])
    return np.rint(np.clip(mixed, 0, 1) * 255).astype(np.uint8).ravel()


def _mixed_over(below: Pixels, above: Pixels, mix: Callable[[Pixels, Pixels], Pixels]) -> Pixels:
    """Cs' = (1 - ab) Cs + ab B(Cb, Cs), then source over; worked out only where both layers show."""
    both = (below[..., 3] > 0) & (above[..., 3] > 0)
    if not both.any():
        return over(below, above)
    backdrop, source = below[both], above[both]
    weight = backdrop[:, 3:].astype(np.uint16)
    blended = mix(backdrop[:, :3], source[:, :3]).astype(np.uint16)
    mixed = above.copy()
    mixed[both, :3] = ((255 - weight) * source[:, :3] + weight * blended + 127) // 255
    return over(below, mixed)


BLENDS: Table[Blend] = Table(
    "blend",
    {
        "normal": over,
        **{mode: _separable(mode) for mode in color_mixing.SEPARABLE},
        "multiply": multiply,
        **{mode: _whole(mode) for mode in color_mixing.WHOLE},
        **{mode: _placed(mode) for mode in compositing.OPERATORS},
    },
)
"""Name -> how the picture below and the one above become one; `symbology.blends` has the same names."""
