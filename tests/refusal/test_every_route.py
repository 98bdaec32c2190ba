"""Every route, for everybody, of every job: what is not for somebody looks like what never was."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from rendermap.access.grant import PUBLIC
from rendermap.frontends.arcgis.address import Resource, parse_address
from rendermap.frontends.arcgis.href import OutputFile, to_token
from rendermap.frontends.arcgis.routes import HANDLERS, REST
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.request import JobRequest, MapRequest
from tests.builders.asgi import Answer, Headers, ask
from tests.builders.counted_service import BOX, CRS
from tests.builders.guarded import SEEN, WHO, Guarded, Somebody, Target, knows, sees
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
        patch.setattr("rendermap.service.REFUSAL_STEP_S", 1e-6)
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
    names = {"service": "Everyones", "job": NEVER_JOB, "layer": "0", "swatch": "0" * 24, "picture": "x"}
    for resource, rows in ARCGIS.items():
        for _, texts in rows:
            for text in texts:
                assert resource_of(Address(text, Kind.JOB).filled(names)) is resource, text
    shown = {"jobId": NEVER_JOB, "task": "Run", "parameter": "Seen", "folder": "a_MapServer", "file": "x.png"}
    assert all(resource_of(Address(template, Kind.JOB).filled(names | shown)) in ARCGIS for template in below[2:])


def resource_of(path: str) -> Resource:
    """What an address means."""
    return parse_address(path.partition("?")[0].removeprefix(REST)).resource


# --- refused is unknown --------------------------------------------------------------------------------------------------

ADDRESSES = every_address("manifest.json")
ABOUT_JOBS = tuple(address for address in ADDRESSES if address.kind in (Kind.JOB, Kind.LAYER))
TARGETS = (*WHO, "private", "running", "failed", "ended", "ended beside", "broken", "nobody's", "Signed private")


def target_named(world: Guarded, name: str) -> Target:
    """A job by the name of its service, or by what is special about it."""
    service, _, special = name.rpartition(" ") if name == "Signed private" else ("", "", name)
    return next(t for t in world.targets if (t.name == special and service in ("", t.service)) or (t.name == "plain" and t.service == name))


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
            etag = (await asker.ask(who, address.filled(names))).header("etag") or etag
            if await compare(who, address, PLAIN):
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
