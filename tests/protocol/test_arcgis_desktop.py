"""Unmodified clients on desks show a real job: GDAL's driver for ArcGIS Server, QGIS, and the Python API for ArcGIS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.builders.desktop_clients import answer_of, ask_qgis, ask_toolbox, gdal_program, picture_in
from tests.builders.running_service import drawn, running_service
from tests.builders.whole_service import Certificate, WholeService, whole_service

pytestmark = pytest.mark.slow
CRS = "EPSG:32616"
BOX = (698_000.0, 4_000_000.0, 710_000.0, 4_008_000.0)
AROUND_THE_PLACE = (1_300_000.0, 5_950_000.0, 1_480_000.0, 6_070_000.0)
SQUARE = (700_000.0, 4_000_000.0, 706_000.0, 4_006_000.0)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with whole_service(tmp_path_factory.mktemp("whole")) as running:
        yield running


def exported(service: WholeService, box: tuple[float, ...], size: str) -> NDArray[np.uint8]:
    """The picture of a box as the export itself gives it, on white."""
    query = {"bbox": ",".join(map(repr, box)), "size": size, "f": "image"}
    response = httpx.get(f"{service.url}{service.map_path}/export", params=query, timeout=60)
    return np.asarray(Image.open(BytesIO(response.content)).convert("RGB"))


def assert_same(shown: NDArray[np.uint8], expected: NDArray[np.uint8]) -> None:
    """Not blank, and the same but for the rounding of see-through edges."""
    assert shown.shape == expected.shape and len(np.unique(expected.reshape(-1, 3), axis=0)) > 20
    assert np.abs(shown.astype(int) - expected.astype(int)).max() <= 2


def test_gdal_shows_the_job(service: WholeService, tmp_path: Path) -> None:
    """Its driver for ArcGIS Server reads the job's map as a raster."""
    description, picture = tmp_path / "job.xml", tmp_path / "job.png"
    description.write_text(_gdal_description(service.url + service.map_path), encoding="utf-8")
    answer_of([gdal_program("gdal_translate"), "-q", "-of", "PNG", str(description), str(picture)])
    assert_same(picture_in(picture), exported(service, SQUARE, "600,600"))


def _gdal_description(map_url: str) -> str:
    left, bottom, right, top = SQUARE
    return f"""<GDAL_WMS>
      <Service name="AGS"><ServerUrl>{map_url}</ServerUrl><SRS>{CRS}</SRS><ImageFormat>png32</ImageFormat></Service>
      <DataWindow>
        <UpperLeftX>{left}</UpperLeftX><UpperLeftY>{top}</UpperLeftY><LowerRightX>{right}</LowerRightX><LowerRightY>{bottom}</LowerRightY>
        <SizeX>600</SizeX><SizeY>600</SizeY>
      </DataWindow>
      <Projection>{CRS}</Projection><BandsCount>4</BandsCount><Transparent>TRUE</Transparent>
    </GDAL_WMS>"""


def test_qgis_shows_the_job(service: WholeService, tmp_path: Path) -> None:
    """Its provider for ArcGIS map services takes the job's address, knows CRS and extent, and draws the export's picture."""
    picture = tmp_path / "job.png"
    told = ask_qgis(service.url + service.map_path, picture, CRS, BOX)
    assert told["valid"] and told["crs"] == CRS
    assert all(abs(edge - expected) < 100 for edge, expected in zip(told["extent"], SQUARE, strict=True))
    assert_same(picture_in(picture), exported(service, BOX, "600,400"))


def test_the_python_api_runs_the_task(tmp_path: Path) -> None:
    """The service is a toolbox, its task a function: features and number are there, and the map is what `rendermap draw` draws."""
    place = {"geometryType": "esriGeometryPoint", "spatialReference": {"wkid": 4326}, "features": [{"geometry": {"x": 12.5, "y": 47.5}}]}
    values = json.dumps({"place": place, "distance": {"distance": 10, "units": "Kilometers"}})
    certificate, picture = Certificate.made_in(tmp_path), tmp_path / "rings.png"
    with running_service(tmp_path, certificate) as service:
        told = ask_toolbox(service.service_url, certificate, "rings", values, picture, AROUND_THE_PLACE)
        assert_same(picture_in(picture), drawn(service, told["answer"]["result_layer"]["text"].rpartition("/")[2], AROUND_THE_PLACE))
    assert told["tools"]["rings"][:2] == ["place", "distance"]
    answer = told["answer"]
    assert "/MapServer/jobs/" in answer["result_layer"]["text"] and answer["rings"]["text"] == "3"
    assert "Ring 3" in answer["reach"]["text"]
