"""wholeness: datasets that were cut short are refused, whole ones of every make are not."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.errors import SourceUnreadable
from rendermap.render.wholeness import check_whole
from tests.builders.rasters import BY_NAME, write_raster
from tests.builders.vectors import write_features
from tests.builders.views import look

LINES: list[shapely.Geometry] = [shapely.LineString([(i, 0), (i + 1, 5)]) for i in range(50)]


@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
def test_shapefile_cut_short_is_half_written(part: str, tmp_path: Path) -> None:
    """A shapefile of which any part is shorter than its own header says is refused in true words."""
    file = write_features(tmp_path, LINES, {"size": list(range(50))}, driver="ESRI Shapefile").source.path
    assert look(file).bbox
    cut = file.with_suffix(part)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 7 // 10])
    with pytest.raises(SourceUnreadable, match="half written"):
        look(file)


def test_shapefile_whose_index_reaches_beyond_it_is_half_written(tmp_path: Path) -> None:
    """Also when the header was not yet brought up to date."""
    file = write_features(tmp_path, LINES, driver="ESRI Shapefile").source.path
    content = bytearray(file.read_bytes()[:-100])
    content[24:28] = struct.pack(">I", len(content) // 2)
    file.write_bytes(content)
    with pytest.raises(SourceUnreadable, match="half written"):
        look(file)


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_geopackage_cut_short_is_half_written(share: float, tmp_path: Path) -> None:
    """Its layers may well be there: it is not said that they do not exist."""
    file = write_features(tmp_path, LINES, {"size": list(range(50))}, driver="GPKG").source.path
    assert look(file, "features").bbox
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.raises(SourceUnreadable, match="half written"):
        look(file, "features")


def test_geopackage_that_lies_about_nothing_is_drawn(tmp_path: Path) -> None:
    """A count of pages from before the last change says nothing."""
    file = write_features(tmp_path, LINES, driver="GPKG").source.path
    content = bytearray(file.read_bytes())
    content[28:32], content[92:96] = struct.pack(">I", 1 << 20), bytes(4)
    file.write_bytes(content)
    check_whole(file, "gpkg")


def test_netcdf_cut_short_is_half_written(tmp_path: Path) -> None:
    """A classic netCDF file is refused at 70 % and inside its header, and drawn when whole."""
    file = write_raster(tmp_path, BY_NAME["netcdf"])
    assert file.read_bytes()[:3] == b"CDF"
    whole = file.read_bytes()
    assert look(file).bbox
    for size in (len(whole) * 7 // 10, 60):
        file.write_bytes(whole[:size])
        with pytest.raises(SourceUnreadable, match="half written"):
            look(file)


def test_netcdf_with_records(tmp_path: Path) -> None:
    """Records are counted with their padding, of which a lone record variable has none; the very end may lack it."""
    file = tmp_path / "series.nc"
    for variables, records in (((3,), 5), ((3, 2), 5)):
        whole = _record_file(variables, records)
        file.write_bytes(whole)
        check_whole(file, "netcdf")
        file.write_bytes(whole[:-4])
        with pytest.raises(SourceUnreadable, match="half written"):
            check_whole(file, "netcdf")


def _record_file(widths: tuple[int, ...], records: int) -> bytes:
    """A classic file with a record dimension and one variable of shorts per width."""

    def name(text: str) -> bytes:
        return struct.pack(">I", len(text)) + text.encode().ljust(-(-len(text) // 4) * 4, b"\0")

    dimensions = name("time") + struct.pack(">I", 0) + b"".join(name(f"d{w}") + struct.pack(">I", w) for w in widths)
    head = b"CDF\1" + struct.pack(">III", records, 10, 1 + len(widths)) + dimensions + bytes(8) + struct.pack(">II", 11, len(widths))
    entry = len(name("v0")) + 4 + 8 + 8 + 4 + 4 + 4
    begin = len(head) + entry * len(widths)
    steps = [w * 2 if len(widths) == 1 else -(-w * 2 // 4) * 4 for w in widths]
    for number, step in enumerate(steps):
        head += (
            name(f"v{number}")
            + struct.pack(">III", 2, 0, number + 1)
            + bytes(8)
            + struct.pack(">III", 3, step, begin + sum(steps[:number]))
        )
    return head + np.zeros(records * sum(steps), np.uint8).tobytes()
