"""Types of the fields of features and rows, as Esri's JSON names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

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


def fits(data_type: object, value: JsonValue) -> bool:
    """True for a value of a field of that type, for none, and for anything where the type says nothing of it."""
    is_such = _HELD.get(str(data_type))
    return value is None or is_such is None or is_such(value)


def _is_whole(value: JsonValue) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float)


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str)


_HELD: Mapping[str, Callable[[JsonValue], bool]] = {
    **dict.fromkeys(("esriFieldTypeSmallInteger", "esriFieldTypeInteger", "esriFieldTypeBigInteger", "esriFieldTypeOID"), _is_whole),
    **dict.fromkeys(("esriFieldTypeSingle", "esriFieldTypeDouble"), _is_number),
    "esriFieldTypeString": _is_text,
    "esriFieldTypeDate": lambda value: _is_whole(value) or _is_text(value),
}
"""Values of the types of fields; of others, anything."""
