"""Positions that go on across the antimeridian."""

from __future__ import annotations

import numpy as np
import pytest

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, WGS84, parse_crs
from rendermap.geo.turns import box_shown, carry, frame_across, turn_of, turns_onto

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


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(170, 175), (-178, -172)], (170, 188)),
        ([(-178, -172), (178, 179), (170, 171)], (170, 188)),
        ([(170, 180), (-180, -170)], (170, 190)),
        ([(100, 175), (-178, -100)], (100, 260)),
        ([(170, 190), (-175, -165)], (170, 195)),
        ([(530, 535), (-178, -172)], (170, 188)),
        ([(170, 180)], None),
        ([(-180, -170), (-178, -172)], None),
        ([(-100, -50), (50, 100)], None),
        ([(95, 175), (-178, -80)], None),
        ([(-180, 180), (170, 190)], None),
    ],
)
def test_what_lies_together_across_the_edge_has_one_frame(spans: list[tuple[float, float]], expected: tuple[float, float] | None) -> None:
    """By the widest gap, in degrees as in metres; what lies on one side of it, or needs more than half the earth, stays as it is."""
    for crs, scale in ((WGS84, 1.0), (WEB_MERCATOR, HALF / 180)):
        frame = frame_across([BBox(low * scale, -2.0, high * scale, 3.0) for low, high in spans], crs)
        if expected is None:
            assert frame is None
        else:
            assert frame and frame.corners == pytest.approx((expected[0] * scale, -2.0, expected[1] * scale, 3.0))


def test_a_box_goes_on_in_another_crs_where_that_is_shorter() -> None:
    """New Zealand with the Chatham Islands; a box on one side, or of the whole earth, is where it always was."""
    seen = box_shown(BBox(1_100_000, 4_700_000, 2_500_000, 6_200_000), "EPSG:2193", WGS84)
    assert seen and 160 < seen.xmin < 170 and 180 < seen.xmax < 186
    assert box_shown(BBox(170, -20, 190, -10), WGS84, "EPSG:2193")
    for box in (BBox(-20, -20, -10, 80), BBox(-180, -90, 180, 90), BBox(170, 0, 180, 5)):
        mercator = box_shown(box, WGS84, WEB_MERCATOR)
        assert mercator and mercator.corners[::2] == pytest.approx((box.xmin * HALF / 180, box.xmax * HALF / 180))
