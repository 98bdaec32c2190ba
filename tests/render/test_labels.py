"""Labels say what they should, where they should, and none stands on another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import FeaturesPlan, LayerPlan
from rendermap.errors import StyleInvalid
from rendermap.geo.lattice import whole_frame
from rendermap.render import compose
from rendermap.render.compose import draw
from rendermap.render.features import find_features
from rendermap.render.label_features import read_features
from rendermap.render.label_lines import places_along
from rendermap.render.label_places import interior_of, parts_of
from rendermap.render.label_values import in_lines, label_values
from rendermap.render.labels import _layer_labels
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import FEATURE_ID, Call, Column, Comparison, Concat, Literal
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol
from rendermap.symbology.shapes import SQUARE
from rendermap.symbology.style import Break, Breaks, Categories, Category, Graded, Proportional, Rule, Rules, Single, Style, Theme
from rendermap.symbology.symbols import BLACK, Color, Marker, Ramp, SizeBy, Symbol, sized
from tests.builders.vectors import BLUE, GREEN, RED, fill, map_plan, plan_for, view_on, write_features

Pixels = NDArray[np.uint8]
NOTHING = Single(Symbol())
VIEW = view_on((0, 0, 600, 600), width=600, height=600)
MIDDLE = shapely.Point(300, 300)
WHEREVER = Placement()
Columns = dict[str, list[object]]


def labelled(
    folder: Path, shapes: list[shapely.Geometry], columns: Columns, *labels: LabelClass, name: str = "a", **style: object
) -> LayerPlan:
    """A layer of which only the labels are drawn, unless its style has a theme."""
    layer = write_features(folder, shapes, columns, name=name)
    return plan_for(layer, Style(**{"theme": NOTHING, "labels": labels, **style}))  # type: ignore[arg-type]


def label(text: str = "name", color: Color = BLACK, placement: Placement = WHEREVER, **more: object) -> LabelClass:
    return LabelClass(Column(text), TextSymbol("Arial", 12, color), placement, **more)  # type: ignore[arg-type]


def box_of(picture: Pixels, color: Color = BLACK) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the pixels of about this colour."""
    near = (np.abs(picture[..., :3].astype(int) - color[:3]) < 60).all(axis=2) & (picture[..., 3] > 60)
    rows, cols = np.nonzero(near)
    return int(cols.min()), int(rows.min()), int(cols.max()), int(rows.max())


def has(picture: Pixels, color: Color) -> bool:
    return bool(((np.abs(picture[..., :3].astype(int) - color[:3]) < 60).all(axis=2) & (picture[..., 3] > 128)).any())


def texts(plan: LayerPlan) -> list[str]:
    """What the labels of a layer's first class say."""
    return [found.text for found in _layer_labels(plan, whole_frame(VIEW))[0]]


# --- what they say ----------------------------------------------------------------------------------------------------


def test_values_print_as_people_expect(tmp_path: Path) -> None:
    """Whole numbers without a fraction also among nulls, reals without noise, dates without a clock, nothing for null."""
    columns: Columns = {
        "whole": [12, None, -3], "real": [1.5, 2.0, None], "single": [0.1, None, 3.25], "word": ["Zürich", None, "  "],
        "day": [np.datetime64("2024-05-01"), None, np.datetime64("1999-12-31")],
        "moment": [np.datetime64("2024-05-01T14:30:00"), np.datetime64("2024-05-02T00:00:00"), None],
    }  # fmt: skip
    points = [shapely.Point(100 * i, 100) for i in (1, 2, 3)]
    plan = labelled(tmp_path, points, columns, *(label(name) for name in columns))
    features = read_features(plan, whole_frame(VIEW))
    said = {}
    for name in columns:
        text = label_values(label(name), features.names, wraps=True).text
        said[name] = [text(row) for _, row in sorted(zip(shapely.get_x(features.shapes), features.rows, strict=True))]
    assert said == {
        "whole": ["12", "", "-3"], "real": ["1.5", "2", ""], "single": ["0.1", "", "3.25"], "word": ["Zürich", "", ""],
        "day": ["2024-05-01", "", "1999-12-31"], "moment": ["2024-05-01 14:30:00", "2024-05-02", ""],
    }  # fmt: skip


def test_expressions_are_worked_out(tmp_path: Path) -> None:
    """Texts, fields and numbers joined; a field is found without regard to case."""
    both = LabelClass(Concat((Column("NAME"), Literal(": "), Column("n"), Literal(" m"))))
    assert texts(labelled(tmp_path, [MIDDLE], {"name": ["Top"], "n": [2917.0]}, both)) == ["Top: 2917 m"]


