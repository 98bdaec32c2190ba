"""Services for everybody, for some and for nobody, with public, private and damaged jobs; and everybody who might ask for them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio

from rendermap.access import realm
from rendermap.access.doorkeeper import Binding
from rendermap.access.grant import UNBOUNDED, Link, Operation
from rendermap.access.passwords import hash_password
from rendermap.access.realm import ApiKey, LinksDocument, User
from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.plan import LegendPlan, MapPlan
from rendermap.jobs import manifest
from rendermap.reply import LegendEntry, LegendLayer
from tests.builders.asgi import Headers
from tests.builders.counted_service import CountedService, Counter, geojson
from tests.builders.doors import open_door

SEEN, ASKED, GIVEN, HIDDEN = range(4)
TASK = """
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Height"
type = "GPDouble"
"""
OUTPUT = """
[[tasks.parameters]]
name = "{name}"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
dataset = "%scratchworkspace%/{name}_of_the_town.geojson"
access = "{access}"
"""
LAYERS = {"Seen": "view", "Asked": "identify", "Given": "data"}
HIDDEN_LAYER = OUTPUT.format(name="Hidden", access="view") + '[tasks.parameters.layer.who]\nview = ["user:anna"]\n'
WHO = {
    "Everyones": "", "Signed": 'view = ["signed_in"]', "Owned": 'view = ["owner"]', "Named": 'view = ["user:anna"]',
    "Grouped": 'view = ["group:planners"]', "Keyed": 'view = ["key:portal"]', "Shut": "view = []",
}  # fmt: skip
"""Service -> who may look at its jobs."""
PASSWORDS = {"anna": "correct horse", "ben": "battery", "carla": "staple"}
GROUPS = {"carla": ("planners",)}
API_KEY = "rmk_portal"
EVERYWHERE = Binding()
DAY_S = 86_400


class Painter(Counter):
    """Its pictures are no more than the numbers of the layers on them, and every layer has a legend of one line."""

    async def draw(self, plan: MapPlan) -> Drawn:
        """The numbers."""
        return Drawn(repr([layer.id for layer in plan.layers]).encode(), not plan.layers, plan.view.width_px, plan.view.height_px)

    async def legend_sheet(self, plan: LegendPlan) -> Drawn:
        """The numbers."""
        return Drawn(repr([layer.id for layer in plan.layers]).encode(), False, 1, 1)

    async def legend(self, plan: LegendPlan) -> tuple[LegendLayer, ...]:
        """One swatch each."""
        return tuple(LegendLayer(s.id, s.name, "vector", None, None, "", (LegendEntry("all", _swatch(s.id), 1, 1),)) for s in plan.layers)


def _swatch(layer_id: int) -> bytes:
    return b"\x89PNG swatch of %d" % layer_id


@dataclass(frozen=True, slots=True)
class Target:
    """A job that is there.  service: as published.  name: what is special about it.  is_private: anna's own."""

    service: str
    job_id: str
    name: str = "plain"
    is_private: bool = False
    is_nobodys: bool = False


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who asks, by what they bring.  prefix: before every path.  link: what a link is for, if it is good."""

    name: str
    headers: Headers = ()
    prefix: str = ""
    link: Link | None = None
    is_credited: bool = True


class Guarded:
    """The services of `WHO`, each with jobs, and the people of `PASSWORDS`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        access = folder / "access"
        realm.write_users(access, {n: User(password=hash_password(p), groups=GROUPS.get(n, ())) for n, p in PASSWORDS.items()})
        realm.write_keys(access, {"portal": ApiKey(digest=hashlib.sha256(API_KEY.encode()).hexdigest())})
        realm.write_links(access, LinksDocument(revoked=("revoked",)))
        self.service = CountedService(folder, {name: described(name) for name in WHO}, counter=Painter())
        self.app = self.service.app
        self.door = open_door(access)
        self.targets = (*(Target(name, self._finish(name)) for name in WHO), *self._special())
        self.others = {name: self._finish(name) for name in WHO}
        self.tokens = {name: self._token(name) for name in PASSWORDS}
        self.late_token = self._token("anna", now=lambda: time.time() - DAY_S)

    def everybody(self, target: Target) -> tuple[Somebody, ...]:
        """Everybody who might ask for a job."""
        return (
            Somebody("public"),
            *(Somebody(name, (("authorization", f"Bearer {token}"),)) for name, token in self.tokens.items()),
            Somebody("portal", (("x-api-key", API_KEY),)),
            Somebody("late", (("x-esri-authorization", f"Bearer {self.late_token}"),), is_credited=False),
            Somebody("stranger", (("x-api-key", "rmk_another"),), is_credited=False),
            self._linked("right link", target.service, target.job_id),
            self._linked("link of a layer", target.service, target.job_id, layer_ids=frozenset({SEEN})),
            self._linked("link of another job", target.service, self.others[target.service]),
            self._linked("link of another service", "Signed" if target.service == "Everyones" else "Everyones", target.job_id),
            self._linked("revoked", target.service, target.job_id, is_good=False),
            self._linked("ended", target.service, target.job_id, is_good=False, ends=-1),
            self._linked("early", target.service, target.job_id, is_good=False, starts=DAY_S),
            Somebody("forged link", prefix="/links/eyJ.xyz", is_credited=False),
        )

    def _linked(
        self, name: str, service: str, job_id: str, layer_ids: frozenset[int] | None = None, is_good: bool = True, starts: int = 0,
        ends: int = DAY_S,
    ) -> Somebody:  # fmt: skip
        now = int(time.time())
        link = Link(name, service, job_id, layer_ids, Operation.DATA, UNBOUNDED, now, now + starts, now + ends)
        return Somebody(name, prefix=f"/links/{self.door.link_token(link)}", link=link if is_good else None, is_credited=is_good)

    def _token(self, name: str, now: Callable[[], float] = time.time) -> str:
        async def sign_in() -> str:
            door = open_door(self.folder / "access")
            door._now = now
            return (await door.token_for(name, PASSWORDS[name], 60, EVERYWHERE, "")).text

        return anyio.run(sign_in)

    # --- jobs --------------------------------------------------------------------------------------------------------

    def _start(self, service: str, *, private: bool = False) -> manifest.Run:
        run = manifest.start(self.service.jobs, service=service, task="Run", inputs={"Height": 1.5}, owner="anna", private=private)
        for name in (*LAYERS, *(["Hidden"] if service == "Everyones" else [])):
            run.path(f"{name}_of_the_town.geojson").write_text(geojson())
            run.output(name, f"{name}_of_the_town.geojson")
        return run

    def _finish(self, service: str, *, private: bool = False) -> str:
        run = self._start(service, private=private)
        run.succeed()
        return run.job_id

    def _special(self) -> tuple[Target, ...]:
        """Private jobs in every state, and such as cannot be read."""
        running, failed, ended = (self._start("Everyones", private=True) for _ in range(3))
        failed.fail()
        ended.end()
        marked, broken, unread = (self._start("Everyones") for _ in range(3))
        for run in (marked, broken, unread):
            run.succeed()
        beside = {run: run.root.parent / f"{run.job_id}.access" for run in (marked, broken, unread)}
        beside[marked].write_text('{"owner": "anna", "private": true}')
        (marked.root.parent / f"{marked.job_id}.ended").touch()
        beside[broken].write_text('{"owner": "anna", "private": true}')
        (broken.root / "job.json").write_text("{")
        beside[unread].write_text('{"owner"')
        return (
            Target("Everyones", self._finish("Everyones", private=True), "private", True),
            Target("Signed", self._finish("Signed", private=True), "private", True),
            Target("Everyones", running.job_id, "running", True),
            Target("Everyones", failed.job_id, "failed", True),
            Target("Everyones", ended.job_id, "ended", True),
            Target("Everyones", marked.job_id, "ended beside", True),
            Target("Everyones", broken.job_id, "broken", True),
            Target("Everyones", unread.job_id, "nobody's", True, True),
        )


