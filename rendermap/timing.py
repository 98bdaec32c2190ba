"""Layers with a time: when their features are there, and which of them a request asks for."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from rendermap.dispatch.found import Found
from rendermap.dispatch.plan import FeaturesPlan
from rendermap.jobs.job import Layer
from rendermap.reply import TimeCard
from rendermap.request import Statistic, Sum, TimeSpan, Wanted
from rendermap.symbology.facts import FieldKind, VectorFacts
from rendermap.symbology.field_names import field_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def time_of(layer: Layer, names: tuple[str, ...], crs: str, find: Callable[[FeaturesPlan], Awaitable[Found]]) -> TimeCard | None:
    """When the features of a layer are there; None where the names are not those of dates, or no feature has one.

    names: as a `ToolLayer` has them.  Raises Broken where the dataset cannot be read.
    """
    if not names or not isinstance(layer.facts, VectorFacts):
        return None
    fields = [field_of(name, layer.facts) for name in names]
    found = tuple(field.name for field in fields if field and field.kind is FieldKind.DATE)
    if len(found) < len(names):
        return None
    asked = (Statistic(Sum.MIN, found[0], "first"), Statistic(Sum.MAX, found[0], "begun"), Statistic(Sum.MAX, found[-1], "last"))
    names_asked = tuple(one.name for one in asked)
    rows = (await find(FeaturesPlan(layer, crs, crs, "", names_asked, Wanted.STATISTICS, statistics=asked, with_shapes=False))).rows
    known = [value for value in rows[0] if isinstance(value, int | float)] if rows else []
    return TimeCard(found[0], found[1] if len(found) > 1 else None, min(known), max(known)) if known else None


def filter_of(time: TimeCard, span: TimeSpan) -> str:
    """What features must be like that are there in a span, in the SQL subset; "" for all."""
    start, end = _quoted(time.start_field), _quoted(time.end_field or time.start_field)
    since, until = _moment(span.start_ms, math.ceil), _moment(span.end_ms, math.floor)
    last = f"{end} >= '{since}'" if time.end_field is None else f"({end} >= '{since}' OR {end} IS NULL)"
    return " AND ".join([*([last] if since else []), *([f"{start} <= '{until}'"] if until else [])])


def _moment(epoch_ms: float | None, to_second: Callable[[float], int]) -> str:
    """Empty for no bound, and for one before or after all dates."""
    if epoch_ms is None:
        return ""
    try:
        return (_EPOCH + timedelta(seconds=to_second(epoch_ms / 1000))).strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")
    except OverflowError:
        return ""


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
