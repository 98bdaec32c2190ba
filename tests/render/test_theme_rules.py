"""Themes as rules of the engine, told by the colours of features: rules that all apply, colours along a ramp, sizes by a number."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.errors import StyleInvalid
from rendermap.render.assets import assets
from rendermap.render.mapnik_filter import Columns
from rendermap.render.mapnik_xml import drawn_layer, map_document
from rendermap.render.theme_rules import any_of, rules_of
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Arithmetic, Column, Comparison, Literal
from rendermap.symbology.facts import Field, FieldKind
from rendermap.symbology.ramps import color_at, of_colors
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import Break, Breaks, Categories, Category, Graded, Proportional, Rule, Rules, Style, Theme
from rendermap.symbology.symbols import Color, Fill, Marker, Ramp, SizeBy, Stroke, Symbol
from tests.builders.vectors import BLUE, GREEN, RED, fill, plan_for, view_on, write_features

GONE = (0, 0, 0, 0)


def drawn(folder: Path, columns: dict[str, list[object]], style: Style | Theme) -> list[tuple[int, ...]]:
    """The colour of each of a row of squares, one per feature."""
    count = len(next(iter(columns.values())))
    layer = write_features(folder, [shapely.box(i * 10, 0, i * 10 + 10, 10) for i in range(count)], columns)
    pixels = draw_vectors([plan_for(layer, style)], view_on((0, 0, count * 10, 10), width=count * 20, height=20))
    return [tuple(int(v) for v in pixels[10, i * 20 + 10]) for i in range(count)]


# --- rules ---------------------------------------------------------------------------------------------------------------


def rule(color: Color, where: str | None = None, *, is_else: bool = False) -> Rule:
    return Rule(fill(color), filter=parse_filter(where) if where else None, is_else=is_else)


def test_a_feature_is_drawn_by_every_rule_it_passes(tmp_path: Path) -> None:
    """The last one lies on top; what passes none is not drawn; null passes no comparison."""
    theme = Rules((rule(RED, "v >= 1"), rule(Color(0, 0, 255, 128), "v >= 2")))
    low, both, none, null = drawn(tmp_path, {"v": [1, 2, 0, None]}, theme)
    assert (low, none, null) == (RED, GONE, GONE)
    assert both == pytest.approx((127, 0, 128, 255), abs=3)


def test_else_is_what_no_other_rule_drew(tmp_path: Path) -> None:
    """Nulls fail every filter and so are the else rule's; a rule that draws nothing keeps its features from it."""
    theme = Rules((rule(RED, "v > 5"), Rule(Symbol(), filter=parse_filter("v = 3")), rule(GREEN, is_else=True)))
    assert drawn(tmp_path, {"v": [6, 3, 1, None]}, theme) == [RED, GONE, GREEN, GREEN]


def test_else_is_of_its_own_level(tmp_path: Path) -> None:
    """Each FeatureTypeStyle of an SLD has its own others: what lies below for all features does not count."""
    below = Rule(Symbol((Fill(RED),)))
    above = [Rule(Symbol((Fill(GREEN, level=1),)), filter=parse_filter("v = 1")), Rule(Symbol((Fill(BLUE, level=1),)), is_else=True)]
    assert drawn(tmp_path, {"v": [1, 2]}, Rules((below, *above))) == [GREEN, BLUE]


def test_else_draws_nothing_beside_a_rule_for_all(tmp_path: Path) -> None:
    """A rule without a filter leaves nothing over."""
    assert drawn(tmp_path, {"v": [1, None]}, Rules((rule(RED), rule(GREEN, is_else=True)))) == [RED, RED]


def test_many_else_rules_share_what_is_left() -> None:
    """Thousands of filters beside thousands of else rules are spelled once for each level; where they cannot be, the style is refused."""
    columns = Columns((Field("v", FieldKind.INTEGER),))
    filters = tuple(rule(RED, f"v = {i}") for i in range(3000))
    alike = Rules((*filters, *(rule(Color(i % 256, 9, 9), is_else=True) for i in range(3000))))
    made = rules_of(Style(alike), columns)
    assert len(made) == 3001 and len(made[-1].symbol.layers) == 3000
    assert sum(len(r.test or "") for r in made) < 200_000
    both = tuple(Rule(Symbol((Fill(RED), Fill(RED, level=i % 2))), is_else=True) for i in range(3000))
    with pytest.raises(StyleInvalid):
        rules_of(Style(Rules((*filters, *both))), columns)


