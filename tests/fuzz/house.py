"""A whole service over the folders that damaged files are put in, and what is asked of it."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

import shapely

from rendermap.access.grant import PUBLIC
from rendermap.assembly import Assembled, build
from rendermap.errors import BadRequest, InvalidBbox, RendermapError
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.imaging.formats import FORMATS
from rendermap.open_map import OpenMap
from rendermap.request import JobRequest, LegendRequest, MapRequest
from rendermap.services.reader import read_services
from rendermap.services.service import Service
from rendermap.settings import read_settings
from tests.builders.rasters import write_array
from tests.builders.vectors import write_features
from tests.fuzz.seeds import COLUMNS, DOCUMENT, SERVICE, Seed, good_cells

T = TypeVar("T")

SLOWEST_OF_ITS_OWN_S = 10.0
"""The longest that the service's own process may work on one file."""
WORST_TRIES = 16
"""A plan is tried twice, a picture without its culprit again, and workers are started anew between."""
PATH = re.compile(r"(?:/[\w.-]+){2,}|[A-Za-z]:\\")
STYLED = {"Areas": "GPFeatureRecordSetLayer", "Points": "GPFeatureRecordSetLayer", "Cells": "GPRasterDataLayer"}
PARAMETER = """
[[tasks.parameters]]
name = "{}"
type = "{}"
direction = "output"
[tasks.parameters.layer]
access = "data"
{}
"""


class Violation(Exception):
    """The service did what it must never do."""


