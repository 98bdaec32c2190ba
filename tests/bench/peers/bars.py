"""What rendermap set out to reach beside its peers, what was measured, and why a bar was missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from tests.bench.peers.growth import Grown
from tests.bench.peers.measure import OURS, Figure
from tests.bench.peers.report import Measured
from tests.bench.peers.tables import PEERS, as_times, ratio, said

REASONS = {
    "around": (
        "what stands around a picture. A tile of few features or flat colours takes some 3 ms of processor time, of which "
        "drawing and encoding are 1.1; the web process takes 0.7, the way to a worker, the job's look and the store the rest. "
        "MapServer spends 3.0 to 3.3 on all. Tried: one look at a job for all strangers, routes of their own for tiles, "
        "palettes straight from class numbers, planes in place of meshes, packing in the drawing thread; all are built."
    ),
    "rasteriser": (
        "Mapnik's rasteriser takes the time. Tried: simplified outlines (beyond 1.5/255), files in the order of places (changes"
        " what lies on top), an indexed shapefile (built), no gamma under outlines (built), clipped outlines (built). Not "
        "built: giants subdivided, tiles drawn together."
    ),
    "markers": (
        "far tiles show stacks of markers. Tried: sprites (whole pixels only), stamping in portions (built), leaving covered "
        "ones out (built, little)."
    ),
    "looking": (
        "a file is looked at before it is drawn (20 ms for a GeoTIFF), and a drawing in a new place takes 12 to 14 ms. Tried: "
        "workers that are warm (built), boxes from indexes (no gain), bends looked for in the view alone (built)."
    ),
    "open files": (
        "mapped copies and open datasets of all sets; 772 MB once all is quiet. Tried: a smaller cache of GDAL's, giving memory"
        " back when idle, forking from one loaded program, fewer packages; all are built."
    ),
    "every feature": "all features of a view are drawn, there are no generalised copies.",
    "open": "not looked into so far that a reason could be told.",
}

SETS = (
    ("counties", {"MapServer": 2.0, "QGIS Server": 2.5}, "around"),
    ("hex200k", {"MapServer": 2.0, "QGIS Server": 3.0}, "rasteriser"),
    ("hex1m", {"MapServer": 2.0, "QGIS Server": 3.0}, "rasteriser"),
    ("lands", {"MapServer": 5.0, "QGIS Server": 5.0}, "rasteriser"),
    ("pts1m", {"MapServer": 4.0, "QGIS Server": 3.0}, "markers"),
    ("dem8k_cog", {"MapServer": 6.0, "QGIS Server": 3.0, "TiTiler": 6.0}, "around"),
    ("lc8k_cog", {"MapServer": 4.0, "QGIS Server": 5.0, "TiTiler": 10.0}, "around"),
    ("big50k_cog", {"MapServer": 3.0, "QGIS Server": 4.0, "TiTiler": 12.0}, "open"),
    ("dem8k_plain", {"QGIS Server": 2.5, "TiTiler": 40.0}, "open"),
)
BEHIND_NGINX = ("rendermap behind nginx", "nginx, a plain file")
BEFORE = ("dem8k_plain", {"QGIS Server": 1.0, "TiTiler": 10.0})
VECTORS, RASTERS = ("counties", "lands", "hex200k"), ("dem8k_cog", "lc8k_cog")
EXPORTS = ("1024 x 768", "4096 x 4096")
SESSIONS = {"hex200k": "rasteriser", "lands": "rasteriser", "dem8k_cog": "open", "lc8k_cog": "around"}


@dataclass(frozen=True, slots=True)
class Row:
    """One bar.  measured: what missed it is bold.  why: it was missed, one of the reasons."""

    what: str
    bar: str
    measured: str
    is_met: bool
    why: str = ""

    def __str__(self) -> str:
        is_marked = self.is_met or "**" in self.measured
        return f"| {self.what} | {self.bar} | {self.measured if is_marked else f'**{self.measured}**'} | {self.why_missed} |"

    @property
    def why_missed(self) -> str:
        """Nothing for what was reached."""
        return "" if self.is_met else self.why


@dataclass(frozen=True, slots=True)
class Board:
    """Figures by workload, set, clients and server; those that failed are not there."""

    figures: list[Figure]

    def find(self, workload: str, subject: str, clients: int, server: str = OURS) -> Figure | None:
        asked = (workload, subject, clients, server)
        return next((f for f in self.figures if (f.workload, f.subject, f.clients, f.server) == asked and not f.failed), None)

    def times(self, workload: str, subject: str, clients: int, peer: str) -> float | None:
        """How many times as fast as the peer; None where either has no figure."""
        theirs = self.find(workload, subject, clients, peer)
        return ratio(theirs, self.find(workload, subject, clients)) if theirs else None

    def clients(self, workload: str) -> list[int]:
        return sorted({f.clients for f in self.figures if f.workload == workload})


def bars_table(last: Measured, grown: list[Grown]) -> str:
    """A row for each bar that this run can tell of."""
    board = Board(last.figures)
    told = (_sets(board), _exports(board), _sessions(board), _tails(board), _kept(board), _first(board), _memory(last), _growth(grown))
    rows = list(chain.from_iterable(told))
    table = ["| what | bar | measured | why not |", "|---|---|---|---|", *map(str, rows)]
    missed = dict.fromkeys(row.why_missed for row in rows if row.why_missed)
    return "\n".join([*table, "", *(f"- **{name}**: {REASONS[name]}" for name in missed)])


def _sets(board: Board) -> Iterator[Row]:
    cold = [clients for clients in board.clients("cold") if clients in (1, 8)]
    for subject, bars, why in SETS:
        yield from _beside(board, "cold", (subject,), cold, f"Tiles of {subject}", bars, why)
    subject, bars = BEFORE
    unprepared = board.clients("unprepared")
    yield from _beside(board, "unprepared", (subject,), unprepared, f"Tiles of {subject}, before preparing", bars, "open")


def _exports(board: Board) -> Iterator[Row]:
    for size in EXPORTS:
        yield from _beside(board, size, VECTORS, [1], f"{size} px, vectors", {"MapServer": 1.5, "QGIS Server": 2.0}, "rasteriser")
        yield from _beside(board, size, RASTERS, [1], f"{size} px, rasters", dict.fromkeys(PEERS, 2.0), "open")


def _beside(
    board: Board, workload: str, subjects: tuple[str, ...], clients: list[int], what: str, bars: dict[str, float], why: str
) -> Iterator[Row]:
    """A row with the ratios of all these, peer by peer; none where nothing was measured."""
    asked = {peer: [board.times(workload, subject, n, peer) for subject in subjects for n in clients] for peer in bars}
    found = {peer: known for peer, every in asked.items() if (known := [times for times in every if times is not None])}
    if not found:
        return
    measured = "; ".join(", ".join(_told(times, bars[peer]) for times in every) for peer, every in found.items())
    is_met = all(min(every) >= bars[peer] for peer, every in found.items())
    yield Row(what, "; ".join(f"{bars[peer]:g}x {peer}" for peer in found), measured, is_met, why)


def _told(times: float, least: float) -> str:
    return as_times(times) if times >= least else f"**{as_times(times)}**"


def _sessions(board: Board) -> Iterator[Row]:
    for subject, why in SESSIONS.items():
        for clients in board.clients("sessions"):
            ours = board.find("sessions", subject, clients)
            peers = [f for f in (board.find("sessions", subject, clients, peer) for peer in PEERS) if f]
            if ours and peers:
                times, tail = ours.per_s / max(f.per_s for f in peers), ours.p99_ms / min(f.p99_ms for f in peers)
                measured = f"{as_times(times)}, {tail:.2f}"
                yield Row(f"Map sessions, {subject}", "4x the best peer, 0.33 of its p99", measured, times >= 4 and tail <= 1 / 3, why)


def _tails(board: Board) -> Iterator[Row]:
    found = [(name, board.find("cold", name, 32), board.find("cold", name, 32, "MapServer")) for name, _, _ in SETS]
    pairs = [(name, ours.p99_ms, theirs.p99_ms) for name, ours, theirs in found if ours and theirs]
    worse = [f"{name} {ours:,.0f} to {theirs:,.0f} ms" for name, ours, theirs in pairs if ours > theirs]
    if pairs:
        yield Row("p99 of tiles, 32 clients", "MapServer's", "; ".join(worse) or "no worse", not worse, "open")


def _kept(board: Board) -> Iterator[Row]:
    for ours in (f for f in board.figures if f.workload == "kept" and f.server == OURS and not f.failed):
        yield Row("Kept pictures from one process", "15,000 a second", f"{ours.per_s:,.0f}", ours.per_s >= 15_000, "open")
        proxied, plain = (board.find("kept", ours.subject, ours.clients, name) for name in BEHIND_NGINX)
        if proxied and plain:
            share = proxied.per_s / plain.per_s
            yield Row("Kept pictures behind nginx", "0.8 of a plain file's rate", f"{share:.2f}", share >= 0.8, "open")


def _first(board: Board) -> Iterator[Row]:
    for subject in dict.fromkeys(f.subject for f in board.figures if f.workload == "appears"):
        ours = board.find("appears", subject, 1)
        peers = [f.p50_ms for f in (board.find("appears", subject, 1, peer) for peer in PEERS) if f]
        if ours and peers:
            measured = f"{ours.p50_ms:.0f} to {min(peers):.0f} ms"
            yield Row(f"First picture of {subject}", "no later than any peer's", measured, ours.p50_ms <= min(peers), "looking")


def _memory(last: Measured) -> Iterator[Row]:
    if OURS in last.memory_mb:
        yield Row("Memory after all sets", "400 MB", f"{last.memory_mb[OURS]:,.0f} MB", last.memory_mb[OURS] <= 400, "open files")


def _growth(grown: list[Grown]) -> Iterator[Row]:
    if len(grown) < 2:
        return
    least, most = grown[0], grown[-1]
    times = most.tile_ms / least.tile_ms
    yield Row(f"A tile of {most.features:,} features", f"1.3x one of {least.features:,}", as_times(times), times <= 1.3, "every feature")
    whole, is_asked_for = f"{said(most.whole_tile_ms)} ms", most.features >= 10_000_000
    is_met = is_asked_for and most.whole_tile_ms <= 150
    yield Row(f"All of {most.features:,} features in one tile", "150 ms, of 10,000,000", whole, is_met, "every feature")
    for million in (g for g in grown if g.features == 1_000_000):
        measured = f"{million.prepare_s:.1f} s, {million.peak_mb:,.0f} MB"
        yield Row(
            "Preparing 1,000,000 polygons", "20 s and 1,000 MB", measured, million.prepare_s <= 20 and million.peak_mb <= 1000, "open"
        )
