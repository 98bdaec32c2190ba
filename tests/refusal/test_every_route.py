"""Every route, for everybody, of every job: what is not for somebody looks like what never was."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from rendermap.access.grant import PUBLIC
from rendermap.frontends.arcgis.address import Resource, parse_address
from rendermap.frontends.arcgis.href import OutputFile, to_token
from rendermap.frontends.arcgis.routes import HANDLERS, REST
from rendermap.frontends.viewer.routes import LISTED
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.jobs import manifest
from rendermap.request import JobRequest, MapRequest
from tests.builders.asgi import Answer, Headers, ask
from tests.builders.counted_service import BOX, CRS, FIELD, CountedService
from tests.builders.guarded import ASKED, HIDDEN, PASSWORDS, SEEN, WHO, Guarded, Somebody, Target, knows, sees
from tests.refusal.addresses import ARCGIS, CATCH_ALL, ROUTES, TOKENS, Address, Kind, every_address, methods_of

T = TypeVar("T")

NEVER_JOB, NEVER_LAYER = "j" + "0" * 32, "7"
AT_ONCE = 24
BODILESS = ("content-length", "transfer-encoding")
PRIVATE_ENOUGH = re.compile(r"\b(private|no-store)\b")
VIEW = MapView(BBox(*BOX.corners), CRS, 64, 64)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Refusals are told at once here; how long they take is for a test of its own."""
    with pytest.MonkeyPatch.context() as patch, capture_logs():
        patch.setattr("rendermap.admission.REFUSAL_STEP_S", 1e-6)
        yield Guarded(tmp_path_factory.mktemp("guarded"))


@pytest.fixture(scope="module")
def asker(world: Guarded) -> Iterator[Asker]:
    with closing(asyncio.new_event_loop()) as loop:
        yield Asker(world, loop)


# --- asking --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Manner:
    """How an address is asked."""

    name: str
    method: str = "GET"
    headers: Headers = ()


PLAIN = Manner("plain")
MANNERS = (
    Manner("head", "HEAD"),
    Manner("the right etag", headers=(("if-none-match", "{etag}"),)),
    Manner("any etag", headers=(("if-none-match", "*"),)),
    Manner("a range", headers=(("range", "bytes=0-15"),)),
    Manner("a browser", headers=(("accept", "text/html"), ("sec-fetch-dest", "document"))),
    Manner("a form", "POST"),
    Manner("another page", headers=(("origin", "https://evil.example"), ("referer", "https://evil.example/x"))),
    Manner("since", headers=(("if-modified-since", "Wed, 01 Jan 2020 00:00:00 GMT"),)),
    Manner("options", "OPTIONS"),
    Manner("put", "PUT"),
)


class Asker:
    """Asks the application as somebody, many questions at once on one loop."""

    def __init__(self, world: Guarded, loop: asyncio.AbstractEventLoop) -> None:
        self.world = world
        self.loop = loop
        self._nobodys: dict[tuple[str, str, str, str], Answer] = {}

    async def ask(self, who: Somebody, path: str, manner: Manner = PLAIN, etag: str = "") -> Answer:
        """The answer somebody gets."""
        headers = tuple((name, value.replace("{etag}", etag)) for name, value in manner.headers)
        return await ask(self.world.app, who.prefix + path, manner.method, (*who.headers, *headers))

    async def ask_nobodys(self, who: Somebody, path: str, manner: Manner, etag: str) -> Answer:
        """The answer about what never was; asked once, since nothing can change it."""
        key = who.name + who.prefix, path, manner.name, etag if manner.headers else ""
        if key not in self._nobodys:
            self._nobodys[key] = await self.ask(who, path, manner, etag)
        return self._nobodys[key]

    def get(self, who: Somebody, path: str) -> Answer:
        """One answer."""
        return self.loop.run_until_complete(self.ask(who, path))

    def all(self, asked: Iterable[T], one: Callable[[T], Any]) -> None:
        """Runs a coroutine for each, so many at once."""

        async def run() -> None:
            turns = asyncio.Semaphore(AT_ONCE)

            async def turn(each: T) -> None:
                async with turns:
                    await one(each)

            async with asyncio.TaskGroup() as group:
                for each in asked:
                    group.create_task(turn(each))

        self.loop.run_until_complete(run())


