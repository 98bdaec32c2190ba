"""Naming what is not on the map: other datasets, tables, workspaces, files, fields, styles and services."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote, urlencode

from tests.refusal.attacks.filters import BOX
from tests.refusal.thief import Thief, is_picture, pixels_of

FILES = ("cellar_of_2003.geojson", "../cellar_of_2003.geojson", "/etc/passwd", "job.json", "%scratchworkspace%/sounding_of_1991.asc")

KEYS = ("styles", "style", "sld", "sld_body", "map", "source", "dataset", "datasetName", "workspace", "gdbVersion", "mosaicRule", "url")


def sources(thief: Thief) -> Iterator[dict[str, object]]:
    """Data sources of dynamic layers (ArcGIS REST), inside the job and outside it."""
    outside = str(thief.register.folder / "jobs")
    for name in FILES:
        for kind in ("table", "raster", "queryTable", "joinTable"):
            yield {"type": "dataLayer", "dataSource": {"type": kind, "workspaceId": outside, "dataSourceName": name}}
        yield {"type": "mapLayer", "mapLayerId": name}
    yield {"type": "mapLayer", "mapLayerId": 0, "gdbVersion": "other"}
    yield {"type": "dataLayer", "dataSource": {"type": "queryTable", "query": "SELECT * FROM parcels_of_1987"}}


def drawings() -> Iterator[dict[str, object]]:
    """Other looks, which would show a field of ours."""
    symbol = {"type": "esriSFS", "style": "esriSFSSolid", "color": [1, 2, 3, 255]}
    yield {"renderer": {"type": "simple", "symbol": symbol}}
    classes = [{"value": "zn_k7", "symbol": symbol}]
    yield {"renderer": {"type": "uniqueValue", "field1": "zone_of_plan", "uniqueValueInfos": classes}}
    yield {"renderer": {"type": "classBreaks", "field": "worth_in_euro", "classBreakInfos": [{"classMaxValue": 5e5, "symbol": symbol}]}}
    yield {"showLabels": True, "labelingInfo": [{"labelExpression": "[owner_of_parcel]", "symbol": {"type": "esriTS"}}]}


def parameters(thief: Thief) -> Iterator[dict[str, str]]:
    """Everything by which something else might be named."""
    for source in sources(thief):
        yield {"dynamicLayers": json.dumps([{"id": 0, "source": source}])}
    for drawing in drawings():
        yield {"dynamicLayers": json.dumps([{"id": 0, "source": {"type": "mapLayer", "mapLayerId": 0}, "drawingInfo": drawing}])}
    for name in (*FILES, "1", "zone_of_plan", "http://127.0.0.1/style.sld"):
        for key in (
            "styles",
            "style",
            "sld",
            "sld_body",
            "map",
            "source",
            "dataset",
            "datasetName",
            "workspace",
            "gdbVersion",
            "mosaicRule",
            "url",
        ):
            yield {key: name}
        yield {"renderingRule": json.dumps({"rasterFunction": name})}
    for text in ("show:../1", "show:99", "show:0;1", "show:-1,99", "include:cellar_of_2003", "0 OR 1=1"):
        yield {"layers": text}


def name_others(thief: Thief) -> str:
    """A byte for each name that changes the picture: what is asked for must be refused, empty, or the very picture without the name."""
    export = f"{thief.map_path}/export?"
    plain = pixels_of(thief.get(export + urlencode(BOX)))
    blank, changed = 0, 0
    for asked in parameters(thief):
        answer = thief.get(export + urlencode(BOX | asked))
        if not is_picture(answer):
            continue
        seen = pixels_of(answer)
        blank += bool((seen == seen[0, 0]).all())
        if not (seen == plain).all() and not (seen == seen[0, 0]).all():
            thief.loot.add(f"named {asked}", 1)
            changed += 1
    register = thief.register
    for job_id in (register.base_id, register.private_id):
        for path in (thief.map_path, thief.tiles_path + "/tilejson.json", f"/jobs/Land/Register/{register.job_id}"):
            answer = thief.get(path.replace(register.job_id, quote(job_id)), params={"f": "json"})
            if answer.status_code == 200 and "error" not in answer.text:
                thief.loot.add(f"job {path}", len(answer.content))
    return f"{changed} change the picture, {blank} draw nothing"
