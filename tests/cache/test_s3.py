"""The store in a bucket: what lies there, what is not believed, and what a server may do to it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from rendermap.cache.guard import Patience
from rendermap.cache.outside import Backends, Outside
from rendermap.cache.s3 import LARGEST_BYTES
from rendermap.dispatch.drawn import Drawn
from rendermap.telemetry import make_metrics
from tests.builders.picture_stores import CODEC, EMPTY, JOB, KEY, OTHER_JOBS_KEY, OTHER_KEY, PICTURE, SECRET, envelope, s3_store
from tests.builders.pools import run
from tests.builders.redis_server import RedisServer, needs_redis
from tests.builders.s3_server import PREFIX, S3_URL, S3Server

NAME = "/".join((PREFIX, *envelope().names(KEY)))
OTHER_NAME = "/".join((PREFIX, *envelope().names(OTHER_KEY)))
PATIENCE = Patience(timeout_s=0.4, rest_s=0.5, at_once=16)


def keep(server: S3Server, *keys: str) -> None:
    """Put the same picture under keys."""

    async def put() -> None:
        async with s3_store(S3_URL, server.endpoint) as store:
            for key in keys:
                await store.put(key, PICTURE)

    run(put)


# --- what lies there --------------------------------------------------------------------------------------------------


def test_entries_say_nothing_and_are_not_large(s3: S3Server) -> None:
    """No name and no object has anything of job or principal; what is large is not put."""
    keep(s3, KEY)

    async def put_large() -> None:
        async with s3_store(S3_URL, s3.endpoint) as store:
            await store.put(OTHER_KEY, Drawn(bytes(LARGEST_BYTES), False, 1, 1))

    run(put_large)
    assert s3.names == [NAME] and JOB not in NAME
    assert JOB.encode() not in s3.bucket.get(NAME).bytes().to_bytes()


def change(server: S3Server, change: Callable[[bytes], bytes]) -> None:
    """What lies under a name."""
    server.bucket.put(NAME, change(server.bucket.get(NAME).bytes().to_bytes()))


MISCHIEF: dict[str, Callable[[S3Server], None]] = {
    "cut short": lambda server: change(server, lambda entry: entry[:-1]),
    "a byte changed": lambda server: change(server, lambda entry: bytes([entry[0] ^ 1]) + entry[1:]),
    "much too large": lambda server: change(server, lambda entry: entry + bytes(2 * LARGEST_BYTES)),
    "another's": lambda server: server.bucket.copy(OTHER_NAME, NAME),
    "a neighbour's": lambda server: change(server, lambda _: envelope(b"the secret of a neighbour").close(KEY, EMPTY)),
}


@pytest.mark.parametrize("mischief", MISCHIEF)
def test_what_is_not_its_entry_is_dropped_and_drawn_again(mischief: str, s3: S3Server) -> None:
    """It is never served, it is counted, it is gone, and the next picture takes its place."""
    keep(s3, KEY, OTHER_KEY)
    MISCHIEF[mischief](s3)
    damaged: list[None] = []

    async def ask() -> None:
        async with s3_store(S3_URL, s3.endpoint, on_damage=lambda: damaged.append(None)) as store:
            assert await store.get(KEY) is None and len(damaged) == 1 and s3.names == [OTHER_NAME]
            await store.put(KEY, EMPTY)
            assert (await store.get(KEY), await store.get(OTHER_KEY)) == (EMPTY, PICTURE)

    run(ask)


def test_a_job_goes_alone(s3: S3Server) -> None:
    """A name that only looks like one of the job's, and what lies beside the prefix, stay."""
    keep(s3, KEY, OTHER_KEY, OTHER_JOBS_KEY)
    beside = [f"{PREFIX}/{envelope().job_name(JOB)}beside", f"{envelope().job_name(JOB)}/elsewhere"]
    for name in beside:
        s3.bucket.put(name, b"x")

    async def ask() -> None:
        async with s3_store(S3_URL, s3.endpoint) as store:
            assert await store.drop_jobs([JOB])

    run(ask)
    assert s3.names == sorted([*beside, "/".join((PREFIX, *envelope().names(OTHER_JOBS_KEY)))])


# --- the service ------------------------------------------------------------------------------------------------------


class Process:
    """One service's pictures; counts what it draws."""

    def __init__(self, backends: Backends) -> None:
        self.metrics = make_metrics()
        self.outside = Outside("pictures", backends, CODEC, self.metrics, Patience(10.0, 1.0, 16), PATIENCE)
        self.drawn = 0

    async def ask(self, key: str) -> None:
        """A picture, past memory."""

        async def draw() -> Drawn:
            self.drawn += 1
            await asyncio.sleep(0.05)
            return Drawn(key.encode(), False, 1, 1)

        assert self.outside.shared
        assert (await self.outside.shared.get_or_make(key, draw)).body == key.encode()

    def is_up(self, doing: str) -> bool:
        return self.metrics.registry.get_sample_value("rendermap_store_up", {"store": "s3", "doing": doing}) == 1


