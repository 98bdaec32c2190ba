"""Vector themes met with results: what is measured, what stays, what goes for want of a field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rendermap.errors import StyleInvalid
from rendermap.limits import VALUES
from rendermap.symbology.classify import NOT_FITTING, Need, fit, needs
from rendermap.symbology.defaults import default_needs
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import And, Arithmetic, Call, Column, Not
from rendermap.symbology.facts import Field, FieldKind, GeometryKind, Measures, VectorFacts
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.ramps import of_colors
from rendermap.symbology.style import (
    Break,
    Breaks,
    Categories,
    Category,
    Classification,
    DotDensity,
    Dots,
    Graded,
    HeatMap,
    Method,
    Proportional,
    Rule,
    Rules,
    Single,
    Style,
    Theme,
)
from rendermap.symbology.symbols import Color, Fill, SizeBy, Symbol
from rendermap.symbology.vector_fit import MOST_DOTS

RED, BLUE, GREY = (Symbol((Fill(Color(*rgb)),)) for rgb in ((255, 0, 0), (0, 0, 255), (9, 9, 9)))
AUTO, AS_TEMPLATE, FROM_RESULT = Classification.AUTO, Classification.AS_TEMPLATE, Classification.FROM_RESULT
FIELDS = (Field("CODE", FieldKind.INTEGER), Field("use", FieldKind.TEXT), Field("Area", FieldKind.REAL), Field("POP", FieldKind.INTEGER))
TOWNS = VectorFacts(GeometryKind.POLYGON, FIELDS)
RAMP = of_colors([Color(255, 255, 255), Color(0, 0, 0)])


def numbers(values: list[float]) -> Measures:
    array = np.asarray(values, float)
    percentiles = tuple(float(v) for v in np.percentile(array, np.linspace(0, 100, 201)))
    return Measures(
        len(values),
        float(array.min()),
        float(array.max()),
        float(array.mean()),
        float(array.std()),
        percentiles=percentiles,
        sample=tuple(values),
    )


def fitted(theme: Theme, taken: Measures | None, classification: Classification = AUTO) -> Theme:
    """The theme after measuring just what it asks for."""
    style = Style(theme)
    wanted = needs(style, TOWNS, classification)
    assert bool(wanted) == (taken is not None)
    return fit(style, TOWNS, {need: taken for need in wanted if taken}, classification).theme


# --- unique values -----------------------------------------------------------------------------------------------------


def test_combinations_of_fields_are_read_anew() -> None:
    """Several fields are met together; numbers written as text are numbers, null is a value; unknown ones get colours of their own."""
    theme = Categories(("t.code", "USE"), (Category((("1", "a"), ("2", "a")), RED, "one"), Category(((None, "b"),), BLUE, "two")))
    assert needs(Style(theme), TOWNS, AUTO) == (Need(None, fields=("CODE", "use"), distinct_limit=VALUES.value),)
    taken = Measures(9, combinations=(((1, "a"), 4), ((3, None), 1), ((None, "b"), 4)), distinct_is_whole=True)
    found = fitted(theme, taken)
    assert isinstance(found, Categories) and found.fields == ("CODE", "use")
    assert [(c.values, c.label) for c in found.classes] == [((("1", "a"),), "one"), (((None, "b"),), "two"), (((3, None),), "3, <Null>")]
    assert found.classes[2].symbol not in (RED, BLUE)


def test_nulls_are_a_class_where_values_are_read_anew() -> None:
    """Features without a value are seen, last."""
    theme = Categories(("code",), (Category((("1",),), RED, "one"),))
    found = fitted(theme, Measures(3, distinct=((1, 3),), distinct_is_whole=True, nulls=2))
    assert isinstance(found, Categories) and [c.label for c in found.classes] == ["one", "<Null>"]


def test_groups_and_headings_keep_their_order() -> None:
    """Values that share a class go on sharing it, under their heading, in the template's order."""
    classes = (Category((("b",), ("c",)), RED, "BC", "first"), Category((("a",),), BLUE, "A", "second"))
    found = fitted(Categories(("use",), classes), Measures(3, distinct=(("a", 1), ("b", 1), ("c", 1)), distinct_is_whole=True))
    assert isinstance(found, Categories) and found.classes == classes


def test_values_made_from_the_feature_are_measured() -> None:
    """A computed value is read anew like a field."""
    value = Arithmetic("*", Column("code"), Column("pop"))
    theme = Categories((), (Category(((1,),), RED),), expression=value)
    assert needs(Style(theme), TOWNS, AUTO) == (
        Need(None, value=Arithmetic("*", Column("CODE"), Column("POP")), distinct_limit=VALUES.value),
    )
    found = fitted(theme, Measures(2, distinct=((1, 1), (6, 1)), distinct_is_whole=True))
    assert isinstance(found, Categories) and [c.values for c in found.classes] == [((1,),), ((6,),)]


