"""The stores outside the process, with all that keeps their faults away."""

from __future__ import annotations

from collections.abc import Callable
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
from rendermap.cache.turns import Turns
from rendermap.telemetry import Metrics

T = TypeVar("T")

FILE_THREADS = 4
FILE_PATIENCE = Patience(timeout_s=1.0, rest_s=5.0, at_once=FILE_THREADS)
REDIS_PATIENCE = Patience(timeout_s=0.5, rest_s=2.0, at_once=16)


@dataclass(frozen=True, slots=True, repr=False)
class Places:
    """Where values are kept outside the process.  secret: the same for all who share them."""

    secret: bytes
    folder: Path | None = None
    folder_bytes: int = 0
    redis_url: str | None = None


class Outside(Generic[T]):
    """What is kept outside.  shared: None where there is no such place.  name: of the cache, in metrics."""

    def __init__(
        self, name: str, places: Places | None, codec: Codec[T], metrics: Metrics, redis_patience: Patience = REDIS_PATIENCE
    ) -> None:
        self._name = name
        self._metrics = metrics
        self._redis_patience = redis_patience
        self._afterwards = Afterwards()
        self._closing = AsyncExitStack()
        kept = self._open(places, Envelope(places.secret, codec)) if places else []
        # the farthest is shared by most, and so are its turns
        self.shared = Shared(Tiers([store for store, _ in kept], self._afterwards), kept[-1][1], self._afterwards) if kept else None

    async def close(self) -> None:
        """Ends what is under way, and lets go."""
        await self._afterwards.settle()
        await self._closing.aclose()

    def _open(self, places: Places, envelope: Envelope[T]) -> list[tuple[Store[T], Turns]]:
        files = [self._files(places.folder, places.folder_bytes, envelope)] if places.folder else []
        return files + ([self._redis(places.redis_url, envelope)] if places.redis_url else [])

    def _files(self, folder: Path, limit_bytes: int, envelope: Envelope[T]) -> tuple[Store[T], Turns]:
        threads = Threads(FILE_THREADS)
        turns = FileTurns(folder, threads)
        self._closing.callback(turns.close)
        self._closing.callback(threads.close)
        store = FileStore(folder, limit_bytes, envelope, threads, self._metrics.store_damaged.labels("files").inc)
        return self._guarded("files", store, turns, FILE_PATIENCE)

    def _redis(self, url: str, envelope: Envelope[T]) -> tuple[Store[T], Turns]:
        client = connect(url, self._redis_patience.timeout_s)
        self._closing.push_async_callback(client.aclose)
        store = RedisStore(client, envelope, self._metrics.store_damaged.labels("redis").inc)
        return self._guarded("redis", store, RedisTurns(client, envelope), self._redis_patience)

    def _guarded(self, place: str, store: Store[T], turns: Turns, patience: Patience) -> tuple[Store[T], Turns]:
        reading, writing = (Guard(place, doing, patience, self._metrics) for doing in ("read", "write"))
        return GuardedStore(store, reading, writing, self._observe(place)), GuardedTurns(turns, reading, writing)

    def _observe(self, place: str) -> Callable[[bool], None]:
        cache = f"{self._name}_{place}"
        hits, misses = self._metrics.cache_hits.labels(cache), self._metrics.cache_misses.labels(cache)
        return lambda hit: (hits if hit else misses).inc()
