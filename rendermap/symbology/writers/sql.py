"""Conditions as SQL, in the words that `expressions.sql` reads."""

from __future__ import annotations

import re

from rendermap.symbology.expressions.tree import (
    And,
    Arithmetic,
    Column,
    Comparison,
    Expression,
    IsNull,
    Like,
    Literal,
    Not,
    Operand,
    Or,
)


class Unsayable(Exception):
    """Something that the language has no words for."""


def to_sql(expression: Expression) -> str:
    """A WHERE clause.  Raises Unsayable for functions and choices."""
    match expression:
        case Comparison(operator, left, right):
            return f"{_value(left)} {operator} {_value(right)}"
        case IsNull(column):
            return f"{_value(column)} IS NULL"
        case Like(column, pattern, escape, ignores_case):
            if ignores_case:
                raise Unsayable
            return f"{_value(column)} LIKE {_text(pattern)}" + (f" ESCAPE {_text(escape)}" if escape else "")
        case And(terms):
            return " AND ".join(f"({to_sql(term)})" for term in terms)
        case Or(terms):
            return " OR ".join(f"({to_sql(term)})" for term in terms)
        case Not(term):
            return f"NOT ({to_sql(term)})"
    raise Unsayable


def _value(operand: Operand) -> str:
    match operand:
        case Column(name):
            return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'
        case Literal(value) if isinstance(value, str):
            return _text(value)
        case Literal(value) if value is not None and not isinstance(value, bool):
            return repr(value)
        case Arithmetic(operator, left, right):
            return f"({_value(left)} {operator} {_value(right)})"
    raise Unsayable


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
