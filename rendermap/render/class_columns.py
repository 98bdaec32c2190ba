"""Themes of very many classes: features are told their class and its colours once, in a copy, for Mapnik tries rules one by one.

Classes whose symbols differ in colours alone are one rule, which takes the colours from the feature.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.render.field_values import is_null
from rendermap.render.mapnik_filter import Columns, coerce
from rendermap.render.painted import Paint, Paints
from rendermap.symbology.facts import FieldKind
from rendermap.symbology.style import Categories, Style, Value, style_digest
from rendermap.symbology.symbols import Color, Fill, Marker, Stroke, Symbol, SymbolLayer, map_layers

MANY_CLASSES = 64
"""So many rules are tried in the time of drawing a feature."""

GROUP_COLUMN = "rm group"
_COLOR_COLUMN = "rm color {}"
_MOST_GROUPS = 48
_KINDS = (FieldKind.INTEGER, FieldKind.REAL, FieldKind.TEXT)

Shapes = NDArray[np.object_]
Masked = tuple[NDArray[Any], NDArray[np.bool_] | None]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Classes alike but for their colours.  symbol: with stand-ins for them."""

    number: int
    symbol: Symbol
    paints: Paints


@dataclass(frozen=True, slots=True)
class ClassColumns:
    """Adds to features the group of their class, and its colours.  theme_key: tells it from others."""

    theme_key: str
    fields: tuple[str, ...]
    kinds: tuple[FieldKind, ...] = field(repr=False)
    groups: tuple[Group, ...] = field(repr=False)
    classes: Mapping[Key, tuple[int, tuple[Color, ...]]] = field(repr=False)
    others: tuple[int, tuple[Color, ...]] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it adds."""
        return GROUP_COLUMN, *(_COLOR_COLUMN.format(i) for i in range(max((len(group.paints) for group in self.groups), default=0)))

    def __call__(self, shapes: Shapes, table: dict[str, Masked]) -> tuple[Shapes, dict[str, Masked]]:
        """Features and their columns -> the same with more columns."""
        keys = zip(*(_feature_keys(table[name][0], kind) for name, kind in zip(self.fields, self.kinds, strict=True)), strict=True)
        found = [self.classes.get(key, self.others) for key in keys]
        made: dict[str, Masked] = {GROUP_COLUMN: (np.array([group for group, _ in found], np.int64), None)}
        for i, name in enumerate(self.names[1:]):
            texts = [_text(colors[i]) if i < len(colors) else "#000000" for _, colors in found]
            made[name] = (np.array(texts, object), None)
        return shapes, table | made


def class_columns(theme: Categories, columns: Columns) -> ClassColumns | None:
    """What tells features their classes; None where rules do: for few classes, dates, calculated values, symbols all different.

    It hangs on the theme alone: filters and opacities share one copy.
    """
    if len(theme.classes) <= MANY_CLASSES or theme.expression is not None:
        return None
    fields = [columns.find(name) for name in theme.fields]
    if any(f.kind not in _KINDS for f in fields):
        return None
    sorter = _Sorter()
    kinds = tuple(f.kind for f in fields)
    classes: dict[Key, tuple[int, tuple[Color, ...]]] = {}
    for category in theme.classes:
        look = sorter.look_of(category.symbol)
        for values in category.values:
            key = tuple(_class_key(value, kind) for value, kind in zip(values, kinds, strict=True))
            if _NOTHING not in key:
                classes.setdefault(key, look)
    others = sorter.look_of(theme.default) if theme.default is not None else (0, ())
    groups = sorter.groups()
    if len(groups) > _MOST_GROUPS:
        return None
    return ClassColumns(style_digest(Style(theme)), tuple(f.name for f in fields), kinds, groups, classes, others)


class _Sorter:
    """Sorts symbols by what is left of them without their colours."""

    def __init__(self) -> None:
        self._numbers: dict[Symbol, int] = {}

    def look_of(self, symbol: Symbol) -> tuple[int, tuple[Color, ...]]:
        """(its group's number from 1, its colours)."""
        colors: list[Color] = []
        bare = map_layers(symbol, partial(_bare, colors=colors))
        return self._numbers.setdefault(bare, len(self._numbers) + 1), tuple(colors)

    def groups(self) -> tuple[Group, ...]:
        return tuple(Group(number, bare, _paints_of(bare)) for bare, number in self._numbers.items())


def _bare(layer: SymbolLayer, colors: list[Color]) -> SymbolLayer:
    """The layer with stand-ins for colours that may be the feature's own; others are part of its shape."""

    def stand(color: Color) -> Color:
        colors.append(color)
        return _stand_in(len(colors) - 1, color.a)

    if isinstance(layer, Fill | Stroke):
        return replace(layer, color=stand(layer.color))
    if isinstance(layer, Marker) and layer.placement != "pattern":
        fill = stand(layer.fill) if layer.fill else None
        return replace(layer, fill=fill, stroke=replace(layer.stroke, color=stand(layer.stroke.color)) if layer.stroke else None)
    return layer


def _stand_in(number: int, alpha: int) -> Color:
    return Color(1, 2 + number % 250, 3 + number // 250, alpha)


def _paints_of(bare: Symbol) -> Paints:
    stands: list[Color] = []
    for layer in bare.layers:
        if isinstance(layer, Fill | Stroke):
            stands.append(layer.color)
        elif isinstance(layer, Marker) and layer.placement != "pattern":
            stands += [color for color in (layer.fill, layer.stroke and layer.stroke.color) if color]
    return tuple(Paint(color, f"[{_COLOR_COLUMN.format(i)}]") for i, color in enumerate(stands))


def _text(color: Color) -> str:
    return f"#{color.r:02x}{color.g:02x}{color.b:02x}"


# --- keys: equal exactly where a rule's comparison would be true -------------------------------------------------------

_NOTHING = object()


def _class_key(value: Value, kind: FieldKind) -> Any:
    """None for null; _NOTHING for what no value of the field equals."""
    if value is None:
        return None
    typed = coerce(value, kind)
    return _NOTHING if typed is None else _number_key(typed) if kind is FieldKind.REAL else typed


def _feature_keys(column: NDArray[Any], kind: FieldKind) -> list[Any]:
    values = column.tolist()
    spell: Callable[[Any], Any] = _number_key if kind is FieldKind.REAL else int if kind is FieldKind.INTEGER else str
    return [None if null else spell(value) for value, null in zip(values, is_null(column), strict=True)]


def _number_key(value: Any) -> float:
    """Whole numbers as they are, others in single precision: layer files carry 0.1 where such a field holds 0.10000000149."""
    return float(value) if float(value).is_integer() else float(np.float32(value))
