"""Tile matrix sets: from a tile's address to the view it shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import morecantile
from morecantile import Tile, TileMatrixSet

from rendermap.errors import TileOutside
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, parse_crs
from rendermap.geo.view import MapView
from rendermap.limits import ZOOM

WEB_MERCATOR_QUAD = "WebMercatorQuad"


@dataclass(frozen=True, slots=True)
class TileAddress:
    """A tile of a set.  matrix: zoom level.  row counts from the north, col from the west."""

    tms: str
    matrix: int
    row: int
    col: int


@lru_cache(maxsize=16)
def _set_of(tms: str) -> TileMatrixSet:
    if tms not in morecantile.tms.list():
        raise TileOutside
    return morecantile.tms.get(tms)


@lru_cache(maxsize=16)
def crs_of_set(tms: str) -> str:
    """The canonical CRS name of a set.  Raises TileOutside when there is no such set."""
    if tms == WEB_MERCATOR_QUAD:
        return WEB_MERCATOR
    return parse_crs(_set_of(tms).crs.to_wkt())


def view_of(tile: TileAddress, size_px: int = 256, pixel_ratio: float = 1.0) -> MapView:
    """Frame one tile.

    size_px: device pixels per side.  Result: bbox in units of the set's CRS, easting first.
    Raises TileOutside when row or col is not in the matrix.
    Spec: OGC 17-083r4, tile bounding box from indices.
    """
    tms = _set_of(tile.tms)
    if not 0 <= tile.matrix <= ZOOM.value:
        raise TileOutside(f"There is no such tile. {ZOOM.sentence}")
    matrix = tms.matrix(tile.matrix)
    if not (0 <= tile.row < matrix.matrixHeight and 0 <= tile.col < matrix.matrixWidth):
        raise TileOutside
    box = tms.xy_bounds(Tile(tile.col, tile.row, tile.matrix))
    return MapView(BBox(*box), crs_of_set(tile.tms), size_px, size_px, pixel_ratio)


def roots_of(tms: str) -> tuple[TileAddress, ...]:
    """The tiles of the farthest zoom; none of a set whose zooms do not halve its tiles.  Raises TileOutside when there is no such set."""
    farthest = _set_of(tms).matrix(0)
    if not _set_of(tms).is_quadtree:
        return ()
    return tuple(TileAddress(tms, 0, row, col) for row in range(farthest.matrixHeight) for col in range(farthest.matrixWidth))


def above(tile: TileAddress) -> TileAddress:
    """The tile of the zoom before that shows it and its neighbours."""
    return replace(tile, matrix=tile.matrix - 1, row=tile.row // 2, col=tile.col // 2)


def below(tile: TileAddress) -> tuple[TileAddress, ...]:
    """The four tiles that show the same at the next zoom."""
    zoom, row, col = tile.matrix + 1, 2 * tile.row, 2 * tile.col
    return tuple(replace(tile, matrix=zoom, row=row + down, col=col + right) for down in (0, 1) for right in (0, 1))