def names_of(asker: Asker, target: Target) -> dict[str, str]:
    """What addresses of a job are filled with, as somebody who may see it knows it."""
    world, allowed = asker.world, asker.world.everybody(target)[7]
    assert allowed.name == "right link"
    told = asker.get(allowed, f"/xyz/{target.service}/jobs/{target.job_id}/tilejson.json")
    version = re.search(r"/tiles/([^/]+)/\{z\}", told.text)
    legend = asker.get(allowed, f"/arcgis/rest/services/{target.service}/MapServer/jobs/{target.job_id}/legend?f=json").text
    swatch = re.search(r'"url": "([0-9a-f]{24})"', legend)
    return {
        "service": target.service,
        "job": target.job_id,
        "layer": str(SEEN),
        "version": version[1] if version else "0" * 16,
        "swatch": swatch[1] if swatch else "0" * 24,
        "picture": picture_of(world, target.service, target.job_id),
    }


def picture_of(world: Guarded, service: str, job_id: str) -> str:
    """The name of a picture that an export would announce."""
    asked = MapRequest(JobRequest(service, job_id, PUBLIC), VIEW)
    return to_token(OutputFile(asked, "0" * 32), world.door.ring)


def never(world: Guarded, names: Mapping[str, str], *, service: bool) -> dict[str, str]:
    """The same names of a job that never was; of a service that never was, when somebody knows none of that name."""
    name = "X" * len(names["service"]) if service else names["service"]
    return {**names, "service": name, "job": NEVER_JOB, "picture": picture_of(world, name, NEVER_JOB)}


def looks(answer: Answer, names: Mapping[str, str]) -> tuple[object, ...]:
    """All that an answer tells, the asked names taken out: status, headers and body."""

    def blank(text: str) -> str:
        for name, value in sorted(names.items(), key=lambda pair: -len(pair[1])):
            if len(value) > 3:
                text = text.replace(value, f"<{name}>")
        return text

    kept = tuple((name, "any" if name == "etag" else blank(value)) for name, value in answer.headers if name != "date")
    return answer.status, kept, blank(answer.text)


# --- the table is whole --------------------------------------------------------------------------------------------------


def test_every_route_has_a_row(world: Guarded) -> None:
    """A new route fails here until it is said what it is about; what is no plain HTTP route fails in any case."""
    found = methods_of(world.app.routes)
    assert all(found.values()), "a route without methods is nothing that is asked here"
    ours = {template for template in found if template.rstrip("/") not in TOKENS and not template.startswith(REST)}
    assert ours == set(ROUTES)


def test_every_resource_of_the_route_that_takes_all_has_a_row(world: Guarded) -> None:
    """And every form of its address means that very resource; addresses that the documentation shows mean one as well."""
    assert set(ARCGIS) == set(Resource) == set(HANDLERS.names)
    below = [template for template in methods_of(world.app.routes) if template.startswith(REST)]
    assert tuple(below[:2]) == CATCH_ALL, "the route that takes all comes first"
    for resource, rows in ARCGIS.items():
        for _, texts in rows:
            for text in texts:
                assert resource_of(Address(text, Kind.JOB)) is resource, text
    shown = {"jobId": NEVER_JOB, "task": "Run", "parameter": "Seen", "folder": "a_MapServer", "file": "x.png"}
    assert all(resource_of(Address(template, Kind.JOB), NOBODYS | shown) in ARCGIS for template in below[2:])


NOBODYS = {"service": "Nobodys", "job": NEVER_JOB, "layer": "0", "swatch": "0" * 24, "picture": "x"}


def resource_of(address: Address, names: Mapping[str, str] = MappingProxyType(NOBODYS)) -> Resource | None:
    """What an address of ArcGIS REST means; None for one of another protocol."""
    path = address.filled(names).partition("?")[0]
    return parse_address(path.removeprefix(REST)).resource if path.startswith(REST) else None


# --- refused is unknown --------------------------------------------------------------------------------------------------

ADDRESSES = every_address("manifest.json")
ABOUT_JOBS = tuple(address for address in ADDRESSES if address.kind in (Kind.JOB, Kind.LAYER))
TARGETS = (*WHO, "private", "running", "failed", "ended", "ended beside", "broken", "nobody's", "Signed private")


