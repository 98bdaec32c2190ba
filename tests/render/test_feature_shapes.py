"""How shapes lie to one that is asked about, and what lies around them, near the antimeridian."""

from __future__ import annotations

import pytest
import shapely

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, WGS84
from rendermap.render.feature_shapes import carried, lies, span_of
from rendermap.request import Relation

# isort: split
import numpy as np

CUT = shapely.MultiPolygon([shapely.box(178, -5, 180, -1), shapely.box(-180, -5, -177, -1)])
AFRICA = shapely.MultiPolygon([shapely.box(15, -5, 17, -1)])
HALVES = shapely.MultiPolygon([shapely.box(-170, -5, -1, -1), shapely.box(1, -5, 170, -1)])


@pytest.mark.parametrize("crs", [WGS84, WEB_MERCATOR])
@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ((178.5, 179.5), [True, False, False]),
        ((179, 181), [True, False, False]),
        ((-181, -179), [True, False, False]),
        ((539, 541), [True, False, False]),
        ((179, 184), [False, False, False]),
        ((177, 181), [False, False, False]),
        ((15.5, 16.5), [False, True, True]),
        ((-0.5, 0.5), [False, False, False]),
    ],
)
def test_a_place_lies_within_what_was_cut_at_the_antimeridian(sides: tuple[float, float], expected: list[bool], crs: str) -> None:
    """On either side of it, over it, and however often around."""
    shapes = np.array([carried(shape, WGS84, crs) for shape in (CUT, AFRICA, HALVES)], object)
    unit = 1.0 if crs == WGS84 else 20037508.342789244 / 180
    asked = shapely.box(sides[0] * unit, -4 * unit, sides[1] * unit, -2 * unit)
    assert lies(shapes, asked, Relation.WITHIN, crs, BBox(*shapely.total_bounds(shapes))).tolist() == expected


@pytest.mark.parametrize("crs", [WGS84, WEB_MERCATOR])
def test_the_box_around_shapes_goes_the_shorter_way(crs: str) -> None:
    """On beyond the antimeridian, of points on both sides as of parts that were cut there; as they lie where that is shorter."""
    unit = 1.0 if crs == WGS84 else 20037508.342789244 / 180
    points = [shapely.Point(lon, 10) for lon in (170, 175, -171)]
    both, apart, plain = ([CUT, AFRICA], (15, 183)), ([HALVES], (-170, 170)), ([AFRICA], (15, 17))
    for shapes, sides in ((points, (170, 189)), ([CUT], (178, 183)), both, apart, plain):
        span = span_of(np.array([*shapes, None], object), WGS84, crs)
        assert span and (span[0] / unit, span[2] / unit) == pytest.approx(sides)
