"""What `make bench` measures: our own service over HTTP beside Mapnik called directly, or beside a yardstick where Mapnik has no like."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from tests.bench.peers.load import ask_cold
from tests.bench.peers.measure import box_around
from tests.bench.peers.quiet import wait_until_quiet
from tests.bench.peers.rendermap import Rendermap
from tests.bench.peers.servers import family, memory_mb
from tests.bench.peers.sets import BenchSet, Tile, cold_addresses
from tests.bench.ratios import Pair

ROOT = Path(__file__).parents[2]
SETS = {
    s.name: s
    for s in (
        BenchSet("hex40k", "polygon", (7, 13), 4326),
        BenchSet("pts100k", "point", (7, 13), 4326),
        BenchSet("ramp4k", "ramp", (8, 14), 32611),
        BenchSet("cover4k", "categories", (8, 14), 32611),
        BenchSet("hex16", "polygon", (9, 12), 4326),
        BenchSet("cover1k", "categories", (9, 13), 32611),
    )
}
MOST_ADDRESSES = 1_000
WARMING, WARM_TILES = 12, 80
EXPORT, LARGE_EXPORT = (1024, 768), (4096, 4096)
CACHED, FIRSTS, ENCODED, YARDS = 2_500, 8, 200, 4


@dataclass
class Direct:
    """Mapnik in a process of its own, with one set open."""

    running: subprocess.Popen[str]

    def ask(self, **asked: Any) -> dict[str, float]:
        """CPU seconds of what was asked, see `direct`.  Raises RuntimeError when the process has ended."""
        assert self.running.stdin and self.running.stdout
        print(json.dumps(asked), file=self.running.stdin, flush=True)
        line = self.running.stdout.readline()
        if not line:
            raise RuntimeError("Mapnik's process ended")
        said: dict[str, float] = json.loads(line)
        return said


@contextmanager
def direct(subject: BenchSet, data: Path) -> Iterator[Direct]:
    """Mapnik with that set."""
    running = subprocess.Popen([sys.executable, "-m", "tests.bench.direct"], stdin=-1, stdout=-1, text=True, cwd=ROOT)
    assert running.stdin
    print(json.dumps({"kind": subject.kind, "epsg": subject.epsg, "data": str(subject.path(data))}), file=running.stdin)
    with running:
        yield Direct(running)
        running.stdin.close()


@dataclass
class Room:
    """What the cases share: our server, Mapnik for each set, and addresses that nobody has asked for."""

    server: Rendermap
    directs: dict[str, Direct]
    _addresses: dict[str, Iterator[Tile]] = field(default_factory=dict)

    def fresh(self, subject: BenchSet, count: int) -> list[Tile]:
        """The next tiles of a set.  Raises RuntimeError when there are no more."""
        if subject.name not in self._addresses:
            every = cold_addresses(subject, self.server.yard.data, MOST_ADDRESSES)
            self._addresses[subject.name] = iter(every)
        tiles = list(islice(self._addresses[subject.name], count))
        if len(tiles) < count:
            raise RuntimeError(f"{subject.name} has no more addresses")
        return tiles

    def cpu_s(self, paths: list[str], clients: int = 2) -> float:
        """CPU time of the service for these.  Raises RuntimeError when one is not answered with a picture."""
        began = self.server.cpu_s
        if bad := ask_cold(self.server.port, paths, clients).bad:
            raise RuntimeError(bad[0])
        return self.server.cpu_s - began


Case = Callable[[Room], Pair]


def tiles(room: Room, subject: BenchSet) -> Pair:
    """Tiles that are not there yet, of a set that is open and prepared."""
    asked = room.fresh(subject, WARM_TILES)
    ours = room.cpu_s([room.server.tile_path(subject, tile) for tile in asked])
    return Pair(ours, room.directs[subject.name].ask(boxes=[tile.bbox for tile in asked], size_px=(256, 256))["cpu_s"])


def export(room: Room, subject: BenchSet, size_px: tuple[int, int], count: int) -> Pair:
    """Single pictures that are not there yet."""
    boxes = [box_around(tile, size_px) for tile in room.fresh(subject, count)]
    ours = room.cpu_s([room.server.image_path(subject, box, size_px) for box in boxes], clients=1)
    return Pair(ours, room.directs[subject.name].ask(boxes=boxes, size_px=size_px)["cpu_s"])


def first_picture(room: Room, subject: BenchSet) -> Pair:
    """The first picture of jobs that have just finished."""
    tile = cold_addresses(subject, room.server.yard.data, 1)[0]
    paths = [room.server.tile_path(subject, tile, room.server.publish(subject)) for _ in range(FIRSTS)]
    return Pair(room.cpu_s(paths, clients=1), yardstick_s())


def cached(room: Room) -> Pair:
    """One picture given again and again."""
    path = room.server.tile_path(SETS["hex40k"], room.fresh(SETS["hex40k"], 1)[0])
    room.cpu_s([path])
    return Pair(room.cpu_s([path] * CACHED), yardstick_s())


def encoding(room: Room) -> Pair:
    """A drawn tile to PNG, by our encoder and by Mapnik's."""
    said = room.directs["hex40k"].ask(encode=ENCODED, box=room.fresh(SETS["hex40k"], 1)[0].bbox)
    return Pair(said["ours_s"], said["cpu_s"])


