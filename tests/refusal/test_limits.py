"""Every limit of a question and of a picture is refused in every protocol's own words, with the limit, before any work is done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from rendermap.dispatch.budget import limits_of
from rendermap.dispatch.plan import InspectPlan
from rendermap.errors import SourceRefused
from rendermap.frontends.table import FRONT_ENDS
from rendermap.jobs import manifest
from rendermap.jobs.job import Layer
from rendermap.limits import (
    ADDRESS_BYTES,
    BODY_BYTES,
    CRS_CHARS,
    DPI,
    EXPRESSION_CHARS,
    EXPRESSION_DEPTH,
    FEATURES,
    FORM_FILES,
    HREF_CHARS,
    INPUT_FEATURES,
    INPUT_FIELDS,
    INPUT_TEXT,
    INPUT_VALUES,
    INPUT_VERTICES,
    JSON_CHARS,
    JSON_DEPTH,
    LAYER_IDS,
    LAYER_PIXELS,
    LENIENT_CHARS,
    LIMITS,
    PARAMETERS,
    PICTURE_LAYERS,
    PICTURE_PIXELS,
    PICTURE_SIDE,
    PIXEL_RATIO,
    SWATCH_DEVICE_PIXELS,
    SWATCH_SIDE,
    ZOOM,
    About,
    Limit,
)
from tests.builders.counted_service import CountedService, Counter, geojson

TASK = """
title = "Parcels"
[run]
engine = "local"
[[tasks]]
name = "Run"
command = ["true"]
[[tasks.parameters]]
name = "Words"
type = "GPString"
required = false
[[tasks.parameters]]
name = "Numbers"
type = "GPMultiValue:GPLong"
required = false
[[tasks.parameters]]
name = "Places"
type = "GPFeatureRecordSetLayer"
required = false
"""
OUTPUT = """
[[tasks.parameters]]
name = "L{number}"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
access = "identify"
fields = ["owner_of_parcel"]
"""
LAYERS = PICTURE_LAYERS.value + 1
BBOX = "bbox=700000,4000000,706000,4006000&bboxSR=32616"
MERCATOR = "bbox=-9441000,4318000,-9430000,4329000"

NOT_TOLD = {"lines of a legend", "legend picture", "answer of features"}
"""Nothing is refused: the last line tells how many more there are, and an answer that there are more."""

BY_THE_SERVER = {"headers", "head"}
"""Refused before there is a protocol to speak; see `test_http_wire`."""

BY_THE_BODY = {"value for a tool"}
"""No request is long enough to hold more; see `tests/protocol/test_arcgis_values.py`."""


@dataclass(frozen=True)
class Ask:
    """A question beyond a limit.  path: below the job's address in the front end, or the whole of it.  max_px: a setting."""

    path: str
    method: str = "GET"
    options: Mapping[str, Any] = field(default_factory=dict)
    max_px: int = 4096

    def __hash__(self) -> int:
        return hash(self.path)


def nested(levels: int) -> str:
    """JSON so deep."""
    return "[" * levels + "]" * levels


def wide(count: int) -> str:
    """A filter of so many characters that no packing makes few."""
    return f"owner_of_parcel = '{''.join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(count // 64))}'"


def deep(levels: int) -> str:
    """A filter nested so deep."""
    text = "owner_of_parcel = 1"
    for level in range(levels):
        text = f"({text}) {'AND' if level % 2 else 'OR'} owner_of_parcel = {level}"
    return text


def submitted(**inputs: object) -> Ask:
    """A job of values that are given in the parts of a form, where nothing is longer than it is."""
    return Ask("/arcgis/rest/services/Demo/GPServer/Run/submitJob?f=json", "POST", {"files": {n: (None, v) for n, v in inputs.items()}})


def placed(*geometries: object, **attributes: object) -> str:
    """A feature set."""
    features = [{"geometry": geometry, "attributes": attributes} for geometry in geometries]
    return json.dumps({"spatialReference": {"wkid": 4326}, "features": features}, separators=(",", ":"))


