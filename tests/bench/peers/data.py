"""Makes the sets' data: counties, land outlines and topography from public packages, the rest by seeded chance."""

from __future__ import annotations

import io
import json
import math
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.shutil import copy as copy_raster
from rasterio.warp import transform
from rasterio.windows import Window
from scipy.ndimage import map_coordinates, zoom

from tests.bench.peers.sets import CLASS_COLOURS, GROWING, LAND_COVER, BenchSet

Floats = NDArray[np.float32]

HEXES_A_SIDE = {"hex16": 4, "hex40k": 200, "hex200k": 447, "hex1m": 1000}
HEX_CENTRE, HEX_DEGREES = (-112.5, 40.5), (0.025, 0.017)
POINTS = {"pts100k": 100_000, "pts1m": 1_000_000}
LANDS = 200_000
CELLS, CELL_M = 8192, 30
SMALL_CELLS = {"cover1k": 1024, "cover4k": 4096, "ramp4k": 4096}
UTM_ORIGIN = (400_000, 4_300_000)
BIG_CELLS, BIG_ORIGIN = 98 * 512, (-2_000_000, 3_000_000)
NO_HEIGHT = -9999.0


def make(subject: BenchSet, data: Path, downloads: Path) -> None:
    """The set's files in `data`, unless they are there."""
    if not subject.path(data).exists():
        MAKERS[subject.name](subject, data, downloads)


# --- features --------------------------------------------------------------------------------------------------------


def write_features(
    subject: BenchSet, data: Path, shapes: NDArray[np.object_], classes: NDArray[np.int32], suffixes: tuple[str, ...] = (".shp", ".fgb")
) -> None:
    """A shapefile, then FlatGeobuf, whose being there says that all is."""
    kind = {"point": "Point", "polygon": "MultiPolygon" if subject.name == "counties" else "Polygon"}[subject.kind]
    wkb = shapely.to_wkb(shapes)
    drivers = {".shp": "ESRI Shapefile", ".fgb": "FlatGeobuf"}
    for suffix in suffixes:
        draft = data / f"draft_{subject.name}" / f"{subject.name}{suffix}"
        draft.parent.mkdir(exist_ok=True)
        pyogrio.raw.write(draft, wkb, [classes], ["cls"], geometry_type=kind, crs=f"EPSG:{subject.epsg}", driver=drivers[suffix])
        for part in draft.parent.iterdir():
            part.rename(data / part.name)
        draft.parent.rmdir()


def evenly(count: int) -> NDArray[np.int32]:
    """Classes that neighbours seldom share."""
    return (np.arange(count) * 7919 % len(CLASS_COLOURS)).astype(np.int32)


def make_counties(subject: BenchSet, data: Path, downloads: Path) -> None:
    """The counties of the United States, from TopoJSON."""
    topology = data / "counties.topojson"
    topology.write_bytes(member(downloads, "us-atlas-*.tgz", "package/counties-10m.json"))
    _, _, wkb, _ = pyogrio.raw.read(topology, layer="counties")
    valid = shapely.make_valid(shapely.from_wkb(wkb))
    areas = [[part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty] for shape in valid]
    shapes = np.array([shapely.MultiPolygon(parts) for parts in areas if parts], dtype=object)
    write_features(subject, data, shapes, evenly(len(shapes)))


def make_lands(subject: BenchSet, data: Path, downloads: Path) -> None:
    """The longest outlines of lands and lakes, each a polygon of its own, from continents to ponds, in random order."""
    document = json.loads(member(downloads, "geo-maps-earth-lands-10m-*.tgz", "package/map.geo.json"))
    polygons = [p for g in document["geometries"] for p in (g["coordinates"] if g["type"] == "MultiPolygon" else [g["coordinates"]])]
    rings = sorted((ring for polygon in polygons for ring in polygon), key=len, reverse=True)[:LANDS]
    shapes = np.array([shapely.Polygon(ring) for ring in rings if len(ring) > 3], dtype=object)
    write_features(subject, data, np.random.default_rng(1).permutation(shapes), evenly(len(shapes)))


def make_hexes(subject: BenchSet, data: Path, downloads: Path) -> None:
    """Bent hexagons that cover the ground without gaps, in patches of classes."""
    side = HEXES_A_SIDE[subject.name]
    col, row = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    middle = np.stack([col - side / 2 + 0.5 * (row & 1), row - side / 2], axis=-1)
    corners = np.array([(0, 2 / 3), (0.5, 1 / 3), (0.5, -1 / 3), (0, -2 / 3), (-0.5, -1 / 3), (-0.5, 1 / 3)])
    along = np.stack([corners, (corners + np.roll(corners, -1, axis=0)) / 2], axis=1).reshape(12, 2)
    lattice = bent(middle[:, None] + along)
    shapes = shapely.polygons(np.concatenate([lattice, lattice[:, :1]], axis=1) * HEX_DEGREES + HEX_CENTRE)
    field = fractal(1024, 2.2, 5)[:side, :side].ravel() + np.random.default_rng(2).normal(0, 0.25, side * side)
    write_features(subject, data, shapes, np.digitize(field, (-0.84, -0.25, 0.25, 0.84)).astype(np.int32))


