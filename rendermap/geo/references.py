"""Spatial references as Esri's JSON has them, in map documents and feature sets alike."""

from __future__ import annotations

from rendermap.errors import InvalidCrs
from rendermap.geo.crs import WEB_MERCATOR, parse_crs, to_esri_wkt, to_wkid

_KEYS = ("latestWkid", "wkid", "wkt", "wkt2")


def crs_of_reference(value: object) -> str:
    """Our name of a spatialReference object, a wkid or WKT.  Raises InvalidCrs."""
    given = [value.get(key) for key in _KEYS] if isinstance(value, dict) else [value]
    refused: InvalidCrs | None = None
    for text in given:
        if isinstance(text, int | str) and not isinstance(text, bool) and text:
            try:
                return parse_crs(str(text))
            except InvalidCrs as error:
                refused = error
    raise refused or InvalidCrs


def reference_of(crs: str) -> dict[str, int | str]:
    """``wkid`` and ``latestWkid``; web mercator by the code every client knows; WKT of Esri's flavour without a code."""
    if crs == WEB_MERCATOR:
        return {"wkid": 102100, "latestWkid": 3857}
    wkid = to_wkid(crs)
    return {"wkid": wkid, "latestWkid": wkid} if wkid else {"wkt": to_esri_wkt(crs)}
