"""A dataset whose damage shows only while it is drawn costs its own layer and no other."""

from __future__ import annotations

import io
from pathlib import Path

import anyio
import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio.transform import Affine

from rendermap.access.grant import PUBLIC
from rendermap.assembly import build
from rendermap.geo.view import MapView
from rendermap.jobs import manifest
from rendermap.request import JobRequest, LegendRequest, MapRequest
from rendermap.settings import read_settings
from tests.builders.vectors import write_features

SERVICE = """
title = "Flood"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
[[tasks.parameters]]
name = "Photo"
type = "GPRasterDataLayer"
direction = "output"
"""


def damaged_photo(path: Path) -> None:
    """A colour picture whose second half is missing: its style needs no statistics, so nobody reads its cells before it is drawn."""
    pixels = np.random.default_rng(1).integers(0, 255, (3, 256, 256), np.uint8)
    with rasterio.open(
        path, "w", driver="GTiff", width=256, height=256, count=3, dtype="uint8", crs="EPSG:25832", transform=Affine(1, 0, 0, 0, -1, 256),
        compress="deflate", photometric="RGB",
    ) as out:  # fmt: skip
        out.write(pixels)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.slow
def test_half_a_raster_costs_its_own_layer_only(tmp_path: Path) -> None:
    """The picture shows the other layer and is not kept; card and legend name the damaged one."""
    (tmp_path / "styles" / "Flood").mkdir(parents=True)
    (tmp_path / "styles" / "Flood" / "service.toml").write_text(SERVICE)
    with manifest.start(tmp_path / "jobs", service="Flood", task="Run") as run:
        write_features(run.scratch, [shapely.box(0, 0, 128, 256)], name="parcels")
        damaged_photo(run.scratch / "photo.tif")
        run.output("Parcels", "%scratchworkspace%/parcels.fgb")
        run.output("Photo", "%scratchworkspace%/photo.tif")

    async def ask() -> tuple[bytes, bool, dict[str, str | None], dict[str, str | None]]:
        assembled = build(read_settings(jobs=(tmp_path / "jobs",), services=tmp_path / "styles", workers=1))
        await assembled.start()
        try:
            (job,) = await assembled.service.jobs(PUBLIC)
            request = JobRequest(job.service, job.job_id)
            opened = await assembled.service.open(request)
            picture = await opened.draw(MapRequest(request, MapView(opened.card.bbox, opened.card.crs, 64, 64)))
            after = await assembled.service.open(request)
            legend = {layer.name: layer.fault for layer in await after.legend(LegendRequest(request))}
            return picture.body, picture.is_whole, {layer.name: layer.fault for layer in after.card.layers}, legend
        finally:
            await assembled.stop()

    body, is_whole, faults, legend = anyio.run(ask)
    pixels = np.array(Image.open(io.BytesIO(body)).convert("RGBA"))
    assert pixels[32, 16, 3] > 0 and pixels[32, 60, 3] == 0
    assert not is_whole
    assert faults["Parcels"] is None and "cannot be read" in str(faults["Photo"]) and legend == faults
