"""Layers of points that are stamped: the pictures that Mapnik draws, whatever the style, the zoom, the density and the cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan, PreparePlan
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import transform_bbox
from rendermap.geo.view import MapView, part_of
from rendermap.render import kept_vectors, points
from rendermap.render.assets import use_workshop
from rendermap.render.kept_points import find_points, kept_points_for, prepare_points
from rendermap.render.kept_vectors import prepare_vector
from rendermap.render.points import WARM_STAMPS
from rendermap.render.vectors import WARM, draw_vectors
from rendermap.render.worker import prepare
from rendermap.symbology.expressions.tree import Column, Comparison, Literal
from rendermap.symbology.shapes import CIRCLE, SQUARE
from rendermap.symbology.style import Break, Breaks, Categories, Category, Rule, Rules, Single, Style
from rendermap.symbology.symbols import Color, Fill, Marker, SizeBy, Stroke, Symbol
from tests.builders.damage import cut, spoil
from tests.builders.vectors import plan_for, view_on, write_features

MAP_CRS = "EPSG:3857"
SIDE_M = 4000.0
COUNT = 2000
NAMES = ("plain", "it's", "größer", None)
RANDOM = np.random.default_rng(3)
PLACES = RANDOM.uniform(500_000, 500_000 + SIDE_M, (COUNT, 2))
EDGE = Stroke(Color(40, 40, 40), 0.5)
MEAN_LIMIT = 1.5
"""Of 255, over white, from a direct drawing."""


def disc(color: Color, size_pt: float = 5.0) -> Symbol:
    """A circle with an outline."""
    return Symbol((Marker(CIRCLE, size_pt, color, EDGE),))


RED, GREEN, BLUE = Color(220, 30, 30), Color(20, 160, 60), Color(20, 40, 220, 110)
STYLES = {
    "single": Style(Single(disc(RED))),
    "clear": Style(Single(Symbol((Marker(CIRCLE, 6.0, BLUE),)))),
    "faded": Style(Single(disc(GREEN)), opacity=0.6),
    "squares": Style(Single(Symbol((Marker(SQUARE, 6.0, RED, EDGE), Marker(CIRCLE, 2.0, GREEN, dx_pt=1.3))))),
    "values": Style(
        Categories(("name",), tuple(Category(((n,),), disc(c)) for n, c in zip(NAMES[:3], (RED, GREEN, BLUE), strict=True))),
        filter=Comparison("<", Column("height"), Literal(0.8)),
    ),
    "breaks": Style(
        Breaks("height", 0.0, tuple(Break(u, disc(c, s)) for u, c, s in ((0.3, RED, 3.0), (0.6, BLUE, 9.0), (0.9, GREEN, 5.0))))
    ),
    "rules": Style(
        Rules(
            (
                Rule(disc(RED, 7.0), filter=Comparison(">", Column("height"), Literal(0.4))),
                Rule(disc(GREEN, 3.0), filter=Comparison("=", Column("name"), Literal("it's"))),
            )
        )
    ),
}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of this test alone, for which nothing is too small."""
    monkeypatch.setattr(kept_vectors, "LEAST_FEATURES", 1)
    folder = tmp_path / "store"
    folder.mkdir()
    use_workshop(folder)
    WARM.forget()
    WARM_STAMPS.forget()
    return folder


def planned(folder: Path, style: Style) -> LayerPlan:
    """The plan of a dataset in a job's folder of its own."""
    job = folder / "job"
    job.mkdir()
    heights = [None if i % 50 == 0 else float(h) for i, h in enumerate(RANDOM.random(COUNT))]
    columns: dict[str, list[object]] = {"name": [NAMES[i % 4] for i in range(COUNT)], "height": list(heights)}
    return plan_for(write_features(job, [shapely.Point(*place) for place in PLACES], columns, driver="GPKG"), style)


def view_of(width: int = 300, height: int = 200, share: float = 1.0, ratio: float = 1.0) -> MapView:
    """The dataset's middle, so much of its side."""
    middle, reach = 500_000 + SIDE_M / 2, SIDE_M * share / 2
    mapped = transform_bbox(BBox(middle - reach, middle - reach, middle + reach, middle + reach), "EPSG:25832", MAP_CRS)
    assert mapped
    return replace(view_on(mapped.corners, MAP_CRS, width, height), pixel_ratio=ratio)


