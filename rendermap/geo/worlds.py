"""Views past the antimeridian, of clients that go on counting where the earth has come round.

Each is the same view on a map about another meridian, whose own seam is out of sight.  So are those that lie beyond it altogether: there
are data that go on counting too, and on such a map either are where they belong.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from rendermap.geo.bbox import moved
from rendermap.geo.crs import WEB_MERCATOR, WGS84, parse_crs, width_of_earth
from rendermap.geo.view import MapView

_STEPS_DEG = (180, 15, 1)
"""Between the meridians of such maps, the first that fits: what is kept for one of them serves many views."""

_EARTH = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]]'
)
_ABOUT = {
    WEB_MERCATOR: f'PROJCS["unnamed",{_EARTH},PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",%d],PARAMETER["Standard_Parallel_1",0.0],'
    'PARAMETER["Auxiliary_Sphere_Type",0.0],UNIT["Meter",1.0]]',
    WGS84: f'PROJCS["unnamed",{_EARTH},PROJECTION["Plate_Carree"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",%d],UNIT["Degrees",111319.49079327358]]',
}


def in_one_world(view: MapView) -> MapView:
    """The same picture as a view that the seam of its CRS does not run through; the very same view where it does not.

    One that is wider than the earth stays as it is.
    """
    turn = width_of_earth(view.crs) if view.crs in _ABOUT else None
    if turn is None or _is_ordinary(view, turn):
        return view
    box, turns = view.bbox, round(view.bbox.center[0] / turn)
    meridian_deg = _meridian_of(box.center[0] / turn - turns, box.width / turn)
    if meridian_deg is None:
        return view
    left = turn * (turns + meridian_deg / 360)
    return replace(view, bbox=moved(box, -left), crs=about(view.crs, 180 if meridian_deg == -180 else meridian_deg))


def _is_ordinary(view: MapView, turn: float) -> bool:
    """What reaches over the edge by a part of a pixel was rounded."""
    edge = (turn + view.resolution) / 2
    return -edge <= view.bbox.xmin and view.bbox.xmax <= edge


def _meridian_of(middle: float, width: float) -> int | None:
    """Of a map that a view fits on, and not the ordinary one; None where there is none.  middle, width: in turns."""
    meridians = (step * round(middle * 360 / step) or step for step in _STEPS_DEG)
    return next((one for one in meridians if abs(middle - one / 360) + width / 2 <= 0.5), None)


@lru_cache(256)
def about(crs: str, meridian_deg: int) -> str:
    """The name of the CRS about another meridian.  crs: Web Mercator or WGS84."""
    return parse_crs(_ABOUT[crs] % meridian_deg)
