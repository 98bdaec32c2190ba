"""Programs of assignments and choices become one value, of a size that grows with the program."""

from __future__ import annotations

import time

import pytest

from rendermap.errors import InvalidExpression
from rendermap.symbology.expressions.evaluate import value_in
from rendermap.symbology.expressions.table import LANGUAGES
from rendermap.symbology.expressions.tree import walk

COUNT = 30
ROW = {f"F{i}": None if i % 3 == 0 else f"v{i}" for i in range(COUNT)}
GROWING = {
    "arcade": "var l = '';"
    + "".join(f"if (!IsEmpty($feature.F{i})) {{ l += TextFormatting.NewLine + '{i}: ' + $feature.F{i}; }}" for i in range(COUNT))
    + "return l",
    "vbscript": 'Function FindLabel([F0])\nl = ""\n'
    + "".join(f'If Not IsNull([F{i}]) Then l = l & vbNewLine & "{i}: " & [F{i}]\n' for i in range(COUNT))
    + "FindLabel = l\nEnd Function",
    "python": "def FindLabel([F0]):\n  l = ''\n"
    + "".join(f"  if [F{i}]:\n    l += '\\n{i}: ' + [F{i}]\n" for i in range(COUNT))
    + "  return l",
}


@pytest.mark.parametrize("language", sorted(GROWING))
def test_labels_put_together_line_by_line(language: str) -> None:
    """A label to which thirty choices add a line each is as large as thirty lines, not as two to the thirtieth."""
    found = LANGUAGES[language].value(GROWING[language])
    assert value_in(found, ROW) == "".join(f"\n{i}: v{i}" for i in range(COUNT) if i % 3)
    assert sum(1 for _ in walk(found)) < 500


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if (a) { if (b) { return 'ab' } x = 'a' } else { x = 'n' } return x + '!'", {(1, 1): "ab", (1, 0): "a!", (0, 1): "n!"}),
        ("if (a) { x = 1 } if (b) { x = x + 1 } return x", {(1, 1): 2, (1, 0): 1, (0, 1): 1, (0, 0): 0}),
        ("if (a) { x = 'A' } else if (b) { x = 'B' } else { return 'none' } return x", {(1, 1): "A", (0, 1): "B", (0, 0): "none"}),
        ("if (a) { if (b) { x = 2 } }", {(1, 1): None}),
        ("if (a) return 1; if (b) return 2; 3", {(1, 0): 1, (0, 1): 2, (0, 0): 3}),
    ],
)
def test_every_way_through(text: str, expected: dict[tuple[int, int], object]) -> None:
    """Whichever way is taken, the variables hold what that way gave them, and a result ends the program."""
    found = LANGUAGES["arcade"].value(f"var a = $feature.A; var b = $feature.B; var x = 0; {text}")
    assert {way: value_in(found, {"A": way[0], "B": way[1]}) for way in expected} == expected


RELAY = "".join(f"function f{i}(x) {{ return {'Abs(' * 80}f{i + 1}(x){')' * 80} }}" for i in range(30))
"""Thirty functions that call the next one from within eighty brackets."""


@pytest.mark.parametrize(
    "text",
    [
        RELAY + "function f30(x) { return x } f0(1)",
        "function f(x) { return f(x) } return f(1)",
        "function f(x) { return g(x) } function g(x) { return f(x) } return f(1)",
        "function f(x) { return x + x + x + x } return " + "f(" * 30 + "$feature.A" + ")" * 30,
        "".join(f"if ($feature.A == {i}) {{ if ($feature.B) {{ return 1 }} }}" for i in range(200)),
        "if ($feature.A) {" * 90 + "}" * 90,
        "var a = $feature.A;" + "if (a == 1) { a = a * 2 } else { a = a * 3 }" * 100 + "return a",
    ],
)
def test_what_would_grow_without_end_is_refused_at_once(text: str) -> None:
    """Functions that call themselves or each other, and values that double with each step, are refused within a second or two."""
    started = time.perf_counter()
    with pytest.raises(InvalidExpression):
        LANGUAGES["arcade"].value(text)
    assert time.perf_counter() - started < 5
