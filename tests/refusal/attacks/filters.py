"""A filter that is taken is an oracle: what it leaves of the picture, or how its error is worded, tells whether it is true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode

import httpx

from tests.builders.register import FIELDS, SOUTH, WEST
from tests.refusal.thief import UTM, Thief

TRUE, FALSE = "1=1", "1=2"
BOX = {"bbox": f"{WEST},{SOUTH},{WEST + 2400},{SOUTH + 2400}", "bboxSR": UTM, "size": "64,64", "f": "image", "layers": "show:0"}


def conditions(thief: Thief) -> Iterator[tuple[str, str]]:
    """Pairs of a condition that is true of some parcel and one that is true of none."""
    yield TRUE, FALSE
    row = thief.register.rows[0]
    for field in FIELDS:
        value = row[field]
        text = str(value) if isinstance(value, float) else f"'{value}'"
        yield f"{field} = {text}", f"{field} = {-1 if isinstance(value, float) else chr(39) + 'none' + chr(39)}"
        yield f"{field} IS NOT NULL", f"{field} IS NULL"
    yield "no_such_field = 1", "worth_in_euro > 0"


def spellings(where: str) -> Iterator[dict[str, str]]:
    """Every way a client might send a condition."""
    for defs in (json.dumps({"0": where}), f"0:{where}", json.dumps([{"layerId": 0, "where": where}]), json.dumps({"0": {"where": where}})):
        yield {"layerDefs": defs}
    yield {"LAYERDEFS": json.dumps({"0": where})}
    source = {"type": "mapLayer", "mapLayerId": 0}
    yield {"dynamicLayers": json.dumps([{"id": 0, "source": source, "definitionExpression": where}])}
    yield {"dynamicLayers": json.dumps([{"id": 0, "definitionExpression": where}])}
    for name in ("definitionExpression", "where", "filter", "cql_filter", "CQL_FILTER", "sql", "query", "viewparams", "layerTimeOptions"):
        yield {name: where}
    yield {"filter": where, "filter-lang": "cql2-text"}
    yield {"mapRangeValues": json.dumps([{"name": where, "value": 1}])}


def ask_the_oracle(thief: Thief) -> str:
    """A byte for every spelling in which true and false look different, by any protocol."""
    heads = (f"{thief.map_path}/export", thief.map_path, f"{thief.map_path}/legend", f"{thief.tiles_path}/tiles/14/4334/6432.png")
    told = 0
    for true, false in conditions(thief):
        for yes, no in zip(spellings(true), spellings(false), strict=True):
            for head in heads:
                if _differ(thief, head, yes, no):
                    thief.loot.add(f"oracle {head.rsplit('/', 1)[1]} {'+'.join(yes)}: {true}", 1)
                    told += 1
    moments = (("0,1", "4000000000000,5000000000000"), ("1987", "2100"), ("null", "0"))
    for name in ("time", "historicMoment", "timeRelation", "dim_time", "datetime", "gdbVersion"):
        # null asks for nothing: a moment that is refused differs from it whatever the data is
        for early, late in moments if name == "time" else moments[:2]:
            if _differ(thief, heads[0], {name: early}, {name: late}):
                thief.loot.add(f"oracle {name}", 1)
                told += 1
    told += _dates_told(thief)
    return f"{told} tell true from false"


def _dates_told(thief: Thief) -> int:
    """The days of the register that a picture of a moment betrays, as whoever searches by halves would find them."""
    told = 0
    for row in thief.register.rows[:5]:
        day = int(datetime.fromisoformat(f"{row['surveyed_on']}T00:00:00+00:00").timestamp() * 1000)
        pairs = ((f"{day - 1}", f"{day}"), (f"null,{day - 1}", f"null,{day}"), (f"{day},null", f"{day + 1},null"))
        for early, late in pairs:
            if _differ(thief, f"{thief.map_path}/export", {"time": early}, {"time": late}):
                thief.loot.add(f"a date by time: {row['surveyed_on']}", 1)
                told += 1
    return told


def _differ(thief: Thief, head: str, yes: dict[str, str], no: dict[str, str]) -> bool:
    return len({_looks(thief.get(f"{head}?{urlencode(BOX | asked)}")) for asked in (yes, no)}) > 1


def _looks(answer: httpx.Response) -> tuple[int, str, bytes]:
    return answer.status_code, answer.headers.get("content-type", ""), answer.content
