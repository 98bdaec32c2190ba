"""Pictures that are filtered by features' ids: the very features that a query of the same ids tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.dispatch.plan import FeaturesPlan
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import transform_bbox
from rendermap.geo.view import MapView
from rendermap.render.features import find_features
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.expressions.tree import FEATURE_ID, And, Column, Comparison, Expression, Literal, Or
from rendermap.symbology.style import Single, Style
from tests.builders.vectors import RED, SUFFIXES, fill, plan_for, write_features

CRS = "EPSG:25832"
BOX = BBox(500_000, 5_600_000, 501_000, 5_600_100)


def asked(name: str) -> Expression:
    """Three of the ids."""
    column = Column(name)
    return And((Comparison(">", column, Literal(4)), Or((Comparison("<=", column, Literal(6)), Comparison("=", column, Literal(8))))))


@pytest.mark.parametrize("crs", [CRS, "EPSG:4326"])
@pytest.mark.parametrize("driver", SUFFIXES)
def test_a_picture_shows_the_features_of_the_ids(tmp_path: Path, driver: str, crs: str) -> None:
    """Whatever the driver calls them, from the dataset's own system or another, with a feature among them that has no place."""
    boxes: list[shapely.Geometry] = [shapely.box(500_000 + 100 * n, 5_600_000, 500_080 + 100 * n, 5_600_100) for n in range(10)]
    if driver != "FlatGeobuf":  # which has none without a place
        boxes[2] = shapely.Polygon()
    layer = write_features(tmp_path, boxes, {"number": list(range(10))}, driver=driver)
    ids = FeaturesPlan(layer, CRS, CRS, "OBJECTID", ("number",), where=asked("OBJECTID"), with_shapes=False)
    numbers = [number for (number,) in find_features(ids).rows]
    assert len(numbers) == 3
    box = transform_bbox(BOX, CRS, crs)
    assert box
    view = MapView(box, crs, 400, 40)
    of_ids = Style(Single(fill(RED)), filter=asked(FEATURE_ID))
    of_numbers = Style(Single(fill(RED)), filter=Or(tuple(Comparison("=", Column("number"), Literal(int(n))) for n in numbers)))
    drawn = draw_vectors([plan_for(layer, of_ids)], view)
    assert drawn[..., 3].any() and np.array_equal(drawn, draw_vectors([plan_for(layer, of_numbers)], view))