def test_else_rules_are_drawn_in_their_order(tmp_path: Path) -> None:
    """The last one lies on top, wherever rules with filters stand between; one with a filter of its own draws fewer."""
    own = Rule(fill(BLUE), filter=parse_filter("v = 2"), is_else=True)
    theme = Rules((rule(RED, is_else=True), rule(BLUE, "v = 1"), rule(GREEN, is_else=True), own))
    assert drawn(tmp_path, {"v": [1, 2, 3]}, theme) == [BLUE, BLUE, GREEN]


def test_a_level_has_only_rules_that_draw_at_it(tmp_path: Path) -> None:
    """Hundreds of FeatureTypeStyles with a rule each are not hundreds of rules at hundreds of levels."""
    layer = write_features(tmp_path, [shapely.box(0, 0, 10, 10)], {"v": [1]})
    theme = Rules(tuple(Rule(Symbol((Fill(RED, level=i),)), filter=parse_filter("v = 1")) for i in range(100)))
    text = map_document([drawn_layer(plan_for(layer, theme))], [{}], "EPSG:25832", assets())
    assert text.count("<Rule>") == 100


def test_the_definition_filter_goes_before_all_rules(tmp_path: Path) -> None:
    """What it leaves out no rule draws, the else rule neither."""
    style = Style(Rules((rule(RED, "v = 1"), rule(GREEN, is_else=True))), filter=parse_filter("w = 'in'"))
    columns: dict[str, list[object]] = {"v": [1, 1, 2, 2, 2], "w": ["in", "out", "in", "out", None]}
    assert drawn(tmp_path, columns, style) == [RED, GONE, GREEN, GONE, GONE]


def test_points_of_a_mixed_layer_are_drawn_once(tmp_path: Path) -> None:
    """Where all rules apply, a point meets the markers only."""
    shapes = [shapely.box(0, 0, 10, 10), shapely.Point(15, 5)]
    layer = write_features(tmp_path, shapes, {"v": [1, 1]})
    mixed = type(layer.facts)(layer.facts.geometry, layer.facts.fields, 2, is_mixed=True)  # type: ignore[union-attr, call-arg]
    symbol = Symbol((Fill(RED), Marker(CIRCLE, 6.0, Color(0, 0, 255, 128), placement="points")))
    for is_else in (False, True):
        theme = Rules((Rule(symbol, is_else=is_else, filter=None if is_else else parse_filter("v = 1")),))
        plan = plan_for(type(layer)(**{n: getattr(layer, n) for n in layer.__slots__} | {"facts": mixed}), theme)  # type: ignore[attr-defined]
        pixels = draw_vectors([plan], view_on((0, 0, 20, 10), width=40, height=20))
        assert tuple(pixels[10, 10]) == RED and tuple(pixels[10, 30]) == pytest.approx((0, 0, 255, 128), abs=2)


def test_a_chain_of_thousands_is_no_chain() -> None:
    """Filters of many terms are nested by halves, and keep them all."""
    text = any_of([f"[v]={i}" for i in range(3000)])
    depth = max(sum(1 if c == "(" else -1 for c in text[:i]) for i in range(0, len(text), 97))
    assert text.count("[v]=") == 3000 and depth < 16


# --- colours along a ramp ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ramp",
    [
        of_colors([Color(255, 255, 204), Color(65, 182, 196), Color(37, 52, 148)]),
        Ramp(((0.0, RED), (0.5, GREEN), (0.5, BLUE), (1.0, Color(255, 255, 255)))),
        Ramp(((0.0, Color(10, 20, 30, 255)), (1.0, Color(200, 100, 0, 55)))),
    ],
)
def test_graded_colours_follow_the_ramp(tmp_path: Path, ramp: Ramp) -> None:
    """At any value the colour is the ramp's; beyond the ends it stays the ends'."""
    values = [-5.0, *(float(v) for v in np.linspace(0.01, 199.9, 57)), 205.0]
    found = drawn(tmp_path, {"v": list(values)}, Graded(Column("v"), fill(Color(1, 2, 3)), ramp, limits=(0.0, 200.0)))
    for value, color in zip(values, found, strict=True):
        wanted = color_at(ramp, value / 200)
        solid = wanted.a == 255
        assert np.allclose(color[3], wanted.a, atol=2), (value, color, wanted)
        assert np.allclose(color[:3], wanted[:3], atol=2 if solid else 4), (value, color, wanted)


