"""Far tiles are drawn before anybody asks: whole maps first, nearer only where it is slow, within a bound, and never in anybody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from rendermap.ahead import CALM_S, LONGEST_TILE_S, MOST_FARTHER, MOST_PYRAMIDS, MOST_TILES, SLOW_S, WIDEST, Ahead, TilePyramid, far_tiles
from rendermap.errors import RenderTimeout
from rendermap.geo.bbox import BBox, intersection
from rendermap.geo.tiling import WEB_MERCATOR_QUAD, TileAddress, below, view_of

COUNTRY = BBox(1_000_000.0, 6_000_000.0, 1_600_000.0, 6_700_000.0)
ASKED = TileAddress(WEB_MERCATOR_QUAD, 9, 174, 272)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Never for longer than it may."""
    asyncio.run(asyncio.wait_for(test(), 10))


def pyramid(took_s: Callable[[TileAddress], float | None], drawn: list[TileAddress], key: object = 1) -> TilePyramid:
    """A map whose tiles take as long as is said."""

    async def draw(tile: TileAddress) -> float | None:
        drawn.append(tile)
        return took_s(tile)

    return TilePyramid("map", key, COUNTRY, draw)


async def done(ahead: Ahead) -> None:
    """Wait until it has nothing more to draw."""
    while ahead.is_busy:
        await asyncio.sleep(0)


def slow_until(zoom: int) -> Callable[[TileAddress], float]:
    return lambda tile: 2 * SLOW_S if tile.matrix < zoom else SLOW_S / 2


def test_a_map_is_drawn_from_far_to_near_while_it_is_slow() -> None:
    """Every tile that shows it at the slow zooms and the one after them, each once, those that show it whole before all others."""

    async def ask() -> None:
        drawn: list[TileAddress] = []
        ahead = Ahead(longest_s=30)
        ahead.add(pyramid(slow_until(8), drawn), ASKED, 0.04)
        await done(ahead)
        climbed, drawn = drawn[:3], drawn[3:]
        assert [tile.matrix for tile in climbed] == list(range(8, 5, -1)) and climbed[-1] in drawn
        zooms = [tile.matrix for tile in drawn]
        assert len(drawn) == len(set(drawn)) and min(zooms) < zooms[0] and set(zooms) == set(range(min(zooms), 9))
        first = [tile for tile in drawn if tile.matrix == zooms[0]]
        assert drawn[: len(first)] == first and len(first) <= WIDEST
        for zoom in range(zooms[0], 8):
            expected = {
                each for tile in drawn if tile.matrix == zoom for each in below(tile) if intersection([COUNTRY, view_of(each).bbox])
            }
            assert {tile for tile in drawn if tile.matrix == zoom + 1} == expected

    run(ask)


def test_what_draws_fast_is_left_alone() -> None:
    """Neither after a fast tile nor below one."""

    async def ask() -> None:
        drawn: list[TileAddress] = []
        ahead = Ahead(longest_s=30)
        ahead.add(pyramid(slow_until(0), drawn), ASKED, SLOW_S / 2)
        assert not ahead.is_busy
        ahead.add(pyramid(slow_until(0), drawn), ASKED, 2 * SLOW_S)
        await done(ahead)
        assert 0 < len(drawn) <= 3 + WIDEST + MOST_FARTHER

    run(ask)


def test_below_a_tile_that_was_there_it_goes_on() -> None:
    """How long that one took is not known."""

    async def ask() -> None:
        drawn: list[TileAddress] = []
        ahead = Ahead(longest_s=30)
        ahead.add(pyramid(lambda tile: None if tile.matrix < 8 else 0.0, drawn), ASKED, 0.1)
        await done(ahead)
        assert max(tile.matrix for tile in drawn) == 8

    run(ask)


@pytest.mark.parametrize(("took_s", "most"), [(1.0, 30), (0.04, MOST_TILES)])
def test_it_ends_in_time(took_s: float, most: int) -> None:
    """However slow a map stays: after so many seconds of drawing, and so many tiles."""

    async def ask() -> None:
        drawn: list[TileAddress] = []
        ahead = Ahead(longest_s=30)
        ahead.add(pyramid(lambda tile: took_s, drawn), ASKED, 0.04)
        await done(ahead)
        assert most / 2 < len(drawn) <= most

    run(ask)


