"""Templates met with results: which classes stay, which are made anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rendermap.limits import VALUES
from rendermap.symbology import ramps
from rendermap.symbology.category_fit import QUIET
from rendermap.symbology.classify import NOT_FITTING, Need, fit, needs
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.facts import Band, Facts, Field, FieldKind, GeometryKind, Measures, RasterFacts, VectorFacts
from rendermap.symbology.style import (
    RGB,
    Break,
    Breaks,
    Categories,
    Category,
    Classification,
    Classified,
    Colormap,
    Method,
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
from rendermap.symbology.symbols import Color, Fill, Marker, Symbol

RED, BLUE, GREY = Color(255, 0, 0), Color(0, 0, 255), Color(9, 9, 9)
AUTO, AS_TEMPLATE, FROM_RESULT = Classification.AUTO, Classification.AS_TEMPLATE, Classification.FROM_RESULT
PARCELS = VectorFacts(GeometryKind.POLYGON, (Field("CODE", FieldKind.INTEGER), Field("area", FieldKind.REAL)))
FLOAT = RasterFacts(10, 10, (Band("float32"),), (1.0, 1.0))


def patch(color: Color) -> Symbol:
    return Symbol((Fill(color),))


def numbers(values: list[float]) -> Measures:
    array = np.asarray(values, float)
    percentiles = tuple(float(v) for v in np.percentile(array, np.linspace(0, 100, 201)))
    low, high = float(array.min()), float(array.max())
    middle, deviation = float(array.mean()), float(array.std())
    return Measures(len(values), low, high, middle, deviation, percentiles=percentiles, sample=tuple(values), exact=True)


def distinct(*values: str | float | int | None) -> Measures:
    return Measures(len(values), distinct=tuple((v, 1) for v in values), distinct_is_whole=True)


def fitted(theme: Theme, facts: Facts, taken: Measures | None, classification: Classification = AUTO) -> Theme:
    """The theme after measuring just what it asks for."""
    style = Style(theme)
    wanted = needs(style, facts, classification)
    assert bool(wanted) == (taken is not None)
    return fit(style, facts, {need: taken for need in wanted if taken}, classification).theme


CODES = Categories(("code",), (Category((("1",),), patch(RED), "one"), Category((("2",),), patch(BLUE), "two")))


def test_categories_without_others_are_read_anew() -> None:
    """Known values keep symbol and label, missing ones go, new ones get a colour of their own and their value as label."""
    found = fitted(CODES, PARCELS, distinct(2, 7, None))
    assert isinstance(found, Categories) and found.fields == ("CODE",)
    assert [(c.values, c.label) for c in found.classes] == [((("2",),), "two"), (((7,),), "7"), (((None,),), "<Null>")]
    colors = {layer.color for c in found.classes for layer in c.symbol.layers if isinstance(layer, Fill)}
    assert len(colors) == 3 and BLUE in colors


def test_categories_with_others_stay() -> None:
    """A template that names all other values is static; so is one of which the service says so."""
    static = replace(CODES, default=patch(GREY))
    assert fitted(static, PARCELS, None) == replace(static, fields=("CODE",))
    assert fitted(CODES, PARCELS, None, AS_TEMPLATE) == replace(CODES, fields=("CODE",))
    dynamic = fitted(static, PARCELS, distinct(2), FROM_RESULT)
    assert isinstance(dynamic, Categories) and len(dynamic.classes) == 1


def test_too_many_values_keep_the_template_and_say_so() -> None:
    """A legend of some values would be wrong: the template's classes stay, all others are grey, and the source tells why."""
    (need,) = needs(Style(CODES), PARCELS, AUTO)
    assert need.distinct_limit == VALUES.value
    style = fit(Style(CODES, source="layer file"), PARCELS, {need: Measures(90_000, distinct_is_whole=False)}, AUTO)
    assert isinstance(style.theme, Categories) and style.theme.classes == CODES.classes
    assert style.theme.default == patch(QUIET) and style.theme.default_label == "All other values"
    assert style.source == "layer file, with the classes of the template, for the data have more than 10,000 values"


