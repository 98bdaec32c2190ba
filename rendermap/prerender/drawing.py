"""Many tiles drawn at once: each the very picture that is served under its address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

from rendermap.assembly import Assembled
from rendermap.errors import RenderFailed, RendermapError, TileOutside
from rendermap.frontends.xyz.documents import require_inside
from rendermap.geo.tiling import WEB_MERCATOR_QUAD, TileAddress, view_of
from rendermap.imaging.formats import Format
from rendermap.open_map import OpenMap
from rendermap.prerender.cover import Cover
from rendermap.request import JobRequest, LayerChoice, TileRequest

PER_WORKER = 2
"""So many tiles are asked for at once for each worker, so that the next waits when one is done."""

SAMPLES = 32

Take = Callable[[TileAddress, bytes | None], None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Tiles of an opened map, all alike."""

    opened: OpenMap
    job: JobRequest
    layers: LayerChoice
    format: Format

    @property
    def identity(self) -> str:
        """Names what the tiles are drawn from and how: the version of the result, and of the drawing."""
        farthest = self.opened.digest_of(self._request(TileAddress(WEB_MERCATOR_QUAD, 0, 0, 0)))
        return "|".join((self.job.service, self.job.job_id, self.opened.version, farthest, self.format.name, repr(self.layers)))

    async def body(self, tile: TileAddress) -> bytes | None:
        """The tile as it is served, None where that would be none.  Raises as `OpenMap.tile`, and RenderFailed for a part of a picture."""
        picture = await self.opened.tile(self._request(tile))
        if not picture.is_whole:
            raise RenderFailed("A layer cannot be drawn at the moment, and tiles without it are not kept.")
        if picture.empty and not self._is_inside(tile):
            return None
        return picture.body

    def _request(self, tile: TileAddress) -> TileRequest:
        return TileRequest(self.job, tile, layers=self.layers, format=self.format.name)

    def _is_inside(self, tile: TileAddress) -> bool:
        try:
            require_inside(self.opened.card, view_of(tile))
        except TileOutside:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one tile, by a few."""

    seconds: float
    bytes: float


async def draw_all(tiles: Iterable[TileAddress], sheet: Sheet, take: Take, at_once: int) -> None:
    """Draws tiles and hands each over as it comes.  Raises the first error, and draws no more."""
    rest = iter(tiles)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(_draw_from(rest, sheet.body, take))
    except* RendermapError as errors:
        raise _first_of(errors) from None


async def estimate(cover: Cover, sheet: Sheet, take: Take, at_once: int) -> Estimate:
    """What a tile takes, with as many at once; what it draws is handed over too.  Raises as `draw_all`."""
    sizes: list[int] = []

    def weigh(tile: TileAddress, body: bytes | None) -> None:
        sizes.append(len(body or b""))
        take(tile, body)

    sample = cover.sample(SAMPLES)
    # the first wait, in each worker, for what is looked up once
    await draw_all(sample[:at_once], sheet, weigh, at_once)
    others, began = sample[at_once:] or sample, time.perf_counter()
    await draw_all(others, sheet, weigh, at_once)
    return Estimate((time.perf_counter() - began) / len(others), sum(sizes) / len(sizes))


def faults_of(assembled: Assembled) -> int:
    """How often pictures could not be put into the stores outside, or sought there."""
    samples = (sample for family in assembled.metrics.store_faults.collect() for sample in family.samples)
    return int(sum(sample.value for sample in samples if sample.name.endswith("_total")))


def stores_down(assembled: Assembled) -> int:
    """How many ways to the stores outside are not tried at the moment, so that nothing fails there either."""
    return sum(sample.value == 0 for family in assembled.metrics.store_up.collect() for sample in family.samples)


async def _draw_from(rest: Iterator[TileAddress], draw: Callable[[TileAddress], Awaitable[bytes | None]], take: Take) -> None:
    for tile in rest:
        take(tile, await draw(tile))


def _first_of(errors: BaseExceptionGroup[RendermapError]) -> RendermapError:
    found = errors.exceptions[0]
    return _first_of(found) if isinstance(found, BaseExceptionGroup) else found
