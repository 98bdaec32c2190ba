"""What is measured: servers take turns within one run, so that all meet the same machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from os import sync
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.bench.peers.likeness import find_unlike
from tests.bench.peers.load import Load, ask_again, ask_cold, look_around
from tests.bench.peers.nginx_front import nginx_before
from tests.bench.peers.quiet import Quiet, wait_until_quiet
from tests.bench.peers.rendermap import Rendermap
from tests.bench.peers.servers import Server, together
from tests.bench.peers.sets import TILE_PX, WORLD_M, BenchSet, Tile, cold_addresses, session

WARM_TILES, LIKE_TILES = 8, 6
OURS = "rendermap"
STAGES = ("first", "cold", "kept", "sessions")
FIRST_SETS = ("hex200k", "lands", "dem8k_cog", "dem8k_plain", "lc8k_cog")
EXPORT_SETS = ("counties", "hex200k", "lands", "dem8k_cog", "lc8k_cog")
SESSION_SETS = ("hex200k", "lands", "dem8k_cog", "lc8k_cog")
KEPT_SETS = ("lc8k_cog",)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is asked.

    firsts: datasets that appear, and pictures of each.  tiles: of each cold round, by clients.  exports: pictures a round, by size.
    people, views: of the sessions.  longest_s: of one server's.
    """

    rounds: int
    firsts: tuple[int, int]
    tiles: dict[int, int]
    exports: dict[tuple[int, int], int]
    people: int
    views: int
    longest_s: float = 120.0
    kept_s: float = 3.0

    @property
    def addresses(self) -> int:
        """Tiles that no two rounds share, with those that warm up and compare."""
        every_round = sum(self.tiles.values()) + sum(self.exports.values())
        return self.opening + self.rounds * every_round

    @property
    def opening(self) -> int:
        """Tiles that are asked for before the rounds."""
        return WARM_TILES + LIKE_TILES + self.firsts[0] * self.firsts[1]


