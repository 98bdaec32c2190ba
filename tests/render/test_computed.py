"""What neither Mapnik nor OGR can work out is a column of a copy, from every kind of dataset, and drawn by it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely

from rendermap.errors import Busy, InvalidFilter
from rendermap.jobs.job import Layer
from rendermap.render import copies
from rendermap.render.column_sql import sql_of
from rendermap.render.computed import computed_columns, plain_values
from rendermap.render.copies import COPY_MEMBER, copy_of
from rendermap.render.engine import mapnik
from rendermap.render.field_values import made_of
from rendermap.render.mapnik_filter import Columns
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.table import LANGUAGES
from rendermap.symbology.expressions.tree import Call, Column, Literal
from rendermap.symbology.style import Break, Breaks, Categories, Category, Single, Style
from tests.builders.vectors import BLUE, GREEN, RED, SUFFIXES, fill, plan_for, source_at, view_on, write_features

SQUARES = [shapely.box(i, 0, i + 1, 1) for i in range(4)]
DAYS = [np.datetime64(day + ".000") for day in ("2024-05-01T00:00:00", "2023-06-01T12:30:00", "2025-01-01T00:00:00")]
DATA: dict[str, list[object]] = {
    "name": ["oder", "Elbe", None, "x"],
    "v": [1234567.5, -2.0, None, 0.0],
    "n": [4, None, 3, 0],
    "day": [*DAYS[:2], None, DAYS[2]],
}
DRIVERS = list(SUFFIXES)
NOTHING = (0, 0, 0, 0)


def layer_in(folder: Path, driver: str) -> Layer:
    data = dict(DATA)
    if driver == "ESRI Shapefile":  # has days only
        data["day"] = [None if day is None else day.astype("datetime64[D]") for day in data["day"]]  # type: ignore[attr-defined]
    return write_features(folder, SQUARES, data, driver=driver)  # type: ignore[arg-type]


def seen(layer: Layer, style: Style) -> list[tuple[int, ...]]:
    pixels = draw_vectors([plan_for(layer, style)], view_on((0, 0, 4, 1), width=40, height=10))
    return [tuple(pixels[5, x]) for x in (5, 15, 25, 35)]


@pytest.mark.parametrize("driver", DRIVERS)
def test_filters_with_functions_draw_what_passes(tmp_path: Path, driver: str) -> None:
    """A definition query with functions hides what fails it, nulls included, in every format."""
    layer, red = layer_in(tmp_path, driver), Single(fill(RED))
    for text, expected in (
        ("UPPER(name) = 'ODER' OR n = 0", [RED, NOTHING, NOTHING, RED]),
        ("NOT (UPPER(name) = 'ODER')", [NOTHING, RED, NOTHING, RED]),
        ("EXTRACT(YEAR FROM day) >= 2024", [RED, NOTHING, NOTHING, RED]),
        ("COALESCE(n, 9) > 3 AND v < 0", [NOTHING, RED, NOTHING, NOTHING]),
        ("v / n > 1", [RED, NOTHING, NOTHING, NOTHING]),
    ):
        assert seen(layer, Style(red, filter=parse_filter(text))) == expected, text


@pytest.mark.parametrize("driver", DRIVERS)
def test_classes_of_made_values(tmp_path: Path, driver: str) -> None:
    """Unique values and class breaks go by values that an expression makes; null is not 0 and not empty text."""
    layer = layer_in(tmp_path, driver)
    words = (Category((("ODER",),), fill(RED)), Category(((None,),), fill(GREEN)))
    by_name = Categories((), words, default=fill(BLUE), expression=Call("upper", (Column("name"),)))
    assert seen(layer, Style(by_name)) == [RED, BLUE, GREEN, BLUE]
    millions = LANGUAGES["arcade"].value("Round($feature.v / 1e6)")
    breaks = Breaks("", -5.0, (Break(0.0, fill(RED)), Break(9.0, fill(GREEN))), default=fill(BLUE), expression=millions)
    assert seen(layer, Style(breaks)) == [GREEN, RED, BLUE, RED]


@pytest.mark.parametrize("driver", DRIVERS)
def test_printed_values(tmp_path: Path, driver: str) -> None:
    """Labels made by us, and those that Mapnik makes itself, read the same from every format: no 0 for null, no 4.0, no 1.2e+06."""
    layer = layer_in(tmp_path, driver)
    columns = Columns(layer.facts.fields)  # type: ignore[union-attr]
    own = mapnik.Expression(columns.text(LANGUAGES["arcade"].value("$feature.name + ':' + $feature.n")))
    made = mapnik.Expression(columns.text(LANGUAGES["arcade"].value("$feature.v + '|' + $feature.day")))
    date = mapnik.Expression(columns.text(LANGUAGES["qgis"].value("format_date(day, 'd.M.yy')")))
    file = copy_of(layer, computed=columns.computed)
    sql = sql_of(columns, COPY_MEMBER, is_sqlite=False)
    found = list(mapnik.Datasource(type="ogr", file=str(file), layer_by_sql=sql, extent="0,0,4,1"))
    noon = "" if driver == "ESRI Shapefile" else " 12:30:00"
    assert {tuple(text.evaluate(f) or "" for text in (own, made, date)) for f in found} == {
        ("oder:4", "1234567.5|2024-05-01", "1.5.24"),
        ("Elbe:", f"-2|2023-06-01{noon}", "1.6.23"),
        (":3", "|", ""),
        ("x:0", "0|2025-01-01", "1.1.25"),
    }


@pytest.mark.parametrize("driver", ["FlatGeobuf", "GPKG", "OpenFileGDB", "ESRI Shapefile"])
def test_whole_numbers_are_printed_without_a_copy(tmp_path: Path, driver: str) -> None:
    """Text and whole numbers come from the dataset itself, null as nothing."""
    layer = layer_in(tmp_path, driver)
    columns = Columns(layer.facts.fields)  # type: ignore[union-attr]
    text = mapnik.Expression(columns.text(LANGUAGES["vbscript"].value('[name] & ":" & [n]')))
    assert not columns.computed
    sql = sql_of(columns, "features", is_sqlite=driver == "GPKG")
    found = mapnik.Datasource(type="ogr", file=layer.open_name, layer_by_sql=sql, extent="0,0,4,1")
    assert sorted(text.evaluate(f) for f in found) == [":3", "Elbe:", "oder:4", "x:0"]


def test_copies_are_shared_and_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same values of the same dataset are worked out once; others, or of a changed dataset, anew."""
    layer = layer_in(tmp_path, "FlatGeobuf")
    one, other = {Call("upper", (Column("name"),)): "c"}, {Call("lower", (Column("name"),)): "c"}
    first = copy_of(layer, computed=one)
    assert len({first, copy_of(layer), copy_of(layer, computed=other)}) == 3
    with monkeypatch.context() as patched:
        patched.setattr(copies, "_write", lambda *_: pytest.fail("copied again"))
        assert copy_of(layer, computed=dict(one)) == first
    os.utime(layer.source.path, (1, 1))
    changed = replace(layer, source=source_at(layer.source.path, layer.source.member))
    assert copy_of(changed, computed=one) != first
    os.utime(layer.source.path, (2, 2))
    with pytest.raises(Busy):
        copy_of(changed, computed=other)


