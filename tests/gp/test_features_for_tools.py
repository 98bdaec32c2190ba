"""What a tool finds of the features and lengths it is given: values by its annotations, files that everything reads."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rendermap.environment import Environment
from rendermap.gp.values import checked_inputs
from tests.builders.tooled import at_work

TOML = """
title = "Tools"
crs = "EPSG:32616"
[[tasks]]
name = "Look"
[[tasks.parameters]]
name = "Places"
type = "GPFeatureRecordSetLayer"
[[tasks.parameters]]
name = "Distance"
type = "GPLinearUnit"
[[tasks.parameters]]
name = "Rows"
type = "GPRecordSet"
[[tasks.parameters]]
name = "Seen"
type = "GPString"
direction = "output"
"""
TOOLS = """
import json
from pathlib import Path
import pyogrio
from rendermap.gp.units import LinearUnit

def look(places: Path, distance: LinearUnit, rows: Path | None = None):
    info = pyogrio.read_info(places)
    box = pyogrio.read_bounds(places)[1][:, 0]
    rows = json.loads(rows.read_text())["features"]
    return f"{places.name} {info['crs']} {info['fields'][0]} {box[0]:.0f} {distance.metres:.0f} {len(rows)}"
"""
PLACE = {"geometry": {"x": -84.5, "y": 36.5, "spatialReference": {"wkid": 4326}}, "attributes": {"name": "a"}}


@pytest.mark.parametrize(
    ("environment", "seen"),
    [
        (Environment(), "places.geojson EPSG:4326 name -84 1852 1"),
        (Environment(process_crs="EPSG:32616"), "places.geojson EPSG:32616 name 723909 1852 1"),
    ],
)
def test_features_are_a_file_for_a_tool_that_wants_one(tmp_path: Path, environment: Environment, seen: str) -> None:
    """A parameter that is a path has a file: GeoJSON that OGR opens, in the CRS to work in where a client names one."""
    folder = tmp_path / "services/Tools"
    folder.mkdir(parents=True)
    (folder / "service.toml").write_text(TOML)
    (folder / "tools.py").write_text(TOOLS)

    async def run() -> object:
        async with at_work(tmp_path / "jobs", tmp_path / "services") as workshop:
            task = workshop.service.tasks[0]
            given = {
                "Places": {"features": [PLACE]},
                "Distance": {"distance": 1, "units": "esriIntNauticalMiles"},
                "Rows": {"features": [{"attributes": {"n": 1}}]},
            }
            order = workshop.order("Look", environment=environment, **checked_inputs(task, given))
            document = await workshop.over(await workshop.engine.submit(order))
            return document.outputs or document.messages

    outputs = asyncio.run(run())
    assert isinstance(outputs, dict) and outputs["Seen"].value == seen, outputs
