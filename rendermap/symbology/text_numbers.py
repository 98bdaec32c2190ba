"""Numbers that a dataset holds as text, for themes that count by them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rendermap.symbology.expressions.tree import Arithmetic, Call, Column, Operand
from rendermap.symbology.facts import FieldKind, VectorFacts
from rendermap.symbology.field_names import field_of
from rendermap.symbology.measuring import Need, Taken
from rendermap.symbology.style import Breaks, DotDensity, Graded, HeatMap, Proportional, Theme


def in_numbers(theme: Theme, facts: VectorFacts) -> Theme:
    """The theme with its fields of text read as numbers; the very same where it has none."""
    match theme:
        case Breaks() if theme.expression is None:
            value, over = Column(theme.field), theme.normalization_field
            quotient = Arithmetic("/", value, Column(over)) if over else value
            number = _number(quotient, facts)
            return theme if number == quotient else replace(theme, field="", normalization_field=None, expression=number)
        case Graded():
            return replace(theme, value=_number(theme.value, facts))
        case Proportional():
            return replace(theme, size=replace(theme.size, value=_number(theme.size.value, facts)))
        case HeatMap() if theme.weight is not None:
            return replace(theme, weight=_number(theme.weight, facts))
        case DotDensity():
            return replace(theme, dots=tuple(replace(dots, value=_number(dots.value, facts)) for dots in theme.dots))
    return theme


def text_needs(theme: Theme) -> tuple[Need, ...]:
    """What must be measured to know whether texts are numbers at all."""
    return tuple(dict.fromkeys(Need(None, value=text) for value in _values_of(theme) for text in _texts_of(value)))


def are_numbers(theme: Theme, measures: Taken) -> bool:
    """False where no text is a number: the theme would draw nothing."""
    return all(measures[need].minimum is not None for need in text_needs(theme) if need in measures)


def _number(value: Operand, facts: VectorFacts) -> Operand:
    if isinstance(value, Arithmetic):
        return replace(value, left=_number(value.left, facts), right=_number(value.right, facts))
    found = field_of(value.name, facts) if isinstance(value, Column) else None
    return Call("number", (Column(found.name),)) if found and found.kind is FieldKind.TEXT else value


def _values_of(theme: Theme) -> tuple[Operand, ...]:
    match theme:
        case Breaks() if theme.expression is not None:
            return (theme.expression,)
        case Graded():
            return (theme.value,)
        case Proportional():
            return (theme.size.value,)
        case HeatMap() if theme.weight is not None:
            return (theme.weight,)
        case DotDensity():
            return tuple(dots.value for dots in theme.dots)
    return ()


def _texts_of(value: Operand) -> Iterator[Operand]:
    if isinstance(value, Arithmetic):
        yield from _texts_of(value.left)
        yield from _texts_of(value.right)
    elif isinstance(value, Call) and value.function == "number" and isinstance(value.arguments[0], Column):
        yield value