def test_graded_colours_have_no_steps(tmp_path: Path) -> None:
    """Neighbouring values differ by what the ramp has between them, also for whole numbers."""
    ramp = of_colors([Color(0, 0, 0), Color(255, 255, 255)])
    found = drawn(tmp_path, {"v": list(range(256))}, Graded(Column("v"), fill(RED), ramp, limits=(0.0, 255.0)))
    assert max(abs(b[0] - a[0]) for a, b in pairwise(found)) <= 2 and len({c[0] for c in found}) > 250


def test_graded_without_the_number(tmp_path: Path) -> None:
    """Null is not 0: it is the default's, or not drawn; a ramp of one number has one colour."""
    ramp = of_colors([RED, BLUE])
    theme = Graded(Column("v"), fill(GREEN), ramp, limits=(0.0, 1.0))
    assert drawn(tmp_path, {"v": [0.0, None]}, theme)[1] == GONE
    (tmp_path / "b").mkdir()
    with_default = Graded(Column("v"), fill(GREEN), ramp, limits=(4.0, 4.0), default=fill(GREEN))
    assert drawn(tmp_path / "b", {"v": [4.0, None]}, with_default) == [pytest.approx((128, 0, 128, 255), abs=1), GREEN]


@pytest.mark.parametrize("path", [CIRCLE, "M-0.5 -0.5L0.5 -0.5L0.5 0.5L-0.5 0.5Z"])
def test_graded_markers_and_lines(tmp_path: Path, path: str) -> None:
    """Markers of any shape take the colour inside and keep their outline; lines take it whole."""
    layer = write_features(tmp_path, [shapely.Point(5, 5), shapely.Point(15, 5)], {"v": [0.0, 1.0]})
    ramp = of_colors([RED, BLUE])
    marker = Symbol((Marker(path, 9.0, GREEN, Stroke(Color(0, 0, 0), 1.0)),))
    view = view_on((0, 0, 20, 10), width=40, height=20)
    pixels = draw_vectors([plan_for(layer, Graded(Column("v"), marker, ramp, limits=(0.0, 1.0)))], view)
    assert tuple(pixels[10, 10]) == RED and tuple(pixels[10, 30]) == BLUE
    assert pixels[10, :20, :3].sum(axis=1)[pixels[10, :20, 3] > 0].min() < 200
    (tmp_path / "lines").mkdir()
    lines = write_features(tmp_path / "lines", [shapely.LineString([(0, 5), (20, 5)])], {"v": [1.0]})
    line = Symbol((Stroke(GREEN, 4.0),))
    pixels = draw_vectors([plan_for(lines, Graded(Column("v"), line, ramp, limits=(0.0, 1.0)))], view)
    assert tuple(pixels[10, 20]) == BLUE


def test_graded_without_limits_is_refused(tmp_path: Path) -> None:
    """Only a resolved style may be drawn."""
    with pytest.raises(StyleInvalid):
        drawn(tmp_path, {"v": [1.0]}, Graded(Column("v"), fill(RED), of_colors([RED, BLUE])))


# --- sizes by a number ---------------------------------------------------------------------------------------------------


def widths(folder: Path, values: list[object], theme: Proportional) -> list[int]:
    """How many px wide each of a row of markers is."""
    layer = write_features(folder, [shapely.Point(50 + 100 * i, 50) for i in range(len(values))], {"v": values})
    pixels = draw_vectors([plan_for(layer, theme)], view_on((0, 0, 100 * len(values), 100), width=100 * len(values), height=100))
    return [int((pixels[50, 100 * i : 100 * i + 100, 3] > 127).sum()) for i in range(len(values))]


def test_symbols_grow_with_the_number(tmp_path: Path) -> None:
    """Areas in proportion for the exponent 0.5, held at both ends, nothing for null."""
    marker = Symbol((Marker(CIRCLE, 9.0, RED),))
    theme = Proportional(marker, SizeBy(Column("v"), ((10.0, 1.0), (360.0, 6.0)), 0.5))
    assert widths(tmp_path, [10, 40, 90, 360, 1000, None], theme) == [12, 24, 36, 72, 72, 0]


