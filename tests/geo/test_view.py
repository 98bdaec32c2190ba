"""Views and tiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermap.errors import InvalidSize, TileOutside
from rendermap.geo.bbox import BBox
from rendermap.geo.tiling import TileAddress, view_of
from rendermap.geo.view import MapView

WORLD = 20037508.342789244


def test_scale_is_that_of_the_tile_matrix() -> None:
    """Zoom 0 of WebMercatorQuad has the scale denominator 559082264.03 (OGC 17-083r4, annex D)."""
    assert view_of(TileAddress("WebMercatorQuad", 0, 0, 0)).scale_denominator == pytest.approx(559082264.0287178)


def test_a_sharper_picture_of_the_same_place_has_the_same_scale() -> None:
    """pixel_ratio scales symbols, not the scale test: the same layers show at 1x and 2x."""
    tile = TileAddress("WebMercatorQuad", 7, 3, 5)
    assert view_of(tile, 512, 2.0).scale_denominator == pytest.approx(view_of(tile).scale_denominator)


@given(st.integers(0, 20), st.data())
def test_tiles_lie_row_from_the_north(matrix: int, data: st.DataObject) -> None:
    """Tile (row, col) spans what the well-known formula says, easting first."""
    n = 2**matrix
    row, col = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))
    side = 2 * WORLD / n
    box = view_of(TileAddress("WebMercatorQuad", matrix, row, col)).bbox
    assert box.xmin == pytest.approx(-WORLD + col * side, abs=1e-6 * side + 1e-3)
    assert box.ymax == pytest.approx(WORLD - row * side, abs=1e-6 * side + 1e-3)


@pytest.mark.parametrize(
    "tile", [("WebMercatorQuad", 1, 2, 0), ("WebMercatorQuad", 1, 0, -1), ("WebMercatorQuad", 99, 0, 0), ("Nope", 0, 0, 0)]
)
def test_outside_is_outside(tile: tuple[str, int, int, int]) -> None:
    """Addresses beyond the matrix, or of no set, are refused."""
    with pytest.raises(TileOutside):
        view_of(TileAddress(*tile))


@pytest.mark.parametrize("size", [(0, 1), (1, 0), (-5, 5)])
def test_no_pixels_no_view(size: tuple[int, int]) -> None:
    """A picture has at least one pixel each way."""
    with pytest.raises(InvalidSize):
        MapView(BBox(0, 0, 1, 1), "EPSG:3857", *size)


def test_sets_with_northing_first_come_out_easting_first() -> None:
    """EPSG:3035 lists northing first; its tiles come as boxes with easting first, from the set's corner (2000000, 5500000)."""
    view = view_of(TileAddress("EuropeanETRS89_LAEAQuad", 0, 0, 0))
    assert view.crs == "EPSG:3035"
    assert (view.bbox.xmin, view.bbox.ymax) == pytest.approx((2_000_000, 5_500_000))
    assert view_of(TileAddress("WorldCRS84Quad", 0, 0, 0)).bbox.corners == pytest.approx((-180, -90, 0, 90))
