"""From a client's request to the engine and back: the ArcGIS front end over the real route, with an engine that does its work at once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rendermap.gp.orders import JobOrder
from rendermap.gp.runner import Runner
from rendermap.jobs import manifest
from rendermap.services.service import Service
from tests.builders.counted_service import CountedService

TOML = """
title = "Flood"
crs = "EPSG:32616"
message_level = "{level}"
[run]
engine = "local"
[[tasks]]
name = "Depth"
[[tasks.parameters]]
name = "Level"
type = "GPDouble"
minimum = 0
maximum = 9.5
[[tasks.parameters]]
name = "Area"
type = "GPFeatureRecordSetLayer"
geometry = "point"
required = false
[[tasks.parameters]]
name = "Reach"
type = "GPLinearUnit"
default = {{ distance = 5.0, units = "esriMiles" }}
[[tasks.parameters]]
name = "Mean"
type = "GPDouble"
direction = "output"
[[tasks.parameters]]
name = "When"
type = "GPDate"
direction = "output"
[[tasks.parameters]]
name = "Report"
type = "GPDataFile"
direction = "output"
"""
TASK = "/arcgis/rest/services/Flood/GPServer/Depth"


class AtOnce:
    """Every job is done when it is submitted.  finishes: False leaves it running."""

    def __init__(self, jobs: Path, *, finishes: bool = True) -> None:
        self.jobs = jobs
        self.finishes = finishes
        self.orders: list[JobOrder] = []

    async def start(self) -> None:
        """Nothing waits."""

    async def stop(self) -> None:
        """Nothing goes on."""

    async def submit(self, order: JobOrder) -> str:
        """A job in a folder of its own, as engines make them."""
        self.orders.append(order)
        run = manifest.start(self.jobs, service=order.service.name, task=order.task.name, inputs=order.inputs, owner=order.owner)
        run.message(f"Reading {self.jobs}/secret.gdb")
        run.message("A hole in the ground", "warning")
        run.progress("Reading /data/secret.gdb", 40)
        if self.finishes:
            run.path("report.txt").write_text("deep")
            run.output("Report", "report.txt")
            run.value("When", "2008-01-01T00:00:00Z")
            run.value("Mean", 2.5)
            run.succeed()
        return run.job_id

    async def cancel(self, service: Service, job_id: str) -> None:
        """As an engine writes it."""
        manifest.resume(self.jobs / f"{service.name.lower()}_gpserver" / job_id).cancel()


class Flood:
    """The service, asked for JSON."""

    def __init__(self, folder: Path, *, level: str = "info", finishes: bool = True) -> None:
        self.counted = CountedService(folder, {"Flood": TOML.format(level=level)})
        self.engine = AtOnce(self.counted.jobs, finishes=finishes)
        self.counted.assembled.service._rooms = _with_engine(self.counted, self.engine)

    def post(self, url: str, **sent: object) -> dict[str, Any]:
        """The answer's document."""
        answer = self.counted.ask("POST", url, data={"f": "json", **sent})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def _with_engine(counted: CountedService, engine: AtOnce) -> Any:
    return replace(counted.assembled.service._rooms, runner=Runner({"local": engine}))


def test_from_submitting_to_the_result(tmp_path: Path) -> None:
    """What a client gives reaches the engine in one form with defaults filled in, stands in the job, and its results are read."""
    flood = Flood(tmp_path)
    point = {"features": [{"geometry": {"x": -84.5, "y": 36.5, "spatialReference": {"wkid": 4326}}, "attributes": {"n": 1}}]}
    job = flood.post(f"{TASK}/submitJob", LEVEL="4.25", Area=json.dumps(point), **{"env:outSR": "102100"})
    order = flood.engine.orders[0]
    assert order.inputs["Level"] == 4.25 and order.inputs["Reach"] == {"distance": 5.0, "units": "esriMiles"}
    assert order.environment.out_crs == "EPSG:3857"
    url = f"{TASK}/jobs/{job['jobId']}"
    assert flood.post(url)["jobStatus"] == "esriJobSucceeded"
    area = flood.post(f"{url}/inputs/Area")["value"]
    assert area["geometryType"] == "esriGeometryPoint" and area["spatialReference"]["wkid"] == 4326
    assert flood.post(f"{url}/results/Mean")["value"] == 2.5 and flood.post(f"{url}/results/When")["value"] == 1199145600000
    assert flood.counted.get(url).status_code == 200


