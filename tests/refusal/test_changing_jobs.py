"""Jobs that are replaced, rewritten or deleted while they are drawn: a picture is of one version of the result, or there is none."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from rendermap.assembly import LOOK_S
from rendermap.jobs import manifest
from tests.builders.served import Served, serving

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
SQUARES, SIDE_M = 60, 100
FRAME = f"bbox=0,0,{SQUARES * SIDE_M},{SQUARES * SIDE_M}&bboxSR=3857&imageSR=3857&size=60,60&f=image"
VERSIONS = (0, 1, 2)
CHANGES, CLIENTS = 10, 3
NOW = {"Cache-Control": "no-cache"}


def parcels(version: int) -> str:
    """Squares all over, but for every third column: which one tells the version.  Reading them takes long enough to be disturbed."""
    cells = ((col, row) for col in range(SQUARES) for row in range(SQUARES) if col % 3 != version)
    features = [
        {"type": "Feature", "properties": {"text": "x" * 200}, "geometry": {"type": "Polygon", "coordinates": [_ring(col, row)]}}
        for col, row in cells
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})


def _ring(col: int, row: int) -> list[tuple[int, int]]:
    west, south = col * SIDE_M, row * SIDE_M
    east, north = west + SIDE_M, south + SIDE_M
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


TEXTS = tuple(map(parcels, VERSIONS))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("changing")
    (folder / "services" / "Demo").mkdir(parents=True)
    (folder / "services" / "Demo" / "service.toml").write_text(SERVICE)
    with serving(folder, "", "--cache-mb", "64") as running:
        running.await_ready()
        yield running


def new_job(service: Served, version: int) -> Path:
    """The folder of a finished job."""
    with manifest.start(jobs_of(service), service="Demo", task="Run") as run:
        run.path("Parcels.geojson").write_text(TEXTS[version])
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    return run.scratch.parent


def jobs_of(service: Served) -> Path:
    """Where its jobs are."""
    return Path(service.process.args[service.process.args.index("--jobs") + 1])  # type: ignore[index, union-attr]


def picture(service: Served, job: Path) -> tuple[int, bytes]:
    """(status, body)."""
    return service.get(f"/arcgis/rest/services/Demo/MapServer/jobs/{job.name}/export?{FRAME}")


def picture_now(service: Served, job: Path) -> tuple[int, bytes]:
    """The same as the job is at this moment: whoever asks anew trusts no look older than a tenth of a second."""
    time.sleep(1.1 * LOOK_S)
    return service.get(f"/arcgis/rest/services/Demo/MapServer/jobs/{job.name}/export?{FRAME}", NOW)


@dataclass(frozen=True, slots=True)
class Right:
    """What each version looks like, drawn in quiet, and what the map looks like without its only layer."""

    pictures: tuple[bytes, ...]
    blank: bytes


@pytest.fixture(scope="module")
def right(service: Served) -> Right:
    pictures = []
    for version in VERSIONS:
        status, body = picture(service, job := new_job(service, version))
        assert status == 200 and body.startswith(b"\x89PNG")
        pictures.append(body)
    (job / "scratch" / "Parcels.geojson").unlink()
    blank = picture_now(service, job)[1]
    assert len({*pictures, blank}) == len(VERSIONS) + 1
    return Right(tuple(pictures), blank)


def rename_over(data: Path, text: str) -> None:
    """As careful tools do."""
    beside = data.with_name("new")
    beside.write_text(text)
    beside.replace(data)


def write_in_place(data: Path, text: str) -> None:
    """As others do, in pieces."""
    with data.open("w") as file:
        for start in range(0, len(text), len(text) // 8):
            file.write(text[start : start + len(text) // 8])
            file.flush()
            time.sleep(0.01)


def replace_job(data: Path, text: str) -> None:
    """The whole folder, by one that was made elsewhere."""
    job = data.parents[1]
    made = job.with_name("made.elsewhere.")
    shutil.copytree(job, made)
    (made / "scratch" / data.name).write_text(text)
    job.rename(job.with_name("gone."))
    made.rename(job)
    shutil.rmtree(job.with_name("gone."))


@contextmanager
def asked_all_the_time(service: Served, job: Path) -> Iterator[set[tuple[int, bytes]]]:
    """All that is answered to some who never stop asking for the job's picture; complete at the end."""
    said: set[tuple[int, bytes]] = set()
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            said.add(picture(service, job))

    clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield said
    finally:
        is_over.set()
        for client in clients:
            client.join(30)


