"""Where plans become pictures: out of the cache or drawn, once however many ask, within limits and on somebody's account."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from rendermap.access.grant import Grant
from rendermap.access.policy import Policy
from rendermap.ahead import Ahead
from rendermap.cache.flight import Flight
from rendermap.composing import Looks
from rendermap.dispatch.breaker import FAILURES, Breaker
from rendermap.dispatch.budget import Limits, check
from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.found import Cells, Found
from rendermap.dispatch.plan import FeaturesPlan, IdentifyPlan, LegendPlan, MapPlan, PlanDigest, WatermarkPlan, cache_key, plan_digest
from rendermap.dispatch.question_breaker import QuestionBreaker
from rendermap.endings import Endings
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR
from rendermap.geo.view import MapView
from rendermap.imaging.formats import FORMATS
from rendermap.ledger import Ledger
from rendermap.marking import utc_now
from rendermap.reply import LegendLayer, Picture
from rendermap.symbology.scales import ScaledStyles
from rendermap.symbology.style_keys import StyleKeys
from rendermap.symbology.writers.written import WrittenStyles

P = TypeVar("P", MapPlan, LegendPlan)
A = TypeVar("A")

BLANK_VIEW = MapView(BBox(0, 0, 1, 1), WEB_MERCATOR, 1, 1)


class Drawer(Protocol):
    """Draws plans, in workers."""

    async def draw(self, plan: MapPlan) -> Drawn: ...
    async def legend(self, plan: LegendPlan) -> tuple[LegendLayer, ...]: ...
    async def legend_sheet(self, plan: LegendPlan) -> Drawn: ...
    async def watermark(self, plan: WatermarkPlan) -> Drawn: ...
    async def features(self, plan: FeaturesPlan) -> Found: ...
    async def identify(self, plan: IdentifyPlan) -> Cells: ...


@dataclass(frozen=True, slots=True)
class Studio:
    """What pictures are made with."""

    policy: Policy
    pool: Drawer
    pictures: Flight[Drawn]
    legends: Flight[tuple[LegendLayer, ...]]
    limits: Limits
    picture_max_age_s: int = 60
    breaker: Breaker = field(default_factory=Breaker)
    questions: QuestionBreaker = field(default_factory=QuestionBreaker)
    looks: Looks = field(default_factory=Looks)
    scaled: ScaledStyles = field(default_factory=ScaledStyles)
    written: WrittenStyles = field(default_factory=WrittenStyles)
    style_keys: StyleKeys = field(default_factory=StyleKeys)
    ledger: Ledger = field(default_factory=Ledger)
    endings: Endings = field(default_factory=Endings)
    ahead: Ahead = field(default_factory=Ahead)
    clock: Callable[[], datetime] = utc_now

    async def picture(self, grant: Grant, plan: MapPlan) -> Picture:
        """The picture of a plan, out of the cache or drawn, once however many ask; without layers that rest (`Breaker`)."""
        check(plan, self.limits)
        with self.ledger.giving(grant, plan.view.width_px * plan.view.height_px):
            shown, digest, drawn = await self._made(grant, plan, self.pictures, lambda it: self.pool.draw(_settled(it)))
        is_whole, view, media_type = len(shown.layers) == len(plan.layers), plan.view, FORMATS[plan.format].media_type
        max_age_s = self.picture_max_age_s if is_whole else 0
        return Picture(
            drawn.body, media_type, digest, view.width_px, view.height_px, view.bbox, view.crs, drawn.empty, max_age_s, is_whole,
            grant.is_public,
        )  # fmt: skip

    async def keep(self, grant: Grant, plan: MapPlan) -> float | None:
        """Have a picture in the cache that nobody asked for, on nobody's account.  Raises as `picture`.

        Gives the seconds it was drawn for, None when it was there.
        """
        check(plan, self.limits)
        took_s: list[float] = []

        async def draw(plan: MapPlan) -> Drawn:
            began = time.perf_counter()
            drawn = await self.pool.draw(_settled(plan))
            took_s.append(time.perf_counter() - began)
            return drawn

        await self._made(grant, plan, self.pictures, draw, is_charged=False)
        return sum(took_s) if took_s else None

    def digest_of(self, grant: Grant, plan: MapPlan) -> PlanDigest:
        """The digest of what would be drawn now."""
        return _digest_of(grant, self.breaker.spare(plan))

    async def swatches(self, grant: Grant, plan: LegendPlan) -> tuple[LegendLayer, ...]:
        """The swatches of a legend plan, drawn once; none of layers that rest."""
        check(plan, self.limits)
        if all(map(self.breaker.fault_of, plan.layers)):
            return ()
        try:
            with self.ledger.giving(grant) as bill:
                layers = (await self._made(grant, plan, self.legends, self.pool.legend))[2]
                bill.pixels = sum(entry.width_px * entry.height_px for layer in layers for entry in layer.entries)
            return layers
        except FAILURES:
            if all(map(self.breaker.fault_of, plan.layers)):
                return ()
            raise

    async def sheet(self, grant: Grant, plan: LegendPlan) -> Picture:
        """A legend as one picture, drawn once; without layers that rest."""
        check(plan, self.limits)
        assert plan.sheet
        with self.ledger.giving(grant) as bill:
            shown, digest, drawn = await self._made(grant, plan, self.pictures, self.pool.legend_sheet)
            bill.pixels = drawn.width_px * drawn.height_px
        is_whole = len(shown.layers) == len(plan.layers)
        max_age_s = self.picture_max_age_s if is_whole else 0
        media_type = FORMATS[plan.sheet.format].media_type
        return Picture(
            drawn.body, media_type, digest, drawn.width_px, drawn.height_px, max_age_s=max_age_s, is_whole=is_whole,
            is_public=grant.is_public,
        )  # fmt: skip

    async def found(self, grant: Grant, plan: FeaturesPlan) -> Found:
        """What a worker finds; kept by nobody, for clients think of as many questions as they like.  Raises TooMany, Busy, Broken.

        What crashes workers rests for a while (`QuestionBreaker`).
        """
        return await self._told(grant, lambda: self.questions.run(plan, self.pool.features))

    async def cells(self, grant: Grant, plan: IdentifyPlan) -> Cells:
        """What a raster has where it is asked about; as `found`."""
        return await self._told(grant, lambda: self.questions.run(plan, self.pool.identify))

    async def _told(self, grant: Grant, find: Callable[[], Awaitable[A]]) -> A:
        end = self.ledger.begin(grant)
        try:
            found = await find()
        finally:
            end()
        self.ledger.opened(grant)
        return found

    async def _made(
        self, grant: Grant, plan: P, flight: Flight[A], make: Callable[[P], Awaitable[A]], *, is_charged: bool = True
    ) -> tuple[P, PlanDigest, A]:
        """Ends, because every turn but the last sends a layer to rest."""
        while True:
            plan = self.breaker.spare(plan)
            digest = _digest_of(grant, plan)
            try:
                key, begin = cache_key(grant, plan, digest), partial(self.ledger.begin, grant) if is_charged else None
                made = await flight.get_or_make(key, partial(self.breaker.run, plan, make), begin=begin)
                self.endings.note(key, grant, next((it.layer.source.root for it in plan.layers if it.layer), None))
                return plan, digest, made
            except FAILURES:
                if len(self.breaker.spare(plan).layers) == len(plan.layers):
                    raise


def _digest_of(grant: Grant, plan: MapPlan | LegendPlan) -> PlanDigest:
    return plan_digest(grant, _settled(plan) if isinstance(plan, MapPlan) else plan)


def _settled(plan: MapPlan) -> MapPlan:
    """The plan; every blank picture of one size and format is the same picture, wherever it lies."""
    if plan.layers:
        return plan
    return replace(plan, view=replace(BLANK_VIEW, width_px=plan.view.width_px, height_px=plan.view.height_px))
