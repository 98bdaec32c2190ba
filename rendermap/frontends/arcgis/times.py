"""``time`` and ``layerTimeOptions`` -> the span of time that a map is asked for."""

from __future__ import annotations

from rendermap.errors import InvalidParameter
from rendermap.frontends.kvp import Parameters, parse_float, parse_json
from rendermap.request import TimeSpan


def parse_time(parameters: Parameters) -> TimeSpan | None:
    """``time``: a moment or ``start,end`` in milliseconds since 1970, either of which may be null; None for all times.

    ``layerTimeOptions``, or ``timeOptions``, says by layer whether time is used and whether what was before shows too.
    Raises InvalidParameter.
    """
    text = parameters.get("time")
    bounds = [_bound(part) for part in text.split(",")] if text else []
    if len(bounds) > 2:
        raise InvalidParameter("'time' must be a moment, or two separated by a comma.")
    if all(bound is None for bound in bounds):
        return None
    start_ms, end_ms = bounds[0], bounds[-1]
    if start_ms is not None and end_ms is not None and start_ms > end_ms:
        raise InvalidParameter("'time' must not end before it begins.")
    options = _options(parameters.get("layertimeoptions") or parameters.get("timeoptions"))
    untimed = tuple(layer for layer, said in options if said.get("useTime") is False)
    cumulative = tuple(layer for layer, said in options if said.get("timeDataCumulative") is True)
    return TimeSpan(start_ms, end_ms, untimed, cumulative)


def _bound(text: str) -> float | None:
    return None if text.strip().lower() in ("", "null") else parse_float("time", text.strip())


def _options(text: str | None) -> list[tuple[int, dict[str, object]]]:
    value = parse_json("layerTimeOptions", text) if text else {}
    if not isinstance(value, dict) or not all(key.isdecimal() and isinstance(said, dict) for key, said in value.items()):
        raise InvalidParameter("'layerTimeOptions' must hold options by the ids of layers.")
    if any(said.get("timeOffset") for said in value.values()):
        raise InvalidParameter("'layerTimeOptions' may not move layers in time.")
    return sorted((int(layer), said) for layer, said in value.items())