def test_a_template_of_few_classes_meets_ten_thousand_values() -> None:
    """Known values keep their symbol, each of the rest has a class of its own, and there is nothing to tell."""
    (need,) = needs(Style(CODES), PARCELS, AUTO)
    style = fit(Style(CODES), PARCELS, {need: distinct(*range(1, VALUES.value + 1))}, AUTO)
    assert isinstance(style.theme, Categories) and style.theme.classes[:2] == CODES.classes
    assert len(style.theme.classes) == VALUES.value and style.theme.default is None and style.source == ""


def test_no_listed_classes_and_too_many_values() -> None:
    """All features are drawn in grey rather than none."""
    found = fitted(Categories(("code",), ()), PARCELS, Measures(90_000, distinct_is_whole=False))
    assert isinstance(found, Categories) and found.default is not None and found.default.layers


@pytest.mark.parametrize(("day", "label"), [("2024-05-01T00:00:00.000", "2024-05-01"), ("2024-05-01T09:30:00.000", "2024-05-01 09:30:00")])
def test_dates_read_as_dates(day: str, label: str) -> None:
    """Classes made from dates have a time only where there is one; texts of that form stay as they are written."""
    facts = VectorFacts(GeometryKind.POINT, (Field("seen", FieldKind.DATE), Field("note", FieldKind.TEXT)))
    seen, note = (fitted(Categories((name,), ()), facts, distinct(day)) for name in ("seen", "note"))
    assert isinstance(seen, Categories) and (seen.classes[0].label, seen.classes[0].values) == (label, ((day,),))
    assert isinstance(note, Categories) and note.classes[0].label == day


COVER = UniqueRaster((RasterCategory((1.0,), RED, "one"), RasterCategory((2.0,), BLUE, "two")))


def fitted_cover(theme: UniqueRaster, taken: Measures) -> tuple[Theme, str]:
    (need,) = needs(Style(theme), FLOAT, AUTO)
    style = fit(Style(theme), FLOAT, {need: taken}, AUTO)
    return style.theme, style.source


def test_values_of_a_sample_join_those_of_the_template() -> None:
    """Where only a sample is known no class of the template goes, new values are added, all others are grey, and the source tells."""
    found, source = fitted_cover(COVER, replace(distinct(2, 3), distinct_is_whole=False))
    assert isinstance(found, UniqueRaster) and found.classes[:2] == COVER.classes
    assert [c.values for c in found.classes] == [(1.0,), (2.0,), (3.0,)]
    assert (found.default, found.default_label) == (QUIET, "All other values")
    assert source == "with the values that a sample of the cells has"


def test_too_many_values_of_a_raster_are_grey() -> None:
    """The template's classes stay, and no cell is left undrawn without a word; without classes the values lie along a ramp."""
    found, source = fitted_cover(COVER, Measures(9_000, 1.0, 9.0))
    assert found == replace(COVER, default=QUIET, default_label="All other values")
    assert source == "with the classes of the template, for the data have more than 256 values"
    ramp, source = fitted_cover(UniqueRaster(()), numbers([1.0, 2.0]))
    assert isinstance(ramp, Stretch) and source == "along a ramp, for the data have more than 256 values"


def test_a_raster_may_have_twice_the_values_of_its_template() -> None:
    """The number of values that are read anew grows with the template's."""
    long = UniqueRaster(tuple(RasterCategory((float(i),), RED) for i in range(400)))
    assert needs(Style(long), FLOAT, AUTO) == (Need(None, 1, distinct_limit=800),)
    assert needs(Style(COVER), FLOAT, AUTO) == (Need(None, 1, distinct_limit=256),)


BREAKS = Breaks("AREA", 0.0, (Break(1.0, patch(RED), "low"), Break(2.0, patch(BLUE), "high")), Method.EQUAL_INTERVAL)


def test_breaks_of_a_method_are_made_anew() -> None:
    """Same method, same number, same symbols; labels of the template's numbers go."""
    found = fitted(BREAKS, PARCELS, numbers([10.0, 20.0, 30.0]))
    assert isinstance(found, Breaks) and found.field == "area" and found.minimum == 10.0
    assert [(b.upper, b.symbol, b.label) for b in found.classes] == [(20.0, patch(RED), ""), (30.0, patch(BLUE), "")]


