"""Symbols of points as small pictures, drawn by Mapnik once for every place within a pixel that matters.

A point's symbol is the same wherever it stands, but for where in its pixel that is: so many steps across and down are told apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rendermap.render.assets import assets
from rendermap.render.engine import mapnik
from rendermap.render.mapnik_filter import Columns
from rendermap.render.mapnik_xml import DrawnLayer, map_document
from rendermap.render.theme_rules import DrawnRule
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.style import Single, Style
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT
from rendermap.symbology.symbols import Symbol, extent_pt

STEP_BITS = 4
STEPS = 1 << STEP_BITS
"""A symbol is drawn at the middle of its step, so at most 1/32 pixel beside its place, and on the same pixel where Mapnik rounds to one."""
MOST_PIXELS = 1 << 23
BLOCK_PX = 256
"""Side of the blocks that stamps are laid on: 16 bits tell a pixel, and NumPy sorts those several times faster than more."""
CANVAS_CRS = "EPSG:3857"

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Stamps:
    """Pictures of looks, STEPS * STEPS of each, row by row.

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
    solid: NDArray[np.intp]
    rims: NDArray[np.intp]
    rim_colors: NDArray[np.uint32]
    numbers: NDArray[np.intp]

    @property
    def canvas_side(self) -> int:
        """Of a block with a stamp's side around it."""
        return BLOCK_PX + 2 * self.side


def fits(looks: Sequence[Symbol], ratio: float) -> bool:
    """True when the pictures do not take too much memory."""
    side = 2 * max(map(_reach_px, looks, [ratio] * len(looks)), default=0)
    return len(looks) * STEPS**2 * side**2 <= MOST_PIXELS


def stamps_of(looks: Sequence[Symbol], style: Style, ratio: float) -> Stamps:
    """looks: at least one symbol of one level.  style: the layer's.  ratio: device pixels per px.  Raises RuntimeError."""
    reach = max(_reach_px(look, ratio) for look in looks)
    drawn = np.concatenate([_drawn(look, style, ratio, reach) for look in looks])
    inked = drawn[..., 3].max(axis=0) > 0
    rows, columns = (np.flatnonzero(inked.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        rows = columns = np.array([reach])
    side = max(np.ptp(rows), np.ptp(columns)) + 1
    top, left = (min(each[0], drawn.shape[1] - side) for each in (rows, columns))
    cut = drawn[:, top : top + side, left : left + side].reshape(len(drawn), side * side, 4)
    colors = cut.copy().view("<u4")[..., 0]
    is_solid = cut[..., 3] == 255
    solid, has_solid = _chosen(is_solid)
    rims, has_rim = _chosen((cut[..., 3] > 0) & ~is_solid)
    rim_colors = np.where(has_rim, np.take_along_axis(colors, rims, axis=1), 0).astype(np.uint32)
    solid, rims = np.where(has_solid, solid, solid[:, :1]), np.where(has_rim, rims, 0)
    after = _through_canvas(int(side))
    numbers = np.zeros(after[-1] + 1, np.intp)
    numbers[after] = np.arange(side * side)
    place = int(side), int(reach - left), int(reach - top)
    return Stamps(*place, colors, is_solid.any(axis=1), after[solid], after[rims], rim_colors, numbers)


def _reach_px(look: Symbol, ratio: float) -> int:
    return math.ceil(extent_pt(look) * PX_PER_PT * ratio) + 2


def _drawn(look: Symbol, style: Style, ratio: float, reach: int) -> Pixels:
    """(STEPS * STEPS, 2 reach, 2 reach, 4): the look at every place in the pixel at (reach, reach), colours times alpha."""
    cell = 2 * reach
    side = STEPS * cell
    offsets = [step * cell + reach + (step + 0.5) / STEPS for step in range(STEPS)]
    rows = "\n".join(f"{x!r},{side - y!r}" for y in offsets for x in offsets)
    plain = replace(style, theme=Single(look), filter=None, labels=(), opacity=1.0)
    layer = DrawnLayer(CANVAS_CRS, GeometryKind.POINT, plain, Columns(()), (DrawnRule(None, look),))
    sheet = mapnik.Map(side, side)
    mapnik.load_map_from_string(sheet, map_document([layer], [{"type": "csv", "inline": f"x,y\n{rows}"}], CANVAS_CRS, assets(), ratio))
    sheet.zoom_to_box(mapnik.Box2d(0, 0, side, side))
    image = mapnik.Image(side, side)
    mapnik.render(sheet, image, ratio)
    image.premultiply()
    pixels = np.frombuffer(image.to_string(), np.uint8).reshape(STEPS, cell, STEPS, cell, 4)
    return pixels.transpose(0, 2, 1, 3, 4).reshape(STEPS * STEPS, cell, cell, 4)


def _chosen(chosen: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The numbers of the chosen pixels of each picture in rows of one length, and which of the numbers are."""
    counts = chosen.sum(axis=1)
    most = max(int(counts.max()), 1)
    return np.argsort(~chosen, axis=1, kind="stable")[:, :most], np.arange(most) < counts[:, np.newaxis]


def _through_canvas(side: int) -> NDArray[np.intp]:
    """How far each pixel of a picture comes after the first."""
    rows, columns = np.divmod(np.arange(side * side), side)
    return rows * (BLOCK_PX + 2 * side) + columns
