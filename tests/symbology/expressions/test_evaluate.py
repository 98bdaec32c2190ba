"""What expressions make of features: as their own programs would, safe from nulls, and fast."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from rendermap.errors import InvalidExpression
from rendermap.symbology.expressions.evaluate import find_name, holds_in, matcher, value_in, value_of
from rendermap.symbology.expressions.functions import FUNCTIONS
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.table import LANGUAGES
from rendermap.symbology.expressions.tree import Call, Column, Literal

ROW = {
    "NAME": "river oder",
    "POP": 1234567.5,
    "N": 12.0,
    "I": 7,
    "Z": None,
    "E": "",
    "D": datetime(2024, 5, 1, 9, 5),
    "T": "a,b",
    "F": True,
}

FUNCTION = """def FindLabel([I]):
  if [I] in (1, 2):
    return "low"
  elif [Z] is None and [F]:
    return "known"
  return "x"
"""

VALUES = [
    ("arcade", "$feature.name + ' ' + $feature.N", "river oder 12"),
    ("arcade", "$feature.I + $feature.N", 19.0),
    ("arcade", "$feature.Z + 'x'", "x"),
    ("arcade", "Text($feature.POP, '#,##0.0')", "1,234,567.5"),
    ("arcade", "Text(0.1234, '#.0%') + Text(-5, '$00') + Text(2, '0.0##')", "12.3%-$052.0"),
    ("arcade", "Text($feature.D, 'DD.MM.Y, H:mm')", "01.05.2024, 9:05"),
    ("arcade", "Proper($feature.NAME) + TextFormatting.NewLine + Upper(Left($feature.NAME, 2))", "River Oder\nRI"),
    ("arcade", "Round($feature.POP / 1000, 2) + Round(1.005, 2)", 1235.58),
    ("arcade", "IIf(IsEmpty($feature.E) && IsEmpty($feature.Z), 'none', 'some')", "none"),
    ("arcade", "When($feature.I > 10, 'a', $feature.I > 5, 'b', 'c')", "b"),
    ("arcade", "Decode($feature.I, 6, 'six', 7, 'seven', 'other')", "seven"),
    ("arcade", "DefaultValue($feature.Z, 'n/a') + DefaultValue($feature.E, '-')", "n/a-"),
    ("arcade", "$feature.I / 0", None),
    ("arcade", "var s = ''; if ($feature.F) { s += 'yes' } else { s += 'no' } return `${s}: ${$feature.I}`", "yes: 7"),
    ("arcade", "function f(x) { return x * 2 } return f($feature.I) + f(1)", 16),
    ("arcade", "Concatenate([$feature.NAME, $feature.Z, 'x'], '/')", "river oder//x"),
    ("arcade", "Mid($feature.NAME, 6, 2) + Find('o', $feature.NAME) + Split($feature.T, ',')[1]", "od6b"),
    ("arcade", "'<BOL>' + $feature.I + '</BOL> <CLR red=\"255\">&amp;</CLR>'", "7 &"),
    ("arcade", "$feature.Z != 3", True),
    ("arcade", "Text(0, '#,###') + FromCharCode(10) + Text(0.5, '#.0')", "0\n.5"),
    ("arcade", "var e = IsEmpty($feature.Z); return When(e == True, 'none', $feature.NAME)", "none"),
    ("vbscript", '[I] & vbNewLine & FormatNumber([POP], 0) & " " & FormatCurrency(-3)', "7\n1,234,568 ($3.00)"),
    ("vbscript", 'Mid([NAME], 7, 4) & InStr([NAME], "o") & UCase("x") & [Z]', "oder7X"),
    ("vbscript", "Round(2.5) & Round(3.5) & Int(-1.5) & Fix(-1.5) & 7 Mod 4 & 7 \\ 2", "24-2-133"),
    ("vbscript", 'Function FindLabel([I])\nDim s\ns = "odd"\nIf [I] Mod 2 = 0 Then s = "even"\nFindLabel = s & "!"\nEnd Function', "odd!"),
    ("python", '"%05.1f|%s|%d%%" % ([N], [Z], [POP])', "012.0||1234567%"),
    ("python", 'f"{[POP]:,.2f} {[NAME]:>12}" + "{:03d}".format([I])', "1,234,567.50   river oder007"),
    ("python", '[NAME].title().replace("R", "T")[0:5] + str(round(2.5)) + str(int(3.9))', "Tiver23"),
    ("python", '[D].strftime("%d.%m.%y") + str([I] // 2) + str(-7 % 3) + str(2 ** 3)', "01.05.24328"),
    ("python", FUNCTION, "known"),
    ("python", "'{:,} {:>4}'.format([N], [N])", "12   12"),
    ("python", "[I] > 3 and [NAME] or 'small'", "river oder"),
    ("python", "([E] or [NAME]) + '<SUP>2</SUP>'", "river oder2"),
    ("qgis", "\"name\" || ' ' || format_number(\"pop\", 1)", "river oder 1,234,567.5"),
    ("qgis", "\"name\" || \"z\"", None),
    ("qgis", "\"name\" + \"z\"", None),
    ("qgis", "\"t\" + ': ' + \"i\" + 'x' + (i + 1)", "a,b: 7x8"),
    ("qgis", "format('%1 (%2)', t, try(i))", "a,b (7)"),
    ("qgis", "concat(name, z, '!') || coalesce(z, 'none') || if(z IS NULL, 1, 2)", "river oder!none1"),
    ("qgis", "CASE WHEN i BETWEEN 1 AND 5 THEN 'a' WHEN name ILIKE 'RIVER%' THEN 'b' END", "b"),
    ("qgis", "substr(name, -4, 2) || strpos(name, 'o') || format_date(d, 'd MMM yyyy') || title(name)", "od71 May 2024River Oder"),
    ("qgis", "scale_linear(i, 0, 10, 0, 100) + clamp(1, i, 5) + round(2.5) + 7 % 4 + 7 // 2", 84),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "expected"), VALUES, ids=[f"{language} {text[:40]}" for language, text, _ in VALUES])
def test_values(language: str, text: str, expected: object) -> None:
    """Formats, roundings, cases, choices and nulls come out as the language's own program writes them."""
    found = value_in(LANGUAGES[language].value(text), ROW)
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Z = 1", None), ("NOT Z = 1", None), ("Z = 1 OR I = 7", True), ("Z = 1 AND I = 8", False), ("NOT (Z = 1 AND I = 7)", None),
        ("D > '2024-05-01'", True), ("D = '2024-05-01 09:05:00'", True), ("I = '7'", True), ("I = 'seven'", None), ("F = 'true'", True),
        ("UPPER(NAME) LIKE '%ODER'", True), ("T LIKE 'a!,b' ESCAPE '!'", True), ("Z LIKE '%'", None), ("COALESCE(Z, 5) > 4", True),
        ("EXTRACT(MONTH FROM D) = 5", True), ("CAST(I AS VARCHAR(5)) || T = '7a,b'", True), ("db.owner.table.I = 7", True),
        ("NULLIF(I, 7) IS NULL", True), ("MOD(I, 4) = 3 AND ABS(-1) = 1 AND FLOOR(1.5) = 1 AND CEILING(1.5) = 2", True),
    ],
)  # fmt: skip
def test_conditions(text: str, expected: bool | None) -> None:
    """A comparison with null is unknown, and stays so through NOT; kinds meet as what they are."""
    assert holds_in(parse_filter(text), ROW) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a%", "abc", True), ("%b%", "abc", True), ("%c", "abc", True), ("a_c", "abc", True), ("%an%an%", "banana", True),
        ("a%a", "a", False), ("", "", True), ("%", "", True), ("_%", "", False), (r"%\%", "a%", True), (r"%\%", "ab", False),
        ("[a]%", "[a]b", True), ("%%_", "ab", True), ("%ab%abc", "ababc", True), ("a\nb", "a\nb", True), ("%_b", "bb", True),
    ],
)  # fmt: skip
def test_wildcards(pattern: str, text: str, expected: bool) -> None:
    """LIKE is matched piece by piece."""
    assert matcher(pattern, "\\")(text) is expected


