"""The fields of a task's form: one for each input, by its data type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rendermap.frontends.arcgis.values import AMOUNTS, MULTIVALUE, encode
from rendermap.frontends.value_words import unit_words
from rendermap.limits import PARAMETERS
from rendermap.reply import ParameterCard, TaskCard

LENGTHS = ("esriMeters", "esriKilometers", "esriFeet", "esriYards", "esriMiles", "esriNauticalMiles")
AREAS = ("esriSquareMeters", "esriHectares", "esriSquareKilometers", "esriSquareFeet", "esriAcres", "esriSquareMiles")
LEAST_ROWS = 5
MOST_CELLS = PARAMETERS.value // 2
"""Of the tables of a form together: more would not all be read, with whatever else is in it."""
_FILES = ("GPDataFile", "GPRasterData", "GPRasterDataLayer")
_NOT_GIVEN = "Nobody can give this one: files and rasters are the service's own."
_SETS = ("GPFeatureRecordSetLayer", "GPRecordSet", "GPValueTable")
_GEOMETRIES: Mapping[str, object] = {
    "point": {"x": -84.5, "y": 36.5},
    "multipoint": {"points": [[-84.5, 36.5]]},
    "line": {"paths": [[[-84.5, 36.5], [-84.4, 36.6]]]},
    "polygon": {"rings": [[[-84.5, 36.5], [-84.5, 36.6], [-84.4, 36.6], [-84.5, 36.5]]]},
}


@dataclass(frozen=True, slots=True)
class FormField:
    """How a value is asked for.

    shape: ``choice``, ``several`` (of the choices), ``amount`` (a number and its unit), ``json``, ``table``, ``none`` (it cannot be given),
    or a type of HTML's input.
    value: what stands in it at first.  chosen: of several.  unit: of an amount, one of choices.  words: for the choices.
    rows: of a table, fields by column.
    """

    shape: str
    value: str = ""
    choices: tuple[str, ...] = ()
    unit: str = ""
    words: Mapping[str, str] | None = None
    example: str = ""
    hint: str = ""
    step: str = ""
    rows: tuple[tuple[FormField, ...], ...] = ()
    chosen: tuple[str, ...] = ()


def fields_of(task: TaskCard, values: Mapping[str, object], given: Iterable[str] = ()) -> dict[str, FormField]:
    """The field of each input, by its name.

    values: by inputs' names, what stands in them instead of the defaults.  given: lower-case names of fields that were sent before.
    """
    inputs = [replace(card, default=values.get(card.name, card.default)) for card in task.parameters if not card.is_output]
    most = MOST_CELLS // max(sum(bool(card.columns) for card in inputs), 1)
    return {card.name: _table(card, most, frozenset(given)) if card.columns else _field_of(card) for card in inputs}


def _field_of(card: ParameterCard) -> FormField:
    value = "" if card.default is None else encode(card.data_type, card.default)
    if card.data_type in _FILES:
        return FormField("none", hint=_NOT_GIVEN)
    if card.data_type.startswith(MULTIVALUE):
        return _several(card, value)
    if card.choices:
        return FormField("choice", str(value), card.choices)
    if card.data_type == "GPBoolean":
        return FormField("choice", str(value).lower(), ("true", "false"))
    if card.data_type in ("GPLinearUnit", "GPArealUnit"):
        return _amount(card, value)
    if card.data_type in _SETS:
        return FormField("json", json.dumps(value) if value else "", example=_example(card), hint=_hint_of_set(card, has_value=bool(value)))
    if card.data_type == "GPDate":
        return FormField("datetime-local", _moment(value), hint="In UTC.", step="1")
    if card.data_type in ("GPLong", "GPDouble"):
        return FormField("number", str(value), step="1" if card.data_type == "GPLong" else "any")
    return FormField("text", str(value))


def _table(card: ParameterCard, most: int, given: frozenset[str]) -> FormField:
    """The rows of the default, and some that are empty: a page without scripts cannot add any.

    One text where there would be more than most fields, or where a text was given.
    """
    told = [row for row in card.default if isinstance(row, list)] if isinstance(card.default, list) else []
    width = sum(2 if column.data_type in AMOUNTS else 1 for column in card.columns)
    least = max(len(told) + 2, LEAST_ROWS)
    if least * width > most or card.name.lower() in given:
        names = ", ".join(column.name for column in card.columns)
        return FormField("json", json.dumps(told) if told else "", hint=f"Rows as a JSON array, each an array of {names}.")
    empty = [[None] * len(card.columns)] * (min(max(least, _last_row(card, given)), most // width) - len(told))
    rows = tuple(tuple(map(_cell, card.columns, row)) for row in (*told, *empty))
    return FormField("table", rows=rows, hint="Rows that are left empty do not count. Scripts may send more of them, as a JSON array.")


def _last_row(card: ParameterCard, given: frozenset[str]) -> int:
    """The number of the last row in which something was sent, 0 for none."""
    found = (re.match(rf"{re.escape(card.name.lower())}\.([0-9]{{1,3}})\.", name) for name in given)
    return max((int(one[1]) for one in found if one), default=0)


def _cell(column: ParameterCard, value: object) -> FormField:
    return _field_of(replace(column, default=value))


def _joined(value: object) -> str:
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return ";".join(map(str, value))
    return json.dumps(value) if value else ""


def _several(card: ParameterCard, value: object) -> FormField:
    if card.data_type.removeprefix(MULTIVALUE) in _FILES:
        return FormField("none", hint=_NOT_GIVEN)
    if not card.choices:
        return FormField("text", _joined(value), hint="Several, with ; between them.")
    chosen = tuple(map(str, value)) if isinstance(value, list) else ()
    return FormField("several", choices=card.choices, chosen=chosen)


def _amount(card: ParameterCard, value: object) -> FormField:
    is_length = card.data_type == "GPLinearUnit"
    units = LENGTHS if is_length else AREAS
    given = value if isinstance(value, dict) else {}
    unit = str(given.get("units") or units[0])
    choices = units if unit in units else (unit, *units)
    number = given.get("distance" if is_length else "area", "")
    return FormField(
        "amount", f"{number:g}" if isinstance(number, float) else str(number), choices, unit, {u: unit_words(u) for u in choices}
    )


def _example(card: ParameterCard) -> str:
    if card.data_type == "GPValueTable":
        return '[["north", 1], ["south", 2]]'
    if card.data_type == "GPRecordSet":
        return '{"features": [{"attributes": {"name": "north"}}]}'
    features = [{"geometry": _GEOMETRIES[card.geometry or "point"]}]
    return json.dumps({"spatialReference": {"wkid": 4326}, "features": features})


def _hint_of_set(card: ParameterCard, *, has_value: bool) -> str:
    what = {"GPValueTable": "Rows", "GPRecordSet": "A record set"}.get(card.data_type, "A feature set")
    return f"{what} as JSON{'' if has_value else ', as in the grey example'}."


def _moment(value: object) -> str:
    if not isinstance(value, int | float):
        return ""
    try:
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return ""
