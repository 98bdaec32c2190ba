"""What a task is given: plain JSON values, checked against the parameters of the task and written one way only.

Nothing is turned into something else in silence: ``"12"`` is no number, 2.5 no whole number, 1 not true.  Canonical are: dates in
milliseconds since 1970, UTC; lengths and areas as ``{"distance", "units"}`` and ``{"area", "units"}``; features as `feature_sets` says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

from pydantic import JsonValue

from rendermap.errors import BadRequest, InvalidParameter, joined
from rendermap.gp.feature_sets import check_feature_set, check_record_set
from rendermap.gp.field_types import EARLIEST_MS, LATEST_MS
from rendermap.gp.units import AREAL_UNITS, LINEAR_UNITS
from rendermap.limits import INPUT_TEXT, INPUT_VALUES, spelled
from rendermap.services.datatypes import is_many, one_of
from rendermap.services.service import Direction, Parameter, Task
from rendermap.table import Table

LARGEST_LONG = 2**52 - 1
"""What a GPLong may be at most, either side of zero."""
MOST_CELLS_TOLD = 30
"""Of those in a table that are wrong."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a value must be.  name: as faults call it.  crs: of features that do not say theirs, None for none.

    Of an output the type alone counts: how much a tool tells, and whether a length is below 0, is its own affair.
    """

    name: str
    parameter: Parameter
    crs: str | None = None

    @property
    def is_output(self) -> bool:
        """True for what a tool has made."""
        return self.parameter.direction is Direction.OUTPUT

    def fault(self, what: str) -> InvalidParameter:
        """The fault, in words for whoever gave the value."""
        return InvalidParameter(f"'{self.name}' {what}.")


Check = Callable[[Wanted, object], JsonValue]


def checked_inputs(
    task: Task, inputs: Mapping[str, object], crs: str | None = None, misspelt: Mapping[str, tuple[str, ...]] = MappingProxyType({})
) -> dict[str, JsonValue]:
    """The inputs of a run by the names the task has for them, in letter case too; defaults are filled in.

    What the task does not know is passed over; an optional value that nobody gives, and that has no default, is left out.
    crs: of features that do not say theirs.  misspelt: faults of those that could not even be read, by name.
    Raises BadRequest with every fault.
    """
    given = {name.casefold(): value for name, value in inputs.items() if value is not None}
    found: dict[str, JsonValue] = {}
    faults: list[BadRequest] = []
    for parameter in task.parameters:
        if parameter.direction is not Direction.INPUT:
            continue
        if parameter.name in misspelt:
            faults += map(InvalidParameter, misspelt[parameter.name])
            continue
        try:
            found |= _checked(Wanted(parameter.name, parameter, crs), given)
        except BadRequest as fault:
            faults.append(fault)
    if faults:
        raise joined(faults)
    return found


def _checked(wanted: Wanted, given: Mapping[str, object]) -> dict[str, JsonValue]:
    parameter = wanted.parameter
    value = given.get(parameter.name.casefold(), parameter.default)
    if value is None:
        if parameter.required:
            raise wanted.fault("is required")
        return {}
    return {parameter.name: check(wanted, value)}


def check(wanted: Wanted, value: object) -> JsonValue:
    """One value in its canonical form.  Raises BadRequest."""
    data_type = wanted.parameter.data_type
    if not is_many(data_type):
        return CHECKS[data_type](wanted, value)
    if not isinstance(value, list):
        raise wanted.fault("must be a JSON array of values")
    if len(value) > INPUT_VALUES.value and not wanted.is_output:
        raise wanted.fault(f"has too many values. {INPUT_VALUES.sentence.removesuffix('.')}")
    one = replace(wanted.parameter, data_type=one_of(data_type))
    return [check(Wanted(f"{wanted.name}, value {place}", one, wanted.crs), each) for place, each in enumerate(value, 1)]


# --- plain values --------------------------------------------------------------------------------------------------------


def _text(wanted: Wanted, value: object) -> JsonValue:
    if not isinstance(value, str):
        raise wanted.fault("must be a text")
    if wanted.is_output:
        return value
    if len(value) > INPUT_TEXT.value:
        raise wanted.fault(f"is too long. {INPUT_TEXT.sentence.removesuffix('.')}")
    choices = wanted.parameter.choices
    if choices and value not in choices:
        raise wanted.fault(f"must be one of {', '.join(choices)}")
    if any(ord(letter) < 32 and letter not in "\t\n\r" for letter in value):
        raise wanted.fault("must be a text without control characters")
    return value


def _whole_number(wanted: Wanted, value: object) -> JsonValue:
    number = _finite(value)
    if number is None or number != int(number):
        raise wanted.fault("must be a whole number")
    if abs(number) > LARGEST_LONG:
        raise wanted.fault(f"must be a whole number between -{spelled(LARGEST_LONG)} and {spelled(LARGEST_LONG)}")
    return int(_in_range(wanted, number))


def _number(wanted: Wanted, value: object) -> JsonValue:
    number = _finite(value)
    if number is None:
        raise wanted.fault("must be a number")
    return _in_range(wanted, number)


def _finite(value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def _in_range(wanted: Wanted, number: int | float) -> int | float:
    least, most = wanted.parameter.minimum, wanted.parameter.maximum
    if wanted.is_output:
        return number
    if (least is not None and number < least) or (most is not None and number > most):
        raise wanted.fault(f"must be {_range_in_words(least, most)}")
    return number


def _range_in_words(least: float | None, most: float | None) -> str:
    if least is None:
        return f"at most {most:g}"
    return f"at least {least:g}" if most is None else f"between {least:g} and {most:g}"


def _truth(wanted: Wanted, value: object) -> JsonValue:
    if not isinstance(value, bool):
        raise wanted.fault("must be true or false")
    return value


def _date(wanted: Wanted, value: object) -> JsonValue:
    """Milliseconds are whole ones; what is finer in a moment's text is rounded."""
    number = _moment_ms(value) if isinstance(value, str) else _finite(value)
    is_counted = not isinstance(value, str)
    if number is None or not EARLIEST_MS <= number <= LATEST_MS or (is_counted and number != int(number)):
        raise wanted.fault("must be a date: milliseconds since 1970 in UTC, or as in 2026-03-01T12:00:00Z")
    return round(number)


