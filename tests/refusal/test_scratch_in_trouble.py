"""A disk under the workers' scratch that is full or may not be written: no wrong picture is drawn or kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rendermap.jobs import manifest
from tests.builders.disks import small_disk
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
SQUARES, SIDE_M = 40, 100
FRAME = f"bbox=0,0,{SQUARES * SIDE_M},{SQUARES * SIDE_M}&bboxSR=3857&imageSR=3857&size=60,60"
COPY_KB = 600
"""About what the copy of a dataset takes."""


def parcels() -> str:
    """Squares with words; they are drawn from a copy."""
    features = [
        {"type": "Feature", "properties": {"text": "x" * 200}, "geometry": {"type": "Polygon", "coordinates": [_ring(col, row)]}}
        for col in range(SQUARES)
        for row in range(SQUARES)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})


def _ring(col: int, row: int) -> list[tuple[int, int]]:
    west, south = col * SIDE_M, row * SIDE_M
    east, north = west + SIDE_M, south + SIDE_M
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def lay_out(folder: Path) -> None:
    """A service without jobs."""
    (folder / "services" / "Demo").mkdir(parents=True)
    (folder / "services" / "Demo" / "service.toml").write_text(SERVICE)


def new_job(folder: Path) -> str:
    """Its id.  All jobs look alike."""
    with manifest.start(folder / "jobs", service="Demo", task="Run") as run:
        run.path("Parcels.geojson").write_text(parcels())
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    return run.job_id


def picture(service: Served, job_id: str) -> bytes:
    """Or the error, as JSON."""
    return service.get(f"/arcgis/rest/services/Demo/MapServer/jobs/{job_id}/export?{FRAME}&f=image")[1]


def is_no_room(body: bytes) -> bool:
    """An error that says so, and neither where nor how."""
    return body.startswith(b"{") and "no room on its disk" in json.loads(body)["error"]["message"] and b"/" not in body


@pytest.mark.slow
def test_a_full_disk_costs_pictures_and_never_draws_half_of_one(tmp_path: Path) -> None:
    """With room for any part of a copy the answer is the whole picture or that there is no room; what was drawn before is drawn still."""
    lay_out(tmp_path)
    with small_disk(tmp_path / "disk", size_kb=20_000) as disk, serving(tmp_path, "", scratch=disk.folder) as service:
        service.await_ready()
        early = new_job(tmp_path)
        right = picture(service, early)
        assert right.startswith(b"\x89PNG")
        refused = 0
        for left_kb in range(0, COPY_KB * 2, COPY_KB // 4):
            job_id = new_job(tmp_path)
            disk.leave(left_kb)
            said = picture(service, job_id)
            assert said == right or is_no_room(said), (left_kb, said[:200])
            assert picture(service, early) == right
            disk.empty()
            refused += said != right
            assert picture(service, new_job(tmp_path)) == right, "there is room again"
        assert 2 < refused < 8


@pytest.mark.slow
def test_a_disk_that_may_not_be_written(tmp_path: Path) -> None:
    """Pictures whose copies are there are drawn; others are refused, and drawn when it may be written again."""
    lay_out(tmp_path)
    with small_disk(tmp_path / "disk", size_kb=20_000) as disk, serving(tmp_path, "", scratch=disk.folder) as service:
        service.await_ready()
        early, late = new_job(tmp_path), new_job(tmp_path)
        right = picture(service, early)
        (shared,) = disk.folder.glob("rendermap-scratch-*/shared")
        for how in (["--bind", str(shared), str(shared)], ["-o", "remount,bind,ro", str(shared)]):
            subprocess.run(["mount", *how], check=True)
        try:
            assert is_no_room(picture(service, late)) and picture(service, early) == right
        finally:
            subprocess.run(["umount", "--lazy", str(shared)], check=True)
        assert picture(service, new_job(tmp_path)) == right


def test_a_service_that_cannot_write_says_so_and_does_not_start(tmp_path: Path) -> None:
    """In one line, with status 1, and no traces of a program."""
    lay_out(tmp_path)
    (tmp_path / "jobs").mkdir()
    argv = ["rendermap", "serve", "--jobs", str(tmp_path / "jobs"), "--services", str(tmp_path / "services"), "--port", "0"]
    with small_disk(tmp_path / "disk") as disk:
        disk.forbid_writing()
        script = (
            f"import sys, tempfile; tempfile.tempdir = {str(disk.folder)!r}; sys.argv = {argv!r}; from rendermap.cli import main; main()"
        )
        ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=dict(os.environ))
    assert ended.returncode == 1
    assert "cannot write to its scratch folder" in ended.stderr and "Traceback" not in ended.stderr
