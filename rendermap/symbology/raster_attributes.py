"""Raster classes of a column of the attribute table, which stands for the cells of each row's value."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

import numpy as np

from rendermap.symbology.document import to_number
from rendermap.symbology.facts import Measures, RasterFacts
from rendermap.symbology.numbers import spell_ranges, spell_value
from rendermap.symbology.style import Classified, RasterCategory, UniqueRaster, Value

_SAMPLE = 5000
_LARGEST_TABLE = 1 << 16
Row = tuple[float, Value]


def by_cells(field: str) -> bool:
    """True for classes of the cells' own values."""
    return field.casefold() == "value"


def has_column(facts: RasterFacts, field: str) -> bool:
    """True when classes of the column can be told from the cells."""
    names = {name.casefold() for name, _ in facts.attribute_table}
    return by_cells(field) or {"value", field.casefold()} <= names


def grouped(theme: UniqueRaster, facts: RasterFacts) -> UniqueRaster:
    """Classes of texts with the cell values in whose rows the texts stand.  A number is the same in any spelling."""
    cells: dict[str | float, list[float]] = {}
    for value, attribute in _rows(facts, theme.field):
        cells.setdefault(_key(spell_value(attribute)), []).append(value)
    classes = tuple(
        RasterCategory(tuple(v for text in c.texts for v in cells.get(_key(text), ())) or c.values, c.color, c.label, c.heading, c.texts)
        for c in theme.classes
    )
    return UniqueRaster(classes, theme.default, theme.default_label, theme.band, theme.field, theme.heading, theme.ramp)


def new_texts(theme: UniqueRaster, facts: RasterFacts) -> tuple[str, ...]:
    """Texts of the column that no class names, in the table's order."""
    known = {_key(text) for c in theme.classes for text in c.texts}
    found = dict.fromkeys(spell_value(attribute) for _, attribute in _rows(facts, theme.field))
    return tuple(text for text in found if _key(text) not in known)


def classed(theme: Classified, facts: RasterFacts) -> UniqueRaster:
    """Classes of a column of numbers as classes of the cell values in its rows."""
    uppers = [c.upper for c in theme.classes]
    members: list[list[float]] = [[] for _ in theme.classes]
    excluded: list[float] = []
    for value, attribute in _rows(facts, theme.field):
        number = to_number(attribute)
        if number is None or (theme.minimum is not None and number < theme.minimum):
            continue
        if any(low <= number <= high for low, high in theme.excluded):
            excluded.append(value)
        elif (place := bisect_left(uppers, number)) < len(uppers):
            members[place].append(value)
    labels = spell_ranges(theme.minimum, uppers)
    classes = [
        RasterCategory(tuple(values), c.color, c.label or label) for c, values, label in zip(theme.classes, members, labels, strict=True)
    ]
    if excluded and theme.excluded_color is not None:
        classes.append(RasterCategory(tuple(excluded), theme.excluded_color, theme.excluded_label))
    return UniqueRaster(tuple(classes), band=theme.band, field=theme.field, heading=theme.heading)


def measures_of(facts: RasterFacts, field: str) -> Measures | None:
    """The numbers of a column, each as often as its row counts cells; None when it holds no numbers."""
    pairs = zip(_column(facts, field), _column(facts, "count") or (1,) * _LARGEST_TABLE, strict=False)
    rows = [(number, max(to_number(count) or 1.0, 1.0)) for attribute, count in pairs if (number := to_number(attribute)) is not None]
    if not rows:
        return None
    numbers, counts = np.asarray(rows, np.float64).T
    share = max(1.0, float(counts.sum()) / _SAMPLE)
    sample = np.sort(np.repeat(numbers, np.maximum(1, counts / share).astype(np.int64)))
    return Measures(
        count=len(sample),
        minimum=float(sample[0]),
        maximum=float(sample[-1]),
        mean=float(sample.mean()),
        deviation=float(sample.std()),
        sample=tuple(float(v) for v in sample),
        exact=True,
    )


def _rows(facts: RasterFacts, field: str) -> Iterator[Row]:
    """(cell value, attribute) of each row that has a value."""
    pairs = zip(_column(facts, "value"), _column(facts, field), strict=False)
    return ((number, attribute) for value, attribute in pairs if (number := to_number(value)) is not None)


def _column(facts: RasterFacts, name: str) -> tuple[Value, ...]:
    return next((values for known, values in facts.attribute_table if known.casefold() == name.casefold()), ())


def _key(text: str) -> str | float:
    number = to_number(text)
    return text if number is None else number
