"""A task of the demo, run as a client of the ArcGIS front end runs one: submit, look until it is over."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from typing import Any

TASK = "Elevation/Viewshed/GPServer/Viewshed"
LIMIT_S = 120.0
ANSWER_S = 60.0
GOING_ON = ("esriJobSubmitted", "esriJobWaiting", "esriJobExecuting")


def run_task(base_url: str, task: str = TASK) -> str | None:
    """Run a task with the values its form has at first; what went wrong, None when nothing did."""
    url = f"{base_url}/arcgis/rest/services/{task}"
    job = described = _ask(url)
    if "parameters" in described:
        job = _ask(f"{url}/submitJob", **_first_values(described))
    end = time.monotonic() + LIMIT_S
    while job.get("jobStatus") in GOING_ON and time.monotonic() < end:
        time.sleep(0.2)
        job = _ask(f"{url}/jobs/{job['jobId']}")
    return None if job.get("jobStatus") == "esriJobSucceeded" else f"{task}: {_words(job)}"


def _first_values(task: dict[str, Any]) -> dict[str, str]:
    given = {card["name"]: card["defaultValue"] for card in task["parameters"] if card["direction"] == "esriGPParameterDirectionInput"}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items() if value is not None}


def _words(job: dict[str, Any]) -> str:
    if "error" in job:
        return " ".join([job["error"]["message"], *job["error"].get("details", [])])
    return " ".join([job["jobStatus"], *(message["description"] for message in job["messages"])])


def _ask(url: str, **asked: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, urllib.parse.urlencode({"f": "json", **asked}).encode(), timeout=ANSWER_S) as answer:
        document: dict[str, Any] = json.load(answer)
    return document
