"""Unmodified clients show a real job of a whole service, workers and all."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser

from tests.builders.clients import SIZE_PX, shown_by
from tests.builders.whole_service import WholeService, whole_service

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with whole_service(tmp_path_factory.mktemp("whole")) as running:
        yield running


def answer(service: WholeService, path: str, **query: object) -> Any:
    """The document of an address."""
    document = httpx.get(service.url + path, params={"f": "json", **query}, timeout=60).json()  # type: ignore[dict-item]
    assert "error" not in document, document
    return document


def exported(service: WholeService, box: list[float], **query: str) -> NDArray[np.uint8]:
    """The picture of a box, in web mercator unless told, as the export itself gives it, on white."""
    given = {"bbox": ",".join(map(repr, box)), "bboxSR": "3857", "imageSR": "3857", "size": "600,400", "f": "image", **query}
    response = httpx.get(f"{service.url}{service.map_path}/export", params=given, timeout=60)
    assert response.headers["content-type"] == "image/png", response.text
    return np.asarray(Image.open(BytesIO(response.content)).convert("RGB"))


@pytest.fixture(scope="module")
def box(service: WholeService) -> list[float]:
    """The job's extent in web mercator, at the ratio of the clients' maps."""
    full = answer(service, service.map_path)["fullExtent"]
    corners = ",".join(str(full[key]) for key in ("xmin", "ymin", "xmax", "ymax"))
    drawn = answer(service, f"{service.map_path}/export", bbox=corners, imageSR=3857, size="600,400")["extent"]
    return [drawn[key] for key in ("xmin", "ymin", "xmax", "ymax")]


@pytest.mark.parametrize("client", ["arcgis", "leaflet", "openlayers"])
def test_clients_show_the_job(client: str, browser: Browser, pages: str, service: WholeService, box: list[float]) -> None:
    """Each client's screenshot is the export's picture, and not blank."""
    given = {"taskUrl": service.url + service.task_path, "jobId": service.job_id, "mapUrl": service.url + service.map_path, "box": box}
    shown, picture, _ = shown_by(browser, f"{pages}/{client}.html", **given)
    crs = str(shown.get("wkid", 3857))
    expected = exported(service, shown["box"], bboxSR=crs, imageSR=crs)
    assert picture.shape == expected.shape == (SIZE_PX[1], SIZE_PX[0], 3)
    assert len(np.unique(expected.reshape(-1, 3), axis=0)) > 20
    far = np.abs(picture.astype(int) - expected.astype(int)).max(axis=2) > 40
    assert far.mean() < 0.02, f"{far.mean():.1%} of the pixels differ"


def test_results_of_a_real_job(service: WholeService) -> None:
    """The raster is a picture that can be fetched, features are past their limit, the number is the number."""
    job = f"{service.task_path}/jobs/{service.job_id}"
    assert set(answer(service, job)["results"]) == {"Depth", "Parcels", "Area"}
    image = answer(service, f"{job}/results/Depth")["value"]["mapImage"]
    fetched = httpx.get(image["href"], timeout=60)
    assert fetched.headers["content-type"] == "image/png" and Image.open(BytesIO(fetched.content)).size == (400, 400)
    assert answer(service, f"{job}/results/Parcels")["value"]["exceededTransferLimit"] is True
    assert answer(service, f"{job}/results/Area")["value"] == 12.5
    assert answer(service, f"{job}/inputs/River_Level")["value"] == 4.25


def test_layers_can_be_chosen(service: WholeService, box: list[float]) -> None:
    """show:-1 is white, each layer alone is not, and the two differ."""
    pictures = [exported(service, box, layers=layers) for layers in ("show:-1", "show:0", "show:1", "hide:0")]
    assert pictures[0].min() == 255
    assert not np.array_equal(pictures[1], pictures[2]) and np.array_equal(pictures[2], pictures[3])
    assert pictures[1].min() < 255 and pictures[2].min() < 255


def test_symbols_scale_with_dpi_and_sides_with_size(service: WholeService, box: list[float]) -> None:
    """A sharper picture of the same place shows the same places."""
    coarse, fine = exported(service, box), exported(service, box, size="1200,800", dpi="192")
    halved = np.asarray(Image.fromarray(fine).resize((600, 400), Image.Resampling.BOX))
    assert (np.abs(coarse.astype(int) - halved.astype(int)).max(axis=2) > 60).mean() < 0.03


def test_a_view_only_layer_takes_no_filter(service: WholeService, box: list[float]) -> None:
    """A filter could be used to guess values."""
    query = {"bbox": ",".join(map(str, box)), "bboxSR": "3857", "layerDefs": '{"0":"number > 3"}', "f": "image"}
    error = httpx.get(f"{service.url}{service.map_path}/export", params=query, timeout=60).json()["error"]
    assert (error["code"], error["message"]) == (400, "Requested operation is not supported by this service.")
    assert error["details"] == ["Filters are not allowed on this layer."]