def test_each_look_is_drawn_once_and_one_after_the_other() -> None:
    """And with no time for it none is."""

    async def ask() -> None:
        drawn: list[TileAddress] = []
        ahead, never = Ahead(longest_s=30), Ahead(longest_s=0)
        for key in (1, 2, 1):
            ahead.add(pyramid(slow_until(0), drawn, key), ASKED, 0.1)
            never.add(pyramid(slow_until(0), drawn, key), ASKED, 0.1)
        assert not never.is_busy
        await done(ahead)
        assert drawn == drawn[: len(drawn) // 2] * 2

    run(ask)


def test_few_looks_at_a_map_are_drawn() -> None:
    """Whoever asks for it in ever other ways keeps no worker busy."""

    async def ask() -> None:
        drawn: list[TileAddress] = []
        ahead = Ahead(longest_s=30)
        for key in range(MOST_PYRAMIDS + 3):
            ahead.add(pyramid(slow_until(0), drawn, key), ASKED, 0.1)
        await done(ahead)
        assert drawn == drawn[: len(drawn) // MOST_PYRAMIDS] * MOST_PYRAMIDS

    run(ask)


def test_nothing_is_drawn_while_workers_are_wanted() -> None:
    """Each tile waits for calm, and stop() ends it at once."""

    async def ask() -> None:
        drawn: list[TileAddress] = []
        calm: list[bool] = []
        ahead = Ahead(lambda: bool(calm and calm.pop()), longest_s=30)
        ahead.add(pyramid(slow_until(20), drawn), ASKED, 0.1)
        for count in range(3):
            await asyncio.sleep(2 * CALM_S)
            assert len(drawn) == count
            calm.append(True)
        await asyncio.sleep(2 * CALM_S)
        await ahead.stop()
        calm.append(True)
        await asyncio.sleep(2 * CALM_S)
        assert len(drawn) == 3 and not ahead.is_busy

    run(ask)


def test_after_its_end_it_is_told_in_vain() -> None:
    """A drawing that ends while the service stops begins nothing."""

    async def ask() -> None:
        drawn: list[TileAddress] = []
        ahead = Ahead(longest_s=30)
        await ahead.stop()
        ahead.add(pyramid(slow_until(20), drawn), ASKED, 0.1)
        assert not ahead.is_busy and not drawn

    run(ask)


def test_a_map_that_fails_is_left_and_the_next_drawn() -> None:
    """Whoever asks for its tiles is told why."""

    async def fail(tile: TileAddress) -> float | None:
        raise RenderTimeout

    async def ask() -> None:
        drawn: list[TileAddress] = []
        ahead = Ahead(longest_s=30)
        ahead.add(TilePyramid("other", 0, COUNTRY, fail), ASKED, 0.1)
        ahead.add(pyramid(slow_until(0), drawn), ASKED, 0.1)
        await done(ahead)
        assert drawn

    run(ask)


def test_no_tile_is_begun_that_would_take_too_long() -> None:
    """Of a map whose whole would take minutes, only nearer tiles are drawn, as far up as it can be told from those below."""

    async def ask() -> None:
        drawn: list[TileAddress] = []
        ahead = Ahead(longest_s=30)
        ahead.add(
            pyramid(lambda tile: 1.1 * LONGEST_TILE_S / 4 ** (tile.matrix - 6), drawn), TileAddress(WEB_MERCATOR_QUAD, 9, 174, 272), 0.1
        )
        await done(ahead)
        assert [tile.matrix for tile in drawn[:2]] == [8, 7] and min(tile.matrix for tile in drawn) == 7 < max(
            tile.matrix for tile in drawn
        )

    run(ask)


def test_a_set_that_does_not_halve_its_tiles_has_none() -> None:
    """Tiles below one cannot be told there."""
    assert far_tiles(BBox(0, 0, 10, 10), "CDB1GlobalGrid") == ([], [])
