"""Real workers killed under real requests over HTTP: nobody ever notices."""

from __future__ import annotations

import itertools
import os
import random
import re
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.builders.served import Served, served, tiles_over

REQUESTS, CLIENTS, KILLS = 500, 8, 10


def kill_one(running: Served) -> int:
    """Kill some worker; the result is its process id."""
    while True:
        for victim in random.sample(found := running.workers(), len(found)):
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                return victim
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_killing_workers_loses_no_request(tmp_path: Path) -> None:
    """500 tiles for 8 clients, ten workers killed meanwhile: every answer is 200 and the very picture that calm workers draw."""
    with served(tmp_path) as running:
        wanted = {path: running.get(path) for path in tiles_over(running)}
        assert {status for status, _ in wanted.values()} == {200} and len({body for _, body in wanted.values()}) > 5
        paths = list(itertools.islice(itertools.cycle(wanted), REQUESTS))
        random.Random(7).shuffle(paths)
        numbers = itertools.count()
        kills: list[int] = []

        def ask(path: str) -> bool:
            if next(numbers) % (REQUESTS // KILLS) == 0:
                kills.append(kill_one(running))
            return running.get(path) == wanted[path]

        with ThreadPoolExecutor(CLIENTS) as clients:
            assert all(clients.map(ask, paths))
        assert len(kills) == KILLS
        _, metrics = running.get("/metrics")
        restarts = re.findall(rb'rendermap_worker_restarts_total\{cause="\w+"\} (\d+)', metrics)
        # one that is killed while it still starts is started again without being counted
        assert sum(map(int, restarts)) >= KILLS // 2
    assert not list(tmp_path.glob("rendermap-scratch-*")), "a service that was stopped has cleared its folder"
