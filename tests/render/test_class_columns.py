"""Very many classes: the same picture as by rules, without a rule for each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.jobs.job import Layer
from rendermap.render.class_columns import ClassColumns, class_columns
from rendermap.render.mapnik_filter import Columns
from rendermap.render.mapnik_xml import drawn_layer
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.facts import VectorFacts
from rendermap.symbology.shapes import CIRCLE, SQUARE
from rendermap.symbology.style import Categories, Category, Style, Value
from rendermap.symbology.symbols import Color, Fill, Hatch, Marker, Stroke, Symbol
from tests.builders.vectors import BLUE, fill, plan_for, view_on, write_features

CHOOSER = np.random.default_rng(4)
COLORS = [Color(*(int(v) for v in CHOOSER.integers(0, 256, 3))) for _ in range(200)]


def look(i: int) -> Symbol:
    """Three shapes of symbol, and a colour for each class."""
    one, other = COLORS[i % 200], COLORS[(i * 7 + 3) % 200]
    return (
        Symbol((Fill(one), Stroke(other, 1.5))),
        Symbol((Fill(one._replace(a=128)), Hatch(Stroke(BLUE, 1.0), 45.0, 4.0))),
        Symbol((Fill(other), Marker(CIRCLE if i % 2 else SQUARE, 6.0, one, Stroke(other, 1.0)))),
    )[i % 3]


def layer_with(folder: Path, columns: dict[str, list[object]]) -> Layer:
    """A square per feature, row by row."""
    count = len(next(iter(columns.values())))
    return write_features(
        folder, [shapely.box(i % 20 * 10, i // 20 * 10, i % 20 * 10 + 10, i // 20 * 10 + 10) for i in range(count)], columns
    )


def counted(layer: Layer, count: int) -> Layer:
    """The layer as if it had so many features, which is what decides how it is drawn."""
    assert isinstance(layer.facts, VectorFacts)
    return replace(layer, facts=replace(layer.facts, count=count))


def assert_same_picture(layer: Layer, style: Style | Categories) -> None:
    """By rules and by columns, pixel by pixel."""
    many, few = plan_for(counted(layer, 1_000_000), style), plan_for(counted(layer, 1), style)
    assert drawn_layer(many).remaking is not None and drawn_layer(few).remaking is None
    assert len(drawn_layer(many).rules) < 30 < len(drawn_layer(few).rules)
    view = view_on((0, 0, 200, 100), width=400, height=200)
    by_rules = draw_vectors([few], view)
    assert (draw_vectors([many], view) == by_rules).all() and by_rules.any()


@pytest.mark.parametrize("default", [None, fill(BLUE)])
@pytest.mark.parametrize("kind", ["text", "integer", "real"])
def test_the_picture_is_the_same(tmp_path: Path, kind: str, default: Symbol | None) -> None:
    """Text, whole and broken numbers, null, values written as text, values that are no class: as by rules, also where symbols differ."""
    codes: list[object] = [i if kind == "integer" else i * 0.1 if kind == "real" else f"c{i}" for i in range(98)]
    classes = [Category(((str(code) if kind == "real" else code,),), look(i)) for i, code in enumerate(codes[:90])]  # type: ignore[arg-type]
    classes += [Category(((None,), ("never",)), look(5)), Category(((codes[1],),), look(0))]  # type: ignore[arg-type]
    theme = Categories(("V",), tuple(classes), default)
    assert_same_picture(layer_with(tmp_path, {"v": [*codes, None, None]}), theme)


def test_several_fields_and_a_filter(tmp_path: Path) -> None:
    """Combinations are met as a whole, and what fails the definition filter is not drawn."""
    a: list[object] = [i % 10 for i in range(100)]
    b: list[object] = [None if i % 17 == 0 else f"t{i // 10}" for i in range(100)]
    combinations: list[tuple[Value, ...]] = [(str(x), None if y == 9 else f"t{y}") for x in range(10) for y in range(10)]
    theme = Categories(("a", "B"), tuple(Category((c,), look(i)) for i, c in enumerate(combinations)))
    assert_same_picture(layer_with(tmp_path, {"a": a, "b": b}), Style(theme, opacity=0.7, filter=parse_filter("a <> 3")))


def test_single_precision_values_find_their_class(tmp_path: Path) -> None:
    """0.1 in a layer file means the field's 0.10000000149, here too."""
    numbers = [i + 0.1 for i in range(100)]
    theme = Categories(("v",), tuple(Category(((repr(v),),), fill(COLORS[i])) for i, v in enumerate(numbers)))
    assert_same_picture(layer_with(tmp_path, {"v": [float(np.float32(v)) for v in numbers]}), theme)


def test_ten_thousand_classes_are_a_rule(tmp_path: Path) -> None:
    """Symbols that differ in colours alone are one group; dates and few classes go on being rules."""
    layer = layer_with(tmp_path, {"v": ["c1", "c2"], "day": [np.datetime64("2024-01-01"), None]})
    assert isinstance(layer.facts, VectorFacts)
    theme = Categories(("v",), tuple(Category(((f"c{i}",),), fill(COLORS[i % 200])) for i in range(10_000)))
    made = class_columns(theme, Columns(layer.facts.fields))
    assert isinstance(made, ClassColumns) and len(made.groups) == 1 and made.names == ("rm group", "rm color 0")
    dated = Categories(("day",), theme.classes)
    assert class_columns(dated, Columns(layer.facts.fields)) is None
    assert class_columns(replace(theme, classes=theme.classes[:64]), Columns(layer.facts.fields)) is None


def test_a_filter_costs_no_copy(tmp_path: Path) -> None:
    """What is told features hangs on the theme alone, so clients' filters share one copy."""
    layer = counted(layer_with(tmp_path, {"v": ["c1", "c2"], "n": [1, 2]}), 1_000_000)
    theme = Categories(("v",), tuple(Category(((f"c{i}",),), fill(COLORS[i])) for i in range(100)))
    plain, filtered = (plan_for(layer, Style(theme, filter=parse_filter(text) if text else None)) for text in ("", "n > 1"))
    assert repr(drawn_layer(plain).remaking) == repr(drawn_layer(filtered).remaking)