@asynccontextmanager
async def processes(count: int, server: S3Server, redis_url: str | None = None) -> AsyncIterator[list[Process]]:
    """Over one bucket; ended at the end."""
    all_ = [Process(Backends(SECRET, None, 0, redis_url, S3_URL, server.endpoint)) for _ in range(count)]
    try:
        yield all_
    finally:
        for one in all_:
            await one.outside.close()


KEYS = [f"{JOB}/{number:032x}" for number in range(200)]


def test_what_one_has_drawn_others_find(s3: S3Server) -> None:
    """With a bucket and nothing else; each key is asked of it once."""

    async def ask() -> None:
        async with processes(2, s3) as (one, another):
            await asyncio.gather(*map(one.ask, KEYS[:10]))
            while len(s3.names) < 10:
                await asyncio.sleep(0.02)
            await asyncio.gather(*map(another.ask, KEYS[:10]))
            assert (one.drawn, another.drawn) == (10, 0)
            assert another.metrics.registry.get_sample_value("rendermap_cache_hits_total", {"cache": "pictures_s3"}) == 10

    run(ask)


@needs_redis
def test_with_redis_a_picture_is_drawn_once_for_all(s3: S3Server, redis: RedisServer) -> None:
    """Whose turn it is Redis tells; what Redis has lost is found in the bucket, and is in Redis again."""

    async def ask() -> None:
        async with processes(3, s3, redis.url) as all_:
            await asyncio.gather(*(one.ask(key) for key in KEYS[:10] for one in all_))
            assert sum(one.drawn for one in all_) == 10
            while len(s3.names) < 10:
                await asyncio.sleep(0.02)
            with redis.client as client:
                client.flushall()
                await asyncio.gather(*map(all_[0].ask, KEYS[:10]))
                assert sum(one.drawn for one in all_) == 10
                while client.dbsize() < 10:
                    await asyncio.sleep(0.02)

    run(ask)


def test_a_server_that_says_nothing_is_missed_by_nobody(s3: S3Server) -> None:
    """The first who ask wait one time-out together, the others not at all; it is used again by itself, and one line is logged."""

    async def ask() -> None:
        async with processes(1, s3) as (one,):
            await one.ask(KEYS[0])
            s3.pause()
            began = time.monotonic()
            await asyncio.gather(*map(one.ask, KEYS[1:51]))
            assert time.monotonic() - began < 3 * PATIENCE.timeout_s
            began = time.monotonic()
            await asyncio.gather(*map(one.ask, KEYS[51:101]))
            assert time.monotonic() - began < PATIENCE.timeout_s
            assert one.drawn == 101 and not one.is_up("read")
            s3.resume()
            while not (one.is_up("read") and one.is_up("write")):
                await one.ask(KEYS[101 + one.drawn % 50])
                assert time.monotonic() - began < 20

    with capture_logs() as logs:
        try:
            run(ask)
        finally:
            s3.resume()
    warnings = [line for line in logs if line["log_level"] == "warning"]
    assert len(warnings) <= 2 and "127.0.0.1" not in str(logs) and "hush" not in str(logs)


@pytest.mark.parametrize("wrong", ["nobody there", "no such bucket"])
def test_a_bucket_that_is_none_costs_no_picture(wrong: str, s3: S3Server) -> None:
    """Each is drawn, and that nothing is kept is told."""
    url, endpoint = (S3_URL, "http://127.0.0.1:9") if wrong == "nobody there" else ("s3://no-such-bucket", s3.endpoint)

    async def ask() -> None:
        one = Process(Backends(SECRET, s3_url=url, s3_endpoint=endpoint))
        try:
            await asyncio.gather(*map(one.ask, KEYS[:20]))
            while one.is_up("write"):
                await asyncio.sleep(0.02)
            assert one.drawn == 20
        finally:
            await one.outside.close()

    run(ask)


PROGRAM = """
import asyncio, sys
from tests.builders.picture_stores import KEY, PICTURE, s3_store

async def ask():
    async with s3_store(*sys.argv[1:]) as store:
        await asyncio.gather(*(store.put(KEY, PICTURE) for _ in range(9)))
        assert await store.drop_jobs(["none"]) and await store.get(KEY) == PICTURE
        asyncio.create_task(store.get(KEY))
        await asyncio.sleep(0)

asyncio.run(ask())
"""


def test_a_process_ends_as_it_should(s3: S3Server) -> None:
    """With a question under way, too; the client's own coroutines would end some with a signal."""
    argv = [sys.executable, "-c", PROGRAM, S3_URL, s3.endpoint]
    ended = [subprocess.Popen(argv, cwd=Path(__file__).parents[2]) for _ in range(3)]
    assert [process.wait(20) for process in ended] == [0, 0, 0]
