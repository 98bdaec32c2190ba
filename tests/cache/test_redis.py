"""The store in Redis: what lies there, what is not believed, and what a server may do to it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from structlog.testing import capture_logs

from rendermap.cache.afterwards import Afterwards
from rendermap.cache.guard import Patience
from rendermap.cache.outside import REDIS_PATIENCE, Backends, Outside
from rendermap.cache.redis import KEPT_S, LARGEST_BYTES, LEASE_S, PREFIX, RedisTurns, connect
from rendermap.cache.shared import Shared
from rendermap.dispatch.drawn import Drawn
from rendermap.telemetry import make_metrics
from tests.builders.false_redis import false_redis
from tests.builders.picture_stores import CODEC, EMPTY, JOB, KEY, OTHER_KEY, PICTURE, SECRET, envelope, redis_store
from tests.builders.pools import run
from tests.builders.redis_server import RedisServer, needs_redis, redis_server

NAME = ":".join((PREFIX, *envelope().names(KEY)))
OTHER_NAME = ":".join((PREFIX, *envelope().names(OTHER_KEY)))

SLOWEST_S = 60.0
"""Whatever takes longer never comes, on the busiest machine."""


def keep(server: RedisServer, *keys: str) -> None:
    """Put the same picture under keys."""

    async def put() -> None:
        async with redis_store(server.url) as store:
            for key in keys:
                await store.put(key, PICTURE)

    run(put)


# --- what lies there --------------------------------------------------------------------------------------------------


@needs_redis
def test_entries_end_and_say_nothing(redis: RedisServer) -> None:
    """They last a day; no name and no value has anything of job or principal; what is large is not put."""
    keep(redis, KEY)

    async def put_large() -> None:
        async with redis_store(redis.url) as store:
            await store.put(OTHER_KEY, Drawn(bytes(LARGEST_BYTES), False, 1, 1))

    run(put_large)
    with redis.client as client:
        assert client.keys() == [NAME.encode()]
        assert KEPT_S - 60 < client.ttl(NAME) <= KEPT_S
        assert JOB not in NAME and JOB.encode() not in client.get(NAME)


def put_list(client: Redis) -> None:
    client.delete(NAME)
    client.lpush(NAME, "not", "a", "picture")


def put_number(client: Redis) -> None:
    client.set(NAME, 42)


def put_much(client: Redis) -> None:
    client.set(NAME, client.get(NAME) + bytes(20_000_000))


def put_anothers(client: Redis) -> None:
    client.copy(OTHER_NAME, NAME, replace=True)


def put_own_picture(client: Redis) -> None:
    """By somebody who knows how entries are made, and not the secret."""
    client.set(NAME, envelope(b"the secret of a neighbour").close(KEY, EMPTY))


@needs_redis
@pytest.mark.parametrize("mischief", [put_list, put_number, put_much, put_anothers, put_own_picture], ids=lambda m: m.__name__)
def test_what_is_not_its_entry_is_dropped_and_drawn_again(mischief: Callable[[Redis], None], redis: RedisServer) -> None:
    """It is never served, it is counted, it is gone, and the next picture takes its place."""
    keep(redis, KEY, OTHER_KEY)
    damaged: list[None] = []

    async def ask() -> None:
        async with redis_store(redis.url, on_damage=lambda: damaged.append(None)) as store:
            assert await store.get(KEY) is None and len(damaged) == 1
            assert not redis.client.exists(NAME)
            await store.put(KEY, EMPTY)
            assert (await store.get(KEY), await store.get(OTHER_KEY)) == (EMPTY, PICTURE)

    with redis.client as client:
        mischief(client)
    run(ask)


@needs_redis
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_byte_changed_is_a_miss(redis: RedisServer, data: st.DataObject) -> None:
    """Wherever in the value."""
    entry = bytearray(envelope().close(KEY, PICTURE))
    entry[data.draw(st.integers(0, len(entry) - 1))] ^= data.draw(st.integers(1, 255))
    with redis.client as client:
        client.set(NAME, bytes(entry))

    async def ask() -> Drawn | None:
        async with redis_store(redis.url) as store:
            return await store.get(KEY)

    assert run(ask) is None


@needs_redis
def test_dropping_a_job_of_many_pictures_spares_all_else(redis: RedisServer) -> None:
    """Thousands go; a name that only looks like it and another's data stay."""

    async def ask() -> None:
        async with redis_store(redis.url) as store:
            for number in range(2500):
                await store.put(f"{JOB}/{number:032x}", PICTURE)
            with redis.client as client:
                client.set("somebody:else", 1)
                client.set(f"{PREFIX}:elsewhere", 1)
                assert client.dbsize() == 2502
                assert await store.drop_jobs([JOB])
                assert sorted(client.keys()) == [f"{PREFIX}:elsewhere".encode(), b"somebody:else"]

    run(ask)


