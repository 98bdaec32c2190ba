"""Leaves alone for a while what cannot be drawn, so that one bad layer costs a few workers, and never the other layers their picture."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from weakref import WeakValueDictionary

from cachetools import LRUCache, TTLCache

from rendermap.dispatch.plan import LayerPlan, LegendPlan, MapPlan, SwatchLayer
from rendermap.errors import Broken, RenderCrashed, RenderFailed, RenderTimeout, SourceUnreadable, StyleInvalid
from rendermap.symbology.style import style_digest

REST_S = 60.0
REMEMBERED = 4096
MOST_ALONE = 16
"""So many layers of a plan are tried alone to find the one that kills."""

P = TypeVar("P", MapPlan, LegendPlan)
A = TypeVar("A")

FAILURES = (RenderCrashed, RenderTimeout, RenderFailed, SourceUnreadable, StyleInvalid)
"""Damage is often met only when cells or features are read: what a look into the dataset could not tell, the drawing does.  So are words
of a style that only the engine knows."""

LARGE_PX = 1024 * 1024
"""A picture larger than this may just be too much work: that it took too long says nothing of its layers."""


class Breaker:
    """Knows layers, each a dataset in a style, by what drawing them did.  Belongs to one event loop.

    A plan that fails is drawn again layer by layer; the first that fails alone rests.  When none does, or there is but one,
    the whole is drawn once more, because somebody else may have killed the workers, and rests if it fails again.
    Layers of which no picture was made yet are drawn by one asker at a time, so that a bad one is met once however many ask.
    """

    def __init__(self, rest_s: float = REST_S) -> None:
        self._resting: TTLCache[str, Broken] = TTLCache(REMEMBERED, rest_s)
        self._proven: LRUCache[str, bool] = LRUCache(REMEMBERED)
        self._gates: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def fault_of(self, layer: LayerPlan | SwatchLayer) -> str | None:
        """Why a layer rests, in words safe for strangers; None when it does not."""
        error = self._resting.get(_key(layer))
        return error.sentence if error else None

    def spare(self, plan: P) -> P:
        """The plan without its resting layers.

        Raises the error that sent them to rest when nothing else is left, or when it is this combination that rests.
        """
        if not plan.layers:
            return plan
        errors = [error for layer in plan.layers if (error := self._resting.get(_key(layer)))]
        if not errors:
            return self._checked(plan)
        if len(errors) == len(plan.layers):
            raise again(errors[0])
        kept = tuple(layer for layer in plan.layers if _key(layer) not in self._resting)
        return self._checked(replace(plan, layers=kept))

    async def run(self, plan: P, make: Callable[[P], Awaitable[A]]) -> A:
        """What make makes of a spared plan.  Raises what make raises; after one of `FAILURES` the culprit rests."""
        unproven = self._unproven(plan)
        if unproven:
            async with self._gate(unproven):
                self._refuse_resting(plan)
                if self._unproven(plan):
                    return await self._try(plan, make)
        return await self._try(plan, make)

    async def _try(self, plan: P, make: Callable[[P], Awaitable[A]]) -> A:
        try:
            made = await make(plan)
        except FAILURES as error:
            # goes on when the asker goes away, or every asker who does not wait would cost two workers
            recovery = asyncio.ensure_future(self._recover(plan, make, error))
            recovery.add_done_callback(lambda done: done.cancelled() or done.exception())
            made = await asyncio.shield(recovery)
        for layer in plan.layers:
            self._proven[_key(layer)] = True
        return made

    async def _recover(self, plan: P, make: Callable[[P], Awaitable[A]], error: Broken) -> A:
        """Sends the culprit to rest and raises error; a crash that does not come again was no layer's fault."""
        if not plan.layers or (isinstance(error, RenderTimeout) and _is_large(plan)):
            raise error
        for layer in plan.layers:
            self._proven.pop(_key(layer), None)
        if len(plan.layers) > 1 and await self._find_culprit(plan, make):
            raise error
        try:
            if isinstance(error, RenderTimeout):
                raise error
            return await make(plan)
        except FAILURES as again:
            self._resting[_combination(plan)] = again
            raise

    async def _find_culprit(self, plan: P, make: Callable[[P], Awaitable[A]]) -> bool:
        for layer in plan.layers[:MOST_ALONE]:
            try:
                await make(replace(plan, layers=(layer,)))
            except FAILURES as own:
                self._resting[_key(layer)] = own
                return True
            except Broken:
                continue
        return False

    def _checked(self, plan: P) -> P:
        if error := self._resting.get(_combination(plan)):
            raise again(error)
        return plan

    def _refuse_resting(self, plan: P) -> None:
        for key in (_combination(plan), *map(_key, plan.layers)):
            if error := self._resting.get(key):
                raise again(error)

    def _unproven(self, plan: P) -> str:
        return "+".join(sorted(key for key in map(_key, plan.layers) if key not in self._proven))

    def _gate(self, name: str) -> asyncio.Lock:
        gate = self._gates.get(name)
        if gate is None:
            gate = self._gates[name] = asyncio.Lock()
        return gate


def _is_large(plan: MapPlan | LegendPlan) -> bool:
    return isinstance(plan, MapPlan) and plan.view.width_px * plan.view.height_px > LARGE_PX


def _key(layer: LayerPlan | SwatchLayer) -> str:
    """A map and a legend are drawn by different means, so their layers rest apart."""
    source = layer.layer.source if layer.layer else None
    data = f"{source.path}|{source.member}|{source.fingerprint}" if source else ""
    if isinstance(layer, LayerPlan):
        return f"map|{data}|{layer.rest_key or layer.style_key}"
    return f"legend|{data}|{layer.geometry}|{layer.style_key or style_digest(layer.style)}"


def _combination(plan: MapPlan | LegendPlan) -> str:
    """Of one layer: the layer itself."""
    return "+".join(sorted(map(_key, plan.layers)))


def again(error: Broken) -> Broken:
    """The same error, to be raised once more."""
    return type(error)(error.sentence, details=error.details, reason=error.reason)