@dataclass(frozen=True)
class House:
    """room: the folder of its folders.  published: the services; those of a trial come and go.  note: is told the reasons of errors."""

    room: Path
    assembled: Assembled
    published: dict[str, Service]
    deadline_s: float
    note: Callable[[str | None], None]

    async def try_files(self, seed: Seed, files: Mapping[str, bytes], chance: Random) -> str:
        """What comes of damaged files, in a word.  Raises Violation, and whatever else the service should have caught."""
        match seed.kind:
            case "dataset":
                write_anew(self.room / "jobs" / "data_gpserver" / seed.name / "scratch", files)
                return await self._ask(JobRequest("Data", seed.name), chance)
            case "layer file":
                service = f"Styled{Path(seed.main).suffix[1:]}"
                write(self.room / "services" / service, files)
                return await self._ask(JobRequest(service, "good"), chance)
            case "document":
                write(self.room / "jobs" / "good_gpserver" / "document", files)
                await self._bounded(self.assembled.service.jobs(PUBLIC))
                return await self._ask(JobRequest("Good", "document"), chance)
            case _:
                return await self._try_service(files, chance)

    async def _try_service(self, files: Mapping[str, bytes], chance: Random) -> str:
        write(self.room / "tried" / "Good", files)
        services, faults = await self._in_time(lambda: read_services(self.room / "tried"))
        if not services:
            return "not published" if list(map(str, faults)) else "gone without a word"
        kept = dict(self.published)
        self.published.update(services)
        try:
            return await self._ask(JobRequest("Good", "good"), chance)
        finally:
            self.published.update(kept)

    async def _ask(self, request: JobRequest, chance: Random) -> str:
        """All that a viewer asks."""
        try:
            await self._bounded(self.assembled.service.job(request))
            opened = await self._bounded(self.assembled.service.open(request))
            drawn = await self._draw(opened, request, chance)
            await self._bounded(opened.legend(LegendRequest(request)))
            await self._in_time(lambda: [opened.styles_in(language) for language in ("drawing_info", "sld")])
        except RendermapError as error:
            return self._told(error)
        faults = [layer.fault for layer in opened.card.layers if layer.fault]
        for sentence in faults:
            self._check(sentence)
        return f"{drawn}, {faults[0]}" if faults else drawn

    async def _draw(self, opened: OpenMap, request: JobRequest, chance: Random) -> str:
        card, part = opened.card, _part(opened.card.bbox, chance)
        outcome = ""
        for view in (MapView(card.bbox, card.crs, 96, 64), part and MapView(part, card.crs, 64, 64, chance.choice((1.0, 2.0)))):
            if view:
                asked = MapRequest(request, view, format=chance.choice(FORMATS.names))
                picture = await self._bounded(opened.draw(asked))
                outcome = outcome or ("empty" if picture.empty else "drawn")
        return outcome

    def _told(self, error: RendermapError) -> str:
        self.note(error.reason)
        for sentence in (error.sentence, *error.details):
            self._check(sentence)
        if isinstance(error, BadRequest) and not isinstance(error, InvalidBbox):
            raise Violation(f"the question is blamed for the file: {error.code}: {error.sentence}: {error.reason}") from error
        return error.code

    def _check(self, sentence: str) -> None:
        if str(self.room) in sentence or PATH.search(sentence):
            raise Violation(f"a path is told: {sentence!r}")

    async def _bounded(self, asked: Awaitable[T]) -> T:
        try:
            return await asyncio.wait_for(asked, WORST_TRIES * self.deadline_s + SLOWEST_OF_ITS_OWN_S)
        except TimeoutError:
            raise Violation("no answer in time") from None

    async def _in_time(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.wait_for(asyncio.to_thread(work), SLOWEST_OF_ITS_OWN_S)
        except TimeoutError:
            raise Violation(f"the service's own process worked for more than {SLOWEST_OF_ITS_OWN_S} s") from None


@asynccontextmanager
async def open_house(
    room: Path, seeds: Iterable[Seed], workers: int, deadline_s: float, note: Callable[[str | None], None]
) -> AsyncIterator[House]:
    """A service that runs.  room: an empty folder."""
    _furnish(room, tuple(seeds))
    published, faults = read_services(room / "services")
    assert not faults, faults
    folders = {"jobs": (room / "jobs",), "services": room / "services", "access": room / "access"}
    settings = read_settings(**folders, workers=workers, deadline_s=deadline_s, memory_limit_mb=1024)
    assembled = build(settings, services=lambda: published)
    await assembled.start()
    try:
        yield House(room, assembled, published, deadline_s, note)
    finally:
        await assembled.stop()


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Files by name, each put in the place of the one before."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(content)


def write_anew(folder: Path, files: Mapping[str, bytes]) -> None:
    """Files by name, and no others."""
    shutil.rmtree(folder, ignore_errors=True)
    write(folder, files)


def _furnish(room: Path, seeds: tuple[Seed, ...]) -> None:
    good = room / "jobs" / "good_gpserver" / "good"
    (good / "scratch").mkdir(parents=True)
    write_features(good / "scratch", [shapely.box(i, 0, i + 1, 1) for i in range(6)], COLUMNS, name="areas")
    write_features(good / "scratch", [shapely.Point(i, 2) for i in range(6)], COLUMNS, name="points")
    write_array(good / "scratch" / "cells.tif", good_cells())
    shutil.copytree(good, room / "jobs" / "good_gpserver" / "document")
    outputs = {"Areas": "areas.fgb", "Points": "points.fgb", "Cells": "cells.tif"}
    _describe(good, "Good", "Run", outputs)
    samples = {seed.main: seed.files for seed in seeds if seed.kind == "layer file"}
    write(room / "services" / "Good", {**SERVICE.files, **samples["sample.lyrx"]})
    write(room / "tried" / "Good", {"sample.lyrx": b"{}"})
    write(room / "jobs" / "good_gpserver" / "document", DOCUMENT.files)
    for main, files in samples.items():
        name = f"Styled{Path(main).suffix[1:]}"
        layers = "".join(PARAMETER.format(p, type_, f'style = "{main}"') for p, type_ in STYLED.items())
        write(room / "services" / name, {**files, "service.toml": f'title = "{name}"\n[[tasks]]\nname = "Run"\n{layers}'.encode()})
        shutil.copytree(good, room / "jobs" / f"{name.lower()}_gpserver" / "good")
        _describe(room / "jobs" / f"{name.lower()}_gpserver" / "good", name, "Run", outputs)
    tasks = {"raster": "GPRasterDataLayer", "vector": "GPFeatureRecordSetLayer"}
    text = "".join(f'[[tasks]]\nname = "{task}"\n{PARAMETER.format("Out", type_, "")}' for task, type_ in tasks.items())
    write(room / "services" / "Data", {"service.toml": f'title = "Data"\ncrs = "EPSG:32611"\n{text}'.encode()})
    for seed in seeds:
        if seed.kind == "dataset":
            folder = room / "jobs" / "data_gpserver" / seed.name
            write(folder / "scratch", seed.files)
            _describe(folder, "Data", "vector" if seed.is_vector else "raster", {"Out": seed.main})


def _describe(job: Path, service: str, task: str, outputs: Mapping[str, str]) -> None:
    document = {
        "version": 1, "service": service, "task": task, "job_id": job.name, "status": "succeeded", "created": "2026-03-01T12:00:00Z",
        "outputs": {name: {"dataset": f"%scratchworkspace%/{dataset}"} for name, dataset in outputs.items()},
    }  # fmt: skip
    (job / "job.json").write_text(json.dumps(document))


def _part(box: BBox, chance: Random) -> BBox | None:
    """Some part of a box, None where numbers are too coarse for one."""
    x, y = box.xmin + chance.random() * box.width / 2, box.ymin + chance.random() * box.height / 2
    try:
        part = BBox(x, y, x + box.width / 3, y + box.height / 3)
    except InvalidBbox:
        return None
    return part if part.width > 0 and part.height > 0 else None
