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
from rendermap.render.vectors import WARM, draw_vectors
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Arithmetic, Call, Column, Concat, Literal, Operand
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


def assert_same_picture(layer: Layer, style: Style | Categories, most: int = 30) -> None:
    """By rules and by columns, pixel by pixel."""
    many, few = plan_for(counted(layer, 1_000_000), style), plan_for(counted(layer, 1), style)
    assert drawn_layer(many).remaking is not None and drawn_layer(few).remaking is None
    assert len(drawn_layer(many).rules) < most <= len(drawn_layer(few).rules)
    view = view_on((0, 0, 200, 100), width=400, height=200)
    by_rules = draw_vectors([few], view)
    # maps are kept by their sources and styles, which are the same
    WARM.forget()
    assert (draw_vectors([many], view) == by_rules).all() and by_rules.any()
    WARM.forget()


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
    """Symbols that differ in colours alone are one group; few classes go on being rules."""
    layer = layer_with(tmp_path, {"v": ["c1", "c2"]})
    assert isinstance(layer.facts, VectorFacts)
    theme = Categories(("v",), tuple(Category(((f"c{i}",),), fill(COLORS[i % 200])) for i in range(10_000)))
    made = class_columns(theme, Columns(layer.facts.fields))
    assert isinstance(made, ClassColumns) and len(made.groups) == 1 and made.names == ("rm group", "rm color 0")
    assert class_columns(replace(theme, classes=theme.classes[:64]), Columns(layer.facts.fields)) is None


def test_a_filter_costs_no_copy(tmp_path: Path) -> None:
    """What is told features hangs on the theme alone, so clients' filters share one copy."""
    layer = counted(layer_with(tmp_path, {"v": ["c1", "c2"], "n": [1, 2]}), 1_000_000)
    theme = Categories(("v",), tuple(Category(((f"c{i}",),), fill(COLORS[i])) for i in range(100)))
    plain, filtered = (plan_for(layer, Style(theme, filter=parse_filter(text) if text else None)) for text in ("", "n > 1"))
    assert repr(drawn_layer(plain).remaking) == repr(drawn_layer(filtered).remaking)


# --- classes of what is made from features, of dates, of truths ----------------------------------------------------------

A, B, R = Column("a"), Column("b"), Column("r")
MADE: dict[str, tuple[Operand, list[Value]]] = {
    "text and text": (Concat((A, Literal(" in "), B)), [*(f"{i % 10} in t{i // 10}" for i in range(95)), "3 in "]),
    "a function": (Call("upper", (B,)), [*(f"T{i}" for i in range(10)), None]),
    "a sum": (Arithmetic("*", A, Literal(2)), [None, *range(0, 16, 2), "16"]),
    "a quotient": (Arithmetic("/", Literal(1.0), A), [None, 1, 0.5, 1 / 3, 0.25, 1 / 5, "0.125", 1 / 9, "never"]),
    "of a number in single precision": (Arithmetic("*", R, Literal(10)), [*(float(np.float32(i / 7)) * 10 for i in range(50)), "no", 1]),
    "a text of a broken number": (Concat((R, Literal("!"))), [*(f"{np.float32(i / 7)}!" for i in range(60)), "!"]),
    "a field": (B, [None, *(f"t{i}" for i in range(9))]),
}


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("default", [None, fill(BLUE)])
def test_classes_by_what_is_made_from_features(tmp_path: Path, name: str, default: Symbol | None) -> None:
    """Texts joined, functions, sums, quotients by zero and with null, values that documents write as text."""
    expression, values = MADE[name]
    rows: dict[str, list[object]] = {"a": [i % 10 for i in range(100)], "b": [None if i % 17 == 0 else f"t{i // 10}" for i in range(100)]}
    rows["r"] = [None if i % 13 == 0 else np.float32(i / 7) for i in range(100)]
    # several times the same: the first class counts
    classes = tuple(Category(((value,),), look(i)) for i, value in enumerate(values * 8))
    theme = Categories((), classes, default, expression=expression)
    assert_same_picture(layer_with(tmp_path, rows), Style(theme, filter=parse_filter("a <> 3")))


