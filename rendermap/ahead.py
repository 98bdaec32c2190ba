"""Tiles drawn before anybody asks: the far ones of a map that draws slowly, for much of a dataset lies in each of them.

One at a time, and only while a worker has nothing else to do.  They go into the cache: nobody saw them, so nobody is charged for them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from cachetools import LRUCache

from rendermap.chore import Chore
from rendermap.errors import RendermapError, TileOutside
from rendermap.geo.bbox import BBox, intersection
from rendermap.geo.tiling import TileAddress, above, below, roots_of, view_of

SLOW_S = 0.01
"""What is drawn faster need not be drawn ahead."""
LONGEST_TILE_S = 10.0
CALM_S = 0.05
WIDEST = 4
"""A map is shown whole by so many tiles."""
MOST_FARTHER = 8
"""Of the tiles beyond the zoom that shows a map whole."""
MOST_TILES = 512
REMEMBERED = 4096
MOST_PYRAMIDS = 4
"""At one map: whoever asks for it in ever other ways has no more drawn for that."""
MOST_WAITING = 64

_log = structlog.get_logger("rendermap.ahead")


@dataclass(frozen=True, slots=True)
class TilePyramid:
    """The tiles of a map at all zooms.

    shown, asked: of what map, and how; equal for those with the same tiles.  extent: in units of the set's CRS.
    draw: has a tile drawn into the cache; gives the seconds it took, None when it was there.  Raises RendermapError.
    """

    shown: Hashable
    asked: Hashable
    extent: BBox
    draw: Callable[[TileAddress], Awaitable[float | None]]


class Ahead:
    """Draws the far tiles of maps, one map after the other.  Belongs to one event loop.

    is_calm: true while a worker has nothing else to do.  longest_s: of drawing, for one pyramid; 0 draws nothing ahead.
    """

    def __init__(self, is_calm: Callable[[], bool] = lambda: True, longest_s: float = 0.0) -> None:
        self._is_calm = is_calm
        self._longest_s = longest_s
        self._seen: LRUCache[Hashable, set[Hashable]] = LRUCache(REMEMBERED)
        self._waiting: deque[tuple[TilePyramid, TileAddress]] = deque()
        self._chore = Chore(self._work, "rendermap-ahead")

    def add(self, pyramid: TilePyramid, tile: TileAddress, took_s: float) -> None:
        """Tell how long a tile that somebody asked for took; after the first slow one of a pyramid its far ones are drawn."""
        if took_s < SLOW_S or not self._longest_s or len(self._waiting) >= MOST_WAITING:
            return
        seen = self._seen.setdefault(pyramid.shown, set())
        if pyramid.asked in seen or len(seen) >= MOST_PYRAMIDS:
            return
        seen.add(pyramid.asked)
        self._waiting.append((pyramid, tile))
        self._chore.begin()

    @property
    def is_busy(self) -> bool:
        """True until every pyramid it was told of is drawn."""
        return self._chore.is_busy

    async def stop(self) -> None:
        """Draw nothing more, whatever is told afterwards."""
        self._longest_s = 0.0
        self._waiting.clear()
        await self._chore.stop()

    async def _work(self) -> None:
        while self._waiting:
            pyramid, tile = self._waiting.popleft()
            try:
                await _draw(_Painter(pyramid, self._is_calm, self._longest_s), tile)
            except RendermapError as error:
                _log.info("tiles not drawn ahead", code=error.code, reason=error.reason)
            except Exception:
                _log.exception("tiles not drawn ahead")


@dataclass(slots=True)
class _Painter:
    """Draws tiles of one pyramid until its time is spent."""

    pyramid: TilePyramid
    is_calm: Callable[[], bool]
    left_s: float
    left: int = MOST_TILES

    @property
    def is_spent(self) -> bool:
        return self.left_s <= 0 or self.left <= 0

    async def draw(self, tile: TileAddress) -> float | None:
        """See `TilePyramid.draw`."""
        while not self.is_calm():
            await asyncio.sleep(CALM_S)
        self.left -= 1
        took_s = await self.pyramid.draw(tile)
        self.left_s -= took_s or 0.0
        return took_s


async def _draw(painter: _Painter, asked: TileAddress) -> None:
    """Up from the tile that was asked for, as far as it can be told that no tile takes too long; then down where it is slow."""
    whole, farther = far_tiles(painter.pyramid.extent, asked.tms)
    if not whole:
        return
    top = await _climb(painter, asked, whole[0].matrix)
    if top.matrix > whole[0].matrix:
        whole, farther = _meeting(painter.pyramid.extent, below(top)), []
    await _descend(painter, whole, farther)


async def _climb(painter: _Painter, tile: TileAddress, zoom: int) -> TileAddress:
    """The last tile that was drawn: a tile takes at most as long as the four that show its parts."""
    while tile.matrix > zoom and not painter.is_spent:
        tile = above(tile)
        if ((await painter.draw(tile)) or 0.0) * 4 > LONGEST_TILE_S:
            break
    return tile


async def _descend(painter: _Painter, whole: list[TileAddress], farther: list[TileAddress]) -> None:
    """The map whole, then from farther, then nearer where it is slow."""
    waiting, nearer = deque(whole + farther), deque[TileAddress]()
    while waiting and not painter.is_spent:
        tile = waiting.popleft()
        took_s = await painter.draw(tile)
        if (took_s is None or took_s > SLOW_S) and tile not in farther:
            nearer.extend(_meeting(painter.pyramid.extent, below(tile)))
        if not waiting:
            waiting, nearer = nearer, waiting


def far_tiles(extent: BBox, tms: str) -> tuple[list[TileAddress], list[TileAddress]]:
    """The tiles that show a map whole, and those of the zooms before; none of a tile set whose zooms do not halve its tiles."""
    whole, farther = _meeting(extent, roots_of(tms)), list[TileAddress]()
    while nearer := [each for parent in whole for each in _meeting(extent, below(parent))]:
        if len(nearer) > WIDEST:
            break
        whole, farther = nearer, (whole + farther)[:MOST_FARTHER]
    return whole, farther


def _meeting(extent: BBox, tiles: Iterable[TileAddress]) -> list[TileAddress]:
    found = []
    for tile in tiles:
        with suppress(TileOutside):
            if intersection([extent, view_of(tile).bbox]):
                found.append(tile)
    return found
