"""find_features: which features a question is about, and what is told of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rendermap.dispatch.found import Found
from rendermap.dispatch.plan import FeaturesPlan
from rendermap.dispatch.wire import from_json, to_plain_json
from rendermap.errors import InvalidParameter, StyleInvalid, TooCostly
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WGS84, transformer
from rendermap.geo.shape import Shape, box_shape
from rendermap.render import features as module
from rendermap.render.features import find_features
from rendermap.request import Order, Relation, SpatialFilter, Statistic, Sum, Wanted
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import FEATURE_ID, Column, Comparison, Literal
from rendermap.symbology.style import Break, Breaks, Categories, Category, Graded, Rule, Rules, Single, VectorTheme
from rendermap.symbology.symbols import Color, Fill, Ramp, Symbol
from tests.builders.vectors import write_features
from tests.builders.views import look

# isort: split
import shapely

CRS = "EPSG:25832"
WEST, SOUTH = 500_000.0, 5_400_000.0
DRIVERS = ("GPKG", "GeoJSON", "FlatGeobuf", "ESRI Shapefile", "OpenFileGDB")
COLUMNS: dict[str, list[Any]] = {
    "name": ["a", "b", "c", None, "e"],
    "depth": [1.26, 2.54, None, 4.0, 5.75],
    "kind": [1, 2, 1, 2, 1],
}


def square(place: int) -> shapely.Geometry:
    return shapely.box(WEST + place * 100, SOUTH, WEST + place * 100 + 50, SOUTH + 50)


def plan_of(folder: Path, driver: str = "GPKG", **told: Any) -> FeaturesPlan:
    """Five squares in a row, 100 m apart."""
    layer = look(write_features(folder, [square(n) for n in range(5)], COLUMNS, driver=driver).source.path)
    crs = layer.crs or CRS
    start = FeaturesPlan(layer, crs, crs, "OBJECTID", ("OBJECTID", "name", "depth", "kind"))
    return replace(start, **told)


def found(plan: FeaturesPlan) -> Found:
    """As the service gets it: over the wire, checked."""
    return from_json(Found, to_plain_json(find_features(plan)))


def names(result: Found, at: int = 1) -> list[Any]:
    return [row[at] for row in result.rows]


def at(*places: float, relation: Relation = Relation.INTERSECTS, distance_m: float = 0.0, crs: str = CRS) -> SpatialFilter:
    low, high = places
    return SpatialFilter(box_shape(WEST + low, SOUTH - 10, WEST + high, SOUTH + 60), crs, relation, distance_m)


RAMP = Ramp(((0.0, Color(255, 255, 255)), (1.0, Color(0, 0, 0))))
RED, NONE = Symbol((Fill(Color(200, 0, 0)),)), Symbol()
KINDS = (Category(((1,),), RED), Category(((9,),), NONE))
ABOVE_2 = parse_filter("depth > 2")
THEMES: list[tuple[VectorTheme, list[str | None]]] = [
    (Single(RED), ["a", "b", "c", None, "e"]),
    (Categories(("kind",), KINDS), ["a", "c", "e"]),
    (Categories(("KIND",), KINDS, default=RED), ["a", "b", "c", None, "e"]),
    (Categories(("kind",), (Category(((1,),), NONE),), default=RED), ["b", None]),
    (Categories(("name", "kind"), (Category(((None, 2), ("a", 1)), RED),)), ["a", None]),
    (Breaks("depth", 1.0, (Break(2.0, RED), Break(4.0, NONE), Break(5.0, RED))), ["a"]),
    (Breaks("depth", 1.0, (Break(9.0, RED),), excluded=ABOVE_2), ["a"]),
    (Breaks("depth", 1.0, (Break(9.0, RED),), normalization_field="kind"), ["a", "b", None, "e"]),
    (Graded(Column("depth"), RED, RAMP, limits=(0.0, 9.0)), ["a", "b", None, "e"]),
    (Rules((Rule(RED, filter=ABOVE_2), Rule(NONE, filter=parse_filter("kind = 2")))), ["b", None, "e"]),
    (Rules((Rule(NONE, filter=ABOVE_2), Rule(RED, is_else=True))), ["a", "c"]),
    (Rules((Rule(RED, filter=Comparison("=", Column(FEATURE_ID), Literal(2))),)), ["b"]),
]


@pytest.mark.parametrize(("theme", "expected"), THEMES)
def test_what_no_class_draws_is_not_found(theme: VectorTheme, expected: list[str | None], tmp_path: Path) -> None:
    """Classes go by the data's true values, told or not; among what they draw, a definition chooses further."""
    plan = plan_of(tmp_path, theme=theme, decimals=(("depth", 0),), fields=("OBJECTID", "name"))
    assert names(found(plan)) == expected
    assert names(found(replace(plan, definition=parse_filter("name = 'b'")))) == [name for name in expected if name == "b"]


