"""The demo's features: geometries and columns written as feature classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from rendermap.demo.terrain import CRS

Objects = NDArray[Any]
DRIVERS = {".gdb": "OpenFileGDB", ".gpkg": "GPKG", ".fgb": "FlatGeobuf"}


def write_features(path: Path, name: str, kind: str, geometries: Sequence[BaseGeometry] | Objects, columns: Mapping[str, Objects]) -> None:
    """Write a feature class; a container that is there already gets one more.

    path: ends in ``.gdb``, ``.gpkg`` or ``.fgb``.  kind: ``Point``, ``LineString``, ``MultiLineString``, ``Polygon`` or
    ``MultiPolygon``.  columns: field name -> one value per geometry.
    """
    driver = DRIVERS[path.suffix]
    if kind.startswith("Multi"):
        geometries = [as_multi(shapely.get_parts(geometry).tolist()) for geometry in geometries]
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.asarray(geometries, dtype=object)),
        list(columns.values()),
        list(columns),
        layer=name,
        driver=driver,
        geometry_type=kind,
        crs=CRS,
        append=False,
    )


def as_multi(parts: Sequence[Any]) -> BaseGeometry:
    """Lines or polygons as one geometry."""
    kind = shapely.MultiLineString if parts[0].geom_type == "LineString" else shapely.MultiPolygon
    return kind(parts)


def points_at(x: NDArray[np.float64], y: NDArray[np.float64]) -> Objects:
    """One point for each easting and northing."""
    return np.asarray(shapely.points(x, y), dtype=object)
