"""A store in a bucket of Amazon S3, or of anything that speaks like it: one object per entry, one prefix per job.

The bucket forgets nothing by itself; its lifecycle rule bounds it.  Credentials are the client's affair, which takes them from the
environment as all of Amazon's tools do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

from obstore.exceptions import BaseError
from obstore.store import S3Store as Bucket

from rendermap.cache.envelope import Envelope, NotOurs
from rendermap.cache.memory import weigh_body
from rendermap.cache.threads import Threads

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

T = TypeVar("T")

LARGEST_BYTES = 4 * 1024 * 1024
"""Larger pictures take longer to fetch than anybody should wait for a store."""

PAUSE = timedelta(milliseconds=20)
CHUNK = 1000
"""Objects that are deleted with one question."""


def connect_bucket(url: str, endpoint: str | None, timeout_s: float) -> Bucket:
    """A client that connects when it is first used.  A connection that the server has closed meanwhile is made anew, once.

    url: ``s3://bucket[/prefix]``.  endpoint: of what speaks S3 elsewhere than at Amazon.
    """
    parts = urlsplit(url)
    config: S3Config = {"endpoint": endpoint} if endpoint else {}
    limits: ClientConfig = {"timeout": f"{timeout_s}s", "connect_timeout": f"{timeout_s}s", "allow_http": True}
    retry: RetryConfig = {"max_retries": 1, "backoff": {"init_backoff": PAUSE, "max_backoff": PAUSE}}
    return Bucket(parts.netloc, prefix=parts.path.strip("/") or None, client_options=limits, retry_config=retry, config=config)


class S3Store(Generic[T]):
    """See `Store`.  Raises OSError and obstore's BaseError.  on_damage: told of every object that was no entry of its name; it is removed.

    All work is done in threads: what waits for the client in an event loop may end the process when the interpreter does.
    """

    def __init__(self, bucket: Bucket, envelope: Envelope[T], threads: Threads, on_damage: Callable[[], object] = lambda: None) -> None:
        self._bucket = bucket
        self._envelope = envelope
        self._threads = threads
        self._on_damage = on_damage

    async def get(self, key: str) -> T | None:
        """The value, or None."""
        return await self._threads.run(partial(self._read, key))

    async def put(self, key: str, value: T, ttl_s: float | None = None) -> None:
        """Keep a value; none that ends, and none that is large."""
        if ttl_s is None and weigh_body(value) <= LARGEST_BYTES:
            await self._threads.run(partial(self._write, key, value))

    async def drop_jobs(self, jobs: Collection[str]) -> bool:
        """Forget all values of some jobs."""
        for job in jobs:
            await self._threads.run(partial(self._remove_job, job))
        return True

    # --- in threads --------------------------------------------------------------------------------------------------

    def _read(self, key: str) -> T | None:
        name = self._name(key)
        try:
            return self._envelope.open(key, self._fetch(name))
        except FileNotFoundError:
            return None
        except NotOurs:
            self._on_damage()
            with suppress(BaseError, OSError):
                self._bucket.delete(name)
            return None

    def _fetch(self, name: str) -> bytes:
        """No more than an entry may have, whatever somebody put there.  Raises NotOurs."""
        found = self._bucket.get(name)
        if found.meta["size"] > 2 * LARGEST_BYTES:
            raise NotOurs
        return found.bytes().to_bytes()

    def _write(self, key: str, value: T) -> None:
        self._bucket.put(self._name(key), self._envelope.close(key, value), use_multipart=False)

    def _remove_job(self, job: str) -> None:
        for chunk in self._bucket.list(self._envelope.job_name(job), chunk_size=CHUNK):
            self._bucket.delete([found["path"] for found in chunk])

    def _name(self, key: str) -> str:
        return "/".join(self._envelope.names(key))