# --- class breaks ------------------------------------------------------------------------------------------------------


def test_gaps_are_not_counted_where_breaks_are_made_anew() -> None:
    """A template of two classes with a gap between them makes two classes, in their symbols."""
    theme = Breaks("POP", 0, (Break(1, RED), Break(2, Symbol(), is_gap=True), Break(3, BLUE)), Method.EQUAL_INTERVAL)
    found = fitted(theme, numbers([0.0, 4.0, 10.0]), FROM_RESULT)
    assert isinstance(found, Breaks) and found.classes == (Break(5.0, RED), Break(10.0, BLUE))


def test_normalised_breaks_are_made_anew_from_quotients() -> None:
    """What is classified is measured: the quotient, without excluded features and those the definition filter leaves out."""
    theme = Breaks(
        "pop", 0, (Break(1, RED), Break(2, BLUE)), Method.EQUAL_INTERVAL, normalization_field="AREA", excluded=parse_filter("use = 'lake'")
    )
    style = Style(theme, filter=parse_filter("code > 1"))
    (need,) = needs(style, TOWNS, AUTO)
    assert need.value == Arithmetic("/", Column("POP"), Column("Area")) and need.field is None
    assert need.where == And((parse_filter("CODE > 1"), Not(parse_filter("use = 'lake'"))))
    found = fit(style, TOWNS, {need: numbers([0.0, 4.0, 10.0])}, AUTO).theme
    assert isinstance(found, Breaks) and [b.upper for b in found.classes] == [5.0, 10.0] and found.normalization_field == "Area"


@pytest.mark.parametrize(
    ("theme", "auto", "from_result"),
    [
        (Categories(("code",), (), default=GREY), False, True),
        (Categories(("code",), ()), True, True),
        (Breaks("pop", 0, (Break(1, RED),), Method.MANUAL), False, True),
        *((Breaks("pop", 0, (Break(1, RED),), method), True, True) for method in Method if method is not Method.MANUAL),
        (Graded(Column("pop"), RED, RAMP, template_limits=(0, 9)), False, True),
        (Graded(Column("pop"), RED, RAMP, limits=(0, 9)), False, True),
        (Graded(Column("pop"), RED, RAMP), True, True),
        (Single(RED), False, False),
        (Rules((Rule(RED),)), False, False),
    ],
)
def test_what_is_static_and_what_is_dynamic(theme: Theme, auto: bool, from_result: bool) -> None:
    """The table of tool layer symbology: others named or limits set by hand stay; as_template never measures classes."""
    assert bool(needs(Style(theme), TOWNS, AUTO)) is auto
    assert bool(needs(Style(theme), TOWNS, FROM_RESULT)) is from_result
    if not isinstance(theme, Graded):
        assert needs(Style(theme), TOWNS, AS_TEMPLATE) == ()


# --- numbers without classes -------------------------------------------------------------------------------------------


def test_limits_of_a_ramp() -> None:
    """The template's where it tells any, else the result's, and the result's where the service says so."""
    told = Graded(Column("pop"), RED, RAMP, template_limits=(1, 5))
    assert fitted(told, None) == replace(told, value=Column("POP"), limits=(1, 5))
    assert fitted(told, numbers([2, 8]), FROM_RESULT) == replace(told, value=Column("POP"), limits=(2, 8))
    untold = Graded(Column("POP"), RED, RAMP)
    assert fitted(untold, numbers([2, 8]), AS_TEMPLATE) == replace(untold, limits=(2, 8))
    assert fitted(untold, Measures(0)) == replace(untold, limits=(0.0, 1.0))


def test_sizes_are_fitted_to_the_smallest_number() -> None:
    """The smallest is drawn as the symbol is, areas grow with the number, never beyond the largest factor; given stops stay , measured."""
    open_size = Proportional(RED, SizeBy(Column("pop"), (), 0.5), largest=10)
    found = fitted(open_size, numbers([4, 100]))
    assert isinstance(found, Proportional) and found.size.stops == ((4, 1.0), (100, 5.0))
    capped = fitted(open_size, numbers([1, 10_000]))
    assert isinstance(capped, Proportional) and capped.size.stops == ((1, 1.0), (100.0, 10))
    below = fitted(open_size, numbers([-5, 0, 4, 100]))
    assert isinstance(below, Proportional) and below.size.stops == ((4, 1.0), (100, 5.0))
    given = Proportional(RED, SizeBy(Column("POP"), ((0, 1), (9, 2))))
    assert fitted(given, numbers([2, 5]), FROM_RESULT) == replace(given, measured=(2.0, 5.0))


