"""Datasets that reach for what is not theirs, or are far larger than they look."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import h5py
import numpy as np
import shapely

from tests.builders.rasters import CRS, Kind, write_array
from tests.builders.vectors import write_features

SIDE = 64
WAYS = ("external", "virtual", "link")
POINTS: list[shapely.Geometry] = [shapely.Point(500000 + i, 5400000 + i) for i in range(3)]


def secret_cells() -> np.ndarray:
    """What another job's raster holds."""
    return np.arange(SIDE * SIDE, dtype="<f4").reshape(SIDE, SIDE)


def write_netcdf(path: Path, way: str | None = None, other: Path | None = None) -> Path:
    """A netCDF-4 file of one variable, whose cells lie in other: as raw bytes, as a virtual dataset, or behind a link; else in it.

    other: raw cells for ``external``, a netCDF-4 file for the rest.
    """
    with h5py.File(path, "w") as file:
        if way == "link":
            file["depth"] = h5py.ExternalLink(str(other), "/depth")
            return path
        for name, values in (("y", np.arange(SIDE)[::-1] * 10.0 + 4200000), ("x", np.arange(SIDE) * 10.0 + 500000)):
            axis = file.create_dataset(name, data=values)
            axis.make_scale(name)
            axis.attrs["units"] = "m"
            axis.attrs["standard_name"] = f"projection_{name}_coordinate"
        depth = _variable(file, way, other)
        depth.dims[0].attach_scale(file["y"])
        depth.dims[1].attach_scale(file["x"])
    return path


def _variable(file: h5py.File, way: str | None, other: Path | None) -> h5py.Dataset:
    shape = (SIDE, SIDE)
    if way == "external":
        return file.create_dataset("depth", shape=shape, dtype="<f4", external=[(str(other), 0, SIDE * SIDE * 4)])
    if way == "virtual":
        layout = h5py.VirtualLayout(shape=shape, dtype="<f4")
        layout[:] = h5py.VirtualSource(str(other), "depth", shape=shape)
        return file.create_virtual_dataset("depth", layout)
    return file.create_dataset("depth", data=secret_cells())


def write_spilled(path: Path, spill: str) -> Path:
    """An Erdas Imagine file of which the cells lie in another file.  spill: its name, as long as the file's own would be."""
    write_array(path, np.full((1, SIDE, SIDE), 7, np.uint8), Kind("spilled", ".img", "HFA", options={"use_spill": "yes"}))
    own = path.with_suffix(".ige").name.encode()
    assert len(own) == len(spill) and path.read_bytes().count(own) == 1
    path.write_bytes(path.read_bytes().replace(own, spill.encode()))
    return path


def write_geopackage(path: Path, statements: Iterable[str]) -> Path:
    """A GeoPackage of points with one more table of features, ``evil``, which the statements make."""
    write_features(path.parent, POINTS, {"size": [1, 2, 3]}, driver="GPKG", name=path.stem)
    known = f"FROM gpkg_geometry_columns WHERE table_name = '{path.stem}'"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            database.execute(statement)
        database.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('evil', 'features', 'evil', 25832)")
        database.execute(f"INSERT INTO gpkg_geometry_columns SELECT 'evil', column_name, geometry_type_name, srs_id, z, m {known}")
        database.commit()
    return path


def write_raster_at(path: Path, value: int = 7) -> Path:
    """A small raster of one value."""
    return write_array(path, np.full((1, SIDE, SIDE), value, np.uint8), crs=CRS)
