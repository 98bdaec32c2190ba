"""Layers with a time: when their features are there, and which of them a request asks for."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
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
    """What features must be like that are there in a span, or in the steps it touches, in the SQL subset; "" for all."""
    start, end = _quoted(time.start_field), _quoted(time.end_field or time.start_field)
    since_ms, until_ms, before = span.start_ms, span.end_ms, "<="
    if time.step_ms is not None:
        since_ms, until_ms, before = _begin_of_step(since_ms, time.step_ms), _end_of_step(until_ms, time.step_ms), "<"
    since, until = _moment(since_ms, math.ceil), _moment(until_ms, math.floor)
    last = f"{end} >= '{since}'" if time.end_field is None else f"({end} >= '{since}' OR {end} IS NULL)"
    return " AND ".join([*([last] if since else []), *([f"{start} {before} '{until}'"] if until else [])])


def in_steps(time: TimeCard, step_ms: int) -> TimeCard:
    """The same, told as coarsely as that: whoever may ask for any time could search for every feature's own."""
    first_ms, last_ms = _begin_of_step(time.first_ms, step_ms), _end_of_step(time.last_ms, step_ms)
    assert first_ms is not None and last_ms is not None
    return replace(time, first_ms=first_ms, last_ms=last_ms, step_ms=step_ms)


def _begin_of_step(epoch_ms: float | None, step_ms: int) -> float | None:
    return None if epoch_ms is None else math.floor(epoch_ms / step_ms) * step_ms


def _end_of_step(epoch_ms: float | None, step_ms: int) -> float | None:
    return None if epoch_ms is None else (math.floor(epoch_ms / step_ms) + 1) * step_ms


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
