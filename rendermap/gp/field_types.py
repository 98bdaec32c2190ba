"""Types of the fields of features and rows, as Esri's JSON names them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TypeGuard

from pydantic import JsonValue


def type_of(values: Iterable[JsonValue]) -> str:
    """The narrowest type that holds all values."""
    found = [value for value in values if value is not None]
    if not found or any(isinstance(value, str) for value in found):
        return "esriFieldTypeString"
    if any(isinstance(value, float) for value in found):
        return "esriFieldTypeDouble"
    is_small = all(isinstance(value, int) and abs(value) < 2**31 for value in found)
    return "esriFieldTypeInteger" if is_small else "esriFieldTypeBigInteger"


def is_known(data_type: object) -> bool:
    """True for a type that fields have, and where none is told."""
    return data_type is None or data_type in _HELD or data_type in _OPAQUE


def fits(field: Mapping[str, object], value: JsonValue) -> bool:
    """True for a value of such a field, for none, and for anything where its type says nothing of it.  field: its type and length."""
    data_type, length = field.get("type"), field.get("length")
    is_such = _HELD.get(str(data_type))
    if value is None or is_such is None:
        return True
    # of other types it is told as they are kept in a database
    is_bounded = data_type == "esriFieldTypeString" and isinstance(length, int) and length > 0
    return is_such(value) and not (is_bounded and len(str(value)) > length)  # type: ignore[operator]


def _whole(bits: int) -> Callable[[JsonValue], bool]:
    """Numbers that so many bits hold, 3.0 among them."""
    return lambda value: _is_number(value) and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1) and value == int(value)


def _is_number(value: JsonValue) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_single(value: JsonValue) -> bool:
    return _is_number(value) and abs(value) <= LARGEST_SINGLE


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str)


def _is_guid(value: JsonValue) -> bool:
    return isinstance(value, str) and bool(_GUID.fullmatch(value))


def _is_moment(value: JsonValue) -> bool:
    """Whole milliseconds since 1970, or as ISO 8601 has it."""
    if not isinstance(value, str):
        return _is_number(value) and EARLIEST_MS <= value <= LATEST_MS and value == int(value)
    with suppress(ValueError):
        return bool(datetime.fromisoformat(value))
    return False


LARGEST_SINGLE = 3.4028235e38
EARLIEST_MS, LATEST_MS = -62_135_596_800_000, 253_402_300_799_999
"""The years 1 to 9999."""
_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?")
_HELD: Mapping[str, Callable[[JsonValue], bool]] = {
    "esriFieldTypeSmallInteger": _whole(16),
    "esriFieldTypeInteger": _whole(32),
    "esriFieldTypeBigInteger": _whole(64),
    "esriFieldTypeOID": _whole(64),
    "esriFieldTypeSingle": _is_single,
    "esriFieldTypeDouble": _is_number,
    "esriFieldTypeString": _is_text,
    "esriFieldTypeDate": _is_moment,
    **dict.fromkeys(("esriFieldTypeGUID", "esriFieldTypeGlobalID"), _is_guid),
}
"""Values of the types of fields."""
_OPAQUE = frozenset(f"esriFieldType{kind}" for kind in ("Geometry", "Blob", "Raster", "XML", "DateOnly", "TimeOnly", "TimestampOffset"))
"""Of these, anything."""
