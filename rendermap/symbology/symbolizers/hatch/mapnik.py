"""Hatch -> Mapnik."""

from __future__ import annotations

import math
from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.stroke import mapnik as strokes
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, Canvas, format_number
from rendermap.symbology.symbols import Hatch

# Powers of two divide a map tile, so the pattern runs on from tile to tile.
_TILES_PX = (16, 32, 64, 128)
_GOOD_ENOUGH = 0.02
_NARROWEST_PX = 1.5


def write(hatch: Hatch, canvas: Canvas) -> list[Element]:
    """A PolygonPatternSymbolizer of one tile of lines."""
    if canvas.geometry is not GeometryKind.POLYGON or not strokes.is_visible(hatch.stroke):
        return []
    file = canvas.file(_tile(hatch).encode(), ".svg")
    return [Element("PolygonPatternSymbolizer", {"file": file, "alignment": "global"})]


def _tile(hatch: Hatch) -> str:
    """One tile as SVG: bands cut to the tile, for Mapnik takes what lies beyond as part of the tile."""
    separation = max(hatch.separation_pt * PX_PER_PT, _NARROWEST_PX)
    side, across, down = _lattice(separation, math.radians(hatch.angle_deg))
    true_separation = side / math.hypot(across, down)
    half = min(hatch.stroke.width_pt * PX_PER_PT, true_separation) / 2 * math.hypot(across, down) / side
    square = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)]
    lowest, highest = min(across, 0) + min(down, 0), max(across, 0) + max(down, 0)
    # Lines along an axis fall on whole pixels: an odd width stands on a pixel's middle.
    shift = 0.5 / true_separation if not (across and down) and round(hatch.stroke.width_pt * PX_PER_PT) % 2 else 0.0
    bands = []
    for k in range(lowest - 1, highest + 2):
        middle = k + shift
        band = _cut(_cut(square, across / side, down / side, middle - half), -across / side, -down / side, -(middle + half))
        if len(band) > 2:
            bands.append("M" + "L".join(f"{format_number(x)} {format_number(y)}" for x, y in band) + "Z")
    color = hatch.stroke.color
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 {side} {side}">'
        f'<path d="M0 0L{side} 0L{side} {side}L0 {side}Z" fill="none" stroke="none"/>'
        f'<path d="{"".join(bands)}" fill="#{color.r:02x}{color.g:02x}{color.b:02x}" fill-opacity="{format_number(color.a / 255)}"/></svg>'
    )


def _lattice(separation: float, angle: float) -> tuple[int, int, int]:
    """(side, across, down): the smallest tile that holds whole numbers of lines both ways, near enough to angle and separation.

    The lines are where across * x + down * y is a multiple of side (plus a half), y down.
    """
    best: tuple[float, tuple[int, int, int]] | None = None
    for side in _TILES_PX:
        across, down = round(side * math.sin(angle) / separation), round(side * math.cos(angle) / separation)
        if not (across or down):
            continue
        error = math.hypot(across - side * math.sin(angle) / separation, down - side * math.cos(angle) / separation) * separation / side
        if best is None or error < best[0]:
            best = error, (side, across, down)
        if error < _GOOD_ENOUGH:
            break
    return best[1] if best else (_TILES_PX[-1], 0, 1)


def _cut(polygon: list[tuple[float, float]], a: float, b: float, least: float) -> list[tuple[float, float]]:
    """The part of a convex polygon where a * x + b * y >= least."""
    kept: list[tuple[float, float]] = []
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        one, two = a * x1 + b * y1 - least, a * x2 + b * y2 - least
        if one >= 0:
            kept.append((x1, y1))
        if one * two < 0:
            t = one / (one - two)
            kept.append((x1 + (x2 - x1) * t, y1 + (y2 - y1) * t))
    return kept
