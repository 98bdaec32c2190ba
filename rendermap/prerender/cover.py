"""Which tiles of Web Mercator show a map."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rendermap.errors import InvalidBbox, InvalidParameter
from rendermap.frontends.xyz.documents import LIMIT_DEG
from rendermap.frontends.zooms import WORLD_M, mercator_bbox
from rendermap.geo.bbox import BBox, intersection, pad
from rendermap.geo.crs import WEB_MERCATOR, WGS84, transform_bbox
from rendermap.geo.tiling import WEB_MERCATOR_QUAD, TileAddress
from rendermap.limits import ZOOM
from rendermap.reply import MapCard

SQUARE = 16
"""Tiles are told in squares of so many on a side: what a worker keeps of a place serves its neighbours too."""

WORLD = BBox(-WORLD_M / 2, -WORLD_M / 2, WORLD_M / 2, WORLD_M / 2)

_GOLDEN = (math.sqrt(5) - 1) / 2
_SLACK = 1e-6
"""Of a tile: a box that ends on the edge of one does not begin the next by the noise of its last bit."""


@dataclass(frozen=True, slots=True)
class Cover:
    """The tiles of some zooms that show a map, and the next around them: symbols and labels reach beyond their data.

    bbox: of the map, in metres of Web Mercator.  within: nothing outside this box.
    """

    bbox: BBox
    within: BBox
    lowest: int
    highest: int

    @property
    def zooms(self) -> range:
        """From far to near."""
        return range(self.lowest, self.highest + 1)

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return sum(len(cols) * len(rows) for cols, rows in map(self.ranges, self.zooms))

    def ranges(self, zoom: int) -> tuple[range, range]:
        """(columns, rows) of a zoom, none where the boxes do not meet."""
        side_m = WORLD_M / 2**zoom
        around = pad(self.bbox, side_m, side_m)
        box = intersection([around, self.within])
        if box is None:
            return range(0), range(0)
        half = WORLD_M / 2
        return _steps(box.xmin + half, box.xmax + half, side_m, 2**zoom), _steps(half - box.ymax, half - box.ymin, side_m, 2**zoom)

    def tiles(self) -> Iterator[TileAddress]:
        """Every tile, zoom by zoom, neighbours close together."""
        for zoom in self.zooms:
            cols, rows = self.ranges(zoom)
            for top in rows[::SQUARE]:
                for left in cols[::SQUARE]:
                    yield from _square(zoom, range(left, min(left + SQUARE, cols.stop)), range(top, min(top + SQUARE, rows.stop)))

    def sample(self, count: int) -> tuple[TileAddress, ...]:
        """A few tiles from all over the map, of each zoom as many as its share of all."""
        places = [((i + 0.5) / count, i * _GOLDEN % 1) for i in range(count)]
        return tuple(dict.fromkeys(self._at(share, x) for share, x in places))

    def _at(self, share: float, x: float) -> TileAddress:
        """The tile before which this share of all lies, from far to near and from north to south.  x: from west to east, 0 to 1."""
        rest = share * self.count
        for zoom in self.zooms:
            cols, rows = self.ranges(zoom)
            if rest < (here := len(cols) * len(rows)):
                return _tile(zoom, cols[int(x * len(cols))], rows[int(rest / here * len(rows))])
            rest -= here
        raise ValueError("nothing lies behind the last tile")

    def has(self, zoom: int, col: int, row: int) -> bool:
        """True for a tile of the cover."""
        if zoom not in self.zooms:
            return False
        cols, rows = self.ranges(zoom)
        return col in cols and row in rows


def cover_of(card: MapCard, zooms: tuple[int, int], bbox_deg: BBox | None) -> Cover:
    """The tiles of a map at zooms (lowest, highest), in a box of degrees.  Raises InvalidBbox where none of them meets the map."""
    within = transform_bbox(bbox_deg, WGS84, WEB_MERCATOR) if bbox_deg else WORLD
    if within is None:
        raise InvalidBbox
    cover = Cover(mercator_bbox(card), within, *zooms)
    if intersection([cover.bbox, within]) is None:
        raise InvalidBbox("There is nothing of the map in this box." if bbox_deg else "Web Mercator shows nothing of the map.")
    return cover


def parse_zooms(text: str) -> tuple[int, int]:
    """``0-14``, or ``12`` for one zoom alone.  Raises InvalidParameter."""
    first, _, last = text.partition("-")
    if not all(part.isascii() and part.isdecimal() for part in (first, last or first)):
        raise InvalidParameter("Zooms are given as 0-14, or as 12 for one alone.")
    lowest, highest = int(first), int(last or first)
    if lowest > highest:
        raise InvalidParameter(f"Zooms are given from far to near: {highest}-{lowest}.")
    if highest > ZOOM.value:
        raise InvalidParameter(ZOOM.sentence)
    return lowest, highest


def parse_degrees(text: str) -> BBox:
    """``west,south,east,north``, cut to what Web Mercator shows.  Raises InvalidBbox."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidBbox from None
    south, north = max(south, -LIMIT_DEG), min(north, LIMIT_DEG)
    if not (-180 <= west < east <= 180 and south < north):
        raise InvalidBbox("The box is west,south,east,north in degrees; across the 180th meridian draw its two sides one after the other.")
    return BBox(west, south, east, north)


def _steps(start_m: float, stop_m: float, side_m: float, count: int) -> range:
    first, last = math.floor(start_m / side_m + _SLACK), math.ceil(stop_m / side_m - _SLACK)
    return range(max(first, 0), min(max(last, first + 1), count))


def _square(zoom: int, cols: range, rows: range) -> Iterator[TileAddress]:
    return (_tile(zoom, col, row) for row in rows for col in cols)


def _tile(zoom: int, col: int, row: int) -> TileAddress:
    return TileAddress(WEB_MERCATOR_QUAD, zoom, row, col)
