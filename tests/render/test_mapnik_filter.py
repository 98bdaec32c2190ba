"""Filters as values become Mapnik filters that mean the same, on data as the plugin really reads it."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.errors import InvalidFilter
from rendermap.render.column_sql import sql_of
from rendermap.render.engine import mapnik
from rendermap.render.mapnik_filter import Columns, compare, filter_text, number_literal, text_literal
from rendermap.symbology.expressions.evaluate import holds_in, matcher
from rendermap.symbology.expressions.tree import (
    And,
    Arithmetic,
    Call,
    Case,
    Column,
    Comparison,
    Concat,
    Expression,
    IsNull,
    Like,
    Literal,
    Not,
    Or,
)
from rendermap.symbology.facts import Field, FieldKind
from tests.builders.vectors import write_features

COLUMNS = {
    "id": [1, 2, 3, 4, 5],
    "v": [1.5, 0.0, None, -2.0, 7.0],
    "n": [10, 0, 3, None, 2],
    "t": ["a'b", "", None, "ünïcödé %_\\", "[x]\"]"],
    "flag": [True, False, True, None, False],
    "day": [np.datetime64("2024-05-01T00:00:00.000"), np.datetime64("2024-05-01T06:30:00.000"), None,
            np.datetime64("2023-01-01T00:00:00.000"), np.datetime64("2025-01-01T00:00:00.000")],
}  # fmt: skip
DRIVERS = ("FlatGeobuf", "GPKG", "OpenFileGDB")


def passing(folder: Path, expression: Expression, driver: str = "FlatGeobuf") -> list[int]:
    """The ids of the features that pass, read through Mapnik's plugin with the SQL that the filter needs."""
    layer = write_features(folder, [shapely.Point(i, i) for i in range(5)], COLUMNS, driver=driver)
    columns = Columns(layer.facts.fields)  # type: ignore[union-attr]
    test = mapnik.Expression(filter_text(expression, columns))
    columns.used.setdefault("id", "id")
    sql = sql_of(columns, "features", is_sqlite=driver == "GPKG")
    source = mapnik.Datasource(type="ogr", file=layer.open_name, layer_by_sql=sql, extent="0,0,4,4")
    return sorted(f["id"] for f in source if test.evaluate(f))


def column(name: str, operator: str, value: str | float | int | bool | None) -> Comparison:
    return Comparison(operator, Column(name), Literal(value))


CASES: list[tuple[Expression, list[int]]] = [
    (column("v", "<=", 1.5), [1, 2, 4]),
    (column("V", "<=", 1.5), [1, 2, 4]),
    (column("v", "=", 0), [2]),
    (column("v", "<>", 0), [1, 4, 5]),
    (Not(column("v", "=", 0)), [1, 4, 5]),
    (Not(column("v", ">", 0)), [2, 4]),
    (column("n", ">", "2"), [1, 3]),
    (IsNull(Column("v")), [3]),
    (Not(IsNull(Column("n"))), [1, 2, 3, 5]),
    (column("t", "=", "a'b"), [1]),
    (column("t", "=", ""), [2]),
    (column("t", "=", "ünïcödé %_\\"), [4]),
    (column("t", "=", '[x]"]'), [5]),
    (column("t", "<>", "a'b"), [2, 4, 5]),
    (IsNull(Column("t")), [3]),
    (Like(Column("t"), "%'%"), [1]),
    (Like(Column("t"), "[x]%"), [5]),
    (Like(Column("t"), "_'_"), [1]),
    (Like(Column("t"), "a"), []),
    (Not(Like(Column("t"), "a%")), [2, 4, 5]),
    (column("flag", "=", True), [1, 3]),
    (column("flag", "=", False), [2, 5]),
    (column("day", "=", "2024-05-01"), [1]),
    (column("day", ">", "2024-05-01"), [2, 5]),
    (column("day", "<=", "2024-05-01 06:30:00"), [1, 2, 4]),
    (column("day", "<", "2024-05-01"), [4]),
    (Comparison("=", Literal(7), Column("v")), [5]),
    (Comparison("<", Literal(1), Column("v")), [1, 5]),
    (Comparison("=", Arithmetic("/", Column("n"), Literal(4)), Literal(2.5)), [1]),
    (Comparison(">", Column("n"), Column("v")), [1]),
    (Comparison("<>", Arithmetic("+", Column("n"), Column("v")), Literal(9)), [1, 2]),
    (And((column("v", ">", -5), column("n", "<", 5))), [2, 5]),
    (Not(Or((column("v", "<", 1), column("n", "=", 2)))), [1]),
    (column("v", "=", None), []),
    (column("n", "=", "not a number"), []),
    (column("day", "=", ""), []),
    (Like(Column("t"), "%!%!_%", "!"), [4]),
    (IsNull(Arithmetic("/", Column("n"), Column("v"))), [2, 3, 4]),
]


