"""Leaves alone for a while datasets that crash whoever asks about them, so that one costs a few workers however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from weakref import WeakValueDictionary

from cachetools import LRUCache, TTLCache

from rendermap.dispatch.breaker import REMEMBERED, REST_S, again
from rendermap.dispatch.plan import FeaturesPlan, IdentifyPlan
from rendermap.errors import Broken, RenderCrashed, RenderTimeout

Q = TypeVar("Q", FeaturesPlan, IdentifyPlan)
A = TypeVar("A")

DEADLY = (RenderCrashed, RenderTimeout)
"""What costs workers.  Damage that is only met is told each time, for it costs no more than looking."""


class QuestionBreaker:
    """Knows datasets by what questions about them did.  Belongs to one event loop.

    A dataset under which workers crashed rests.  Features that took too long to find may just have been too much work, so that sends
    nothing but the very question to rest; a few cells never are.  A dataset of which nothing was answered yet, or that failed last, is
    asked one question at a time, so that a bad one is met once however many ask.
    """

    def __init__(self, rest_s: float = REST_S) -> None:
        self._resting: TTLCache[object, Broken] = TTLCache(REMEMBERED, rest_s)
        self._proven: LRUCache[object, bool] = LRUCache(REMEMBERED)
        self._gates: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()

    async def run(self, plan: Q, find: Callable[[Q], Awaitable[A]]) -> A:
        """What find finds.  Raises what find raises; while the dataset or the question rests, what sent it to rest."""
        self._refuse_resting(plan)
        if _dataset(plan) in self._proven:
            return await self._try(plan, find)
        async with self._gate(_dataset(plan)):
            self._refuse_resting(plan)
            return await self._try(plan, find)

    async def _try(self, plan: Q, find: Callable[[Q], Awaitable[A]]) -> A:
        dataset = _dataset(plan)
        try:
            found = await find(plan)
        except DEADLY as error:
            self._proven.pop(dataset, None)
            self._resting[_question(plan) if _may_be_much(plan, error) else dataset] = error
            raise
        self._proven[dataset] = True
        return found

    def _refuse_resting(self, plan: Q) -> None:
        error = self._resting.get(_dataset(plan)) or self._resting.get(_question(plan))
        if error:
            raise again(error)

    def _gate(self, dataset: object) -> asyncio.Lock:
        gate = self._gates.get(dataset)
        if gate is None:
            gate = self._gates[dataset] = asyncio.Lock()
        return gate


def _may_be_much(plan: FeaturesPlan | IdentifyPlan, error: Broken) -> bool:
    return isinstance(plan, FeaturesPlan) and isinstance(error, RenderTimeout)


def _dataset(plan: FeaturesPlan | IdentifyPlan) -> object:
    source = (plan.layer if isinstance(plan, FeaturesPlan) else plan.layer.layer).source
    return source.path, source.member, source.fingerprint


def _question(plan: FeaturesPlan | IdentifyPlan) -> object:
    """Without its theme, which may be thousands of classes, and is never what takes long."""
    return hash(replace(plan, theme=None) if isinstance(plan, FeaturesPlan) else plan)