def is_busy(status: int, body: bytes) -> bool:
    """Told to come again, in words that give nothing away."""
    return status == 503 and "changed just now" in json.loads(body)["error"]["message"] and b"/" not in body


@pytest.mark.parametrize("change", [rename_over, write_in_place, replace_job])
def test_a_result_that_is_replaced_while_it_is_drawn(service: Served, right: Right, change: Callable[[Path, str], None]) -> None:
    """Every answer is the old picture, the new one, or to come again; once the change is over it is the new one, for good."""
    job = new_job(service, 0)
    data = job / "scratch" / "Parcels.geojson"
    before, seen = 0, set()
    for number in range(1, CHANGES):
        version = number % len(right.pictures)
        with asked_all_the_time(service, job) as said:
            time.sleep(0.02 * (number % 7))
            change(data, TEXTS[version])
            time.sleep(0.1)
        allowed = {right.pictures[before], right.pictures[version]} | ({right.blank} if change is not rename_over else set())
        wrong = [answer for answer in said if answer[1] not in allowed and not is_busy(*answer) and not is_gone(*answer, change)]
        assert not wrong, [(status, body[:300]) for status, body in wrong]
        assert picture_now(service, job) == picture(service, job) == (200, right.pictures[version])
        before, seen = version, seen | said
    assert len(seen) >= len(right.pictures)


def is_gone(status: int, body: bytes, change: Callable[[Path, str], None]) -> bool:
    """For a moment there is no such job when its whole folder is exchanged."""
    return change is replace_job and body.startswith(b"{") and json.loads(body)["error"]["code"] == 404


def test_a_job_that_is_deleted_while_it_is_drawn(service: Served, right: Right) -> None:
    """Every answer is its picture, the picture of what is left, or none; then there is no such job, and no cache gives its picture out.

    What is left without its document looks like a job that still runs.
    """
    for number in range(CHANGES // 2):
        job = new_job(service, 1)
        with asked_all_the_time(service, job) as said:
            time.sleep(0.03 * number)
            shutil.rmtree(job)
            time.sleep(0.1)
        for status, body in said:
            error = json.loads(body)["error"]["code"] if body.startswith(b"{") else None
            assert body in (right.pictures[1], right.blank) or error in (404, 503) or b"executing" in body, (status, body[:300])
        status, body = picture_now(service, job)
        assert json.loads(body)["error"]["code"] == 404
        assert service.get(f"/xyz/Demo/jobs/{job.name}/tiles/0/0/0.png", NOW)[0] == 404


def test_no_cache_keeps_one_version_under_the_name_of_another(service: Served, right: Right) -> None:
    """Two files take each other's place while they are read: whatever was kept meanwhile is the picture of the file it was kept for."""
    job = new_job(service, 0)
    data, aside = job / "scratch" / "Parcels.geojson", job / "other"
    aside.write_text(TEXTS[1])
    for number in range(CHANGES):
        for file in (data, aside):
            os.utime(file, (number, number))
        with asked_all_the_time(service, job):
            time.sleep(0.015 * number)
            exchange(data, aside)
            time.sleep(0.1)
        for version in (1, 0):
            assert picture_now(service, job) == (200, right.pictures[version])
            exchange(data, aside)
        exchange(data, aside)


def exchange(data: Path, other: Path) -> None:
    """Each keeps its inode and its time."""
    third = other.with_name("third")
    data.rename(third)
    other.rename(data)
    third.rename(other)
