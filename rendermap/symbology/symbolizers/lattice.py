"""Patterns that repeat: the smallest tile of whole pixels that holds a pattern whole, and the pattern bent to fit it.

Mapnik lays tiles from the origin of the map, so any period runs on across the edges of pictures; but a tile has whole pixels and stands
upright, and what is in it rarely does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

Point = tuple[float, float]
LARGEST_TILE_PX = 512
_GOOD_ENOUGH = 0.003
"""By which share of its length a pattern may be bent."""


def waves(rises: Sequence[Point]) -> tuple[float, float, list[Point]]:
    """(width, height, rises): a tile on which every wave repeats, and the waves bent to it.

    A wave counts up by 1 over each of its lengths; its rise is by how much it counts up per px to the right and per px down.
    """
    width, across = _side([right for right, _ in rises], rises)
    height, down = _side([below for _, below in rises], rises)
    bent = [(right / width, below / height) for right, below in zip(across, down, strict=True)]
    # A wave that was bent flat would fill the tile.
    return width, height, [wave if any(wave) else rise for wave, rise in zip(bent, rises, strict=True)]


def _side(rises: Sequence[float], waves: Sequence[Point]) -> tuple[float, list[int]]:
    """(px, how often each wave repeats on it): the shortest side on which all repeat nearly, else the nearest."""
    best: tuple[float, int, list[int]] | None = None
    for side in range(8, LARGEST_TILE_PX + 1):
        counts = [round(rise * side) for rise in rises]
        lengths = (1 / max(math.hypot(*wave), 1e-9) for wave in waves)
        error = max(abs(rise * side - count) * length for rise, count, length in zip(rises, counts, lengths, strict=True))
        if best is None or error / side < best[0]:
            best = error / side, side, counts
        if error / side < _GOOD_ENOUGH:
            return float(side), counts
    assert best is not None
    return float(best[1]), best[2]


def bands(polygon: Sequence[Point], wave: Point, start: float, end: float) -> Iterator[list[Point]]:
    """The parts of a convex polygon where the wave's count, less some whole number, is from start to end."""
    counts = [wave[0] * x + wave[1] * y for x, y in polygon]
    for k in range(math.floor(min(counts) - end), math.ceil(max(counts) - start) + 1):
        part = cut(cut(polygon, wave[0], wave[1], k + start), -wave[0], -wave[1], -(k + end))
        if len(part) > 2:
            yield part


def cut(polygon: Sequence[Point], a: float, b: float, least: float) -> list[Point]:
    """The part of a convex polygon where a * x + b * y >= least."""
    kept: list[Point] = []
    for i, (x1, y1) in enumerate(polygon):
        x2, y2 = polygon[(i + 1) % len(polygon)]
        one, two = a * x1 + b * y1 - least, a * x2 + b * y2 - least
        if one >= 0:
            kept.append((x1, y1))
        if one * two < 0:
            t = one / (one - two)
            kept.append((x1 + (x2 - x1) * t, y1 + (y2 - y1) * t))
    return kept


def grid(right: Point, up: Point) -> tuple[float, float, list[Point], tuple[Point, Point]]:
    """(width, height, places, vectors): a tile on which the grid of two vectors repeats, where its points are, the vectors bent to it.

    Vectors in px, y down.  Places lie within the tile; what is drawn at them must also be drawn a tile further on each side.
    """
    turned = right[0] * up[1] - right[1] * up[0]
    # How the grid's own two counts rise per px to the right and down.
    rises = [(up[1] / turned, -up[0] / turned), (-right[1] / turned, right[0] / turned)]
    width, height, ((a, b), (c, d)) = waves(rises)
    whole = a * d - b * c
    if abs(whole) < 1e-12:
        return width, height, [(0.0, 0.0)], (right, up)
    vectors = ((d / whole, -c / whole), (-b / whole, a / whole))
    corners = [(a * x + b * y, c * x + d * y) for x in (0.0, width) for y in (0.0, height)]
    spans = [range(math.floor(min(v)) - 1, math.ceil(max(v)) + 2) for v in zip(*corners, strict=True)]
    at = [(i * vectors[0][0] + j * vectors[1][0], i * vectors[0][1] + j * vectors[1][1]) for i in spans[0] for j in spans[1]]
    inside = [(x, y) for x, y in at if -1e-6 <= x < width - 1e-6 and -1e-6 <= y < height - 1e-6]
    return width, height, inside, vectors
