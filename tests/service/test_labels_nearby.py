"""A layer whose labels may reach a tile is drawn for it: by all tiles of a block alike, or they would place labels differently."""

from __future__ import annotations

from pathlib import Path

import shapely

from rendermap.dispatch.plan import MapPlan, plan_digest
from rendermap.drawables import Drawable
from rendermap.fineness import Fineness
from rendermap.geo.bbox import BBox
from rendermap.geo.lattice import lattice_of
from rendermap.geo.tiling import TileAddress, view_of
from rendermap.geo.view import MapView
from rendermap.selection import visible
from rendermap.services.service import ToolLayer
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.labels import LabelClass, Placement
from rendermap.symbology.style import Single, Style
from tests.builders.vectors import RED, fill, write_features

NAMED = LabelClass(Column("name"))


def drawable(folder: Path, shape: shapely.Geometry, *labels: LabelClass) -> Drawable:
    """A layer of one feature."""
    layer = write_features(folder, [shape], {"name": ["A"]}, crs="EPSG:3857")
    return Drawable(ToolLayer(0, "out", "Out"), layer, "EPSG:3857", Style(Single(fill(RED)), labels=labels))


def is_seen(found: Drawable, view: MapView) -> bool:
    return bool(visible([found], view, lattice_of(view), Fineness("EPSG:3857")))


def test_labelled_layers_are_drawn_for_all_tiles_of_their_block(tmp_path: Path) -> None:
    """A feature in one corner of a block of four by four tiles: the tiles of the block know of it, those of the next do not."""
    tiles = {col: view_of(TileAddress("WebMercatorQuad", 12, 2180, col)) for col in range(2176, 2188)}
    box = tiles[2180].bbox
    corner = shapely.box(box.xmin + 2000, box.ymin + 2000, box.xmin + 2100, box.ymin + 2100)
    plain, named = drawable(tmp_path, corner), drawable(tmp_path, corner, NAMED)
    assert [col for col, view in tiles.items() if is_seen(plain, view)] == [2180]
    assert [col for col, view in tiles.items() if is_seen(named, view)] == [2180, 2181, 2182, 2183]


def test_labels_far_from_their_feature_are_reached_for(tmp_path: Path) -> None:
    """A large view of one metre a pixel: the feature is 60 m outside, its label is moved by 75 pt, which are 100 m."""
    view = MapView(BBox(0, 0, 800, 800), "EPSG:3857", 800, 800)
    outside = shapely.box(-70, 300, -60, 310)
    moved = LabelClass(Column("name"), placement=Placement(dx_pt=75))
    assert not is_seen(drawable(tmp_path, outside, NAMED), view)
    assert is_seen(drawable(tmp_path, outside, moved), view)


def test_the_lattice_is_no_part_of_a_pictures_name() -> None:
    """Tiles that look alike have one digest, whatever noise their boxes carried."""
    view = MapView(BBox(0, 0, 256, 256), "EPSG:3857", 256, 256)
    plans = [MapPlan(view, (), None, "png", lattice=lattice) for lattice in (None, lattice_of(view))]
    assert len({plan_digest(None, plan) for plan in plans}) == 1  # type: ignore[arg-type]
