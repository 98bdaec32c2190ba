"""What is given again from memory is what the whole way would give, to the same people, counted the same, and for half a second at most."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from rendermap.allowance import Allowance
from rendermap.audit import Audit
from rendermap.frontends.leases import LEASE_S, RENEWED_S
from rendermap.jobs import manifest
from rendermap.jobs.catalog import Catalog
from rendermap.jobs.job import Job
from rendermap.ledger import Ledger
from rendermap.limits import PIXEL_BUDGET
from rendermap.telemetry import Metrics, make_metrics
from tests.builders.asgi import CLIENT, Answer, Headers, ask
from tests.builders.clock import Clock
from tests.builders.counted_service import CountedService, geojson
from tests.builders.guarded import Guarded

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
EXPORT = "/arcgis/rest/services/Demo/MapServer/jobs/{job}/export?bbox=700000,4000000,706000,4006000&bboxSR=32616&f=image&size=300,200"
MOVING = "/xyz/Demo/jobs/{job}/tiles/0/0/0.png"
PICTURES = (MOVING, "/xyz/Demo/jobs/{job}/tiles/{version}/0/0/0@2x.png?layers=0", EXPORT)
NOW: Headers = (("cache-control", "no-cache"),)
"""Asks the whole way."""


class Journal:
    """Keeps lines."""

    def __init__(self) -> None:
        self.lines: list[Any] = []

    def open(self) -> None:
        """It is."""

    def write(self, line: Any) -> None:
        """In a list."""
        self.lines.append(line)


@dataclass
class Remembering:
    """A service with one job, whose clock of leases stands still.  looks: how often the job was looked at."""

    service: CountedService
    job: str
    folder: Path
    metrics: Metrics
    audit: Audit
    journal: Journal
    clock: Clock = field(default_factory=Clock)
    looks: int = 0

    def ask(self, path: str, headers: Headers = (), method: str = "GET", client: str = CLIENT) -> Answer:
        """The answer."""
        return asyncio.run(ask(self.service.app, self.filled(path), method, headers, client=client))

    def filled(self, path: str) -> str:
        """With the job and its version."""
        if "{version}" not in path:
            return path.format(job=self.job)
        told = json.loads(self.ask("/xyz/Demo/jobs/{job}/tilejson.json").body)
        return path.format(job=self.job, version=told["tiles"][0].split("/tiles/")[1].split("/")[0])

    def is_remembered(self, path: str, headers: Headers = (), method: str = "GET") -> bool:
        """True when it is answered without a look at the job."""
        path, before = self.filled(path), self.looks
        return asyncio.run(ask(self.service.app, path, method, headers)).status in (200, 304) and self.looks == before


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remembering:
    return remembering(tmp_path, monkeypatch)


def remembering(folder: Path, monkeypatch: pytest.MonkeyPatch, described: str = SERVICE, megapixels: int = 0) -> Remembering:
    """megapixels: of a client in an hour."""
    metrics, journal = make_metrics(), Journal()
    audit = Audit(journal, metrics)
    ledger = Ledger(Allowance(budget=replace(PIXEL_BUDGET, value=megapixels), now=Clock()), audit, metrics)
    service = CountedService(folder, {"Demo": described}, ledger)
    with manifest.start(service.jobs, service="Demo", task="Run", owner="anna") as run:
        run.path("Parcels.geojson").write_text(geojson(), encoding="utf-8")
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    made = Remembering(service, run.job_id, run.root, metrics, audit, journal)
    find = Catalog.find

    def counted(self: Catalog, name: str, job_id: str) -> Job:
        made.looks += 1
        return find(self, name, job_id)

    monkeypatch.setattr(Catalog, "find", counted)
    monkeypatch.setattr("rendermap.admission.REFUSAL_STEP_S", 1e-6)
    service.app.state.leases.now = made.clock
    return made


@pytest.mark.parametrize("path", PICTURES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("extra", [(), (("origin", "https://a.example"),)])
def test_a_remembered_answer_is_the_answer_of_the_whole_way(world: Remembering, path: str, method: str, extra: Headers) -> None:
    """To the byte and the header, its 304 too; a condition that names another picture is answered with the picture."""
    first = world.ask(path, extra)
    named: Headers = (("if-none-match", f'"x", {first.header("etag")}'), *extra)
    for headers in (extra, named, (("if-none-match", '"x"'), *extra)):
        assert world.is_remembered(path, headers, method)
        assert world.ask(path, headers, method) == world.ask(path, (*headers, *NOW), method)
    assert world.ask(path, named).status == 304 and world.ask(path, extra).status == 200


def hide(world: Remembering) -> None:
    """It is its owner's alone."""
    world.folder.with_name(f"{world.job}.access").write_text('{"owner": "anna", "private": true}')


