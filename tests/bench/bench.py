"""`make bench`: what the service costs beside Mapnik called directly, as ratios within one run.

Every figure is a median over the same tiles; the service and the direct drawing take turns so that both meet the same machine.
Absolute times are printed for orientation only.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from rendermap.access.grant import PUBLIC
from rendermap.assembly import build
from rendermap.demo import make_jobs
from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.plan import MapPlan
from rendermap.geo.bbox import BBox, intersects
from rendermap.geo.crs import WEB_MERCATOR, transform_bbox
from rendermap.geo.tiling import TileAddress, view_of
from rendermap.jobs.job import JobStatus
from rendermap.request import JobRequest, LayerChoice, LayerMode, TileRequest
from rendermap.settings import read_settings

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
SERVICES = ROOT / "styles"
TILES = 60
ROUNDS = 3
DIRECT = Path(__file__).with_name("direct.py")
MOST_MANY_CLASSES, LONGEST_COMPILE_S = 1.5, 1.0
console = Console()


@dataclass(frozen=True)
class Subject:
    """A set of tiles of one layer or map.  plans: what the service draws for them."""

    name: str
    job: JobRequest
    layers: LayerChoice
    tiles: list[TileAddress]
    plans: list[MapPlan]


# --- what is drawn ---------------------------------------------------------------------------------------------------


async def find_subjects(jobs_dir: Path) -> list[Subject]:
    """The demo's finished jobs, layer by layer: one subject each."""
    assembled = build(read_settings(jobs=(jobs_dir,), services=SERVICES, workers=1))
    await assembled.start()
    plans: list[MapPlan] = []

    async def keep(plan: MapPlan) -> Drawn:
        plans.append(plan)
        return Drawn(b"", True, 1, 1)

    assembled.pool.draw = keep  # type: ignore[method-assign]
    subjects = []
    try:
        for card in await assembled.service.jobs(PUBLIC):
            if card.status != JobStatus.SUCCEEDED:
                continue
            job = JobRequest(card.service, card.job_id)
            opened = await assembled.service.open(job)
            job_map = opened.card
            for layer in job_map.layers:
                if layer.bbox is None or layer.kind == "group":
                    continue
                box = transform_bbox(layer.bbox, job_map.crs, WEB_MERCATOR)
                assert box is not None
                choice = LayerChoice(LayerMode.SHOW, (layer.id,))
                tiles = pick_tiles(box)
                plans.clear()
                for tile in tiles:
                    await opened.tile(TileRequest(job, tile, layers=choice))
                drawn = [p for p in plans if p.layers]
                if len(drawn) == len(tiles):
                    subjects.append(Subject(f"{card.service}: {layer.name}", job, choice, tiles, list(plans)))
    finally:
        await assembled.stop()
    return subjects


