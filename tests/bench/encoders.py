"""What each output format costs: CPU milliseconds and kilobytes for a tile of each kind of picture, `python -m tests.bench.encoders`.

Polygons, points, ramps and classes are drawn by Mapnik called directly from the data of `make bench`; the relief is lit by the house's own
code.  Median over tiles, the best of some turns at each.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.direct import cpu_s, draw, map_document  # isort: skip

import numpy as np
import rasterio
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from rendermap.imaging.encode import encode
from rendermap.imaging.formats import FORMATS
from rendermap.render.engine import mapnik
from rendermap.render.relief import CellSize, shade
from rendermap.symbology.raster_themes import ShadedRelief
from tests.bench.cases import ROOT, SETS
from tests.bench.peers import data
from tests.bench.peers.servers import Yard
from tests.bench.peers.sets import TILE_PX, BenchSet, cold_addresses

Pixels = NDArray[np.uint8]
DRAWN = {"polygons": "hex40k", "points": "pts100k", "ramp": "ramp4k", "classes": "cover4k"}
RELIEF = "ramp4k"
QUALITIES: dict[str, tuple[int | None, ...]] = {"jpeg": (75, 85, 95), "webp": (None, 80), "avif": (40, 60, 80)}
TILES, TURNS, TIMES = 12, 3, 4


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one tile, the typical of many."""

    ms: float
    kb: float


def pictures(yard: Yard) -> dict[str, list[Pixels]]:
    """Tiles by their kind, (256, 256, 4) each."""
    for name in (*DRAWN.values(), RELIEF):
        data.make(SETS[name], yard.data, yard.folder("downloads"))
    kinds = {kind: list(drawn(SETS[name], yard)) for kind, name in DRAWN.items()}
    return {**kinds, "relief": list(lit(SETS[RELIEF], yard))}


def drawn(subject: BenchSet, yard: Yard) -> Iterator[Pixels]:
    """By Mapnik."""
    opened = mapnik.Map(TILE_PX, TILE_PX)
    described = {"kind": subject.kind, "epsg": subject.epsg, "data": str(subject.path(yard.data))}
    mapnik.load_map_from_string(opened, map_document(described))
    for tile in cold_addresses(subject, yard.data, TILES):
        image = draw(opened, list(tile.bbox), [TILE_PX, TILE_PX])
        yield np.frombuffer(image.to_string(), np.uint8).reshape(TILE_PX, TILE_PX, 4)


def lit(subject: BenchSet, yard: Yard) -> Iterator[Pixels]:
    """Windows of an elevation model in shades of grey."""
    with rasterio.open(subject.path(yard.data)) as heights:
        cells = heights.read(1)
    corners = np.random.default_rng(5).integers(0, min(cells.shape) - TILE_PX, (TILES, 2))
    for top, left in corners:
        window = cells[top : top + TILE_PX, left : left + TILE_PX]
        light = shade(window, None, CellSize(np.full(1, 30, np.float32), 30.0), ShadedRelief())
        gray = np.rint(light * 255).astype(np.uint8)
        yield np.dstack([gray, gray, gray, np.full_like(gray, 255)])


def cost(tiles: list[Pixels], format: str, quality: int | None) -> Cost:
    """Of encoding them."""
    sizes = [len(encode(pixels, format, quality=quality)) / 1000 for pixels in tiles]
    times = [min(encoding_ms(pixels, format, quality) for _ in range(TURNS)) for pixels in tiles]
    return Cost(statistics.median(times), statistics.median(sizes))


def encoding_ms(pixels: Pixels, format: str, quality: int | None) -> float:
    """CPU time of all threads."""
    return cpu_s(lambda: [encode(pixels, format, quality=quality) for _ in range(TIMES)]) * 1000 / TIMES


def report(kinds: dict[str, list[Pixels]]) -> Table:
    """A row for each format and quality."""
    table = Table("ms, KB", *kinds)
    for row in FORMATS:
        for quality in QUALITIES.get(row.name, (None,)):
            costs = [cost(tiles, row.name, quality) for tiles in kinds.values()]
            table.add_row(f"{row.name} {quality or ''}", *(f"{cost.ms:.2f}, {cost.kb:.1f}" for cost in costs))
    return table


if __name__ == "__main__":
    Console(width=120).print(report(pictures(Yard(ROOT / "build" / "bench" / "own"))))
