"""Every expression language reads the same small tasks, and refuses the same mischief quickly."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rendermap.symbology.expressions as folder
from rendermap.errors import InvalidExpression
from rendermap.symbology.expressions.evaluate import value_in
from rendermap.symbology.expressions.table import LANGUAGES
from rendermap.symbology.expressions.tree import Case, Column, Comparison, Concat, IsNull, Literal, columns

FIELD = {"arcade": "$feature.{}", "vbscript": "[{}]", "python": "[{}]", "qgis": '"{}"'}
EQUALS = {"arcade": "==", "vbscript": "=", "python": "==", "qgis": "="}
NULL = {"arcade": "{} == null", "vbscript": "IsNull({})", "python": "{} is None", "qgis": "{} IS NULL"}
JOINED = {"arcade": "{} + ' m'", "vbscript": '{} & " m"', "python": "{} + ' m'", "qgis": "concat({}, ' m')"}
CHOICE = {
    "arcade": "IIf({} > 5, 'high', 'low')",
    "vbscript": 'Function FindLabel([A])\nIf {} > 5 Then\nFindLabel = "high"\nElse\nFindLabel = "low"\nEnd If\nEnd Function',
    "python": "'high' if {} > 5 else 'low'",
    "qgis": "CASE WHEN {} > 5 THEN 'high' ELSE 'low' END",
}
NESTED = {"arcade": "Abs(", "vbscript": "Abs(", "python": "abs(", "qgis": "abs("}
NOT = {"arcade": "!", "vbscript": "not ", "python": "not ", "qgis": "not "}
JOIN = {"arcade": "+", "vbscript": "&", "python": "+", "qgis": "||"}
GROWN = {
    "arcade": "var a = $feature.A;" + "a = a + a;" * 60 + "return a",
    "vbscript": "Function FindLabel([A])\na = [A]\n" + "a = a & a\n" * 60 + "FindLabel = a\nEnd Function",
    "python": "def FindLabel([A]):\n  a = [A]\n" + "  a = a + a\n" * 60 + "  return a",
}
"""A variable that doubles sixty times."""
CALLS = ["eval", "exec", "Console", "CreateObject", "__import__", "open", "FeatureSetByName", "aggregate", "Random", "rand", "Now"]
MISCHIEF = [
    "", " \n", "'", "((", "))", "a.b.c", "a; b", "<script>", "while (true) {}", "for i in x: pass", "import os", "lambda: 1",
    "().__class__", "[A].__class__", "$datastore", "$map", "@map_scale", "$area", "@project_path", "\x00", "a ~ '(a+)+$'", "`",
    'Wscript.Shell.Run("x")', "For i = 1 To 9\nNext", "Do\nLoop", "def f(): return f()", "class X: pass", "yield 1", "(1).real", "a := 1",
]  # fmt: skip

languages = pytest.mark.parametrize("language", sorted(LANGUAGES))


def field(language: str, name: str = "A") -> str:
    return FIELD[language].format(name)


def test_every_grammar_has_a_row() -> None:
    """A language that lies in the folder is in the table; SQL has conditions only and its own reader."""
    found = {file.stem for file in Path(folder.__path__[0]).glob("*.lark")}
    assert found - {"sql"} == set(LANGUAGES)


@languages
def test_fields_and_joined_texts(language: str) -> None:
    """A field alone is a column, joined with text it is text."""
    own = LANGUAGES[language]
    assert own.value(field(language)) == Column("A")
    assert own.value(JOINED[language].format(field(language))) == Concat((Column("A"), Literal(" m")))


@languages
def test_conditions(language: str) -> None:
    """Comparing and asking for null mean the same tree in every language."""
    own, name = LANGUAGES[language], field(language)
    assert own.condition(f"{name} {EQUALS[language]} 3") == Comparison("=", Column("A"), Literal(3))
    assert own.condition(NULL[language].format(name)) == IsNull(Column("A"))
    assert columns(own.condition(name)) == {"A"}


@languages
def test_choices(language: str) -> None:
    """A choice between two texts is a Case."""
    asked = Comparison(">", Column("A"), Literal(5))
    assert LANGUAGES[language].value(CHOICE[language].format(field(language))) == Case(((asked, Literal("high")),), Literal("low"))


@languages
@pytest.mark.parametrize("text", MISCHIEF)
def test_what_is_no_expression_is_refused(language: str, text: str) -> None:
    """Loops, definitions, attributes, other data, script and nonsense are refused with a sentence that tells nothing of the text."""
    with pytest.raises(InvalidExpression) as refused:
        LANGUAGES[language].value(text)
    assert refused.value.sentence.endswith(".") and (not text.strip() or text not in refused.value.sentence)


@languages
@pytest.mark.parametrize("function", CALLS)
def test_unknown_functions_are_refused(language: str, function: str) -> None:
    """There is no function but those of the language's list."""
    quote = '"' if language == "vbscript" else "'"
    with pytest.raises(InvalidExpression):
        LANGUAGES[language].value(f"{function}({quote}1+1{quote})")


ALPHABETS = {
    "arcade": "$feature.A¦var ¦x¦=¦return ¦if (¦) {¦}¦(¦)¦+¦&&¦'a'¦1¦,¦;¦Text(¦`${¦[¦]¦\n¦!¦==",
    "vbscript": '[A]¦If ¦ Then ¦Else¦End If¦Function FindLabel([A])¦End Function¦\n¦x¦=¦(¦)¦&¦"a"¦1¦,¦Left(',
    "python": "[A]¦!B!¦if ¦ else ¦def F([A]):¦\n  ¦\n¦return ¦x¦=¦(¦)¦+¦'a'¦1¦,¦f'{¦}¦.upper()¦[¦]¦:",
    "qgis": "\"A\"¦CASE WHEN ¦ THEN ¦ END¦(¦)¦||¦'a'¦1¦,¦if(¦ IN ¦ NOT ¦ LIKE ¦-¦@x¦$id¦ AND ¦ IS ¦NULL",
}


@languages
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_text_is_read_or_refused(language: str, data: st.DataObject) -> None:
    """No text makes another error, and what is read can be asked of any feature."""
    pieces = data.draw(st.lists(st.sampled_from(ALPHABETS[language].split("¦")) | st.text(max_size=3), max_size=25))
    try:
        found = LANGUAGES[language].value("".join(pieces))
    except InvalidExpression:
        return
    value_in(found, dict.fromkeys(columns(found), "x"))
    value_in(found, dict.fromkeys(columns(found)))


@languages
def test_size_is_bounded(language: str) -> None:
    """A megabyte, ten thousand brackets, endless nots and minuses are refused, or read, at once and without a deep stack."""
    own, name = LANGUAGES[language], field(language)
    started = time.perf_counter()
    for text in ("x" * 1_000_000, "(" * 10_000, NOT[language] * 3000 + name, "-" * 3000 + name, NESTED[language] * 3000 + "1" + ")" * 3000,
                 "(" * 10_000 + "1" + ")" * 10_000):  # fmt: skip
        with pytest.raises(InvalidExpression):
            own.value(text)
    assert own.value("(" * 5000 + "1" + ")" * 5000) == Literal(1)
    grown = GROWN.get(language)
    if grown:
        with pytest.raises(InvalidExpression):
            own.value(grown)
    chain = JOIN[language].join([name] * 1000)
    assert columns(own.value(chain)) == {"A"}
    assert time.perf_counter() - started < 10