def pick_tiles(box: BBox) -> list[TileAddress]:
    """TILES addresses, seeded, over the zooms at which the box spans one to sixteen tiles."""
    chooser = random.Random(7)
    world = 2 * 20037508.342789244
    first = max(0, int(-(-(world / max(box.width, box.height)) // 1)).bit_length() - 1)
    every = []
    for matrix in range(first, first + 5):
        side = world / 2**matrix
        cols = range(int((box.xmin + world / 2) // side), int((box.xmax + world / 2) // side) + 1)
        rows = range(int((world / 2 - box.ymax) // side), int((world / 2 - box.ymin) // side) + 1)
        every += [TileAddress("WebMercatorQuad", matrix, row, col) for row in rows for col in cols]
    inside = [tile for tile in every if intersects(view_of(tile).bbox, box)]
    return chooser.sample(inside, min(TILES, len(inside)))


# --- the service over HTTP -------------------------------------------------------------------------------------------


@contextmanager
def served(jobs_dir: Path) -> Iterator[tuple[str, int]]:
    """`rendermap serve` with ordinary settings: (base address, process id)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "rendermap", "serve", "--jobs", str(jobs_dir), "--services", str(SERVICES), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if urllib.request.urlopen(f"{base}/health/ready", timeout=1).status == 200:
                    break
            except OSError:
                time.sleep(0.1)
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(30)


class Connection:
    """One keep-alive connection; a plain socket, since a client library would cost more than a cached tile."""

    def __init__(self, base: str) -> None:
        host, port = base.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str) -> bytes:
        """The body; raises RuntimeError unless the status is 200."""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(head.decode() + body.decode(errors="replace")[:300])
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while len(body) < length:
            body += self._receive()
        return body

    def _receive(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise RuntimeError("the connection was closed")
        return data


def tile_path(subject: Subject, tile: TileAddress) -> str:
    """Address of a tile of the subject's layer."""
    ids = ",".join(map(str, subject.layers.ids))
    return f"/xyz/{subject.job.service}/jobs/{subject.job.job_id}/tiles/{tile.matrix}/{tile.col}/{tile.row}.png?layers={ids}"


def ask_all(base: str, paths: list[str], clients: int) -> tuple[float, list[float]]:
    """(seconds for all, seconds of each) with so many clients on connections of their own."""

    def one(mine: list[str]) -> list[float]:
        connection = Connection(base)
        times = []
        for path in mine:
            began = time.perf_counter()
            connection.get(path)
            times.append(time.perf_counter() - began)
        return times

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        each = list(pool.map(one, [paths[n::clients] for n in range(clients)]))
    return time.perf_counter() - began, [t for times in each for t in times]


def draw_directly(plans: list[MapPlan], processes: int) -> tuple[float, float, float]:
    """(seconds of drawing, of drawing and PNG, wall seconds) of the same plans by Mapnik alone, in processes of its own."""
    shares = [pickle.dumps([replace(p) for p in plans[n::processes]]) for n in range(processes)]
    running = [subprocess.Popen([sys.executable, str(DIRECT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in shares]
    for process, share in zip(running, shares, strict=True):
        assert process.stdin
        process.stdin.write(share)
        process.stdin.close()
    said = [json.loads(process.stdout.read()) for process in running if process.stdout]
    for process in running:
        process.wait()
    return sum(s["draw_s"] for s in said), sum(s["draw_s"] + s["png_s"] for s in said), max(s["wall_s"] for s in said)


# --- the measurements ------------------------------------------------------------------------------------------------


def bench_uncached(jobs_dir: Path, subjects: list[Subject], progress: Progress) -> list[dict[str, Any]]:
    """Per subject: an uncached tile over HTTP against Mapnik drawing the same map in its own process, 1 and 2 clients."""
    figures: dict[tuple[str, int], list[Figures]] = {}
    task = progress.add_task("uncached tiles", total=len(subjects) * ROUNDS * 2)
    for _ in range(ROUNDS):
        for clients in (1, 2):
            with served(jobs_dir) as (base, _):
                for subject in subjects:
                    figures.setdefault((subject.name, clients), []).append(compare(base, subject, clients))
                    progress.advance(task)
    return [
        {"subject": subject.name, "tiles": len(subject.tiles)} | {f"c{n}": summary(figures[subject.name, n]) for n in (1, 2)}
        for subject in subjects
    ]


@dataclass(frozen=True)
class Figures:
    """Milliseconds per tile of one round: the service over HTTP, Mapnik's drawing, Mapnik's drawing and PNG."""

    service_ms: float
    draw_ms: float
    png_ms: float


def compare(base: str, subject: Subject, clients: int) -> Figures:
    """One round of one subject.  Both sides have their dataset open: the service's workers are shown other pictures of it first."""
    warming = [tile_path(subject, t).replace(".png", "@2x.png") for t in subject.tiles[:8]]
    ask_all(base, warming, 2)
    wall_s, _ = ask_all(base, [tile_path(subject, t) for t in subject.tiles], clients)
    draw_s, png_s, direct_wall_s = draw_directly(subject.plans, clients)
    # with several processes what counts is when the last is done
    share = direct_wall_s / png_s if clients > 1 else 1.0
    per_tile = 1000 / len(subject.plans)
    return Figures(wall_s * per_tile, draw_s * share * per_tile, png_s * share * per_tile)


def summary(rounds: list[Figures]) -> dict[str, float]:
    """Medians over the rounds; ratios are taken round by round, so that a drifting machine cancels out."""
    return {
        "service_ms": statistics.median(f.service_ms for f in rounds),
        "mapnik_draw_ms": statistics.median(f.draw_ms for f in rounds),
        "mapnik_draw_png_ms": statistics.median(f.png_ms for f in rounds),
        "ratio_to_draw_png": statistics.median(f.service_ms / f.png_ms for f in rounds),
        "over_1.15_draw_plus_2ms": statistics.median(f.service_ms - 1.15 * f.draw_ms - 2 for f in rounds),
    }


def bench_cached(jobs_dir: Path, subject: Subject) -> dict[str, float]:
    """A tile out of memory against a plain static file from the same web server."""
    with served(jobs_dir) as (base, _):
        page = urllib.request.urlopen(f"{base}/jobs/{subject.job.service}/{subject.job.job_id}").read().decode()
        connection = Connection(base)
        tile = tile_path(subject, subject.tiles[0])
        static = nearest_static(connection, page, len(connection.get(tile)))
        ratios, tiles, files = [], [], []
        for _ in range(7):
            times = {}
            for name, path in (("tile", tile), ("file", static)):
                connection.get(path)
                began = time.perf_counter()
                for _ in range(300):
                    connection.get(path)
                times[name] = (time.perf_counter() - began) / 300 * 1000
            ratios.append(times["tile"] / times["file"])
            tiles.append(times["tile"])
            files.append(times["file"])
    return {"tile_ms": statistics.median(tiles), "static_file_ms": statistics.median(files), "ratio": statistics.median(ratios)}


def nearest_static(connection: Connection, page: str, size_bytes: int) -> str:
    """The page's static file whose size is nearest."""
    found = {part.split('"')[0] for part in page.replace('src="', 'href="').split('href="')[1:] if part.startswith("/static/")}
    return min(found, key=lambda path: abs(len(connection.get(path)) - size_bytes))


def bench_first(jobs_dir: Path, subject: Subject) -> dict[str, float]:
    """The first picture of a job that has just finished against its later ones."""
    source = next(p for p in jobs_dir.rglob(subject.job.job_id) if p.is_dir())
    firsts, laters = [], []
    with served(jobs_dir) as (base, _):
        connection = Connection(base)
        for n in range(5):
            copy = source.with_name(f"j{n:032x}")
            shutil.copytree(source, copy)
            try:
                fresh = replace(subject, job=replace(subject.job, job_id=copy.name))
                times = []
                for tile in subject.tiles[:6]:
                    began = time.perf_counter()
                    connection.get(tile_path(fresh, tile))
                    times.append((time.perf_counter() - began) * 1000)
                firsts.append(times[0])
                laters.append(statistics.median(times[1:]))
            finally:
                shutil.rmtree(copy)
    return {
        "first_ms": statistics.median(firsts),
        "later_ms": statistics.median(laters),
        "ratio": statistics.median(f / n for f, n in zip(firsts, laters, strict=True)),
    }


def bench_memory(jobs_dir: Path, subjects: list[Subject]) -> dict[str, float]:
    """Proportional memory of the service and its workers after all tiles, against that of a bare Mapnik process."""
    with served(jobs_dir) as (base, pid):
        idle = memory_mb(pid)
        for subject in subjects:
            ask_all(base, [tile_path(subject, t) for t in subject.tiles], 2)
        return {"idle_mb": idle, "after_mb": memory_mb(pid), "bare_mapnik_mb": bare_mapnik_mb()}


def memory_mb(pid: int) -> float:
    """Proportional set size of a process and its children, in MB."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    rollups = [Path(f"/proc/{p}/smaps_rollup").read_text() for p in [str(pid), *children]]
    return sum(int(line.split()[1]) for text in rollups for line in text.splitlines() if line.startswith("Pss:")) / 1024


def bare_mapnik_mb() -> float:
    """Resident memory of a Python process that imported mapnik and did nothing."""
    code = "import mapnik; print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmRSS')))"
    return int(subprocess.check_output([sys.executable, "-c", code], text=True)) / 1024


def bench_many_classes() -> dict[str, Any]:
    """10,000 unique values over 200,000 features against a single symbol."""
    said = subprocess.check_output([sys.executable, "-m", "tests.bench.many_classes"], text=True, cwd=ROOT)
    figures: dict[str, Any] = json.loads(said)
    return figures


# --- the report ------------------------------------------------------------------------------------------------------


def report(
    rows: list[dict[str, Any]], cached: dict[str, float], first: dict[str, float], memory: dict[str, float], many: dict[str, Any]
) -> bool:
    """Prints the table; True when every uncached tile keeps its bar, 1.15 times Mapnik's own drawing plus 2 ms, and many classes theirs."""
    table = Table("map", "clients", "service ms", "mapnik ms", "with PNG ms", "service / with PNG", "bar (1.15 x + 2 ms)")
    kept = True
    for row in rows:
        for clients in (1, 2):
            c = row[f"c{clients}"]
            within = c["over_1.15_draw_plus_2ms"] <= 0
            kept &= within
            figures = (c["service_ms"], c["mapnik_draw_ms"], c["mapnik_draw_png_ms"], c["ratio_to_draw_png"])
            verdict = "[green]kept[/]" if within else f"[red]over by {c['over_1.15_draw_plus_2ms']:.1f} ms[/]"
            table.add_row(row["subject"] if clients == 1 else "", str(clients), *(f"{v:.2f}" for v in figures), verdict)
    console.print(table)
    for line in (
        f"cached tile / static file: {cached['ratio']:.2f}  ({cached['tile_ms']:.2f} ms / {cached['static_file_ms']:.2f} ms)",
        f"first picture of a job just finished / later: {first['ratio']:.1f}  ({first['first_ms']:.0f} ms / {first['later_ms']:.1f} ms)",
        f"memory: {memory['idle_mb']:.0f} MB idle, {memory['after_mb']:.0f} MB after all; bare Mapnik {memory['bare_mapnik_mb']:.0f} MB",
        f"10,000 classes / single symbol: {', '.join(f'{r:.2f}' for r in many['ratios'])}  (compiled in {many['compile_s']:.2f} s)",
        *(f"  by {name}: {', '.join(f'{r:.2f}' for r in ratios)}" for name, ratios in many["others"].items()),
    ):
        console.print(line)
    slowest = max(many["ratios"] + [r for ratios in many["others"].values() for r in ratios])
    return kept and slowest <= MOST_MANY_CLASSES and many["compile_s"] < LONGEST_COMPILE_S


def main() -> int:
    """Exit status 1 when a bar is missed."""
    jobs_dir = BUILD / "bench" / "jobs"
    with Progress(console=console) as progress:
        make_jobs(jobs_dir, progress)
        subjects = asyncio.run(find_subjects(jobs_dir))
        rows = bench_uncached(jobs_dir, subjects, progress)
    first = bench_first(
        jobs_dir,
        max(subjects, key=lambda s: s.plans[0].layers[0].layer.facts.count if hasattr(s.plans[0].layers[0].layer.facts, "count") else 0),
    )
    cached, memory = bench_cached(jobs_dir, subjects[0]), bench_memory(jobs_dir, subjects)
    many = bench_many_classes()
    kept = report(rows, cached, first, memory, many)
    figures = {"tiles": rows, "cached": cached, "first": first, "memory": memory, "many_classes": many}
    (BUILD / "bench" / "report.json").write_text(json.dumps(figures, indent=1))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