def test_a_theme_of_a_field_that_is_not_there_is_told(tmp_path: Path) -> None:
    """As drawing tells it."""
    with pytest.raises(StyleInvalid):
        found(plan_of(tmp_path, theme=Categories(("owner",), KINDS)))


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_driver_tells_all_features_and_the_same_ids_each_time(driver: str, tmp_path: Path) -> None:
    """Values, shapes and ids are the dataset's own; asking for the ids again gives the very same features."""
    plan = plan_of(tmp_path, driver)
    everything = found(plan)
    told = {row[1:] for row in everything.rows}
    assert told == set(zip(*COLUMNS.values(), strict=True))
    assert everything.count == 5 and not everything.is_more
    assert [row[0] for row in everything.rows] == list(everything.ids)
    again = found(replace(plan, ids=everything.ids[3:1:-1], order=(Order("kind", True),)))
    assert set(again.rows) == set(everything.rows[2:4])
    for one, other in zip(again.ids, again.shapes, strict=True):
        assert other == everything.shapes[everything.ids.index(one)]


def test_shapes_are_told_clockwise_and_closed(tmp_path: Path) -> None:
    """A ring goes round clockwise, as ArcGIS has it, and ends where it begins."""
    shape = found(plan_of(tmp_path)).shapes[0]
    assert shape is not None and shape.kind == "polygon"
    ring = shapely.LinearRing(shape.parts[0][0])
    assert not ring.is_ccw and shape.parts[0][0][0] == shape.parts[0][0][-1]
    assert shapely.Polygon(ring).equals(square(0))


WHERES = [
    ("1=1", ["a", "b", "c", None, "e"]),
    ("1=2", []),
    ("depth > 2 AND kind = 2", ["b", None]),
    ("name IN ('a','e') OR depth IS NULL", ["a", "c", "e"]),
    ("name LIKE 'B%'", []),
    ("UPPER(name) LIKE 'B%'", ["b"]),
    ("depth BETWEEN 2 AND 5", ["b", None]),
    ("NOT (depth > 2)", ["a"]),
    ("OBJECTID = 2", ["b"]),
]


@pytest.mark.parametrize(("where", "expected"), WHERES)
def test_conditions(where: str, expected: list[Any], tmp_path: Path) -> None:
    """Features for which a condition is unknown are none of it."""
    assert names(found(plan_of(tmp_path, where=parse_filter(where)))) == expected


def test_rounded_numbers_are_what_conditions_see(tmp_path: Path) -> None:
    """2.54 is told as 2.5: to ask whether it is more than 2.5 tells nothing."""
    plan = plan_of(tmp_path, decimals=(("depth", 1), ("kind", -1)))
    assert names(found(plan), 2) == [1.3, 2.5, None, 4.0, 5.8] and set(names(found(plan), 3)) == {0}
    assert names(found(replace(plan, where=parse_filter("depth > 2.5")))) == [None, "e"]
    total = replace(plan, wanted=Wanted.STATISTICS, statistics=(Statistic(Sum.SUM, "depth", "s"),), fields=("s",))
    assert found(total).rows[0][0] == pytest.approx(13.6)


def test_the_definition_sees_true_numbers_and_hides_features_from_every_question(tmp_path: Path) -> None:
    """What the layer does not draw is neither told, nor counted, nor summed."""
    plan = plan_of(tmp_path, decimals=(("depth", 0),), definition=parse_filter("depth > 2.5"))
    assert names(found(plan)) == ["b", None, "e"]
    assert found(replace(plan, wanted=Wanted.COUNT, ids=tuple(range(10)))).count == 3


RELATIONS = [
    (at(90, 160), ["b"]),
    (at(120, 260), ["b", "c"]),
    (at(120, 260, relation=Relation.CONTAINS), ["c"]),
    (at(120, 260, relation=Relation.OVERLAPS), ["b"]),
    (at(150, 190, relation=Relation.TOUCHES), ["b"]),
    (at(160, 190), []),
    (at(160, 190, distance_m=15), ["b", "c"]),
    (SpatialFilter(Shape("point", ((((WEST + 120, SOUTH + 20),),),)), CRS, Relation.WITHIN), ["b"]),
    (SpatialFilter(Shape("line", ((((WEST + 60, SOUTH + 20), (WEST + 120, SOUTH + 20)),),)), CRS, Relation.CROSSES), ["b"]),
    (at(150, 190, relation=Relation.BOXES), ["b"]),
]