def described(name: str) -> str:
    """The service.toml of a service of `WHO`."""
    outputs = "".join(OUTPUT.format(name=layer, access=access) for layer, access in LAYERS.items())
    return f'title = "{name}"\n[who]\n{WHO[name]}\n{TASK}{outputs}{HIDDEN_LAYER if name == "Everyones" else ""}'


# --- who may see what, said once more ----------------------------------------------------------------------------------

LOOKERS: Mapping[str, frozenset[str]] = {
    "Everyones": frozenset({"public", "anna", "ben", "carla", "portal"}), "Signed": frozenset({"anna", "ben", "carla", "portal"}),
    "Owned": frozenset({"anna"}), "Named": frozenset({"anna"}), "Grouped": frozenset({"carla"}), "Keyed": frozenset({"portal"}),
    "Shut": frozenset(),
}  # fmt: skip
"""Service -> who may see a job of anna's."""
KNOWERS: Mapping[str, frozenset[str]] = {**LOOKERS, "Owned": frozenset({"anna", "ben", "carla", "portal"})}
"""Service -> who may know that there is such a service: where owners may look, anybody with an account or a key might be one."""


def sees(who: Somebody, target: Target) -> bool:
    """True when there is such a job for somebody."""
    if who.link:
        return (who.link.service, who.link.job_id) == (target.service, target.job_id)
    if target.is_private:
        return who.name == "anna" and who.name in LOOKERS[target.service] and not target.is_nobodys
    return who.name in LOOKERS[target.service]


def knows(who: Somebody, service: str) -> bool:
    """True when there is such a service for somebody."""
    return who.link.service == service if who.link else who.name in KNOWERS[service]
