"""The same picture asked in every protocol is one plan, drawn once."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rendermap.geo.tiling import TileAddress, view_of
from rendermap.jobs import manifest
from tests.builders.counted_service import CountedService, geojson

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
ZOOM, LON, LAT = 12, -84.75, 36.15


@pytest.fixture
def service(tmp_path: Path) -> CountedService:
    return CountedService(tmp_path, {"Demo": SERVICE})


@pytest.fixture
def job_id(service: CountedService) -> str:
    with manifest.start(service.jobs, service="Demo", task="Run") as run:
        run.path("Parcels.geojson").write_text(geojson())
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    return run.job_id


def tile_of() -> tuple[int, int]:
    """(col, row) of the tile in the middle of the data."""
    count = 2**ZOOM
    up = math.asinh(math.tan(math.radians(LAT)))
    return int((LON + 180) / 360 * count), int((1 - up / math.pi) / 2 * count)


@pytest.mark.parametrize("ratio", [1, 2])
def test_a_tile_an_export_and_the_pages_tile_are_one_picture(service: CountedService, job_id: str, ratio: int) -> None:
    """Whatever protocol asks, of the same frame there is one digest and one drawing."""
    col, row = tile_of()
    at = f"@{ratio}x" if ratio > 1 else ""
    version = service.get(f"/xyz/Demo/jobs/{job_id}/tilejson.json").json()["tiles"][0].split("/tiles/")[1].split("/")[0]
    box = ",".join(map(repr, view_of(TileAddress("WebMercatorQuad", ZOOM, row=row, col=col)).bbox.corners))
    size, dpi = f"{256 * ratio},{256 * ratio}", 96 * ratio
    frame = {"bbox": box, "bboxSR": 3857, "imageSR": 3857, "size": size, "dpi": dpi, "format": "png", "transparent": "true"}
    export = f"/arcgis/rest/services/Demo/MapServer/jobs/{job_id}/export"
    href = service.get(export, **frame, f="json").json()["href"]
    answers = [
        service.get(f"/xyz/Demo/jobs/{job_id}/tiles/{ZOOM}/{col}/{row}{at}.png"),
        service.get(f"/xyz/Demo/jobs/{job_id}/tiles/{version}/{ZOOM}/{col}/{row}{at}.png"),
        service.get(f"/jobs/Demo/{job_id}/tiles/{version}/{2 * ZOOM}/{col}/{row}{at}.png"),
        service.get(export, **frame, f="image"),
        service.ask("POST", export, data={key: str(value) for key, value in frame.items()} | {"f": "image"}),
        service.get(href.removeprefix("http://maps.example")),
    ]
    assert [(answer.status_code, answer.headers["content-type"]) for answer in answers] == [(200, "image/png")] * 6
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert len({answer.content for answer in answers}) == 1
    assert [len(plan.layers) for plan in service.counter.drawn] == [1]
