"""A real server that speaks S3 on loopback, with one bucket and nothing on disk."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
from obstore.store import S3Store

from tests.builders.redis_server import free_port

BUCKET, PREFIX = "pictures", "of/tests"
S3_URL = f"s3://{BUCKET}/{PREFIX}"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "hush hush", "AWS_REGION": "us-east-1"}
STARTUP_S = 20.0


class S3Server:
    """May be paused; the bucket is read and changed past the store under test."""

    def __init__(self) -> None:
        self.endpoint = f"http://127.0.0.1:{free_port()}"
        argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", self.endpoint.rpartition(":")[2]]
        self._process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @property
    def bucket(self) -> S3Store:
        """The whole of it, as somebody else sees it."""
        return S3Store(
            BUCKET,
            endpoint=self.endpoint,
            client_options={"allow_http": True},
            access_key_id="somebody",
            secret_access_key="else",
            region="us-east-1",
        )

    @property
    def names(self) -> list[str]:
        """Of all objects."""
        return sorted(found["path"] for chunk in self.bucket.list() for found in chunk)

    def await_ready(self) -> None:
        """Until it answers; then the bucket is there."""
        deadline = time.monotonic() + STARTUP_S
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if httpx.put(f"{self.endpoint}/{BUCKET}", trust_env=False).is_success:
                    return
            time.sleep(0.05)
        raise TimeoutError("the server did not start")

    def empty(self) -> None:
        """Remove all objects."""
        if names := self.names:
            self.bucket.delete(names)

    def pause(self) -> None:
        """It takes connections and says nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on where it was."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """At once; all it held is lost."""
        self._process.kill()
        self._process.wait()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A started server, gone at the end."""
    server = S3Server()
    try:
        server.await_ready()
        yield server
    finally:
        server.kill()