def target_named(world: Guarded, name: str) -> Target:
    """A job by the name of its service, or by what is special about it."""
    service, _, special = name.rpartition(" ") if name == "Signed private" else ("", "", name)
    return next(t for t in world.targets if (t.name == special and service in ("", t.service)) or (t.name == "plain" and t.service == name))


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_job_that_is_not_for_somebody_looks_like_none(asker: Asker, name: str) -> None:
    """Status, headers and words are the same, cached or not, by every method and with every condition; whoever may see it sees it."""
    world, target = asker.world, target_named(asker.world, name)
    names = names_of(asker, target)
    everybody = world.everybody(target)
    allowed = [who for who in everybody if sees(who, target)]
    denied = [who for who in everybody if who.is_credited and not sees(who, target)]
    refused = [who for who in everybody if not who.is_credited]
    assert allowed and len(denied) >= 2 and len(refused) == 6
    faults: list[str] = []

    async def compare(who: Somebody, address: Address, manner: Manner, etag: str = "") -> bool:
        unknown = never(world, names, service=not knows(who, target.service))
        answer = await asker.ask(who, address.filled(names), manner, etag)
        nobodys = await asker.ask_nobodys(who, address.filled(unknown), manner, etag)
        if manner is PLAIN and (target.service != "Everyones" or target.is_private):
            faults.extend(kept_by_all(who, address, answer))
        return looks(answer, names) == looks(nobodys, unknown)

    async def check(address: Address) -> None:
        number, etag = turn[address], '"none"'
        for who in allowed:  # their pictures are kept from here on
            if not await compare(who, address, PLAIN):
                etag = (await asker.ask(who, address.filled(names))).header("etag") or etag
            elif not (target.name.startswith("ended") and resource_of(address) in (Resource.JOB, Resource.CANCEL)):
                # in the GP dialect a job that has ended is one that failed, like any that never was
                faults.append(f"{who.name} may see {address.text} and is told nothing")
        for step, who in enumerate((*denied, refused[number % 6])):
            for manner in (PLAIN, MANNERS[(number + step) % len(MANNERS)]):
                if not await compare(who, address, manner, etag):
                    faults.append(f"{who.name}, {manner.name}: {address.text} is not answered like what never was")

    turn = dict(zip(ABOUT_JOBS, count(), strict=False))
    asker.all(ABOUT_JOBS, check)
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(sorted(set(faults))[:40])


def kept_by_all(who: Somebody, address: Address, answer: Answer) -> Iterator[str]:
    """Says when caches between us and the client may keep what not everybody is answered."""
    control = answer.header("cache-control")
    if not PRIVATE_ENOUGH.search(control) or "public" in control:
        yield f"{who.name}: {address.text} may be kept by all: {answer.status} {control!r}"


@pytest.mark.parametrize("name", WHO)
def test_a_service_that_is_not_for_somebody_looks_like_none(asker: Asker, name: str) -> None:
    """Its tools, its map without a job, and where jobs would be submitted."""
    world, target = asker.world, target_named(asker.world, name)
    names, faults = names_of(asker, target), []
    unknown = never(world, names, service=True)

    async def check(address: Address) -> None:
        for who in world.everybody(target):
            answer, nobodys = await asker.ask(who, address.filled(names)), await asker.ask(who, address.filled(unknown))
            if (looks(answer, names) == looks(nobodys, unknown)) is knows(who, target.service):
                faults.append(f"{who.name}: {address.text} {answer.status}")

    asker.all((address for address in ADDRESSES if address.kind is Kind.SERVICE), check)
    assert not faults


def test_lists_name_what_one_may_see(asker: Asker) -> None:
    """Jobs and services, to each their own, and to whoever came by a link the one job."""
    world = asker.world
    jobs = {*world.targets, *(Target(service, job_id) for service, job_id in world.others.items())}
    for who in world.everybody(target_named(world, "private")):
        seen = {job.job_id for job in jobs if sees(who, job) and job.name not in ("ended", "ended beside", "broken")}
        if who.is_credited and not who.link and who.name == "anna":
            seen |= {job.job_id for job in jobs if job.name == "broken"}
        known = {name for name in WHO if knows(who, name)}
        for address in (*(a.text for a in ADDRESSES if a.kind is Kind.LISTING), "/?service=Everyones", "/?service=Shut"):
            text = asker.get(who, address).text.replace(who.prefix or "//", "")
            assert {job.job_id for job in jobs if job.job_id in text} - seen == set(), (who.name, address)
            assert {name for name in WHO if name in text and f"service={name}" != address[2:]} - known == set(), (who.name, address)
            if address == "/":
                assert {job.job_id for job in jobs if job.job_id in text} == seen, who.name
            if address.startswith(REST):
                assert {name for name in WHO if name in text} == known, who.name


