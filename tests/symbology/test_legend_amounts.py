"""Legends of sizes, densities and dots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rendermap.symbology.expressions.tree import Column, Literal
from rendermap.symbology.legend import legend_items
from rendermap.symbology.legend_amounts import legend_numbers
from rendermap.symbology.legend_item import RampPatch, SymbolPatch
from rendermap.symbology.ramps import GRAYS
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import DotDensity, Dots, HeatMap, Proportional, Style
from rendermap.symbology.symbols import Color, Fill, Marker, SizeBy, Symbol

DOT = Symbol((Marker(CIRCLE, 4.0, Color(200, 0, 0)),))


def proportional(*stops: tuple[float, float], under: Symbol | None = None) -> Proportional:
    return Proportional(DOT, SizeBy(Column("N"), stops, 0.5), under=under, heading="People")


def test_sizes_are_told_at_round_numbers_largest_first() -> None:
    """Each line asks the picture's own rule for its number, over what lies below the symbols."""
    under = Symbol((Fill(Color(1, 2, 3)),))
    items = legend_items(Style(proportional((7, 1), (980, 12), under=under)))
    assert [item.label for item in items] == ["500", "200", "10"]
    for item in items:
        assert isinstance(item.patch, SymbolPatch) and item.heading == "People"
        below, marker = item.patch.symbol.layers
        assert below == under.layers[0] and isinstance(marker, Marker) and marker.size_by is not None
        assert marker.size_by.value == Literal(float(item.label)) and marker.size_by.stops == ((7, 1), (980, 12))


@pytest.mark.parametrize(("low", "high"), [(3, 4), (0.001, 900), (0, 5e6), (-5, 5), (12, 12.5)])
def test_the_numbers_lie_in_the_range(low: float, high: float) -> None:
    """At least the two ends, never more than four, descending."""
    numbers = legend_numbers(proportional((low, 1), (high, 5)))
    assert 2 <= len(numbers) <= 4 and list(numbers) == sorted(numbers, reverse=True)
    assert all(low <= number <= high for number in numbers)


def test_sizes_that_are_not_known_yet_are_one_line() -> None:
    """The legend of a layer file, before there is a result."""
    assert [item.patch for item in legend_items(Style(proportional()))] == [SymbolPatch(DOT)]


def test_a_heat_map_is_a_ramp_with_words_at_its_ends() -> None:
    """Densities depend on the scale, so no number stands beside them."""
    items = legend_items(Style(HeatMap(GRAYS)))
    assert [item.label for item in items] == ["Dense", "", "", "", "Sparse"] and all(isinstance(item.patch, RampPatch) for item in items)


def test_what_a_dot_stands_for_is_told() -> None:
    """Over the kinds of dots."""
    dots = (Dots(Column("A"), DOT, "Sheep"), Dots(Column("B"), DOT, "Goats"))
    items = legend_items(Style(DotDensity(dots, 250.0, heading="Animals")))
    assert [(item.label, item.heading) for item in items] == [("Sheep", "Animals: 1 dot = 250"), ("Goats", "Animals: 1 dot = 250")]


def test_sizes_are_told_for_the_numbers_of_the_result() -> None:
    """Stops that go far beyond the data, and numbers without a size, have no line."""
    far = replace(proportional((0, 0), (10_000, 1000)), size=SizeBy(Column("N"), ((0, 0), (10_000, 1000))), measured=(0.0, 576.0))
    assert [item.label for item in legend_items(Style(far))] == ["500", "200", "5"]
    assert legend_numbers(replace(far, measured=(4.0, 4.0))) == (4.0,)


def test_the_unit_of_a_dot_is_told_and_small_dots_are_several() -> None:
    """One dot of a point is a speck: a swatch shows as many as lie near each other on the map; large ones stand alone."""
    small, large = (Symbol((Marker(CIRCLE, size, Color(200, 0, 0)),)) for size in (1.0, 9.0))
    theme = DotDensity((Dots(Column("A"), small, "a"), Dots(Column("B"), large, "b")), 300.0, unit="people")
    several, alone = legend_items(Style(theme))
    assert several.heading == "1 dot = 300 people"
    assert isinstance(several.patch, SymbolPatch) and len(several.patch.symbol.layers) > 4
    assert len({(m.dx_pt, m.dy_pt) for m in several.patch.symbol.layers if isinstance(m, Marker)}) > 4
    assert alone.patch == SymbolPatch(large)