def memory(room: Room) -> Pair:
    """What the service's processes hold beside files, which others may share; and one that has called Mapnik for polygons alone."""
    ours = sum(memory_mb(pid, "Pss_Anon") for pid in family(room.server.pids))
    return Pair(ours, memory_mb(room.directs["hex40k"].running.pid, "Pss_Anon"))


def many_classes(room: Room) -> Pair:
    """10,000 classes beside a single one, over a tile of 200,000 features, one of some and one of few."""
    said = json.loads(subprocess.check_output([sys.executable, "-m", "tests.bench.many_classes", "field"], text=True, cwd=ROOT))
    return Pair(max(said["ratios"]), 1.0)


def yardstick_s() -> float:
    """CPU time of work that never changes: a loop, a table, and packing."""
    began = time.process_time()
    for turn in range(YARDS):
        table = {str(n): n * turn for n in range(60_000)}
        zlib.compress(json.dumps(table).encode(), 6)
    return time.process_time() - began


CASES: dict[str, Case] = {
    "first picture, 16 polygons": partial(first_picture, subject=SETS["hex16"]),
    "first picture, small raster": partial(first_picture, subject=SETS["cover1k"]),
    "tile, polygons": partial(tiles, subject=SETS["hex40k"]),
    "tile, points": partial(tiles, subject=SETS["pts100k"]),
    "tile, heights": partial(tiles, subject=SETS["ramp4k"]),
    "tile, land cover": partial(tiles, subject=SETS["cover4k"]),
    "1024 x 768, polygons": partial(export, subject=SETS["hex40k"], size_px=EXPORT, count=6),
    "1024 x 768, land cover": partial(export, subject=SETS["cover4k"], size_px=EXPORT, count=6),
    "4096 x 4096, polygons": partial(export, subject=SETS["hex40k"], size_px=LARGE_EXPORT, count=1),
    "4096 x 4096, land cover": partial(export, subject=SETS["cover4k"], size_px=LARGE_EXPORT, count=1),
    "picture that is there": cached,
    "PNG of a tile": encoding,
    "memory": memory,
    "10,000 classes": many_classes,
}

_DIRECT, _YARD = "CPU time, Mapnik called directly", "CPU time, work that never changes"
UNITS = dict.fromkeys(CASES, _DIRECT) | {
    "first picture, 16 polygons": _YARD,
    "first picture, small raster": _YARD,
    "picture that is there": _YARD,
    "PNG of a tile": "CPU time, Mapnik's encoder",
    "memory": "MB, one process with Mapnik",
    "10,000 classes": "CPU time, a single class",
}
"""What each ratio is one of."""

ONCE = ("memory", "10,000 classes")
"""They take turns within themselves, or do not drift."""


def warm(room: Room) -> None:
    """Every set opened, and prepared."""
    for name in room.directs:
        subject = SETS[name]
        room.cpu_s([room.server.tile_path(subject, tile) for tile in room.fresh(subject, WARMING)])
        room.directs[name].ask(boxes=[room.fresh(subject, 1)[0].bbox], size_px=(256, 256))
    wait_until_quiet(room.server)
