"""The table of job layouts, in the order tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rendermap.jobs.folder import JobFolder
from rendermap.jobs.found import Found
from rendermap.jobs.job import Job
from rendermap.jobs.layouts import arcgis, manifest, plain
from rendermap.table import Table


@dataclass(frozen=True, slots=True)
class Layout:
    """recognises: is this folder a job of this layout.  read: the job; raises Ended, Broken."""

    name: str
    recognises: Callable[[JobFolder], bool]
    read: Callable[[Found], Job]


LAYOUTS: Table[Layout] = Table(
    "job layout",
    {
        "manifest": Layout("manifest", manifest.recognises, manifest.read),
        "arcgis": Layout("arcgis", arcgis.recognises, arcgis.read),
        "plain": Layout("plain", plain.recognises, plain.read),
    },
)
