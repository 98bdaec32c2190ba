"""Which expressions ask a dataset's own fields and nothing more: engines answer them without a copy of the dataset."""

from __future__ import annotations

from rendermap.symbology.expressions.evaluate import pattern_signs
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
    walk,
)

_MOST_WILDCARDS = 3
"""Of a pattern that an engine's regular expressions match, see `mapnik_filter`."""


def is_native(condition: Expression) -> bool:
    """True where a condition holds no function, no choice and no costly pattern."""
    match condition:
        case Comparison(_, left, right):
            return is_plain_sum(left) and is_plain_sum(right)
        case IsNull(operand):
            return is_plain_sum(operand)
        case Like(Column(), pattern, escape, ignores_case):
            return not ignores_case and pattern_signs(pattern, escape).count("%") <= _MOST_WILDCARDS
        case Not(term):
            return is_native(term)
        case And(terms) | Or(terms):
            return all(is_native(term) for term in terms)
    return False


def is_plain_sum(operand: Operand) -> bool:
    """True where there are only fields, constants and arithmetic."""
    return all(isinstance(node, Arithmetic | Column | Literal) for node in walk(operand))
