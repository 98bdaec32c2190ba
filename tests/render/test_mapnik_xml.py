"""Map documents: outside text is escaped, rules mean the theme's classes, layers keep their order."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
import shapely

from rendermap.errors import StyleInvalid
from rendermap.geo.bbox import BBox
from rendermap.jobs.job import DataSource, Layer
from rendermap.render.assets import assets
from rendermap.render.mapnik_xml import drawn_layer, map_document, to_srs
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.expressions.tree import Column, Comparison, Literal
from rendermap.symbology.facts import Field, FieldKind, GeometryKind, VectorFacts
from rendermap.symbology.style import Break, Breaks, Categories, Category, Classified, Single, Style, Theme
from tests.builders.vectors import BLUE, GREEN, RED, fill, plan_for, view_on, write_features

GONE = (0, 0, 0, 0)


def drawn(folder: Path, columns: dict[str, list[object]], style: Style | Theme) -> list[tuple[int, ...]]:
    """The colour of each of a row of squares, one per feature."""
    count = len(next(iter(columns.values())))
    layer = write_features(folder, [shapely.box(i * 10, 0, i * 10 + 10, 10) for i in range(count)], columns)
    pixels = draw_vectors([plan_for(layer, style)], view_on((0, 0, count * 10, 10), width=count * 20, height=20))
    return [tuple(int(v) for v in pixels[10, i * 20 + 10]) for i in range(count)]


def unseen(fields: tuple[Field, ...], style: Style | Theme) -> object:
    source = DataSource(Path("/nowhere/<&>\"'.gpkg"), None, Path("/nowhere"), "1")
    layer = Layer(source, "ogr", str(source.path), "EPSG:25832", BBox(0, 0, 1, 1), VectorFacts(GeometryKind.POLYGON, fields), "GPKG")
    return plan_for(layer, style)


def test_outside_text_cannot_leave_its_place() -> None:
    """File names, layer names and category values are text, whatever they hold."""
    nasty = "</Filter></Rule>'] & \"x\" \\' <Datasource>"
    plan = unseen((Field("t", FieldKind.TEXT),), Categories(("t",), (Category(((nasty,),), fill(RED)),)))
    document = map_document([drawn_layer(plan)], [{"type": "ogr", "file": nasty, "layer": nasty}], "EPSG:3857", assets())  # type: ignore[arg-type]
    root = fromstring(document)
    assert [e.tag for e in root] == ["Style", "Layer"]
    assert [p.text for p in root.iter("Parameter")] == ["ogr", nasty, nasty]
    assert len(list(root.iter("Rule"))) == 1


def test_names_of_crs() -> None:
    """Codes go in lower case, WKT as it is."""
    assert to_srs("EPSG:3857") == "epsg:3857"
    assert to_srs("ESRI:54030") == "esri:54030"
    assert to_srs('PROJCRS["x"]') == 'PROJCRS["x"]'


def test_breaks_are_upper_inclusive(tmp_path: Path) -> None:
    """The first class holds its minimum, every class its upper limit; outside and null are the default's."""
    theme = Breaks("v", 1.0, (Break(2.0, fill(RED)), Break(3.0, fill(GREEN))), default=fill(BLUE))
    values: list[object] = [0.9, 1.0, 2.0, 2.0000001, 3.0, 3.1, None]
    assert drawn(tmp_path, {"v": values}, theme) == [BLUE, RED, RED, GREEN, GREEN, BLUE, BLUE]


def test_breaks_without_default_leave_the_rest_out(tmp_path: Path) -> None:
    """Null is not 0: it is in no class."""
    theme = Breaks("v", -1.0, (Break(0.0, fill(RED)), Break(3.0, fill(GREEN))))
    assert drawn(tmp_path, {"v": [-2.0, -1.0, 0.0, None, 1.0, 4.0]}, theme) == [GONE, RED, RED, GONE, GREEN, GONE]


def test_largest_value_keeps_its_class(tmp_path: Path) -> None:
    """A limit taken from the data, of seventeen digits, still holds the value it was taken from."""
    largest = 467338.87908548093
    assert drawn(tmp_path, {"v": [largest, 1.0]}, Breaks("v", 0.0, (Break(largest, fill(RED)),))) == [RED, RED]


