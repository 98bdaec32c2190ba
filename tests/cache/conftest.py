"""One Redis server for the tests of a module; each test finds it empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders.redis_server import RedisServer, redis_server


@pytest.fixture(scope="module")
def running_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(running_redis: RedisServer) -> RedisServer:
    with running_redis.client as client:
        client.flushall()
    return running_redis
