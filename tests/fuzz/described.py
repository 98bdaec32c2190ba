"""Asks a real service all that its OpenAPI document describes, with values that schemathesis makes up: ``python -m tests.fuzz.described``.

Ends with status 1 on a fault of the server, on silence, and on whatever else `tests.fuzz.requests` calls a violation.  The service hands
out features and runs a tool, so that queries, submitting and executing are more than refused.  The same count and seed ask the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from tests.builders.register import SOUTH, WEST, Register, lay_out
from tests.builders.served import Served, serving, tile_at
from tests.fuzz.questions import PLACE, SECRET, Question, prepare
from tests.fuzz.requests import DEADLINE_S, MARGIN_S, Report, faults_in, violation
from tests.fuzz.wire import Answer, Line

TOOL = """
def value(height=None, points=None, reach=None, names=None):
    print("Valued")
"""
BOX = f"{WEST:.0f},{SOUTH:.0f},{WEST + 2400:.0f},{SOUTH + 2400:.0f}"
KNOWN: Mapping[str, Sequence[str]] = {
    "layer": ("0", "1"),
    "task": ("Value",),
    "parameter": ("Parcels", "Depth", "Height"),
    "layers": ("show:0", "0,1"),
    "bbox": (BOX,),
    "bboxSR": ("32616",),
    "searchText": ("zn",),
    "f": ("json", "json", "image", "html", "pjson", "geojson"),
    "size": ("64,48", "400,300"),
    "where": ("1=1", "worth_in_euro > 5000 AND zone_of_plan LIKE 'zn%'", "OBJECTID > 3"),
    "layerDefs": ('{"0": "worth_in_euro > 5000"}', "0:zone_of_plan = 'zn_k7'"),
    "outFields": ("*", "zone_of_plan,worth_in_euro"),
    "orderByFields": ("worth_in_euro DESC",),
    "groupByFieldsForStatistics": ("zone_of_plan",),
    "outStatistics": ('[{"statisticType": "avg", "onStatisticField": "worth_in_euro", "outStatisticFieldName": "mean"}]',),
    "geometry": (BOX, json.dumps({"x": WEST + 200, "y": SOUTH + 200, "spatialReference": {"wkid": 32616}})),
}  # fmt: skip
"""Good values in the register, by parameter; service and job are known when it is laid out."""
INPUTS: Mapping[str, Sequence[str]] = {
    "Height": ("12", "1.5"),
    "Points": (json.dumps({"features": [{"geometry": {"x": WEST, "y": SOUTH, "spatialReference": {"wkid": 32616}}}]}),),
    "Reach": ('{"distance": 5, "units": "esriMiles"}', "5 Miles"),
    "Names": ('["a", "b"]',),
}
"""Of the task, which the document cannot name."""
NEEDED = ("f", "bbox", "bboxSR", "size", "searchText", "layers")
_SERVER_FAULT = (500, 501, 502, 503, 504, 505)


def run(folder: Path, count: int, seed: int) -> Report:
    """So many requests of each operation against a service of its own.  folder: an empty one."""
    register = lay_out(folder, access="data")
    (folder / "services" / "Land" / "Register" / "tools.py").write_text(TOOL, encoding="utf-8")
    prepare(register)
    options = ("--access", str(folder / "access"), "--secret-key", SECRET, "--cache-mb", "64", "--deadline-s", str(DEADLINE_S))
    report, began = Report(), time.monotonic()
    with serving(folder, register.job_id, *options, log=folder / "log") as running:
        running.await_ready()
        document = json.loads(running.get("/openapi.json")[1])
        for number, question in enumerate(questions(document, register, count, seed)):
            with Line(running.port, DEADLINE_S + MARGIN_S) as line:
                answer = line.exchange(question.wire(), is_head=False)
            report.note(number, question, answer)
            if wrong := _wrong(question, answer, register):
                report.violations.append((number, wrong, question.wire()[:400]))
        report.restarts = _ended(running) or report.restarts
    report.seconds = time.monotonic() - began
    report.violations += [(-1, line, b"") for line in faults_in((folder / "log").read_text(errors="replace"))]
    return report


def _ended(running: Served) -> str | None:
    return None if running.process.poll() is None else "the service itself"


def _wrong(question: Question, answer: Answer, register: Register) -> str | None:
    """Fields and values may be told here; where anything lies never may."""
    if answer.status in _SERVER_FAULT:
        return f"status {answer.status}: {answer.body[:300]!r}"
    places = [word.encode() for word in (*register.words[-6:], str(Path.cwd()), "/site-packages", str(register.folder))]
    return violation(question, answer, places)


# --- what is asked -------------------------------------------------------------------------------------------------------


def questions(document: dict[str, Any], register: Register, count: int, seed: int) -> Iterator[Question]:
    """So many of each operation: a third of them good all over, one with whatever the document allows, one with what it does not."""
    for mode, is_good in ((GenerationMode.POSITIVE, True), (GenerationMode.POSITIVE, False), (GenerationMode.NEGATIVE, False)):
        described = schemathesis.openapi.from_dict(told(deepcopy(document), register, is_good=is_good))
        for found in described.get_all_operations():
            assert isinstance(found, Ok), found
            yield from _made(found.ok(), mode, -(-count // 3), seed)


def told(document: dict[str, Any], register: Register, *, is_good: bool) -> dict[str, Any]:
    """The document with names and values of the register as examples: of texts that anybody could make up few would be found.

    is_good: with nothing but them, where there are any, and what is needed.  Paths always are so: nothing is found below wrong steps.
    """
    col, row = tile_at(*PLACE, 14)
    places = {"service": "Land/Register", "job": register.job_id, "jobId": register.job_id, "z": "14", "x": f"{col}", "file": f"{row}.png"}
    known = {**KNOWN, **INPUTS, **{name: (value,) for name, value in places.items()}}
    for path in ("submitJob", "execute"):
        _take_inputs(next(operations for name, operations in document["paths"].items() if name.endswith(f"/{path}")))
    for operation in (operation for operations in document["paths"].values() for operation in operations.values()):
        for one in operation.get("parameters", ()):
            one["schema"] = _exemplary(one["name"], one["schema"], known, only=is_good or one["in"] == "path")
            one["required"] = one.get("required") or (is_good and one["name"] in NEEDED)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            fields = content["schema"]["properties"]
            content["schema"]["properties"] = {name: _exemplary(name, schema, known, only=is_good) for name, schema in fields.items()}
            content["schema"]["required"] = [name for name in fields if is_good and name in NEEDED]
    return document


def _take_inputs(operations: dict[str, Any]) -> None:
    operations["get"]["parameters"] += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in INPUTS]
    form = operations["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    form["properties"].update({name: {"type": "string"} for name in INPUTS})


def _exemplary(name: str, schema: dict[str, Any], known: Mapping[str, Sequence[str]], *, only: bool) -> dict[str, Any]:
    examples = [*(known.get(name) or schema.get("examples", ()))]
    return schema if not examples else {"enum": examples} if only else {"anyOf": [{"enum": examples}, schema]}


def _made(operation: Any, mode: GenerationMode, count: int, seed: int) -> list[Question]:
    found: list[Question] = []

    @seeded(seed)
    @settings(max_examples=count, database=None, phases=(Phase.generate,), deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode))
    def note(case: Any) -> None:
        found.append(_question(case))

    with suppress(Unsatisfiable):  # an operation that takes nothing can be given nothing wrong
        note()
    return found


def _question(case: Any) -> Question:
    """A case as it goes over the wire."""
    sent = requests.Request(**case.as_transport_kwargs(base_url="http://maps.example")).prepare()
    body = sent.body or b""
    assert isinstance(body, str | bytes)
    kind = sent.headers.get("Content-Type")
    name = f"{case.method} {case.operation.path}".replace("{", "").replace("}", "")
    return Question(
        name[-24:],
        sent.method or "GET",
        sent.path_url,
        (("Content-Type", str(kind)),) if kind else (),
        body.encode() if isinstance(body, str) else body,
    )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="how many requests of each operation")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rendermap-fuzz-") as folder:
        report = run(Path(folder), asked.count, asked.seed)
    print(*report.lines(), sep="\n")
    sys.exit(bool(report.violations))


if __name__ == "__main__":
    main()
