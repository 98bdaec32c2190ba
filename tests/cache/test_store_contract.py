"""What every store of pictures promises, whatever it keeps them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from rendermap.cache.store import Store
from rendermap.dispatch.drawn import Drawn
from tests.builders.picture_stores import EMPTY, JOB, KEY, LIMIT_BYTES, OTHER_JOB, OTHER_JOBS_KEY, OTHER_KEY, PICTURE, store_of
from tests.builders.pools import run
from tests.builders.redis_server import RedisServer, needs_redis

With = Callable[[Callable[[Store[Drawn]], Awaitable[None]]], None]


@pytest.fixture(params=["memory", "files", pytest.param("redis", marks=needs_redis), "s3"])
def with_store(request: pytest.FixtureRequest, tmp_path: Path) -> With:
    place: Path | str = tmp_path
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        place = server.url
    elif request.param == "s3":
        place = request.getfixturevalue("s3").endpoint

    def ask(test: Callable[[Store[Drawn]], Awaitable[None]]) -> None:
        async def opened() -> None:
            async with store_of(request.param, place) as store:
                await test(store)

        run(opened)

    return ask


def test_a_picture_comes_back_as_it_was_put(with_store: With) -> None:
    """Body and facts, of the key it was put under and of no other; a second put replaces the first."""

    async def ask(store: Store[Drawn]) -> None:
        assert await store.get(KEY) is None
        await store.put(KEY, PICTURE)
        await store.put(OTHER_KEY, EMPTY)
        assert (await store.get(KEY), await store.get(OTHER_KEY), await store.get(OTHER_JOBS_KEY)) == (PICTURE, EMPTY, None)
        await store.put(KEY, EMPTY)
        assert await store.get(KEY) == EMPTY

    with_store(ask)


def test_a_job_is_dropped_whole_and_alone(with_store: With) -> None:
    """All its pictures go, those of other jobs stay, and to drop it again is no fault."""

    async def ask(store: Store[Drawn]) -> None:
        for key in (KEY, OTHER_KEY, OTHER_JOBS_KEY):
            await store.put(key, PICTURE)
        assert await store.drop_jobs([JOB])
        assert [await store.get(key) for key in (KEY, OTHER_KEY, OTHER_JOBS_KEY)] == [None, None, PICTURE]
        assert await store.drop_jobs([JOB])
        for key in (KEY, OTHER_KEY):
            await store.put(key, PICTURE)
        assert await store.drop_jobs([OTHER_JOB, JOB])
        assert [await store.get(key) for key in (KEY, OTHER_KEY, OTHER_JOBS_KEY)] == [None, None, None]

    with_store(ask)


def test_a_picture_that_ends_is_not_there_afterwards(with_store: With) -> None:
    """One that is to be kept for no time at all is never found again."""

    async def ask(store: Store[Drawn]) -> None:
        await store.put(KEY, PICTURE, ttl_s=0)
        assert await store.get(KEY) is None

    with_store(ask)


def test_what_is_too_large_is_not_kept(with_store: With) -> None:
    """It is no fault either, and what was there stays."""

    async def ask(store: Store[Drawn]) -> None:
        await store.put(KEY, PICTURE)
        await store.put(OTHER_KEY, Drawn(bytes(8 * LIMIT_BYTES), False, 1, 1))
        assert (await store.get(KEY), await store.get(OTHER_KEY)) == (PICTURE, None)

    with_store(ask)


def test_any_bytes_are_a_picture(with_store: With) -> None:
    """An empty body, one that ends like an entry does, and a large one."""

    async def ask(store: Store[Drawn]) -> None:
        for body in (b"", b"rmkept1\n" * 9, bytes(range(256)) * 2000):
            await store.put(KEY, Drawn(body, False, 4096, 4096))
            assert await store.get(KEY) == Drawn(body, False, 4096, 4096)

    with_store(ask)
