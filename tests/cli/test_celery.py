"""Tiles drawn beforehand by other machines: real ones, over a real Redis."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pmtiles.reader import MemorySource, all_tiles
from redis import Redis
from typer.testing import CliRunner

from rendermap.access.grant import OPERATOR
from rendermap.assembly import Assembled, build
from rendermap.broker import connect
from rendermap.cli import OK, USAGE, app
from rendermap.errors import Broken, InvalidParameter
from rendermap.geo.tiling import TileAddress
from rendermap.imaging.formats import FORMATS
from rendermap.prerender import drawer
from rendermap.prerender.cover import cover_of
from rendermap.prerender.drawer import draw_order
from rendermap.prerender.drawing import Sheet, draw_all
from rendermap.prerender.fleet import Fleet
from rendermap.prerender.orders import Order, Report, Seal, orders
from rendermap.request import JobRequest, LayerChoice
from rendermap.settings import Settings
from tests.builders.redis_server import RedisServer, needs_redis, redis_server
from tests.builders.whole_service import NAME, lay_out

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
RUN = CliRunner()
KEY = "shared by all replicas"
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Site:
    """What the machines share.  Pictures lie in Redis's first database, orders in its second."""

    folder: Path
    job_id: str
    redis: RedisServer

    @property
    def broker(self) -> str:
        return f"redis://127.0.0.1:{self.redis.port}/1"

    @property
    def settings(self) -> Settings:
        return Settings(
            jobs=(self.folder / "jobs",), services=self.folder / "services", workers=1, secret_key=KEY, redis_url=self.redis.url
        )  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        return {"RENDERMAP_SECRET_KEY": KEY, "RENDERMAP_REDIS_URL": self.redis.url, "RENDERMAP_BROKER": self.broker}

    @property
    def words(self) -> list[str]:
        return ["--jobs", str(self.folder / "jobs"), "--services", str(self.folder / "services"), "--workers", "1"]

    def prerender(self, *more: str, status: int = OK) -> str:
        """What the command prints; its exit status must be the expected one."""
        result = RUN.invoke(app, ["prerender", f"{NAME}/{self.job_id}", *self.words, *more], env={"COLUMNS": "400", **self.environment})
        assert result.exit_code == status, result.output
        return result.output

    @contextmanager
    def machines(self, count: int) -> Iterator[list[subprocess.Popen[str]]]:
        """So many that draw, from the moment they take orders; killed at the end if they still run then."""
        argv = [sys.executable, "-m", "rendermap", "prerender-worker", *self.words]
        environment = {**os.environ, **self.environment, "TMPDIR": str(self.folder)}
        options = {"env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        started = [subprocess.Popen(argv, **options) for _ in range(count)]  # type: ignore[call-overload]
        try:
            assert all("take orders" in process.stdout.readline() for process in started)
            yield started
        finally:
            for process in started:
                process.kill()
                process.communicate()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("celery")
    with redis_server(folder) as redis:
        yield Site(folder, lay_out(folder), redis)


@dataclass(frozen=True, slots=True)
class Here:
    """What a service makes of the job whose Redis is gone.  lost: what it reports.  faults: of orders that are not to be drawn."""

    tiles: dict[tuple[int, int, int], bytes]
    orders: list[Order]
    lost: Report
    faults: list[str]


@pytest.fixture(scope="module")
def here(site: Site) -> Here:
    async def whole() -> Here:
        assembled = build(site.settings.model_copy(update={"redis_url": "redis://127.0.0.1:9"}))
        await assembled.start()
        try:
            return await look(assembled, JobRequest(NAME, site.job_id, OPERATOR))
        finally:
            await assembled.stop()

    async def look(assembled: Assembled, request: JobRequest) -> Here:
        opened, tiles = await assembled.service.open(request), dict[tuple[int, int, int], bytes]()
        sheet = Sheet(opened, request, LayerChoice(), FORMATS["png"])
        await draw_all(cover_of(opened.card, (8, 13), None).tiles(), sheet, lambda tile, body: keep(tiles, tile, body), 2)
        wanted = list(orders(cover_of(opened.card, (8, 14), None).tiles(), sheet, 1.0))
        wrong = replace(wanted[0], identity="another"), replace(wanted[0], job_id="j0")
        lost = await draw_order(assembled, wanted[-1])
        return Here(tiles, wanted, lost, [(await draw_order(assembled, order)).fault for order in wrong])

    def keep(tiles: dict[tuple[int, int, int], bytes], tile: TileAddress, body: bytes | None) -> None:
        if body is not None:
            tiles[tile.matrix, tile.col, tile.row] = body

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(drawer, "PAUSE_S", 0.01)
        return asyncio.run(whole())


@pytest.fixture(scope="module")
def machines(site: Site) -> Iterator[list[subprocess.Popen[str]]]:
    with site.machines(2) as started:
        yield started


@needs_redis
def test_other_machines_fill_the_cache_and_an_archive(site: Site, here: Here, machines: list[subprocess.Popen[str]]) -> None:
    """All that is drawn lies in the cache; the very tiles that are drawn here are in the archive."""
    target = site.folder / "far.pmtiles"
    site.prerender("--zoom", "8-13")
    with site.redis.client as client:
        assert client.dbsize() >= len(set(here.tiles.values())) > 15
    site.prerender("--zoom", "8-13", "--to", str(target))
    assert dict(all_tiles(MemorySource(target.read_bytes()))) == here.tiles


@needs_redis
def test_a_machine_that_could_not_keep_its_tiles_says_so(here: Here) -> None:
    """They are drawn, and whoever ordered them knows that they may not be found."""
    assert here.lost.faults > 0 and not here.lost.fault


@needs_redis
def test_what_would_look_otherwise_is_not_drawn(here: Here) -> None:
    """A machine with other data, symbology or release says so; so does one that is asked for a job that it does not have."""
    assert "looks otherwise here" in here.faults[0] and "no such job" in here.faults[1]


def test_orders_of_strangers_are_not_read() -> None:
    """Whoever reaches the broker without the key can neither order nor report; nor is a report an order."""
    order = Order(NAME, "j0", LayerChoice(), "png", "identity", ((8, 1, 2), (8, 1, 3)))
    ours, theirs = Seal(KEY), Seal("a key of somebody else")
    assert ours.order(ours.order_text(order)) == order and ours.report(ours.report_text(Report(7, 1))) == Report(7, 1)
    for text in (theirs.order_text(order), ours.order_text(order).replace("j0", "j1"), ours.report_text(Report()), "", "x.y"):
        with pytest.raises(Broken, match="same secret_key"):
            ours.order(text)
    with pytest.raises(Broken, match="same secret_key"):
        ours.report(None)


@needs_redis
def test_what_was_wrongly_asked_is_said(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another kind of broker, none, no Celery, and a machine that would keep nothing."""
    far = ("--zoom", "8", "--celery")
    assert "Redis or Valkey" in site.prerender(*far, "amqp://127.0.0.1", status=USAGE)
    assert "cannot be reached" in site.prerender(*far, "redis://127.0.0.1:9", status=USAGE)
    keeps_nothing = RUN.invoke(app, ["prerender-worker", *site.words, "--broker", site.broker])
    assert keeps_nothing.exit_code == USAGE and "nothing would stay" in keeps_nothing.output
    monkeypatch.setitem(sys.modules, "celery", None)
    with pytest.raises(InvalidParameter, match="rendermap\\[celery\\]"):
        connect(site.broker)


@needs_redis
def test_a_broker_that_forgets_is_told_again(site: Site, here: Here, machines: list[subprocess.Popen[str]]) -> None:
    """As one that was restarted empty: what waited there, and what was reported and not read, is ordered anew."""
    done = list[Order]()

    async def draw() -> None:
        async for order, _ in Fleet(connect(site.broker), Seal(KEY), stalled_s=0.5).draw(iter(here.orders)):
            done.append(order)
            if len(done) == 2:
                with Redis.from_url(site.broker) as client:
                    client.flushdb()

    asyncio.run(draw())
    assert len(done) == len(here.orders) == len(set(done)) > 10


@needs_redis
def test_a_machine_that_is_killed_costs_nothing(site: Site, here: Here, machines: list[subprocess.Popen[str]]) -> None:
    """What it had taken is ordered again, and done by the other; each order is told of once.  The other ends when it is told to."""

    async def draw() -> list[Order]:
        done = list[Order]()
        async for order, _ in Fleet(connect(site.broker), Seal(KEY), stalled_s=0.5).draw(iter(here.orders)):
            done.append(order)
            if len(done) == 3:
                machines[0].kill()
                machines[0].wait()
        return done

    began = time.monotonic()
    done = asyncio.run(draw())
    assert len(done) == len(here.orders) == len(set(done)) > 10 and time.monotonic() - began < PATIENCE_S
    machines[1].terminate()
    assert machines[1].wait(PATIENCE_S) == 0
