"""Vector datasets kept to draw fast: the same pictures, feature for feature, and never needed for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.dispatch.plan import LayerPlan
from rendermap.geo.crs import transform_bbox
from rendermap.geo.view import MapView
from rendermap.render import copy_store, kept_vectors
from rendermap.render.assets import use_workshop
from rendermap.render.kept_vectors import find_kept, kept_for, kept_path, prepare_vector
from rendermap.render.vectors import WARM, draw_vectors
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import Break, Breaks, Categories, Category, Style, Theme
from rendermap.symbology.symbols import Color, Fill, Marker, Stroke, Symbol
from tests.builders.damage import cut, spoil
from tests.builders.vectors import plan_for, view_on, write_features

COLORS = (Color(200, 0, 0), Color(0, 160, 0), Color(0, 0, 220, 128), Color(240, 200, 0))
SIDE_M = 1000.0
DRIVERS = ("GPKG", "FlatGeobuf", "GeoJSON")
RANDOM = np.random.default_rng(11)
MAP_CRS = "EPSG:3857"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of this test alone, for which nothing is too small."""
    monkeypatch.setattr(kept_vectors, "LEAST_FEATURES", 1)
    folder = tmp_path / "store"
    folder.mkdir()
    use_workshop(folder)
    WARM.forget()
    return folder


def shapes_of(kind: str, count: int = 60) -> list[shapely.Geometry]:
    """Many that lie on one another."""
    centers = [shapely.Point(*place) for place in RANDOM.uniform(500_000, 500_000 + SIDE_M, (count, 2))]
    if kind == "points":
        return list(centers)
    if kind == "lines":
        return [shapely.LineString([(p.x, p.y), (p.x + 200, p.y + 90), (p.x - 50, p.y + 300)]) for p in centers]
    return [p.buffer(90, quad_segs=3).difference(p.buffer(30)) for p in centers]


def symbol(kind: str, color: Color) -> Symbol:
    """A plain one for each kind of geometry."""
    edge = Stroke(Color(30, 30, 30), 0.8)
    return Symbol({"points": (Marker(CIRCLE, 7.0, color, edge),), "lines": (Stroke(color, 2.0),)}.get(kind, (Fill(color), edge)))


def classes(kind: str) -> Theme:
    """By texts, one of which needs quoting, and without a symbol for what is missing."""
    values = ("plain", "it's", "größer", 'say "x"')
    return Categories(("name",), tuple(Category(((value,),), symbol(kind, c)) for value, c in zip(values, COLORS, strict=True)))


def breaks(kind: str) -> Theme:
    """By a real number, one limit of which is a value of the data."""
    return Breaks("height", 0.0, tuple(Break(upper, symbol(kind, c)) for upper, c in zip((0.1, 1 / 3, 0.5, 1.0), COLORS, strict=True)))


def columns_of(count: int = 60) -> dict[str, list[object]]:
    """Texts and real numbers, some of them missing."""
    names = ["plain", "it's", "größer", 'say "x"', None]
    heights = [0.1, 1 / 3, 0.5, 0.9, None, 0.05]
    return {"name": [names[i % 5] for i in range(count)], "height": [heights[i % 6] for i in range(count)]}


def planned(folder: Path, kind: str, theme: Theme, driver: str = "GPKG") -> LayerPlan:
    """The plan of a dataset in a job's folder of its own."""
    job = folder / "job"
    job.mkdir()
    return plan_for(write_features(job, shapes_of(kind), columns_of(), driver=driver), Style(theme))


def view_of(plan: LayerPlan, width: int = 300) -> MapView:
    """All of the dataset, in the map's CRS."""
    box = plan.layer.bbox
    assert box
    mapped = transform_bbox(box, "EPSG:25832", MAP_CRS)
    assert mapped
    return view_on(mapped.corners, MAP_CRS, width, width)