# --- turns ------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def turns_of(server: RedisServer, lease_s: float = 5.0, timeout_s: float = 1.0) -> AsyncIterator[RedisTurns]:
    """One process's."""
    client = connect(server.url, timeout_s)
    turns = RedisTurns(client, envelope(), lease_s)
    try:
        yield turns
    finally:
        turns.close()
        await client.aclose()


@needs_redis
def test_one_has_the_turn_of_a_key(redis: RedisServer) -> None:
    """Another key's is free meanwhile; one that was given back is, too."""

    async def ask() -> None:
        async with turns_of(redis) as mine, turns_of(redis) as anothers:
            leave = await mine.take(KEY)
            assert leave and await anothers.take(KEY) is None and await anothers.take(OTHER_KEY)
            await leave()
            assert await anothers.take(KEY) and await mine.take(KEY) is None

    run(ask)


@needs_redis
def test_a_dead_holders_turn_ends(redis: RedisServer) -> None:
    """And when the dead was only slow, it does not give back what is another's by now."""

    async def ask() -> None:
        async with turns_of(redis, lease_s=0.2) as slow, turns_of(redis) as anothers, turns_of(redis) as third:
            leave = await slow.take(KEY)
            assert leave and await anothers.take(KEY) is None
            slow.close()
            await asyncio.sleep(0.25)
            assert await anothers.take(KEY)
            await leave()
            assert await third.take(KEY) is None

    run(ask)


@needs_redis
def test_a_turn_lasts_while_it_is_held(redis: RedisServer) -> None:
    """Through many leases, and through an outage of a moment; given back it is another's at once, and is renewed no more."""

    async def ask() -> None:
        async with turns_of(redis, lease_s=0.4) as mine, turns_of(redis) as anothers:
            leave = await mine.take(KEY)
            assert leave
            for _ in range(3):
                redis.pause()
                await asyncio.sleep(0.15)
                redis.resume()
                await asyncio.sleep(0.25)
                assert await anothers.take(KEY) is None
            await leave()
            assert await anothers.take(KEY)
            with redis.client as client:
                left_ms = client.pttl(f"{NAME}:turn")
                await asyncio.sleep(0.3)
                assert client.pttl(f"{NAME}:turn") < left_ms - 200

    run(ask)


HOLDER = """
import asyncio, sys
from rendermap.cache.redis import RedisTurns, connect
from tests.builders.picture_stores import KEY, envelope

async def hold():
    turns = RedisTurns(connect(sys.argv[1], 1.0), envelope())
    print(await turns.take(KEY) is not None, flush=True)
    await asyncio.sleep(60)

asyncio.run(hold())
"""


@needs_redis
def test_a_killed_process_delays_others_by_a_second(redis: RedisServer) -> None:
    """Who waits for its picture draws it then; as long as it lives nobody else does."""

    async def ask(holder: subprocess.Popen[str]) -> None:
        assert holder.stdout and holder.stdout.readline().strip() == "True"
        async with process(redis.url) as one:
            asking = asyncio.create_task(one.ask(KEY))
            await asyncio.sleep(1.5 * LEASE_S)
            assert one.drawn == 0
            holder.kill()
            began = time.monotonic()
            await asking
            assert one.drawn == 1 and time.monotonic() - began < LEASE_S + 0.5

    argv = [sys.executable, "-c", HOLDER, redis.url]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as holder:
        try:
            run(lambda: ask(holder))
        finally:
            holder.kill()


