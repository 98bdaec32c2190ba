"""Unmodified clients show a job from its map's address, in a real browser and from another origin."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser

from tests.builders.arcgis_app import ArcgisApp, J, S, T
from tests.builders.browser import served
from tests.builders.clients import SIZE_PX, shown_by
from tests.builders.service_double import ENDED_JOB, HAZARD_JOB

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BOX = [-9389000.0, 4370000.0, -9365000.0, 4386000.0]
ALIAS = f"{S}/jobs/{HAZARD_JOB}/MapServer"


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with served(ArcgisApp().app) as url:
        yield url


def exported(service: str, box: list[float]) -> NDArray[np.uint8]:
    """The picture of a box as the export itself gives it, on white."""
    query = {"bbox": ",".join(map(repr, box)), "bboxSR": "3857", "imageSR": "3857", "size": "600,400", "f": "image"}
    return np.asarray(Image.open(BytesIO(httpx.get(f"{service}{J}/export", params=query).content)).convert("RGB"))


def assert_same(shown: NDArray[np.uint8], expected: NDArray[np.uint8]) -> None:
    """Not blank, and alike nearly everywhere: a browser may shift edges by a part of a pixel."""
    assert shown.shape == expected.shape == (SIZE_PX[1], SIZE_PX[0], 3)
    assert len(np.unique(expected.reshape(-1, 3), axis=0)) > 100 and len(np.unique(shown.reshape(-1, 3), axis=0)) > 100
    far = np.abs(shown.astype(int) - expected.astype(int)).max(axis=2) > 40
    assert far.mean() < 0.02, f"{far.mean():.1%} of the pixels differ"


def test_arcgis_core_shows_the_job(browser: Browser, pages: str, service: str) -> None:
    """From the task's address alone: the job polled, its map image layer fetched, its root read, its picture drawn."""
    shown, picture, asked = shown_by(browser, f"{pages}/arcgis.html", taskUrl=service + T, jobId=HAZARD_JOB, box=BOX)
    assert shown["url"].endswith(J) and [1, "Hazard", True] in shown["layers"]
    assert_same(picture, exported(service, shown["box"]))
    ours = [url for url in asked if url.startswith(service)]
    assert any("/export?" in url and "f=image" in url for url in ours)
    assert all(url.startswith((service, pages, "data:", "blob:")) for url in asked), "nothing is fetched from elsewhere"


def test_esri_leaflet_shows_the_job(browser: Browser, pages: str, service: str) -> None:
    """It asks for JSON with a swapped box, follows href, and reads the root with a slash at its end."""
    shown, picture, asked = shown_by(browser, f"{pages}/leaflet.html", mapUrl=service + J, box=BOX)
    assert [2, "Hazard classes"] in shown["layers"]
    assert_same(picture, exported(service, shown["box"]))
    assert any("/directories/arcgisoutput/" in url for url in asked) and any(f"{J}/?" in url for url in asked)


def test_openlayers_shows_the_job(browser: Browser, pages: str, service: str) -> None:
    """It adds nothing to the job's address and asks the root for the picture."""
    shown, picture, asked = shown_by(browser, f"{pages}/openlayers.html", mapUrl=service + J, box=BOX)
    assert_same(picture, exported(service, shown["box"]))
    assert any(f"{J}?" in url and "f=image" in url.lower() for url in asked)


def test_openlayers_shows_the_alias_in_tiles(browser: Browser, pages: str, service: str) -> None:
    """An address that ends in MapServer gets /export, tile by tile."""
    shown, picture, asked = shown_by(browser, f"{pages}/openlayers.html", mapUrl=service + ALIAS, box=BOX, tiled=True)
    assert sum(f"{ALIAS}/export?" in url for url in asked) >= 4
    assert_same(picture, exported(service, shown["box"]))


def test_arcgis_core_reads_the_job(browser: Browser, pages: str, service: str) -> None:
    """Results of each kind are decoded, a job that is gone ends the waiting, sublayers load with and without the job in their address."""
    shown, _, asked = shown_by(
        browser,
        f"{pages}/calls.html",
        taskUrl=service + T,
        jobId=HAZARD_JOB,
        endedJobId=ENDED_JOB,
        mapUrl=service + J,
        aliasUrl=service + ALIAS,
    )
    assert shown["status"] == "job-succeeded" and ["warning", "12 cells had no height"] in shown["messages"]
    assert shown["raster"]["href"].startswith(f"{service}/arcgis/rest/directories/arcgisoutput/") and shown["raster"]["width"] == 400
    assert (shown["features"]["count"], shown["features"]["exceeded"], shown["value"]) == (0, True, 17.4)
    assert shown["gone"][0] == "job-failed" and shown["gone"][1] != "completed"
    leaves = [[4, "Springs", True], [3, "Hillshade", True], [2, "Hazard classes", True], [0, "Contours", True]]
    for sublayers in (shown["sublayers"], shown["aliasSublayers"]):
        assert all(leaf in sublayers for leaf in leaves)
    assert any(f"{S}/MapServer/layers" in url for url in asked) and any(f"{ALIAS}/layers" in url for url in asked)