def end(world: Remembering) -> None:
    """It has ended."""
    manifest.resume(world.folder).end()


def remove(world: Remembering) -> None:
    """Its folder is gone."""
    shutil.rmtree(world.folder)


@pytest.mark.parametrize("change", [hide, end, remove])
@pytest.mark.parametrize("path", PICTURES)
def test_what_was_taken_away_is_given_for_half_a_second_at_most(
    world: Remembering, path: str, change: Callable[[Remembering], None]
) -> None:
    """A job made private, ended or removed: the picture and its 304 are refused once the lease has run out, whoever asked meanwhile."""
    path = world.filled(path)
    named: Headers = (("if-none-match", world.ask(path).header("etag")),)
    assert world.is_remembered(path)
    change(world)
    for _ in range(4):
        world.clock.now += LEASE_S / 4
        world.ask(path)
    for headers in ((), named):
        told = world.ask(path, headers)
        assert told.status not in (200, 304) or b'"error"' in told.body


def test_a_changed_result_is_shown_within_half_a_second(world: Remembering) -> None:
    """All tiles of the job, those included that nobody asked for when it was noticed; the address of the old version is gone."""
    versioned, other = world.filled(PICTURES[1]), "/xyz/Demo/jobs/{job}/tiles/0/0/0@2x.png"
    before = {path: world.ask(path).header("etag") for path in (MOVING, other, versioned)}
    assert all(map(world.is_remembered, before))
    next(world.folder.rglob("Parcels.geojson")).write_text(geojson() + " \n", encoding="utf-8")
    world.clock.now += LEASE_S
    assert world.ask(MOVING).header("etag") != before[MOVING]
    assert world.ask(other).header("etag") != before[other]
    assert world.ask(versioned).status == 404


def test_one_question_renews_the_lease_for_all(world: Remembering) -> None:
    """Of those who ask when half of its time is over, one goes the whole way; whoever comes later is answered from memory again."""
    world.ask(MOVING)
    world.clock.now += RENEWED_S
    before = world.looks

    async def crowd() -> None:
        await asyncio.gather(*(ask(world.service.app, world.filled(MOVING)) for _ in range(8)))

    asyncio.run(crowd())
    assert world.looks == before + 1
    world.clock.now += LEASE_S - 0.01
    assert not world.is_remembered(MOVING)
    assert world.is_remembered(MOVING)


def test_one_look_serves_all_strangers(world: Remembering) -> None:
    """Wherever they ask from: the picture and its 304 are given from memory, and each address has its own line in the audit log."""
    first, before = world.ask(MOVING), world.looks
    counts(world)
    addresses = [f"198.51.100.{number}" for number in range(20)]
    for address in addresses:
        assert world.ask(MOVING, client=address) == first
        assert world.ask(MOVING, (("if-none-match", first.header("etag")),), client=address).status == 304
    assert world.looks == before
    assert sorted(counts(world)[2]) == sorted((f"public:{address}", world.job, 3, 1, 65_536) for address in addresses)  # type: ignore[call-overload]


def counts(world: Remembering) -> tuple[object, ...]:
    """What the metrics and the audit log tell since the last time."""
    names = ("rendermap_pictures_served_total", "rendermap_pixels_served_total")
    world.audit.sum_up()
    world.audit.write_out()
    sums = [line for line in world.journal.lines if line["what"] == "sights"]
    world.journal.lines.clear()
    told = [(line["who"], line["job"], line["times"], line["pictures"], line["pixels"]) for line in sums]
    return (*(world.metrics.registry.get_sample_value(name) for name in names), told)


