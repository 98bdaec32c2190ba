"""Documents of query, find and identify -> tables for people, of the very values that machines get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from rendermap.frontends.arcgis.spatial import Json
from rendermap.frontends.arcgis.spelling import value_text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = "esriFieldTypeDate"


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """title: of the layer, "" where there is one alone.  rows: as long as columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ReadableAnswer:
    """heading: how much there is.  text: of what is no table.  box: where it lies, as an Esri extent.  has_shapes: it can be GeoJSON."""

    heading: str
    tables: tuple[AnswerTable, ...] = ()
    text: str = ""
    box: Json | None = None
    has_shapes: bool = False


def readable_query(document: Mapping[str, Any]) -> ReadableAnswer:
    """What a query answers."""
    if "count" in document:
        box = document.get("extent")
        return ReadableAnswer(_counted(document["count"], "feature"), box=box if document["count"] else None)
    if "objectIds" in document:
        ids = document["objectIds"]
        return ReadableAnswer(_counted(len(ids), "feature", document), text=", ".join(map(str, ids)))
    fields, features, has_shapes = document["fields"], document["features"], "geometryType" in document
    table = AnswerTable("", tuple(field["alias"] for field in fields), tuple(tuple(_cells(fields, one)) for one in features))
    heading = _counted(len(features), "feature" if has_shapes else "row", document)
    return ReadableAnswer(heading, (table,) if features else (), has_shapes=has_shapes)


def readable_results(document: Mapping[str, Any]) -> ReadableAnswer:
    """What find and identify answer: a table for each layer, in their order."""
    results = document["results"]
    layers = groupby(results, key=lambda one: (one["layerId"], one["layerName"]))
    tables = tuple(_table(str(name), list(found)) for (_, name), found in layers)
    return ReadableAnswer(_counted(len(results), "result", document), tables)


def _table(title: str, results: list[Mapping[str, Any]]) -> AnswerTable:
    rows = [_row(one) for one in results]
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return AnswerTable(title, columns, tuple(tuple(row.get(name, "") for name in columns) for row in rows))


def _row(result: Mapping[str, Any]) -> dict[str, str]:
    found = {"Found in": str(result["foundFieldName"])} if "foundFieldName" in result else {}
    return {**found, **{name: _text(value) for name, value in result["attributes"].items()}}


def _cells(fields: Iterable[Mapping[str, str]], feature: Mapping[str, Any]) -> Iterable[str]:
    for field in fields:
        value = feature["attributes"][field["name"]]
        yield date_text(value) if field["type"] == _DATE and isinstance(value, int | float) else _text(value)


def _text(value: object) -> str:
    return "" if value in (None, "Null") else value_text(value)


def date_text(epoch_ms: float) -> str:
    """In UTC, without what is 0 anyway; as the number that it is where no calendar reaches."""
    try:
        moment = _EPOCH + timedelta(milliseconds=epoch_ms)
    except (OverflowError, ValueError):
        return value_text(epoch_ms)
    return moment.strftime("%Y-%m-%d %H:%M:%S").removesuffix(" 00:00:00")


def _counted(count: int, what: str, document: Mapping[str, object] | None = None) -> str:
    number = f"{count:,} {what}{'' if count == 1 else 's'}" if count else f"No {what}s"
    return f"{number}, and there are more" if document and document.get("exceededTransferLimit") else number
