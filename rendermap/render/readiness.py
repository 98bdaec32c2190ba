"""What the first picture of a program or of a thread would wait for, done before anybody asks.

Mapnik, rasterio, pyogrio and pyproj each open PROJ's database once for every thread, and look up there what a CRS is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from io import BytesIO

import rendermap.render.engine  # noqa: F401  mapnik's environment must be put in order before rasterio reads it

# isort: split
import numpy as np
import PIL.ImageFile  # noqa: F401  Pillow brings it up when the first picture is laid on another
import pyogrio
import pyogrio.raw
import pyproj
import rasterio
import shapely
from rasterio.io import MemoryFile

from rendermap.geo.crs import WEB_MERCATOR, WGS84, transformer
from rendermap.render.crs_name import canonical_crs
from rendermap.render.engine import mapnik

_ZONE = "EPSG:32631"
"""Projected data are mostly in a zone like it."""
_SIDE_CELLS = 16


@dataclass(frozen=True, slots=True)
class Samples:
    """A dataset of each kind, in memory."""

    raster: bytes
    vectors: bytes


@cache
def samples() -> Samples:
    """Made once for all threads; where a program forks, before."""
    with MemoryFile() as file:
        with file.open("GTiff", _SIDE_CELLS, _SIDE_CELLS, 1, _ZONE, rasterio.Affine(1, 0, _SIDE_CELLS, 0, -1, _SIDE_CELLS), "uint8"):
            pass
        raster = file.read()
    vectors, point = BytesIO(), np.array([shapely.to_wkb(shapely.Point(0, 0))], object)
    pyogrio.raw.write(vectors, point, [], [], geometry_type="Point", crs=_ZONE, driver="FlatGeobuf")
    return Samples(raster, vectors.getvalue())


def warm_up_program() -> None:
    """Drivers are registered, the usual CRSs looked up, and what is loaded late is loaded."""
    samples()
    transformer(WGS84, WEB_MERCATOR), transformer(WEB_MERCATOR, WGS84)
    warm_up_thread()


def warm_up_thread() -> None:
    """Each library has opened what it keeps for a thread."""
    with MemoryFile(samples().raster) as file, file.open() as dataset:
        canonical_crs(dataset.crs.to_wkt())
    pyogrio.read_info(samples().vectors)
    pyproj.Transformer.from_crs(_ZONE, WEB_MERCATOR, always_xy=True)
    mapnik.ProjTransform(mapnik.Projection(_ZONE.lower()), mapnik.Projection(WEB_MERCATOR.lower()))
