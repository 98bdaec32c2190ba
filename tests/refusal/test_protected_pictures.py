"""A whole service, workers and all: protected pictures as a client gets them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from rendermap.geo.bbox import BBox
from tests.builders.picture_parts import parts_of
from tests.builders.whole_service import CELL_M, SOUTH, WEST, WholeService, whole_service

Pixels = NDArray[np.uint8]
SCALE = 20_000
CELL_PX_M = SCALE * 0.0254 / 96
"""Side of a cell of the one picture of features, in the map's CRS."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with whole_service(tmp_path_factory.mktemp("plain")) as service:
        yield service


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with whole_service(tmp_path_factory.mktemp("protected"), f"finest_scale = {SCALE}\ncolors = 6\nstamp = true") as service:
        yield service


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    with whole_service(tmp_path_factory.mktemp("marked"), "watermark = true\nstamp = true") as service:
        yield service


def export(service: WholeService, box: BBox, size: tuple[int, int], **more: str) -> httpx.Response:
    frame = {"bbox": ",".join(map(str, box.corners)), "size": f"{size[0]},{size[1]}", "bboxSR": "32616", "imageSR": "32616"}
    asked = {**frame, "f": "image", "format": "png32", "transparent": "true", **more}
    answer = httpx.get(
        f"{service.url}{service.map_path}/export", params={**asked, "format": "png32", "transparent": "true", **more}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return answer


def pixels_of(answer: httpx.Response) -> Pixels:
    return np.asarray(Image.open(BytesIO(answer.content)).convert("RGBA"))


def test_a_fine_view_shows_cells_and_no_more(protected: WholeService) -> None:
    """Whatever part of a cell is asked for, at whatever sharpness and shift, one colour comes back for it."""
    col, row = round((WEST + 1990) / CELL_PX_M), round((SOUTH + 990) / CELL_PX_M)
    seen = set()
    for shift in (0.02, 0.31, 0.55):
        for dpi in ("96", "192", "768"):
            x, y = (col + shift) * CELL_PX_M, (row + shift) * CELL_PX_M
            box = BBox(x, y, x + 0.4 * CELL_PX_M, y + 0.4 * CELL_PX_M)
            found = pixels_of(export(protected, box, (100, 100), layers="show:0", dpi=dpi))
            seen |= {tuple(map(int, color)) for color in found.reshape(-1, 4)}
    assert len(seen) == 1


def test_a_coarse_view_is_drawn_as_ever(plain: WholeService, protected: WholeService) -> None:
    """As coarse as the bound the same features have the same picture."""
    box = BBox(WEST, SOUTH, WEST + 200 * CELL_PX_M * 1.01, SOUTH + 200 * CELL_PX_M * 1.01)
    pictures = [pixels_of(export(service, box, (200, 200), layers="show:0")) for service in (plain, protected)]
    assert (pictures[0] == pictures[1]).all() and pictures[0][..., 3].any()


def test_a_raster_has_the_colours_that_are_served(plain: WholeService, protected: WholeService) -> None:
    """Six, where there are hundreds without the bound."""
    side = CELL_M * 120
    counts = []
    for service in (plain, protected):
        found = pixels_of(export(service, BBox(WEST, SOUTH, WEST + side, SOUTH + side), (300, 300), layers="show:1"))
        counts.append(len(np.unique(found[found[..., 3] == 255], axis=0)))
    assert counts[0] > 100 and counts[1] == 6


def test_the_legend_has_as_many_lines(protected: WholeService) -> None:
    """In the very colours of the picture."""
    legend = httpx.get(f"{protected.url}{protected.map_path}/legend", params={"f": "json"}).json()
    assert [len(layer["legend"]) for layer in legend["layers"] if layer["layerId"] == 1] == [6]


def test_tilejson_ends_where_nothing_more_is_shown(plain: WholeService, protected: WholeService) -> None:
    """5.3 m per pixel at 36 degrees are zoom 15; without the bound features are offered to zoom 21."""
    zooms = [httpx.get(f"{s.url}/xyz/Hydrology/FloodDepth/jobs/{s.job_id}/tilejson.json").json()["maxzoom"] for s in (plain, protected)]
    assert zooms == [21, 15]


def test_pictures_are_stamped_or_say_nothing(plain: WholeService, protected: WholeService) -> None:
    """In what a client really gets."""
    box = BBox(WEST, SOUTH, WEST + 6000, SOUTH + 6000)
    for service, expected in ((plain, set()), (protected, {"iTXt"})):
        names = {name for name, _ in parts_of(export(service, box, (64, 64)).content)}
        assert names - {"IHDR", "IDAT", "IEND", "PLTE", "tRNS"} == expected
    texts = dict(Image.open(BytesIO(export(protected, box, (64, 64)).content)).text)  # type: ignore[attr-defined]
    assert texts["Source"] == f"Job {protected.job_id}" and set(texts) == {"Source", "Creation Time", "Software"}


def test_a_watermark_lies_over_the_picture_and_the_kept_one_is_clean(plain: WholeService, marked: WholeService) -> None:
    """Some of the picture is changed, most is not; formats without alpha have it too; the stamp is in the marked one."""
    box = BBox(WEST, SOUTH, WEST + 6000, SOUTH + 6000)
    answer = export(marked, box, (400, 400))
    clean, text = pixels_of(export(plain, box, (400, 400))), pixels_of(answer)
    changed = (clean != text).any(axis=2).mean()
    assert 0.03 < changed < 0.35
    assert answer.headers["cache-control"] == "private, no-store"
    assert "Source" in Image.open(BytesIO(answer.content)).text  # type: ignore[attr-defined]
    jpeg = pixels_of(export(marked, box, (400, 400), format="jpg")).astype(int)
    assert np.abs(jpeg - text.astype(int))[text[..., 3] == 255].mean() < 6


def test_marked_tiles_fit_together(marked: WholeService) -> None:
    """As a client lays them beside each other."""

    def piece(left: int, top: int, width: int, height: int) -> Pixels:
        box = BBox(WEST + left * 10, SOUTH + 6000 - (top + height) * 10, WEST + (left + width) * 10, SOUTH + 6000 - top * 10)
        return pixels_of(export(marked, box, (width, height), layers="show:1"))

    whole = piece(0, 0, 512, 256)
    assert np.abs(np.hstack([piece(0, 0, 256, 256), piece(256, 0, 256, 256)]).astype(int) - whole).max() <= 1
