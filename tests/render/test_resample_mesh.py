"""The fast way over a mesh gives what placing every pixel by itself gives."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import transformer
from rendermap.geo.view import MapView
from rendermap.render.raster_patch import Patch
from rendermap.render.resample import Sampler
from rendermap.render.resample_mesh import MeshSampler
from rendermap.render.resample_points import PointSampler
from rendermap.render.warp import CellGrid, Mesh, locate, points_at, points_of

TURNED = Affine(30, 4, 500_000, 5, -28, 4_500_000)
EDGE = 2e-3


def mesh_over(width: int, height: int, side_m: float = 3000.0) -> Mesh:
    """A mesh over cells of a turned raster about the middle of a UTM zone, in a view of Web Mercator."""
    x, y = -9_015_000.0, 4_958_000.0
    placed = locate(MapView(BBox(x, y, x + side_m, y + side_m * height / width), "EPSG:3857", width, height), "EPSG:32617", TURNED)
    assert isinstance(placed, Mesh)
    return placed


def patch_under(mesh: Mesh, dtype: str, valid: bool) -> Patch:
    """Cells of random values under the middle of a mesh, so that the picture's margins lie outside."""
    left, top = np.floor(mesh.cols.min()) + 5, np.floor(mesh.rows.min()) + 5
    height, width = int(np.ptp(mesh.rows) * 0.8), int(np.ptp(mesh.cols) * 0.8)
    chance = np.random.default_rng(4)
    cells = chance.integers(0, 200, (1, height, width)).astype(dtype)
    return Patch(cells, chance.random((height, width)) > 0.3 if valid else None, None, left, top, (1.0, 1.0))


def far_from_edges(mesh: Mesh, patch: Patch, edge: float = EDGE) -> NDArray[np.bool_]:
    """Pixels whose place is not on the very edge between two cells, where rounding decides.  edge: in cells."""
    cols, rows = points_of(mesh)
    away = [np.abs(part - np.rint(part)) > edge for part in (cols - patch.left, rows - patch.top)]
    return np.asarray(away[0] & away[1])