def test_sizes_by_very_large_numbers(tmp_path: Path) -> None:
    """Square metres of countries: the slope is a very small number, and keeps its digits."""
    marker = Symbol((Marker(CIRCLE, 9.0, RED),))
    theme = Proportional(marker, SizeBy(Column("v"), ((1e13, 1.0), (5e13, 5.0)), 1.0))
    assert widths(tmp_path, [1e13, 2e13, 3e13, 5e13], theme) == [12, 24, 36, 60]


def test_all_that_is_under_lies_under_all_symbols(tmp_path: Path) -> None:
    """A later polygon does not hide an earlier one's symbol; polygons without the number keep their fill."""
    layer = write_features(
        tmp_path, [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), shapely.box(20, 0, 30, 10)], {"v": [1, 400, None]}
    )
    theme = Proportional(Symbol((Marker(CIRCLE, 3.0, RED),)), SizeBy(Column("v"), ((1.0, 1.0), (400.0, 8.0)), 0.5), under=fill(GREEN))
    pixels = draw_vectors([plan_for(layer, theme)], view_on((0, 0, 30, 10), width=60, height=20))
    assert tuple(pixels[10, 17]) == RED and tuple(pixels[10, 30]) == RED and tuple(pixels[10, 55]) == GREEN


@pytest.mark.parametrize("driver", ["OpenFileGDB", "GPKG", "FlatGeobuf", "ESRI Shapefile"])
def test_no_large_symbol_hides_a_small_one(tmp_path: Path, driver: str) -> None:
    """Large ones are drawn first, whatever the order of the dataset."""
    layer = write_features(tmp_path, [shapely.Point(50, 50), shapely.Point(52, 50)], {"v": [1.0, 100.0]}, driver=driver)
    marker = Symbol((Marker(CIRCLE, 6.0, RED, Stroke(Color(0, 0, 0), 1.0)),))
    theme = Proportional(marker, SizeBy(Column("V"), ((1.0, 1.0), (100.0, 10.0)), 0.5))
    pixels = draw_vectors([plan_for(layer, theme)], view_on((0, 0, 100, 100), width=100, height=100))
    # the small one's outline is seen on the large one
    assert pixels[50, 44:57, 0].min() < 100


# --- classes of what is made from the feature ----------------------------------------------------------------------------


def test_breaks_of_a_calculation(tmp_path: Path) -> None:
    """Classes of a value made from two fields, without those that are excluded and those where a field is null."""
    theme = Breaks(
        "", 0.0, (Break(3.0, fill(RED)), Break(9.0, fill(BLUE))), default=fill(GREEN),
        expression=Arithmetic("+", Column("a"), Column("b")), excluded=Comparison("=", Column("a"), Literal(4)),
    )  # fmt: skip
    columns: dict[str, list[object]] = {"a": [1, 3, 4, None, 9], "b": [2, 5, 1, 1, 9]}
    assert drawn(tmp_path, columns, theme) == [RED, BLUE, GREEN, GREEN, GREEN]


@pytest.mark.parametrize("default", [None, fill(BLUE)])
def test_a_gap_is_no_class(tmp_path: Path, default: Symbol | None) -> None:
    """What lies between two classes is drawn like what has no value."""
    classes = (Break(5.0, fill(RED)), Break(9.999, Symbol(), is_gap=True), Break(20.0, fill(GREEN)))
    found = drawn(tmp_path, {"v": [5, 7, 10, None]}, Breaks("v", 0.0, classes, default=default))
    other = GONE if default is None else BLUE
    assert found == [RED, other, GREEN, other]


def test_categories_of_a_calculation(tmp_path: Path) -> None:
    """Single values of a sum; null has a class of its own."""
    classes = (Category(((3,),), fill(RED)), Category(((None,),), fill(BLUE)))
    theme = Categories((), classes, fill(GREEN), expression=Arithmetic("+", Column("a"), Column("b")))
    assert drawn(tmp_path, {"a": [1, 2, None], "b": [2, 2, 3]}, theme) == [RED, GREEN, BLUE]
