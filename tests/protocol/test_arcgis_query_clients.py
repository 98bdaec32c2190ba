"""GDAL reads the features of a real job, page by page, through a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import whole_service as whole
from tests.builders.desktop_clients import answer_of, gdal_program
from tests.builders.whole_service import WholeService, whole_service

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "SERVICE", f"maximum_records = 4\n{whole.SERVICE}")
        with whole_service(tmp_path_factory.mktemp("whole"), parcels='access = "data"') as running:
            yield running


@pytest.mark.parametrize(("driver", "form", "west"), [("ESRIJSON:", "json", "(700000.0"), ("", "geojson", "(-84.77")])
def test_gdal_reads_all_pages(service: WholeService, driver: str, form: str, west: str) -> None:
    """Nine features in pages of at most four, in the map's system as ArcGIS's JSON and in degrees as GeoJSON."""
    address = f"{driver}{service.url}{service.map_path}/0/query?where=1%3D1&outFields=*&f={form}"
    told = answer_of([gdal_program("ogrinfo"), "-ro", "-al", address])
    assert "Feature Count: 9" in told and "Geometry: Polygon" in told and f"Extent: {west}" in told
    assert [line.split()[-1] for line in told.splitlines() if line.strip().startswith("number (")] == [str(n) for n in range(9)]
