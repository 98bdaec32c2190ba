"""Raster classes of an attribute table's column, met with the rows of the table."""

from __future__ import annotations

from rendermap.symbology.classify import NOT_FITTING, fit, needs
from rendermap.symbology.facts import Band, Measures, RasterFacts
from rendermap.symbology.legend import legend_items
from rendermap.symbology.measuring import Need
from rendermap.symbology.style import (
    RGB,
    Break,
    Breaks,
    Categories,
    Category,
    Classification,
    Classified,
    Method,
    RasterCategory,
    RasterClass,
    Stretch,
    Style,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color, Fill, Ramp, Stroke, Symbol

RED, GREEN, BLUE = Color(200, 0, 0), Color(0, 160, 0), Color(0, 0, 220)
TABLE = (
    ("Value", (1, 2, 3, 4, 5)),
    ("Count", (100, 10, 10, 1, 1)),
    ("COVER", ("Forest", "Water", "Forest", None, "Rock")),
    ("DEPTH", (0.5, 2.0, None, 7.0, 9.0)),
)
FACTS = RasterFacts(10, 10, (Band("uint8"),), (1.0, 1.0), thematic=True, attribute_table=TABLE)


def fitted(theme: Theme, classification: Classification = Classification.AUTO, facts: RasterFacts = FACTS) -> Style:
    style = Style(theme)
    assert needs(style, facts, classification) == ()
    return fit(style, facts, {}, classification)


def test_texts_are_the_cells_of_their_rows() -> None:
    """Several rows, several texts in one class, and null."""
    theme = UniqueRaster(
        (RasterCategory((), RED, texts=("Forest",)), RasterCategory((), BLUE, "wet", texts=("Water", "<Null>"))), GREEN, field="cover"
    )
    found = fitted(theme).theme
    assert isinstance(found, UniqueRaster) and [c.values for c in found.classes] == [(1.0, 3.0), (2.0, 4.0)]


def test_texts_without_a_class_get_one_where_there_is_no_default() -> None:
    """Dynamic as for features: what the table has and no class names, in colours of the template's ramp."""
    theme = UniqueRaster((RasterCategory((), RED, texts=("Forest",)),), field="COVER", ramp=Ramp(((0.0, BLUE), (1.0, GREEN))))
    found = fitted(theme).theme
    assert isinstance(found, UniqueRaster)
    assert [(c.label, c.values) for c in found.classes[1:]] == [("Water", (2.0,)), ("<Null>", (4.0,)), ("Rock", (5.0,))]
    assert len({c.color for c in found.classes}) == 4
    kept = fitted(theme, Classification.AS_TEMPLATE).theme
    assert isinstance(kept, UniqueRaster) and len(kept.classes) == 1


def test_numbers_of_a_column_are_classed() -> None:
    """Cells by their row's number, with the ranges in the legend and null in no class."""
    theme = Classified((RasterClass(1.0, RED), RasterClass(8.0, BLUE)), field="DEPTH", excluded=((7.0, 7.0),), excluded_color=GREEN)
    style = fitted(theme)
    assert isinstance(style.theme, UniqueRaster)
    assert [c.values for c in style.theme.classes] == [(1.0,), (2.0,), (4.0,)]
    assert [item.label for item in legend_items(style)] == ["≤ 1", "1 – 8", "4"]
    assert style.theme.heading == ""


def test_classes_of_a_column_are_made_from_the_table() -> None:
    """Another method than manual takes limits from the column's numbers, each counting as its cells do."""
    theme = Classified((RasterClass(1.0, RED), RasterClass(2.0, BLUE)), method=Method.EQUAL_INTERVAL, field="DEPTH")
    found = fitted(theme).theme
    assert isinstance(found, UniqueRaster) and [c.values for c in found.classes] == [(1.0, 2.0), (4.0, 5.0)]


def test_classes_written_for_features_are_drawn_on_cells() -> None:
    """REST documents give a raster's classes symbols, and the field of its attribute table: their colours are the cells'."""
    fills = [Symbol((Fill(color), Stroke(Color(0, 0, 0), 0.4))) for color in (RED, BLUE)]
    listed = (Category((("Forest",), (None,)), fills[0], "wood"), Category((("Water",),), fills[1]))
    found = fitted(Categories(("COVER",), listed, fills[1])).theme
    assert isinstance(found, UniqueRaster) and found.default == BLUE
    assert [(c.values, c.color, c.label) for c in found.classes] == [((1.0, 3.0, 4.0), RED, "wood"), ((2.0,), BLUE, "")]
    cells = fitted(Categories(("Value",), (Category((("4",),), fills[0]),), fills[1])).theme
    assert isinstance(cells, UniqueRaster) and cells.classes[0].values == (4.0,)
    graded = fitted(Breaks("DEPTH", 0.0, (Break(1.0, fills[0]), Break(9.0, fills[1])))).theme
    assert isinstance(graded, UniqueRaster) and [c.values for c in graded.classes] == [(1.0,), (2.0, 4.0, 5.0)]


def test_a_column_or_band_that_is_not_there_gives_way() -> None:
    """The style is then chosen from the data, and says so."""
    for theme in (UniqueRaster((RasterCategory((), RED, texts=("A",)),), GREEN, field="OTHER"), RGB((1, 2, 3)), Classified((), band=0)):
        style = Style(theme)
        measures = {
            need: Measures(1, 1.0, 1.0, distinct=((1, 1),), distinct_is_whole=True) for need in needs(style, FACTS, Classification.AUTO)
        }
        assert fit(style, FACTS, measures, Classification.AUTO).source == NOT_FITTING


def test_an_alpha_band_that_is_not_there_is_left_out() -> None:
    """The colours are worth drawing without it."""
    facts = RasterFacts(4, 4, (Band("uint8"),) * 3, (1.0, 1.0))
    found = fitted(RGB(alpha_band=4), facts=facts).theme
    assert isinstance(found, RGB) and found.alpha_band == 0


def test_too_many_values_for_a_colour_each_are_drawn_by_size() -> None:
    """Colours for every value of a continuous raster: a ramp, not an empty map."""
    facts = RasterFacts(10, 10, (Band("float32"),), (1.0, 1.0))
    style = Style(UniqueRaster(()))
    assert needs(style, facts, Classification.AUTO) == (Need(None, 1),)
    measures = Measures(1000, 0.0, 9.0, 4.0, 2.0, percentiles=tuple(i * 9 / 200 for i in range(201)))
    found = fit(style, facts, {Need(None, 1): measures}, Classification.AUTO).theme
    assert isinstance(found, Stretch) and found.recipe.limits and found.recipe.limits[1] > 8


def test_excluded_values_make_no_limits() -> None:
    """Classes made from the result leave out what the template excludes."""
    facts = RasterFacts(10, 10, (Band("float32"),), (1.0, 1.0))
    style = Style(Classified((RasterClass(1.0, RED), RasterClass(2.0, BLUE)), method=Method.EQUAL_INTERVAL, excluded=((-999.0, -1.0),)))
    sample = (-999.0, -999.0, 0.0, 5.0, 10.0)
    found = fit(style, facts, {Need(None, 1): Measures(5, -999.0, 10.0, sample=sample, exact=True)}, Classification.AUTO).theme
    assert isinstance(found, Classified) and found.classes[0].upper == 5.0