def test_carried_copies_have_the_values_too(tmp_path: Path) -> None:
    """Features cut at the edge of the globe keep the values made of them."""
    lines = [shapely.LineString([(170, 10), (190, 10)]), shapely.LineString([(170, -10), (190, -10)])]
    layer = write_features(tmp_path, lines, {"name": ["a", "b"]}, crs="EPSG:4326")
    carriage = copies.Carriage("EPSG:4326", "EPSG:3857", True, None)
    file = copy_of(layer, carriage, {Call("upper", (Column("name"),)): "made"})
    meta, _, _, data = pyogrio.raw.read(file)
    assert list(meta["fields"]) == ["name", "made"]
    assert set(zip(*data, strict=True)) == {("a", "A"), ("b", "B")}


def test_kinds_of_columns() -> None:
    """Whole numbers stay whole, text anywhere makes text, single-precision numbers are what was written, constants fill all rows."""
    columns = {"f": np.array([0.1, 12], np.float32), "t": np.array(["a", None], object), "w": np.array([1, 2])}
    assert plain_values(columns["f"]) == [0.1, 12.0]
    made = computed_columns(columns, {Column("w"): "w", Column("f"): "f", Column("t"): "t", Literal(7): "c", Literal(None): "n"}, 2)
    assert [(name, data.dtype.kind, data.tolist(), mask.tolist()) for name, (data, mask) in made.items()] == [
        ("w", "i", [1, 2], [False, False]),
        ("f", "f", [0.1, 12.0], [False, False]),
        ("t", "O", ["a", None], [False, True]),
        ("c", "i", [7, 7], [False, False]),
        ("n", "f", [0.0, 0.0], [True, True]),
    ]


def test_unknown_fields_are_told(tmp_path: Path) -> None:
    """An expression over a field that the dataset does not have is the style's fault, not a broken copy."""
    layer = layer_in(tmp_path, "FlatGeobuf")
    with pytest.raises(InvalidFilter):
        seen(layer, Style(Single(fill(RED)), filter=parse_filter("UPPER(other) = 'X'")))


def test_measured_values_are_those_drawn() -> None:
    """Classes made from the values of an expression meet the values that its column holds: single precision, dates, nulls."""
    table = {
        "f": np.array([0.1, np.nan], np.float32),
        "d": np.array(["2024-05-01T00:00:00.000", "NaT"], "datetime64[ms]"),
    }
    for text in ("$feature.f + ' m'", "$feature.d + ''", "Year($feature.d)"):
        operand = LANGUAGES["arcade"].value(text)
        (drawn, missing), measured = computed_columns(table, {operand: "c"}, 2)["c"], made_of(operand, table)
        known = ~missing
        assert list(drawn[known]) == list(measured[known]), text
