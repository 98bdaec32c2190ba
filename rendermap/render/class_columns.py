"""Themes of very many classes: features are told their class and its looks once, in a copy, for Mapnik tries rules one by one.

Classes whose symbols differ in colours, widths and opacities alone are one rule, which takes them from the feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.render.class_keys import NO_KEY, AnyKey, keys_of
from rendermap.render.class_looks import COLOR_COLUMN, NUMBER_COLUMN, Group, Look, LookSorter
from rendermap.render.mapnik_filter import Columns
from rendermap.symbology.style import Categories, Style, style_digest

MANY_CLASSES = 64
"""So many comparisons with a field are made in the time of drawing a feature."""

MANY_MADE = 8
"""The same, of values that are made from the feature for each comparison."""

GROUP_COLUMN = "rm group"
_MANY_GROUPS = 16

Shapes = NDArray[np.object_]
Masked = tuple[NDArray[Any], NDArray[np.bool_] | None]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ClassColumns:
    """Adds to features the group of their class, and its looks.  theme_key: tells it from others.  colors, numbers: how many of each."""

    theme_key: str
    keys: tuple[AnyKey, ...] = field(repr=False)
    groups: tuple[Group, ...] = field(repr=False)
    classes: Mapping[Key, Look] = field(repr=False)
    others: Look = field(repr=False)
    colors: int = field(repr=False)
    numbers: int = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it adds."""
        colors = (COLOR_COLUMN.format(i) for i in range(self.colors))
        return GROUP_COLUMN, *colors, *(NUMBER_COLUMN.format(i) for i in range(self.numbers))

    def __call__(self, shapes: Shapes, table: dict[str, Masked]) -> tuple[Shapes, dict[str, Masked]]:
        """Features and their columns -> the same with more columns."""
        data = {name: values for name, (values, _) in table.items()}
        found = [self.classes.get(key, self.others) for key in zip(*(key.of_features(data) for key in self.keys), strict=True)]
        made: dict[str, Masked] = {GROUP_COLUMN: (np.array([look.group for look in found], np.int64), None)}
        for i in range(self.colors):
            texts = [look.colors[i] if i < len(look.colors) else "#000000" for look in found]
            made[COLOR_COLUMN.format(i)] = (np.array(texts, object), None)
        for i in range(self.numbers):
            numbers = [look.numbers[i] if i < len(look.numbers) else 0.0 for look in found]
            made[NUMBER_COLUMN.format(i)] = (np.array(numbers, float), None)
        return shapes, table | made


def class_columns(theme: Categories, columns: Columns) -> ClassColumns | None:
    """What tells features their classes; None where rules do.

    It hangs on the theme alone: filters and opacities share one copy.  Raises InvalidFilter for a field that is not there.
    """
    if len(theme.classes) <= (MANY_CLASSES if theme.expression is None else MANY_MADE):
        return None
    keys = keys_of(theme, columns)
    if keys is None:
        return None
    sorter = LookSorter(with_numbers=False)
    classes, others = _looks(theme, keys, sorter)
    if len(sorter.groups()) > _MANY_GROUPS:
        sorter = LookSorter(with_numbers=True)
        classes, others = _looks(theme, keys, sorter)
    looks = (*classes.values(), others)
    colors, numbers = max(len(look.colors) for look in looks), max(len(look.numbers) for look in looks)
    return ClassColumns(style_digest(Style(theme)), keys, sorter.groups(), classes, others, colors, numbers)


def _looks(theme: Categories, keys: tuple[AnyKey, ...], sorter: LookSorter) -> tuple[dict[Key, Look], Look]:
    """(the looks of the classes by their keys, the first one's where there are several; those of all other values)."""
    classes: dict[Key, Look] = {}
    for category in theme.classes:
        look = sorter.look_of(category.symbol)
        for values in category.values:
            key = tuple(one.of_class(value) for value, one in zip(values, keys, strict=True))
            if NO_KEY not in key:
                classes.setdefault(key, look)
    return classes, sorter.look_of(theme.default) if theme.default is not None else Look()