MAP, LEGEND = f"/export?f=image&{BBOX}", "/legend?f=json"
IDS = ",".join(["0"] * (LAYER_IDS.value + 1))
MANY = "&".join(f"a{number}=1" for number in range(PARAMETERS.value + 1))
SHOWN = ",".join(map(str, range(LAYERS)))
WKT = f"PROJCS[{'x' * CRS_CHARS.value}]"
FILES = [("file", (f"{number}.txt", b"x")) for number in range(FORM_FILES.value + 1)]
LONG_BODY = {"headers": {"Content-Length": str(BODY_BYTES.value + 1)}}

FIELDS = {f"f{number}": 1 for number in range(INPUT_FIELDS.value + 1)}
NO_TASKS: dict[str, Ask | str] = {"xyz": "runs no tasks", "viewer": "runs no tasks"}

BEYOND: dict[Limit, dict[str, Ask | str]] = {
    ADDRESS_BYTES: {
        "arcgis": Ask(f"{MAP}&x={'x' * ADDRESS_BYTES.value}"),
        "xyz": Ask(f"/tilejson.json?x={'x' * ADDRESS_BYTES.value}"),
        "viewer": Ask(f"/download.png?x={'x' * ADDRESS_BYTES.value}"),
    },
    BODY_BYTES: {
        "arcgis": Ask(MAP, "POST", {"content": b"x=" + b"x" * BODY_BYTES.value}),
        "xyz": Ask("/tilejson.json", options=LONG_BODY),
        "viewer": Ask("/download.png", options=LONG_BODY),
    },
    PARAMETERS: {
        "arcgis": Ask(f"{MAP}&{MANY}"),
        "xyz": Ask(f"/tilejson.json?{MANY}"),
        "viewer": Ask(f"/download.png?{MANY}"),
    },
    FORM_FILES: {"arcgis": Ask(MAP, "POST", {"files": FILES}), "xyz": "takes no forms", "viewer": "takes no forms"},
    JSON_CHARS: {
        "arcgis": Ask("/export?f=image", "POST", {"data": {"bbox": "{" + " " * JSON_CHARS.value + "}"}}),
        "xyz": "takes no JSON",
        "viewer": "takes no JSON",
    },
    JSON_DEPTH: {
        "arcgis": Ask(f'/export?f=image&bbox={{"x":{nested(JSON_DEPTH.value)}}}'),
        "xyz": "takes no JSON",
        "viewer": "takes no JSON",
    },
    LENIENT_CHARS: {
        "arcgis": Ask(f"/export?f=image&bbox={{x:1,y:'{'x' * LENIENT_CHARS.value}'}}"),
        "xyz": "takes no JSON",
        "viewer": "takes no JSON",
    },
    LAYER_IDS: {
        "arcgis": Ask(f"{MAP}&layers=show:{IDS}"),
        "xyz": Ask(f"/tiles/0/0/0.png?layers={IDS}"),
        "viewer": Ask(f"/download.png?{MERCATOR}&size=9,9&layers={IDS}"),
    },
    CRS_CHARS: {"arcgis": Ask(f"{MAP}&imageSR={WKT}"), "xyz": "has one", "viewer": "has one"},
    EXPRESSION_CHARS: {
        "arcgis": Ask(MAP, "POST", {"data": {"layerDefs": f"0:{wide(EXPRESSION_CHARS.value + 64)}"}}),
        "xyz": "takes no filters",
        "viewer": "takes no filters",
    },
    EXPRESSION_DEPTH: {
        "arcgis": Ask(MAP, "POST", {"data": {"layerDefs": f"0:{deep(EXPRESSION_DEPTH.value + 1)}"}}),
        "xyz": "takes no filters",
        "viewer": "takes no filters",
    },
    HREF_CHARS: {
        "arcgis": Ask(
            f"/export?{BBOX}",
            "POST",
            {"data": {"f": "json", "layers": "show:0", "layerDefs": json.dumps({"0": wide(2 * HREF_CHARS.value)})}},
        ),
        "xyz": "signs no addresses",
        "viewer": "signs no addresses",
    },
    INPUT_TEXT: {"arcgis": submitted(Words="x" * (INPUT_TEXT.value + 1)), **NO_TASKS},
    INPUT_VALUES: {"arcgis": submitted(Numbers=json.dumps([1] * (INPUT_VALUES.value + 1))), **NO_TASKS},
    INPUT_FEATURES: {"arcgis": submitted(Places=placed(*[{"x": 1, "y": 1}] * (INPUT_FEATURES.value + 1))), **NO_TASKS},
    INPUT_VERTICES: {"arcgis": submitted(Places=placed({"points": [[1, 1]] * (INPUT_VERTICES.value + 1)})), **NO_TASKS},
    INPUT_FIELDS: {
        "arcgis": submitted(Places=placed({"x": 1, "y": 1}, **FIELDS)),
        **NO_TASKS,
    },
    PICTURE_SIDE: {
        "arcgis": Ask(f"{MAP}&size={PICTURE_SIDE.value + 1},1"),
        "xyz": "tiles have two sizes",
        "viewer": Ask(f"/download.png?{MERCATOR}&size=1,{PICTURE_SIDE.value + 1}"),
    },
    PICTURE_PIXELS: {
        "arcgis": Ask(f"{MAP}&size=16384,1025", max_px=16_384),
        "xyz": "tiles have two sizes",
        "viewer": Ask(f"/download.png?{MERCATOR}&size=4100,4100", max_px=16_384),
    },
    PICTURE_LAYERS: {
        "arcgis": Ask(f"{MAP}&layers=show:{SHOWN}"),
        "xyz": Ask(f"/tiles/0/0/0.png?layers={SHOWN}"),
        "viewer": Ask(f"/download.png?{MERCATOR}&size=9,9&layers={SHOWN}"),
    },
    LAYER_PIXELS: {
        "arcgis": Ask(f"{MAP}&size=4096,4096&layers=show:{SHOWN[:40]}"),
        "xyz": "tiles have two sizes",
        "viewer": Ask(f"/download.png?{MERCATOR}&size=4096,4096&layers={SHOWN[:40]}"),
    },
    DPI: {"arcgis": Ask(f"{MAP}&dpi={DPI.value + 1}"), "xyz": "asks by a ratio", "viewer": "asks by a ratio"},
    PIXEL_RATIO: {
        "arcgis": "asks by dots per inch",
        "xyz": "has two, each an address of its own",
        "viewer": Ask(f"/download.png?{MERCATOR}&size=9,9&ratio={PIXEL_RATIO.value + 0.1}"),
    },
    ZOOM: {
        "arcgis": "has no levels",
        "xyz": Ask(f"/tiles/{ZOOM.value + 1}/0/0.png"),
        "viewer": Ask(f"/tiles/v/{2 * ZOOM.value + 1}/0/0.png"),
    },
    SWATCH_SIDE: {"arcgis": Ask(f"{LEGEND}&size={SWATCH_SIDE.value + 1},9"), "xyz": "has one size", "viewer": "has one size"},
    SWATCH_DEVICE_PIXELS: {
        "arcgis": Ask(f"{LEGEND}&size={SWATCH_SIDE.value},9&dpi={DPI.value}"),
        "xyz": "has one size",
        "viewer": "has one size",
    },
}
"""For each limit and front end a question beyond it, or why there is none."""