@pytest.mark.parametrize("field", ["day", "moment", "truth"])
def test_dates_and_truths(tmp_path: Path, field: str) -> None:
    """A day is its first second; words stand for truths; what is no date is nothing."""
    start, quarter = np.datetime64("2024-05-01"), np.timedelta64(21_600_500, "ms")
    known = [i % 9 != 0 for i in range(100)]
    rows: dict[str, list[object]] = {
        "day": [start + i if is_known else None for i, is_known in enumerate(known)],
        "moment": [start.astype("datetime64[ms]") + i % 90 // 2 * quarter if is_known else None for i, is_known in enumerate(known)],
        "truth": [i % 2 == 0 if is_known else None for i, is_known in enumerate(known)],
    }
    values: list[Value] = [*(str(start + i) for i in range(90)), "2024-05-03T06:00:04", "2024/05/03 12:00:05", "soon", None]
    if field == "truth":
        values = ["TRUE", 0, None, *(f"x{i}" for i in range(70))]
    theme = Categories((field,), tuple(Category(((value,),), fill(COLORS[i])) for i, value in enumerate(values)), fill(BLUE))
    assert_same_picture(layer_with(tmp_path, rows), theme, most=4)


# --- many looks ----------------------------------------------------------------------------------------------------------


def thick(i: int) -> Symbol:
    """Widths and opacities that differ from class to class, and outlines that are not seen."""
    ink, line = COLORS[i]._replace(a=(i * 5) % 256), COLORS[i * 3 % 200]._replace(a=255 - (i * 7) % 256)
    return Symbol((Fill(ink), Stroke(line, (i % 40) / 8, dash_pt=(4.0, 2.0) if i % 5 == 0 else ())))


def test_widths_and_opacities_are_the_features_own(tmp_path: Path) -> None:
    """A hundred widths of lines and opacities are a few rules."""
    theme = Categories(("v",), tuple(Category(((i,),), thick(i)) for i in range(100)))
    assert_same_picture(layer_with(tmp_path, {"v": list(range(100))}), theme, most=14)


def test_symbols_all_different_are_asked_by_number(tmp_path: Path) -> None:
    """Where no two classes are alike a rule for each is left, which compares a whole number and no more; those of most classes first."""
    dashed = [Symbol((Fill(COLORS[i]), Stroke(BLUE, 2.0, dash_pt=(1.0 + i, 2.0)))) for i in range(90)]
    shown = [*dashed, *(fill(COLORS[i]) for i in range(10))]
    theme = Categories((), tuple(Category(((f"{i}x",),), shown[i]) for i in range(100)), expression=Concat((Column("v"), Literal("x"))))
    layer = layer_with(tmp_path, {"v": list(range(100))})
    assert_same_picture(layer, theme, most=92)
    rules = drawn_layer(plan_for(counted(layer, 1_000_000), theme)).rules
    assert {(rule.test or "")[:13] for rule in rules} == {"([rm group] ="} and not any(
        isinstance(p, Stroke) for p in rules[0].symbol.layers
    )


def test_few_comparisons_with_what_is_made_are_much(tmp_path: Path) -> None:
    """Joining texts costs more than looking at a field, so fewer such classes and features are worth a copy."""
    layer = counted(layer_with(tmp_path, {"v": [1, 2]}), 2_000)
    classes = tuple(Category(((f"{i}x",),), fill(COLORS[i])) for i in range(20))
    made = Categories((), classes, expression=Concat((Column("v"), Literal("x"))))
    assert drawn_layer(plan_for(layer, made)).remaking is not None
    assert drawn_layer(plan_for(layer, Categories(("v",), classes))).remaking is None
