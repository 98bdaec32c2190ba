"""Positions that go on across the antimeridian."""

from __future__ import annotations

import numpy as np
import pytest

from rendermap.geo.crs import WEB_MERCATOR, WGS84, parse_crs
from rendermap.geo.turns import carry, turn_of, turns_onto

HALF = 20037508.342789244
ABOUT_180 = parse_crs(
    'PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",180.0],PARAMETER["Standard_Parallel_1",0.0],'
    'PARAMETER["Auxiliary_Sphere_Type",0.0],UNIT["Meter",1.0]]'
)


@pytest.mark.parametrize(
    ("source", "target", "xs", "expected"),
    [
        (WEB_MERCATOR, WGS84, (HALF - 1e5, HALF + 1e5), (179.1016847, 180.8983153)),
        (WEB_MERCATOR, WGS84, (-3 * HALF, 3 * HALF), (-540.0, 540.0)),
        (ABOUT_180, WGS84, (-1e5, 0.0, 1e5), (179.1016847, 180.0, 180.8983153)),
        (WGS84, ABOUT_180, (165.0, 195.0), (-HALF / 12, HALF / 12)),
        (WGS84, WEB_MERCATOR, (170.0, 190.0), (HALF * 170 / 180, HALF * 190 / 180)),
        ("EPSG:32660", WGS84, (300_000.0, 800_000.0), (175.203, 179.695)),
        ("EPSG:32601", WGS84, (100_000.0, 500_000.0), (-180.594, -177.0)),
    ],
)
def test_x_goes_on(source: str, target: str, xs: tuple[float, ...], expected: tuple[float, ...]) -> None:
    """Neighbours on either side of 180 degrees stay neighbours."""
    carried = carry(np.array([(x, 0.0) for x in xs]), source, target)[:, 0]
    assert carried == pytest.approx(expected, rel=1e-5)


def test_only_even_systems_turn() -> None:
    """x grows with longitude alone, or there is nothing that comes round again."""
    assert turn_of(WGS84) and turn_of("EPSG:3832") and not turn_of("EPSG:3035") and not turn_of("ESRI:54030")


def test_how_often_a_place_goes_round() -> None:
    """Once for each way that it meets the other; of what spans too many worlds, the middle ones."""
    turn = turn_of(WGS84)
    assert turn
    assert list(turns_onto(165, 195, (-180, 180), turn)) == [-1, 0]
    assert list(turns_onto(-175, -170, (170, 190), turn)) == [1]
    assert not turns_onto(10, 20, (170, 175), turn) and not turns_onto(-np.inf, 0, (170, 175), turn)
    many = list(turns_onto(-36e6, 36e6, (-180, 180), turn))
    assert len(many) == 16 and 0 in many