def make_parcels(subject: BenchSet, data: Path, downloads: Path) -> None:
    """Bent squares that cover the ground without gaps."""
    side = round(math.sqrt(next(count for s, count in GROWING.items() if s == subject)))
    row, col = np.divmod(np.arange(side * side), side)
    middle = np.stack([col, row], axis=-1) - side / 2
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    shapes = shapely.polygons(bent(middle[:, None] + square) * HEX_DEGREES + HEX_CENTRE)
    write_features(subject, data, shapes, evenly(side * side), suffixes=(".fgb",))


def bent(lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moved by what looks like chance and depends on the place alone, so that neighbours keep their common vertices."""
    whole = np.round(lattice * 12)
    return lattice + 0.35 * np.stack([scatter(whole @ (12.9898, 78.233)), scatter(whole @ (39.3468, 11.135))], axis=-1)


def scatter(seed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers from -0.5 to 0.5."""
    return np.asarray((np.sin(seed) * 43758.5453) % 1 - 0.5)


def make_points(subject: BenchSet, data: Path, downloads: Path) -> None:
    """Half of them anywhere, half in 500 towns."""
    chance, count = np.random.default_rng(3), POINTS[subject.name]
    anywhere = chance.uniform((-125, 32), (-100, 49), (count // 2, 2))
    towns = np.repeat(chance.uniform((-124, 33), (-101, 48), (500, 2)), count // 1000, axis=0)
    places = np.concatenate([anywhere, chance.normal(towns, 0.3)])
    write_features(subject, data, shapely.points(places), chance.integers(0, len(CLASS_COLOURS), count, dtype=np.int32))


# --- rasters ---------------------------------------------------------------------------------------------------------


def utm_profile(**more: Any) -> dict[str, Any]:
    """Of a GeoTIFF in UTM zone 11, CELLS x CELLS unless it is said otherwise."""
    where = rasterio.Affine(CELL_M, 0, UTM_ORIGIN[0], 0, -CELL_M, UTM_ORIGIN[1])
    return {"driver": "GTiff", "width": CELLS, "height": CELLS, "count": 1, "crs": "EPSG:32611", "transform": where, **more}


def write_raster(path: Path, cells: NDArray[Any], **more: Any) -> None:
    """Strips without overviews; there only when it is whole."""
    draft = path.with_suffix(".draft")
    height, width = cells.shape
    with rasterio.open(draft, "w", **utm_profile(dtype=cells.dtype.name) | {"height": height, "width": width, **more}) as opened:
        opened.write(cells, 1)
    draft.rename(path)


def write_cog(source: Path, path: Path, resampling: str, **more: Any) -> None:
    """A cloud-optimised GeoTIFF with overviews; there only when it is whole."""
    draft = path.with_suffix(".draft")
    options = {"COMPRESS": "DEFLATE", "BLOCKSIZE": 512, "OVERVIEW_RESAMPLING": resampling, "NUM_THREADS": 2, "BIGTIFF": "IF_SAFER", **more}
    copy_raster(source, draft, driver="COG", **options)
    draft.rename(path)


def make_heights(subject: BenchSet, data: Path, downloads: Path) -> None:
    """Topography of a twelfth of a degree with made-up detail, and a ragged edge around it; as strips, and as COG."""
    plain = data / "dem8k_plain.tif"
    if not plain.exists():
        cells = topography(downloads) + fractal(CELLS, 3.2, 1) * 260 + fractal(CELLS, 2.2, 2) * 12
        cells[outside()] = NO_HEIGHT
        write_raster(plain, cells, nodata=NO_HEIGHT)
    if subject.name == "dem8k_cog":
        write_cog(plain, subject.path(data), "average", PREDICTOR=3)


def topography(downloads: Path) -> Floats:
    """Heights in metres of ITU-R P.1511, read at every 32nd cell and smoothly between."""
    steps = np.linspace(0, CELLS - 1, CELLS // 32 + 1)
    col, row = np.meshgrid(steps, steps)
    xs, ys = UTM_ORIGIN[0] + col * CELL_M, UTM_ORIGIN[1] - row * CELL_M
    lon, lat = (np.reshape(v, col.shape) for v in transform("EPSG:32611", "EPSG:4326", xs.ravel(), ys.ravel()))
    with zipfile.ZipFile(newest(downloads, "itur-*.whl")) as wheel:
        grid = np.load(io.BytesIO(wheel.read("itur/data/1511/v2_topo.npz")))["arr_0"].astype(np.float32)
    # the grid's first cell lies an eighth of a degree beyond the pole and the date line
    coarse = map_coordinates(grid, [(90.125 - lat) * 12, (lon + 180.125) * 12], order=3)
    return np.asarray(zoom(coarse, CELLS / len(coarse), order=3)[:CELLS, :CELLS], dtype=np.float32)


def outside() -> NDArray[np.bool_]:
    """Cells beyond a ragged circle."""
    y, x = np.mgrid[0:CELLS, 0:CELLS].astype(np.float32) / CELLS - 0.5
    return np.asarray(np.hypot(x, y) * 2 + fractal(CELLS, 3, 3) * 0.06 > 0.97)


def make_land_cover(subject: BenchSet, data: Path, downloads: Path) -> None:
    """Patches of categories within the same ragged circle."""
    plain = data / "lc8k_plain.tif"
    cells = categories(fractal(CELLS, 2.6, 11) * 0.8 + fractal(CELLS, 2.0, 12) * 0.35)
    cells[outside()] = 0
    write_raster(plain, cells, nodata=0, compress="lzw")
    write_cog(plain, subject.path(data), "nearest")


def make_small_cover(subject: BenchSet, data: Path, downloads: Path) -> None:
    """Patches of categories, as strips."""
    write_raster(subject.path(data), categories(fractal(SMALL_CELLS[subject.name], 2.2, 31)), nodata=0, compress="lzw")


def make_small_heights(subject: BenchSet, data: Path, downloads: Path) -> None:
    """Made-up heights, as strips."""
    write_raster(subject.path(data), fractal(SMALL_CELLS[subject.name], 2.6, 32) * 700 + 1800, nodata=NO_HEIGHT)


def make_big(subject: BenchSet, data: Path, downloads: Path) -> None:
    """Two and a half thousand million cells of categories in Albers, written strip by strip."""
    coarse, fine = fractal(CELLS, 2.6, 21), fractal(4096, 2.0, 22)
    plain = data / "big50k.draft"
    where = rasterio.Affine(CELL_M, 0, BIG_ORIGIN[0], 0, -CELL_M, BIG_ORIGIN[1])
    tiles = {"tiled": True, "blockxsize": 512, "blockysize": 512, "BIGTIFF": "YES", "compress": "lzw", "NUM_THREADS": 2}
    profile = utm_profile(dtype="uint8", nodata=0) | {"width": BIG_CELLS, "height": BIG_CELLS, "crs": "EPSG:5070", "transform": where}
    with rasterio.open(plain, "w", **profile, **tiles) as opened:
        for row in range(0, BIG_CELLS, 512):
            opened.write(big_strip(coarse, fine, row), 1, window=Window(0, row, BIG_CELLS, 512))
    write_cog(plain, subject.path(data), "nearest")
    plain.unlink()


def big_strip(coarse: Floats, fine: Floats, row: int) -> NDArray[np.uint8]:
    """512 rows of the big raster: wide patches, with detail that repeats."""
    rows, cols = np.arange(row, row + 512), np.arange(BIG_CELLS)
    patches = coarse[rows * CELLS // BIG_CELLS][:, cols * CELLS // BIG_CELLS]
    return categories(patches * 0.85 + fine[rows % len(fine)][:, cols % len(fine)] * 0.3)


def categories(field: Floats) -> NDArray[np.uint8]:
    """Land cover along a field that is about normal."""
    codes = np.array(list(LAND_COVER), dtype=np.uint8)
    return codes[np.clip(field * 2.2 + len(codes) / 2, 0, len(codes) - 1).astype(np.uint8)]


def fractal(side: int, roughness: float, seed: int) -> Floats:
    """A field of mean 0 and deviation 1 whose power falls with the frequency to the power of `roughness`."""
    spectrum = np.fft.rfft2(np.random.default_rng(seed).standard_normal((side, side), dtype=np.float32))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    frequency[0, 0] = np.inf
    field = np.fft.irfft2(spectrum * frequency ** (-roughness / 2), s=(side, side))
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


# --- packages --------------------------------------------------------------------------------------------------------


def member(downloads: Path, archive: str, name: str) -> bytes:
    """A file out of a downloaded archive.  Raises FileNotFoundError when it is missing."""
    with tarfile.open(newest(downloads, archive)) as opened:
        found = opened.extractfile(name)
        if found is None:
            raise FileNotFoundError(name)
        return found.read()


def newest(downloads: Path, pattern: str) -> Path:
    """The last file of that pattern.  Raises FileNotFoundError."""
    found = sorted(downloads.glob(pattern))
    if not found:
        raise FileNotFoundError(f"no {pattern} in {downloads}: make bench-peers fetches it")
    return found[-1]


MAKERS: dict[str, Callable[[BenchSet, Path, Path], None]] = {
    "counties": make_counties,
    "lands": make_lands,
    **dict.fromkeys(HEXES_A_SIDE, make_hexes),
    **dict.fromkeys(POINTS, make_points),
    "dem8k_cog": make_heights,
    "dem8k_plain": make_heights,
    "lc8k_cog": make_land_cover,
    "big50k_cog": make_big,
    **{subject.name: make_parcels for subject in GROWING},
    "cover1k": make_small_cover,
    "cover4k": make_small_cover,
    "ramp4k": make_small_heights,
}