# --- the server -------------------------------------------------------------------------------------------------------


class Process:
    """One service's pictures, drawn at once; counts what it draws."""

    def __init__(self, url: str, patience: Patience = REDIS_PATIENCE) -> None:
        self.metrics = make_metrics()
        self.outside = Outside("pictures", Backends(SECRET, redis_url=url), CODEC, self.metrics, patience)
        self.drawn = 0

    async def ask(self, key: str) -> Drawn:
        """A picture, past memory."""

        async def draw() -> Drawn:
            self.drawn += 1
            return Drawn(key.encode(), False, 1, 1)

        assert self.outside.shared
        picture = await self.outside.shared.get_or_make(key, draw)
        assert picture.body == key.encode()
        return picture

    async def is_found(self, key: str) -> bool:
        """True when a second question draws nothing."""
        await self.ask(key)
        await asyncio.sleep(0.05)
        before = self.drawn
        await self.ask(key)
        return self.drawn == before

    def is_up(self, doing: str) -> bool:
        return self.metrics.registry.get_sample_value("rendermap_store_up", {"store": "redis", "doing": doing}) == 1


@asynccontextmanager
async def process(url: str) -> AsyncIterator[Process]:
    """Ended at the end."""
    one = Process(url)
    try:
        yield one
    finally:
        await one.outside.close()


def keys() -> Callable[[], str]:
    """New ones."""
    numbers = iter(range(10**6))
    return lambda: f"{JOB}/{next(numbers):032x}"


async def served_without(one: Process, new: Callable[[], str], slowest_s: float) -> None:
    """Asked forty times, each picture is drawn; the first may wait, the others do not."""
    await one.ask(new())
    before = one.drawn
    started = time.monotonic()
    for _ in range(40):
        await one.ask(new())
    assert one.drawn == before + 40
    assert time.monotonic() - started < slowest_s


async def until_found(one: Process, new: Callable[[], str], within_s: float = REDIS_PATIENCE.rest_s + 1.5) -> None:
    """The store is used again by itself."""
    started = time.monotonic()
    while not await one.is_found(new()):
        assert time.monotonic() - started < within_s
        await asyncio.sleep(0.05)


@needs_redis
@pytest.mark.parametrize("outage", ["killed", "paused"])
def test_a_server_that_goes_is_missed_by_nobody(outage: str, tmp_path: Path) -> None:
    """Pictures are drawn at the old speed meanwhile, one line is logged, and it is used again seconds after it is back."""

    async def ask(server: RedisServer) -> None:
        new = keys()
        async with process(server.url) as one:
            assert await one.is_found(new())
            server.kill() if outage == "killed" else server.pause()
            started = time.monotonic()
            await asyncio.gather(*(one.ask(new()) for _ in range(100)))
            assert time.monotonic() - started < 4 * REDIS_PATIENCE.timeout_s
            await served_without(one, new, slowest_s=REDIS_PATIENCE.timeout_s)
            await asyncio.sleep(REDIS_PATIENCE.rest_s * 1.1)
            await served_without(one, new, slowest_s=REDIS_PATIENCE.timeout_s)
            assert not one.is_up("read")
            server.start() if outage == "killed" else server.resume()
            await until_found(one, new)
            assert one.is_up("read") and one.is_up("write")

    with redis_server(tmp_path) as server, capture_logs() as logs:
        run(lambda: ask(server))
    assert len([line for line in logs if line["log_level"] == "warning"]) <= 2, "one for reading, one for writing"