def test_endless_wildcards_take_no_time() -> None:
    """A pattern that would keep a regular expression busy for years is done at once."""
    started = time.perf_counter()
    assert not matcher("%a" * 50 + "%b")("a" * 10_000)
    assert time.perf_counter() - started < 1


def test_growth_is_bounded() -> None:
    """Texts that double and numbers that square stay small."""
    text, number = Literal("aaaaaaaaaa"), Column("n")
    grown, power = text, number
    for _ in range(30):
        grown = Call("replace", (grown, Literal("a"), text))  # type: ignore[assignment]
        power = Call("power", (power, Literal(10)))  # type: ignore[assignment]
    assert len(str(value_in(grown, {}))) <= 10_000
    assert value_in(power, {"n": 10}) is None
    assert len(str(value_in(Call("repeat", (text, Literal(10**9))), {}))) <= 10_000


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize("value", [None, "", "x", -1, 10**18, 1e308, True, datetime(2024, 1, 1)])
def test_no_function_fails(name: str, value: object) -> None:
    """Whatever is asked of any function, the answer is a value or null."""
    function = FUNCTIONS[name]
    columns = tuple(Column("v") for _ in range(max(function.least, 1)))
    value_in(Call(name, columns), {"v": value})


def test_names_are_found() -> None:
    """The very name first, then without case, then without the tables in front of it."""
    assert find_name("a", ["A", "a"]) == 1
    assert find_name("A", ["b", "a"]) == 1
    assert find_name("db.t.A", ["b", "a"]) == 1
    assert find_name("c", ["b", "a"]) is None
    with pytest.raises(InvalidExpression):
        value_in(Column("c"), {"a": 1})


def test_many_rows_take_a_second() -> None:
    """A label of text and a formatted number is made twenty thousand times in a fraction of a second."""
    ask = value_of(LANGUAGES["arcade"].value("$feature.NAME + ' ' + Text($feature.POP, '#,##0.0')"), ("NAME", "POP"))
    rows = [(f"Oder {i}", i * 1.5) for i in range(20_000)]
    started = time.perf_counter()
    assert ask(rows[4]) == "Oder 4 6.0"
    for row in rows:
        ask(row)
    assert time.perf_counter() - started < 1
