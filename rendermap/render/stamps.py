"""Pictures of symbols as tables for NumPy: which of their pixels hide all below them, and which show it through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rendermap.render.stamp_pictures import Pixels

BLOCK_PX = 256
"""Side of the blocks that stamps are laid on: 16 bits tell a pixel, and NumPy sorts those several times faster than more."""


@dataclass(frozen=True, slots=True)
class Stamps:
    """Pictures, STEPS * STEPS of each look, row by row.

    side: of each in pixels.  left, top: of the pixel that the point lies in, from a picture's own corner.
    colors: (pictures, side * side) RGBA, colours times alpha, each four bytes as one number.
    solid: (pictures, most that one has) a picture's pixels that hide all below them, the first repeated.  hides: where a picture has any.
    rims, rim_colors: those that show it through, and their colours; 0 and no colour in the rest of a row.
    Pixels are told by how far they come after a picture's own corner, counted through the canvas.  numbers: by that, which of a picture's
    own pixels it is.
    """

    side: int
    left: int
    top: int
    colors: NDArray[np.uint32]
    hides: NDArray[np.bool_]
    solid: NDArray[np.int32]
    rims: NDArray[np.int32]
    rim_colors: NDArray[np.uint32]
    numbers: NDArray[np.intp]

    @property
    def canvas_side(self) -> int:
        """Of a block with a stamp's side around it."""
        return BLOCK_PX + 2 * self.side


def stamps_from(pictures: Pixels) -> Stamps:
    """pictures: as of `draw_looks`."""
    cut, left, top = _cut(pictures)
    side = cut.shape[1]
    after = _through_canvas(side)
    colors = cut.reshape(len(cut), side * side, 4).view("<u4")[..., 0]
    alpha = colors >> 24
    solid, has_solid = _chosen(alpha == 255)
    rims, has_rim = _chosen((alpha > 0) & (alpha < 255))
    return Stamps(
        side,
        left,
        top,
        colors,
        has_solid[:, 0],
        after[np.where(has_solid, solid, solid[:, :1])],
        after[np.where(has_rim, rims, 0)],
        np.where(has_rim, np.take_along_axis(colors, rims, axis=1), 0).astype(np.uint32),
        _numbers_by(after),
    )


def _cut(pictures: Pixels) -> tuple[Pixels, int, int]:
    """The square in which any is not transparent, and where the point's pixel lies in it: from its left, from its top."""
    middle = pictures.shape[1] // 2
    inked = pictures[..., 3].max(axis=0) > 0
    rows, columns = (np.flatnonzero(inked.max(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((len(pictures), 1, 1, 4), np.uint8), 0, 0
    side = int(max(np.ptp(rows), np.ptp(columns))) + 1
    top, left = (min(int(each[0]), pictures.shape[1] - side) for each in (rows, columns))
    return pictures[:, top : top + side, left : left + side].copy(), middle - left, middle - top


def _chosen(chosen: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The numbers of the chosen pixels of each picture in rows of one length, and which of the numbers are."""
    counts = chosen.sum(axis=1)
    most = max(int(counts.max()), 1)
    return np.argsort(~chosen, axis=1, kind="stable")[:, :most], np.arange(most) < counts[:, np.newaxis]


def _through_canvas(side: int) -> NDArray[np.int32]:
    """How far each pixel of a picture comes after the first."""
    rows, columns = np.divmod(np.arange(side * side, dtype=np.int32), np.int32(side))
    return rows * (BLOCK_PX + 2 * side) + columns


def _numbers_by(after: NDArray[np.int32]) -> NDArray[np.intp]:
    numbers = np.zeros(after[-1] + 1, np.intp)
    numbers[after] = np.arange(len(after))
    return numbers