def test_dots_stand_for_more_where_there_would_be_too_many() -> None:
    """The number of dots is bounded; what each stands for stays round and is what the style says."""
    theme = DotDensity((Dots(Column("pop"), RED), Dots(Column("code"), BLUE)), 10.0)
    few = fitted(theme, numbers([1000.0] * 50))
    assert isinstance(few, DotDensity) and few.dot_value == 10.0
    assert MOST_DOTS <= 300_000, "the first picture of more of them takes above five seconds"
    many = fitted(theme, numbers([MOST_DOTS * 10.0] * 3))
    assert isinstance(many, DotDensity) and many.dot_value == 100.0


# --- fields that are not there -----------------------------------------------------------------------------------------


def test_what_a_theme_is_about_must_be_there() -> None:
    """Without it the default style is drawn, and says so."""
    lost = Column("nowhere")
    themes: list[Theme] = [
        Categories(("code", "nowhere"), ()),
        Categories((), (), expression=lost),
        Breaks("pop", 0, (Break(1, RED),), normalization_field="nowhere"),
        Graded(lost, RED, RAMP),
        Proportional(RED, SizeBy(lost, ())),
        HeatMap(RAMP, weight=lost),
        DotDensity((Dots(lost, RED),), 1.0),
        Rules((Rule(RED, filter=parse_filter("nowhere = 1")),)),
    ]
    for theme in themes:
        style = fit(Style(theme), TOWNS, {}, AUTO)
        assert isinstance(style.theme, Single) and style.source == NOT_FITTING, theme


def test_parts_that_ask_for_lost_fields_go_and_it_is_said() -> None:
    """One rule, one kind of dot or one label does not keep the rest from being drawn."""
    rules = Rules((Rule(RED, filter=parse_filter("nowhere = 1")), Rule(BLUE, filter=parse_filter("pop > 1"))))
    labels = (LabelClass(Column("use")), LabelClass(Column("nowhere")))
    style = fit(Style(rules, labels=labels, source="layer file"), TOWNS, {}, AUTO)
    assert style.theme == Rules((Rule(BLUE, filter=parse_filter("POP > 1")),))
    assert style.labels == labels[:1]
    assert style.source == "layer file, without rules, labels by fields which the data lack"


def test_a_lost_filter_is_a_fault() -> None:
    """Without it, features that are meant to be hidden would show."""
    style = Style(Single(RED), filter=parse_filter("nowhere = 2"))
    with pytest.raises(StyleInvalid):
        needs(style, TOWNS, AUTO)
    with pytest.raises(StyleInvalid):
        fit(style, TOWNS, {}, AUTO)


def test_columns_are_named_as_the_dataset_does() -> None:
    """Case and table prefixes do not matter, in filters, labels and values alike; what fits is the very same object."""
    style = Style(Single(RED), filter=parse_filter('"t.pop" > 1'), labels=(LabelClass(Column("USE")),))
    found = fit(style, TOWNS, {}, AUTO)
    assert found.filter == parse_filter("POP > 1") and found.labels == (LabelClass(Column("use")),)
    exact = Style(Single(RED), filter=parse_filter("POP > 1"))
    assert fit(exact, TOWNS, {}, AUTO) == exact


# --- what does not fit -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["use", "day"])
def test_texts_and_dates_are_no_numbers(field: str) -> None:
    """Themes of numbers by a text or a date would draw nothing: the style chosen from the data stands in, and says so."""
    facts = replace(TOWNS, fields=(*FIELDS, Field("day", FieldKind.DATE)))
    themes: list[Theme] = [
        Breaks(field, 0.0, (Break(1.0, RED),)),
        Breaks("POP", 0.0, (Break(1.0, RED),), normalization_field=field),
        Graded(Column(field), RED, RAMP),
        Graded(Arithmetic("/", Column("POP"), Column(field)), RED, RAMP),
        Proportional(RED, SizeBy(Column(field), ())),
        HeatMap(RAMP, 10.0, Column(field)),
        DotDensity((Dots(Column(field), RED),), 1.0),
    ]
    for theme in themes:
        wanted = needs(Style(theme), facts, AUTO)
        assert set(default_needs(facts)) <= set(wanted)
        assert fit(Style(theme), facts, {need: Measures(3) for need in wanted}, AUTO).source == NOT_FITTING


def test_numbers_written_as_text_are_numbers() -> None:
    """A theme of numbers by a field of text stays when its texts are numbers, and counts by them."""
    number = Call("number", (Column("use"),))
    themes: list[Theme] = [
        Breaks("USE", 0.0, (Break(1.0, RED),)),
        Graded(Column("use"), RED, RAMP),
        Proportional(RED, SizeBy(Column("use"), ())),
    ]
    for theme in themes:
        wanted = needs(Style(theme), TOWNS, AUTO)
        assert Need(None, value=number) in wanted
        style = fit(Style(theme), TOWNS, {need: numbers([1.0, 5.0]) for need in wanted}, AUTO)
        assert type(style.theme) is type(theme) and style.source == ""
        assert "Call(" in repr(style.theme)
