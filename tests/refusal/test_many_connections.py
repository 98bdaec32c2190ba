"""Five thousand clients connected at once: the service is as prompt as ever for the next."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.builders.hosted import connect, get, read_all
from tests.builders.served import Served, serving
from tests.builders.whole_service import lay_out

CONNECTIONS, OURS = 5000, 200
PROMPT_S = 4.0
"""On a machine that does other things too; alone it takes milliseconds."""


@pytest.fixture
def _many_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < CONNECTIONS + OURS:
        pytest.skip("this machine does not let us open so many connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS + OURS, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def ask(running: Served, path: str) -> tuple[float, bytes]:
    """(seconds, answer) on a connection of its own."""
    began = time.monotonic()
    with closing(connect(running.port, get(path, "Connection: close"))) as client:
        answer = read_all(client)
    return time.monotonic() - began, answer


@pytest.mark.slow
@pytest.mark.usefixtures("_many_files")
def test_five_thousand_connections_keep_nobody_waiting(tmp_path: Path) -> None:
    """Started with the usual soft limit of 1024 files: all are let in, pages and pictures come at once, and each of them is answered."""
    job_id = lay_out(tmp_path)
    tile = f"/xyz/Hydrology/FloodDepth/jobs/{job_id}/tilejson.json"
    with serving(tmp_path, job_id, files=1024) as running, ExitStack() as open_ones:
        running.await_ready()
        assert ask(running, tile)[1].startswith(b"HTTP/1.1 200")
        idle = [open_ones.enter_context(connect(running.port)) for _ in range(CONNECTIONS)]
        for path in ("/health/live", tile, f"/jobs/Hydrology/FloodDepth/{job_id}/legend.png") * 3:
            seconds, answer = ask(running, path)
            assert answer.startswith(b"HTTP/1.1 200") and seconds < PROMPT_S, (path, seconds, answer[:80])
        for client in idle[:: CONNECTIONS // 50]:
            client.sendall(get("/health/live"))
        assert all(client.recv(1 << 16).startswith(b"HTTP/1.1 200") for client in idle[:: CONNECTIONS // 50])
