"""Pictures as indexes into at most 256 colours: exactly where that is enough, else by a good approximation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_COLORS = 256
_WHITE, _BLACK = np.uint32(0xFFFFFFFF), np.uint32(0xFF000000)
_STRIP_PX = 1 << 16
"""Pixels worked on at a time: they and what is made of them stay in the processor's cache."""
_HARDLY_MORE, _SPARSE_SHARE = 1.25, 0.9
_HASH_BITS = 16
# odd, of evenly mixed bits: the golden ratio's and those after it by a step of their own
_FACTORS = tuple(np.uint32(factor) for factor in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F))


class Indexed(NamedTuple):
    """indexes: (height, width) uint8.  colors: (n, 4) uint8 RGBA, straight alpha, n <= 256.  exact: no colour was changed."""

    indexes: NDArray[np.uint8]
    colors: NDArray[np.uint8]
    exact: bool

    @property
    def is_empty(self) -> bool:
        """True when every pixel is wholly transparent."""
        return not self.colors[self.indexes.max(), 3]


def to_indexed(pixels: NDArray[np.uint8]) -> Indexed:
    """A picture's palette; all wholly transparent pixels share one colour, transparent colours come first."""
    flat = _flat(pixels)
    # what the transparent hide must not count as colours
    return _exact(np.where(flat >> 24 == 0, np.uint32(0), flat)) or _approximate(pixels)


def to_own_colors(pixels: NDArray[np.uint8]) -> Indexed | None:
    """The very picture by its own colours, transparent ones first; None when it has more than 256, or it would not be worth it."""
    flat = _flat(pixels)
    return _exact(flat) if _looks_plain(flat) and not _is_sparse(flat) else None


def _is_sparse(flat: NDArray[np.uint32]) -> bool:
    """Whether nearly all is of one colour: that packs so well that a palette saves less than looking for it costs."""
    ordered = np.sort(flat[::8, ::8], axis=None)
    return int(np.count_nonzero(ordered == ordered[len(ordered) // 2])) >= _SPARSE_SHARE * len(ordered)


def _looks_plain(flat: NDArray[np.uint32]) -> bool:
    """Whether few colours are to be expected.

    Classes, and the grays of a relief, show nearly all in a sample.  Of smoothed edges a sample four times as large shows more, and the
    whole, 16 times that, again more.
    """
    few, more = (len(_distinct(flat[::step, ::step])) for step in (8, 4))
    return more <= MAX_COLORS and (more <= _HARDLY_MORE * few or more * (more / few) ** 2 <= MAX_COLORS)


def _exact(flat: NDArray[np.uint32]) -> Indexed | None:
    if len(_distinct(flat[::8, ::8])) > MAX_COLORS:
        return None
    # alpha is the high byte, so transparent colours come first
    colors = np.empty(0, np.uint32)
    for strip in _strips(flat):
        colors = _distinct(np.append(colors, _distinct(strip)))
        if len(colors) > MAX_COLORS:
            return None
    return Indexed(_indexes(flat, colors), _rgba(colors), True)


def _strips(flat: NDArray[np.uint32]) -> Iterator[NDArray[np.uint32]]:
    rows = max(_STRIP_PX // flat.shape[1], 1)
    return (flat[top : top + rows] for top in range(0, len(flat), rows))


def _distinct(flat: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The colours, sorted; numpy's own unique takes ten times as long for so few."""
    ordered = np.sort(flat, axis=None)
    distinct: NDArray[np.uint32] = ordered[np.append(True, ordered[1:] != ordered[:-1])]
    return distinct


def _indexes(flat: NDArray[np.uint32], colors: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Which of the sorted colours each pixel has; looked up by a hash that tells them apart, a third of the time of a search."""
    numbers = np.arange(len(colors), dtype=np.uint8)
    for factor in _FACTORS:
        places = _hashes(colors, factor)
        table = np.zeros(1 << _HASH_BITS, np.uint8)
        table[places] = numbers
        if np.array_equal(table[places], numbers):
            return np.concatenate([table.take(_hashes(strip, factor)) for strip in _strips(flat)])
    return np.searchsorted(colors, flat).astype(np.uint8)


def _hashes(flat: NDArray[np.uint32], factor: np.uint32) -> NDArray[np.uint32]:
    return (flat * factor) >> np.uint32(32 - _HASH_BITS)


def _approximate(pixels: NDArray[np.uint8]) -> Indexed:
    # The octree takes 1 ms where median cut takes 60, is as close, and is the only method that knows alpha.
    shown = np.where(pixels[..., 3:] == 0, np.uint8(0), pixels)
    flat = _flat(shown)
    kept = _kept(flat)
    image = Image.fromarray(shown).quantize(MAX_COLORS - len(kept), Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    colors = np.asarray(image.getpalette("RGBA"), np.uint8).reshape(-1, 4)
    indexes = np.array(image, np.uint8)
    for index, color in enumerate(kept, start=len(colors)):
        indexes[flat == color] = index
    colors = np.concatenate([colors, _rgba(kept)])
    order = np.argsort(colors[:, 3], kind="stable")
    rank = np.empty(len(order), np.uint8)
    rank[order] = np.arange(len(order))
    return Indexed(rank[indexes], colors[order], False)


def _kept(flat: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The colours an approximation must not touch: the commonest, which is the background where there is one, white and black."""
    sample, counts = np.unique(flat[::4, ::4], return_counts=True)
    opaque = (color for color in sorted({sample[counts.argmax()], _WHITE, _BLACK}) if color >> 24)
    return np.array([color for color in opaque if (flat == color).any()], np.uint32)


def _flat(pixels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """(height, width, 4) RGBA -> (height, width), alpha the high byte."""
    return np.ascontiguousarray(pixels).view("<u4").reshape(pixels.shape[:2])


def _rgba(flat: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return flat.astype("<u4").view(np.uint8).reshape(-1, 4)
