"""QGIS, GDAL, @arcgis/core and esri-leaflet ask a real job what stands at a place, through a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rendermap.geo.crs import WGS84, transformer
from tests.builders import whole_service as whole
from tests.builders.browser import chromium
from tests.builders.clients import build_pages, pages_served, shown_by
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


@pytest.mark.browser
def test_browsers_identify(service: WholeService, tmp_path: Path) -> None:
    """@arcgis/core gets values as they are, esri-leaflet GeoJSON; shapes that are not told are missing, and nothing breaks by it."""
    way = transformer(CRS, WGS84)
    asked = {"mapUrl": service.url + service.map_path, "wkid": 32616, "box": BOX, "place": MIDDLE}
    asked |= {"degrees": way.transform(*MIDDLE), "degreesBox": [*way.transform(*BOX[:2]), *way.transform(*BOX[2:])]}
    build_pages(tmp_path)
    with pages_served(tmp_path) as pages, chromium() as browser:
        told, _, _ = shown_by(browser, f"{pages}/identifying.html", **asked)
    parcel = {"OBJECTID": 4, "number": 4}
    depth = {"Stretch.Pixel Value": told_by_http(service)["depth"]}
    assert told["all"] == [[0, "Affected parcels", parcel, None], [1, "Water depth", depth, "point"]]
    assert told["top"] == told["all"][:1] and told["count"] == 2
    found = {layer: (properties, kind) for layer, properties, kind in told["leaflet"]}
    assert found[0] == ({"OBJECTID": "4", "number": "4"}, None) and found[1] == (depth, "Point")