def test_manual_breaks_stay() -> None:
    """Limits set by hand mean something; data beyond stays undrawn."""
    manual = replace(BREAKS, method=Method.MANUAL)
    assert fitted(manual, PARCELS, None) == replace(manual, field="area")
    assert fitted(BREAKS, PARCELS, None, AS_TEMPLATE) == replace(BREAKS, field="area")


def test_fields_that_are_not_there() -> None:
    """The default style takes over and says so; a field named with its table is found; lost rotation stands upright."""
    lost = replace(CODES, fields=("nowhere",))
    assert needs(Style(lost), PARCELS, AUTO) == ()
    style = fit(Style(lost, opacity=0.5), PARCELS, {}, AUTO)
    assert isinstance(style.theme, Single) and style.source == NOT_FITTING and style.opacity == 0.5
    named = fitted(replace(CODES, fields=("db.parcels.code",)), PARCELS, distinct(1))
    assert isinstance(named, Categories) and named.fields == ("CODE",)
    turned = Single(Symbol((Marker("M0 0L1 1", 5.0, RED, rotation_by=Column("DIR")),)))
    upright = fitted(turned, PARCELS, None)
    assert isinstance(upright, Single) and isinstance(upright.symbol.layers[0], Marker) and upright.symbol.layers[0].rotation_by is None


def test_a_template_of_the_other_kind_gives_way() -> None:
    """Features do not fit a raster's style, nor a band that is not there."""
    assert fit(Style(Stretch(ramps.GRAYS, StretchRecipe())), PARCELS, {}, AUTO).source == NOT_FITTING
    style = Style(Stretch(ramps.GRAYS, StretchRecipe(), band=4))
    assert needs(style, FLOAT, AUTO) == (Need(None, 1),)
    assert fit(style, FLOAT, {Need(None, 1): numbers([0.5, 1.7])}, AUTO).source == NOT_FITTING


@pytest.mark.parametrize(
    ("recipe", "wanted"),
    [
        (StretchRecipe(StretchKind.MINIMUM_MAXIMUM), (0.0, 1000.0)),
        (StretchRecipe(StretchKind.PERCENT_CLIP, percents=(1.0, 2.0)), (10.0, 980.0)),
        (StretchRecipe(StretchKind.STANDARD_DEVIATIONS, deviations=1.0), (500.0 - 288.96, 500.0 + 288.96)),
        (StretchRecipe(StretchKind.STANDARD_DEVIATIONS, deviations=9.0), (0.0, 1000.0)),
        (StretchRecipe(StretchKind.NONE), (0.0, 1000.0)),
        (StretchRecipe(StretchKind.HISTOGRAM_EQUALIZE), (0.0, 1000.0)),
    ],
)
def test_stretch_limits(recipe: StretchRecipe, wanted: tuple[float, float]) -> None:
    """Each kind takes its limits from the result."""
    found = fitted(Stretch(ramps.GRAYS, recipe), FLOAT, numbers([float(v) for v in range(1001)]))
    assert isinstance(found, Stretch) and found.recipe.limits == pytest.approx(wanted, abs=0.01)


def test_stretch_limits_that_stand() -> None:
    """Custom limits, the range of bytes, and the template's own statistics where it is to stay as it is."""
    custom = Stretch(ramps.GRAYS, StretchRecipe(StretchKind.CUSTOM, (1.0, 2.0)))
    assert fitted(custom, FLOAT, None) == custom
    remade = fitted(custom, FLOAT, numbers([5.0, 9.0]), FROM_RESULT)
    assert isinstance(remade, Stretch) and remade.recipe.limits == (5.0, 9.0)
    byte = fitted(Stretch(ramps.GRAYS, StretchRecipe(StretchKind.NONE)), replace(FLOAT, bands=(Band("uint8"),)), None)
    assert isinstance(byte, Stretch) and byte.recipe.limits == (0.0, 255.0)
    kept = fitted(Stretch(ramps.GRAYS, StretchRecipe(template_limits=(3.0, 4.0))), FLOAT, None, AS_TEMPLATE)
    assert isinstance(kept, Stretch) and kept.recipe.limits == (3.0, 4.0)