@pytest.mark.parametrize("path", PICTURES)
def test_what_is_remembered_is_counted_all_the_same(world: Remembering, path: str) -> None:
    """Pictures, pixels and sights, and those of a 304, are as many as on the whole way."""
    path = world.filled(path)
    named: Headers = (("if-none-match", world.ask(path).header("etag")),)

    def growth(headers: Headers) -> tuple[float, float, object]:
        before = counts(world)
        for condition in ((), named):
            assert world.is_remembered(path, (*condition, *headers)) is (headers == ())
        after = counts(world)
        return after[0] - before[0], after[1] - before[1], after[2]  # type: ignore[operator]

    remembered, whole = growth(()), growth(NOW)
    assert remembered == whole and remembered[:2] > (0, 0)
    assert str(remembered[2]).startswith(f"[('public:{CLIENT}', '{world.job}', 3, 1, ")


def test_a_budget_is_spent_by_what_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A megapixel is fifteen tiles of 256 pixels, wherever they come from; the next is refused as on the whole way, and a 304 is not."""
    world = remembering(tmp_path, monkeypatch, megapixels=1)
    told = [world.ask(MOVING) for _ in range(16)]
    assert [answer.status for answer in told] == [200] * 15 + [429]
    assert world.looks == 2 and told[15] == world.ask(MOVING, NOW)
    assert world.ask(MOVING, (("if-none-match", told[0].header("etag")),)).status == 304
    assert world.ask(MOVING, client="198.51.100.7").status == 200 and world.looks == 3


BEARING: tuple[Headers, ...] = (
    (("authorization", "Bearer forged"),), (("x-esri-authorization", "Bearer forged"),), (("x-api-key", "rmk_forged"),),
)  # fmt: skip


def test_who_brings_a_credential_goes_the_whole_way(world: Remembering) -> None:
    """One that is not good is refused though the picture lies in memory, and so is one in the address or a link; a cookie is nobody's."""
    assert world.ask(MOVING).status == 200 and world.is_remembered(MOVING)
    assert [world.ask(MOVING, headers).status for headers in BEARING] == [401] * 3
    assert world.ask(f"{MOVING}?token=forged").status == 401
    assert world.ask(f"/links/eyJ.xyz{MOVING}").status == 404
    for headers in ((("cookie", "a=b"),), (("content-length", "0"),), NOW):
        assert world.ask(MOVING, headers).status == 200 and not world.is_remembered(MOVING, headers)


def test_strangers_that_must_sign_in_are_told_so(world: Remembering) -> None:
    """As soon as the access folder says so, which is looked at once a second, whatever lease there is."""
    assert world.ask(MOVING).status == 200 and world.is_remembered(MOVING)
    world.service.access.mkdir(exist_ok=True)
    (world.service.access / "access.toml").write_text('sign_in = "required"\n')
    world.service.app.state.doorkeeper._checked = float("-inf")
    assert world.ask(MOVING).status == 401


def test_a_picture_for_its_asker_alone_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It bears their name, or the day."""
    world = remembering(tmp_path, monkeypatch, f'{SERVICE}[protection]\nwatermark = "{{who}}"\n')
    for path in (MOVING, EXPORT):
        assert world.ask(path).header("content-type") == "image/png"
        assert not world.is_remembered(path)


def test_what_some_may_see_is_not_remembered_for_others(tmp_path: Path) -> None:
    """Somebody who signed in was given the picture; a stranger who asks the same address is refused."""
    world = Guarded(tmp_path)
    job = next(target.job_id for target in world.targets if target.service == "Signed")
    path, token = MOVING.replace("Demo", "Signed").format(job=job), world.tokens["ben"]
    for address, headers in ((path, (("authorization", f"Bearer {token}"),)), (f"{path}?token={token}", ())):
        assert asyncio.run(ask(world.app, address, headers=headers)).status == 200
        assert asyncio.run(ask(world.app, path)).status == 404
