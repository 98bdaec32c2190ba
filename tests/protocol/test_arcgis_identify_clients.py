"""QGIS and GDAL ask a real job what stands at a place, through a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.builders import whole_service as whole
from tests.builders.desktop_clients import answer_of, ask_qgis, gdal_program
from tests.builders.whole_service import WholeService, whole_service

pytestmark = pytest.mark.slow
CRS = "EPSG:32616"
BOX = (700_250.0, 4_001_000.0, 704_750.0, 4_004_000.0)
MIDDLE = (702_500.0, 4_002_500.0)
DEPTH = 'depth.asc"'


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "SERVICE", whole.SERVICE.replace(DEPTH, f'{DEPTH}\naccess = "identify"\nround = 1'))
        listed = 'access = "identify"\nfields = ["number"]'
        with whole_service(tmp_path_factory.mktemp("whole"), parcels=listed) as running:
            yield running


def told_by_http(service: WholeService) -> dict[str, str]:
    """Number of the parcel and depth in the middle, as JSON tells them."""
    x, y = MIDDLE
    asked = {"f": "json", "geometry": f"{x},{y}", "layers": "all", "mapExtent": ",".join(map(str, BOX)), "imageDisplay": "600,400,96"}
    results = httpx.get(f"{service.url}{service.map_path}/identify", params=asked, timeout=60).json()["results"]
    found = {one["layerName"]: one["attributes"] for one in results}
    return {"number": found["Affected parcels"]["number"], "depth": found["Water depth"]["Stretch.Pixel Value"]}


def test_qgis_identifies(service: WholeService, tmp_path: Path) -> None:
    """Its identify tool tells the parcel and the depth under the point."""
    identified = " ".join(ask_qgis(service.url + service.map_path, tmp_path / "job.png", CRS, BOX)["identified"])
    told = told_by_http(service)
    assert f"number = {told['number']}" in identified and told["depth"] in identified, identified


def test_gdal_identifies(service: WholeService, tmp_path: Path) -> None:
    """`gdallocationinfo` hands on what stands under a pixel."""
    left, bottom, right, top = BOX
    description = tmp_path / "job.xml"
    description.write_text(
        f"""<GDAL_WMS>
      <Service name="AGS"><ServerUrl>{service.url}{service.map_path}</ServerUrl><SRS>{CRS}</SRS><ImageFormat>png32</ImageFormat>
      <IdentificationTolerance>2</IdentificationTolerance><Layers>visible:0,1</Layers></Service>
      <DataWindow><UpperLeftX>{left}</UpperLeftX><UpperLeftY>{top}</UpperLeftY><LowerRightX>{right}</LowerRightX>
      <LowerRightY>{bottom}</LowerRightY><SizeX>600</SizeX><SizeY>400</SizeY></DataWindow>
      <Projection>{CRS}</Projection><BandsCount>4</BandsCount><Transparent>TRUE</Transparent></GDAL_WMS>""",
        encoding="utf-8",
    )
    said = answer_of([gdal_program("gdallocationinfo"), str(description), "300", "200"])
    told = told_by_http(service)
    assert "LocationInfo" in said and "number" in said and told["number"] in said and told["depth"] in said, said
