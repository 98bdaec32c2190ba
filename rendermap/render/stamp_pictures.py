"""Symbols of points as Mapnik draws them, at every place within a pixel that matters.

A point's symbol is the same wherever it stands, but for where in its pixel that is: so many steps across and down are told apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

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
CANVAS_CRS = "EPSG:3857"
LEAST_REACH_PX, MOST_REACH_PX = 8, 128
"""Mapnik draws no smaller map; of larger symbols few are seen at once."""
MOST_PIXELS = 1 << 21
"""Of all pictures of a layer together."""

Pixels = NDArray[np.uint8]


def draw_looks(looks: Sequence[Symbol], style: Style, ratio: float) -> Pixels | None:
    """The pictures of looks, STEPS * STEPS of each, row by row; None where they would take too much memory.

    looks: at least one, each of one level.  style: the layer's.  ratio: device pixels per px.
    Result: (pictures, side, side, 4), colours times alpha; each point lies in the pixel right below the middle.  Raises RuntimeError.
    """
    reaches = [_reach_px(look, style, ratio) for look in looks]
    reach = max(reaches)
    if reach > MOST_REACH_PX or len(looks) * (STEPS * 2 * reach) ** 2 > MOST_PIXELS:
        return None
    return np.concatenate([_drawn(look, style, ratio, reach, STEPS) for look in looks])


def _reach_px(look: Symbol, style: Style, ratio: float) -> int:
    """How far the look reaches from the pixel of its point, wherever in it that is: as seen, for what is worked out is too far."""
    bound = max(math.ceil(extent_pt(look) * PX_PER_PT * ratio) + 2, LEAST_REACH_PX)
    if bound > MOST_REACH_PX:
        return bound
    seen = np.argwhere(_drawn(look, style, ratio, bound, 1)[0, ..., 3])
    return int(np.abs(seen - bound).max(initial=0)) + 2


def _drawn(look: Symbol, style: Style, ratio: float, reach: int, steps: int) -> Pixels:
    cell = 2 * reach
    side = steps * cell
    offsets = [step * cell + reach + (step + 0.5) / steps for step in range(steps)]
    rows = "\n".join(f"{x!r},{side - y!r}" for y in offsets for x in offsets)
    plain = replace(style, theme=Single(look), filter=None, labels=(), opacity=1.0)
    layer = DrawnLayer(CANVAS_CRS, GeometryKind.POINT, plain, Columns(()), (DrawnRule(None, look),))
    sheet = mapnik.Map(side, side)
    mapnik.load_map_from_string(sheet, map_document([layer], [{"type": "csv", "inline": f"x,y\n{rows}"}], CANVAS_CRS, assets(), ratio))
    sheet.zoom_to_box(mapnik.Box2d(0, 0, side, side))
    image = mapnik.Image(side, side)
    mapnik.render(sheet, image, ratio)
    image.premultiply()
    pixels = np.frombuffer(image.to_string(), np.uint8).reshape(steps, cell, steps, cell, 4)
    return pixels.transpose(0, 2, 1, 3, 4).reshape(steps * steps, cell, cell, 4)
