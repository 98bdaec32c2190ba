"""A real Redis server on loopback, with nothing on disk."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")
STARTUP_S = 10.0
IN_CI = os.environ.get("CI") == "true"

needs_redis = pytest.mark.skipif(
    PROGRAM is None and not IN_CI, reason="there is no redis-server: apt-get install redis-server, or run `make test` as root"
)
"""In CI a server that is missing is a fault, and no reason to skip."""


class RedisServer:
    """May be killed, paused and started again; on the same port, and empty again."""

    def __init__(self, folder: Path, password: str = "", max_memory: str = "0") -> None:
        self.folder = folder
        self.port = free_port()
        self.password = password
        self._arguments = ["--maxmemory", max_memory, "--maxmemory-policy", "noeviction"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As a setting."""
        return f"redis://{f':{self.password}@' if self.password else ''}127.0.0.1:{self.port}/0"

    @property
    def client(self) -> Redis:
        """Another's, for looking in and for mischief."""
        return Redis(port=self.port, password=self.password or None, protocol=2)

    def start(self) -> None:
        """Until it answers."""
        assert PROGRAM, "the server that CI needs is not installed"
        secret = ["--requirepass", self.password] if self.password else []
        argv = [
            PROGRAM,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
            *self._arguments,
            *secret,
        ]
        self._process = subprocess.Popen([*argv, *self._arguments, *secret], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + STARTUP_S
        while not self._answers():
            assert time.monotonic() < deadline, "redis-server did not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """At once; all it held is lost."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """It takes connections and says nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on where it was."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        with suppress(RedisError), self.client as client:
            return bool(client.ping())
        return False


@contextmanager
def redis_server(folder: Path, password: str = "", max_memory: str = "0") -> Iterator[RedisServer]:
    """A started server, gone at the end."""
    server = RedisServer(folder, password, max_memory)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
