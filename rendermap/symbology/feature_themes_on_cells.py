"""Themes written for features on the cells of a raster: documents of ArcGIS spell the classes of both alike."""

from __future__ import annotations

import math

from rendermap.symbology.document import to_number
from rendermap.symbology.numbers import spell_value
from rendermap.symbology.raster_attributes import by_cells
from rendermap.symbology.style import (
    Break,
    Breaks,
    Categories,
    Category,
    Classified,
    RasterCategory,
    RasterClass,
    Theme,
    UniqueRaster,
    Value,
)
from rendermap.symbology.symbols import TRANSPARENT, Color, Fill, Symbol

_VALUE_FIELDS = ("value", "<value>", "raster.value", "raster.servicepixelvalue", "pixel value")


def on_cells(theme: Theme) -> Theme:
    """Classes of one field as classes of cells in the colour of each symbol; other themes as they are."""
    if isinstance(theme, Categories) and len(theme.fields) == 1 and theme.expression is None:
        field = _field(theme.fields[0])
        classes = tuple(_category(item, field) for item in theme.classes)
        default = _color(theme.default) if theme.default else None
        return UniqueRaster(classes, default, theme.default_label, field=field, heading=theme.heading, ramp=theme.ramp)
    if isinstance(theme, Breaks) and theme.expression is None and not theme.normalization_field:
        listed = tuple(_class(item) for item in theme.classes)
        minimum = theme.minimum if math.isfinite(theme.minimum) else None
        return Classified(
            listed,
            minimum,
            theme.method,
            heading=theme.heading,
            ramp=theme.ramp,
            field=_field(theme.field),
            is_descending=theme.is_descending,
        )
    return theme


def _class(item: Break) -> RasterClass:
    return RasterClass(item.upper, TRANSPARENT if item.is_gap else _color(item.symbol), item.label, item.is_gap)


def _field(name: str) -> str:
    return "Value" if name.casefold() in _VALUE_FIELDS else name.rpartition(".")[2]


def _category(item: Category, field: str) -> RasterCategory:
    values: list[Value] = [combination[0] for combination in item.values]
    color = _color(item.symbol)
    if not by_cells(field):
        return RasterCategory((), color, item.label, item.heading, tuple(spell_value(v) for v in values))
    numbers = tuple(n for n in (to_number(v) for v in values) if n is not None)
    return RasterCategory(numbers, color, item.label, item.heading)


def _color(symbol: Symbol) -> Color:
    """The colour of a fill, else of whatever the symbol has."""
    fills = [layer.color for layer in symbol.layers if isinstance(layer, Fill)]
    others = [color for layer in symbol.layers for key in ("fill", "color") if isinstance(color := getattr(layer, key, None), Color)]
    return next(iter((*fills, *others)), TRANSPARENT)