ASKED = [(limit, front_end) for limit, asks in BEYOND.items() for front_end, ask in asks.items() if isinstance(ask, Ask)]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], tuple[CountedService, str]]]:
    """A service and its job, by the setting `max_px`."""
    made: dict[int, tuple[CountedService, str]] = {}

    def make(max_px: int) -> tuple[CountedService, str]:
        if max_px not in made:
            text = TASK + "".join(OUTPUT.format(number=number) for number in range(LAYERS))
            service = CountedService(tmp_path_factory.mktemp("limits"), {"Demo": text}, limits=limits_of(max_px=max_px))
            with manifest.start(service.jobs, service="Demo", task="Run") as run:
                for number in range(LAYERS):
                    run.path(f"{number}.geojson").write_text(geojson(), encoding="utf-8")
                    run.output(f"L{number}", f"%scratchworkspace%/{number}.geojson")
            made[max_px] = service, run.job_id
        return made[max_px]

    yield make


def root_of(front_end: str, job: str) -> str:
    """Where the job lies in a front end."""
    return {"arcgis": f"/arcgis/rest/services/Demo/MapServer/jobs/{job}", "xyz": f"/xyz/Demo/jobs/{job}", "viewer": f"/jobs/Demo/{job}"}[
        front_end
    ]


def words_of(answer: httpx.Response) -> str:
    """All that an error says."""
    error = answer.json()["error"]
    return " ".join([error["message"], *error.get("details", [])])


