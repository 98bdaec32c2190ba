"""Numbers for people."""

from __future__ import annotations

import math

import pytest

from rendermap.symbology.numbers import spell, spell_all, spell_ranges, spell_value


def test_digits_by_the_smallest_gap() -> None:
    """As many as tell neighbours apart."""
    assert spell_all([0.123456, 1.0, 2.3456789]) == ("0.123", "1", "2.346")
    assert spell_all([1000.51, 250000.25]) == ("1001", "250000")
    assert spell(-0.0) == "0"
    assert spell(1.5e-9) == "1.5e-09"


@pytest.mark.parametrize(
    ("minimum", "uppers", "wanted"),
    [
        (0.0, [1.5, 9.0], ("0 – 1.5", "1.5 – 9")),
        (None, [1.5, math.inf], ("≤ 1.5", "> 1.5")),
        (-math.inf, [0.0, 5.0], ("≤ 0", "0 – 5")),
    ],
)
def test_ranges(minimum: float | None, uppers: list[float], wanted: tuple[str, ...]) -> None:
    """Labels of classes that have none of their own."""
    assert spell_ranges(minimum, uppers) == wanted


def test_values() -> None:
    """Whole numbers have no point, null has its word."""
    assert [spell_value(v) for v in (3.0, 3, "x", None, 0.1)] == ["3", "3", "x", "<Null>", "0.1"]
