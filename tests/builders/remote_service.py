"""A service whose tasks another server runs, and an engine that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rendermap.gp.engines.engine import Site
from rendermap.gp.engines.ogcapi import OgcApiEngine
from tests.builders.tooled import Workshop

HEAD = """
title = "Tools"
[run]
engine = "ogcapi"
url = "{url}"
time_limit_s = {time_limit_s}
"""
BUFFER = """
[[tasks]]
name = "Buffer Points"
[[tasks.parameters]]
name = "Input_Points"
type = "GPFeatureRecordSetLayer"
[[tasks.parameters]]
name = "Distance"
type = "GPLinearUnit"
[[tasks.parameters]]
name = "Day"
type = "GPDate"
[[tasks.parameters]]
name = "Squares"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
[[tasks.parameters]]
name = "Count"
type = "GPLong"
direction = "output"
[[tasks.parameters]]
name = "DAY"
type = "GPDate"
direction = "output"
"""
NUMBER = """
[[tasks]]
name = "{name}"
process = "{process}"
[[tasks.parameters]]
name = "Number"
type = "GPDouble"
required = false
[[tasks.parameters]]
name = "Area"
type = "{kind}"
direction = "output"
"""


def lay_out(folder: Path, url: str, tasks: str, *, time_limit_s: float = 30.0) -> None:
    """A service Tools.  tasks: of its service.toml."""
    (folder / "styles" / "Tools").mkdir(parents=True, exist_ok=True)
    (folder / "styles" / "Tools" / "service.toml").write_text(HEAD.format(url=url, time_limit_s=time_limit_s) + tasks)


def number_task(name: str, process: str, kind: str = "GPDouble") -> str:
    """A task with an output Area."""
    return NUMBER.format(name=name, process=process, kind=kind)


@asynccontextmanager
async def asking(folder: Path) -> AsyncIterator[Workshop]:
    """With an engine at work."""
    workshop = Workshop(folder / "jobs", folder / "styles")
    engine = OgcApiEngine(Site((workshop.jobs,), workshop.services.current))
    workshop.engine = engine
    await engine.start()
    try:
        yield workshop
    finally:
        await engine.stop()
