"""@arcgis/core changes how the sublayers of a job's map look, after they have been loaded from the template."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from io import BytesIO

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, transform_bbox
from tests.builders.clients import client_page
from tests.builders.whole_service import SOUTH, WEST, WholeService, whole_service

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WHOLE = BBox(WEST, SOUTH, WEST + 6000, SOUTH + 5000)
STOPS = [{"value": 0, "color": [255, 0, 0, 255]}, {"value": 8, "color": [0, 0, 255, 255]}]
RAMP = {
    "type": "simple",
    "symbol": {"type": "esriSFS", "style": "esriSFSSolid", "color": [9, 9, 9, 255], "outline": None},
    "visualVariables": [{"type": "colorInfo", "field": "number", "stops": STOPS}],
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with whole_service(tmp_path_factory.mktemp("whole"), parcels='access = "identify"\nfields = ["number"]\nopacity = 0.6') as running:
        yield running


def test_sublayers_are_changed_after_they_were_loaded(browser: Browser, pages: str, service: WholeService) -> None:
    """Opacity and colours by a number reach the picture; what it knows of a layer's transparency is what swatches leave to it."""
    box = transform_bbox(WHOLE, "EPSG:32616", WEB_MERCATOR)
    assert box
    with client_page(
        browser, f"{pages}/arcgis.html", taskUrl=service.url + service.task_path, jobId=service.job_id, box=box.corners
    ) as client:
        client.shown()
        changed = client.page.evaluate("([renderer]) => window.changed(0, 0.5, renderer)", [RAMP])
        picture = np.asarray(Image.open(BytesIO(client.page.screenshot())).convert("RGB")).reshape(-1, 3)
    assert changed == {"told": pytest.approx(0.6), "opacity": 0.5, "renderer": "color"}, client.faults
    assert not [fault for fault in client.faults if "locked" in fault or "failed" in fault], client.faults
    assert any("dynamicLayers" in address for address in client.addresses)
    assert any(np.abs(picture.astype(int) - (255, 127, 127)).max(axis=1) < 4), "red of half opacity"
    legend, parcels = (httpx.get(f"{service.url}{service.map_path}/{path}?f=json", timeout=60).json() for path in ("legend", "0"))
    (swatch,) = (layer["legend"][0]["imageData"] for layer in legend["layers"] if layer["layerId"] == 0)
    own = parcels["drawingInfo"]["renderer"]["symbol"]["color"]
    assert np.asarray(Image.open(BytesIO(base64.b64decode(swatch))).convert("RGBA"))[10, 10, 3] == pytest.approx(own[3], abs=1)
