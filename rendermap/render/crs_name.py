"""The canonical name of the CRS that a dataset tells in its own words."""

from __future__ import annotations

import pyproj
from pyproj.exceptions import CRSError

from rendermap.errors import InvalidCrs
from rendermap.geo.crs import parse_crs

_LIKELY_PERCENT = 70


def canonical_crs(text: object) -> str | None:
    """The name of a CRS given as WKT or ``AUTHORITY:code``; None when there is none or it is not on the ground.

    Definitions whose only difference to a known one is how they are called get its code.
    """
    if not text:
        return None
    try:
        name = parse_crs(str(text))
    except InvalidCrs:
        return None
    return _by_content(name) or name if "[" in name else name


def _by_content(wkt: str) -> str | None:
    try:
        crs = pyproj.CRS.from_wkt(wkt)
        authority = crs.to_authority(min_confidence=_LIKELY_PERCENT)
        known = pyproj.CRS.from_authority(*authority) if authority else None
    except CRSError:
        return None
    return parse_crs(":".join(authority)) if authority and known == crs else None
