"""Coordinate reference systems by name, and boxes carried from one to another.

Inside rendermap easting comes first whatever a CRS definition says; `is_northing_first` is for the doors that must swap.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

import numpy as np
import pyproj
from pyproj.enums import WktVersion
from pyproj.network import set_network_enabled  # type: ignore[attr-defined]

from rendermap.errors import InvalidCrs
from rendermap.geo.bbox import BBox, moved
from rendermap.limits import CRS_CHARS

# A grid that is not installed is never fetched: no address in a CRS definition may make this process ask the network.
set_network_enabled(False)

WEB_MERCATOR = "EPSG:3857"
WGS84 = "EPSG:4326"

TURNED = 'DERIVEDPROJCRS["turned",'
"""How the names of systems begin that `geo.turning` makes for views; nobody may ask for one."""

_ALIASES = {102100: 3857, 102113: 3857, 900913: 3857, 3785: 3857}
_LARGEST_EPSG = 32767
_WKT_NAME = re.compile(r'^(\s*PROJ(?:CS|CRS|ECTEDCRS)\s*[\[(]\s*)"[^"]*"', re.IGNORECASE)
_NAMED_FILE = re.compile(
    r"(?:grids|file|model|catalog|init)\s*=\s*([^\s+]*)"
    r'|PARAMETERFILE\s*[\[(]\s*"(?:[^"]|"")*"\s*,\s*"([^"]*)"'
    r'|"PROJ4_GRIDS"\s*,\s*"([^"]*)"',
    re.IGNORECASE,
)
_OF_PROJ = re.compile(r"@?\w[\w.-]*")


@lru_cache(maxsize=512)
def parse_crs(text: str) -> str:
    """The canonical name of a CRS: ``EPSG:25832``, ``ESRI:54030`` or WKT where there is no code.

    text: a bare number (wkid), ``AUTHORITY:code``, an OGC URN or URI, or WKT.  PROJ strings and file names are refused.
    Raises InvalidCrs.
    """
    text = text.strip()
    if len(text) > CRS_CHARS.value:
        raise InvalidCrs(CRS_CHARS.sentence)
    if not text or _names_file(text):
        raise InvalidCrs
    if text.isdecimal():
        return _from_wkid(int(text))
    upper = text.upper()
    if upper in ("CRS:84", "OGC:CRS84", "URN:OGC:DEF:CRS:OGC:1.3:CRS84", "HTTP://WWW.OPENGIS.NET/DEF/CRS/OGC/1.3/CRS84"):
        return WGS84
    if not (upper.startswith(("EPSG:", "ESRI:", "URN:OGC:DEF:CRS:", "HTTP://WWW.OPENGIS.NET/DEF/CRS/")) or "[" in text):
        raise InvalidCrs
    if upper.startswith("EPSG:") and upper[5:].isdecimal():
        return _from_wkid(int(upper[5:]))
    try:
        crs, text = _from_wkt(text) if "[" in text else (pyproj.CRS.from_user_input(text), text)
        return _name_of(crs, text)
    except pyproj.exceptions.ProjError as error:
        raise InvalidCrs from error


def _names_file(text: str) -> bool:
    """True when a definition sends PROJ to a file that is not one of PROJ's own: whoever defines a CRS would choose what is opened."""
    values = (value for found in _NAMED_FILE.finditer(text) for value in "".join(found.groups("")).split(","))
    return not all(map(_OF_PROJ.fullmatch, values))


def _from_wkt(text: str) -> tuple[pyproj.CRS, str]:
    """What WKT says, not what its name promises: by the name alone PROJ 9.8 takes a Pseudo-Mercator about another meridian, which
    @arcgis/core sends across the antimeridian, for the ordinary one."""
    crs = pyproj.CRS.from_wkt(text)
    unnamed = _WKT_NAME.sub(r'\1"unnamed"', text, count=1)
    if not crs.is_projected or unnamed == text:
        return crs, text
    other = pyproj.CRS.from_wkt(unnamed)
    return (crs, text) if _is_same(other, crs) else (other, unnamed)


def _from_wkid(wkid: int) -> str:
    wkid = _ALIASES.get(wkid, wkid)
    for authority in ("EPSG", "ESRI") if wkid <= _LARGEST_EPSG else ("ESRI", "EPSG"):
        try:
            return _name_of(pyproj.CRS.from_authority(authority, wkid))
        except pyproj.exceptions.CRSError:
            continue
    raise InvalidCrs


def _name_of(crs: pyproj.CRS, text: str | None = None) -> str:
    if not (crs.is_projected or crs.is_geographic or crs.is_compound or crs.is_bound):
        raise InvalidCrs
    if crs.is_compound:
        crs, text = pyproj.CRS(crs.sub_crs_list[0]), None
    authority = crs.to_authority(min_confidence=100)
    if authority and authority[0] in ("EPSG", "ESRI") and _is_same(crs, pyproj.CRS.from_authority(*authority)):
        code = _ALIASES.get(int(authority[1]), authority[1]) if authority[1].isdigit() else authority[1]
        return f"{authority[0] if code == authority[1] else 'EPSG'}:{code}"
    # One that PROJ cannot carry anywhere has no map.
    pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)
    # The text as given, if it is WKT: PROJ turns a Pseudo-Mercator about another meridian, which @arcgis/core sends across the
    # antimeridian, back into the ordinary one when its own WKT2 is read again.
    return text if text and "[" in text else crs.to_wkt(WktVersion.WKT2_2019)