def _moment_ms(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000


# --- lengths and areas ---------------------------------------------------------------------------------------------------


def _length(wanted: Wanted, value: object) -> JsonValue:
    return _measured(wanted, value, "distance", LINEAR_UNITS, "esriMeters")


def _area(wanted: Wanted, value: object) -> JsonValue:
    return _measured(wanted, value, "area", AREAL_UNITS, "esriSquareMeters")


def _measured(wanted: Wanted, value: object, what: str, units: Table[float] | Table[float | None], usual: str) -> JsonValue:
    """Without a unit clients mean the usual one, as GP services have it; a tool may have had another in mind."""
    if not isinstance(value, dict) or what not in value:
        raise wanted.fault(f'must be a JSON object with {what} and units, as in {{"{what}": 5, "units": "{usual}"}}')
    number = _finite(value[what])
    if number is None or (number < 0 and not wanted.is_output):
        raise wanted.fault(f"must have a {what} that is a number{'' if wanted.is_output else ', 0 or more'}")
    unit = value.get("units") or (None if wanted.is_output else usual)
    known = next((name for name in units.names if isinstance(unit, str) and name.casefold() == unit.casefold()), None)
    if known is None:
        raise wanted.fault(f"must have one of these units: {', '.join(units.names)}")
    return {what: number, "units": known}


# --- features, tables, files ---------------------------------------------------------------------------------------------


def _features(wanted: Wanted, value: object) -> JsonValue:
    return check_feature_set(wanted.name, value, wanted.parameter.geometry, wanted.crs)


def _records(wanted: Wanted, value: object) -> JsonValue:
    return check_record_set(wanted.name, value)


def _file(wanted: Wanted, value: object) -> JsonValue:
    """A file comes from the service's author alone: what a client names would have to be fetched from anywhere."""
    if value == wanted.parameter.default:
        return wanted.parameter.default  # type: ignore[return-value]
    raise wanted.fault("cannot be given: addresses and uploaded items are not fetched")


def _table(wanted: Wanted, value: object) -> JsonValue:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise wanted.fault("must be a JSON array of rows, each an array of values")
    if sum(map(len, value)) > INPUT_VALUES.value and not wanted.is_output:
        raise wanted.fault(f"has too many values. {INPUT_VALUES.sentence.removesuffix('.')}")
    if wanted.parameter.columns:
        return _rows(wanted, value)
    if len({len(row) for row in value}) > 1:
        raise wanted.fault("must have rows of the same length")
    return [[_cell(wanted, cell) for cell in row] for row in value]


def _rows(wanted: Wanted, value: list[list[object]]) -> JsonValue:
    """Raises BadRequest with what is wrong in any of the cells, so that nobody mends them one by one."""
    columns, faults = wanted.parameter.columns, list[BadRequest]()
    if any(len(row) != len(columns) for row in value):
        raise wanted.fault(f"must have rows of {spelled(len(columns))} values: {', '.join(column.name for column in columns)}")
    found: list[JsonValue] = []
    for place, row in enumerate(value, 1):
        cells = [
            _taken(Wanted(f"{wanted.name}, row {place}, {column.name}", column), cell, faults)
            for column, cell in zip(columns, row, strict=True)
        ]
        found.append(cells)
    if faults:
        raise joined(faults[:MOST_CELLS_TOLD])
    return found


def _taken(wanted: Wanted, cell: object, faults: list[BadRequest]) -> JsonValue:
    try:
        return _cell_of(wanted, cell)
    except BadRequest as fault:
        faults.append(fault)
        return None


def _cell_of(wanted: Wanted, value: object) -> JsonValue:
    if value is not None:
        return check(wanted, value)
    if wanted.parameter.required:
        raise wanted.fault("is required")
    return None


def _cell(wanted: Wanted, value: object) -> JsonValue:
    if isinstance(value, str) and (len(value) <= INPUT_TEXT.value or wanted.is_output):
        return value
    if value is None or isinstance(value, bool):
        return value
    if (number := _finite(value)) is None:
        raise wanted.fault("must have values that are texts, numbers, true, false or null")
    return number


CHECKS: Table[Check] = Table(
    "check of a GP data type",
    {
        "GPString": _text,
        "GPLong": _whole_number,
        "GPDouble": _number,
        "GPBoolean": _truth,
        "GPDate": _date,
        "GPLinearUnit": _length,
        "GPArealUnit": _area,
        "GPFeatureRecordSetLayer": _features,
        "GPRecordSet": _records,
        "GPDataFile": _file,
        "GPRasterData": _file,
        "GPRasterDataLayer": _file,
        "GPValueTable": _table,
    },
)