def test_a_field_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The layer's fault, in words."""
    with pytest.raises(StyleInvalid):
        draw(map_plan(VIEW, labelled(tmp_path, [MIDDLE], {"name": ["A"]}, label("nowhere"))))


def test_filters_of_layer_and_class_apply(tmp_path: Path) -> None:
    """A feature that is not drawn has no label, and a class labels its own features only; unknown is not true."""
    points = [shapely.Point(100 * i, 300) for i in (1, 2, 3, 4)]
    columns: Columns = {"name": ["a", "b", "c", "d"], "n": [1, 2, 3, None]}
    plan = labelled(tmp_path, points, columns, label(filter=parse_filter("n < 3")), filter=parse_filter("n > 1"))
    assert texts(plan) == ["b"]


def test_a_filter_by_ids_applies_to_labels(tmp_path: Path) -> None:
    """The features have the ids that queries tell, in whatever order the dataset has them."""
    points = [shapely.Point(100 * i, 300) for i in (1, 2, 3, 4)]
    columns: Columns = {"name": ["a", "b", "c", "d"]}
    plan = labelled(tmp_path, points, columns, label(), filter=Comparison("=", Column(FEATURE_ID), Literal(2)))
    ids = FeaturesPlan(plan.layer, plan.crs, plan.crs, "OBJECTID", ("name",), ids=(2,), with_shapes=False)
    assert texts(plan) == [name for (name,) in find_features(ids).rows] != []


DOT = Symbol((Marker(SQUARE, 6.0, BLUE),))


@pytest.mark.parametrize(
    ("theme", "labelled_ones"),
    [
        (Categories(("k",), (Category((("a",), ("b",)), DOT), Category((("c",),), Symbol()))), "ab"),
        (Categories(("k",), (Category((("a",),), Symbol()),), default=DOT), "bcd"),
        (Categories(("n",), (Category((("1",),), DOT), Category(((2.0,), (None,)), DOT))), "abd"),
        (Categories((), (Category((("A",),), DOT),), expression=Call("upper", (Column("k"),))), "a"),
        (Breaks("n", 1.5, (Break(2.0, DOT), Break(9.0, DOT))), "bc"),
        (Breaks("n", 0.0, (Break(2.0, DOT),), excluded=parse_filter("k = 'a'")), "b"),
        (Breaks("n", 0.0, (Break(2.0, Symbol()),), default=DOT), "cd"),
        (Graded(Column("n"), DOT, Ramp(((0.0, RED), (1.0, BLUE))), (0.0, 9.0)), "abc"),
        (Proportional(DOT, SizeBy(Column("n"), ((0.0, 1.0), (9.0, 2.0)))), "abc"),
        (Rules((Rule(DOT, filter=parse_filter("n > 1")), Rule(Symbol(), filter=parse_filter("k = 'a'")))), "bc"),
        (Rules((Rule(Symbol(), filter=parse_filter("n = 1")), Rule(DOT, is_else=True))), "bcd"),
        (Single(DOT), "abcd"),
        (Categories(("k",), (Category((("a",),), Symbol()),)), "abcd"),
    ],
)
def test_only_what_is_drawn_has_a_label(tmp_path: Path, theme: Theme, labelled_ones: str) -> None:
    """Of features that the theme draws; all where it draws nothing of any, and where the label says so; and so it is drawn."""
    points = [shapely.Point(100 + 100 * i, 300) for i in range(4)]
    columns: Columns = {"name": list("abcd"), "k": list("abcd"), "n": [1, 2, 3, None]}
    plan = labelled(tmp_path, points, columns, label(), theme=theme)
    assert "".join(sorted(texts(plan))) == labelled_ones
    everywhere = labelled(tmp_path, points, columns, label(of_drawn_only=False), theme=theme, name="b")
    assert sorted(texts(everywhere)) == list("abcd")
    if labelled_ones != "abcd":
        seen = draw(map_plan(VIEW, replace(plan, style=replace(plan.style, labels=()))))
        assert "".join(k for k, x in zip("abcd", (100, 200, 300, 400), strict=True) if seen[300, x, 3]) == labelled_ones


