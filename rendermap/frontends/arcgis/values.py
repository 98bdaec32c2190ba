"""GP values as clients write them -> plain JSON, and back.

Only the spelling is undone here: whether a value is what its parameter wants is judged where the task is ordered, so a text that is no
number stays a text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NoReturn

from pydantic import JsonValue

from rendermap.errors import InvalidParameter
from rendermap.frontends.arcgis.spatial import crs_of_json, parse_extent, parse_spatial_reference
from rendermap.frontends.kvp import Checks, Parameters, parse_bool, parse_json
from rendermap.geo.bbox import BBox
from rendermap.limits import INPUT_CHARS
from rendermap.reply import ParameterCard, TaskCard
from rendermap.request import Environment
from rendermap.table import Table

MULTIVALUE = "GPMultiValue:"
AMOUNTS = ("GPLinearUnit", "GPArealUnit")
_WORDS = frozenset(("f", "token", "callback"))
"""Of the request itself, whatever a task calls its parameters."""
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_AMOUNT = re.compile(rf"({_NUMBER.pattern})\s*(?:esri)?([A-Za-z]{{1,30}})", re.ASCII)
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False, "t": True, "f": False}

Decode = Callable[[str, str], JsonValue]


@dataclass(frozen=True, slots=True)
class Given:
    """For the inputs of a task, by the names it has for them.  misspelt: what is wrong with the texts of the others."""

    values: Mapping[str, JsonValue]
    misspelt: Mapping[str, tuple[str, ...]]


def parse_inputs(parameters: Parameters, task: TaskCard) -> Given:
    """What is given for the inputs of a task; whatever else was sent is passed over."""
    values: dict[str, JsonValue] = {}
    misspelt: dict[str, tuple[str, ...]] = {}
    for card in task.parameters:
        if card.is_output or card.name.lower() in _WORDS:
            continue
        checks = Checks()
        checks.read(lambda card=card: _demand_one_text(parameters, card.name), None)  # type: ignore[misc]
        value = checks.read(lambda card=card, checks=checks: _read(parameters, card, checks), None)  # type: ignore[misc]
        if checks.faults:
            misspelt[card.name] = tuple(words for fault in checks.faults for words in fault.faults)
        elif value is not None:
            values[card.name] = value
    return Given(values, misspelt)


def _read(parameters: Parameters, card: ParameterCard, checks: Checks) -> JsonValue:
    """What is given for a parameter or a cell, None for nothing.  checks: of cells.  Raises InvalidParameter."""
    text, rows, several = _given(parameters, card), _rows_given(parameters, card), _several_given(parameters, card)
    if text is None:
        return _read_rows(parameters, rows, checks) if rows else _read_several(card, several) if several else None
    if rows or several:
        _refuse_twice(card.name)
    return decode(card, text)


def _read_rows(parameters: Parameters, rows: list[list[ParameterCard]], checks: Checks) -> list[JsonValue]:
    def read(cell: ParameterCard) -> JsonValue:
        _demand_one_text(parameters, cell.name)
        return _read(parameters, cell, checks)

    return [[checks.read(lambda cell=cell: read(cell), None) for cell in row] for row in rows]  # type: ignore[misc]


def _demand_one_text(parameters: Parameters, name: str) -> None:
    """Raises InvalidParameter for a file, and for values that contradict each other."""
    if name.lower() in parameters.files:
        raise InvalidParameter(f"'{name}' must be text, not a file.")
    if name.lower() in parameters.repeated:
        _refuse_twice(name)


def _refuse_twice(name: str) -> NoReturn:
    raise InvalidParameter(f"'{name}' is given more than once.")


def _rows_given(parameters: Parameters, card: ParameterCard) -> list[list[ParameterCard]]:
    """Forms have a value table as fields of their own, ``Weights.2.Share``: the columns of each row in which there is anything."""
    if not card.columns:
        return []
    start = f"{card.name.lower()}."
    numbers = {name.removeprefix(start).partition(".")[0] for name in parameters.values if name.startswith(start)}
    rows = [
        [replace(column, name=f"{card.name}.{number}.{column.name}") for column in card.columns]
        for number in sorted(int(number) for number in numbers if re.fullmatch(r"[0-9]{1,3}", number))
    ]
    return [row for row in rows if any(cell.name.lower() in parameters for cell in row)]


def _several_given(parameters: Parameters, card: ParameterCard) -> list[str]:
    """Forms have the choices of several values as boxes to tick, ``Crops.2``: those that are ticked, in order."""
    if not card.data_type.startswith(MULTIVALUE):
        return []
    found = (re.fullmatch(rf"{re.escape(card.name.lower())}\.([0-9]{{1,3}})", name) for name in parameters.values)
    numbers = sorted(int(one[1]) for one in found if one)
    return [parameters.values[f"{card.name.lower()}.{number}"] for number in numbers]


def _read_several(card: ParameterCard, texts: list[str]) -> list[JsonValue]:
    one = DECODERS[card.data_type.removeprefix(MULTIVALUE)]
    return [one(card.name, text) for text in texts]


def _given(parameters: Parameters, card: ParameterCard) -> str | None:
    """Forms have a length or an area in two fields: the number, and its unit."""
    text = parameters.get(card.name.lower())
    unit = parameters.get(f"{card.name.lower()}.units")
    return f"{text} {unit}" if text and unit and card.data_type in AMOUNTS and _NUMBER.fullmatch(text) else text


def decode(card: ParameterCard, text: str) -> JsonValue:
    """One value.  Raises InvalidParameter for what begins as JSON and is none."""
    if not card.data_type.startswith(MULTIVALUE):
        return DECODERS[card.data_type](card.name, text)
    if text.startswith(("[", "{")):
        value = _json(card.name, text)
        return value if isinstance(value, list) else [value]
    one = DECODERS[card.data_type.removeprefix(MULTIVALUE)]
    parts = [part.strip() for part in text.removesuffix(";").split(";")]
    if not all(parts):
        raise InvalidParameter(f"'{card.name}' must have a value on each side of a semicolon.")
    return [one(card.name, part) for part in parts]


def _json(name: str, text: str) -> JsonValue:
    """What does not even begin as an object or a list stays a text: there is more to say about it than that it is no JSON."""
    return parse_json(name, text, INPUT_CHARS) if text.startswith(("{", "[")) else text  # type: ignore[return-value]


def _text(name: str, text: str) -> JsonValue:
    del name
    return text


def _number(name: str, text: str) -> JsonValue:
    del name
    if re.fullmatch(r"[-+]?\d{1,18}", text, re.ASCII):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) and math.isfinite(float(text)) else text


def _truth(name: str, text: str) -> JsonValue:
    """Python clients post their own spelling."""
    del name
    return _TRUTHS.get(text.lower(), text)


def _amount(what: str) -> Decode:
    """``{"distance": 5, "units": "esriMiles"}``, or ``5 Miles`` as scripts write it."""

    def decode_amount(name: str, text: str) -> JsonValue:
        if found := _AMOUNT.fullmatch(text):
            return {what: _number(name, found[1]), "units": f"esri{found[2]}"}
        return _json(name, text)

    return decode_amount


DECODERS: Table[Decode] = Table(
    "spelling of a GP data type",
    {
        "GPString": _text,
        "GPLong": _number,
        "GPDouble": _number,
        "GPBoolean": _truth,
        "GPDate": _number,
        "GPLinearUnit": _amount("distance"),
        "GPArealUnit": _amount("area"),
        "GPFeatureRecordSetLayer": _json,
        "GPRecordSet": _json,
        "GPDataFile": _json,
        "GPRasterData": _json,
        "GPRasterDataLayer": _json,
        "GPValueTable": _json,
    },
)


# --- environment ---------------------------------------------------------------------------------------------------------


def parse_environment(parameters: Parameters) -> Environment:
    """``env:outSR``, ``env:processSR``, ``env:extent``, ``returnZ``, ``returnM``, and ``context``, which says the same as one JSON object.

    What is said by itself wins over the context.  Raises BadRequest with every fault.
    """
    checks = Checks()
    nothing: Mapping[str, object] = {}
    context = checks.read(lambda: _context(parameters), nothing)
    out_crs = checks.read(lambda: _reference("outSR", parameters, context), None)
    process_crs = checks.read(lambda: _reference("processSR", parameters, context), None)
    extent = checks.read(lambda: _extent(parameters, context, process_crs), None)
    return_z, return_m = (checks.read(lambda name=name: _flag(name, parameters), False) for name in ("returnZ", "returnM"))  # type: ignore[misc]
    checks.finish()
    return Environment(out_crs, process_crs, extent, return_z, return_m)


def _context(parameters: Parameters) -> Mapping[str, object]:
    text = parameters.get("context")
    context = parse_json("context", text) if text else {}
    if not isinstance(context, dict):
        raise InvalidParameter("'context' must be a JSON object.")
    return {str(key).lower(): value for key, value in context.items() if value is not None}


def _reference(name: str, parameters: Parameters, context: Mapping[str, object]) -> str | None:
    text = parameters.get(f"env:{name.lower()}")
    if text is not None:
        return parse_spatial_reference(f"env:{name}", text)
    given = context.get(name.lower())
    if isinstance(given, str):
        return parse_spatial_reference(name, given)
    return None if given is None else crs_of_json(name, given)


def _extent(parameters: Parameters, context: Mapping[str, object], crs: str | None) -> tuple[BBox, str] | None:
    text = parameters.get("env:extent")
    given = context.get("extent")
    if text is None and given is None:
        return None
    box, named = parse_extent("extent", text if text is not None else given if isinstance(given, str) else json.dumps(given))
    known = named or crs
    if known is None:
        raise InvalidParameter("'extent' must name its spatialReference.")
    return box, known


def _flag(name: str, parameters: Parameters) -> bool:
    text = parameters.get(name.lower())
    return text is not None and parse_bool(name, text)


# --- back into documents -------------------------------------------------------------------------------------------------


def encode(data_type: str, value: object) -> object:
    """A value as clients decode it: lists for multivalues, epoch milliseconds for dates, no address for files."""
    if data_type.startswith(MULTIVALUE):
        values = value if isinstance(value, list | tuple) else [] if value is None else [value]
        return [encode(data_type.removeprefix(MULTIVALUE), each) for each in values]
    if data_type == "GPDate" and isinstance(value, str):
        return _epoch_ms(value)
    return {"url": ""} if data_type == "GPDataFile" else value


def _epoch_ms(text: str) -> object:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
