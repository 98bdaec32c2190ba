"""Sizes by a number, made from a result."""

from __future__ import annotations

from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.sizes import fit_size
from rendermap.symbology.symbols import SizeBy

POP = SizeBy(Column("pop"), (), 0.5)


def test_areas_are_in_proportion() -> None:
    """Four hundred times the number is twenty times as wide, and never wider than the largest."""
    assert fit_size(POP, 10, 4000, 50).stops == ((10, 1.0), (4000, 20.0))
    assert fit_size(POP, 10, 4000, 5).stops == ((10, 1.0), (250.0, 5))


def test_one_number_is_one_size() -> None:
    """A result whose numbers are all alike, or none above zero, is drawn with the symbol as it is."""
    assert fit_size(POP, 7, 7, 50).stops == ((7, 1.0),) and fit_size(POP, -1, 0, 50).stops == ((0.0, 1.0),)