@needs_redis
def test_a_server_that_is_full_is_still_read(tmp_path: Path) -> None:
    """At its maxmemory it takes nothing more, and what it has is found; when there is room it is used again."""

    async def ask(server: RedisServer) -> None:
        new = keys()
        async with process(server.url) as one:
            kept = new()
            await one.ask(kept)
            await asyncio.sleep(0.05)
            with server.client as client:
                client.set("ballast", bytes(2_000_000))
                client.config_set("maxmemory", 1_000_000)
                await served_without(one, new, slowest_s=1.0)
                before = one.drawn
                await one.ask(kept)
                assert one.drawn == before and one.is_up("read") and not one.is_up("write")
                client.config_set("maxmemory", 0)
            await until_found(one, new)

    with redis_server(tmp_path) as server:
        run(lambda: ask(server))


@needs_redis
@pytest.mark.parametrize("given", ["", "a wrong hush hush"])
def test_a_password_that_is_missing_or_wrong_costs_no_picture(given: str, tmp_path: Path) -> None:
    """Pictures are drawn; neither the password nor the address is logged."""

    async def ask(server: RedisServer) -> None:
        url = f"redis://{f':{given}@' if given else ''}127.0.0.1:{server.port}".replace(" ", "%20")
        async with process(url) as one:
            await served_without(one, keys(), slowest_s=1.0)

    with redis_server(tmp_path, password="the true hush hush") as server, capture_logs() as logs:
        run(lambda: ask(server))
        assert logs and "hush" not in str(logs) and str(server.port) not in str(logs)

        async def ask_rightly() -> None:
            async with process(server.url.replace(" ", "%20")) as one:
                assert await one.is_found(KEY)

        run(ask_rightly)


RUBBISH = {
    "a web server": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "nothing known": b"\x00\xff\x00\xff\r\n",
    "a number": b":7\r\n",
    "a list": b"*2\r\n$1\r\na\r\n$1\r\nb\r\n",
    "a number that is none": b"$abc\r\n",
    "a picture without end": b"$99999999999\r\nabc",
    "too much": b"$3\r\nabc\r\n" * 7,
    "an error": b"-ERR something with /a/path\r\n",
    "still loading": b"-LOADING Redis is loading the dataset in memory\r\n",
}


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_rubbish_costs_no_picture(rubbish: str) -> None:
    """Whatever answers there, each picture is drawn, and none waits long."""

    async def ask() -> None:
        async with false_redis(RUBBISH[rubbish]) as url, process(url) as one:
            await served_without(one, keys(), slowest_s=1.5)

    run(ask)


def test_another_keys_answer_is_never_served() -> None:
    """A client library or a proxy that mixes answers up gives a miss: the entry is true, and another's."""
    entry = envelope().close(OTHER_KEY, PICTURE)

    async def ask() -> None:
        async with false_redis(b"$%d\r\n%b\r\n" % (len(entry), entry)) as url, redis_store(url) as store:
            assert await store.get(OTHER_KEY) == PICTURE
            assert await store.get(KEY) is None

    run(ask)


@needs_redis
def test_processes_make_a_picture_once(redis: RedisServer) -> None:
    """Four that are asked for the same twenty pictures at once, however slow the machine: turns and patience outlast the test."""

    async def ask() -> None:
        wanted, made = [f"{JOB}/{number:032x}" for number in range(20)], []

        async def draw(key: str) -> Drawn:
            made.append(key)
            return PICTURE

        async with AsyncExitStack() as stack:
            services = []
            for _ in range(4):
                store = await stack.enter_async_context(redis_store(redis.url, timeout_s=SLOWEST_S))
                turns = await stack.enter_async_context(turns_of(redis, SLOWEST_S, SLOWEST_S))
                stack.push_async_callback((afterwards := Afterwards()).settle, SLOWEST_S)
                services.append(Shared(store, turns, afterwards, SLOWEST_S))
            await asyncio.gather(*(one.get_or_make(key, partial(draw, key)) for key in wanted for one in services))
        assert sorted(made) == wanted

    run(ask, limit_s=SLOWEST_S)