@pytest.mark.parametrize(("asked", "expected"), RELATIONS)
def test_relations(asked: SpatialFilter, expected: list[str], tmp_path: Path) -> None:
    """Each relation is that of the place to the features, distances are metres on the ground."""
    assert names(found(plan_of(tmp_path, spatial_filter=asked))) == expected


def test_a_place_in_another_system(tmp_path: Path) -> None:
    """The place is carried to where the features lie, and their shapes to where they are asked for, easting first."""
    lon, lat = transformer(CRS, WGS84).transform(WEST + 125, SOUTH + 25)
    near = SpatialFilter(Shape("point", ((((lon, lat),),),)), WGS84, distance_m=30)
    result = found(plan_of(tmp_path, spatial_filter=near, out_crs=WGS84, coordinate_decimals=4))
    assert names(result) == ["b"] and result.shapes[0] is not None
    x, y = result.shapes[0].parts[0][0][0]
    assert (abs(x - lon) < 0.001, abs(y - lat) < 0.001, round(x, 4) == x) == (True, True, True)


def test_a_bound_of_the_earth_cuts_shapes_and_hides_what_lies_outside(tmp_path: Path) -> None:
    """Of the square across the border only the part inside is told; those outside are found by no question."""
    west, south = transformer(CRS, WGS84).transform(WEST - 500, SOUTH - 500)
    east, north = transformer(CRS, WGS84).transform(WEST + 125, SOUTH + 500)
    plan = plan_of(tmp_path, extent_deg=BBox(west, south, east, north))
    result = found(plan)
    assert names(result) == ["a", "b"] and result.shapes[1] is not None
    assert max(x for x, _ in result.shapes[1].parts[0][0]) == pytest.approx(WEST + 125, abs=0.5)
    assert found(replace(plan, where=parse_filter("name = 'e'"), wanted=Wanted.COUNT)).count == 0
    assert found(replace(plan, spatial_filter=at(126, 460), wanted=Wanted.COUNT)).count == 0


def test_a_grid_is_what_places_meet(tmp_path: Path) -> None:
    """With a cell of 200 m all that is told, and all that can be asked, is which corner a position is nearest to."""
    result = found(plan_of(tmp_path, cell=200.0))
    assert all(x % 200 == 0 and y % 200 == 0 for shape in result.shapes if shape for x, y in shape.parts[0][0])
    assert "b" in names(found(plan_of(tmp_path, cell=200.0, spatial_filter=at(60, 90))))


def test_order_pages_and_limits(tmp_path: Path) -> None:
    """Pages follow each other, nulls come last either way, and an answer says when there are more."""
    plan = plan_of(tmp_path, order=(Order("depth", True),), limit=2)
    assert names(found(plan)) == ["e", None] and found(plan).is_more
    assert names(found(replace(plan, offset=2))) == ["b", "a"] and names(found(replace(plan, offset=4))) == ["c"]
    assert not found(replace(plan, offset=4)).is_more and names(found(replace(plan, offset=9))) == []
    assert names(found(replace(plan, order=(Order("kind"), Order("name", True)), limit=9))) == ["e", "c", "a", "b", None]


def test_counts_ids_extents_distinct_values_and_statistics(tmp_path: Path) -> None:
    """The other kinds of answer, each of all that was found."""
    plan = plan_of(tmp_path, where=parse_filter("depth > 2"))
    assert found(replace(plan, wanted=Wanted.COUNT)).count == 3
    assert len(found(replace(plan, wanted=Wanted.IDS)).ids) == 3
    extent = found(replace(plan, wanted=Wanted.EXTENT))
    assert extent.bounds == (WEST + 100, SOUTH, WEST + 450, SOUTH + 50) and extent.count == 3
    distinct = replace(plan, where=None, wanted=Wanted.DISTINCT, fields=("kind",), order=(Order("kind", True),))
    assert found(distinct).rows == ((2,), (1,))
    sums = tuple(Statistic(kind, "depth", kind.value) for kind in Sum)
    grouped = replace(distinct, wanted=Wanted.STATISTICS, statistics=sums, group_by=("kind",), fields=("kind", *(s.name for s in sums)))
    two, one = found(grouped).rows
    assert two[:6] == (2, 2, 6.54, 2.54, 4.0, 3.27) and one[:2] == (1, 2)
    assert two[6] == pytest.approx(1.0324, abs=1e-4) and two[7] == pytest.approx(1.0658, abs=1e-4)


