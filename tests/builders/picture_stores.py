"""Stores of pictures outside the process, each as it is made in the service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from rendermap.cache.envelope import Codec, Envelope
from rendermap.cache.files import FileStore
from rendermap.cache.memory import MemoryStore
from rendermap.cache.redis import RedisStore, connect
from rendermap.cache.s3 import S3Store, connect_bucket
from rendermap.cache.store import Store
from rendermap.cache.threads import Threads
from rendermap.dispatch.drawn import Drawn, from_bytes, to_bytes
from tests.builders.s3_server import S3_URL

CODEC = Codec(to_bytes, from_bytes)
SECRET = b"the secret of these tests"
JOB, OTHER_JOB = "a" * 32, "b" * 32
KEY, OTHER_KEY, OTHER_JOBS_KEY = f"{JOB}/{'1' * 32}", f"{JOB}/{'2' * 32}", f"{OTHER_JOB}/{'1' * 32}"
PICTURE = Drawn(b"\x89PNG a picture", False, 256, 128)
EMPTY = Drawn(b"nothing to see", True, 1, 1)
LIMIT_BYTES = 1 << 20


def envelope(secret: bytes = SECRET) -> Envelope[Drawn]:
    """Of pictures."""
    return Envelope(secret, CODEC)


@asynccontextmanager
async def file_store(
    folder: Path, limit_bytes: int = LIMIT_BYTES, on_damage: Callable[[], object] = lambda: None
) -> AsyncIterator[FileStore[Drawn]]:
    """Unguarded: what the disk says is raised."""
    threads = Threads(2)
    try:
        yield FileStore(folder, limit_bytes, envelope(), threads, on_damage)
    finally:
        threads.close()


@asynccontextmanager
async def redis_store(url: str, on_damage: Callable[[], object] = lambda: None, timeout_s: float = 2.0) -> AsyncIterator[RedisStore[Drawn]]:
    """Unguarded: what the server says is raised."""
    client: Redis = connect(url, timeout_s)
    try:
        yield RedisStore(client, envelope(), on_damage)
    finally:
        await client.aclose()


@asynccontextmanager
async def s3_store(url: str, endpoint: str, on_damage: Callable[[], object] = lambda: None) -> AsyncIterator[S3Store[Drawn]]:
    """Unguarded: what the server says is raised."""
    threads = Threads(2)
    try:
        yield S3Store(connect_bucket(url, endpoint, timeout_s=5.0), envelope(), threads, on_damage)
    finally:
        threads.close()


@asynccontextmanager
async def store_of(kind: str, place: Path | str) -> AsyncIterator[Store[Drawn]]:
    """kind: memory, files (place: a folder), redis or s3 (place: an address)."""
    if kind == "memory":
        yield MemoryStore(LIMIT_BYTES)
    elif kind == "files":
        async with file_store(Path(place)) as files:
            yield files
    elif kind == "s3":
        async with s3_store(S3_URL, str(place)) as s3:
            yield s3
    else:
        async with redis_store(str(place)) as redis:
            yield redis
