"""What is put on pictures is on every one that shows a layer, in every protocol, and no cache keeps or shares it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermap import __version__
from rendermap.geo.tiling import TileAddress, view_of
from rendermap.jobs import manifest
from tests.builders.counted_service import CountedService, geojson

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
[protection]
"""
BOX = "700000,4000000,706000,4006000"
TILE = (14, 4334, 6424)


def made(folder: Path, protection: str) -> tuple[CountedService, str]:
    service = CountedService(folder, {"Demo": SERVICE + protection})
    with manifest.start(service.jobs, service="Demo", task="Run", inputs={}) as run:
        run.path("Parcels.geojson").write_text(geojson())
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    return service, run.job_id


def pictures(job_id: str) -> list[str]:
    """Every address of a picture that shows the layer."""
    at = f"/arcgis/rest/services/Demo/MapServer/jobs/{job_id}"
    export = f"?bbox={BOX}&size=200,200&bboxSR=32616&imageSR=32616"
    z, x, y = TILE
    return [
        f"{at}/export{export}&f=image",
        f"{at}/export{export}&f=image&format=jpg",
        f"{at}{export}&f=image",
        f"/xyz/Demo/jobs/{job_id}/tiles/{z}/{x}/{y}.png",
        f"/xyz/Demo/jobs/{job_id}/tiles/{z}/{x}/{y}@2x.webp",
        f"/thumbnails/Demo/jobs/{job_id}.png",
    ]


def test_every_picture_is_marked_and_none_is_kept(tmp_path: Path) -> None:
    """The answer is the marked one, private and not to be stored, without a name to ask for again."""
    service, job_id = made(tmp_path, 'watermark = "for {who}: {job}"')
    for address in pictures(job_id):
        answer = service.get(address)
        assert answer.text == f"marked for public: {job_id}", address
        assert answer.headers["cache-control"] == "private, no-store", address
        assert "etag" not in answer.headers


def test_a_tile_of_one_version_is_marked_and_not_kept_either(tmp_path: Path) -> None:
    """Its address is that of a picture that may be kept for good, where nothing is put on it."""
    service, job_id = made(tmp_path, "watermark = true")
    (template,) = service.get(f"/xyz/Demo/jobs/{job_id}/tilejson.json").json()["tiles"]
    z, x, y = TILE
    answer = service.get(template.format(z=z, x=x, y=y))
    assert answer.text.startswith("marked") and answer.headers["cache-control"] == "private, no-store"


def test_a_service_that_begins_to_mark_has_tiles_of_a_new_version(tmp_path: Path) -> None:
    """Clean tiles that somebody keeps are of a version that is no more."""
    service, job_id = made(tmp_path, "")
    before = service.get(f"/xyz/Demo/jobs/{job_id}/tilejson.json").json()["tiles"]
    file = tmp_path / "services" / "Demo" / "service.toml"
    for protection in ("watermark = true", "stamp = true"):
        file.write_text(SERVICE + protection, encoding="utf-8")
        service.assembled.services._checked = float("-inf")
        assert service.get(f"/xyz/Demo/jobs/{job_id}/tilejson.json").json()["tiles"] != before


def test_formats_share_the_picture_below(tmp_path: Path) -> None:
    """It is drawn once, as PNG without background, and marked for each asker, in the format and on the ground that was asked."""
    service, job_id = made(tmp_path, "watermark = true")
    base = pictures(job_id)[0]
    for extra in ("", "&format=jpg", "&transparent=false&bgcolor=1,2,3", "&format=png8"):
        service.get(base + extra)
    assert len(service.counter.drawn) == 1
    assert (service.counter.drawn[0].format, service.counter.drawn[0].background) == ("png", None)
    assert [plan.format for plan in service.counter.marked] == ["png", "jpeg", "png", "png8"]
    assert service.counter.marked[2].background is not None


def test_a_name_that_a_client_knows_brings_no_unmarked_picture(tmp_path: Path) -> None:
    """Neither as an answer nor as a promise that its own is still good."""
    service, job_id = made(tmp_path, "watermark = true")
    for tag in ("*", "W/anything"):
        answer = service.ask("GET", pictures(job_id)[0], headers={"if-none-match": tag})
        assert answer.status_code == 200 and answer.text.startswith("marked")
    href = service.get(pictures(job_id)[0].replace("f=image", "f=json")).json()["href"]
    answer = service.get(href)
    assert answer.text.startswith("marked") and answer.headers["cache-control"] == "private, no-store"


def test_where_no_layer_is_there_is_nothing_to_mark(tmp_path: Path) -> None:
    """Blank pictures are everybody's and may be kept."""
    service, job_id = made(tmp_path, "watermark = true")
    answer = service.get(pictures(job_id)[0] + "&layers=show:7")
    assert not service.counter.marked and "public" in answer.headers["cache-control"]


def test_tiles_beside_each_other_agree_on_their_places(tmp_path: Path) -> None:
    """Their corners are whole tiles apart, at any sharpness."""
    service, job_id = made(tmp_path, "watermark = true")
    z, x, y = TILE
    for suffix, side in ((".png", 256), ("@2x.png", 512)):
        service.counter.marked.clear()
        for col, row in ((x, y), (x + 1, y), (x, y + 1)):
            service.get(f"/xyz/Demo/jobs/{job_id}/tiles/{z}/{col}/{row}{suffix}")
        first, right, below = (plan.corner_px for plan in service.counter.marked)
        assert (right[0] - first[0], right[1] - first[1]) == (side, 0)
        assert (below[0] - first[0], below[1] - first[1]) == (0, side)
    box = view_of(TileAddress("WebMercatorQuad", *(z, y, x))).bbox
    assert first[0] == round(box.xmin / box.width * 512)


@pytest.mark.parametrize("protection", ["", "watermark = false", "stamp = true"])
def test_without_a_watermark_pictures_are_kept_as_ever(tmp_path: Path, protection: str) -> None:
    """No second visit to a worker."""
    service, job_id = made(tmp_path, protection)
    answer = service.get(pictures(job_id)[0])
    assert not service.counter.marked and "etag" in answer.headers and "public" in answer.headers["cache-control"]


def test_a_stamp_is_part_of_the_picture_and_of_its_name(tmp_path: Path) -> None:
    """Job, end and software; the same job without a stamp has pictures of other names."""
    folders = [tmp_path / name for name in ("stamped", "plain")]
    for folder in folders:
        folder.mkdir()
    service, job_id = made(folders[0], "stamp = true")
    service.get(pictures(job_id)[0])
    (plan,) = service.counter.drawn
    assert plan.stamp and (plan.stamp.job_id, plan.stamp.software) == (job_id, f"rendermap {__version__}")
    assert plan.stamp.finished.endswith("Z") and len(plan.stamp.finished) == 20
    plain, other_id = made(folders[1], "")
    plain.get(pictures(other_id)[0])
    assert plain.counter.drawn[0].stamp is None


def test_a_marked_picture_carries_the_stamp_too(tmp_path: Path) -> None:
    """It is put in when the text is, and not twice."""
    service, job_id = made(tmp_path, "watermark = true\nstamp = true")
    service.get(pictures(job_id)[0])
    assert service.counter.drawn[0].stamp is None
    stamp = service.counter.marked[0].stamp
    assert stamp and stamp.job_id == job_id
