"""TiTiler: tiles of rasters, coloured by a table in the address."""

from __future__ import annotations

import json
import urllib.parse
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from tests.bench.peers.servers import PROCESSES, Server, free_port, process, wait_for_port
from tests.bench.peers.sets import LAND_COVER, RAMP, TILE_PX, BenchSet, Tile

# what its manual advises for files on disk
ENVIRONMENT = {
    "GDAL_CACHEMAX": "200",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "VSI_CACHE": "TRUE",
    "VSI_CACHE_SIZE": "5000000",
}


class TiTiler(Server):
    """`titiler.application` under uvicorn, in a virtual environment of its own."""

    name = "TiTiler"
    draws = ("ramp", "categories")

    def configure(self, subjects: list[BenchSet]) -> None:
        """Nothing: all is in the addresses."""

    def announce(self, subject: BenchSet, copy: BenchSet) -> None:
        """Nothing: all is in the addresses."""

    @property
    def python(self) -> Path:
        """Of its virtual environment."""
        return self.yard.root / "titiler" / "bin" / "python"

    def running(self) -> Iterator[None]:
        self.port = free_port()
        serve = [str(self.python), "-m", "uvicorn", "titiler.application.main:app", "--host", "127.0.0.1", "--port", str(self.port)]
        fast = ["--workers", str(PROCESSES), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        with process([*serve, *fast], self.yard.folder("logs") / "titiler.log", ENVIRONMENT) as pid:
            wait_for_port(self.port, pid)
            self.pids = [pid]
            yield

    def tile_path(self, subject: BenchSet, tile: Tile) -> str:
        where = f"/cog/tiles/WebMercatorQuad/{tile.zoom}/{tile.col}/{tile.row}.png"
        return f"{where}?tilesize={TILE_PX}&{self._look(subject)}"

    def image_path(self, subject: BenchSet, bbox: tuple[float, float, float, float], size_px: tuple[int, int]) -> str:
        box = ",".join(map(repr, bbox))
        return f"/cog/bbox/{box}/{size_px[0]}x{size_px[1]}.png?coord_crs=epsg:3857&dst_crs=epsg:3857&{self._look(subject)}"

    def _look(self, subject: BenchSet) -> str:
        look = {"url": str(subject.path(self.yard.data))} | (ramp_look() if subject.kind == "ramp" else category_look())
        return urllib.parse.urlencode(look)


def ramp_look() -> dict[str, str]:
    """256 colours between the ends of the ramp, read between the cells."""
    low, high = RAMP[0][0], RAMP[-1][0]
    table = {n: ramp_colour(low + (high - low) * n / 255) for n in range(256)}
    return {"rescale": f"{low},{high}", "colormap": json.dumps(table), "resampling": "bilinear", "reproject": "bilinear"}


def ramp_colour(value: float) -> list[int]:
    """Red, green, blue, alpha at a value of the ramp."""
    upper = min(bisect_right([stop for stop, _ in RAMP], value), len(RAMP) - 1)
    (low, low_colour), (high, high_colour) = RAMP[upper - 1], RAMP[upper]
    share = (value - low) / (high - low)
    pairs = zip(channels(low_colour), channels(high_colour), strict=True)
    return [*(round(a + (b - a) * share) for a, b in pairs), 255]


def category_look() -> dict[str, str]:
    """A colour for each value, cells as they are."""
    table = {value: [*channels(colour), 255] for value, colour in LAND_COVER.items()}
    return {"colormap": json.dumps(table), "resampling": "nearest", "reproject": "nearest"}


def channels(colour: str) -> list[int]:
    """`#ff0000` as 255, 0, 0."""
    return [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
