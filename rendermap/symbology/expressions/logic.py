"""What follows from a condition: where it is not true, be it false or unknown."""

from __future__ import annotations

from rendermap.symbology.expressions.tree import And, Column, Comparison, Expression, IsNull, Like, Not, Or, columns

_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def all_of(terms: tuple[Expression, ...]) -> Expression | None:
    """Their conjunction, None for none; those inside another are put beside the others."""
    flat = tuple(inner for term in terms for inner in (term.terms if isinstance(term, And) else (term,)))
    return And(flat) if len(flat) > 1 else flat[0] if flat else None


def any_of(terms: tuple[Expression, ...]) -> Expression | None:
    """Their disjunction, None for none; those inside another are put beside the others."""
    flat = tuple(inner for term in terms for inner in (term.terms if isinstance(term, Or) else (term,)))
    return Or(flat) if len(flat) > 1 else flat[0] if flat else None


def is_not_true(condition: Expression) -> Expression:
    """A condition that is true wherever the given one is false or unknown, which it is where a null is compared."""
    match condition:
        case And(terms):
            return Or(tuple(is_not_true(term) for term in terms))
        case Or(terms):
            return And(tuple(is_not_true(term) for term in terms))
        case Not(term):
            return _is_not_false(term)
        case Comparison(operator, left, right):
            return _or_unknown(Comparison(_OPPOSITE[operator], left, right))
        case Like():
            return _or_unknown(Not(condition))
        case _:
            return Not(condition)


def _is_not_false(condition: Expression) -> Expression:
    match condition:
        case And(terms):
            return And(tuple(_is_not_false(term) for term in terms))
        case Or(terms):
            return Or(tuple(_is_not_false(term) for term in terms))
        case Not(term):
            return is_not_true(term)
        case Comparison() | Like():
            return _or_unknown(condition)
        case _:
            return condition


def _or_unknown(condition: Expression) -> Expression:
    unknown = tuple(IsNull(Column(name)) for name in sorted(columns(condition)))
    return Or((condition, *unknown)) if unknown else condition
