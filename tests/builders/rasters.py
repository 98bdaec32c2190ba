"""Rasters of every kind a job may leave, small, written by rasterio or by hand."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import rendermap.render.engine  # noqa: F401  before rasterio

# isort: split
import rasterio
from affine import Affine
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.shutil import copy

WIDTH, HEIGHT = 96, 64
TRANSFORM = Affine(30, 0, 500000, 0, -30, 4200000)
CRS = "EPSG:32611"


@dataclass(frozen=True)
class Kind:
    """One kind of raster: how it is written.  options: creation options.  hidden: the upper left quarter is no data."""

    name: str
    suffix: str = ".tif"
    driver: str = "GTiff"
    dtype: str = "uint8"
    bands: int = 1
    options: dict[str, object] = field(default_factory=dict)
    hidden: str = ""
    largest: int = 200
    tolerance: float = 0.0


def _tiff(name: str, dtype: str = "uint8", **rest: object) -> Kind:
    return Kind(name, dtype=dtype, **rest)  # type: ignore[arg-type]


KINDS: tuple[Kind, ...] = (
    _tiff("bit1", options={"nbits": 1}, largest=1),
    _tiff("bit4", options={"nbits": 4}, largest=15),
    *(_tiff(dtype, dtype) for dtype in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")),
    _tiff("uint64", "uint64"),
    _tiff("int64", "int64"),
    *(
        _tiff(f"{codec}_f32", "float32", options={"compress": codec})
        for codec in ("deflate", "lzw", "zstd", "lerc", "lerc_deflate", "packbits")
    ),
    *(_tiff(f"{codec}_u8", options={"compress": codec}) for codec in ("deflate", "lzw", "zstd", "lerc", "packbits", "lzma")),
    _tiff(
        "deflate_predictor3", "float32", options={"compress": "deflate", "predictor": 3, "tiled": True, "blockxsize": 32, "blockysize": 32}
    ),
    _tiff("webp", bands=3, options={"compress": "webp", "webp_lossless": True, "interleave": "pixel"}),
    _tiff("jpeg_gray", options={"compress": "jpeg", "jpeg_quality": 98}, tolerance=6),
    _tiff(
        "jpeg_rgb", bands=3, options={"compress": "jpeg", "jpeg_quality": 98, "photometric": "ycbcr", "interleave": "pixel"}, tolerance=12
    ),
    _tiff("paletted", options={"photometric": "palette"}, largest=5),
    _tiff("rgb", bands=3, options={"photometric": "rgb"}),
    _tiff("rgba", bands=4, options={"photometric": "rgb", "alpha": "yes"}, hidden="alpha"),
    _tiff("nodata_u8", hidden="nodata"),
    _tiff("nodata_i16", "int16", hidden="nodata"),
    _tiff("nodata_f32", "float32", hidden="nodata"),
    _tiff("nan_f32", "float32", hidden="nan"),
    _tiff("mask", hidden="mask"),
    _tiff("mask_f32_deflate", "float32", hidden="mask", options={"compress": "deflate"}),
    _tiff("big_endian", "int16", options={"endianness": "big"}),
    _tiff("bigtiff", "int16", options={"bigtiff": "yes"}),
    Kind(
        "cog",
        driver="COG",
        dtype="int16",
        options={"compress": "deflate", "blocksize": 64, "overview_resampling": "nearest"},
        hidden="nodata",
    ),
    Kind("erdas", ".img", "HFA", "float32", hidden="nodata"),
    Kind("erdas_compressed", ".img", "HFA", "int16", options={"compressed": "yes"}),
    Kind("ascii_grid", ".asc", "AAIGrid", "int32", hidden="nodata"),
    Kind("jpeg2000", ".jp2", "JP2OpenJPEG", "uint8", options={"quality": 100, "reversible": "yes"}),
    Kind("netcdf", ".nc", "netCDF", "float32", hidden="nodata"),
    Kind("envi", ".dat", "ENVI", "int16", hidden="nodata"),
    Kind("nitf", ".ntf", "NITF", "uint8", options={"icords": "N"}),
    Kind("gpkg_raster", ".gpkg", "GPKG", "uint8", bands=3, options={"tile_format": "png"}),
)
BY_NAME = {kind.name: kind for kind in KINDS}


def values_of(kind: Kind) -> np.ndarray:
    """The numbers every raster holds, (bands, height, width): stripes 8 cells wide and high, from 1 to the kind's largest."""
    rows, cols = np.mgrid[0:HEIGHT, 0:WIDTH]
    steps = (cols // 8 + 3 * (rows // 8)) % 10
    largest = min(kind.largest, 100) if kind.dtype == "int8" else kind.largest
    base = np.rint(steps * (largest / 9)).astype(np.int64)
    data = np.stack([np.roll(base, 8 * band, axis=1) for band in range(kind.bands)]).astype(kind.dtype)
    if kind.hidden == "alpha":
        data[-1] = np.where(hidden_cells(), 0, 255)
    return data


def hidden_cells() -> np.ndarray:
    """True where a kind with hidden cells has no data: the upper left quarter."""
    hidden = np.zeros((HEIGHT, WIDTH), np.bool_)
    hidden[: HEIGHT // 2, : WIDTH // 2] = True
    return hidden


def palette(largest: int = 5) -> dict[int, tuple[int, int, int, int]]:
    """Colours of the paletted kind."""
    return {value: (40 * value, 255 - 40 * value, 17 * value, 255) for value in range(largest + 1)}


def write_raster(folder: Path, kind: Kind, *, transform: Affine = TRANSFORM, crs: str | None = CRS) -> Path:
    """A raster of a kind in a folder; its path.  Stripes as `values_of` tells."""
    data = values_of(kind)
    nodata: float | None = None
    if kind.hidden in ("nodata", "nan"):
        nodata = {"uint8": 255, "nan": float("nan")}.get(kind.dtype if kind.hidden == "nodata" else "nan", -9999)
        data[:, hidden_cells()] = nodata
    path = folder / (kind.name + kind.suffix)
    write_array(path, data, kind, transform=transform, crs=crs, nodata=nodata)
    return path


def write_array(
    path: Path,
    data: np.ndarray,
    kind: Kind | None = None,
    *,
    transform: Affine = TRANSFORM,
    crs: str | None = CRS,
    nodata: float | None = None,
) -> Path:
    """An array (bands, height, width) as a raster of a kind, through memory where the driver can only copy."""
    kind = kind or Kind("plain", dtype=str(data.dtype), bands=len(data))
    plain = {"driver": "GTiff", "width": data.shape[2], "height": data.shape[1], "count": len(data), "dtype": data.dtype, "nodata": nodata}
    options = kind.options if kind.driver == "GTiff" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, GDAL_PAM_ENABLED=False):
            if kind.driver == "GTiff":
                _fill(path, data, kind, {**plain, **options, "crs": crs, "transform": transform})
            else:
                with MemoryFile() as memory:
                    _fill(memory.name, data, kind, {**plain, "crs": crs, "transform": transform})
                    copy(memory.name, str(path), driver=kind.driver, **kind.options)
    return path


def _fill(target: object, data: np.ndarray, kind: Kind, profile: dict[str, object]) -> None:
    with rasterio.open(target, "w", **profile) as out:
        out.write(data)
        if kind.name == "paletted":
            out.write_colormap(1, palette())
        if kind.hidden == "mask":
            out.write_mask(~hidden_cells())


def add_overviews(path: Path, factors: tuple[int, ...] = (2, 4, 8), resampling: Resampling = Resampling.nearest) -> None:
    """Overviews inside the file."""
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews(list(factors), resampling)


def write_esri_grid(folder: Path, data: np.ndarray, cell: float = 30.0, xmin: float = 500000.0, ymax: float = 4200000.0) -> Path:
    """An Esri binary grid of small whole numbers, one tile, uncompressed ("raw 8 bit" blocks); the grid's folder."""
    height, width = data.shape
    folder.mkdir()
    header = bytearray(308)
    header[0:8] = b"GRID1.2\0"
    struct.pack_into(">i", header, 16, 1)
    struct.pack_into(">dd", header, 256, cell, cell)
    struct.pack_into(">iiiii", header, 288, 1, 1, width, 1, height)
    (folder / "hdr.adf").write_bytes(bytes(header))
    (folder / "dblbnd.adf").write_bytes(struct.pack(">4d", xmin, ymax - height * cell, xmin + width * cell, ymax))
    (folder / "sta.adf").write_bytes(struct.pack(">4d", data.min(), data.max(), data.mean(), data.std()))
    body = struct.pack(">HBB", (3 + data.size + 1) // 2, 0x08, 1) + b"\0" + data.astype(">u1").tobytes()
    body += b"\0" * (len(body) % 2)
    size_words = (100 + len(body)) // 2
    index = bytearray(100) + struct.pack(">ii", 50, (len(body) - 2) // 2)
    index[0:8] = b"\0\0\x27\x0a\xff\xff\xfc\x14"
    struct.pack_into(">i", index, 24, len(index) // 2)
    tile = bytearray(100)
    tile[0:8] = b"\0\0\x27\x0a\xff\xff\xfc\x14"
    struct.pack_into(">i", tile, 24, size_words)
    (folder / "w001001x.adf").write_bytes(bytes(index))
    (folder / "w001001.adf").write_bytes(bytes(tile) + body)
    return folder
