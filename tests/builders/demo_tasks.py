"""The demo's services, serving and ready to run their tasks, and a client of them."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rendermap.settings import Settings
from tests.builders.whole_service import served

STYLES = Path(__file__).parents[2] / "styles"
OVER_S = 60.0


@dataclass(frozen=True, slots=True)
class DemoTasks:
    """url: without a trailing slash."""

    url: str

    def ask(self, path: str, **asked: object) -> dict[str, Any]:
        """What an address below the services directory answers."""
        words = {name: value if isinstance(value, str) else json.dumps(value) for name, value in asked.items()}
        body = urllib.parse.urlencode({"f": "json", **words}).encode()
        with urllib.request.urlopen(f"{self.url}/arcgis/rest/services/{path}", body, timeout=OVER_S) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def picture(self, path: str, **asked: object) -> bytes:
        """What an address answers that draws."""
        with urllib.request.urlopen(f"{self.url}/arcgis/rest/services/{path}?{urllib.parse.urlencode(asked)}", timeout=OVER_S) as answer:
            body: bytes = answer.read()
        return body

    def defaults(self, task: str) -> dict[str, object]:
        """What the form of a task holds at first."""
        cards = self.ask(task)["parameters"]
        return {card["name"]: card["defaultValue"] for card in cards if card["direction"].endswith("Input")}

    def run(self, task: str, **inputs: object) -> dict[str, Any]:
        """The document of a job that is over."""
        job = self.ask(f"{task}/submitJob", **inputs)
        deadline = time.monotonic() + OVER_S
        while job["jobStatus"] in ("esriJobSubmitted", "esriJobExecuting"):
            assert time.monotonic() < deadline, job
            time.sleep(0.1)
            job = self.ask(f"{task}/jobs/{job['jobId']}")
        return job

    def result(self, task: str, job: Mapping[str, Any], name: str) -> Any:
        """An output's value."""
        return self.ask(f"{task}/jobs/{job['jobId']}/results/{name}")["value"]


@contextmanager
def demo_tasks(folder: Path, services: Path = STYLES) -> Iterator[DemoTasks]:
    """The services of ``styles/``, or others, over an empty jobs directory."""
    jobs = folder / "jobs"
    jobs.mkdir()
    with served(Settings(jobs=(jobs,), services=services, workers=1, secret_key="shared by all replicas")) as url:
        yield DemoTasks(url)


def point(longitude: float, latitude: float) -> dict[str, object]:
    """A feature set of one point, in degrees."""
    return {"spatialReference": {"wkid": 4326}, "features": [{"geometry": {"x": longitude, "y": latitude}}]}
