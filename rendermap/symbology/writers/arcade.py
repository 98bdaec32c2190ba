"""Values and conditions as Arcade, in the words that `expressions.arcade` reads."""

from __future__ import annotations

import json
import re

from rendermap.symbology.expressions.number_text import MOST_PLACES
from rendermap.symbology.expressions.tree import (
    And,
    Arithmetic,
    Call,
    Case,
    Column,
    Comparison,
    Concat,
    Expression,
    IsNull,
    Literal,
    Not,
    Operand,
    Or,
)
from rendermap.symbology.writers.sql import Unsayable

_FUNCTIONS = {
    "upper": "Upper", "lower": "Lower", "title": "Proper", "trim": "Trim", "left": "Left", "right": "Right", "replace": "Replace",
    "length": "Count", "text": "Text", "number": "Number", "abs": "Abs", "round": "Round", "floor": "Floor", "ceiling": "Ceil",
    "power": "Pow", "sqrt": "Sqrt", "exp": "Exp", "ln": "Log", "minimum": "Min", "maximum": "Max", "by_pattern": "Text",
    "or_default": "DefaultValue", "sin": "Sin", "cos": "Cos", "tan": "Tan", "text_or_empty": "Text", "substring": "Mid",
    "year": "Year", "day": "Day", "hour": "Hour", "minute": "Minute", "second": "Second",
}  # fmt: skip
_SIGNS = {"=": "==", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def to_arcade(operand: Operand) -> str:
    """An Arcade expression.  Raises Unsayable for functions that Arcade has not."""
    match operand:
        case Literal(value):
            return json.dumps(value)
        case Column(name):
            return f"$feature[{json.dumps(name)}]"
        case Arithmetic(operator, left, right):
            return f"({to_arcade(left)} {operator} {to_arcade(right)})"
        case Concat(parts):
            return f"Concatenate([{', '.join(to_arcade(part) for part in parts)}])"
        case Call(function, arguments) if (other := _reworded(function, arguments)) is not None:
            return to_arcade(other)
        case Call(function, arguments) if function in _FUNCTIONS:
            return f"{_FUNCTIONS[function]}({', '.join(to_arcade(argument) for argument in arguments)})"
        case Case(branches, otherwise):
            pairs = (f"{_condition(test)}, {to_arcade(value)}" for test, value in branches)
            return f"When({', '.join(pairs)}, {to_arcade(otherwise)})"
    raise Unsayable


def _reworded(function: str, arguments: tuple[Operand, ...]) -> Operand | None:
    """The same by functions that Arcade has; None where there is nothing to reword, or no words."""
    match function, arguments:
        case ("fixed" | "grouped") as name, (value, *rest):
            return _patterned(value, rest[0] if rest else Literal(0), "#,##0" if name == "grouped" else "0")
        case "by_spec", (value, Literal(str() as spec)) if found := re.fullmatch(r"(,?)\.(\d)f", spec):
            return _patterned(value, Literal(int(found[2])), "#,##0" if found[1] else "0")
        case "slice", (value, Literal(None | 0), Literal(int() as stop)) if stop >= 0:
            return Call("left", (value, Literal(stop)))
        case "join", _:
            return _known_joined(arguments)
    return None


def _patterned(value: Operand, places: Operand, whole: str) -> Operand | None:
    if not (isinstance(places, Literal) and isinstance(places.value, int) and 0 <= places.value <= MOST_PLACES):
        return None
    return Call("by_pattern", (value, Literal(whole + "." * bool(places.value) + "0" * places.value)))


def _known_joined(parts: tuple[Operand, ...]) -> Operand:
    """Null where one of the parts is; Arcade joins what there is."""
    unknown = tuple(IsNull(part) for part in parts if not isinstance(part, Literal))
    return Case(((Or(unknown), Literal(None)),), Concat(parts)) if unknown else Concat(parts)


def _condition(expression: Expression) -> str:
    match expression:
        case Comparison(operator, left, right):
            return f"{to_arcade(left)} {_SIGNS[operator]} {to_arcade(right)}"
        case IsNull(column):
            return f"IsEmpty({to_arcade(column)})"
        case And(terms):
            return " && ".join(f"({_condition(term)})" for term in terms)
        case Or(terms):
            return " || ".join(f"({_condition(term)})" for term in terms)
        case Not(term):
            return f"!({_condition(term)})"
    raise Unsayable
