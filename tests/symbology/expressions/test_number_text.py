"""Numbers by patterns."""

from __future__ import annotations

import pytest

from rendermap.symbology.expressions.number_text import LONGEST_PATTERN, by_pattern, number_pattern


@pytest.mark.parametrize("text", ["a" * 1_000_000 + "0a0", "#" * 1_000_000 + "a0", "0" * (LONGEST_PATTERN + 1), "'" * 1_000_000])
def test_patterns_without_end(text: str) -> None:
    """A pattern that is too long is none, and telling so takes no time."""
    with pytest.raises(ValueError, match=r"^.{1,200}$"):
        number_pattern(text)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("$#,##0.00 per 'm.'", "$1,234.50 per m."),
        ("0.0##", "1234.5"),
        ("#%", "123450%"),
        ("#,##0", "1,235"),
        (".00x", "1234.50x"),
        ("0.", "1235"),
    ],
)
def test_patterns(text: str, made: str) -> None:
    """What stands before and behind, thousands, decimals."""
    assert by_pattern(1234.5, text) == made