def test_long_texts_are_wrapped() -> None:
    """Between words, behind hyphens, between Chinese characters; a word is never torn; line ends of all systems count."""
    assert in_lines("Bad Sankt Leonhard im Lavanttal", 12) == "Bad Sankt\nLeonhard im\nLavanttal"
    assert in_lines("Donaudampfschiff", 5) == "Donaudampfschiff"
    assert in_lines("東京都千代田区", 4) == "東京都千\n代田区"
    assert in_lines("a\r\nb\rc\n\nd ", 0) == "a\nb\nc\nd"


# --- which of them ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second", "drawn"), [(0.0, 1.0, GREEN), (1.0, 0.0, RED), (0.0, 0.0, GREEN)])
def test_the_higher_priority_has_the_place(tmp_path: Path, first: float, second: float, drawn: Color) -> None:
    """Across layers; where priorities are equal the upper layer's label stands."""
    below = labelled(tmp_path, [MIDDLE], {"name": ["Lower"]}, label(color=RED, priority=first))
    above = labelled(tmp_path, [MIDDLE], {"name": ["Upper"]}, label(color=GREEN, priority=second), name="b")
    picture = draw(map_plan(VIEW, below, above))
    assert [color for color in (RED, GREEN) if has(picture, color)] == [drawn]


def test_labels_that_may_overlap_do(tmp_path: Path) -> None:
    """Both are drawn."""
    both = (label(color=RED), label(color=GREEN, placement=Placement(may_overlap=True)))
    plan = labelled(tmp_path, [MIDDLE], {"name": ["Here"]}, *both)
    assert has(draw(map_plan(VIEW, plan)), GREEN)


def test_anchors_are_tried_in_turn(tmp_path: Path) -> None:
    """The second point's label goes to the left where the first has taken the right."""
    points = [shapely.Point(300, 300), shapely.Point(345, 300)]
    right = Placement(anchors=("E", "W"), distance_pt=3)
    plan = labelled(tmp_path, points, {"name": ["First", "2"], "k": [1, 2]}, label(placement=right, color=RED, filter=parse_filter("k=1")),
                    label(placement=Placement(anchors=("W", "E"), distance_pt=3), color=BLUE, filter=parse_filter("k=2")))  # fmt: skip
    picture = draw(map_plan(VIEW, plan))
    assert box_of(picture, RED)[0] > 300 and box_of(picture, BLUE)[0] > 345


@pytest.mark.parametrize(
    ("anchor", "side"), [("N", (0, -1)), ("S", (0, 1)), ("E", (1, 0)), ("W", (-1, 0)), ("NE", (1, -1)), ("SW", (-1, 1))]
)
def test_labels_keep_clear_of_the_marker(tmp_path: Path, anchor: str, side: tuple[int, int]) -> None:
    """On the side of the anchor, no nearer than the marker is large: 20 pt wide, so 13 px from its middle."""
    marker = Single(Symbol((Marker(SQUARE, 20.0, BLUE),)))
    where = Placement(anchors=(anchor,))
    plan = labelled(tmp_path, [MIDDLE], {"name": ["mm"]}, label(placement=where, color=RED), theme=marker)
    left, top, right, bottom = box_of(draw(map_plan(VIEW, plan)), RED)
    if side[0] > 0:
        assert left >= 300 + 13 * (0.7 if side[1] else 1)
    if side[0] < 0:
        assert right <= 300 - 13 * (0.7 if side[1] else 1)
    if side[1] < 0:
        assert bottom <= 300
    if side[1] > 0:
        assert top >= 300


def test_labels_keep_clear_of_other_markers_where_they_can(tmp_path: Path) -> None:
    """The place that covers a neighbour's marker is tried last, and taken where there is no other."""
    marker = Single(Symbol((Marker(SQUARE, 20.0, BLUE),)))
    points, columns = [shapely.Point(300, 300), shapely.Point(330, 300)], {"name": ["mm", None]}
    choice, none = (label(placement=Placement(anchors=anchors), color=RED) for anchors in (("E", "N", "W"), ("E",)))
    left, _, right, bottom = box_of(draw(map_plan(VIEW, labelled(tmp_path, points, columns, choice, theme=marker))), RED)
    assert bottom < 290 and pytest.approx((left + right) / 2, abs=3) == 300
    left, *_ = box_of(draw(map_plan(VIEW, labelled(tmp_path, points, columns, none, theme=marker, name="b"))), RED)
    assert left > 310


def squares(*sizes: float) -> list[Symbol]:
    return [Symbol((Marker(SQUARE, size, BLUE),)) for size in sizes]


SMALL, LARGE = squares(6.0, 60.0)
GROWING = SizeBy(Column("n"), ((0.0, 1.0), (100.0, 10.0)))


