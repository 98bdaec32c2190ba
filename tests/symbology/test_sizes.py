"""Sizes by a number, as the map and a legend tell them."""

from __future__ import annotations

import pytest

from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.sizes import factor_at, fit_size, legend_sizes
from rendermap.symbology.style import Proportional
from rendermap.symbology.symbols import SizeBy, Symbol

POP = SizeBy(Column("pop"), (), 0.5)


def theme(low: float, high: float, largest: float = 50.0) -> Proportional:
    return Proportional(Symbol(), fit_size(POP, low, high, largest))


def test_areas_are_in_proportion() -> None:
    """Four times the number is twice as wide; beyond the ends sizes are held."""
    size = theme(10, 4000).size
    assert [factor_at(size, n) for n in (1, 10, 40, 90, 4000, 9000)] == pytest.approx([1, 1, 2, 3, 20, 20])


def test_one_number_is_one_size() -> None:
    """A result whose numbers are all alike, or none above zero, is drawn with the symbol as it is."""
    assert fit_size(POP, 7, 7, 50).stops == ((7, 1.0),) and fit_size(POP, -1, 0, 50).stops == ((0.0, 1.0),)
    assert factor_at(fit_size(POP, 7, 7, 50), 9) == 1.0


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(120, 48_000, [200, 1000, 5000, 20_000]), (1, 5, [1, 3, 5]), (7, 7, [7]), (3.2, 3.3, [3.25])],
)
def test_a_legend_tells_few_round_numbers(low: float, high: float, told: list[float]) -> None:
    """At most four that can be told apart, within what the map shows, each with its true size."""
    sizes = legend_sizes(theme(low, high))
    assert all(factor == factor_at(theme(low, high).size, number) for number, factor in sizes)
    assert [number for number, _ in sizes] == told
