"""Hatch -> Mapnik."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate
from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers import lattice
from rendermap.symbology.symbolizers.effects import set_effects
from rendermap.symbology.symbolizers.lattice import Point
from rendermap.symbology.symbolizers.stroke import mapnik as strokes
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, Canvas, format_number
from rendermap.symbology.symbols import Hatch

_NARROWEST_PX = 1.5
_SHORTEST_PX = 2.0


def write(hatch: Hatch, canvas: Canvas) -> list[Element]:
    """A PolygonPatternSymbolizer of one tile of lines."""
    if canvas.geometry is not GeometryKind.POLYGON or not strokes.is_visible(hatch.stroke):
        return []
    file = canvas.file(_tile(hatch).encode(), ".svg")
    return [set_effects(Element("PolygonPatternSymbolizer", {"file": file, "alignment": "global"}), hatch)]


def _tile(hatch: Hatch) -> str:
    """One tile as SVG: bands cut to the tile, for Mapnik takes what lies beyond as part of the tile."""
    separation = max(hatch.separation_pt * PX_PER_PT, _NARROWEST_PX)
    angle = math.radians(hatch.angle_deg)
    dashes = strokes.dashes_px(hatch.stroke)
    period = max(sum(dashes), _SHORTEST_PX) if dashes else 0.0
    # y goes down: the lines' number rises across them, their dashes' along them.
    rises = [(math.sin(angle) / separation, math.cos(angle) / separation)]
    if period:
        rises.append((math.cos(angle) / period, -math.sin(angle) / period))
    width, height, (lines, *along) = lattice.waves(rises)
    thick = hatch.stroke.width_pt * PX_PER_PT
    half = min(thick * math.hypot(*lines), 1.0) / 2
    # Lines along an axis fall on whole pixels: an odd width stands on a pixel's middle.
    shift = 0.5 * math.hypot(*lines) if 0.0 in lines and round(thick) % 2 else 0.0
    page = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    bands = list(lattice.bands(page, lines, shift - half, shift + half))
    if along:
        ends = list(accumulate(dash / sum(dashes) for dash in dashes))
        bands = [piece for band in bands for start, end in _dashes(ends) for piece in lattice.bands(band, along[0], start, end)]
    return _svg(width, height, bands, hatch)


def _dashes(ends: list[float]) -> Iterator[tuple[float, float]]:
    """(start, end) of each dash as a share of the pattern's length."""
    for i in range(0, len(ends), 2):
        yield (ends[i - 1] if i else 0.0), ends[i]


def _svg(width: float, height: float, bands: list[list[Point]], hatch: Hatch) -> str:
    w, h = format_number(width), format_number(height)
    path = "".join("M" + "L".join(f"{format_number(x)} {format_number(y)}" for x, y in band) + "Z" for band in bands)
    color = hatch.stroke.color
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}">'
        f'<path d="M0 0L{w} 0L{w} {h}L0 {h}Z" fill="none" stroke="none"/>'
        f'<path d="{path}" fill="#{color.r:02x}{color.g:02x}{color.b:02x}" fill-opacity="{format_number(color.a / 255)}"/></svg>'
    )