@pytest.mark.parametrize(
    "theme",
    [
        Breaks("n", 0.0, (Break(10.0, SMALL), Break(200.0, LARGE))),
        Breaks("n", 0.0, (Break(10.0, SMALL), Break(200.0, LARGE)), normalization_field="one"),
        Categories(("k",), (Category((("a",),), SMALL), Category((("b",),), LARGE))),
        Categories(("k",), (Category((("a",),), SMALL),), default=LARGE),
        Proportional(SMALL, GROWING),
        Single(sized(SMALL, GROWING)),
    ],
    ids=["breaks", "shares", "categories", "default", "proportional", "sized"],
)
def test_the_distance_is_from_the_features_own_marker(tmp_path: Path, theme: Theme) -> None:
    """Beside a marker of 6 pt a label is 4 px from the middle, beside one of 60 pt 40 px, in every theme."""
    points = [shapely.Point(100, 300), shapely.Point(400, 300)]
    columns: Columns = {"name": ["A", "B"], "n": [0.0, 100.0], "one": [1.0, 1.0], "k": ["a", "b"]}
    plan = labelled(tmp_path, points, columns, label(placement=Placement(anchors=("E",))), theme=theme)
    found = {each.text: each.spots[0].dx for each in _layer_labels(plan, whole_frame(VIEW))[0]}
    assert found == pytest.approx({"A": 4.0, "B": 40.0})


def test_offsets_and_turns(tmp_path: Path) -> None:
    """dx and dy move, y up; a turn makes a long text high, and clockwise is the other way."""
    plain = labelled(tmp_path, [MIDDLE], {"name": ["wwwwwwww"], "t": [60.0]}, label())
    moved = labelled(tmp_path, [MIDDLE], {"name": ["wwwwwwww"], "t": [60.0]}, label(placement=Placement(dx_pt=30, dy_pt=15)))
    at, then = box_of(draw(map_plan(VIEW, plain))), box_of(draw(map_plan(VIEW, moved)))
    assert (then[0] - at[0], then[1] - at[1]) == (40, -20)
    turned = replace(label(), rotation_by=Column("t"))
    pictures = [draw(map_plan(VIEW, labelled(tmp_path, [MIDDLE], {"name": ["wwwwwwww"], "t": [60.0]}, one)))
                for one in (turned, replace(turned, rotation_clockwise=True))]  # fmt: skip
    left, top, right, bottom = box_of(pictures[0])
    assert bottom - top > right - left
    assert pictures[0][top + 6, 300:].any() and pictures[1][top + 6, :300].any()


# --- how they lie on the map ------------------------------------------------------------------------------------------


def test_labels_are_above_and_never_faded(tmp_path: Path) -> None:
    """A layer at a tenth of its opacity has labels as black as any, above a polygon of a layer higher up."""
    faint = labelled(tmp_path, [shapely.box(0, 0, 600, 600)], {"name": ["MMMM"]}, label(), opacity=0.1, theme=Single(fill(RED)))
    cover = plan_for(write_features(tmp_path, [shapely.box(0, 0, 600, 600)], name="c"), Style(Single(fill(BLUE))))
    picture = draw(map_plan(VIEW, faint, cover))
    assert (picture[picture[..., 2] < 40][..., :3].max(axis=0) <= 40).all() and has(picture, BLACK)


