"""A service that may be asked about its data, whose features are looked up here instead of in a worker."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from rendermap.access.grant import UNBOUNDED, Bounds, Link, Operation
from rendermap.dispatch.found import Cells, Found
from rendermap.dispatch.plan import FeaturesPlan, IdentifyPlan, InspectPlan
from rendermap.dispatch.wire import from_json, to_json, to_plain_json
from rendermap.errors import RenderCrashed
from rendermap.jobs import manifest
from rendermap.jobs.job import Layer
from rendermap.render.features import find_features
from rendermap.render.identify import find_cells
from rendermap.render.inspect import inspect
from tests.builders.counted_service import CountedService, Counter
from tests.builders.doors import open_door
from tests.builders.rasters import write_array
from tests.builders.vectors import write_features

# isort: split
import numpy as np
import shapely
from affine import Affine

CRS = "EPSG:32616"
WEST, SOUTH = 700_000.0, 4_000_000.0
COLUMNS: dict[str, list[Any]] = {
    "name": ["Abel", "Berta", "Caesar", "Dora", "Emil"],
    "depth": [1.26, 2.54, None, 4.0, 5.75],
    "kind": [1, 2, 1, 2, 1],
    "secret": ["s1", "s2", "s3", "s4", "s5"],
}


class Finder(Counter):
    """Draws nothing, and looks features up as a worker does, over the wire's words.  dies_of: the stem of a dataset."""

    def __init__(self) -> None:
        super().__init__()
        self.plans: list[FeaturesPlan | IdentifyPlan] = []
        self.dies_of: str = ""

    async def inspect(self, plan: InspectPlan) -> Layer:
        return from_json(Layer, to_json(inspect(plan)))

    async def features(self, plan: FeaturesPlan) -> Found:
        self.plans.append(plan)
        if plan.layer.source.path.stem == self.dies_of:
            raise RenderCrashed
        return from_json(Found, to_plain_json(find_features(plan)))

    async def identify(self, plan: IdentifyPlan) -> Cells:
        self.plans.append(plan)
        return from_json(Cells, to_json(find_cells(plan)))


def toml(access: str = "data", layer: str = "", service: str = "") -> str:
    """One task with the parcels (0) and a table without a layer."""
    return f"""
title = "Parcels"
crs = "{CRS}"
{service}
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
access = "{access}"
{layer}
"""


def write_squares(path: Path) -> None:
    """Five squares in a row, 100 m apart, with `COLUMNS`."""
    squares = [shapely.box(WEST + n * 100, SOUTH, WEST + n * 100 + 50, SOUTH + 50) for n in range(5)]
    write_features(path.parent, cast(list[shapely.Geometry], squares), COLUMNS, driver="GPKG", crs=CRS, name=path.stem)


class AskedService(CountedService):
    """One job of five squares in a row, 100 m apart, per service."""

    def __init__(self, folder: Path, services: Mapping[str, str]) -> None:
        self.finder = Finder()
        super().__init__(folder, services, counter=self.finder)
        self.job_ids = {name: self._run(name) for name in services}

    def _run(self, name: str) -> str:
        with manifest.start(self.jobs, service=name, task="Run") as run:
            write_squares(run.path("Parcels.gpkg"))
            run.output("Parcels", "Parcels.gpkg")
        return run.job_id

    def link(self, layer_ids: frozenset[int] | None, operation: Operation, bounds: Bounds = UNBOUNDED, name: str = "Demo") -> str:
        """The prefix of addresses below a link to the job."""
        now = int(time.time())
        link = Link("L1", name, self.job_ids[name], layer_ids, operation, bounds, now, now, now + 3600)
        return f"/links/{open_door(self.access).link_token(link)}"

    def map_url(self, name: str = "Demo") -> str:
        """Of the job's map."""
        return f"/arcgis/rest/services/{name}/MapServer/jobs/{self.job_ids[name]}"

    def result_url(self, name: str = "Demo") -> str:
        """Of the job's only result."""
        return f"/arcgis/rest/services/{name}/GPServer/Run/jobs/{self.job_ids[name]}/results/Parcels"

    def query(self, name: str = "Demo", **asked: object) -> dict[str, Any]:
        """What the query of the layer answers."""
        answer = self.get(f"{self.map_url(name)}/0/query", **{"f": "json", **asked})
        assert answer.headers["content-type"].startswith("application/json"), answer.text
        return cast(dict[str, Any], answer.json())


MIXED = {"Seen": "view", "Asked": "identify", "Given": "data"}
DEPTH = len(MIXED)


def mixed_toml() -> str:
    """One task with the parcels at each level of access (0 to 2), and a raster that may be asked about (3)."""
    features = (("GPFeatureRecordSetLayer", name, f'access = "{access}"\nfields = ["name"]') for name, access in MIXED.items())
    outputs = (*features, ("GPRasterData", "Depth", 'access = "identify"'))
    parameters = (f'name = "{name}"\ntype = "{kind}"\ndirection = "output"\nlayer.{layer}' for kind, name, layer in outputs)
    texts = ("[[tasks.parameters]]\n" + one.replace("\nfields", "\nlayer.fields") for one in parameters)
    return "\n".join((f'title = "Parcels"\ncrs = "{CRS}"\n[[tasks]]\nname = "Run"', *texts))


class MixedService(AskedService):
    """As `mixed_toml` describes it; every layer has something under each square."""

    def _run(self, name: str) -> str:
        with manifest.start(self.jobs, service=name, task="Run") as run:
            for layer in MIXED:
                write_squares(run.path(f"{layer}.gpkg"))
                run.output(layer, f"{layer}.gpkg")
            write_array(
                run.path("Depth.tif"), np.full((1, 10, 60), 7, np.uint8), transform=Affine(10, 0, WEST, 0, -10, SOUTH + 100), crs=CRS
            )
            run.output("Depth", "Depth.tif")
        return run.job_id