@pytest.mark.parametrize("kind", ["points", "lines", "polygons"])
@pytest.mark.parametrize("theme", [classes, breaks], ids=["texts", "reals"])
@pytest.mark.parametrize("driver", DRIVERS)
def test_the_same_picture_is_drawn(kind: str, theme: object, driver: str, tmp_path: Path) -> None:
    """Feature for feature on one another in the dataset's order, nulls left out; at most a rim differs by the last bit of a coordinate."""
    plan = planned(tmp_path, kind, theme(kind), driver)  # type: ignore[operator]
    view = view_of(plan)
    original = draw_vectors([plan], view).astype(int)
    assert original[..., 3].any()
    file = prepare_vector(plan, MAP_CRS)
    assert file and file.suffix == ".shp"
    kept = draw_vectors([plan], view).astype(int)
    assert WARM.get([plan], view).kept == (file,), "a map that was warm goes over to the kept file"
    assert np.abs(kept - original).max() <= 3


def test_styles_that_ask_for_the_same_columns_share_a_file(tmp_path: Path) -> None:
    """Colours are no reason to keep a dataset twice, another column is."""
    plan = planned(tmp_path, "polygons", classes("polygons"))
    lines = replace(plan_for(plan.layer, Style(classes("lines"))), crs=plan.crs)
    other = plan_for(plan.layer, Style(breaks("polygons")))
    assert prepare_vector(plan, MAP_CRS) == prepare_vector(lines, MAP_CRS) != prepare_vector(other, MAP_CRS)


@pytest.mark.parametrize("suffix", [".shp", ".dbf", ".index", ".shx"])
@pytest.mark.parametrize(("damage", "is_warm"), [(cut, False), (spoil, False), (spoil, True)])
def test_a_damaged_file_is_dropped_and_the_original_drawn(
    damage: Callable[[Path], None], suffix: str, is_warm: bool, tmp_path: Path
) -> None:
    """Whichever of its files was cut short or has other bytes, also while a map of it is open; the next preparing makes it anew."""
    plan = planned(tmp_path, "polygons", classes("polygons"))
    view = view_of(plan)
    original = draw_vectors([plan], view)
    file = prepare_vector(plan, MAP_CRS)
    assert file
    part = file.with_suffix(suffix)
    if is_warm:
        draw_vectors([plan], view)
    damage(part)
    if not is_warm:
        WARM.forget()
    assert (draw_vectors([plan], view) == original).all()
    assert not part.exists() and not file.exists()
    assert prepare_vector(plan, MAP_CRS) == file and part.exists()


def test_files_that_go_while_a_map_is_warm_cost_nothing(tmp_path: Path) -> None:
    """The store may make room at any time."""
    plan = planned(tmp_path, "points", breaks("points"))
    view = view_of(plan)
    original = draw_vectors([plan], view)
    file = prepare_vector(plan, MAP_CRS)
    assert file
    draw_vectors([plan], view)
    copy_store.drop_copy(file)
    assert np.abs(draw_vectors([plan], view).astype(int) - original).max() <= 3


def test_a_new_version_is_not_drawn_from_the_old_ones_file(tmp_path: Path) -> None:
    """The dataset's fingerprint tells the file."""
    plan = planned(tmp_path, "points", breaks("points"))
    assert prepare_vector(plan, MAP_CRS)
    newer = replace(plan, layer=replace(plan.layer, source=replace(plan.layer.source, fingerprint="newer")))
    kept = kept_for(newer, MAP_CRS)
    assert kept and find_kept(kept) is None and kept_path(kept) != kept_path(kept_for(plan, MAP_CRS))  # type: ignore[arg-type]


def test_what_a_table_cannot_hold_is_not_kept(tmp_path: Path) -> None:
    """Text with a blank at its end would be another class: the original is drawn as ever."""
    job = tmp_path / "job"
    job.mkdir()
    layer = write_features(job, [shapely.Point(0, 0), shapely.Point(5, 5)], {"name": ["plain", "plain "]}, driver="GPKG")
    plan = plan_for(layer, Style(classes("points")))
    assert prepare_vector(plan, MAP_CRS) is None
    assert not list(tmp_path.glob("store/**/*.shp"))
    assert draw_vectors([plan], view_of(plan))[..., 3].any()
