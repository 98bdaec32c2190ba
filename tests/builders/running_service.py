"""A whole service that runs a tool: rings and heights around a point that a client gives, on either side of the antimeridian too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rendermap.settings import Settings
from tests.builders.clients import SIZE_PX
from tests.builders.whole_service import Certificate, served

NAME = "Hydrology/Reach"
DESCRIPTION = """
title = "Reach"
crs = "EPSG:4326"
maximum_records = 100

[[tasks]]
name = "Rings"
title = "Rings around a place"

[[tasks.parameters]]
name = "Place"
type = "GPFeatureRecordSetLayer"
geometry = "point"

[[tasks.parameters]]
name = "Distance"
type = "GPLinearUnit"
required = false
default = { distance = 20.0, units = "esriKilometers" }

[[tasks.parameters]]
name = "Reach"
title = "Rings"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
access = "data"

[[tasks.parameters]]
name = "Height"
title = "Height above the place"
type = "GPRasterDataLayer"
direction = "output"

[[tasks.parameters]]
name = "Rings"
title = "Number of rings"
type = "GPLong"
direction = "output"
"""
TOOLS = '''
"""Rings around a place."""
import json
import math

from rendermap.gp.geojson import in_crs
from rendermap.jobs.manifest import Run
from shapely import affinity
from shapely.geometry import Point, box, mapping

M_PER_DEG = 111_195.0
M_PER_UNIT = {"esriMeters": 1.0, "esriKilometers": 1000.0, "esriMiles": 1609.344}


def rings(run: Run, place: dict, distance: dict) -> dict[str, object]:
    point = in_crs(place, "EPSG:4326")["features"][0]["geometry"]
    lon, lat = point["x"], point["y"]
    step = distance["distance"] * M_PER_UNIT[distance["units"]] / M_PER_DEG
    run.message(f"Around {lon:.2f}, {lat:.2f}")
    run.path("reach.geojson").write_text(json.dumps(rings_around(lon, lat, step)))
    run.path("height.asc").write_text(heights(lon, lat, step))
    return {"Reach": run.path("reach.geojson"), "Height": run.path("height.asc"), "Rings": 3}


def rings_around(lon: float, lat: float, step: float) -> dict[str, object]:
    features = []
    for number in (1, 2, 3):
        disc = affinity.scale(Point(lon, lat).buffer(1.0), number * step / math.cos(math.radians(lat)), number * step)
        inner = affinity.scale(disc, (number - 1) / number, (number - 1) / number) if number > 1 else None
        ring = disc.difference(inner) if inner else disc
        for shift in (-360, 0, 360):
            part = affinity.translate(ring, shift).intersection(box(-180, -90, 180, 90))
            if not part.is_empty:
                features.append({"type": "Feature", "properties": {"ring": number, "name": f"Ring {number}"}, "geometry": mapping(part)})
    return {"type": "FeatureCollection", "features": features}


def heights(lon: float, lat: float, step: float) -> str:
    west, south, cells = lon - 3 * step, lat - 3 * step, 60
    rows = (" ".join(str(row + col) for col in range(cells)) for row in range(cells))
    head = f"ncols {cells}\\nnrows {cells}\\nxllcorner {west}\\nyllcorner {south}\\ncellsize {6 * step / cells}\\nNODATA_value -9999\\n"
    return head + "\\n".join(rows) + "\\n"
'''


@dataclass(frozen=True, slots=True)
class RunningService:
    """url: without a trailing slash.  folder: holds ``jobs`` and ``services``."""

    url: str
    folder: Path

    @property
    def service_url(self) -> str:
        """Of the GP service."""
        return f"{self.url}/arcgis/rest/services/{NAME}/GPServer"

    @property
    def task_url(self) -> str:
        """Of its task."""
        return f"{self.service_url}/Rings"

    def map_url(self, job_id: str) -> str:
        """Of a job's map."""
        return f"{self.url}/arcgis/rest/services/{NAME}/MapServer/jobs/{job_id}"


@contextmanager
def running_service(folder: Path, certificate: Certificate | None = None) -> Iterator[RunningService]:
    """The service, serving and ready to run its tool; over HTTPS with a certificate."""
    described = folder / "services" / NAME
    described.mkdir(parents=True)
    (described / "service.toml").write_text(DESCRIPTION, encoding="utf-8")
    (described / "tools.py").write_text(TOOLS, encoding="utf-8")
    jobs = folder / "jobs"
    jobs.mkdir()
    settings = Settings(jobs=(jobs,), services=folder / "services", workers=1, secret_key="shared by all replicas")
    with served(settings, certificate) as url:
        yield RunningService(url, folder)


def drawn(service: RunningService, job_id: str, box: Sequence[float], *more: str) -> NDArray[np.uint8]:
    """The picture of `rendermap draw` of a box in web mercator, on white: (height, width, 3) of `SIZE_PX`."""
    picture = service.folder / "drawn.png"
    corners = ",".join(map(repr, box))
    places = ("--jobs", str(service.folder / "jobs"), "--services", str(service.folder / "services"))
    how = ("--bbox", corners, "--crs", "EPSG:3857", "--size", f"{SIZE_PX[0]},{SIZE_PX[1]}", "--background", "#ffffff", *more)
    command = [sys.executable, "-m", "rendermap", "draw", f"{NAME}/{job_id}", "-o", str(picture), *how, *places]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return np.asarray(Image.open(picture).convert("RGB"))