def test_maps_without_labels_pay_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The label pass is not entered."""
    monkeypatch.setattr(compose, "draw_labels", lambda *_: pytest.fail("labels were asked for"))
    assert draw(map_plan(VIEW, plan_for(write_features(tmp_path, [MIDDLE]), Style(Single(fill(RED)))))).shape == (600, 600, 4)


def test_no_label_is_cut_at_a_pictures_edge(tmp_path: Path) -> None:
    """A large view: labels of points on its edge are whole, moved into it; the outermost pixels stay free."""
    points = [shapely.Point(x, y) for x, y in ((1, 300), (599, 400), (300, 1), (350, 599), (2, 2))]
    plan = labelled(tmp_path, points, {"name": [f"Place {i}" for i in range(5)]}, label())
    picture = draw(map_plan(VIEW, plan))
    assert len(texts(plan)) == 5
    edges = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert not edges.any() and picture.any()


def test_a_point_at_the_edge_has_its_label_on_the_other_side(tmp_path: Path) -> None:
    """Also where the first place of the label would be beyond the edge."""
    where = Placement(anchors=("NE", "NW"), distance_pt=4)
    plan = labelled(tmp_path, [shapely.Point(598, 300)], {"name": ["Edge"]}, label(placement=where))
    assert box_of(draw(map_plan(VIEW, plan)))[2] < 598


def test_halo_and_box_lie_behind_the_letters(tmp_path: Path) -> None:
    """Both have their colour around the text."""
    halo = LabelClass(Column("name"), TextSymbol("Arial", 12, BLACK, halo_color=RED, halo_pt=2))
    box = LabelClass(Column("name"), TextSymbol("Arial", 12, BLACK, box_color=GREEN, box_outline=BLUE, box_margin_pt=3))
    for one, colors in ((halo, (RED,)), (box, (GREEN, BLUE))):
        picture = draw(map_plan(VIEW, labelled(tmp_path, [MIDDLE], {"name": ["Text"]}, one)))
        assert all(has(picture, color) for color in (*colors, BLACK))
        inner = box_of(picture)
        assert all(box_of(picture, c)[0] < inner[0] and box_of(picture, c)[3] > inner[3] for c in colors)


def test_a_polygons_label_is_inside_it(tmp_path: Path) -> None:
    """Of a horseshoe too, whose centroid is outside; of several parts the largest has it, or each one where that is asked."""
    horseshoe = shapely.box(100, 100, 500, 500).difference(shapely.box(200, 180, 400, 500))
    assert shapely.contains_xy(horseshoe, *interior_of(horseshoe))
    two = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(200, 200, 500, 500)])
    assert [shapely.area(part) for part in parts_of(two, each=False)] == [90_000]
    assert len(texts(labelled(tmp_path, [two], {"name": ["A"]}, label(placement=Placement(each_part=True))))) == 2


def test_the_widest_place_is_found(tmp_path: Path) -> None:
    """A wide text that fits the foot of a horseshoe only, is there."""
    horseshoe = shapely.box(100, 100, 500, 500).difference(shapely.box(170, 160, 430, 500))
    plan = labelled(tmp_path, [horseshoe], {"name": ["Horseshoe Bend Park"]}, label(placement=Placement(must_fit=True)))
    (found,) = _layer_labels(plan, whole_frame(VIEW))[0]
    assert abs(found.shape.x - 300) < 1 and 100 < found.shape.y < 160


def test_very_many_labels_are_thinned(tmp_path: Path) -> None:
    """Of more than could find a place only some are tried; those that say nothing hide none."""
    at = np.random.default_rng(4).uniform(0, 600, (30_000, 2))
    columns: Columns = {"name": [None if i % 2 else f"n{i}" for i in range(len(at))]}
    plan = labelled(tmp_path, list(shapely.points(at)), columns, label(placement=Placement(may_overlap=True)))
    assert 2300 < len(texts(plan)) <= 51 * 51


def test_broken_polygons_have_labels_too(tmp_path: Path) -> None:
    """A bow tie, a spike without area and a ring that runs back over itself."""
    shapes = [
        shapely.Polygon([(100, 100), (300, 300), (300, 100), (100, 300)]),
        shapely.Polygon([(400, 400), (450, 400), (400, 400)]),
        shapely.Polygon([(100, 400), (200, 400), (200, 500), (300, 500), (200, 500), (100, 500)]),
    ]
    assert len(texts(labelled(tmp_path, shapes, {"name": ["a", "b", "c"]}, label()))) == 3


def test_what_must_fit_does(tmp_path: Path) -> None:
    """A text wider than its polygon, or longer than its line, is left out."""
    shapes = [shapely.box(290, 290, 310, 310), shapely.box(100, 100, 300, 200), shapely.LineString([(400, 400), (410, 400)])]
    for number, (shape, drawn) in enumerate(zip(shapes, (0, 1, 0), strict=True)):
        plan = labelled(tmp_path, [shape], {"name": ["Wide name"]}, label(placement=Placement(must_fit=True)), name=f"f{number}")
        assert len(texts(plan)) == drawn


def test_lines_are_labelled_once_or_again_and_again(tmp_path: Path) -> None:
    """Once in the middle, or about every so far; the pieces of a broken line are one."""
    assert len(places_along(900.0, 1e-9)) == len(places_along(1e9, 1e-300)) == 1 << 14
    assert places_along(900.0, 0) == [450.0] and places_along(900.0, 290.0) == [150.0, 450.0, 750.0]
    broken = shapely.MultiLineString([[(0, 300), (300, 300)], [(300, 300), (600, 300)]])
    plan = labelled(tmp_path, [broken], {"name": ["Street"]}, label())
    (found,) = _layer_labels(plan, whole_frame(VIEW))[0]
    assert found.shape.centroid.distance(shapely.Point(300, 300)) < 2


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize(("side", "above"), [("above", True), ("below", False)])
def test_sides_of_lines_are_seen_by_the_reader(tmp_path: Path, side: str, above: bool, is_reversed: bool) -> None:
    """Above is up, whichever way the line was digitised."""
    line = shapely.LineString([(50, 300), (550, 300)])
    for along in ("curved", "straight", "horizontal"):
        where = Placement(along=along, side=side)
        plan = labelled(tmp_path, [line.reverse() if is_reversed else line], {"name": ["Street"]}, label(placement=where))
        _, top, _, bottom = box_of(draw(map_plan(VIEW, plan)))
        assert bottom <= 301 if above else top >= 299


def test_a_curved_name_follows_its_street(tmp_path: Path) -> None:
    """Along a half circle every letter lies near the line."""
    arc = shapely.LineString([(300 + 200 * np.cos(a), 200 + 200 * np.sin(a)) for a in np.linspace(np.pi, 0, 60)])
    picture = draw(map_plan(VIEW, labelled(tmp_path, [arc], {"name": ["A long name that bends around"]}, label())))
    rows, cols = np.nonzero(picture[..., 3] > 100)
    away = np.abs(np.hypot(cols - 300.0, 600.0 - rows - 200.0) - 200.0)
    assert away.max() < 14 and np.ptp(cols) > 150 and np.ptp(rows) > 30


def test_lines_of_a_text_follow_their_street_together(tmp_path: Path) -> None:
    """A text of two lines is twice as high as one, and no wider than its longer line."""
    street = [shapely.LineString([(50, 300), (300, 320), (550, 300)])]
    one, two = (labelled(tmp_path, street, {"name": [name]}, label(), name=f"n{len(name)}") for name in ("Mainroad", "Mainroad\nB 54"))
    (left, top, right, bottom), (left2, top2, right2, bottom2) = (box_of(draw(map_plan(VIEW, plan))) for plan in (one, two))
    assert bottom2 - top2 > 1.7 * (bottom - top) and right2 - left2 < 1.2 * (right - left)


def test_datasets_are_labelled_in_another_crs(tmp_path: Path) -> None:
    """Features in degrees, seen in metres."""
    layer = write_features(tmp_path, [shapely.Point(9.0, 50.0)], {"name": ["Here"]}, crs="EPSG:4326")
    plan = plan_for(layer, Style(NOTHING, labels=(label(),)))
    x, y = 1001875.4171394622, 6446275.841017161
    picture = draw(map_plan(view_on((x - 300, y - 300, x + 300, y + 300), "EPSG:3857", 600, 600), plan))
    left, top, right, bottom = box_of(picture)
    assert abs((left + right) / 2 - 300) < 3 and abs((top + bottom) / 2 - 300) < 6


@pytest.mark.parametrize("pair", ["東京", "हत", "தம", "ไท", "서울", "مح", "שר", "ЖЯ", "ΩΨ", "মব", "తె", "ខម"])
def test_every_script_has_its_letters(tmp_path: Path, pair: str) -> None:
    """Two letters of a script differ: neither is the box of a letter that is missing."""
    first, second = (
        draw(map_plan(VIEW, labelled(tmp_path, [MIDDLE], {"name": [letter]}, label(), name=f"s{ord(letter)}"))) for letter in pair
    )
    assert first.any() and second.any() and (first != second).any()


def test_arabic_letters_join_and_run_to_the_left(tmp_path: Path) -> None:
    """The joined word is narrower than its letters apart, and its first letter stands on the right."""

    def width(text: str) -> int:
        left, _, right, _ = box_of(draw(map_plan(VIEW, labelled(tmp_path, [MIDDLE], {"name": [text]}, label(), name="w"))))
        return right - left

    joined, apart = width("بببب"), width("ب\u200cب\u200cب\u200cب")
    assert joined < apart
    picture = draw(map_plan(VIEW, labelled(tmp_path, [MIDDLE], {"name": ["ابببببب"]}, label(), name="v")))
    columns = (picture[..., 3] > 60).sum(axis=0)
    used = np.nonzero(columns)[0]
    assert columns[used[-4:]].max() > columns[used[:4]].max(), "alef is a tall stroke"