@pytest.mark.parametrize("valid", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize(("width", "height"), [(256, 256), (201, 77), (1, 3)])
def test_mesh_and_points_agree(width: int, height: int, dtype: str, valid: bool) -> None:
    """Nearest, bilinear and what is shown are the same by either way, with and without holes, inside and outside the cells."""
    mesh = mesh_over(width, height)
    patch = patch_under(mesh, dtype, valid)
    fast, plain = MeshSampler(patch, mesh), PointSampler(patch, *points_of(mesh))
    sure = far_from_edges(mesh, patch)
    shown, expected = fast.shown, plain.shown
    assert shown is not None and expected is not None
    assert (shown == expected)[sure].all()
    words = patch.cells[0].astype(np.uint32) * 0x01010101
    for cells in (words, words.astype(np.uint8)):
        assert (fast.pick(cells) == plain.pick(cells))[sure].all()
    both = shown & expected & sure
    np.testing.assert_allclose(fast.blend(patch.cells[0])[both], plain.blend(patch.cells[0])[both], atol=0.01)


@pytest.mark.parametrize("side_m", [300.0, 3000.0, 15_000.0])
def test_planes_pick_cells_within_a_hair(side_m: float) -> None:
    """By planes a pixel has the cell that it has by the mesh, but within a tenth of a pixel of the edge between two."""
    mesh = mesh_over(256, 201, side_m)
    patch = patch_under(mesh, "uint8", valid=False)
    planes, plain = MeshSampler(patch, mesh, by_planes=True), PointSampler(patch, *points_of(mesh))
    sure = far_from_edges(mesh, patch, mesh.scale / 10 + EDGE)
    assert sure.mean() > 0.4
    assert (planes.pick(patch.cells[0]) == plain.pick(patch.cells[0]))[sure].all()


def test_wide_numbers_keep_their_places() -> None:
    """Values that 32 bits would round are interpolated in 64."""
    mesh = mesh_over(64, 64)
    patch = patch_under(mesh, "float64", valid=False)
    far = Patch(patch.cells + 1e12, None, None, patch.left, patch.top, patch.step)
    sampler = Sampler(far, mesh)
    shown = sampler.shown
    assert shown is not None
    np.testing.assert_allclose(sampler.blend(far.cells[0])[shown] - 1e12, Sampler(patch, mesh).blend(patch.cells[0])[shown], atol=0.01)


def test_a_covered_picture_has_no_mask() -> None:
    """Where every pixel lies on a cell with data nothing is masked."""
    mesh = mesh_over(64, 64)
    left, top = float(np.floor(mesh.cols.min())), float(np.floor(mesh.rows.min()))
    cells = np.ones((1, int(np.ptp(mesh.rows)) + 3, int(np.ptp(mesh.cols)) + 3), np.uint8)
    assert Sampler(Patch(cells, None, None, left, top, (1.0, 1.0)), mesh).shown is None


@pytest.mark.parametrize(("side_m", "width", "height"), [(3000.0, 256, 256), (300_000.0, 256, 256), (700_000.0, 333, 250)])
def test_mesh_is_right_to_a_tenth_of_a_pixel(side_m: float, width: int, height: int) -> None:
    """However curved the projection, a mesh puts every pixel where PROJ does."""
    mesh = mesh_over(width, height, side_m)
    x, y = -9_015_000.0, 4_958_000.0
    px, py = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    step = side_m / width
    east, north = transformer("EPSG:3857", "EPSG:32617").transform(x + px * step, y + side_m * height / width - py * step)
    back = ~TURNED
    cols, rows = back.a * east + back.b * north + back.c, back.d * east + back.e * north + back.f
    placed = points_of(mesh)
    assert np.hypot(placed[0] - cols, placed[1] - rows).max() < 0.1 * mesh.scale


def test_small_pictures_take_one_part_and_wide_ones_more() -> None:
    """A tile of a city is one quadrilateral; one of a country is several."""
    assert len(mesh_over(256, 256).across) == 2
    assert len(mesh_over(256, 256, 300_000.0).across) > 2


def test_no_mesh_across_the_seam_of_a_raster() -> None:
    """Where columns jump from the last to the first, each pixel is placed by itself."""
    world = Affine(1, 0, -180, 0, -1, 90)
    across = MapView(BBox(170, -10, 190, 10), "EPSG:4326", 64, 64)
    beside = MapView(BBox(190, -10, 210, 10), "EPSG:4326", 64, 64)
    assert isinstance(locate(across, "EPSG:4326", world), CellGrid)
    placed = locate(beside, "EPSG:4326", world)
    assert isinstance(placed, Mesh)
    assert (placed.cols.min(), placed.cols.max()) == (10, 30)


def test_parts_are_counted_across_and_down_apart() -> None:
    """Degrees bend down a picture of Web Mercator and never across it, so its parts are strips, and right to a tenth of a pixel."""
    world = Affine(0.1, 0, -180, 0, -0.1, 90)
    view = MapView(BBox(1e6, 4e6, 4e6, 7e6), "EPSG:3857", 256, 256)
    strips = locate(view, "EPSG:4326", world)
    assert isinstance(strips, Mesh)
    assert len(strips.across) == 2
    assert len(strips.down) > 3
    middles = 7e6 - (np.arange(256) + 0.5) * 3e6 / 256
    latitudes = transformer("EPSG:3857", "EPSG:4326").transform(np.full(256, 1e6), middles)[1]
    assert np.abs(points_of(strips)[1][:, 0] - (90 - latitudes) / 0.1).max() < 0.1 * strips.scale


@pytest.mark.parametrize("side_m", [3000.0, 300_000.0])
def test_some_points_lie_where_all_lie(side_m: float) -> None:
    """Pixels placed one by one lie where the whole picture has them."""
    mesh = mesh_over(201, 77, side_m)
    across, down = np.asarray([0, 7, 200, 100]), np.asarray([0, 76, 3, 40])
    for some, all_ in zip(points_at(mesh, across, down), points_of(mesh), strict=True):
        np.testing.assert_allclose(some, all_[down, across], rtol=1e-12)
