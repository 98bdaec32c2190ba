"""The ArcGIS REST front end alone, over the stand-in service, asked without a network."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any, cast

import anyio
import httpx
import numpy as np
from fastapi import FastAPI
from numpy.typing import NDArray
from PIL import Image

from rendermap.frontends.arcgis.routes import arcgis_router
from rendermap.reply import JobCard
from rendermap.service import MapService
from tests.builders.doors import open_door
from tests.builders.service_double import HAZARD_JOB, JOBS, ServiceDouble

REST = "/arcgis/rest"
S = f"{REST}/services/Demo/Hazard"
J = f"{S}/MapServer/jobs/{HAZARD_JOB}"
G = f"{S}/GPServer"
T = f"{G}/Hazard"
FEATURES = "GPFeatureRecordSetLayer"
BBOX = "-9390000,4365000,-9360000,4395000"


def jobs_of_gp_types() -> tuple[JobCard, ...]:
    """The stand-in's jobs with their features as the record sets that GP clients decode."""
    return tuple(
        replace(job, results=tuple(replace(r, data_type=r.data_type.replace("GPFeatureLayer", FEATURES)) for r in job.results))
        for job in JOBS
    )


class ArcgisApp:
    """Asks the front end; one request is one event loop, so tests stay plain functions."""

    def __init__(self, service: ServiceDouble | None = None, secret: str = "a key for tests alone") -> None:
        self.service = service or ServiceDouble(jobs_known=jobs_of_gp_types())
        self.app = FastAPI()
        self.app.state.doorkeeper = open_door(secret=secret)
        self.app.include_router(arcgis_router(cast(MapService, self.service)))

    def ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        """The response, redirects not followed."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://maps.example") as client:
                return await client.request(method, url, **options)

        return anyio.run(send)

    def get(self, url: str, **params: object) -> httpx.Response:
        """GET with parameters."""
        return self.ask("GET", url, params=params) if params else self.ask("GET", url)

    def json(self, url: str, **params: object) -> dict[str, Any]:
        """The document of an address."""
        response = self.get(url, **{"f": "json", **params})
        assert response.headers["content-type"] == "application/json;charset=utf-8", response.text
        return cast(dict[str, Any], response.json())


def pixels(response: httpx.Response) -> NDArray[np.uint8]:
    """The picture as (height, width, 4)."""
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGBA"))