SMALL_EXPORT, LARGE_EXPORT = (1024, 768), (4096, 4096)
SMALL = Plan(2, (2, 6), {1: 20, 8: 40, 32: 48}, {SMALL_EXPORT: 4, LARGE_EXPORT: 1}, people=4, views=5)
FULL = Plan(4, (5, 8), {1: 60, 8: 120, 32: 120}, {SMALL_EXPORT: 8, LARGE_EXPORT: 2}, people=4, views=16, longest_s=300)


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
    """A run.  figures: what is known so far.  prepared: by set, what our own server did behind its first pictures."""

    servers: list[Server]
    plan: Plan
    tell: Callable[[str], None]
    figures: list[Figure] = field(default_factory=list)
    memory_mb: dict[str, float] = field(default_factory=dict)
    prepared: dict[str, Quiet] = field(default_factory=dict)

    def run(self, subjects: list[BenchSet], stages: tuple[str, ...] = STAGES) -> None:
        """Set by set all is opened, then stage by stage measured; single tiles are none of those that the sessions show."""
        acts = {"first": self._first, "cold": self._cold, "kept": self._kept, "sessions": self._sessions}
        of_sets = {"first": FIRST_SETS, "kept": KEPT_SETS, "sessions": SESSION_SETS}
        with together(self.servers):
            sound = {s.name: self._open(s) for s in subjects}
            for stage in (stage for stage in STAGES if stage in stages):
                for subject in (s for s in subjects if s.name in of_sets.get(stage, sound)):
                    acts[stage](subject, sound[subject.name])
            self.memory_mb = {server.name: server.memory_mb for server in self.servers}

    def _open(self, subject: BenchSet) -> list[Server]:
        """The servers that draw the set as the others do; each has opened it, prepared it and is at rest again."""
        drawing = [server for server in self.servers if subject.kind in server.draws]
        self._warm(subject, drawing)
        return self._alike(subject, drawing, self._tiles(subject)[WARM_TILES : WARM_TILES + LIKE_TILES])

    def _warm(self, subject: BenchSet, servers: list[Server]) -> None:
        for server in servers:
            ask_cold(server.port, [server.tile_path(subject, tile) for tile in self._tiles(subject)[:WARM_TILES]], 4)
            if server.name == OURS:
                self.prepared[subject.name] = quiet = wait_until_quiet(server)
                self.tell(f"{subject.name:12} prepared in {quiet.seconds:.1f} s, at most {quiet.peak_mb:.0f} MB")

    def _alike(self, subject: BenchSet, servers: list[Server], tiles: list[Tile]) -> list[Server]:
        unlike = find_unlike(servers, subject, tiles)
        for name, why in unlike.items():
            self.tell(f"{subject.name}: {name} FAILED: {why}")
            self.figures.append(Figure("pictures", subject.name, 1, name, failed=why))
        return [server for server in servers if server.name not in unlike]

    # --- the stages --------------------------------------------------------------------------------------------------

    def _first(self, subject: BenchSet, servers: list[Server]) -> None:
        """Datasets that appear: until the first picture is there, and then some more, before anything is prepared."""
        rounds, count = self.plan.firsts
        addresses = iter(self._tiles(subject)[WARM_TILES + LIKE_TILES :])
        loads: dict[tuple[str, str], list[Load]] = {}
        for n in range(rounds):
            tiles, copy = take(addresses, count), replace(subject, name=f"{subject.name}_{n}")
            for server in servers:
                for workload, load in zip(("appears", "unprepared"), appear(server, subject, copy, tiles), strict=True):
                    loads.setdefault((workload, server.name), []).append(load)
            if not n:
                self._alike(copy, servers, tiles)
            for server in servers:
                server.clear(copy.name)
                if server.name == OURS:
                    wait_until_quiet(server)
        for (workload, name), measured in loads.items():
            self._keep(Figure(workload, subject.name, 1, name), measured)

    def _cold(self, subject: BenchSet, servers: list[Server]) -> None:
        """Addresses that nobody has asked for, of sets that are open and prepared."""
        addresses = iter(self._tiles(subject)[self.plan.opening :])
        tasks = [("cold", clients, count, (TILE_PX, TILE_PX)) for clients, count in self.plan.tiles.items()]
        if subject.name in EXPORT_SETS:
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

    def _kept(self, subject: BenchSet, servers: list[Server]) -> None:
        """One tile again and again; of ours also with nginx in front, as operators have it."""
        tile = self._tiles(subject)[0]
        with ExitStack() as stack:
            places = {server.name: (server.port, server.tile_path(subject, tile)) for server in servers}
            for server in servers:
                if isinstance(server, Rendermap):
                    places |= stack.enter_context(nginx_before(server, server.tile_path(subject, tile)))
            for name, (port, path) in places.items():
                self._ask_again(Figure("kept", subject.name, 16, name), port, path)

    def _ask_again(self, figure: Figure, port: int, path: str) -> None:
        try:
            figure.per_s, figure.p50_ms, figure.p99_ms = ask_again(port, path, self.plan.kept_s)
        except RuntimeError as error:
            figure.failed = str(error)
        self._add(figure)

    def _sessions(self, subject: BenchSet, servers: list[Server]) -> None:
        """People who look at a map, the same views for each server."""
        for server in servers:
            views = [[[server.tile_path(subject, tile) for tile in view] for view in person] for person in self._people(subject)]
            load = look_around(server.port, views, self.plan.longest_s)
            self._keep(Figure("sessions", subject.name, self.plan.people, server.name), [load])

    # --- what comes of it --------------------------------------------------------------------------------------------

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
        self._add(figure)

    def _add(self, figure: Figure) -> None:
        self.figures.append(figure)
        said = f"{figure.per_s:8.1f}/s  p50 {figure.p50_ms:7.1f}  p99 {figure.p99_ms:7.1f} ms"
        self.tell(f"{figure.subject:12} {figure.workload:12} c={figure.clients:<3} {figure.server:12} {figure.failed or said}")

    def _tiles(self, subject: BenchSet) -> list[Tile]:
        """Addresses for all stages but the sessions, whose tiles are none of them."""
        shown = {tile for person in self._people(subject) for view in person for tile in view}
        return cold_addresses(subject, self._data, self.plan.addresses, shown)

    def _people(self, subject: BenchSet) -> list[list[list[Tile]]]:
        """The sessions of each person: views, each the tiles that it asks for; nothing where there are none."""
        if subject.name not in SESSION_SETS:
            return []
        return [session(subject, self._data, person, self.plan.views) for person in range(self.plan.people)]

    @property
    def _data(self) -> Path:
        return self.servers[0].yard.data


def appear(server: Server, subject: BenchSet, copy: BenchSet, tiles: list[Tile]) -> tuple[Load, Load]:
    """A copy of the set appears: (from then until its first picture is there, the next pictures one by one)."""
    announce = server.lay(subject, copy.name)
    sync()
    began = perf_counter()
    announce()
    first = ask_cold(server.port, [server.tile_path(copy, tiles[0])], 1)
    first.wall_s = perf_counter() - began
    first.seconds = [first.wall_s]
    return first, ask_cold(server.port, [server.tile_path(copy, tile) for tile in tiles[1:]], 1)


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