def test_dates_are_milliseconds_and_meet_literals(tmp_path: Path) -> None:
    """A DATE literal meets dates; they are told as milliseconds since 1970 and sorted as what they are."""
    days = ["2024-01-31", None, "2023-05-01T12:00:00"]
    rows = ",".join(
        f'{{"type":"Feature","properties":{{"seen":{"null" if day is None else chr(34) + day + chr(34)}}},'
        f'"geometry":{{"type":"Point","coordinates":[9,{48 + n}]}}}}'
        for n, day in enumerate(days)
    )
    (tmp_path / "dates.geojson").write_text(f'{{"type":"FeatureCollection","features":[{rows}]}}')
    layer = look(tmp_path / "dates.geojson")
    plan = FeaturesPlan(layer, WGS84, WGS84, "OBJECTID", ("seen",), order=(Order("seen"),))
    stamps = [round((datetime.fromisoformat(day) - datetime(1970, 1, 1)).total_seconds() * 1000) for day in days if day]
    assert names(found(plan), 0) == [*sorted(stamps), None]
    for where in ("seen >= DATE '2024-01-01'", "seen >= TIMESTAMP '2024-01-31 00:00:00'"):
        assert names(found(replace(plan, where=parse_filter(where))), 0) == [max(stamps)]


def test_a_table_of_text(tmp_path: Path) -> None:
    """CSV features have the number of their row for an id, whole numbers and dates."""
    (tmp_path / "wells.csv").write_text("x,y,people,seen\n500000,5400000,3,2024-01-31\n500100,5400000,,\n")
    layer = replace(look(tmp_path / "wells.csv"), crs=CRS)
    plan = FeaturesPlan(layer, CRS, CRS, "OBJECTID", ("OBJECTID", "people", "seen"))
    assert found(plan).rows == ((0, 3, 1706659200000), (1, None, None))
    assert found(replace(plan, ids=(1,))).shapes[0] == Shape("point", ((((500100.0, 5400000.0),),),))


def test_heights_are_told_where_they_are_asked_for(tmp_path: Path) -> None:
    """Positions have a height with with_z, also in another CRS, and none without."""
    layer = look(write_features(tmp_path, [shapely.Point(WEST, SOUTH, 7)], driver="GPKG").source.path)
    plan = FeaturesPlan(layer, CRS, WGS84, "OBJECTID", (), with_z=True)
    told = found(plan).shapes[0], found(replace(plan, with_z=False)).shapes[0]
    assert [len(shape.parts[0][0][0]) for shape in told if shape] == [3, 2] and told[0] and told[0].parts[0][0][0][2] == 7


def test_an_answer_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be too many bytes ends early and says so; a single feature of too many is refused."""
    monkeypatch.setattr(module, "ANSWER_BYTES", replace(module.ANSWER_BYTES, value=800))
    result = found(plan_of(tmp_path))
    assert 0 < len(result.rows) < 5 and result.is_more
    monkeypatch.setattr(module, "ANSWER_BYTES", replace(module.ANSWER_BYTES, value=50))
    with pytest.raises(TooCostly):
        find_features(plan_of(tmp_path))


@pytest.mark.parametrize(
    "shape", [Shape("polygon", ()), Shape("line", ((((0.0, 0.0),),),)), Shape("polygon", ((((0.0, 0.0), (1.0, 1.0)),),))]
)
def test_a_place_that_is_none_is_refused(shape: Shape, tmp_path: Path) -> None:
    """Empty and impossible geometries are the question's fault."""
    with pytest.raises(InvalidParameter):
        find_features(plan_of(tmp_path, spatial_filter=SpatialFilter(shape, CRS)))


NOWHERE = (
    SpatialFilter(Shape("point", ((((500.0, 95.0),),),)), WGS84, distance_m=10.0),
    SpatialFilter(Shape("polygon", ((((1e300, 0.0), (0.0, 1e300), (1.0, 1.0), (1e300, 0.0)),),)), "EPSG:3857"),
)


@pytest.mark.parametrize("nowhere", NOWHERE)
def test_a_place_that_is_nowhere_is_refused(nowhere: SpatialFilter, tmp_path: Path) -> None:
    """Beyond the poles, or beyond all numbers: the question's fault, and no worker's."""
    with pytest.raises(InvalidParameter):
        find_features(plan_of(tmp_path, spatial_filter=nowhere))


def test_nothing_found_has_no_extent(tmp_path: Path) -> None:
    """Also in another system."""
    assert found(plan_of(tmp_path, where=parse_filter("1=2"), wanted=Wanted.EXTENT, out_crs=WGS84)) == Found()
