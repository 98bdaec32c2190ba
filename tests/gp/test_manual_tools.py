"""The example of the manual's page about tools, laid out and run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rendermap.services.reader import read_services
from tests.builders.demo_tasks import demo_tasks, point

PAGE = Path(__file__).parents[2] / "docs/tools.md"
TASK = "Planning/Samples/GPServer"


def lay_out_example(folder: Path) -> Path:
    """The files of the page, below a folder: its services."""
    files = dict(re.findall(r"^`styles/([\w/.]+)`[^\n]*:\n\n```\w+\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    assert sorted(Path(name).name for name in files) == ["count.py", "service.toml", "tools.py"]
    for name, text in files.items():
        path = folder / "services" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    return folder / "services"


def test_the_example_has_no_fault(tmp_path: Path) -> None:
    """As `rendermap check` reads it."""
    services, faults = read_services(lay_out_example(tmp_path))
    assert list(services) == ["Planning/Samples"] and not faults


@pytest.mark.slow
def test_the_example_runs(tmp_path: Path) -> None:
    """The function and the program have the results, messages and failures that the page tells of."""
    with demo_tasks(tmp_path, lay_out_example(tmp_path)) as tasks:
        sampled = f"{TASK}/Sample%20Points"
        far = {"distance": 200, "units": "esriKilometers"}
        job = tasks.run(sampled, Place=point(7.1, 50.7), Count=250, Distance=far)
        assert job["jobStatus"] == "esriJobSucceeded"
        assert {(m["type"].removeprefix("esriJobMessageType"), m["description"]) for m in job["messages"]} >= {
            ("Informative", "250 points"),
            ("Warning", "Farther than 100 km the distances are only about right."),
        }
        assert len(tasks.result(sampled, job, "Samples")["features"]) == 250
        assert 100_000 < tasks.result(sampled, job, "Farthest")["distance"] <= 200_000
        nowhere = tasks.run(sampled, Place={"geometryType": "esriGeometryPoint", "features": [], "spatialReference": {"wkid": 4326}})
        assert (nowhere["jobStatus"], nowhere["messages"][-1]["description"]) == ("esriJobFailed", "One place is needed.")
        counted = f"{TASK}/Count%20Letters"
        job = tasks.run(counted, Text="Ä b, c 1")
        assert tasks.result(counted, job, "Letters") == 3
        assert ("esriJobMessageTypeWarning", "counted") in {(m["type"], m["description"]) for m in job["messages"]}
