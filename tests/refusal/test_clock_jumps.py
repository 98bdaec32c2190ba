"""The clock is set forward or back by an hour while the service runs: nothing kept ends early or late, no half-written job is shown."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from rendermap.jobs import catalog, manifest
from rendermap.jobs.job import JobStatus
from tests.builders.counted_service import CountedService, geojson
from tests.builders.jobs import JOB_ID, TIFF, catalog_of, job_folder, make_old

HOUR = timedelta(hours=1)
SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""


def set_clock(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """What the wall clock says from now on, to all who ask it for jobs and tokens."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + by

    honest = time.time
    monkeypatch.setattr(catalog, "datetime", Clock)
    monkeypatch.setattr(time, "time", lambda: honest() + by.total_seconds())


@pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["forward", "back"])
def test_what_is_kept_stays_and_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """A picture drawn before is not drawn again, its address does not change, and pages show jobs whose times lie in the future."""
    service = CountedService(tmp_path, {"Demo": SERVICE})
    with manifest.start(service.jobs, service="Demo", task="Run") as run:
        run.path("Parcels.geojson").write_text(geojson())
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    tile, tilejson = f"/xyz/Demo/jobs/{run.job_id}/tiles/0/0/0.png", f"/xyz/Demo/jobs/{run.job_id}/tilejson.json"
    before = service.get(tile).content, service.get(tilejson).text
    set_clock(monkeypatch, by)
    assert (service.get(tile).content, service.get(tilejson).text) == before and len(service.counter.drawn) == 1
    assert service.get("/").status_code == service.get(f"/jobs/Demo/{run.job_id}").status_code == 200


@pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_finished_job_without_a_document_stays_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Though its files may come from the future now."""
    make_old(job_folder(tmp_path, "arcgis", {"a.tif": TIFF}), 600)
    jobs = catalog_of(tmp_path)
    assert jobs.find("Demo/Viewshed", JOB_ID).status is JobStatus.SUCCEEDED
    set_clock(monkeypatch, by)
    assert all(jobs.find("Demo/Viewshed", JOB_ID).status is JobStatus.SUCCEEDED for _ in range(2))


@pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_job_that_is_written_is_not_taken_for_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Its files' times say that it lies still since an hour, or until in an hour; that it was seen to change says more."""
    root = job_folder(tmp_path, "arcgis", {"a.tif": TIFF}, is_old=False)
    jobs = catalog_of(tmp_path, quiet_s=0.5)
    set_clock(monkeypatch, by)
    jobs.find("Demo/Viewshed", JOB_ID)
    (root / "scratch" / "b.tif").write_bytes(TIFF)
    assert jobs.find("Demo/Viewshed", JOB_ID).status is JobStatus.EXECUTING
    time.sleep(0.6)
    assert jobs.find("Demo/Viewshed", JOB_ID).status is JobStatus.SUCCEEDED


def test_times_in_the_future_are_shown_as_they_are(tmp_path: Path) -> None:
    """A job that began tomorrow has no duration, and is the newest of the list."""
    service = CountedService(tmp_path, {"Demo": SERVICE})
    ids = []
    for offset_s in (0, 86_400):
        with manifest.start(service.jobs, service="Demo", task="Run") as run:
            run.path("Parcels.geojson").write_text(geojson())
            run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
        moment = datetime.now(UTC).timestamp() + offset_s
        os.utime(run.scratch.parent / "job.json", (moment, moment))
        ids.append(run.job_id)
    page = service.get("/").text
    assert 0 < page.index(ids[1]) < page.index(ids[0])
