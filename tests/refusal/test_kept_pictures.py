"""What becomes of pictures that are kept outside a whole service: whatever happens there, every answer is 200 and the very picture."""

from __future__ import annotations

import json
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.builders.disks import small_disk
from tests.builders.redis_server import needs_redis, redis_server
from tests.builders.served import Served, serving, tiles_over
from tests.builders.whole_service import lay_out

pytestmark = pytest.mark.slow

SECRET = "hush hush of all replicas"
SLOWEST_S = 10.0
CLIENTS = 4


@dataclass
class Watched:
    """A service and the pictures it must give, whatever comes."""

    running: Served
    log: Path
    wanted: dict[str, bytes] = field(default_factory=dict)

    def ask_all(self) -> None:
        """Every tile, in any order, by a few clients at once."""
        paths = list(self.wanted) or tiles_over(self.running)
        random.Random(7).shuffle(paths)
        with ThreadPoolExecutor(CLIENTS) as clients:
            answers = dict(zip(paths, clients.map(self.running.get, paths), strict=True))
        assert {status for status, _ in answers.values()} == {200}
        bodies = {path: body for path, (_, body) in answers.items()}
        assert not self.wanted or bodies == self.wanted
        self.wanted = bodies

    def value(self, name: str) -> float:
        """Of a metric, as it is written with its labels."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.running.get("/metrics")[1].decode(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def drawn(self, work: Callable[[], None]) -> int:
        """How many pictures are drawn meanwhile."""
        before = self.value(DRAWN)
        work()
        return int(self.value(DRAWN) - before)

    def lines(self, level: str) -> list[dict[str, str]]:
        """What the log says of the stores."""
        said = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in said if line.get("store") and line["level"] == level]

    def await_use(self, store: str, doing: str = "write") -> None:
        """Until it is used again, which somebody's asking brings about."""
        deadline = time.monotonic() + SLOWEST_S
        while self.value(f'rendermap_store_up{{doing="{doing}",store="{store}"}}') != 1:
            assert time.monotonic() < deadline
            self.ask_all()
            time.sleep(0.2)


DRAWN = 'rendermap_plans_total{kind="MapPlan",outcome="ok"}'


@contextmanager
def watched(folder: Path, job_id: str, *options: str) -> Iterator[Watched]:
    """Without memory, so that every question goes to the stores outside."""
    log = folder / "service.log"
    with serving(folder, job_id, "--secret-key", SECRET, "--log-format", "json", *options, log=log) as running:
        running.await_ready()
        yield Watched(running, log)
    assert str(folder) not in log.read_text() and "hush" not in log.read_text()


def entries_in(folder: Path) -> list[Path]:
    """Files of pictures."""
    return [path for path in folder.glob("*/*") if path.is_file()]


def test_damage_on_disk_is_never_served(tmp_path: Path) -> None:
    """Half of the files are damaged and the rest exchanged: all are drawn anew, once, and a service that starts again draws none."""
    job_id, kept = lay_out(tmp_path), tmp_path / "pictures"
    with watched(tmp_path, job_id, "--cache-dir", str(kept)) as service:
        assert service.drawn(service.ask_all) >= len(entries_in(kept)) > 10
        assert service.drawn(service.ask_all) == 0
        files = entries_in(kept)
        half = len(files) // 2
        for number, file in enumerate(files[:half]):
            entry = bytearray(file.read_bytes())
            entry[number * 7 % len(entry)] ^= 1 + number
            file.write_bytes(entry)
        bodies = [file.read_bytes() for file in files[half:]]
        for file, body in zip(files[half:], bodies[1:] + bodies[:1], strict=True):
            file.write_bytes(body)
        assert service.drawn(service.ask_all) == len(files)
        assert service.value('rendermap_store_damaged_total{store="files"}') == len(files)
        assert service.drawn(service.ask_all) == 0
        wanted = service.wanted
    with watched(tmp_path, job_id, "--cache-dir", str(kept)) as again:
        again.wanted = wanted
        assert again.drawn(again.ask_all) == 0


def test_a_disk_in_trouble_costs_no_picture(tmp_path: Path) -> None:
    """Read-only, full, something else in the folder's place: each is told once, and pictures are kept again when it is over."""
    job_id = lay_out(tmp_path)
    with small_disk(tmp_path / "disk", size_kb=4096) as disk:
        kept = disk.folder / "pictures"
        disk.forbid_writing()
        with watched(tmp_path, job_id, "--cache-dir", str(kept)) as service:

            def replace_folder() -> None:
                kept.write_text("no folder")

            for begin, end in ((None, disk.allow_writing), (disk.fill, disk.empty), (replace_folder, kept.unlink)):
                if begin:
                    shutil.rmtree(kept)
                    begin()
                service.ask_all()
                assert service.drawn(service.ask_all) == len(service.wanted)
                assert service.value('rendermap_store_up{doing="write",store="files"}') == 0
                end()
                service.await_use("files")
                service.await_use("files", "read")
                service.ask_all()
                assert service.drawn(service.ask_all) == 0
            told = [line["fault"] for line in service.lines("warning") if line["doing"] == "write"]
            assert told[:2] == ["EROFS", "ENOSPC"] and len(told) == 3


@needs_redis
def test_a_redis_in_trouble_costs_no_picture(tmp_path: Path) -> None:
    """Killed, paused, full, back: nobody waits long, and it is used again when it is there."""
    password = "hushhushhush"
    with (
        redis_server(tmp_path, password=password) as redis,
        watched(tmp_path, lay_out(tmp_path), "--redis-url", redis.url) as service,
    ):
        service.ask_all()
        assert service.drawn(service.ask_all) == 0
        for begin, end in ((redis.kill, redis.start), (redis.pause, redis.resume)):
            begin()
            started = time.monotonic()
            assert service.drawn(service.ask_all) == len(service.wanted)
            assert time.monotonic() - started < SLOWEST_S
            end()
            with redis.client as client:
                client.flushall()
            service.await_use("redis", "read")
            service.await_use("redis")
            service.ask_all()
            assert service.drawn(service.ask_all) == 0
        with redis.client as client:
            client.flushall()
            client.set("ballast", bytes(2_000_000))
            client.config_set("maxmemory", 1_000_000)
            service.ask_all()
            assert service.value('rendermap_store_up{doing="read",store="redis"}') == 1
            client.config_set("maxmemory", 0)
        service.await_use("redis")
        assert service.lines("warning") and service.lines("info")


@pytest.mark.parametrize("place", ["folder", pytest.param("redis", marks=needs_redis)])
def test_services_that_share_draw_a_picture_once(place: str, tmp_path: Path) -> None:
    """Two are asked for everything at once; each picture is drawn by one of them, and both give the same."""
    job_id = lay_out(tmp_path)
    with redis_server(tmp_path) as redis:
        options = ("--cache-dir", str(tmp_path / "pictures")) if place == "folder" else ("--redis-url", redis.url)
        with watched(tmp_path, job_id, *options) as one, watched(tmp_path, job_id, *options) as other:
            with ThreadPoolExecutor(2) as both:
                list(both.map(Watched.ask_all, (one, other)))
            assert one.wanted == other.wanted
            with redis.client as client:
                kept = len(entries_in(tmp_path / "pictures")) if place == "folder" else len(client.keys())
            assert one.value(DRAWN) + other.value(DRAWN) == kept > 10