def test_equalised_curve() -> None:
    """Half of the values lie below position a half, also where many are alike."""
    found = fitted(
        Stretch(ramps.GRAYS, StretchRecipe(StretchKind.HISTOGRAM_EQUALIZE)), FLOAT, numbers([0.0] * 50 + list(map(float, range(1, 51))))
    )
    assert isinstance(found, Stretch)
    values, positions = zip(*found.recipe.curve, strict=True)
    assert list(values) == sorted(set(values)) and list(positions) == sorted(positions)
    assert np.interp(1.0, values, positions) == pytest.approx(0.5, abs=0.03)


def test_raster_without_values() -> None:
    """All nodata: limits that draw nothing wrong."""
    found = fitted(Stretch(ramps.GRAYS, StretchRecipe()), FLOAT, Measures(0))
    assert isinstance(found, Stretch) and found.recipe.limits == (0.0, 1.0)


def test_classified() -> None:
    """Manual classes stay, others are made anew in the template's colours."""
    manual = Classified((RasterClass(1.0, RED, "a"), RasterClass(2.0, BLUE, "b")))
    assert fitted(manual, FLOAT, None) == manual
    found = fitted(replace(manual, method=Method.QUANTILE), FLOAT, numbers([1.0, 2.0, 3.0, 4.0]))
    assert isinstance(found, Classified) and found.minimum == 1.0
    assert [(c.upper, c.color, c.label) for c in found.classes] == [(2.0, RED, ""), (4.0, BLUE, "")]


def test_classes_from_a_sample_are_open() -> None:
    """Where not every cell was measured, cells beyond the measured ones belong to the outer classes."""
    theme = Classified((RasterClass(1.0, RED), RasterClass(2.0, BLUE)), method=Method.QUANTILE)
    found = fitted(theme, FLOAT, replace(numbers([1.0, 2.0, 3.0, 4.0]), exact=False))
    assert isinstance(found, Classified) and found.minimum is None
    assert [c.upper for c in found.classes] == [2.0, np.inf]


def test_unique_raster() -> None:
    """Values as for features; with a default colour they stay."""
    theme = UniqueRaster((RasterCategory((1.0,), RED, "one"), RasterCategory((2.0,), BLUE, "two")))
    found = fitted(theme, FLOAT, distinct(2, 5))
    assert isinstance(found, UniqueRaster)
    assert [(c.values, c.label) for c in found.classes] == [((2.0,), "two"), ((5.0,), "5")]
    static = replace(theme, default=GREY)
    assert fitted(static, FLOAT, None) == static


def test_unique_raster_of_an_attribute() -> None:
    """Texts of a column become the cell values of its rows."""
    facts = replace(FLOAT, attribute_table=(("Value", (1, 2, 3)), ("Cover", ("Forest", "Water", "Forest"))))
    theme = UniqueRaster((RasterCategory((), RED, "Wood", texts=("Forest",)),), default=GREY, field="COVER")
    found = fitted(theme, facts, None)
    assert isinstance(found, UniqueRaster) and found.classes[0].values == (1.0, 3.0)


def test_colormap_of_the_dataset() -> None:
    """Without entries of its own the dataset's palette is used."""
    facts = replace(FLOAT, bands=(Band("uint8", "palette", palette=((0, 0, 0, 0, 0), (1, 255, 0, 0, 255))),))
    assert fitted(Colormap(), facts, None) == Colormap(((0, Color(0, 0, 0, 0), "0"), (1, RED, "1")))
    assert isinstance(fitted(Colormap(), FLOAT, distinct(1, 2)), UniqueRaster)


def test_bands_and_relief() -> None:
    """Each band that is stretched by its data is measured once; bytes are not measured."""
    facts = replace(FLOAT, bands=(Band("uint16"), Band("uint16"), Band("uint16")))
    clip = StretchRecipe(StretchKind.PERCENT_CLIP)
    style = Style(RGB((1, 2, 2), (clip, clip, clip)))
    assert needs(style, facts, AUTO) == (Need(None, 1), Need(None, 2))
    assert needs(Style(RGB()), replace(facts, bands=(Band("uint8"),) * 3), AUTO) == ()
    assert fitted(ShadedRelief(), FLOAT, None) == ShadedRelief()
    relief = fitted(ShadedRelief(ramp=ramps.GRAYS, recipe=StretchRecipe()), FLOAT, numbers([1.0, 2.0]))
    assert isinstance(relief, ShadedRelief) and relief.recipe and relief.recipe.limits == (1.0, 2.0)
