"""What every server draws: the sets, their colours, and the tiles that are asked for."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path

WORLD_M = 2 * 20037508.342789244
TILE_PX = 256
MOST_LATITUDE = 84.0

CLASS_COLOURS = ("#ffffb2", "#fecc5c", "#fd8d3c", "#f03b20", "#bd0026")
FILL_OPACITY = 0.7
OUTLINE_COLOUR, OUTLINE_PX = "#333333", 0.7
MARKER_PX, MARKER_OUTLINE_PX = 6, 0.5
RAMP = ((100, "#0b3d0b"), (600, "#2e8b57"), (1100, "#9acd32"), (1700, "#ffe066"), (2300, "#cd853f"), (2900, "#8b4513"), (3600, "#ffffff"))
LAND_COVER = {
    11: "#466b9f",
    21: "#dec5c5",
    22: "#d99282",
    23: "#eb0000",
    31: "#b3ac9f",
    41: "#68ab5f",
    42: "#1c5f2c",
    43: "#b5c58f",
    52: "#ccb879",
    71: "#dfdfc2",
    81: "#dcd939",
    82: "#ab6c28",
    90: "#b8d9eb",
    95: "#6c9fb8",
}


@dataclass(frozen=True, slots=True)
class BenchSet:
    """A dataset and how it is asked.  kind: polygon, point, ramp or categories.  zooms: first and last of the tiles."""

    name: str
    kind: str
    zooms: tuple[int, int]
    epsg: int

    @property
    def is_raster(self) -> bool:
        return self.kind in ("ramp", "categories")

    def path(self, data: Path, suffix: str = ".fgb") -> Path:
        """The dataset; of features the file of that suffix, which holds the same in each format."""
        return data / f"{self.name}{'.tif' if self.is_raster else suffix}"


SETS = {
    s.name: s
    for s in (
        BenchSet("counties", "polygon", (3, 11), 4326),
        BenchSet("lands", "polygon", (2, 13), 4326),
        BenchSet("hex200k", "polygon", (5, 13), 4326),
        BenchSet("hex1m", "polygon", (6, 13), 4326),
        BenchSet("pts1m", "point", (6, 13), 4326),
        BenchSet("dem8k_cog", "ramp", (7, 14), 32611),
        BenchSet("dem8k_plain", "ramp", (7, 14), 32611),
        BenchSet("lc8k_cog", "categories", (7, 14), 32611),
        BenchSet("big50k_cog", "categories", (4, 13), 5070),
    )
}

GROWING = {BenchSet(f"parcels{name}", "polygon", (11, 12), 4326): n for name, n in (("100k", 10**5), ("1m", 10**6), ("10m", 10**7))}
"""Ever more features, of one density; at zooms that are too near to be drawn ahead."""


@dataclass(frozen=True, slots=True)
class Tile:
    """An address in Web Mercator, rows counted from the north."""

    zoom: int
    col: int
    row: int

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """xmin, ymin, xmax, ymax in EPSG:3857 metres."""
        side = WORLD_M / 2**self.zoom
        return (
            self.col * side - WORLD_M / 2,
            WORLD_M / 2 - (self.row + 1) * side,
            (self.col + 1) * side - WORLD_M / 2,
            WORLD_M / 2 - self.row * side,
        )


def tile_at(x: float, y: float, zoom: int) -> Tile:
    """The tile around a place in EPSG:3857 metres."""
    side = WORLD_M / 2**zoom
    return Tile(zoom, int((x + WORLD_M / 2) // side), int((WORLD_M / 2 - y) // side))


# --- places over the data --------------------------------------------------------------------------------------------


def places(subject: BenchSet, data: Path, count: int = 4000) -> list[tuple[float, float]]:
    """Seeded places over the data in EPSG:3857 metres: features as they lie, cells evenly.  Kept beside the data."""
    kept = data / f"places_{subject.name}.json"
    if not kept.exists():
        chance = random.Random(f"places of {subject.name}")
        pick = cell_places(subject, data, chance) if subject.is_raster else feature_places(subject, data, chance)
        kept.write_text(json.dumps([pick() for _ in range(count)]))
    return [(x, y) for x, y in json.loads(kept.read_text())]


def feature_places(subject: BenchSet, data: Path, chance: random.Random) -> Callable[[], tuple[float, float]]:
    """Picks middles of features."""
    import pyogrio

    _, boxes = pyogrio.read_bounds(subject.path(data))

    def pick() -> tuple[float, float]:
        xmin, ymin, xmax, ymax = boxes[:, chance.randrange(boxes.shape[1])]
        return mercator((xmin + xmax) / 2, (ymin + ymax) / 2)

    return pick


def cell_places(subject: BenchSet, data: Path, chance: random.Random) -> Callable[[], tuple[float, float]]:
    """Picks places in the inner two thirds of a raster, since a corner may hold no data."""
    import rasterio
    from rasterio.warp import transform

    with rasterio.open(subject.path(data)) as opened:
        box, crs = opened.bounds, opened.crs

    def between(low: float, high: float) -> float:
        return low + (high - low) * chance.uniform(0.16, 0.84)

    def pick() -> tuple[float, float]:
        x, y = transform(crs, "EPSG:3857", [between(box.left, box.right)], [between(box.bottom, box.top)])
        return float(x[0]), float(y[0])

    return pick


def bounds(subject: BenchSet, data: Path) -> tuple[float, float, float, float]:
    """xmin, ymin, xmax, ymax of the data in EPSG:3857 metres, as a client is told them."""
    import pyogrio
    import rasterio
    from rasterio.warp import transform_bounds

    if not subject.is_raster:
        west, south, east, north = pyogrio.read_info(subject.path(data))["total_bounds"]
        return *mercator(west, south), *mercator(east, north)
    with rasterio.open(subject.path(data)) as opened:
        xmin, ymin, xmax, ymax = transform_bounds(opened.crs, "EPSG:3857", *opened.bounds)
    return xmin, ymin, xmax, ymax


def mercator(lon: float, lat: float) -> tuple[float, float]:
    """Degrees to EPSG:3857 metres."""
    lat = max(-MOST_LATITUDE, min(MOST_LATITUDE, lat))
    return WORLD_M * lon / 360, WORLD_M / 2 * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) / math.pi


# --- the two workloads' addresses ------------------------------------------------------------------------------------


def cold_addresses(subject: BenchSet, data: Path, count: int, without: Container[Tile] = ()) -> list[Tile]:
    """Count tiles in random order, all zooms as often as they have tiles, none twice and none of those: nobody's cache can help."""
    first, last = subject.zooms
    chosen: dict[Tile, None] = {}
    for n, (x, y) in enumerate(places(subject, data)):
        chosen.setdefault(tile_at(x, y, first + n % (last - first + 1)))
    every = [tile for tile in chosen if tile not in without]
    random.Random(f"order of {subject.name}").shuffle(every)
    if len(every) < count:
        raise ValueError(f"{subject.name} has {len(every)} addresses, {count} are asked for")
    return every[:count]


