"""The stores outside the process, with all that keeps their faults away."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from rendermap.cache.afterwards import Afterwards
from rendermap.cache.envelope import Codec, Envelope
from rendermap.cache.file_turns import FileTurns
from rendermap.cache.files import FileStore
from rendermap.cache.guard import Guard, GuardedStore, GuardedTurns, Patience
from rendermap.cache.redis import RedisStore, RedisTurns, connect
from rendermap.cache.shared import Shared
from rendermap.cache.store import Store
from rendermap.cache.threads import Threads
from rendermap.cache.tiers import Tiers
from rendermap.cache.turns import FreeTurns, Turns
from rendermap.telemetry import Metrics

T = TypeVar("T")

FILE_THREADS = 4
FILE_PATIENCE = Patience(timeout_s=1.0, rest_s=5.0, at_once=FILE_THREADS)
REDIS_PATIENCE = Patience(timeout_s=0.5, rest_s=2.0, at_once=16)
S3_PATIENCE = Patience(timeout_s=2.0, rest_s=5.0, at_once=16)
S3_THREADS = 2 * S3_PATIENCE.at_once + 1
"""Reading, writing and dropping never wait for each other."""


@dataclass(frozen=True, slots=True, repr=False)
class Backends:
    """Where values are kept outside the process.  secret: the same for all who share them."""

    secret: bytes
    folder: Path | None = None
    folder_bytes: int = 0
    redis_url: str | None = None
    s3_url: str | None = None
    s3_endpoint: str | None = None

    @property
    def are_there(self) -> bool:
        """False where nothing is kept."""
        return bool(self.folder or self.redis_url or self.s3_url)


class Outside(Generic[T]):
    """What is kept outside.  shared: None without backends.  name: of the cache, in metrics.  is_patient: see `Shared`."""

    def __init__(
        self,
        name: str,
        backends: Backends | None,
        codec: Codec[T],
        metrics: Metrics,
        redis_patience: Patience = REDIS_PATIENCE,
        s3_patience: Patience = S3_PATIENCE,
        *,
        is_patient: bool = False,
    ) -> None:
        self._name = name
        self._metrics = metrics
        self._redis_patience = redis_patience
        self._s3_patience = s3_patience
        self._afterwards = Afterwards()
        self._closing = AsyncExitStack()
        self.shared = self._share(backends, Envelope(backends.secret, codec), is_patient) if backends and backends.are_there else None

    async def close(self) -> None:
        """Ends what is under way, and lets go."""
        await self._afterwards.settle()
        await self._closing.aclose()

    def _share(self, backends: Backends, envelope: Envelope[T], is_patient: bool) -> Shared[T]:
        kept = self._open(backends, envelope)
        near = Tiers([store for store, _ in kept], self._afterwards)
        # the farthest is shared by most, and so are its turns
        turns = kept[-1][1] if kept else FreeTurns()
        whole = (
            Tiers([*near.stores, self._s3(backends.s3_url, backends.s3_endpoint, envelope)], self._afterwards) if backends.s3_url else near
        )
        return Shared(whole, turns, self._afterwards, near=near, is_patient=is_patient)

    def _open(self, backends: Backends, envelope: Envelope[T]) -> list[tuple[Store[T], Turns]]:
        """Those that know turns, from near to far."""
        files = [self._files(backends.folder, backends.folder_bytes, envelope)] if backends.folder else []
        return files + ([self._redis(backends.redis_url, envelope)] if backends.redis_url else [])

    def _files(self, folder: Path, limit_bytes: int, envelope: Envelope[T]) -> tuple[Store[T], Turns]:
        threads = Threads(FILE_THREADS)
        turns = FileTurns(folder, threads)
        self._closing.callback(turns.close)
        self._closing.callback(threads.close)
        store = FileStore(folder, limit_bytes, envelope, threads, self._metrics.store_damaged.labels("files").inc)
        reading, writing = self._guards("files", FILE_PATIENCE)
        return self._guarded("files", store, reading, writing), GuardedTurns(turns, reading, writing)

    def _redis(self, url: str, envelope: Envelope[T]) -> tuple[Store[T], Turns]:
        client = connect(url, self._redis_patience.timeout_s)
        self._closing.push_async_callback(client.aclose)
        store = RedisStore(client, envelope, self._metrics.store_damaged.labels("redis").inc)
        turns = RedisTurns(client, envelope)
        self._closing.callback(turns.close)
        reading, writing = self._guards("redis", self._redis_patience)
        return self._guarded("redis", store, reading, writing), GuardedTurns(turns, reading, writing)

    def _s3(self, url: str, endpoint: str | None, envelope: Envelope[T]) -> Store[T]:
        # whoever has no bucket need not carry its client, of seven megabytes
        from rendermap.cache.s3 import S3Store, connect_bucket

        threads = Threads(S3_THREADS)
        self._closing.callback(threads.close)
        bucket = connect_bucket(url, endpoint, self._s3_patience.timeout_s)
        store = S3Store(bucket, envelope, threads, self._metrics.store_damaged.labels("s3").inc)
        return self._guarded("s3", store, *self._guards("s3", self._s3_patience))

    def _guards(self, place: str, patience: Patience) -> tuple[Guard, Guard]:
        """(for reading, for writing)."""
        return Guard(place, "read", patience, self._metrics), Guard(place, "write", patience, self._metrics)

    def _guarded(self, place: str, store: Store[T], reading: Guard, writing: Guard) -> Store[T]:
        cache = f"{self._name}_{place}"
        hits, misses = self._metrics.cache_hits.labels(cache), self._metrics.cache_misses.labels(cache)
        return GuardedStore(store, reading, writing, lambda is_hit: (hits if is_hit else misses).inc())
