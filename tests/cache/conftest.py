"""One Redis and one S3 server for the tests of a module; each test finds it empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders.redis_server import RedisServer, redis_server
from tests.builders.s3_server import CREDENTIALS, S3Server, s3_server


@pytest.fixture(scope="module")
def running_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(running_redis: RedisServer) -> RedisServer:
    with running_redis.client as client:
        client.flushall()
    return running_redis


@pytest.fixture(scope="module")
def running_s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def s3(running_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    running_s3.empty()
    return running_s3
