"""Pictures that are filtered by functions: the very features that a query of the same condition tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.dispatch.plan import MapPlan
from rendermap.errors import TooCostly
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.render import asked_ids
from rendermap.render.asked_ids import condition_of, with_asked_ids
from rendermap.render.compose import draw
from rendermap.symbology.expressions.evaluate import holds_in
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import FEATURE_ID, Column
from rendermap.symbology.labels import LabelClass, TextSymbol
from rendermap.symbology.style import Categories, Category, Single, Style
from tests.builders.vectors import BLUE, RED, SUFFIXES, fill, plan_for, write_features

VIEW = MapView(BBox(500_000, 5_600_000, 504_000, 5_600_100), "EPSG:25832", 800, 20)
NAMES = [f"{'School' if n % 3 == 0 else 'Shop'} {n}" for n in range(40)]


def _map(folder: Path, driver: str, where: str, style: Style) -> MapPlan:
    boxes: list[shapely.Geometry] = [shapely.box(500_000 + 100 * n, 5_600_000, 500_080 + 100 * n, 5_600_100) for n in range(40)]
    layer = write_features(folder, boxes, {"name": NAMES, "number": list(range(40))}, driver=driver)
    plan = plan_for(layer, style)
    return MapPlan(VIEW, (replace(plan, asked=parse_filter(where), style_key=f"{plan.style_key}|{where}", is_filtered=True),), None, "png")


def _drawn(plan: MapPlan) -> list[int]:
    """Which of the features are there."""
    pixels = draw(with_asked_ids(plan))
    return [n for n in range(40) if pixels[10, 20 * n + 8, 3]]


@pytest.mark.parametrize("driver", SUFFIXES)
def test_functions_pick_the_features(tmp_path: Path, driver: str) -> None:
    """Whatever the driver calls them, in many runs, in one, in none."""
    style = Style(Single(fill(RED)), filter=parse_filter("number < 31"))
    for where, expected in (
        ("UPPER(name) LIKE '%SCH%'", list(range(0, 31, 3))),
        ("MOD(number, 2) = 0", list(range(0, 31, 2))),
        ("CHAR_LENGTH(name) < 0", []),
        ("COALESCE(name, '') <> '' AND number >= 20", list(range(20, 31))),
    ):
        assert _drawn(_map(tmp_path, driver, where, style)) == expected, where


def test_runs_of_ids_are_told_apart() -> None:
    """Of as many runs as there may be, each id in one is found and none beside it."""
    runs = [(n, n + n % 2) for n in range(3, 300, 7)]
    condition = condition_of(runs)
    found = [n for n in range(310) if holds_in(condition, {FEATURE_ID: n})]
    assert found == [n for first, last in runs for n in range(first, last + 1)]


def test_what_mapnik_must_read_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of ids count once for each symbol that they are asked for."""
    monkeypatch.setattr(asked_ids, "MOST_RUNS", 30)
    one = _map(tmp_path, "GPKG", "MOD(number, 2) = 0", Style(Single(fill(RED))))
    assert with_asked_ids(one).layers[0].asked is None
    classes = (Category((("School 0",),), fill(RED)), Category((("Shop 1",),), fill(BLUE)))
    two = _map(tmp_path, "GPKG", "MOD(number, 2) = 0", Style(Categories(("name",), classes)))
    with pytest.raises(TooCostly):
        with_asked_ids(two)


def test_the_bound_tells_of_nothing_that_may_not_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what the style hides nor what lies elsewhere makes the runs more or fewer."""
    monkeypatch.setattr(asked_ids, "MOST_RUNS", 10)
    half, extent = parse_filter("number < 20"), BBox(9.0, 50.55, 9.0281, 50.56)
    for name, style, clip_deg in (("styled", Style(Single(fill(RED)), filter=half), None), ("cut", Style(Single(fill(RED))), extent)):
        folder = tmp_path / name
        folder.mkdir()
        where = "MOD(number, 2) = 0 AND number < {} OR UPPER(name) = '{}'"
        for number, sought in ((20, "SHOP 38"), (20, "SHOP 37"), (40, "SHOP 38"), (40, "SCHOOL 39")):
            plan = replace(_map(folder, "GPKG", where.format(number, sought), style), clip_deg=clip_deg)
            assert _drawn(plan) == list(range(0, 20, 2)), (name, number, sought)
        assert with_asked_ids(plan).layers[0].asked is None
        with monkeypatch.context() as fewer, pytest.raises(TooCostly):
            fewer.setattr(asked_ids, "MOST_RUNS", 9)
            with_asked_ids(plan)


def test_nearer_by_fewer_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all of a map's are too many, those in view are looked up, each view's own; not for what others of them have a say in."""
    monkeypatch.setattr(asked_ids, "MOST_RUNS", 12)
    far = _map(tmp_path, "GPKG", "MOD(number, 2) = 0", Style(Single(fill(RED))))
    with pytest.raises(TooCostly):
        with_asked_ids(far)
    for first in (0, 20):
        view = MapView(BBox(500_000 + 100 * first, 5_600_000, 502_000 + 100 * first, 5_600_100), VIEW.crs, 400, 20)
        pixels = draw(with_asked_ids(replace(far, view=view)))
        assert [first + n for n in range(20) if pixels[10, 20 * n + 8, 3]] == list(range(first, first + 20, 2))
    label = LabelClass(Column("name"), TextSymbol("Arial", 9, BLUE))
    labelled = replace(far.layers[0], style=replace(far.layers[0].style, labels=(label,)))
    with pytest.raises(TooCostly):
        with_asked_ids(replace(far, view=view, layers=(labelled,)))


def test_one_filter_is_drawn_in_each_extent_anew(tmp_path: Path) -> None:
    """A warm map of one link is none of another's: it draws as it comes what the first may not see."""
    whole = _map(tmp_path, "GPKG", "UPPER(name) LIKE 'SCHOOL%' AND number IN (3, 9) OR number > 36", Style(Single(fill(RED))))
    assert _drawn(replace(whole, clip_deg=BBox(9.0, 50.55, 9.005, 50.56))) == [3]
    assert _drawn(replace(whole, clip_deg=BBox(9.0, 50.55, 9.0281, 50.56))) == [3, 9]
    assert _drawn(whole) == [3, 9, 37, 38, 39]


def test_other_plans_stay_as_they_are(tmp_path: Path) -> None:
    """The very same object."""
    plan = _map(tmp_path, "GPKG", "number = 1", Style(Single(fill(RED))))
    plain = replace(plan, layers=(replace(plan.layers[0], asked=None),))
    assert with_asked_ids(plain) is plain and np.array_equal(draw(plain), draw(plain))