def _is_same(crs: pyproj.CRS, known: pyproj.CRS) -> bool:
    """True when both put the same places at the same coordinates: PROJ goes by the name and may name a system about another meridian."""
    if not crs.is_projected or crs.geodetic_crs is None or known.geodetic_crs is None:
        return True
    area = known.area_of_use
    lon, lat = ((area.west + area.east) / 2, (area.south + area.north) / 2) if area else (0.0, 0.0)
    ours = pyproj.Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True).transform(lon, lat)
    theirs = pyproj.Transformer.from_crs(known.geodetic_crs, known, always_xy=True).transform(lon, lat)
    return all(a == b or abs(a - b) < 0.01 for a, b in zip(ours, theirs, strict=True))


@lru_cache(maxsize=512)
def crs_of(name: str) -> pyproj.CRS:
    """The pyproj object of a canonical name.

    Names also come from workers, whose word is not believed: raises InvalidCrs for what is no name.
    """
    if not name.startswith(TURNED) or _names_file(name):
        parse_crs(name)
    return pyproj.CRS.from_user_input(name)


def is_geographic(name: str) -> bool:
    """True when coordinates are angles in degrees."""
    return crs_of(name).is_geographic


@lru_cache(maxsize=512)
def is_northing_first(name: str) -> bool:
    """True when the definition puts northing (latitude) first, told by PROJ's axis directions and nothing else."""
    axes = crs_of(name).axis_info
    return len(axes) >= 2 and axes[0].direction.lower() in ("north", "south") and axes[1].direction.lower() in ("east", "west")


@lru_cache(maxsize=512)
def metres_per_unit(name: str) -> float:
    """Length of one coordinate unit in metres; for degrees, at the equator of WGS84 (OGC 06-042, 7.2.4.6.9)."""
    crs = crs_of(name)
    if crs.is_geographic:
        return 6378137.0 * math.pi / 180.0
    return float(crs.axis_info[0].unit_conversion_factor) if crs.axis_info else 1.0


@lru_cache(maxsize=256)
def transformer(source: str, target: str) -> pyproj.Transformer:
    """Transformer between two canonical names, easting first on both sides."""
    return pyproj.Transformer.from_crs(crs_of(source), crs_of(target), always_xy=True)


@lru_cache(maxsize=512)
def area_of_use(name: str) -> BBox | None:
    """Where the CRS is meant to be used, in degrees WGS84, or None when unknown or across the antimeridian."""
    area = crs_of(name).area_of_use
    if area is None or area.west >= area.east or area.south >= area.north:
        return None
    return BBox(area.west, area.south, area.east, area.north)


@lru_cache(maxsize=4096)
def transform_bbox(box: BBox, source: str, target: str) -> BBox | None:
    """The box around the image of a box, from a grid of points inside and along the edges; None when nothing of it can be carried over."""
    if source == target:
        return box
    if not math.isfinite(box.width + box.height):
        return None
    xs, ys = np.meshgrid(np.linspace(box.xmin, box.xmax, 22), np.linspace(box.ymin, box.ymax, 22))
    if target == WEB_MERCATOR and is_geographic(source):
        ys = np.clip(ys, -85.06, 85.06)
    tx, ty = transformer(source, target).transform(xs.ravel(), ys.ravel())
    good = np.isfinite(tx) & np.isfinite(ty)
    if not good.any():
        return None
    return BBox(float(tx[good].min()), float(ty[good].min()), float(tx[good].max()), float(ty[good].max()))


def transform_view(box: BBox, source: str, target: str) -> BBox | None:
    """As `transform_bbox`, of what is looked at: across 180 degrees x goes on where both systems have one scale along it."""
    ours, theirs = width_of_earth(source), width_of_earth(target)
    if source == target or ours is None or theirs is None or not math.isfinite(box.width) or not box.width < ours:
        return transform_bbox(box, source, target)
    if math.floor(box.xmin / ours + 0.5) == math.ceil(box.xmax / ours + 0.5) - 1:
        return transform_bbox(box, source, target)
    x = math.remainder(box.center[0], ours)
    middle = transform_bbox(BBox(-box.width / 2, box.ymin, box.width / 2, box.ymax), source, target)
    return middle and moved(middle, x * theirs / ours)


def width_of_earth(name: str) -> float | None:
    """Of all 360 degrees, in the units of a system whose x goes evenly with longitude from Greenwich; None of others."""
    if name in (WEB_MERCATOR, "EPSG:3395"):
        return 2 * math.pi * 6378137.0
    return 360.0 if is_geographic(name) else None


@lru_cache(maxsize=512)
def to_wkid(name: str) -> int | None:
    """The code of an EPSG or ESRI name, else None."""
    authority, _, code = name.partition(":")
    return int(code) if authority in ("EPSG", "ESRI") and code.isdigit() else None


@lru_cache(maxsize=512)
def to_esri_wkt(name: str) -> str:
    """WKT1 in Esri's flavour, for replies about a CRS without a code."""
    return crs_of(name).to_wkt(WktVersion.WKT1_ESRI)


@lru_cache(maxsize=512)
def unit_name(name: str) -> str:
    """``metre``, ``degree``, ``foot``, ``US survey foot`` or whatever PROJ calls the first axis's unit."""
    axes = crs_of(name).axis_info
    return axes[0].unit_name if axes else "metre"