def test_normalized_breaks(tmp_path: Path) -> None:
    """The value is divided as a real number; by null or 0 there is no value."""
    columns: dict[str, list[object]] = {"n": [5, 9, 4, 4, None], "area": [2, 2, 0, None, 2]}
    theme = Breaks("n", 0.0, (Break(2.5, fill(RED)), Break(5.0, fill(GREEN))), default=fill(BLUE), normalization_field="area")
    assert drawn(tmp_path, columns, theme) == [RED, GREEN, BLUE, BLUE, BLUE]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1, 2, 0, None], [("1",), (2.0,), (0,), (None,)]),
        (["1", "2", "", None], [(1,), ("2",), ("",), (None,)]),
        ([0.1, 2.5, 0.0, None], [("0.1",), (2.5,), (0,), (None,)]),
    ],
)
def test_categories_compare_by_the_fields_kind(tmp_path: Path, values: list[object], wanted: list[tuple[object]]) -> None:
    """Layer files write every value as text; 0, empty text and null are three different things."""
    colors = [RED, GREEN, BLUE, (9, 9, 9, 255)]
    classes = tuple(Category((w,), fill(type(RED)(*c))) for w, c in zip(wanted, colors, strict=True))  # type: ignore[arg-type]
    assert drawn(tmp_path, {"c": values}, Categories(("c",), classes)) == colors


def test_categories_of_several_fields(tmp_path: Path) -> None:
    """All fields of a combination must fit; several combinations may share a class; the rest is the default's."""
    columns: dict[str, list[object]] = {"a": ["x", "x", "y", None], "b": [1, 2, 1, 2]}
    classes = (Category((("x", 1), (None, 2)), fill(RED)), Category((("x", 2),), fill(GREEN)))
    assert drawn(tmp_path, columns, Categories(("a", "b"), classes, default=fill(BLUE))) == [RED, GREEN, BLUE, RED]


def test_single_precision_values_find_their_class(tmp_path: Path) -> None:
    """0.1 in a layer file means the field's 0.10000000149."""
    theme = Categories(("v",), (Category(((0.1,),), fill(RED)),))
    assert drawn(tmp_path, {"v": [0.10000000149011612, 0.11]}, theme) == [RED, GONE]


def test_large_whole_numbers_stay_apart(tmp_path: Path) -> None:
    """Identifiers in a field of real numbers are compared exactly."""
    theme = Categories(("v",), (Category((("10000001",),), fill(RED)), Category((("10000002",),), fill(GREEN))))
    assert drawn(tmp_path, {"v": [10000001.0, 10000002.0, 10000003.0]}, theme) == [RED, GREEN, GONE]


def test_filter_comes_before_classes(tmp_path: Path) -> None:
    """What fails the definition filter is not even the default's, and what is unknown fails it."""
    style = Style(
        Categories(("c",), (Category((("a",),), fill(RED)),), default=fill(BLUE)),
        filter=Comparison(">", Column("V"), Literal(1)),
    )
    columns: dict[str, list[object]] = {"c": ["a", "a", "b", "b", "a"], "v": [2.0, 1.0, 3.0, 0.0, None]}
    assert drawn(tmp_path, columns, style) == [RED, GONE, BLUE, GONE, GONE]


def test_class_without_symbol_hides_its_features(tmp_path: Path) -> None:
    """A class that draws nothing keeps its features from the default too."""
    theme = Categories(("c",), (Category((("a",),), type(fill(RED))(())),), default=fill(BLUE))
    assert drawn(tmp_path, {"c": ["a", "b"]}, theme) == [GONE, BLUE]


def test_raster_theme_on_vectors_is_refused() -> None:
    """A layer file for a raster does not draw a polygon layer."""
    with pytest.raises(StyleInvalid):
        drawn_layer(unseen((), Classified(())))  # type: ignore[arg-type]


def test_single_asks_for_no_columns() -> None:
    """The commonest map reads the dataset as it lies, without a query."""
    assert drawn_layer(unseen((Field("t", FieldKind.TEXT),), Single(fill(RED)))).columns.are_plain  # type: ignore[arg-type]
