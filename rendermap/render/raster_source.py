"""Rasters opened for reading: the only importer of rasterio, where a raster's cells lie, and the datasets kept warm."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

import rendermap.render.engine  # noqa: F401  mapnik's environment must be put in order before rasterio reads it

# isort: split
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp, Interleaving, Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader as Dataset
from rasterio.io import DatasetWriter
from rasterio.shutil import copy
from rasterio.transform import from_gcps
from rasterio.windows import Window

from rendermap.errors import SourceRefused, SourceUnreadable
from rendermap.render.crs_name import canonical_crs
from rendermap.render.seals import Reader

__all__ = [
    "Affine",
    "ColorInterp",
    "Dataset",
    "Georeference",
    "Interleaving",
    "Resampling",
    "Window",
    "add_overviews",
    "carry",
    "check_files",
    "copy_tiff",
    "create_tiff",
    "georeference",
    "open_raster",
    "reading",
]

TILE_CELLS = 256
"""Along a side of the tiles of a copy: of larger ones a picture would read much that it does not show."""
_TILES: Mapping[str, Any] = MappingProxyType({"tiled": True, "blockxsize": TILE_CELLS, "blockysize": TILE_CELLS, "bigtiff": "IF_SAFER"})
_GCP_TOLERANCE_PX = 0.5


@dataclass(frozen=True, slots=True)
class Georeference:
    """Where the cells lie.  transform: (column, row), counted from the outer corner of the first cell, -> (x, y) easting first."""

    transform: Affine
    crs: str | None
    note: str | None = None


def carry(transform: Affine, x: float, y: float) -> tuple[float, float]:
    """A place carried through an affine transform."""
    return transform.a * x + transform.b * y + transform.c, transform.d * x + transform.e * y + transform.f


def open_raster(open_name: str, driver: str, opener: Callable[..., Reader] | None = None, **options: str) -> Dataset:
    """The dataset, opened read-only by one driver and no other.  opener: gives its bytes.  Raises SourceUnreadable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            return rasterio.open(open_name, driver=driver, opener=opener, **options)
        except (RasterioError, ValueError, OSError) as error:
            raise SourceUnreadable(reason=f"{open_name} by {driver}: {error}") from error


@contextmanager
def create_tiff(file: Path, **profile: Any) -> Iterator[DatasetWriter]:
    """A GeoTIFF in square tiles, uncompressed, to be filled; its mask lies within.  profile: as rasterio has it."""
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(file, "w", driver="GTiff", **_TILES, **profile) as dataset:
            yield dataset


def copy_tiff(source: Dataset, file: Path) -> None:
    """A raster with all its levels as an uncompressed GeoTIFF; made block by block."""
    with rasterio.Env(GDAL_TIFF_OVR_BLOCKSIZE=TILE_CELLS), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        copy(source, file, driver="GTiff", copy_src_overviews=True, compress="none", **_TILES)


def add_overviews(file: Path, factors: list[int], resampling: Resampling) -> None:
    """Levels of less detail within a GeoTIFF; made block by block."""
    with rasterio.Env(GDAL_TIFF_OVR_BLOCKSIZE=TILE_CELLS), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(file, "r+") as dataset:
            dataset.build_overviews(factors, resampling)


@contextmanager
def reading(open_name: str) -> Iterator[None]:
    """Turns the reader's own errors into SourceUnreadable."""
    try:
        yield
    except (RasterioError, ValueError, OSError) as error:
        raise SourceUnreadable(reason=f"{open_name}: {error}") from error


def check_files(dataset: Dataset, root: Path) -> None:
    """Raises SourceRefused when the dataset draws on any file outside root: an overview, mask or metadata file by link or by reference."""
    if dataset.tags(ns="OVERVIEWS").get("OVERVIEW_FILE"):
        raise SourceRefused("The dataset of this layer only refers to other data.", reason=f"{dataset.name} names another overview file")
    top = root.resolve()
    for name in dataset.files:
        path = Path(name)
        if path.exists() and not path.resolve().is_relative_to(top):
            raise SourceRefused("The dataset of this layer lies outside its job.", reason=f"{dataset.name} draws on {path}")


def georeference(dataset: Dataset) -> Georeference:
    """Where a dataset's cells lie, rotated or not.

    Raises SourceUnreadable when it is not placed on the ground at all, or only by points that no plane fits.
    """
    crs = canonical_crs(dataset.crs.to_wkt() if dataset.crs else None)
    points, points_crs = dataset.gcps
    if not dataset.transform.is_identity or (crs is not None and not points and not dataset.rpcs):
        return Georeference(_on_ground(dataset.transform, dataset), crs)
    if not points:
        raise SourceUnreadable("The raster of this layer is not georeferenced.", reason=f"{dataset.name} has no geotransform")
    transform = _on_ground(from_gcps(points), dataset)
    misfits = [np.hypot(*np.subtract(carry(~transform, point.x, point.y), (point.col, point.row))) for point in points]
    if max(misfits) > _GCP_TOLERANCE_PX:
        raise SourceUnreadable(
            "The raster of this layer is georeferenced by control points only.", reason=f"{dataset.name}: {max(misfits):.1f} px off"
        )
    return Georeference(transform, canonical_crs(points_crs.to_wkt() if points_crs else None), "placed by control points")


def _on_ground(transform: Affine, dataset: Dataset) -> Affine:
    """The transform; raises SourceUnreadable where cells have no size, or their corners no numbers."""
    reach = [carry(transform, *corner) for corner in ((0, 0), (dataset.width, 0), (0, dataset.height), (dataset.width, dataset.height))]
    if not np.isfinite(reach).all() or not np.isfinite(transform.determinant) or transform.is_degenerate:
        raise SourceUnreadable("The raster of this layer is not georeferenced.", reason=f"{dataset.name}: {tuple(transform)[:6]}")
    return transform
