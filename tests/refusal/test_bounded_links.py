"""A signed link shows no more than it was made for: no place outside its extent, nothing finer than its scale; in what a client gets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import BytesIO

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from rendermap.access.grant import Bounds, Link, Operation
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WGS84, transform_bbox, transformer
from tests.builders.doors import open_door
from tests.builders.whole_service import NAME, SOUTH, WEST, WholeService, whole_service

Pixels = NDArray[np.uint8]
UTM = "EPSG:32616"
WHOLE = BBox(WEST, SOUTH, WEST + 6000, SOUTH + 6000)
MIDDLE = BBox(WEST + 1500, SOUTH + 1500, WEST + 4500, SOUTH + 4500)
EXTENT = transform_bbox(MIDDLE, UTM, WGS84)
assert EXTENT


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with whole_service(tmp_path_factory.mktemp("linked")) as serving:
        yield serving


def below(service: WholeService, bounds: Bounds) -> str:
    """The prefix of addresses below a link."""
    now = int(time.time())
    link = Link("L1", NAME, service.job_id, None, Operation.VIEW, bounds, now, now, now + 3600)
    return f"{service.url}/links/{open_door(secret='shared by all replicas').link_token(link)}"


def export(service: WholeService, prefix: str, box: BBox, size_px: int = 300, **more: str) -> httpx.Response:
    frame = {"bbox": ",".join(map(str, box.corners)), "size": f"{size_px},{size_px}", "bboxSR": "32616", "imageSR": "32616"}
    asked = {**frame, "f": "image", "format": "png32", "transparent": "true", **more}
    answer = httpx.get(f"{prefix}{service.map_path}/export", params=asked, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer


def pixels_of(answer: httpx.Response) -> Pixels:
    return np.asarray(Image.open(BytesIO(answer.content)).convert("RGBA"))


def inside(box: BBox, size_px: int, margin_px: float = 0.0) -> NDArray[np.bool_]:
    """Which pixels of a view have their centre in the extent, grown by a margin."""
    degree_m = 111_000 * np.cos(np.radians(36.2))
    room = margin_px * box.width / size_px / degree_m
    steps = (np.arange(size_px) + 0.5) / size_px
    x, y = np.meshgrid(box.xmin + steps * box.width, box.ymax - steps * box.height)
    lon, lat = (np.asarray(part) for part in transformer(UTM, WGS84).transform(x, y))
    assert EXTENT
    return (lon >= EXTENT.xmin - room) & (lon <= EXTENT.xmax + room) & (lat >= EXTENT.ymin - room) & (lat <= EXTENT.ymax + room)


@pytest.mark.parametrize("layers", ["show:0", "show:1", "show:0,1"])
def test_outside_its_extent_there_is_nothing_and_inside_all(service: WholeService, layers: str) -> None:
    """Features and rasters alike, to a tenth of a pixel."""
    assert EXTENT
    linked = pixels_of(export(service, below(service, Bounds(None, EXTENT.corners)), WHOLE, layers=layers))
    public = pixels_of(export(service, service.url, WHOLE, layers=layers))
    mask, margin_px = inside(WHOLE, 300), 0.1
    shown, hidden = (inside(WHOLE, 300, by) for by in (-margin_px, margin_px))
    assert not linked[~hidden].any() and public[~mask].any()
    assert (linked == public)[shown].mean() > 0.999 and linked[shown].any()


def test_well_inside_the_kept_picture_is_shared(service: WholeService) -> None:
    """The same bytes under the same name as everybody's, told to be kept by nobody between."""
    assert EXTENT
    box = BBox(WEST + 2500, SOUTH + 2500, WEST + 3500, SOUTH + 3500)
    linked, public = (export(service, prefix, box) for prefix in (below(service, Bounds(None, EXTENT.corners)), service.url))
    assert linked.content == public.content and linked.headers["etag"] == public.headers["etag"]
    assert linked.headers["cache-control"].startswith("private")
    across = export(service, below(service, Bounds(None, EXTENT.corners)), WHOLE)
    assert across.headers["etag"] != export(service, service.url, WHOLE).headers["etag"]


def test_beside_its_extent_a_picture_is_blank(service: WholeService) -> None:
    """As of a place where the result is not."""
    assert EXTENT
    box = BBox(WEST, SOUTH, WEST + 900, SOUTH + 900)
    assert not pixels_of(export(service, below(service, Bounds(None, EXTENT.corners)), box)).any()
    assert pixels_of(export(service, service.url, box)).any()


@pytest.mark.parametrize("name", ["jpg", "gif", "png8"])
def test_formats_without_alpha_show_their_ground_outside(service: WholeService, name: str) -> None:
    """White, or what was asked for, and not the map."""
    assert EXTENT
    linked = pixels_of(export(service, below(service, Bounds(None, EXTENT.corners)), WHOLE, format=name, transparent="false"))
    # a block of JPEG smears eight pixels
    mask = inside(WHOLE, 300)
    far = np.ones_like(mask)
    rows, cols = np.nonzero(mask)
    far[max(rows.min() - 16, 0) : rows.max() + 17, max(cols.min() - 16, 0) : cols.max() + 17] = False
    assert (linked[far][:, :3] >= 250).all()


def test_closer_than_its_scale_there_is_nothing_more(service: WholeService) -> None:
    """Cells of 1:50,000 in the map's CRS, each of one colour, where the public sees more."""
    cell_m = 50_000 * 0.00028
    prefix = below(service, Bounds(50_000.0, None))
    col, row = round((WEST + 2000) / cell_m), round((SOUTH + 1000) / cell_m)
    box = BBox(col * cell_m, row * cell_m, (col + 4) * cell_m, (row + 4) * cell_m)
    linked = pixels_of(export(service, prefix, box, 200, layers="show:0")).reshape(4, 50, 4, 50, 4)
    assert (linked == linked[:, 25:26, :, 25:26]).all()
    finest = httpx.get(f"{prefix}/xyz/{NAME}/jobs/{service.job_id}/tilejson.json").json()["maxzoom"]
    assert finest < httpx.get(f"{service.url}/xyz/{NAME}/jobs/{service.job_id}/tilejson.json").json()["maxzoom"]
