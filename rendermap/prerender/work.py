"""One run: a job's map opened, and what is missing of its tiles drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rendermap.assembly import Assembled, shared_key
from rendermap.console import print_faults, print_note, print_tiles_ahead, tile_progress
from rendermap.desk import require_layers
from rendermap.errors import Broken, InvalidParameter, NotSupported
from rendermap.frontends.xyz.documents import zoom_range
from rendermap.frontends.zooms import finest_zoom
from rendermap.geo.bbox import BBox
from rendermap.geo.tiling import WEB_MERCATOR_QUAD, TileAddress
from rendermap.imaging.formats import Format
from rendermap.limits import spelled
from rendermap.open_map import OpenMap
from rendermap.prerender.archive import About, about, id_of, is_written, zxy_of
from rendermap.prerender.cover import Cover, cover_of
from rendermap.prerender.draft import Draft, draft_path
from rendermap.prerender.drawing import PER_WORKER, Sheet, draw_all, estimate
from rendermap.prerender.fleet import Fleet
from rendermap.prerender.orders import Order, Report, Seal, orders
from rendermap.request import JobRequest, LayerChoice

MOST_UNASKED = 500_000
"""Tiles that are drawn without --yes: hours of drawing, and memory for each when the archive is written."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for.  zooms: None for those TileJSON tells.  target: the archive, None for the cache of pictures.

    broker: of machines that draw, see `broker.connect`; None to draw here.
    """

    zooms: tuple[int, int] | None
    bbox_deg: BBox | None
    choice: LayerChoice
    format: Format
    target: Path | None = None
    is_sure: bool = False
    broker: Any = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn now.

    identity: of the draft.  bytes: of the pictures of this run.  faults: of the stores of other machines.
    was_written: the archive held all of it before.
    """

    cover: Cover
    about: About
    identity: str
    bytes: int = 0
    faults: int = 0
    was_written: bool = False


@dataclass(slots=True)
class _Tray:
    """Where tiles go as they come: into the draft, if there is one; the cache has kept them already."""

    draft: Draft | None
    done: Callable[[int], None] = field(default=lambda count: None)
    drawn_bytes: int = 0
    faults: int = 0

    def take(self, tile: TileAddress, body: bytes | None) -> None:
        if self.draft:
            self.draft.add(id_of(tile), body)
        self.drawn_bytes += len(body or b"")
        self.done(1)

    def count(self, order: Order, report: Report) -> None:
        """Tiles that lie in the cache, and are not looked at."""
        self.drawn_bytes += report.bytes
        self.faults += report.faults
        self.done(len(order.tiles))

    def missing(self, cover: Cover) -> Iterator[TileAddress]:
        for tile in cover.tiles():
            if self.draft and self.draft.has(id_of(tile)):
                self.done(1)
            else:
                yield tile


async def draw_tiles(assembled: Assembled, request: JobRequest, wish: Wish) -> Drawn:
    """Draws what is missing.  Raises what opening and drawing raise, and Broken where the result changed meanwhile."""
    opened = await assembled.service.open(request)
    require_layers(wish.choice, opened.card)
    zooms = wish.zooms or zoom_range(opened.card)
    cover = cover_of(opened.card, zooms, wish.bbox_deg)
    _demand(opened, cover, wish)
    _warn(opened, cover, wish)
    sheet = Sheet(opened, request, wish.choice, wish.format)
    told = about(opened.card, wish.choice, cover, wish.bbox_deg, wish.format, sheet.identity)
    if wish.target and is_written(wish.target, told):
        return Drawn(cover, told, sheet.identity, was_written=True)
    with closing(Draft(draft_path(wish.target), sheet.identity)) if wish.target else nullcontext() as draft:
        tray = await _draw(cover, sheet, draft, PER_WORKER * assembled.settings.workers, _fleet_of(assembled, wish))
    if (await assembled.service.open(request)).version != opened.version:
        raise Broken("The result has changed while it was drawn. Give the command again.")
    return Drawn(cover, told, sheet.identity, tray.drawn_bytes, tray.faults)


async def _draw(cover: Cover, sheet: Sheet, draft: Draft | None, at_once: int, fleet: Fleet | None) -> _Tray:
    if draft and draft.was_other:
        print_note("The tiles drawn before are of another version or look of the result: all are drawn anew.")
    before = sum(cover.has(*zxy_of(tile_id)) for tile_id in draft.ids()) if draft else 0
    guess = await estimate(cover, sheet, _Tray(draft).take, at_once)
    print_tiles_ahead(cover.count, before, guess.seconds, guess.bytes)
    with tile_progress() as progress:
        bar = progress.add_task("tiles", total=cover.count)
        tray = _Tray(draft, lambda count: progress.advance(bar, count))
        if fleet is None:
            await draw_all(tray.missing(cover), sheet, tray.take, at_once)
        else:
            await _have_drawn(fleet, orders(tray.missing(cover), sheet, guess.seconds), sheet, tray, at_once)
    return tray


async def _have_drawn(fleet: Fleet, orders: Iterator[Order], sheet: Sheet, tray: _Tray, at_once: int) -> None:
    """By other machines, into the cache; an archive is filled from there, and what is missing after all is drawn here."""
    async for order, report in fleet.draw(orders):
        if tray.draft:
            tiles = [TileAddress(WEB_MERCATOR_QUAD, zoom, row, col) for zoom, col, row in order.tiles]
            await draw_all(tiles, sheet, tray.take, at_once)
        else:
            tray.count(order, report)


def _fleet_of(assembled: Assembled, wish: Wish) -> Fleet | None:
    return Fleet(wish.broker, Seal(shared_key(assembled.settings, assembled.doorkeeper))) if wish.broker else None


def _demand(opened: OpenMap, cover: Cover, wish: Wish) -> None:
    """Raises NotSupported for an archive of marked pictures, InvalidParameter for more tiles than anybody meant."""
    if wish.target and not opened.is_kept:
        raise NotSupported("Pictures of this service carry a watermark for each who asks; an archive would be for nobody, or for all.")
    if cover.count > MOST_UNASKED and not wish.is_sure:
        raise InvalidParameter(f"These are {spelled(cover.count)} tiles. More than {spelled(MOST_UNASKED)} are drawn only with --yes.")


def _warn(opened: OpenMap, cover: Cover, wish: Wish) -> None:
    print_faults(opened.card)
    if cover.highest > (finest := finest_zoom(opened.card)):
        print_note(f"Beyond zoom {finest} no layer shows more; those tiles are drawn as they are served, magnified.")
    if wish.target and not opened.is_public:
        print_note("Not everybody may see all of this job. Whoever has the archive does, for good: nothing can be taken back from it.")
