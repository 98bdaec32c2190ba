"""A whole service, workers and all, over one small job with a raster and polygons, written as text so that no GDAL is needed here."""

from __future__ import annotations

import json
import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
import uvicorn
from fastapi import FastAPI

from rendermap.app import create_app
from rendermap.assembly import build
from rendermap.jobs import manifest
from rendermap.settings import Settings

SERVICE = """
title = "Flood depth"
description = "Depth of water for a given river level."
credits = "Nobody"
crs = "EPSG:32616"

[[tasks]]
name = "Flood Depth"
title = "Flood depth"

[[tasks.parameters]]
name = "River_Level"
title = "River level (m)"
type = "GPDouble"
direction = "input"

[[tasks.parameters]]
name = "Parcels"
title = "Affected parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"

[tasks.parameters.layer]
dataset = "%scratchworkspace%/parcels.geojson"

[[tasks.parameters]]
name = "Depth"
title = "Water depth"
type = "GPRasterDataLayer"
direction = "output"

[tasks.parameters.layer]
dataset = "%scratchworkspace%/depth.asc"

[[tasks.parameters]]
name = "Area"
title = "Flooded area"
type = "GPDouble"
direction = "output"
"""
NAME = "Hydrology/FloodDepth"
WEST, SOUTH, CELL_M, CELLS = 700_000, 4_000_000, 50, 120
STARTUP_S = 60.0


@dataclass(frozen=True, slots=True)
class WholeService:
    """url: without a trailing slash.  map_path, alias_path, task_path: of the job, below it."""

    url: str
    job_id: str
    map_path: str
    alias_path: str
    task_path: str

    @staticmethod
    def of_job(url: str, job_id: str, service: str = NAME) -> WholeService:
        """A job of a service that is laid out as here."""
        base = f"/arcgis/rest/services/{service}"
        return WholeService(
            url, job_id, f"{base}/MapServer/jobs/{job_id}", f"{base}/jobs/{job_id}/MapServer", f"{base}/GPServer/Flood%20Depth"
        )


@contextmanager
def whole_service(folder: Path, protection: str = "", parcels: str = "") -> Iterator[WholeService]:
    """The service, serving; its job was finished a moment before.  protection, parcels: as of `lay_out`."""
    services, job_id = folder / "services", lay_out(folder, protection, parcels=parcels)
    settings = Settings(jobs=(folder / "jobs",), services=services, workers=1, secret_key="shared by all replicas")
    with served(settings) as url:
        yield WholeService.of_job(url, job_id)


def lay_out(folder: Path, protection: str = "", *, service: str = NAME, who: str = "", parcels: str = "", **access: Any) -> str:
    """A service in ``services`` and its job, whose id is the result, in ``jobs``.

    protection, who: lines of the service's tables of that name.  parcels: of the layer of polygons.
    access: owner and private, as a job has them.
    """
    described = folder / "services" / service
    described.mkdir(parents=True)
    layers = SERVICE.replace('parcels.geojson"', f'parcels.geojson"\n{parcels}')
    (described / "service.toml").write_text(f"{layers}\n[protection]\n{protection}\n[who]\n{who}\n", encoding="utf-8")
    return _finish_job(folder / "jobs", service, **access)


def _finish_job(jobs_dir: Path, service: str, **access: Any) -> str:
    with manifest.start(jobs_dir, service=service, task="Flood Depth", inputs={"River_Level": 4.25}, **access) as run:
        run.path("%scratchworkspace%/depth.asc").write_text(_depth(), encoding="ascii")
        run.path("%scratchworkspace%/parcels.geojson").write_text(json.dumps(_parcels()), encoding="utf-8")
        run.output("Depth", "%scratchworkspace%/depth.asc")
        run.output("Parcels", "%scratchworkspace%/parcels.geojson")
        run.value("Area", 12.5)
        run.message("Done", kind="informative")
        return run.job_id


def _depth() -> str:
    head = f"ncols {CELLS}\nnrows {CELLS}\nxllcorner {WEST}\nyllcorner {SOUTH}\ncellsize {CELL_M}\nNODATA_value -9999\n"
    rows = (" ".join(_cell(row, col) for col in range(CELLS)) for row in range(CELLS))
    return head + "\n".join(rows) + "\n"


def _cell(row: int, col: int) -> str:
    away = math.hypot(row - CELLS / 2, col - CELLS / 2)
    return "-9999" if away > CELLS / 2 else f"{6 * (1 - away / CELLS * 2) + 0.3 * math.sin(col / 5):.3f}"


def _parcels() -> dict[str, object]:
    side = CELL_M * 20
    boxes = [(WEST + col * side * 2, SOUTH + row * side * 2) for row in range(3) for col in range(3)]
    features = [
        {
            "type": "Feature",
            "properties": {"number": index, "since": f"2024-01-0{index + 1}T12:00:00Z", "until": _until(index)},
            "geometry": {"type": "Polygon", "coordinates": [[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]]},
        }
        for index, (x, y) in enumerate(boxes)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32616"}}
    return {"type": "FeatureCollection", "crs": crs, "features": features}


@dataclass(frozen=True, slots=True)
class Certificate:
    """Who an address belongs to.  issuer: the file that clients have to trust."""

    issuer: Path
    key: Path

    @staticmethod
    def made_in(folder: Path) -> Certificate:
        """One for this machine."""
        authority, made = trustme.CA(), Certificate(folder / "issuer.pem", folder / "key.pem")
        authority.cert_pem.write_to_path(made.issuer)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(made.key)
        return made


def _until(index: int) -> str | None:
    """The first of them are there for two days, the others for good."""
    return f"2024-01-0{index + 3}T12:00:00Z" if index < 6 else None


@contextmanager
def served(settings: Settings, certificate: Certificate | None = None) -> Iterator[str]:
    """A service over HTTP, or HTTPS with a certificate, in a thread of its own: its address, without a trailing slash."""
    with app_served(create_app(build(settings)), certificate) as url:
        yield url


@contextmanager
def app_served(app: FastAPI, certificate: Certificate | None = None) -> Iterator[str]:
    """The same of any application."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        key = certificate.key if certificate else None
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", ws="none", ssl_certfile=key))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + STARTUP_S
        while not server.started:
            if time.monotonic() > deadline or not thread.is_alive():
                raise TimeoutError("the service did not start")
            time.sleep(0.05)
        try:
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(STARTUP_S)