@pytest.mark.parametrize(("expression", "expected"), CASES, ids=[repr(e)[:70] for e, _ in CASES])
def test_filter_means_what_sql_means(tmp_path: Path, expression: Expression, expected: list[int]) -> None:
    """Nulls are neither true nor false, 0 is not null, dates compare, text is taken literally."""
    assert passing(tmp_path, expression) == expected


@pytest.mark.parametrize(("expression", "expected"), CASES, ids=[repr(e)[:70] for e, _ in CASES])
def test_evaluation_means_the_same(expression: Expression, expected: list[int]) -> None:
    """Columns computed by us and filters asked by Mapnik tell the same features apart."""
    rows = [dict(zip(COLUMNS, values, strict=True)) for values in zip(*COLUMNS.values(), strict=True)]
    for row in rows:
        row["day"] = row["day"] and row["day"].item()  # type: ignore[attr-defined]
    assert [row["id"] for row in rows if holds_in(expression, row)] == expected


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_driver_tells_nulls_and_dates(tmp_path: Path, driver: str) -> None:
    """The plugin itself would give 0 for null and nothing for a date, in every format."""
    (tmp_path / "a").mkdir()
    assert passing(tmp_path, Or((IsNull(Column("v")), column("day", ">", "2024-12-31"))), driver) == [3, 5]
    assert passing(tmp_path / "a", column("day", "=", "2024-05-01 06:30:00"), driver) == [2]


def test_plugin_still_reads_null_as_zero(tmp_path: Path) -> None:
    """The defect that makes the null flags necessary; when it is gone, they can go."""
    layer = write_features(tmp_path, [shapely.Point(i, i) for i in range(5)], COLUMNS)
    read = {f["id"]: f for f in mapnik.Datasource(type="ogr", file=layer.open_name, layer="features")}
    assert read[3]["v"] == 0.0
    assert read[1]["day"] is None


@pytest.mark.parametrize("name", ["x]y", 'q"z', "b\\s", "s'q", "sel ect", "ü[", "mapnik::geometry_type"])
@pytest.mark.parametrize("driver", ["FlatGeobuf", "GPKG"])
def test_odd_field_names(tmp_path: Path, name: str, driver: str) -> None:
    """A field may be called anything: Mapnik sees it under a name of ours."""
    layer = write_features(tmp_path, [shapely.Point(0, 0), shapely.Point(1, 1)], {name: [7, 8]}, driver=driver)
    columns = Columns(layer.facts.fields)  # type: ignore[union-attr]
    test = mapnik.Expression(compare(columns, name, "=", 8))
    sql = sql_of(columns, "features", is_sqlite=driver == "GPKG")
    source = mapnik.Datasource(type="ogr", file=layer.open_name, layer_by_sql=sql, extent="0,0,1,1")
    assert [test.evaluate(f) for f in source].count(True) == 1


def test_what_mapnik_cannot_ask_shares_one_column() -> None:
    """A hundred terms with functions are one column of a copy; what Mapnik can ask stays with Mapnik."""
    columns = Columns((Field("v", FieldKind.REAL), Field("t", FieldKind.TEXT)))
    made = [Comparison("=", Call("upper", (Column("t"),)), Literal(str(i))) for i in range(100)]
    assert filter_text(Or((column("v", ">", 1), *made)), columns) == "(([v] > (1)) or ([rm computed 0]=1))"
    assert list(columns.computed) == [Case(((Or(tuple(made)), Literal(1)),), Literal(0))]


