"""What is put on a picture: a stamp of its job inside it, and over it, after the cache, a text for the one who asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from rendermap import __version__
from rendermap.access.grant import Grant
from rendermap.dispatch.plan import MapPlan, WatermarkPlan
from rendermap.geo.lattice import Lattice
from rendermap.imaging.formats import FORMATS
from rendermap.imaging.stamp import Stamp
from rendermap.jobs.job import Job
from rendermap.reply import Picture
from rendermap.services.marks import mark_text
from rendermap.services.service import Protection

UNDER_MARK = "png"
"""What a picture below a mark is kept as: without loss, whatever format is asked, so that all formats share it."""


def utc_now() -> datetime:
    """The time, as watermarks tell it."""
    return datetime.now(UTC)


def stamp_of(job: Job, protection: Protection) -> Stamp | None:
    """What pictures of the job tell of it; None where the service wants them to tell nothing."""
    if not protection.stamp:
        return None
    finished = f"{job.finished.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if job.finished else ""
    return Stamp(job.job_id, finished, f"rendermap {__version__}")


def under_mark(plan: MapPlan, protection: Protection) -> MapPlan:
    """The plan of the picture that is kept: the very same where nothing is laid over it."""
    is_marked = protection.watermark and plan.layers
    return replace(plan, format=UNDER_MARK, background=None, quality=None, stamp=None) if is_marked else plan


def watermark_plan(picture: Picture, plan: MapPlan, lattice: Lattice, text: str) -> WatermarkPlan:
    """What lays the text over the picture below a plan.  lattice: of the view."""
    box = plan.view.bbox
    corner = round(box.xmin / lattice.dx - lattice.phase_x), round(-box.ymax / lattice.dy - lattice.phase_y)
    return WatermarkPlan(picture.body, text, corner, plan.view.pixel_ratio, plan.format, plan.background, plan.quality, plan.stamp)


def text_for(grant: Grant, protection: Protection, now: datetime) -> str:
    """The text for whoever was given the grant."""
    return mark_text(protection.watermark, grant.principal.name, now, grant.job_id)


def marked(picture: Picture, body: bytes, format: str) -> Picture:
    """The picture with its text: of one asker, and kept by nobody."""
    return replace(picture, body=body, media_type=FORMATS[format].media_type, is_kept=False)
