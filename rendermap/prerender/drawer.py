"""One machine of a fleet: takes orders of tiles from the broker and draws them, into the store that all share."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rendermap.access.grant import OPERATOR
from rendermap.assembly import Assembled
from rendermap.broker import DRAWINGS, run_worker
from rendermap.errors import BadRequest, Broken, RendermapError
from rendermap.geo.tiling import WEB_MERCATOR_QUAD, TileAddress
from rendermap.imaging.formats import FORMATS
from rendermap.prerender.drawing import Sheet, draw_all, faults_of, stores_down
from rendermap.prerender.orders import Order, Report, Seal
from rendermap.request import JobRequest

AT_ONCE = 2
"""Orders under way, so that the next begins while the last tiles of one are drawn; each keeps every worker of the machine busy."""

TRIES = 3
PAUSE_S = 1.0


async def draw_order(assembled: Assembled, order: Order) -> Report:
    """Draws, and tries again what failed; what is kept already is not drawn anew."""
    report = Report()
    for _ in range(TRIES):
        try:
            return await _draw(assembled, order)
        except RendermapError as error:
            report = _fault(error)
            if isinstance(error, BadRequest):
                break
        await asyncio.sleep(PAUSE_S)
    return report


async def _draw(assembled: Assembled, order: Order) -> Report:
    """Raises Broken where the pictures would be others than those ordered."""
    request = JobRequest(order.service, order.job_id, OPERATOR)
    sheet = Sheet(await assembled.service.open(request), request, order.layers, FORMATS[order.format])
    if sheet.identity != order.identity:
        raise Broken("The result looks otherwise here: its data, its symbology or the release are not the same.")
    sizes, before = list[int](), faults_of(assembled)
    tiles = [TileAddress(WEB_MERCATOR_QUAD, zoom, row, col) for zoom, col, row in order.tiles]
    await draw_all(tiles, sheet, lambda _, body: sizes.append(len(body or b"")), assembled.settings.workers)
    return Report(sum(sizes), faults_of(assembled) - before + stores_down(assembled))


def _fault(error: RendermapError) -> Report:
    return Report(fault=f"{socket.gethostname()}: {error.sentence}")


@contextmanager
def started(assembled: Assembled) -> Iterator[Callable[[Order], Report]]:
    """A service that draws orders for any thread.  Raises what its start raises."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="rendermap-drawing")
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(assembled.start(), loop).result()
        try:
            yield lambda order: asyncio.run_coroutine_threadsafe(draw_order(assembled, order), loop).result()
        finally:
            asyncio.run_coroutine_threadsafe(assembled.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def take_orders(app: Any, seal: Seal, draw: Callable[[Order], Report]) -> int:
    """Until told to stop by a signal; what was begun is ended first.  Result: exit status.  app: see `broker.connect`."""

    def answer(text: str) -> str:
        try:
            return seal.report_text(draw(seal.order(text)))
        except RendermapError as error:
            return seal.report_text(_fault(error))

    app.task(answer, name=DRAWINGS)
    return run_worker(app, "rendermap", AT_ONCE)
