"""A jobs directory in which something always happens: jobs arrive, run again over their own data, and end."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from rendermap.jobs import manifest
from tests.builders.whole_service import NAME, lay_out

WEST, SOUTH, CELL_M, CELLS = 700_000, 4_000_000, 75, 80
LIVE, ENDED_KEPT = 6, 3


@dataclass
class Yard:
    """jobs: those that live, the newest last.  counts: what has happened."""

    folder: Path
    chance: random.Random
    jobs: list[manifest.Run] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {"arrived": 0, "run again": 0, "ended": 0})
    _ended: deque[Path] = field(default_factory=deque)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        lay_out(self.folder)
        for _ in range(LIVE):
            self.arrive()

    def pick(self) -> str:
        """The id of a job that lives, or did a moment ago."""
        with self._turn:
            return self.chance.choice(self.jobs).job_id

    def has_ended(self, path: str) -> bool:
        """True when the job that an address names has ended."""
        with self._turn:
            return not any(run.job_id in path for run in self.jobs)

    def happen(self) -> None:
        """One thing: a job arrives and another ends, or one runs again."""
        if self.chance.random() < 0.5:
            self.arrive()
            self.end()
        else:
            self.run_again()

    def arrive(self) -> None:
        """A new job, there as soon as it is done."""
        with manifest.start(self.folder / "jobs", service=NAME, task="Flood Depth", inputs={"River_Level": 4.25}) as run:
            self._write(run)
            run.output("Depth", "%scratchworkspace%/depth.asc")
            run.output("Parcels", "%scratchworkspace%/parcels.geojson")
            run.value("Area", 12.5)
        self._count("arrived")
        with self._turn:
            self.jobs.append(run)

    def run_again(self) -> None:
        """Other data in place of a job's own."""
        with self._turn:
            run = self.chance.choice(self.jobs)
        self._write(run)
        self._count("run again")

    def end(self) -> None:
        """The oldest job ends; its folder goes some ends later."""
        with self._turn:
            run = self.jobs.pop(0)
        run.end()
        self._count("ended")
        self._ended.append(run.root)
        if len(self._ended) > ENDED_KEPT:
            shutil.rmtree(self._ended.popleft(), ignore_errors=True)

    def _count(self, what: str) -> None:
        self.counts[what] += 1

    def _write(self, run: manifest.Run) -> None:
        seed = self.chance.random()
        for name, text in (("depth.asc", depth(seed)), ("parcels.geojson", parcels(seed))):
            path = run.path(f"%scratchworkspace%/{name}")
            draft = path.with_suffix(".draft")
            draft.write_text(text, encoding="utf-8")
            os.replace(draft, path)  # noqa: PTH105


def depth(seed: float) -> str:
    """A basin somewhere, as an ASCII grid."""
    head = f"ncols {CELLS}\nnrows {CELLS}\nxllcorner {WEST}\nyllcorner {SOUTH}\ncellsize {CELL_M}\nNODATA_value -9999\n"
    row0, col0 = CELLS * (0.3 + 0.4 * seed), CELLS * (0.7 - 0.4 * seed)
    away = [[math.hypot(row - row0, col - col0) / CELLS for col in range(CELLS)] for row in range(CELLS)]
    return (
        head
        + "\n".join(" ".join("-9999" if a > 0.6 else f"{9 * (1 - a) + math.sin(9 * a + seed):.3f}" for a in row) for row in away)
        + "\n"
    )


def parcels(seed: float) -> str:
    """Squares somewhere, as GeoJSON."""
    side, shift = CELL_M * 8, seed * CELL_M * 6
    boxes = [(WEST + shift + col * side * 1.6, SOUTH + shift + row * side * 1.6) for row in range(5) for col in range(5)]
    rings = [[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]] for x, y in boxes]
    features = [
        {"type": "Feature", "properties": {"number": n}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for n, ring in enumerate(rings)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32616"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})