@pytest.mark.parametrize(("limit", "front_end"), ASKED, ids=[f"{limit.name}-{front_end}" for limit, front_end in ASKED])
def test_beyond_a_limit_is_refused_by_name(limit: Limit, front_end: str, services: Callable[[int], tuple[CountedService, str]]) -> None:
    """In the protocol's dialect, and nothing is drawn."""
    ask = BEYOND[limit][front_end]
    assert isinstance(ask, Ask)
    service, job = services(ask.max_px)
    service.counter.drawn.clear()
    whole = ask.path.startswith("/arcgis/")
    answer = service.ask(ask.method, ask.path if whole else root_of(front_end, job) + ask.path, **ask.options)
    assert limit.sentence.removesuffix(".") in words_of(answer)
    assert answer.headers["cache-control"] == "no-store" and not service.counter.drawn
    assert answer.status_code == (200 if front_end == "arcgis" else answer.status_code) and answer.status_code < 500
    assert answer.json()["error"]["code"] == 400 if front_end == "arcgis" else 400 <= answer.status_code < 405


def test_every_limit_is_asked_of_every_front_end() -> None:
    """A new limit, and a new protocol, are tested on the day they are written."""
    mine = {limit for limit in LIMITS if limit.about in (About.QUESTION, About.PICTURE)}
    assert {limit.name for limit in mine - BEYOND.keys()} == NOT_TOLD | BY_THE_BODY | BY_THE_SERVER & {limit.name for limit in mine}
    assert {tuple(sorted(asks)) for asks in BEYOND.values()} == {tuple(sorted(FRONT_ENDS.names))}


@pytest.mark.parametrize("front_end", FRONT_ENDS.names)
def test_within_the_limits_a_picture_is_drawn(front_end: str, services: Callable[[int], tuple[CountedService, str]]) -> None:
    """What is refused above is refused for the limit alone."""
    service, job = services(4096)
    paths = {
        "arcgis": f"{MAP}&size=4096,4096&layers=show:0,1&dpi=1200",
        "xyz": f"/tiles/0/0/0.png?layers={SHOWN[:10]}",
        "viewer": f"/download.png?{MERCATOR}&size=1024,1024&ratio=4&layers={SHOWN[:10]}",
    }
    answer = service.get(root_of(front_end, job) + paths[front_end])
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
    service.counter.drawn.clear()


class Overfull(Counter):
    """Looks into a dataset of too many features beside a sound one."""

    async def inspect(self, plan: InspectPlan) -> Layer:
        if plan.source.path.name == "0.geojson":
            raise SourceRefused(FEATURES.sentence, reason=f"{plan.source.path}: 200000000 features")
        return await super().inspect(plan)


def test_a_dataset_beyond_a_limit_is_a_fault_of_its_layer(tmp_path: Path) -> None:
    """Told where each protocol tells of its layers, without the number found; the other layers draw."""
    service = CountedService(tmp_path, {"Demo": TASK + OUTPUT.format(number=0) + OUTPUT.format(number=1)})
    service.counter.inspect = Overfull().inspect  # type: ignore[method-assign]
    with manifest.start(service.jobs, service="Demo", task="Run") as run:
        for number in range(2):
            run.path(f"{number}.geojson").write_text(geojson(), encoding="utf-8")
            run.output(f"L{number}", f"%scratchworkspace%/{number}.geojson")
    for page in (root_of("arcgis", run.job_id), root_of("viewer", run.job_id)):
        text = service.get(page).text
        assert FEATURES.sentence in text and "200000000" not in text
    picture = service.get(root_of("arcgis", run.job_id) + MAP)
    assert picture.headers["content-type"] == "image/png"
    assert [[layer.id for layer in plan.layers] for plan in service.counter.drawn] == [[1]]
