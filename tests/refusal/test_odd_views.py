"""Sizes, resolutions, scales and boxes that nobody means are refused in clear words, or drawn as what they say; nothing fails."""

from __future__ import annotations

import io
from itertools import product
from pathlib import Path

import httpx
import pytest
from PIL import Image

from rendermap.jobs import manifest
from tests.builders.counted_service import CountedService, geojson
from tests.builders.whole_service import whole_service

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
NO_NUMBERS = ["nan", "inf", "-inf", "1e400", "x", "0x10", "1_0", "", "1;2", "١٢", "1e9e9", "--5", "%00", "9" * 400]
NO_AMOUNTS = ["0", "-1", "-1e9", "1e-320", "1e9", "1e308"]
BOXES = [
    "nan,nan,nan,nan",
    "inf,0,1,1",
    "-inf,-inf,inf,inf",
    "1e308,1e308,-1e308,-1e308",
    "-1e308,-1e308,1e308,1e308",
    "0,0,0,0",
    "5,5,5,9",
    "1,1,1.0000000000000002,2",
    "0,0,1e-300,1e-300",
    "706000,4006000,700000,4000000",
    "700000,4006000,706000,4000000",
    "-1e30,-1e30,1e30,1e30",
    "1e15,1e15,1e15,1e15",
    "1e15,1e15,1000000000000001,1000000000000001",
    "1,2,3",
    "1,2,3,4,5",
    "1,,3,4",
    "",
]
SPANNING = ["706000,4006000,700000,4000000", "700000,4006000,706000,4000000", "1,1,1.0000000000000002,2", "0,0,1e-300,1e-300"]
"""However little: a box is extended to the picture's shape."""

CRSS = ["32616", "3857", "4326", "3031", "3995", "2193", "54030", "102100", "6933", "27700", "3035", "5514", "102003"]


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> tuple[CountedService, str]:
    service = CountedService(tmp_path_factory.mktemp("odd"), {"Demo": SERVICE})
    with manifest.start(service.jobs, service="Demo", task="Run") as run:
        run.path("Parcels.geojson").write_text(geojson(), encoding="utf-8")
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    return service, run.job_id


def ask(counted: tuple[CountedService, str], path: str, **params: object) -> httpx.Response:
    """The answer, which is a picture of sound size or a refusal, and never a failure."""
    service, job = counted
    answer = service.get(path.format(job=job), **params)
    if answer.headers["content-type"] == "image/png":
        assert 1 <= max(Image.open(io.BytesIO(answer.content)).size) <= 4096
    elif error := answer.json().get("error"):
        assert answer.status_code < 500 and error["code"] not in (500, 503) and "Reference" not in error["message"]
    return answer


def is_refused(answer: httpx.Response) -> bool:
    """True for an error in any dialect."""
    return answer.headers["content-type"].startswith("application/json") and "error" in answer.json()


EXPORT, LEGEND = "/arcgis/rest/services/Demo/MapServer/jobs/{job}/export", "/arcgis/rest/services/Demo/MapServer/jobs/{job}/legend"
DOWNLOAD, TILES, PAGE_TILES = "/jobs/Demo/{job}/download.png", "/xyz/Demo/jobs/{job}/tiles", "/jobs/Demo/{job}/tiles/v"
FRAME = {"bbox": "700000,4000000,706000,4006000", "bboxSR": "32616", "f": "image"}
MERCATOR = "-9441000,4318000,-9430000,4329000"


@pytest.mark.parametrize("text", [*NO_NUMBERS, *NO_AMOUNTS])
def test_sizes(text: str, counted: tuple[CountedService, str]) -> None:
    """On either side, in every protocol; a side too long is as wrong as one that is none."""
    for size in (f"{text},100", f"100,{text}", f"{text},{text}", text):
        for answer in (
            ask(counted, EXPORT, **FRAME, size=size),
            ask(counted, LEGEND, f="json", size=size),
            ask(counted, DOWNLOAD, bbox=MERCATOR, size=size),
        ):
            # an empty value counts as absent: the usual size
            assert is_refused(answer) or not size.strip()


@pytest.mark.parametrize("size", ["1,100000", "100000,1", "4097,1", "1,4097", "65536,65536", "2147483648,2147483648", "4294967297,1"])
def test_long_sides(size: str, counted: tuple[CountedService, str]) -> None:
    """A line a pixel wide is no small picture."""
    for answer in (ask(counted, EXPORT, **FRAME, size=size), ask(counted, DOWNLOAD, bbox=MERCATOR, size=size)):
        assert "At most 4096 pixels on a side" in answer.text


