"""Real workers killed under real requests over HTTP: nobody ever notices."""

from __future__ import annotations

import http.client
import itertools
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders.whole_service import lay_out

REQUESTS, CLIENTS, KILLS, WORKERS = 500, 8, 10, 2
ZOOMS = (11, 12, 13, 14)
STARTUP_S, PATIENCE_S = 60.0, 30.0


@dataclass(frozen=True, slots=True)
class Served:
    """A service in a process of its own."""

    pid: int
    port: int
    job_id: str

    def get(self, path: str) -> tuple[int, bytes]:
        """(status, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """Process ids of its worker programs."""
        return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal() and self._is_worker(folder)]

    def _is_worker(self, folder: Path) -> bool:
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            return parent == str(self.pid) and b"rendermap.render.worker" in (folder / "cmdline").read_bytes()
        except OSError:
            return False


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """``rendermap serve`` with one finished job and no cache, so that every tile is drawn."""
    job_id = lay_out(folder)
    argv = ["-m", "rendermap", "serve", "--jobs", str(folder / "jobs"), "--services", str(folder / "services"), "--port", "0"]
    argv += ["--workers", str(WORKERS), "--cache-mb", "0"]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(
        [sys.executable, *argv], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as service:
        assert service.stdout
        try:
            port = next(int(found[1]) for line in service.stdout if (found := re.search(r"http://127\.0\.0\.1:(\d+)", line)))
            threading.Thread(target=service.stdout.read, daemon=True).start()
            running = Served(service.pid, port, job_id)
            await_ready(running)
            yield running
        finally:
            service.terminate()


def await_ready(running: Served) -> None:
    """Until it answers and all workers are up."""
    deadline = time.monotonic() + STARTUP_S
    while time.monotonic() < deadline:
        with suppress(OSError):
            if running.get("/health/ready")[0] == 200 and len(running.workers()) == WORKERS:
                return
        time.sleep(0.05)
    raise TimeoutError("the service did not start")


def tiles_over(running: Served) -> list[str]:
    """Paths of the tiles that the job's map covers."""
    base = f"/xyz/Hydrology/FloodDepth/jobs/{running.job_id}"
    status, body = running.get(f"{base}/tilejson.json")
    assert status == 200, body
    west, south, east, north = json.loads(body)["bounds"]
    paths = []
    for zoom in ZOOMS:
        (x0, y0), (x1, y1) = tile_at(west, north, zoom), tile_at(east, south, zoom)
        paths += [f"{base}/tiles/{zoom}/{x}/{y}.png" for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)]
    return paths


def tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """(column, row) of the tile of the web's grid that a place lies in."""
    across = (lon + 180) / 360
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int(across * 2**zoom), int(down * 2**zoom)


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
