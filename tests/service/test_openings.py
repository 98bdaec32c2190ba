"""What was found of a job is believed for a moment: by those it was found for, and by nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rendermap.access.grant import Principal, PrincipalKind
from rendermap.audit import Audit
from rendermap.errors import JobNotFound
from rendermap.jobs import manifest
from rendermap.jobs.catalog import Catalog
from rendermap.jobs.job import Job
from rendermap.ledger import Ledger
from rendermap.open_map import OpenMap
from rendermap.request import JobRequest
from rendermap.service import MapService, Rooms
from rendermap.telemetry import make_metrics
from tests.builders.clock import Clock
from tests.builders.counted_service import CountedService, geojson

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
LOOK_S = 0.125
ANNA, BEN = (Principal(name, PrincipalKind.USER) for name in ("anna", "ben"))
HERE, THERE = (Principal(address=f"198.51.100.{number}") for number in (1, 2))


class Shelf:
    """A catalogue that counts how often it is looked at."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.looks = 0

    def find(self, service: str, job_id: str) -> Job:
        self.looks += 1
        return self._catalog.find(service, job_id)

    def list(self, service: str | None = None, limit: int = 200) -> tuple[Job, ...]:
        return self._catalog.list(service, limit)


class World:
    """A service with one job of anna's, whose clock stands still."""

    def __init__(self, folder: Path) -> None:
        self.audit = Audit(self, make_metrics())
        self.lines: list[object] = []
        counted = CountedService(folder, {"Demo": SERVICE}, Ledger(audit=self.audit))
        with manifest.start(counted.jobs, service="Demo", task="Run", owner="anna") as run:
            run.path("Parcels.geojson").write_text(geojson(), encoding="utf-8")
            run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
        self.root, self.clock = run.root, Clock()
        rooms = counted.assembled.service._rooms
        self.shelf = Shelf(Catalog((counted.jobs,), services=rooms.services))
        self.service = MapService(
            Rooms(rooms.services, self.shelf, rooms.drawables, rooms.library, rooms.studio, look_s=LOOK_S, now=self.clock)
        )

    def open(self) -> None:
        """It is a journal."""

    def write(self, line: object) -> None:
        self.lines.append(line)

    def hide(self) -> None:
        """From now on the job is its owner's alone."""
        self.root.with_name(f"{self.root.name}.access").write_text('{"owner": "anna", "private": true}')

    async def map_for(self, principal: Principal) -> OpenMap:
        return await self.service.open(JobRequest("Demo", self.root.name, principal))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("rendermap.admission.REFUSAL_STEP_S", 1e-6)
    return World(tmp_path)


def test_one_look_is_all_strangers_and_each_is_told_of(world: World) -> None:
    """Two strangers are one look at the folder, and two lines in the audit log, each with an own grant."""

    async def both() -> None:
        for stranger in (HERE, THERE, HERE):
            assert (await world.map_for(stranger))._grant.principal == stranger

    asyncio.run(both())
    world.audit.write_out()
    assert world.shelf.looks == 1
    assert [line["address"] for line in world.lines] == [HERE.address, THERE.address]  # type: ignore[index]


def test_what_was_found_for_one_is_nobody_elses(world: World) -> None:
    """A private job was opened by its owner a moment ago: strangers and others who signed in are refused all the same."""
    world.hide()

    async def ask() -> None:
        await world.map_for(ANNA)
        for other in (HERE, BEN):
            with pytest.raises(JobNotFound):
                await world.map_for(other)
        looks = world.shelf.looks
        await world.map_for(ANNA)
        assert world.shelf.looks == looks

    asyncio.run(ask())


@pytest.mark.parametrize("who", [HERE, BEN])
def test_what_was_taken_away_is_believed_for_a_moment_only(world: World, who: Principal) -> None:
    """And for no longer by being asked for all the time."""

    async def ask() -> None:
        await world.map_for(who)
        world.hide()
        world.clock.now += LOOK_S / 4
        await world.map_for(who)
        world.clock.now += LOOK_S / 4
        with pytest.raises(JobNotFound):
            await world.map_for(who)
        await world.map_for(who)
        world.clock.now += LOOK_S / 2
        with pytest.raises(JobNotFound):
            await world.map_for(who)

    asyncio.run(ask())


def test_one_of_many_looks_again_before_the_time_is_over(world: World) -> None:
    """The others go on with what was found before, and with what it found then."""

    async def ask() -> None:
        await world.map_for(HERE)
        world.clock.now += LOOK_S / 2
        await asyncio.gather(*(world.map_for(stranger) for stranger in (HERE, THERE) * 8))
        assert world.shelf.looks == 2
        world.clock.now += LOOK_S * 0.4
        await world.map_for(THERE)
        assert world.shelf.looks == 2

    asyncio.run(ask())
