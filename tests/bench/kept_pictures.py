"""What a picture costs that is there already, in memory, on disk and in Redis, in a process of its own: prints one line of JSON.

memory_ms, files_ms, redis_ms, drawn_ms: the median of the whole route below HTTP for a tile, asked one after the other; files and Redis
without memory before them.  memory_ratio: of memory with stores behind it to memory alone; both take turns.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

from rendermap.assembly import Assembled, build
from rendermap.geo.bbox import BBox, intersects
from rendermap.geo.crs import WEB_MERCATOR, transform_bbox
from rendermap.geo.tiling import TileAddress, view_of
from rendermap.request import JobRequest, TileRequest
from rendermap.settings import Settings
from tests.builders.redis_server import redis_server
from tests.builders.whole_service import lay_out

ROUNDS, TILES = 40, 60


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


class Subject:
    """One service over the same job."""

    def __init__(self, folder: Path, job_id: str, **settings: object) -> None:
        given = {"jobs": (folder / "jobs",), "services": folder / "services", "workers": 1, "secret_key": "of the benchmark", **settings}
        self.assembled: Assembled = build(Settings(**given))  # type: ignore[arg-type]
        self.job = JobRequest("Hydrology/FloodDepth", job_id)

    async def tiles(self) -> list[TileAddress]:
        """Those over the job."""
        card = (await self.assembled.service.open(self.job)).card
        assert card.bbox
        box = transform_bbox(card.bbox, card.crs, WEB_MERCATOR)
        assert box
        return pick_tiles(box)

    async def ask(self, tile: TileAddress) -> float:
        """Seconds to a tile."""
        started = time.perf_counter()
        opened = await self.assembled.service.open(self.job)
        await opened.tile(TileRequest(self.job, tile))
        return time.perf_counter() - started


async def measure(folder: Path, redis_url: str) -> dict[str, float]:
    """All figures."""
    job_id = lay_out(folder)
    outside = {"cache_dir": folder / "both", "redis_url": redis_url}
    subjects = {
        "memory": Subject(folder, job_id),
        "backed": Subject(folder, job_id, **outside),
        "files": Subject(folder, job_id, cache_mb=0, cache_dir=folder / "files"),
        "redis": Subject(folder, job_id, cache_mb=0, redis_url=redis_url),
        "drawn": Subject(folder, job_id, cache_mb=0),
    }
    for subject in subjects.values():
        await subject.assembled.start()
    try:
        return await _compare(subjects)
    finally:
        for subject in subjects.values():
            await subject.assembled.stop()


async def _compare(subjects: dict[str, Subject]) -> dict[str, float]:
    tiles = await subjects["memory"].tiles()
    times: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(ROUNDS):
        for tile in tiles:
            # in any order: who comes after a drawing finds the processor's own caches cold
            for name, subject in random.sample(list(subjects.items()), len(subjects)):
                if name != "drawn" or len(times[name]) < 3 * len(tiles):
                    times[name].append(await subject.ask(tile))
    middle = {name: statistics.median(taken[len(tiles) :]) * 1000 for name, taken in times.items()}
    ratio = middle["backed"] / middle["memory"]
    return {"memory_ratio": round(ratio, 3), **{f"{name}_ms": round(ms, 3) for name, ms in middle.items() if name != "backed"}}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name, redis_server(Path(name)) as server:
        print(json.dumps(asyncio.run(measure(Path(name), server.url))))
