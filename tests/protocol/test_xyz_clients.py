"""An unmodified MapLibre shows a job from its TileJSON alone, in a real browser and from another origin."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR, WGS84, transform_bbox
from tests.builders.app_double import app_over
from tests.builders.browser import chromium, served
from tests.builders.clients import SIZE_PX, build_pages, pages_served, shown_by
from tests.builders.service_double import HAZARD_JOB, ServiceDouble

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TILEJSON = f"/xyz/Demo/Hazard/jobs/{HAZARD_JOB}/tilejson.json"
DOWNLOAD = f"/jobs/Demo/Hazard/{HAZARD_JOB}/download.png"


def test_maplibre_shows_the_job(tmp_path: Path) -> None:
    """It reads TileJSON, asks for tiles of the version told, within the zooms told, and shows what the service draws of that place."""
    build_pages(tmp_path)
    with chromium() as browser, pages_served(tmp_path) as pages, served(app_over(ServiceDouble())) as service:
        box = [[-84.34, 36.48], [-84.12, 36.6]]
        shown, picture, asked = shown_by(browser, f"{pages}/maplibre.html", tileJsonUrl=service + TILEJSON, box=box)
        told = httpx.get(service + TILEJSON).json()
        seen = transform_bbox(BBox(*shown["bounds"]), WGS84, WEB_MERCATOR)
        assert seen is not None
        query = {"bbox": ",".join(map(repr, seen.corners)), "size": "600,400", "background": "white"}
        expected = np.asarray(Image.open(BytesIO(httpx.get(service + DOWNLOAD, params=query).content)).convert("RGB"))
    assert (shown["tiles"], shown["minzoom"], shown["maxzoom"]) == (told["tiles"], told["minzoom"], told["maxzoom"])
    tiles = [url for url in asked if "/tiles/" in url]
    assert len(tiles) >= 4 and all(url.startswith(told["tiles"][0].partition("{z}")[0]) for url in tiles)
    assert all(url.startswith((service, pages, "data:", "blob:")) for url in asked), "nothing is fetched from elsewhere"
    assert picture.shape == (SIZE_PX[1], SIZE_PX[0], 3)
    # tiles of the zoom below are stretched to the screen, so edges blur
    assert np.abs(picture.astype(int) - expected.astype(int)).mean() < 8
