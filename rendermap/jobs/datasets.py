"""Which names on disk are datasets, and which contents are only pointers to other files."""

from __future__ import annotations

import os
import re
import stat
from functools import lru_cache
from pathlib import Path

from rendermap.errors import SourceRefused
from rendermap.jobs.fingerprint import Listing
from rendermap.limits import SIDECAR_BYTES

GUESSED_SUFFIXES = (
    ".tif", ".tiff", ".shp", ".gpkg", ".fgb", ".geojson", ".img", ".asc", ".jp2", ".j2k", ".nc", ".nc4",
    ".ntf", ".nitf", ".csv", ".dat", ".bil", ".bip", ".bsq", ".flt", ".sqlite",
    ".dbf",
)  # fmt: skip
"""What a tool may have added to a name that was given without one, likeliest first."""

SUFFIXES = frozenset((*GUESSED_SUFFIXES, ".json", ".db", ".gdb", ".adf"))
CONTAINER_SUFFIXES = frozenset((".gpkg", ".sqlite", ".db", ".nc", ".nc4"))
SQLITE_SUFFIXES = frozenset((".gpkg", ".sqlite", ".db"))
UNFINISHED_SUFFIXES = frozenset((".tmp", ".part", ".partial", ".lock", ".crdownload", ".filepart"))
POINTER_SUFFIXES = frozenset((".vrt", ".gti", ".ovf", ".sde", ".lyr", ".lyrx", ".mapx", ".url", ".lnk", ".wms", ".wcs", ".xml"))

_HEAD_BYTES = 4096
_POINTERS = (
    b"<vrtdataset", b"<ogrvrt", b"<gdaltileindexdataset", b"<gdal_wms", b"<gdal_wmts", b"<wms_", b"<wcs_", b"<wmtsdataset",
    b"<service name=", b"\"stac_version\"",
)  # fmt: skip
_XML_POINTERS = (*_POINTERS, b"<!doctype", b"<!entity", b"sourcefilename", b"overview_file", b'<mdi key="mask_file', b"/vsi")
_READ_LOCKS = (".sr.lock", ".rd.lock")
_WRITE_LOCKS = (".wr.lock", ".ed.lock", ".sw.lock")
_GEOJSON = re.compile(rb'"type"\s*:\s*"(Feature|FeatureCollection|GeometryCollection|(Multi)?(Point|LineString|Polygon))"')
_HOT_JOURNAL = bytes.fromhex("d9d505f920a163d7")


def suffix_of(name: str) -> str:
    """The last suffix in lower case, with its dot."""
    return Path(name).suffix.lower()


def is_grid(listing: Listing) -> bool:
    """True for the contents of an Esri binary grid's folder."""
    return any(name.lower() == "hdr.adf" for name in listing)


def is_geodatabase(name: str, status: os.stat_result) -> bool:
    """True for a file geodatabase's folder."""
    return stat.S_ISDIR(status.st_mode) and suffix_of(name) == ".gdb"


def is_dataset_file(name: str, listing: Listing) -> bool:
    """True for a name with a suffix that is drawn, and for a bare ENVI file beside its header."""
    suffix = suffix_of(name)
    if suffix in SUFFIXES and suffix != ".gdb":
        return True
    return suffix not in UNFINISHED_SUFFIXES | POINTER_SUFFIXES | {".hdr"} and f"{name.casefold()}.hdr" in {n.casefold() for n in listing}


@lru_cache(maxsize=4096)
def is_pointer(path: Path, fingerprint: str) -> bool:
    """True when a file's content sends its reader to other files: a VRT under any name, an .aux.xml with a source.

    fingerprint: the version that is judged; the answer is kept for it.  Raises SourceRefused for an .aux.xml too large to be judged.
    """
    del fingerprint
    name = path.name.lower()
    if name.endswith(".xml") and not name.endswith(".aux.xml"):
        return False  # ArcGIS metadata beside a dataset: no reader follows it, and it names its DTD
    if name.endswith(".xml"):
        content = read_start(path, SIDECAR_BYTES.value + 1).lower()
        if len(content) > SIDECAR_BYTES.value:
            raise SourceRefused(SIDECAR_BYTES.sentence, reason=f"{path}: {SIDECAR_BYTES.sentence}")
        return any(mark in content for mark in _XML_POINTERS)
    content = read_start(path, _HEAD_BYTES).lower()
    return any(mark in content for mark in _POINTERS)


def is_read_lock(name: str) -> bool:
    """True for the lock of one who only reads a geodatabase, as ArcGIS names it: ``_gdb.HOST.1234.5678.sr.lock``."""
    return name.lower().endswith(_READ_LOCKS)


def is_write_lock(name: str) -> bool:
    """True for the lock of one who writes to a geodatabase, as ArcGIS names it."""
    return name.lower().endswith(_WRITE_LOCKS)


def is_geojson(path: Path) -> bool:
    """True when a file that is named like any JSON begins as GeoJSON does (RFC 7946)."""
    start = read_start(path, _HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"{") and _GEOJSON.search(start) is not None


def is_hot_journal(path: Path) -> bool:
    """True when SQLite has still to roll a transaction back."""
    return read_start(path, len(_HOT_JOURNAL)) == _HOT_JOURNAL


def read_start(path: Path, size: int) -> bytes:
    """The first bytes of a regular file; none when it is a link, special or unreadable."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read(size) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""
    except OSError:
        return b""
