"""Styles -> legend lines."""

from __future__ import annotations

import math
from dataclasses import replace

from rendermap.symbology import ramps
from rendermap.symbology.legend import heading_of, legend_items
from rendermap.symbology.legend_item import ColorPatch, RampPatch, SymbolPatch
from rendermap.symbology.style import (
    RGB,
    Break,
    Breaks,
    Categories,
    Category,
    Classified,
    Colormap,
    RasterCategory,
    RasterClass,
    ShadedRelief,
    Single,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbols import TRANSPARENT, Color, Fill, Ramp, Symbol

RED, BLUE = Color(255, 0, 0), Color(0, 0, 255)
PATCH = Symbol((Fill(RED),))


def labels(theme: Theme) -> list[str]:
    return [item.label for item in legend_items(Style(theme))]


def test_single() -> None:
    """One line with the symbol itself."""
    (item,) = legend_items(Style(Single(PATCH, "Area")))
    assert (item.label, item.patch) == ("Area", SymbolPatch(PATCH))


def test_categories() -> None:
    """Labels, else values; classes that draw nothing have no line; all others come last, in no group; several headings are kept."""
    theme = Categories(
        ("A",),
        (Category((("1",), ("2",)), PATCH, "one"), Category(((None,),), PATCH, "", "other"), Category((("3",),), Symbol(), "off")),
        PATCH,
        "<all other values>",
        "A",
    )
    items = legend_items(Style(theme))
    assert [(i.label, i.heading) for i in items] == [("one", ""), ("<Null>", "other"), ("All other values", "")]
    assert items[0].values == ("1", "2")
    assert heading_of(Style(theme)) == "A"
    grouped = replace(theme, heading="other")
    assert heading_of(Style(grouped)) == "" and legend_items(Style(grouped)) == items


def test_breaks_without_labels_get_ranges() -> None:
    """Ranges are made where the template, or a new classification, gives no labels."""
    theme = Breaks("A", 0.0, (Break(1.5, PATCH), Break(9.25, PATCH, "much"), Break(math.inf, PATCH)))
    assert labels(theme) == ["0 – 1.5", "much", "> 9.25"]


def test_stretch_slices() -> None:
    """Five slices from high to low that together are the whole ramp, with the highest, middle and lowest value."""
    recipe = StretchRecipe(limits=(0.0, 6.2))
    items = legend_items(Style(Stretch(ramps.GRAYS, recipe)))
    assert [i.label for i in items] == ["6.2", "", "3.1", "", "0"]
    patches = [i.patch for i in items if isinstance(i.patch, RampPatch)]
    assert [(round(p.low, 3), round(p.high, 3)) for p in patches] == [(0.8, 1.0), (0.6, 0.8), (0.4, 0.6), (0.2, 0.4), (0.0, 0.2)]


def test_stretch_inverted_with_gamma_or_labels() -> None:
    """An inverted stretch shows its ramp turned; a gamma moves the middle value; the template's own labels win."""
    first = legend_items(Style(Stretch(ramps.GRAYS, StretchRecipe(limits=(0.0, 1.0), invert=True))))[0]
    assert isinstance(first.patch, RampPatch) and ramps.color_at(first.patch.ramp, first.patch.high) == (0, 0, 0, 255)
    assert labels(Stretch(ramps.GRAYS, StretchRecipe(limits=(0.0, 100.0), gamma=2.0)))[2] == "25"
    assert labels(Stretch(ramps.GRAYS, StretchRecipe(limits=(0.0, 1.0)), labels=("High", "Low"))) == ["High", "", "0.5", "", "Low"]


def test_flat_and_unresolved_stretches() -> None:
    """Data of one value has one line; a template without limits shows its ramp without numbers."""
    assert labels(Stretch(ramps.GRAYS, StretchRecipe(limits=(4.0, 4.0)))) == ["4"]
    assert labels(Stretch(ramps.GRAYS, StretchRecipe())) == [""]


def test_equalised_stretch_tells_the_value_in_the_middle() -> None:
    """Half of the values lie below the one beside the middle of the ramp."""
    recipe = StretchRecipe(StretchKind.HISTOGRAM_EQUALIZE, limits=(0.0, 100.0), curve=((0.0, 0.0), (10.0, 0.5), (100.0, 1.0)))
    assert labels(Stretch(ramps.GRAYS, recipe))[2] == "10"


def test_rasters() -> None:
    """Classes, single values and colour maps; the transparent ones have no line."""
    assert labels(Classified((RasterClass(0.0, TRANSPARENT), RasterClass(1.5, RED), RasterClass(9.0, BLUE)))) == ["0 – 1.5", "1.5 – 9"]
    assert labels(Classified((RasterClass(0.0, TRANSPARENT, "none"), RasterClass(1.5, RED, "some")))) == ["some"]
    assert labels(UniqueRaster((RasterCategory((1.0, 2.0), RED), RasterCategory((0.0,), TRANSPARENT, "none")), BLUE)) == [
        "1, 2",
        "All other values",
    ]
    assert labels(Colormap(((0, TRANSPARENT, "0"), (1, RED, "Forest")))) == ["Forest"]
    assert labels(RGB((3, 2, 0))) == ["Red: Band 3", "Green: Band 2"]
    assert len(legend_items(Style(ShadedRelief()))) == 1


def test_long_palettes_are_a_ramp_and_their_black_filling_is_left_out() -> None:
    """256 greys need no 256 lines; the black rows after the last true colour are no classes."""
    assert labels(Colormap(tuple((v, Color(v, v, v), str(v)) for v in range(256))))[0] == "255"
    filled = Colormap(((0, RED, "0"), (1, BLUE, "1"), *((v, Color(0, 0, 0), str(v)) for v in range(2, 256))))
    assert [i.patch for i in legend_items(Style(filled))] == [ColorPatch(RED), ColorPatch(BLUE)]


def test_a_grey_relief_has_no_numbers() -> None:
    """No grey of light and shade stands for a value; colours under a relief do."""
    recipe = StretchRecipe(limits=(127.0, 586.0))
    assert labels(Stretch(ramps.GRAYS, recipe, relief=ShadedRelief())) == [""]
    assert labels(Stretch(Ramp(((0.0, RED), (1.0, BLUE))), recipe, relief=ShadedRelief()))[0] == "586"