def test_what_is_open_says_nothing(asker: Asker) -> None:
    """Descriptions, health, metrics, scripts and the door itself name no service, job or person, whoever asks."""
    world = asker.world
    words = [*WHO, *PASSWORDS, "portal", str(world.folder), *(t.job_id for t in world.targets)]
    methods = methods_of(world.app.routes)
    for address in (a for a in ADDRESSES if a.kind is Kind.OPEN):
        for who in world.everybody(world.targets[0])[:6]:
            for method in sorted(methods.get(address.text, frozenset({"GET", "HEAD", "POST"}))):
                answer = asker.loop.run_until_complete(asker.ask(who, address.text, Manner("", method)))
                assert [word for word in words if word in answer.text] == [], (address.text, who.name)


@pytest.mark.parametrize("hidden", [HIDDEN, ASKED])
def test_a_layer_that_is_not_for_somebody_looks_like_none(asker: Asker, hidden: int) -> None:
    """Asked about, drawn or listed: a layer of others, and one that a link is not for, is one that the map never had."""
    world, target, faults = asker.world, target_named(asker.world, "Everyones"), []
    names = names_of(asker, target)
    hears_nothing = {HIDDEN: ("public", "ben", "carla", "portal", "link of a layer"), ASKED: ("link of a layer",)}[hidden]
    asked = [a for a in ABOUT_JOBS if a.kind is Kind.LAYER or "layers=" in a.text]

    async def check(address: Address) -> None:
        text = address.text.replace("layers=0", "layers={layer}").replace("layers=show:0", "layers=show:{layer}")
        for who in world.everybody(target):
            ours, nobodys = ({**names, "layer": layer} for layer in (str(hidden), NEVER_LAYER))
            answer = await asker.ask(who, Address(text, address.kind).filled(ours))
            unknown = await asker.ask(who, Address(text, address.kind).filled(nobodys))
            if who.name in hears_nothing and looks(answer, ours) != looks(unknown, nobodys):
                faults.append(f"{who.name}: {address.text}\n {looks(answer, ours)}\n {looks(unknown, nobodys)}")
            is_told = "swatch" not in text and "style.sld" not in text
            if who.name == "right link" and is_told and looks(answer, ours) == looks(unknown, nobodys):
                faults.append(f"{who.name}: {address.text} tells nothing")

    asker.all(asked, check)
    assert not faults, "\n".join(faults[:5])


@pytest.mark.parametrize("name", [name for name in TARGETS if name not in WHO])
def test_no_answer_names_a_field_a_file_or_a_person(asker: Asker, name: str) -> None:
    """Whatever is asked by the public or by a link, of a job in whatever state."""
    world, target = asker.world, target_named(asker.world, name)
    words = (FIELD, "of_the_town", "geojson", "anna", str(world.folder), world.folder.name, "Traceback", ".py")
    names, faults = names_of(asker, target), []
    somebody = [who for who in world.everybody(target) if who.name in ("public", "right link", "link of a layer")]

    async def check(address: Address) -> None:
        for who in somebody:
            answer = await asker.ask(who, address.filled(names))
            told = answer.text + str(answer.headers)
            # a link for data names the fields of the layer that gives them, where all layers are told of
            has_data = who.name == "right link" and "/layers?" in address.text
            faults.extend(f"{who.name}: {address.text} says {word}" for word in words[has_data:] if word in told)

    asker.all(ABOUT_JOBS, check)
    assert not faults, faults[:10]


def test_jobs_of_others_take_no_places_in_a_list(tmp_path: Path) -> None:
    """However many newer ones are private, the public's list is as long as without them."""
    service = CountedService(tmp_path, {"Shown": 'title = "Shown"\n[[tasks]]\nname = "Run"\n'})
    shown = [manifest.start(service.jobs, service="Shown", task="Run").job_id for _ in range(3)]
    for _ in range(LISTED):
        manifest.start(service.jobs, service="Shown", task="Run", owner="anna", private=True)
    listed = service.get("/").text
    assert all(job_id in listed for job_id in shown) and "newest" not in listed
