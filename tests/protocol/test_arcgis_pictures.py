"""What the parameters of an export change on real pictures, workers and all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from io import BytesIO

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.builders.whole_service import SOUTH, WEST, WholeService, whole_service

SIDE_PX = 200
BOX = (WEST + 1000, SOUTH + 1000, WEST + 5000, SOUTH + 5000)
CENTER = (WEST + 3000, SOUTH + 3000)
Pixels = NDArray[np.float64]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with whole_service(tmp_path_factory.mktemp("pictures")) as running:
        yield running


def asked(service: WholeService, **query: object) -> httpx.Response:
    """The answer to an export of the middle of the job."""
    usual = {"bbox": ",".join(map(str, BOX)), "size": f"{SIDE_PX},{SIDE_PX}", "format": "png32", "transparent": "true", "f": "image"}
    return httpx.get(f"{service.url}{service.map_path}/export", params={**usual, **query}, timeout=60)  # type: ignore[arg-type]


def exported(service: WholeService, **query: object) -> Pixels:
    """The picture, (height, width, 4)."""
    response = asked(service, **query)
    assert response.headers["content-type"].startswith("image/"), response.text
    return np.asarray(Image.open(BytesIO(response.content)).convert("RGBA")).astype(float)


def _difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one - other).mean())


# --- rotation ------------------------------------------------------------------------------------------------------------


def test_a_quarter_turn_is_the_picture_turned(service: WholeService) -> None:
    """Counter-clockwise is positive, for a raster and polygons alike; the document tells the extent before the turn."""
    straight = exported(service)
    assert _difference(np.rot90(straight), exported(service, rotation=90)) < 0.05
    assert _difference(np.rot90(straight, -1), exported(service, rotation=-90)) < 0.05
    assert _difference(straight, exported(service, rotation=90)) > 5
    document = asked(service, rotation=30, f="json").json()
    assert [document["extent"][key] for key in ("xmin", "ymin", "xmax", "ymax")] == list(BOX)
    assert document["extent"]["spatialReference"]["wkid"] == 32616
    followed = httpx.get(document["href"], timeout=60).content
    assert followed == asked(service, rotation=30, format="png").content


def test_any_turn_is_exact_to_half_a_pixel(service: WholeService) -> None:
    """Of all shifts by up to half a pixel none fits the finer, straight picture better than none, by which it is turned here."""
    (x, y), reach, fine_px = CENTER, 3000, 1200
    fine = exported(service, bbox=f"{x - reach},{y - reach},{x + reach},{y + reach}", size=f"{fine_px},{fine_px}")
    picture = exported(service, rotation=-30)
    cos, sin = math.cos(math.radians(-30)), math.sin(math.radians(-30))
    fits = {}
    for shift in ((0, 0), (0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)):
        right, down = np.meshgrid(*(np.arange(SIDE_PX) + 0.5 - SIDE_PX / 2 + one for one in shift))
        col = fine_px / 2 + (cos * right - sin * down) * (BOX[2] - BOX[0]) / SIDE_PX * fine_px / (2 * reach)
        row = fine_px / 2 + (sin * right + cos * down) * (BOX[2] - BOX[0]) / SIDE_PX * fine_px / (2 * reach)
        fits[shift] = _difference(picture, fine[row.astype(int), col.astype(int)])
    assert min(fits, key=lambda shift: fits[shift]) == (0, 0) and fits[0, 0] < 1.5, fits