def session(subject: BenchSet, data: Path, person: int, views: int, window_px: tuple[int, int] = (1920, 1080)) -> list[list[Tile]]:
    """The tiles that each view of one person's session asks for: dive to a place, look around, rise, go elsewhere.

    A tile that the person's browser already holds is not asked again, and none outside the bounds that a client is told.
    """
    chance = random.Random(f"person {person} over {subject.name}")
    there, box = places(subject, data), bounds(subject, data)
    first, last = subject.zooms
    zoom, (x, y) = first, chance.choice(there)
    held: set[Tile] = set()
    asked: list[list[Tile]] = []
    while len(asked) < views:
        new = [tile for tile in tiles_of_window(x, y, zoom, window_px) if tile not in held and is_inside(tile, box)]
        held.update(new)
        if new:
            asked.append(new)
        x, y, zoom = next_view(chance, there, (x, y, zoom), (first, last), window_px)
    return asked


def is_inside(tile: Tile, box: tuple[float, float, float, float]) -> bool:
    """Whether a box holds more of the tile than a hair's breadth, over which servers may disagree."""
    hair = WORLD_M / 2**tile.zoom / TILE_PX * 2
    xmin, ymin, xmax, ymax = tile.bbox
    return xmin < box[2] - hair and box[0] + hair < xmax and ymin < box[3] - hair and box[1] + hair < ymax


def next_view(
    chance: random.Random,
    there: list[tuple[float, float]],
    now: tuple[float, float, int],
    zooms: tuple[int, int],
    window_px: tuple[int, int],
) -> tuple[float, float, int]:
    """Where a person looks next: half a window aside, deeper towards the data, or from the bottom up and elsewhere."""
    x, y, zoom = now
    metres_per_px = WORLD_M / TILE_PX / 2**zoom
    at_bottom = zoom >= zooms[1]
    if at_bottom and chance.random() < 0.5:
        return *chance.choice(there), max(zooms[0], zoom - 4)
    if at_bottom or chance.random() < 0.3:
        aside = chance.choice((-0.5, 0.5)) * window_px[0] * metres_per_px
        return x + aside, y + chance.choice((-0.5, 0.0, 0.5)) * window_px[1] * metres_per_px, zoom
    near = min(chance.sample(there, 40), key=lambda place: math.dist(place, (x, y)))
    return *near, min(zooms[1], zoom + chance.choice((1, 2)))


def tiles_of_window(x: float, y: float, zoom: int, window_px: tuple[int, int]) -> list[Tile]:
    """All tiles that a window around a place shows."""
    half_x, half_y = (side / 2 * WORLD_M / TILE_PX / 2**zoom for side in window_px)
    upper, lower = tile_at(x - half_x, y + half_y, zoom), tile_at(x + half_x, y - half_y, zoom)
    edge = 2**zoom - 1
    rows = range(max(0, upper.row), min(edge, lower.row) + 1)
    return [Tile(zoom, col, row) for row in rows for col in range(max(0, upper.col), min(edge, lower.col) + 1)]
