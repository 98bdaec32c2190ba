"""What is measured: servers take turns within one run, so that all meet the same machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.bench.peers.likeness import find_unlike
from tests.bench.peers.load import Load, ask_cold, look_around
from tests.bench.peers.servers import Server, together
from tests.bench.peers.sets import TILE_PX, WORLD_M, BenchSet, Tile, cold_addresses, session

WARM_TILES, LIKE_TILES = 8, 6
QUIET_S, LONGEST_UNQUIET_S = 2.0, 180.0
BUSY_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is asked.  tiles: of each cold round, by clients.  exports: pictures a round, by size."""

    rounds: int
    tiles: dict[int, int]
    exports: dict[tuple[int, int], int]
    people: int
    views: int
    session_s: float

    @property
    def addresses(self) -> int:
        """Tiles that no two rounds share, with those that warm up and compare."""
        return WARM_TILES + LIKE_TILES + self.rounds * sum(self.tiles.values()) + sum(self.exports.values()) * self.rounds


SMALL = Plan(rounds=2, tiles={1: 16, 8: 32, 32: 32}, exports={(1024, 768): 4}, people=4, views=6, session_s=10)
FULL = Plan(rounds=3, tiles={1: 60, 8: 120, 32: 120}, exports={(1024, 768): 8, (4096, 4096): 1}, people=4, views=16, session_s=45)


@dataclass(slots=True)
class Figure:
    """One server at one task.  per_s: tiles, pictures or whole views.  failed: why there are no numbers."""

    workload: str
    subject: str
    clients: int
    server: str
    per_s: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    kb: float = 0.0
    failed: str = ""


@dataclass
class Bench:
    """A run.  figures: what is known so far."""

    servers: list[Server]
    plan: Plan
    tell: Callable[[str], None]
    figures: list[Figure] = field(default_factory=list)
    memory_mb: dict[str, float] = field(default_factory=dict)

    def run(self, subjects: list[BenchSet]) -> None:
        """Cold addresses and single pictures, then sessions with servers that have forgotten those."""
        with together(self.servers):
            sound = {s.name: self._prepare(s) for s in subjects}
            for subject in subjects:
                self._cold(subject, sound[subject.name])
            self.memory_mb = {server.name: server.memory_mb for server in self.servers}
        with together(self.servers):
            for subject in subjects:
                self._sessions(subject, sound[subject.name])

    def _prepare(self, subject: BenchSet) -> list[Server]:
        """The servers that draw the set as the others do; each has opened it and is at rest again."""
        drawing = [server for server in self.servers if subject.kind in server.draws]
        tiles = cold_addresses(subject, self._data, self.plan.addresses)
        self._warm(subject, drawing)
        unlike = find_unlike(drawing, subject, tiles[WARM_TILES : WARM_TILES + LIKE_TILES])
        for name, why in unlike.items():
            self.tell(f"{subject.name}: {name} FAILED: {why}")
            self.figures.append(Figure("pictures", subject.name, 1, name, failed=why))
        return [server for server in drawing if server.name not in unlike]

    def _warm(self, subject: BenchSet, servers: list[Server]) -> None:
        tiles = cold_addresses(subject, self._data, self.plan.addresses)[:WARM_TILES]
        for server in servers:
            ask_cold(server.port, [server.tile_path(subject, tile) for tile in tiles], 4)
            wait_until_quiet(server)

    def _cold(self, subject: BenchSet, servers: list[Server]) -> None:
        addresses = iter(cold_addresses(subject, self._data, self.plan.addresses)[WARM_TILES + LIKE_TILES :])
        tasks = [("cold", clients, count, (TILE_PX, TILE_PX)) for clients, count in self.plan.tiles.items()]
        tasks += [(f"{size[0]} x {size[1]}", 1, count, size) for size, count in self.plan.exports.items()]
        loads: dict[tuple[str, int, str], list[Load]] = {}
        for _ in range(self.plan.rounds):
            for workload, clients, count, size in tasks:
                tiles = take(addresses, count)
                for server in servers:
                    paths = paths_of(server, subject, tiles, size)
                    loads.setdefault((workload, clients, server.name), []).append(ask_cold(server.port, paths, clients))
        for (workload, clients, name), rounds in loads.items():
            self._keep(Figure(workload, subject.name, clients, name), rounds)

    def _sessions(self, subject: BenchSet, servers: list[Server]) -> None:
        self._warm(subject, servers)
        people = [session(subject, self._data, person, self.plan.views) for person in range(self.plan.people)]
        for server in servers:
            views = [[[server.tile_path(subject, tile) for tile in view] for view in person] for person in people]
            load = look_around(server.port, views, self.plan.session_s)
            self._keep(Figure("sessions", subject.name, self.plan.people, server.name), [load])

    def _keep(self, figure: Figure, rounds: list[Load]) -> None:
        """Medians over the rounds; none where an answer was bad."""
        bad = [said for load in rounds for said in load.bad]
        if bad:
            figure.failed = f"{len(bad)} bad answers, the first: {bad[0][:300]}"
        else:
            figure.per_s = median(load.per_s for load in rounds)
            figure.p50_ms = median(load.percentile_ms(0.5) for load in rounds)
            figure.p99_ms = median(load.percentile_ms(0.99) for load in rounds)
            figure.kb = median(load.bytes / load.answers / 1000 for load in rounds)
        self.figures.append(figure)
        said = f"FAILED: {figure.failed}" if bad else f"{figure.per_s:8.1f}/s  p50 {figure.p50_ms:7.1f}  p99 {figure.p99_ms:7.1f} ms"
        self.tell(f"{figure.subject:12} {figure.workload:12} c={figure.clients:<3} {figure.server:12} {said}")

    @property
    def _data(self) -> Path:
        return self.servers[0].yard.data


def take(addresses: Iterator[Tile], count: int) -> list[Tile]:
    """The next ones."""
    return [next(addresses) for _ in range(count)]


def paths_of(server: Server, subject: BenchSet, tiles: list[Tile], size_px: tuple[int, int]) -> list[str]:
    """The tiles, or pictures of that size around their middles in their resolution."""
    if size_px == (TILE_PX, TILE_PX):
        return [server.tile_path(subject, tile) for tile in tiles]
    return [server.image_path(subject, box_around(tile, size_px), size_px) for tile in tiles]


def box_around(tile: Tile, size_px: tuple[int, int]) -> tuple[float, float, float, float]:
    """EPSG:3857 box of a picture with the tile in its middle."""
    xmin, ymin, xmax, ymax = tile.bbox
    half_x, half_y = (side / 2 * WORLD_M / TILE_PX / 2**tile.zoom for side in size_px)
    return (xmin + xmax) / 2 - half_x, (ymin + ymax) / 2 - half_y, (xmin + xmax) / 2 + half_x, (ymin + ymax) / 2 + half_y


def wait_until_quiet(server: Server) -> None:
    """Returns once the server does nothing of its own, such as preparing a dataset, or when that takes too long."""
    until = time.monotonic() + LONGEST_UNQUIET_S
    while time.monotonic() < until:
        used = server.cpu_s
        time.sleep(QUIET_S)
        if server.cpu_s - used < BUSY_SHARE * QUIET_S:
            return