@pytest.mark.parametrize("pattern", ["%a%b%z", "%ab%zz%", "%a_%b_%zz", "ab%b%a%"])
def test_wildcards_take_a_time_that_grows_with_the_text_alone(pattern: str) -> None:
    """Where every place for one run was tried with every place for the next, the engine gave up on such texts."""
    columns = Columns((Field("t", FieldKind.TEXT),))
    test = mapnik.Expression(filter_text(Like(Column("t"), pattern), columns).replace("[rm null 0]", "0"))
    context = mapnik.Context()
    context.push("t")
    feature = mapnik.Feature(context, 1)
    texts = ("ab" * 50_000, "ab" * 50_000 + "zz", "abab", "abzz", "azbz", "aab", "ab", "axbxzz", "axbzz", "abba", "abb\na\nb")
    began = time.process_time()
    for text in texts:
        feature["t"] = text
        assert bool(test.evaluate(feature)) == matcher(pattern)(text), text
    assert time.process_time() - began < 1


def test_endless_wildcards_are_not_mapniks() -> None:
    """A pattern whose regular expression would try every way is matched by us, in one go."""
    columns = Columns((Field("t", FieldKind.TEXT),))
    filter_text(Like(Column("t"), "%a%a%a%"), columns)
    assert len(columns.computed) == 1


def test_printed_text() -> None:
    """Text and whole numbers are printed by Mapnik; real numbers, which it would round to six digits, by us."""
    fields = (Field("v", FieldKind.REAL), Field("t", FieldKind.TEXT), Field("n", FieldKind.INTEGER))
    columns = Columns(fields)
    assert columns.text(Concat((Column("t"), Literal(" "), Column("n"), Literal(2.0)))) == "[t]+' '+[rm text 0]+'2'"
    assert not columns.computed
    assert columns.text(Concat((Column("t"), Column("v")))) == "[rm computed 0]"


def test_unknown_field_is_refused_without_its_name() -> None:
    """A stranger learns that the field is not there, and no name."""
    with pytest.raises(InvalidFilter) as refused:
        filter_text(column("secret", "=", 1), Columns((Field("v", FieldKind.REAL),)))
    assert "secret" not in refused.value.sentence


@pytest.mark.parametrize(
    "expression",
    [
        Like(Column("v"), "a%"),
        column("day", ">", "yesterday"),
        Comparison("=", Arithmetic("+", Column("t"), Literal(1)), Literal(2)),
        column("t", "=", "a\x00b"),
    ],
)
def test_what_cannot_be_meant_is_refused(expression: Expression) -> None:
    """LIKE of numbers, nonsense dates, sums of text and control characters are refused."""
    fields = (Field("v", FieldKind.REAL), Field("day", FieldKind.DATE), Field("t", FieldKind.TEXT))
    with pytest.raises(InvalidFilter):
        filter_text(expression, Columns(fields))


def test_numbers_are_read_back_exactly() -> None:
    """A class limit equal to the largest value keeps the largest feature: no bit is lost on the way."""
    values = [*np.random.default_rng(7).lognormal(0, 12, 900).tolist(), -0.1, 1e-9, -467338.87908548093, 1.7e-200, 3.3e250, 2.0**53]
    feature = mapnik.Feature(mapnik.Context(), 1)
    assert all(mapnik.Expression(number_literal(v)).evaluate(feature) == v for v in values)


@pytest.mark.parametrize("text", ["a'b", "a\\", "\\'", "日本 ü", "[x]]>", "a\nb\tc", '"&<>', " lead and trail "])
def test_text_is_read_back_exactly(text: str) -> None:
    """No quoting is broken by any text."""
    assert mapnik.Expression(text_literal(text)).evaluate(mapnik.Feature(mapnik.Context(), 1)) == text