def over_white(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What is seen of them."""
    alpha = pixels[..., 3:] / 255
    return pixels[..., :3] * alpha + 255 * (1 - alpha)


def keep(plan: LayerPlan) -> Path:
    """Prepare a layer as a worker does."""
    prepare(PreparePlan(plan, MAP_CRS))
    kept = kept_points_for(plan, MAP_CRS)
    file = find_points(kept) if kept else None
    assert file
    return file


@pytest.mark.parametrize("name", STYLES)
def test_the_same_picture_is_drawn(name: str, tmp_path: Path) -> None:
    """As Mapnik draws it from the kept features: sparse and dense, in part of a block and in several, on pixels large and oblong."""
    plan = planned(tmp_path, STYLES[name])
    views = [view_of(), view_of(150, 150), view_of(700, 300, 0.4), view_of(400, 400, 0.3, 2.0), view_of(17, 13, 0.02)]
    prepare_vector(plan, MAP_CRS)
    direct = [draw_vectors([plan], view) for view in views]
    keep(plan)
    for view, expected in zip(views, direct, strict=True):
        stamps = WARM_STAMPS.get(plan, MAP_CRS, view.pixel_ratio)
        assert stamps, "the layer is stamped"
        found = draw_vectors([plan], view)
        difference = np.abs(over_white(found) - over_white(expected))
        assert difference.mean() <= MEAN_LIMIT
        assert np.percentile(difference, 99.9) <= 30, "no feature is drawn otherwise, nor in another order"


def test_features_are_drawn_in_the_datasets_order(tmp_path: Path) -> None:
    """Large symbols on one another: of each pair of classes the later feature is above."""
    theme = Categories(
        ("name",), tuple(Category(((n,),), Symbol((Marker(CIRCLE, 60.0, c),))) for n, c in zip(NAMES[:2], (RED, GREEN), strict=True))
    )
    plan = planned(tmp_path, Style(theme))
    view = view_of(256, 256)
    direct = draw_vectors([plan], view)
    keep(plan)
    found = draw_vectors([plan], view)
    assert len(np.unique(direct.reshape(-1, 4), axis=0)) > 2
    assert (np.abs(found.astype(int) - direct).max(axis=2) <= 16).mean() > 0.98


def test_parts_of_a_view_show_what_the_whole_does(tmp_path: Path) -> None:
    """Tiles and blocks meet without a seam: symbols reach over their edges."""
    plan = planned(tmp_path, STYLES["breaks"])
    keep(plan)
    view = view_of(512, 512)
    whole = draw_vectors([plan], view)
    for left, top, width, height in ((0, 0, 256, 256), (256, 256, 256, 256), (100, 37, 333, 40)):
        part = draw_vectors([plan], part_of(view, left, top, width, height))
        differs = np.abs(part.astype(int) - whole[top : top + height, left : left + width]).max(axis=2) > 24
        assert differs.mean() < 0.001


def test_features_outside_the_clip_are_not_drawn(tmp_path: Path) -> None:
    """The box of a grant bounds the places of points, not their symbols."""
    plan = planned(tmp_path, STYLES["single"])
    view = view_of()
    half = transform_bbox(BBox(500_000, 500_000, 500_000 + SIDE_M / 2, 500_000 + SIDE_M), "EPSG:25832", "EPSG:4326")
    assert half
    prepare_vector(plan, MAP_CRS)
    direct = draw_vectors([plan], view, half)
    keep(plan)
    found = draw_vectors([plan], view, half)
    assert direct[..., 3].any() and not direct[..., 3].all()
    assert np.abs(over_white(found) - over_white(direct)).mean() <= MEAN_LIMIT


def test_layers_lie_on_each_other_in_their_order(tmp_path: Path) -> None:
    """A stamped layer between two that Mapnik draws."""
    plan = planned(tmp_path, STYLES["single"])
    view = view_of()
    sized = SizeBy(Column("height"), ((0.0, 0.5), (1.0, 2.0)))
    others = [
        plan_for(plan.layer, Style(Single(Symbol((Marker(CIRCLE, size, color, size_by=sized),)))))
        for size, color in ((12.0, GREEN), (4.0, BLUE))
    ]
    run = [others[0], plan, others[1]]
    direct = draw_vectors(run, view)
    keep(plan)
    assert WARM_STAMPS.get(plan, MAP_CRS, 1.0) and not WARM_STAMPS.get(others[0], MAP_CRS, 1.0)
    assert np.abs(over_white(draw_vectors(run, view)) - over_white(direct)).mean() <= MEAN_LIMIT


@pytest.mark.parametrize(("damage", "is_warm"), [(cut, False), (spoil, False), (spoil, True)])
def test_a_damaged_file_is_dropped_and_mapnik_draws(damage: Callable[[Path], None], is_warm: bool, tmp_path: Path) -> None:
    """One that was cut short or has other bytes, also while it is open; the next preparing makes it anew."""
    plan = planned(tmp_path, STYLES["values"])
    view = view_of()
    direct = draw_vectors([plan], view)
    file = keep(plan)
    if is_warm:
        draw_vectors([plan], view)
    damage(file)
    assert np.abs(draw_vectors([plan], view).astype(int) - direct).max() <= 3
    assert not file.exists()
    assert prepare_points(plan, MAP_CRS) == file and file.exists()


def test_too_many_points_at_once_are_mapniks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded; a part of the same view is stamped."""
    plan = planned(tmp_path, STYLES["single"])
    direct = draw_vectors([plan], view_of())
    keep(plan)
    monkeypatch.setattr(points, "MOST_AT_ONCE", COUNT // 2)
    stamps = WARM_STAMPS.get(plan, MAP_CRS, 1.0)
    assert stamps and stamps.draw(view_of()) is None and stamps.draw(view_of(share=0.05)) is not None
    assert np.abs(draw_vectors([plan], view_of()).astype(int) - direct).max() <= 3


@pytest.mark.parametrize(
    "symbol",
    [
        Symbol((Marker(CIRCLE, 5.0, RED, rotation_by=Column("height")),)),
        Symbol((Marker(CIRCLE, 5.0, RED, size_by=SizeBy(Column("height"), ((0.0, 1.0), (1.0, 2.0)))),)),
        Symbol((Marker(CIRCLE, 5.0, RED), Marker(CIRCLE, 3.0, GREEN, level=1))),
        Symbol((Marker(SQUARE, 5.0, RED, rotation_deg=30.0),)),
    ],
    ids=["turned by a field", "sized", "levels", "on odd pixels"],
)
def test_what_is_not_the_same_everywhere_is_mapniks(symbol: Symbol, tmp_path: Path) -> None:
    """Nothing is kept for such a style, and it is drawn as ever."""
    plan = planned(tmp_path, Style(Single(symbol)))
    assert prepare_vector(plan, MAP_CRS)
    assert prepare_points(plan, MAP_CRS) is None and WARM_STAMPS.get(plan, MAP_CRS, 1.0) is None
    assert draw_vectors([plan], view_of())[..., 3].any()


def test_stamps_that_would_take_too_much_memory_are_mapniks(tmp_path: Path) -> None:
    """Large symbols at many dots per inch; the same layer is stamped at fewer."""
    plan = planned(tmp_path, Style(Single(disc(RED, 24.0))))
    view = view_of(ratio=6.0)
    direct = draw_vectors([plan], view)
    keep(plan)
    assert WARM_STAMPS.get(plan, MAP_CRS, 1.0) and WARM_STAMPS.get(plan, MAP_CRS, 6.0) is None
    assert np.abs(draw_vectors([plan], view).astype(int) - direct).max() <= 3


def test_a_layer_that_shows_nothing_is_stamped_too(tmp_path: Path) -> None:
    """No feature passes its filter."""
    plan = planned(tmp_path, Style(Single(disc(RED)), filter=Comparison(">", Column("height"), Literal(5.0))))
    keep(plan)
    assert WARM_STAMPS.get(plan, MAP_CRS, 1.0)
    assert not draw_vectors([plan], view_of()).any()


def test_areas_are_mapniks(tmp_path: Path) -> None:
    """Only points are stamped."""
    job = tmp_path / "job"
    job.mkdir()
    shapes = [shapely.box(x, y, x + 50, y + 50) for x, y in PLACES[:50]]
    plan = plan_for(write_features(job, list(shapes), {}, driver="GPKG"), Style(Single(Symbol((Fill(RED),)))))
    assert prepare_vector(plan, MAP_CRS) and prepare_points(plan, MAP_CRS) is None
