"""Ramps in steps: as many colours as asked, the same in picture and legend, and numbers no finer than the steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rendermap.symbology.classing import Method
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.legend import legend_items
from rendermap.symbology.legend_item import ColorPatch, RampPatch
from rendermap.symbology.quantised import quantised, relief_steps, stepped
from rendermap.symbology.ramps import color_at, sample
from rendermap.symbology.style import (
    Break,
    Breaks,
    Categories,
    Category,
    Classified,
    Colormap,
    Graded,
    HeatMap,
    RasterClass,
    ShadedRelief,
    Single,
    StatisticsSource,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    Theme,
)
from rendermap.symbology.symbols import Color, Fill, Ramp, Symbol

WARM = Ramp(((0.0, Color(20, 40, 160)), (0.5, Color(250, 250, 220)), (1.0, Color(170, 20, 20))))
RECIPE = StretchRecipe(limits=(12.345, 99.871))


def lines(theme: Theme, count: int) -> list[tuple[str, object]]:
    return [(item.label, item.patch) for item in legend_items(quantised(Style(theme), count))]


@pytest.mark.parametrize("count", [2, 3, 7, 64, 256])
def test_a_stepped_ramp_has_its_steps_and_nothing_between(count: int) -> None:
    """Its ends keep their colours, and both ways of reading a ramp agree."""
    ramp = stepped(WARM, count)
    places = np.linspace(0, 1, 4001)
    seen = [color_at(ramp, float(place)) for place in places]
    assert len(set(seen)) == len(set(sample(WARM, count))) <= count
    assert (seen[0], seen[-1]) == (WARM.stops[0][1], WARM.stops[-1][1])
    at, colors = [place for place, _ in ramp.stops], [color for _, color in ramp.stops]
    mixed = np.stack([np.interp(places, at, [color[part] for color in colors]) for part in range(3)], axis=1)
    assert (mixed == np.array([color[:3] for color in seen])).all()


def test_nothing_continuous_nothing_changed() -> None:
    """Symbols and categories stay as they are, and 0 means as many colours as there are."""
    symbol = Symbol((Fill(Color(1, 2, 3)),))
    for theme in (Single(symbol), Categories(("a",), tuple(Category(((str(n),),), symbol) for n in range(50)))):
        assert quantised(Style(theme), 4).theme == theme
    style = Style(Stretch(WARM, RECIPE))
    assert quantised(style, 0) is style


def test_a_legend_has_a_line_for_each_step() -> None:
    """Open at both ends, so that the extremes are not told; digits as coarse as the steps; each in the colour it is drawn in."""
    found = lines(Stretch(WARM, RECIPE, labels=("High : 99.871", "Low : 12.345")), 5)
    assert [label for label, _ in found] == ["> 82", "65 – 82", "47 – 65", "30 – 47", "≤ 30"]
    assert [patch for _, patch in found] == [ColorPatch(color) for color in reversed(sample(WARM, 5))]


def test_an_inverted_stretch_is_told_from_its_highest_value() -> None:
    """The colours turn, the numbers do not."""
    plain, inverted = (lines(Stretch(WARM, replace(RECIPE, invert=invert)), 4) for invert in (False, True))
    assert [label for label, _ in plain] == [label for label, _ in inverted]
    assert [patch for _, patch in plain] == [patch for _, patch in reversed(inverted)]


def test_words_of_the_author_stay_and_numbers_go() -> None:
    """A bar in steps, with the words beside its ends."""
    numbered, plain = (lines(Stretch(WARM, RECIPE, labels=given), 5) for given in (("High: 99.871", "Low: 12.345"), ()))
    assert numbered == plain
    worded = lines(Stretch(WARM, RECIPE, labels=("steep", "flat")), 5)
    assert [label for label, _ in worded] == ["steep", "", "56", "", "flat"]


def test_many_steps_are_a_bar_with_coarse_numbers() -> None:
    """87.5 in 40 steps: each is about two wide."""
    found = lines(Stretch(WARM, RECIPE), 40)
    assert [label for label, _ in found] == ["99.9", "", "56.1", "", "12.3"]
    assert all(isinstance(patch, RampPatch) and len(set(patch.ramp.stops)) == 80 for _, patch in found)


def test_a_stretch_of_the_view_has_no_numbers() -> None:
    """As without steps."""
    found = lines(Stretch(WARM, StretchRecipe(StretchKind.MINIMUM_MAXIMUM, source=StatisticsSource.VIEW)), 5)
    assert not any(character.isdigit() for label, _ in found for character in label)


def test_colours_of_features_along_a_ramp_are_steps_too() -> None:
    """Colours without classes."""
    found = lines(Graded(Column("a"), Symbol((Fill(Color(1, 2, 3)),)), WARM, (0.0, 100.0)), 4)
    assert [label for label, _ in found] == ["> 75", "50 – 75", "25 – 50", "≤ 25"]


def test_heat_is_a_bar_in_steps() -> None:
    """With its two words."""
    found = lines(HeatMap(WARM), 4)
    assert [label for label, _ in found] == ["Dense", "", "", "", "Sparse"]


def test_classes_beyond_the_number_are_joined() -> None:
    """Nine classes in four groups: the limits of the groups, the looks of their middle, no label that told more."""
    classes = tuple(RasterClass(float(n), Color(n, 0, 0), f"class {n}") for n in range(1, 10))
    theme = Classified(classes, 0.0, Method.MANUAL)
    joined = quantised(Style(theme), 4).theme
    assert isinstance(joined, Classified)
    assert [(item.upper, item.color.r, item.label) for item in joined.classes] == [(3, 2, ""), (5, 5, ""), (7, 7, ""), (9, 9, "")]
    assert quantised(Style(theme), 9).theme == theme


def test_gaps_between_joined_classes_stay_gaps() -> None:
    """What lies in none of the classes is in none of the groups; a group on both sides of a gap is one colour."""
    classes = (
        Break(1, Symbol((Fill(Color(1, 0, 0)),))),
        Break(2, Symbol(), is_gap=True),
        *(Break(n, Symbol((Fill(Color(n, 0, 0)),))) for n in (3, 4, 5)),
    )
    joined = quantised(Style(Breaks("a", 0.0, classes)), 2).theme
    assert isinstance(joined, Breaks)
    assert [(item.upper, item.is_gap) for item in joined.classes] == [(1, False), (2, True), (3, False), (5, False)]
    assert joined.classes[0].symbol == joined.classes[2].symbol != joined.classes[3].symbol


def test_a_colour_table_without_names_is_joined_and_one_with_names_is_not() -> None:
    """256 greys are a continuous picture, names of land use are not."""
    grays = tuple((n, Color(n, n, n), str(n)) for n in range(256))
    joined = quantised(Style(Colormap(grays)), 8).theme
    assert isinstance(joined, Colormap)
    assert len({color for _, color, _ in joined.entries}) == 8 and [value for value, _, _ in joined.entries] == list(range(256))
    named = Colormap(tuple((n, Color(n, n, n), f"use {n}") for n in range(30)))
    assert quantised(Style(named), 8).theme == named


@pytest.mark.parametrize("count", [2, 3, 4, 8, 12, 100, 256])
def test_heights_and_shades_share_the_colours(count: int) -> None:
    """Their product is never more, and there are more heights than shades."""
    heights, shades = relief_steps(count)
    assert 1 <= shades <= heights and count / 2 < heights * shades <= count


def test_a_coloured_reliefs_legend_tells_its_heights() -> None:
    """As many lines as there are colours of heights."""
    found = lines(ShadedRelief(ramp=WARM, recipe=RECIPE), 12)
    assert len(found) == relief_steps(12)[0]
