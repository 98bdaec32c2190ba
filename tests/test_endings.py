"""What is kept of a job goes from every store when the job has ended."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Collection
from pathlib import Path

import pytest

from rendermap.access.grant import PUBLIC, Grant, Operation
from rendermap.assembly import build
from rendermap.cache.memory import MemoryStore
from rendermap.endings import Endings
from rendermap.errors import Ended, JobNotFound, JobUnreadable, RendermapError
from rendermap.geo.tiling import WEB_MERCATOR_QUAD, TileAddress
from rendermap.jobs.catalog import ENDED_SUFFIX
from rendermap.request import JobRequest, LegendRequest, TileRequest
from rendermap.settings import Settings
from tests.builders.pools import run
from tests.builders.redis_server import RedisServer, needs_redis, redis_server
from tests.builders.served import tile_at
from tests.builders.whole_service import NAME, lay_out

KEY = "a/picture"
GRANT = Grant(PUBLIC, Operation.VIEW, NAME, "a", frozenset())


class Shy(MemoryStore[bytes]):
    """A store that cannot always be asked."""

    def __init__(self) -> None:
        super().__init__(1 << 20, weigh=len)
        self.is_down, self.dropped = False, 0

    async def drop_jobs(self, jobs: Collection[str]) -> bool:
        self.dropped += 1
        return not self.is_down and await super().drop_jobs(jobs)


async def kept_of(folder: Path, *, again_s: float = 0.0) -> tuple[Endings, Shy]:
    """A store with a picture of the job in folder, and one of another job beside it."""
    store = Shy()
    endings = Endings([store], looks_every_s=0.01, again_s=again_s)
    for key, place in ((KEY, folder), ("other/picture", folder.parent / "other")):
        place.mkdir(parents=True)
        await store.put(key, b"x")
        endings.note(key, GRANT, place)
    return endings, store


@needs_redis
def test_pictures_go_from_every_store_with_their_job(tmp_path: Path) -> None:
    """From memory, folder and Redis, of the whole service; those of another job stay."""

    async def ask(server: RedisServer) -> None:
        ids = [lay_out(tmp_path, service=name) for name in (NAME, "Hydrology/Other")]
        settings = Settings(
            jobs=(tmp_path / "jobs",), services=tmp_path / "services", workers=1, secret_key="shared by all replicas",
            cache_dir=tmp_path / "cache", redis_url=server.url,
        )  # fmt: skip
        assembled = build(settings)
        await assembled.start()
        try:
            col, row = tile_at(-84.75, 36.12, 12)
            requests = [JobRequest(name, id_) for name, id_ in zip((NAME, "Hydrology/Other"), ids, strict=True)]
            for request in requests:
                opened = await assembled.service.open(request)
                await opened.tile(TileRequest(request, TileAddress(WEB_MERCATOR_QUAD, 12, row, col)))
                await opened.legend(LegendRequest(request))
            while len(files()) < 2 or server.client.dbsize() < 2:
                await asyncio.sleep(0.01)
            shutil.rmtree(next((tmp_path / "jobs").rglob(ids[0])))
            assert assembled.endings
            await assembled.endings.sweep()
            assert len(files()) == 1 == server.client.dbsize()
            with pytest.raises(JobNotFound):
                await assembled.service.open(requests[0])
            await assembled.service.open(requests[1])
        finally:
            await assembled.stop()

    def files() -> list[Path]:
        return [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and len(path.name) == 32]

    with redis_server(tmp_path) as server:
        run(lambda: ask(server))


def test_a_job_that_is_said_to_have_ended_goes_too(tmp_path: Path) -> None:
    """Its folder is still there, and its document says so; what cannot be read has not ended."""

    class Documents:
        error: RendermapError = JobUnreadable()

        def find(self, service: str, job_id: str) -> object:
            assert (service, job_id) == (GRANT.service, GRANT.job_id)
            raise self.error

    async def ask() -> None:
        store, documents = Shy(), Documents()
        endings = Endings([store], documents)
        await store.put(KEY, b"x")
        endings.note(KEY, GRANT, tmp_path)
        await endings.sweep()
        assert await store.get(KEY)
        documents.error = Ended()
        await endings.sweep()
        assert not await store.get(KEY)

    run(ask)


@pytest.mark.parametrize("way", ["removed", "marked"])
def test_an_end_is_noticed_while_it_runs(way: str, tmp_path: Path) -> None:
    """A folder that is removed, or marked as ended while it is still there."""
    folder = tmp_path / "service" / "a"

    async def ask() -> None:
        endings, store = await kept_of(folder)
        endings.start()
        await asyncio.sleep(0.05)
        assert await store.get(KEY)
        folder.rmdir() if way == "removed" else folder.with_name(f"a{ENDED_SUFFIX}").touch()
        while await store.get(KEY):
            await asyncio.sleep(0.01)
        await endings.stop()
        assert await store.get("other/picture") and store.dropped == 1

    run(ask)


def test_a_share_that_is_away_has_not_ended(tmp_path: Path) -> None:
    """When all above the job is gone too nothing is dropped; when it is back and the job is not, it is."""
    service = tmp_path / "jobs" / "service"

    async def ask() -> None:
        endings, store = await kept_of(service / "a")
        away = (tmp_path / "jobs").rename(tmp_path / "away")
        await endings.sweep()
        assert await store.get(KEY) and not store.dropped
        away.rename(tmp_path / "jobs")
        (service / "a").rmdir()
        await endings.sweep()
        assert not await store.get(KEY)

    run(ask)


def test_a_store_that_is_down_is_asked_again(tmp_path: Path) -> None:
    """Until nothing is left there; not at every look."""
    folder = tmp_path / "service" / "a"

    async def ask() -> None:
        endings, store = await kept_of(folder, again_s=0.2)
        folder.rmdir()
        store.is_down = True
        for _ in range(3):
            await endings.sweep()
        assert store.dropped == 1 and await store.get(KEY)
        store.is_down = False
        await asyncio.sleep(0.25)
        await endings.sweep()
        assert not await store.get(KEY)
        await endings.sweep()
        assert store.dropped == 2

    run(ask)


def test_what_was_drawn_at_the_end_goes_too(tmp_path: Path) -> None:
    """A drawing that was under way when its job ended is kept after the look, and goes with the next."""
    folder = tmp_path / "service" / "a"

    async def ask() -> None:
        endings, store = await kept_of(folder)
        folder.rmdir()
        await endings.sweep()
        await store.put(KEY, b"late")
        endings.note(KEY, GRANT, folder)
        await endings.sweep()
        assert not await store.get(KEY)

    run(ask)
