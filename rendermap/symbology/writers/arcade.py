"""Values and conditions as Arcade, in the words that `expressions.arcade` reads."""

from __future__ import annotations

import json

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
    "or_default": "DefaultValue", "sin": "Sin", "cos": "Cos", "tan": "Tan",
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
        case Call(function, arguments) if function in _FUNCTIONS:
            return f"{_FUNCTIONS[function]}({', '.join(to_arcade(argument) for argument in arguments)})"
        case Case(branches, otherwise):
            pairs = (f"{_condition(test)}, {to_arcade(value)}" for test, value in branches)
            return f"When({', '.join(pairs)}, {to_arcade(otherwise)})"
    raise Unsayable


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