def test_executing(tmp_path: Path) -> None:
    """The same in one answer; results are in the order of the task's parameters, whenever the tool told of them."""
    flood = Flood(tmp_path)
    results = flood.post(f"{TASK}/execute", Level="1")["results"]
    assert [(one["paramName"], one["value"]) for one in results] == [("Mean", 2.5), ("When", 1199145600000), ("Report", {"url": ""})]
    url = f"{TASK}/jobs/{flood.post(f'{TASK}/submitJob', Level='1')['jobId']}"
    assert list(flood.post(url)["results"]) == ["Mean", "When", "Report"]
    page = flood.counted.ask("GET", url).text
    assert page.index("results/Mean") < page.index("results/When") < page.index("results/Report")


@pytest.mark.parametrize("level", ["none", "warning", "info"])
def test_files_are_told_and_not_handed_out(tmp_path: Path, level: str) -> None:
    """A file stays among the results, which clients ask for one by one; that it cannot be had is said, but for services that are quiet."""
    flood = Flood(tmp_path, level=level)
    url = f"{TASK}/jobs/{flood.post(f'{TASK}/submitJob', Level='1')['jobId']}"
    job = flood.post(url)
    assert flood.post(f"{url}/{job['results']['Report']['paramUrl']}")["value"] == {"url": ""}
    said = {"type": "esriJobMessageTypeInformative", "description": "Report: Files are not handed out."}
    assert (said in job["messages"]) is (level == "info") and bool(job["messages"]) is (level != "none")


@pytest.mark.parametrize(("level", "messages"), [("error", 0), ("warning", 2)])
def test_the_service_itself_is_as_quiet_as_it_is_told(tmp_path: Path, level: str, messages: int) -> None:
    """What could not be shown of a result is a warning like any other."""
    flood = Flood(tmp_path, level=level)
    run = manifest.start(flood.counted.jobs, service="Flood", task="Depth")
    run.message("A hole in the ground", "warning")
    run.output("Mean", "nowhere.tif")
    run.succeed()
    assert len(flood.post(f"{TASK}/jobs/{run.job_id}")["messages"]) == messages


def test_faults_leave_no_job(tmp_path: Path) -> None:
    """Every fault is told by the parameter's name, of the spelling and of the values at once, in a browser beside them; nothing is run."""
    flood = Flood(tmp_path)
    error = flood.post(f"{TASK}/submitJob", Level="ten", Area='{"features":[{"geometry":{"paths":[[[0,0],[1,1]]]}}]}')["error"]
    assert error["code"] == 400
    assert error["details"] == ["'Level' must be a number.", "'Area' must have geometries of type esriGeometryPoint."]
    spelt = flood.post(f"{TASK}/submitJob", Area="{", Reach='{"distance": -1}', **{"env:outSR": "nowhere"})["error"]["details"]
    assert [words.split("'")[1] for words in spelt] == ["Level", "Area", "Reach", "env:outSR"] and "must be JSON" in spelt[1]
    page = flood.counted.ask("POST", f"{TASK}/submitJob", data={"Level": "12"})
    assert page.status_code == 400 and "must be between 0 and 9.5" in page.text
    assert not flood.engine.orders


@pytest.mark.parametrize(("level", "kinds"), [("none", []), ("error", []), ("warning", ["Warning"]), ("info", ["Informative", "Warning"])])
def test_message_levels(tmp_path: Path, level: str, kinds: list[str]) -> None:
    """The service says how much of a tool's talk is told, what it is doing just now included; paths are told at no level."""
    flood = Flood(tmp_path, level=level, finishes=False)
    url = f"{TASK}/jobs/{flood.post(f'{TASK}/submitJob', Level='1')['jobId']}"
    job = flood.post(url)
    assert [message["type"].removeprefix("esriJobMessageType") for message in job["messages"]] == kinds
    assert job.get("progress") == ({"type": "step", "message": "Reading [path]", "percent": 40} if level == "info" else None)
    assert str(tmp_path) not in json.dumps(job) and "secret" not in json.dumps(job)


def test_cancelling(tmp_path: Path) -> None:
    """A job that runs is cancelled by whoever may; cancelled again it stays what it is."""
    flood = Flood(tmp_path, finishes=False)
    url = f"{TASK}/jobs/{flood.post(f'{TASK}/submitJob', Level='1')['jobId']}"
    assert flood.post(url)["jobStatus"] == "esriJobExecuting"
    assert flood.post(f"{url}/cancel")["jobStatus"] == flood.post(f"{url}/cancel")["jobStatus"] == "esriJobCancelled"
