"""The table of data formats: what a job's dataset may be, told by its content, and the one driver that may open it.

No driver is ever left to guess: a dataset whose content no row knows is not opened at all, so that drivers which follow references
(VRT, WMS, STAC and their kin) or fetch from the network never see it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rendermap.errors import SourceRefused, SourceUnreadable
from rendermap.table import Table

_HEAD_BYTES = 4096
_DBASE = (b"\x03", b"\x30", b"\x83", b"\xf5")
"""First bytes of dBASE III, Visual FoxPro, dBASE III and FoxPro 2 with memos."""
Kind = Literal["vector", "raster", "both", "table"]


@dataclass(frozen=True, slots=True)
class DataFormat:
    """One format.

    driver: GDAL's name of it.  kind: what it may hold.  is_it: told from the path and the first bytes of the file (empty for a folder).
    vertex_bytes: the fewest that a vertex takes.
    """

    name: str
    title: str
    driver: str
    kind: Kind
    is_it: Callable[[Path, bytes], bool]
    vertex_bytes: int = 16


def _starts(*signatures: bytes) -> Callable[[Path, bytes], bool]:
    return lambda _path, head: head.startswith(signatures)


def _is_geodatabase(path: Path, _head: bytes) -> bool:
    return (path / "a00000001.gdbtable").is_file()


def _is_esri_grid(path: Path, _head: bytes) -> bool:
    return (path / "hdr.adf").is_file() or (path.suffix.lower() == ".adf" and (path.parent / "hdr.adf").is_file())


def _is_geopackage(path: Path, head: bytes) -> bool:
    return head.startswith(b"SQLite format 3\0") and (path.suffix.lower() == ".gpkg" or head[68:72] in (b"GPKG", b"GP10", b"GP11"))


def _is_shapefile(path: Path, head: bytes) -> bool:
    return path.suffix.lower() == ".shp" and head.startswith(b"\0\0\x27\x0a")


def _is_dbase(path: Path, head: bytes) -> bool:
    return path.suffix.lower() == ".dbf" and head[:1] in _DBASE


def _is_geojson(_path: Path, head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith(b"{") and b'"type"' in text.replace(b" ", b"")


def _is_ascii_grid(_path: Path, head: bytes) -> bool:
    return head.lstrip().lower().startswith((b"ncols", b"nrows", b"xllc", b"yllc"))


def _is_envi(path: Path, _head: bytes) -> bool:
    headers = (path.with_suffix(".hdr"), path.with_name(path.name + ".hdr"))
    return path.suffix.lower() != ".hdr" and any(_first_bytes(header, 4) == b"ENVI" for header in headers)


def _is_csv(path: Path, head: bytes) -> bool:
    return path.suffix.lower() in (".csv", ".tsv", ".txt") and b"\0" not in head


DATA_FORMATS: Table[DataFormat] = Table(
    "data format",
    {
        row.name: row
        for row in (
            DataFormat("filegdb", "Esri file geodatabase", "OpenFileGDB", "both", _is_geodatabase, vertex_bytes=2),
            DataFormat("esri_grid", "Esri binary grid", "AIG", "raster", _is_esri_grid),
            DataFormat("gpkg", "GeoPackage", "GPKG", "both", _is_geopackage),
            DataFormat("flatgeobuf", "FlatGeobuf", "FlatGeobuf", "vector", _starts(b"fgb\x03fgb")),
            DataFormat("shapefile", "Shapefile", "ESRI Shapefile", "vector", _is_shapefile),
            DataFormat("dbase", "dBASE table", "ESRI Shapefile", "table", _is_dbase),
            DataFormat("geotiff", "GeoTIFF, COG", "GTiff", "raster", _starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
            DataFormat("hfa", "Erdas Imagine", "HFA", "raster", _starts(b"EHFA_HEADER_TAG")),
            DataFormat("jpeg2000", "JPEG 2000", "JP2OpenJPEG", "raster", _starts(b"\0\0\0\x0cjP", b"\xff\x4f\xff\x51")),
            DataFormat("netcdf", "netCDF", "netCDF", "raster", _starts(b"CDF\1", b"CDF\2", b"CDF\5", b"\x89HDF\r\n\x1a\n")),
            DataFormat("nitf", "NITF", "NITF", "raster", _starts(b"NITF0", b"NSIF0")),
            DataFormat("envi", "ENVI", "ENVI", "raster", _is_envi),
            DataFormat("ascii_grid", "Esri ASCII grid", "AAIGrid", "raster", _is_ascii_grid),
            DataFormat("geojson", "GeoJSON", "GeoJSON", "vector", _is_geojson, vertex_bytes=6),
            DataFormat("csv", "CSV with coordinates", "CSV", "vector", _is_csv, vertex_bytes=4),
        )
    },
)

_REFERENCES = (b"<VRTDataset", b"<OGRVRTDataSource", b"<GDAL_WMS", b"<WMS_Capabilities", b"<GDALTileIndexDataset", b"<OGRWFSDataSource")


def recognise(path: Path) -> DataFormat:
    """The format of a dataset on disk, told by its content.

    Raises SourceRefused for a file that only points at other data, SourceUnreadable when it is missing or of no format in the table.
    """
    if not path.exists():
        raise SourceUnreadable("The dataset of this layer does not exist.", reason=f"{path} does not exist")
    head = b"" if path.is_dir() else _first_bytes(path, _HEAD_BYTES)
    if any(mark in head for mark in _REFERENCES):
        raise SourceRefused("The dataset of this layer only refers to other data.", reason=f"{path} is a virtual dataset")
    if head.startswith(b"PK\x03\x04"):
        raise SourceUnreadable("The dataset of this layer is packed in an archive.", reason=f"{path} is a zip file")
    for row in DATA_FORMATS:
        if row.is_it(path, head):
            return row
    raise SourceUnreadable("The dataset of this layer is of a format that is not read.", reason=f"{path}: first bytes {head[:16]!r}")


def _first_bytes(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(count)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise SourceUnreadable(reason=f"{path}: {error}") from error
