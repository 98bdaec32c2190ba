"""What becomes of rendermap when a dataset grows: parcels of one density, so that a zoom always shows as many of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.peers import data
from tests.bench.peers.load import ask_cold
from tests.bench.peers.quiet import wait_until_quiet
from tests.bench.peers.rendermap import Rendermap
from tests.bench.peers.servers import together
from tests.bench.peers.sets import GROWING, TILE_PX, BenchSet, Tile, bounds, cold_addresses, tile_at

WARM_TILES, TILES, WHOLES = 4, 40, 3


@dataclass(frozen=True, slots=True)
class Grown:
    """One size.

    first_ms: the first picture, of a tile.  prepare_s, peak_mb: what was done behind it.  The rest is once that is done, of addresses that
    nobody asked for: tile_ms, tile_cpu_ms: tiles that show the same number of features at every size.  whole_tile_ms, whole_ms: all
    features in one tile, and in one exported picture of 256 px, which they fill.  Not a number where no picture came.
    """

    features: int
    first_ms: float
    prepare_s: float
    peak_mb: float
    tile_ms: float
    tile_cpu_ms: float
    whole_tile_ms: float
    whole_ms: float


def measure(server: Rendermap, most: int, tell: Callable[[str], None]) -> list[Grown]:
    """From the smallest set to the largest of at most so many features."""
    grown = []
    for subject, count in ((s, n) for s, n in GROWING.items() if n <= most):
        tell(f"data: {subject.name}")
        data.make(subject, server.yard.data, server.yard.folder("downloads"))
        server.configure([subject])
        with together([server]):
            grown.append(grow(server, subject, count))
        tell(str(grown[-1]))
    return grown


def grow(server: Rendermap, subject: BenchSet, count: int) -> Grown:
    """One size, asked of a server that knows nothing of it."""
    every = cold_addresses(subject, server.yard.data, WARM_TILES + TILES)
    tiles = [server.tile_path(subject, tile) for tile in [*every, around(subject, server)]]
    first_ms = typical_ms(server, tiles[:1])
    typical_ms(server, tiles[1:WARM_TILES])
    quiet = wait_until_quiet(server)
    began = server.cpu_s
    tile_ms = typical_ms(server, tiles[WARM_TILES:-1])
    return Grown(
        features=count,
        first_ms=first_ms,
        prepare_s=quiet.seconds,
        peak_mb=quiet.peak_mb,
        tile_ms=tile_ms,
        tile_cpu_ms=1000 * (server.cpu_s - began) / TILES,
        whole_tile_ms=typical_ms(server, tiles[-1:]),
        whole_ms=typical_ms(server, [server.image_path(subject, box, (TILE_PX, TILE_PX)) for box in boxes(subject, server)]),
    )


def typical_ms(server: Rendermap, paths: list[str]) -> float:
    """One after the other: the middle of the times; not a number when one of them is no picture."""
    load = ask_cold(server.port, paths, 1)
    return math.nan if load.bad else load.percentile_ms(0.5)


def around(subject: BenchSet, server: Rendermap) -> Tile:
    """The finest tile that holds all of it."""
    box = bounds(subject, server.yard.data)
    zoom = max(z for z in range(20) if tile_at(box[0], box[1], z) == tile_at(box[2], box[3], z))
    return tile_at(box[0], box[1], zoom)


def boxes(subject: BenchSet, server: Rendermap) -> list[tuple[float, float, float, float]]:
    """Boxes that hold all of it and hardly more, each another one."""
    xmin, ymin, xmax, ymax = bounds(subject, server.yard.data)
    half, x, y = max(xmax - xmin, ymax - ymin) / 2, (xmin + xmax) / 2, (ymin + ymax) / 2
    return [(x - side, y - side, x + side, y + side) for side in (half * (1 + n / 100) for n in range(WHOLES))]