@pytest.mark.parametrize("text", [*NO_NUMBERS, *NO_AMOUNTS, "9.99", "1200.1", "10000"])
def test_resolutions(text: str, counted: tuple[CountedService, str]) -> None:
    """Dots per inch and pixel ratios."""
    for answer in (
        ask(counted, EXPORT, **FRAME, dpi=text),
        ask(counted, LEGEND, f="json", dpi=text),
        ask(counted, DOWNLOAD, bbox=MERCATOR, size="9,9", ratio=text or "x"),
    ):
        assert is_refused(answer) or text in ("", "9.99")
    for name in (f"0@{text}x.png", "0@8x.png", f"{text}.png"):
        assert text == "0" or is_refused(ask(counted, f"{TILES}/0/0/{name.replace('%00', '%2500')}".replace(";", "%3B")))


@pytest.mark.parametrize("text", [*NO_NUMBERS, *NO_AMOUNTS])
def test_scales(text: str, counted: tuple[CountedService, str]) -> None:
    """mapScale wins over the box where it is one; 0 says nothing, and clients send it."""
    answer = ask(counted, EXPORT, **FRAME, mapScale=text)
    assert is_refused(answer) or text in ("", "0", "1e9")


@pytest.mark.parametrize("bbox", BOXES)
def test_boxes(bbox: str, counted: tuple[CountedService, str]) -> None:
    """In every reference system, to every other; what has no area, or none that numbers can tell, is refused."""
    spans = bbox in SPANNING
    for there, back in product(CRSS, CRSS[:5]):
        answer = ask(counted, EXPORT, bbox=bbox, bboxSR=there, imageSR=back, f="image")
        assert is_refused(answer) or spans or "e30" in bbox or "e15" in bbox
    assert is_refused(ask(counted, DOWNLOAD, bbox=bbox, size="9,9")) or spans or "e30" in bbox


@pytest.mark.parametrize(
    "bbox",
    [
        "170,-20,190,20",
        "-190,-20,-170,20",
        "179.999999,-1,180.000001,1",
        "-180,-90,180,90",
        "-540,-90,540,90",
        "-180,89.9,180,90",
        "0,90,10,91",
        "0,-1000,1,1000",
        "359,-1,361,1",
    ],
)
def test_boxes_at_the_edges_of_the_earth(bbox: str, counted: tuple[CountedService, str]) -> None:
    """Across the antimeridian, at the poles, beyond the earth: a picture, or that it cannot be shown."""
    for crs in CRSS:
        ask(counted, EXPORT, bbox=bbox, bboxSR="4326", imageSR=crs, f="image")


@pytest.mark.parametrize(
    "address",
    ["-1/0/0", "0/-1/0", "0/0/-1", "1/2/0", "99/0/0", "1e1/0/0", "0/0/0.5", "00/0/0", "9999999999/0/0", "nan/0/0"],
)
def test_tiles(address: str, counted: tuple[CountedService, str]) -> None:
    """Addresses outside the grid are no tiles."""
    for root in (TILES, PAGE_TILES):
        assert ask(counted, f"{root}/{address}.png").status_code == 404


def test_a_layer_named_ten_times_is_drawn_once(counted: tuple[CountedService, str]) -> None:
    """Memory goes with the layers, and a list costs nothing to write."""
    service, _ = counted
    service.counter.drawn.clear()
    many = ",".join(["0"] * 500)
    assert not is_refused(ask(counted, EXPORT, **FRAME, size="11,11", layers=f"show:{many}"))
    dynamic = "[" + ",".join(['{"id":0,"source":{"type":"mapLayer","mapLayerId":0}}'] * 100) + "]"
    ask(counted, EXPORT, **FRAME, size="12,12", dynamicLayers=dynamic)
    assert [len(plan.layers) for plan in service.counter.drawn] == [1] * len(service.counter.drawn) != []


@pytest.mark.slow
def test_odd_frames_are_drawn_by_real_workers(tmp_path: Path) -> None:
    """Boxes far too large, far too small and far away cost no worker its life, whatever they are drawn in."""
    frames = [
        ("-180,-90,180,90", "4326"),
        ("-1e9,-1e9,1e9,1e9", "3857"),
        ("700000,4000000,700000.001,4000000.001", "32616"),
        ("-1e6,-1e6,1e6,1e6", "3031"),
        ("170,-20,190,20", "4326"),
        ("-179.9999,35.9999,179.9999,36.0001", "4326"),
        ("699999,3999999,700001,4000001", "32616"),
    ]
    with whole_service(tmp_path) as whole, httpx.Client(base_url=whole.url, timeout=60) as client:
        for (bbox, crs), image, size in product(frames, ("3857", "4326", "3031", "54030", "32616"), ("64,64", "1,500")):
            answer = client.get(f"{whole.map_path}/export?f=image&bbox={bbox}&bboxSR={crs}&imageSR={image}&size={size}")
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "image/png" or answer.json()["error"]["code"] == 400, answer.text
        assert "rendermap_worker_restarts_total{" not in client.get("/metrics").text
