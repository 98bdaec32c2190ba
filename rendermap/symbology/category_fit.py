"""Unique values of features, read anew from one result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from rendermap.limits import VALUES
from rendermap.symbology import palettes, ramps
from rendermap.symbology.document import to_number
from rendermap.symbology.expressions import date_text
from rendermap.symbology.expressions.number_text import plain
from rendermap.symbology.facts import FieldKind, Measures, VectorFacts
from rendermap.symbology.field_names import field_of
from rendermap.symbology.numbers import spell_value
from rendermap.symbology.style import Categories, Category, Value
from rendermap.symbology.symbols import PLAIN, Color, Symbol, recolored

ALL_OTHERS = "All other values"
QUIET = Color(178, 178, 178)
Combination = tuple[Value, ...]


TOO_MANY = f"with the classes of the template, for the data have more than {VALUES.value:,} values"


def categories_of(theme: Categories, facts: VectorFacts, taken: Measures) -> Categories:
    """The theme with a class for each value that was measured; with the template's own, and all others in grey, where that are too many."""
    if taken.distinct_is_whole:
        return replace(theme, classes=_classes_of(theme, facts, taken))
    if theme.default is not None:
        return theme
    return replace(theme, default=recolored(_base(theme), QUIET), default_label=ALL_OTHERS)


def _classes_of(theme: Categories, facts: VectorFacts, taken: Measures) -> tuple[Category, ...]:
    """A class per value that the result has: the template's for values it knows, in its order, then new ones."""
    present = _combinations(taken)
    width = max(len(theme.fields), 1)
    keys = [_key_of(combination[i] for combination in present) for i in range(width)]

    def key(values: Combination) -> tuple[Value, ...]:
        return tuple(spell(value) for spell, value in zip(keys, values, strict=True))

    here, listed = {key(v) for v in present}, {key(v) for c in theme.classes for v in c.values}
    known = [replace(c, values=kept) for c in theme.classes if (kept := tuple(v for v in c.values if key(v) in here))]
    new = [values for values in present if key(values) not in listed]
    base, label = _base(theme), _labeller(theme, facts)
    heading = theme.classes[-1].heading if theme.classes else ""
    colors = _new_colors(theme, len(new))
    made = [Category((v,), recolored(base, color), label(v), heading) for v, color in zip(new, colors, strict=True)]
    return (*known, *made)


def _combinations(taken: Measures) -> list[Combination]:
    """What the result has, nulls last."""
    if taken.combinations:
        return [values for values, _ in taken.combinations]
    single: list[Combination] = [(value,) for value, _ in taken.distinct]
    return [*single, (None,)] if taken.nulls and (None,) not in single else single


def _base(theme: Categories) -> Symbol:
    """The symbol that new ones are made from."""
    return next((c.symbol for c in theme.classes if c.symbol.layers), theme.default or PLAIN)


def _labeller(theme: Categories, facts: VectorFacts) -> Callable[[Combination], str]:
    """How a combination reads: dates without a time where they have none."""
    found = [field_of(name, facts) for name in theme.fields]
    spellers = [_spell_moment if field and field.kind is FieldKind.DATE else spell_value for field in found] or [spell_value]
    return lambda values: ", ".join(spell(value) for spell, value in zip(spellers, values, strict=True))


def _spell_moment(value: Value) -> str:
    moment = date_text.moment(value)
    return spell_value(value) if moment is None else plain(moment)


def _key_of(values: Iterable[Value]) -> Callable[[Value], Value]:
    """Layer files write numbers as text, so ``"3"`` is 3 in a column of numbers; null is only null."""
    return _numeric_key if any(isinstance(v, int | float) for v in values) else _text_key


def _text_key(value: Value) -> str | None:
    return None if value is None else str(value)


def _numeric_key(value: Value) -> str | float | None:
    number = to_number(int(value) if isinstance(value, bool) else value)
    return _text_key(value) if number is None else number


def _new_colors(theme: Categories, count: int) -> tuple[Color, ...]:
    """Colours of the template's ramp where it has one, else of a scheme without order; never one that a class has already."""
    used = {color for c in theme.classes for color in _main_colors(c.symbol)}
    wanted = count + len(used)
    offered = ramps.sample(theme.ramp, wanted) if theme.ramp else palettes.qualitative(wanted)
    fresh = [color for color in offered if color not in used]
    return tuple(fresh[:count]) if len(fresh) >= count else palettes.qualitative(wanted)[-count:]


def _main_colors(symbol: Symbol) -> list[Color]:
    found = (getattr(layer, "fill", None) or getattr(layer, "color", None) for layer in symbol.layers)
    return [color for color in found if isinstance(color, Color)]
