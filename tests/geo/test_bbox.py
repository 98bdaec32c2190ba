"""Boxes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermap.errors import InvalidBbox
from rendermap.geo.bbox import BBox, fit_aspect, from_corners, intersects, union

numbers = st.floats(-1e7, 1e7, allow_nan=False)


def test_corners_in_any_order_give_one_box() -> None:
    """esri-leaflet swaps the y pair; people swap the x pair: all four orders are one box."""
    boxes = {from_corners(*c) for c in ((0, 1, 2, 3), (0, 3, 2, 1), (2, 1, 0, 3), (2, 3, 0, 1))}
    assert boxes == {BBox(0, 1, 2, 3)}


@pytest.mark.parametrize("corners", [(0, 0, 0, 1), (0, 0, 1, 0), (math.nan, 0, 1, 1), (0, 0, math.inf, 1)])
def test_no_area_no_box(corners: tuple[float, float, float, float]) -> None:
    """A question about nothing, or about everything, is refused."""
    with pytest.raises(InvalidBbox):
        from_corners(*corners)


@given(numbers, numbers, st.floats(1, 1e6), st.floats(1, 1e6), st.integers(1, 4000), st.integers(1, 4000))
def test_fitting_never_cuts_and_never_distorts(x: float, y: float, w: float, h: float, width_px: int, height_px: int) -> None:
    """The fitted box has the picture's ratio, contains the box asked for and keeps its centre."""
    box = BBox(x, y, x + w, y + h)
    fitted = fit_aspect(box, width_px, height_px)
    assert math.isclose(fitted.width / fitted.height, width_px / height_px, rel_tol=1e-6)
    assert fitted.xmin <= box.xmin + 1e-6 and fitted.ymax >= box.ymax - 1e-6
    assert math.isclose(fitted.center[0], box.center[0], rel_tol=1e-9, abs_tol=1e-3)


def test_union_and_intersection() -> None:
    """Two boxes that touch share a point; their union holds both."""
    a, b = BBox(0, 0, 1, 1), BBox(1, 1, 3, 2)
    assert intersects(a, b) and not intersects(a, BBox(1.1, 0, 2, 1))
    assert union([a, b]) == BBox(0, 0, 3, 2)
